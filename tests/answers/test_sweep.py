"""A table over sizes: a row is counted as `count` counts, what is no model has none, and files are whole."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

import bertsym
from bertsym.answers.sweep import MOST_ROWS, NoRows, with_quantities
from bertsym.errors import BertsymError, Conflict, MissingExtra, MissingSize, TooLarge
from bertsym.render.parquet import parquet

Run = Callable[..., Any]


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_prompt_shows_one_line() -> None:
    swept = bertsym.load("bert-base-uncased").sweep({"L": range(1, 4)})
    assert repr(swept).startswith("<at most 3 rows of L, V, N, H, heads, T, d, F, parameters, states (bytes):")
    assert len(repr(swept)) < 200


def test_bert_by_hand() -> None:
    """One more layer is 12 H^2 + 13 H; a pooler is there once."""
    rows = list(bertsym.load("bert-base-uncased").sweep({"H": [64, 128], "L": range(1, 3)}, "parameters"))
    assert [(row["H"], row["L"], row["heads"], row["F"]) for row in rows] == [
        (64, 1, 1, 256),
        (64, 2, 1, 256),
        (128, 1, 2, 512),
        (128, 2, 2, 512),
    ]
    for row in rows:
        assert {type(number) for number in row.values()} == {int}
        h, layers = int(row["H"]), int(row["L"])
        embeddings = (30522 + 512 + 2) * h + 2 * h
        assert row["parameters"] == embeddings + layers * (12 * h * h + 13 * h) + h * h + h


@pytest.mark.parametrize("name", ["bert-base-uncased", "llama-7b", "gpt2-small", "t5-small", "mixtral-8x7b"])
def test_each_row_is_what_the_library_counts(name: str) -> None:
    """Random sizes, all quantities that are known, against one model at a time."""
    random = Random(name)
    model = bertsym.load(name)
    run = {"B": random.randint(1, 4), "S": random.randint(1, 64)} | ({"S_source": 7} if name == "t5-small" else {})
    heads = int(model.spec.number(model.spec.size("heads").symbol))
    model = model.at(heads=heads)
    widths = [heads * 64 * random.randint(1, 9) for _ in range(2)]
    swept = model.sweep({"V": [random.randint(1, 10**6)], "H": widths, "L": [1, random.randint(2, 99)]}, at=run)
    rows = list(swept)
    assert len(rows) == 4
    assert {"parameters", "flops", "states (bytes)"} <= set(swept.columns)
    for row in rows:
        sizes: dict[str, Any] = {size: row[size] for size in ("V", "H", "L", "heads") if size in row}
        assert row["parameters"] == model.at(sizes).count()
        for title in swept.columns:
            if title.startswith(("flops", "cache", "states", "memory")):
                of_run = {} if title.startswith("states") else run
                assert row[title] == model.of(title.split()[0]).at({**sizes, **of_run}).count(), (title, row)


def test_a_type_of_the_atlas_has_what_is_known_of_it() -> None:
    swept = bertsym.load("qwen3").sweep({"L": [2, 4]})
    assert list(swept.columns[-2:]) == ["parameters", "states (bytes)"]
    assert len(swept.left_out) == 3
    model = bertsym.load("qwen3-default")
    assert [row["parameters"] for row in swept] == [model.at(L=layers).count() for layers in (2, 4)]


def test_a_note_names_the_sizes_of_a_run_that_are_missing() -> None:
    (note,) = bertsym.load("llama-7b").sweep({"L": [1]}, at={"B": 1}).left_out
    assert note.startswith("no flops, cache, memory: ")
    assert note.endswith("--at S=512")


def test_exact_beyond_every_machine_integer() -> None:
    (row,) = bertsym.load("bert-base-uncased").sweep({"V": [10**30]}, "parameters")
    assert row["parameters"] == 109482240 + (10**30 - 30522) * 768


def test_heads_keep_their_width_unless_somebody_fixes_them() -> None:
    """64 is the head size of BERT; with 12 heads only multiples of 12 are widths."""
    model = bertsym.load("bert-base-uncased")
    widths = {"H": [512, 576, 768]}
    assert [(row["H"], row["heads"]) for row in model.sweep(widths)] == [(512, 8), (576, 9), (768, 12)]
    assert [(row["H"], row["d"]) for row in model.sweep(widths, at={"heads": 12})] == [(576, 48), (768, 64)]
    assert [row["heads"] for row in model.sweep({"H": [768], "heads": [6, 12, 13]})] == [6, 12]


def test_a_ratio_is_a_column_where_no_width_has_it() -> None:
    """BERT's ffn_ratio stands in F, and Swin's mlp_ratio in no size."""
    (row,) = bertsym.load("swin-default").sweep({"H_emb": [96]}, "parameters", at={"mlp_ratio": Fraction(5, 2)})
    assert row["rho"] == Fraction(5, 2)
    (row,) = bertsym.load("bert").sweep({"H": [768]}, "parameters")
    assert "ffn_ratio" not in row
    assert row["F"] == 3072


def test_heads_that_do_not_share_keys_evenly_have_no_row() -> None:
    for name in ("llama-7b", "atlas:llama-default"):
        rows = bertsym.load(name).sweep({"kv_heads": range(1, 9)}, "parameters", at={"heads": 8})
        assert [row["kv_heads"] for row in rows] == [1, 2, 4, 8]


def test_ties_and_conditions() -> None:
    model = bertsym.load("bert-base-uncased")
    rows = list(model.sweep({"L": range(2, 20, 2)}, ties="H = 64*L", where=["H >= 512", "H/L = 64", "L != 10"]))
    assert [(row["L"], row["H"]) for row in rows] == [(8, 512), (12, 768), (14, 896), (16, 1024), (18, 1152)]


def test_a_run_is_no_longer_than_learned_positions() -> None:
    rows = list(bertsym.load("bert-base-uncased").sweep({"S": [256, 512, 513]}, "flops", at={"B": 1}))
    assert [row["S"] for row in rows] == [256, 512]


def test_what_is_refused() -> None:
    model = bertsym.load("bert-base-uncased")
    with pytest.raises(TooLarge):
        model.sweep({"H": range(1, MOST_ROWS), "L": [1, 2]})
    with pytest.raises(TooLarge):
        model.sweep({"V": range(1, 10**30)})
    with pytest.raises(NoRows):
        list(model.sweep({"L": [1, 2]}, where="L > 2"))
    with pytest.raises(MissingSize):
        model.sweep({"L": [1, 2]}, "flops")
    with pytest.raises(Conflict, match="dtype"):
        model.sweep({"L": [1, 2]}, "parameters", dtype="bf16")
    with pytest.raises(BertsymError):
        model.sweep({"H": [0]})
    with pytest.raises(BertsymError):
        bertsym.load("qwen3").sweep({"L": [1]}, "flops")


def test_the_command_writes_csv(bertsym: Run, tmp_path: Path) -> None:
    words = ["sweep", "bert-base-uncased", "--for", "H=128..256:64,L=1..2", "--of", "parameters"]
    ran = bertsym(*words)
    assert (ran.code, ran.err) == (0, "")
    rows = table(ran.out)
    assert [(row["H"], row["L"]) for row in rows] == [(h, n) for h in ("128", "192", "256") for n in ("1", "2")]
    assert rows[1]["parameters"] == "4385920"  # google/bert_uncased_L-2_H-128_A-2
    file = tmp_path / "sweep.csv"
    done = bertsym(*words, "-o", str(file))
    assert (done.code, done.out, file.read_text(encoding="utf-8")) == (0, "", ran.out)
    assert f"wrote {file}" in done.err
    assert f"replaced {file}" in bertsym(*words, "-o", str(file)).err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--for", "H=1..2000,L=1..2000"], "limit is 1,000,000"),
        (["--for", "V=1..1000000000000000000000000"], "limit is 1,000,000"),
        (["--for", "L=9..2"], "second end is not smaller"),
        (["--for", "L=1..2:0"], "--for"),
        ([], "no size to sweep"),
        (["--for", "L=1..2", "-o", "table.txt"], ".csv or .parquet"),
        (["--for", "L=1..2", "--where", "L > 2", "-o", "table.csv"], "none of the 2 combinations"),
        (["--for", "L=1..2,L=3..4"], "swept once"),
    ],
)
def test_an_error_writes_nothing(
    bertsym: Run, words: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bertsym("sweep", "bert-base-uncased", *words)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_note_says_how_many_combinations_are_no_model(bertsym: Run) -> None:
    ran = bertsym("sweep", "bert-base-uncased", "--for", "H=760..770", "--at", "heads=12")
    assert len(table(ran.out)) == 1
    assert "10 of 11 combinations" in ran.err


def test_parquet_without_pyarrow_says_what_to_install(
    bertsym: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra):
        parquet(["H"], [[1]], "--output FILE.parquet")
    file = tmp_path / "sweep.parquet"
    ran = bertsym("sweep", "bert-base-uncased", "--for", "L=1..2", "-o", str(file))
    assert (ran.code, file.exists()) == (2, False)
    assert "bertsym[parquet]" in ran.err


def test_parquet_has_integers_and_text_beyond_64_bits(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow.parquet")
    data, texts = parquet(["H", "parameters"], [[1, 2**63 - 1], [2, 2**63]], "--output")
    assert texts == ("parameters",)
    file = tmp_path / "table.parquet"
    file.write_bytes(data)
    assert arrow.read_table(file).to_pydict() == {"H": [1, 2], "parameters": [str(2**63 - 1), str(2**63)]}


def test_a_size_of_the_model_under_the_name_of_one_of_a_run() -> None:
    """WavLM's B is its number of buckets, no batch: which of the two it meant depended on the order of a set."""
    model = bertsym.load("atlas:wavlm")
    accepted = with_quantities(model.spec)[0].architecture.symbols
    assert len({str(symbol) for symbol in accepted}) == len(accepted)
    found = [(row["B"], row["parameters"]) for row in model.sweep({"B": [160, 320]}, "parameters")]
    base = model.spec.architecture.sizes[model.spec.architecture.base].values
    sized = [model.at({**{str(s): v for s, v in base.items()}, "B": buckets}).count() for buckets in (160, 320)]
    assert found == [(160, sized[0]), (320, sized[1])]
