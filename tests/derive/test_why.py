"""`derive --why`: the observations of a tensor, the sizes that affect it, and the candidates that were refuted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sympy import Symbol

from bertsym.answers.derivation_evidence import AmbiguousTensor, derivation_evidence
from bertsym.derive.derivation import SynthesisInput
from bertsym.derive.synthesis.observations import NO_LISTS
from bertsym.derive.types import Entry, Observation
from bertsym.errors import UnknownName
from bertsym.render import text
from bertsym.symbols import H, L

Run = Callable[..., Any]
CLEVER = ("derive", "tests.derive.modules:too_clever", "--size", "hidden=8")


def observed(build: Callable[[int, int], dict[str, tuple[int, ...]]]) -> SynthesisInput:
    """Return observations of a stack by hand, without torch."""
    sizes = [(h, n) for h in (3, 5, 8, 13, 40) for n in (1, 2, 3, 5, 6)]
    observations = []
    for h, n in sizes:
        inventory = {name: Entry(shape, name, "matrix") for name, shape in build(h, n).items()}
        observations.append(Observation({H: h, L: n}, inventory))
    symbols: set[Symbol] = {H, L}
    return SynthesisInput(observations, symbols, (), NO_LISTS)


def stack(h: int, n: int) -> dict[str, tuple[int, ...]]:
    layers = {f"layer.{i}.{name}.weight": (h, 4 * h) for i in range(n) for name in ("up", "down")}
    return {"word.weight": (30, h), **layers, "odd.weight": (h ^ 5, 2)}


def shown(*names: str, build: Callable[[int, int], dict[str, tuple[int, ...]]] = stack) -> str:
    return text.document(derivation_evidence("a:b", observed(build), names).document())


def test_a_template_and_the_name_of_one_tensor_are_the_same_question() -> None:
    assert shown("layer.{}.up.weight") == shown("layer.3.up.weight") == shown("up.weight")


def test_a_formula_comes_with_what_it_refuted() -> None:
    answer = shown("layer.0.up.weight")
    assert "Formula for the indices 0..L." in answer
    assert "dimension 1" in answer
    assert "4·H" in answer
    assert "refuted candidate" in answer
    assert "predicts" in answer


def test_a_part_without_a_formula_shows_its_builds() -> None:
    answer = shown("odd.weight")
    assert "No formula: dimension 0" in answer
    assert " 45 " in answer  # 40 xor 5


def test_several_tensors_are_several_sections() -> None:
    answer = shown("word.weight", "layer.{}.up.weight", "word.weight")
    assert answer.count("word.weight\n") == 1
    assert answer.count("layer.{}.up.weight\n") == 1


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"did you mean layer.\{\}.up.weight"):
        shown("layer.0.upp.weight")


def test_a_part_of_several_names_lists_them() -> None:
    with pytest.raises(AmbiguousTensor, match=r"4 tensors match; name one of word.weight, layer.\{\}.up.weight"):
        shown("weight")


@pytest.mark.parametrize("hostile", ["", "\x1b[31m", "(", "{", "{}{}", "a" * 10_000])
def test_a_hostile_name_is_unknown(hostile: str) -> None:
    with pytest.raises((UnknownName, AmbiguousTensor)) as refused:
        shown(hostile)
    assert str(refused.value).isprintable()


def test_hostile_tensor_names_are_data() -> None:
    hostile = "\x1b[2J%s$x$"
    answer = derivation_evidence("a:b", observed(lambda h, n: {hostile: (h, n)}), [hostile])
    assert [tensor.template for tensor in answer.tensors] == [hostile]


# --- the command line ---


@pytest.mark.usefixtures("torch")
def test_the_command_prints_the_evidence_instead_of_the_formula(bertsym: Run) -> None:
    ran = bertsym(*CLEVER, "--why", "odd.weight")
    assert ran.code == 1
    assert "No formula: dimension 1" in ran.out
    assert "--why 'odd.weight'" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.usefixtures("torch")
def test_it_speaks_every_syntax(bertsym: Run) -> None:
    record = json.loads(bertsym(*CLEVER, "--why", "odd.weight", "--json").out)
    (tensor,) = record["tensors"]
    assert tensor["failure"]["part"] == "dimension 1"
    part = next(part for part in tensor["parts"] if part["part"] == "dimension 1")
    assert part["formula"] is None
    assert part["affected_by"] == ["H"]
    assert all(set(row) == {"sizes", "value", "builds"} for row in part["observations"])
    assert all(set(row) == {"formula", "fits", "at", "predicted", "built"} for row in part["refuted"])
    assert r"\texttt{odd.weight}" in bertsym(*CLEVER, "--why", "odd.weight", "--latex").out
    assert "`odd.weight`" in bertsym(*CLEVER, "--why", "odd.weight", "--markdown").out


@pytest.mark.usefixtures("torch")
def test_an_unknown_tensor_is_an_error(bertsym: Run) -> None:
    ran = bertsym(*CLEVER, "--why", "od.weight")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "did you mean odd.weight" in ran.err


@pytest.mark.usefixtures("torch")
def test_a_derivation_without_any_formula_shows_its_evidence(bertsym: Run) -> None:
    ran = bertsym("derive", "tests.derive.comparing:shortened", "--size", "hidden=64", "--why", "weight")
    assert ran.code == 2
    assert "not derived" in ran.out
    assert "refuted candidate" in ran.out
    assert "--why 'weight' shows the observations, --trace FILE the stages" in ran.err
