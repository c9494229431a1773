"""Input from strangers costs work in proportion to its length, or is refused with the limit. Work is counted.

A call of a function is a step; twice the length takes at most 2.5 times the steps. What scans a text inside one call,
as a pattern or `str.find` does, shows no steps: those texts are long enough that a second pass over the rest for each
of their pieces would not end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.checking.verify import Expected, Slot, compare
from bertsym.checkpoints.tensor_types import Array
from bertsym.claims import ledger as ledgers
from bertsym.claims.formula import MAX_SIDES, MAX_TERMS, judge_formula
from bertsym.claims.ledger import Ledger, TooManyJudged
from bertsym.claims.limits import MAX_COSTS, MAX_FORMULAS, MAX_NUMBERS, TooMany
from bertsym.claims.parser import read
from bertsym.claims.question import Question
from bertsym.claims.sources import Source
from bertsym.claims.texts import judge_document
from bertsym.errors import BadField, TooLarge
from bertsym.explain import MAX_EXPLAINED_TENSORS, MAX_EXPLAINED_TERMS, explain
from bertsym.saved_model.decode import parse
from bertsym.saved_model.decode_inventory import MAX_FLOORS
from bertsym.zoo import named
from tests.claims.work import growth, work

pytestmark = pytest.mark.slow

MOST_GROWTH = 2.5
BERT = named("bert-base-uncased")
QUESTION = Question(BERT, (BERT.head,), "auto", {})


def audited(text: str, *, tex: bool = False) -> tuple[Any, ...]:
    return judge_document((Source("", text, ".tex" if tex else ".md"),), QUESTION).claims


TEXTS: dict[str, Callable[[int], str]] = {
    "formulas that differ": lambda n: "".join(f"parameters $12LH^2 + {i}$ " for i in range(n)),
    "one formula again": lambda n: "parameters $12LH^2 + 13LH$ " * n,
    "formulas that cannot be read": lambda n: "".join(f"parameters $xyz{i} + {i}$ " for i in range(n)),
    "formulas that count nothing": lambda n: "".join(f"parameters ${i}H$ " for i in range(n)),
    "numbers that differ": lambda n: "bert-base-uncased " + "".join(f"{i}M parameters " for i in range(n)),
    "one number again": lambda n: "bert-base-uncased " + "110M parameters " * n,
    "names on one line": lambda n: "".join(f"bert-{i} 110M parameters " for i in range(n)),
    "a number on each line": lambda n: "bert-base-uncased has 110M parameters.\n" * n,
    "dollars": lambda n: "parameters " + "$x " * n,
    "work in one sentence": lambda n: "bert-base-uncased at 512 tokens: " + "22 GFLOPs " * n,
    "work in many sentences": lambda n: "BERT-base.\n\n" + "22 GFLOPs.\n" * n,
    "bytes in one sentence": lambda n: "bert-base-uncased " + "2 GB of KV cache in bf16 " * n,
    "one rule again": lambda n: "$6ND$ " * n,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts(kind: str) -> None:
    audited(TEXTS[kind](2))
    assert growth(lambda n: audited(TEXTS[kind](n)), 40) < MOST_GROWTH


@pytest.mark.parametrize(
    ("piece", "tex"),
    [
        *[
            (piece, False)
            for piece in ("```x\n", "~~~\n``` x\n", "\\[", "\\(", "$$", "$x ", "`", "``` \n\n", "FLOPs ", "KV ")
        ],
        *[(rf"\begin{{{name}}} ", True) for name in ("equation", "align*", "verbatim", "comment")],
        *[(piece, True) for piece in ("%", "\\[x", "$H$ params ", "1,", "1 ", "1\\,")],
    ],
    ids=str,
)
def test_long_texts_of_one_piece(piece: str, tex: bool) -> None:
    """900 kB; each piece that looked through the rest of the text would take minutes."""
    assert all(claim.verdict is None for claim in audited(piece * (900_000 // len(piece)), tex=tex))


def test_what_a_text_holds_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooMany, match=f"20,000 different formulas; the limit is {MAX_FORMULAS:,}"):
        audited(TEXTS["formulas that differ"](20_000))
    with pytest.raises(TooMany, match=f"the limit is {MAX_NUMBERS:,}"):
        audited(TEXTS["numbers that differ"](2_000))
    with pytest.raises(TooMany, match=f"claims about costs; the limit is {MAX_COSTS:,}"):
        audited("bert-base-uncased " + "".join(f"{i} GFLOPs " for i in range(1, 1_000)))
    monkeypatch.setattr(ledgers, "MAX_JUDGING_STEPS", 2_000)
    with pytest.raises(TooManyJudged, match=r"steps of judging formulas: 2,0[0-9]+; the limit is 2,000"):
        audited(TEXTS["formulas that differ"](200))


def test_what_a_formula_holds_is_limited() -> None:
    with pytest.raises(TooManyJudged, match=f"different sides of a formula: 999; the limit is {MAX_SIDES}"):
        judge_formula(read("=".join(f"{i}HL" for i in range(1, 1_000))), BERT, (BERT.head,))
    remainders = " + ".join(f"O(V^{a}H^{b})" for a in range(1, 9) for b in range(1, 9))
    with pytest.raises(TooManyJudged, match=rf"remainders O\(...\) of a formula: 64; the limit is {MAX_SIDES}"):
        judge_formula(read(f"12LH^2 + {remainders}"), BERT, (BERT.head,))
    several = (f"V^{a}H^{b}L^{c}" for a in range(1, 8) for b in range(1, 8) for c in range(1, 8))
    with pytest.raises(TooLarge, match=f"343 entries; the limit is {MAX_TERMS}"):
        judge_formula(read(" + ".join(several)), BERT, (BERT.head,))


def test_a_second_formula_costs_less() -> None:
    """The second formula reuses the countings of the first; its verdict is the same as without the first."""
    ledger = Ledger(BERT, tuple(BERT.architecture.heads))
    first, second = read("12LH^2 + 13LH + 1"), read("12LH^2 + 13LH + 2")
    fresh = judge_formula(second, BERT, ledger.heads)
    before = work(lambda: judge_formula(first, BERT, ledger.heads, ledger=ledger))
    after = work(lambda: judge_formula(second, BERT, ledger.heads, ledger=ledger))
    assert 4 * after < before
    kept = judge_formula(second, BERT, ledger.heads, ledger=ledger)
    assert [one.nearest.name for one in kept.judgements] == [one.nearest.name for one in fresh.judgements]
    assert [one.rows for one in kept.judgements] == [one.rows for one in fresh.judgements]


SIZES = {
    "H": {"field": "hidden_size", "default": 64},
    "L": {"field": "num_hidden_layers", "default": 4},
    "V": {"field": "vocab_size", "default": 100},
}


def saved(rows: list[list[str]], sizes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a saved model of one component."""
    tensors = [{"component": "c", "prefix": "c.", "tensors": rows}]
    head = {"model": {"class": "X", "tensors": tensors}}
    return {
        "bertsym": "derived-model",
        "format": 3,
        "name": "x",
        "source": "somebody",
        "engine": 10,
        "sizes": sizes or SIZES,
        "heads": head,
    }


