"""One unknown: the bracket, the root, the closed form and what can be built, for every model and every unknown."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from sympy import Symbol

from bertsym.algebra import evaluate, free, monomials
from bertsym.answers.configurations import shortlist
from bertsym.answers.solution import solved
from bertsym.convention import EXACT
from bertsym.count import count, total
from bertsym.errors import BertsymError, Conflict, UnknownName
from bertsym.formulas.tree import to_sympy
from bertsym.model import Model
from bertsym.solving.closing import close
from bertsym.solving.constraints import BadConstraint, parse_constraint, parse_tie
from bertsym.solving.marginal import marginals
from bertsym.solving.open_model import NotDependent
from bertsym.solving.request import Request
from bertsym.solving.requirements import Demand, Limit, NothingFits
from bertsym.solving.solve import Point, Solution, TooSmall, solve
from bertsym.symbols import BY_SYMBOL, F, H, Kind, L, N, P, T, V, d, ffn_ratio, heads, kv_heads
from bertsym.zoo import ARCHITECTURES, named

pytestmark = pytest.mark.slow

BASE = named("bert-base-uncased")


def bracket(found: Solution) -> tuple[Point, Point]:
    """The two sides of a bracket that has both."""
    assert found.floor is not None
    assert found.ceil is not None
    return found.floor, found.ceil


def test_110_million_for_the_hidden_size_of_bert_base() -> None:
    found = solve(BASE, H, 110_000_000)
    assert found.root == Fraction(77004, 100)
    assert tuple(point.value for point in bracket(found)) == (770, 771)
    best = found.candidates[0]
    assert (best.at, best.count, best.error) == ({H: 768, heads: 12, F: 3072}, 109482240, -517760)


def test_340_million_for_the_hidden_size_of_bert_large() -> None:
    found = solve(named("bert-large-uncased"), H, 340_000_000)
    assert tuple(point.value for point in bracket(found)) == (1031, 1032)
    assert found.candidates[0].at == {H: 1024, heads: 16, F: 4096}
    assert found.candidates[0].count == 335141888
    assert found.assumed == ()


def test_heads_that_float_do_not_stand_still() -> None:
    request = Request((H,), 12_000_000, top=5)
    answer = solved(named("albert"), request)
    assert [point.at[heads] for point in answer.solution.candidates] == [12, 13, 11, 14, 10]
    assert heads not in {*answer.subject.at, *answer.solution.assumed}
    spoken = shortlist(named("bert"), Request((H, L), 110_000_000, constraints=(parse_constraint("heads >= 8"),)))
    assert len({configuration.at[heads] for configuration in spoken.found.answers}) > 1
    assert heads not in {*spoken.subject.at, *spoken.found.assumed}


def test_heads_on_which_the_count_depends_are_as_wide_as_in_the_base() -> None:
    found = solve(named("t5"), H, 300_000_000)
    best = found.candidates[0]
    assert (best.at, best.count) == ({H: 896, heads: 14, F: 3584}, 298_589_312)
    assert found.known[d] == 64
    assert d in found.assumed
    assert heads not in {*found.known, *found.assumed}
    # Raffel et al. 2019 with H/64 heads: 2 stacks of 12 layers, 2 tables of 32 buckets, ffn_ratio 4.
    attention, feed_forward = 4 * 896 * 896, 2 * 896 * 3584
    layers = 12 * (3 * attention + 2 * feed_forward + 5 * 896)
    assert best.count == 32128 * 896 + layers + 2 * 896 + 2 * 32 * 14
    assert found.closed.form is not None
    assert to_sympy(found.closed.form).subs({**found.known, P: best.count}) == 896


def test_what_nobody_gave_is_assumed_and_said() -> None:
    found = solve(named("bert").with_sizes({L: 24}), H, 340_000_000)
    assert found.known[L] == 24
    assert set(found.assumed) == {V, N, ffn_ratio, *(s for s in found.assumed if str(s) == "T")}


NUMBERS = [size.symbol for size in BY_SYMBOL.values() if size.kind not in (Kind.SWITCH, Kind.COUNT)]
UNKNOWNS = [(name, symbol) for name in ARCHITECTURES for symbol in NUMBERS if symbol in named(name).symbols]


def recount(model: Model, symbol: Symbol, number: Any) -> int:
    """The count at a value of one size, by substitution into the total: none of solve's machinery."""
    expression = total(model, keep=[symbol])
    values = {**model.given, symbol: number}
    rules = model.rules(keep=[symbol])
    return int(evaluate(expression.xreplace({s: r for s, r in rules.items() if s not in values}), values))


def with_all(model: Model, symbol: Symbol, number: int) -> Any:
    """The model at the sizes of its base and a value of one size, None where it does not run."""
    base = named(model.architecture.base)
    try:
        sized = base.with_sizes({symbol: number})
    except BertsymError:
        return None
    return sized if all(sized.number(q).denominator == 1 for q in model.architecture.whole) else None


