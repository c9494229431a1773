"""The one table of spellings: `hidden_size`, `d_model`, `n_embd` and `hidden` are all H.

Every reader of sizes goes through the table: `--at`, `--where`, `--tie` and `--for`, formulas and tables of papers, the
naming of a derived model's sizes. The fields of the model at hand come first (`Model.size`); the table is for what the
model itself does not say. A registered name (`H`, `heads`) spells itself and is not repeated here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from bertsym.errors import BertsymError, echo
from bertsym.values import value


@value
class AmbiguousName(BertsymError):
    """A name that means several sizes of one model; `meanings` are names that each mean one of them.

    >>> print(AmbiguousName("hidden_dim", ("H", "F")))
    'hidden_dim' may mean H or F: write one of these
    """

    name: str
    meanings: tuple[str, ...]

    def __str__(self) -> str:
        *others, last = self.meanings
        return f"{echo(self.name)} may mean {', '.join(others)} or {last}: write one of these"


@value
class Spellings:
    """The spellings of one size.

    - `fields`: names in configurations, the most usual first, with model types that use them;
    - `words`: further ones, met in papers and model cards;
    - `columns`: words that name a size above a table's column only (a text that says FFN means the layer);
    - `only_fields`: fields that mean something else too often to be read in running text;
    - `only_routing`: fields that count the experts of a token if the model has a router.
    """

    fields: Mapping[str, str]
    words: str = ""
    columns: str = ""
    only_fields: str = ""
    only_routing: str = ""


SPELLINGS: Mapping[str, Spellings] = {
    "V": Spellings(
        {
            "vocab_size": "bert, gpt2, llama, t5 and nearly all others",
            "vocabulary_size": "",
            "vocabulary": "",
            "vocab": "",
            "n_vocab": "GPT-2's own code",
            "n_words": "xlm, flaubert",
        },
        "num_vocab d_vocab vocabsize n_v",
        columns="词表大小 词汇表大小 词汇量",
        only_fields="n_words",
    ),
    "N": Spellings(
        {
            "max_position_embeddings": "bert, llama, opt",
            "n_positions": "gpt2, openai-gpt, imagegpt",
            "max_positions": "",
            "positions": "",
            "max_seq_len": "Llama's own code, mpt",
            "n_ctx": "GPT-2's own code",
        },
        "max_len max_seq_length max_sequence_length seq_len seq_length sequence_length block_size context_length n_seq"
        " n_pos l_max l_seq n_max seqlen num_positions max_position position_size",
        columns="context positions 最大位置数 最大序列长度 位置数",
        only_fields="positions",
    ),
    "H": Spellings(
        {
            "hidden_size": "bert, llama and most others",
            "d_model": "t5, bart, whisper, mpt",
            "n_embd": "gpt2, gptj, codegen",
            "dim": "distilbert, Llama's own code",
            "hidden": "",
            "emb_dim": "xlm, flaubert",
            "model_dim": "",
            "width": "",
        },
        "dmodel hiddensize hidden_dim embed_dim embedding_dim d_emb d_embd d_embed d_m d_hidden h_dim n_hidden d_attn"
        " d_hid n_embed d_attention embed_size emb_size hid_dim hid_size hidden_dimension model_dimension",
        columns="width dimension hidden_units 隐藏层大小 隐藏层维度 隐藏维度 隐藏层尺寸 隐层维度 模型维度 维度 隠れ層",
        only_fields="emb_dim width",
    ),
    "L": Spellings(
        {
            "num_hidden_layers": "bert, llama and most others",
            "n_layer": "gpt2, bloom, gptj",
            "n_layers": "distilbert, xlm, mpt",
            "num_layers": "t5, gpt_neo",
            "encoder_layers": "bart, whisper",
            "layers": "kosmos-2",
            "depth": "qwen2_vl's vision part",
        },
        "nlayers nlayer num_layer n_l n_blocks num_blocks number_of_layers l_layers n_block",
        columns="layer blocks depth 层数 層数 层",
        only_fields="encoder_layers",
    ),
    "heads": Spellings(
        {
            "num_attention_heads": "bert, llama and most others",
            "n_head": "gpt2, bloom, gptj",
            "n_heads": "distilbert, xlm, mpt",
            "num_heads": "t5, gpt_neo",
            "encoder_attention_heads": "bart, whisper",
        },
        "nheads num_head attention_heads n_h number_of_heads attn_heads num_attn_heads n_attn_heads n_attention_heads"
        " self_attention_heads",
        columns="query_heads q_heads heads_q 注意力头数 头数 注意力头",
        only_fields="encoder_attention_heads",
    ),
    "F": Spellings(
        {
            "intermediate_size": "bert, llama and most others",
            "d_ff": "t5",
            "hidden_dim": "distilbert",
            "n_inner": "gpt2, gptj",
            "ffn_dim": "opt, kosmos-2",
            "ffn": "",
            "encoder_ffn_dim": "bart, whisper",
            "feed_forward": "",
        },
        "d_ffn d_fc d_mlp dff d_inner intermediate ffn_hidden_size d_feedforward dim_feedforward h_ff h_ffn d_f"
        " ffn_size",
        columns="ffn ff mlp mlp_size mlp_dim ffn_dimension ffw_size feedforward feed_forward feed_forward_size ff_dim"
        " ffn_hidden intermediate_dim 前馈维度 前馈层维度 前馈层宽度 中间层维度 中间层大小 中间维度",
        only_fields="hidden_dim ffn encoder_ffn_dim feed_forward",
    ),
    "ffn_ratio": Spellings({}, "mlp_ratio ff_ratio expansion_factor"),
    "T": Spellings(
        {"type_vocab_size": "bert", "segments": ""},
        "n_types n_segments token_types types num_segments",
        columns="句子类型数",
    ),
    "d": Spellings(
        {"head_dim": "llama, mistral", "d_kv": "t5", "head_size": ""},
        "d_head d_k d_v d_q d_h d_heads h_head",
        columns="kv_size head_dimension per_head_dim 头维度 每头维度",
    ),
    "E": Spellings({"embedding_size": "albert, electra, mobilebert"}),
    "kv_heads": Spellings(
        {"num_key_value_heads": "llama, mistral"},
        "a_kv n_kv_heads num_kv_heads n_kv h_kv",
        columns="key_value_heads key/value_heads 键值头数",
    ),
    "decoder_layers": Spellings({"num_decoder_layers": "t5, prophetnet"}, "l_dec n_dec_layers"),
    "experts": Spellings(
        {
            "num_experts": "qwen2_moe, olmoe, flex_olmo",
            "n_routed_experts": "deepseek_v2, deepseek_v3",
            "num_local_experts": "mixtral, gpt_oss, llama4",
            "moe_num_experts": "ernie4_5_moe, aria",
            "num_routed_experts": "",
            "num_moe_experts": "",
            "n_experts": "",
        },
        "n_r n_expert",
        only_fields="moe_num_experts num_routed_experts num_moe_experts",
    ),
    "experts_per_token": Spellings(
        {
            "num_experts_per_tok": "mixtral, deepseek_v3, qwen2_moe",
            "num_experts_per_token": "kimi_linear",
            "experts_per_tok": "",
            "moe_topk": "aria, longcat_flash",
            "moe_top_k": "",
            "moe_k": "ernie4_5_vl_moe",
            "top_k_experts": "",
        },
        "k_r top_k topk",
        only_fields="moe_topk moe_top_k moe_k top_k_experts",
        # top_k is also a setting of sampling.
        only_routing="num_selected_experts n_activated_experts top_k topk",
    ),
    "buckets": Spellings({"relative_attention_num_buckets": "t5, mpnet"}, only_fields="relative_attention_num_buckets"),
    "labels": Spellings({"num_labels": "every model with a classification head"}, "n_labels n_classes num_classes"),
    "tied": Spellings({"tie_word_embeddings": "nearly all"}, only_fields="tie_word_embeddings"),
    "attention_bias": Spellings({"attention_bias": "llama, modernbert"}, "bias_attn"),
    "mlp_bias": Spellings({"mlp_bias": "llama, modernbert"}, "bias_mlp"),
    "cross_attention": Spellings({"add_cross_attention": "bert, gpt2"}, "cross", only_fields="add_cross_attention"),
    "inner_groups": Spellings({}, "g_in"),
    "kernel": Spellings({}, "k_conv"),
    "norm_bias": Spellings({}, "bias_norm"),
    "classifier_bias": Spellings({}, "bias_head"),
    "decoder_bias": Spellings({}, "bias_dec"),
    "absolute": Spellings({}, "abs"),
    "relative": Spellings({}, "rel"),
    "shared_keys": Spellings({}, "shared"),
    "relative_norm": Spellings({}, "norm_rel"),
    "summary_to_labels": Spellings({}, "summary_labels"),
}


RUN_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("batch", "batch_size", "batchsize", "bs", "批大小", "批量大小"), "B"),
    **dict.fromkeys(("seq", "seq_len", "seq_length", "seqlen", "sequence_length", "序列长度"), "S"),
}
"""The names that people give to the sizes of a run; the length of a sequence is N in other texts."""

LETTERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("A", "a"), ("heads",)),
    "D": ("H", "d"),
    "b": ("B",),
    "f": ("F",),
    "h": ("H",),
    "l": ("L",),
    "r": ("ffn_ratio",),
    "s": ("S",),
    "v": ("V",),
}
"""The names of the sizes that users mean by a letter before an equals sign, as in h=768.

