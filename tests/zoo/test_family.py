"""BERT's relatives against transformers: every class, names, shapes, ties and counts, at random and odd sizes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from bertsym.sources.configfile import load
from bertsym.zoo import ARCHITECTURES
from tests.zoo.configs import FAMILIES, Family
from tests.zoo.real import our_inventory, real_inventory

CONFIGS = 20
CASES = [(family, head) for family in FAMILIES for head in ARCHITECTURES[family].heads]
pytestmark = pytest.mark.filterwarnings("ignore")


def drawn(family: Family, seed: int) -> dict[str, Any]:
    """A configuration as somebody might have written it: some fields left to the library's defaults."""
    draw = random.Random(seed)
    fields = family.draw(draw)
    return {key: value for key, value in fields.items() if key in family.kept or draw.random() < 0.95}


@pytest.mark.parametrize(("name", "head"), CASES)
def test_every_tensor_of_the_real_class(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    architecture, family = ARCHITECTURES[name], FAMILIES[name]
    cls = architecture.heads[head].cls
    file = tmp_path / "config.json"
    for seed in range(CONFIGS):
        written = {**drawn(family, seed), **family.demands.get(head, {})}
        config = getattr(transformers, family.config)(**written)
        whole = config.to_dict()
        real = real_inventory(transformers, torch, cls, config)
        for fields in (written, whole):
            file.write_text(json.dumps({**fields, "model_type": name, "architectures": [cls]}), encoding="utf-8")
            ours = our_inventory(load(str(file)))
            assert ours.shapes == real.shapes, written
            assert ours.groups == real.groups, written
            assert ours.count == real.count, written