@pytest.mark.parametrize("target", [10**9, 123_456_789_012, 10**18, 10**30])
@pytest.mark.parametrize(("name", "symbol"), UNKNOWNS, ids=str)
def test_the_bracket_holds_for_every_model_and_unknown(name: str, symbol: Symbol, target: int) -> None:
    model = named(name)
    whole = total(model, keep=[symbol])
    if symbol not in free(whole):
        with pytest.raises(NotDependent):
            solve(model, symbol, target)
        return
    if any(dict(monomial).get(symbol, 0) < 0 for monomial in monomials(whole)):  # more heads, each of them narrower
        shrinking = solve(model, symbol, target)
        assert (shrinking.grows, shrinking.root, shrinking.floor, shrinking.ceil) == (False, None, None, None)
        counts = [point.count for point in shrinking.candidates]
        every = [count(with_all(model, symbol, n)) for n in range(1, 129) if with_all(model, symbol, n) is not None]
        assert counts == sorted(every, key=lambda number: abs(number - target))[:5]
        return
    width = F if symbol is ffn_ratio else symbol
    if recount(close(model, (width,), accompanied=True).ready, width, BY_SYMBOL[width].minimum) > target:
        with pytest.raises(TooSmall):
            solve(model, symbol, target)
        return
    found = solve(model, symbol, target)
    floor, ceil = found.floor, found.ceil
    assert floor is not None
    assert floor.count <= target
    filled = Model(model.architecture, model.head, found.known)
    for point in (floor, ceil, *found.candidates):
        if point is not None:
            sized = Model(filled.architecture, filled.head, {**filled.given, **point.at})
            assert recount(sized, symbol, point.value) == point.count == target + point.error
    if symbol is ffn_ratio or floor == ceil:
        return
    beyond = int(floor.value) + found.step
    following = {s: beyond * n // int(floor.value) for s, n in floor.at.items() if s in {heads, kv_heads} - {symbol}}
    sized = Model(filled.architecture, filled.head, {**filled.given, symbol: beyond, **following})
    assert recount(sized, symbol, beyond) > target or ceil is None
    if ceil is not None:
        assert found.root is not None
        assert ceil.count >= target
        assert floor.value <= found.root <= ceil.value


@pytest.mark.parametrize("symbol", [H, L, V, N, F, ffn_ratio])
def test_the_closed_form_solves_the_total(symbol: Symbol) -> None:
    found = solve(named("bert"), symbol, 340_000_000)
    assert found.closed.form is not None
    formula = to_sympy(found.closed.form)
    general = total(named("bert"), keep=[symbol])
    assert sympy.simplify(sympy.expand(general.subs(symbol, formula) - P)) == 0
    numbers = {**{s: v for s, v in found.known.items() if not isinstance(v, bool)}, P: 340_000_000}
    numeric = formula.subs({s: sympy.Rational(str(v)) for s, v in numbers.items()})
    assert abs(sympy.N(numeric - sympy.Rational(str(found.root)), 30)) <= 0.005


def test_a_tie_makes_a_cubic_without_closed_form() -> None:
    found = solve(named("bert"), L, 340_000_000, ties=(parse_tie("H = 64*L"),))
    assert (found.closed.degree, found.closed.form) == (3, None)
    assert [dict(point.at) for point in bracket(found)] == [{L: 18, H: 1152, F: 4608}, {L: 19, H: 1216, F: 4864}]
    assert bracket(found)[0].count == count(named("bert-base-uncased").with_sizes({H: 1152, L: 18, heads: 18}))


def test_a_width_must_come_out_whole() -> None:
    model = BASE.with_sizes({H: 768, ffn_ratio: Fraction(8, 3)})
    found = solve(model, H, 110_000_000)
    below, above = (int(point.value) for point in bracket(found))
    assert below % 3 == above % 3 == 0
    assert above - below == 3


def test_a_ratio_is_solved_through_the_width_it_stands_for() -> None:
    found = solve(BASE, ffn_ratio, 110_000_000)
    assert bracket(found)[0].at == {ffn_ratio: Fraction(775, 192), F: 3100}
    assert found.candidates[0].at == {ffn_ratio: 4, F: 3072}


def test_what_cannot_be_solved() -> None:
    with pytest.raises(NotDependent, match=r"d = H/heads and cancels"):
        solve(BASE, heads, 110_000_000)
    with pytest.raises(TooSmall, match="the smallest, at H = 1, has 31,340"):
        solve(BASE, H, 10)
    with pytest.raises(TooSmall, match="the smallest, at L = 501, has"):
        solve(BASE, L, 110_000_000, ties=(parse_tie("V = L - 500"),))


def test_a_step_costs_the_difference_of_two_counts() -> None:
    costs = {m.symbol: m for m in marginals(BASE)}
    assert costs[L].cost == count(BASE.with_sizes({L: 13})) - count(BASE) == 7087872
    assert costs[H].cost == count(BASE.with_sizes({H: 832, heads: 13})) - count(BASE)
    assert costs[V].cost == 768_000
    assert costs[L].buys[V] == Fraction(7087872, 768)


def solved_for(words: dict[str, Any], symbol: Symbol = H, **more: Any) -> Any:
    return solve(named("bert-base-uncased").with_sizes(words, pin=True), symbol, 110_000_000, **more)


def test_every_budget_counts() -> None:
    demand = Demand(limits=(Limit(EXACT, most=110_000_000), Limit(EXACT, least=80_000_000)))
    assert [point.count for point in solved_for({}, demand=demand).candidates] == [109482240, 93825600]
    with pytest.raises(NothingFits):
        solved_for({}, demand=Demand(limits=(Limit(EXACT, most=90_000_000), Limit(EXACT, least=100_000_000))))


@pytest.mark.parametrize(
    ("demand", "multiple", "ends"),
    [
        (Demand(), None, (12, 13)),
        (Demand((parse_constraint("L <= 6"),)), None, (None, None)),
        (Demand((parse_constraint("L <= 12"),)), None, (12, None)),
        (Demand((parse_constraint("H/L < 64"),)), None, (None, 13)),
        (Demand(range=(1, 12)), None, (12, None)),
        (Demand(range=(13, 20)), None, (None, 13)),
        (Demand(limits=(Limit(EXACT, most=110_000_000),)), None, (12, None)),
        (Demand(tolerance=Fraction(1, 100)), None, (12, None)),
        (Demand(), 4, (12, None)),
    ],
)
def test_the_bracket_meets_the_demand(demand: Demand, multiple: int | None, ends: tuple[int | None, ...]) -> None:
    found = solved_for({}, L, demand=demand, multiple_of=multiple)
    assert tuple(point and point.value for point in (found.floor, found.ceil)) == ends


def test_the_bracket_meets_a_demand_on_heads_that_float() -> None:
    # 770 = 2*5*7*11 and 771 = 3*257.
    for text, ends in (("d <= 80", (770, None)), ("d <= 300", (770, 771)), ("heads == 5", (770, None))):
        found = solved_for({}, demand=Demand((parse_constraint(text),)))
        assert tuple(point and point.value for point in (found.floor, found.ceil)) == ends


@pytest.mark.parametrize(("tie", "size", "number"), [("T = 1", T, 1), ("N = 600", N, 600), ("F = 3*H", F, None)])
def test_a_tied_size_is_counted_as_it_is_shown(tie: str, size: Symbol, number: int | None) -> None:
    for point in solved_for({}, ties=(parse_tie(tie),)).candidates:
        assert number is None or point.at[size] == number
        sized = named("bert-base-uncased").with_sizes(dict(point.at))
        assert count(sized) == point.count


def test_a_width_that_was_given_stays_while_the_hidden_size_moves() -> None:
    found = solved_for({F: 3072})
    assert found.known[F] == 3072
    for point in found.candidates:
        assert count(named("bert-base-uncased").with_sizes({**point.at, F: 3072})) == point.count


@pytest.mark.parametrize("tie", ["H = 64*L", "H = L**12", "H = 1000*L", "V = L + 500", "N = L/7"])
def test_what_can_be_built_can_be_built(tie: str) -> None:
    for point in solved_for({}, L, ties=(parse_tie(tie),)).candidates:
        assert count(named("bert-base-uncased").with_sizes(dict(point.at))) == point.count


@pytest.mark.parametrize(
    ("ties", "kind"),
    [
        (("H = 64*heads", "heads = H/64"), Conflict),
        (("H = 64*L", "H = 65*L"), Conflict),
        (("H = L/0",), Conflict),
        (("H = L % 3",), BadConstraint),
        (("E = H",), UnknownName),
        (("P = 3",), UnknownName),
    ],
)
def test_ties_that_make_no_sense(ties: tuple[str, ...], kind: type[BertsymError]) -> None:
    with pytest.raises(kind):
        solved_for({}, L, ties=tuple(map(parse_tie, ties)))


def test_as_many_candidates_as_asked_for_nearest_first() -> None:
    found = solved_for({}, multiple_of=7, top=12)
    errors = [abs(point.error) for point in found.candidates]
    assert len(errors) == 12
    assert errors == sorted(errors)
    llama = solve(named("llama-7b"), kv_heads, 7_000_000_000)
    assert [point.value for point in llama.candidates] == [32, 16, 8, 4, 2]
