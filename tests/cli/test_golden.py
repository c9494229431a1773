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
    "lists": [["models"], ["symbols"]],
}


@pytest.mark.parametrize("name", SHOWN)
def test_shown(name: str, bertsym: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    runs = [(words, bertsym(*words)) for words in SHOWN[name]]
    assert all(ran.code == 0 for _, ran in runs)
    golden(f"{name}.txt", "\n".join(f"$ bertsym {' '.join(words)}\n{ran.out}" for words, ran in runs))
