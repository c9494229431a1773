"""Code that takes some of its sizes only together, and has tensors at places of all kinds."""

from __future__ import annotations

import torch
from torch import nn


def _multiple(number: int, *divisors: int) -> None:
    for divisor in divisors:
        if number % divisor:
            raise ValueError(f"{number} is no multiple of {divisor}")


def strided(hidden: int, heads: int, stride: int) -> nn.Module:
    """Twelve heads divide 768, and so does a stride of 2, which nobody asked to."""
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
    """A module for each of so many, which no name calls layers."""
    return nn.ModuleDict({"base": nn.ModuleList(nn.Linear(hidden, 2) for _ in range(3 * levels + 4))})


def projected(hidden: int, out: int, inner: int, heads: int) -> nn.Module:
    """Three widths that go together, and hold whole heads."""
    if not hidden == out == 4 * inner:
        raise ValueError("the widths do not fit")
    _multiple(hidden, heads)
    return nn.ModuleDict({"up": nn.Linear(inner, hidden), "out": nn.Linear(out, 1), "heads": nn.Embedding(heads, 1)})


def axial(hidden: int, rows: int, columns: int) -> nn.Module:
    """Two parts of a width, in any proportion."""
    if rows + columns != hidden:
        raise ValueError("the parts do not fill the width")
    return nn.ModuleDict({"rows": nn.Embedding(5, rows), "columns": nn.Embedding(7, columns)})


def fallback(hidden: int, inner: int, shared: int, other: int) -> nn.Module:
    """A width that is another where the product that it should be is 0."""
    return nn.Linear(hidden, inner * shared or other, bias=False)


def ranked(hidden: int, kernel: int) -> nn.Module:
    """A matrix where the kernel is 1, and four dimensions elsewhere."""
    shape = (hidden, hidden, kernel, kernel) if kernel > 1 else (hidden, hidden)
    return nn.ParameterDict({"weight": nn.Parameter(torch.empty(shape))})


def windowed(hidden: int, window: int, *, banded: bool) -> nn.Module:
    """A window that may be no larger than what it is on, where there is one."""
    if banded and window > hidden:
        raise ValueError("the window is too wide")
    return nn.ModuleDict({"into": nn.Linear(hidden, window), "out": nn.Linear(2 if banded else 1, hidden)})


def apart(text: int, heads: int, image: int) -> nn.Module:
    """A text's width holds whole heads; an image's may be anything."""
    _multiple(text, heads)
    return nn.ModuleDict({"text": nn.Linear(text, heads), "image": nn.Linear(image, 2)})


def grouped(experts: int, groups: int, chosen: int) -> nn.Module:
    """Experts in groups, of which no more can be chosen than there are."""
    if not 1 <= chosen <= groups:
        raise ValueError("more groups are chosen than there are")
    return nn.Embedding(experts, groups + 2 * chosen)


def begun(layers: int, heads: int) -> nn.Module:
    """Heads of which many need a layer to be in."""
    if not layers and heads > 100:
        raise ValueError("no layer has so many heads")
    return nn.ModuleList(nn.Linear(heads, 3) for _ in range(layers + 1))
