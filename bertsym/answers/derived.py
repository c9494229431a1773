"""A closed form from model code, with the evidence for it and its limits."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Symbol

from bertsym.count import total
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import FixedBy
from bertsym.document import Code, Column, Document, Element, Heading, Inline, Paragraph, Remark, Result, Table
from bertsym.formulas.styles import Style, form
from bertsym.formulas.tree import Form, Name
from bertsym.report import AsLatex, Record
from bertsym.saved_model.code_names import renames, with_code_names
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value


@value
class DerivedFormula:
    """The formula of a derivation, its fields, the trials, and the tensors without a formula."""

    found: Derivation
    expression: Form

    def document(self) -> Document:
        """Return the formula, then the evidence for it and its limits."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Element]:
        found = self.found
        yield Remark((f"{found.derived.source}: derived by running this code",))
        if not found.whole:
            yield Remark(("NOT the total: only the tensors with a formula, see below",))
        yield Result((self.expression,))
        columns = ("symbol", "printed", "field", "tried")
        rows = tuple(
            (Code(str(symbol)), Name(symbol), Code(name), _tried(symbol, found.space.axis(name)))
            for name, symbol in self._varied()
        )
        yield Table(tuple(map(Column, columns)), rows)
        yield Heading(("trials",))
        for line in evidence(found):
            yield Paragraph(line)
        if found.refused:
            yield Heading(("without a formula",))
            lines = tuple((Code(refusal.tensor), refusal.part, refusal.reason) for refusal in found.refused)
            yield Table((Column("tensor"), Column("part"), Column("why")), lines)

    def _varied(self) -> list[tuple[str, Symbol]]:
        """Return the fields that have an effect or are in the formula, with their symbols."""
        used = set(self.found.derived.defaults)
        axes = [axis for axis in self.found.space.axes if not axis.no_effect or self.found.symbols[axis.name] in used]
        table = renames(self.found.derived)
        symbols = ((axis.name, self.found.symbols[axis.name]) for axis in axes)
        return [(name, table.get(symbol, symbol)) for name, symbol in symbols]

    def record(self) -> Record:
        """Return the record; `expression` covers all tensors only if `refused` is empty."""
        found = self.found
        return {
            "class": found.derived.cls,
            "source": found.derived.source,
            "convention": "exact",
            "expression": self.expression,
            "latex": AsLatex(self.expression),
            "whole": found.whole,
            "fields": [
                {
                    "field": name,
                    "symbol": str(symbol),
                    "unit": BY_SYMBOL[symbol].kind.value,
                    "tried": _tried(symbol, found.space.axis(name)),
                }
                for name, symbol in self._varied()
            ],
            "trials": found.trials,
            "edge_trials": found.edges,
            "builds": found.builds,
            "seed": found.seed,
            "false_pass_at_most": found.chance,
            "floors_not_bounded": found.rounded,
            "fixed_by_derivation": self._standing(FixedBy.DERIVATION),
            "fixed_by_code": self._standing(FixedBy.CODE),
            "without_effect": [
                *found.space.fields_without_effect,
                *(one["field"] for one in self._standing(FixedBy.NO_EFFECT)),
            ],
            "refused": [{"tensor": r.tensor, "part": r.part, "why": r.reason} for r in found.refused],
        }

    def _standing(self, kept: FixedBy) -> list[dict[str, str]]:
        return [{"field": one.name, "why": one.why} for one in self.found.space.fixed if one.fixed_by is kept]


def derived_formula(found: Derivation, style: Style = Style.COLLECTED) -> DerivedFormula:
    """Return the answer to a derivation."""
    return DerivedFormula(found, form(total(with_code_names(found.derived).model()), style))


def evidence(found: Derivation) -> Iterator[tuple[Inline, ...]]:
    """Yield sentences about the trials, and about what they prove."""
    yield from ((sentence,) for sentence in _trials(found))
    for routing in dict.fromkeys(tensor.routing for tensor in found.derived.tensors if tensor.routing is not None):
        chosen = "an unknown number" if routing.chosen is None else form(routing.chosen)
        rest = " work on a token. The names of the fields say so; no trial can show it."
        yield ("Of ", form(routing.among), " experts ", chosen, rest)


def _trials(found: Derivation) -> Iterator[str]:
    what = "names, shapes, ties and totals" if found.whole else "names, shapes and ties of the tensors with a formula"
    yield (
        f"Agreed with the code at {found.trials} random configurations and {found.edges} chosen ones (small values, "
        "equal sizes, deep stacks, both sides of conditions), in which all fields of the table change at once: "
        f"{what}. "
        f"Seed {found.seed}, {found.builds} builds in all."
    )
    yield (
        f"A wrong polynomial passed with a probability of at most {_power_of_ten(found)} (Schwartz-Zippel), if the "
        "code's own are of no higher degree. Conditions and roundings are tried; the bound does not cover them."
    )
    for one in found.space.fixed:
        how = "Fixed by the code" if one.fixed_by is FixedBy.CODE else "Fixed"
        yield f"{how}: {one.name}={str(found.space.base[one.name]).lower()}, {one.why}."
    yield "Fixed: fields that are neither numbers nor switches (texts, empty fields, the lengths of lists)."
    without = [name for name in found.space.fields_without_effect if found.symbols[name] not in found.derived.defaults]
    if without:
        yield f"No effect in any trial: {', '.join(without)}."


def _power_of_ten(found: Derivation) -> str:
    exponent = 0
    while found.chance * 10 ** (exponent + 1) <= 1 and exponent < 300:
        exponent += 1
    return f"10^-{exponent}" if exponent else "1"


def _tried(symbol: Symbol, axis: FieldDomain | None) -> str:
    """Return the values that sampling chooses from in words."""
    if BY_SYMBOL[symbol].kind is Kind.ORDER:
        return "random lists of all kinds of layers"
    return "as it is" if axis is None else axis.describe()
