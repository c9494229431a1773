from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr

from bertsym.algebra import Iverson
from bertsym.count import total
from bertsym.formulas.styles import Style, form
from bertsym.formulas.substitute import put_in
from bertsym.formulas.tree import Product, children, rebuild, to_sympy
from bertsym.render.mathtex import math
from bertsym.symbols import F, H, Kind, L, N, Own, T, V, cross_attention, d, ffn_ratio, heads, tied
from bertsym.wording import plain, pretty
from bertsym.zoo import ARCHITECTURES, named

pytestmark = pytest.mark.slow

GENERATORS = [V, N, H, L, heads, ffn_ratio, T, F, d, Iverson(tied), Iverson(sympy.Ne(H, F))]


@st.composite
def polynomials(draw: st.DrawFn) -> Expr:
    """A sum of a few monomials with rational coefficients; exponents may be negative."""
    terms = draw(
        st.lists(
            st.tuples(
                st.fractions(-20, 20, max_denominator=6),
                st.lists(st.tuples(st.sampled_from(GENERATORS), st.integers(-2, 3)), max_size=3),
            ),
            max_size=6,
        )
    )
    return sympy.Add(
        *(
            sympy.Rational(c.numerator, c.denominator) * sympy.Mul(*(g**e for g, e in factors if g.is_Symbol or e >= 0))
            for c, factors in terms
        )
    )


@settings(deadline=None)
@given(polynomials(), st.sampled_from(Style))
def test_a_form_is_the_expression_it_was_made_of(expression: Expr, style: Style) -> None:
    assert sympy.cancel(to_sympy(form(expression, style)) - expression) == 0


@settings(deadline=None)
@given(polynomials(), st.sampled_from(Style))
def test_plain_text_means_the_expression_in_python(expression: Expr, style: Style) -> None:
    if expression.has(Iverson):
        return
    # Python's own parser reads it, with exact fractions for the symbols: nothing of ours takes part.
    primes = (3, 5, 7, 11, 13, Fraction(8, 3), 2, 17, 19)
    values: dict[str, Fraction | int] = dict(
        zip(("V", "N", "H", "L", "heads", "ffn_ratio", "T", "F", "d"), primes, strict=True)
    )
    text = plain(form(expression, style))
    assert set(text) <= set("0123456789*+-/() ") | set("".join(values)), text
    numbers = {name: Fraction(value) for name, value in values.items()}
    exactly = re.sub(r"\d+", r"Q(\g<0>)", text)
    read = eval(exactly, {"__builtins__": {}, "Q": Fraction}, numbers)  # noqa: S307  # our own output, checked above
    exact = expression.subs({s: sympy.Rational(str(values[str(s)])) for s in expression.free_symbols})
    assert Fraction(read) == Fraction(int(exact.p), int(exact.q))


def bert_total(**sizes: int) -> Expr:
    return total(named("bert")).subs({symbol: sizes[str(symbol)] for symbol in (ffn_ratio,) if str(symbol) in sizes})


@pytest.mark.parametrize(
    ("style", "latex"),
    [
        (Style.EXPANDED, "12LH^2 + 13LH + VH + NH + H^2 + 5H"),
        (Style.COLLECTED, "12LH^2 + 13LH + (V + N + 5)H + H^2"),
        (Style.FACTORED, "H(L(12H + 13) + V + N + H + 5)"),
    ],
)
def test_the_order_in_which_papers_write_bert(style: Style, latex: str) -> None:
    assert math(form(bert_total(ffn_ratio=4), style)) == latex


def test_pretty_text() -> None:
    expected = "(2·ffn_ratio + 4)·L·H² + (ffn_ratio + 9)·L·H + (V + N + 5)·H + H²"
    assert pretty(form(bert_total())) == expected


