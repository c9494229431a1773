"""The audit of a formula: the count that it equals, or its wrong terms and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.discrepancies import Row, Share
from bertsym.claims.formula import SIMPLE, FormulaVerdict, Judgement
from bertsym.claims.omissions import Omissions
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import add, number
from bertsym.document import Code, Column, Count, Document, Element, Inline, Paragraph, Sizes, Table
from bertsym.formulas.monomial_order import Terms
from bertsym.formulas.styles import Style, from_terms
from bertsym.formulas.tree import Form
from bertsym.report import AsText, Record
from bertsym.symbols import in_order
from bertsym.values import value

MAX_NAMED = 6
MAX_ALSO = 5


@value
class FormulaAudit:
    """The verdict on a formula."""

    verdict: FormulaVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return the judgement of each side in turn."""
        lines: list[Element] = []
        if not self.verdict.agree:
            forms = _between(
                " = ", (judgement.form for judgement in self.verdict.judgements if _is_side(self, judgement))
            )
            lines.append(Paragraph(("finding: the sides of ", *forms, " are not equal.")))
        for judgement in self.verdict.judgements:
            lines.extend(_judged(self.verdict, judgement))
        for figure in self.verdict.figures:
            exact: Inline = Count(int(figure.exact))
            if figure.how:
                where = _where(self.verdict)
                lines.append(
                    Paragraph(("stands: ", Count(figure.claimed), f" is {figure.how} from ", exact, " at ", where, "."))
                )
            else:
                lines.append(
                    Paragraph(
                        (
                            "finding: the formula comes to ",
                            exact,
                            " at ",
                            _where(self.verdict),
                            ", not to ",
                            Count(figure.claimed),
                            ".",
                        )
                    )
                )
        if self.verdict.unjudged:
            numbers = ", ".join(map(_number, self.verdict.unjudged))
            lines.append(Paragraph((f"unread: the formula cannot be compared with {numbers}: give every size.",)))
        return tuple(lines)

    def record(self) -> Record:
        """Return the claimed and exact terms of the first wrong side; `terms` and `explanations` of all sides."""
        judgements = self.verdict.judgements
        chief = next((judgement for judgement in judgements if not judgement.stands), judgements[0])
        sentences = tuple(element for element in self.document() if isinstance(element, Paragraph))
        return {
            "verdict": self.standing.value,
            "model": self.verdict.model.label or self.verdict.model.architecture.name,
            "counting": chief.nearest.name,
            "claimed": chief.form,
            "exact": written(chief.nearest.terms),
            "error": chief.cost,
            "at": {str(symbol): value for symbol, value in _given(self.verdict).items()},
            "terms": [_term(row) for judgement in judgements for row in judgement.rows],
            "sides": [{"claimed": j.form, "stands": j.stands, "counting": j.nearest.name} for j in judgements],
            "explanations": AsText(sentences),
        }


def written(terms: Terms) -> Form:
    """Write a polynomial as people write it."""
    return from_terms(terms, Style.COLLECTED)


def _is_side(audit: FormulaAudit, judgement: Judgement) -> bool:
    return any(judgement.form == side.form for side in audit.verdict.reading.sides)


