"""The command line's contract: JSON keys, the shown numbers, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


def answer(bertsym: Run, *words: str) -> Any:
    ran = bertsym(*words, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["bert-base-uncased"], 109482240),
        (["bert-base-uncased", "--head", "pretraining"], 110106428),
        (["bert-base-uncased", "--head", "masked-lm"], 109514298),
        (["bert-large-uncased"], 335141888),
        (["bert-large-uncased", "--head", "pretraining"], 336226108),
        (["bert-base-multilingual-cased"], 177853440),
        (["--at", "V=30,522,N=512,H=768", "--at", "L=12, ffn_ratio=4"], 109482240),
        (["bert-base-uncased", "--at", "tied=no", "--head", "masked-lm"], 109514298 + 30522 * 768 + 30522),
        ([], None),
    ],
)
def test_total(bertsym: Run, words: list[str], count: int | None) -> None:
    found = answer(bertsym, "total", *words)
    assert set(found) == {"model", "class", "convention", "expression", "latex", "at", "count"}
    assert found["count"] == count
    if count is not None:
        assert bertsym("total", *words, "--count").out == f"{count}\n"


def test_show(bertsym: Run) -> None:
    found = answer(bertsym, "show", "bert-base-uncased")
    assert [row["name"] for row in found["rows"]] == ["embeddings", "attention", "feed-forward", "pooler"]
    assert sum(row["count"] for row in found["rows"]) == found["total"]["count"] == 109482240
    assert {"name", "expression", "count", "share"} <= set(found["rows"][0])


def test_tensors(bertsym: Run) -> None:
    found = answer(bertsym, "tensors", "bert-base-uncased", "--head", "pretraining")
    assert len(found) == 208
    assert set(found[0]) == {"name", "shape", "role", "component", "tied_to", "repeat", "active"}
    assert found[0]["shape"] == [30522, 768]
    tied = {entry["name"]: entry["tied_to"] for entry in found if entry["tied_to"]}
    assert tied == {
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    }
    symbolic = answer(bertsym, "tensors")
    assert symbolic[5]["name"] == "encoder.layer.*.attention.self.query.weight"
    assert symbolic[5]["repeat"] == "L"


def test_diff(bertsym: Run) -> None:
    found = answer(bertsym, "diff", "bert-base-uncased", "--by", "L")
    assert {"by", "order", "expression", "value", "elasticity"} <= set(found)
    assert (found["by"], found["order"], found["value"]) == ("L", 1, 7087872)


def test_solve_for_one(bertsym: Run) -> None:
    found = answer(bertsym, "solve", "bert-base-uncased", "--target", "110M", "--for", "H")
    contract = {"target", "for", "at", "closed_form", "root", "floor", "ceil", "candidates"}
    assert contract <= set(found)
    assert (found["target"], found["for"], found["root"]) == (110_000_000, "H", 770.04)
    assert (found["floor"]["value"], found["ceil"]["value"]) == (770, 771)
    assert found["candidates"][0] == {
        "value": 768,
        "at": {"H": 768, "heads": 12, "F": 3072},
        "count": 109482240,
        "error": -517760,
    }


def test_solve_for_several(bertsym: Run) -> None:
    found = answer(bertsym, "solve", "--target", "340M", "--for", "H,L,heads", "--where", "H/heads == 64")
    assert {"target", "for", "searched", "candidates"} <= set(found)
    assert found["searched"] == 256 * 128 * 128
    assert found["complete"] is True
    assert all(c["at"]["H"] == 64 * c["at"]["heads"] for c in found["candidates"])
    assert [abs(c["error"]) for c in found["candidates"]] == sorted(abs(c["error"]) for c in found["candidates"])


def test_budgets(bertsym: Run) -> None:
    words = ("solve", "--for", "H,L", "--at-most", "110M", "--at-least", "non-embedding=85M")
    for candidate in answer(bertsym, *words)["candidates"]:
        at = ",".join(f"{name}={value}" for name, value in {**candidate["at"], "heads": 1}.items())
        assert int(bertsym("total", "bert-base-uncased", "--count", "--at", at).out) == candidate["count"] <= 110e6
        non_embedding = bertsym("total", "bert-base-uncased", "--count", "--at", at, "--convention", "non-embedding")
        assert int(non_embedding.out) >= 85e6
    one = answer(bertsym, "solve", "--for", "H", "--at-most", "110M")
    assert all(candidate["error"] <= 0 for candidate in one["candidates"])


def test_diff_by_heads_says_why(bertsym: Run) -> None:
    assert "does not depend on heads: it enters only through d = H/heads" in bertsym("diff", "--by", "heads").out


def test_explain_shows_the_heads_cancelling(bertsym: Run) -> None:
    text = bertsym("explain", "bert-base-uncased", "--component", "attention").out
    assert "(d = H/heads)" in text
    assert "3·heads·d·H   = 3·H²" in text
    assert "are heads·d = H features wide, so their number cancels." in text
    assert "= 28,366,848" in text


def test_a_derivation_ends_in_the_total(bertsym: Run) -> None:
    ran = bertsym("explain", "bert-base-uncased", "--head", "pretraining")
    assert ran.out.rstrip().endswith("= 110,106,428")


def test_models_and_symbols(bertsym: Run) -> None:
    sizes = {size["name"]: size["count"] for size in answer(bertsym, "models")["sizes"]}
    assert sizes["bert-base-uncased"] == 109482240
    miniatures = [name for name in sizes if name.startswith("bert_uncased_L-")]
    assert len(miniatures) == 24
    names = [symbol["name"] for symbol in answer(bertsym, "symbols")["symbols"]]
    assert names[:6] == ["V", "N", "H", "L", "heads", "ffn_ratio"]


@pytest.mark.parametrize("command", ["total", "show", "tensors", "explain", "diff", "models", "symbols"])
@pytest.mark.parametrize("output", ["--latex", "--markdown", "--json", "--help"])
def test_every_command_in_every_output(bertsym: Run, command: str, output: str) -> None:
    ran = bertsym(command, output)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


@pytest.mark.parametrize("words", [["--version"], ["-h"], ["--help"]])
def test_the_root(bertsym: Run, words: list[str]) -> None:
    assert bertsym(*words).code == 0
