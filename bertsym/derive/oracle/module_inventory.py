"""The inventory of a torch module: every parameter by name, with its shape, the tensor it is tied to, and its role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bertsym.derive.limits import MAX_TENSORS
from bertsym.derive.oracle.roles import EMBEDDING, role_of

Owned = tuple[Any, str, Any]  # the module that owns a parameter, the parameter's full name, the parameter


class UnusableTarget(Exception):
    """A target that cannot be derived, whatever its fields."""


class NoParameters(UnusableTarget):
    """A module without parameters. If other fields have built a module with parameters, this is a rejection only."""


def inventory(module: Any) -> list[list[Any]]:
    """Return `[name, shape, first name, role]` for each name of each parameter, ready for JSON.

    The first name is the first one under which the module lists the same parameter: another name is tied to it. Raise
    `UnusableTarget` for too many tensors or braces in a name, `NoParameters` for none.
    """
    modules = list(module.named_modules(remove_duplicate=False))
    parameters = list(_named_parameters(modules))
    output_ids = _output_weights(modules, parameters)
    entries: list[list[Any]] = []
    first_names: dict[int, str] = {}
    for owner, name, parameter in parameters:
        if len(entries) >= MAX_TENSORS:
            raise UnusableTarget(f"more than {MAX_TENSORS} tensors")
        if "{" in name or "}" in name:
            raise UnusableTarget("a parameter's name has braces, which stand for indices here")
        shape = [int(dimension) for dimension in parameter.shape]
        role = EMBEDDING if id(parameter) in output_ids else role_of(owner, name, shape)
        entries.append([name, shape, first_names.setdefault(id(parameter), name), role])
    if not entries:
        raise NoParameters("the module has no parameters")
    return entries


def _named_parameters(modules: Iterable[tuple[str, Any]]) -> Iterator[Owned]:
    """Yield the module that owns the parameter, the full name and the parameter; a tied one under each of its names."""
    for path, owner in modules:
        for name, parameter in owner.named_parameters(recurse=False):
            yield owner, f"{path}.{name}" if path else name, parameter


def _output_weights(modules: Iterable[tuple[str, Any]], parameters: Iterable[Owned]) -> set[int]:
    """Return the ids of the matrices that turn features into tokens: of the module, and of each model inside it.

    A class of transformers names its own. A nested `lm_head` counts too, because some models call it without a class
    that does (CLVP's speech decoder).
    """
    weights = [_output_weight(part) for _, part in modules]
    weights += [parameter for _, name, parameter in parameters if name.endswith("lm_head.weight")]
    return {id(weight) for weight in weights if weight is not None and len(weight.shape) == 2}


def _output_weight(module: Any) -> Any:
    if not hasattr(type(module), "get_output_embeddings"):  # asking the module itself is slow
        return None
    try:
        return getattr(module.get_output_embeddings(), "weight", None)
    except (AttributeError, NotImplementedError, TypeError):
        return None
