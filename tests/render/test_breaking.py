"""A piece wider than the column goes on in the next line: a fraction, a product, a floor, a minimum, a power."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from bertsym.document import Result
from bertsym.errors import TooNarrow
from bertsym.formulas.tree import Extreme, Floor, Form, Name, Number, Power, Product, Quotient, Relation, Sign, Sum
from bertsym.render import latex
from bertsym.render.sheet import Layout, Sheet, column
from bertsym.symbols import H, L, N, V, heads
from tests.render.papers import document, overfull
from tests.render.reading import of_tex, value

NAMES = {"V": "V", "N": "N", "H": "H", "L": "L", "A": "heads"}
SIZES = {"V": Fraction(3), "N": Fraction(5), "H": Fraction(7), "L": Fraction(11), "heads": Fraction(13)}
SUM = Sum(tuple(map(Name, (V, N, H, L, heads))))
PRODUCT = Product(tuple(map(Name, (V, N, H, L, heads))))


def number(value: int) -> Number:
    return Number(Fraction(value))


# Each form has the value at the sizes above: 39 is the sum, 15015 the product of all.
FORMS: dict[str, tuple[Form, Fraction]] = {
    "fraction of a sum": (Quotient(SUM, Name(H)), Fraction(39, 7)),
    "fraction of products": (
        Quotient(Product((*PRODUCT.factors, *PRODUCT.factors)), Product((number(2), Name(H)))),
        Fraction(15015**2, 14),
    ),
    "fraction before a factor": (Product((Quotient(SUM, Name(H)), Name(L))), Fraction(39 * 11, 7)),
    "fraction in a sum": (Sum((Name(V), Product((number(-1), Quotient(SUM, Name(H)))))), 3 - Fraction(39, 7)),
    "product": (Product((*PRODUCT.factors, *PRODUCT.factors)), Fraction(15015**2)),
    "floor": (Floor(Sum((Quotient(Name(V), number(2)), SUM))), Fraction(40)),
    "minimum": (Extreme(SUM, PRODUCT, Relation(SUM, Sign.BELOW, PRODUCT)), Fraction(39)),
    "power": (Power(SUM, 2), Fraction(39**2)),
}
SHEET = Sheet(layout=Layout.EQUATION, column=column("72pt"))


@pytest.mark.parametrize("name", FORMS)
def test_it_is_broken_and_says_the_same(name: str) -> None:
    form, expected = FORMS[name]
    printed = latex.document((Result((form,)),), SHEET)
    assert r"\\" in printed
    (read,) = of_tex("\n".join(line for line in printed.splitlines() if line[0] != "%"), NAMES)
    assert value(read, SIZES) == expected


def test_it_fits(pdflatex: Callable[[str], str]) -> None:
    fragments = [latex.document((Result((form,)),), SHEET) for form, _ in FORMS.values()]
    assert not overfull(pdflatex(document(fragments, 10, "72pt")))


def test_one_symbol_that_is_too_wide_is_refused() -> None:
    with pytest.raises(TooNarrow):
        latex.document((Result((number(10**30),)),), SHEET)
