"""Questions that `solve` once answered wrongly: given sizes hold, offered models exist, no answer is missed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bertsym.api import load
from bertsym.errors import BertsymError, Conflict

pytestmark = pytest.mark.slow

Run = Callable[..., Any]


def candidates(bertsym: Run, *words: str) -> list[dict[str, Any]]:
    """Return the answers of the command, as JSON."""
    ran = bertsym("solve", *words, "--json")
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["candidates"]
    assert found
    return found


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("--for H,heads --at d=64,L=12", lambda at: at["H"] == 64 * at["heads"]),
        ("--for H,L --at d=64,heads=12", lambda at: at["H"] == 768),
        ("--for H,L,F --at ffn_ratio=4", lambda at: at["F"] == 4 * at["H"]),
        ("--for H,F,ffn_ratio", lambda at: at["F"] == at["ffn_ratio"] * at["H"]),
        ("--for L,V --at d=64,heads=8", lambda _: True),
        ("--for heads --at d=64", lambda _: True),
        ("bert-base-uncased --for H --tie d=64", lambda at: at["H"] % 64 == 0),
        ("bert-base-uncased --for H --at heads=8", lambda at: at["H"] % 8 == 0),
        ("bert-base-uncased --for H --at heads=10", lambda at: at["H"] % 10 == 0),
        ("bert-base-uncased --for H --at F=3072 --tie ffn_ratio=4", lambda at: at["H"] == 768),
        ("bert-base-uncased --for H,L --at F=3000 --tie ffn_ratio=2 --multiple-of 1", lambda at: at["H"] == 1500),
        ("bert-base-uncased --for L --tie N=10-L", lambda at: at["N"] == 10 - at["L"] > 0),
        ("bert-base-uncased --for L,H --tie V=H/L", lambda at: at["V"] * at["L"] == at["H"]),
        ("bert-base-uncased --for L --tie V=H/L", lambda at: at["V"] * at["L"] == 768),
        ("bert-base-uncased --for V --range V=20000..50000", lambda at: 20000 <= at["V"] <= 50000),
        ("bert-base-uncased --for H,L --range H=64..1,024,L=2..9", lambda at: at["H"] <= 1024 and 2 <= at["L"] <= 9),
        ("bert-base-uncased --for V --where V%50000==0", lambda at: at["V"] % 50000 == 0),
        ("bert-base-uncased --for V --where V%50000==7", lambda at: at["V"] % 50000 == 7),
        ("bert-base-uncased --for H --where heads==8", lambda at: at["heads"] == 8),
        ("bert-base-uncased --for H,L --where heads==8", lambda at: at["heads"] == 8),
        ("opt-default --for H --where heads==8", lambda at: at["heads"] == 8 and at["H"] % 8 == 0),
        ("bert-base-uncased --for H --where H==770", lambda at: at["H"] == 770),
        ("bert-base-uncased --for H --where H%100==0", lambda at: at["H"] % 100 == 0),
        ("bert-base-uncased --for H,L --where H==770 --at heads=11", lambda at: at["H"] == 770),
        ("bert-base-uncased --for H --where d==96", lambda at: at["H"] == 96 * at["heads"]),
        ("electra --for L --tie H=L*L", lambda at: at["H"] == at["L"] ** 2),
        ("bert-base-uncased --head sequence-classification --for labels,H --range labels=0..3", lambda _: True),
    ],
)
def test_every_answer_keeps_to_what_was_asked(
    bertsym: Run, words: str, holds: Callable[[dict[str, Any]], bool]
) -> None:
    for found in candidates(bertsym, *words.split(), "--target", "110M"):
        assert holds(found["at"]), found


def test_the_nearest_is_not_missed(bertsym: Run) -> None:
    heads = candidates(bertsym, "bert-base-uncased", "--for", "H", "--where", "heads == 8", "--target", "110M")
    assert (heads[0]["value"], heads[0]["count"]) == (768, 109482240)
    rows = candidates(
        bertsym, "bert-base-uncased", "--for", "V", "--range", "V=20000..50000", "--target", "200M", "--top", "3"
    )
    assert [found["value"] for found in rows] == [50000, 49999, 49998]
    llama = candidates(bertsym, "llama", "--for", "H", "--tie", "F=4*H", "--target", "7B")
    assert all(found["at"]["F"] == 4 * found["at"]["H"] for found in llama)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--for H --at H=512", "H=512, which was given, contradicts --for H"),
        ("--for L --at H=512 --tie H=64*L", "H=512, which was given, contradicts --tie H"),
        ("--for H --range H=64..128 --range H=256..512", "a range is given once"),
        ("--for H,L --range H=64..128,L=1..2,H=1..9", "a range is given once"),
        ("--for , --at L=2", "--for: expected a size, as in H, got ','"),
        ("--for H --multiple-of H=64 --multiple-of H=32", "a step is given once"),
        ("--for H --multiple-of 64,32", "a step is given once"),
        ("bert-base-uncased --for L --at F=3072 --tie ffn_ratio=5", "H*ffn_ratio is 3840"),
        ("--for L --where H==770", "add d=70 or heads=11"),
        ("--for L --at H=768,heads=12 --where H==770", "satisfies H==770 (at H = 768"),
        ("--for H --where V>=40000", "V = 30522, which is assumed; --for H,V searches it too"),
        (
            "--for H --where H==770 --multiple-of 64",
            "no H from 64 to 16,384 by 64 (--multiple-of 64 applies to H) satisfies H==770",
        ),
        ("--for V --where V*V%3==2", "no V from 1 to 262,144 satisfies V*V%3==2"),
        ("--for L --tie V=0-L", "satisfies"),
        ("--for tied", "a size that is a number"),
        ("llama --for L --at heads=32,kv_heads=5", "no model satisfies heads/kv_heads is whole"),
    ],
)
def test_what_has_no_answer_is_said(bertsym: Run, words: str, says: str) -> None:
    ran = bertsym("solve", *words.split(), "--target", "110M")
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


@pytest.mark.parametrize(
    "question",
    [
        {"top": 0}, {"top": -1}, {"top": 1.5}, {"unknowns": []}, {"unknowns": ["H", "H"]}, {"unknowns": "tied"},
        {"multiple_of": {"H": 0}}, {"multiple_of": {"H": -64}}, {"ranges": {"H": (5,)}}, {"ranges": {"H": (1.5, 3)}},
        {"target": 0}, {"target": -5}, {"target": 1.5}, {"tolerance": -1}, {"tolerance": 0.01},
        {"at_most": {"exact": 1.5}}, {"order": "depth"}, {"unknowns": ["H", "L"], "top": 0},
        {"unknowns": ["H", "L"], "multiple_of": {"H": 0}},
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(BertsymError):
        load("bert-base-uncased").solve(**{"target": "110M", **question})


def test_a_size_that_was_given_is_no_unknown_in_the_library() -> None:
    base = load("bert-base-uncased")
    assert base.solve("110M", "H").report.solution.candidates
    with pytest.raises(Conflict):
        base.at(H=768).solve("110M", "H")


@pytest.mark.parametrize("name", ["granite_docling-default", "ernie4_5_vl_moe-default"])
def test_what_follows_from_what_follows_is_checked(name: str) -> None:
    with pytest.raises(BertsymError):
        load(name).at({"heads": 17, "F": 3072, "ffn_ratio": 1})
    with pytest.raises(BertsymError):
        load("granite_docling-default").at(heads=17).count()


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("qwen2_moe-default", "F"), ("ernie4_5_vl_moe-default", "heads"), ("ernie4_5_vl_moe-default", "ffn_ratio"),
     ("fastspeech2_conformer-default", "L"), ("mobilenet_v1-default", "min_depth"), ("swin-default", "embed_dim")],
)  # fmt: skip
def test_models_of_the_atlas_are_answered_or_refused(bertsym: Run, name: str, unknown: str) -> None:
    for target in ("1M", "110M", "20B"):
        ran = bertsym("solve", name, "--for", unknown, "--target", target)
        assert ran.code in (0, 2)
        assert "Traceback" not in ran.err
