"""A count as a function of some sizes: `compiled(...)(768, 12)`, on integers and on arrays of numpy.

The function runs a straight-line program, which returns the count and says if the model exists. If it says no, the
model is counted at these sizes as always, which names the error. So a compiled count and a count never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, overload

from sympy import Expr, Symbol

from bertsym.algebra import Iverson, Value, expand, free
from bertsym.arguments import size_value
from bertsym.compiled.columns import Column, columns, is_array
from bertsym.compiled.domain import Condition, conditions, register, settled
from bertsym.convention import Convention
from bertsym.costs import Measure
from bertsym.count import count, declared
from bertsym.errors import BertsymError, Conflict, Missing, Unreadable, echo
from bertsym.handed_out import public
from bertsym.model import Model, check_value
from bertsym.quantities import MAX_DIGITS
from bertsym.straight_line import INT64, Builder, NoProgram, Program, is_fraction
from bertsym.symbols import Kind, Size, in_order
from bertsym.values import value

# The least integer that is longer than a size may be.
BEYOND = 10**MAX_DIGITS


@value
class Overflow(BertsymError, OverflowError):
    """A count in an array that exceeds 64 bits.

    >>> print(Overflow("BertModel", 5, 10**20))
    BertModel: the count at index 5 is '100000000000000000000', beyond 64 bits: compile with overflow='object'
    """

    cls: str
    index: int
    count: int

    def __str__(self) -> str:
        about = f"{self.cls}: the count at index {self.index} is {echo(self.count)}"
        return f"{about}, beyond 64 bits: compile with overflow='object'"


@value
class CompiledCount:
    """An exact count as a function of sizes, in the order of `sizes` or by name.

    A size is given as `Model.at` takes it, or as an array of integers. Arrays broadcast as numpy's do, and the result
    is an array of int64. An array of a count that exceeds 64 bits raises `Overflow`, unless the function was compiled
    with `overflow="object"`: then it is an array of Python's integers. Sizes of which there is no model raise what
    `Model.at` and `Model.count` raise.

    Examples:
        >>> from bertsym import load
        >>> parameters = load("bert-base-uncased").compile("H", "L")
        >>> parameters(768, 12), parameters(H=768, L=24)
        (109482240, 194536704)
    """

    model: Model
    symbols: tuple[Symbol, ...]
    convention: Convention
    program: Program
    formula: Expr
    measure: Measure | None = None
    promotes: bool = False
    limits: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        """Note the least integers, because a look at the registry takes longer than the count."""
        limits = (
            None if is_fraction(s.symbol) or s.kind is Kind.SWITCH else s.minimum for s in map(self._size, self.symbols)
        )
        object.__setattr__(self, "limits", tuple(limits))

    @overload
    def __call__(self, *sizes: Value | str, **named: Value | str) -> int: ...
    @overload
    def __call__(self, *sizes: Any, **named: Any) -> Any: ...
    def __call__(self, *sizes: Any, **named: Any) -> Any:
        """Return the count, or the array of counts."""
        if not named and len(sizes) == len(self.limits):
            # The usual case, integers that a size may be, needs no look at names, texts and arrays.
            for number, limit in zip(sizes, self.limits, strict=True):
                if type(number) is not int or limit is None or not limit <= number < BEYOND:
                    break
            else:
                top, bottom, exists = self.program.run(sizes)
                if exists and top % bottom == 0:
                    return top // bottom
        given = self._in_order(sizes, named) if named else sizes
        if len(given) != len(self.symbols):
            raise Unreadable("sizes", len(given), f"{len(self.symbols)} of them ({', '.join(self.sizes)})")
        if any(map(is_array, given)):
            return self._over_arrays(given)
        return self._at(given)

    def __hash__(self) -> int:
        # A model has no hash of its own, because its sizes are a mapping.
        return hash((self.symbols, self.convention, self.program))

    @property
    def sizes(self) -> tuple[str, ...]:
        """Return the names of the sizes, in the order of the arguments."""
        return tuple(str(symbol) for symbol in self.symbols)

    @property
    def expression(self) -> Expr:
        """Return the formula over the sizes as a sympy expression, expanded."""
        return public(self.formula, self.model.architecture.other_names)

    def __repr__(self) -> str:
        return f"<{self.model.cls}, {self.convention.title}: a function of {', '.join(self.sizes)}>"

    def _size(self, symbol: Symbol) -> Size:
        return self.model.architecture.size(symbol)

    def _in_order(self, sizes: Sequence[Any], named: dict[str, Any]) -> list[Any]:
        """Return positional and named arguments in order; raises `UnknownName`, `Conflict` or `Missing`."""
        given = dict(zip(self.symbols, sizes, strict=False))
        for name, number in named.items():
            symbol = self.model.setting(name).symbol
            if symbol not in self.symbols:
                raise Conflict(name, ", ".join(self.sizes), "the function was compiled for these")
            if symbol in given:
                raise Conflict(f"{name}={number!r}"[:60], str(symbol), "the size is given twice")
            given[symbol] = number
        for symbol in self.symbols:
            if symbol not in given:
                raise Missing(f"value for {symbol}", f"{symbol}={self._size(symbol).example}")
        return [*(given[symbol] for symbol in self.symbols), *sizes[len(self.symbols) :]]

    def _at(self, given: Sequence[Any]) -> int:
        """Return the count at single sizes."""
        numbers: list[int] = []
        exact: dict[Symbol, Value] = {}
        for symbol, number in zip(self.symbols, given, strict=True):
            size = self._size(symbol)
            exact[symbol] = checked = check_value(size, size_value(size, number))
            numbers += (checked.numerator, checked.denominator) if is_fraction(symbol) else (int(checked),)
        top, bottom, exists = self.program.run(numbers)
        return int(top // bottom) if exists and top % bottom == 0 else self._counted(exact)

    def _counted(self, sizes: Mapping[Symbol, Value]) -> int:
        """Count the model at sizes as `Model.at` and `Model.count` do, or raise what they raise."""
        model = self.model.with_sizes(sizes, pin=True)
        return count(model if self.measure is None else self.measure.within_positions(model), self.convention)

    def _over_arrays(self, given: Sequence[Any]) -> Any:
        """Return the array of counts; a size that is no array stands beside each element of the arrays."""
        import numpy as np  # noqa: PLC0415  # an array has been given, so numpy is there

        pairs = [columns(self._size(s), size) for s, size in zip(self.symbols, given, strict=True)]
        every = [column for pair in pairs for column in pair]
        shape = self._shape(every)
        numbers: list[Any] = [column.numbers for column in every]
        if self.program.within([column.interval for column in every]):
            top, bottom, exists = self.program.run(numbers)
        else:
            numbers = [np.asarray(number).astype(object) for number in numbers]
            wide = [np.array(constant, dtype=object) for constant in self.program.constants]
            top, bottom, exists = self.program.run(numbers, wide)
        unsure = np.logical_not(exists) | (top % bottom != 0)
        counts = np.array(np.broadcast_to(top // bottom, shape))
        if np.any(unsure):
            counts = self._recounted(counts, np.broadcast_to(unsure, shape), pairs)
        return counts if counts.dtype == np.int64 else self._narrowed(counts)

    def _shape(self, columns: Sequence[Column]) -> tuple[int, ...]:
        """Return the shape to which the arrays broadcast; raises `Conflict`."""
        import numpy as np  # noqa: PLC0415

        shapes = dict.fromkeys(np.shape(column.numbers) for column in columns)
        try:
            shape: tuple[int, ...] = np.broadcast_shapes(*shapes)
        except ValueError:
            first, *others = (str(shape) for shape in shapes if shape)
            why = "arrays of these shapes do not broadcast together"
            raise Conflict(f"shape {first}", ", ".join(others), why) from None
        return shape

    def _recounted(self, counts: Any, unsure: Any, pairs: Sequence[Sequence[Column]]) -> Any:
        """Count each unsure element as a single model; raises what that raises, with a note of the index."""
        import numpy as np  # noqa: PLC0415

        counts = counts.astype(object)
        spread = [[np.broadcast_to(column.numbers, counts.shape) for column in pair] for pair in pairs]
        for index in map(int, np.flatnonzero(unsure)):
            sizes: dict[Symbol, Value] = {}
            for symbol, parts in zip(self.symbols, spread, strict=True):
                size = self._size(symbol)
                exact = Fraction(*(int(part.flat[index]) for part in parts))
                sizes[symbol] = check_value(size, bool(exact) if size.kind is Kind.SWITCH else exact)
            try:
                counts.flat[index] = self._counted(sizes)
            except BertsymError as error:
                error.add_note(f"at index {index} of the arrays")
                raise
        return counts

    def _narrowed(self, counts: Any) -> Any:
        """Return the counts as an array of 64 bits if they fit; raises `Overflow` unless it promotes."""
        import numpy as np  # noqa: PLC0415

        wide = next((i for i, number in enumerate(counts.flat) if not INT64[0] <= number <= INT64[1]), None)
        if wide is None:
            return counts.astype(np.int64)
        if self.promotes:
            return counts
        raise Overflow(self.model.cls, wide, int(counts.flat[wide]))


def compiled(
    model: Model,
    symbols: Sequence[Symbol],
    convention: Convention,
    measure: Measure | None = None,
    *,
    promotes: bool = False,
) -> CompiledCount:
    """Compile a count over sizes; those that the model has already stay. Without symbols, over its open sizes.

    Raises `MissingSize` for another size that the count depends on, `UnknownName`, `Conflict`, `UnknownRouting`.
    """
    model.check_known(symbols)
    for symbol in symbols:
        if list(symbols).count(symbol) > 1:
            raise Conflict(str(symbol), str(symbol), "a size is one argument")
    sizes = settled(model, symbols)
    required = list(conditions(sizes, convention, measure))
    total = sizes.over(declared(model.architecture, model.head, convention))
    if not symbols:
        if not free(total):
            raise Missing("size", "the name of a size, such as 'H': every size of the model is known")
        return compiled(model, in_order(free(total)), convention, measure, promotes=promotes)
    chosen = frozenset(symbols)
    # A size under a condition is not missing if a chosen switch can turn it off: DeBERTa's `absolute` and N.
    conditional = any(free(bracket) & chosen for bracket in total.atoms(Iverson))
    if not conditional and (missing := in_order(free(total) - chosen)):
        raise model.architecture.without(missing)
    expression = expand(total)
    program = _program(symbols, expression, required)
    return CompiledCount(model, tuple(symbols), convention, program, expression, measure, promotes)


def _program(symbols: Sequence[Symbol], expression: Expr, required: Sequence[Condition]) -> Program:
    """Return the program of a count: numerator, denominator, and 1 if the model exists.

    An expression without a program, or with an open size, gives one that never says so. Each count is then made as
    always.
    """
    builder = Builder(symbols)
    try:
        exact = builder.quotient(expression)
        exists = register(builder, required, frozenset(symbols))
    except NoProgram:
        zero, one = builder.constant(0), builder.constant(1)
        return builder.program([zero, one, zero])
    return builder.program([exact.numerator, exact.denominator, exists])
