"""The verdict on a number: the countings of a model that come to it at its stated precision, or what explains it.

A number stands if a custom of counting a whole model rounds to it, or if a part is exactly as large. Every liberty that
a match takes has a price, and one liberty is allowed: another custom than the exact count, a cut instead of a rounding,
trailing zeros that do not count, or one digit that misses by more than a twentieth. With a cut and with zeros, another
class than the one asked about is a liberty too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from bertsym.claims.customs import IMAGE_CLASSIFIER, IMAGE_LABELS
from bertsym.claims.interpretations import Counting, countings
from bertsym.claims.known_parts import Difference, Named, differences, modules_of
from bertsym.claims.numerals import PARTS_OF_A_UNIT
from bertsym.claims.omissions import NEGLIGIBLE
from bertsym.claims.parts import OF_ONE_HEAD, named_parts
from bertsym.claims.precisions import PRECISIONS, Precision
from bertsym.claims.scopes import says_total, scope_named
from bertsym.claims.standing import Standing
from bertsym.claims.tensor_polynomials import parts
from bertsym.count import count
from bertsym.model import Model
from bertsym.quantities import Stated
from bertsym.symbols import labels, tied
from bertsym.values import value

_ONE_HEAD = re.compile(r"\b(?:attention|each|one|per|single|a)[ -]head\b", re.IGNORECASE)
# The liberties of a match that stands.
ALLOWED = 1
# The cost of the countings that explain a number: rounded numbers with few words, exact ones with more.
SIMPLE = 2
UNUSUAL = 3
# A reading without the trailing zeros is off by this share at most, as two digits are, and a cut by twice as much.
COARSE = Fraction(1, 20)
CUT = Fraction(1, 10)


@value
class Count:
    """A counting with its number at the model's sizes. `changed` says that the model is not quite the one asked for."""

    counting: Counting
    number: int
    cost: int
    changed: bool = False


@value
class Match:
    """A counting that comes to the claimed number, at a precision, in one of three ways.

    `liberties` is the number of liberties that the match takes. `slip` is what would have had to happen on the way,
    such as a megabyte of 2^20: such a match explains a number and does not make it right. `unit` says how bytes count.
    """

    count: Count
    step: int
    how: str
    slip: str = ""
    liberties: int = 0
    unit: str = ""

    @property
    def sound(self) -> bool:
        """Return True if the match makes the claim stand."""
        return not self.slip and self.liberties <= ALLOWED and self.count.counting.sound and not self.count.changed


@value
class NumberVerdict:
    """All that comes to the number, each counting at the finest precision at which it does; the whole; the nearest.

    `modules` are the modules that are exactly as large as an exact number. `differences` are sums and differences of a
    class and of known parts that come to an exact number which nothing else explains. A number of bytes has its `unit`
    in bytes, and the `precision` that the claim names.
    """

    stated: Stated
    model: Model
    matches: tuple[Match, ...]
    nearest: tuple[Count, ...]
    whole: int
    modules: tuple[Named, ...] = ()
    differences: tuple[Difference, ...] = ()
    tolerance: Fraction = Fraction(0)
    unit: int = 0
    precision: Precision | None = None

    @property
    def in_bytes(self) -> bool:
        """Return True if the number counts the bytes of a checkpoint."""
        return self.unit > 0

    @property
    def stands(self) -> bool:
        """Return True if a custom of counting comes to the number, or a part is as large, or little is left out."""
        nearly = self.nearly
        tolerated = nearly is not None and nearly.omitted[0].number <= self.tolerance * nearly.whole
        return bool(self.modules) or tolerated or any(match.sound for match in self.matches)

    @property
    def nearly(self) -> Difference | None:
        """Return the small part that an exact number leaves out, or None."""
        for found in self.differences:
            small = len(found.omitted) == 1 and found.omitted[0].number <= NEGLIGIBLE * found.whole
            if small and not found.added and found.cls == self.model.cls:
                return found
        return None

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        if self.stands:
            return Standing.STANDS
        return Standing.NEARLY if self.nearly is not None else Standing.FINDING


