"""Answers as values: rows, dictionaries, tables of pandas, and what a prompt and a notebook show."""

from __future__ import annotations

import builtins
import copy
import json
import pickle
import sys
import types
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy import Symbol

import bertsym
from bertsym import Answer, Row
from bertsym.errors import BertsymError, MissingExtra

EXAMPLES = Path(__file__).parent.parent / "examples"


def every_kind() -> Iterator[Answer]:
    base, tiny = bertsym.load("bert-base-uncased"), bertsym.load("bert-tiny")
    yield from (base.total(), base.tensors(), base.explain(), base.derivative("H"), base.compare(tiny))
    yield from (base.breakdown(by) for by in ("component", "role", "layer", "module"))
    yield from (base.size_table(tiny), base.solve("110M"), base.solve("340M", ["H", "L"], top=3))
    yield base.solve(compute="1e21", law="besiroglu", unknowns=["H", "L"])
    yield from (base.roofline("h100-sxm", at={"B": 1, "S": 512}), base.of("flops").at(B=1, S=512).breakdown())
    yield bertsym.load("deepseek_v3-default").tensors()
    yield bertsym.load("deepseek_v3").breakdown()
    yield from (
        bertsym.audit("12LH^2"),
        bertsym.audit("110M", base),
        bertsym.audit("48.3 GFLOPs", base, run={"S": 512}),
    )
    yield bertsym.verify(None, EXAMPLES / "checkpoints" / "bert-tiny", header_only=True)
    yield bertsym.models("pythia")


EXACT = (int, str, bool, Fraction, sympy.Expr, tuple, dict, type(None))


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return list(every_kind())