SAVED: dict[str, Callable[[range], list[list[str]]]] = {
    "tensors alike": lambda r: [[f"t{i}.weight", "matrix", "H", f"V + {r[0]}"] for i in r],
    "tensors that differ": lambda r: [[f"t{i}.weight", "matrix", "H", f"H + {i}*V"] for i in r],
    "rounded down": lambda r: [[f"t{i}.weight", "matrix", "H", f"(V + {i})//{i + 2}"] for i in r],
}


@pytest.mark.parametrize("kind", SAVED)
def test_saved_models(kind: str) -> None:
    """Other numbers each time, as sympy remembers what it has worked out."""

    def told(numbers: range) -> int:
        return work(lambda: explain(parse(saved(SAVED[kind](numbers)), Path("x.json"))))

    size = 12 if kind == "rounded down" else 60
    told(range(1, 3))
    assert told(range(1_000, 1_000 + 2 * size)) / told(range(3_000, 3_000 + size)) < MOST_GROWTH


def test_what_a_saved_model_holds_is_limited() -> None:
    with pytest.raises(BadField, match=f"more than {MAX_FLOORS} quotients rounded down"):
        parse(saved([[f"t{i}.weight", "matrix", "H", f"(V + {i})//2"] for i in range(MAX_FLOORS + 1)]), Path("x.json"))
    with pytest.raises(TooLarge, match=f"the limit is {MAX_EXPLAINED_TENSORS:,}"):
        explain(parse(saved(SAVED["tensors alike"](range(MAX_EXPLAINED_TENSORS + 1))), Path("x.json")))
    many = {f"a{i}": {"field": f"a{i}", "kind": "features", "default": 3} for i in range(360)}
    sums = [" + ".join(f"a{place}" for place in range(start, start + 40)) for start in range(0, 360, 40)]
    rows = [[f"w{i}.weight", "matrix", sums[0], one] for i, one in enumerate(sums)]
    with pytest.raises(TooLarge, match=f"the limit is {MAX_EXPLAINED_TERMS:,}"):
        explain(parse(saved(rows, {**SIZES, **many}), Path("x.json")))


