"""A table over a lattice of sizes: each model with its sizes, its parameters, and the costs that are known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.convention import Convention
from bertsym.costs import NO_SETTINGS, Settings, within_positions
from bertsym.count import declared
from bertsym.errors import BertsymError, Conflict, HasNo, Missing, MissingSize, NotKnownOf, TooLarge
from bertsym.existence import check_routing, check_shapes, whole_quotients
from bertsym.model import Model, check_value, is_head_size
from bertsym.solving.budgets import PARAMETERS, Measured, check_settings, measured, with_inventory
from bertsym.solving.closing import close
from bertsym.solving.closure import Closure, plain
from bertsym.solving.constraints import Constraint
from bertsym.solving.open_model import Tie
from bertsym.symbols import BY_SYMBOL, Kind, beside, in_order
from bertsym.values import replace, value

MOST_ROWS = 1_000_000
"""The most combinations of sizes: a spreadsheet shows as many rows, and a minute or two counts them."""

USUAL = (PARAMETERS, "flops", "cache", "states", "memory")
"""The quantities of a table if nobody names them, as far as they are known of the model."""

REPORTED_EVERY = 256
"""The number of combinations after which a listener hears how far the table is."""


@value
class NoRows(BertsymError):
    """A table without rows, because no combination of sizes is a model that meets the conditions."""

    combinations: int

    def __str__(self) -> str:
        tried = f"none of the {self.combinations:,} combinations of sizes is a model that meets the conditions"
        return f"{tried}: widen --for, or drop a --where"


@value
class Axis:
    """A size with the values that it takes, in the order of the rows."""

    symbol: Symbol
    values: Sequence[int]

    @property
    def length(self) -> int:
        """Return the number of values, which Python's `len` does not give for a range of more than 2^63."""
        if isinstance(self.values, range):
            return max(0, -(-(self.values.stop - self.values.start) // self.values.step))
        return len(self.values)


@value
class Counted:
    """A column: the head and convention that are counted, and the count over all sizes and over the swept ones."""

    title: str
    convention: Convention
    head: str
    declared: Expr
    total: Expr


@value
class Sweep:
    """A table whose rows are counted while somebody reads them.

    `sizes` and `counts` are its columns. `left_out` says which quantities of `USUAL` the table lacks, and why.
    """

    closure: Closure
    axes: tuple[Axis, ...]
    conditions: tuple[Constraint, ...]
    sizes: tuple[Symbol, ...]
    counts: tuple[Counted, ...]
    left_out: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the headings: the sizes by name, then the quantities with their units."""
        return (*map(str, self.sizes), *(count.title for count in self.counts))

    @property
    def assumed(self) -> tuple[Symbol, ...]:
        """Return the sizes that nobody gave, as in the base of the architecture."""
        return tuple(symbol for symbol in self.closure.assumed if symbol in self.sizes)

    @property
    def combinations(self) -> int:
        """Return the number of combinations of sizes, of which some may be no model."""
        return prod(axis.length for axis in self.axes)

    def rows(self, progress: Callable[[Fraction], None] | None = None) -> Iterator[tuple[Value, ...]]:
        """Yield the sizes and the exact counts of each model, the last size moving first; raises `NoRows` at the end.

        A combination that is no model, or that fails a condition, has no row.
        """
        found = False
        for number, values in enumerate(product(*(axis.values for axis in self.axes))):
            row = self._row(dict(zip(self.closure.unknowns, values, strict=True)))
            if row is not None:
                found = True
                yield row
            if progress is not None and number % REPORTED_EVERY == 0:
                progress(Fraction(number, self.combinations))
        if not found:
            raise NoRows(self.combinations)
        if progress is not None:
            progress(Fraction(1))

    def __repr__(self) -> str:
        """Return one line for a prompt: the rows are counted only while somebody reads them."""
        return f"<at most {self.combinations:,} rows of {', '.join(self.columns)}: pandas.DataFrame(table) has them>"

    def __iter__(self) -> Iterator[dict[str, Value]]:
        """Yield each row as a mapping of headings to numbers."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows())

    def _row(self, values: Mapping[Symbol, Value]) -> tuple[Value, ...] | None:
        """Return the row at values of the swept sizes, None if there is none."""
        sizes = self.closure.at(values)
        if sizes is None or not all(condition.holds(sizes) for condition in self.conditions):
            return None
        if not self._exists(sizes):
            return None
        counts = tuple(evaluate(count.total, values) for count in self.counts)
        if any(count.denominator != 1 for count in counts):
            raise AssertionError(f"a count that is not whole at {values}: the inventory is inconsistent")
        return (*(sizes[symbol] for symbol in self.sizes), *(count.numerator for count in counts))

    def _exists(self, sizes: Mapping[Symbol, Value]) -> bool:
        """Return True if there is a model at the sizes: `total` counts it, and its heads share keys evenly."""
        ready = self.closure.ready
        try:
            model = Model(ready.architecture, ready.head).with_sizes(sizes)
            for count in self.counts:
                headed = replace(model, head=count.head)
                check_routing(headed, count.convention)
                check_shapes(headed)
        except BertsymError:
            return False
        return all(model.number(quotient).denominator == 1 for quotient in whole_quotients(ready.architecture))


def with_quantities(
    loaded: Model, names: Iterable[str] = (), settings: Settings = NO_SETTINGS
) -> tuple[Model, tuple[Measured, ...], tuple[str, ...]]:
    """Return the model with the entries of each quantity, the quantities, and why others of `USUAL` are left out.

    A name is that of a quantity, or of one under a convention, as `flops:train`. Without names the quantities are those
    of `USUAL` that are known of the model. Raises `UnknownName`, `NotKnownOf` or `HasNo` for a name, `Conflict` for a
    setting on which none depends.
    """
    asked = tuple(dict.fromkeys(names))
    found: list[Measured] = []
    left_out: list[str] = []
    for name in asked or USUAL:
        try:
            found.append(measured(loaded, name, settings))
        except (NotKnownOf, HasNo) as error:
            if asked:
                raise
            left_out.append(f"no {name}: {error}")
    check_settings(settings, (one.name for one in found))
    model = loaded
    for one in found:
        model = model if one.name == PARAMETERS else with_inventory(model, one)
    accepted = replace(model.architecture, accepted=beside(model.symbols))
    return replace(model, architecture=accepted), tuple(found), tuple(left_out)


def sweep(
    loaded: Model,
    model: Model,
    axes: Sequence[Axis],
    quantities: Sequence[Measured],
    *,
    ties: tuple[Tie, ...] = (),
    conditions: tuple[Constraint, ...] = (),
    left_out: tuple[str, ...] = (),
    named: bool = False,
) -> Sweep:
    """Return the table of a model over the axes; `model` is `loaded` with the entries of the quantities, at sizes.

    Heads stay as wide as they are, unless somebody fixes their number. A quantity that depends on an open size of the
    run is left out, or raises `MissingSize` if the quantities were `named`. Raises `Missing`, `Conflict`, `TooLarge`,
    `Unreadable`, and what `close` raises.
    """
    _check(axes)
    swept = tuple(axis.symbol for axis in axes)
    within = within_positions(_with_wide_heads(model, swept, ties), loaded)
    closure = close(within, swept, ties)
    counts: list[Counted] = []
    of_run: dict[str, None] = {}
    lacking: set[Symbol] = set()
    for one in quantities:
        head = model.head if one.name == PARAMETERS else one.name
        raw = declared(within.architecture, head, one.convention)
        total = closure.over(raw)
        try:
            closure.require_known(total)
        except MissingSize:
            if named or one.name == PARAMETERS:
                raise
            of_run[one.name] = None
            lacking |= free(total) - {*swept}
            continue
        counts.append(Counted(_title(one), one.convention, head, raw, total))
    relevant = {symbol for count in counts for symbol in free(count.declared)}
    return Sweep(
        closure,
        tuple(axes),
        conditions,
        _columns(closure, relevant),
        tuple(counts),
        (*left_out, *_without(of_run, lacking)),
    )


def _without(quantities: Collection[str], lacking: Collection[Symbol]) -> Iterator[str]:
    """Yield the line that says which quantities the table lacks, and which sizes of a run they need."""
    if quantities:
        sizes = ",".join(f"{symbol}={BY_SYMBOL[symbol].example}" for symbol in in_order(lacking))
        yield f"no {', '.join(quantities)}: pass the sizes of a run, as in --at {sizes}"


def _check(axes: Sequence[Axis]) -> None:
    """Raise for no axis, a size that is named twice, a value that a size cannot have, and too many combinations."""
    if not axes:
        raise Missing("size to sweep", "--for H=512..2048:64")
    symbols = [axis.symbol for axis in axes]
    for axis in axes:
        if symbols.count(axis.symbol) > 1:
            raise Conflict(f"--for {axis.symbol}", f"--for {axis.symbol}", "a size is swept once")
    combinations = prod(axis.length for axis in axes)
    if combinations > MOST_ROWS:
        raise TooLarge("the table", combinations, MOST_ROWS)
    for axis in axes:
        for number in axis.values:
            check_value(BY_SYMBOL[axis.symbol], number)


def _with_wide_heads(model: Model, swept: tuple[Symbol, ...], ties: tuple[Tie, ...]) -> Model:
    """Return the model with the size of a head in place of a number of heads that came with its name.

    Few of the widths that somebody sweeps are multiples of 12 heads.
    """
    moving = {*swept, *(symbol for symbol, _ in ties)}
    given = dict(model.given)
    for definition in model.architecture.definitions:
        number = definition.adjusts
        shared = free(definition.value) - {number}
        fixed = {number, definition.symbol} & {*model.pinned, *moving}
        if number in given and is_head_size(definition) and shared & moving and not fixed and shared <= given.keys():
            given[definition.symbol] = plain(model.number(definition.symbol))
            del given[number]
    return replace(model, given=given)


def _columns(closure: Closure, relevant: set[Symbol]) -> tuple[Symbol, ...]:
    """Return the swept sizes, the tied ones, and the others on which a count depends.

    A ratio such as ffn_ratio stands in the width F that it gives.
    """
    known = {*closure.numbers, *closure.follows}
    ratios = {definition.adjusts for definition in closure.ready.architecture.definitions}
    others = (
        symbol
        for symbol in in_order(relevant & known)
        if BY_SYMBOL[symbol].kind not in (Kind.SWITCH, Kind.ORDER)
        and not (BY_SYMBOL[symbol].kind is Kind.RATIO and symbol in ratios)
    )
    return tuple(dict.fromkeys((*closure.unknowns, *closure.tied, *others)))


def _title(one: Measured) -> str:
    """Return a quantity with its unit, unless the quantity is called like it."""
    unit = one.convention.unit.title
    return one.name if one.name.casefold() == unit.casefold() else f"{one.name} ({unit})"
