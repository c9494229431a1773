"""The answers to a question by brute force: every value tried, each model built and counted as `total` does it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from bertsym.algebra import Value
from bertsym.convention import CONVENTIONS
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.symbols import BY_NAME, lookup
from tests.solving.questions import Question

# Models whose heads are any that divide the width, and change no count: they accompany a width that is to be found.
ACCOMPANIED = {
    "bert", "roberta", "gpt2", "gpt_neox", "distilbert", "albert", "electra", "modernbert", "deberta-v2",
}  # fmt: skip
# Models whose heads must divide the width and have no size of their own: they move where a condition speaks of them.
DIVIDED = {"opt-default"}
MOST_HEADS = 256

Row = tuple[tuple[Value, ...], int]


class Oracle:
    """Brute force over small lattices; what was counted once is remembered."""

    def __init__(self) -> None:
        self.loaded: dict[str, Model] = {}
        self.sized: dict[Any, Model] = {}
        self.built: dict[Any, Built | None] = {}

    def model(self, question: Question) -> Model:
        """Return the model of a question: sizes of its own, with those that the user gave over them."""
        own = self.bare(question.architecture) if question.open else self.own(question)
        return own.with_sizes({lookup(name, own.symbols).symbol: v for name, v in question.said.items()}, pin=True)

    def own(self, question: Question) -> Model:
        """Return the model at the sizes that came with it."""
        key = (question.architecture, frozenset(question.own.items()))
        if key not in self.sized:
            bare = self.bare(question.architecture)
            sizes = {lookup(name, bare.symbols).symbol: value for name, value in question.own.items()}
            self.sized[key] = bare.with_sizes(sizes)
        return self.sized[key]

    def bare(self, name: str) -> Model:
        """Return the model of that name as it comes."""
        if name not in self.loaded:
            self.loaded[name] = load(name)
        return self.loaded[name]

    def build(self, question: Question, sizes: dict[str, Value]) -> Built | None:
        """Return the model at sizes put over its own, with all that the user gave; None if it is refused."""
        own = frozenset(question.own.items())
        key = (question.architecture, own, frozenset({**question.said, **sizes}.items()))
        if key not in self.built:
            model = self.own(question)
            put_in = {lookup(name, model.symbols).symbol: value for name, value in {**question.said, **sizes}.items()}
            try:
                self.built[key] = Built(model.with_sizes(put_in))
            except BertsymError:
                self.built[key] = None
        return self.built[key]

    def values(self, question: Question) -> Iterator[tuple[tuple[Value, ...], dict[str, Value]]]:
        """Return the lattice: values of the unknowns, and the sizes that come with them."""
        axes = [
            [n for n in range(low, high + 1) if n % question.steps[name] == 0]
            for name, (low, high) in ((name, question.ranges[name]) for name in question.unknowns)
        ]
        if self.by_width(question):
            yield from self.ratios(question)
            return
        for values in itertools.product(*axes):
            sizes: dict[str, Value] = dict(zip(question.unknowns, values, strict=True))
            known = {**question.own, **question.said}
            for rule in question.ties:
                number = rule.value({**known, **sizes})
                assert isinstance(number, int | Fraction)
                sizes[rule.name] = number
            yield values, sizes

    @staticmethod
    def by_width(question: Question) -> bool:
        """Return True if the one unknown is a ratio that stands for the feed-forward width."""
        spoken = {name for rule in question.ties for name in (*rule.symbols, rule.name)} | set(question.said)
        return question.unknowns == ("ffn_ratio",) and "F" not in spoken and "ffn_ratio" not in spoken

    def ratios(self, question: Question) -> Iterator[tuple[tuple[Value, ...], dict[str, Value]]]:
        """Return the ratios F/H of every whole F; H may follow from nothing but a number."""
        known: dict[str, Value] = {**question.own, **question.said}
        tied: dict[str, Value] = {}
        for rule in question.ties:
            number = rule.value(known)
            assert isinstance(number, int | Fraction)
            tied[rule.name] = number
        there = self.build(question, tied)
        if there is None:
            return
        width = there.sizes["H"]
        low, high = question.ranges["ffn_ratio"]
        for feed_forward in range(1, int(high * width) + 1):
            if width > 0 and feed_forward % question.steps["ffn_ratio"] == 0 and feed_forward >= low * width:
                yield (feed_forward / width,), {"F": feed_forward, **tied}

    def beside(self, question: Question, sizes: dict[str, Value]) -> list[list[dict[str, Value]]]:
        """Return the numbers of heads to try beside a width: the preferred ones, then others in order."""
        fixed = {*question.said, *question.unknowns, *(rule.name for rule in question.ties)}
        spoken = {name for rule in question.where for name in rule.symbols}
        moves = "H" in question.unknowns or any(
            rule.name == "H" and set(rule.symbols) & set(question.unknowns) for rule in question.ties
        )
        speaks = bool(spoken & {"heads", "d"})
        if not moves or fixed & {"heads", "d"} or not (speaks or len(question.unknowns) == 1):
            return [[{}]]
        if question.architecture not in ACCOMPANIED and not (question.architecture in DIVIDED and speaks):
            return [[{}]]
        kept = int(Fraction(question.own["heads"]))
        preferred = [kept]
        size = Fraction(question.own["H"]) / kept
        width = Fraction(sizes["H"])
        if size.denominator == 1 and width / size != kept and (width / size).denominator == 1:
            preferred.append(int(width / size))
        others = [n for n in range(1, MOST_HEADS + 1) if n not in preferred]
        others = [n for n in others if width % n == 0]
        groups: list[list[dict[str, Value]]] = [[{"heads": n} for n in preferred]]
        groups += [[{"heads": n}] for n in sorted(others, key=lambda n: abs(n - kept))]
        return groups

    def answers(self, question: Question, target: int) -> list[Row]:
        """Return the best configurations in order: values of the unknowns, and the count."""
        found = []
        for values, sizes in self.values(question):
            for place, group in enumerate(self.beside(question, sizes)):
                rows = []
                for preference, heads in enumerate(group):
                    built = self.build(question, {**sizes, **heads})
                    if built is not None and built.keeps(question, target):
                        number = built.counts[question.convention]
                        key = built.key(question, target, values)
                        rows.append(((*key, place, preference), values, number))
                found += rows
                if rows:
                    break
        return [(values, number) for _, values, number in sorted(found)[: question.top]]

    def counts(self, question: Question) -> list[int]:
        """Return the counts of all models of the lattice, whatever is demanded of them."""
        built = (
            self.build(question, {**sizes, **heads})
            for _, sizes in self.values(question)
            for group in self.beside(question, sizes)
            for heads in group
        )
        return [one.counts[question.convention] for one in built if one is not None and one.exists()]


class Built:
    """A model that exists, with its sizes and counts as they are asked for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.sizes = Lookup(model)
        self.counts = Counts(model)

    def exists(self) -> bool:
        """Return True if the model can be counted, and runs."""
        try:
            return self.runs() and self.counts["exact"] >= 0
        except BertsymError:
            return False

    def keeps(self, question: Question, target: int) -> bool:
        """Return True if the demands of a question hold."""
        if not all(rule.value(self.sizes) for rule in question.where):
            return False
        if not self.exists():
            return False
        error = abs(self.counts[question.convention] - target)
        if question.tolerance is not None and error > target * question.tolerance:
            return False
        return all(self.counts[name] <= most for name, most in question.at_most.items()) and all(
            self.counts[name] >= least for name, least in question.at_least.items()
        )

    def runs(self) -> bool:
        """Return True if what must divide does, and no more experts are chosen than there are."""
        architecture = self.model.architecture
        chosen = (r.chosen - r.among for r in architecture.routings if r.chosen is not None)
        queries, keys = (BY_NAME[name].symbol for name in ("heads", "kv_heads"))
        grouped = [queries / keys] if {queries, keys} <= architecture.symbols else []
        return all(
            self.model.number(quotient).denominator == 1 for quotient in (*architecture.whole, *grouped)
        ) and all(self.model.number(excess) <= 0 for excess in chosen)

    def key(self, question: Question, target: int, values: tuple[Value, ...]) -> tuple[Any, ...]:
        """Return what comes first."""
        error = abs(self.counts[question.convention] - target)
        depth, width = (Fraction(self.sizes.get(name)) for name in ("L", "H"))
        first = {"error": (), "depth": (-depth,), "width": (-width,), "aspect": (-width / depth,)}
        return (*first[question.order], error, *values)


class Lookup(dict[str, Fraction]):
    """Sizes by name, those that follow among them."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __missing__(self, name: str) -> Fraction:
        self[name] = self.model.number(lookup(name, self.model.symbols).symbol)
        return self[name]

    def get(self, name: str, default: Any = 1) -> Any:
        """Return the size of that name; 1 for one that the model does not have."""
        return self[name] if lookup(name).symbol in self.model.symbols else default


class Counts(dict[str, int]):
    """Counts by the name of the convention."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __missing__(self, name: str) -> int:
        self[name] = count(self.model, CONVENTIONS[name])
        return self[name]
