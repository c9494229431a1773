"""A derivation written to a file that every command takes as its MODEL."""

from __future__ import annotations

from pathlib import Path

from bertsym.derive.cegis import Derivation
from bertsym.derive.export import recorded
from bertsym.files.atomic_write import write_file
from bertsym.files.jsonfile import parse_object
from bertsym.saved_model.decode import parse
from bertsym.saved_model.encode import text


def save(derivation: Derivation, path: Path) -> None:
    """Write a derivation to a file, whole or not at all.

    The file is read back before it is written, so that no file is left that bertsym itself refuses. Raises `BadFile`,
    and `PartialFormula` if a tensor has no formula.
    """
    written = text(recorded(derivation)).encode()
    parse(parse_object(written, path), path)
    write_file(path, written)
