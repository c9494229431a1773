"""The way of symbolic sizes through torch's operators, which depends on torch's private dispatcher.

This module and `torch_sym_node` hold all that concolic execution takes from torch's private interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.concolic.symbolic_numbers import SymbolicInt, as_fraction, concretise

# torch turns a symbolic int that meets a tensor on the CPU into a number of its own, 7777777.
_ARITHMETIC = {
    f"{prefix}{name}"
    for name in ("add", "sub", "mul", "div", "truediv", "floordiv", "floor_divide", "true_divide", "pow", "mod")
    for prefix in ("", "r", "i")
}


class UnsupportedTorch(Exception):
    """A torch whose private interface is not the one that concolic execution was written for."""


def check_torch() -> None:
    """Raise `UnsupportedTorch` if the installed torch does not carry an expression into the shape of a tensor.

    The interface is private, so that a release of torch may change it. Concolic execution then fails, here or at the
    import of this module, and the worker answers with the error. `BuildOracle.trace` returns None, and the target is
    derived from ordinary builds alone.
    """
    size = SymbolicInt(3, "size", PathRecorder())
    try:
        with symbolic_sizes(), torch.device("meta"):
            shape = torch.nn.Parameter(torch.empty(2 * size, size)).shape
        expressions = [as_fraction(dimension) for dimension in shape]
    except (RuntimeError, NotImplementedError, AttributeError, TypeError) as error:
        raise UnsupportedTorch(f"torch {torch.__version__} takes no symbolic sizes: {error}") from error
    if expressions != [(("*", 2, "size"), 1), ("size", 1)]:
        raise UnsupportedTorch(f"torch {torch.__version__} loses the expressions of sizes: {expressions}")


@contextmanager
def symbolic_sizes() -> Iterator[None]:
    """Let torch's operators take symbolic sizes; operators that cannot get the concrete values."""
    with enable_python_dispatcher(), _ConcreteOperators(), _ConcreteArithmetic():
        yield


def skip_fan_computation() -> None:
    """Replace the fan of a weight, whose square root scales an initialisation that a count does not need."""
    torch.nn.init._calculate_fan_in_and_fan_out = lambda _: (1, 1)  # noqa: SLF001


class _ConcreteArithmetic(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """A mode in which the arithmetic of tensors gets concrete values, because it changes no shape by them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "").strip("_") in _ARITHMETIC:
            args = tuple(concretise(arg) for arg in args)
        return func(*args, **(kwargs or {}))


class _ConcreteOperators(TorchDispatchMode):  # type: ignore[misc]  # torch is untyped here
    """A mode in which an operator without symbolic sizes gets concrete ones: its result has lost the expressions."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False, else torch imports its compiler, 300 modules, into each child only to disable it here."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return func(*args, **(kwargs or {}))
        except (RuntimeError, NotImplementedError, AttributeError, TypeError):
            if func is torch.ops.aten.empty.memory_format:  # torch.Tensor(n), which ignores the device of the block
                return func(*args, **{**(kwargs or {}), "device": "meta"})
            return func(*tree_map(_concrete, args), **tree_map(_concrete, kwargs or {}))


def _concrete(argument: Any) -> Any:
    if isinstance(argument, torch.Tensor) and any(isinstance(size, torch.SymInt) for size in argument.shape):
        shape = [concretise(size) for size in argument.shape]
        return torch.empty(shape, dtype=argument.dtype, device=argument.device)
    return concretise(argument)
