"""The formulas of the library in sympy: names, plain symbols and lambdify mean what they say."""

from __future__ import annotations

import copy
import pickle
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Add, Integer, Mul, Piecewise, Poly, Symbol, floor, lambdify, nsolve, solve, symbols

import bertsym
from bertsym.errors import BertsymError
from bertsym.handed_out import Iverson, public
from bertsym.symbols import H as INSIDE_H
from bertsym.symbols import Kind, Own, heads, tied

V, N, H, L, ffn_ratio = symbols("V N H L ffn_ratio")
# BERT's formula by hand: tables and their norm; per layer attention, feed-forward net and two norms; the pooler.
BY_HAND = (
    (V + N + 2) * H + 2 * H
    + L * (4 * (H**2 + H) + 2 * ffn_ratio * H**2 + ffn_ratio * H + H + 4 * H)
    + H**2 + H
)  # fmt: skip
BASE = {"V": 30522, "N": 512, "H": 768, "L": 12, "ffn_ratio": 4}
MODULES = ("default", "math", "numpy", "sympy", "mpmath")


def bert() -> Any:
    return bertsym.load("bert").total().expression


def function(arguments: Any, expression: Any, modules: str) -> Any:
    if modules == "numpy":
        pytest.importorskip("numpy")
    return lambdify(arguments, expression) if modules == "default" else lambdify(arguments, expression, modules)


def same(left: Any, right: Any) -> bool:
    return bool(sympy.expand(left - right) == 0)


@pytest.mark.parametrize("name", ["V", "N", "H", "L", "ffn_ratio", "E"])
def test_a_derivative_by_a_name(name: str) -> None:
    """N and E are functions of sympy, which reads their names as such."""
    slope = BY_HAND.diff(Symbol(name))
    assert same(bert().diff(name), slope)
    for symbol in (Symbol(name), Symbol(name, positive=True, integer=True), Symbol(name, real=True)):
        if name != "E":
            assert same(bert().diff(symbol), slope)
    if name != "E":
        assert same(sympy.diff(bert(), name), slope)
        assert same(bert().coeff(name), bert().coeff(Symbol(name)))


def test_sizes_by_name() -> None:
    assert bert().subs(BASE) == bert().subs(list(BASE.items())) == 109482240
    assert int(bert().evalf(subs=BASE)) == 109482240
    assert bert().xreplace({name: Integer(size) for name, size in BASE.items()}) == 109482240
    assert same(bert().subs("H", 768), BY_HAND.subs(H, 768))
    assert same(bert().subs({INSIDE_H: 768}), BY_HAND.subs(H, 768))
    assert same(bert().subs("ffn_ratio", 4), BY_HAND.subs(ffn_ratio, 4))
    assert bert().has("N")
    assert not bert().has("heads")
    assert isinstance(bert().subs(BASE), Integer)


def test_fields_of_configurations_are_names_too() -> None:
    formula = bert()
    assert formula.diff("hidden_size") == formula.diff("d_model") == formula.diff(H) != 0
    assert formula.subs({"hidden_size": 768}) == formula.subs(H, 768)
    mixture = bertsym.load("deepseek_v3").total().expression
    assert mixture.diff("kv_lora_rank") == mixture.diff("r_kv") != 0
    again = pickle.loads(pickle.dumps(mixture))  # noqa: S301  # its own
    assert again.diff("kv_lora_rank") == mixture.diff("r_kv")
    assert bertsym.load("bert").compile().expression.diff("n_layer") == sympy.expand(BY_HAND).diff(L)
    assert bertsym.load("bert").derivative("H").expression.diff("vocab_size") == 1


def test_what_sympy_does_with_a_formula() -> None:
    formula = bert()
    fixed = formula.subs({"V": 30522, "N": 512, "L": 12, "ffn_ratio": 4})
    assert 768 in solve(fixed - 109482240, H)
    assert int(nsolve(fixed - 109482240, H, 700)) == 768
    assert Poly(formula, H).degree() == 2
    assert Poly(formula).gens == (H, L, N, V, ffn_ratio)
    assert formula.free_symbols == {V, N, H, L, ffn_ratio}
    assert sympy.latex(formula) == sympy.latex(formula + 0)
    assert same(sympy.series(formula, H, 0, 3).removeO(), BY_HAND)
    assert same(sympy.integrate(formula, (H, 0, 1)).diff(V), sympy.Rational(1, 2))
    assert same(formula.series("H", 0, 3).removeO(), BY_HAND)


