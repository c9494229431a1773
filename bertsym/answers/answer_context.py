"""The context of every answer: the model, its class, the convention, and the sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Expr, Symbol

from bertsym import zoo
from bertsym.algebra import Value, evaluate, expand, free, substitute
from bertsym.convention import Convention
from bertsym.document import Document, Element, Remark, Sizes
from bertsym.existence import DOES_NOT_RUN, obstacles
from bertsym.model import Model
from bertsym.quantities import PARAMETERS
from bertsym.report import Record
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.values import value

DENSE = "no experts to choose among: every parameter works on every token"


@value
class Tie:
    """A tensor that has the values of the `target`: always if it is `sure`, else at some values of an open size."""

    name: str
    target: str
    sure: bool


@value
class Subject:
    """The model, class, convention and sizes of an answer: no number leaves without them.

    - `dense`: the user asked for active parameters, and the model has no experts.
    - `notes`: sentences about the file of the model, which the command line prints on standard error.
    - `read_as`: the model as which another spelling was read; `head_reason`: why a name means this class.
    - `paper`: the source of the formulas. Somebody wrote those `of_zoo` from it; for others, its code was run.
    - `ties`: the tensors that have the values of others.
    - `obstacles`: the reasons why the class is built at these sizes and does not run.
    """

    model: str
    cls: str
    convention: Convention
    at: Mapping[Symbol, Value]
    dense: bool = False
    notes: tuple[str, ...] = ()
    read_as: str = ""
    head_reason: str = ""
    paper: str = ""
    of_zoo: bool = False
    ties: tuple[Tie, ...] = ()
    obstacles: tuple[str, ...] = ()

    def remarks(self) -> Document:
        """Return the lines that say what is counted, and at which sizes."""
        counted = Remark((f"{self.cls}, {self.convention.title}: {self.convention.meaning}",))
        lines: tuple[Element, ...] = (counted, Remark((DENSE,))) if self.dense else (counted,)
        lines = (*self.origin(), lines[0], *self.reason(), *lines[1:])
        sizes = (Remark(("at ", Sizes(self.at))),) if self.at else ()
        return (*lines, *sizes, *(Remark((f"{DOES_NOT_RUN}: {why}",)) for why in self.obstacles))

    def origin(self) -> Document:
        """Return the line that says as which model a name was read, if it is spelled otherwise."""
        return (Remark((self.read_as,)),) if self.read_as else ()

    def reason(self) -> Document:
        """Return the line that says why the name means this class, unless somebody chose the class."""
        return (Remark((self.head_reason,)),) if self.head_reason else ()

    def record(self) -> dict[str, Record]:
        """Return the model, the class, the convention and any notes for programs, without the sizes."""
        notes: dict[str, Record] = {"notes": list(self.notes)} if self.notes else {}
        notes |= {"read_as": self.read_as} if self.read_as else {}
        notes |= {"head_reason": self.head_reason} if self.head_reason else {}
        notes |= {"does_not_run": list(self.obstacles)} if self.obstacles else {}
        unit = self.convention.unit
        counted = {"convention": self.convention.title, **({} if unit == PARAMETERS else {"unit": unit.title})}
        return {"model": self.model, "class": self.cls, **counted, **notes}

    def sizes(self) -> Record:
        """Return the sizes by public name."""
        return {str(symbol): value for symbol, value in self.at.items()}


def subject(model: Model, convention: Convention) -> Subject:
    """Return the subject of an answer about a model under a convention."""
    hidden = model.architecture.accepted - model.architecture.counted
    shown = (s for s in in_order(model.given) if s not in hidden and BY_SYMBOL[s].kind is not Kind.ORDER)
    at = {symbol: model.given[symbol] for symbol in shown}
    parameters = convention.unit == PARAMETERS
    dense = parameters and convention.active and all(tensor.routing is None for tensor in model.tensors)
    said = (model.notes, model.read_as, _head_reason(model))
    paper = model.architecture.paper
    origin = (paper, _is_of_zoo(model))
    return Subject(
        model.name, model.cls, convention, at, dense, *said, *origin, tuple(_ties(model)), tuple(obstacles(model))
    )


def _is_of_zoo(model: Model) -> bool:
    """Return True if somebody wrote the architecture from its paper, and no code was run to derive it."""
    written = zoo.ARCHITECTURES.get(model.architecture.name)
    return written is not None and written.paper == model.architecture.paper


def _ties(model: Model) -> Iterator[Tie]:
    """Yield the tensors that have the values of another, unless a size of the model says that they have their own."""
    for tensor in model.tensors:
        if tensor.tied_to is None:
            continue
        own = model.public(tensor.own)
        known = evaluate(own, model.given) if free(own) <= set(model.given) else None
        if known != 1:
            yield Tie(tensor.name.replace("{}", "*"), tensor.tied_to.replace("{}", "*"), known == 0)


def _head_reason(model: Model) -> str:
    """Return why the name of the model means its class, and the option that gives the bare model."""
    bare = model.architecture.heads.get("model")
    if not model.head_reason or bare is None:
        return model.head_reason
    return f"{model.head_reason}; --head model is {bare.cls}"


def known(model: Model, expression: Expr) -> bool:
    """Return True if every size that the expression depends on has a value."""
    return free(model.public(expression)) <= set(model.given)


def shown(model: Model, expression: Expr, whole: Expr) -> Expr:
    """Return the formula of an answer: known sizes are substituted while the whole has unknown sizes."""
    return expression if known(model, whole) else expand(substitute(expression, model.given))
