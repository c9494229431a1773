"""A body and heads over it: each function takes the fields of one configuration, of which the body reads three."""

from __future__ import annotations

from torch import nn

FIELDS = {"vocabulary": 50, "width": 8, "layers": 3, "classes": 2, "inner": 5, "tied": True, "seed": 1}


def stack(vocabulary: int, width: int, layers: int, *, pooled: bool = True) -> nn.ModuleDict:
    """Return an embedding, a stack and a pooler."""
    parts = {
        "embedding": nn.Embedding(vocabulary, width),
        "layers": nn.ModuleList(nn.Linear(width, width) for _ in range(layers)),
    }
    return nn.ModuleDict({**parts, "pooler": nn.Linear(width, width)} if pooled else parts)


def body(vocabulary: int, width: int, layers: int, **_: int) -> nn.Module:
    """Return the body alone."""
    return stack(vocabulary, width, layers)


def classifier(vocabulary: int, width: int, layers: int, classes: int, **_: int) -> nn.Module:
    """Return the body without its pooler, and a classifier."""
    held = stack(vocabulary, width, layers, pooled=False)
    return nn.ModuleDict({"body": held, "classifier": nn.Linear(width, classes)})


def language_model(vocabulary: int, width: int, layers: int, inner: int, tied: bool, **_: int) -> nn.Module:
    """Return the body under two attributes, and an output that may share its embedding."""
    held = stack(vocabulary, width, layers)
    output = nn.Linear(width, vocabulary)
    if tied:
        output.weight = held["embedding"].weight
    extra = {"wide": nn.Linear(width, inner)} if inner > width else {}
    return nn.ModuleDict({"model": nn.ModuleDict({"text": held}), "output": output, **extra})


def wider(vocabulary: int, width: int, layers: int, **_: int) -> nn.Module:
    """Return the body with an embedding that is two rows longer, and nothing else."""
    held = stack(vocabulary, width, layers)
    held["embedding"] = nn.Embedding(vocabulary + 2, width)
    return held


def indexing(vocabulary: int, width: int, layers: int, seed: int, **_: int) -> nn.Module:
    """Return the body with an output for one of its layers, which `seed` names."""
    if seed >= layers:
        raise ValueError(f"there is no layer {seed}")
    return nn.ModuleDict({"body": stack(vocabulary, width, layers), "output": nn.Linear(width, 3)})


def same(vocabulary: int, width: int, layers: int, **_: int) -> nn.Module:
    """Return the body and no tensor beside it."""
    return nn.ModuleDict({"encoder": stack(vocabulary, width, layers)})


def stranger(width: int, **_: int) -> nn.Module:
    """Return a module without any tensor of the body."""
    return nn.ModuleDict({"alone": nn.Conv1d(width, 3, 7)})
