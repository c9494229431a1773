"""The sizes that the letters and words of other people's formulas stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from bertsym.claims.tokens import Mark, Token, closing_brace
from bertsym.errors import UnknownName
from bertsym.spellings import in_texts
from bertsym.symbols import BY_NAME
from bertsym.values import replace

# One letter each, case told apart; what papers disagree about is settled in `meanings`.
_BERT = {"V": "V", "N": "N", "H": "H", "L": "L", "A": "heads", "F": "F", "d": "d", "r": "ffn_ratio"}
_BERT |= {"T": "T", "E": "E", "C": "labels"}
_MEGATRON = {"V": "V", "v": "V", "L": "L", "l": "L", "H": "H", "h": "H", "A": "heads", "a": "heads"}
_MEGATRON |= {"S": "N", "s": "N", "d": "d"}
LETTERS: dict[str, dict[str, str]] = {
    "auto": {**_BERT, **_MEGATRON, "D": "H", "ℓ": "L", "f": "F", "I": "F"},
    "bert": {**_BERT, "G": "groups", "B": "buckets", "k": "span"},
    "vaswani": {"V": "V", "N": "L", "h": "heads", "d": "H"},
    "kaplan": {"V": "V"},
    "megatron": _MEGATRON,
}

_LOGIC = {"not": Mark.NOT, "and": Mark.AND, "or": Mark.OR}
_WRAPPING = re.compile(
    r"\\(?:text|textrm|textit|texttt|mathrm|mathit|mathsf|mathtt|mathbf|mbox|operatorname|rm|it|bf)\b\s*"
)
MAX_LETTER_RUN = 6


def meaning(raw: str, notation: str = "auto") -> str | None:
    """Return the public name of a spelling, or None; case tells letters apart, but not words.

    >>> meaning("d_model"), meaning("ℓ"), meaning("q")
    ('H', 'L', None)
    """
    if notation not in LETTERS:
        raise UnknownName("notation", notation, LETTERS)
    name = LETTERS[notation].get(raw) if len(raw) == 1 else in_texts().get(raw.casefold())
    if name is None and raw in BY_NAME and (len(raw) > 1 or notation == "bert"):
        name = raw
    return name if name in BY_NAME else None


def plain(text: str) -> str:
    r"""Return a name without its TeX: `\text{d\_model}` is d_model.

    >>> plain(r"d_{\text{model}}"), plain(r"{\rm ff}")
    ('d_model', 'ff')
    """
    return re.sub(r"[{}\s]|\\[,; ]", "", _WRAPPING.sub("", text).replace(r"\_", "_"))


def fold(tokens: Sequence[Token], notation: str, where: Mapping[str, str]) -> tuple[Token, ...]:
    """Fold words and their subscripts, and runs of known letters, into names; a lone x becomes a times sign."""

    def known(raw: str) -> bool:
        return raw in where or meaning(raw, notation) is not None

    source = "".join(token.text for token in tokens)
    folded: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.mark not in (Mark.WORD, Mark.TEXT):
            folded.append(token)
            at += 1
            continue
        stop = _subscripted(tokens, at, source)
        folded.extend(_named(tokens[at:stop], known))
        at = stop
    return tuple(folded)


def _subscripted(tokens: Sequence[Token], at: int, source: str) -> int:
    """Return the index after a word and the subscripts that follow it directly."""
    at += 1
    while at + 1 < len(tokens) and tokens[at].mark is Mark.SUB:
        if tokens[at + 1].mark is Mark.OPEN_BRACE:
            closing = closing_brace(source, tokens[at + 1].start)
            at += 1
            while at < len(tokens) and tokens[at].start <= closing:
                at += 1
        elif tokens[at + 1].mark in (Mark.WORD, Mark.TEXT, Mark.NUMBER):
            at += 2
        else:
            break
    return at


def _named(pieces: Sequence[Token], known: Callable[[str], bool]) -> Iterable[Token]:
    first = pieces[0]
    text = "".join(piece.text for piece in pieces)
    tail = plain("".join(piece.text for piece in pieces[1:]))
    head = plain(str(first.value)) if first.mark is Mark.TEXT else str(first.value)
    raw = head + tail
    if known(raw):
        return (Token(Mark.NAME, text, first.start, raw),)
    if first.mark is Mark.TEXT:
        return (Token(Mark.TEXT, text, first.start, raw if tail else first.value),)
    if raw in _LOGIC:
        return (replace(first, mark=_LOGIC[raw]),)
    if len(head) <= MAX_LETTER_RUN:
        run = [*head[:-1], head[-1] + tail]
        if all(letter == "x" or known(letter) for letter in run):
            return _letters(first, run, text)
        if head == "O" and not tail:
            return (replace(first, mark=Mark.ORDER),)
    return (Token(Mark.NAME, text, first.start, raw),)


def _letters(first: Token, run: list[str], text: str) -> Iterable[Token]:
    start = first.start
    for index, letter in enumerate(run):
        piece = text[index:] if index == len(run) - 1 else text[index]
        yield Token(Mark.TIMES if letter == "x" else Mark.NAME, piece, start, letter)
        start += len(piece)


def meanings(raws: Iterable[str], notation: str, where: Mapping[str, str]) -> dict[str, str]:
    """Return public names for the spellings of one formula, read together, without meaningless spellings.

    `d` is the hidden size, and `h` the number of heads, if nothing else in the formula can be; beside a word such as
    hidden_size `h` stays what it abbreviates.

    >>> meanings(["L", "d"], "auto", {}), meanings(["H", "d"], "auto", {}), meanings(["d_model", "h"], "auto", {})
    ({'L': 'L', 'd': 'H'}, {'H': 'H', 'd': 'd'}, {'d_model': 'H', 'h': 'heads'})
    """
    distinct = list(dict.fromkeys(raws))
    names = {raw: name for raw in distinct if (name := where.get(raw) or meaning(raw, notation)) is not None}
    if notation != "auto":
        return names
    others = {name for raw, name in names.items() if raw not in ("d", "h")}
    if "d" in names and "d" not in where and "H" not in others and "h" not in names:
        names["d"] = "H"
    widths = [raw for raw, name in names.items() if name == "H" and raw not in ("d", "h")]
    if "h" in names and "h" not in where and widths and not any("hidden" in raw.casefold() for raw in widths):
        names["h"] = "heads"
    return names
