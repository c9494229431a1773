"""Every printed formula, read back by an independent reader, has the exact count as its value.

The zoo is read whole, of the atlas a sample; `BERTSYM_ATLAS=all pytest tests/render/test_read_back.py` reads all of it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

import pytest
from sympy import Expr, Symbol

from bertsym import atlas
from bertsym.algebra import Value, evaluate, free
from bertsym.answers.breakdown import broken_down
from bertsym.answers.derivative import derivative
from bertsym.answers.explanation import derivation
from bertsym.answers.formula import formula_written
from bertsym.answers.inventory import inventory
from bertsym.convention import EXACT
from bertsym.count import breakdown, count, total
from bertsym.document import Alignment, Count, Document, Equation, Result, Table
from bertsym.errors import BertsymError, DivisionByZero
from bertsym.formulas.tree import Form, Name, to_sympy
from bertsym.model import Model
from bertsym.render.notation import NOTATIONS
from bertsym.resolve import load
from bertsym.saved_model.atlas_models import stored
from bertsym.sensitivity import differentiate
from bertsym.solving.closed_form import solve_symbolically
from bertsym.symbols import BY_SYMBOL, Kind, P
from bertsym.wording import said
from bertsym.zoo import ARCHITECTURES, NAMES, named
from tests.render.printing import SHEETS, Reader, only
from tests.render.reading import Tree, Unknown, of_text, value

pytestmark = pytest.mark.slow

ALL = os.environ.get("BERTSYM_ATLAS") == "all"
SEED = int(os.environ.get("BERTSYM_SEED", "20"))
ENTRIES = sorted({listed.entry for listed in atlas.index().values()})
CHOSEN = ENTRIES if ALL else random.Random(SEED).sample(ENTRIES, 60)
WHOLE = [entry for entry in CHOSEN if "model" in atlas.index()[entry].heads]
FORMS = ("expanded", "collected", "factored", "nested", "components", "dominant")
DRAWS = 3
_RATIOS = (Fraction(1, 2), Fraction(1), Fraction(2), Fraction(8, 3), Fraction(4), Fraction(3, 2))

Sizes = Mapping[Symbol, Value]


def drawn(symbols: Iterable[Symbol], draw: random.Random) -> Sizes:
    """Sizes on either side of every condition's border: the least ones, all equal, or any."""
    most, equal = draw.choice(((1, False), (3, False), (9, True), (12, False), (60, False)))
    offset = draw.randint(1, most)
    found: dict[Symbol, Value] = {}
    for symbol in sorted(symbols, key=str):
        size = BY_SYMBOL[symbol]
        if size.kind is Kind.SWITCH:
            found[symbol] = draw.random() < 0.5
        elif size.kind is Kind.RATIO:
            found[symbol] = draw.choice(_RATIOS)
        else:
            found[symbol] = max(size.minimum, offset if equal else draw.randint(size.minimum, size.minimum + most))
    return found


def exact(expression: Expr, sizes: Sizes) -> Fraction | None:
    """The value, None where it has none, as a quotient by a size that is 0."""
    try:
        return evaluate(expression, sizes)
    except DivisionByZero:
        return None


