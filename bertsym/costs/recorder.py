"""A recorder of the products of matrices that model code runs: the witness of FLOPs.

torch dispatches every operation of a forward and a backward pass through a mode. The recorder notes the shape of each
product. It raises for an operation that multiplies matrices in a way it does not know, so that nothing is left out in
silence. It works on the meta device, where nothing is computed.

torch's FlopCounterMode is a second witness. `GAPS` lists the operations that it is known to miscount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

Sides = tuple[int, ...]


class UnknownProduct(Exception):
    """An operation that multiplies matrices in a way that the recorder does not know."""


def _mm(a: Sides, b: Sides) -> Sides:
    return (1, a[0], a[1], b[1])


def _bmm(a: Sides, b: Sides) -> Sides:
    return (a[0], a[1], a[2], b[2])


def _mv(a: Sides, _b: Sides) -> Sides:
    return (1, *a, 1)


# By operation, the positions of the two factors among its arguments and the shape of the product.
_PRODUCTS: Mapping[str, tuple[int, int, Callable[[Sides, Sides], Sides]]] = {
    "mm": (0, 1, _mm),
    "addmm": (1, 2, _mm),
    "bmm": (0, 1, _bmm),
    "baddbmm": (1, 2, _bmm),
    "mv": (0, 1, _mv),
    "addmv": (1, 2, _mv),
    "dot": (0, 1, lambda a, _: (1, 1, a[0], 1)),
}
GAPS: Mapping[str, str] = {
    "_scaled_dot_product_flash_attention_for_cpu": "fused attention on a processor counts 0 (pytorch#195460)",
    "grouped_mm": "products of grouped experts count 0",
    "convolution_backward": "grouped convolutions count backward as if they had no groups (pytorch#119806)",
    "mv": "products of a matrix with a vector count 0",
    "addmv": "products of a matrix with a vector count 0",
    "dot": "products of two vectors count 0",
}
"""The operations that torch's FlopCounterMode miscounts, with what it counts."""

_OPAQUE = ("attention", "grouped_mm", "fft", "linear", "einsum", "matmul", "_int_mm", "scaled_mm", "lstm", "gru")


class Recorder(TorchDispatchMode):  # type: ignore[misc]  # torch is untyped
    """The products that ran while the mode was on, each as (batch, rows, inputs, outputs).

    >>> import torch
    >>> with Recorder() as recorder:
    ...     _ = torch.zeros(2, 3, device="meta") @ torch.zeros(3, 5, device="meta")
    >>> recorder.products, recorder.flops
    ([(1, 2, 3, 5)], 60)
    """

    def __init__(self) -> None:
        super().__init__()
        self.products: list[Sides] = []
        self.by_operation: Counter[str] = Counter()

    @property
    def flops(self) -> int:
        """Return two for each multiply-add."""
        return self.by_operation.total()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operation and note its product."""
        del types
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name in _PRODUCTS:
            first, second, shape = _PRODUCTS[name]
            self._note(name, shape(tuple(args[first].shape), tuple(args[second].shape)))
        elif name == "convolution":
            self._note(name, _convolution(result.shape, args[1].shape))
        elif name == "convolution_backward":
            self._backward(name, *args)
        elif any(word in name for word in _OPAQUE):
            raise UnknownProduct(f"the recorder does not know what {name} multiplies: run the code without it")
        return result

    def _note(self, operation: str, product: Sides) -> None:
        self.products.append(product)
        self.by_operation[operation] += 2 * prod(product)

    def _backward(self, operation: str, gradient: Any, inputs: Any, weight: Any, *rest: Any) -> None:
        """Note a product for each gradient of a convolution: both take as many multiply-adds as the forward pass."""
        del inputs
        wants_inputs, wants_weight, _ = rest[-1]
        for _ in range(wants_inputs + wants_weight):
            self._note(operation, _convolution(gradient.shape, weight.shape))


def _convolution(outputs: Sequence[int], weight: Sequence[int]) -> Sides:
    """Return the product of a convolution; the second side of its weight has the inputs of one group only."""
    batch, channels, *places = outputs
    return (1, batch * prod(places), prod(weight[1:]), channels)
