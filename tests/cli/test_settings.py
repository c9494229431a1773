"""Sizes as people type them: names in any spelling, blanks, numbers that are exact, and numbers that are not."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

import bertsym as library
from bertsym.cli.options import assignments
from bertsym.spellings import LETTERS, SPELLINGS, folded, meanings, typed
from bertsym.symbols import BY_NAME, RUN_BY_NAME

Run = Callable[..., Any]

# Every spelling of a size of BERT that somebody typed at us, and what it says.
SPELLED = {
    "H": ["H", "h", "hidden_size", "hidden-size", "Hidden Size", "HIDDEN_SIZE", "d_model", "n_embd", "隐藏层大小"],
    "L": ["L", "l", "layers", "num_hidden_layers", "num hidden layers", "n_layer", "Num_Layers", "层数"],
    "heads": ["heads", "A", "a", "HEADS", "num_attention_heads", "Num-Attention-Heads", "n_head", "attention heads"],
    "V": ["V", "v", "vocab_size", "vocab", "Vocab Size"],
    "N": ["N", "max_position_embeddings", "n_positions", "max position embeddings"],
    "ffn_ratio": ["ffn_ratio", "r", "ffn-ratio", "FFN_ratio", "mlp_ratio", "FFN ratio"],
}
NUMBERS = {
    "H": ["768", "768.0", "7.68e2", "64*12", "64 * 12", "768 ", "1536/2"],
    "L": ["12", "12.0", "1.2e1", "3*4"],
    "heads": ["12", "6*2", "12.00"],
    "V": ["30522", "30,522", "30_522", "30522.0"],
    "N": ["512", "5.12e2", "2**9"],
    "ffn_ratio": ["4", "4.0", "8/2", "4e0"],
}
BASE = 109482240  # `sum(p.numel() for p in BertModel(BertConfig()).parameters())`, and docs/conventions.md


@pytest.mark.parametrize("size", SPELLED)
def test_every_spelling_is_the_size(size: str) -> None:
    model = library.load("bert")
    symbol = BY_NAME[size].symbol
    for name in SPELLED[size]:
        assert model.spec.setting(name).symbol == symbol, name
        if len(name) > 1:
            assert str(model.symbols[name]) == size, name


@pytest.mark.parametrize("seed", range(30))
def test_settings_in_any_spelling_count_the_same(seed: int, bertsym: Run) -> None:
    random = Random(seed)
    words = [
        f"{random.choice(SPELLED[size])}{random.choice(['=', ' = ', '= ', ' =', '==', '＝'])}"
        f"{random.choice(NUMBERS[size])}"
        for size in SPELLED
    ]
    random.shuffle(words)
    text = random.choice(["", " ", "\n"])
    for word in words:
        text += word + random.choice([",", ", ", " ", "  ", "\n", ";", " ; ", "，", ",\n  "])
    ran = bertsym("total", "bert", "--count", "--at", text)
    assert (ran.code, ran.out, ran.err) == (0, f"{BASE}\n", ""), text


def test_settings_are_divided_where_a_name_begins() -> None:
    random = Random(1)
    for _ in range(300):
        pairs = [
            (
                random.choice(["H", "hidden_size", "text_config.hidden_size", "hidden size", "n-layer", "层数"]),
                random.choice(["768", "30,522", "1,234,567", "8/3", "64 * 12", "yes", "2.5", "(1 + 2)*3"]),
            )
            for _ in range(random.randrange(1, 6))
        ]
        text = "".join(f"{name}={number}{random.choice([', ', ',', ' ', chr(10), ';'])}" for name, number in pairs)
        assert assignments(text) == [f"{name}={number}" for name, number in pairs], text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("V=30k", "size V (vocabulary size): expected digits, because it may mean 30,000 or 30,720, got '30k'"),
        ("V=1.5K", "size V (vocabulary size): expected digits, because it may mean 1,500 or 1,536, got '1.5K'"),
        ("V=2m", "size V (vocabulary size): expected digits, because it may mean 2,000,000 or 2,097,152, got '2m'"),
        ("H=7.5", "size H (hidden size): expected an integer of at least 1, got '7.5'"),
        ("H=1.5e0", "size H (hidden size): expected an integer of at least 1, got '1.5e0'"),
        ("H=1e99", "size H (hidden size): expected an integer of at least 1, got '1e99'"),
        ("H=-3", "size H (hidden size): expected an integer of at least 1, got '-3'"),
        ("H=768 features", "size H (hidden size): expected an integer of at least 1, got '768 features'"),
        ("hiden=3", "unknown size of bert 'hiden': did you mean hidden_size?"),
        ("head=3", "unknown size of bert 'head': did you mean heads?"),
        ("D=64", "'D' may mean H or d: write one of these"),
        ("hidden_dim=64", "'hidden_dim' may mean H or F: write one of these"),
        ("Hidden Dim=64", "'Hidden Dim' may mean H or F: write one of these"),
        ("h=768,hidden_size=769", "h=768 contradicts hidden_size=769: H was given twice by --at"),
        ("768", "--at: expected SIZE=NUMBER, as in H=1024, got '768'"),
        ("H 768", "--at: expected SIZE=NUMBER, as in H=1024, got 'H 768'"),
        ("\x1b[31m=3", r"unknown size of bert '\x1b[31m'"),
    ],
)
def test_what_is_not_sound_is_refused(text: str, said: str, bertsym: Run) -> None:
    ran = bertsym("total", "bert", "--at", text)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"bertsym: {said}"), ran.err


def test_the_models_own_names_come_first(bertsym: Run) -> None:
    """An adapter has a rank `r`, and DistilBERT's `hidden_dim` is the feed-forward width."""
    counts = [
        bertsym("total", "bert-base-uncased", "--of", "lora", "--at", f"r={rank}", "--count").out for rank in (4, 8)
    ]
    assert 2 * int(counts[0]) == int(counts[1])
    for text in ("hidden_dim=3072,dim=768", "Hidden Dim=3072, DIM=768"):
        assert "at H = 768, ffn_ratio = 4\n" in bertsym("total", "distilbert", "--at", text).out


