"""The sentence that says what symbols stand for reads as one for every size of the atlas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from bertsym import atlas
from bertsym.errors import BertsymError
from bertsym.legend import noun
from bertsym.resolve import load
from bertsym.symbols import BY_SYMBOL, Kind, Own


def test_heads_are_a_number_and_a_switch_is_set(bertsym: Callable[..., Any]) -> None:
    said = bertsym("total", "swin", "--keep", "qkv_bias", "--legend", "--latex").out
    assert r"$A_0$ the number of attention heads (num\_heads[0])" in said
    assert r"and $\mathrm{qkv\_bias}$ says whether \texttt{qkv\_bias} is set.\par" in said


def test_a_switch_of_the_code_is_named_by_its_field() -> None:
    switch = BY_SYMBOL[Own("audio_gate", Kind.SWITCH, 0, "audio_config.gate of the code")]
    assert noun(switch) == "the switch audio_config.gate"


@pytest.mark.slow
def test_the_nouns_of_the_atlas_are_singular_or_a_number() -> None:
    wrong = set()
    for name in atlas.index():
        try:
            symbols = load(name).symbols
        except BertsymError:
            continue
        for symbol in symbols:
            size = BY_SYMBOL[symbol]
            if not isinstance(symbol, Own) or size.kind in (Kind.SWITCH, Kind.ORDER):
                continue
            said = noun(size).partition(" (")[0]
            several = re.fullmatch(r"the (.+ )?(heads|layers|blocks|experts|channels|tokens)", said)
            nothing = re.match(r"the number of .*\b((depth|frequency|indices|multiplier)$|length of)", said)
            if (several and " number of " not in said and " interval of " not in said) or nothing or " num " in said:
                wrong.add((name, said))
    assert wrong == set()
