"""Models whose layers differ, by rules of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from torch import nn


def hybrid(hidden: int, layers: int) -> nn.Module:
    """A stack in which the first two layers, every fourth and the last are wide."""
    wide = (i < 2 or i % 4 == 1 or i == layers - 1 for i in range(layers))
    return nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(hidden, 3 * hidden if one else hidden) for one in wide)})


def beside(hidden: int, layers: int) -> nn.Module:
    """A stack in which every third layer has a gate, or the last one if there is no third."""
    gated = {*range(2, layers, 3)} or {layers - 1}
    blocks = [
        nn.ModuleDict({"up": nn.Linear(hidden, hidden)} | ({"gate": nn.Linear(hidden, 1)} if i in gated else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def halved(hidden: int, factor: int) -> nn.Module:
    """A convolution for each power of two in the factor, with an activation after it, which has no tensors."""
    parts = [part for _ in range(int(log2(factor))) for part in (nn.Conv1d(hidden, hidden, 3), nn.ReLU())]
    return nn.ModuleDict({"into": nn.Linear(2, hidden), "halving": nn.Sequential(*parts)})


def shared(hidden: int, layers: int, shared: int) -> nn.Module:
    """A stack in which the last layers, fewer than all, have no keys of their own."""
    if shared >= layers:
        raise ValueError("no layer has keys")
    blocks = [
        nn.ModuleDict({"out": nn.Linear(hidden, 2)} | ({"key": nn.Linear(hidden, 1)} if i < layers - shared else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def normed(hidden: int, layers: int, timed: int) -> nn.Module:
    """A stack in which the last layer, and the layer before the timed ones, have a norm."""
    places = (layers - timed - 1, layers - 1)
    blocks = [
        nn.ModuleDict({"up": nn.Linear(hidden, 2)} | ({"norm": nn.LayerNorm(hidden)} if i in places else {}))
        for i in range(layers)
    ]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def reduced(hidden: int, stages: int, ratio: int, rank: int) -> nn.Module:
    """A second stage that one of two fields reduces."""
    parts = {"into": nn.Embedding(ratio, hidden), "ranked": nn.Embedding(rank, hidden)}
    if stages > 1 and (ratio > 1 or rank > 1):
        parts["reduction"] = nn.Embedding(11, hidden)
    return nn.ModuleDict({**parts, "stages": nn.ModuleList(nn.Linear(hidden, 2) for _ in range(stages))})


def pyramid(image: int, patch: int, stages: int) -> nn.Module:
    """Patches of an image that each of at most four stages halves."""
    if stages > 4:
        raise ValueError("too many stages")
    sides = (image // 2 ** (i + 1) // patch for i in range(stages))
    return nn.ModuleList(nn.Embedding(side * side + int(i == stages - 1), 1) for i, side in enumerate(sides))


def shortcut(hidden: int, out: int, stride: int) -> nn.Module:
    """A residual block whose input is projected if the sizes change."""
    parts = {"conv": nn.Conv2d(hidden, out, 3, max(stride, 1))}
    if stride != 1 or hidden != out:
        parts["shortcut"] = nn.Conv2d(hidden, out, 1, max(stride, 1), bias=False)
    return nn.ModuleDict(parts)


def early(hidden: int, layers: int, every: int, first: int) -> nn.Module:
    """A stack in which every nth layer from a first one on has a router."""
    return _sparse(hidden, layers, lambda i: i >= first and i % every == 0)


def late(hidden: int, layers: int, every: int, first: int) -> nn.Module:
    """A stack in which the last of every n layers from a first one on has a router."""
    return _sparse(hidden, layers, lambda i: i >= first and (i + 1) % every == 0)


def _sparse(hidden: int, layers: int, routed: Callable[[int], bool]) -> nn.Module:
    kinds = (("router", 3) if routed(i) else ("mlp", 4) for i in range(layers))
    blocks = [nn.ModuleDict({"norm": nn.LayerNorm(hidden), name: nn.Linear(hidden, out)}) for name, out in kinds]
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def routed(hidden: int, layers: int, first: int, every: int) -> nn.Module:
    """A stack in which every nth layer is sparse from one on that may be past the last."""
    sparse = (i >= first and i % every == 0 for i in range(layers))
    blocks = (
        nn.ModuleDict({"norm": nn.Embedding(hidden, 1), **_only("router" if one else "dense", hidden, 7 if one else 5)})
        for one in sparse
    )
    return nn.ModuleDict({"layers": nn.ModuleList(blocks)})


def _only(name: str, *shape: int) -> dict[str, nn.Module]:
    return {name: nn.Embedding(*shape)}
