"""The states of training: the weights, their gradients and what the optimizer keeps, in bytes.

Each tensor of the inventory has an entry for each of them, so a table of states is a filtered sum like all others.
Activations, buffers of communication and the allocator's gaps are not states.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy

from bertsym.convention import Convention
from bertsym.costs.optimizers import FLOAT32, Sides, State, named_optimizer
from bertsym.costs.quantity import Account, Quantity
from bertsym.costs.settings import Settings
from bertsym.model import Architecture, Head
from bertsym.quantities import BYTES
from bertsym.tree import Tensor, tensors
from bertsym.values import replace, value

READS = frozenset({"dtype", "optimizer"})
HALF = 2


@value
class Recipe:
    """The bytes of a weight and of its gradient, whether there is a master copy, and the optimizer's arrays."""

    weight: int
    gradient: int
    master: int
    optimizer: tuple[State, ...]

    def arrays(self, sides: Sides) -> Iterator[tuple[str, int, Sides]]:
        """Yield what is kept of a tensor of these sides: the path of the array, bytes of an element, and its sides."""
        yield "weights", self.weight, sides
        yield "gradients", self.gradient, sides
        if self.master:
            yield "optimizer.master", self.master, sides
        for state in self.optimizer:
            yield f"optimizer.{state.name}", state.size or self.master or self.weight, state.shape(sides)


def _entries(recipe: Recipe, _architecture: Architecture, head: Head) -> tuple[Tensor, ...]:
    """Return an entry for each array that is kept of each tensor: all weights, all gradients, then the optimizer's.

    A tied tensor has no arrays of its own.
    """
    arrays = [(*array, tensor) for tensor in tensors(head.tree) for array in recipe.arrays(tensor.shape)]
    places = {path: place for place, path in enumerate(dict.fromkeys(path for path, *_ in arrays))}
    return tuple(
        replace(
            tensor,
            name=f"{path}.{tensor.name}",
            shape=(sympy.Integer(size), *sides),
            component=path.partition(".")[0],
            meaning=path.rpartition(".")[2],
            tied_to=None if tensor.tied_to is None else f"{path}.{tensor.tied_to}",
            routing=None,
        )
        for path, size, sides, tensor in sorted(arrays, key=lambda array: places[array[0]])
    )


def quantity(settings: Settings) -> Quantity:
    """Return the quantity for an optimizer, by default AdamW; raises `UnknownName`."""
    size = settings.itemsize()
    name = settings.optimizer or "adamw"
    optimizer = named_optimizer(name)
    recipes = {
        "pure": (
            Recipe(size, size, 0, optimizer),
            f"weights, gradients and the arrays of {name}, {size} bytes for each element, as torch keeps them",
            "torch: the state_dict() of an optimizer",
        ),
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
    chosen = recipes if settings.dtype is None else {"pure": recipes["pure"]}  # the others say their types
    accounts = tuple(
        Account(Convention(convention, meaning, used_by, unit=BYTES), partial(_entries, recipe))
        for convention, (recipe, meaning, used_by) in chosen.items()
    )
    return Quantity("states", "training states", "the state_dict() of torch's optimizers", accounts)