def test_arithmetic_with_a_formula() -> None:
    formula = bert()
    for more in (formula + 1, 1 + formula, formula - 110_000_000, 2 * formula, formula**2, -formula, formula / H):
        assert type(more) in (Add, Mul, sympy.Pow)
    assert same((formula - 110_000_000).diff("H"), BY_HAND.diff(H))
    assert formula - formula == 0
    plain = Add(*formula.args)
    assert formula == plain
    assert plain == formula
    assert (formula != plain) is False
    assert hash(formula) == hash(plain)
    assert len({formula, plain}) == 1
    assert {formula**2: 1}[plain**2] == 1
    assert formula != formula + 1


WAYS: tuple[Any, ...] = (
    sympy.simplify, sympy.factor, sympy.expand, sympy.together, sympy.horner, sympy.cse, sympy.count_ops, sympy.sqrt,
    sympy.conjugate, sympy.latex, sympy.pretty, sympy.srepr, sympy.ccode, sympy.sympify, sympy.default_sort_key,
    lambda e: list(sympy.preorder_traversal(e)), lambda e: e.func(*e.args), lambda e: e.as_ordered_terms(),
    lambda e: e.as_numer_denom(), lambda e: e.as_powers_dict(), lambda e: -e, lambda e: 1 / e, lambda e: e < 5,
    lambda e: sympy.Matrix([e, e**2]).jacobian([H, L]), lambda e: sympy.gcd(e, H * e), lambda e: (H + 1).subs(H, e),
    lambda e: (e + 1).subs(e, 3), lambda e: sympy.Piecewise((e, H > 2), (0, True)), lambda e: e.match(sympy.Wild("w")),
    lambda e: sympy.solveset(e - 7, L), lambda e: (e.is_zero, e.is_integer), lambda e: e.rewrite(Piecewise),
)  # fmt: skip


@pytest.mark.parametrize("convention", ["exact", "matrices"])
def test_sympy_treats_a_formula_as_its_own(convention: str) -> None:
    """A sum and a product, beside the same expression of sympy's own class."""
    formula = bertsym.load("bert").total(convention, without="pooler").expression
    plain = formula.ordinary
    assert type(plain) in (Add, Mul)
    for way in WAYS:
        assert way(formula) == way(plain)


@pytest.mark.parametrize("way", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])  # noqa: S301
def test_a_formula_outlives_a_process(way: Any) -> None:
    for formula in (bert(), bertsym.load("deepseek_v3").total().expression, bertsym.load("bert").derivative("H")):
        again = way(formula)
        assert again == formula
        if not isinstance(formula, bertsym.Derivative):
            assert again.diff("H") == formula.diff(H)


@pytest.mark.parametrize("modules", MODULES)
def test_a_function_of_names_and_of_symbols(modules: str) -> None:
    for arguments in (list(BASE), [*symbols(list(BASE))]):
        assert function(arguments, bert(), modules)(*BASE.values()) == 109482240
        assert function(arguments, bert() * 2, modules)(*BASE.values()) == 2 * 109482240


MODELS = ("deepseek_v3", "qwen3_next", "clvp", "jamba", "vit_mae")


@pytest.mark.parametrize("name", MODELS)
def test_conditions_and_floors_in_functions(name: str) -> None:
    """Each function gives the count that the library makes from the tensors; 8 draws of sizes."""
    draw = Random(f"{name} 20261129")
    model = bertsym.load(f"{name}-default", head="model")
    formula = model.total().expression
    arguments = sorted(formula.free_symbols, key=str)
    functions = [function(arguments, formula, modules) for modules in MODULES]
    for _ in range(8):
        sizes = {
            size: number if isinstance(number, bool) or draw.random() < 0.4 else number * draw.choice((1, 2, 3))
            for size, number in model.sizes.items()
        }
        try:
            drawn = model.at(sizes)
            expected = drawn.count()
        except BertsymError:
            continue
        if drawn.total().expression == formula:
            numbers = [drawn.sizes[str(symbol)] for symbol in arguments]
            assert [counted(*numbers) for counted in functions] == [expected] * len(MODULES), sizes