In an expression `h` may be the heads beside `H`, so letters have no other meaning there.
"""


def fields(name: str) -> tuple[str, ...]:
    """Return the fields of configurations that set the registered size, the most usual first.

    >>> fields("d")
    ('head_dim', 'd_kv', 'head_size')
    """
    return tuple(SPELLINGS[name].fields)


def routing_fields(name: str) -> tuple[str, ...]:
    """Return the fields that count experts in the configuration of a model that has a router."""
    return (*fields(name), name, *SPELLINGS[name].only_routing.split())


@cache
def in_texts() -> Mapping[str, str]:
    """Return the registered name of every spelling that papers and tables use, in lower case.

    >>> in_texts()["d_model"], in_texts().get("width")
    ('H', None)
    """
    table: dict[str, str] = {}
    for name, spellings in SPELLINGS.items():
        only_fields = spellings.only_fields.split()
        words = (*(field for field in spellings.fields if field not in only_fields), *spellings.words.split())
        table |= {word: name for word in words if word != name}
    return MappingProxyType(table)


@cache
def in_columns() -> Mapping[str, str]:
    """Return the registered name of every word at the head of a table's column, in lower case."""
    words = {word: name for name, spellings in SPELLINGS.items() for word in spellings.columns.split()}
    return MappingProxyType({**in_texts(), **words})


