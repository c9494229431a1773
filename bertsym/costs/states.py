"""The states of training: the weights, their gradients and what the optimizer keeps, in bytes.

Each tensor of the inventory has an entry for each array, so a table of states is a filtered sum like all others.
If devices share the states, an array that lies flat in memory has one entry for all tensors. Activations,
buffers of communication and the allocator's gaps are not states.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from bertsym.convention import Convention
from bertsym.costs.optimizers import FLOAT32, Optimizer, Sides, named_optimizer
from bertsym.costs.partition import Partition, elements, partition
from bertsym.costs.quantity import Account, Quantity
from bertsym.costs.settings import Settings
from bertsym.errors import Conflict
from bertsym.layers import Role
from bertsym.model import Architecture, Head
from bertsym.quantities import BYTES
from bertsym.tree import Tensor, tensors
from bertsym.values import replace, value

READS = frozenset({"dtype", "optimizer", "zero", "devices"})
HALF = 2


@value
class Recipe:
    """The bytes of a weight and of its gradient, whether there is a master copy, and the optimizer."""

    weight: int
    gradient: int
    master: int
    optimizer: Optimizer

    def arrays(self, sides: Sides) -> Iterator[tuple[str, int, Sides, Boolean]]:
        """Yield the arrays kept for a tensor of these sides: path, bytes of an element, sides, condition."""
        yield "weights", self.weight, sides, sympy.true
        yield "gradients", self.gradient, sides, sympy.true
        yield from self.of_optimizer(sides)

    def of_optimizer(self, sides: Sides) -> Iterator[tuple[str, int, Sides, Boolean]]:
        """Yield the arrays that the optimizer keeps for a tensor of these sides."""
        if self.master:
            yield "optimizer.master", self.master, sides, sympy.true
        for state in self.optimizer.states:
            yield f"optimizer.{state.name}", self._size(state.size), state.shape(sides), state.when(sides)

    def shared(self, exists: list[tuple[Boolean, Sides]]) -> Iterator[Tensor]:
        """Yield the arrays that tensors share; `exists` has the condition and the sides of each tensor."""
        for state in self.optimizer.shared:
            needed = sympy.Or(*(sympy.And(when, state.when(sides)) for when, sides in exists))
            yield _flat(f"optimizer.{state.name}", self._size(state.size), state.shape(()), needed)

    def _size(self, size: int | None) -> int:
        return size or self.master or self.weight


def _whole(recipe: Recipe, head: Head) -> tuple[Tensor, ...]:
    """Return an entry for each array that is kept of each tensor: all weights, all gradients, then the optimizer's.

    A tied tensor has no arrays of its own.
    """
    inventory = tensors(head.tree)
    arrays = [(*array, tensor) for tensor in inventory for array in recipe.arrays(tensor.shape)]
    places = {path: place for place, path in enumerate(dict.fromkeys(path for path, *_ in arrays))}
    entries = (_kept(*array) for array in sorted(arrays, key=lambda array: places[array[0]]))
    return (*entries, *recipe.shared([(tensor.when, tensor.shape) for tensor in inventory]))


def _kept(path: str, size: int, sides: Sides, when: Boolean, tensor: Tensor) -> Tensor:
    """Return the entry of an array that is kept of a tensor."""
    return replace(
        tensor,
        name=f"{path}.{tensor.name}",
        shape=(Integer(size), *sides),
        component=path.partition(".")[0],
        meaning=path.rpartition(".")[2],
        when=sympy.And(tensor.when, when),
        tied_to=None if tensor.tied_to is None else f"{path}.{tensor.tied_to}",
        routing=None,
    )


def _flat(path: str, size: int, sides: Sides, when: Boolean = sympy.true) -> Tensor:
    """Return the entry of an array for all tensors together."""
    component, _, meaning = path.rpartition(".")
    name = component or path
    return Tensor(f"{path}.flat", (Integer(size), *sides), Role.OTHER, meaning, name, when=when)


def _partitioned(recipe: Recipe, shares: Partition, head: Head) -> tuple[Tensor, ...]:
    """Return an entry for each array that the device with the largest share keeps."""
    inventory = tensors(head.tree)
    seen = (shares.flat_share(inventory),)
    if shares.stage == 3:
        entries = [
            _kept(path, size, (shares.share(tensor),), sympy.true, tensor)
            for path, size in (("weights", recipe.weight), ("gradients", recipe.gradient))
            for tensor in inventory
        ]
    else:
        gradients: Expr = elements(inventory) if shares.stage == 1 else seen[0]
        entries = [
            _flat("weights", recipe.weight, (shares.flat_weights(inventory),)),
            _flat("gradients", recipe.gradient, (gradients,)),
        ]
    entries += [_flat(*array) for array in recipe.of_optimizer(seen)]
    return (*entries, *recipe.shared([(sympy.true, seen)]))


def state_entries(
    recipe: Recipe, shares: Partition | None, _architecture: Architecture, head: Head
) -> tuple[Tensor, ...]:
    """Return an entry for each array that a device keeps."""
    return _whole(recipe, head) if shares is None else _partitioned(recipe, shares, head)


def quantity(settings: Settings, usual_dtype: str = "float32") -> Quantity:
    """Return the quantity for an optimizer, by default AdamW, and in a type, by default the usual one.

    Raises `UnknownName`, and `Unreadable`, `Missing` or `Conflict` for a partition that does not exist.
    """
    size = settings.itemsize(usual_dtype)
    name = settings.optimizer or "adamw"
    optimizer = named_optimizer(name)
    shares = partition(settings.zero, settings.devices)
    bytes_ = "1 byte" if size == 1 else f"{size} bytes"
    pure = f"weights, gradients and the arrays of {name}, {bytes_} for each element, as torch keeps them"
    if optimizer.library != "torch":
        pure = f"weights and gradients of {bytes_}; the arrays of {name}, as {optimizer.library} keeps them"
    recipes = {
        "pure": (Recipe(size, size, 0, optimizer), pure, f"{optimizer.library}: the state_dict() of an optimizer"),
        "mixed": (
            Recipe(HALF, HALF, FLOAT32, optimizer),
            f"weights and gradients of 2 bytes; a copy of the weights and the arrays of {name} of 4",
            "ZeRO, arXiv:1910.02054: 16 bytes for each parameter with Adam",
        ),
        "megatron": (
            Recipe(HALF, FLOAT32, FLOAT32, optimizer),
            f"weights of 2 bytes; gradients, a copy of the weights and the arrays of {name} of 4",
            "Megatron-LM: 18 bytes for each parameter with Adam",
        ),
    }
    chosen = list(recipes) if settings.dtype is None else ["pure"]  # the others say their types
    where = ""
    if shares is not None:
        if settings.dtype is not None:
            raise Conflict(f"--dtype {settings.dtype}", f"--zero {shares.stage}", "DeepSpeed's recipe says its types")
        chosen, where = ["mixed"], f", {shares.title}"
    accounts = tuple(
        Account(
            Convention(convention, recipes[convention][1] + where, recipes[convention][2], unit=BYTES),
            partial(state_entries, recipes[convention][0], shares),
        )
        for convention in chosen
    )
    return Quantity("states", "training states", "the state_dict() of torch's optimizers", accounts)
