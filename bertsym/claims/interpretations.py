"""The ways in which people count a model: under any head, whole or in part, with or without this and that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import combinations

from bertsym.claims.customs import (
    ALL_MATRICES,
    LAYER_MATRICES,
    LAYERS,
    LAYERS_AND_TOKENS,
    MATRICES_AND_TOKENS,
    Custom,
    custom_of,
)
from bertsym.claims.tensor_polynomials import POSITIONS, SEGMENTS, TOKENS, Part, add, is_input, is_table
from bertsym.formulas.monomial_order import Terms
from bertsym.layers import Role
from bertsym.tree import Tensor
from bertsym.values import value

Test = Callable[[Tensor], bool]

OMISSIONS: dict[str, Test] = {
    "biases": lambda t: t.role is Role.BIAS,
    "norms": lambda t: t.role is Role.NORM,
    "embedding tables": lambda t: t.role is Role.EMBEDDING,
    "scales": lambda t: t.role is Role.SCALE,
    "pooler": lambda t: t.component == "pooler",
    "position embeddings": lambda t: is_table(t, POSITIONS),
    "segment embeddings": lambda t: is_table(t, SEGMENTS),
    "token embeddings": lambda t: is_table(t, TOKENS),
    "embedding norm": lambda t: t.role is Role.NORM and not t.loops and t.component == "embeddings",
    "norm shifts": lambda t: t.role is Role.NORM and t.name.endswith("bias"),
    "norms outside the layers": lambda t: t.role is Role.NORM and not t.loops,
}
# Beside experts alone: DeepSeek-V3 and gpt-oss do not count a table of which a token reads one row as active.
OMISSIONS_BESIDE_EXPERTS: dict[str, Test] = {"input embedding": is_input}
ROLES: dict[str, Test] = {
    "weight matrices": lambda t: t.role is Role.MATRIX,
    "embedding tables": lambda t: t.role is Role.EMBEDDING,
    "norms": lambda t: t.role is Role.NORM,
    "biases": lambda t: t.role is Role.BIAS,
    "scales": lambda t: t.role is Role.SCALE,
}
# Each omission more multiplies the countings; the whole model allows more of them than a part.
MAX_OMISSIONS = 3
MAX_OMISSIONS_OF_WHOLE = 5


@value
class Counting:
    """A way to count: the tensors of a class that count, tied ones once or at each name, in all layers or in one.

    `active` counts, of what a router chooses among, what works on one token.

    `cost` grows with the words it takes to say it, so that the simplest explanation comes first. `part` is True for a
    part of the model that has a name: a component, a role, a module.
    """

    cls: str
    scope: str
    without: tuple[str, ...]
    parts: tuple[Part, ...]
    stored: bool = False
    each: bool = False
    cost: int = 0
    active: bool = False
    part: bool = False

    @property
    def custom(self) -> Custom | None:
        """Return the custom of counting a whole model that this is, or None."""
        return None if self.each else custom_of(self.scope, self.without, stored=self.stored, active=self.active)

    @property
    def sound(self) -> bool:
        """Return True if people count so: a custom, or a part with its name, with or without its biases.

        Any other counting is a selection that fits a claim, and says what the claim leaves out.
        """
        return self.custom is not None or (self.part and self.without in ((), ("biases",)) and not self.stored)

    @property
    def name(self) -> str:
        """Return the counting in words: `BertModel`, `one layer's attention of BertModel without biases`."""
        of = f"{self.cls}, " if self.scope else self.cls
        layer = "one layer" if self.each else ""
        scope = f"{layer}: {self.scope}" if layer and self.scope != "layers" else layer or self.scope
        without = f" without {_listed(self.without)}" if self.without else ""
        stored = ", tied weights at each of their names" if self.stored else ""
        return of + scope + without + stored + (", what works on a token" if self.active else "")

    @cached_property
    def terms(self) -> Terms:
        """Return the formula."""
        return add(self.amount(part) for part in self.parts)

    def amount(self, part: Part) -> Terms:
        """Return what a tensor adds under this counting."""
        if self.active:
            return part.active
        return part.each if self.each else part.stored if self.stored else part.own


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def countings(
    cls: str, inventory: Sequence[Part], *, whole: bool = False, most: int = MAX_OMISSIONS
) -> Iterator[Counting]:
    """Yield every way to count the inventory of a class; of those with the same tensors only the simplest.

    `whole` leaves out the ways that count one component, one role or one layer.
    """
    everything = (1 << len(inventory)) - 1
    tied = any(part.own != part.stored for part in inventory)
    routed = sum(1 << index for index, part in enumerate(inventory) if part.active != part.own)
    tests = OMISSIONS | (OMISSIONS_BESIDE_EXPERTS if routed else {})
    bits = {name: mask for name, test in tests.items() if (mask := _mask(inventory, test))}
    seen: set[tuple[int, bool, bool, bool]] = set()
    choices = sorted(_scopes(inventory, everything, whole=whole), key=lambda choice: choice[3])
    for names in (names for k in range(MAX_OMISSIONS_OF_WHOLE + 1) for names in combinations(bits, k)):
        for scope, members, each, price, part in choices if len(names) <= most else choices[:1]:
            mask = members
            for name in names:
                if not mask & bits[name]:
                    mask = 0
                    break
                mask &= ~bits[name]
            for stored, active in _ways(tied=tied and not each, routed=bool(mask & routed) and not each):
                if not mask or (mask, stored, each, active) in seen:
                    continue
                seen.add((mask, stored, each, active))
                chosen = tuple(part for index, part in enumerate(inventory) if mask >> index & 1)
                cost = price + len(names) + stored + active
                yield Counting(cls, scope, names, chosen, stored, each, cost, active, part)


def _ways(*, tied: bool, routed: bool) -> Iterator[tuple[bool, bool]]:
    """Yield whether tied weights count at each of their names, and whether only what works on a token counts."""
    yield False, False
    if tied:
        yield True, False
    if routed:
        yield False, True


def _owner(tensor: Tensor) -> str:
    """Return the block inside a layer that holds the tensor's layer: `attention.self`."""
    return ".".join(tensor.name.rsplit("{}.", maxsplit=1)[-1].split(".")[:-2]) or "layers"


