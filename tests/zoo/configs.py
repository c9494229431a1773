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
    """Return random values of the fields that all relatives of BERT have."""
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


def spelled(fields: dict[str, Any], keys: Mapping[str, str], draw: Random) -> dict[str, Any]:
    """The fields under a family's own keys, or under the common ones that the library maps to them."""
    own = draw.random() < 0.7
    return {keys.get(key, key) if own else key: value for key, value in fields.items()}


def without(fields: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in keys}


ENCODER_ONLY = ("is_decoder", "add_cross_attention")
NO_TABLES = ("type_vocab_size", *ENCODER_ONLY)


def some_heads(draw: Random) -> int:
    return draw.choice([1, 2, 3, 5, 8, 12])


def roberta(draw: Random) -> dict[str, Any]:
    return common(draw, some_heads(draw))


def distilbert(draw: Random) -> dict[str, Any]:
    fields = common(draw, some_heads(draw))
    keys = {"hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers"}
    own = {"hidden_dim": fields["intermediate_size"], "sinusoidal_pos_embds": False}
    return {**spelled(without(fields, *NO_TABLES, "intermediate_size"), keys, draw), **own}


def factorised(draw: Random) -> dict[str, Any]:
    """E equal to H now and then."""
    fields = common(draw, some_heads(draw))
    return {**fields, "embedding_size": draw.choice([fields["hidden_size"], draw.randint(1, 99)])}


def albert(draw: Random) -> dict[str, Any]:
    fields = without(factorised(draw), *ENCODER_ONLY)
    return {**fields, "num_hidden_groups": draw.choice([1, 1, 2, 3]), "inner_group_num": draw.choice([1, 1, 2])}


def electra(draw: Random) -> dict[str, Any]:
    return {**factorised(draw), "summary_use_proj": draw.random() < 0.7}


def gpt2(draw: Random) -> dict[str, Any]:
    keys = {
        "hidden_size": "n_embd",
        "max_position_embeddings": "n_positions",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    }
    fields = without(common(draw, some_heads(draw)), "type_vocab_size", "intermediate_size", "is_decoder")
    return {
        **spelled(fields, keys, draw),
        "n_inner": draw.choice([None, draw.randint(1, 199)]),
        "add_cross_attention": draw.random() < 0.3,
        "summary_use_proj": draw.random() < 0.7,
        "summary_proj_to_labels": draw.random() < 0.7,
    }


def grouped(draw: Random) -> tuple[dict[str, Any], int]:
    """Sizes of a decoder whose query heads share key and value heads, and how many of those there may be."""
    kv_heads = draw.choice([1, 2, 3])
    heads = kv_heads * draw.choice([1, 2, 4])
    even = {"hidden_size": 2 * heads * draw.randint(1, 12)}  # rotary positions turn pairs of features
    return {**without(common(draw, heads), *NO_TABLES), **even}, kv_heads


def llama(draw: Random) -> dict[str, Any]:
    fields, kv_heads = grouped(draw)
    return {
        **fields,
        "num_key_value_heads": draw.choice([None, kv_heads]),
        "head_dim": draw.choice([None, 2 * draw.randint(1, 20)]),
        "attention_bias": draw.random() < 0.4,
        "mlp_bias": draw.random() < 0.4,
    }


def mistral(draw: Random) -> dict[str, Any]:
    fields, kv_heads = grouped(draw)
    return {
        **fields,
        "hidden_size": fields["hidden_size"] + draw.choice([0, 0, fields["num_attention_heads"] - 1]),
        "num_key_value_heads": kv_heads,
        "head_dim": draw.choice([None, 2 * draw.randint(1, 20)]),
    }


def mixtral(draw: Random) -> dict[str, Any]:
    return {
        **mistral(draw),
        "num_local_experts": draw.randint(1, 9),
        "num_experts_per_tok": draw.randint(1, 3),
    }


def modernbert(draw: Random) -> dict[str, Any]:
    switches = ("norm_bias", "attention_bias", "mlp_bias", "decoder_bias", "classifier_bias")
    return {
        **without(common(draw, some_heads(draw)), *NO_TABLES),
        **{key: draw.random() < 0.5 for key in switches},
    }