@pytest.mark.parametrize(
    ("expression", "latex", "text"),
    [
        (sympy.Integer(0), "0", "0"),
        (-H, "-H", "-H"),
        (H - V, "-V + H", "-V + H"),
        (sympy.Rational(13, 12) * H, r"\frac{13H}{12}", "13*H/12"),
        (H / heads, r"\frac{H}{A}", "H/heads"),
        (H**12, "H^{12}", "H**12"),
        (Iverson(sympy.Not(tied)) * V * H, r"[\lnot \mathrm{tied}]VH", "[not tied]*V*H"),
        (Iverson(sympy.Ne(F, H)) * F, r"[F \neq H]F", "[F != H]*F"),
        (sympy.Integer(1234567), "1{,}234{,}567", "1234567"),
        (2 * Iverson(cross_attention), r"2[\mathrm{cross}]", "2*[cross_attention]"),
        (sympy.expand(Iverson(tied) * (F * H + H)), r"[\mathrm{tied}](HF + H)", "[tied]*(H*F + H)"),
        (sympy.expand((L - 1) * H * (V + N)), "(V + N)LH - (V + N)H", "(V + N)*L*H - (V + N)*H"),
        (sympy.expand(-Iverson(tied) * (V + N) * H), r"-[\mathrm{tied}](V + N)H", "-[tied]*(V + N)*H"),
        (
            Iverson(sympy.And(sympy.Or(L > 1, T <= 0), T <= 2)),
            r"[T \leq 2 \land (L > 1 \lor T \leq 0)]",
            "[T <= 2 and (L > 1 or T <= 0)]",
        ),
        (
            Iverson(sympy.Or(sympy.And(tied, cross_attention), L > 1)),
            r"[L > 1 \lor (\mathrm{tied} \land \mathrm{cross})]",
            "[L > 1 or (tied and cross_attention)]",
        ),
        (
            Iverson(sympy.Not(sympy.And(tied, cross_attention))),
            r"[\lnot (\mathrm{tied} \land \mathrm{cross})]",
            "[not (tied and cross_attention)]",
        ),
        (
            Iverson(sympy.Eq(3 - L * sympy.floor(3 / L), T)),
            r"[3 - \left\lfloor \frac{3}{L} \right\rfloor L = T]",
            "[3 - floor(3/L)*L == T]",
        ),
        (1 / (H + V) ** 2 + 1, r"\frac{1}{V^2 + 2VH + H^2} + 1", "1/(V**2 + 2*V*H + H**2) + 1"),
    ],
)
def test_single_forms(expression: Expr, latex: str, text: str) -> None:
    assert math(form(expression)) == latex
    assert plain(form(expression)) == text


def test_numbers_put_in_are_not_worked_out() -> None:
    written = put_in(form(12 * L * H**2), {L: form(sympy.Integer(12)), H: form(sympy.Integer(768))})
    assert plain(written) == "12*12*768**2"
    assert math(written) == r"12 \cdot 12 \cdot 768^2"
    assert isinstance(written, Product)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
@pytest.mark.parametrize("style", Style)
def test_every_total_keeps_its_value_in_every_style(name: str, style: Style) -> None:
    for head in ARCHITECTURES[name].heads:
        expression = total(named(name).with_head(head))
        assert sympy.cancel(to_sympy(form(expression, style)) - expression) == 0


def test_a_size_of_somebodys_own_code_is_written_like_any_other() -> None:
    experts = Own("num_experts", Kind.WIDTH)
    written = form(3 * experts * H**2 + sympy.floor((H - 1) / 2) * experts + sympy.floor(H / experts))
    assert pretty(written) == "3·H²·num_experts + ⌊(H − 1)/2⌋·num_experts + ⌊H/num_experts⌋"
    assert plain(written) == "3*H**2*num_experts + floor((H - 1)/2)*num_experts + floor(H/num_experts)"
    assert r"\left\lfloor \frac{H - 1}{2} \right\rfloor\mathrm{num\_experts}" in math(written)
    assert to_sympy(written).subs({H: 7, experts: 2}) == 3 * 2 * 49 + 3 * 2 + 3


def test_a_rounded_product_has_no_denominator() -> None:
    written = form(sympy.floor(ffn_ratio * H) * L)
    assert pretty(written) == "⌊ffn_ratio·H⌋·L"
    assert math(written) == r"\lfloor rH \rfloor L"