def _mask(inventory: Sequence[Part], test: Test) -> int:
    return sum(1 << index for index, part in enumerate(inventory) if test(part.tensor))


def _scopes(inventory: Sequence[Part], everything: int, *, whole: bool) -> Iterator[tuple[str, int, bool, int, bool]]:
    """Yield the name, the tensors, whether per layer, the price of every scope, and whether it is a part."""
    yield "", everything, False, 0, False
    layers = _mask(inventory, lambda t: bool(t.loops))
    matrices = _mask(inventory, ROLES["weight matrices"])
    if layers != everything:
        tokens = _mask(inventory, OMISSIONS["token embeddings"])
        yield LAYERS, layers, False, 1, False
        yield LAYER_MATRICES, layers & matrices, False, 1, False
        yield LAYERS_AND_TOKENS, layers | tokens, False, 1, False
        yield MATRICES_AND_TOKENS, layers & matrices | tokens, False, 1, False
    yield ALL_MATRICES, matrices, False, 1, False
    if whole:
        return
    for name, test in ROLES.items():
        yield name, _mask(inventory, test), False, 1, True
    norms = _mask(inventory, ROLES["norms"])
    for component in dict.fromkeys(part.tensor.component for part in inventory):
        mask = sum(1 << index for index, part in enumerate(inventory) if part.tensor.component == component)
        plain = mask & ~norms if mask & layers else mask
        yield component, plain, False, 1, True
        yield component, plain & layers, True, 1, True
        yield f"{component} with its norms", mask, False, 2, True
        yield f"{component} with its norms", mask & layers, True, 2, True
    for owner in dict.fromkeys(_owner(part.tensor) for part in inventory if part.tensor.loops):
        mask = sum(1 << index for index, part in enumerate(inventory) if _owner(part.tensor) == owner)
        yield owner, mask & layers & ~norms, False, 2, True
        yield owner, mask & layers & ~norms, True, 2, True
    yield LAYERS, layers, True, 1, True
    for name, test in ROLES.items():
        yield name, layers & _mask(inventory, test), True, 1, True
