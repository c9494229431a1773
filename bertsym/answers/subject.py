"""What travels with every answer: which model, as which class, counted how, at which sizes."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Symbol

from bertsym.algebra import Value, expand, free, substitute
from bertsym.convention import Convention
from bertsym.document import Document, Element, Remark, Sizes
from bertsym.model import Model
from bertsym.report import Record
from bertsym.symbols import SIZES
from bertsym.values import value


@value
class Subject:
    """No number leaves without its convention."""

    model: str
    cls: str
    convention: Convention
    at: Mapping[Symbol, Value]

    def remarks(self) -> Document:
        """What is counted, and at which sizes."""
        counted = Remark((f"{self.cls}, {self.convention.title}: {self.convention.meaning}",))
        lines: tuple[Element, ...] = (counted,)
        return (*lines, Remark(("at ", Sizes(self.at)))) if self.at else lines

    def record(self) -> dict[str, Record]:
        """The same for programs, without the sizes."""
        return {"model": self.model, "class": self.cls, "convention": self.convention.title}

    def sizes(self) -> Record:
        """The sizes by public name."""
        return {str(symbol): value for symbol, value in self.at.items()}


def subject(model: Model, convention: Convention) -> Subject:
    """The subject of an answer about the model."""
    at = {size.symbol: model.given[size.symbol] for size in SIZES if size.symbol in model.given}
    return Subject(model.label or model.architecture.name, model.cls, convention, at)


def known(model: Model, expression: Expr) -> bool:
    """Whether every size that the expression depends on has a value."""
    return free(model.public(expression)) <= set(model.given)


def shown(model: Model, expression: Expr, whole: Expr) -> Expr:
    """The formula of an answer: known sizes are put in while the whole has open ones; else it stays a formula."""
    return expression if known(model, whole) else expand(substitute(expression, model.given))
