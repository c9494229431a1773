r"""The files and cells of a document as plain sources: LaTeX with what it \inputs, Markdown, text, HTML, notebooks.

HTML and notebooks become Markdown, so that one reader of texts serves them all. Every line keeps its number, except in
a notebook, whose cells are sources of their own. What a document names is read only below its own folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from bertsym.claims.html_text import markdown_of
from bertsym.errors import BadFile
from bertsym.values import value

TEXT_SUFFIXES = (".md", ".markdown", ".tex", ".latex", ".txt", ".rst", ".html", ".htm", ".ipynb")

# Bounds on hostile input: the files that a document may include, the depth of includes, and the cells of a notebook.
MAX_INCLUDED = 200
MAX_DEPTH = 8
MAX_CELLS = 2_000
MAX_BYTES = 2_000_000

_INPUT = re.compile(r"(?<!\\)\\(?:input|include|subfile)\s*\{(?P<name>[^{}\n]{1,200})\}")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_ROLE = re.compile(r":math:`(?P<inside>[^`\n]{1,500})`")
_LITERAL = re.compile(r"``(?P<inside>[^`\n]{1,500})``")


@value
class Source:
    """A piece of a document: its name if it is not the document itself, its text, and the suffix that says its markup.

    `lines` are the line numbers of the file for the lines of the text, if they differ. A `typed` text is a claim by
    itself: a number behind a name counts parameters, whether or not the word stands there.
    """

    name: str
    text: str
    suffix: str
    lines: tuple[int, ...] = ()
    typed: bool = False

    def line(self, number: int) -> int:
        """Return the line of the file for a line of the text."""
        return self.lines[min(number, len(self.lines)) - 1] if self.lines else number

    @property
    def tex(self) -> bool:
        """Return True for LaTeX."""
        return self.suffix in (".tex", ".latex")


def source_of(text: str) -> Source:
    """Return typed or pasted text as a source."""
    return Source("", text, ".txt", typed=True)


def sources(path: str, text: str) -> tuple[Source, ...]:
    """Return the pieces of the document at a path, whose text has been read; raises `BadFile`."""
    suffix = PurePath(path).suffix.lower()
    if suffix in (".tex", ".latex"):
        return tuple(_included(Path(path), text))
    if suffix == ".ipynb":
        return tuple(_cells(path, text))
    if suffix in (".html", ".htm"):
        written, lines = markdown_of(text)
        return (Source("", written, suffix, lines),)
    if suffix == ".rst":
        return (Source("", _LITERAL.sub(_code, _ROLE.sub(_mathematics, text)), suffix),)
    return (Source("", text, suffix),)


def _mathematics(match: re.Match[str]) -> str:
    return f"${match['inside']}$"


def _code(match: re.Match[str]) -> str:
    return f"`{match['inside']}`"


def _included(main: Path, text: str) -> Iterator[Source]:
    """Yield a LaTeX file and what it includes, each file once, in the order of the includes."""
    folder = main.parent.resolve()
    seen = {main.resolve()}
    pending: list[tuple[str, str, int]] = [("", text, 0)]
    while pending:
        name, content, depth = pending.pop(0)
        yield Source(name, content, ".tex")
        inner = []
        for match in _INPUT.finditer(_COMMENT.sub("", content)):
            path = _beside(folder, match["name"].strip())
            if path is None or path in seen:
                continue
            seen.add(path)
            if len(seen) > MAX_INCLUDED or depth == MAX_DEPTH:
                raise BadFile(str(main), f"more than {MAX_INCLUDED} included files, or {MAX_DEPTH} levels of them")
            inner.append((str(path.relative_to(folder)), _text_of(path), depth + 1))
        pending = inner + pending


def _beside(folder: Path, name: str) -> Path | None:
    """Return the file that an include names if it is below the document's folder; a file that is missing is None."""
    try:
        for candidate in (folder / name, folder / f"{name}.tex"):
            path = candidate.resolve()
            if path.suffix.lower() in (".tex", ".latex") and path.is_relative_to(folder) and path.is_file():
                return path
    except (OSError, ValueError):
        return None
    return None


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile(str(path), f"larger than {MAX_BYTES:,} bytes")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from None


def _cells(path: str, text: str) -> Iterator[Source]:
    """Yield the Markdown cells of a notebook, and the texts that its code cells printed."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFile(path, "no notebook: its JSON cannot be read") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise BadFile(path, "no notebook: it has no cells")
    for number, cell in enumerate(cells[:MAX_CELLS], start=1):
        if not isinstance(cell, dict):
            continue
        if cell.get("cell_type") == "markdown":
            yield Source(f"cell {number}", _joined(cell.get("source")), ".md")
        for output in cell.get("outputs") or [] if isinstance(cell.get("outputs"), list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            plain = data.get("text/plain") if isinstance(data, dict) else None
            printed = _joined(output.get("text") if isinstance(output, dict) else None) or _joined(plain)
            if printed:
                yield Source(f"cell {number}", printed, ".txt")


def _joined(lines: object) -> str:
    if isinstance(lines, str):
        return lines
    return "".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
