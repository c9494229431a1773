"""A size against another at a constant total: exact totals, by hand and against a search of every value."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

import bertsym
from bertsym.errors import BertsymError, Conflict, TooLarge

Run = Callable[..., Any]
LAYER = 12 * 768**2 + 13 * 768
"""The parameters of a layer of BERT base."""


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def bertsym_rows() -> tuple[Any, ...]:
    """Return the rows of the answer as the library has them."""
    return bertsym.load("bert-base-uncased").tradeoff("V", "L").rows


def test_what_vocabulary_costs_in_layers(bertsym: Run) -> None:
    """By hand: a row of the vocabulary costs 768 parameters, so 32,000 rows fewer are worth three and a half layers."""
    ran = bertsym("tradeoff", "bert-base-uncased", "--for", "V=16000..32000:16000", "--total", "110M", "--csv")
    assert ran.code == 0
    for row, layers in zip(rows(ran.out), (13, 11), strict=True):
        rest = 768 * (int(row["V"]) + 512 + 2 + 2) + 768**2 + 768
        assert int(row["L"]) == layers == (110_000_000 - rest) // LAYER
        assert int(row["parameters"]) == rest + layers * LAYER == 110_000_000 + int(row["error"])
        assert abs(Fraction(row["exactly"]) - Fraction(110_000_000 - rest, LAYER)) <= Fraction(1, 200)


def test_the_own_sizes_meet_their_own_total(bertsym: Run) -> None:
    for model, options in (
        ("bert-base-uncased", ()),
        ("llama-7b", ("--for", "F")),
        ("qwen3_moe", ("--for", "experts")),
    ):
        (own,) = (row for row in rows(bertsym("tradeoff", model, *options, "--csv").out) if row["error"] == "0")
        assert Fraction(own["exactly"]) == int(own["L"])


@pytest.mark.parametrize(
    ("name", "vary", "most", "against"),
    [
        ("bert-base-uncased", "N", 400, "L"),
        ("gpt2-small", "V", 90_000, "L"),
        ("roberta-base", "L", 12, "V"),
        ("bert-tiny", "V", 3000, "H"),
    ],
)
def test_every_row_is_the_largest_that_is_not_over(name: str, vary: str, most: int, against: str) -> None:
    """The next value of the other size, one more layer or row or 64 features, is over the total."""
    random = Random(f"{name} {vary}")
    model = bertsym.load(name)
    total = model.count() + random.randint(0, 10**6)
    values = sorted({random.randint(1, most) for _ in range(4)})
    report: Any = model.tradeoff(vary, against, total, values=values).report
    assert [choice.number for choice in report.choices] == values
    for choice in report.choices:
        sizes = {str(symbol): number for symbol, number in choice.point.at.items() if str(symbol) != "F"}
        step = 64 if against == "H" else 1
        here = model.at({**sizes, vary: choice.number})
        assert here.count() == choice.point.count == total + choice.point.error <= total
        more = {against: choice.point.value + step, **({"heads": 1} if against == "H" else {})}
        assert here.at({**sizes, **more, vary: choice.number}).count() > total


def test_exact_beyond_every_machine_integer() -> None:
    report: Any = bertsym.load("bert-base-uncased").tradeoff("V", "L", 10**40, values=[10**20]).report
    (choice,) = report.choices
    assert 0 <= -choice.point.error < LAYER
    assert choice.point.count == 10**40 + choice.point.error


def test_values_that_leave_no_model_have_an_empty_row(bertsym: Run) -> None:
    ran = bertsym("tradeoff", "bert-base-uncased", "--for", "V=100000..200000:100000", "--csv")
    assert [row["L"] for row in rows(ran.out)] == ["4", ""]
    words = ["tradeoff", "bert-base-uncased", "--for", "V=200000..300000:100000"]
    assert bertsym(*words).code == 2


def test_rates_and_records(bertsym: Run) -> None:
    found = json.loads(bertsym("tradeoff", "bert-base-uncased", "--json").out)
    assert (found["total"], found["for"], found["against"]) == (109482240, "V", "L")
    layer, vocabulary = found["marginal"]
    assert (layer["cost"], layer["buys"]) == (LAYER, {"V": LAYER // 768})
    assert (vocabulary["step"], vocabulary["cost"]) == (1000, 768_000)
    assert {row["at"]["V"] for row in found["rows"]} >= {16384, 30522, 32768}
    assert list(bertsym_rows()[0]) == ["V", "L", "root", "count", "error"]


def test_other_quantities_and_syntaxes(bertsym: Run) -> None:
    """Sequences no longer than the learned positions, at constant FLOPs."""
    run = ("--of", "flops", "--for", "S", "--at", "B=1,S=512")
    table = rows(bertsym("tradeoff", "bert-base-uncased", *run, "--csv").out)
    assert [(row["S"], row["L"]) for row in table][-1] == ("512", "12")
    assert table[-1]["FLOPs"] == "96637943808"
    for syntax in ("--latex", "--markdown", "--html", "--typst", "--method", "--legend"):
        assert bertsym("tradeoff", "bert-base-uncased", syntax).code == 0
    assert bertsym("tradeoff", "bert-base-uncased", "--latex", "--caption", "Vocabulary", "--label", "tab:v").code == 0


def test_what_is_refused() -> None:
    model = bertsym.load("bert-base-uncased")
    with pytest.raises(Conflict, match="traded"):
        model.tradeoff("V", "vocab_size")
    with pytest.raises(TooLarge):
        model.tradeoff("V", "L", values=range(1, 10**20))
    with pytest.raises(BertsymError, match="does not depend on heads"):
        model.tradeoff("V", "heads")
    with pytest.raises(BertsymError, match="did you mean"):
        model.tradeoff("V", "L", "110m")


def test_sizes_that_follow_are_columns_and_not_said_to_stand(bertsym: Run) -> None:
    ran = bertsym("tradeoff", "qwen3", "--for", "heads=8..32:8", "--against", "L", "--json")
    found = json.loads(ran.out)
    assert "kv_heads" not in found["at"]
    assert [row["at"]["kv_heads"] for row in found["rows"]] == [8, 16, 24, 32]
    assert found["marginal"] == []  # a head more is a head of keys more, too
    given = ",".join(f"{name}={size}" for name, size in {**found["at"], **found["rows"][1]["at"]}.items())
    assert bertsym("total", "qwen3", "--at", given, "--count").out == f"{found['rows'][1]['count']}\n"


def test_a_size_that_only_some_models_name(bertsym: Run) -> None:
    """DeBERTa's embeddings have a projection unless E is H, and a model at that E names no E."""
    table = rows(bertsym("tradeoff", "deberta-v3-base", "--for", "L=6..12:6", "--against", "E", "--csv").out)
    assert [row["E"] for row in table] == ["1088", "768"]
    assert table[1]["error"] == "0"


