"""The gathered facts: every published number gets a right verdict, every recorded miscount its recorded cause."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from bertsym.claims.discrepancies import Share
from bertsym.claims.formula import FormulaVerdict, Judgement, judge_formula
from bertsym.claims.ledger import at_base
from bertsym.claims.number import NumberVerdict, judge_number
from bertsym.claims.parser import read
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import number
from bertsym.convention import named_convention
from bertsym.count import count
from bertsym.model import Model
from bertsym.quantities import parse_stated
from bertsym.symbols import N, V
from bertsym.zoo import named
from tests.test_published import RIGHT, ROWS, UNCOUNTED, WRONG, key

DATA = Path(__file__).parent.parent / "data"
with (DATA / "audit_cases.tsv").open(encoding="utf-8", newline="") as file:
    CASES = {row["case"]: row for row in csv.DictReader(file, delimiter="\t")}


def sized(name: str) -> Model:
    model = named(name)
    return model if model.given else at_base(model)


def heads_of(model: Model) -> list[str]:
    return [model.head, *(head for head in model.architecture.heads if head != model.head)]


def numbered(text: str, model: Model) -> NumberVerdict:
    return judge_number(parse_stated(text), model, heads_of(model))


@pytest.mark.parametrize(
    "row", [r for r in ROWS if key(r) in RIGHT], ids=lambda r: f"{r['model']}-{r['claimed_params']}"
)
def test_a_right_number_stands_for_the_right_reason(row: dict[str, str]) -> None:
    fit = RIGHT[key(row)]
    model = sized(fit.size)
    if fit.sizes:
        model = model.with_sizes({V: fit.sizes["V"]})
    verdict = numbered(row["claimed_params"], model)
    assert verdict.stands
    exact = count(model.with_head(fit.head), named_convention(fit.convention))
    reasons = {match.count.number: match.how for match in verdict.matches if not match.slip}
    assert exact in reasons
    if fit.unit == 1:
        assert reasons[exact] == "exact"


# Numbers that no class counts to three digits: as two digits the first holds; the second is only explained.
AS_TWO_DIGITS = {("BERT-Large", "340M"): "BertModel"}
EXPLAINED = {("t5-large", "770M"): "with an output embedding of its own"}


@pytest.mark.parametrize(
    "row", [r for r in ROWS if key(r) in WRONG], ids=lambda r: f"{r['model']}-{r['claimed_params']}"
)
def test_a_wrong_number_is_found_or_explained(row: dict[str, str]) -> None:
    model = sized(WRONG[key(row)][0])
    verdict = numbered(row["claimed_params"], model)
    assert verdict.stands == (key(row) in AS_TWO_DIGITS)
    if verdict.stands:
        assert verdict.matches[0].count.counting.name == AS_TWO_DIGITS[key(row)]
        assert verdict.matches[0].step > 10**6
    if key(row) in EXPLAINED:
        assert EXPLAINED[key(row)] in verdict.matches[0].count.counting.name
    if row["claimed_params"] == "338M":
        assert "2^20" in verdict.matches[0].slip


def test_every_row_is_judged() -> None:
    judged = {*RIGHT, *WRONG, *((name, "") for name in UNCOUNTED), ("modded-nanogpt", "162201636")}
    assert {key(row) for row in ROWS} == judged


def test_modded_nanogpt_is_no_gpt2() -> None:
    assert not numbered("162201636", sized("gpt2").with_sizes({V: 50304})).stands


def formula(text: str, name: str, head: str = "model") -> FormulaVerdict:
    model = named(name).with_head(head)
    return judge_formula(read(text), model, heads_of(model))


def value(verdict: FormulaVerdict, judgement: Judgement) -> Fraction | None:
    return number(judgement.claim, verdict.sizes)


def names(shares: Iterable[Share]) -> set[str]:
    return {name for share in shares for name in share.names}


def claimed(case: str) -> int:
    return int(CASES[case]["claimed_or_tool_value"])


def reference(case: str) -> int:
    return int(CASES[case]["reference_value"])


def test_all_cases_are_covered() -> None:
    assert len(CASES) == 10


def test_cookbook_layer_norms() -> None:
    verdict = formula("12LH^2 + VH + NH + 8LH (layernorm) + 2H", "gpt2")
    whole, norms = verdict.judgements
    assert value(verdict, whole) == claimed("cookbook-LN")
    assert whole.left_out == claimed("cookbook-LN") - reference("cookbook-LN")
    assert [(int(row.claimed), int(row.exact)) for row in whole.rows] == [(8, 13)]
    assert {"attn.c_attn.bias", "mlp.c_fc.bias"} <= names(whole.rows[0].shares)  # the linear biases it has not
    assert [(int(row.claimed), int(row.exact), row.times or 0) for row in norms.rows] == [(8, 4, 2)]


def test_cookbook_positions_on_a_rotary_model() -> None:
    text = "12LH^2 + 2VH + NH + 8LH (layernorm) + 2H"
    verdict = formula(text, "pythia-160m", "causal-lm")
    whole = verdict.judgements[0]
    assert number(whole.claim, {**verdict.sizes, N: 2048}) == claimed("cookbook-rope")
    rows = {str(row.monomial): row for row in whole.rows}
    positions = next(row for row in whole.rows if any(base == N for base, _ in row.monomial))
    assert (int(positions.claimed), int(positions.exact)) == (1, 0)
    assert any((int(row.claimed), int(row.exact)) == (8, 13) for row in rows.values())
    assert count(named("pythia-160m").with_head("causal-lm")) == reference("cookbook-rope")


def test_llm_analysis() -> None:
    verdict = formula("VH + L(12H^2 + 2H) + H", "bert-base-uncased")
    judgement = verdict.judgements[0]
    assert value(verdict, judgement) == claimed("llm-analysis-bert")
    assert judgement.left_out == claimed("llm-analysis-bert") - reference("llm-analysis-bert")
    omitted = {"biases", "norm shifts", "position embeddings", "segment embeddings", "pooler"}
    assert set(judgement.equal[0].without) == omitted


def test_narayanan_leaves_out_the_final_norm() -> None:
    verdict = formula("12LH^2(1+13/12H+(V+S)/12LH)", "gpt2")
    judgement = verdict.judgements[0]
    assert verdict.standing is Standing.NEARLY
    assert judgement.omissions is not None
    assert [omission.name for omission in judgement.omissions.parts] == ["final norm"]
    assert value(verdict, judgement) == claimed("narayanan")
    assert judgement.left_out == claimed("narayanan") - reference("narayanan") == -2 * 768


def test_kaplan_counts_matrices_only() -> None:
    verdict = formula("12LH^2", "gpt2")
    assert verdict.judgements[0].nearest.scope == "weight matrices of the layers"
    assert value(verdict, verdict.judgements[0]) == claimed("kaplan-12LH2")


def test_gpt2_117m_is_another_vocabulary() -> None:
    model = sized("gpt2")
    assert not numbered("117M", model).stands
    assert numbered("117M", model.with_sizes({V: 40478})).matches[0].count.number == claimed("gpt2-117M")
    assert count(model) == reference("gpt2-117M")


def test_mbert_and_t5() -> None:
    assert numbered("110M", named("bert-base-multilingual-cased")).whole == reference("mbert")
    assert numbered("770M", named("t5-large")).whole == reference("t5-large")


@pytest.mark.parametrize(
    ("case", "text", "name"),
    [
        ("catamount-oracle-12L", "50h^2+24hI+hN+hV+118h+12I+V+2", "bert-base-uncased"),
        ("catamount-oracle-24L", "98h^2+48hI+hN+hV+226h+24I+V+2", "bert-large-uncased"),
    ],
)
def test_catamount_is_right(case: str, text: str, name: str) -> None:
    verdict = formula(text, name)
    assert verdict.stands
    assert verdict.judgements[0].nearest.name == "BertForPreTraining"
    assert count(named(name).with_head("pretraining")) == reference(case) == claimed(case)
