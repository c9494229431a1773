"""Random programs derived, saved, read, and held against what they build at sizes that no derivation chose."""

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
from tests.derive.programs import Program, drawn, program

DRAWS = 300
DERIVED, REFUSED, SILENT, WRONG = "derived", "refused", "no answer", "wrong"


@value
class Verdict:
    """The verdict on a program: one of the four words above, and why."""

    word: str
    evidence: str = ""


def held(worker: Worker, folder: Path, seed: int) -> Verdict:
    """Derive the program of that seed in a worker that finds modules in that folder, and hold it against its builds."""
    one, name = program(seed), f"program_{seed}"
    (folder / f"{name}.py").write_text(one.source, encoding="utf-8")
    try:
        derivation = derive_in(worker, f"{name}:build", one.sizes, keep_names=True)
    except CannotDerive as problem:
        return Verdict(REFUSED, str(problem))
    if not derivation.whole:
        first = derivation.refused[0]
        return Verdict(REFUSED, f"{first.tensor}, {first.part}: {first.reason}")
    text = saving.text(recorded(derivation))
    derived = saved.parsed(parse_object(text.encode(), Path(name)), Path(name))
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return compared(derived, one, import_module(name).build, Random(seed))


def compared(derived: Derived, one: Program, build: Any, random: Random) -> Verdict:
    """Hold what a saved model counts against what the program builds, wherever both have an answer."""
    from torch import device  # not before it is needed

    model, answers = derived.model(), 0
    # What stands still is said to: the formula is one at that value alone.
    standing: dict[str, Any] = {name: at.value for name, at in derived.fixed_by_derivation.items()} | dict(
        derived.fixed_by_code
    )
    for _ in range(DRAWS):
        at = drawn(random, list(one.sizes)) | standing
        try:
            with device("meta"), catch_warnings(action="ignore"):
                real = sum(parameter.numel() for parameter in build(**at).parameters())
        except Exception:  # noqa: BLE001, S112  # whatever the program raises at sizes that it does not take
            continue
        try:
            places = ((symbol, derived.fields[symbol].path) for symbol in model.symbols)
            found = count(model.with_sizes({symbol: at[field] for symbol, field in places}))
        except BertsymError:
            continue
        if found != real:
            return Verdict(WRONG, f"{found} instead of {real} at {at}")
        answers += 1
    return Verdict(DERIVED if answers else SILENT)