def _judged(verdict: FormulaVerdict, judgement: Judgement) -> Iterable[Element]:
    subject: tuple[Inline, ...] = (judgement.form, f" ({judgement.words})") if judgement.words else (judgement.form,)
    if judgement.rounds is not None:
        yield Paragraph(
            ("stands: ", *subject, " is an approximation: it drops ", *_sized(verdict, judgement.rounds), ".")
        )
        return
    if judgement.stands and judgement.omissions is not None:
        omitted = _omitted(verdict, judgement.omissions)
        yield Paragraph(("stands within the tolerance: ", *subject, " is ", *omitted, "."))
        return
    if judgement.stands:
        yield Paragraph(("stands: ", *subject, f" is exactly {_listed(judgement)}", *_assumed(judgement), "."))
    elif judgement.omissions is not None:
        word = "nearly" if judgement.nearly else "finding"
        yield Paragraph((f"{word}: ", *subject, " is ", *_omitted(verdict, judgement.omissions), "."))
        yield from _numbers_as_sizes(judgement)
        return
    else:
        yield Paragraph(
            (
                "finding: ",
                *subject,
                f" is not {judgement.nearest.name}, which is the nearest: ",
                written(judgement.nearest.terms),
                ".",
            )
        )
    if judgement.contrary:
        same = ", ".join(f"{symbol} = {as_many}" for symbol, as_many in judgement.contrary.items())
        sizes = {s: judgement.sizes[s] for pair in judgement.contrary.items() for s in pair if s in judgement.sizes}
        yield Paragraph((f"It would be right where {same}, but here ", Sizes(sizes), "."))
    yield from _numbers_as_sizes(judgement)
    if judgement.baked:
        yield Paragraph(("It holds numbers in place of ", Sizes(judgement.baked), "."))
    if not judgement.stands:
        if judgement.equal:
            yield Paragraph((f"What it is exactly: {judgement.equal[0].name}.",))
        yield from _differences(verdict, judgement)
        return
    if judgement.beside:
        yield Paragraph(_beside(verdict, judgement))
    if judgement.short and not judgement.nearest.each and judgement.nearest.cls == verdict.model.cls:
        yield Paragraph(_left_out(verdict, judgement))


def _numbers_as_sizes(judgement: Judgement) -> Iterable[Element]:
    if (sized := judgement.sized) is not None:
        yield Paragraph(("Its numbers are read as sizes: ", sized.form, " with ", Sizes(sized.sizes), "."))


def _omitted(verdict: FormulaVerdict, found: Omissions) -> tuple[Inline, ...]:
    """Name and size what a claim leaves out of a counting that people use."""
    pieces: list[Inline] = []
    for omission in found.parts:
        pieces += [" and ", f"the {omission.name} (", *_sized(verdict, omission.terms), ")"]
    return (f"all of {found.counting.name} but ", *pieces[1:])


def _sized(verdict: FormulaVerdict, terms: Terms) -> tuple[Inline, ...]:
    """Write terms, and their number at the sizes of the question."""
    total = number(terms, verdict.sizes)
    if total is None or set(terms) <= {()}:
        return (written(terms),)
    return (written(terms), " = ", Count(int(total)), " at ", _where(verdict))


def _listed(judgement: Judgement) -> str:
    """Name the counting, and others that are as simple or nearly so: query, key and value have as many each."""
    first, *others = judgement.equal
    also = [c for c in others if c.cost <= SIMPLE and c.sound and c.name != first.name]
    shown = [c.name.removeprefix(f"{first.cls}, ") for c in also[:MAX_ALSO]]
    more = f" and {len(also) - MAX_ALSO} more" if len(also) > MAX_ALSO else ""
    return first.name + (f"; also {'; '.join(shown)}{more}" if shown else "")


def _assumed(judgement: Judgement) -> tuple[Inline, ...]:
    """Say which sizes have to be equal for the claim to hold."""
    equal = ", ".join(f"{symbol} = {as_many}" for symbol, as_many in judgement.assumed.items())
    return (f", right where {equal}",) if equal else ()


def _beside(verdict: FormulaVerdict, judgement: Judgement) -> tuple[Inline, ...]:
    """Say which other tensors the counted components have."""
    amounts = [judgement.nearest.amount(part) for part in judgement.beside]
    components = " and ".join(dict.fromkeys(part.tensor.component for part in judgement.beside))
    names: list[Inline] = [piece for part in judgement.beside[:MAX_NAMED] for piece in (", ", Code(part.name))]
    more = len(judgement.beside) - MAX_NAMED
    total = number(add(amounts), verdict.sizes)
    size: tuple[Inline, ...] = () if total is None else (", which is ", Count(int(total)), " at ", _where(verdict))
    rest = f" and {more} more" if more > 0 else ""
    return (f"Of {components} it leaves out ", written(add(amounts)), *size, ": ", *names[1:], f"{rest}.")


def _left_out(verdict: FormulaVerdict, judgement: Judgement) -> tuple[Inline, ...]:
    rest = written({monomial: -value for monomial, value in judgement.short.items()})
    parts: tuple[Inline, ...] = (f"Against all of {verdict.model.cls} it leaves out ", rest)
    if judgement.left_out is not None:
        return (*parts, ", which is ", Count(-int(judgement.left_out)), " at ", _where(verdict), ".")
    return (*parts, ".")


