"""The atlas in the current format: entries of an older format rewritten, and compared with those of another commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import atlas_index as shelf

from bertsym.files.jsonfile import parse_object
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.encode import text

ROOT = Path(__file__).resolve().parent.parent


def convert() -> int:
    """Rewrite every entry and the index; return the number of files that changed."""
    changed = 0
    for file in sorted(shelf.ENTRIES.glob("*.json")):
        old = file.read_text(encoding="utf-8")
        model = read(old, file)
        new = text(model)
        if read(new, file) != model:
            raise SystemExit(f"{file.name}: the rewritten entry is another model")
        if new != old:
            file.write_text(new, encoding="utf-8", newline="\n")
            changed += 1
    shelf.refresh()
    return changed


def compare(commit: str) -> Iterator[str]:
    """Yield the entries that are not the models that they are in the commit, each with the first part that differs."""
    for file in sorted(shelf.ENTRIES.glob("*.json")):
        path = file.relative_to(ROOT).as_posix()
        shown = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, check=False)
        if shown.returncode:
            yield f"{file.stem}: not in {commit}"
            continue
        old, new = read(shown.stdout.decode(), file), read(file.read_text(encoding="utf-8"), file)
        if old != new:
            yield f"{file.stem}: another {next(difference(old, new), 'order')}"


def difference(old: Derived, new: Derived) -> Iterator[str]:
    """Yield the names of the parts in which two models differ."""
    for part in Derived.__match_args__:
        if getattr(old, part) != getattr(new, part):
            yield part


def read(content: str, file: Path) -> Derived:
    """Return the entry that the text holds."""
    return parsed(parse_object(content.encode(), file), file)