def gpt_neox(draw: Random) -> dict[str, Any]:
    return {**without(common(draw, some_heads(draw)), *NO_TABLES), "attention_bias": draw.random() < 0.5}


def t5(draw: Random) -> dict[str, Any]:
    keys = {
        "hidden_size": "d_model",
        "num_attention_heads": "num_heads",
        "head_dim": "d_kv",
    }
    dropped = (*NO_TABLES, "max_position_embeddings")
    fields = without(common(draw, some_heads(draw)), *dropped)
    fields = {**fields, "head_dim": draw.randint(1, 30), "hidden_size": draw.randint(1, 99)}
    return {
        **spelled(without(fields, "intermediate_size", "num_hidden_layers"), keys, draw),
        "d_ff": fields["intermediate_size"],
        "num_layers": fields["num_hidden_layers"],
        "num_decoder_layers": draw.choice([None, 1, 2, 3]),
        "relative_attention_num_buckets": draw.randint(1, 40),
        "feed_forward_proj": draw.choice(["relu", "gated-gelu", "gated-silu", "gelu_new"]),
    }


def deberta(draw: Random) -> dict[str, Any]:
    fields = without(common(draw, some_heads(draw)), *ENCODER_ONLY)
    optional = {
        "embedding_size": draw.choice([fields["hidden_size"], draw.randint(1, 99)]),
        "attention_head_size": draw.randint(1, 20),
        "position_buckets": draw.choice([-1, 0, 7, 256]),
        "share_att_key": draw.random() < 0.5,
        "norm_rel_ebd": draw.choice(["none", "layer_norm", "LAYER_NORM | other"]),
        "conv_kernel_size": draw.choice([0, 1, 3]),
        "pooler_hidden_size": fields["hidden_size"],
    }
    return {
        **fields,
        **{key: value for key, value in optional.items() if draw.random() < 0.5},
        "relative_attention": draw.random() < 0.7,
        "max_relative_positions": draw.choice([-1, 0, 5]),
        "position_biased_input": draw.random() < 0.5,
        "pos_att_type": draw.choice([None, "c2p|p2c", "P2C", ["c2p"], ["p2c", "c2p"], []]),
        "legacy": draw.random() < 0.5,
    }


SHAPED = frozenset(
    {"hidden_size", "num_attention_heads", "is_decoder", "vocab_size", "max_position_embeddings", "dim", "n_heads"}
    | {"n_embd", "n_head", "num_key_value_heads", "num_hidden_layers", "n_layer"}
)
TWO_LABELS = {"question-answering": {"num_labels": 2}}

FAMILIES: dict[str, Family] = {
    "roberta": Family("RobertaConfig", "Roberta", roberta, SHAPED),
    "xlm-roberta": Family("XLMRobertaConfig", "XLMRoberta", roberta, SHAPED),
    "camembert": Family("CamembertConfig", "Camembert", roberta, SHAPED),
    "distilbert": Family("DistilBertConfig", "DistilBert", distilbert, SHAPED, TWO_LABELS),
    "albert": Family("AlbertConfig", "Albert", albert, SHAPED),
    "electra": Family("ElectraConfig", "Electra", electra, SHAPED),
    "deberta-v2": Family("DebertaV2Config", "DebertaV2", deberta, SHAPED),
    "modernbert": Family("ModernBertConfig", "ModernBert", modernbert, SHAPED),
    "gpt2": Family("GPT2Config", "GPT2", gpt2, SHAPED),
    "gpt_neox": Family("GPTNeoXConfig", "GPTNeoX", gpt_neox, SHAPED),
    "llama": Family("LlamaConfig", "Llama", llama, SHAPED),
    "mistral": Family("MistralConfig", "Mistral", mistral, SHAPED),
    "mixtral": Family("MixtralConfig", "Mixtral", mixtral, SHAPED),
    "t5": Family("T5Config", "T5", t5, SHAPED),
}