def judge_number(
    stated: Stated,
    model: Model,
    heads: Sequence[str],
    known: Sequence[Count] | None = None,
    *,
    unit: int = 0,
    precision: Precision | None = None,
    words: str = "",
    whole: bool = False,
) -> NumberVerdict:
    """Judge a number about a model whose sizes are known; raises `MissingSize` if a size is unknown.

    `known` is the model's `census`, if the caller has it already. `unit` is the number of bytes in the number's unit,
    if it counts the bytes of a checkpoint, at a `precision` if the claim names one. `words` say which part the number
    counts, such as `non-embedding`. With `whole` the claim is about all of the model, so no part makes it right.
    """
    scope = scope_named(words)
    everything = count(model.with_head(heads[0]))
    counts = census(model, heads) if known is None else known
    if _ONE_HEAD.search(words) is not None:
        counts = [entry for entry in _of_parts(model.with_head(heads[0])) if entry.counting.scope.endswith(OF_ONE_HEAD)]
    elif scope is not None:
        # A single table, such as that of tokens, is no way to count a model, and so in no census.
        counts = [entry for entry in counts if scope(entry.counting)] or [
            entry for entry in _of_parts(model.with_head(heads[0])) if scope(entry.counting)
        ]
    elif whole:
        counts = [entry for entry in counts if not entry.counting.part]
    if scope is None and says_total(words):
        counts = [entry for entry in counts if not entry.counting.active]
    complete = [entry for entry in counts if not entry.counting.scope and entry.cost <= 1] or list(counts)
    if unit:
        sized = sorted(
            _in_bytes(stated, unit, precision, counts), key=lambda match: (match.liberties, match.count.cost)
        )
        return NumberVerdict(
            stated, model, tuple(sized), tuple(complete[:3]), everything, unit=unit, precision=precision
        )
    matches = []
    own = model.with_head(heads[0]).cls
    taken: set[int] = set()
    for step in stated.steps:
        matching = [
            m
            for entry in counts
            if entry.number not in taken
            and (m := _match(stated, entry, step, own, named=scope is not None)) is not None
        ]
        matches.extend(matching)
        taken |= {match.count.number for match in matching}
    matches.extend(_slips(stated, counts, taken))
    nearest = sorted(complete, key=lambda entry: (entry.number != everything, abs(entry.number - stated.value)))

    def rank(match: Match) -> tuple[bool, bool, int, int, bool, int]:
        """Return a sort key: what stands, the finest precision, then the simplest counting, then the closest number."""
        distance = abs(match.count.number - stated.value)
        return (bool(match.slip), not match.sound, match.step, match.count.cost, match.how == "truncated", distance)

    found = tuple(sorted(matches, key=rank))
    exact = stated.steps[0] == 1
    sound = any(match.sound for match in found)
    plain = any(match.sound and match.count.cost == 0 for match in found)
    modules = modules_of(model, heads, stated.value) if exact and not plain and scope is None and not whole else ()
    explained = differences(model, heads, stated.value) if exact and not sound and not modules else ()
    return NumberVerdict(stated, model, found, tuple(nearest[:3]), everything, modules, explained)


def _of_parts(model: Model) -> Iterator[Count]:
    """Yield every part of the model that has a name, such as a table or one head's share of a projection."""
    for counting in named_parts(model.cls, parts(model, fill=model.given)):
        number = counting.terms.get(())
        if number is not None and number.denominator == 1:
            yield Count(counting, number.numerator, counting.cost)


def census(model: Model, heads: Sequence[str]) -> tuple[Count, ...]:
    """Return every counting of the model, each number once, under its simplest name."""
    entries: dict[int, Count] = {}
    for index, (headed, cls, extra, changed) in enumerate(_classes(model, heads)):
        for counting in countings(cls, parts(headed, fill=headed.given), whole=index > 0, most=UNUSUAL):
            cost = counting.cost + extra
            number = counting.terms.get(())
            if number is None or number.denominator != 1 or cost > UNUSUAL:
                continue
            known = entries.get(number.numerator)
            entry = Count(counting, number.numerator, cost, changed)
            if known is None or _simplicity(entry) < _simplicity(known):
                entries[number.numerator] = entry
    return tuple(sorted(entries.values(), key=lambda entry: entry.cost))


