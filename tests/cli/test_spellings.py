"""Names and values as people spell them: any case, Chinese words, the names of the sizes of a run, lengths, units."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import load, models
from bertsym.errors import UnknownName

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("total bert --form Factored", "total bert --form factored"),
        ("total bert --convention Non_Embedding", "total bert --convention non-embedding"),
        ("total bert --latex --notation Vaswani", "total bert --latex --notation vaswani"),
        ("total bert --latex --layout Equation", "total bert --latex --layout equation"),
        ("total bert --latex --width NeurIPS", "total bert --latex --width neurips"),
        ("total bert --latex --width 8cm", "total bert --latex --width 227.62pt"),
        ("total bert --latex --width 3.25in@9", "total bert --latex --width 234.87pt@9"),
        ("show bert --by Layer", "show bert --by layer"),
        ("show bert --latex --float Table*", "show bert --latex --float table*"),
        ("total gpt2 --of states --dtype BF16", "total gpt2 --of states --dtype bf16"),
        ("total gpt2 --of states --optimizer AdamW", "total gpt2 --of states --optimizer adamw"),
        ("total gpt2 --of flops --convention MACs", "total gpt2 --of flops --convention macs"),
        (
            "roofline gpt2-small --device H100_SXM --at B=1,S=9",
            "roofline gpt2-small --device h100-sxm --at B=1,S=9",
        ),
        ("diff bert --by h", "diff bert --by H"),
        ("solve bert --target 110M --for l", "solve bert --target 110M --for L"),
        ("solve bert --target 9M --for h,l --top 1", "solve bert --target 9M --for H,L --top 1"),
        ("solve bert --target 9M --for H,L --range l=2..9", "solve bert --target 9M --for H,L --range L=2..9"),
        ("total bert --of flops --at batch_size=1,S=9", "total bert --of flops --at B=1,S=9"),
        ("total bert --of flops --at bs=1,序列长度=9", "total bert --of flops --at B=1,S=9"),
        ("models bert-tiny --table L,#Params", "models bert-tiny --table L,parameters"),
        ("models bert-tiny --table L,total,params", "models bert-tiny --table L,parameters"),
    ],
)
def test_another_spelling_means_the_same(typed: str, meant: str, bertsym: Run) -> None:
    ran = bertsym(*typed.split())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == bertsym(*meant.split()).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["total", "bert", "--of", "flops", "--at", "B=1,seq_len=9"], "'seq_len' may mean N or S: write one of these"),
        (["total", "bert", "--at", "batch=3"], "a size of a run: pass it with --of flops, cache or memory"),
        (["total", "bert", "--at", "B=3"], "a size of a run: pass it with --of flops, cache or memory"),
        (["total", "bert-tiny", "--of", "flops", "--count"], "no value for B (batch size): pass --at B=1,S=512\n"),
        (["total", "bert-tiny", "--of", "flops", "--count", "--at", "B=1"], "(sequence length): pass --at S=512\n"),
        (["solve", "bert", "--target", "1.1亿"], "(did you mean 110M?)"),
        (["solve", "bert", "--target", "110 million"], "(did you mean 110M?)"),
        (["solve", "bert", "--target", "~3b"], "(did you mean 3B?)"),
        (["solve", "1.1亿"], "`bertsym solve --target 110M` finds sizes"),
        (["solve", "bert", "--for", "H,L", "--target", "9M", "--tie", "F=4H"], "got 'H': write 4*H"),
        (["solve", "bert", "--for", "H,L", "--target", "9M", "--where", "H = 64, L = 3"], "got ',': write and"),
        (["solve", "bert", "--for", "H,L", "--target", "9M", "--where", "H mod 3 = 0"], "got 'mod': write %"),
        (
            ["solve", "bert", "--for", "H,L", "--target", "9M", "--at-most", "memory=8G", "--at", "B=1,S=9"],
            "a whole number of bytes such as 24GB or 1.1e8",
        ),
        (["total", "--latex", "--rename", "H=d_model"], r"(did you mean d_{\mathrm{model}}?)"),
        (["total", "--only", "zzzz"], "components: attention, cross-attention, embeddings, feed-forward, pooler"),
        (["total", "deepseek_v3", "--at", "zzzz=3"], "`bertsym models NAME` lists the sizes of a model"),
        (["solve", "bert", "--for", "H,L", "--target", "9M", "--range", "L=2..8:2"], "its own: --multiple-of L=4"),
        (["tradeoff", "bert", "--for", "V,L"], "as in --for V --against L"),
        (["symbols", "bert"], "a model: `bertsym models NAME` explains it"),
        (["total", "Transformer"], "marian and t5 are like it"),
        (["explain", "attention"], "a part of a model: write `--only attention`"),
    ],
)
def test_an_error_says_what_to_type(words: list[str], said: str, bertsym: Run) -> None:
    ran = bertsym(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_sizes_to_find_may_stand_in_one_text(bertsym: Run) -> None:
    options = ("--target", "9M", "--at", "heads=2", "--top", "1")
    listed = bertsym("solve", "bert", "--for", "H,L", *options)
    assert bertsym("solve", "bert", "--for", "hidden_size L", *options).out == listed.out
    assert bertsym("solve", "bert", "--for", "hidden size, L", *options).out == listed.out
    model = load("bert").at(heads=2)
    assert model.solve("9M", "H, L", top=1) == model.solve("9M", ["H", "L"], top=1)


def test_a_family_that_does_not_exist() -> None:
    with pytest.raises(UnknownName, match="unknown family of models 'zzz': `bertsym models --all` lists them"):
        models("zzz")


def test_the_words_of_the_chinese_quick_start_are_sizes(bertsym: Run) -> None:
    text = (ROOT / "docs/zh/quickstart.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+)(?:（[^|]*）)? \| ([^|（]+?)(?:（(最大[^|）]+)）|（[^|]*）)? \| ", text, re.MULTILINE)
    shown = ("V", "N", "H", "L", "heads", "T")
    read = {word: symbol for symbol, *words in rows for word in words if word and symbol in shown}
    assert len(read) == 7
    for word, symbol in read.items():
        ran = bertsym("total", "bert", "--at", f"{word}=6", "--json")
        assert (ran.code, ran.out) == (0, bertsym("total", "bert", "--at", f"{symbol}=6", "--json").out), word