def test_a_size_that_looks_like_a_registered_one_is_printed_apart() -> None:
    own, heads_too = Own("A", Kind.WIDTH), Own("cross", Kind.WIDTH)
    assert math(form(heads * own + heads_too * Iverson(cross_attention))) == (
        r"A\mathrm{A} + [\mathrm{cross}]\mathtt{cross}"
    )


def test_the_dominant_form_takes_out_nothing_that_a_condition_takes_away() -> None:
    written = form(12 * Iverson(L > T) * L * H**2 * F + 3 * L * H**2 + V * H, Style.DOMINANT)
    assert plain(written) == "3*L*H**2*(1 + 4*[L > T]*F + V/(3*L*H))"
    never = form(12 * Iverson(L > T) * L * H**2 + Iverson(tied) * H, Style.DOMINANT)
    assert plain(never) == "12*[L > T]*L*H**2 + [tied]*H"


def test_a_power_that_is_not_whole_is_no_formula() -> None:
    with pytest.raises(TypeError, match="not whole"):
        form(sympy.sqrt(H) * V)


kv, q, nope, rope, value, first, other = (
    Own(name, kind, 1, "a size of some code")
    for name, kind in (
        *((name, Kind.WIDTH) for name in ("kv", "q", "nope", "rope", "value")),
        *((name, Kind.DEPTH) for name in ("first", "other")),
    )
)


@pytest.mark.parametrize(
    ("expression", "nested"),
    [
        (
            L * (heads * (H * value + kv * (nope + value) + q * (nope + rope)) + H * (kv + q + rope) + kv + q)
            + V * H
            + H,
            "L*(heads*(H*value + kv*(nope + value) + q*(nope + rope)) + H*(kv + q + rope) + kv + q) + H*(V + 1)",
        ),
        (L * (4 * H**2 + 3 * H) + other * (8 * H**2 + 6 * H) + 5 * V * H, "(L + 2*other)*H*(4*H + 3) + 5*V*H"),
        (3 * H * F * (L - first) + L * H * (H + 1), "L*H*(H + 3*F + 1) - 3*first*H*F"),
        (3 * H * F * (L - first) + H, "3*(L - first)*H*F + H"),
        (H**2 * kv / heads + H**2 * 2 + H, "H*(H*(2 + kv/heads) + 1)"),
        (L + other, "L + other"),
        (sympy.Integer(0), "0"),
        (-L * H - L, "-L*(H + 1)"),
    ],
)
def test_what_is_common_is_written_once(expression: Expr, nested: str) -> None:
    assert plain(form(sympy.expand(expression), Style.NESTED)) == nested


def test_many_powers_are_nested_and_few_are_collected() -> None:
    few = sympy.expand(L * (12 * H**2 + 13 * H) + (V + N + 5) * H + H**2)
    assert form(few) == form(few, Style.COLLECTED) != form(few, Style.NESTED)
    many = sympy.expand(L * heads * (H * value + kv * (nope + value) + q * (nope + rope)) + H * (kv + q))
    assert form(many) == form(many, Style.NESTED)


@settings(deadline=None)
@given(st.lists(polynomials(), min_size=3, max_size=4))
def test_a_long_nested_form_is_the_expression_it_was_made_of(parts: list[Expr]) -> None:
    expression = sympy.expand(sympy.Mul(*parts[:2]) + sympy.Add(*parts[2:]))
    if not expression.has(Iverson):
        assert sympy.cancel(to_sympy(form(expression, Style.NESTED)) - expression) == 0


@pytest.mark.parametrize("style", Style)
def test_a_form_is_rebuilt_from_its_children(style: Style) -> None:
    def rebuilt(node: Any) -> Any:
        return rebuild(node, [rebuilt(child) for child in children(node)])

    for name in ("bert", "albert", "t5"):
        written = form(total(named(name)), style)
        assert rebuilt(written) == written
