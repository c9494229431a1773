"""Random configurations of every family: all fields that count, over small and odd values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True)
class Family:
    """The library's names for a family, and how to draw a configuration of it.

    `kept` are fields that a drawn configuration never leaves out: the defaults of the others would not fit them.
    `demands` are values without which the library refuses a head.
    """

    config: str
    prefix: str
    draw: Callable[[Random], dict[str, Any]]
    kept: frozenset[str] = frozenset()
    demands: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def common(draw: Random, heads: int) -> dict[str, Any]:
    """What all the BERT-likes have."""
    decoder = draw.random() < 0.4
    return {
        "vocab_size": draw.randint(2, 3000),
        "max_position_embeddings": draw.randint(2, 700),
        "hidden_size": heads * draw.randint(1, 20),
        "num_hidden_layers": draw.randint(1, 4),
        "num_attention_heads": heads,
        "intermediate_size": draw.randint(1, 199),
        "type_vocab_size": draw.choice([0, 1, 2, 3, 7]),
        "num_labels": draw.choice([1, 2, 3, 17]),
        "tie_word_embeddings": draw.random() < 0.7,
        "is_decoder": decoder,
        "add_cross_attention": decoder and draw.random() < 0.6,
        "pad_token_id": draw.choice([None, 1]),
    }


def some_heads(draw: Random) -> int:
    return draw.choice([1, 2, 3, 5, 8, 12])


def roberta(draw: Random) -> dict[str, Any]:
    return common(draw, some_heads(draw))


def distilbert(draw: Random) -> dict[str, Any]:
    fields = common(draw, some_heads(draw))
    names = draw.choice([("dim", "n_layers", "n_heads"), ("hidden_size", "num_hidden_layers", "num_attention_heads")])
    hidden, layers, heads = (fields.pop(key) for key in ("hidden_size", "num_hidden_layers", "num_attention_heads"))
    for key in ("type_vocab_size", "is_decoder", "add_cross_attention"):
        del fields[key]
    fields["hidden_dim"] = fields.pop("intermediate_size")
    return {**fields, **dict(zip(names, (hidden, layers, heads), strict=True)), "sinusoidal_pos_embds": False}


def factorised(draw: Random) -> dict[str, Any]:
    """E equal to H now and then."""
    fields = common(draw, some_heads(draw))
    return {**fields, "embedding_size": draw.choice([fields["hidden_size"], draw.randint(1, 99)])}


def albert(draw: Random) -> dict[str, Any]:
    fields = factorised(draw)
    for key in ("is_decoder", "add_cross_attention"):
        del fields[key]
    return {**fields, "num_hidden_groups": draw.choice([1, 1, 2, 3]), "inner_group_num": draw.choice([1, 1, 2])}


def electra(draw: Random) -> dict[str, Any]:
    return {**factorised(draw), "summary_use_proj": draw.random() < 0.7}


SHAPED = frozenset({"hidden_size", "num_attention_heads", "is_decoder", "vocab_size", "max_position_embeddings"})
TWO_LABELS = {"question-answering": {"num_labels": 2}}

FAMILIES: dict[str, Family] = {
    "roberta": Family("RobertaConfig", "Roberta", roberta, SHAPED),
    "xlm-roberta": Family("XLMRobertaConfig", "XLMRoberta", roberta, SHAPED),
    "camembert": Family("CamembertConfig", "Camembert", roberta, SHAPED),
    "distilbert": Family("DistilBertConfig", "DistilBert", distilbert, SHAPED | {"dim", "n_heads"}, TWO_LABELS),
    "albert": Family("AlbertConfig", "Albert", albert, SHAPED),
    "electra": Family("ElectraConfig", "Electra", electra, SHAPED),
}
