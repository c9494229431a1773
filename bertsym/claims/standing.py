"""The verdicts on a claim, and the exit code that each means on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Standing(Enum):
    """The verdict on a claim, or on all claims of a document together.

    `NEARLY` is a claim that is exact but for a small part that the answer names. `MIXED` is a document with some claims
    that stand, beside others that are wrong or were not read. `UNREAD` is a claim that nobody judged.
    """

    STANDS = "stands"
    NEARLY = "nearly"
    MIXED = "mixed"
    FINDING = "finding"
    UNREAD = "unread"

    @property
    def wrong(self) -> bool:
        """Return True if the claim was judged and is not right as it stands."""
        return self in (Standing.NEARLY, Standing.FINDING)


def exit_code(standings: Iterable[Standing]) -> int:
    """Return 1 if a claim is wrong, else 2 if one was not read or if there is none, else 0.

    >>> exit_code([Standing.STANDS, Standing.UNREAD]), exit_code([Standing.UNREAD, Standing.NEARLY]), exit_code([])
    (2, 1, 2)
    """
    said = set(standings)
    if any(standing.wrong for standing in said):
        return 1
    return 0 if said == {Standing.STANDS} else 2


def together(standings: Iterable[Standing]) -> Standing:
    """Return the verdict on a document from those on its claims; without a claim nothing was read.

    >>> together([]).value, together([Standing.STANDS, Standing.FINDING]).value, together([Standing.NEARLY] * 2).value
    ('unread', 'mixed', 'nearly')
    """
    said = set(standings)
    if not said:
        return Standing.UNREAD
    if len(said) == 1:
        return said.pop()
    return Standing.MIXED if Standing.STANDS in said or Standing.MIXED in said else Standing.FINDING
