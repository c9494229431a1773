"""The parts of a model that have names, with their numbers, and the sums and differences of them that explain a number.

A claim that is off by the pooler and the biases of the attention says so in these words, and not as a list of tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from bertsym.claims.interpretations import OMISSIONS
from bertsym.claims.omissions import part_name
from bertsym.claims.tensor_polynomials import Part, parts
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.values import value

# The parts in one explanation, and the parts among which it is searched for: 40 have 10,700 choices of three.
MAX_NAMED = 3
MAX_PARTS = 40
MAX_EXPLANATIONS = 3

_ROLES = {Role.BIAS: "biases", Role.NORM: "norms", Role.MATRIX: "weight matrices"}


@value
class Named:
    """A named part and its number of parameters; `mask` are its tensors in the inventory that it came from."""

    name: str
    number: int
    mask: int = 0


@value
class Difference:
    """A class of the model, the parts that a claim leaves out of it, and the parts of other classes that it adds."""

    cls: str
    whole: int
    omitted: tuple[Named, ...]
    added: tuple[Named, ...]


def modules_of(model: Model, heads: Sequence[str], number: int) -> tuple[Named, ...]:
    """Return every module that has exactly that many parameters: its weights and biases, in one layer."""
    sized: dict[str, Named] = {}
    for head in heads:
        headed = model.with_head(head)
        modules: dict[str, int] = {}
        for part in parts(headed, fill=headed.given):
            amount = _number(part, each=bool(part.tensor.loops))
            if amount:
                owner = part.tensor.name.rpartition(".")[0]
                modules[owner] = modules.get(owner, 0) + amount
                modules[part.tensor.name] = amount
        for name, amount in modules.items():
            whole = modules.get(name.rpartition(".")[0]) == amount
            short = name.rsplit("{}.", maxsplit=1)[-1]
            if amount == number and not whole:
                sized.setdefault(short, Named(short, amount))
    return tuple(sized.values())


def named_parts(inventory: Sequence[Part]) -> tuple[Named, ...]:
    """Return the parts of an inventory by name: omissions that people make, components, and their biases and norms."""
    found: dict[int, Named] = {}
    tests = {name: [test(part.tensor) for part in inventory] for name, test in OMISSIONS.items()}
    for component in dict.fromkeys(part.tensor.component for part in inventory):
        inside = [part.tensor.component == component for part in inventory]
        tests[component] = inside
        for role, noun in _ROLES.items():
            tests[f"{component} {noun}"] = [
                member and part.tensor.role is role for member, part in zip(inside, inventory, strict=True)
            ]
    for name, members in tests.items():
        mask = sum(1 << index for index, member in enumerate(members) if member)
        chosen = [part for part, member in zip(inventory, members, strict=True) if member]
        amount = sum(map(_number, chosen))
        if mask and amount and mask not in found:
            found[mask] = Named(part_name(name, chosen, inventory), amount, mask)
    return tuple(found.values())[:MAX_PARTS]


def differences(model: Model, heads: Sequence[str], number: int) -> tuple[Difference, ...]:
    """Return the classes with few named parts less or more that come to a number, those with the fewest parts first."""
    inventories = {head: parts(model.with_head(head), fill=model.with_head(head).given) for head in heads}
    classes = {head: model.with_head(head).cls for head in heads}
    result: list[Difference] = []
    for head, inventory in inventories.items():
        whole = sum(map(_number, inventory))
        own = {part.tensor.component for part in inventory}
        foreign = _foreign(own, inventories)
        for omitted, added in _choices(named_parts(inventory), foreign, whole - number):
            result.append(Difference(classes[head], whole, omitted, added))
    result.sort(key=lambda found: len(found.omitted) + 2 * len(found.added))
    fewest = len(result[0].omitted) + len(result[0].added) if result else 0
    return tuple(found for found in result if len(found.omitted) + len(found.added) == fewest)[:MAX_EXPLANATIONS]


def _foreign(own: set[str], inventories: Mapping[str, Sequence[Part]]) -> tuple[Named, ...]:
    """Return the components of other classes that a class does not have."""
    amounts: dict[str, int] = {}
    for inventory in inventories.values():
        sums: dict[str, int] = {}
        for part in inventory:
            if part.tensor.component not in own:
                sums[part.tensor.component] = sums.get(part.tensor.component, 0) + _number(part)
        for name, amount in sums.items():
            amounts.setdefault(name.replace("-", " "), amount)
    return tuple(Named(name, amount) for name, amount in amounts.items() if amount)


def _choices(
    own: Sequence[Named], foreign: Sequence[Named], missing: int
) -> Iterator[tuple[tuple[Named, ...], tuple[Named, ...]]]:
    """Yield the parts whose removal, and the foreign components whose addition, come to a difference."""
    for extra in ((), *((named,) for named in foreign)):
        wanted = missing + sum(named.number for named in extra)
        for size in range(0 if extra else 1, MAX_NAMED + 1 - len(extra)):
            for chosen in combinations(own, size):
                if sum(named.number for named in chosen) == wanted and _disjoint(chosen):
                    yield chosen, extra


def _disjoint(chosen: Sequence[Named]) -> bool:
    union = 0
    for named in chosen:
        if union & named.mask:
            return False
        union |= named.mask
    return True


def _number(part: Part, *, each: bool = False) -> int:
    """Return what a tensor adds at the sizes that were put in; 0 while a size is open."""
    terms = part.each if each else part.own
    number = terms.get(()) if set(terms) <= {()} else None
    return number.numerator if number is not None and number.denominator == 1 else 0
