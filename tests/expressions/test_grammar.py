"""One syntax: however a tree is spelled it reads back equal, and no text costs more than its use allows."""

from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bertsym.count import total
from bertsym.expressions.evaluate import evaluate
from bertsym.expressions.grammar import (
    CONDITION,
    CONSTANT,
    EXACT_EXPRESSION,
    EXPRESSION,
    MAX_EXPONENT,
    TIE,
    Malformed,
    Use,
    parse,
)
from bertsym.expressions.reader import read_equation, to_sympy
from bertsym.expressions.tree import CONDITIONS, RELATIONAL, Node, Op
from bertsym.formulas.styles import Style, form
from bertsym.resolve import load
from bertsym.symbols import BY_NAME, E, F, H, L, V, heads, tied
from bertsym.wording import plain, pretty

ANYTHING = Use("a text", frozenset(Op), 20_000, 400, 10**12, 10**6)
SYMBOLS = {str(symbol): symbol for symbol in (E, F, H, L, V, heads, tied)}
SPELLINGS: dict[str, list[str]] = {
    "^": ["^", "**", " ** "],
    "=": ["=", "==", " == "],
    "<=": ["<=", "≤", "=<"],
    ">=": [">=", "≥", "=>"],
    "!=": ["!=", "≠"],
    "*": ["*", "·", "×"],
    "-": ["-", "−", " - "],
    "and": [" and ", "&", "&&"],
    "or": [" or ", "|", " || "],
}
BINDING = {Op.OR: 1, Op.AND: 2, Op.NOT: 3, **dict.fromkeys(RELATIONAL, 4), Op.ADD: 5, Op.SUBTRACT: 5}
BINDING |= {**dict.fromkeys((Op.MULTIPLY, Op.DIVIDE, Op.FLOOR_DIVIDE, Op.REMAINDER), 6), Op.NEGATE: 7, Op.POWER: 8}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@st.composite
def numbers(draw: st.DrawFn, depth: int = 4) -> Node:
    """Draw a tree of a number."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        symbol = draw(st.sampled_from([E, F, H, L, V, heads, None]))
        number = draw(st.integers(0, 10**12))
        return Node(Op.NUMBER, number=number) if symbol is None else Node(Op.SIZE, symbol=symbol)
    below = numbers(depth - 1)
    op = draw(
        st.sampled_from(
            [*(op for op in BINDING if op not in CONDITIONS and op is not Op.POWER), Op.POWER, Op.FLOOR, Op.BRACKET]
        )
    )
    if op is Op.BRACKET:
        return Node(op, (draw(conditions(depth - 1)),))
    if op in (Op.NEGATE, Op.FLOOR):
        return Node(op, (draw(below),))
    if op is Op.POWER:
        return Node(op, (draw(below), Node(Op.NUMBER, number=draw(st.integers(0, 3)))))
    return Node(op, (draw(below), draw(below)))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 4) -> Node:
    """Draw a tree of a condition."""
    if depth == 0:
        leaf: Node = draw(st.sampled_from([Node(Op.SWITCH, symbol=tied), Node(Op.TRUE), Node(Op.FALSE)]))
        return leaf
    op = draw(st.sampled_from([Op.AND, Op.OR, Op.NOT, *sorted(RELATIONAL)]))
    below = numbers(depth - 1) if op in RELATIONAL else conditions(depth - 1)
    return Node(op, (draw(below),) if op is Op.NOT else (draw(below), draw(below)))


def spell(tree: Node, choice: random.Random, least: int = 0) -> str:
    """Write a tree in one of its spellings; what needs no parentheses gets some now and then."""
    text = spelled(tree, choice)
    if BINDING.get(tree.op, 9) < least or choice.random() < 0.1:
        text = f"({text})"
    return " " * choice.randint(0, 1) + text


def spelled(tree: Node, choice: random.Random) -> str:
    """Write a tree without parentheses around it."""
    match tree.op:
        case Op.NUMBER:
            return f"{tree.number:_}" if choice.random() < 0.2 else str(tree.number)
        case Op.SIZE | Op.SWITCH:
            return str(tree.symbol)
        case Op.TRUE | Op.FALSE:
            return str(tree.op.value)
        case Op.BRACKET:
            return f"[{spell(tree.operands[0], choice)}]"
        case Op.FLOOR:
            return choice.choice(["floor({})", "floor ({})", "⌊{}⌋"]).format(spell(tree.operands[0], choice))
        case Op.NOT:
            return f"not {spell(tree.operands[0], choice, 3)}"
        case Op.NEGATE:
            return f"{choice.choice('-−')}{spell(tree.operands[0], choice, 7)}"
    left, right = tree.operands
    binding = BINDING[tree.op]
    if tree.op is Op.POWER and choice.random() < 0.3:
        return spell(left, choice, 9) + str(right.number).translate(SUPERSCRIPTS)
    sides = (
        spell(left, choice, binding + (tree.op is Op.POWER or tree.op in RELATIONAL)),
        spell(right, choice, binding + 1),
    )
    return choice.choice(SPELLINGS.get(str(tree.op.value), [str(tree.op.value)])).join(sides)


@given(st.one_of(numbers(), conditions()), st.integers(0, 2**32))
@settings(deadline=None, max_examples=400)
def test_every_spelling_of_a_tree_reads_as_the_tree(tree: Node, seed: int) -> None:
    assert parse(spell(tree, random.Random(seed)), ANYTHING, SYMBOLS.get) == tree


def test_chains_of_comparisons_are_conjunctions() -> None:
    chain, written_out = "16 <= H/L < 128 != V", "(16 <= H/L and H/L < 128) and 128 != V"
    assert parse(chain, CONDITION, SYMBOLS.get) == parse(written_out, CONDITION, SYMBOLS.get)


def test_a_text_from_a_web_page_has_spaces_of_its_own() -> None:
    text = "H\N{NO-BREAK SPACE}> 3\N{THIN SPACE}and\N{NO-BREAK SPACE}L > 2"
    assert parse(text, CONDITION, SYMBOLS.get) == parse("H > 3 and L > 2", CONDITION, SYMBOLS.get)


def test_decimals_are_exact() -> None:
    assert evaluate(parse("2.5*H", CONDITION, SYMBOLS.get), {H: 3}) == sympy.Rational(15, 2)
    assert evaluate(parse("64*12 + 2^3", CONSTANT, SYMBOLS.get), {}) == 776


def test_names_are_paths_of_fields() -> None:
    names = {"text_config.hidden_size": H, "depths[0]": L, "floor": V}
    tree = parse("text_config.hidden_size*depths[0] + [depths[0] > 1]*floor + floor(floor)", ANYTHING, names.get)
    assert [*tree.symbols()] == [H, L, L, V, V]


@pytest.mark.parametrize("model", ["bert", "albert", "gpt2", "deberta-v2", "mixtral", "swin", "gemma3", "hubert"])
def test_printed_formulas_read_back(model: str) -> None:
    expression = total(load(model))
    for style in (Style.COLLECTED, Style.EXPANDED, Style.FACTORED):
        for write in (plain, pretty):
            text = re.sub(r" {[^}]*}", "", write(form(expression, style)))
            own = {str(symbol): symbol for symbol in expression.free_symbols}
            tree = parse(text, ANYTHING, {**{n: s.symbol for n, s in BY_NAME.items()}, **own}.get)
            assert sympy.expand(to_sympy(tree) - expression) == 0


def test_equations() -> None:
    assert read_equation("d = H/heads", {**SYMBOLS, "d": BY_NAME["d"].symbol}) == (BY_NAME["d"].symbol, H / heads)
    for wrong in ("H", "H < 3", "2 = H", "H = 3 = 4", "F = H/(H - 1)"):
        with pytest.raises(Malformed):
            read_equation(wrong, SYMBOLS)


USES = [EXPRESSION, EXACT_EXPRESSION, CONDITION, TIE, CONSTANT]
PIECES = [
    *"+-*/%^()<>=![]{}&|~.,;:?'\"\\_@#",
    *"≤≥≠·×−⌊⌋²⁹",
    "**",
    "//",
    "<=",
    "==",
    " and ",
    " or ",
    " not ",
    "floor(",
    "true",
]
PIECES += [
    "H",
    "L",
    "tied",
    "Q",
    "H.__class__",
    "depths[0]",
    "0",
    "7",
    "1e9",
    "2.5",
    "99999999999999",
    "\x00",
    "\n",
    "é",
    "٣",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(USES))
@settings(deadline=None, max_examples=1500)
def test_any_text_is_read_or_refused_at_a_column(text: str, use: Use) -> None:
    error: Malformed | None = None
    with suppress(Malformed):
        try:
            tree = parse(text, use, SYMBOLS.get)
            assert ops(tree) <= use.operators
        except Malformed as problem:
            error = problem
            raise
    assert error is None or (1 <= error.column <= len(text) + 1 and str(error).isprintable())


def ops(tree: Node) -> set[Op]:
    """Return the operators in a tree."""
    return {tree.op}.union(*map(ops, tree.operands))


HOSTILE = [
    "(" * 10_000 + "H",
    "-" * 10_000 + "H",
    "not " * 3_000 + "tied",
    "H^" * 5_000 + "2",
    "((((9^16)^16)^16)^16)^16",
    "9" * 10_000,
    "+".join(["H"] * 5_000),
    "*".join(["(H + V)"] * 300),
    "H" * 10_000,
    "[" * 1_000,
    "⌊" * 1_000,
    "²" * 1_000,
    f"H^{MAX_EXPONENT + 1}",
    "1_" * 500,
]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.noun)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_texts_are_refused(text: str, use: Use) -> None:
    with pytest.raises(Malformed):
        parse(text, use, {"H": H, "V": V, "tied": tied}.get)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("H ==", 5, "expected a size, a number or (, got the end"),
        ("(H == 3", 8, "expected ), got the end"),
        ("H == 3)", 7, "expected an operator or the end, got ')'"),
        ("H + (H > 3) > 1", 5, "expected a number, got a condition"),
        ("H and L > 1", 1, "expected a condition, got a number"),
        ("H^L > 1", 3, "expected an exponent from 0 to 16"),
        ("2^3^2 > 1", 4, "two powers in a row: parentheses have to say which comes first"),
        ("[H > 3] > 0", 1, "a bracket [...] cannot stand in a condition"),
        ("H > 3 $", 7, "'$' has no meaning here"),
        ("H\N{NO-BREAK SPACE}> $3", 5, "'$' has no meaning here"),
        ("|H| > 3", 1, "expected a size, a number or (, got '|'"),
    ],
)
def test_errors_say_where_and_what_was_expected(text: str, column: int, expected: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse(text, CONDITION, SYMBOLS.get)
    assert (refused.value.column, refused.value.problem) == (column, expected)


def test_the_smaller_and_the_larger_of_two() -> None:
    names = {"H": H, "L": L, "min": V}
    for text, spelled in {
        "min(L, 3)*H": "(3 + (L - 3)*[L <= 3])*H",
        "max(L - 3, 0)": "0 + (L - 3 - 0)*[L - 3 >= 0]",
        "min + min(min, L)": "min + (L + (min - L)*[min <= L])",
    }.items():
        assert parse(text, ANYTHING, names.get) == parse(spelled, ANYTHING, names.get)
    for wrong in ("min(L)", "min(L, 3", "max(L, 3, 4)", "min(L, 3 > 2)", "L, 3"):
        with pytest.raises(Malformed):
            parse(wrong, ANYTHING, names.get)
