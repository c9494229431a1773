"""The stages of a derivation on standard error: over one line of a terminal, or a line each in a file."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from bertsym.cli import streams
from bertsym.derive.events import Event, StageEnded, counted

WIDTH = 78


class Progress:
    """A listener that says which stage runs; a context manager, which erases the line that it wrote over."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.width:
            streams.progress(" " * self.width)
            streams.progress("")
            self.width = 0

    def begin(self, stage: str, step: str) -> None:
        """Show which stage begins, if a terminal can show it."""
        if self.is_terminal:
            self._over(f"{stage}, {step.replace('_', ' ')} ...")

    def take(self, event: Event) -> None:
        """Show the builds and the conclusion of a stage."""
        if not isinstance(event, StageEnded):
            return
        builds = f"{counted(event.builds.total, 'build')}, " if event.builds.total else ""
        text = f"{event.stage}, {event.step.replace('_', ' ')}: {builds}{event.concluded.summary()}"
        if self.is_terminal:
            self._over(text)
        else:
            streams.note(text)

    def _over(self, text: str) -> None:
        """Write over the line; a line that a terminal wraps could not be written over."""
        shown = "".join(c if c.isprintable() else "?" for c in text)[:WIDTH]
        streams.progress(shown.ljust(self.width))
        self.width = len(shown)
