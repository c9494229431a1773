"""Why: the total, or one component, derived step by step."""

from __future__ import annotations

from bertsym.answers.answer_context import Subject, subject
from bertsym.convention import EXACT, Convention
from bertsym.document import Document
from bertsym.explain import explain
from bertsym.model import Model
from bertsym.report import AsText, Record
from bertsym.values import value


@value
class Derivation:
    """A derivation that a reader can redo by hand."""

    subject: Subject
    steps: Document

    def document(self) -> Document:
        """The whole of it."""
        return (*self.subject.remarks(), *self.steps)

    def record(self) -> Record:
        """The steps as lines of text."""
        return {**self.subject.record(), "at": self.subject.sizes(), "derivation": AsText(self.steps)}


def derivation(model: Model, convention: Convention = EXACT, component: str | None = None) -> Derivation:
    """The derivation; raises `UnknownName` for a component that is not counted."""
    return Derivation(subject(model, convention), explain(model, convention, component))
