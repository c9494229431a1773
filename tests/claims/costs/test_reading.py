"""Amounts, circumstances and notations: what a claim about a cost says, in the spellings of papers and cards."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bertsym.claims.costs.amounts import amounts
from bertsym.claims.costs.circumstances import circumstances
from bertsym.claims.costs.notations import readings
from bertsym.errors import UnreadableFormula
from bertsym.resolve import load
from bertsym.symbols import B, S, r
from bertsym.wording import pretty


@pytest.mark.parametrize(
    ("text", "unit", "number", "per"),
    [
        ("22.5 GFLOPs", "FLOPs", 22_500_000_000, ""),
        ("22.5B FLOPs", "FLOPs", 22_500_000_000, ""),
        ("22.5 billion FLOPs", "FLOPs", 22_500_000_000, ""),
        ("3.8 × 10^25 FLOPs", "FLOPs", 38 * 10**24, ""),
        ("3.14e23 flops", "FLOPs", 314 * 10**21, ""),
        ("17.6G MACs", "MACs", 17_600_000_000, ""),
        ("4.1 GMac", None, 0, ""),
        ("17.56 GFLOPS", "FLOPs", 17_560_000_000, ""),
        ("5.6 gigaFLOPs", "FLOPs", 5_600_000_000, ""),
        ("596M multiply-adds", "MACs", 596_000_000, ""),
        ("96,637,943,808 floating-point operations", "FLOPs", 96_637_943_808, ""),
        ("35,136 elements per token", "elements", 35_136, "token"),
        ("250 GFLOPs/token", "FLOPs", 250_000_000_000, "token"),
        ("22.3 GFLOPs for a sequence length of 128", "FLOPs", 22_300_000_000, ""),
        ("17.6 GFLOPs per image", "FLOPs", 17_600_000_000, "sequence"),
    ],
)
def test_amounts(text: str, unit: str | None, number: int, per: str) -> None:
    found = list(amounts(text))
    if unit is None:
        assert found == []
        return
    (amount,) = found
    assert (amount.unit, amount.per) == (unit, per)
    assert amount.value_of(amount.scales[0][0]) == number


def test_bytes_have_two_scales() -> None:
    """A GB is 10^9 bytes, or 2^30 as many programs print; a GiB is 2^30."""
    (gb,), (gib,) = list(amounts("2 GB")), list(amounts("2 GiB"))
    assert [gb.value_of(scale) for scale, _ in gb.scales] == [2 * 10**9, 2 * 2**30]
    assert [gib.value_of(scale) for scale, _ in gib.scales] == [2 * 2**30]
    assert gb.holds(Fraction(2**31)) == ("in units of 2^30", 1)


@pytest.mark.parametrize("text", ["312 TFLOP/s", "19.5 TFLOPS/GPU", "989 TFLOPs per second"])
def test_a_speed_is_no_cost(text: str) -> None:
    assert [amount.problem for amount in amounts(text)] == ["a speed is no cost"]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("at a sequence length of 512", {S: 512}),
        ("with 4,096 tokens and batch size 8", {S: 4096, B: 8}),
        ("S=128, B=2.", {S: 128, B: 2}),
        ("n_ctx = 1024", {S: 1024}),
        ("4k context", {S: 4096}),
        ("LoRA with rank 16", {r: 16}),
        ("12 layers and 768 hidden units", {}),
    ],
)
def test_sizes_of_a_run(text: str, sizes: object) -> None:
    assert circumstances(text).sizes == sizes


def test_a_thousand_tokens_have_two_readings() -> None:
    """16k is 16,000 in huggingface.co/blog/llama31, and 1k is 1,024 in the same table."""
    assert circumstances("16k context").lengths == (16_384, 16_000)


def test_sizes_that_contradict_each_other_are_a_problem() -> None:
    assert circumstances("128 tokens, and 512 tokens").problem == "the sentence says S = 128 and 512"


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("6ND", {"Kaplan": "6·parameters·tokens", "scaling book": "6·heads·H", "width d": "6·L·H"}),
        ("6N + 12LHQT", {"PaLM": "6·parameters + 12·L·heads·d·S"}),
        ("72BLsh^2", {"Megatron": "72·B·L·S·H²"}),
        ("2 n_layer n_ctx d_model", {"bertsym": "2·L·S·H"}),
    ],
)
def test_letters_mean_what_their_paper_says(text: str, meanings: dict[str, str]) -> None:
    found = {read.notation.title: pretty(read.reading.main.form) for read in readings(text, load("gpt2"), {})}
    assert meanings.items() <= found.items()


def test_a_letter_of_no_notation_is_refused() -> None:
    with pytest.raises(UnreadableFormula, match="unknown name"):
        list(readings("6*Z*q", load("gpt2"), {}))
