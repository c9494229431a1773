r"""Text for an encoding that lacks some of its characters: each one written out in ASCII, none replaced by a mark.

`H¹²` becomes `H^12` and `3·H` becomes `3*H`: the formula says the same. A character without such a spelling becomes its
escape, `\u4e2d`.
"""

from __future__ import annotations

import re
import unicodedata

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")
_SPELLINGS = {
    **dict.fromkeys("·⋅∙•∗", "*"),
    **dict.fromkeys("∕÷", "/"),
    **dict.fromkeys("─━―‐‑", "-"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”„", '"'),
    "−": "-",
    "–": "--",
    "—": "---",
    "…": "...",
    "√": "sqrt",
    "⌊": "floor(",
    "⌋": ")",
    "⌈": "ceil(",
    "⌉": ")",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "±": "+/-",
    "→": "->",
    "←": "<-",
    "∞": "infinity",
    "∂": "partial ",
    "∑": "sum",
    "∏": "product",
    "∧": "and",
    "∨": "or",
    "¬": "not ",
}
_PIECES = re.compile(
    r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+|[₀₁₂₃₄₅₆₇₈₉₊₋]+|√\s*(?P<radicand>[A-Za-z0-9_.]+)|[^\W\d_⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉₊₋]+|[^\x00-\x7f]"
)


def spelled(text: str, encoding: str) -> str:
    r"""Write out the characters that the encoding lacks, and keep the others.

    >>> print(spelled("⌊12·L⌋ ≤ 3·H¹² − √(d) × 2", "ascii"))
    floor(12*L) <= 3*H^12 - sqrt(d) x 2
    >>> print(spelled("H²·H⁴, α, Größe", "latin-1"))
    H²·H^4, alpha, Größe
    """
    if holds(text, encoding):
        return text

    def written(match: re.Match[str]) -> str:
        piece = match.group()
        if holds(piece, encoding):
            return piece
        if match["radicand"]:
            return f"sqrt({match['radicand']})"
        if piece == "×":
            apart = text[: match.start()][-1:].isspace() and text[match.end() :][:1].isspace()
            return "x" if apart else "*"
        return _piece(piece, encoding)

    return _PIECES.sub(written, text)


def holds(text: str, encoding: str) -> bool:
    """Return True if every character of the text has a code in the encoding."""
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _piece(piece: str, encoding: str) -> str:
    """Write out a run of exponents or indices, a word, or another character that the encoding lacks."""
    if piece[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ":
        exponent = piece.translate(_RAISED)
        return f"^{exponent}" if exponent.isalnum() else f"^({exponent})"
    if piece[0] in "₀₁₂₃₄₅₆₇₈₉₊₋":
        return f"_{piece.translate(_LOWERED)}"
    name = unicodedata.name(piece, "") if len(piece) == 1 else ""
    if name.startswith("GREEK") and " WITH " not in name and name.split()[1] in ("SMALL", "CAPITAL"):
        letter = name.split()[-1]
        return letter.capitalize() if name.split()[1] == "CAPITAL" else letter.lower()
    return "".join(c if holds(c, encoding) else _SPELLINGS.get(c) or escaped(c) for c in piece)


def escaped(text: str) -> str:
    """Return the text as the escapes of Python."""
    return text.encode("unicode_escape").decode()
