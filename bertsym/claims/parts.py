"""The parts of a model that a claim may count alone: a table, one module, the projections of one head."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bertsym.claims.interpretations import Counting
from bertsym.claims.tensor_polynomials import POSITIONS, SEGMENTS, TOKENS, Part, is_input, is_table
from bertsym.formulas.monomial_order import Terms
from bertsym.layers import Role
from bertsym.tree import Tensor
from bertsym.values import replace

# More modules than any one layer of a transformer has; a network of many different layers has too many to name.
MAX_MODULES = 160
# The price of a part: dearer than a count of the whole, as cheap as a claim may be to stand.
COST = 2
OF_ONE_HEAD = " of one head"
"""The end of the name of what one head has of a projection."""

_PROJECTION = re.compile(r"(?:^|_|\b)(q|k|v|query|key|value)(?:$|_|\b)")
_NORM = "norm"


def named_parts(cls: str, inventory: Sequence[Part]) -> Iterator[Counting]:
    """Yield every part of a class that has a name: a table, a module with or without its biases, one head's share.

    A part of a layer is counted in one layer and in all.
    """
    modules = _modules(inventory)
    for name, members in _tables(inventory):
        yield _counting(cls, name, members)
    for name, role in (("norms", Role.NORM), ("biases", Role.BIAS)):
        looped = [part for part in inventory if part.tensor.role is role and part.tensor.loops]
        if looped:
            yield _counting(cls, f"{name} of the layers", looped)
    for name, members in modules[:MAX_MODULES]:
        yield from _module(cls, name, members)
    for name, members in _families(modules):
        yield from _module(cls, name, members)
    yield from _heads(cls, modules[:MAX_MODULES])


def table_name(tensor: Tensor) -> str:
    """Return the name of an embedding table: token, position, segment or output embeddings, or its module's name."""
    if is_table(tensor, TOKENS):
        return "token embeddings" if is_input(tensor) or tensor.component.endswith("embeddings") else "output embedding"
    if is_table(tensor, POSITIONS) or "position" in tensor.name.casefold():
        return "relative positions" if "rel" in tensor.name.casefold() else "position embeddings"
    return "segment embeddings" if is_table(tensor, SEGMENTS) else f"{tensor.module or tensor.name} table"


def _counting(cls: str, scope: str, members: Sequence[Part], *, each: bool = False) -> Counting:
    return Counting(cls, scope, (), tuple(members), each=each, cost=COST, part=True)


def _tables(inventory: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    """Yield each embedding table, and the token table with the projection of its rows to the hidden size."""
    for part in inventory:
        if part.tensor.role is not Role.EMBEDDING and not part.tensor.name.endswith("position_embeddings"):
            continue
        if not part.tensor.loops:
            yield table_name(part.tensor), [replace(part, own=part.stored)]
        projections = [other for other in inventory if _projects(part.tensor, other.tensor)]
        if is_input(part.tensor) and projections:
            biases = [other for other in inventory if other.tensor.owner == projections[0].tensor.owner]
            yield "token embeddings and their projection", [part, projections[0]]
            yield "token embeddings and their projection with its bias", [part, *biases]


def _projects(table: Tensor, matrix: Tensor) -> bool:
    """Return True for a matrix outside the layers that maps the rows of a table to another width."""
    widths = table.shape[1:]
    outside = matrix.role is Role.MATRIX and not matrix.loops and len(matrix.shape) == 2
    return outside and len(widths) == 1 and widths[0] in matrix.shape and len(set(matrix.shape)) == 2


def _modules(inventory: Sequence[Part]) -> list[tuple[str, list[Part]]]:
    """Return the tensors of each module, under a name that is short and unique inside its layer."""
    owners: dict[str, list[Part]] = {}
    for part in inventory:
        owners.setdefault(part.tensor.owner, []).append(part)
    return [(_short(owner, members[0].tensor), members) for owner, members in owners.items()]


def _short(owner: str, tensor: Tensor) -> str:
    """Return a module's name without its stack: `attention.self.query` of `encoder.layer.*.attention.self.query`."""
    if tensor.role is Role.EMBEDDING and not tensor.loops:
        return table_name(tensor)
    name = owner.rsplit("*.", maxsplit=1)[-1]
    return "embedding norm" if _NORM in name.casefold() and name.startswith("embeddings.") else name


def _module(cls: str, name: str, members: Sequence[Part]) -> Iterator[Counting]:
    """Yield a module whole, without its biases, and its biases alone, in one layer and in all."""
    weights = [part for part in members if part.tensor.role is not Role.BIAS]
    biases = [part for part in members if part.tensor.role is Role.BIAS]
    choices = [(name, list(members))]
    if weights and biases:
        choices += [(f"{name} without biases", weights), (f"biases of {name}", biases)]
    for scope, chosen in choices:
        looped = any(part.tensor.loops for part in chosen)
        if looped:
            yield _counting(cls, scope, chosen, each=True)
        if looped or chosen[0].tensor.role is not Role.EMBEDDING:
            yield _counting(cls, scope, chosen)


def _families(modules: Sequence[tuple[str, list[Part]]]) -> Iterator[tuple[str, list[Part]]]:
    """Yield the query, key and value of each attention together, and key and value."""
    parents: dict[str, dict[str, tuple[str, list[Part]]]] = {}
    for name, members in modules:
        owner, _, module = members[0].tensor.owner.rpartition(".")
        kind = _PROJECTION.search(module)
        if kind is not None:
            parents.setdefault(owner, {}).setdefault(kind.group(1)[0], (name, members))
    for family in parents.values():
        for letters, words in (("qkv", "query, key and value"), ("kv", "key and value")):
            if set(letters) <= set(family):
                yield words, [part for letter in letters for part in family[letter][1]]


def _heads(cls: str, modules: Sequence[tuple[str, list[Part]]]) -> Iterator[Counting]:
    """Yield one head's share of each projection, and of query, key and value together."""
    for name, members in (*modules, *_families(modules)):
        shares = [share for part in members if (share := _share(part)) is not None]
        if len({part.tensor.owner for part in shares}) == len({part.tensor.owner for part in members}):
            for counting in _module(cls, name, shares):
                if counting.each:
                    yield replace(counting, scope=counting.scope + OF_ONE_HEAD)


def _share(part: Part) -> Part | None:
    """Return what one head has of a tensor in one layer; None if no side of the tensor is divided among heads."""
    terms: Terms = part.head
    return replace(part, own=terms, stored=terms, each=terms, active=terms) if terms else None
