"""Numbers as people write them anywhere in the world: digits, separators, powers of ten, words and letters for units.

`110 million`, `1,1 × 10⁸`, `109.482.240`, `1.1亿`, `109 Mio.` and `418 MB` are numerals. A numeral keeps its precision;
notes say how an ambiguous numeral was read. `quantities` reads the numbers of the command line, which are stricter.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from bertsym.quantities import MAX_DIGITS, Stated
from bertsym.values import value

MAX_POWER = 30
"""The largest power of ten. No model has that many parameters."""
PARTS_OF_A_UNIT = 10**6
"""Numbers of bytes are stated in millionths of their unit, so that 13.5 GB is a whole number."""

# Letters stand directly behind the digits or after a blank. Case matters for them: `m` is a million only if no digit
# or letter follows. Words are compared without case.
_THOUSAND, _MILLION, _BILLION, _TRILLION = 10**3, 10**6, 10**9, 10**12
WORDS: dict[str, int] = {
    **dict.fromkeys(("thousand", "thousands", "tausend", "mille", "mil", "тыс", "тысяч", "tsd"), _THOUSAND),
    **dict.fromkeys(("million", "millions", "millionen", "mio", "mill", "mln", "mn", "millones", "millón"), _MILLION),
    **dict.fromkeys(("milioni", "milione", "milhões", "milhão", "миллион", "миллиона", "миллионов", "млн"), _MILLION),
    **dict.fromkeys(("billion", "billions", "bn", "milliard", "milliards", "milliarde", "milliarden"), _BILLION),
    **dict.fromkeys(("mrd", "mrds", "md", "miliardi", "bilhões", "bilhão", "миллиард", "миллиарда"), _BILLION),
    **dict.fromkeys(("миллиардов", "млрд"), _BILLION),
    **dict.fromkeys(("trillion", "trillions", "tn", "billionen", "trn"), _TRILLION),
    **dict.fromkeys(("lakh", "lakhs"), 10**5),
    **dict.fromkeys(("crore", "crores"), 10**7),
}
LETTERS: dict[str, int] = {"K": _THOUSAND, "k": _THOUSAND, "M": _MILLION, "m": _MILLION, "B": _BILLION, "b": _BILLION}
LETTERS |= {"G": _BILLION, "T": _TRILLION}
# Several of them may follow each other: 1亿1000万. 兆 is a million in China and 10^12 in Japan, so it is not here.
MYRIADS: dict[str, int] = {"十亿": _BILLION, "十億": _BILLION, "百万": _MILLION, "百萬": _MILLION, "千万": 10**7}
MYRIADS |= {"千萬": 10**7, "亿": 10**8, "億": 10**8, "억": 10**8, "万": 10**4, "萬": 10**4, "만": 10**4, "千": 1_000}
BYTES: dict[str, int] = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "kB": 10**3}
BYTES |= {"Mo": 10**6, "Go": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "Mio": 2**20, "Gio": 2**30}
BYTES |= {"bytes": 1, "Bytes": 1, "byte": 1, "mb": 10**6, "gb": 10**9, "Mb": 10**6, "Gb": 10**9, "МБ": 10**6}
BYTES |= {"ГБ": 10**9, "megabytes": 10**6, "gigabytes": 10**9, "megabyte": 10**6, "gigabyte": 10**9}

_BLANKS = " \u00a0\u2009\u202f\u2007"
_MARK = rf"\{{[,.]\}}|\\[,;]|[,.'’{_BLANKS}]"
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = (
    r"(?:\s*(?:[x×*·⋅✕∙]|\\times|\\cdot)\s*10\s*"
    r"(?:(?:\^|\*\*)\s*\{?\s*\+?(?P<power>\d{1,3})(?:\s*\})?|(?P<raised>[⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
    r"|[eE]\+?(?P<exponent>\d{1,3})(?!\w)"
    r"|\s?(?:\^|\*\*)\s?(?:\{\s?(?P<braced>\d{1,3})\s?\}|(?P<plain>\d{1,3}))(?!\w)|(?P<own>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)(?!\w))"
)
_WORD_UNITS = "|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True))
_MYRIAD_UNITS = "|".join(sorted(MYRIADS, key=len, reverse=True))
_BYTE_UNITS = "|".join(sorted((unit for unit in BYTES if unit != "Mio"), key=len, reverse=True))
_APART = r"(?![A-Za-zÀ-ÿ0-9])"
_UNIT = (
    rf"(?:(?:[\s~-]|\\[,;\ ])*(?:(?P<bytes>{_BYTE_UNITS}){_APART}|(?P<word>(?i:{_WORD_UNITS})){_APART}\.?"
    rf"|(?P<myriad>{_MYRIAD_UNITS})|(?P<letter>[KkMmBbGT]){_APART}))"
)
# Groups of three with one mark between them, India's groups, digits with underscores, or digits alone.
_DIGITS = (
    rf"(?:\d{{1,3}}(?P<mark>{_MARK})\d{{3}}(?:(?P=mark)\d{{3}})*(?!\d)|\d{{1,2}}(?:,\d\d)+,\d{{3}}(?!\d)"
    r"|\d+(?:\\?_\d+)+|\d+)(?P<decimals>[.,]\d+)?"
)
NUMERAL = rf"(?P<digits>{_DIGITS})(?:{_POWER})?(?:{_UNIT})?"
"""The pattern of a numeral, for a search in texts whose digits are ASCII ones."""

_NUMERAL = re.compile(NUMERAL)
_FULL_WIDTH_COMMA = re.compile(r"(?<![0-9])(?P<before>[0-9]+)，(?=(?P<behind>[0-9]+))")
_MORE = re.compile(rf"\s*(?P<digits>\d+)\s*(?P<myriad>{_MYRIAD_UNITS})?")


@value
class Numeral:
    """A number with its precision; `unit` is the number of bytes in its unit if it counts bytes, else 0.

    `text` is the piece that was read. `notes` say how an ambiguous piece was read.
    """

    text: str
    stated: Stated
    unit: int = 0
    notes: tuple[str, ...] = ()


def ascii_digits(text: str) -> str:
    """Return a text of the same length with ASCII digits and marks in place of full-width and other scripts' digits.

    A full-width comma between ASCII digits that form no group of thousands ends a clause, and stays.

    >>> ascii_digits("１１０Ｍ，١١٠"), ascii_digits("10⁸"), ascii_digits("109482240，12 和 109，482，240")
    ('110M,110', '10⁸', '109482240，12 和 109,482,240')
    """
    if text.isascii():
        return text
    letters = [letter if letter.isascii() else _plain(letter) for letter in text]
    for match in _FULL_WIDTH_COMMA.finditer(text):
        if len(match["before"]) > 3 or len(match["behind"]) != 3:
            letters[match.end() - 1] = "，"
    return "".join(letters)


def _plain(letter: str) -> str:
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    return chr(ord(letter) - 0xFEE0) if "！" <= letter <= "～" else letter


def numeral(text: str) -> Numeral | None:
    """Return the number that the whole text is; None if it is none.

    >>> [numeral(text).stated.value for text in ("110 million", "1.1 × 10^8", "1,1 Mrd.", "109.482.240", "1亿950万")]
    [110000000, 110000000, 1100000000, 109482240, 109500000]
    >>> numeral("418 MB").unit, numeral("12LH")
    (1000000, None)
    """
    if len(text) > 4 * MAX_DIGITS:
        return None
    bare = ascii_digits(text).strip()
    match = _NUMERAL.match(bare)
    read = None if match is None else read_numeral(match)
    return read[0] if read is not None and read[1] == len(bare) else None


def read_numeral(match: re.Match[str]) -> tuple[Numeral, int] | None:
    """Return the number at a match of `NUMERAL` and the position at which it ends; None if it is no count."""
    if len(match["digits"]) > MAX_DIGITS:
        return None
    own = match["braced"] or match["plain"] or (match["own"] or "").translate(_RAISED)
    if own:
        return _power_alone(match, int(own))
    figure, decimals, notes = _figure(match)
    power = int((match["power"] or (match["raised"] or "").translate(_RAISED) or match["exponent"] or "0").lstrip("+"))
    if power > MAX_POWER:
        return None
    size = BYTES[match["bytes"]] if match["bytes"] else 0
    scale = 10**power * _scale(match)
    total, finest = figure * scale, Fraction(scale, 10**decimals)
    end = match.end()
    if match["myriad"]:
        total, finest, end = _myriads(match, total, finest)
    if size:
        written = match["bytes"]
        notes += (f"{written} is read as {written.upper()}",) if written in ("Mb", "Gb", "mb", "gb") else ()
        return Numeral(match.string[match.start() : end], _bytes(total, finest), size, notes), end
    if total.denominator != 1 or total < 1:
        return None
    exact = not power and not decimals and scale == 1
    stated = _stated(total.numerator, finest, decimals=decimals if end == match.end() else 0, exact=exact)
    return Numeral(match.string[match.start() : end], stated, 0, notes), end


def _power_alone(match: re.Match[str], power: int) -> tuple[Numeral, int] | None:
    """Return a power of ten, which states one digit, or of two, which is exact; None for a power of another number."""
    base, unit = match["digits"], any(match[name] for name in ("word", "letter", "myriad", "bytes"))
    if unit or power == 0 or base not in ("2", "10") or power > (MAX_POWER if base == "10" else 3 * MAX_POWER):
        return None
    number = int(base) ** power
    if base == "2":
        return Numeral(match.group(), Stated(number, (1,)), 0, (f"{match.group()} is {number:,}",)), match.end()
    note = f"{match.group()} is read as a number of one digit"
    return Numeral(match.group(), Stated(number, (number,)), 0, (note,)), match.end()


def _scale(match: re.Match[str]) -> int:
    if match["word"]:
        return WORDS[match["word"].casefold()]
    if match["myriad"]:
        return MYRIADS[match["myriad"]]
    return LETTERS[match["letter"]] if match["letter"] else 1


def _myriads(match: re.Match[str], total: Fraction, finest: Fraction) -> tuple[Fraction, Fraction, int]:
    """Add the smaller units that follow: 1亿 and 950万."""
    unit, end = MYRIADS[match["myriad"]], match.end()
    while (more := _MORE.match(match.string, end)) is not None and more["digits"].isdecimal():
        smaller = MYRIADS[more["myriad"]] if more["myriad"] else 1
        if smaller >= unit or len(more["digits"]) > MAX_POWER:
            break
        total, finest, unit, end = total + int(more["digits"]) * smaller, Fraction(smaller), smaller, more.end()
    return total, finest, end


def _bytes(total: Fraction, finest: Fraction) -> Stated:
    """Return a number of units of bytes, in millionths of a unit so that decimals are whole."""
    step = max(1, int(finest * PARTS_OF_A_UNIT))
    whole = int(total * PARTS_OF_A_UNIT)
    zeros = 0 if total.denominator != 1 else len(str(int(total))) - len(str(int(total)).rstrip("0"))
    return Stated(whole, tuple(step * 10**zero for zero in range(zeros + 1)))


def _stated(number: int, finest: Fraction, *, decimals: int, exact: bool) -> Stated:
    """Return the number with the steps that trailing zeros leave open."""
    step = max(1, int(finest))
    if decimals:
        return Stated(number, (step,))
    zeros = len(str(number)) - len(str(number).rstrip("0")) - (len(str(step)) - 1)
    if exact and zeros < 3:
        return Stated(number, (1,))
    return Stated(number, tuple(step * 10**zero for zero in range(max(zeros, 0) + 1)))


def _figure(match: re.Match[str]) -> tuple[Fraction, int, tuple[str, ...]]:
    """Return the value of the digits, the number of decimals, and how they were read if that is open.

    One mark with three digits behind it separates thousands. A dot before a unit does not: 1.234M has decimals.
    """
    digits, mark, fraction = match["digits"], match["mark"], match["decimals"]
    if fraction:
        tail = fraction[1:]
        return Fraction(f"{_joined(digits.removesuffix(fraction))}.{tail}"), len(tail), ()
    whole = _joined(digits)
    if mark is None or mark not in ".," or digits.count(mark) > 1:
        return Fraction(int(whole)), 0, ()
    first, _, tail = digits.partition(mark)
    scaled = any(match[unit] for unit in ("word", "letter", "myriad", "bytes", "power", "raised", "exponent"))
    if mark == "." and scaled:
        return Fraction(f"{first}.{tail}"), len(tail), ()
    note = (f"{digits} is read as {whole}, not as {first}.{tail}",) if mark == "." or scaled else ()
    return Fraction(int(whole)), 0, note


def _joined(digits: str) -> str:
    return re.sub(r"\D", "", digits)
