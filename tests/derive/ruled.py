"""Models with constraints between their fields: multiples, quotients, proportions, bounds and guards."""

from __future__ import annotations

import torch
from torch import nn


def _multiple(number: int, *divisors: int) -> None:
    for divisor in divisors:
        if number % divisor:
            raise ValueError(f"{number} is no multiple of {divisor}")


def strided(hidden: int, heads: int, stride: int) -> nn.Module:
    """A width that must be a multiple of its heads, and that a stride divides by chance."""
    _multiple(hidden, heads)
    return nn.Conv1d(hidden, hidden, stride)


def both(hidden: int, heads: int, decoder_heads: int) -> nn.Module:
    _multiple(hidden, heads, decoder_heads)
    return nn.Linear(hidden, hidden, bias=False)


def state(hidden: int, expand: int, head_width: int, state_heads: int) -> nn.Module:
    if expand * hidden != state_heads * head_width:
        raise ValueError("the heads do not fill the state")
    return nn.ModuleDict({"into": nn.Linear(hidden, expand * hidden), "decay": nn.Embedding(state_heads, 1)})


def recurrent(hidden: int, layers: int) -> nn.Module:
    return nn.LSTM(hidden, hidden, layers)


def squeezed(hidden: int) -> nn.Module:
    return nn.Linear(hidden, round(hidden / 4), bias=False)


def levels(hidden: int, levels: int) -> nn.Module:
    """A stack whose depth is called levels."""
    return nn.ModuleDict({"base": nn.ModuleList(nn.Linear(hidden, 2) for _ in range(3 * levels + 4))})


def projected(hidden: int, out: int, inner: int, heads: int) -> nn.Module:
    """Three widths that are accepted in proportion only, each a multiple of the heads."""
    if not hidden == out == 4 * inner:
        raise ValueError("the widths do not fit")
    _multiple(hidden, heads)
    return nn.ModuleDict({"up": nn.Linear(inner, hidden), "out": nn.Linear(out, 1), "heads": nn.Embedding(heads, 1)})


def axial(hidden: int, rows: int, columns: int) -> nn.Module:
    """Two parts of a width, whose sum is fixed."""
    if rows + columns != hidden:
        raise ValueError("the parts do not fill the width")
    return nn.ModuleDict({"rows": nn.Embedding(5, rows), "columns": nn.Embedding(7, columns)})


def fallback(hidden: int, inner: int, shared: int, other: int) -> nn.Module:
    """A width that is a product, or another width if the product is 0."""
    return nn.Linear(hidden, inner * shared or other, bias=False)


def ranked(hidden: int, kernel: int) -> nn.Module:
    """A tensor of two dimensions if the kernel is 1, else of four."""
    shape = (hidden, hidden, kernel, kernel) if kernel > 1 else (hidden, hidden)
    return nn.ParameterDict({"weight": nn.Parameter(torch.empty(shape))})


def windowed(hidden: int, window: int, *, banded: bool) -> nn.Module:
    """A window that is constrained only while a switch is on."""
    if banded and window > hidden:
        raise ValueError("the window is too wide")
    return nn.ModuleDict({"into": nn.Linear(hidden, window), "out": nn.Linear(2 if banded else 1, hidden)})


def grouped(experts: int, groups: int, chosen: int) -> nn.Module:
    """Experts in groups, of which at most all can be chosen."""
    if not 1 <= chosen <= groups:
        raise ValueError("more groups are chosen than there are")
    return nn.Embedding(experts, groups + 2 * chosen)


def begun(layers: int, heads: int) -> nn.Module:
    """Heads that are accepted in large numbers only if there is a layer."""
    if not layers and heads > 100:
        raise ValueError("no layer has so many heads")
    return nn.ModuleList(nn.Linear(heads, 3) for _ in range(layers + 1))
