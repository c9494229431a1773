"""Whole answers, as a reader sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SHOWN = {
    "total": [["total"], ["total", "bert-base-uncased"], ["total", "--latex"], ["total", "--form", "factored"]],
    "show": [["show"], ["show", "bert-base-uncased"], ["show", "bert-base-uncased", "--by", "layer", "--markdown"]],
    "explain": [["explain", "bert-base-uncased", "--head", "pretraining"]],
    "explain-latex": [["explain", "bert-base-uncased", "--component", "attention", "--latex"]],
    "tensors": [["tensors", "--head", "pretraining"], ["tensors", "bert-tiny", "--json", "--only", "pooler"]],
    "diff": [
        ["diff", "bert-base-uncased"],
        ["diff", "--by", "heads"],
        ["diff", "--by", "H", "--order", "2", "--latex"],
    ],
    "solve": [
        ["solve", "bert-base-uncased", "--target", "110M"],
        ["solve", "--target", "340e6", "--for", "H", "--explain"],
        ["solve", "--target", "340M", "--for", "L", "--tie", "H = 64*L"],
        ["solve", "--target", "110M", "--for", "V", "--latex"],
        ["solve", "--target", "1.1e8", "--for", "ffn_ratio", "--json"],
    ],
    "search": [
        ["solve", "--target", "340M", "--for", "H,L,heads", "--where", "H/heads == 64", "--tolerance", "1%"],
        ["solve", "--for", "H,L", "--at-most", "110M", "--at-least", "non-embedding=85M", "--top", "3", "--json"],
        ["solve", "llama", "--target", "7B", "--for", "H,L", "--where", "H/L == 128", "--top", "3"],
    ],
    "active": [
        ["total", "Mixtral-8x7B-v0.1", "--head", "causal-lm", "--convention", "active"],
        ["show", "Mixtral-8x7B-v0.1", "--head", "causal-lm", "--convention", "active"],
        ["tensors", "mixtral"],
        ["explain", "Mixtral-8x7B-v0.1", "--component", "experts", "--convention", "active"],
        ["diff", "Mixtral-8x7B-v0.1", "--by", "experts_per_token", "--convention", "active"],
        ["solve", "mixtral", "--target", "3B", "--for", "F", "--convention", "active", "--top", "3"],
        ["compare", "Mistral-7B-v0.1", "Mixtral-8x7B-v0.1", "--convention", "active"],
        ["audit", "12.9B", "--model", "Mixtral-8x7B-v0.1"],
        ["total", "mixtral", "--convention", "active", "--latex", "--legend"],
        ["total", "bert-base-uncased", "--convention", "active"],
    ],
    "costs": [
        ["total", "bert", "--of", "flops"],
        ["total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512"],
        ["total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--count"],
        ["total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--json"],
        ["total", "llama", "--of", "flops", "--convention", "causal", "--latex", "--legend"],
        ["show", "albert-base-v2", "--of", "flops", "--by", "layer"],
        ["show", "Mixtral-8x7B-v0.1", "--of", "flops", "--by", "role", "--at", "B=1,S=4096"],
        ["show", "bert-base-uncased", "--of", "states"],
        ["total", "bert", "--of", "memory"],
        ["show", "bert-base-uncased", "--of", "memory", "--at", "B=32,S=512", "--json"],
        ["show", "Mixtral-8x7B-v0.1", "--of", "memory", "--kernel", "flash", "--at", "B=1,S=4096", "--latex"],
        ["total", "bert-tiny", "--of", "states", "--optimizer", "adamw8bit"],
        ["show", "llama", "--of", "states", "--zero", "3", "--devices", "8"],
        ["total", "ModernBERT-base", "--of", "flops", "--convention", "masked", "--at", "B=1,S=8192"],
        [
            "solve",
            "gpt2",
            "--for",
            "S",
            "--at",
            "B=1",
            "--at-most",
            "cache=1e9",
            "--target",
            "max",
            "--top",
            "2",
            "--json",
        ],
        ["solve", "bert", "--for", "L", "--target", "110M", "--at-most", "states=2GB", "--top", "2", "--markdown"],
        ["solve", "gpt2", "--for", "L", "--compute", "1e20", "--law", "chinchilla-2", "--top", "2", "--latex"],
        ["roofline", "Mixtral-8x7B-v0.1", "--device", "a100-sxm-80gb", "--at", "B=1,S=4096"],
        ["roofline", "Llama-2-7b-hf", "--device", "h100-sxm", "--at", "B=1,S=4096", "--json"],
        ["tensors", "deberta-v3-base", "--of", "flops"],
        ["tensors", "mistral", "--of", "cache"],
        ["explain", "bert", "--of", "flops", "--component", "attention"],
        ["diff", "bert-base-uncased", "--of", "flops", "--by", "S", "--at", "B=1,S=512"],
        [
            "solve",
            "Llama-2-7b-hf",
            "--of",
            "cache",
            "--dtype",
            "bf16",
            "--for",
            "S",
            "--target",
            "24GiB",
            "--at",
            "B=1",
        ],
        ["solve", "bert", "--of", "states", "--for", "H,L", "--at-most", "24GiB", "--at", "heads=12", "--top", "3"],
        ["compare", "bert-base-uncased", "gpt2-small", "--of", "flops", "--at", "B=1,S=512"],
        ["compare", "bert-base-uncased", "--conventions", "--at", "B=1,S=512"],
        ["total", "bert", "--of", "lora", "--rank", "8", "--targets", "query,value"],
    ],
    "lists": [["models"], ["symbols"]],
}


@pytest.mark.parametrize("name", SHOWN)
def test_shown(name: str, bertsym: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    runs = [(words, bertsym(*words)) for words in SHOWN[name]]
    assert all(ran.code == 0 for _, ran in runs)
    golden(f"{name}.txt", "\n".join(f"$ bertsym {' '.join(words)}\n{ran.out}" for words, ran in runs))
