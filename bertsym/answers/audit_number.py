"""The audit of a number: the counts that match it, each at its precision, or the parts that explain the difference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from bertsym.answers.answer_context import subject
from bertsym.claims.known_parts import Difference, Named
from bertsym.claims.number import Count as Counted
from bertsym.claims.number import Match, NumberVerdict, units
from bertsym.claims.numerals import BYTES
from bertsym.claims.precisions import PRECISIONS
from bertsym.claims.standing import Standing
from bertsym.convention import EXACT
from bertsym.document import Code, Column, Count, Document, Element, Inline, Paragraph, Remark, Sizes, Table
from bertsym.quantities import UNITS, decimal
from bertsym.report import Record
from bertsym.values import value

MAX_SHOWN = 5
MAX_FARFETCHED = 3


@value
class NumberAudit:
    """The verdict on a number."""

    verdict: NumberVerdict
    text: str

    @property
    def said(self) -> str:
        """Return the number as it was written, with its usual form if it was written in another: 110 million (110M)."""
        usual = _usual(self.verdict.stated.value)
        plain = re.fullmatch(r"[\d.,_]+[KMBT]?", self.text) is not None or self.verdict.in_bytes
        return self.text if plain else f"{self.text} ({usual})"

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return self.verdict.standing

    def document(self) -> Document:
        """Return the readings of the number, the finest first, each with the counts that match."""
        verdict = self.verdict
        lines: list[Element] = [Remark((self._name(), " at ", Sizes(subject(verdict.model, EXACT).at)))]
        if verdict.stands:
            lines.extend(self._standing())
        else:
            lines.extend(self._finding())
        return tuple(lines)

    def record(self) -> Record:
        """Return the verdict for programs, with `explanations` in the order of the document."""
        verdict = self.verdict
        return {
            "verdict": self.standing.value,
            "model": self._name(),
            "claimed": verdict.stated.value,
            "exact": verdict.whole,
            "at": subject(verdict.model, EXACT).sizes(),
            "terms": [],
            "explanations": [_match(match) for match in verdict.matches],
            "modules": [module.name for module in verdict.modules],
            "differences": [
                {
                    "counting": found.cls,
                    "count": found.whole,
                    "omitted": {part.name: part.number for part in found.omitted},
                    "added": {part.name: part.number for part in found.added},
                }
                for found in verdict.differences
            ],
            "nearest": [{"counting": c.counting.name, "count": c.number} for c in verdict.nearest],
        }

    def _name(self) -> str:
        return self.verdict.model.label or self.verdict.model.architecture.name

    def _standing(self) -> Iterable[Element]:
        """Yield the countings that make the number right, at each of its precisions."""
        verdict = self.verdict
        sound = [match for match in verdict.matches if match.sound]
        if verdict.modules:
            names = [piece for module in verdict.modules for piece in (", ", Code(module.name))]
            parts = [match.count.counting.name for match in sound if match.count.counting.part]
            also = f"; it is {parts[0]} too" if parts else ""
            yield Paragraph((f"stands: {self.said} is exactly each of ", *names[1:], f"{also}."))
        elif sound:
            yield Paragraph((f"stands: {self._best(sound[0])}.",))
        elif verdict.nearly is not None:
            yield Paragraph((f"stands within the tolerance: {self.said} is ", *_difference(verdict.nearly), "."))
            return
        for step in verdict.stated.steps:
            yield from self._reading(step, [match for match in sound if match.step == step])

    def _best(self, match: Match) -> str:
        return f"{self.said} is {match.count.counting.name}, {match.count.number:,}, {_how(match)}"

    def _reading(self, step: int, matches: Sequence[Match]) -> Iterable[Element]:
        verdict = self.verdict
        if len(verdict.stated.steps) > 1:
            several = f"{len(matches)} ways" if len(matches) > 1 else "one way" if matches else "no way"
            come = "come" if len(matches) > 1 else "comes"
            yield Paragraph(
                (f"{several} of counting {come} to {self.text} {_precision(verdict.stated.reading(step))}.",)
            )
        if matches and (len(matches) > 1 or len(verdict.stated.steps) > 1):
            yield _table(matches, MAX_SHOWN)

    def _finding(self) -> Iterable[Element]:
        """Yield the whole model, and what explains the difference: parts, far-fetched countings, slips."""
        verdict = self.verdict
        nearly = verdict.nearly
        if nearly is not None:
            yield Paragraph((f"nearly: {self.said} is ", *_difference(nearly), "."))
        elif verdict.differences:
            yield Paragraph((f"finding: {self.said} is ", *_difference(verdict.differences[0]), "."))
        else:
            yield Paragraph((f"finding: no way of counting that people use comes to {self.said}.",))
        rest = [found for found in verdict.differences if found is not (nearly or verdict.differences[0])]
        for found in rest:
            yield Paragraph(("It is also ", *_difference(found), "."))
        if verdict.in_bytes:
            yield Paragraph((f"A checkpoint of {verdict.model.cls}, {verdict.whole:,} parameters, has:",))
            yield _sizes(verdict)
            return
        yield Paragraph(("All of it, and the nearest:",))
        yield _nearest(verdict.nearest, verdict.stated.value)
        far = [match for match in verdict.matches if not match.slip]
        if far and not verdict.differences:
            yield Paragraph(("Only ways of counting that nobody uses come to it:",))
            yield _table(far, MAX_FARFETCHED)
        slips = [match for match in verdict.matches if match.slip]
        if slips:
            yield Paragraph(("It would be this, had something gone wrong on the way:",))
            yield _table(slips, MAX_SHOWN)


def _precision(reading: str) -> str:
    """Return the precision of a number as the end of a sentence."""
    return "exactly" if reading == "exact" else f"as a number of {reading}"


def _usual(number: int) -> str:
    """Write a number with the letter of its unit if nothing is lost by it.

    >>> _usual(110_000_000), _usual(109_480_000), _usual(109_482_240)
    ('110M', '109.48M', '109,482,240')
    """
    for letter, unit in reversed(UNITS.items()):
        if number >= unit > 1 and number % max(unit // 1_000, 10**4) == 0:
            return f"{decimal(Fraction(number, unit), 3).rstrip('0').rstrip('.')}{letter}"
    return f"{number:,}"


def _difference(found: Difference) -> tuple[Inline, ...]:
    """Say a class less some parts and with others, each with its number."""
    pieces: list[Inline] = [f"all of {found.cls}, ", Count(found.whole)]
    if found.omitted:
        pieces += [", but ", *_parts(found.omitted)]
    if found.added:
        pieces += [", and " if not found.omitted else "; with ", *_parts(found.added), " of another class"]
    return tuple(pieces)


def _parts(named: Sequence[Named]) -> Iterable[Inline]:
    pieces: list[Inline] = []
    for part in named:
        pieces += [" and ", f"the {part.name} (", Count(part.number), ")"]
    return pieces[1:]


def _match(match: Match) -> Record:
    return {
        "counting": match.count.counting.name,
        "count": match.count.number,
        "step": match.step,
        "how": match.how,
        "unit": match.unit or None,
        "slip": match.slip or None,
        "stands": match.sound,
    }


def _table(matches: Sequence[Match], most: int) -> Table:
    columns = (Column("counting"), Column("parameters", right=True), Column("how"))
    rows: list[tuple[Inline, ...]] = [
        (match.count.counting.name, Count(match.count.number), _how(match)) for match in matches[:most]
    ]
    if len(matches) > most:
        rows.append((f"and {len(matches) - most} more", "", ""))
    return Table(columns, tuple(rows))


def _how(match: Match) -> str:
    return ", ".join(filter(None, (match.how, match.unit, match.slip)))


def _sizes(verdict: NumberVerdict) -> Table:
    """Return the bytes of the whole model in the unit of the claim, at its precision or at each usual one."""
    usual = [precision for precision in PRECISIONS if precision.usual]
    chosen = usual if verdict.precision is None else [verdict.precision]
    rows = []
    for precision in chosen:
        size = verdict.whole * precision.size
        written = (f"{decimal(size / unit, 2)} {_letters(unit)}" for unit in units(verdict.unit))
        rows.append((precision.said, ", ".join(written)))
    return Table((Column("stored as"), Column("size", right=True)), tuple(rows))


def _letters(unit: int) -> str:
    return next(letters for letters, size in BYTES.items() if size == unit)


def _nearest(counted: tuple[Counted, ...], claimed: int) -> Table:
    columns = (Column("counting"), Column("parameters", right=True), Column("error of the claim", right=True))
    rows = tuple((c.counting.name, Count(c.number), f"{claimed - c.number:+,}".replace("-", "−")) for c in counted)
    return Table(columns, rows)
