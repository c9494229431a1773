"""The verdict on a number: the countings of a model that round or truncate to it at its stated precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bertsym.claims.interpretations import Counting, countings
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import parts
from bertsym.count import count
from bertsym.model import Model
from bertsym.quantities import Stated
from bertsym.symbols import tied
from bertsym.values import value

SIMPLE = 2
UNUSUAL = 3


@value
class Count:
    """A counting with its number at the model's sizes."""

    counting: Counting
    number: int
    cost: int


@value
class Match:
    """A counting that comes to the claimed number, at a precision, in one of three ways.

    `slip` is what would have had to happen on the way, such as a megabyte of 2^20: such a match explains a number and
    does not make it right.
    """

    count: Count
    step: int
    how: str
    slip: str = ""


@value
class NumberVerdict:
    """All that comes to the number, each counting at the finest precision at which it does; the whole; the nearest."""

    stated: Stated
    model: Model
    matches: tuple[Match, ...]
    nearest: tuple[Count, ...]
    whole: int

    @property
    def stands(self) -> bool:
        """Return True if some simple counting comes to the number without a slip."""
        return any(not match.slip for match in self.matches)

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        return Standing.STANDS if self.stands else Standing.FINDING


def judge_number(
    stated: Stated, model: Model, heads: Sequence[str], known: Sequence[Count] | None = None
) -> NumberVerdict:
    """Judge a number about a model whose sizes are known; raises `MissingSize` if a size is unknown.

    `known` is the model's `census`, if the caller has it already.
    """
    whole = count(model.with_head(heads[0]))
    counts = census(model, heads) if known is None else known
    matches: list[Match] = []
    taken: set[int] = set()
    for step in stated.steps:
        matching = [
            m for entry in counts if entry.number not in taken and (m := _match(stated, entry, step)) is not None
        ]
        matches.extend(matching)
        taken |= {match.count.number for match in matching}
    matches.extend(_slips(stated, counts, taken))
    complete = [entry for entry in counts if not entry.counting.scope and entry.cost <= 1]
    nearest = sorted(complete, key=lambda entry: (entry.number != whole, abs(entry.number - stated.value)))

    def rank(match: Match) -> tuple[bool, int, int, bool, int]:
        """Return a sort key: the finest precision, then the simplest counting, then the closest number."""
        distance = abs(match.count.number - stated.value)
        return (bool(match.slip), match.step, match.count.cost, match.how == "truncated", distance)

    return NumberVerdict(stated, model, tuple(sorted(matches, key=rank)), tuple(nearest[:3]), whole)


def census(model: Model, heads: Sequence[str]) -> tuple[Count, ...]:
    """Return every counting of the model, each number once, under its simplest name."""
    entries: dict[int, Count] = {}
    for index, (headed, cls, extra) in enumerate(_classes(model, heads)):
        for counting in countings(cls, parts(headed, fill=headed.given), whole=index > 0, most=UNUSUAL):
            cost = counting.cost + extra
            number = counting.terms.get(())
            if number is None or number.denominator != 1 or cost > UNUSUAL:
                continue
            known = entries.get(number.numerator)
            if known is None or cost < known.cost:
                entries[number.numerator] = Count(counting, number.numerator, cost)
    return tuple(sorted(entries.values(), key=lambda entry: entry.cost))


def _classes(model: Model, heads: Sequence[str]) -> Iterator[tuple[Model, str, int]]:
    """Yield the model under every head, and with an untied output embedding, each with its extra cost."""
    for index, head in enumerate(heads):
        headed = model.with_head(head)
        yield headed, headed.cls, int(index > 0)
    if tied in model.symbols and model.given.get(tied, True):
        for index, head in enumerate(heads):
            headed = model.with_head(head)
            if any(tensor.tied_to is not None for tensor in headed.tensors):
                yield (
                    headed.with_sizes({tied: False}),
                    f"{headed.cls} with an output embedding of its own",
                    1 + (index > 0),
                )


def _match(stated: Stated, entry: Count, step: int) -> Match | None:
    how = stated.holds(entry.number, step)
    allowed = UNUSUAL if how == "exact" else SIMPLE
    return Match(entry, step, how) if how and entry.cost <= allowed else None


def _slips(stated: Stated, counts: Sequence[Count], taken: set[int]) -> Iterator[Match]:
    """Yield countings that come to the number through binary units or an optimiser's slots, at the finest precision."""
    step = stated.steps[0]
    units = {10**6: 2**20, 10**9: 2**30}
    unit = next((u for u in sorted(units, reverse=True) if stated.value >= u and step <= u), None)
    for entry in counts:
        if entry.number in taken or entry.cost > 0:
            continue
        if step > 1 and unit is not None and stated.holds(entry.number * unit // units[unit], step) == "rounded":
            yield Match(
                entry, step, "rounded", f"divided by 2^{units[unit].bit_length() - 1} and sold as {_letter(unit)}"
            )
        for copies, what in ((3, "with Adam's two slots per parameter"), (2, "with one optimiser slot per parameter")):
            if how := stated.holds(entry.number * copies, step):
                yield Match(entry, step, how, what)


def _letter(unit: int) -> str:
    return "M" if unit == 10**6 else "B"
