"""The inventory of tensors, in symbols or one by one."""

from __future__ import annotations

import sympy
from sympy import Expr

from bertsym.algebra import substitute
from bertsym.answers.answer_context import Subject, known, subject
from bertsym.convention import EXACT, Convention
from bertsym.count import written_out
from bertsym.document import Code, Column, Document, Inline, Shape, Table
from bertsym.formulas.styles import form
from bertsym.formulas.tree import ONE, Form
from bertsym.model import Model
from bertsym.quantities import PARAMETERS
from bertsym.report import Record
from bertsym.tree import Tensor
from bertsym.values import value


@value
class Entry:
    """A tensor; `repeat` is how many of its kind there are, 1 once it is written out, `*` standing for the index.

    `active` is the share of it that works on one token: less than 1 for routed experts.
    """

    name: str
    shape: tuple[Form, ...]
    role: str
    component: str
    tied_to: str | None
    repeat: Form
    active: Form


@value
class Inventory:
    """The tensors that count: one entry for each real tensor if every size is known."""

    subject: Subject
    entries: tuple[Entry, ...]

    def document(self) -> Document:
        """Return a table with one tensor a row."""
        routed = any(entry.active != ONE for entry in self.entries)
        entry = "tensor" if self.subject.convention.unit == PARAMETERS else "entry"
        columns = (entry, "shape", "times", "role", "component", "tied to", *(("active",) if routed else ()))
        rows = tuple(_cells(entry)[: len(columns)] for entry in self.entries)
        return (*self.subject.remarks(), Table(tuple(Column(title, whole=True) for title in columns), rows))

    def record(self) -> Record:
        """Return a list with one tensor an entry."""
        return [
            {
                "name": entry.name,
                "shape": list(entry.shape),
                "role": entry.role,
                "component": entry.component,
                "tied_to": entry.tied_to,
                "repeat": entry.repeat,
                "active": None if entry.active == ONE else entry.active,
            }
            for entry in self.entries
        ]


def _cells(entry: Entry) -> tuple[Inline, ...]:
    tied_to = Code(entry.tied_to) if entry.tied_to else ""
    return (
        Code(entry.name),
        Shape(entry.shape),
        entry.repeat,
        entry.role,
        entry.component,
        tied_to,
        "" if entry.active == ONE else entry.active,
    )


def inventory(model: Model, convention: Convention = EXACT) -> Inventory:
    """Return the tensors that the convention counts; a tied tensor names its target."""
    counted = [tensor for tensor in model.tensors if convention.counts(tensor)]
    present = [tensor for tensor in counted if model.public(tensor.times) != 0]
    if all(known(model, side) for tensor in present for side in (*tensor.shape, tensor.times)):
        entries = tuple(
            _entry(model, tensor, name, tuple(form(sympy.Integer(side)) for side in shape), ONE)
            for name, shape, tensor in written_out(model)
            if convention.counts(tensor)
        )
    else:
        entries = tuple(_declared(model, tensor) for tensor in present)
    return Inventory(subject(model, convention), entries)


def _declared(model: Model, tensor: Tensor) -> Entry:
    shape = tuple(form(_public(model, side)) for side in tensor.shape)
    return _entry(model, tensor, tensor.name.replace("{}", "*"), shape, form(model.public(tensor.times)))


def _entry(model: Model, tensor: Tensor, name: str, shape: tuple[Form, ...], repeat: Form) -> Entry:
    tied_to = tensor.tied_to if model.public(tensor.own) == 0 else None
    share = ONE if tensor.routing is None or tensor.routing.chosen is None else form(_public(model, tensor.active))
    return Entry(name, shape, tensor.role.value, tensor.component, tied_to, repeat, share)


def _public(model: Model, expression: Expr) -> Expr:
    return substitute(model.public(expression), model.given)
