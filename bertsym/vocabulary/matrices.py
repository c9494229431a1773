"""The letters that papers give to weight matrices, from the names of modules: W_Q, W_O, W_1, W_gate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bertsym.tree import Tensor

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SUFFIX = re.compile(r"_?(proj|projection|linear|lin|layer)(_.*)?$")
_PLAIN = ("weight", "bias")
LONGEST = 16
"""The most characters of an index below a W: a matrix with a longer name has words instead."""

# W_Q, W_K, W_V and W_O are of Vaswani et al. 2017, arXiv:1706.03762, as are W_1 and W_2.
_ATTENTION = (
    ("Q", re.compile(r"q|w?q|query|(q|query)_(proj|lin)|to_q|linear_q")),
    ("K", re.compile(r"k|w?k|key|(k|key)_(proj|lin)|to_k|linear_k")),
    ("V", re.compile(r"v|w?v|value|(v|value)_(proj|lin)|to_v|linear_v")),
    ("QKV", re.compile(r"c_attn|w?qkv|qkv_proj|query_key_value|in_proj(_weight)?")),
    ("O", re.compile(r"o|w?o|out|(o|out)_(proj|lin)|dense|output|c_proj|proj|to_out|linear_out")),
)
# Shazeer 2020, arXiv:2002.05202, has W, V and W_2; LLaMA's code calls them gate, up and down.
_GATED = (
    ("gate,up", re.compile(r"gate_up_proj|gate_up")),
    ("gate", re.compile(r"gate_proj|wi_0|w1|gate")),
    ("up", re.compile(r"up_proj|wi_1|w3|up")),
    ("down", re.compile(r"down_proj|wo|w2|down")),
)
_TWO = (
    ("1", re.compile(r"fc_?1|lin(ear)?_?1|w?i|w1|ffn|c_fc|dense_h_to_4h|layer_1|intermediate|up_proj|dense_1")),
    ("2", re.compile(r"fc_?2|lin(ear)?_?2|w?o|w2|ffn_output|c_proj|dense_4h_to_h|layer_2|output|down_proj|dense_2")),
)


def letters(matrices: Sequence[Tensor]) -> Mapping[str, str]:
    """Return the index below the W of each matrix of one component, by the tensor's name.

    The index of a matrix that is alone is empty. A name that is too long, or is no name of a matrix, is left out.

    >>> from bertsym.zoo import named
    >>> llama = [t for t in named("llama").tensors if t.component == "feed-forward" and len(t.shape) == 2]
    >>> sorted(letters(llama).values())
    ['down', 'gate', 'up']
    """
    if len(matrices) == 1:
        return {matrices[0].name: ""}
    words = {tensor.name: _words(tensor.name) for tensor in matrices}
    gated = {"gate", "up"} <= {letter for each in words.values() for letter in _match(_GATED[:3], each).split(",")}
    below = {}
    for tensor in matrices:
        kind = tensor.component
        two = _GATED if gated else _TWO
        rules = _ATTENTION if "attention" in kind else two if kind.endswith(_FEED_FORWARD) else ()
        found = _match(rules, words[tensor.name]) or _own(tensor.name)
        if found:
            below[tensor.name] = found
    return below


_FEED_FORWARD = ("feed-forward", "experts")


def words_of(name: str) -> str:
    """Return the last part of a tensor's name that is not `weight`, `bias` or a number, in words.

    >>> words_of("block.{}.relative_attention_bias.weight"), words_of("mixer.A_log")
    ('relative attention bias', 'A log')
    """
    parts = [part for part in name.split(".") if part != "{}" and part not in _PLAIN and not part.isdecimal()]
    return (parts[-1] if parts else name).replace("_", " ").strip()


def _words(name: str) -> list[str]:
    """Return the name of the matrix's module and that of the one around it, in lower case."""
    parts = [part for part in name.split(".") if part not in ("{}", *_PLAIN)]
    return [_CAMEL.sub("_", part).lower() for part in reversed(parts[-2:])]


def _match(rules: Sequence[tuple[str, re.Pattern[str]]], words: Sequence[str]) -> str:
    return next((letter for word in words for letter, pattern in rules if pattern.fullmatch(word)), "")


def _own(name: str) -> str:
    """Return the name of a module without the word for a matrix in it: `x` of `x_proj`; nothing for another array."""
    *_, before, last = ("", *name.split("."))
    word = before if last == "weight" else last
    bare = _SUFFIX.sub("", word)
    if last != "weight" and bare == word:
        return ""
    parts = re.findall(r"[A-Za-z0-9]+", bare or word)
    below = ",".join(parts)
    return below if parts and len(below) <= LONGEST else ""
