"""Code whose layers are not all alike, by rules of many kinds."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from torch import nn


def hybrid(hidden: int, layers: int) -> nn.Module:
    """Wide layers: the first two, every fourth, and the last."""
    wide = (i < 2 or i % 4 == 1 or i == layers - 1 for i in range(layers))
    return nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(hidden, 3 * hidden if one else hidden) for one in wide)})


def beside(hidden: int, layers: int) -> nn.Module:
    """Every third layer has a gate; where there would be none, the last has."""
    gated = {*range(2, layers, 3)} or {layers - 1}
    blocks = [
        nn.ModuleDict({"up": nn.Linear(hidden, hidden)} | ({"gate": nn.Linear(hidden, 1)} if i in gated else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def halved(hidden: int, factor: int) -> nn.Module:
    """A convolution for each time that the factor can be halved, and an activation after it, which has no number."""
    parts = [part for _ in range(int(log2(factor))) for part in (nn.Conv1d(hidden, hidden, 3), nn.ReLU())]
    return nn.ModuleDict({"into": nn.Linear(2, hidden), "halving": nn.Sequential(*parts)})


def shared(hidden: int, layers: int, shared: int) -> nn.Module:
    """The last few of its layers have no keys of their own, fewer than all."""
    if shared >= layers:
        raise ValueError("no layer has keys")
    blocks = [
        nn.ModuleDict({"out": nn.Linear(hidden, 2)} | ({"key": nn.Linear(hidden, 1)} if i < layers - shared else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def normed(hidden: int, layers: int, timed: int) -> nn.Module:
    """The last layer and the one before the timed ones, if there is one, have a norm."""
    places = (layers - timed - 1, layers - 1)
    blocks = [
        nn.ModuleDict({"up": nn.Linear(hidden, 2)} | ({"norm": nn.LayerNorm(hidden)} if i in places else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def reduced(hidden: int, stages: int, ratio: int, rank: int) -> nn.Module:
    """A second stage that is reduced in one of two ways."""
    parts = {"into": nn.Embedding(ratio, hidden), "ranked": nn.Embedding(rank, hidden)}
    if stages > 1 and (ratio > 1 or rank > 1):
        parts["reduction"] = nn.Embedding(11, hidden)
    return nn.ModuleDict({**parts, "stages": nn.ModuleList(nn.Linear(hidden, 2) for _ in range(stages))})


def pyramid(image: int, patch: int, stages: int) -> nn.Module:
    """Patches of an image that is halved from stage to stage, and in the last one more; no more than four stages."""
    if stages > 4:
        raise ValueError("too many stages")
    sides = (image // 2 ** (i + 1) // patch for i in range(stages))
    return nn.ModuleList(nn.Embedding(side * side + int(i == stages - 1), 1) for i, side in enumerate(sides))


def shortcut(hidden: int, out: int, stride: int) -> nn.Module:
    """A residual block: its input is projected where the sizes change."""
    parts = {"conv": nn.Conv2d(hidden, out, 3, max(stride, 1))}
    if stride != 1 or hidden != out:
        parts["shortcut"] = nn.Conv2d(hidden, out, 1, max(stride, 1), bias=False)
    return nn.ModuleDict(parts)


def early(hidden: int, layers: int, every: int, first: int) -> nn.Module:
    """Every so many layers have a router, from a first one on."""
    return _sparse(hidden, layers, lambda i: i >= first and i % every == 0)


def late(hidden: int, layers: int, every: int, first: int) -> nn.Module:
    """The last of every so many layers has a router, from a first one on."""
    return _sparse(hidden, layers, lambda i: i >= first and (i + 1) % every == 0)


def _sparse(hidden: int, layers: int, routed: Callable[[int], bool]) -> nn.Module:
    kinds = (("router", 3) if routed(i) else ("mlp", 4) for i in range(layers))
    blocks = [nn.ModuleDict({"norm": nn.LayerNorm(hidden), name: nn.Linear(hidden, out)}) for name, out in kinds]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def routed(hidden: int, layers: int, first: int, every: int) -> nn.Module:
    """Layers that are sparse every so many of them, from one on that may be past the last."""
    sparse = (i >= first and i % every == 0 for i in range(layers))
    blocks = (
        nn.ModuleDict({"norm": nn.Embedding(hidden, 1), **_only("router" if one else "dense", hidden, 7 if one else 5)})
        for one in sparse
    )
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def _only(name: str, *shape: int) -> dict[str, nn.Module]:
    return {name: nn.Embedding(*shape)}