def _where(verdict: FormulaVerdict) -> Inline:
    if verdict.model.label and verdict.model.given:
        return verdict.model.label
    if not verdict.model.given:
        return verdict.model.architecture.base
    given = _given(verdict)
    return Sizes({symbol: given[symbol] for symbol in in_order(given)})


def _given(verdict: FormulaVerdict) -> Mapping[Symbol, Value]:
    """Return the sizes of the question: the model's, or those of the base model."""
    model = verdict.model
    return model.given or model.architecture.sizes[model.architecture.base].values


def _differences(verdict: FormulaVerdict, judgement: Judgement) -> Iterable[Element]:
    costed = all(row.cost is not None for row in judgement.rows)
    columns = [Column("term"), Column("claimed", right=True), Column("exact", right=True)]
    cells = [[written({row.monomial: Fraction(1)}), _number(row.claimed), _number(row.exact)] for row in judgement.rows]
    footer: tuple[Inline, ...] = ()
    if costed:
        columns.append(Column("error", right=True))
        errors = [row.cost or Fraction(0) for row in judgement.rows]
        cells = [[*cell, _number(error)] for cell, error in zip(cells, errors, strict=True)]
        if len(cells) > 1 and sum(errors) != 0:
            footer = ("sum", "", "", _number(sum(errors, Fraction(0))))
        yield Paragraph(("Errors at ", _where(verdict), ":"))
    yield Table(tuple(columns), tuple(tuple(cell) for cell in cells), footer)
    if costed and len(cells) > 1 and not footer:
        yield Paragraph(
            (
                "The errors cancel at ",
                _where(verdict),
                ", and not at other sizes.",
            )
        )
    for row in judgement.rows:
        yield Paragraph((written({row.monomial: Fraction(1)}), ": ", *_why(row, named=bool(judgement.words))))


def _number(value: Fraction) -> str:
    text = f"{value.numerator:,}" if value.denominator == 1 else str(value)
    return text.replace("-", "−")


def _why(row: Row, *, named: bool) -> tuple[Inline, ...]:
    """Say in one sentence what the error of a term is."""
    if row.cancels:
        cancel = "the heads should cancel, since heads times head size is the hidden size"
        return (f"{cancel}; without them it is ", *_named(row.found), ".") if row.found else (f"{cancel}.",)
    if row.found:
        return (
            *_named(row.found),
            f" add up to {_number(row.claimed)}; ",
            *_named(row.missing),
            _are(row.missing),
            " missing.",
        )
    if row.claimed > row.exact and row.surplus and not (named and row.times):
        return (*_named(row.surplus), f" would make up the {_number(row.claimed - row.exact)} too many.")
    if row.times is not None and row.times > 1:
        return (*_named(row.shares), f" come to {_number(row.exact)}; the claim has {row.times} times as much.")
    if row.claimed == 0:
        return (*_named(row.shares), _are(row.shares), " missing.")
    if row.exact == 0:
        return ("no tensor has such a term.",)
    return (*_named(row.shares), f" come to {_number(row.exact)}, not {_number(row.claimed)}.")


def _named(shares: Iterable[Share]) -> tuple[Inline, ...]:
    pieces: list[Inline] = []
    for share in shares:
        for name in share.names:
            pieces.extend((", ", Code(name)))
        pieces.append(f" ({_number(share.coefficient)})")
    return tuple(pieces[1:])


def _are(shares: tuple[Share, ...]) -> str:
    return " is" if sum(len(share.names) for share in shares) == 1 else " are"


def _between(mark: str, forms: Iterable[Form]) -> tuple[Inline, ...]:
    pieces: list[Inline] = []
    for form in forms:
        pieces.extend((mark, form))
    return tuple(pieces[1:])


def _term(row: Row) -> Record:
    return {
        "term": written({row.monomial: Fraction(1)}),
        "claimed": row.claimed,
        "exact": row.exact,
        "cost": row.cost,
        "made_of": [name for share in row.shares for name in share.names],
        "claim_has": [name for share in row.found for name in share.names],
        "missing": [name for share in row.missing for name in share.names],
        "heads_cancel": row.cancels,
    }
