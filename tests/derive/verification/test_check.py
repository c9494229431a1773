"""The check names the first tensor that formulas get wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
import sympy
from sympy import Expr

from bertsym.derive.types import Entry, Observation
from bertsym.derive.verification.check import built_count, first_mismatch, public_count
from bertsym.layers import Role
from bertsym.symbols import E, H, L, V, tied
from bertsym.tree import Loop, Tensor
from tests.derive.saved_body import BODY, FEW

LAYERS = Loop(sympy.S.Zero, L)
SIZES = {V: 5, H: 4, L: 2, tied: True}


def matrix(name: str, *shape: Expr | int, **details: object) -> Tensor:
    return Tensor(name, tuple(map(sympy.S, shape)), Role.MATRIX, "", "part", **details)  # type: ignore[arg-type]


FORMULAS = (
    matrix("words", V, H),
    matrix("layer.{}.w", H, H, loops=(LAYERS,)),
    matrix("head", V, H, tied_to="words", tied_when=tied),
)


def observed(shapes: Mapping[str, tuple[int, ...]], *, owners: Mapping[str, str]) -> Observation:
    entries = {name: Entry(shape, owners.get(name, name), "matrix") for name, shape in shapes.items()}
    return Observation(SIZES, entries)


BUILT = {"words": (5, 4), "layer.0.w": (4, 4), "layer.1.w": (4, 4), "head": (5, 4)}
TIES = {"head": "words"}


def test_equal_inventories_agree() -> None:
    assert first_mismatch(FORMULAS, observed(BUILT, owners=TIES)) is None


@pytest.mark.parametrize(
    ("built", "ties", "wrong"),
    [
        ({**BUILT, "layer.1.w": (4, 3)}, TIES, "layer.1.w"),
        ({**BUILT, "layer.2.w": (4, 4)}, TIES, "layer.2.w"),
        ({name: shape for name, shape in BUILT.items() if name != "layer.1.w"}, TIES, "layer.1.w"),
        (BUILT, {}, "head"),
    ],
    ids=["shape", "extra", "missing", "tie"],
)
def test_a_difference_is_named(built: Mapping[str, tuple[int, ...]], ties: Mapping[str, str], wrong: str) -> None:
    assert first_mismatch(FORMULAS, observed(built, owners=ties)) == wrong


def test_ignored_names_are_not_compared() -> None:
    extra = observed({**BUILT, "odd.0": (9,)}, owners=TIES)
    assert first_mismatch(FORMULAS, extra) == "odd.0"
    assert first_mismatch(FORMULAS, extra, re.compile(r"odd\.\d+")) is None


def test_a_name_that_two_formulas_predict_is_wrong() -> None:
    assert first_mismatch([*FORMULAS, matrix("words", V, H)], observed(BUILT, owners=TIES)) == "words"


def test_a_fraction_is_wrong_and_named_by_its_template() -> None:
    built = {name: shape for name, shape in BUILT.items() if "layer" not in name}
    halved = matrix("layer.{}.w", H / 3, loops=(LAYERS,))
    assert first_mismatch([FORMULAS[0], halved, FORMULAS[2]], observed(built, owners=TIES)) == "layer.{}.w"
    endless = matrix("layer.{}.w", H, loops=(Loop(sympy.S.Zero, L, sympy.S.Zero),))
    assert first_mismatch([FORMULAS[0], endless, FORMULAS[2]], observed(built, owners=TIES)) == "layer.{}.w"


def test_the_public_count_is_that_of_the_model_or_none() -> None:
    model = BODY.model()
    sizes = {**BODY.defaults, V: 10, H: 4, L: 3, FEW: 2}
    assert public_count(model, Observation(sizes, {})) == 40 + 3 * 8 + 2 * 4
    assert public_count(model, Observation({**sizes, V: -1}, {})) is None
    assert public_count(model, Observation({**sizes, E: 7}, {})) == 40 + 3 * 8 + 2 * 4  # the model has no E


def test_tied_tensors_count_once() -> None:
    assert built_count(observed(BUILT, owners=TIES).inventory) == 20 + 16 + 16
    assert built_count(observed(BUILT, owners={}).inventory) == 20 + 16 + 16 + 20