def test_rows_are_exact(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.rows, answer
        for row in answer.rows:
            assert all(isinstance(part, EXACT) for part in row.values()), row
            for part in row.values():
                if isinstance(part, sympy.Expr):
                    assert not part.has(sympy.Float)
                    assert all(type(symbol) is Symbol and symbol == Symbol(symbol.name) for symbol in part.free_symbols)


def test_rows_sum_to_the_total() -> None:
    base = bertsym.load("bert-base-uncased")
    for by in ("component", "role", "layer", "module"):
        rows = base.breakdown(by).rows
        assert sum(row.count for row in rows) == 109482240
        assert sum(row.share for row in rows) == 1
        assert sympy.expand(sum(row.expression for row in rows) - base.total().expression) == 0
    assert sum(row.difference_count for row in base.compare(base.at(V=1)).rows) == -30521 * 768
    table = base.size_table(bertsym.load("bert-tiny")).rows
    assert [(row.title, row["H"], row.parameters) for row in table] == [
        ("BERT base", 768, 109482240),
        ("BERT tiny", 128, 4385920),
    ]
    shapes = {row.name: row.shape for row in base.tensors().rows}
    assert shapes["embeddings.word_embeddings.weight"] == (30522, 768)
    found = base.solve("340M", ["H", "L"], top=3).rows
    assert all(base.at(H=row["H"], L=row["L"]).count() == row.count == 340_000_000 + row.error for row in found)


def test_a_dictionary_is_what_json_writes(answers: list[Answer]) -> None:
    for answer in answers:
        written = json.loads(answer.json())
        assert answer.to_dict() == (written if isinstance(written, dict) else {"tensors": written})
        assert json.loads(json.dumps(answer.to_dict())) == answer.to_dict()


def test_what_a_prompt_shows_is_bounded(answers: list[Answer]) -> None:
    for answer in answers:
        shown, whole = repr(answer).splitlines(), str(answer).splitlines()
        assert len(shown) <= 40
        assert max(map(len, shown)) <= 500
        if len(whole) <= 40 and max(map(len, whole)) <= 500:
            assert shown == whole
        else:
            assert "report=" not in repr(answer)
    assert repr(bertsym.load("bert").total()) == str(bertsym.load("bert").total())
    assert repr(bertsym.load("bert-base-uncased").tensors()).endswith("... 165 more lines: print() shows them")
    for name in ("deepseek_v3-default", "qwen2_5_omni_thinker-default", "bert"):
        assert len(repr(bertsym.load(name))) <= 170


def test_what_a_notebook_shows(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer._repr_html_().startswith("<")
        assert answer._repr_html_().count("<tr") <= 62 * max(1, answer._repr_html_().count("<table"))
        assert answer._repr_markdown_()
    table = bertsym.load("bert-base-uncased").tensors()._repr_html_()
    assert "139 more rows" in table
    assert "<math" in bertsym.load("bert")._repr_html_()
    assert "<script" not in bertsym.load({"model_type": "bert", "id2label": {"0": "<script>"}}).total()._repr_html_()


@pytest.mark.parametrize("way", [lambda a: pickle.loads(pickle.dumps(a)), copy.copy, copy.deepcopy])  # noqa: S301
def test_data_outlives_a_process(answers: list[Answer], way: Any) -> None:
    for answer in answers:
        assert way(answer) == answer
        assert way(answer).rows == answer.rows
    for value in (answers[0].rows[0], bertsym.models()[0], bertsym.load("bert").compile()):
        assert way(value) == value
        assert hash(way(value)) == hash(value)


def test_a_row() -> None:
    row = Row({"name": "a", "count": 3})
    assert (dict(row), row.count, len(row)) == ({"name": "a", "count": 3}, 3, 2)
    assert row == {"name": "a", "count": 3}
    assert repr(row) == "Row(name=a, count=3)"
    with pytest.raises(AttributeError, match="unknown column 'cuont': did you mean count"):
        _ = row.cuont
    with pytest.raises(KeyError):
        _ = row["cuont"]


def test_rows_of_an_answer_have_the_same_keys() -> None:
    base, large = bertsym.load("bert-base-uncased"), bertsym.load("bert-large-uncased")
    answers = (base.compare(large), base.compare(bertsym.load("llama-7b")), base.breakdown(), base.tensors())
    for answer in answers:
        assert len({tuple(row) for row in answer.rows}) == 1


def test_formulas_of_rows_take_the_names_of_fields() -> None:
    base = bertsym.load("bert-base-uncased")
    parts = base.breakdown()
    expected = base.total().expression.diff("H").expand()
    assert sum(row.expression.diff("hidden_size") for row in parts.rows).expand() == expected
    beside = base.compare(bertsym.load("roberta-base")).rows
    assert all(row.expression.diff("hidden_size") == row.expression.diff("H") != 0 for row in beside)


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    base = bertsym.load("bert-base-uncased")
    table = base.breakdown().to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == ["name", "expression", "count", "share"]
    assert table["count"].dtype == "int64"
    assert table["count"].sum() == 109482240
    large = base.at(V=10**20).breakdown().to_pandas()["count"]
    assert large.dtype == object
    assert sum(large) == base.at(V=10**20).count()
    assert bertsym.load("bert").breakdown().to_pandas()["count"].isna().all()
    entries = bertsym.load("bert-base-uncased").tensors().to_pandas()
    assert (len(entries), entries["name"].iloc[0]) == (199, "embeddings.word_embeddings.weight")
    published = bertsym.models("bert").to_pandas().set_index("name")
    assert published.loc["bert-base-uncased", ["count", "H"]].tolist() == [109482240, 768]


def test_a_table_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of pandas receives the columns; without one, the error says what to install."""
    taken: dict[str, Any] = {}
    stand_in: Any = types.ModuleType("pandas")
    stand_in.Series = lambda values, dtype=None: (values, dtype)
    stand_in.DataFrame = lambda columns: taken.update(columns) or "table"
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    assert bertsym.load("bert-base-uncased").at(V=10**20).breakdown().to_pandas() == "table"
    counts, kind = taken["count"]
    assert (sum(counts), kind) == (bertsym.load("bert-base-uncased").at(V=10**20).count(), "object")
    assert taken["name"] == (["embeddings", "attention", "feed-forward", "pooler"], None)
    bertsym.load("bert-base-uncased").breakdown().to_pandas()
    assert taken["count"][1] == "int64"

    monkeypatch.delitem(sys.modules, "pandas")
    imported = builtins.__import__

    def without_pandas(name: str, *args: Any, **options: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return imported(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(MissingExtra, match=r"to_pandas\(\) needs pandas, which is not installed: pip install 'bertsym"):
        bertsym.load("bert").breakdown().to_pandas()


def test_the_published_models() -> None:
    found = bertsym.models()
    names = [model.name for model in found]
    assert len(found) == len(names) == len(set(names)) >= 250
    assert "bert-base-uncased" in found
    assert "no-such-model" not in found
    for model in (found[0], *bertsym.models("pythia")[:2], *bertsym.models("qwen3 moe")):
        assert model.load().count() == model.count
        assert model.load().spec.head == model.head
        assert model.sources
        assert model.sizes["H"] == model.load().sizes["H"]
    assert str(found[0]) == "bert-base-uncased"
    assert [model.count for model in bertsym.models("bert")][:2] == [109482240, 335141888]
    with pytest.raises(BertsymError, match="unknown family of models 'no such'"):
        bertsym.models("no such")
    for nothing in ("*", "-", " * "):
        with pytest.raises(BertsymError, match="unknown family of models"):
            bertsym.models(nothing)
    assert len(bertsym.models(" ")) == len(found)
    with pytest.raises(BertsymError, match="only: expected text"):
        bertsym.models(3)  # type: ignore[arg-type]


def test_a_configuration_in_memory(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"model_type": "bert", "hidden_size": 512, "num_attention_heads": 8, "id2label": {0: "a"}}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(fields), encoding="utf-8")
    loaded = bertsym.load(fields)
    assert loaded == bertsym.load(file)
    assert loaded.with_head("masked-lm") == bertsym.load(fields, "masked-lm")
    assert bertsym.load({"hidden_size": 768}, model_type="bert").count() == 109482240
    assert bertsym.load(types.MappingProxyType(fields)) == loaded

    class Config:
        def to_json_string(self) -> str:
            return json.dumps(fields)

    assert bertsym.load(Config()) == loaded
    circle: dict[str, Any] = {"model_type": "bert"}
    circle["text_config"] = circle
    wrong: list[Any] = [
        {}, {"model_type": "nope"}, {1: 2}, {"model_type": "bert", "hidden_size": object()}, circle, Config,
        {"model_type": "bert", "hidden_size": "wide"}, {"model_type": "bert", "x": "\ud800", "hidden_size": -1},
    ]  # fmt: skip
    for target in wrong:
        with pytest.raises(BertsymError) as refused:
            bertsym.load(target)
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) <= 200


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    "name", ["BertConfig", "GPT2Config", "LlamaConfig", "DeepseekV3Config", "ViTConfig", "T5Config"]
)
def test_a_configuration_of_transformers(name: str) -> None:
    import torch
    import transformers

    sizes = {"num_layers": 2} if name == "T5Config" else {"num_hidden_layers": 2}
    config = getattr(transformers, name)(**sizes)
    with torch.device("meta"):
        built = transformers.AutoModel.from_config(config)
    model = bertsym.load(config, type(built).__name__)
    assert model.count() == built.num_parameters()
    assert model.notes == bertsym.load(json.loads(config.to_json_string()), type(built).__name__).notes


def test_a_selector_is_one_text() -> None:
    base = bertsym.load("bert-base-uncased")
    attention = 12 * (4 * 768 * 768 + 6 * 768)
    assert base.count(only="attention") == base.count(only=["attention"]) == attention
    assert base.total(only="attention").count == base.compile("H", only="attention")(768) == attention
    assert base.total(without="attention").count == base.count(without="attention") == 109482240 - attention
    assert [row.name for row in base.breakdown(only="attention").rows] == ["attention"]
    assert {row.component for row in base.tensors(only="attention").rows} == {"attention"}
    assert base.derivative("L", only="attention").value == attention // 12
    assert base.solve(attention, "L", only="attention").rows[0]["L"] == 12
    assert "feed-forward" not in str(base.explain(only="attention"))


def test_every_published_model_loads_as_the_published_one() -> None:
    assert {model.name for model in bertsym.models() if model.load().count() != model.count} == set()
