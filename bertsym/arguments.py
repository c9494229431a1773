"""Arguments of the library, read exactly or rejected with a sentence; a float is no exact number."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from operator import index
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Symbol

from bertsym.algebra import Value
from bertsym.errors import BertsymError, UnknownName, Unreadable
from bertsym.expressions.evaluate import evaluate
from bertsym.expressions.grammar import CONSTANT, Malformed, parse
from bertsym.model import Model
from bertsym.quantities import MAX_DIGITS, PARAMETERS, Unit, parse_amount, parse_count, parse_size
from bertsym.symbols import RUN, Kind, Size

if TYPE_CHECKING:
    from bertsym.costs import Measure, Settings

MAX_SECONDS = 86_400
"""A day: no build takes longer, and clocks of the operating system overflow far beyond it."""

_POWER = re.compile(r"\d+(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_UNIT = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([kmbt])", re.ASCII | re.IGNORECASE)

_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def size_value(size: Size, given: object) -> Value:
    """Read a size as people give it: an integer of any library, an exact fraction, or text such as `30,522` or `64*12`.

    Raises `Unreadable`.
    """
    if isinstance(given, str):
        yes_no = _YES_NO.get(given.casefold()) if size.kind is Kind.SWITCH else None
        return _size_in_text(given, size) if yes_no is None else yes_no
    if size.kind is Kind.SWITCH and _is_bool_of_numpy(given):
        return bool(given)
    return given if isinstance(given, bool) else number(given, size.title, size.expected)


def _is_bool_of_numpy(given: object) -> bool:
    """Return True for a truth value of numpy, which is no `bool`; a program without numpy has none."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(given, numpy.bool_)


def _size_in_text(text: str, size: Size) -> Value:
    """Read a number, a power of ten such as `1e3`, or an expression of numbers; raises `Unreadable`."""
    if _POWER.fullmatch(text):
        try:
            return parse_count(text, size.title)
        except Unreadable:
            raise Unreadable(size.title, text, size.expected) from None
    if (unit := _UNIT.fullmatch(text)) is not None:
        thousands = parse_size(unit[1], size.title, size.expected)
        power = "kmbt".index(unit[2].casefold()) + 1
        either = " or ".join(f"{number(thousands * base**power, size.title, ''):,}" for base in (1000, 1024))
        raise Unreadable(size.title, text, f"digits, because it may mean {either}")
    try:
        return parse_size(text, size.title, size.expected)
    except Unreadable:
        try:
            return number(evaluate(parse(text, CONSTANT, lambda _: None), {}), size.title, size.expected)
        except (Malformed, ZeroDivisionError):
            pass
        raise


def number(given: object, what: str, expected: str) -> int | Fraction:
    """Read an exact number, at most as long as text may be."""
    if isinstance(given, Fraction | sympy.Rational):
        exact = Fraction(int(given.numerator), int(given.denominator))
    else:
        try:
            exact = Fraction(index(given))  # type: ignore[arg-type]  # which is what is being asked
        except TypeError:
            one = f"{expected}, exactly: an int, a Fraction or text"
            many = "; `compile` takes arrays of numpy, and `sweep` lists" if hasattr(given, "__len__") else ""
            raise Unreadable(what, _echoed(given), one + many) from None
    if max(abs(exact.numerator), exact.denominator) >= 10**MAX_DIGITS:
        raise Unreadable(what, "a longer one", f"{expected}, of at most {MAX_DIGITS} digits")
    return exact if exact.denominator > 1 else exact.numerator


def whole(given: object, what: str, least: int = 1) -> int:
    """Read an integer of at least so much."""
    expected = f"an integer of at least {least}"
    exact = None if isinstance(given, bool) else number(given, what, expected)
    if not isinstance(exact, int) or exact < least:
        raise Unreadable(what, given, expected)
    return exact


def wholes(given: object, what: str, most: int) -> tuple[int, ...]:
    """Read integers of at least 0, at most so many and one more; raises `Unreadable`."""
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise Unreadable(what, _echoed(given), "integers, such as range(1, 25)")
    return tuple(whole(each, what, 0) for each in islice(given, most + 1))


def count(given: object, what: str, unit: Unit = PARAMETERS) -> int:
    """Read a number of parameters or of another unit: an integer, or text such as `110M` or `24GiB`."""
    return parse_amount(given, unit, what) if isinstance(given, str) else whole(given, what)


def share(given: object, what: str) -> Fraction:
    """Read a fraction of something, at least 0."""
    expected = "a number of at least 0"
    exact = parse_size(given, what, expected) if isinstance(given, str) else number(given, what, expected)
    if isinstance(given, bool) or exact < 0:
        raise Unreadable(what, given, expected)
    return Fraction(exact)


def interval(given: object, what: str, least: int) -> tuple[int, int]:
    """Read the two ends of a range."""
    if not isinstance(given, Iterable) or isinstance(given, str) or len(ends := list(given)) != 2:
        raise Unreadable(what, _echoed(given), "two ends such as (64, 1024)")
    low, high = (whole(end, what, least) for end in ends)
    return low, high


