"""The numbers of figures, against formulas of papers written out here."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

Run = Callable[..., Any]

# Devlin et al. 2019, section 3: V = 30,522 word pieces, 512 positions, 2 segments, feed-forward 4H.
V, N, T = 30522, 512, 2
# Their counts, with the pooler, by component: embeddings, attention, feed-forward, pooler.
BERT = [23_837_184, 28_366_848, 56_687_616, 590_592]


def bert(width: Fraction, depth: Fraction, words: Fraction = Fraction(V)) -> Fraction:
    """The parameters of BERT without a head, layer by layer, as its paper describes it."""
    embeddings = (words + N + T) * width + 2 * width
    attention = 4 * (width**2 + width) + 2 * width
    feed_forward = 2 * 4 * width**2 + 4 * width + width + 2 * width
    return embeddings + depth * (attention + feed_forward) + width**2 + width


def answer(bertsym: Run, *words: str) -> Any:
    ran = bertsym("plot", *words, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_parts_are_those_of_the_paper_and_sum_to_the_total(bertsym: Run) -> None:
    found = answer(bertsym, "parts", "bert-base-uncased", "distilbert-base-uncased", "albert-base-v2")
    counts = {part["name"]: part["counts"] for part in found["parts"]}
    assert [counts[name][0] for name in ("embeddings", "attention", "feed-forward", "pooler")] == BERT
    assert counts["pooler"] == [590_592, 0, 590_592], "DistilBERT has no pooler"
    assert found["totals"] == [109_482_240, 66_362_880, 11_683_584]
    assert [sum(column) for column in zip(*counts.values(), strict=True)] == found["totals"]


def test_a_curve_is_exact_at_every_point(bertsym: Run) -> None:
    (found,) = answer(bertsym, "total", "bert-base-uncased", "--for", "H=256..2048")["models"]
    assert [width for width, _ in found["points"]] == list(range(256, 2049, 64))
    assert all(count == bert(Fraction(width), Fraction(12)) for width, count in found["points"])
    assert found["own"] == [768, 109_482_240]


def test_a_curve_has_the_step_that_is_asked_for(bertsym: Run) -> None:
    (found,) = answer(bertsym, "total", "bert-base-uncased", "--for", "L=2..10:4")["models"]
    assert found["points"] == [[depth, int(bert(Fraction(768), Fraction(depth)))] for depth in (2, 6, 10)]


def test_a_curve_skips_sizes_without_a_model(bertsym: Run) -> None:
    """The width of an attention of grouped queries counts by the heads, which stay, so it divides the hidden size."""
    (found,) = answer(bertsym, "total", "Llama-3.1-8B", "--for", "H=64..512:8")["models"]
    assert {width % 32 for width, _ in found["points"]} == {0}


def test_a_curve_is_level_where_layers_share_their_weights(bertsym: Run) -> None:
    """ALBERT's layers share their weights: Lan et al. 2019, section 3.1."""
    words = ("total", "bert-base-uncased", "albert-base-v2", "--for", "L=1..24")
    first, second = answer(bertsym, *words)["models"]
    assert all(count == bert(Fraction(768), Fraction(layers)) for layers, count in first["points"])
    assert second["points"] == [[layers, 11_683_584] for layers in range(1, 25)]
    alone = bertsym("plot", "total", "albert-base-v2", "albert-large-v2", "--for", "L=1..24")
    assert (alone.code, "does not depend on L" in alone.err) == (2, True)


def test_a_level_curve_skips_sizes_without_a_model(bertsym: Run) -> None:
    """T5's biases depend on the heads, BERT's weights do not; both need heads that divide 768."""
    first, second = answer(bertsym, "total", "bert-base-uncased", "t5-base", "--for", "heads=1..24")["models"]
    divisors = [heads for heads in range(1, 25) if 768 % heads == 0]
    assert first["points"] == [[heads, 109_482_240] for heads in divisors]
    assert [heads for heads, _ in second["points"]] == divisors


