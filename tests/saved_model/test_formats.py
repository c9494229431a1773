"""Encoded models decode to themselves, in format 3 directly and in format 2 through the converter."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.count import count
from bertsym.errors import BadField, BertsymError
from bertsym.saved_model.decode import parse, parsed
from bertsym.saved_model.derived import Basis, Constraint, Derived, unresolved
from bertsym.saved_model.encode import text
from bertsym.values import replace
from tests.saved_model.format2_writer import in_format_2
from tests.saved_model.random_models import ModelGenerator
from tests.saved_model.saved_models import RICH, SMALL

pytestmark = pytest.mark.slow

FILE = Path("model.json")
RECORDED = sorted((Path(__file__).parent.parent / "data" / "format2").glob("*.json"))
SEEDS = range(60)


def without_reasons(derived: Derived) -> Derived:
    """Return the model as format 2 knows it: why a quotient must be whole is unknown."""
    quotients = dict.fromkeys(derived.quotients)
    return replace(derived, constraints=tuple(Constraint(quotient, Basis.UNKNOWN) for quotient in quotients))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_is_decoded_as_it_was_encoded(seed: int) -> None:
    model = ModelGenerator(seed).model()
    written = text(model)
    assert parsed(json.loads(written), FILE) == model
    assert text(parsed(json.loads(written), FILE)) == written


@pytest.mark.parametrize("seed", SEEDS)
def test_format_2_describes_the_same_model(seed: int) -> None:
    model = ModelGenerator(seed).model()
    model = replace(model, constraints=model.constraints[:1])
    assert parsed(in_format_2(model), FILE) == without_reasons(model)


def test_the_models_drawn_have_every_part() -> None:
    """A generator that stops to draw a part would leave the round trip without it."""
    written = "\n".join(text(ModelGenerator(seed).model()) for seed in SEEDS)
    parts = '"steps" "stride" "multiple_of" "at_most" "greater_than" "determined_by" "divided_by" "choices" "only_if"'
    parts += ' "code" "sampling" "unknown" "inverse" "aliases" "if_omitted" "minimum" "complement" "tied_to" "tied_if"'
    parts += ' "routing" "prefix" "loops" "unresolved" "parameters" "fixed_by_derivation" "fixed_by_code" "no_effect"'
    assert [part for part in parts.split() if part not in written] == []


def test_a_model_by_hand_is_the_same_from_format_2() -> None:
    assert parsed(in_format_2(SMALL), FILE).tensors == SMALL.tensors
    assert parsed(in_format_2(RICH), FILE) == without_reasons(RICH)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_recorded_file_of_format_2_counts_what_it_counted(file: Path) -> None:
    """The file has the number of parameters that the code itself has at its defaults."""
    content = json.loads(file.read_bytes())
    derived = parsed(content, file)
    assert content["format"] == 2
    for name, head in derived.classes.items():
        recorded = content["heads"][name]
        assert [list(map(str, one)) for one in recorded.get("refused", [])] == [
            [one.tensor, one.part, one.reason] for one in unresolved(head)
        ]
        if not unresolved(head):
            assert count(derived.model(head=name).with_sizes(dict(derived.defaults))) == recorded["count"]


def test_format_2_says_that_the_reason_of_a_constraint_is_not_known() -> None:
    derived = parsed({**in_format_2(SMALL), "whole": ["F/H"]}, FILE)
    assert [constraint.basis for constraint in derived.constraints] == [Basis.UNKNOWN]


CHANGES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("sizes",), [], "sizes"),
    (("sizes", "H"), 7, "sizes.H"),
    (("sizes", "H", "tried"), "all", "sizes.H"),
    (("sizes", "H", "tried"), [2, 1], "sizes.H.domain[1]"),
    (("sizes", "H", "tried"), {"steps": [1, 2], "of": ["a b"]}, "sizes.H.domain.multiple_of[0]"),
    (("sizes", "H", "tried"), {"unit": 2}, "sizes.H"),
    (("definitions",), ["N"], "definitions[0]"),
    (("definitions",), ["d = H/heads", "d = H"], "definitions[1]"),
    (("definitions",), {"d": "H"}, "definitions"),
    (("whole",), ["H/"], "constraints.unknown[0]"),
    (("whole",), "H/heads", "constraints.unknown"),
    (("frozen",), {"a": 1}, "frozen.a"),
    (("held",), {"a b": 1}, "fixed_by_code"),
    (("idle",), [7], "idle"),
    (("idle",), {"a": 7}, "idle.a"),
    (("heads",), {}, "heads"),
    (("heads", "model", "tensors", 0, "prefix"), "a.", "heads.model.tensors[0]"),
    (("heads", "model", "tensors", 0, "tensors"), 7, "heads.model.tensors[0].tensors"),
    (("heads", "model", "tensors", 3, "tensors", 0, 4), {"tied": "a"}, "heads.model.tensors[3].tensors[0]"),
    (("heads", "model", "trials"), -1, "heads.model.evidence.trials"),
]


@pytest.mark.parametrize(("path", "new", "field"), CHANGES, ids=str)
def test_a_wrong_field_of_format_2_is_named(path: tuple[Any, ...], new: Any, field: str) -> None:
    content: Any = in_format_2(SMALL)
    parent = content
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = new
    with pytest.raises(BadField) as raised:
        parse(content, FILE)
    assert raised.value.field == field


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    7,
    2.5,
    "",
    "H",
    "H/2",
    "a b",
    [],
    [1],
    ["H"],
    {},
    {"steps": [1, 2]},
    "x" * 3000,
    [[[[]]]],
)


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_file_is_read_or_refused(seed: int) -> None:
    """Of either format: up to three values are replaced by others, at any depth."""
    random = Random(seed)
    model = random.choice([SMALL, RICH, ModelGenerator(seed).model()])
    content: Any = in_format_2(model) if random.random() < 0.5 else json.loads(text(model))
    for _ in range(random.randint(1, 3)):
        parent = content
        while True:
            key = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
            if not isinstance(parent[key], dict | list) or not parent[key] or random.random() < 0.2:
                parent[key] = random.choice(JUNK)
                break
            parent = parent[key]
    with suppress(BertsymError):
        parse(content, FILE)
