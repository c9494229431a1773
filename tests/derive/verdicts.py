"""Derive random programs, save and read the formulas, and compare them with the programs at independent sizes."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from warnings import catch_warnings

from bertsym.count import count
from bertsym.derive.export import recorded
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.types import CannotDerive
from bertsym.errors import BertsymError
from bertsym.files.jsonfile import parse_object
from bertsym.saved_model import decode as saved
from bertsym.saved_model import encode as saving
from bertsym.saved_model.derived import Derived
from bertsym.values import value
from tests.derive.programs import Program, program, sampled_sizes

SAMPLES = 300
DERIVED, REFUSED, SILENT, WRONG = "derived", "refused", "no answer", "wrong"


@value
class Verdict:
    """The verdict on a program: one of the four words above, with its evidence."""

    word: str
    evidence: str = ""


def verdict(worker: Worker, folder: Path, seed: int) -> Verdict:
    """Derive the program of the seed and compare it with its builds; the worker must find modules in the folder."""
    drawn, name = program(seed), f"program_{seed}"
    (folder / f"{name}.py").write_text(drawn.source, encoding="utf-8")
    try:
        derivation = derive_in(worker, f"{name}:build", drawn.sizes, keep_names=True)
    except CannotDerive as problem:
        return Verdict(REFUSED, str(problem))
    if not derivation.whole:
        first = derivation.refused[0]
        return Verdict(REFUSED, f"{first.tensor}, {first.part}: {first.reason}")
    text = saving.text(recorded(derivation))
    derived = saved.parsed(parse_object(text.encode(), Path(name)), Path(name))
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return _compared(derived, drawn, import_module(name).build, Random(seed))


def _compared(derived: Derived, drawn: Program, build: Any, random: Random) -> Verdict:
    """Compare the counts of a saved model with those of the program, at samples that both accept."""
    from torch import device  # takes a second to import

    model, answers = derived.model(), 0
    # The saved model says which fields are fixed. Its formula holds only at their values.
    fixed: dict[str, Any] = {name: at.value for name, at in derived.fixed_by_derivation.items()}
    fixed |= derived.fixed_by_code
    for _ in range(SAMPLES):
        at = sampled_sizes(random, list(drawn.sizes)) | fixed
        try:
            with device("meta"), catch_warnings(action="ignore"):
                built = sum(parameter.numel() for parameter in build(**at).parameters())
        except Exception:  # noqa: BLE001, S112  # a program may raise anything at sizes that it rejects
            continue
        try:
            places = ((symbol, derived.fields[symbol].path) for symbol in model.symbols)
            counted = count(model.with_sizes({symbol: at[field] for symbol, field in places}))
        except BertsymError:
            continue
        if counted != built:
            return Verdict(WRONG, f"{counted} instead of {built} at {at}")
        answers += 1
    return Verdict(DERIVED if answers else SILENT)
