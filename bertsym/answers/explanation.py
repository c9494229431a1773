"""The derivation of a total, or of one component, step by step."""

from __future__ import annotations

from bertsym.answers.answer_context import Subject, subject
from bertsym.convention import EXACT, Convention
from bertsym.document import Document, Title
from bertsym.explain import PLAIN, Choices, explain
from bertsym.legend import legend
from bertsym.model import Model
from bertsym.report import AsText, Record
from bertsym.values import replace, value


@value
class Derivation:
    """A derivation that a reader can redo by hand; a `handout` begins with a title and a legend of its symbols."""

    subject: Subject
    steps: Document
    handout: bool = False

    def document(self) -> Document:
        """Return the derivation, step by step."""
        if not self.handout:
            return (*self.subject.remarks(), *self.steps)
        title = Title((f"The {self.subject.convention.unit.title} of {self.subject.model}, step by step",))
        counted = replace(self.subject, read_as="", head_reason="")  # they speak of the words that the user typed
        return (title, *counted.remarks(), *legend(self.steps, "Here "), *self.steps)

    def record(self) -> Record:
        """Return the steps as lines of text."""
        return {**self.subject.record(), "at": self.subject.sizes(), "derivation": AsText(self.steps)}


def derivation(
    model: Model,
    convention: Convention = EXACT,
    component: str | None = None,
    choices: Choices = PLAIN,
    *,
    handout: bool = False,
) -> Derivation:
    """Derive a count step by step; raises what `explain` raises."""
    return Derivation(subject(model, convention), explain(model, convention, component, choices), handout)