def text(given: object, what: str) -> str:
    """Return a text; raises `Unreadable` for anything else."""
    if not isinstance(given, str):
        raise Unreadable(what, _echoed(given), "text")
    return given


def path(given: object, what: str, expected: str = "a name or a path") -> str:
    """Return a name or a path as text; raises `Unreadable` for anything else, bytes too."""
    if not isinstance(given, str | PathLike) or not isinstance(written := fspath(given), str):
        raise Unreadable(what, _echoed(given), expected)
    return written


def mapping(given: Mapping[str, Any] | None, what: str, example: str) -> Mapping[str, Any]:
    """Return a mapping of names, empty for None; raises `Unreadable` for anything else."""
    entries = {} if given is None else given
    if not isinstance(entries, Mapping) or not all(isinstance(name, str) for name in entries):
        raise Unreadable(what, _echoed(given), f"a mapping such as {example}")
    return entries


def sizes_by_name(
    given: Mapping[str | Symbol, Any] | None, what: str, example: str = "{'H': 1024}"
) -> Mapping[str, Any]:
    """Return sizes by name; a symbol stands for its name. Raises `Unreadable`."""
    entries: Any = given
    if isinstance(given, Mapping):
        entries = {str(name) if isinstance(name, Symbol) else name: size for name, size in given.items()}
    return mapping(entries, what, example)


def integer(given: object, what: str) -> int:
    """Read an integer of any sign."""
    exact = None if isinstance(given, bool) else number(given, what, "an integer")
    if not isinstance(exact, int):
        raise Unreadable(what, _echoed(given), "an integer")
    return exact


def seconds(given: object, what: str) -> float:
    """Read a time limit: a number from 1 to `MAX_SECONDS`; a float is exact enough for a time."""
    if not isinstance(given, int | float | Fraction) or isinstance(given, bool) or not 1 <= given <= MAX_SECONDS:
        raise Unreadable(what, _echoed(given), f"from 1 to {MAX_SECONDS:,} seconds")
    return float(given)


def texts(given: str | Symbol | Iterable[str | Symbol], what: str) -> list[str]:
    """Read several texts; one text alone is one of them, and a symbol stands for its name."""
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    return [name(part, what) for part in listed]


def name(given: object, what: str) -> str:
    """Return a text; a symbol stands for its name. Raises `Unreadable` for anything else."""
    return str(given) if isinstance(given, Symbol) else text(given, what)


def _echoed(given: object) -> str:
    try:
        return f"{given!r}"
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a longer one"


def settings(
    dtype: object,
    optimizer: object,
    rank: object,
    targets: Iterable[str] | None,
    zero: object = None,
    devices: object = None,
    kernel: object = None,
) -> Settings:
    """Read the settings of a run; None stands for those that are not given. Raises `Unreadable`."""
    from bertsym.costs import Settings  # noqa: PLC0415  # only a quantity beside parameters pays for it

    return Settings(
        dtype=None if dtype is None else text(dtype, "dtype"),
        optimizer=None if optimizer is None else text(optimizer, "optimizer"),
        rank=None if rank is None else whole(rank, "rank"),
        targets=None if targets is None else tuple(texts(targets, "targets")),
        zero=None if zero is None else whole(zero, "zero", 0),
        devices=None if devices is None else whole(devices, "devices"),
        kernel=None if kernel is None else text(kernel, "kernel"),
    )


def measure(model: Model, name: object, convention: object, given: Settings) -> Measure:
    """Return the quantity of that name under a convention, for a model; raises `UnknownName` or `Conflict`."""
    from bertsym.costs import Measure, quantity  # noqa: PLC0415  # only a quantity beside parameters pays for it

    chosen = quantity(text(name, "quantity"), given)
    account = chosen.account(None if convention is None else text(convention, "convention"))
    return Measure(chosen, account, model, given)


def run_sizes(given: Mapping[str, Any] | None) -> dict[Symbol, int]:
    """Read the sizes of a run by name: B, S, S_source, r; raises `UnknownName` or `Unreadable`."""
    sizes: dict[Symbol, int] = {}
    known = {size.name: size.symbol for size in RUN}
    for name, number in mapping(given, "run", "{'B': 1, 'S': 512}").items():
        if name not in known:
            raise UnknownName("size of a run", name, known)
        sizes[known[name]] = whole(number, f"run[{name!r}]")
    return sizes


class SymbolsByName(Mapping[str, Symbol]):
    """The symbols of a model by every name that `Model.at` takes; it lists the public names.

    A symbol is plain: it has no assumptions, as the symbols of the formulas that the library hands out.
    """

    def __init__(self, spec: Model) -> None:
        self.spec = spec

    def __getitem__(self, name: str) -> Symbol:
        return Symbol(self.spec.setting(text(name, "the name of a size")).name)

    def get(self, name: object, default: Any = None) -> Any:
        """Return the symbol of a name, or the default if the model has no such size."""
        return self[name] if isinstance(name, str) and name in self else default

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self[name])
        except BertsymError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(str(symbol) for symbol in self.spec.symbols))

    def __len__(self) -> int:
        return len(self.spec.symbols)

    def __repr__(self) -> str:
        return f"{dict(self)}"
