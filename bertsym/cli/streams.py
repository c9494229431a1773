"""The edge of the program: text leaves it without control characters, in the stream's encoding, or with an error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bertsym.errors import BertsymError, printable
from bertsym.values import value

# Characters without a shape that writing needs: the joiners of Persian and Hindi, spaces that do not break or are wide.
_HARMLESS = "\u200c\u200d\u00a0\u202f\u3000"


@value
class NotPrinted(BertsymError):
    """An answer that its stream did not take, or not all of it.

    >>> print(NotPrinted("standard output", "No space left on device"))
    standard output: No space left on device: the answer is not there, or not all of it; redirect it elsewhere
    """

    stream: str
    problem: str

    def __str__(self) -> str:
        return f"{self.stream}: {self.problem}: the answer is not there, or not all of it; redirect it elsewhere"


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
    """A standard stream, or None where the caller has closed it, that takes any text.

    A failure of standard output is a question that was not answered; one of standard error has nowhere to be told.
    """

    def __init__(self, stream: TextIO | None, name: str, *, tolerant: bool) -> None:
        self.stream, self.name, self.tolerant = stream, name, tolerant
        # What fish reads of a completion is parted by tabs.
        self.allowed = "\n\t" if "_BERTSYM_COMPLETE" in os.environ else "\n"

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only: it takes everything
        """Return an encoding that has every character, because this stream accepts every character."""
        return "utf-8"

    def isatty(self) -> bool:
        """Return True if somebody looks at it."""
        return self.stream is not None and not self.stream.closed and self.stream.isatty()

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def write(self, text: str) -> int:
        """Write the text, made safe."""
        if not isinstance(text, str):
            raise TypeError("an edge takes text")  # click tells a stream of bytes so
        self._write(safe(visible(text, self.allowed), self.stream))
        return len(text)

    def progress(self, text: str) -> None:
        """Write over the line that is there."""
        self._write("\r" + safe(visible(text), self.stream))

    def flush(self) -> None:
        """Hand on what is held back."""
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
        except (OSError, ValueError) as error:  # ValueError: a stream that was closed in Python
            if not self.tolerant:
                raise NotPrinted(self.name, getattr(error, "strerror", None) or str(error)) from None


def encoding(stream: object) -> str | None:
    """Return the encoding of a stream, or None if it has every character."""
    target = stream.stream if isinstance(stream, Edge) else stream
    named = getattr(target, "encoding", None)
    return named if isinstance(named, str) and named.lower().replace("_", "-") not in ("", "utf-8", "utf8") else None


def safe(text: str, stream: object) -> str:
    """Spell out the characters that the stream's encoding lacks."""
    named = encoding(stream)
    if named is None or text.isascii():
        return text
    from bertsym.render.spelling import spelled

    return spelled(text, named)


@contextmanager
def edged() -> Iterator[None]:
    """Put edges in the place of the standard streams."""
    before = sys.stdout, sys.stderr
    sys.stdout = Edge(before[0], "standard output", tolerant=False)
    sys.stderr = Edge(before[1], "standard error", tolerant=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def note(text: str) -> None:
    """Say one line on standard error."""
    print(f"bertsym: {printable(text)}", file=sys.stderr)


def progress(text: str) -> None:
    """Say on standard error, over the line that is there, how far something is."""
    if isinstance(sys.stderr, Edge):
        sys.stderr.progress(text)
