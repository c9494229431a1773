"""The standard streams: text without control characters, in the stream's encoding, or an error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from bertsym.errors import BertsymError, printable
from bertsym.values import value

# Invisible characters that text needs: the joiners of Persian and Hindi, no-break spaces, wide spaces.
_HARMLESS = "\u200c\u200d\u00a0\u202f\u3000"

COMPLETION = "_BERTSYM_COMPLETE"
"""The variable by which a shell asks for the completion of a word."""


@value
class NotPrinted(BertsymError):
    """An answer that its stream did not accept, at least in part.

    >>> print(NotPrinted("standard output", "No space left on device"))
    standard output: No space left on device: the answer was not printed in full; redirect it elsewhere
    """

    stream: str
    problem: str

    def __str__(self) -> str:
        return f"{self.stream}: {self.problem}: the answer was not printed in full; redirect it elsewhere"


def visible(text: str, allowed: str = "\n") -> str:
    r"""Return the text with escapes in place of characters that steer a terminal or reorder a line.

    >>> print(visible("\x1b[31mred\nline \u202eab \x9b"))
    \x1b[31mred
    line \u202eab \x9b
    """
    rest = text
    for character in allowed:
        rest = rest.replace(character, "")
    if rest.isprintable():
        return text
    return "".join(c if c in allowed or c in _HARMLESS or c.isprintable() else printable(c) for c in text)


class Edge(io.TextIOBase):
    """A standard stream that accepts any text; `stream` is None if the caller has closed it.

    A failure of standard output is an error. A failure of standard error (`tolerant`) is ignored.
    """

    def __init__(self, stream: TextIO | None, name: str, *, tolerant: bool) -> None:
        self.stream, self.name, self.tolerant = stream, name, tolerant
        # fish separates the fields of a completion by tabs.
        self.allowed = "\n\t" if COMPLETION in os.environ else "\n"

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only: it takes everything
        """Return an encoding that has every character, because this stream accepts every character."""
        return "utf-8"

    def isatty(self) -> bool:
        """Return True if the stream is a terminal."""
        return self.stream is not None and not self.stream.closed and self.stream.isatty()

    def writable(self) -> bool:
        """Return True, because the stream is for writing only."""
        return True

    def write(self, text: str) -> int:
        """Write the text, made safe."""
        if not isinstance(text, str):
            raise TypeError("an edge takes text")  # click tests for a stream of bytes this way
        self._write(safe(visible(text, self.allowed), self.stream))
        return len(text)

    def progress(self, text: str) -> None:
        """Overwrite the current line."""
        self._write("\r" + safe(visible(text), self.stream))

    def flush(self) -> None:
        """Flush the stream."""
        self._write("")

    def _write(self, text: str) -> None:
        if self.stream is None:
            if text and not self.tolerant:
                raise NotPrinted(self.name, "it is closed")
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            if not self.tolerant:
                raise
        except (OSError, ValueError) as error:  # Python raises ValueError for a stream that it has closed
            if not self.tolerant:
                raise NotPrinted(self.name, getattr(error, "strerror", None) or str(error)) from None


def encoding(stream: object) -> str | None:
    """Return the encoding of a stream, or None if it has every character."""
    target = stream.stream if isinstance(stream, Edge) else stream
    named = getattr(target, "encoding", None)
    return named if isinstance(named, str) and named.lower().replace("_", "-") not in ("", "utf-8", "utf8") else None


def width(stream: object) -> int | None:
    """Return the columns that a stream has: those that COLUMNS says, else those of the terminal; None for a file."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdecimal() and int(said[:6]) > 0:
        return int(said[:6])
    target: Any = stream.stream if isinstance(stream, Edge) else stream
    try:
        return os.get_terminal_size(target.fileno()).columns or None
    except (AttributeError, OSError, ValueError):  # no terminal, or a stream without a descriptor
        return None


def safe(text: str, stream: object) -> str:
    """Spell out the characters that the stream's encoding lacks."""
    named = encoding(stream)
    if named is None or text.isascii():
        return text
    from bertsym.render.spelling import spelled

    return spelled(text, named)


@contextmanager
def edged() -> Iterator[None]:
    """Replace the standard streams by edges inside the block."""
    before = sys.stdout, sys.stderr
    sys.stdout = Edge(before[0], "standard output", tolerant=False)
    sys.stderr = Edge(before[1], "standard error", tolerant=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def note(text: str) -> None:
    """Print one line on standard error."""
    print(f"bertsym: {printable(text)}", file=sys.stderr)


def progress(text: str) -> None:
    """Print progress on standard error, over the current line."""
    if isinstance(sys.stderr, Edge):
        sys.stderr.progress(text)
