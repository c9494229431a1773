"""Rules between sizes: those that the code has, and none that its own sizes happen to keep."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
import sympy
from sympy import Symbol

from bertsym.algebra import evaluate
from bertsym.convention import EXACT
from bertsym.count import count, total
from bertsym.derive.cegis import Cegis
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.constraint_acquisition import acquire_constraints
from bertsym.derive.domain.field_domain import FieldDomain, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.synthesis.arithmetic import Fitter
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.derive.types import CannotDerive, Entry, Observation
from bertsym.derive.verification.check import first_mismatch
from bertsym.layers import Role
from bertsym.saved_model.derived import Derived
from bertsym.symbols import H, Kind, L, Own, heads
from bertsym.tree import Tensor

OTHERS = [Own(f"other_{place}", Kind.WIDTH) for place in range(12)]
PAIRS = [(37 * n % 101 + 20, 11 * n % 13 + 2) for n in range(16)]
Find = Callable[..., tuple[Derivation, Derived]]


def symbol(found: Derivation, name: str) -> Symbol:
    return found.symbols[name]


def test_a_number_that_divides_by_chance_is_no_constraint(find: Find) -> None:
    found, derived = find("tests.derive.ruled:strided", hidden=768, heads=12, stride=2)
    assert derived.quotients == (H / heads,)
    assert [d for d in derived.definitions if d.symbol is H] == []
    assert total(derived.model(), EXACT) == H**2 * symbol(found, "stride") + H


def test_two_divisors_of_one_width(find: Find) -> None:
    found, derived = find("tests.derive.ruled:both", hidden=1024, heads=16, decoder_heads=16)
    assert set(derived.quotients) == {H / heads, H / symbol(found, "decoder_heads")}
    assert derived.definitions == ()
    assert not found.space.fixed


def test_a_quotient_of_three_fields(find: Find) -> None:
    sizes = {"expand": 2, "head_width": 64, "state_heads": 128}
    found, derived = find("tests.derive.ruled:state", hidden=4096, **sizes)
    # One of the three follows the others: here the width of a head, which no tensor has.
    follower = next(axis for axis in found.space.axes if axis.is_determined)
    assert {follower.name, *follower.depends_on} == {"hidden", *sizes}
    assert derived.quotients == (H / symbol(found, "state_heads"),)
    assert not found.space.fixed


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("seed", range(6))
def test_a_constraint_that_holds_under_a_switch(seed: int) -> None:
    base = {"hidden": 4096, "window": 1, "banded": False}
    space = Space(
        base, (FieldDomain("banded", False, Switch()), FieldDomain("window", 1), FieldDomain("hidden", 4096)), ()
    )
    with Worker(30) as worker:
        oracle = BuildOracle(worker, "tests.derive.ruled:windowed", base)
        settled = acquire_constraints(oracle, space, Random(seed))
        draws = [settled.fields(settled.sample(Random(number))) for number in range(40)]
        assert [fields for fields in draws if oracle.build(fields) is None] == []
    assert not settled.fixed
    assert any(fields["banded"] and fields["window"] > 2 for fields in draws)


def test_a_side_that_is_a_fraction_is_wrong() -> None:
    inventory = {"weight": Entry((3, 5), "weight", "")}
    halved = Tensor(name="weight", shape=(H / 2, sympy.Integer(5)), role=Role.MATRIX, meaning="a matrix")
    assert first_mismatch([halved], Observation({H: 6}, inventory)) is None
    assert first_mismatch([halved], Observation({H: 7}, inventory)) == "weight"


def test_widths_that_only_go_together(find: Find) -> None:
    found, derived = find("tests.derive.ruled:projected", hidden=4096, out=4096, inner=1024, heads=128)
    assert not found.space.fixed
    inner, out = symbol(found, "inner"), symbol(found, "out")
    assert {d.symbol: d.value for d in derived.definitions} == {H: 4 * inner, out: 4 * inner}
    assert derived.quotients == (inner / heads,) or derived.quotients == (H / heads,)


def test_widths_that_add_up_are_in_no_proportion(find: Find) -> None:
    with pytest.raises(CannotDerive, match="no size changes its tensors"):
        find("tests.derive.ruled:axial", hidden=256, rows=64, columns=192)


def test_a_number_at_the_end_of_a_word_is_an_index(find: Find) -> None:
    _, derived = find("tests.derive.ruled:recurrent", hidden=8, layers=2)
    assert {tensor.name for tensor in derived.tensors} == {
        f"{side}_{way}_l{{}}" for side in ("weight", "bias") for way in ("ih", "hh")
    }
    assert total(derived.model(), EXACT) == sympy.expand(L * (8 * H**2 + 8 * H))


def test_pythons_rounding_of_halves(find: Find) -> None:
    _, derived = find("tests.derive.ruled:squeezed", hidden=64)
    model = derived.model()
    assert [count(model.with_sizes({H: width})) for width in range(4, 40)] == [
        width * round(width / 4) for width in range(4, 40)
    ]


def test_a_depth_under_any_name_is_sampled_small(find: Find) -> None:
    found, derived = find("tests.derive.ruled:levels", hidden=8, levels=2)
    axis = found.space.axis("levels")
    assert axis is not None
    assert axis.is_depth
    levels = symbol(found, "levels")
    assert evaluate(total(derived.model(), EXACT), {H: 5, levels: 4}) == 16 * (2 * 5 + 2)


@pytest.mark.usefixtures("transformers")
def test_the_length_of_lists_is_fixed_by_the_code(find: Find) -> None:
    _, derived = find("wav2vec2")
    assert dict(derived.fixed_by_code) == {"num_feat_extract_layers": 7}
    assert "num_feat_extract_layers" not in derived.no_effect


def test_six_depths_show_no_divisor() -> None:
    # A stage has one layer at depth 0: floor((4 depth + 5)/5) is the same up to 5, and wrong from 6 on.
    depth = Symbol("depth", integer=True, nonnegative=True)
    seen = (0, 1, 2, 3, 4, 5, 2, 3)
    found = Fitter([{depth: n} for n in seen], [depth]).fit(range(8), [max(n, 1) for n in seen], [depth])
    assert found is not None
    assert [evaluate(found, {depth: sympy.Integer(n)}) for n in (0, 1, 6, 40)] == [1, 1, 6, 40]
    rounded = [4 * n // 5 + 2 for n in range(1, 7)]
    assert Fitter([{depth: n} for n in range(1, 7)], [depth]).fit(range(6), rounded, [depth]) is None


def test_a_size_that_stands_in_for_a_product_of_nothing(find: Find) -> None:
    found, derived = find("tests.derive.ruled:fallback", hidden=64, inner=48, shared=2, other=96)
    inner, shared, other = (symbol(found, name) for name in ("inner", "shared", "other"))
    for sizes in ((3, 5, 7), (0, 5, 7), (3, 0, 7), (1, 1, 2)):
        at = {H: 11} | dict(zip((inner, shared, other), sizes, strict=True))
        assert count(derived.model().with_sizes(at)) == 11 * (sizes[0] * sizes[1] or sizes[2])


def test_a_number_of_dimensions_that_changes(find: Find) -> None:
    found, derived = find("tests.derive.ruled:ranked", hidden=24, kernel=3)
    for hidden, kernel in ((5, 1), (5, 2), (9, 7)):
        sizes = {H: hidden, symbol(found, "kernel"): kernel}
        assert count(derived.model().with_sizes(sizes)) == hidden**2 * max(kernel, 1) ** 2


def test_a_field_that_is_accepted_beside_larger_ones_only_varies(find: Find) -> None:
    found, derived = find("tests.derive.ruled:grouped", experts=8, groups=1, chosen=1)
    assert not found.space.fixed
    sizes = {symbol(found, name): size for name, size in (("experts", 9), ("groups", 4), ("chosen", 3))}
    assert count(derived.model().with_sizes(sizes)) == 9 * (4 + 2 * 3)


def test_a_field_that_may_be_zero_only_alone_begins_at_one(find: Find) -> None:
    found, derived = find("tests.derive.ruled:begun", layers=2, heads=12)
    layers, heads = map(found.space.axis, ("layers", "heads"))
    assert layers is not None
    assert heads is not None
    assert (layers.min_steps, heads.at_most, heads.max_steps) == (1, None, 500)
    assert count(derived.model().with_sizes({symbol(found, "layers"): 4, symbol(found, "heads"): 150})) == 5 * 453


def test_the_formula_of_other_numbers_is_tried() -> None:
    table = [{H: h, heads: a} | {size: h * a % (7 + i) for i, size in enumerate(OTHERS)} for h, a in PAIRS]
    fitter = Fitter(table, [H, heads, *OTHERS])
    numbers = [a * (h // a) for h, a in PAIRS]
    assert fitter.fit(range(6, 16), numbers[6:]) is None
    assert fitter.fit(range(16), numbers, [H, heads]) == heads * sympy.floor(H / heads)
    assert fitter.fit(range(7, 16), numbers[7:]) == heads * sympy.floor(H / heads)


def test_what_one_stream_of_draws_does_not_show_another_may(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    derivation, tried = Cegis.derive, []

    def unlucky(self: Cegis, trials: int, seed: int) -> Derivation:
        tried.append(self.space)
        if len(tried) == 1:
            raise CannotDerive("both", "each set of formulas was refuted")
        return derivation(self, trials, seed)

    plain, _ = find("tests.derive.ruled:both", hidden=1024, heads=16, decoder_heads=16)
    monkeypatch.setattr(Cegis, "derive", unlucky)
    found, derived = find("tests.derive.ruled:both", hidden=1024, heads=16, decoder_heads=16)
    assert total(derived.model(), EXACT) == H**2
    assert len(tried) == 2
    assert 0 < plain.chance < found.chance


def test_a_number_that_one_build_has_is_no_reason() -> None:
    odd, other = OTHERS[:2]
    chosen = (1, 2, 3, 6, 7, 4, 1, 2, 3, 6, 7, 1)
    table = [{odd: number, H: 40 + row, other: 35 + 2 * row} for row, number in enumerate(chosen)]
    conditions = Conditions(table, [odd, H, other])
    apart = {row: row != 5 for row in range(12)}
    assert conditions.find(apart) == sympy.Ne(H, other)


def test_one_of_two_sizes_that_matters_is_sooner_a_reason_than_none() -> None:
    odd, other = OTHERS[:2]
    table = [
        {odd: 4 if row == 5 else 5 + row, H: 40 + row % 3, other: 42 if row == 5 else 50 + row} for row in range(12)
    ]
    conditions = Conditions(table, [odd, H, other])
    apart = {row: row != 5 for row in range(12)}
    assert conditions.find(apart) == sympy.Gt(odd, 4)
    assert conditions.find(apart, [H]) == sympy.Ne(H, other)


def test_one_build_has_no_formula() -> None:
    fitter = Fitter([{H: 5}, {H: 6}], [H])
    assert fitter.fit([0], [2892]) is None
    assert fitter.fit([0], [3]) == 3
