"""The audit of a formula: the count that it equals, or its wrong terms and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from bertsym.claims.discrepancies import Row, Share
from bertsym.claims.formula import FormulaVerdict, Judgement
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


@value
class FormulaAudit:
    """The verdict on a formula."""

    verdict: FormulaVerdict

    @property
    def standing(self) -> Standing:
        """Return the verdict, which decides the exit code of the command line."""
        return self.verdict.standing

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Return the verdict on each claim: one."""
        return (self.standing,)

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
                lines.append(Paragraph(("stands: ", Count(figure.claimed), f" is {figure.how} from ", exact, ".")))
            else:
                lines.append(
                    Paragraph(("finding: the formula comes to ", exact, ", not to ", Count(figure.claimed), "."))
                )
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
            "at": {str(symbol): value for symbol, value in self.verdict.sizes.items()},
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
    if judgement.stands:
        others = judgement.equal[1:3]
        also = (
            f"; also {' or '.join(c.name for c in others if c.cost <= 2)}" if any(c.cost <= 2 for c in others) else ""
        )
        yield Paragraph(("stands: ", *subject, f" is exactly {judgement.nearest.name}{also}."))
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
    if judgement.baked:
        yield Paragraph(("It holds numbers in place of ", Sizes(judgement.baked), "."))
    if not judgement.stands:
        if judgement.equal:
            yield Paragraph((f"What it is exactly: {judgement.equal[0].name}.",))
        yield from _differences(verdict, judgement)
        return
    if judgement.beside:
        yield Paragraph(_beside(verdict, judgement))
    if judgement.short and not judgement.nearest.each:
        yield Paragraph(_left_out(verdict, judgement))


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
    return Sizes({symbol: verdict.sizes[symbol] for symbol in in_order(verdict.sizes)})


def _differences(verdict: FormulaVerdict, judgement: Judgement) -> Iterable[Element]:
    columns = (Column("term"), Column("claimed", right=True), Column("exact", right=True), Column("error", right=True))
    cells = tuple(
        (
            written({row.monomial: Fraction(1)}),
            _number(row.claimed),
            _number(row.exact),
            "" if row.cost is None else _number(row.cost),
        )
        for row in judgement.rows
    )
    footer: tuple[Inline, ...] = () if judgement.cost is None else ("sum", "", "", _number(judgement.cost))
    yield Paragraph(("Errors at ", _where(verdict), ":"))
    yield Table(columns, cells, footer if len(cells) > 1 else ())
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
