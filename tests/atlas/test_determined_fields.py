"""Fields that other fields determine, as published files have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BadField

FILE = Path("config.json")
XLNET_BASE: dict[str, Any] = {
    "model_type": "xlnet",
    "d_model": 768,
    "n_layer": 12,
    "n_head": 12,
    "d_head": 64,
    "d_inner": 3072,
}


def test_a_width_that_the_heads_determine_is_read() -> None:
    assert count(read_config(XLNET_BASE, FILE)) == 116718336  # xlnet/xlnet-base-cased


def test_another_width_is_refused() -> None:
    with pytest.raises(BadField, match="d_model"):
        read_config({**XLNET_BASE, "d_model": 1024}, FILE)
