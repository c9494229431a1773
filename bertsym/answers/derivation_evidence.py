"""Why does a tensor have this formula, or none: its observations, the sizes that affect it, the refuted candidates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sympy import Expr, Symbol

from bertsym.derive.conclusions import formula_text, loop_text
from bertsym.derive.derivation import SynthesisInput
from bertsym.derive.synthesis.evidence import PartEvidence, TensorEvidence, explain_tensor
from bertsym.derive.synthesis.name_templates import mine_templates
from bertsym.derive.synthesis.runners_up import PartFormula, PartValue
from bertsym.derive.types import Number
from bertsym.document import Code, Column, Document, Element, Heading, Inline, Paragraph, Remark, Table
from bertsym.errors import BertsymError, UnknownName, echo, printable
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import Name
from bertsym.report import Record
from bertsym.values import value

MAX_SHOWN_OBSERVATIONS = 12
MAX_LISTED_TENSORS = 20


@value
class AmbiguousTensor(BertsymError):
    """A part of a name that several tensors have.

    >>> print(AmbiguousTensor("bias", ("up.bias", "down.bias")))
    tensor 'bias': 2 tensors match; name one of up.bias, down.bias
    """

    name: str
    matches: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(map(printable, self.matches[:MAX_LISTED_TENSORS]))
        more = f" and {len(self.matches) - MAX_LISTED_TENSORS} more" if len(self.matches) > MAX_LISTED_TENSORS else ""
        return f"tensor {echo(self.name)}: {len(self.matches)} tensors match; name one of {shown}{more}"


@value
class DerivationEvidence:
    """The evidence of some tensors of one derivation. `problem` says why the derivation failed, if it did."""

    target: str
    problem: str
    tensors: tuple[TensorEvidence, ...]

    def document(self) -> Document:
        """Return a section for each tensor: its parts, then the evidence of each part that varies."""
        return tuple(self._elements())

    def _elements(self) -> Iterator[Element]:
        problem = f": not derived, {self.problem}" if self.problem else ""
        yield Remark((f"{self.target}: evidence of its last synthesis{problem}",))
        for tensor in self.tensors:
            yield Heading((Code(tensor.template),))
            if tensor.failure is not None:
                yield Paragraph(("No formula: ", tensor.failure.part, ", ", tensor.failure.reason, "."))
            elif tensor.tensor is not None and tensor.tensor.loops:
                loops = "; ".join(map(loop_text, tensor.tensor.loops))
                yield Paragraph(("Formula for the indices ", Code(loops), "."))
            columns = (Column("part"), Column("formula"), Column("affected by"), Column("builds", right=True))
            rows = tuple(
                (part.part, _formula(part, tensor), _symbols(part.affecting), str(part.builds)) for part in tensor.parts
            )
            yield Table(columns, rows)
            failed = tensor.failed_part
            for part in tensor.parts if failed is None else (failed,):
                if part.runners_up or len({observation.value for observation in part.observations}) > 1:
                    yield from _part_elements(part)

    def record(self) -> Record:
        """Return every observation and candidate; formulas and conditions are texts in the syntax of saved models."""
        return {
            "target": self.target,
            "problem": self.problem or None,
            "tensors": [
                {
                    "tensor": tensor.template,
                    "failure": None
                    if tensor.failure is None
                    else {"part": tensor.failure.part, "why": tensor.failure.reason},
                    "loops": None if tensor.tensor is None else [loop_text(loop) for loop in tensor.tensor.loops],
                    "parts": [_part_record(part) for part in tensor.parts],
                }
                for tensor in self.tensors
            ],
        }


def derivation_evidence(
    target: str, given: SynthesisInput, names: Sequence[str], problem: str = ""
) -> DerivationEvidence:
    """Return the evidence of each tensor that is named.

    A name is a template (`layer.{}.weight`), the name of one tensor (`layer.3.weight`), or a part of one template.
    Raises `UnknownName`, or `AmbiguousTensor` if several templates have the part.
    """
    templates = {template.pattern: template for template in mine_templates(given.observations)}
    named = dict.fromkeys(template for name in names for template in _matching(name, tuple(templates), given))
    evidence = (explain_tensor(name, given.observations, given.active, given.traces, given.lists) for name in named)
    return DerivationEvidence(target, problem, tuple(one for tensor in evidence for one in tensor))


def _matching(name: str, templates: Sequence[str], given: SynthesisInput) -> Sequence[str]:
    if name in templates or any(name in observation.inventory for observation in given.observations):
        return (name,)
    # An index may be literal in a template, or open in a template and a number in the name.
    shape = re.compile(
        "|".join((re.escape(name).replace(r"\{\}", r"(?:\d+|\{\})"), re.escape(re.sub(r"\d+", "{}", name))))
    )
    whole = [template for template in templates if shape.fullmatch(template)]
    matches = whole or [template for template in templates if name and shape.search(template)]
    if not matches:
        raise UnknownName("tensor", name, templates, "a name as the code has it, or a template with {}")
    if len(matches) > 1 and not whole:
        raise AmbiguousTensor(name, tuple(matches))
    return matches


def _part_elements(part: PartEvidence) -> Iterator[Element]:
    """Yield the observations of a part and the candidates that they refute."""
    every = part.observations
    shown = every[:: max(-(-len(every) // MAX_SHOWN_OBSERVATIONS), 1)]
    count = f"{len(shown)} of {len(every)}" if len(shown) < len(every) else str(len(every))
    yield Heading((f"{part.part}: {count} observations",))
    symbols = list(every[0].sizes) if every else []
    columns = (
        *(Column(Name(symbol), right=True) for symbol in symbols),
        Column(part.part),
        Column("builds", right=True),
    )
    rows = tuple(
        (
            *(_number(observation.sizes[symbol]) for symbol in symbols),
            _value(observation.value),
            str(observation.builds),
        )
        for observation in shown
    )
    yield Table(columns, rows)
    if part.runners_up:
        titles = ("refuted candidate", "fits", "at", "predicts", "built")
        candidates = tuple(
            (
                _inline(runner_up.formula),
                f"{runner_up.fits} of {part.builds}",
                _sizes(runner_up.sizes),
                _value(runner_up.predicted),
                _value(runner_up.actual),
            )
            for runner_up in part.runners_up
        )
        yield Table(tuple(map(Column, titles)), candidates)


def _formula(part: PartEvidence, tensor: TensorEvidence) -> Inline:
    if part.formula is not None:
        return _inline(part.formula)
    return "none" if tensor.failure is None or part.part == tensor.failure.part else "not reached"


def _inline(formula: PartFormula) -> Inline:
    return form(formula, Style.COLLECTED) if isinstance(formula, Expr) else Code(formula_text(formula))


def _symbols(symbols: Sequence[Symbol]) -> str:
    return ", ".join(map(str, symbols)) or "nothing"


def _sizes(sizes: Mapping[Symbol, Number]) -> str:
    return ", ".join(f"{symbol}={_number(number)}" for symbol, number in sizes.items())


def _number(number: Number) -> str:
    return str(number).lower()


def _value(found: PartValue) -> str:
    match found:
        case None:
            return "none"
        case bool():
            return "yes" if found else "no"
        case tuple():
            return " ".join(map(str, found))
    return str(found)


def _part_record(part: PartEvidence) -> Record:
    return {
        "part": part.part,
        "formula": None if part.formula is None else formula_text(part.formula),
        "affected_by": [str(symbol) for symbol in part.affecting],
        "builds": part.builds,
        "observations": [
            {"sizes": _json_sizes(observation.sizes), "value": _json(observation.value), "builds": observation.builds}
            for observation in part.observations
        ],
        "refuted": [
            {
                "formula": formula_text(runner_up.formula),
                "fits": runner_up.fits,
                "at": _json_sizes(runner_up.sizes),
                "predicted": _json(runner_up.predicted),
                "built": _json(runner_up.actual),
            }
            for runner_up in part.runners_up
        ],
    }


def _json_sizes(sizes: Mapping[Symbol, Number]) -> Record:
    return {str(symbol): number for symbol, number in sizes.items()}


def _json(found: PartValue) -> Record:
    return list(found) if isinstance(found, tuple) else found
