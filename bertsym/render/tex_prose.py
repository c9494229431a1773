"""Words into TeX: names, captions and comments from strangers, set as they are and never as commands."""

from __future__ import annotations

import codecs
from functools import cache

_SPECIALS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "^": r"\^{}",
    "~": r"\~{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "#": r"\#",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
}
_LIGATURES = frozenset({"--", "``", "''", "!`", "?`", ",,"})


def prose(text: str) -> str:
    r"""Text as TeX that shows exactly that text; what latexcodec has no TeX for is kept as it is.

    >>> print(prose(r"50% of \input{x}_1"))
    50\% of \textbackslash{}input\{x\}\_1
    >>> print(prose("Straße -- é"))
    Stra{\ss}e -{}- {\'e}
    """
    shown = "".join(c if c.isprintable() else " " if c.isspace() else c.encode("unicode_escape").decode() for c in text)
    parts = []
    for here, after in zip(shown, shown[1:] + " ", strict=True):
        parts.append(_SPECIALS.get(here) or (here if here.isascii() else _accented(here)))
        if here + after in _LIGATURES:
            parts.append("{}")
    return "".join(parts)


def comment(text: str) -> str:
    """Text as the inside of a TeX comment: one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@cache
def _accented(character: str) -> str:
    import latexcodec  # noqa: F401, PLC0415  # registers the codec; imported where a name needs it, for start-up

    try:
        encoded = codecs.encode(character, "ulatex")
    except ValueError:
        return character
    return "{" + str(encoded) + "}"
