"""Comparisons in model code are sampled on both sides, however far they are from the default sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import sympy
from sympy import Symbol

from bertsym.count import count
from bertsym.derive.concolic.path_conditions import boundaries, candidate_conditions
from bertsym.derive.concolic.trace import decode_trace
from bertsym.derive.derivation import Derivation
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.types import CannotDerive
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.encode import text
from bertsym.symbols import E, H, L

HERE = "tests.derive.comparing"
Find = Callable[..., tuple[Derivation, Derived]]


def counted(derived: Derived, **fields: int) -> int:
    places = {field.path: symbol for symbol, field in derived.fields.items()}
    model = derived.model()
    sizes: dict[Symbol, Any] = {places[name]: size for name, size in fields.items() if name in places}
    return count(model.with_sizes({symbol: size for symbol, size in sizes.items() if symbol in model.symbols}))


@pytest.mark.parametrize("seed", range(3))
def test_the_shortcut_of_a_residual_block(find: Find, seed: int) -> None:
    _, derived = find(f"{HERE}:bottleneck", seed=seed, inplanes=64, planes=64, expansion=4, stride=1)
    for inplanes, planes, expansion, stride in product((1, 2, 4, 256), (1, 2, 64), (1, 2, 4), (1, 2)):
        out = planes * expansion
        shortcut = inplanes * out if stride != 1 or inplanes != out else 0
        sizes = {"inplanes": inplanes, "planes": planes, "expansion": expansion, "stride": stride}
        assert counted(derived, **sizes) == inplanes * planes + planes * out + shortcut, sizes


def test_branches_on_a_sum_a_multiple_and_a_number(find: Find) -> None:
    _, derived = find(f"{HERE}:summed", first=64, second=32, out=50)
    for first, second, out in ((2, 2, 4), (2, 2, 5), (1, 1, 1), (40, 60, 100)):
        project = (first + second + 1) * out if first + second != out else 0
        there = first * second + second + second * out + out + project
        assert counted(derived, first=first, second=second, out=out) == there
    _, derived = find(f"{HERE}:aligned", hidden=100)
    for hidden in (1, 63, 64, 65, 128, 640, 700):
        assert counted(derived, hidden=hidden) == hidden**2 + hidden + (3 * hidden + 3 if hidden % 64 == 0 else 0)
    _, derived = find(f"{HERE}:capped", hidden=64)
    for hidden in (1, 511, 512, 513, 9000):
        assert counted(derived, hidden=hidden) == (hidden + 1) * min(2048, 4 * hidden)
    _, derived = find(f"{HERE}:deep", hidden=64, layers=6)
    for layers in (1, 6, 23, 24, 25, 80):
        assert counted(derived, hidden=64, layers=layers) == layers * (64**2 + 64) + (128 if layers >= 24 else 0)


def test_a_size_that_has_an_effect_only_far_from_its_default(find: Find) -> None:
    found, derived = find(f"{HERE}:floored", hidden=64, least=4)
    assert "least" not in found.space.fields_without_effect
    for hidden, least in ((64, 4), (64, 63), (64, 64), (64, 65), (1, 300)):
        assert counted(derived, hidden=hidden, least=least) == 2 * max(hidden, least) + 2


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("code", ["shortened", "lengthened"])
@pytest.mark.parametrize("seed", range(2))
def test_a_float_has_no_formula(running: Worker, code: str, seed: int) -> None:
    with pytest.raises(CannotDerive, match="no formula"):
        derive_in(running, f"{HERE}:{code}", {"hidden": 64}, seed=seed)


def test_code_that_builds_other_tensors_each_time(running: Worker) -> None:
    with pytest.raises(CannotDerive):
        derive_in(running, f"{HERE}:unsteady", {"hidden": 64})


def test_braces_in_a_name(running: Worker) -> None:
    with pytest.raises(CannotDerive, match="has braces"):
        derive_in(running, f"{HERE}:braced", {"hidden": 64})


def test_numbered_names_can_be_saved(find: Find) -> None:
    _, derived = find(f"{HERE}:numbered", hidden=64, layers=4)
    assert {tensor.component for tensor in derived.tensors} == {"block"}
    assert '"block"' in text(derived)


def test_a_size_of_0_is_replaced_by_another(find: Find) -> None:
    _, derived = find(f"{HERE}:otherwise", hidden=64, inner=0)
    for hidden, inner in ((64, 0), (3, 0), (3, 1), (64, 100)):
        assert counted(derived, hidden=hidden, inner=inner) == (hidden + 1) * (inner or 4 * hidden)
    text(derived)
    _, derived = find(f"{HERE}:grouped", hidden=64, heads=8, groups=0)
    assert counted(derived, hidden=64, heads=8, groups=0) == 65 * 64


def test_the_relations_that_may_be_conditions() -> None:
    told = {
        "dimensions": [["min", 2048, ["*", 4, "hidden"]]],
        "shapes": {"weight": [0]},
        "relations": [
            ["!=", "hidden", ["*", 2, "out"]],
            ["!=", ["%", "hidden", 64], 0],
            ["!=", "hidden", "out"],
            [">", "hidden", 1],
            ["<", "layers", 24],
        ],
    }
    found = decode_trace(told, {"hidden": H, "out": E, "layers": L})
    assert candidate_conditions([found]) == [
        sympy.Ne(H, 2 * E), sympy.Ne(H - 64 * sympy.floor(H / 64), 0), sympy.Lt(L, 24),
    ]  # fmt: skip
    assert set(boundaries([found])) >= {H - 2 * E, H - E, L - 24, H - 64 * sympy.floor(H / 64)}
    assert any(4 * H - 2048 in (border, -border) for border in boundaries([found]))
