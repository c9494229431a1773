"""Model code that computes its sizes in every way that concolic execution follows, or needs plain integers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


def arithmetic(hidden: int, heads: int, ratio: int) -> nn.Module:
    """Every way to a size that is followed, one side a tensor."""
    if hidden % heads:
        raise ValueError(f"{heads} heads do not divide {hidden}")
    if (hidden // heads) % 2:
        raise ValueError("odd heads")
    sizes = {
        "product": hidden * ratio + 1,
        "heads": heads * int(hidden / heads),
        "fraction": int(2.5 * hidden),
        "ceiling": math.ceil(hidden / 16),
        "rounded": round(hidden * 0.75),
        "least": min(hidden, 4 * ratio),
        "most": max(hidden // 16, 1, ratio),
        "power": hidden**2 // ratio,
        "padded": hidden + (-hidden) % 64,
        "next": 64 * ((hidden + 63) // 64),
        "divmod": divmod(hidden, ratio)[0] + divmod(hidden, ratio)[1],
        "sum": sum([hidden, heads, ratio]),
        "shape": nn.Linear(hidden, ratio).weight.shape[1] // heads,
        "truth": hidden * (ratio > 1),
    }
    return nn.ParameterDict({name: nn.Parameter(torch.empty(size)) for name, size in sizes.items()})


def scaled(hidden: int, ratio: float, bias: bool) -> nn.Module:
    """A width that is a fraction of another, the fraction a size as well."""
    wide = int(hidden * ratio)
    return nn.Sequential(nn.Linear(hidden, wide, bias=bias), nn.Linear(wide, math.ceil(ratio), bias=bias))


def by_value(hidden: int, count: int) -> nn.Module:
    """The value decides what is built, how often, and is looked up: the expression is lost where it must be."""
    widths = {hidden: 5}
    layers = [nn.Linear(hidden, [3, 4][count % 2]) for _ in range(count)]
    bits = nn.Linear(hidden ^ 5, widths[hidden], bias=False)
    root = nn.Linear(int(math.sqrt(hidden)), int(f"{hidden}"), bias=False)
    return nn.ModuleDict({"layers": nn.ModuleList(layers), "bits": bits, "root": root})


def through_arrays(hidden: int) -> nn.Module:
    """Sizes computed by torch on the CPU and by numpy, which know values alone; a size written as JSON."""
    import json

    import numpy as np

    widths = torch.cumprod(torch.tensor([2, hidden], device="cpu"), dim=0) * hidden
    steps = int(np.log2(hidden)) + len(np.linspace(0, 1, hidden))
    told = json.loads(json.dumps({"hidden": hidden, "half": hidden / 2}, indent=2))
    return nn.ModuleDict(
        {
            "widths": nn.Linear(int(widths[1]), hidden),
            "steps": nn.Linear(steps, hidden),
            "told": nn.Linear(told["hidden"], hidden),
            "hop": nn.Linear(4 * int(np.prod([hidden, 3])), math.prod((hidden, 2))),
        }
    )


def only_plain(hidden: int) -> nn.Module:
    """Module that rejects every size but Python's own integers."""
    if type(hidden) is not int:
        raise TypeError("not an int")
    return nn.Linear(hidden, 3)


def waits_for_plain(hidden: int) -> nn.Module:
    while type(hidden) is not int:
        pass
    return nn.Linear(hidden, 3)


def swallows(hidden: int) -> nn.Module:
    """Ends the process for anything but Python's own integers."""
    if type(hidden) is not int:
        import os

        os._exit(3)
    return nn.Linear(hidden, 3)


def remembers(hidden: int) -> nn.Module:
    """Keeps what it was given where the next build finds it."""
    remembered.append(hidden)
    if any(type(size) is not int for size in remembered[:-1]):
        raise TypeError("a symbol was left behind")
    return nn.Linear(hidden, 3)


remembered: list[Any] = []


def layouts(hidden: int, channels: int) -> nn.Module:
    """The parts of torch that make parameters in their own ways."""
    return nn.ModuleDict(
        {
            "conv": nn.Conv2d(channels, hidden, 3, groups=channels),
            "transposed": nn.ConvTranspose1d(hidden, hidden // 2, 4),
            "normed": nn.utils.parametrizations.weight_norm(nn.Conv1d(hidden, hidden, 3), dim=2),
            "attention": nn.MultiheadAttention(hidden, channels),
            "recurrent": nn.LSTM(hidden, channels, bidirectional=True),
            "norm": nn.BatchNorm2d(hidden),
            "table": nn.Embedding(hidden, channels, padding_idx=0),
            "own": Own(hidden, channels),
        }
    )


class Own(nn.Module):  # type: ignore[misc]  # torch is untyped here
    def __init__(self, hidden: int, channels: int) -> None:
        super().__init__()
        self.legacy = nn.Parameter(torch.Tensor(hidden, 3))
        self.logs = nn.Parameter(torch.log(torch.arange(1, 17)[None, :].expand(channels, -1).contiguous()))
        self.scaled = nn.Parameter(hidden**-0.5 * torch.randn(1, hidden + 1, channels))
        self.joined = nn.Parameter(torch.cat([torch.zeros(hidden, 2), torch.zeros(3, 2)]))
        self.viewed = nn.Parameter(torch.zeros(hidden * 2).view(2, hidden).t())
