"""A plain BERT-like encoder, written as a paper's author would: `bertsym derive derive.encoder:build --size ...`."""

from __future__ import annotations

import torch
from torch import nn


class Encoder(nn.Module):
    """Embeddings, a stack of torch's own layers, an output embedding tied to the word embedding."""

    def __init__(self, vocab: int, positions: int, hidden: int, layers: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocab, hidden)
        self.places = nn.Embedding(positions, hidden)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(hidden, heads, ffn) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.output = nn.Linear(hidden, vocab)
        self.output.weight = self.words.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits for every place of every text."""
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[-1], device=tokens.device))
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


def build(
    vocab: int = 30522, positions: int = 512, hidden: int = 768, layers: int = 12, heads: int = 12, ffn: int = 3072
) -> Encoder:
    """Build the model; `derive` calls this function with the sizes as keywords."""
    return Encoder(vocab, positions, hidden, layers, heads, ffn)
