"""Model code that branches on comparisons of its sizes, and model code without a formula."""

from __future__ import annotations

import math

import torch
from torch import nn

CALLS: list[int] = []


def bottleneck(inplanes: int, planes: int, expansion: int, stride: int) -> nn.Module:
    """Return a residual block of ResNet, whose shortcut is projected if the shape changes."""
    parts: dict[str, nn.Module] = {
        "reduce": nn.Conv2d(inplanes, planes, 1, bias=False),
        "expand": nn.Conv2d(planes, planes * expansion, 1, bias=False),
    }
    if stride != 1 or inplanes != planes * expansion:
        parts["shortcut"] = nn.Conv2d(inplanes, planes * expansion, 1, stride, bias=False)
    return nn.ModuleDict(parts)


def summed(first: int, second: int, out: int) -> nn.Module:
    parts: dict[str, nn.Module] = {"in": nn.Linear(first, second), "out": nn.Linear(second, out)}
    if first + second != out:
        parts["project"] = nn.Linear(first + second, out)
    return nn.ModuleDict(parts)


def aligned(hidden: int) -> nn.Module:
    parts: dict[str, nn.Module] = {"in": nn.Linear(hidden, hidden)}
    if hidden % 64 == 0:
        parts["fast"] = nn.Linear(hidden, 3)
    return nn.ModuleDict(parts)


def capped(hidden: int) -> nn.Module:
    return nn.Linear(hidden, min(2048, 4 * hidden))


def deep(hidden: int, layers: int) -> nn.Module:
    """Return a stack that has a norm if it is deep."""
    parts: dict[str, nn.Module] = {"layers": nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))}
    if layers >= 24:
        parts["norm"] = nn.LayerNorm(hidden)
    return nn.ModuleDict(parts)


def shortened(hidden: int) -> nn.Module:
    """Return a width with a float: 0.29 times 100 is a little less than 29."""
    return nn.Linear(hidden, int(hidden * 0.29) + 1)


def lengthened(hidden: int) -> nn.Module:
    """Return a width with a float: 0.55 times 100 is a little more than 55."""
    return nn.Linear(hidden, math.ceil(hidden * 0.55))


def left_out(hidden: int, scale: float) -> nn.Module:
    """Return a module whose scale is left out at 0."""
    parts = {"weight": nn.Parameter(torch.empty(hidden, hidden))}
    if scale > 0:
        parts["scale"] = nn.Parameter(torch.empty(hidden))
    return nn.ParameterDict(parts)


def floored(hidden: int, least: int) -> nn.Module:
    """Return a width with a lower bound that is far below its default."""
    return nn.Linear(max(hidden, least), 2)


def unsteady(hidden: int) -> nn.Module:
    CALLS.append(hidden)
    return nn.Linear(hidden, 4 + len(CALLS) // 30)


def braced(hidden: int) -> nn.Module:
    module = nn.Module()
    module.register_parameter("{}", nn.Parameter(torch.empty(hidden)))
    return module


def numbered(hidden: int, layers: int) -> nn.Module:
    return nn.ModuleDict({f"block_{i}": nn.Linear(hidden, 3) for i in range(layers)})


def otherwise(hidden: int, inner: int) -> nn.Module:
    """Return a module whose inner width, if it is 0, is four times the hidden width."""
    return nn.Linear(hidden, inner or 4 * hidden)


def grouped(hidden: int, heads: int, groups: int) -> nn.Module:
    """Return a module with as many groups as heads if the number of groups is 0."""
    groups = groups or heads
    if hidden % heads or heads % groups:
        raise ValueError("heads do not fit")
    return nn.Linear(hidden, groups * (hidden // heads))
