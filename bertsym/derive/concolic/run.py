"""One build of the target with symbolic numbers, in a child of the worker.

The build leaves patched modules, caches of the library and perhaps hanging threads behind. All of that ends with the
child, so that ordinary builds in the worker are not affected.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.expression_tree import Tree
from bertsym.derive.concolic.patched_builtins import patch_builtins
from bertsym.derive.concolic.path_recorder import PathRecorder
from bertsym.derive.concolic.symbolic_numbers import SymbolicFloat, SymbolicInt, as_fraction
from bertsym.derive.concolic.torch_dispatch import check_torch, skip_fan_computation, symbolic_sizes
from bertsym.derive.limits import MAX_MESSAGE_BYTES, MAX_TENSORS, MAX_TRACED_RELATIONS
from bertsym.derive.pristine import dumps, loads

_LENGTH_BYTES = 8

Fields = Mapping[str, Any]
Build = Callable[[dict[str, Any]], Any]


def trace_in_child(build: Build, fields: Fields, symbols: Sequence[str], seconds: float) -> dict[str, Any]:
    """Return the trace of one build, as `trace_build` does, or `{"rejected": reason}`.

    The child answers through shared memory, because the model code could close or write into a descriptor. It is
    killed after so many seconds.
    """
    shared = mmap.mmap(-1, MAX_MESSAGE_BYTES)
    child = os.fork()
    if child == 0:
        process = os.getpid()
        try:
            text = dumps(_answer(build, fields, symbols)).encode()
            # Another process here is a fork of the model code, which has no answer to give.
            if os.getpid() == process and len(text) <= MAX_MESSAGE_BYTES - _LENGTH_BYTES:
                shared[_LENGTH_BYTES : _LENGTH_BYTES + len(text)] = text
                shared[:_LENGTH_BYTES] = len(text).to_bytes(_LENGTH_BYTES, "little")
        finally:
            os._exit(0)
    _wait(child, time.monotonic() + seconds)
    length = int.from_bytes(shared[:_LENGTH_BYTES], "little")
    answer = loads(shared[_LENGTH_BYTES : _LENGTH_BYTES + length]) if length else None
    shared.close()
    return answer if isinstance(answer, dict) else {"rejected": f"nothing within {seconds:g} seconds"}


def _wait(child: int, deadline: float) -> None:
    """Wait until the child ends, and kill it after the deadline."""
    with contextlib.suppress(ChildProcessError):  # code that ignores SIGCHLD leaves no child to wait for
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return
            time.sleep(0.002)


def _answer(build: Build, fields: Fields, symbols: Sequence[str]) -> dict[str, Any]:
    try:
        return trace_build(build, fields, symbols)
    except BaseException as error:  # noqa: BLE001  # whatever the model code raises is its answer
        return {"rejected": f"{type(error).__name__}: {error}"[:300]}


def trace_build(build: Build, fields: Fields, symbols: Sequence[str]) -> dict[str, Any]:
    """Build the target with a symbolic number for each field in `symbols`, and return what `decode_trace` reads.

    - `dimensions` lists the distinct dimensions: expressions or numbers, null if not known.
    - `shapes` maps the name of a tensor to indices into `dimensions`.
    - `relations` lists `[sign, left, right]` in the order in which they held.
    - `concretised` lists the symbols of which the bare value was used somewhere.

    This process is not usable afterwards. Raise whatever the model code raises, and `UnsupportedTorch`.
    """
    check_torch()
    patch_builtins()
    skip_fan_computation()
    recorder = PathRecorder()
    inputs = {name: _symbolic(name, value, recorder) if name in symbols else value for name, value in fields.items()}
    with symbolic_sizes():
        module = build(inputs)
    dimensions: dict[Tree | None, int] = {}
    shapes: dict[str, list[int]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if len(shapes) >= MAX_TENSORS:
            return {"rejected": f"more than {MAX_TENSORS} tensors"}
        shape = [_without_modulo(as_fraction(dimension)[0]) for dimension in parameter.shape]
        shapes[name] = [dimensions.setdefault(dimension, len(dimensions)) for dimension in shape]
    relations = [[sign, _side(left), _side(right)] for sign, left, right in recorder.path_condition]
    concretised = recorder.concretised_names()
    return {
        "dimensions": list(dimensions),
        "shapes": shapes,
        "relations": relations[:MAX_TRACED_RELATIONS],
        "concretised": [name for name in inputs if name in concretised],
    }


def _symbolic(name: str, value: Any, recorder: PathRecorder) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return SymbolicFloat(value, (("ratio", name), 1), recorder)
    return SymbolicInt(value, name, recorder)


def _side(tree: Any) -> Any:
    """Return a side of a relation as it is sent: a remainder stays one, because `a % b = 0` says that b divides a."""
    if isinstance(tree, tuple) and tree[0] == "%":
        return ("%", *(_without_modulo(operand) for operand in tree[1:]))
    return _without_modulo(tree)


def _without_modulo(tree: Any) -> Any:
    """Return the tree with each remainder written as `a - b*(a//b)`, and a ratio as its name."""
    if not isinstance(tree, tuple):
        return tree
    sign, *operands = tree
    if sign == "ratio":
        return operands[0]
    if sign == "%":
        left, right = (_without_modulo(operand) for operand in operands)
        return trees.subtract(left, trees.multiply(right, trees.floor_divide(left, right)))
    return (sign, *(_without_modulo(operand) for operand in operands))