@cache
def _typed() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for name, spellings in SPELLINGS.items():
        listed = (*spellings.fields, *spellings.words.split(), *spellings.only_routing.split())
        for word in dict.fromkeys(listed):
            table[word] = (*table.get(word, ()), name)
    return table


def meanings(word: str) -> tuple[str, ...]:
    """Return the registered names of the sizes that a word may mean; none for an unknown word.

    >>> meanings("n_embd"), meanings("hidden_dim"), meanings("zzz")
    (('H',), ('H', 'F'), ())
    """
    return _typed().get(word, ())


def folded(word: str) -> str:
    """Return a word in lower case, with underscores for blanks and hyphens.

    >>> folded(" Hidden-Size"), folded("hidden size")
    ('hidden_size', 'hidden_size')
    """
    return re.sub(r"[\s-]+", "_", word.strip()).casefold()


@cache
def _names_in_lower_case() -> Mapping[str, str]:
    return {name.casefold(): name for name in SPELLINGS if len(name) > 1}


def typed(word: str) -> tuple[str, ...]:
    """Return the names of the sizes that a word of a user may mean: an exact spelling, or one in any case.

    >>> typed("n_embd"), typed("Hidden Size"), typed("HEADS"), typed("层数"), typed("zzz")
    (('H',), ('H',), ('heads',), ('L',), ())
    """
    exact = meanings(word)
    if exact or len(word) == 1:
        return exact
    lower = folded(word)
    name = _names_in_lower_case().get(lower) or in_columns().get(lower)
    return meanings(lower) or (() if name is None else (name,))


def run_sizes(word: str) -> tuple[str, ...]:
    """Return the name of the size of a run that a word means, if any.

    >>> run_sizes("Batch-Size"), run_sizes("H")
    (('B',), ())
    """
    name = RUN_WORDS.get(folded(word))
    return () if name is None else (name,)


def spelled(name: str) -> tuple[str, ...]:
    """Return every spelling of a registered size."""
    spellings = SPELLINGS.get(name)
    if spellings is None:
        return ()
    return tuple(dict.fromkeys((*spellings.fields, *spellings.words.split(), *spellings.only_routing.split())))
