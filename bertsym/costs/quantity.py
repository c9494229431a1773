"""The type of a quantity: an inventory, a unit, conventions, and the witness that the tests compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import sympy
from sympy import Symbol

from bertsym.algebra import Iverson, Value, evaluate, free
from bertsym.convention import Convention
from bertsym.costs.settings import Settings
from bertsym.errors import BertsymError, Conflict, HasNo, NotKnownOf, UnknownName, choice
from bertsym.layers import Embedding, Leaf, Role, Weight
from bertsym.model import Architecture, Head, Model
from bertsym.symbols import RUN, S
from bertsym.tree import Listed, Node, Tensor, Unlisted, inventory
from bertsym.values import replace, value
from bertsym.wording import said

Entries = Callable[[Architecture, Head], tuple[Tensor, ...]]
_RUN = frozenset(size.symbol for size in RUN)


@value
class Account:
    """A convention of a quantity, and the entries over which it sums: `entries` writes them out for a head.

    `most` has the largest values of sizes for which the entries are known. It is 0 for a switch that has to be off.
    """

    convention: Convention
    entries: Entries
    most: tuple[tuple[Symbol, int], ...] = ()


@value
class _OfTree:
    """The entries of a head that its tree alone decides; two are equal if they write out the same."""

    write_out: Callable[[Node], tuple[Tensor, ...]]

    def __call__(self, _architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
        return self.write_out(head.tree)


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
        if convention is None:
            return self.accounts[0]
        chosen = choice(convention, by_name)
        if chosen is None:
            raise UnknownName(f"convention of {self.name}", convention, by_name)
        return by_name[chosen]

    def beside(self, account: Account, convention: str | None) -> Account:
        """Return the account under a convention that sums the same entries; raises `Conflict` if it sums others."""
        named = account if convention is None else self.account(convention)
        if named.entries != account.entries:
            why = "they sum different entries, and a search counts one inventory"
            raise Conflict(named.convention.name, account.convention.name, why)
        return named


def of_tree(entries: Callable[[Node], tuple[Tensor, ...]]) -> Entries:
    """Return the entries of a head that its tree alone decides."""
    return _OfTree(entries)


def measured(model: Model, quantity: Quantity, account: Account) -> Model:
    """Return the model with the entries of an account in place of its tensors.

    All that counts tensors then counts the quantity. The sizes of a run, such as B, become sizes of the model.
    Raises `NotKnownOf` for a model of which only the tensors are known, or that has a size of its own under the name of
    one of a run.
    """
    try:
        entries = account.entries(model.architecture, model.architecture.heads[model.head])
    except Unlisted:
        reason, step = "its formula came from its tensors alone", "models written from papers have it: `bertsym models`"
        raise NotKnownOf(model.cls, quantity.noun, reason, step) from None
    if not entries:
        raise HasNo(model.cls, quantity.noun)
    used = _RUN & {symbol for entry in entries for side in entry.shape for symbol in free(side)}
    own = sorted({str(symbol) for symbol in model.symbols - _RUN} & {str(symbol) for symbol in used})
    if own:
        reason, step = f"its own size {own[0]} has the name of a size of a run", "rename it in the file of the model"
        raise NotKnownOf(model.cls, quantity.noun, reason, step)
    for symbol, most in account.most:
        if model.given.get(symbol, most) > most:
            reason = f"{symbol}={model.given[symbol]} is beyond what a test has compared"
            raise NotKnownOf(model.cls, quantity.noun, reason, "choose another model")
    return replace(model, architecture=_measured(model.architecture, account))


def sized(model: Model, quantity: Quantity, account: Account, sizes: Mapping[Symbol, Value]) -> Model:
    """Return the model measured at sizes that the user gave; raises what `measured` and `with_sizes` raise.

    Raises `Conflict` for a sequence that is longer than learned positions serve.
    """
    return within_positions(measured(model, quantity, account).with_sizes(sizes, pin=True), model)


@value
class Measure:
    """A quantity under one of its conventions, the model of which it is counted, and the settings that were given."""

    quantity: Quantity
    account: Account
    model: Model
    settings: Settings = Settings()

    @property
    def measured(self) -> Model:
        """Return the model with the entries of the quantity; raises `NotKnownOf`."""
        return measured(self.model, self.quantity, self.account)

    def with_head(self, head: str) -> Measure:
        """Return the measure under another head of the model; raises `UnknownHead` or `NotKnownOf`."""
        model = self.model.with_head(head)
        measured(model, self.quantity, self.account)
        return replace(self, model=model)

    def within_positions(self, result: Model) -> Model:
        """Return the measured model with sequences that its learned positions serve; raises `Conflict`."""
        return within_positions(result, self.model)

    def convention(self, name: str) -> Convention:
        """Return a convention that sums the same entries, by name; `exact` is that of the measure.

        Raises `UnknownName` or `Conflict`.
        """
        return self.quantity.beside(self.account, None if name == "exact" else name).convention


@lru_cache(maxsize=64)
def _measured(architecture: Architecture, account: Account) -> Architecture:
    heads = {
        name: Head(head.cls, Listed(_entries_or_none(architecture, head, account)))
        for name, head in architecture.heads.items()
    }
    most = {**architecture.most, **dict(account.most)}
    return replace(architecture, heads=heads, accepted=architecture.symbols, most=most)


def _entries_or_none(architecture: Architecture, head: Head, account: Account) -> tuple[Tensor, ...]:
    """Return the entries of a head; none for a head that does not have what the chosen one has."""
    try:
        return account.entries(architecture, head)
    except (BertsymError, Unlisted):
        return ()


def within_positions(result: Model, model: Model) -> Model:
    """Return a measured model whose sequences are no longer than the learned positions of the model serve.

    A search then finds no longer ones. An open number of positions is that of the base model. Raises `Conflict` if the
    sequence is longer already.
    """
    architecture = model.architecture
    numbers = {**architecture.sizes[architecture.base].values, **result.given}
    longest = result.architecture.most.get(S)
    for table in tables_of_positions(architecture.heads[model.head]):
        served, exists = result.public(table.shape[0]), result.public(Iverson(table.when))
        if free(served) | free(exists) <= set(numbers) and evaluate(exists, numbers):
            number = int(evaluate(served, numbers))
            if result.given.get(S, 0) > number:
                why = "its learned positions serve no more tokens"
                raise Conflict(f"S={result.given[S]}", f"{said(table.shape[0])}={number}", why)
            longest = number if longest is None else min(longest, number)
    if longest is None:
        return result
    return replace(result, architecture=_bounded(result.architecture, longest))


@lru_cache(maxsize=64)
def _bounded(architecture: Architecture, longest: int) -> Architecture:
    return replace(architecture, most={**architecture.most, S: longest})


def tables_of_positions(head: Head) -> tuple[Tensor, ...]:
    """Return an entry for each table of positions, whose side is the longest sequence that it serves."""
    try:
        return inventory(head.tree, _served)
    except Unlisted:
        return ()


def _served(leaf: Leaf) -> tuple[Weight, ...]:
    """Return an entry with the longest sequence that a table of positions serves."""
    if isinstance(leaf, Embedding) and leaf.longest is not None:
        return (Weight("", (sympy.S(leaf.longest),), Role.OTHER, "the longest sequence"),)
    return ()
