"""The configurations that meet a target: several unknowns, ranked, with the size of the search."""

from __future__ import annotations

from fractions import Fraction

from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.exchange_rates import exchange_table, marginal_record
from bertsym.answers.solution import axis_in_words, decisions, decisions_record, point_columns, size_cell, standing
from bertsym.document import Column, Count, Document, Element, Inline, Remark, Share, Table
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.report import Record
from bertsym.solving.configurations import Configurations, find
from bertsym.solving.marginal import Marginal, marginals
from bertsym.solving.request import Order, Request
from bertsym.solving.requirements import Limit
from bertsym.solving.search import Progress
from bertsym.symbols import in_order
from bertsym.values import replace, value


@value
class Shortlist:
    """The best configurations of a stated space; complete unless the search was interrupted."""

    subject: Subject
    found: Configurations
    base: str
    marginals: tuple[Marginal, ...]

    def document(self) -> Document:
        """Return a table, the best configuration first."""
        outcome = self.found.outcome
        parts: list[Element] = [*self.subject.remarks(), self._goal(), *self._budgets()]
        if self.found.assumed:
            parts.append(Remark((f"assumed, as in {self.base}: {', '.join(map(str, self.found.assumed))}",)))
        ranges = "; ".join(axis_in_words(axis.symbol, axis.start, axis.stop, axis.step) for axis in self.found.axes)
        whole = "searched completely" if outcome.complete else "INTERRUPTED: the best so far"
        searched = f"{self.found.searched:,} configurations ({ranges})" if self.found.bounded else self._every()
        parts.append(Remark((f"{searched}, {whole}",)))
        parts += decisions(self.found.request, self.found.fixed)
        errors = [abs(answer.count - self.found.request.aim) for answer in self.found.answers]
        if self.found.request.order is Order.SHAPE and errors != sorted(errors):
            parts.append(Remark(("usual shapes near the target first; --order error sorts by the error alone",)))
        parts += (*self._at_the_end(), self._table())
        if self.marginals:
            parts += exchange_table(self.marginals, self.subject.convention.unit)
        return tuple(parts)

    def _every(self) -> str:
        """Return the values of the one unknown of a search without an end."""
        (axis,) = self.found.axes
        return f"every {axis.symbol} from {axis.start} on" + (f" by {axis.step}" if axis.step > 1 else "")

    def _goal(self) -> Remark:
        """Return the line that says what is searched."""
        request, unit = self.found.request, self.subject.convention.unit
        solved_for = f", solved for {', '.join(map(str, request.unknowns))}"
        if request.target is None:
            return Remark((f"the most {unit.title} within the budgets{solved_for}",))
        return Remark(("target P = ", Count(request.target, short=True, unit=unit), solved_for))

    def _budgets(self) -> tuple[Remark, ...]:
        """Return a line for each budget of another quantity, and what that quantity counts."""
        lines = []
        for limit in self.found.request.limits:
            if limit.quantity:
                bound, number = ("at least", limit.least) if limit.most is None else ("at most", limit.most)
                amount = Count(number or 0, short=True, unit=limit.convention.unit)
                lines.append(Remark((f"{limit.quantity} {bound} ", amount, f": {limit.convention.meaning}")))
        return tuple(lines)

    def _at_the_end(self) -> tuple[Remark, ...]:
        """Return a line that says which sizes of the largest model are at the end of their range."""
        if self.found.request.target is not None or not self.found.answers or not self.found.bounded:
            return ()
        best = zip(self.found.axes, self.found.answers[0].values, strict=True)
        names = [str(axis.symbol) for axis, number in best if number > axis.stop - axis.step]
        why = f"{' and '.join(names)} at the end of the range: a wider --range may hold a larger one"
        return (Remark((why,)),) if names else ()

    def _table(self) -> Table:
        """Return a row for each answer, with what it spends of each budget."""
        request, answers, unit = self.found.request, self.found.answers, self.subject.convention.unit
        following = {symbol for answer in answers for symbol in answer.at} - set(request.unknowns)
        symbols = [*request.unknowns, *in_order(following)]
        counted = point_columns(unit) if request.target is not None else (Column(unit.title, right=True),)
        spent = _distinct(request.limits)
        columns = (
            *(Column(Name(symbol), right=True) for symbol in symbols),
            *counted,
            *(Column(_title(request.limits[index]), right=True) for index in spent),
        )
        rows: list[tuple[Inline, ...]] = []
        for answer in answers:
            sizes = (size_cell(answer.at.get(symbol)) for symbol in symbols)
            error: tuple[Inline, ...] = ()
            if request.target is not None:
                missed = answer.count - request.target
                error = (Count(missed, unit=unit), Share(Fraction(missed, request.target), 2))
            amounts = (Count(answer.spent[index], unit=request.limits[index].convention.unit) for index in spent)
            rows.append((*sizes, Count(answer.count, unit=unit), *error, *amounts))
        return Table(columns, tuple(rows))

    def record(self) -> Record:
        """Return the configurations for programs.

        `searched` is the size of the stated space, `counted` the number of configurations that were counted one by one.
        """
        request, outcome = self.found.request, self.found.outcome
        return {
            **self.subject.record(),
            "target": "max" if request.target is None else request.target,
            "for": [str(symbol) for symbol in request.unknowns],
            "at": self.subject.sizes(),
            "assumed": [str(symbol) for symbol in self.found.assumed],
            "searched": self.found.searched if self.found.bounded else None,
            "counted": outcome.counted,
            "complete": outcome.complete,
            **decisions_record(request, self.found.fixed),
            "candidates": [
                {
                    "at": {str(symbol): Fraction(number) for symbol, number in answer.at.items()},
                    "count": answer.count,
                    **({} if request.target is None else {"error": answer.count - request.target}),
                    **_spent_record(request.limits, answer.spent),
                }
                for answer in self.found.answers
            ],
            **({"marginal": [marginal_record(m) for m in self.marginals]} if self.marginals else {}),
        }


def _distinct(limits: tuple[Limit, ...]) -> list[int]:
    """Return the indices of the limits on other quantities, each quantity once."""
    first: dict[str, int] = {}
    for index, limit in enumerate(limits):
        if limit.quantity:
            first.setdefault(limit.quantity, index)
    return list(first.values())


def _title(limit: Limit) -> str:
    """Return a quantity and its unit."""
    unit = limit.convention.unit.title
    return limit.quantity if limit.quantity.partition(":")[0] == unit.casefold() else f"{limit.quantity} ({unit})"


def _spent_record(limits: tuple[Limit, ...], spent: tuple[int, ...]) -> dict[str, Record]:
    """Return what a configuration spends of each quantity."""
    return (
        {"spent": {limits[index].quantity: spent[index] for index in indices}} if (indices := _distinct(limits)) else {}
    )


def shortlist(model: Model, request: Request, progress: Progress | None = None, *, explain: bool = False) -> Shortlist:
    """Return the best configurations; raises what `find` raises."""
    configurations = find(model, request, progress)
    sized = replace(model, given=configurations.known, pinned={})
    costs: tuple[Marginal, ...] = ()
    if explain and configurations.answers:
        costs = marginals(sized.with_sizes(configurations.answers[0].at), request.convention)
    about = standing(subject(sized, request.convention), (answer.at for answer in configurations.answers))
    return Shortlist(about, configurations, model.architecture.base, costs)
