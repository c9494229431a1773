"""The model that docs/adding-a-model.md adds is what it says: the file is taken from the page."""

from __future__ import annotations

import random
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from bertsym import zoo
from bertsym.count import count
from bertsym.model import Architecture, Model
from tests.zoo.configs import llama, without
from tests.zoo.real import assert_equal_to_real

PAGE = Path(__file__).parent.parent.parent / "docs" / "adding-a-model.md"


@pytest.fixture
def qwen2(tmp_path: Path) -> Architecture:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    file = tmp_path / "qwen2.py"
    file.write_text(blocks[0], encoding="utf-8")
    spec = spec_from_file_location("bertsym.zoo.qwen2", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    architecture: Architecture = module.qwen2
    return architecture


@pytest.mark.filterwarnings("ignore")
def test_the_model_of_the_page_is_the_real_one(
    qwen2: Architecture, transformers: Any, torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "NAMES", (*zoo.NAMES, "qwen2"))
    monkeypatch.setitem(sys.modules, "bertsym.zoo.qwen2", cast("ModuleType", SimpleNamespace(qwen2=qwen2)))
    for seed in range(20):
        fields = without(llama(random.Random(seed)), "attention_bias", "mlp_bias", "head_dim")
        for head in qwen2.heads.values():
            assert_equal_to_real(transformers, torch, head.cls, transformers.Qwen2Config(**fields), tmp_path)


def test_its_published_count(qwen2: Architecture) -> None:
    """The count is the one that the Hub reports for Qwen/Qwen2-7B from the headers of its safetensors files."""
    model = Model(qwen2, "causal-lm").with_sizes(qwen2.sizes["Qwen2-7B"].values)
    assert count(model) == 7615616512
