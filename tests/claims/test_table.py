"""Tables: one explanation for all rows, unstated sizes solved for exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.claims.integer_bounds import Bound, solve
from bertsym.claims.parser import read
from bertsym.claims.polynomial import expand
from bertsym.claims.table import TableVerdict, TooManyUnknown, judge_table
from bertsym.claims.tablefile import read_table
from bertsym.errors import BadFile
from bertsym.symbols import BY_NAME, H, N, V
from bertsym.zoo import named
from tests.claims.work import work

DATA = Path(__file__).parent.parent / "data"
FIRST = [(117, 12, 768), (345, 24, 1024), (762, 36, 1280), (1542, 48, 1600)]  # openai/gpt-2 README, first version


def judged(path: Path, model: str, formula: str = "", **at: int) -> TableVerdict:
    chosen = named(model)
    if at:
        chosen = chosen.with_sizes({BY_NAME[name].symbol: number for name, number in at.items()})
    heads = [chosen.head, *(head for head in chosen.architecture.heads if head != chosen.head)]
    return judge_table(read_table(str(path)), chosen, heads, expand(read(formula).main.form) if formula else None)


def by_brute_force() -> tuple[int, int]:
    """The vocabularies with which GPT-2's formula gives all four published numbers, found by trying them all."""

    def holds(v: int) -> bool:
        return all(
            round((12 * n * h * h + 13 * n * h + v * h + 1024 * h + 2 * h) / 1e6) == millions
            for millions, n, h in FIRST
        )

    fitting = [v for v in range(30_000, 60_000) if holds(v)]
    return min(fitting), max(fitting)


def test_gpt2_first_sizes_are_the_tied_formula_with_another_vocabulary() -> None:
    verdict = judged(DATA / "gpt2_first_sizes.csv", "gpt2", N=1024)
    fit = verdict.fits[0]
    assert fit.hypothesis.name == "GPT2Model"
    assert (fit.intervals[0].low, fit.intervals[0].high) == by_brute_force()
    assert fit.intervals[0].low <= 40478 <= fit.intervals[0].high  # openai-gpt's vocabulary


def test_a_formula_in_place_of_the_model() -> None:
    verdict = judged(DATA / "gpt2_first_sizes.csv", "gpt2", "12LH^2+13LH+VH+NH+2H", N=1024)
    assert (verdict.fits[0].intervals[0].low, verdict.fits[0].intervals[0].high) == by_brute_force()


def test_the_real_vocabulary_fits_no_row() -> None:
    verdict = judged(DATA / "gpt2_first_sizes.csv", "gpt2", N=1024, V=50257)
    assert not verdict.stands
    assert len(verdict.misfits) == 4


def test_two_unknowns_that_enter_together_are_not_identifiable() -> None:
    fit = judged(DATA / "gpt2_first_sizes.csv", "gpt2").fits[0]
    assert len(fit.unknowns) == 2
    assert len(fit.intervals) == 1
    assert dict(fit.intervals[0].weights) == {V: 1, N: 1}
    low, high = by_brute_force()
    assert (fit.intervals[0].low, fit.intervals[0].high) == (low + 1024, high + 1024)


def test_three_unknowns_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Layers,Params\n12,117M\n")
    with pytest.raises(TooManyUnknown, match="at most two"):
        judged(table, "gpt2")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.tsv", "Model\tLayers\tHidden\tParams\nsmall\t12\t768\t117M\n"),
        ("t.md", "text\n\n| Model | Layers | Hidden size | Params |\n|---|--:|--:|---|\n|small|12|768|**117M**|\n"),
        ("t.tex", (r"\begin{tabular}{lrrr}\toprule Model & $L$ & $d_{\text{model}}$ & \textbf{Params} \\\midrule small"
                  r" & 12 & 768 & 117\,M \\ \bottomrule\end{tabular}")),
    ],
)  # fmt: skip
def test_the_four_syntaxes(tmp_path: Path, name: str, text: str) -> None:
    table = tmp_path / name
    table.write_text(text)
    rows = read_table(str(table)).rows
    assert [(row.label, row.stated.value, sorted(row.sizes.values())) for row in rows] == [
        ("small", 117_000_000, [12, 768])
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Layers,Params\n", "Layers,Params\ntwelve,117M\n"])
def test_what_is_no_table(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text)
    with pytest.raises(BadFile):
        read_table(str(table))


def test_two_unknowns_against_brute_force() -> None:
    bounds = [
        Bound({((V, 1),): 3, ((N, 1),): 5, (): 7}, 400, 409),  # type: ignore[dict-item]
        Bound({((V, 1),): 7, ((N, 1),): 2}, 300, 306),  # type: ignore[dict-item]
    ]
    fitting = [
        (v, n)
        for v in range(1, 200)
        for n in range(1, 200)
        if 400 <= 3 * v + 5 * n + 7 <= 409 and 300 <= 7 * v + 2 * n <= 306
    ]
    solved = solve(bounds, (V, N))
    assert solved is not None
    assert [(i.low, i.high) for i in solved] == [(min(c), max(c)) for c in zip(*fitting, strict=True)]


def test_one_unknown_that_is_squared() -> None:
    bound = Bound({((H, 2),): 12, ((H, 1),): 13}, 7_000_000, 7_100_000)  # type: ignore[dict-item]
    fitting = [h for h in range(1, 2000) if 7_000_000 <= 12 * h * h + 13 * h <= 7_100_000]
    solved = solve([bound], (H,))
    assert solved is not None
    assert (solved[0].low, solved[0].high) == (min(fitting), max(fitting))


def test_fifty_rows_with_two_unknowns_are_bounded_work(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    lines = [
        f"{n},{64 * n},{12 * n * (64 * n) ** 2 + 13 * n * 64 * n + (32000 + 2048 + 2) * 64 * n}" for n in range(1, 51)
    ]
    table.write_text("Layers,Hidden,Params\n" + "\n".join(lines) + "\n")
    assert work(lambda: judged(table, "gpt2")) < 6_000_000
    verdict = judged(table, "gpt2")
    assert (verdict.fits[0].intervals[0].low, verdict.fits[0].intervals[0].high) == (34_048, 34_048)
