"""Every model under every head can be shown, explained, differentiated and written, and its parts sum to the whole."""

from __future__ import annotations

import pytest
from sympy import Add

from bertsym.algebra import expand
from bertsym.answers.breakdown import broken_down
from bertsym.answers.derivative import derivative
from bertsym.answers.explanation import derivation
from bertsym.answers.formula import formula
from bertsym.answers.inventory import inventory
from bertsym.convention import CONVENTIONS
from bertsym.count import By, breakdown, count, total, written_out
from bertsym.model import Model
from bertsym.render import jsontext, latex, markdown, text
from bertsym.report import Report
from bertsym.symbols import BY_SYMBOL, Kind, L
from bertsym.zoo import ARCHITECTURES, named

# Models that took over another's trees are shown by the same ones.
CASES = sorted({a.heads[head].tree: (name, head) for name, a in ARCHITECTURES.items() for head in a.heads}.values())


def models(name: str, head: str) -> list[Model]:
    """The formula with all sizes open, and the base size at three layers."""
    return [named(name).with_head(head), named(ARCHITECTURES[name].base).with_head(head).with_sizes({L: 3})]


@pytest.mark.parametrize(("name", "head"), CASES)
def test_rows_sum_to_the_total(name: str, head: str) -> None:
    for model in models(name, head):
        for convention in CONVENTIONS.values():
            whole = total(model, convention)
            for by in By:
                parts = breakdown(model, convention, by)
                assert expand(Add(*(part.expression for part in parts)) - whole) == 0, (by, convention.name)
                if model.given:
                    assert sum(part.count or 0 for part in parts) == count(model, convention), (by, convention.name)
                assert len({part.name for part in parts}) == len(parts)


@pytest.mark.parametrize(("name", "head"), CASES)
def test_the_total_is_the_sum_over_the_tensors(name: str, head: str) -> None:
    model = models(name, head)[1]
    own = 0
    for _, shape, tensor in written_out(model):
        size = 1
        for side in shape:
            size *= side
        own += size if tensor.tied_to is None or model.public(tensor.own) == 1 else 0
    assert own == count(model)


@pytest.mark.parametrize(("name", "head"), CASES)
def test_every_answer_is_written_in_every_syntax(name: str, head: str) -> None:
    for model in models(name, head):
        sizes = [s for s in model.symbols if BY_SYMBOL[s].kind is not Kind.SWITCH]
        reports: list[Report] = [
            formula(model),
            inventory(model),
            derivation(model),
            *(broken_down(model, by=by) for by in By),
            *(derivative(model, symbol) for symbol in sizes),
        ]
        for report in reports:
            document = report.document()
            for written in (text.document(document), latex.document(document), markdown.document(document)):
                assert written.strip()
            assert jsontext.document(report)


@pytest.mark.parametrize("name", [size for a in ARCHITECTURES.values() for size in a.sizes])
def test_every_size_has_a_source_and_a_number(name: str) -> None:
    model = named(name)
    assert model.architecture.sizes[name].source
    assert count(model) > 0


@pytest.mark.parametrize(("name", "head"), CASES)
def test_no_bracket_stays_open_once_the_sizes_are_known(name: str, head: str) -> None:
    model = models(name, head)[1]
    assert "Iverson" not in str(total(model).subs(dict(model.given)))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("ModernBERT-base", ["embeddings", "layers 0", "layers 1 to 21", "final-norm"]),
        ("albert-base-v2", ["embeddings", "encoder.albert_layer_groups 0, applied 12 times", "pooler"]),
        (
            "t5-small",
            [
                "embeddings",
                "encoder.block 0",
                "encoder.block 1 to 5",
                "encoder final-norm",
                "decoder.block 0",
                "decoder.block 1 to 5",
                "decoder final-norm",
            ],
        ),
        ("gpt2-small", ["embeddings", "h 0 to 11", "final-norm"]),
    ],
)
def test_layers_in_the_order_of_the_model(name: str, rows: list[str]) -> None:
    assert [part.name for part in breakdown(named(name), by=By.LAYER)] == rows


def test_the_depth_of_albert_does_not_matter_and_why() -> None:
    shown = text.document(derivative(named("albert"), L).document())
    assert "the total does not depend on L: layers share their parameters" in shown