def test_a_floor_is_not_divided_as_floats() -> None:
    """As floats, 61/3 + 1 - 1/3 - 3/3 is below 20."""
    first, every, layers = (Own(name, Kind.DEPTH) for name in ("first", "every", "layers"))
    names = symbols("first layers")
    for step in (3, 7, 49):
        hits = floor((layers - first + step - 1) / step)
        exact = lambdify(names, public(hits), "math")
        grid = [(start, last) for start in range(1, 6) for last in range(5, 400)]
        assert [exact(*pair) for pair in grid] == [(last - start + step - 1) // step for start, last in grid]
    hits = public(floor((layers - first + every - 1) / every))
    numbers = {"first": 3, "every": 3, "layers": 61}
    for modules in MODULES:
        assert function(symbols(list(numbers)), hits, modules)(3, 3, 61) == 20
    assert hits.subs({Symbol(name): number for name, number in numbers.items()}) == 20
    assert hits.rewrite(floor).subs({Symbol(name): number for name, number in numbers.items()}) == 20


def test_brackets_and_floors_as_sympy_knows_them() -> None:
    formula = public(INSIDE_H * bertsym.algebra.Iverson(tied) + floor(INSIDE_H / 3))
    assert str(formula) == "H*Iverson(tied) + floor(H/3)"
    assert sympy.latex(formula) == r"H \left[tied\right] + \left\lfloor{\frac{H}{3}}\right\rfloor"
    assert formula.rewrite(Piecewise).has(Piecewise)
    assert formula.diff("H") == Iverson(Symbol("tied"))
    assert formula.subs({"tied": True, "H": 7}) == 9
    assert formula.subs({"tied": False, "H": 7}) == 2
    numpy = pytest.importorskip("numpy")
    widths = numpy.array([1, 2**40, 7])
    counted = lambdify(["H", "tied"], formula)
    assert counted(widths, numpy.array([True, False, True])).tolist() == [1, 2**40 // 3, 9]
    assert counted(2**70, True) == 2**70 + 2**70 // 3


def test_a_relation_of_quotients_is_one_of_integers() -> None:
    """As floats, 49 times 1/49 is below 1."""
    bracket = public(bertsym.algebra.Iverson(sympy.Ge(INSIDE_H / 49, heads)))
    for modules in MODULES:
        assert function(symbols("H heads"), bracket, modules)(49 * 49, 49) == 1


def test_symbols_of_a_model() -> None:
    model = bertsym.load("deepseek_v3-default")
    assert model.symbols["H"] == model.symbols["hidden_size"] == Symbol("H")
    assert model.total().expression.free_symbols <= set(model.symbols.values())
    assert model.at({model.symbols["V"]: 1024}) == model.at(V=1024)
    assert same(model.derivative("V").expression, model.total().expression.diff("V"))
    assert (model.symbols.get("V"), model.symbols.get("xx", H)) == (Symbol("V"), H)
    wrong: Any
    for wrong in ("xx", 3, None):
        assert model.symbols.get(wrong) is None
        with pytest.raises(BertsymError):
            model.symbols[wrong]
    flops = bertsym.load("bert-base-uncased").of("flops").total().expression
    assert flops.diff("S") == flops.diff(Symbol("S")) != 0


def test_names_work_on_what_a_method_returns() -> None:
    total = bertsym.load("bert-base-uncased").total().expression
    assert total.diff("hidden_size").diff("hidden_size").expand() == 4 * L * ffn_ratio + 8 * L + 2
    assert total.expand().coeff("N") == H
    assert V not in total.subs({"hidden_size": 768}).subs({"vocab_size": 30522}).free_symbols
