"""Refusals of costs: a sentence, and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas, load
from bertsym.errors import BertsymError, Conflict, HasNo, NotKnownOf


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("total bert --of flop", "unknown quantity 'flop': did you mean flops?"),
        ("total bert --of flops --at B=0", "size B (batch size): expected an integer of at least 1, got '0'"),
        ("total bert-base-uncased --of flops --at B=1,S=513", "S=513 contradicts N=512"),
        ("show roberta-base --of flops --at B=1,S=513", "S=513 contradicts N - 2=512"),
        ("total gpt2-xl --of flops --at S=1025", "S=1025 contradicts N=1024"),
        ("total bert-base-uncased --of flops --count", "no value for B (batch size): pass --at B=1"),
        ("total bert --at B=1", "unknown size of bert 'B'"),
        ("total bert --of states --optimizer lion", "unknown optimizer 'lion'"),
        ("total bert --of states --dtype half", "unknown type of numbers 'half'"),
        ("total bert --of flops --convention exact", "unknown convention of flops 'exact'"),
        ("total bert --convention flops", "unknown convention 'flops'"),
        ("total deepseek_v3 --of flops", "its work is not known"),
        ("total mamba --of cache", "its cache is not known"),
        ("total bert --of cache", "BertModel has no cache; choose another model or head"),
        ("total bert --dtype bf16", "--dtype contradicts --of parameters"),
        ("total bert --of flops --rank 8", "--rank contradicts --of flops"),
        ("total bert --of lora --rank 0", "--rank: expected an integer of at least 1"),
        ("total bert --of lora --targets qurey", "did you mean query?"),
        ("total qwen3 --of lora", "pass --targets"),
        ("compare bert", "no second model"),
        ("compare bert roberta --conventions", "--conventions contradicts a second MODEL"),
        ("compare bert --conventions --convention exact", "--conventions contradicts --convention exact"),
        ("solve bert --of flops --for H --target 1e12", "no value for B"),
        ("solve gpt2 --of flops --for S --target 1e12 --at B=1 --at-most 6nd=1e18", "they sum different entries"),
        ("solve bert --of states --for L --target 24XiB", "24XiB"),
    ],
)
def test_refused(words: str, expected: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym(*words.split())
    assert ran.code == 2
    assert ran.out == ""
    assert expected in ran.err
    assert len(ran.err.removeprefix("bertsym: ").strip()) <= 200


def test_the_library_counts_as_the_command_line_does() -> None:
    work = load("bert-base-uncased").of("flops").at(B=1, S=512)
    assert work.count() == 96_637_943_808
    assert work.count(only=["pooler"]) == 2 * 768**2
    assert work.total().expression.diff(work.symbols["B"]) != 0
    assert load("Llama-2-7b-hf", "causal-lm").of("flops", "train").at(B=1, S=4096).count() == 188_763_812_659_200
    assert load("bert-base-uncased").of("lora", rank=8, targets=["query", "value"]).count() == 294_912
    assert "can be built" in str(work.solve("100 GFLOPs", "H"))
    assert str(work.explain("pooler")).startswith("BertModel, flops")


@pytest.mark.parametrize(
    ("misuse", "words"),
    [
        (lambda work: work.of("cache"), "of contradicts of flops"),
        (lambda work: work.compare(load("bert")), "they count different quantities"),
        (lambda work: work.count("6nd"), "they sum different entries"),
        (lambda work: work.at(S=513), "N=512"),
        (lambda work: work.at(B=0), "at least 1"),
    ],
)
def test_what_the_library_refuses(misuse: Callable[[Any], object], words: str) -> None:
    with pytest.raises(BertsymError, match=words):
        misuse(load("bert-base-uncased").of("flops"))


def test_another_head_is_measured_anew() -> None:
    cache = load("t5").of("cache")
    assert cache.with_head("model").total().expression == cache.total().expression
    with pytest.raises(HasNo, match="T5EncoderModel has no cache"):
        cache.with_head("encoder")


def test_a_size_of_the_model_is_no_batch_size(tmp_path: Path) -> None:
    """A derived model may call a size of its own S; its states do not depend on a run, and its rules of thumb do."""
    record = json.loads((Path(atlas.__file__).parent / "models" / "mamba.json").read_text(encoding="utf-8"))
    text = json.dumps(record).replace('"state_size"', '"S"').replace("state_size", "S")
    file = tmp_path / "mamba.json"
    file.write_text(text, encoding="utf-8")
    model = load(str(file))
    assert "S" in map(str, model.spec.symbols)
    assert model.of("states").total().expression != 0
    with pytest.raises(NotKnownOf, match="its own size S"):
        model.of("flops", "6nd")


def test_a_claim_is_about_the_model_itself() -> None:
    from bertsym import audit

    with pytest.raises(Conflict, match="audit contradicts of flops"):
        audit("110M", load("bert-base-uncased").of("flops"))
