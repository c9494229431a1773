"""A question about a claim: the model that the claim is about, and how the claim's words are to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from sympy import Symbol

from bertsym.claims.headings import COUNTS
from bertsym.claims.subjects import Mention, nearest_names, of_size, without_a_size
from bertsym.errors import BertsymError, Unreadable
from bertsym.model import Model
from bertsym.resolve import load, published_model
from bertsym.symbols import lookup
from bertsym.values import replace, value


@value
class Question:
    """A model that claims are judged against, and the ways to read them.

    `heads` are the task heads whose counts may explain a claim, the expected one first. `where` says what a name of
    the claim stands for, and `counted` which headings of a table are those of counts. `of` says what a formula counts,
    such as `attention`; `formula` replaces the model's own counts when a table is judged. `named` is True if the person
    who asks has named the model. `tolerance` is the share of a count that a claim may leave out in one named part.
    `cost` is the quantity of the claims if the person who asks names it, and `run` has the sizes of a run.
    """

    model: Model
    heads: tuple[str, ...]
    notation: str = "auto"
    where: Mapping[str, str] = MappingProxyType({})
    of: str = ""
    formula: str = ""
    named: bool = False
    tolerance: Fraction = Fraction(0)
    counted: tuple[str, ...] = ()
    cost: str = ""
    run: Mapping[Symbol, int] = MappingProxyType({})

    @property
    def headings(self) -> Mapping[str, str]:
        """Return what the headings of a table stand for: sizes, or counts."""
        return {**self.where, **dict.fromkeys(self.counted, COUNTS)}


def all_heads(model: Model) -> tuple[str, ...]:
    """Return the heads of a model's architecture, the model's own first."""
    return (model.head, *(head for head in model.architecture.heads if head != model.head))


def question(
    model: Model,
    heads: Sequence[str] = (),
    *,
    notation: str = "auto",
    where: Mapping[str, str] | None = None,
    of: str = "",
    formula: str = "",
) -> Question:
    """Return the question about a model, under all its heads unless some are given.

    `where` names sizes by their public names or the model's own, as in `{"d": "H"}`, or a column of counts by `params`.
    Raises `UnknownName` for another.
    """
    given = dict(where or {})
    names = {raw: _size_named(name, model) for raw, name in given.items() if name != COUNTS}
    counts = tuple(raw for raw, name in given.items() if name == COUNTS)
    return Question(model, tuple(heads) or all_heads(model), notation, names, of, formula, counted=counts)


def _size_named(name: str, model: Model) -> str:
    """Return the name of a size of the model, or of a registered one."""
    try:
        return str(model.size(name).symbol)
    except BertsymError:
        return lookup(name).name


def about_model(asked: Question, model: Model) -> Question:
    """Return the same question about another model, under all its heads."""
    return replace(asked, model=model, heads=all_heads(model))


def asked_about(
    asked: Question, mention: Mention | None, label: str, number: int = 0
) -> tuple[Question, tuple[str, ...]]:
    """Return the question about the model that a label names, and a note that says so; raises `Unreadable`.

    A family without a size names the model of the question if that is of the family, else the one that has about
    `number` parameters.
    """
    if mention is None:
        return asked, ()
    if (head := head_of_class(asked.model, mention.text)) is not None:
        return replace(asked, model=asked.model.with_head(head), heads=(head,)), ()
    if mention.problem:
        close = nearest_names(mention.text) if mention.reading is None else ""
        raise Unreadable("the model of the claim", label, f"a name that is known, or none ({mention.problem}{close})")
    if mention.model is not None:
        model = published_model(mention.model)
    elif mention.architecture == asked.model.architecture.name and (asked.model.given or not number):
        return asked, ()
    elif number:
        near = of_size(mention, number)
        if near is None:
            raise Unreadable("the model of the claim", label, f"the name of a model ({without_a_size(mention)})")
        model = published_model(near)
    else:
        model = load(str(mention.architecture))
    return about_model(asked, model), (f"{mention.text} names {model.label or model.architecture.name}",)


def head_of_class(model: Model, text: str) -> str | None:
    """Return the head of a model whose class a text names, such as BertForMaskedLM, or None."""
    return next((name for name, head in model.architecture.heads.items() if head.cls == text), None)
