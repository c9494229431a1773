"""Several unknowns against brute force: every configuration counted, the same ones found in the same order."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

import pytest
from sympy import Symbol

from bertsym.algebra import evaluate
from bertsym.convention import CONVENTIONS, EXACT
from bertsym.count import total
from bertsym.errors import BertsymError, Conflict, NotAnInteger
from bertsym.model import Model
from bertsym.solving.closing import close
from bertsym.solving.configurations import find
from bertsym.solving.constraints import parse_constraint
from bertsym.solving.request import Order, Request
from bertsym.solving.requirements import Limit, NothingFits
from bertsym.solving.search import Search
from bertsym.solving.space import EmptySpace
from bertsym.symbols import F, H, L, N, V, experts, experts_per_token, ffn_ratio, heads, kv_heads
from bertsym.zoo import named

pytestmark = pytest.mark.slow

MODELS = ["bert", "bert", "bert", "albert", "gpt2", "llama", "roberta", "modernbert"]
WHERE = ["H % heads == 0", "H/L <= {a}", "{a} <= H", "H != {a}", "H + L*heads > {a}", "H*L % 2 == 0", "L**2 < {a}*H"]


def drawn(seed: int) -> tuple[Any, Request]:
    """A small space with random constraints, budgets, tolerance and order."""
    draw = random.Random(seed)
    model = named(draw.choice(MODELS))
    unknowns: list[Symbol] = draw.sample([H, L, heads, V], draw.randint(1, 3))
    if H not in unknowns and L not in unknowns:
        unknowns.append(H)
    spans = {H: (1, draw.randint(8, 60)), L: (1, draw.randint(2, 9)), heads: (1, 6), V: (1, draw.randint(5, 40))}
    ranges = {symbol: spans[symbol] for symbol in unknowns}
    where = [draw.choice(WHERE).format(a=draw.randint(1, 40)) for _ in range(draw.randint(0, 2))]
    constraints = tuple(parse_constraint(t) for t in where)
    target = draw.randint(500, 400_000)
    limits = []
    if draw.random() < 0.4:
        convention = CONVENTIONS[draw.choice(["exact", "non-embedding", "layers-only"])]
        limits.append(Limit(convention, draw.randint(1000, 300_000)))
    if draw.random() < 0.3:
        limits.append(Limit(CONVENTIONS["matrices"], None, draw.randint(10, 3000)))
    order = draw.choice([Order.ERROR, Order.ERROR, Order.DEPTH if L in unknowns else Order.ERROR])
    tolerance = Fraction(draw.randint(1, 200), 100) if order is not Order.ERROR or draw.random() < 0.4 else None
    if model.architecture.name == "albert" and L in unknowns:  # its layers are one layer: L costs nothing
        unknowns = [H, *(s for s in unknowns if s not in (H, L))]
        ranges = {symbol: spans[symbol] for symbol in unknowns}
        order = Order.ERROR
    sizes: dict[Symbol, Any] = {V: 30, N: 8, H: 12, L: 2, heads: 2, ffn_ratio: draw.choice([1, 2, 4]), kv_heads: 1}
    given = {s: v for s, v in sizes.items() if s not in unknowns and s in model.symbols}
    request = Request(
        tuple(unknowns),
        target,
        EXACT,
        ranges,
        dict.fromkeys(unknowns, 1),
        constraints,
        (),
        tuple(limits),
        tolerance,
        order,
        draw.randint(1, 30),
    )
    return model.with_sizes(given, pin=True), request


def brute_force(model: Any, request: Request, known: dict[Symbol, Any]) -> list[tuple[tuple[int, ...], int]]:
    """Every configuration, one by one, by substitution into the totals."""
    totals = {
        convention.name: total(model, convention)
        for convention in {EXACT.name: EXACT, **{m.convention.name: m.convention for m in request.limits}}.values()
    }
    found = []
    for values in itertools.product(*(range(low, high + 1) for low, high in map(request.ranges.get, request.unknowns))):  # type: ignore[misc]
        at = {**known, **dict(zip(request.unknowns, values, strict=True))}
        try:
            sized = model.with_sizes({s: v for s, v in at.items() if s in model.symbols})
        except NotAnInteger:
            continue
        numbers = {s: v for s, v in {**at, **sized.given}.items() if not isinstance(v, bool)}
        if kv_heads in numbers and numbers[heads] % numbers[kv_heads]:
            continue
        if model.architecture.name in ("llama", "modernbert") and numbers[H] // numbers[heads] % 2:
            continue  # rotary positions turn pairs of features
        counts = {name: evaluate(expression, sized.given) for name, expression in totals.items()}
        error = abs(counts["exact"] - request.aim)
        if request.tolerance is not None and error > request.aim * request.tolerance:
            continue
        if not all(constraint.holds(numbers) for constraint in request.constraints):
            continue
        if any(m.most is not None and counts[m.convention.name] > m.most for m in request.limits):
            continue
        if any(m.least is not None and counts[m.convention.name] < m.least for m in request.limits):
            continue
        key = (error, values) if request.order is Order.ERROR else (-at[L], error, values)
        found.append((key, values, int(counts["exact"])))
    return [(values, number) for _, values, number in sorted(found)[: request.top]]


@pytest.mark.parametrize("seed", range(60))
def test_the_same_configurations_in_the_same_order_as_brute_force(seed: int) -> None:
    model, request = drawn(seed)
    try:
        found = find(model, request)
    except NothingFits:
        known = close(model, request.unknowns).ready
        assert not brute_force(known, request, dict(known.given))
        return
    filled = Model(model.architecture, model.head, found.known)
    expected = brute_force(filled, request, dict(found.known))
    assert [(best.values, best.count) for best in found.outcome.best] == expected
    assert found.outcome.complete


def test_most_seeds_find_something() -> None:
    sizes = []
    for seed in range(60):
        try:
            sizes.append(len(find(*drawn(seed)).outcome.best))
        except NothingFits:
            sizes.append(0)
    assert sum(size > 0 for size in sizes) >= 40


def test_a_space_of_a_billion_is_counted_in_a_handful() -> None:
    ranges = {H: (1, 10_000), L: (1, 100), heads: (1, 1000)}
    found = find(named("bert"), Request((H, L, heads), 340_000_000, ranges=ranges, multiples={H: 1}))
    assert found.searched == 10**9
    assert found.outcome.counted < 10_000
    assert abs(found.outcome.best[0].count - 340_000_000) == 7


def test_counts_beyond_64_bits_are_exact() -> None:
    ranges = {H: (10**9, 10**12), L: (10**6, 10**6 + 20)}
    found = find(named("bert"), Request((H, L), 10**30, ranges=ranges, multiples={H: 1}, top=3))
    h, layers = map(int, found.outcome.best[0].values)
    assert found.outcome.best[0].count == 12 * layers * h**2 + 13 * layers * h + (30522 + 512 + 5) * h + h**2


def test_several_unknowns_need_not_all_count() -> None:
    found = find(
        named("bert-base-uncased"), Request((H, heads), 110_000_000, constraints=(parse_constraint("d == 64"),))
    )
    assert found.outcome.best[0].values == (768, 12)
    assert all(h == 64 * a for h, a in (best.values for best in found.outcome.best))


def test_derived_sizes_may_be_constrained_and_searched() -> None:
    where = (parse_constraint("F == 4*H"),)
    found = find(named("bert-base-uncased"), Request((H, F), 110_000_000, constraints=where))
    assert found.outcome.best[0].values == (768, 3072)


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (Request((H,), 10**8, ranges={H: (10, 5)}), EmptySpace),
        (Request((H,), 10**8, multiples={H: 10**9}), EmptySpace),
        (Request((H, L), 10**8, constraints=(parse_constraint("H < 100"), parse_constraint("H > 100"))), NothingFits),
        (Request((H, L), 10**8, tolerance=Fraction(0)), NothingFits),
        (Request((H,), 10**8, limits=(Limit(EXACT, most=5),)), NothingFits),
        (Request((H,), 10**8, constraints=(parse_constraint("E > 3"),)), BertsymError),
        (Request((H,), 10**8, order=Order.DEPTH, tolerance=Fraction(1)), Conflict),
        (Request((heads,), 10**8), BertsymError),
    ],
)
def test_what_has_no_answer(request_: Request, kind: type[BertsymError]) -> None:
    with pytest.raises(kind):
        find(named("bert"), request_)


def test_an_interrupt_leaves_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0
    invert = Search._invert

    def interrupted(self: Search, *rest: Any) -> None:
        nonlocal seen
        seen += 1
        if seen > 5:
            raise KeyboardInterrupt
        invert(self, *rest)

    monkeypatch.setattr(Search, "_invert", interrupted)
    found = find(named("bert"), Request((H, L), 340_000_000))
    assert not found.outcome.complete
    assert found.outcome.best


def test_an_equality_does_not_make_a_space_of_a_billion_slow() -> None:
    where = (parse_constraint("H == 64*heads"),)
    found = find(named("t5-small"), Request((H, L, heads, F), 60_000_000, constraints=where, top=3))
    assert found.searched == 256 * 128 * 128 * 256
    assert all(best.values[0] == 64 * best.values[2] for best in found.outcome.best)


def test_ranges_beyond_a_machine_word() -> None:
    found = find(named("bert"), Request((H, L), 110_000_000, ranges={H: (1, 10**30)}, top=2))
    assert found.outcome.best[0].count == 109952640


def test_a_ratio_may_be_the_only_size_that_counts() -> None:
    found = find(named("bert-base-uncased"), Request((ffn_ratio, heads), 110_000_000, top=1))
    assert found.outcome.best[0].values == (4, 1)


def test_no_more_experts_are_chosen_than_there_are() -> None:
    ranges = {experts: (1, 8), experts_per_token: (1, 16)}
    request = Request((experts, experts_per_token), 30 * 10**9, CONVENTIONS["active"], ranges, top=8)
    found = find(named("Mixtral-8x7B-v0.1"), request)
    assert [best.values for best in found.outcome.best[:3]] == [(8, 5), (7, 5), (6, 5)]
    assert all(chosen <= among for among, chosen in (best.values for best in found.outcome.best))