class Check:
    """Values of what is read, held against expressions at sizes that are drawn once for each model."""

    def __init__(self, model: Model, draw: random.Random, what: str, sizes: Sequence[Sizes] = ()) -> None:
        self.model, self.draw, self.what = model, draw, what
        self.symbols = {*model.symbols, P}
        self.reader = Reader(self.symbols, draw.choice(list(NOTATIONS.values())))
        self.sizes = [self.consistent(at) for at in sizes or [drawn(model.symbols, draw) for _ in range(DRAWS)]]
        self.at = [{str(symbol): found for symbol, found in sizes.items()} for sizes in self.sizes]
        self.known: dict[Expr, list[Fraction | None]] = {}
        self.document: Document = ()
        self.read = 0

    def consistent(self, sizes: Sizes) -> Sizes:
        """The sizes with those that follow from others as their definitions say."""
        found = dict(sizes)
        for definition in self.model.architecture.definitions:
            amount = exact(self.model.public(definition.symbol), sizes)
            if amount is not None:
                found[definition.symbol] = amount
        return found

    def hold(self, printed: str, side: Tree, expression: Expr, *, partial: bool = False) -> None:
        """The side comes to what the expression comes to at every draw; a `partial` one may have no value there."""
        for at, wanted in zip(self.at, self.values(expression), strict=True):
            if wanted is None:
                continue
            try:
                found = value(side, at)
            except Unknown:
                assert partial, f"seed {SEED}, {self.what}: {printed!r} has no value at {at}"
                continue
            assert found == wanted, f"seed {SEED}, {self.what}: {printed!r} is {found}, not {wanted}, at {at}"
            self.read += 1

    def values(self, expression: Expr) -> list[Fraction | None]:
        """Return the value of the expression at each sample."""
        found = self.known.get(expression)
        if found is None:
            found = self.known[expression] = [exact(expression, sizes) for sizes in self.sizes]
        return found

    def total(self, forms: Iterable[str], sheets: int) -> None:
        """The total, in each form on some sheets, and in JSON."""
        whole = total(self.model)
        for name in forms:
            answer = formula_written(self.model, EXACT, name)
            result = next(part for part in answer.document() if isinstance(part, Result))
            chosen = SHEETS if sheets >= len(SHEETS) else self.draw.sample(SHEETS, sheets)
            for printed, sides in (*self.reader.chain(result, chosen), *self.reader.json(answer)):
                for side in sides:
                    self.hold(printed, side, whole, partial=name == "dominant")

    def counted(self) -> None:
        """Compare the printed total with the count itself, at samples that the model can have."""
        whole = total(self.model)
        for sizes, wanted in zip(self.sizes, self.values(whole), strict=True):
            try:
                number = count(self.model.with_sizes({symbol: sizes[symbol] for symbol in free(whole)}))
            except (BertsymError, AssertionError):  # no such sizes, or half a row
                continue
            assert number == wanted, f"seed {SEED}, {self.what}: {number} counted, {wanted} by the formula, at {sizes}"

    def given(self) -> None:
        """The total with some sizes put in, which are those of the first draw."""
        sizes = self.sizes[0]
        given = {symbol: sizes[symbol] for symbol in free(total(self.model)) if self.draw.random() < 0.5}
        try:
            answer = formula_written(self.model.with_sizes(given), EXACT, "collected")
        except BertsymError:  # sizes that no such model has
            return
        (wanted, *_) = self.values(total(self.model))
        for printed, sides in self.reader.json(answer):
            found = value(only(sides), self.at[0])
            assert found == wanted, f"seed {SEED}, {self.what}: {printed!r} is {found}, not {wanted}, at {self.at[0]}"
            self.read += 1

    def parts(self) -> None:
        """The parts of the total by component, in a table and in JSON."""
        answer = broken_down(self.model)
        expressions = [*(part.expression for part in breakdown(self.model)), total(self.model)]
        for expression, (printed, sides) in zip(
            [each for each in expressions for _ in range(2)], self.reader.json(answer), strict=True
        ):
            self.hold(printed, only(sides), expression)
        self.tables(answer.document())

    def tables(self, document: Document) -> None:
        """Every formula of every table, held against the form that it was printed of."""
        for table in document:
            if isinstance(table, Table):
                for printed, cell, side in self.reader.cells(table):
                    self.hold(printed, side, to_sympy(cell))

    def errors(self) -> None:
        """The sides and repeats of tensors, as an error names them."""
        parts = {part for t in self.model.tensors for part in (*t.shape, *(loop.times for loop in t.loops))}
        for part in sorted(parts, key=str):
            public = self.model.public(part)
            self.hold(said(public), only(of_text(said(public))), public)

    def slopes(self, most: int) -> None:
        """The derivative and the elasticity by some sizes."""
        whole = total(self.model)
        numbers = [symbol for symbol in sorted(free(whole), key=str) if BY_SYMBOL[symbol].kind is not Kind.SWITCH]
        for by in self.draw.sample(numbers, min(most, len(numbers))):
            try:
                slope = differentiate(self.model, by)
            except BertsymError:
                continue
            answer = derivative(self.model, by)
            result = next(part for part in answer.document() if isinstance(part, Result))
            for printed, sides in (*self.reader.chain(result, SHEETS[:2]), *self.reader.json(answer)):
                for side in sides:
                    self.hold(printed, side, slope)
            if answer.elasticity is not None:
                for printed, sides in self.reader.chain(Result((answer.elasticity,)), SHEETS[:1]):
                    self.hold(printed, only(sides), slope * by / whole, partial=True)

    def closed_forms(self, most: int) -> None:
        """Some sizes as functions of the target: at the total of some sizes each is what it is there."""
        whole = total(self.model)
        numbers = [symbol for symbol in sorted(free(whole), key=str) if BY_SYMBOL[symbol].kind is not Kind.SWITCH]
        for symbol in self.draw.sample(numbers, min(most, len(numbers))):
            closed = solve_symbolically(whole, symbol)
            if closed.form is None:
                continue
            for printed, sides in self.reader.chain(Result((Name(symbol), closed.form)), SHEETS[:2]):
                slopes, bends = (self.values(whole.diff(symbol, order)) for order in (1, 2))
                for target, slope, bend, at in zip(self.values(whole), slopes, bends, self.at, strict=True):
                    straight = closed.degree == 2 and not bend  # without layers the square that it divides by is gone
                    if target is None or not slope or slope < 0 or straight:
                        continue
                    try:
                        found = [value(side, {**at, "P": target}) for side in sides]
                    except Unknown as unknown:
                        raise AssertionError(f"seed {SEED}, {self.what}: {printed!r}, {unknown}, at {at}") from None
                    assert found[0] == found[1], f"seed {SEED}, {self.what}: {printed!r} is {found} at {at}"
                    self.read += 1

    def explained(self) -> None:
        """Every chain of the derivation: its sides are equal; every formula of its tables."""
        self.document = derivation(self.model).document()
        for element in self.document:
            if isinstance(element, Alignment):
                for line, (printed, sides) in self.lines(element):
                    for side in sides:
                        self.hold(printed, side, to_sympy(line))
            if isinstance(element, Equation):
                chain = Equation(element.steps[isinstance(element.steps[0], Name) :])  # without P
                first = next(step for step in chain.steps if isinstance(step, Form))
                for printed, sides in self.reader.chain(chain, self.draw.sample(SHEETS, 2)):
                    for side in sides:
                        self.hold(printed, side, to_sympy(first))
        self.tables(self.document)

    def lines(self, alignment: Alignment) -> Iterator[tuple[Form, tuple[str, list[Tree]]]]:
        """Every line of an alignment, in the symbols of its first step, with what is read of it."""
        for line in alignment.lines:
            first = next((step for step in line.steps if isinstance(step, Form)), None)
            if first is not None:
                for read in self.reader.lines(Alignment((line,)), self.draw.sample(SHEETS, 3)):
                    yield first, read


