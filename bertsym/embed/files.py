"""Papers on disk: read without loss of encoding, mark or line ending."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from bertsym.embed.markers import Syntax
from bertsym.errors import BadFile
from bertsym.files import atomic_write
from bertsym.values import value

MAX_FILE_BYTES = 64 * 1024 * 1024

SYNTAXES = {
    **dict.fromkeys((".tex", ".ltx", ".sty", ".cls", ".tikz", ".latex"), Syntax.TEX),
    **dict.fromkeys((".md", ".markdown", ".qmd", ".rmd"), Syntax.MARKDOWN),
    **dict.fromkeys((".html", ".htm"), Syntax.HTML),
    ".typ": Syntax.TYPST,
}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@value
class Source:
    """A file with its text, encoding, byte order mark (`mark`) and line endings."""

    path: Path
    raw: bytes
    text: str
    encoding: str
    mark: bytes

    @property
    def syntax(self) -> Syntax:
        """Return the syntax of its comments."""
        return SYNTAXES[self.path.suffix.casefold()]


def read(path: Path) -> Source:
    """Read a file as UTF-8, as UTF-16 with its mark, or else as Latin-1; raise `BadFile` if it cannot be read."""
    if path.suffix.casefold() not in SYNTAXES:
        raise BadFile(str(path), f"expected one of {', '.join(SYNTAXES)}")
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadFile(str(path), "not a file: a folder, a pipe or a device")
        if status.st_size > MAX_FILE_BYTES:
            raise BadFile(str(path), f"larger than {MAX_FILE_BYTES:,} bytes")
        raw = path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from error
    except ValueError as error:  # a null character
        raise BadFile(str(path), "no path of a file") from error
    mark, encoding = next(((m, e) for m, e in _MARKS if raw.startswith(m)), (b"", "utf-8"))
    for candidate in (encoding, "latin-1"):
        try:
            return Source(path, raw, raw[len(mark) :].decode(candidate), candidate, mark)
        except UnicodeDecodeError:
            if mark:
                raise BadFile(str(path), f"not {encoding}, whatever its byte order mark says") from None
    raise AssertionError("every byte is Latin-1")


def encoded(source: Source, text: str) -> bytes:
    """Encode the text for the file; raise `BadFile` if it is read-only, linked, or lacks a character."""
    try:
        data = source.mark + text.encode(source.encoding)
    except UnicodeEncodeError as error:
        strange = text[error.start : error.end][:10]
        raise BadFile(str(source.path), f"its encoding is {source.encoding}, which has no {strange!r}") from None
    try:
        problem = atomic_write.obstacle(source.path)
    except OSError as error:
        raise BadFile(str(source.path), f"not written: {error.strerror or error}") from error
    if problem:
        raise BadFile(str(source.path), problem)
    return data


def replace(source: Source, text: str) -> None:
    """Replace the file in one step: a reader, or a crash, finds the old text or the new one.

    Raises `BadFile` if the file has changed since it was read, may not be replaced, or cannot hold the text.
    """
    data = encoded(source, text)
    try:
        if not atomic_write.replaced(source.path, data, source.raw):
            raise BadFile(str(source.path), "changed while its fragments were being made; run again")
    except OSError as error:
        raise BadFile(str(source.path), f"not written: {error.strerror or error}") from error
