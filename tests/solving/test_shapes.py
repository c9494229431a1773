"""Shapes of answers: usual ones first, those of a published model, spread ones, and those that devices can divide."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bertsym.api import load
from bertsym.errors import BertsymError, NotAnInteger, UnknownName
from bertsym.names.catalogue import published
from bertsym.resolve import published_model
from bertsym.solving.shapes import PUBLISHED, USUAL, Shapes
from bertsym.solving.space import usual_range
from bertsym.symbols import F, H, L, d, heads

pytestmark = pytest.mark.slow

Run = Callable[..., Any]


def rows(bertsym: Run, words: str) -> list[dict[str, int]]:
    """Return the sizes and the count of each answer."""
    ran = bertsym("solve", *words.split(), "--json")
    assert ran.code == 0, ran.err
    return [{**found["at"], "count": found["count"]} for found in json.loads(ran.out)["candidates"]]


def said(bertsym: Run, words: str) -> str:
    """Return the answer as a reader sees it, or the error."""
    ran = bertsym("solve", *words.split())
    return str(ran.out or ran.err)


def inside(shapes: Shapes, row: dict[str, int]) -> bool:
    """Return True if a row has its shape within the bounds."""
    low, high, divisor = shapes.head
    head = Fraction(row["H"], row["heads"])
    return (
        shapes.aspect[0] <= Fraction(row["H"], row["L"]) <= shapes.aspect[1]
        and low <= head <= high
        and head % divisor == 0
        and shapes.ratio[0] <= Fraction(row["F"], row["H"]) <= shapes.ratio[1]
    )


def test_the_bounds_are_those_of_published_models() -> None:
    shares: dict[str, list[tuple[bool, bool]]] = {"aspect": [], "head": [], "ratio": []}
    for known in published():
        model = published_model(known)
        have = {s: model.number(s) for s in (H, L, F, d, heads) if s in model.symbols}
        if H in have and L in have:
            aspect = have[H] / have[L]
            shares["aspect"].append(tuple(s.aspect[0] <= aspect <= s.aspect[1] for s in (USUAL, PUBLISHED)))  # type: ignore[arg-type]
        head = have.get(d, have[H] / have[heads] if {H, heads} <= have.keys() else None)
        if head is not None:
            within = [s.head[0] <= head <= s.head[1] and head % s.head[2] == 0 for s in (USUAL, PUBLISHED)]
            shares["head"].append(tuple(within))  # type: ignore[arg-type]
        if F in have and H in have:
            ratio = have[F] / have[H]
            shares["ratio"].append(tuple(s.ratio[0] <= ratio <= s.ratio[1] for s in (USUAL, PUBLISHED)))  # type: ignore[arg-type]
    for name, listed in shares.items():
        assert len(listed) > 250, name
        usual, seen = (Fraction(sum(column), len(listed)) for column in zip(*listed, strict=True))
        assert usual >= Fraction(4, 5), (name, usual)
        assert seen >= Fraction(19, 20), (name, seen)


@pytest.mark.parametrize("words", ["bert --for H,L --target 110M", "llama --for H,L --target 8B --at V=128256"])
def test_a_shape_that_nobody_builds_comes_last(bertsym: Run, words: str) -> None:
    found = rows(bertsym, f"{words} --top 40")
    target = 110_000_000 if "110M" in words else 8_000_000_000
    classes = []
    for row in found:
        error = Fraction(abs(row["count"] - target), target)
        known = inside(USUAL, row) or inside(PUBLISHED, row)
        near = Fraction(1, 100)
        rank = (0 if error <= near else 1 if error <= 5 * near else 3) if known else (2 if error <= near else 3)
        classes.append((rank, 0 if rank == 3 else (not inside(USUAL, row)), error))
    assert classes == sorted(classes)
    assert inside(USUAL, found[0])
    by_error = rows(bertsym, f"{words} --order error")
    errors = [abs(row["count"] - target) for row in by_error]
    assert errors == sorted(errors)


def test_like_takes_the_shape_of_published_models(bertsym: Run) -> None:
    for row in rows(bertsym, "llama --for H,L --target 8B --like Meta-Llama-3-8B"):
        assert row["H"] == 128 * row["heads"]
        assert 2 * row["F"] == 7 * row["H"]
        assert Fraction(96) <= Fraction(row["H"], row["L"]) <= Fraction(512, 3)
    for row in rows(bertsym, "bert-base-uncased --for H,L --target 300M --like gpt2"):
        assert row["H"] == 64 * row["heads"]
    with pytest.raises(UnknownName):
        load("bert").solve("110M", ["H", "L"], like="nobody's model")


def test_diverse_answers_differ_by_a_quarter(bertsym: Run) -> None:
    found = rows(bertsym, "bert --for H,L --target 110M --diverse --top 6")
    for place, row in enumerate(found):
        for other in found[:place]:
            pairs = ((row[name], other[name]) for name in ("H", "L"))
            assert any(4 * max(pair) >= 5 * min(pair) for pair in pairs)


@pytest.mark.parametrize("unknown", ["H", "L", "ffn_ratio"])
def test_diverse_answers_of_one_unknown_differ_by_a_quarter(unknown: str) -> None:
    """The closest comes first, then the closest of those that are unlike it, as with several unknowns."""
    model = load("bert-base-uncased")
    every = model.solve("110M", unknown, top=3000).report.solution.candidates
    found = model.solve("110M", unknown, diverse=True, top=4).report.solution.candidates
    chosen: list[Any] = []
    for point in every:
        if all(max(point.value, one.value) >= Fraction(5, 4) * min(point.value, one.value) for one in chosen):
            chosen.append(point)
    assert [point.value for point in found] == [point.value for point in chosen[:4]]


def test_devices_divide_what_tensor_parallelism_divides(bertsym: Run) -> None:
    for row in rows(bertsym, "llama --for H,L --target 8B --tp 8"):
        assert not any(row[name] % 8 for name in ("heads", "kv_heads", "F"))
    for row in rows(bertsym, "bert-base-uncased --for H,L --target 110M --tp 8 --at V=30528"):
        assert row["heads"] % 8 == 0
    refusal = said(bertsym, "bert-base-uncased --for H,L --target 110M --tp 8")
    assert "V % 8 == 0 (--tp 8)" in refusal
    assert "(at V = 30522; --for H,L,V searches it too)" in refusal


def test_a_step_for_all_is_one_of_features_and_rows(bertsym: Run) -> None:
    words = "bert --for H,L,heads --target 110M --multiple-of 128"
    assert all(row["H"] % 128 == 0 for row in rows(bertsym, f"{words} --where H/heads==64"))
    assert "--multiple-of 128 applies to H, not to L, heads" in said(bertsym, words)
    assert "(--multiple-of 128 applies to H, not to L, heads) satisfies" in said(bertsym, f"{words} --where H%128==1")


def test_a_head_of_rotary_positions_is_even(bertsym: Run) -> None:
    found = rows(bertsym, "llama-7b --for H --target 8B --where d>=3 --multiple-of 32 --top 50")
    assert all(Fraction(row["H"], row["heads"]) % 2 == 0 for row in found)


@pytest.mark.parametrize(
    ("sizes", "advice"),
    [
        ({"H": 1024, "heads": 12}, "add d=64 or heads=16"),
        ({"H": 1000, "heads": 12}, "add d=100 or heads=10"),
        ({"H": 1009, "heads": 12}, "choose H and heads to fit"),
    ],
)
def test_an_error_proposes_sizes_that_fit(sizes: dict[str, int], advice: str) -> None:
    with pytest.raises(NotAnInteger) as refusal:
        load("bert").at(sizes)
    assert advice in str(refusal.value)
    for proposed in advice.partition("add ")[2].split(" or "):
        name, _, number = proposed.partition("=")
        if number:
            assert load("bert").at({"H": sizes["H"], name: int(number)})


def test_an_explanation_says_what_rows_and_columns_are(bertsym: Run) -> None:
    text = said(bertsym, "bert-base-uncased --target 110M --explain")
    assert "a row is one step of a size, a column counts single units of a size" in text


@pytest.mark.parametrize(
    ("words", "says", "holds"),
    [
        ("llama --for H,L --at V=128256 --where H/heads==128", "heads follows from H/heads==128", ("H", 128, "heads")),
        ("llama-7b --for H,L --where H/heads==128", "heads follows from H/heads==128", ("H", 128, "heads")),
        ("Meta-Llama-3-8B --for H,L --where d==128", "heads follows from d==128", ("H", 128, "heads")),
        ("llama --for H,L --where kv_heads==heads/4", "kv_heads follows", ("heads", 4, "kv_heads")),
        ("bert-base-uncased --for H --where L==H/64", "L follows from L==H/64", ("H", 64, "L")),
        ("bert-base-uncased --for H,L --where F==3*H", "F follows from F==3*H", ("F", 3, "H")),
    ],
)
def test_a_size_that_a_condition_names_follows(
    bertsym: Run, words: str, says: str, holds: tuple[str, int, str]
) -> None:
    target = "8B" if "lama" in words else "110M"
    assert says in said(bertsym, f"{words} --target {target}")
    found = rows(bertsym, f"{words} --target {target}")
    assert len(found) >= 5
    assert all(row[holds[0]] == holds[1] * row[holds[2]] for row in found)


def test_a_size_that_only_a_condition_names_is_searched_or_said_to_be_fixed(bertsym: Run) -> None:
    text = said(bertsym, "bert-base-uncased --target 110M --for H --where L>=24")
    assert "searched too, because a condition names it: L (--at L=... fixes it)" in text
    text = said(bertsym, "bert-base-uncased --target 110M --for H --where V*H<=30000000")
    assert "fixed, though a condition names it: V = 30,522 (--for H,V searches it)" in text
    text = said(bertsym, "llama-7b --target 8B --for H,L --at heads=32 --where H/heads==128")
    assert "condition names it" not in text
    assert all(
        row["H"] == 4096 for row in rows(bertsym, "llama-7b --target 8B --for H,L --at heads=32 --where H/heads==128")
    )


@pytest.mark.parametrize(
    "name", ["bert", "gpt2", "llama", "mixtral", "t5", "modernbert", "qwen2-default", "opt-default"]
)
def test_a_feed_forward_width_can_be_tied_with_several_unknowns(name: str) -> None:
    model = load(name)
    try:
        answer: Any = model.solve("300M", ["H", "L"], ties=["F = 4*H"], top=3)
    except BertsymError as refusal:
        pytest.fail(str(refusal))
    assert all(one.at[F] == 4 * one.at[H] for one in answer.report.found.answers)


@pytest.mark.parametrize(
    ("name", "size", "space"),
    [
        ("vit", "p", (1, 1024, 1)),  # a patch of 16
        ("vit", "C", (1, 1024, 1)),  # 3 colours
        ("swin", "H_emb", (32, 16384, 32)),  # 96 features
        ("bert", "H", (64, 16384, 64)),
        ("llama", "F", (64, 16384, 64)),
        ("bert", "L", (1, 128, 1)),
    ],
)
def test_the_values_of_a_width_without_a_range(name: str, size: str, space: tuple[int, int, int]) -> None:
    """Multiples of 64 had left a patch of 16 out, and nothing but 0 of a merge of 0 to 5 patches."""
    model = load(name).spec
    assert usual_range(model, model.size(size)) == space
