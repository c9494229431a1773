"""Words into TeX: names, captions and comments from strangers, set as they are and never as commands."""

from __future__ import annotations

import codecs
import re
import unicodedata
from enum import Enum
from functools import cache

MAX_WORD = 60


class Encoding(Enum):
    """Characters that a file may hold: accents as TeX commands, or Latin letters as they are."""

    ASCII = "ascii"
    UTF8 = "utf8"


_SPECIALS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "^": r"\texttt{\char94}",
    "~": r"\texttt{\char126}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "#": r"\#",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\texttt{\char34}",
}
# What latexcodec writes for these does not compile: commands of mathematics in text, or of no package at all.
_OWN = {"¢": r"{\textcent}", "¥": r"{\textyen}", "¬": r"{\textlnot}", "€": r"{\texteuro}"}
_UNDEFINED = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΧοℂℕℚℝℤ∁∄∌∎⊈⊉⊊⊋")
# OT1, the encoding of a document without packages, lacks these.
_ONLY_T1 = "«»ÐÞðþĄąĐđĘęĮįŲųǪǫǬǭ"
_NEEDS_T1 = re.compile(
    rf"[{_ONLY_T1}]|\\(?:guillemot(?:left|right)|DH|TH|dh|th|k|DJ|dj|textogonekcentered)(?![A-Za-z])"
)
_NOT_IN_UTF8 = frozenset("ǱǲǳǼǽǾǿǬǭ")
_JOINERS = frozenset("\u200c\u200d")
_LIGATURES = frozenset({"--", ",,", "<<", ">>"})


def prose(text: str, encoding: Encoding = Encoding.ASCII) -> str:
    r"""Return TeX that shows exactly this text; a character without a command in TeX or latexcodec is kept.

    An apostrophe within a word is set as print sets it; any other single quote stands straight. A bracket or a star at
    the start stands in braces, because it would belong to a command before it, as to that which ends a row.

    >>> print(prose(r"50% of \input{x}_1"))
    50\% of \textbackslash{}input\{x\}\_1
    >>> print(prose("Straße -- é"))
    Stra{\ss}e -{}- {\'e}
    >>> print(prose("Straße", Encoding.UTF8), prose("[x]"))
    Straße {[}x]
    """
    shown = "".join(map(_visible, unicodedata.normalize("NFC", text)))
    if not shown:
        return ""
    parts = []
    unbroken = 0
    for before, here, after in zip(" " + shown[:-1], shown, shown[1:] + " ", strict=True):
        apostrophe = here == "'" and before.isalpha() and after.isalpha()
        parts.append(
            here if apostrophe else _SPECIALS.get(here) or (here if here.isascii() else _beyond_ascii(here, encoding))
        )
        if here + after in _LIGATURES:
            parts.append("{}")
        if len(parts) == 1 and here in "[*":
            parts[0] = f"{{{here}}}"
        unbroken = 0 if here == " " else unbroken + 1
        if unbroken >= MAX_WORD and after != " ":
            parts.append("\\allowbreak%\n")
            unbroken = 0
    return "".join(parts)


def _visible(character: str) -> str:
    """Return white space as a space, an invisible character as its escape, joiners unchanged."""
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if character.isspace() else character.encode("unicode_escape").decode()


def _beyond_ascii(character: str, encoding: Encoding) -> str:
    latin = "\u00a1" <= character <= "\u021b" and character not in _NOT_IN_UTF8
    return character if latin and encoding is Encoding.UTF8 else _accented(character)


def comment(text: str) -> str:
    """Return the text as the inside of a TeX comment, on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def beyond_pdflatex(tex: str) -> str:
    r"""Return the characters of a piece of TeX outside comments that need XeLaTeX or LuaLaTeX and a font.

    >>> beyond_pdflatex("% ignored: 日\né 日本")
    '日本'
    """
    set_in_type = (line for line in tex.splitlines() if not line.startswith("%"))
    strange = (c for line in set_in_type for c in line if not c.isascii() and _accented(c) == c)
    return "".join(dict.fromkeys(strange))


def needs_t1(tex: str) -> bool:
    """Return True if a piece of TeX has letters that only the T1 font encoding has."""
    return any(_NEEDS_T1.search(line) for line in tex.splitlines() if not line.startswith("%"))


@cache
def _accented(character: str) -> str:
    """Return the TeX of one character, or the character itself if none compiles without a package."""
    if character in _OWN or character in _UNDEFINED:
        return _OWN.get(character, character)

    import latexcodec  # noqa: F401, PLC0415  # registers the codec; imported where a name needs it, for start-up

    try:
        encoded = codecs.encode(character, "ulatex")
    except ValueError:
        return character
    return "{" + str(encoded) + "}"
