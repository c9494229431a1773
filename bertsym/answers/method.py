"""The method of an answer: how it counts, as sentences for the appendix of a paper or the note below a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bertsym import atlas
from bertsym.answers.answer_context import Subject, Tie
from bertsym.answers.citation import KEY
from bertsym.convention import Convention
from bertsym.document import Citation, Code, Document, Inline, Paragraph, Sizes
from bertsym.errors import Conflict
from bertsym.quantities import PARAMETERS
from bertsym.report import Report
from bertsym.version import __version__

MOST_TIES = 4
"""The tied tensors that a sentence names; a composite has dozens."""


def method(report: Report) -> Document:
    """Return one paragraph: the tool, the classes, the conventions, the ties and the sizes.

    Raises `Conflict` for an answer that counts no model.
    """
    subjects = _subjects(report)
    conventions = _conventions(report, subjects)
    if not subjects or not conventions:
        raise Conflict("--method", "the answer", "it counts no model")
    parameters = conventions[0].unit == PARAMETERS
    units = " and ".join(dict.fromkeys(convention.unit.title for convention in conventions))
    parts: list[Inline] = [
        f"Counts of {units} are exact; bertsym {__version__}",
        Citation(KEY),
        f" sums them over the {'tensors' if parameters else 'layers'} of ",
        *_listed([_class(subject) for subject in _unique(subjects)]),
        f". {'Convention' if len(conventions) == 1 else 'Conventions'} ",
        *_listed([(f"{convention.title}: {convention.meaning}",) for convention in conventions]),
        ".",
    ]
    if parameters:
        ties = tuple(dict.fromkeys(tie for subject in subjects for tie in subject.ties))
        parts += _ties(ties, conventions)
    if len(subjects) == 1 and subjects[0].at:
        parts += [" The sizes are ", Sizes(subjects[0].at), "."]
    return (Paragraph(tuple(parts)),)


def _subjects(report: Report) -> tuple[Subject, ...]:
    """Return the subjects of a report: one, or one for each model that it compares."""
    one = getattr(report, "subject", None)
    several = getattr(report, "subjects", None)
    if isinstance(one, Subject):
        return (one,)
    if isinstance(several, tuple) and all(isinstance(subject, Subject) for subject in several):
        return several
    return ()


def _conventions(report: Report, subjects: Sequence[Subject]) -> tuple[Convention, ...]:
    """Return the conventions under which a report counts: its own, or else that of its subjects."""
    own = getattr(report, "conventions", None)
    return own if isinstance(own, tuple) else tuple(dict.fromkeys(subject.convention for subject in subjects))


def _unique(subjects: Iterable[Subject]) -> list[Subject]:
    """Return one subject for each class."""
    return list({(subject.cls, subject.paper): subject for subject in subjects}.values())


def _class(subject: Subject) -> tuple[Inline, ...]:
    """Return the class, and where its formulas come from: a paper, or the code that was run."""
    if not subject.paper:
        return (Code(subject.cls),)
    if subject.of_zoo:
        return (Code(subject.cls), f", the model of {subject.paper}, tested against {atlas.source()}")
    return (Code(subject.cls), f", as {subject.paper} builds it")


def _listed(clauses: Sequence[tuple[Inline, ...]]) -> list[Inline]:
    """Return clauses with semicolons between them, because each may hold a comma."""
    parts: list[Inline] = []
    for index, clause in enumerate(clauses):
        if index:
            parts.append("; " if index < len(clauses) - 1 else "; and ")
        parts += clause
    return parts


def _ties(ties: Sequence[Tie], conventions: Sequence[Convention]) -> list[Inline]:
    """Return the sentences about tensors that share their values."""
    if not ties:
        return [" No two tensors share their values."]
    sharing: dict[tuple[str, bool], list[str]] = {}
    for tie in ties[:MOST_TIES]:
        sharing.setdefault((tie.target, tie.sure), []).append(tie.name)
    clauses: list[tuple[Inline, ...]] = []
    for (target, sure), names in sharing.items():
        verb = " has the values of " if len(names) == 1 else " have the values of "
        condition = () if sure else (" if they are tied",)
        clauses.append((*_and([Code(name) for name in names]), verb, Code(target), *condition))
    if len(ties) > MOST_TIES:
        clauses.append((f"{len(ties) - MOST_TIES} more tensors have those of others",))
    each = [convention.title for convention in conventions if not convention.ties_once]
    counting = "once" if not each else "at each name"
    if 0 < len(each) < len(conventions):
        counting = f"once, but at each name under {' and '.join(each)}"
    return [" ", *_listed(clauses), f". Shared values count {counting}."]


def _and(names: Sequence[Inline]) -> list[Inline]:
    """Return names with commas between them, and with `and` before the last."""
    parts = [names[0]]
    for index, name in enumerate(names[1:], start=2):
        parts += [" and " if index == len(names) else ", ", name]
    return parts