def test_the_target_lies_between_the_integers_beside_a_curve(bertsym: Run) -> None:
    found = answer(bertsym, "iso", "bert-base-uncased", "--target", "110e6,340e6")
    assert [curve["target"] for curve in found["curves"]] == [110_000_000, 340_000_000]
    for curve in found["curves"]:
        assert len(curve["points"]) > 20
        for x, y in ([Fraction(coordinate) for coordinate in point] for point in curve["points"]):
            step = Fraction(1, 10_000)
            assert bert(x, y - step) <= curve["target"] <= bert(x, y + step)


def test_published_models_near_a_target_are_on_the_figure(bertsym: Run) -> None:
    found = answer(bertsym, "iso", "bert-base-uncased", "--target", "110M,340M")
    shown = {model["name"]: (model["at"], model["count"]) for model in found["models"]}
    # The hub's totals of both: tests/data/published_counts.tsv.
    assert shown == {
        "bert-base-uncased": ([768, 12], 109_482_240),
        "bert-large-uncased": ([1024, 24], 335_141_888),
    }
    assert "bert-base-cased" in found["models"][0]["others"]
    run = ("--of", "flops", "--at", "B=1,S=512", "--target", "97GFLOPs")
    assert answer(bertsym, "iso", "bert-base-uncased", *run)["models"] == [], "their counts are of parameters"
    (marked,) = answer(bertsym, "iso", "bert-base-uncased", *run, "--mark", "bert-base-uncased")["models"]
    total = json.loads(bertsym("total", "bert-base-uncased", *run[:4], "--json").out)
    assert (marked["at"], marked["count"]) == ([768, 12], total["count"])


def test_the_usual_ranges_hold_the_targets(bertsym: Run) -> None:
    """Without a range and far from any published model, up to the largest target that can be typed."""
    for targets in ("1M,1B", "671B", "1e40"):
        found = answer(bertsym, "iso", "bert-base-uncased", "--target", targets)
        assert all(len(curve["points"]) > 5 for curve in found["curves"])


@pytest.mark.parametrize("model", ["gpt2", "bert", "vit"])
def test_the_usual_ranges_of_open_sizes_hold_the_targets(model: str, bertsym: Run) -> None:
    small, large = answer(bertsym, "iso", model, "--target", "1e9,70e9")["curves"]
    assert min(len(small["points"]), len(large["points"])) > 10


def test_marks_are_chosen_and_named(bertsym: Run) -> None:
    words = ("iso", "bert-base-uncased", "--target", "110M")
    found = answer(bertsym, *words, "--mark", "bert-medium,bert-tiny", "--name", "medium", "--name", "tiny")
    assert [(model["title"], model["at"]) for model in found["models"]] == [("medium", [512, 8]), ("tiny", [128, 2])]
    assert answer(bertsym, *words, "--mark", "none")["models"] == []
    (marked,) = answer(bertsym, *words, "--mark", "bert-base-uncased", "--head", "masked-lm")["models"]
    # BERT's count without the pooler, with transform (H^2 + H), its norm (2H) and a bias for each word.
    assert marked["count"] == 109_482_240 - BERT[3] + 768**2 + 768 + 2 * 768 + V, "under the head of the curve"


def test_an_elasticity_is_the_slope_of_the_logarithm(bertsym: Run) -> None:
    found = answer(bertsym, "elasticities", "bert-base-uncased")
    shares = {entry["by"]: Fraction(entry["elasticity"]) for entry in found["elasticities"]}
    assert list(shares) == ["H", "L", "ffn_ratio", "V", "N", "T"], "the largest first"
    assert found["independent"] == ["heads"]
    base = {"width": Fraction(768), "depth": Fraction(12), "words": Fraction(V)}
    for name, argument in (("H", "width"), ("L", "depth"), ("V", "words")):
        step = Fraction(1, 10**9)
        more, less = (bert(**base | {argument: base[argument] * (1 + sign * step)}) for sign in (1, -1))
        assert abs((more - less) / (2 * step * bert(**base)) - shares[name]) < Fraction(1, 10**9)