def checkpoint(n: int, *, tied: bool = False, dtype: str = "F32") -> None:
    """Compare a checkpoint of n tensors, perhaps all of them names of one that is not stored itself."""
    home = {"home.weight": Slot((8, 32))} if tied else {}
    slots = {f"m{i}.weight": Slot((8, 32), "home.weight" if tied else None) for i in range(n)}
    compare(Expected("X", {**home, **slots}), {name: Array(dtype, (8, 32)) for name in slots})


@pytest.mark.parametrize("dtype", ["F32", "I8", "U8", "F8_E4M3"])
@pytest.mark.parametrize("tied", [False, True])
def test_checkpoints(dtype: str, tied: bool) -> None:
    assert growth(lambda n: checkpoint(n, tied=tied, dtype=dtype), 200) < MOST_GROWTH


@pytest.mark.parametrize(
    "words",
    [
        lambda n: ["audit", "12LH^2" + "+O(H)" * n],
        lambda n: ["audit", "+".join(["LH^2"] * n)],
        lambda n: ["audit", "=".join(["H^2"] * n)],
        lambda n: ["audit", "12LH^2", "--where", ",".join(f"x{i}=H" for i in range(n))],
        lambda n: ["total", "bert", "--at", ",".join(f"H={i + 1}" for i in range(n))],
        lambda n: ["total", "bert-" * n],
    ],
)
def test_words(words: Callable[[int], list[str]], bertsym: Callable[..., Any]) -> None:
    assert growth(lambda n: bertsym(*words(n)), 150) < MOST_GROWTH


def test_tables(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """No row is explained by anything, so that the best of all hypotheses is looked for."""

    def table(n: int) -> None:
        rows = "".join(f"{i},64,{i * 100_001}\n" for i in range(1, n + 1))
        (tmp_path / "t.csv").write_text("Layers,Hidden,Params\n" + rows)
        bertsym("audit", str(tmp_path / "t.csv"))

    assert growth(table, 12) < MOST_GROWTH


def test_configurations(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 8}

    def config(n: int) -> None:
        fields = {"model_type": "bert", **sizes, **{f"x{i}": i for i in range(n)}}
        (tmp_path / "config.json").write_text(json.dumps(fields))
        bertsym("total", str(tmp_path / "config.json"))

    assert growth(config, 500) < MOST_GROWTH
