"""The choices of a rendering: notation, layout, column, encoding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from fractions import Fraction
from typing import TypeVar

from bertsym.errors import TooNarrow, Unreadable, member
from bertsym.render.metrics import (
    EIGHT,
    ELEVEN,
    NINE,
    POINT,
    TEN,
    TIMES_EIGHT,
    TIMES_ELEVEN,
    TIMES_NINE,
    TIMES_TEN,
    TIMES_TWELVE,
    TWELVE,
    Face,
)
from bertsym.render.notation import BERT, Notation, is_name
from bertsym.render.tex_prose import Encoding
from bertsym.values import value


class Layout(Enum):
    """Layout of formulas or rules of tables."""

    BARE = "bare"
    INLINE = "inline"
    EQUATION = "equation"
    STARRED = "equation*"
    SPLIT = "split"
    ALIGN = "align"
    BOOKTABS = "booktabs"

    @classmethod
    def named(cls, name: str) -> Layout:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "layout", name)


class Float(Enum):
    """Environment of a table: a float of one column or of both, or none."""

    TABLE = "table"
    STARRED = "table*"
    NONE = "none"

    @classmethod
    def named(cls, name: str) -> Float:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "float", name)


class TypeSize(Enum):
    """Size of the type in a table: the command of LaTeX, and the steps below the text."""

    NORMAL = ("", 0)
    SMALL = (r"\small", 1)
    FOOTNOTE = (r"\footnotesize", 2)

    @property
    def command(self) -> str:
        """Return the command of LaTeX, empty for the size of the text."""
        return self.value[0]

    @property
    def steps(self) -> int:
        """Return the number of sizes below the text."""
        return self.value[1]


@value
class Column:
    """The measure of the text: its width in hundred-millionths of a point, and the fonts of its mathematics."""

    width: int
    face: Face

    def smaller(self, size: TypeSize) -> Column:
        """Return the measure for type of that size."""
        return Column(self.width, self.face.smaller(size.steps))

    def check(self, what: str, needed: int) -> None:
        """Raise `TooNarrow` if the piece does not fit the column."""
        if needed > self.width:
            raise self.too_narrow(what, needed)

    def too_narrow(self, what: str, needed: int, *hint: str) -> TooNarrow:
        """Return the error for a piece that needs more than the width."""
        return TooNarrow(what, -(-needed // POINT), self.width // POINT, *hint)


Made = TypeVar("Made")


def first_fitting(ways: Iterable[Callable[[], Made]]) -> Made:
    """Return the result of the first way that fits the column; raise the `TooNarrow` of the last."""
    narrow: TooNarrow | None = None
    for way in ways:
        try:
            return way()
        except TooNarrow as error:
            narrow = error
    raise narrow or AssertionError("no way was given")


# acl.sty: (16 cm - 0.6 cm) / 2 at 11 pt; IEEEtran.cls: 252 pt at 10 pt; neurips.sty: 5.5 in at 10 pt.
# All three set text in Times and, unless a paper says otherwise, mathematics in Computer Modern.
COLUMNS = {
    "acl": Column(21_908_000_000, ELEVEN),
    "ieee": Column(25_200_000_000, TEN),
    "neurips": Column(39_748_000_000, TEN),
}
_WIDTH = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)(pt|cm|mm|in)?(?:@(8|9|10|11|12)(?:pt)?)?", re.ASCII)
_INCH = Fraction("72.27")  # points of TeX
_LENGTHS = {"pt": Fraction(1), "in": _INCH, "cm": _INCH * 100 / 254, "mm": _INCH * 10 / 254}
_FACES = {"8": EIGHT, "9": NINE, "10": TEN, "11": ELEVEN, "12": TWELVE}
_TIMES = {EIGHT: TIMES_EIGHT, NINE: TIMES_NINE, TEN: TIMES_TEN, ELEVEN: TIMES_ELEVEN, TWELVE: TIMES_TWELVE}

PUNCTUATION = (".", ",", ";", ":")
MAX_CAPTION = 1900
_LABEL = re.compile(r"[A-Za-z0-9:._/+*-]{1,80}", re.ASCII)


@value
class Sheet:
    """The choices of one rendering. The defaults give ASCII fragments that need no package and no width.

    `left` is the TeX on the left of a displayed formula: None leaves it to the answer, and an empty text means none.
    A `caption` is plain text unless `caption_is_tex`: then it was checked.
    """

    notation: Notation = BERT
    encoding: Encoding = Encoding.ASCII
    layout: Layout | None = None
    column: Column | None = None
    caption: str = ""
    caption_is_tex: bool = False
    label: str = ""
    standalone: bool = False
    left: str | None = None
    punct: str = ""
    float: Float | None = None
    size: TypeSize = TypeSize.NORMAL
    siunitx: bool = False


def column(text: str, *, times: bool = False) -> Column:
    """Read `acl`, `ieee`, `neurips`, or a length with the size of type from 8 to 12: `252pt@10`; raise `Unreadable`.

    >>> column("219.08pt@11") == column("ACL"), column("3.25in").width == column("234.8775").width
    (True, True)
    """
    chosen = COLUMNS.get(text.casefold())
    if chosen is None:
        match = _WIDTH.fullmatch(text)
        if match is None:
            raise Unreadable(
                "--width",
                text,
                f"{', '.join(COLUMNS)}, or a length such as 252pt, 8cm or 219pt@11, type of 8 to 12 pt",
            )
        length, unit, size = match.groups()
        chosen = Column(int(Fraction(length) * _LENGTHS[unit or "pt"] * POINT), _FACES[size or "10"])
    return Column(chosen.width, _TIMES[chosen.face]) if times else chosen


def checked_caption(text: str) -> str:
    """Return the caption if TeX can measure it on one line: at most 1,900 characters."""
    if len(text) > MAX_CAPTION:
        raise Unreadable("--caption", text, f"at most {MAX_CAPTION:,} characters")
    return text


def checked_left(text: str) -> str | None:
    """Return the TeX on the left of a formula: empty for `none`, None to leave it to the answer; raise `Unreadable`."""
    if text in ("", "none"):
        return "" if text else None
    if not is_name(text):
        raise Unreadable("--lhs", text, r"none, or a letter or \mathrm{word} such as P or N_{\mathrm{total}}")
    return text


def checked_punctuation(text: str) -> str:
    """Return the mark behind a displayed formula; raise `Unreadable` for a text that is none."""
    if text not in ("", *PUNCTUATION):
        raise Unreadable("--punct", text, f"one of {' '.join(PUNCTUATION)}")
    return text


def checked_label(text: str) -> str:
    r"""Return the key of a `\label`: letters, digits and marks that TeX leaves alone; raise `Unreadable`."""
    if not _LABEL.fullmatch(text):
        raise Unreadable("--label", text, "letters, digits and the marks : . _ - + * /, as in tab:sizes")
    return text
