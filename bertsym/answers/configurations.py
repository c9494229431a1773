"""The configurations that meet a target: several unknowns, ranked, with the size of the search."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.exchange_rates import exchange_table, marginal_record
from bertsym.answers.solution import axis_in_words, point_columns, size_cell
from bertsym.document import Column, Count, Document, Element, Inline, Remark, Share, Table
from bertsym.model import Model
from bertsym.report import Record
from bertsym.solving.configurations import Configurations, find
from bertsym.solving.marginal import Marginal, marginals
from bertsym.solving.request import Request
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
        request, outcome = self.found.request, self.found.outcome
        unknowns = ", ".join(map(str, request.unknowns))
        target = Remark(
            (
                "target P = ",
                Count(request.target, short=True, unit=self.subject.convention.unit),
                f", solved for {unknowns}",
            )
        )
        parts: list[Element] = [*self.subject.remarks(), target]
        if self.found.assumed:
            parts.append(Remark((f"assumed, as in {self.base}: {', '.join(map(str, self.found.assumed))}",)))
        ranges = "; ".join(axis_in_words(axis.symbol, axis.start, axis.stop, axis.step) for axis in self.found.axes)
        whole = "searched completely" if outcome.complete else "INTERRUPTED: the best so far"
        parts.append(Remark((f"{self.found.searched:,} configurations ({ranges}), {whole}",)))
        answers = self.found.answers
        symbols = list(dict.fromkeys(symbol for answer in answers for symbol in answer.at)) or request.unknowns
        columns = (
            *(Column(str(symbol), right=True) for symbol in symbols),
            *point_columns(self.subject.convention.unit),
        )
        rows: tuple[tuple[Inline, ...], ...] = tuple(
            (
                *(size_cell(answer.at.get(symbol)) for symbol in symbols),
                Count(answer.count),
                Count(answer.count - request.target),
                Share(Fraction(answer.count - request.target, request.target), 2),
            )
            for answer in answers
        )
        parts.append(Table(columns, rows))
        if self.marginals:
            parts += exchange_table(self.marginals, self.subject.convention.unit)
        return tuple(parts)

    def record(self) -> Record:
        """Return the configurations for programs.

        `searched` is the size of the stated space, `counted` the number of configurations that were counted one by one.
        """
        request, outcome = self.found.request, self.found.outcome
        return {
            **self.subject.record(),
            "target": request.target,
            "for": [str(symbol) for symbol in request.unknowns],
            "at": self.subject.sizes(),
            "assumed": [str(symbol) for symbol in self.found.assumed],
            "searched": self.found.searched,
            "counted": outcome.counted,
            "complete": outcome.complete,
            "candidates": [
                {
                    "at": {str(symbol): Fraction(number) for symbol, number in answer.at.items()},
                    "count": answer.count,
                    "error": answer.count - request.target,
                }
                for answer in self.found.answers
            ],
            **({"marginal": [marginal_record(m) for m in self.marginals]} if self.marginals else {}),
        }


def shortlist(
    model: Model, request: Request, progress: Callable[[Fraction], None] | None = None, *, explain: bool = False
) -> Shortlist:
    """Return the best configurations; raises what `find` raises."""
    configurations = find(model, request, progress)
    sized = replace(model, given=configurations.known, pinned={})
    costs: tuple[Marginal, ...] = ()
    if explain and configurations.answers:
        costs = marginals(sized.with_sizes(configurations.answers[0].at), request.convention)
    return Shortlist(subject(sized, request.convention), configurations, model.architecture.base, costs)
