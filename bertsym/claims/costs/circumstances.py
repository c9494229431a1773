"""The circumstances of a cost that a sentence states: lengths, batches, passes, types of numbers, optimizers, ranks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import lru_cache

from sympy import Symbol

from bertsym.claims.numerals import ascii_digits, numeral
from bertsym.claims.precisions import precisions_named
from bertsym.symbols import B, S, r
from bertsym.values import value

CACHE, STATES, MEMORY, LORA, FLOPS = "cache", "states", "memory", "lora", "flops"
_COUNT = r"(?P<{name}>\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?\s?[kKMBT]?(?!\w|\.\d))"
_LENGTH = re.compile(
    r"(?:(?:sequence|context|input|prompt|seq\.?)[\s_-]*(?:length|len\.?|size|window)?s?|n_ctx|seq_?len"
    rf"|\bS|\bs|\bT|length)\s*(?:of|is|=|:|\s)\s*{_COUNT.format(name='behind')}"
    rf"|{_COUNT.format(name='before')}[\s-]*"
    r"(?:(?:input|word|sub-?word|context|training|pre-?training|text) )*(?:tokens?\b|positions\b|context\b)"
)
_BATCH = re.compile(
    rf"(?:batch[\s_-]*(?:size|of)?s?|\bB|\bb)\s*(?:of|is|=|:|\s)\s*{_COUNT.format(name='behind')}"
    rf"|{_COUNT.format(name='before')}[\s-]*(?:sequences|samples)\b"
)
_RANK = re.compile(rf"(?:\brank|\br)\s*(?:of|is|=|:|\s)\s*{_COUNT.format(name='behind')}")
_TRAINING = re.compile(r"train|\bstep\b|iteration|backward|pre-?train|6\s?N\s?D", re.IGNORECASE)
_FORWARD = re.compile(r"forward|inference|infer\b|generat|decod|prefill|prediction", re.IGNORECASE)
_OF_QUANTITY = (
    (CACHE, re.compile(r"\bKV\b|key[-/ ](?:and[- ])?value|\bcach", re.IGNORECASE)),
    (MEMORY, re.compile(r"\bactivations?\b", re.IGNORECASE)),
    (LORA, re.compile(r"\bLoRA\b|\badapters?\b", re.IGNORECASE)),
    (STATES, re.compile(r"optimi[sz]er|\bAdamW?\b|gradients?\b|training states?|model states?", re.IGNORECASE)),
    (
        FLOPS,
        re.compile(r"flops?\b|\bMACs?\b|mult(?:iply)?[- ]?adds?|floating[- ]point operations|compute", re.IGNORECASE),
    ),
)
_OPTIMIZERS = (
    ("adafactor", re.compile(r"adafactor", re.IGNORECASE)),
    ("momentum", re.compile(r"momentum", re.IGNORECASE)),
    ("adamw", re.compile(r"\badamw?\b", re.IGNORECASE)),
    ("sgd", re.compile(r"\bsgd\b", re.IGNORECASE)),
)
_CLAUSE = re.compile(r"[,;()（）]\s|\b(?:and|plus|while|but|or)\b|[+&]")
LARGEST_LENGTH = 10**8
"""The tokens of the longest sequence; a larger number is that of the tokens of a training run."""
_ELSEWHERE = re.compile(
    r"\b[AHVB]100\b|\bH200\b|\bTPU|\bGPUs?\b|throughput|utili[sz]ation|\bMFU\b|\bpeak\b|bandwidth",
    re.IGNORECASE,
)
_LAYER = re.compile(r"(?:per|each|one|a|single) (?:transformer |encoder |decoder )?(?:layer|block)\b", re.IGNORECASE)
_UNITS = (
    ("bytes", re.compile(r"\bbytes?\b|\b[KMGT]i?B\b")),
    ("elements", re.compile(r"\belements?\b")),
    ("MACs", re.compile(r"\b[KMGT]?MACs?\b|mult(?:iply)?[- ]?adds?", re.IGNORECASE)),
)
_PER = (
    ("token", re.compile(r"(?:/|per|each|every) ?(?:\w+ )?token\b", re.IGNORECASE)),
    ("sequence", re.compile(r"(?:/|per|each|every) ?(?:sequence|sample|example|image)\b", re.IGNORECASE)),
)


@value
class Circumstances:
    """The circumstances of a cost in a sentence: sizes of a run, training or inference, type of numbers, optimizer.

    `lengths` are the readings of the sequence length. `tokens` are those of a whole training run.
    `quantity` is the quantity that the words name, or empty.
    `per` is a token or a sequence. `layer` is True for one layer of several. `unit` is a unit that the words name.
    """

    sizes: Mapping[Symbol, int]
    lengths: tuple[int, ...] = ()
    quantity: str = ""
    tokens: int = 0
    trains: bool = False
    infers: bool = False
    bits: tuple[int, ...] = ()
    optimizer: str = ""
    problem: str = ""
    per: str = ""
    layer: bool = False
    unit: str = ""


@lru_cache(maxsize=1024)
def circumstances(text: str) -> Circumstances:
    """Read the circumstances from a sentence.

    >>> read = circumstances("a training step at sequence length 4,096 and batch size 8 in bf16")
    >>> read.sizes, read.trains, read.bits
    ({S: 4096, B: 8}, True, (16,))
    >>> circumstances("3.8e25 FLOPs on 15.6T tokens").tokens
    15600000000000
    """
    plain = ascii_digits(text)
    sizes: dict[Symbol, int] = {}
    tokens, problem = 0, ""
    lengths: tuple[int, ...] = ()
    for symbol, pattern in ((S, _LENGTH), (B, _BATCH), (r, _RANK)):
        for match in pattern.finditer(plain):
            numbers = _whole(next(group for group in match.groups() if group))
            if not numbers:
                continue
            if symbol is S and numbers[0] > LARGEST_LENGTH:
                tokens = numbers[0]
                continue
            if sizes.setdefault(symbol, numbers[0]) != numbers[0]:
                problem = f"the sentence says {symbol} = {sizes[symbol]:,} and {numbers[0]:,}"
            if symbol is S:
                lengths = numbers
    if _ELSEWHERE.search(plain):
        problem = "the sentence speaks of devices or of a speed, and not of the cost of the model"
    return Circumstances(
        sizes,
        lengths,
        next((name for name, words in _OF_QUANTITY if words.search(plain)), ""),
        tokens,
        _TRAINING.search(plain) is not None,
        _FORWARD.search(plain) is not None,
        tuple(dict.fromkeys(precision.bits for _, precision in precisions_named(plain))),
        next((name for name, words in _OPTIMIZERS if words.search(plain)), ""),
        problem,
        next((name for name, words in _PER if words.search(plain)), ""),
        _LAYER.search(plain) is not None,
        next((name for name, words in _UNITS if words.search(plain)), ""),
    )


class Clauses:
    """The clauses of a text. A number of bytes is that of weights in one clause and that of a cache in the next.

    >>> clauses = Clauses("It needs 14 GB in fp16, plus 2 GB of KV cache.")
    >>> clauses.quantity(9, 14), clauses.quantity(29, 33)
    ('', 'cache')
    """

    def __init__(self, text: str) -> None:
        self.text = text
        borders = [match.span() for match in _CLAUSE.finditer(text)]
        self.starts = [0, *(stop for _, stop in borders)]
        self.stops = [*(start for start, _ in borders), len(text)]
        self.quantities: dict[tuple[int, int], str] = {}

    def quantity(self, start: int, stop: int) -> str:
        """Return the quantity of which the clause around a stretch speaks, or an empty text."""
        first = self.starts[max(bisect_right(self.starts, start) - 1, 0)]
        last = self.stops[min(bisect_left(self.stops, stop), len(self.stops) - 1)]
        if (first, last) not in self.quantities:
            clause = self.text[first:last]
            self.quantities[first, last] = next((name for name, words in _OF_QUANTITY if words.search(clause)), "")
        return self.quantities[first, last]


def _whole(text: str) -> tuple[int, ...]:
    """Return the readings of a number of tokens: 16k is 16,384 to some and 16,000 to others."""
    bare = text.replace(" ", "")
    read = numeral(bare)
    if read is None or read.stated.value < 1:
        return ()
    thousands = read.stated.value
    if bare[-1] in "kK" and thousands < LARGEST_LENGTH and thousands % 1000 == 0:
        return (thousands // 1000 * 1024, thousands)
    return (thousands,)
