"""Check the ranges of data bytes that the tensors of a file claim."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from bertsym.errors import BadFile, echo
from bertsym.values import value


@value
class DataRange:
    """The range of data bytes that a tensor claims, counted from the first byte of the data."""

    start: int
    stop: int
    name: str

    @property
    def length(self) -> int:
        """The number of bytes in the range."""
        return self.stop - self.start


def end_of(ranges: Iterable[DataRange], path: Path) -> int:
    """Return the offset at which the last tensor ends; raise BadFile if two tensors overlap."""
    every = list(ranges)
    filled = sorted((one for one in every if one.length), key=lambda one: one.start)
    for before, after in pairwise(filled):
        if after.start < before.stop:
            names = f"{echo(before.name)} and {echo(after.name)}"
            raise BadFile(str(path), f"the tensors {names} overlap at byte {after.start:,} of the data")
    return max((one.stop for one in every), default=0)


def check_room(end: int, room: int, path: Path) -> None:
    """Raise BadFile if the data ends after the file."""
    if end > room:
        advice = "--header-only accepts a file of which only the beginning was fetched"
        raise BadFile(
            str(path), f"cut off: its tensors take {end:,} bytes of data, {room:,} follow the header; {advice}"
        )
