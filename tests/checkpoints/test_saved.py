"""Files that transformers saves for every class at random sizes: verify finds them equal, with and without a config."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.zoo import ARCHITECTURES
from tests.zoo.configs import FAMILIES

CASES = [(family, head) for family in FAMILIES for head in ARCHITECTURES[family].heads]
pytestmark = pytest.mark.filterwarnings("ignore")


def small(fields: dict[str, Any]) -> dict[str, Any]:
    """The configuration with a vocabulary that is quick to save."""
    return {key: min(size, 300) if key == "vocab_size" else size for key, size in fields.items()}


@pytest.mark.parametrize(("name", "head"), CASES)
def test_what_the_library_saves(
    name: str, head: str, transformers: Any, bertsym: Callable[..., Any], tmp_path: Path
) -> None:
    architecture, family = ARCHITECTURES[name], FAMILIES[name]
    cls = getattr(transformers, architecture.heads[head].cls)
    seed = CASES.index((name, head))
    fields = {**small(family.draw(random.Random(seed))), **family.demands.get(head, {})}
    model = cls(getattr(transformers, family.config)(**fields))
    model.save_pretrained(tmp_path, max_shard_size="200KB" if seed % 3 == 0 else "5GB")
    for words in ([], ["--framework"] if seed % 3 == 1 else ["--infer"]):
        ran = bertsym("verify", str(tmp_path), *words, "--json")
        found = json.loads(ran.out)
        assert (ran.code, found["missing"], found["extra"], found["mismatched"]) == (0, [], [], []), (words, fields)
        told = found["count"] == model.num_parameters()
        assert told or (words == ["--infer"] and f"{model.num_parameters():,}" in found["notes"][0]), (words, fields)