def test_the_answer_says_that_a_width_is_a_multiple_of_64(bertsym: Run) -> None:
    assert "H is a multiple of 64" in bertsym("tradeoff", "bert-base-uncased", "--against", "H").out
    assert "is a multiple" not in bertsym("tradeoff", "bert-base-uncased").out
    found = json.loads(bertsym("tradeoff", "llama-7b", "--against", "ffn_ratio", "--json").out)
    assert found["multiples"] == {"F": 64}


@pytest.mark.parametrize(("name", "at", "against"), [("t5-small", {"H": 1024}, "d"), ("bert-base-uncased", {}, "H")])
def test_the_own_value_of_the_size_that_gives_way_is_ignored(name: str, at: dict[str, int], against: str) -> None:
    """Ten heads neither share 1,024 features nor 768, but other sizes of a head and other widths have ten."""
    model = bertsym.load(name).at(at)
    total = model.count()
    report: Any = model.tradeoff("heads", against, total, values=[6, 10, 14]).report
    for choice in report.choices:
        sizes = {"heads": choice.number, against: choice.point.value}
        assert bertsym.load(name).at({**at, **sizes}).count() == choice.point.count <= total


def test_a_switch_is_traded_for_nothing(bertsym: Run) -> None:
    ran = bertsym("tradeoff", "bert", "--for", "tied")
    assert (ran.code, "expected a size that is a whole number" in ran.err) == (2, True)


def test_a_value_that_does_not_divide_has_an_empty_row(bertsym: Run) -> None:
    ran = bertsym("tradeoff", "Meta-Llama-3-8B", "--for", "heads=24..40:8", "--against", "L")
    assert ran.code == 0
    assert [line.split()[1] for line in ran.out.splitlines() if line.split()[:1] == ["24"]] == ["—"]
