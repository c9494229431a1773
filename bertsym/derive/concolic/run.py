"""The target built once with numbers that remember what they were computed from: its shapes as expressions.

Imported in the worker process alone, and run in a child of it: whatever this leaves behind in the library, a cache or a
hanging thread, ends with the child.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.expression_tree import Tree
from bertsym.derive.concolic.patched_builtins import keep
from bertsym.derive.concolic.symbolic_numbers import Real, Size, quotient, taken
from bertsym.derive.concolic.torch_sym_node import Trace
from bertsym.derive.pristine import MAX_MESSAGE_BYTES, dumps, loads

MOST_RELATIONS = 500
MOST_TENSORS = 60_000
LENGTH = 8  # bytes in which the length of an answer is told

# torch turns a symbol that meets a tensor on the CPU into a number of its own, 7777777.
_ARITHMETIC = {
    f"{how}{name}"
    for name in ("add", "sub", "mul", "div", "truediv", "floordiv", "floor_divide", "true_divide", "pow", "mod")
    for how in ("", "r", "i")
}

Fields = Mapping[str, Any]


def symbolic(
    build: Callable[[dict[str, Any]], Any], fields: Fields, symbols: Sequence[str], seconds: float
) -> dict[str, Any]:
    """The sides of every tensor and the relations that held: JSON-able, or `{"raised": why}`.

    `sides` are expressions or numbers, null where one was not kept; `shapes` are places in it, by tensor name; `used`
    are the symbols whose bare value went somewhere.
    """
    # Memory shared with the child: there is no descriptor that the code could close or write into.
    shared = mmap.mmap(-1, MAX_MESSAGE_BYTES)
    child = os.fork()
    if child == 0:
        own = os.getpid()
        try:
            told = dumps(_answer(build, fields, symbols)).encode()
            if (
                os.getpid() == own and len(told) <= MAX_MESSAGE_BYTES - LENGTH
            ):  # else the code has forked: this is a copy
                shared[LENGTH : LENGTH + len(told)] = told
                shared[:LENGTH] = len(told).to_bytes(LENGTH, "little")
        finally:
            os._exit(0)
    _wait(child, time.monotonic() + seconds)
    length = int.from_bytes(shared[:LENGTH], "little")
    found = loads(shared[LENGTH : LENGTH + length]) if length else None
    shared.close()
    return found if isinstance(found, dict) else {"raised": f"nothing within {seconds:g} seconds"}


def _wait(child: int, deadline: float) -> None:
    """Wait for the end of the child, and end it if that is late."""
    with contextlib.suppress(ChildProcessError):  # the code may have children reaped by nobody
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return
            time.sleep(0.002)


def _answer(build: Callable[[dict[str, Any]], Any], fields: Fields, symbols: Sequence[str]) -> dict[str, Any]:
    try:
        return traced(build, fields, symbols)
    except BaseException as error:  # noqa: BLE001  # whatever the code raises is its answer
        return {"raised": f"{type(error).__name__}: {error}"[:300]}


def traced(build: Callable[[dict[str, Any]], Any], fields: Fields, symbols: Sequence[str]) -> dict[str, Any]:
    """As `symbolic`, in this process, which is spoilt by it."""
    keep()
    trace = Trace()
    given = {name: _symbol(name, found, trace) if name in symbols else found for name, found in fields.items()}
    with enable_python_dispatcher(), _Plainly(), _Scaled():
        module = build(given)
    places: dict[Tree | None, int] = {}
    shapes: dict[str, list[int]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if len(shapes) >= MOST_TENSORS:
            return {"raised": f"more than {MOST_TENSORS} tensors"}
        sides = [_exported(quotient(side)[0]) for side in parameter.shape]
        shapes[name] = [places.setdefault(side, len(places)) for side in sides]
    relations = [
        [sign, _exported(left, whole=True), _exported(right, whole=True)] for sign, left, right in trace.relations
    ]
    used = [name for name in given if any(name in _names(tree) for tree in trace.taken)]
    return {"sides": list(places), "shapes": shapes, "relations": relations[:MOST_RELATIONS], "used": used}


def _names(tree: Any) -> set[str]:
    if isinstance(tree, tuple):
        return {name for part in tree[1:] for name in _names(part)}
    return {tree} if isinstance(tree, str) else set()


def _symbol(name: str, found: Any, trace: Trace) -> Any:
    if isinstance(found, bool):
        return found
    return Real(found, (("ratio", name), 1), trace) if isinstance(found, float) else Size(found, name, trace)


def _exported(tree: Any, *, whole: bool = False) -> Any:
    """Remainders written with quotients, unless the relation is about one."""
    if not isinstance(tree, tuple):
        return tree
    sign, *parts = tree
    if sign == "ratio":
        return parts[0]
    if sign == "%" and not whole:
        above, below = (_exported(part) for part in parts)
        return trees.subtract(above, trees.multiply(below, trees.floor_divide(above, below)))
    return (sign, *(_exported(part) for part in parts))


class _Scaled(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """Gives the value alone to the arithmetic of tensors, which changes no shape by it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "").strip("_") in _ARITHMETIC:
            args = tuple(taken(arg) for arg in args)
        return func(*args, **(kwargs or {}))


class _Plainly(TorchDispatchMode):  # type: ignore[misc]  # torch is untyped here
    """Gives the values alone to an operation that takes no symbols: what it returns has lost them."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler, 300 modules, into each child only to keep it away from this."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return func(*args, **(kwargs or {}))
        except (RuntimeError, NotImplementedError, AttributeError, TypeError):
            if func is torch.ops.aten.empty.memory_format:  # torch.Tensor(n), which knows no device
                return func(*args, **{**(kwargs or {}), "device": "meta"})
            return func(*tree_map(_plain, args), **tree_map(_plain, kwargs or {}))


def _plain(given: Any) -> Any:
    if isinstance(given, torch.Tensor) and any(isinstance(side, torch.SymInt) for side in given.shape):
        return torch.empty([taken(side) for side in given.shape], dtype=given.dtype, device=given.device)
    return taken(given)
