"""A small mixture of experts: the first layers are dense, in the others a router chooses among experts."""

from __future__ import annotations

import torch
from torch import nn


def gated(hidden: int, width: int) -> nn.ModuleDict:
    """Return a gated feed-forward network without biases."""
    return nn.ModuleDict(
        {
            "gate": nn.Linear(hidden, width, bias=False),
            "up": nn.Linear(hidden, width, bias=False),
            "down": nn.Linear(width, hidden, bias=False),
        }
    )


class Layer(nn.Module):
    """Grouped-query attention of a fixed head size, then one dense net or many experts."""

    def __init__(self, hidden: int, queries: int, expert_width: int, experts: int, dense_width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(hidden, (queries + 2) * 64, bias=False)
        self.out = nn.Linear(queries * 64, hidden, bias=False)
        self.norm = nn.RMSNorm(hidden)
        if dense_width:
            self.dense = gated(hidden, dense_width)
        else:
            self.router = nn.Linear(hidden, experts, bias=False)
            self.experts = nn.ModuleList(gated(hidden, expert_width) for _ in range(experts))


class Mixture(nn.Module):
    """`dense_layers` layers with a net each, then `expert_layers` with experts, of which a token meets a few."""

    def __init__(
        self,
        vocab: int,
        hidden: int,
        dense_layers: int,
        expert_layers: int,
        queries: int,
        experts: int,
        expert_width: int,
        experts_per_token: int = 2,
    ) -> None:
        super().__init__()
        self.experts_per_token = experts_per_token
        self.words = nn.Embedding(vocab, hidden)
        self.layers = nn.ModuleList(
            Layer(hidden, queries, expert_width, experts, 4 * hidden if place < dense_layers else 0)
            for place in range(dense_layers + expert_layers)
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Left out: only the parameters matter here."""
        raise NotImplementedError


def build(**sizes: int) -> Mixture:
    """Build the model; `derive` calls this function with the sizes as keywords."""
    return Mixture(**sizes)
