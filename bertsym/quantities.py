"""Numbers as people write them, to and from exact integers and fractions; no float on the way."""

from __future__ import annotations

import re
from fractions import Fraction

from bertsym.errors import Unreadable
from bertsym.values import value

# Bounds on hostile input, such as 1e999999999.
MAX_DIGITS = 60
MAX_EXPONENT = 60

UNITS: dict[str, int] = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)"
_COUNT = re.compile(rf"({_DIGITS})(?:\.(\d+))?(?:[eE]\+?(\d{{1,3}})|([KMBT]))?", re.ASCII)
_SIZE = re.compile(rf"({_DIGITS})(?:\.(\d+)|/({_DIGITS}))?", re.ASCII)


def _plain(digits: str) -> int:
    return int(digits.replace(",", "").replace("_", ""))


def parse_count(text: str, what: str = "count") -> int:
    """Read a number of parameters: `110M`, `1.1e8`, `110_000_000` or `110,000,000`; raises `Unreadable`.

    >>> parse_count("110M"), parse_count("340e6"), parse_count("0.11B")
    (110000000, 340000000, 110000000)
    >>> parse_count("0.5")
    Traceback (most recent call last):
    bertsym.errors.Unreadable: count: expected a whole number of parameters, at least 1, got '0.5'
    """
    match = _COUNT.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None:
        raise Unreadable(what, text, f"a whole number such as 110M, 1.1e8 or 109,482,240{_mend(text)}")
    whole, decimals, exponent, unit = match.groups()
    if exponent and int(exponent) > MAX_EXPONENT:
        raise Unreadable(what, text, f"an exponent of at most {MAX_EXPONENT}")
    scale = 10 ** int(exponent) if exponent else UNITS[unit or ""]
    value = (_plain(whole) + Fraction(int(decimals or 0), 10 ** len(decimals or ""))) * scale
    if value.denominator != 1 or value < 1:
        raise Unreadable(what, text, "a whole number of parameters, at least 1")
    return value.numerator


