"""A convolutional stem: two strided convolutions, whose length needs a floor, then positions for what is left."""

from __future__ import annotations

import torch
from torch import nn


class Stem(nn.Module):
    """`frames` frames of `bands` bands become a quarter as many places of `hidden` features, rounded as torch does."""

    def __init__(self, bands: int, frames: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(bands, hidden, kernel_size=3, stride=2, padding=1)
        self.second = nn.Conv1d(hidden, hidden, kernel_size=3, stride=2, padding=1)
        halved = (frames - 1) // 2 + 1
        self.places = nn.Parameter(torch.empty((halved - 1) // 2 + 1, hidden))

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Features for every place."""
        x = self.second(torch.relu(self.first(spectrum)))
        return x.transpose(-1, -2) + self.places


def build(bands: int, frames: int, hidden: int) -> Stem:
    """Build the model; `derive` calls this function with the sizes as keywords."""
    return Stem(bands, frames, hidden)
