"""The inventory of a torch module: every parameter by name, with its shape, the tensor it is tied to, and its role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bertsym.derive.limits import MAX_TENSORS


class UnusableTarget(Exception):
    """A target that cannot be derived, whatever its fields."""


class NoParameters(UnusableTarget):
    """A module without parameters. If other fields have built a module with parameters, this is a rejection only."""


def inventory(module: Any) -> list[list[Any]]:
    """Return `[name, shape, first name, role]` for each name of each parameter, ready for JSON.

    The first name is the first one under which the module lists the same parameter: another name is tied to it. Raise
    `UnusableTarget` for too many tensors or braces in a name, `NoParameters` for none.
    """
    output_ids = _output_weights(module)
    entries: list[list[Any]] = []
    first_names: dict[int, str] = {}
    for owner, name, parameter in _named_parameters(module):
        if len(entries) >= MAX_TENSORS:
            raise UnusableTarget(f"more than {MAX_TENSORS} tensors")
        if "{" in name or "}" in name:
            raise UnusableTarget("a parameter's name has braces, which stand for indices here")
        shape = [int(dimension) for dimension in parameter.shape]
        role = "embedding" if id(parameter) in output_ids else role_of(owner, name, len(shape))
        entries.append([name, shape, first_names.setdefault(id(parameter), name), role])
    if not entries:
        raise NoParameters("the module has no parameters")
    return entries


def _named_parameters(module: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield the module that owns the parameter, the full name and the parameter; a tied one under each of its names."""
    for path, owner in module.named_modules(remove_duplicate=False):
        for name, parameter in owner.named_parameters(recurse=False):
            yield owner, f"{path}.{name}" if path else name, parameter


def _output_weights(module: Any) -> set[int]:
    """Return the id of the matrix that turns features into tokens, if a class of transformers names it."""
    get_output_embeddings = getattr(module, "get_output_embeddings", None)
    try:
        output = get_output_embeddings() if get_output_embeddings is not None else None
    except (AttributeError, NotImplementedError, TypeError):
        return set()
    weight = getattr(output, "weight", None)
    return set() if weight is None else {id(weight)}


def role_of(owner: Any, name: str, rank: int) -> str:
    """Return the role of a parameter: a vector that is no bias scales features, as a norm does."""
    kind = type(owner).__name__
    if "Norm" in kind:
        return "norm"
    if "Embedding" in kind and rank == 2 and name.endswith("weight"):
        return "embedding"
    if "bias" in name.rpartition(".")[2]:
        return "bias"
    return "matrix" if rank >= 2 else "norm"
