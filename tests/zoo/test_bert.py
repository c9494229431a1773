"""BERT against transformers: every task class, names, shapes, ties and counts, at random and odd configurations."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bertsym.schema import Field
from bertsym.zoo.bert import bert
from tests.zoo.real import assert_equal_to_real

CONFIGS = 20
DECODER_CLASSES = ("BertLMHeadModel", "BertModel")


def random_fields(seed: int) -> dict[str, Any]:
    """Every field that counts, over small and odd values."""
    draw = random.Random(seed)
    heads = draw.choice([1, 2, 3, 5, 8, 12])
    decoder = draw.random() < 0.4
    return {
        "vocab_size": draw.randint(1, 5000),
        "max_position_embeddings": draw.randint(1, 700),
        "hidden_size": heads * draw.randint(1, 40),
        "num_hidden_layers": draw.randint(1, 5),
        "num_attention_heads": heads,
        "intermediate_size": draw.randint(1, 999),
        "type_vocab_size": draw.choice([0, 1, 2, 3, 7]),
        "num_labels": draw.choice([1, 2, 3, 17]),
        "tie_word_embeddings": draw.random() < 0.7,
        "is_decoder": decoder,
        "add_cross_attention": decoder and draw.random() < 0.6,
        "pad_token_id": None,
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("head", sorted(bert.heads))
def test_every_tensor_of_the_real_class(head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    for seed in range(CONFIGS):
        config = transformers.BertConfig(**random_fields(seed))
        assert_equal_to_real(transformers, torch, bert.heads[head].cls, config, tmp_path)


def test_every_class_of_the_library_is_covered(transformers: Any) -> None:
    classes = {name for name in dir(transformers) if name == "BertModel" or name.startswith(("BertFor", "BertLMHead"))}
    assert {head.cls for head in bert.heads.values()} == classes


def test_a_missing_field_has_the_default_of_the_library(transformers: Any) -> None:
    config = transformers.BertConfig()
    assert bert.schema.fields
    for field in bert.schema.fields:
        assert isinstance(field, Field)
        assert getattr(config, field.key) == field.default, field.key


@pytest.mark.parametrize(
    ("cls", "expected"),
    # google-research/bert issue 1225 and TylerYep/torchinfo tests/test_output/bert.out for the first
    [("BertModel", 109482240), ("BertForPreTraining", 110106428), ("BertForMaskedLM", 109514298)],
)
def test_the_library_counts_the_published_sizes(transformers: Any, torch: Any, cls: str, expected: int) -> None:
    with torch.device("meta"):
        assert getattr(transformers, cls)(transformers.BertConfig()).num_parameters() == expected
