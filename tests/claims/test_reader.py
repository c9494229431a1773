"""The formula reader: what it reads, what it refuses, and that nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from bertsym import wording
from bertsym.algebra import monomials
from bertsym.claims.parsed_formula import Reading, Use
from bertsym.claims.parser import read
from bertsym.claims.polynomial import NotPolynomial, TooLong, expand
from bertsym.claims.tokens import Mark
from bertsym.errors import BertsymError, UnreadableFormula
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import Extreme, Floor, Form, Name, Named, Power, Product, Quotient, Root, Sum
from bertsym.render import mathtex
from bertsym.symbols import SIZES, E, F, H, Kind, L, N, V, experts, experts_per_token, heads, labels
from bertsym.zoo import named
from tests.claims.work import work

PRICE = 4_000_000  # calls and returns; the dearest text takes 2.8 million


def polynomial(text: str) -> object:
    return expand(read(text).main.form)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12LH^2", 12 * L * H**2),
        ("12*L*H**2", 12 * L * H**2),
        ("12 l h²", 12 * L * H**2),
        (r"12 n_{\text{layer}} d_{\text{model}}^2", 12 * L * H**2),
        (r"$N \approx 12\, n_\mathrm{layer} d_\mathrm{model}^2$.", 12 * L * H**2),
        (r"d \cdot 2", 2 * H),
        (r"H \left(12 H L + 13 L\right)", 12 * L * H**2 + 13 * L * H),
        (r"\underbrace{VH + NH}_{\text{embeddings}} + 2H", V * H + N * H + 2 * H),
        (r"12LH^2\left(1 + \frac{13}{12H} + \frac{V+s}{12LH}\right)", 12 * L * H**2 + 13 * L * H + (V + N) * H),
        ("12LH^2(1+13/12H+(V+S)/12LH)", 12 * L * H**2 + 13 * L * H + (V + N) * H),
        ("3H²/heads", 3 * H**2 / heads),
        (r"\frac12 LH", L * H / 2),
        (r"|V|H", V * H),
        ("heads x 3 x (H/heads) x H", 3 * H**2),
        (r"110{,}000H + 1\,000 - 1_000", 110000 * H),
        (r"2^{10} H", 1024 * H),
        ("12 * config.num_hidden_layers * self.config.hidden_size**2", 12 * L * H**2),
        ("2 (H + 1)(20)", 40 * H + 40),
        ("N = 12LH^2 + n_ctx*H", 12 * L * H**2 + N * H),
        ("12LH^2 = 12 n_layer d_model^2", 12 * L * H**2),
        ("3HH'", 3 * H * F),
        (r"$3 h h^{\prime}$", 3 * H * F),
        ("30kH + 12LH^2", 30_000 * H + 12 * L * H**2),
        (r"\mathbf{12 n_{\text{layer}} d_{\text{model}}^2}", 12 * L * H**2),
        (r"\boldsymbol{12} L \bm{H}^2", 12 * L * H**2),
        ("参数量：12lh²（每层）", 12 * L * H**2),
        ("Größe = V*h(隐藏维度, 768)", V * H),
        ("параметры = 12LH^2", 12 * L * H**2),
        ('12*config["n_layer"]*model.config.n_embd**2', 12 * L * H**2),
        ("12 * cfg['layers'] * params.get('hidden_size')**2", 12 * L * H**2),
        ("4 * n_embed * d_attention / attn_heads", 4 * H**2 / heads),
        ("3*dim*hidden_dim", 3 * H * F),
        ("3*hidden_dim^2", 3 * H**2),
        ("int(8*4096/3)", 10922),
        (r"\left\lceil 8*4096/3 \right\rceil", 10923),
        ("4096 // 3", 1365),
    ],
)
def test_reads(text: str, expected: object) -> None:
    assert polynomial(text) == monomials(expected)


@pytest.mark.parametrize(
    ("text", "number"),
    [("110M", 110_000_000),
     ("0.11B", 110_000_000), (r"110{,}000{,}000", 110_000_000), (r"340\,\mathrm{M}", 340_000_000),
     ("1.1e8", 110_000_000), ("2T", 2 * 10**12), ("110 million parameters", 110_000_000), ("109,482,240", 109_482_240)],
)  # fmt: skip
def test_reads_numbers(text: str, number: int) -> None:
    assert polynomial(text) == {(): Fraction(number)}


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("", 1, "nothing"),
        ("12LH2", 5, "sign"),
        ("12LH^2 +", 9, "missing"),
        ("12LH^2 + ...", 10, "dots"),
        ("(V+H", 5, ") is missing"),
        ("V+H)", 4, "not expected"),
        ("H_1 + 2", 1, "H_1"),
        (r"\sum_{i=1}^{L} 12H^2", 1, "sum"),
        ("12LH^2 (layers)", 8, "remark"),
        ("109,482,240 (110M)", 13, "remark"),
        ("VH (30522 x 768)", 4, "remark"),
        ("O(VH)", 1, "no count"),
        ("VH + (O(LH))", 7, "no count"),
        ("4DNH", 4, "H beside D"),
        ("2N + n_ctx H", 6, "n_ctx beside N"),
        ("hidden_size * 4h", 16, "h beside hidden_size"),
        ("H/heads H", 9, "brackets"),
        ("1/2 H", 5, "write"),
        (r"H^23", 3, "at most"),
        (r"$H^23$", 4, "one digit"),
        ("9^{9^{9^{9}}}", 5, "whole number"),
        ("H^{1000000000}", 3, "at most"),
        ("3 d h", 5, "which"),
        (r"4H \\ H", 7, "not expected"),
        (r"12LH^2 \quad V", 14, "not expected"),
        ("$V$ $H$", 6, "not expected"),
        ("\\begin{tabular}{l} H \\end{tabular}", 1, "environment"),
        ("1" * 70, 1, "number"),
        ("1/2 \u03b1", 5, "write"),
        ("L' H", 1, "unknown name"),
    ],
)
def test_refuses_with_the_column(text: str, column: int, word: str) -> None:
    with pytest.raises(UnreadableFormula, match=r".") as caught:
        read(text)
    assert caught.value.column == column
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("3*E*H*F", "mixtral", 3 * experts * H * F),
        ("3*k*H*F", "mixtral", 3 * experts_per_token * H * F),
        ("VE + EH", "albert", V * E + E * H),
        ("VE + 12LE^2", "bert", V * H + 12 * L * H**2),
        ("VC + 12LC^2", "gpt2", V * H + 12 * L * H**2),
        ("C*H + C", "bert", labels * H + labels),
        ("N(4D^2 + 3DF)", "llama", L * (4 * H**2 + 3 * H * F)),
        ("NH", "bert", N * H),
        ("3*dim*hidden_dim", "distilbert", 3 * H * F),
        ("3*hidden_dim*768", "distilbert", 3 * F * 768),
        ("hidden_size // num_attention_heads", "bert", H / heads),
    ],
)
def test_a_letter_means_what_the_model_has(text: str, name: str, expected: sympy.Expr) -> None:
    assert expand(read(text, model=named(name)).main.form) == monomials(expected)


@pytest.mark.parametrize(("text", "column"), [("int(8*d/3)", 1), ("VH + H // 3", 8), (r"VH + \lceil H/3 \rceil", 6)])
def test_a_rounding_that_the_model_does_not_have_is_refused(text: str, column: int) -> None:
    with pytest.raises(UnreadableFormula, match="rounds no") as caught:
        read(text, model=named("llama"))
    assert caught.value.column == column


@pytest.mark.parametrize("text", ["L//L", "2LH//L", "H//(2H)"])
def test_a_rounded_quotient_keeps_the_names_that_cancel(text: str) -> None:
    accounted(read(text))


def test_a_quotient_by_a_sum_is_no_count() -> None:
    with pytest.raises(NotPolynomial):
        polynomial("V/(H + 1)")


def test_too_large_to_multiply_out() -> None:
    with pytest.raises(TooLong):
        polynomial("(1+H+V+N+L)^16")


def test_what_is_left_out_is_listed() -> None:
    reading = read(r"\text{Total} = \underbrace{VH}_{\text{words}} + 12LH^2 + O(LH) \quad.")
    assert reading.label == "Total"
    assert reading.about
    assert reading.sides[0].annotated[0][1] == "words"
    assert reading.left_out()[Use.REMAINDER] == ("O", "(", "L", "H", ")")
    assert reading.left_out()[Use.LAYOUT] == (r"\quad", ".")


LONE_UNITS = ("K", "k", "M", "B", "T")


def accounted(reading: Reading) -> None:
    """Every character is in one token with one use, and every number and name that counts is in a form, as often."""
    assert "".join(token.text for token, _ in reading.tokens) == reading.text
    names = Counter(str(t.value) for t, use in reading.tokens if use is Use.MATHS and t.mark is Mark.NAME)
    symbols = Counter({str(reading.names[name]): 0 for name in names if name in reading.names})
    for name, times in names.items():
        assert name in reading.names or name in LONE_UNITS
        symbols[str(reading.names.get(name, "a unit"))] += times
    del symbols["a unit"]
    in_forms: Counter[str] = Counter()
    for side in reading.sides:
        in_forms += Counter(leaves(side.form))
    assert in_forms == symbols or "[" in reading.text


def leaves(written: Form) -> Iterator[str]:
    """The names of a form, each as often as it stands there."""
    match written:
        case Name(symbol):
            yield str(symbol)
        case Power(base, _):
            yield from leaves(base)
        case Product(parts) | Sum(parts):
            for part in parts:
                yield from leaves(part)
        case Quotient(numerator, denominator):
            yield from leaves(numerator)
            yield from leaves(denominator)
        case Floor(inside) | Root(inside) | Named(inside):
            yield from leaves(inside)
        case Extreme(left, right):
            yield from leaves(left)
            yield from leaves(right)
        case _:
            return


pieces = st.sampled_from(
    ["12", "L", "H", "^2", "²", "+", "-", "*", "(", ")", "/", r"\frac{", "}", "{", r"\cdot ", " ", "V",
     "d_model", "=", r"\text{", "h", "O(", r"\underbrace{", "_", "^", "[tied]", "[", "]",
     r"\left(", r"\right)", "|V|", "x", "M", ",", ".",
     r"\approx", "1/2", "$", "~", r"\\", "&", "params", "é", "₂"]
)  # fmt: skip


@settings(max_examples=1500, deadline=1000)
@given(st.lists(pieces, max_size=30).map("".join))
def test_nothing_is_dropped_in_silence(text: str) -> None:
    try:
        reading = read(text)
        for side in reading.sides:
            expand(side.form)
    except BertsymError:
        return
    accounted(reading)


@settings(max_examples=500, deadline=1000)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        accounted(read(text))
    except BertsymError:
        return


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000, "(" * 5_000 + "H" + ")" * 5_000, "{" * 10_000, "[" * 10_000, "O(" * 5_000,
     "H_" * 5_000, "H" * 10_000,
     r"\text{" * 1_600, r"\frac{" * 1_600, "^" * 10_000, "²" * 10_000, "+" * 10_000, "1," * 5_000, "(foo " * 2_000,
     "(1+H)^9*" * 1_000 + "1", "(1+H+V)*" * 1_000 + "1", "9^9*" * 2_000 + "1", "H+" * 5_000 + "1", "=" * 10_000,
     "H=" * 5_000 + "H", "[H != " * 1_500, "|" * 10_000, "H (" * 3_000, r"\underbrace{H}_{" * 600,
     "1" * 10_000, "H/" * 5_000 + "H",
     "2^" * 5_000 + "2", "d_{" * 3_000, "1e999", "1e60" * 100, "(H" * 30 + ")^16" * 30, "$" * 10_000, "x" * 10_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_work(text: str) -> None:
    def attempt() -> None:
        for side in read(text).sides:
            expand(side.form)

    assert work(attempt) < PRICE


sizes = st.sampled_from([size.symbol for size in SIZES if size.kind is not Kind.SWITCH])
terms = st.lists(
    st.tuples(st.integers(-(10**9), 10**9), st.lists(st.tuples(sizes, st.integers(1, 3)), max_size=4)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(terms, st.sampled_from(Style))
def test_our_own_output_reads_back(terms: list[tuple[int, list[tuple[sympy.Symbol, int]]]], style: Style) -> None:
    expression = sympy.Add(*(sympy.Mul(coefficient, *(s**e for s, e in powers)) for coefficient, powers in terms))
    written = form(expression, style)
    expected = monomials(expression)
    try:
        expand(written)
    except NotPolynomial:  # a dominant term that is itself a sum, as in (V + 1)·(1 + 1/(V + 1)), divides by it
        reject()
    for text in (mathtex.math(written), wording.pretty(written), wording.plain(written)):
        assert expand(read(text, notation="bert").main.form) == expected, text
