"""The sizes that the letters and words of other people's formulas stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from sympy import Symbol

from bertsym.claims.tokens import Mark, Token, closing_brace
from bertsym.errors import BertsymError, UnknownName
from bertsym.model import Model
from bertsym.spellings import in_texts
from bertsym.symbols import BY_NAME
from bertsym.values import replace, value

# One letter each, case told apart; what papers disagree about is settled in `Vocabulary`.
_BERT = {"V": "V", "N": "N", "H": "H", "L": "L", "A": "heads", "F": "F", "d": "d", "r": "ffn_ratio"}
_BERT |= {"T": "T", "E": "E", "C": "labels"}
_MEGATRON = {"V": "V", "v": "V", "L": "L", "l": "L", "H": "H", "h": "H", "A": "heads", "a": "heads"}
_MEGATRON |= {"S": "N", "s": "N", "d": "d"}
LETTERS: dict[str, dict[str, str]] = {
    "auto": {**_BERT, **_MEGATRON, "D": "H", "ℓ": "L", "f": "F", "I": "F", "H'": "F", "h'": "F", "d'": "F"},
    "bert": {**_BERT, "G": "groups", "B": "buckets", "k": "span"},
    "vaswani": {"V": "V", "N": "L", "h": "heads", "d": "H"},
    "kaplan": {"V": "V"},
    "megatron": _MEGATRON,
}

# Names of several meanings, the likeliest first. E counts experts in a mixture and is a width in nanoGPT's shapes. C is
# the width (channels) in GPT and the number of classes in BERT. N is the number of layers if a model has no positions.
# `hidden_dim` is the feed-forward width beside `dim`, as in Llama's own code.
_CHOICES: dict[str, tuple[str, ...]] = {
    "E": ("E", "experts", "H"),
    "C": ("H", "labels"),
    "N": ("N", "L"),
    "k": ("experts_per_token",),
    "K": ("experts_per_token",),
    "G": ("kv_heads",),
    "hidden_dim": ("H", "F"),
}

_LOGIC = {"not": Mark.NOT, "and": Mark.AND, "or": Mark.OR}
_WRAPPING = re.compile(
    r"\\(?:text|textrm|textit|texttt|mathrm|mathit|mathsf|mathtt|mathbf|mbox|operatorname|rm|it|bf)\b\s*"
)
_PRIMES = re.compile(r"\^\{?\\prime\}?|\\prime(?![A-Za-z])|[’′]")
MAX_LETTER_RUN = 6


def meaning(raw: str, notation: str = "auto") -> str | None:
    """Return the public name of a spelling, or None; case tells letters apart, but not words.

    >>> meaning("d_model"), meaning("ℓ"), meaning("q")
    ('H', 'L', None)
    """
    if notation not in LETTERS:
        raise UnknownName("notation", notation, LETTERS)
    single = len(raw.rstrip("'")) == 1
    name = LETTERS[notation].get(raw) if single else in_texts().get(raw.casefold())
    if name is None and raw in BY_NAME and (len(raw) > 1 or notation == "bert"):
        name = raw
    return name if name in BY_NAME else None


def plain(text: str) -> str:
    r"""Return a name without its TeX: `\text{d\_model}` is d_model.

    >>> plain(r"d_{\text{model}}"), plain(r"{\rm ff}"), plain(r"H^{\prime}")
    ('d_model', 'ff', "H'")
    """
    primed = _PRIMES.sub("'", text)
    return re.sub(r"[{}\s]|\\[,; ]", "", _WRAPPING.sub("", primed).replace(r"\_", "_"))


@value
class Vocabulary:
    """The names that one formula may use: those that the user explained, the model's own, a notation's letters.

    `where` gives the public names of sizes for names in the formula.
    """

    notation: str = "auto"
    where: Mapping[str, str] = MappingProxyType({})
    model: Model | None = None

    def knows(self, raw: str) -> bool:
        """Return True if the name stands for a size."""
        return raw in self.where or self._own(raw) is not None or bool(self._usual(raw))

    def symbols(self, raws: Iterable[str]) -> dict[str, Symbol]:
        """Return the sizes of the names of one formula, read together, without names that stand for none.

        A letter with several meanings takes the first that the model has and that no other name of the formula means.
        Beside a word such as hidden_size, `h` stays what it abbreviates.

        >>> v = Vocabulary()
        >>> v.symbols(["L", "d"]), v.symbols(["H", "d"]), v.symbols(["d_model", "h"])
        ({'L': L, 'd': H}, {'H': H, 'd': d}, {'d_model': H, 'h': heads})
        """
        distinct = list(dict.fromkeys(raws))
        symbols: dict[str, Symbol] = {}
        for raw in distinct:
            own = self._own(raw)
            if raw in self.where:
                symbols[raw] = self._sized(self.where[raw])
            elif own is not None:
                symbols[raw] = own
            elif (name := self._usual(raw)) is not None:
                symbols[raw] = BY_NAME[name].symbol
        if self.notation == "auto":
            self._settle(symbols)
        return symbols

    def _usual(self, raw: str) -> str | None:
        """Return the public name that papers spell so; a letter of many meanings has one if the model has the size."""
        name = meaning(raw, self.notation)
        if name is not None or self.notation != "auto" or self.model is None:
            return name
        return next((choice for choice in _CHOICES.get(raw, ()) if self._has(choice)), None)

    def _own(self, raw: str) -> Symbol | None:
        """Return the size of the model at hand that has this name: a field of its configuration, or its symbol."""
        if self.model is None or len(raw) == 1 or not self.model.architecture.has_own(raw):
            return None
        try:
            return self.model.size(raw).symbol
        except BertsymError:
            return None

    def _sized(self, name: str) -> Symbol:
        return BY_NAME[name].symbol if name in BY_NAME or self.model is None else self.model.size(name).symbol

    def _has(self, name: str) -> bool:
        return self.model is None or BY_NAME[name].symbol in self.model.symbols

    def _settle(self, symbols: dict[str, Symbol]) -> None:
        """Choose between the meanings of a letter by the other names of the formula and by what the model has."""
        free = [raw for raw in symbols if raw not in self.where]
        for raw in (raw for raw in free if raw in _CHOICES and self._own(raw) is None):
            others = {symbol for name, symbol in symbols.items() if name != raw}
            known = (name for name in _CHOICES[raw] if self._has(name))
            shared = ("H", "L")  # sizes that every formula names, and most by another word
            choice = next((name for name in known if name not in shared or BY_NAME[name].symbol not in others), None)
            if choice is not None and not (choice == "H" and {"d", "h", "D"} & set(symbols)):
                symbols[raw] = BY_NAME[choice].symbol
        hidden = BY_NAME["H"].symbol
        others = {symbol for raw, symbol in symbols.items() if raw not in ("d", "h")}
        if "d" in free and hidden not in others and "h" not in symbols:
            symbols["d"] = hidden
        widths = [raw for raw, symbol in symbols.items() if symbol == hidden and raw not in ("d", "h")]
        if "h" in free and widths and not any("hidden" in raw.casefold() for raw in widths):
            symbols["h"] = BY_NAME["heads"].symbol


def fold(tokens: Sequence[Token], vocabulary: Vocabulary) -> tuple[Token, ...]:
    """Fold words and their subscripts, and runs of known letters, into names; a lone x becomes a times sign."""
    source = "".join(token.text for token in tokens)
    folded: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.mark not in (Mark.WORD, Mark.TEXT):
            folded.append(token)
            at += 1
            continue
        stop = _suffixed(tokens, at, source)
        counted = bool(folded) and folded[-1].mark is Mark.NUMBER
        folded.extend(_named(tokens[at:stop], vocabulary.knows, counted=counted))
        at = stop
    return tuple(folded)


def _suffixed(tokens: Sequence[Token], at: int, source: str) -> int:
    """Return the index after a word and the subscripts and primes that follow it directly."""
    at += 1
    while at < len(tokens):
        if tokens[at].mark is Mark.PRIME:
            at += 1
            continue
        prime = _raised_prime(tokens, at)
        if prime > at:
            at = prime
            continue
        if at + 1 == len(tokens) or tokens[at].mark is not Mark.SUB:
            break
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


def _raised_prime(tokens: Sequence[Token], at: int) -> int:
    r"""Return the index after `^\prime` or `^{\prime}`, or the same index."""
    marks = [token.mark for token in tokens[at : at + 4]]
    if marks[:2] == [Mark.POWER, Mark.PRIME]:
        return at + 2
    return at + 4 if marks == [Mark.POWER, Mark.OPEN_BRACE, Mark.PRIME, Mark.CLOSE_BRACE] else at


def _named(pieces: Sequence[Token], known: Callable[[str], bool], *, counted: bool) -> Iterable[Token]:
    """Return the names of a word with its suffix; `counted` if a number stands directly before it."""
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
    if len(head) <= MAX_LETTER_RUN and first.text == head:
        run = [*head[:-1], head[-1] + tail]
        thousands = counted and len(run) > 1 and head[0] in "kK" and not known(head[0])
        if all(letter == "x" or known(letter) for letter in run[thousands:]):
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