def test_other_quantities_have_figures(bertsym: Run) -> None:
    found = answer(bertsym, "parts", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512")
    total = json.loads(bertsym("total", "bert-base-uncased", "--of", "flops", "--at", "B=1,S=512", "--json").out)
    assert found["totals"] == [total["count"]]


def test_the_text_has_the_numbers_of_the_figure(bertsym: Run) -> None:
    ran = bertsym("plot", "parts", "bert-base-uncased", "distilbert-base-uncased", "--name", "BERT")
    assert (ran.code, ran.err) == (0, "")
    assert "BERT  DistilBERT base" in ran.out
    assert all(f"{count:,}" in ran.out for count in (*BERT, 109_482_240, 66_362_880))
    table = bertsym("plot", "parts", "bert-base-uncased", "--markdown").out
    assert "109{,}482{,}240" in table or "109,482,240" in table


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pie", "bert"), "unknown kind of figure 'pie'"),
        (("parts", "gpt2"), "no value for V"),
        (("total", "bert-base-uncased"), "--for H=256..2048"),
        (("total", "bert-base-uncased", "--for", "H"), "--for"),
        (("total", "bert-base-uncased", "--for", "H=512..256"), "larger than the first"),
        (("total", "bert-base-uncased", "--for", "H=1..1000000:1"), "the limit is 1,000"),
        (("total", "bert-base-uncased", "--for", "H=64..512:0"), "--for: expected a whole number"),
        (("total", "albert-base-v2", "--for", "L=1..12"), "does not depend on L"),
        (("iso", "bert-base-uncased"), "--target 110M,340M"),
        (("iso", "bert-base-uncased", "--target", "110M", "--for", "H,H"), "two sizes"),
        (("iso", "bert-base-uncased", "--target", "110M", "--for", "H,heads"), "does not depend on heads"),
        (("iso", "bert-base-uncased", "--target", "9M", "--range", "H=512..768"), "no curve of 9,000,000"),
        (("iso", "bert-base-uncased", "bert-tiny", "--target", "9M"), "it takes one model"),
        (("iso", "bert-base-uncased", "--target", "110M", "--name", "x"), "--mark"),
        (("elasticities", "bert"), "no value for V"),
        (("parts", "bert-base-uncased", "--for", "H"), "belongs to plot total and plot iso"),
        (("elasticities", "bert-base-uncased", "--share"), "belongs to plot parts"),
        (("parts", "bert-base-uncased", "--name", "a", "--name", "b"), "each model has one name"),
        (("parts", "bert-base-uncased", "--name", " "), "a name of 1 to 80 characters"),
        (("parts", *["bert-tiny"] * 41), "the limit is 40"),
        (("parts", "bert-base-uncased", "-o", "x.jpg"), "--output"),
        (("parts", "bert-base-uncased", "-o", "x.pdf", "--caption", "a"), "--caption contradicts pdf output"),
        (("parts", "bert-base-uncased", "-o", "x.pdf", "--latex"), "one syntax"),
        (("parts", "bert-base-uncased", "--latex", "--font", "cm"), "--font contradicts tex output"),
        (("parts", "bert-base-uncased", "--width", "acl"), "--width contradicts text output"),
        (("elasticities", "bert-base-uncased", "--latex", "--width", "50pt"), "the figure needs at least 100 pt"),
        (("parts", "bert-base-uncased", "--layout", "align"), "unknown layout of a figure"),
        (("parts", "bert-base-uncased", "--latex", "--label", "}"), "--label"),
        (("parts", "bert-base-uncased", "--name", "x" * 70, "--latex", "--width", "acl"), "pass a larger --width"),
    ],
)
def test_a_wrong_request_names_its_option(words: tuple[str, ...], said: str, bertsym: Run) -> None:
    ran = bertsym("plot", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
