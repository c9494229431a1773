"""LoRA against peft."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bertsym.costs import Settings, measured, quantity
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.resolve import load
from bertsym.zoo import ARCHITECTURES, named
from tests.costs.runs import EVERY, runnable
from tests.zoo.test_family import drawn, read

CASES = [(family, head) for family in EVERY for head in ARCHITECTURES[family].heads]
# Attention's inputs, as most adapters choose them.
QUERIES = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert", "electra", "albert"), ("query", "value")),
    **dict.fromkeys(("llama", "mistral", "mixtral"), ("q_proj", "v_proj")),
    "distilbert": ("q_lin", "v_lin"),
    "deberta-v2": ("query_proj", "dense"),
    "modernbert": ("Wqkv",),
    "gpt2": ("c_attn", "c_proj"),
    "gpt_neox": ("query_key_value",),
    "t5": ("q", "v"),
}


def trained(peft: Any, module: Any, rank: int, targets: Any) -> int:
    """Return the parameters of the adapter that peft builds."""
    model = peft.get_peft_model(module, peft.LoraConfig(r=rank, target_modules=targets))
    return sum(parameter.numel() for name, parameter in model.named_parameters() if "lora_" in name)


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "head"), CASES)
def test_the_adapter_of_every_class(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """All linear layers, and named ones."""
    peft = pytest.importorskip("peft")
    architecture, family = ARCHITECTURES[name], EVERY[name]
    cls = architecture.heads[head].cls
    for seed in range(3):
        fields = runnable(name, head, {**drawn(family, seed), **family.demands.get(head, {}), "legacy": True})
        config = getattr(transformers, family.config)(**fields)
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = read(config.to_dict(), tmp_path / "config.json", *asked)
        rank = random.Random(seed).choice([1, 8, 64])
        for targets in (None, QUERIES[name]):
            lora = quantity("lora", Settings(rank=rank, targets=targets))
            ours = count(measured(model, lora, lora.account()), lora.account().convention)
            with torch.device("meta"):
                module = getattr(transformers, cls)(config)
                real = trained(peft, module, rank, list(targets) if targets else "all-linear")
            assert ours == real, (seed, targets, fields)


@pytest.mark.parametrize(
    ("name", "rank", "targets", "number"),
    [
        # Hu et al. 2021, table 4: GPT-3 175B has 96 layers of 12,288 features, 4.7M for r = 1 and 2 of 4 matrices.
        ("bert-base-uncased", 8, ("query", "value"), 294_912),
        ("Llama-2-7b-hf", 8, ("q_proj", "v_proj"), 4_194_304),
    ],
)
def test_numbers_that_peft_prints(name: str, rank: int, targets: tuple[str, ...], number: int) -> None:
    lora = quantity("lora", Settings(rank=rank, targets=targets))
    assert count(measured(named(name), lora, lora.account()), lora.account().convention) == number


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("bert", Settings(targets=("queries",)), "unknown module of BertModel 'queries': did you mean query"),
        ("qwen3", Settings(), "pass --targets"),
        ("bert", Settings(rank=0), "at least 1"),
        ("bert", Settings(dtype="bf16"), "lora does not depend on it"),
    ],
)
def test_what_is_refused(name: str, settings: Settings, words: str) -> None:
    def adapter() -> None:
        lora = quantity("lora", settings)
        measured(load(name), lora, lora.account())

    with pytest.raises(BertsymError, match=words):
        adapter()