def _simplicity(entry: Count) -> tuple[bool, int]:
    """Return a sort key: a counting that people use before one that only fits."""
    return (not entry.counting.sound or entry.changed, entry.cost)


def _classes(model: Model, heads: Sequence[str]) -> Iterator[tuple[Model, str, int, bool]]:
    """Yield the model under every head, as its users build it, and changed: each with its name and its extra cost.

    A classifier of images has the labels of ImageNet. A changed model has an untied output embedding.
    """
    for index, head in enumerate(heads):
        headed = model.with_head(head)
        yield headed, headed.cls, int(index > 0), False
    for head in heads:
        headed = model.with_head(head)
        if head.startswith(IMAGE_CLASSIFIER) and labels in headed.symbols and labels not in headed.given:
            yield headed.with_sizes({labels: IMAGE_LABELS}), f"{headed.cls} with {IMAGE_LABELS:,} labels", 0, False
    if tied in model.symbols and model.given.get(tied, True):
        for index, head in enumerate(heads):
            headed = model.with_head(head)
            if any(tensor.tied_to is not None for tensor in headed.tensors):
                yield (
                    headed.with_sizes({tied: False}),
                    f"{headed.cls} with an output embedding of its own",
                    1 + (index > 0),
                    True,
                )


def _match(stated: Stated, entry: Count, step: int, own: str, *, named: bool) -> Match | None:
    """Return the match of a counting at a precision, with the liberties that it takes; None if it does not match.

    A part is no liberty if the claim is `named` for it.
    """
    how = stated.holds(entry.number, step)
    counting = entry.counting
    if not how or entry.cost > (UNUSUAL if how == "exact" else SIMPLE):
        return None
    coarse = step != stated.steps[0]
    miss = abs(entry.number - stated.value)
    far = miss > COARSE * entry.number
    if (far and coarse) or (how == "truncated" and miss > CUT * entry.number):
        return None
    custom = counting.custom
    other = not named and (custom is None or custom.name != "exact")
    part = not named and counting.part and how != "exact"
    loose = coarse or how == "truncated"
    liberties = (
        other + coarse + (how == "truncated") + part + (far and how == "rounded") + (loose and counting.cls != own)
    )
    return Match(entry, step, how, "", liberties)


def _in_bytes(stated: Stated, unit: int, precision: Precision | None, counts: Sequence[Count]) -> Iterator[Match]:
    """Yield the whole models whose checkpoint has that size, at each precision, in decimal and binary units."""
    for entry in counts:
        custom = entry.counting.custom
        if custom is None or custom.name not in ("exact", "state-dict"):
            continue
        for chosen in (precision,) if precision is not None else PRECISIONS:
            for divisor in units(unit):
                scaled = entry.number * chosen.size * PARTS_OF_A_UNIT / divisor
                step = next((step for step in stated.steps if _holds_bytes(stated, scaled, step)), None)
                if step is not None:
                    power = f", in units of 2^{divisor.bit_length() - 1}" if divisor.bit_count() == 1 < divisor else ""
                    unsaid = precision is None and not chosen.usual
                    liberties = unsaid + (step != stated.steps[0]) + (custom.name != "exact")
                    yield Match(entry, step, "rounded", "", liberties, chosen.said + power)
                    break


def _holds_bytes(stated: Stated, scaled: Fraction, step: int) -> bool:
    """Return True if a number of bytes rounds to the stated one; without trailing zeros it has to be near as well."""
    miss = abs(scaled - stated.value)
    two_digits = stated.value >= 10 * step
    return 2 * miss <= step and (step == stated.steps[0] or (two_digits and miss <= COARSE * scaled))


def units(unit: int) -> tuple[int, ...]:
    """Return what a unit of bytes may mean: a million, and 2^20 by which many programs divide.

    >>> units(10**6), units(2**20)
    ((1000000, 1048576), (1048576,))
    """
    binary = {10**3: 2**10, 10**6: 2**20, 10**9: 2**30, 10**12: 2**40}.get(unit)
    return (unit,) if binary is None else (unit, binary)


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
