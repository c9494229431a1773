"""The left side of a displayed formula, the mark behind it, the room of its number, and the relation of a rounding."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from bertsym.render.mathwidth import formula
from bertsym.render.metrics import POINT
from bertsym.render.sheet import COLUMNS

TOTAL = ("total", "bert", "--latex")
ACL = ("--width", "acl")


def lines(bertsym: Callable[..., Any], *words: str) -> list[str]:
    ran = bertsym(*words)
    assert ran.code == 0, ran.err
    return [line for line in ran.out.splitlines() if not line.startswith("%")]


@pytest.mark.parametrize("layout", ["equation", "equation*", "split", "align"])
def test_a_display_says_what_the_formula_is(layout: str, bertsym: Callable[..., Any]) -> None:
    shown = lines(bertsym, *TOTAL, *ACL, "--layout", layout)
    assert sum(line.startswith("P ={}& (2r + 4)LH^2") for line in shown) == 1


def test_the_left_side_is_chosen(bertsym: Callable[..., Any]) -> None:
    display = ("--layout", "equation")
    assert lines(bertsym, *TOTAL, *display, "--lhs", r"N_{\mathrm{p}}")[1].startswith(r"N_{\mathrm{p}} = (2r + 4)")
    assert lines(bertsym, *TOTAL, *display, "--lhs", "none")[1].startswith("(2r + 4)LH^2")
    assert lines(bertsym, *TOTAL, "--layout", "inline", "--lhs", "P")[0].startswith("$P = (2r + 4)")
    assert lines(bertsym, *TOTAL)[0].startswith("(2r + 4)LH^2")  # to be put behind the author's own P =


@pytest.mark.parametrize(
    "words",
    [
        (*TOTAL, "--lhs", r"\input{x}"),
        (*TOTAL, "--lhs", "P = Q"),
        (*TOTAL, "--layout", "equation", "--lhs", "H"),
        (*TOTAL, "--punct", "}"),
        ("symbols", "--latex", "--lhs", "P"),
        ("symbols", "--latex", "--punct", "."),
        ("total", "bert", "--lhs", "P"),
        (*TOTAL, "--layout", "equation*", "--label", "eq:total"),
        *(("total", "bert", syntax, "--lhs", "H") for syntax in ("--html", "--typst")),
        *(("symbols", syntax, "--lhs", "P") for syntax in ("--html", "--typst")),
        *(("total", "bert", syntax, "--caption", "A size") for syntax in ("--html", "--typst")),
        ("solve", "bert-base-uncased", "--target", "110M", "--latex", "--label", "eq:hidden"),
    ],
    ids=" ".join,
)
def test_other_texts_and_places_are_refused(words: tuple[str, ...], bertsym: Callable[..., Any]) -> None:
    assert bertsym(*words).code == 2


def test_a_derivative_is_one_on_the_left(bertsym: Callable[..., Any]) -> None:
    words = ("diff", "bert-base-uncased", "--by", "H", "--latex", "--layout", "align", "--punct", ".")
    shown = lines(bertsym, *words, *ACL)
    assert shown[1].startswith(r"\frac{\partial P}{\partial H} ={}& ")
    assert shown[-2].endswith("= 253{,}915.")
    second = lines(bertsym, "diff", "bert", "--by", "H", "--order", "2", "--latex", "--layout", "equation*")
    assert second[1].startswith(r"\frac{\partial^2 P}{\partial H^2} = ")


def test_a_number_of_an_equation_has_room(bertsym: Callable[..., Any]) -> None:
    """TeX sets the number below a formula that leaves it less than its own width and a quad."""
    column = COLUMNS["acl"]
    number = formula(r"\quad (10)", column.face)
    assert number > 25 * POINT
    for form in ("expanded", "collected", "factored"):
        for line in lines(bertsym, *TOTAL, *ACL, "--form", form, "--layout", "equation"):
            if not re.match(r"\\(?:begin|end)", line):
                left, _, right = line.removesuffix(r" \\").partition("& ")
                wide = formula(left or "P ={}", column.face) + formula(right, column.face)
                assert wide + number <= column.width, line


def test_a_rounded_root_is_only_about_equal(bertsym: Callable[..., Any]) -> None:
    assert r"\[ {} \approx 770.04 \]" in lines(bertsym, "solve", "--target", "110M", "--for", "H", "--latex")
    exact = lines(bertsym, "solve", "--target", "109482240", "--for", "H", "--latex")
    assert r"\[ {} = 768.00 \]" in exact


def test_coefficients_that_are_sums_are_named(bertsym: Callable[..., Any]) -> None:
    shown = lines(bertsym, "solve", "--target", "110M", "--for", "H", "--latex")
    assert shown[0] == r"\noindent With $a = (2r + 4)L + 1$ and $b = (r + 9)L + V + N + 5$,"
    assert shown[1] == r"\[ H = \frac{-b + \sqrt{b^2 + 4aP}}{2a} \]"
    assert not any(
        line.startswith(r"\noindent With")
        for line in lines(bertsym, "solve", "--target", "110M", "--for", "L", "--latex")
    )
