"""Texts on disk: read without loss of encoding, mark or line ending, and replaced whole or not at all."""

from __future__ import annotations

import codecs
import os
import tempfile
from pathlib import Path

from bertsym.embed.markers import Syntax
from bertsym.errors import BadFile
from bertsym.values import value

LARGEST = 64 * 1024 * 1024

SYNTAXES = {
    **dict.fromkeys((".tex", ".ltx", ".sty", ".cls", ".tikz", ".latex"), Syntax.TEX),
    **dict.fromkeys((".md", ".markdown", ".qmd", ".rmd", ".html", ".htm"), Syntax.MARKDOWN),
}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@value
class Source:
    """A file as it was read; `mark` is its byte order mark."""

    path: Path
    raw: bytes
    text: str
    encoding: str
    mark: bytes

    @property
    def syntax(self) -> Syntax:
        """How it spells comments."""
        return SYNTAXES[self.path.suffix.casefold()]


def read(path: Path) -> Source:
    """The file, in UTF-8, UTF-16 with its mark, or else byte for byte as Latin-1; raises `BadFile`."""
    if path.suffix.casefold() not in SYNTAXES:
        raise BadFile(str(path), f"expected one of {', '.join(SYNTAXES)}")
    try:
        if path.stat().st_size > LARGEST:
            raise BadFile(str(path), f"larger than {LARGEST:,} bytes")
        raw = path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from error
    mark, encoding = next(((m, e) for m, e in _MARKS if raw.startswith(m)), (b"", "utf-8"))
    for candidate in (encoding, "latin-1"):
        try:
            return Source(path, raw, raw[len(mark) :].decode(candidate), candidate, mark)
        except UnicodeDecodeError:
            if mark:
                raise BadFile(str(path), f"not {encoding}, whatever its byte order mark says") from None
    raise AssertionError("every byte is Latin-1")


def replace(source: Source, text: str) -> None:
    """Put the text in the file's place, in one step: whoever reads, or pulls the plug, finds the old or the new.

    Raises `BadFile` if the file has changed since it was read, or cannot hold the text.
    """
    try:
        data = source.mark + text.encode(source.encoding)
    except UnicodeEncodeError as error:
        strange = text[error.start : error.end][:10]
        raise BadFile(str(source.path), f"its encoding is {source.encoding}, which has no {strange!r}") from None
    target = source.path.resolve()
    try:
        if target.read_bytes() != source.raw:
            raise BadFile(str(source.path), "changed while its fragments were being made; run again")
        _write(target, data)
    except OSError as error:
        raise BadFile(str(source.path), f"not written: {error.strerror or error}") from error


def _write(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
