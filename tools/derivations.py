"""Record derivations, and compare them after a change of derive: test modules, and model types of all kinds.

    python tools/derivations.py record FOLDER [NAME ...]
    python tools/derivations.py compare FOLDER [NAME ...] [--meaning] [--renamed NEW=OLD ...]

`record` writes what `derive --seed 0` saves, or the error that it ends with, a file a target. `compare` derives again
and names each target whose file differs; `--meaning` compares the models that the files describe, not their bytes.
`--renamed tests.derive.models_misbehaving=tests.derive.modules` reads the record of a module under its old name.
Targets are named as in derivations.json, or by the beginning of a name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bertsym.derive.export import recorded
from bertsym.derive.oracle.client import Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.types import CannotDerive
from bertsym.files.jsonfile import parse_object
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import Basis, Derived
from bertsym.saved_model.encode import text
from bertsym.values import replace

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 60  # a build may be slow on a machine under load, and its derivation is to be the same


def derived(worker: Worker, target: str, sizes: dict[str, int]) -> str:
    """Return the saved model as text, or the error."""
    try:
        return text(recorded(derive_in(worker, target, sizes, seed=0)))
    except CannotDerive as error:
        return f"{error}\n"


def alike(before: str, after: str, *, meaning: bool) -> bool:
    """Return True if two files are the same, or describe the same model."""
    if before == after or not meaning or not (before.startswith("{") and after.startswith("{")):
        return before == after
    return described(before) == described(after)


def described(saved: str) -> Derived:
    """Return the model that a file of any format describes.

    Three things are left out: the number of the engine, the reason why a constraint holds, because format 2 has none,
    and the sentence that says why a tensor has no formula.
    """
    name = Path("saved.json")
    derived = parsed(parse_object(saved.encode(), name), name)
    constraints = tuple(replace(constraint, basis=Basis.UNKNOWN) for constraint in derived.constraints)
    evidence = derived.evidence
    if evidence is not None:
        evidence = replace(evidence, unresolved=tuple(replace(one, reason="") for one in evidence.unresolved))
    model: Derived = replace(derived, engine=0, constraints=constraints, evidence=evidence)
    return model


def main() -> int:
    """Record or compare; return 1 if something differs."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "examples")])
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["record", "compare"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a target's name")
    parser.add_argument("--meaning", action="store_true", help="compare the models that the files describe")
    parser.add_argument("--renamed", action="append", default=[], metavar="NEW=OLD", help="a module's name in FOLDER")
    options = parser.parse_args()
    old_names = dict(pair.split("=", 1) for pair in options.renamed)
    targets = json.loads((Path(__file__).parent / "derivations.json").read_text(encoding="utf-8"))
    chosen = {
        name: sizes for name, sizes in targets.items() if not options.names or name.startswith(tuple(options.names))
    }
    differing = []
    with Worker(SECONDS) as worker:
        for name, sizes in chosen.items():
            module = name.partition(":")[0]
            old_name = old_names.get(module, module)
            file = options.folder / f"{name.replace(module, old_name).replace(':', '.')}.json"
            began = time.monotonic()
            now = derived(worker, name, sizes).replace(module, old_name)
            if options.command == "record":
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(now, encoding="utf-8")
            elif not alike(file.read_text(encoding="utf-8"), now, meaning=options.meaning):
                file.with_suffix(".now").write_text(now, encoding="utf-8")
                differing.append(name)
            said = " DIFFERS" if name in differing else ""
            print(f"{name}: {time.monotonic() - began:.1f} s{said}", flush=True)
    print(f"{len(chosen)} targets, {len(differing)} differ {' '.join(differing)}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
