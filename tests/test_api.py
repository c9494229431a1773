"""The library as its users see it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy

import bertsym
from bertsym.errors import BertsymError


def test_a_model_is_a_value() -> None:
    assert bertsym.load("bert-base-uncased") == bertsym.load("bert-base-uncased")
    assert len({bertsym.load("bert"), bertsym.load("bert"), bertsym.load("bert").at(H=768)}) == 2
    assert bertsym.load("bert").with_head("masked-lm") != bertsym.load("bert")


class Indexed:
    """An integer of another library."""

    def __index__(self) -> int:
        return 768


@pytest.mark.parametrize("hidden", [768, "768", Fraction(768), sympy.Integer(768), Indexed()])
def test_exact_numbers_of_any_library(hidden: Any) -> None:
    assert bertsym.load("bert-base-uncased").at(H=hidden).count() == 109482240


def test_what_a_size_may_be_given_as() -> None:
    base = bertsym.load("bert-base-uncased")
    assert base.at(ffn_ratio="8/3").sizes["ffn_ratio"] == Fraction(8, 3)
    assert base.with_head("masked-lm").at(tied="no").count() == base.with_head("masked-lm").at(tied=False).count()
    for wrong in (768.0, None, 1j, "a lot", -1):
        with pytest.raises(BertsymError):
            base.at(H=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [None, 5, sympy.Symbol("V")])
def test_a_wrong_name_of_a_wrong_type_is_still_a_sentence(name: Any) -> None:
    with pytest.raises(BertsymError) as refused:
        bertsym.load("bert").with_head(name)
    assert str(refused.value)


def test_budgets_in_the_library() -> None:
    base = bertsym.load("bert-base-uncased")
    report: Any = base.solve("110M", "H", at_most={"exact": 110_000_000}, at_least={"exact": 80_000_000}).report
    assert [point.count for point in report.solution.candidates] == [109482240, 93825600]


def test_notebooks() -> None:
    total = bertsym.load("bert").total()
    assert total._repr_latex_().startswith("$(2r + 4)LH^2")
    assert "| attention |" in bertsym.load("bert").breakdown()._repr_markdown_()
    assert bertsym.load("bert").derivative("H").elasticity is None
