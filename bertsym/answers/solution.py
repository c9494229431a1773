"""The size that meets a target: one unknown, solved as mathematics, with the integers that can be built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.exchange_rates import exchange_table, marginal_record
from bertsym.document import Column, Count, Decimal, Document, Element, Inline, Remark, Result, Share, Table
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.quantities import Unit
from bertsym.report import AsLatex, Record
from bertsym.solving.marginal import Marginal, marginals
from bertsym.solving.request import Request
from bertsym.solving.solve import Point, Solution, solve_request
from bertsym.symbols import in_order
from bertsym.values import replace, value


@value
class Solved:
    """A target solved for one size; `base` is the model that the assumed sizes come from."""

    subject: Subject
    solution: Solution
    base: str
    marginals: tuple[Marginal, ...]
    request: Request

    def document(self) -> Document:
        """Return the closed form, the root, the integers around it, and the sizes that can be built."""
        solution = self.solution
        target = Remark(
            (
                "target P = ",
                Count(solution.target, short=True, unit=self.subject.convention.unit),
                ", solved for ",
                Name(solution.symbol),
            )
        )
        parts: list[Element] = [*self.subject.remarks(), target]
        if solution.assumed:
            names = ", ".join(map(str, solution.assumed))
            parts.append(Remark((f"assumed, as in {self.base}: {names}",)))
        root: tuple[Inline, ...] = ()
        if solution.root is not None:
            hit = solution.floor is not None and solution.floor.error == 0
            root = (Decimal(solution.root, _places(solution.root), rounded=not hit),)
        if not solution.grows:
            why = f"the count does not always grow with {solution.symbol}, so that no two values bracket the target"
            parts.append(Remark((why,)))
        elif solution.closed.form is None:
            why = f" (degree {solution.closed.degree})" if solution.closed.degree else ""
            parts.append(Remark((f"no useful closed form{why}",)))
        form = () if solution.closed.form is None else (solution.closed.form,)
        if form or root:
            short, let = (solution.closed.short, solution.closed.let) if form else (None, ())
            parts.append(Result((Name(solution.symbol), *form, *root), short=short, let=let))
        if solution.step > 1:
            parts.append(Remark((Name(solution.symbol), f" in steps of {solution.step}, so that every width is whole")))
        if self._demands or not solution.complete:
            axis = solution.axis
            values = f"{axis.size:,} values ({axis_in_words(axis.symbol, axis.start, axis.stop, axis.step)})"
            whole = "searched completely" if solution.complete else "NOT ALL searched: a --range says where to look"
            parts.append(Remark((f"{values}, {whole}",)))
        parts += decisions(self.request, solution.fixed)
        parts.append(self._table())
        if self.marginals:
            parts += exchange_table(self.marginals, self.subject.convention.unit)
        return tuple(parts)

    @property
    def _demands(self) -> bool:
        """Return True if the request demands more than the target."""
        request = self.request
        return bool(request.constraints or request.limits or request.ranges or request.tolerance is not None)

    def _table(self) -> Table:
        solution = self.solution
        bracket = (("not over", solution.floor), ("not under", solution.ceil))
        named = [(name, point) for name, point in bracket if point is not None]
        named += [("can be built", point) for point in solution.candidates]
        in_use = {symbol for _, point in named for symbol in point.at}
        symbols = [solution.symbol, *in_order(in_use - {solution.symbol})]
        unit = self.subject.convention.unit
        columns = (
            Column(""),
            *(Column(Name(s), right=True) for s in symbols),
            *point_columns(unit),
        )
        rows = tuple(
            (name, *(size_cell(point.at.get(s)) for s in symbols), *point_cells(point, solution.target, unit))
            for name, point in named
        )
        return Table(columns, rows)

    def record(self) -> Record:
        """Return the solution for programs.

        `root` is rounded, `closed_form` is in terms of the target P, and errors are signed parameters. `candidates` are
        the best of the `searched` values of `range` (first, last, step).
        """
        solution = self.solution
        form = solution.closed.form
        return {
            **self.subject.record(),
            "target": solution.target,
            "for": str(solution.symbol),
            "at": self.subject.sizes(),
            "assumed": [str(symbol) for symbol in solution.assumed],
            "closed_form": form,
            "closed_form_latex": None if form is None else AsLatex(form),
            "root": None if solution.root is None else Share(solution.root),
            "step": solution.step,
            "floor": None if solution.floor is None else point_record(solution.floor),
            "ceil": None if solution.ceil is None else point_record(solution.ceil),
            "searched": solution.axis.size,
            "range": {str(solution.axis.symbol): [solution.axis.start, solution.axis.stop, solution.axis.step]},
            "complete": solution.complete,
            **decisions_record(self.request, solution.fixed),
            "candidates": [point_record(point) for point in solution.candidates],
            **({"marginal": [marginal_record(marginal) for marginal in self.marginals]} if self.marginals else {}),
        }


def point_columns(unit: Unit) -> tuple[Column, ...]:
    """Return the columns of `point_cells`."""
    return (Column(unit.title, right=True), Column("error", right=True), Column("percent", right=True))


def point_cells(point: Point, target: int, unit: Unit) -> tuple[Inline, ...]:
    """Count, signed error, and the error in percent of the target."""
    return (Count(point.count, unit=unit), Count(point.error, unit=unit), Share(Fraction(point.error, target), 2))


def point_record(point: Point) -> Record:
    """Return a value with the sizes that follow from it, its count and its signed error."""
    at = {str(symbol): number for symbol, number in point.at.items()}
    return {"value": point.value, "at": at, "count": point.count, "error": point.error}


def size_cell(number: Value | None) -> Inline:
    """Return a size as a cell, empty if there is none."""
    return "" if number is None else Count(number) if isinstance(number, int) else str(number)


def axis_in_words(symbol: object, start: int, stop: int, step: int) -> str:
    """Return the values of an unknown as a reader sees them."""
    return f"{symbol} {start:,}..{stop:,}" + (f" by {step}" if step > 1 else "")


def _places(root: Fraction) -> int:
    return 2 if root >= 10 else 4


def solved(model: Model, request: Request, *, explain: bool = False) -> Solved:
    """Return the answer to a request of one unknown, which has a target; raises what `solve` raises."""
    solution = solve_request(model, request)
    sized = replace(model, given=solution.known, pinned={})
    best = next(iter(solution.candidates), solution.floor)
    costs = marginals(sized.with_sizes(best.at), request.convention) if explain and best else ()
    about = standing(subject(sized, request.convention), (point.at for point in solution.candidates))
    return Solved(about, solution, model.architecture.base, costs, request)


def standing(about: Subject, answers: Iterable[Mapping[Symbol, Value]]) -> Subject:
    """Return the subject without the sizes that an answer names: a number of heads that floats beside a width."""
    moving = {symbol for at in answers for symbol in at}
    return replace(about, at={symbol: number for symbol, number in about.at.items() if symbol not in moving})


def decisions(request: Request, fixed: Mapping[Symbol, Value]) -> Iterator[Remark]:
    """Yield what became of the sizes that conditions name, and the sizes that a step applies to."""
    for symbol, text in request.followed:
        yield Remark((Name(symbol), f" follows from {text}"))
    for symbol in request.freed:
        yield Remark(("searched too, because a condition names it: ", Name(symbol), f" (--at {symbol}=... fixes it)"))
    if fixed:
        sizes: list[Inline] = []
        for symbol, number in fixed.items():
            sizes += [", " if sizes else "", Name(symbol), " = ", size_cell(number)]
        searched = ",".join(map(str, (*request.unknowns, *fixed)))
        yield Remark(("fixed, though a condition names it: ", *sizes, f" (--for {searched} searches it)"))
    if request.applied:
        yield Remark((request.applied,))


def decisions_record(request: Request, fixed: Mapping[Symbol, Value]) -> dict[str, Record]:
    """Return what became of the sizes that conditions name, for programs; empty if they name none."""
    followed = {str(symbol): text for symbol, text in request.followed}
    known = {str(symbol): number for symbol, number in fixed.items()}
    freed = [str(symbol) for symbol in request.freed]
    named: dict[str, Record] = {"followed": followed, "freed": freed, "fixed": known}
    return {name: content for name, content in named.items() if content}
