"""The type of a quantity: an inventory, a unit, conventions, and the witness that the tests compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import sympy
from sympy import Symbol

from bertsym.algebra import Iverson, Value, evaluate, free
from bertsym.convention import Convention
from bertsym.errors import BertsymError, Conflict, NotKnownOf, UnknownName
from bertsym.layers import Embedding, Leaf, Role, Weight
from bertsym.model import Architecture, Head, Model
from bertsym.symbols import S
from bertsym.tree import Listed, Node, Tensor, Unlisted, inventory
from bertsym.values import replace, value
from bertsym.wording import said

Entries = Callable[[Architecture, Head], tuple[Tensor, ...]]


@value
class Account:
    """A convention of a quantity, and the entries over which it sums: `entries` writes them out for a head."""

    convention: Convention
    entries: Entries


@value
class Quantity:
    """A thing that can be counted of a model, under one of several conventions; the first is the default.

    Its inventory consists of the same entries as that of parameters, so every answer is a filtered sum over it.
    `noun` is what a model has, as errors name it. `witness` says which independent measurement the tests compare with.
    """

    name: str
    noun: str
    witness: str
    accounts: tuple[Account, ...]

    def account(self, convention: str | None = None) -> Account:
        """Return the account under a convention, or the default one; raises `UnknownName`."""
        by_name = {account.convention.name: account for account in self.accounts}
        if convention is not None and convention not in by_name:
            raise UnknownName(f"convention of {self.name}", convention, by_name)
        return self.accounts[0] if convention is None else by_name[convention]


def of_tree(entries: Callable[[Node], tuple[Tensor, ...]]) -> Entries:
    """Return the entries of a head that its tree alone decides."""
    return lambda _, head: entries(head.tree)


def measured(model: Model, quantity: Quantity, account: Account) -> Model:
    """Return the model with the entries of an account in place of its tensors.

    All that counts tensors then counts the quantity. The sizes of a run, such as B, become sizes of the model.
    Raises `NotKnownOf` for a model of which only the tensors are known.
    """
    try:
        found = account.entries(model.architecture, model.architecture.heads[model.head])
    except Unlisted:
        reason, step = "its formula came from its tensors alone", "models written from papers have it: `bertsym models`"
        raise NotKnownOf(model.cls, quantity.noun, reason, step) from None
    if not found:
        raise NotKnownOf(model.cls, quantity.noun, "it has none", "choose another model or head")
    return replace(model, architecture=_measured(model.architecture, account))


def sized(model: Model, quantity: Quantity, account: Account, sizes: Mapping[Symbol, Value]) -> Model:
    """Return the model measured at sizes that the user gave; raises what `measured` and `with_sizes` raise.

    Raises `Conflict` for more tokens than learned positions serve.
    """
    result = measured(model, quantity, account).with_sizes(sizes, pin=True)
    _check_length(model.with_sizes({s: n for s, n in sizes.items() if s in model.symbols}), result.given.get(S))
    return result


@lru_cache(maxsize=64)
def _measured(architecture: Architecture, account: Account) -> Architecture:
    heads = {
        name: Head(head.cls, Listed(_found(architecture, head, account))) for name, head in architecture.heads.items()
    }
    return replace(architecture, heads=heads, accepted=architecture.symbols)


def _found(architecture: Architecture, head: Head, account: Account) -> tuple[Tensor, ...]:
    """Return the entries of a head; none for a head that does not have what the chosen one has."""
    try:
        return account.entries(architecture, head)
    except (BertsymError, Unlisted):
        return ()


def _check_length(model: Model, tokens: Value | None) -> None:
    """Raise `Conflict` for more tokens than learned positions serve, if both numbers are known."""
    if tokens is None:
        return
    try:
        tables = inventory(model.architecture.heads[model.head].tree, _served)
    except Unlisted:
        return
    for table in tables:
        served, exists = model.public(table.shape[0]), model.public(Iverson(table.when))
        if free(served) | free(exists) <= set(model.given) and evaluate(exists, model.given):
            longest = evaluate(served, model.given)
            if tokens > longest:
                raise Conflict(f"S={tokens}", f"{said(served)}={longest}", "its learned positions serve no more tokens")


def _served(leaf: Leaf) -> tuple[Weight, ...]:
    """Return an entry with the longest sequence that a table of positions serves."""
    if isinstance(leaf, Embedding) and leaf.longest is not None:
        return (Weight("", (sympy.S(leaf.longest),), Role.OTHER, "the longest sequence"),)
    return ()
