"""Amounts of work and memory in a text: 22.5 GFLOPs, 17.6G MACs, 3.8 × 10^25 FLOPs, 140 GB, 35,136 elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bertsym.claims.number import COARSE, units
from bertsym.claims.numerals import NUMERAL, PARTS_OF_A_UNIT, Numeral, ascii_digits, numeral, read_numeral
from bertsym.values import value

FLOPS, MACS, BYTES, ELEMENTS, PARAMETERS = "FLOPs", "MACs", "bytes", "elements", "parameters"
TOKEN, SEQUENCE = "token", "sequence"

_PREFIXES = {"k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21}
_WORDS = {"kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15, "exa": 18, "zetta": 21}
_SPELLINGS = (
    (MACS, r"MACs?|[Mm]ult(?:iply|iplication|i)?[- ]?[Aa]dds?|MAdds?|[Mm]ultiply[- ](?:[Aa]ccumulates?|[Aa]dditions?)"),
    (FLOPS, r"(?i:flops?)|(?i:floating)[- ](?i:point) (?i:operations?|ops)"),
    (ELEMENTS, r"elements?"),
)
_UNIT = re.compile(
    rf"(?:[\s~-]|\\[,; ])*(?:(?P<prefix>[kKMGTPEZ])[\s-]?|(?P<word>{'|'.join(_WORDS)}))?"
    rf"(?:{'|'.join(f'(?P<{name}>{words})' for name, words in _SPELLINGS)})(?![A-Za-z])"
)
_PER = re.compile(
    r"\s*(?:/|(?:for )?(?:per|each|every|an?)\b)\s*(?:single |one |generated |output |input |new )?"
    r"(?:(?P<token>tokens?\b)|(?P<sequence>sequences?\b(?!\s+length)|samples?\b|images?\b|examples?\b))",
    re.IGNORECASE,
)
# These words behind an amount say that it is a speed, of a device or of a run.
_SPEED = re.compile(
    r"\s*(?:/\s*s(?:ec(?:ond)?)?\b|ps\b|per second|/\s*GPU|per (?:GPU|device|chip|core))", re.IGNORECASE
)
_FIND = re.compile(rf"(?<![A-Za-z0-9.,^_{{\\]){NUMERAL}")


@value
class Amount:
    """A number with a unit of cost, from `start` to `stop`.

    A count matches if it comes to `stated` of one of the `scales`, rounded at one of the `steps`. Each scale has its
    words. `per` is a token or a sequence, or empty. A `problem` says why the amount cannot be judged.
    """

    text: str
    start: int
    stop: int
    unit: str
    stated: int
    steps: tuple[int, ...]
    scales: tuple[tuple[Fraction, str], ...]
    per: str = ""
    problem: str = ""

    def holds(self, number: Fraction) -> tuple[str, int] | None:
        """Return the words of the scale at which a count matches, and the digits that agree; None without a match.

        Trailing zeros may be digits or not. If they are not, the count has to be near the amount as well.
        """
        for scale, said in self.scales:
            scaled = number / scale
            miss = abs(scaled - self.stated)
            for step in self.steps:
                near = miss <= COARSE * scaled
                if 2 * miss <= step and (near or (step == self.steps[0] and self.stated >= 10 * step)):
                    return said, len(str(self.stated // step))
        return None

    def value_of(self, scale: Fraction) -> Fraction:
        """Return the amount in its unit without a prefix."""
        return self.stated * scale


def amounts(text: str) -> Iterator[Amount]:
    """Yield the amounts of a text, in order; bytes are amounts too.

    >>> [(a.text, a.unit, a.value_of(a.scales[0][0])) for a in amounts("22.5 GFLOPs, or 11.3B MACs per token")]
    [('22.5 GFLOPs', 'FLOPs', Fraction(22500000000, 1)), ('11.3B MACs per token', 'MACs', Fraction(11300000000, 1))]
    >>> [a.problem for a in amounts("312 TFLOP/s")]
    ['a speed is no cost']
    """
    plain = ascii_digits(text)
    after = 0
    for match in _FIND.finditer(plain):
        amount = _amount(plain, match) if match.start() >= after else None
        if amount is not None:
            after = amount.stop
            yield amount


def plain_amount(text: str, start: int, stop: int, read: Numeral) -> Amount:
    """Return a number without a unit as an amount of parameters, as that of an adapter."""
    scales = ((Fraction(1), ""),)
    return Amount(text[start:stop], start, stop, PARAMETERS, read.stated.value, read.stated.steps, scales)


def _amount(text: str, match: re.Match[str]) -> Amount | None:
    scaled = any(match[name] for name in ("bytes", "word", "myriad", "letter"))
    found = read_numeral(match)
    if match["bytes"] and found is not None:
        return _bytes(text, match.start(), *found)
    if not scaled and (unit := _UNIT.match(text, match.end())) is not None:
        power = _PREFIXES.get(unit["prefix"] or "", _WORDS.get(unit["word"] or "", 0))
        figure = re.sub(r"\s", "", match["digits"])
        plain = match.end() == match.end("digits")
        read = numeral(f"{figure}e{power}") if plain else found[0] if found is not None and not power else None
    else:
        unit = None if found is None else _UNIT.match(text, found[1])
        read = None if unit is None or unit["prefix"] or unit["word"] or found is None else found[0]
    if read is None or unit is None:
        return None
    kind = next(name for name, _ in _SPELLINGS if unit[name])
    return _finished(text, match.start(), unit.end(), kind, read, ((Fraction(1), ""),))


def _bytes(text: str, start: int, read: Numeral, stop: int) -> Amount:
    scales = tuple(
        (Fraction(divisor, PARTS_OF_A_UNIT), f"in units of 2^{divisor.bit_length() - 1}" if _is_binary(divisor) else "")
        for divisor in units(read.unit)
    )
    return _finished(text, start, stop, BYTES, read, scales)


def _is_binary(divisor: int) -> bool:
    return divisor > 1 and divisor & (divisor - 1) == 0


def _finished(
    text: str, start: int, stop: int, unit: str, read: Numeral, scales: tuple[tuple[Fraction, str], ...]
) -> Amount:
    """Return the amount with the words behind its unit: for each token, a speed."""
    problem = ""
    if _SPEED.match(text, stop):
        problem = "a speed is no cost"
    per = _PER.match(text, stop)
    if per is not None:
        stop = per.end()
    each = "" if per is None else TOKEN if per["token"] else SEQUENCE
    return Amount(
        " ".join(text[start:stop].split()),
        start,
        stop,
        unit,
        read.stated.value,
        read.stated.steps,
        scales,
        each,
        problem,
    )