@pytest.mark.parametrize("name", NAMES)
def test_the_zoo(name: str) -> None:
    draw = random.Random(f"{SEED} {name}")
    for head in named(name).architecture.heads:
        check = Check(named(name).with_head(head), draw, f"{name} {head}")
        check.total(FORMS, 2)
        check.counted()
        check.given()
        check.parts()
        check.slopes(2)
        check.closed_forms(3)
        assert check.read > 100


def test_explanations() -> None:
    for name in ARCHITECTURES:
        check = Check(named(name), random.Random(f"{SEED} {name}"), name)
        check.explained()
        check.tables(inventory(check.model).document())
        assert check.read > 100


@pytest.mark.parametrize("name", ["bert-base-uncased", "Mixtral-8x7B-v0.1", *(f"{e}-default" for e in WHOLE[:6])])
def test_explanations_in_numbers(name: str) -> None:
    """With every size known, down to the number that the derivation ends in."""
    model = load(name)
    check = Check(model, random.Random(f"{SEED} {name}"), name, [model.given])
    check.explained()
    counts = [step.value for part in check.document for step in getattr(part, "steps", ()) if isinstance(step, Count)]
    assert counts[-1] == count(model)


@pytest.mark.parametrize("entry", CHOSEN)
def test_the_atlas(entry: str) -> None:
    """One class, drawn, in a sample; all of them otherwise."""
    draw = random.Random(f"{SEED} {entry}")
    listed = atlas.index()[entry]
    heads = [*listed.heads]
    for head in heads if ALL else draw.sample(heads, min(1, len(heads))):
        model = stored(f"atlas:{entry}", head)
        assert model is not None
        check = Check(model, draw, f"{entry} {head}")
        check.total(FORMS if ALL else draw.sample(FORMS, 2), 2)
        check.counted()
        check.given()
        check.parts()
        check.slopes(1)
        check.closed_forms(1)
        check.errors()
        if ALL and head == heads[0]:
            check.explained()
            check.tables(inventory(model).document())
        assert check.read