def test_heads_that_do_not_divide_come_with_some_that_do(bertsym: Run) -> None:
    for at, advice in (
        ("H=1024,heads=12", "add d=64 or heads=16"),
        ("H=1000,heads=12", "add d=100 or heads=10"),
        ("hidden_size=770", "add d=70 or heads=11"),
    ):
        ran = bertsym("total", "bert-base-uncased", "--at", at)
        assert (ran.code, ran.err.rpartition(": ")[2]) == (2, f"{advice}\n")
        for choice in advice.removeprefix("add ").split(" or "):
            size = at.split(",")[0]
            assert bertsym("total", "bert-base-uncased", "--at", f"{size},{choice}").code == 0


def test_a_letter_is_no_name_in_an_expression(bertsym: Run) -> None:
    """In `H/h == 64` some people mean the heads; it is not read as H/H."""
    ran = bertsym("solve", "--target", "110M", "--for", "H,L", "--where", "H/h == 64")
    assert (ran.code, ran.out) == (2, "")
    assert "unknown size of bert 'h'" in ran.err


def test_the_library_reads_the_same_names() -> None:
    model = library.load("bert-base-uncased")
    assert model.at(h=1024, A=16).count() == model.at(H=1024, heads=16).count()
    assert model.at({"Hidden Size": "1e3", "a": 10}).count() == model.at(H=1000, heads=10).count()


def test_no_spelling_is_in_the_table_twice() -> None:
    for name, spellings in SPELLINGS.items():
        listed = [*spellings.fields, *spellings.words.split()]
        assert len(listed) == len(set(listed)), name
        assert all(name in meanings(word) for word in listed)
        assert all(typed(word.upper()) == meanings(word) for word in listed if len(word) > 1 and word == folded(word))
    for letter, names in LETTERS.items():
        assert len(letter) == 1
        assert letter not in BY_NAME
        assert set(names) <= {*BY_NAME, *RUN_BY_NAME}
