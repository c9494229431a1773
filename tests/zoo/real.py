"""Real models: transformers classes on torch's meta device, where no weight is ever allocated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertsym.convention import EXACT
from bertsym.count import count, written_out
from bertsym.model import Model
from bertsym.resolve import load


@dataclass(frozen=True)
class Inventory:
    """Shapes by name, the groups of names that are one tensor, and how many parameters there are."""

    shapes: dict[str, tuple[int, ...]]
    groups: frozenset[frozenset[str]]
    count: int


def real_inventory(transformers: Any, torch: Any, cls: str, config: Any) -> Inventory:
    """Return the tensors that the framework builds for the class."""
    with torch.device("meta"):
        module = getattr(transformers, cls)(config)
    named = list(module.named_parameters(remove_duplicate=False))
    groups: dict[int, set[str]] = {}
    for name, parameter in named:
        groups.setdefault(id(parameter), set()).add(name)
    shapes = {name: tuple(parameter.shape) for name, parameter in named}
    return Inventory(shapes, frozenset(map(frozenset, groups.values())), module.num_parameters())


def our_inventory(model: Model) -> Inventory:
    """Return the tensors of the inventory, written out."""
    shapes: dict[str, tuple[int, ...]] = {}
    groups: dict[str, set[str]] = {}
    for name, shape, tensor in written_out(model):
        assert name not in shapes, f"{name} is written out twice"
        shapes[name] = shape
        owner = tensor.tied_to if tensor.tied_to is not None and model.public(tensor.own) == 0 else name
        groups.setdefault(str(owner), set()).add(name)
    return Inventory(shapes, frozenset(map(frozenset, groups.values())), count(model, EXACT))


def assert_equal_to_real(transformers: Any, torch: Any, cls: str, config: Any, folder: Path) -> None:
    """The model read from the config's own file has the tensors, ties and count of the class that it builds."""
    fields = {**config.to_dict(), "architectures": [cls]}
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    ours, real = our_inventory(load(str(folder))), real_inventory(transformers, torch, cls, config)
    assert ours.shapes == real.shapes
    assert ours.groups == real.groups
    assert ours.count == real.count
