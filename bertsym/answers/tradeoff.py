"""The trade-off between two sizes: at a constant total, the amount of one that each value of the other leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.exchange_rates import marginal_record
from bertsym.answers.solution import point_columns, size_cell
from bertsym.convention import EXACT, Convention
from bertsym.count import count
from bertsym.document import NONE, Column, Count, Decimal, Document, Element, Inline, Remark, Share, Table
from bertsym.errors import BertsymError, Conflict, NegativeSize, NotAnInteger, TooLarge, Unreadable
from bertsym.formulas.tree import Name
from bertsym.model import Model, check_value
from bertsym.report import Record
from bertsym.solving.closure import plain
from bertsym.solving.marginal import Marginal, marginals
from bertsym.solving.open_model import Tie, at_base
from bertsym.solving.requirements import NothingFits
from bertsym.solving.solve import Point, TooSmall, solve
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import replace, value

MOST_ROWS = 200
"""The most values of a size: each is a target to solve, and a reader compares a dozen."""

MOST_TRIED = 20
"""The candidates nearest to the total, among which one that can be built is not over it."""

_ROWS_AROUND = range(-2, 3)
"""The powers of two around the own number of rows of a table, such as the vocabulary."""
_SHARES = tuple(Fraction(quarters, 4) for quarters in (1, 2, 3, 4, 5, 6, 8))
"""The parts of the own value of any other size."""
_WIDTH_STEP = 64


@value
class Choice:
    """A value of the size that is varied, and the other at the total: exactly, and the largest that is not over it.

    Both are None if no model is as small as the total.
    """

    number: int
    root: Fraction | None
    point: Point | None


@value
class Tradeoff:
    """A total that stays, and the choices of `varied` with what they leave of `against`.

    `rates` are the costs of a step of each of the two, at the model's own value of `varied` or the first that has one.
    `base` is the model that the assumed sizes come from. `stepped` is the size that is a multiple of a number, if a
    multiple is small enough.
    """

    subject: Subject
    total: int
    varied: Symbol
    against: Symbol
    choices: tuple[Choice, ...]
    assumed: tuple[Symbol, ...]
    base: str
    rates: tuple[Marginal, ...]
    stepped: tuple[Symbol, int] | None = None

    def document(self) -> Document:
        """Return a row for each value, with the exact total and the miss."""
        unit = self.subject.convention.unit
        sizes = (Name(self.varied), " against ", Name(self.against))
        held = Remark(("total P = ", Count(self.total, unit=unit), ", ", *sizes))
        parts: list[Element] = [*self.subject.remarks(), held]
        if self.stepped is not None:
            symbol, step = self.stepped
            parts.append(Remark((Name(symbol), f" is a multiple of {step}, unless none is small enough")))
        if self.assumed:
            parts.append(Remark((f"assumed, as in {self.base}: {', '.join(map(str, self.assumed))}",)))
        parts += [*self._exchange(), self._table()]
        return tuple(parts)

    def _exchange(self) -> Iterator[Remark]:
        """Yield a line for each of the two sizes: the cost of a step, and how much of the other costs the same."""
        for rate in self.rates:
            for symbol, number in rate.buys.items():
                cost = Count(rate.cost, unit=self.subject.convention.unit)
                step = ("1 more of " if rate.step == 1 else f"{rate.step:,} more of ", Name(rate.symbol))
                amount = Count(number.numerator) if number.denominator == 1 else Decimal(number, 2)
                yield Remark((*step, " costs ", cost, ", as much as ", amount, " of ", Name(symbol)))

    def _table(self) -> Table:
        others = self._others()
        columns = (
            Column(Name(self.varied), right=True),
            Column(Name(self.against), right=True),
            Column("exactly", right=True),
            *(Column(Name(symbol), right=True) for symbol in others),
            *point_columns(self.subject.convention.unit),
        )
        return Table(columns, tuple(self._row(choice, others) for choice in self.choices))

    def _others(self) -> list[Symbol]:
        """Return the further sizes that differ from row to row."""
        named = {symbol for choice in self.choices if choice.point for symbol in choice.point.at}
        return in_order(named - {self.varied, self.against})

    def _row(self, choice: Choice, others: Sequence[Symbol]) -> tuple[Inline, ...]:
        point, unit = choice.point, self.subject.convention.unit
        if point is None:
            return (Count(choice.number), *([NONE] * (5 + len(others))))
        exactly = NONE if choice.root is None else Decimal(choice.root, 2)
        sizes = (size_cell(point.at.get(symbol)) for symbol in others)
        miss = (
            Count(point.count, unit=unit),
            Count(point.error, unit=unit),
            Share(Fraction(point.error, self.total), 2),
        )
        return (Count(choice.number), size_cell(point.value), exactly, *sizes, *miss)

    def record(self) -> Record:
        """Return the rows for programs: `root` is rounded, `count` null for a value that leaves no model."""
        return {
            **self.subject.record(),
            "total": self.total,
            "for": str(self.varied),
            "against": str(self.against),
            "at": self.subject.sizes(),
            "assumed": [str(symbol) for symbol in self.assumed],
            "multiples": {} if self.stepped is None else {str(self.stepped[0]): self.stepped[1]},
            "rows": [self._choice_record(choice) for choice in self.choices],
            "marginal": [marginal_record(rate) for rate in self.rates],
        }

    def _choice_record(self, choice: Choice) -> Record:
        point = choice.point
        sizes = {} if point is None else {str(symbol): number for symbol, number in point.at.items()}
        return {
            "at": {str(self.varied): choice.number, **sizes},
            "root": None if choice.root is None else Share(choice.root),
            "count": None if point is None else point.count,
            "error": None if point is None else point.error,
        }


def tradeoff(
    model: Model,
    varied: Symbol,
    against: Symbol,
    total: int | None = None,
    convention: Convention = EXACT,
    *,
    values: Sequence[int] | None = None,
    ties: tuple[Tie, ...] = (),
) -> Tradeoff:
    """Return what each value of one size leaves of the other at a total; that of the model itself without one.

    Raises `Conflict` for one size against itself, `TooLarge` for too many values, `NothingFits` if no value leaves a
    model, and what `solve` raises.
    """
    model.check_known([varied, against])
    if varied == against:
        raise Conflict(f"--for {varied}", f"--against {against}", "a size is traded for another")
    sized = at_base(model)
    wanted = count(sized, convention) if total is None else total
    free_to_move = {symbol: number for symbol, number in model.pinned.items() if symbol not in (varied, against)}
    searched = replace(model, pinned=free_to_move)
    numbers = _usual(sized, varied) if values is None else values
    if len(numbers) > MOST_ROWS:
        raise TooLarge("the table", len(numbers), MOST_ROWS)
    choices: list[Choice] = []
    models: list[Model] = []
    assumed: tuple[Symbol, ...] = ()
    refused: BertsymError | None = None
    stepped: tuple[Symbol, int] | None = None
    for number in numbers:
        size = check_value(BY_SYMBOL[varied], number)
        try:
            at = _at(searched, {varied: size}, against, sized.number(against))
            found = solve(at, against, wanted, convention, ties=ties, top=MOST_TRIED)
        except (TooSmall, NothingFits, NotAnInteger, NegativeSize) as error:
            refused = refused or error
            choices.append(Choice(number, None, None))
            continue
        point = next((candidate for candidate in found.candidates if candidate.error <= 0), found.floor)
        stepped = (found.axis.symbol, found.axis.step) if found.axis.step > 1 else None
        choices.append(Choice(number, found.root, point))
        if point is not None:
            assumed = tuple(dict.fromkeys((*assumed, *(s for s in found.assumed if s not in (varied, against)))))
            models.append(replace(at, given=found.known, pinned={}).with_sizes(point.at))
    if not models:
        raise refused or NothingFits(f"no {against}", f"a total of {wanted:,}")
    near = min(models, key=lambda one: abs(one.number(varied) - sized.number(varied)))
    choices = _with_sizes_that_move(choices, models)
    moving = {symbol for choice in choices if choice.point is not None for symbol in choice.point.at}
    standing = {symbol: number for symbol, number in near.given.items() if symbol not in {varied, against, *moving}}
    return Tradeoff(
        subject(replace(near, given=standing, label=model.label), convention),
        wanted,
        varied,
        against,
        tuple(choices),
        assumed,
        model.architecture.base,
        _rates(near, varied, against, convention, moving - {varied, against}),
        stepped,
    )


def _at(model: Model, sizes: Mapping[Symbol, Value], against: Symbol, usual: Fraction) -> Model:
    """Return the model at sizes, whatever it has for the other size, which is to be found.

    The other size may have to have a value: T5's heads of 512 features are 10 if their size is not 512/10.
    """
    open_model = replace(model, given={symbol: value for symbol, value in model.given.items() if symbol != against})
    try:
        return open_model.with_sizes(sizes, pin=True)
    except NotAnInteger:
        held = model.with_sizes({**sizes, against: plain(usual)}, pin=True)
        return replace(held, pinned={symbol: value for symbol, value in held.pinned.items() if symbol != against})


def _with_sizes_that_move(choices: Sequence[Choice], models: Sequence[Model]) -> list[Choice]:
    """Return the choices with all sizes that are not the same in each model; `models` are those of the points."""
    named = dict.fromkeys(symbol for one in models for symbol in one.given)
    known = [symbol for symbol in named if BY_SYMBOL[symbol].kind is not Kind.SWITCH]
    # DeBERTa's E that is H needs no value of its own.
    moving = [symbol for symbol in known if len({one.number(symbol) for one in models}) > 1]
    left = iter(models)
    shown = []
    for choice in choices:
        if (point := choice.point) is not None:
            sized = next(left)
            at = {symbol: plain(sized.number(symbol)) for symbol in moving}
            choice = replace(choice, point=replace(point, at={**at, **point.at}))  # noqa: PLW2901
        shown.append(choice)
    return shown


def _rates(
    model: Model, varied: Symbol, against: Symbol, convention: Convention, moving: Collection[Symbol]
) -> tuple[Marginal, ...]:
    """Return the steps of the two sizes, each in terms of the other.

    There are none if a step has no cost of its own, or if sizes that move along have one.
    """
    all_rates = marginals(model, convention)
    both = [rate for rate in all_rates if rate.symbol in (varied, against)]
    if len(both) < 2 or any(rate.symbol in moving for rate in all_rates):
        return ()
    return tuple(
        replace(rate, buys={symbol: rate.buys[symbol] for symbol in (varied, against) if symbol in rate.buys})
        for rate in sorted(both, key=lambda rate: rate.symbol != against)
    )


def _usual(sized: Model, varied: Symbol) -> list[int]:
    """Return values around the model's own: powers of two for rows of a table, else quarters of it."""
    size = BY_SYMBOL[varied]
    if size.kind is Kind.SWITCH or (exact := sized.number(varied)).denominator != 1:
        raise Unreadable("--for", str(varied), "a size that is a whole number, or values of it")
    own = exact.numerator
    if size.kind is Kind.ROWS:
        power = max(own, 1).bit_length() - 1
        around = [2 ** (power + away) for away in _ROWS_AROUND if power + away >= 0]
    else:
        step = _WIDTH_STEP if size.kind is Kind.WIDTH and own % _WIDTH_STEP == 0 else 1
        around = [round(own * share / step) * step for share in _SHARES]
    most = sized.architecture.most.get(varied, max(*around, own))
    return sorted({number for number in (*around, own) if max(size.minimum, 1) <= number <= most})