@value
class Stated:
    """A published number and the steps that it may be rounded to, the finest first: trailing zeros leave them open."""

    value: int
    steps: tuple[int, ...]

    def reading(self, step: int) -> str:
        """Return the number as it reads at that step."""
        digits = len(str(self.value // step))
        return f"{digits} digit{'s' * (digits > 1)}" if step > 1 else "exact"

    def holds(self, count: int, step: int) -> str:
        """Say how the count comes to the number at that step: `exact`, `rounded`, `truncated`, or empty.

        >>> parse_stated("110M").holds(109482240, 10**6), parse_stated("110M").holds(109482240, 10**7)
        ('', 'rounded')
        """
        if count == self.value:
            return "exact"
        if (2 * count + step) // (2 * step) * step == self.value:
            return "rounded" if step > 1 else ""
        return "truncated" if step > 1 and count // step * step == self.value else ""


def parse_stated(text: str, what: str = "count") -> Stated:
    """Read a published count with the precision that it states; raises `Unreadable`.

    >>> parse_stated("110M").steps, parse_stated("1.0B").steps, parse_stated("109,482,240").steps
    ((1000000, 10000000), (100000000,), (1,))
    """
    value = parse_count(text, what)
    match = _COUNT.fullmatch(text)
    if match is None:
        raise AssertionError("what counts has just been read")
    whole, decimals, exponent, unit = match.groups()
    finest = Fraction(10 ** int(exponent) if exponent else UNITS[unit or ""], 10 ** len(decimals or ""))
    step = max(1, int(finest))
    if decimals:
        return Stated(value, (step,))
    digits = _plain(whole)
    zeros = len(str(digits)) - len(str(digits).rstrip("0"))
    if not exponent and not unit and zeros < 3:
        return Stated(value, (1,))
    return Stated(value, tuple(step * 10**zero for zero in range(zeros + 1)))


# Powers of ten by the words behind a number, of which 11,000万 is 110M.
_WORDS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "万": 4, "萬": 4, "百万": 6, "亿": 8, "億": 8}
_IN_WORDS = re.compile(rf"[~≈约約]?({_DIGITS})(?:\.(\d+))?({'|'.join(_WORDS)}|[KMBT]|)(?:params|parameters|参数|參數)?")


def meant_count(text: str) -> str:
    """Return a number of parameters in the spelling that `parse_count` takes, if people write it as the text.

    >>> meant_count("110 m"), meant_count("1.1亿"), meant_count("1.5 billion parameters"), meant_count("7G")
    ('110M', '110M', '1.5B', '7B')
    >>> meant_count("110M"), meant_count("bert")
    ('110M', '')
    """
    compact = re.sub(r"\s+", "", text[:MAX_DIGITS])
    if len(text) > MAX_DIGITS or _COUNT.fullmatch(compact):
        return compact if len(text) <= MAX_DIGITS else ""
    match = _IN_WORDS.fullmatch(compact) or _IN_WORDS.fullmatch(compact.upper().replace("G", "B"))
    match = match or _IN_WORDS.fullmatch(compact.lower())
    if match is None:
        return ""
    whole, decimals, unit = match.groups()
    if unit not in _WORDS:
        return f"{whole}{'.' * bool(decimals)}{decimals or ''}{unit}"
    exact = (_plain(whole) + Fraction(int(decimals or 0), 10 ** len(decimals or ""))) * 10 ** _WORDS[unit]
    return _shortest(exact) if exact >= 1 and exact.denominator == 1 else ""


def _shortest(count: Fraction) -> str:
    """Write a whole number in the largest unit in which it has at most two decimal places."""
    for unit, scale in reversed(UNITS.items()):
        places = decimal_places(count / scale)
        if count >= scale and places is not None and places <= 2:
            return decimal(count / scale, places) + unit
    raise AssertionError("a whole number has no decimal places in the unit 1")


def _mend(text: str) -> str:
    """Return a clause with what the writer probably meant; empty if nothing is near."""
    mended = meant_count(text)
    return f" (did you mean {mended}?)" if mended and mended != text else ""


def parse_size(text: str, what: str = "size", expected: str = "a number such as 768, 2.5 or 8/3") -> Fraction:
    """Read a non-negative size or ratio, exactly: `768`, `30,522`, `2.5`, `8/3`; raises `Unreadable`.

    >>> parse_size("2.5"), parse_size("8/3")
    (Fraction(5, 2), Fraction(8, 3))
    """
    match = _SIZE.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None:
        raise Unreadable(what, text, expected)
    whole, decimals, divisor = match.groups()
    if divisor is not None and _plain(divisor) == 0:
        raise Unreadable(what, text, "a divisor other than zero")
    if divisor is not None:
        return Fraction(_plain(whole), _plain(divisor))
    return _plain(whole) + Fraction(int(decimals or 0), 10 ** len(decimals or ""))


def decimal(value: Fraction | int, places: int) -> str:
    """Write a fraction to that many decimal places, rounded half up from the exact value.

    >>> decimal(Fraction(109482240, 10**6), 2), decimal(Fraction(-1, 3), 3)
    ('109.48', '-0.333')
    """
    scaled = abs(Fraction(value)) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = str(whole).rjust(places + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def decimal_places(value: Fraction) -> int | None:
    """Return the number of decimal places at which the fraction ends; None if it has no end.

    >>> decimal_places(Fraction(5, 2)), decimal_places(Fraction(512)), decimal_places(Fraction(8, 3))
    (1, 0, None)
    """
    powers = []
    rest = value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        powers.append(power)
    return max(powers) if rest == 1 else None


def rounded(count: int, places: int = 2) -> str:
    """Write a count in the largest fitting unit.

    >>> rounded(109482240), rounded(999), rounded(999999)
    ('109.48M', '999', '1.00M')
    """
    for unit, scale in UNITS.items():
        text = decimal(Fraction(count, scale), places if unit else 0)
        if len(text.split(".", maxsplit=1)[0].lstrip("-")) <= 3 or unit == "T":
            return text + unit
    raise AssertionError("the last unit takes every count")


def significant(value: Fraction | int, digits: int) -> int:
    """Return the decimal places to which a number has that many digits; they are negative for tens and hundreds.

    >>> significant(Fraction(109482240, 10**6), 4), significant(Fraction(99996, 10**4), 4), significant(109482240, 4)
    (1, 2, -5)
    """
    exact = abs(Fraction(value))
    if not exact:
        return 0
    places = digits - len(str(exact.numerator)) + len(str(exact.denominator))
    # A number that is rounded up to a power of ten has one digit more.
    while exact * Fraction(10) ** places >= 10**digits - Fraction(1, 2):
        places -= 1
    return places


def rounded_to(value: Fraction | int, places: int) -> str:
    """Write a number with its thousands apart, rounded half up to decimal places, or to tens if they are negative.

    >>> rounded_to(Fraction(109482240, 10**3), 1), rounded_to(109482240, -5), rounded_to(Fraction(-1, 3), 2)
    ('109,482.2', '109,500,000', '-0.33')
    """
    if places < 0:
        return f"{int(decimal(Fraction(value) / 10**-places, 0)) * 10**-places:,}"
    whole, point, decimals = decimal(value, places).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.removeprefix('-')):,}{point}{decimals}"


