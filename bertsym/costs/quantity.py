"""The type of a quantity: an inventory, a unit, conventions, and the witness that the tests compare with."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from bertsym.convention import Convention
from bertsym.errors import UnknownName
from bertsym.model import Architecture, Head, Model
from bertsym.tree import Listed, Node, Tensor
from bertsym.values import replace, value

Entries = Callable[[Node], tuple[Tensor, ...]]


@value
class Account:
    """A convention of a quantity, and the entries over which it sums: `entries` writes them out for a tree."""

    convention: Convention
    entries: Entries


@value
class Quantity:
    """A thing that can be counted of a model, under one of several conventions; the first is the default.

    Its inventory consists of the same entries as that of parameters, so every answer is a filtered sum over it.
    `witness` says which independent measurement the tests compare with.
    """

    name: str
    meaning: str
    witness: str
    accounts: tuple[Account, ...]

    def account(self, convention: str = "") -> Account:
        """Return the account under a convention, or the default one; raises `UnknownName`."""
        by_name = {account.convention.name: account for account in self.accounts}
        if convention and convention not in by_name:
            raise UnknownName(f"convention of {self.name}", convention, by_name)
        return by_name[convention] if convention else self.accounts[0]


def measured(model: Model, account: Account) -> Model:
    """Return the model with the entries of an account in place of its tensors.

    All that counts tensors then counts the quantity. The sizes of a run, such as B, become sizes of the model.
    Raises what the account raises for a tree of which it knows no entries.
    """
    return replace(model, architecture=_measured(model.architecture, account))


@lru_cache(maxsize=64)
def _measured(architecture: Architecture, account: Account) -> Architecture:
    heads = {name: Head(head.cls, Listed(account.entries(head.tree))) for name, head in architecture.heads.items()}
    return replace(architecture, heads=heads, accepted=architecture.symbols)
