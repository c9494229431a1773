"""The derivation of a total, or of one component, step by step."""

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
        """Return the derivation, step by step."""
        return (*self.subject.remarks(), *self.steps)

    def record(self) -> Record:
        """Return the steps as lines of text."""
        return {**self.subject.record(), "at": self.subject.sizes(), "derivation": AsText(self.steps)}


def derivation(model: Model, convention: Convention = EXACT, component: str | None = None) -> Derivation:
    """Derive a count step by step; raises what `explain` raises."""
    return Derivation(subject(model, convention), explain(model, convention, component))