SI_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
BINARY_PREFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


@value
class Unit:
    """The thing that a number counts: `title` in words, and the `symbol` that prefixes are written before.

    A unit without a symbol is written as counts of parameters are: 109.48M. Bytes take binary prefixes besides.
    """

    title: str
    symbol: str = ""
    binary: bool = False

    def rounded(self, count: int) -> str:
        """Write a count in the largest fitting unit.

        >>> Unit("FLOPs", "FLOPs").rounded(96637943808), Unit("parameters").rounded(109482240)
        ('96.64 GFLOPs', '109.48M')
        >>> Unit("bytes", "B", binary=True).rounded(24 * 2**30)
        '25.77 GB, 24.00 GiB'
        """
        if not self.symbol:
            return rounded(count)
        scales = [(SI_PREFIXES, 1000), *([(BINARY_PREFIXES, 1024)] if self.binary else [])]
        return ", ".join(dict.fromkeys(_prefixed(count, self.symbol, *scale) for scale in scales))

    def scales(self) -> dict[str, int]:
        """Return the multiples of the unit by their symbols, the smallest first; those of 1024 last.

        >>> list(Unit("parameters").scales()), list(Unit("FLOPs", "FLOPs").scales())[:3]
        (['', 'K', 'M', 'B', 'T'], ['FLOPs', 'kFLOPs', 'MFLOPs'])
        """
        binary = enumerate(BINARY_PREFIXES) if self.binary else ()
        return self._decimal_scales() | {prefix + self.symbol: 1024**power for power, prefix in binary if power}

    def _decimal_scales(self) -> dict[str, int]:
        if not self.symbol:
            return UNITS
        return {prefix + self.symbol: 1000**power for power, prefix in enumerate(SI_PREFIXES)}

    def fitting(self, count: int) -> str:
        """Return the symbol of the largest decimal multiple that is no larger than a count.

        >>> PARAMETERS.fitting(109482240), BYTES.fitting(24 * 2**30), PARAMETERS.fitting(10**12)
        ('M', 'GB', 'T')
        """
        scales = self._decimal_scales()
        return next((name for name in reversed(scales) if scales[name] <= abs(count)), next(iter(scales)))


PARAMETERS = Unit("parameters")
BYTES = Unit("bytes", "B", binary=True)
TENSORS = Unit("tensors")


def parse_amount(text: str, unit: Unit, what: str = "count") -> int:
    """Read a whole number of a unit: as a count of parameters, or with the unit's prefixes; raises `Unreadable`.

    >>> parse_amount("24GiB", Unit("bytes", "B", binary=True)), parse_amount("1.5 TFLOPs", Unit("FLOPs", "FLOPs"))
    (25769803776, 1500000000000)
    >>> parse_amount("1e18", Unit("FLOPs", "FLOPs"))
    1000000000000000000
    """
    bare = text.strip().removesuffix(unit.symbol) if unit.symbol else text
    number = bare.rstrip("".join({*"".join(SI_PREFIXES), *"".join(BINARY_PREFIXES)})).rstrip()
    prefix = bare[len(number) :].strip()
    powers: dict[str, int] = {**{name: 1000**power for power, name in enumerate(SI_PREFIXES)}, "K": 1000}
    powers |= {name: 1024**power for power, name in enumerate(BINARY_PREFIXES) if unit.binary}
    if bare == text or prefix not in powers:
        if unit != PARAMETERS and _COUNT.fullmatch(text) is None:
            example = f"24G{unit.symbol}" if unit.symbol else "110M"
            raise Unreadable(what, text, f"a whole number of {unit.title} such as {example} or 1.1e8")
        return parse_count(text, what)
    amount = parse_size(number, what, f"a number of {unit.title} such as 24 G{unit.symbol}") * powers[prefix]
    if amount.denominator != 1 or amount < 1:
        raise Unreadable(what, text, f"a whole number of {unit.title}, at least 1")
    return amount.numerator


def _prefixed(count: int, symbol: str, prefixes: tuple[str, ...], base: int) -> str:
    """Write a count with the prefix that leaves fewest digits, but one, before the point."""
    for power, prefix in enumerate(prefixes):
        text = decimal(Fraction(count, base**power), 2 if power else 0)
        if int(text.partition(".")[0]) < base or prefix == prefixes[-1]:
            return f"{text} {prefix}{symbol}"
    raise AssertionError("the last prefix takes every count")


def percent(share: Fraction, places: int = 1) -> str:
    """Write a share as a percentage.

    >>> percent(Fraction(1, 3))
    '33.3%'
    """
    return decimal(share * 100, places) + "%"
