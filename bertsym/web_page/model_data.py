"""A model as data for the page's script: sizes, counts, formulas, and the rules by which a model exists.

The script evaluates these expressions and derives nothing itself, so that a number on the page has the same inventory
behind it as one that the command line prints.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from sympy import Expr, Symbol

from bertsym.algebra import Iverson, Value, atom, free
from bertsym.answers.formula import Formula, formula
from bertsym.convention import EXACT, Convention
from bertsym.count import By, CountableModel, countable, declared
from bertsym.document import Count, Document, Remark, Result, Sizes
from bertsym.errors import printable
from bertsym.existence import doubtful
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.substitute import put_in
from bertsym.formulas.tree import Form, Number, symbols
from bertsym.legend import with_own_sizes
from bertsym.model import EMPTY, Architecture, Definition, Model, check_value
from bertsym.quantities import parse_size
from bertsym.render import latex, mathtex, words
from bertsym.render.notation import Notation
from bertsym.render.numbers import grouped
from bertsym.render.sheet import Sheet
from bertsym.symbols import BY_SYMBOL, Kind, P, in_order
from bertsym.values import replace, value
from bertsym.web_page.expressions import Sharing, encoded
from bertsym.wording import pretty

Data = dict[str, Any]

# A formula in numbers is written with these in place of the sizes; the script puts the values there. No count of a
# layer or coefficient of a formula is as large.
_PLACEHOLDER = 10**30

# With more sizes that a formula may keep as symbols, only the formula that keeps all of them is written.
MAX_KEPT_ALONE = 12
# Characters of a formula in TeX beyond which nobody reads it in numbers too.
LONGEST_IN_NUMBERS = 20_000


@value
class PageModel:
    """A model of a page with the words that a command line names it by.

    `command` are the words of `bertsym total` without `--at`, and `known` the sizes that these words give already.
    """

    model: Model
    convention: Convention = EXACT
    command: tuple[str, ...] = ()
    known: Mapping[Symbol, Value] = EMPTY


def completed(model: Model) -> Model:
    """Return the model with every size that its total needs, the open ones as in the architecture's base model.

    Raises `MissingSize` if the base does not have one of them.
    """
    if not _open(model):
        return model
    architecture = model.architecture
    base = architecture.sizes[architecture.base].values
    # A default that the base has too stays a default, because a command line need not set it.
    added = {s: number for s, number in base.items() if number != _default(architecture, s)}
    full = model.with_sizes(added).with_sizes(model.given)
    if missing := _open(full):
        raise full.architecture.without(missing)
    return replace(full, pinned=model.pinned)


def _default(architecture: Architecture, symbol: Symbol) -> Value | None:
    return architecture.defaults.get(symbol, BY_SYMBOL[symbol].default)


def _open(model: Model) -> list[Symbol]:
    """Return the sizes that a count needs and that have no value."""
    inventory = declared(model.architecture, model.head, EXACT)
    return in_order(free(model.public(inventory)) - set(model.given))


def model_data(shown: PageModel, title: str, notation: Notation) -> Data:
    """Return the data of one model; raises what `countable` raises, `MissingSize` among others."""
    return _Writer(shown, notation).data(title)


class _Writer:
    """The model's sizes by their places, and what is written with them."""

    def __init__(self, shown: PageModel, notation: Notation) -> None:
        self.shown, self.model, self.convention = shown, shown.model, shown.convention
        self.notation = notation
        self.counted: CountableModel = countable(self.model, self.convention)
        self.number = self.counted.count()
        architecture = self.model.architecture
        inventory = declared(architecture, self.model.head, self.convention)
        given = {s for s in self.model.given if BY_SYMBOL[s].kind is not Kind.ORDER and s in architecture.counted}
        self.derived = {d.symbol: d for d in architecture.definitions if d.symbol not in given}
        # An independent size that another one adjusts to gives way to it, as ffn_ratio does to F.
        followed = self._followed(given)
        self.derived = {symbol: d for symbol, d in self.derived.items() if symbol in followed}
        defaults = {s for s in self._used(inventory) - given - set(self.derived) if self._default(s) is not None}
        self.start: dict[Symbol, Value] = {s: self.model.given[s] for s in given}
        self.start |= {s: self._default(s) for s in defaults}
        self.defaults = {s for s in self.start if self._default(s) is not None and s in free(inventory)}
        own_width = {s for s in given if self._definition_of(s) is not None} | set(self.derived)
        self.free = {s for s in own_width if (d := self._definition_of(s)) and d.adjusts is None and not d.binding}
        self.keepable = in_order((self.defaults | self.free) & self._used(inventory))
        # Sizes that count only where a switch is turned, as the positions of a DeBERTa with absolute ones.
        self.dormant = free(self.counted.total(self.keepable)) - {*self.start, *self.derived}
        self.start |= {symbol: self._typical(symbol) for symbol in self.dormant}
        self.order = in_order({*self.start, *self.derived})
        self.places = {symbol: index for index, symbol in enumerate(self.order)}
        self.sharing = Sharing(len(self.order))

    def _default(self, symbol: Symbol) -> Value | None:
        return None if BY_SYMBOL[symbol].kind is Kind.ORDER else _default(self.model.architecture, symbol)

    def _typical(self, symbol: Symbol) -> Value:
        """Return the value of the base model, else the example of the registry."""
        base, size = self.model.architecture.sizes[self.model.architecture.base], self.model.architecture.size(symbol)
        example = parse_size(size.example) if size.kind is not Kind.SWITCH else size.example == "yes"
        return check_value(size, base.values.get(symbol, example))

    def _definition_of(self, symbol: Symbol) -> Definition | None:
        return next((d for d in self.model.architecture.definitions if d.symbol == symbol), None)

    def _followed(self, given: Iterable[Symbol]) -> set[Symbol]:
        """Return the derived sizes that follow from these, directly or in a chain."""
        known = {*given, *(s for s in self.model.symbols if self._default(s) is not None)}
        while ready := [s for s, d in self.derived.items() if s not in known and free(d.value) <= known]:
            known.update(ready)
        return known & set(self.derived)

    def _used(self, expression: Expr) -> set[Symbol]:
        """Return the symbols of an expression of the declaration, and those that its derived sizes come from."""
        used = free(expression)
        while more := set().union(*(free(self.derived[s].value) for s in used & set(self.derived))) - used:
            used |= more
        return used

    def data(self, title: str) -> Data:
        """Return what the script reads."""
        shown = formula(self.model, self.convention)
        remarks = [part for part in shown.subject.remarks() if isinstance(part, Remark) and not _is_sizes(part)]
        said = ["".join(words.inline(part) for part in remark.parts) for remark in remarks]
        data = {
            "title": title,
            "class": self.model.cls,
            "convention": self.convention.title,
            "remarks": [
                # A name that the user typed stays as it is.
                text if text == shown.subject.read_as else _sentence(text)
                for text in (*said, *shown.subject.notes, *self._origins())
            ],
            "command": " ".join(map(shlex.quote, self.shown.command)),
            "sizes": [self._size(symbol) for symbol in self.order],
            "keepable": [self.places[s] for s in self.keepable],
            "left": self.notation.name(P),
            "total": self._written(self.counted.total(self.keepable)),
            "start": str(self.number),
            "formulas": list(self._formulas()),
            "parts": list(self._parts()),
            "rules": list(self._rules()),
        }
        return {**self.sharing.written(data), "shared": self.sharing.table}

    def _origins(self) -> Iterator[str]:
        """Yield where the formulas come from, and the sizes that nobody gave."""
        architecture = self.model.architecture
        yield f"Source: {architecture.paper}"
        base = architecture.sizes[architecture.base].values
        if any(s in base and s not in self.shown.known and s not in self.model.pinned for s in self.model.given):
            yield f"open sizes begin as in {architecture.base}"

    def _written(self, public: Any) -> Any:
        """Return a count as a node of the parts that are shared."""
        return self.sharing.numbered(encoded(public, self.places))

    def _public(self, expression: Any) -> Any:
        return self.model.public(expression, self.keepable)

    def _size(self, symbol: Symbol) -> Data:
        size = self.model.architecture.size(symbol)
        data: Data = {
            "name": size.name,
            "tex": self.notation.name(symbol),
            # A switch of the model's own code has no meaning beside its name.
            "meaning": printable(
                "a switch of the code" if size.meaning == f"{size.name} of the code" else size.meaning
            ),
            "kind": size.kind.name.lower(),
            "minimum": str(size.minimum),
        }
        if symbol in self.start:
            data |= {"value": _plain(self.start[symbol]), "default": symbol in self.defaults}
            data["known"] = _plain(self.shown.known[symbol]) if symbol in self.shown.known else None
            if data["default"] and data["known"] is None:
                data["known"] = _plain(self._default(symbol))  # type: ignore[arg-type]  # it has one
            data |= {"given": symbol in self.model.given, "dormant": symbol in self.dormant}
        most = self.model.architecture.most.get(symbol)
        if most is not None:
            data["most"] = str(most)
        definition = self._definition_of(symbol)
        if definition is not None and free(definition.value) <= set(self.places):
            data["definition"] = self._definition(definition)
        return data

    def _definition(self, definition: Definition) -> Data:
        adjusts, inverse = definition.adjusts, definition.inverse
        data: Data = {
            "value": encoded(definition.value, self.places),
            "tex": mathtex.math(form(definition.value), self.notation),
            "text": f"{definition.symbol} = {pretty(form(definition.value))}",
            # The library checks a definition if all sizes in it were given, and none is a default.
            "of": [self.places[s] for s in in_order(self._used(definition.value)) if s in self.start],
            "free": definition.symbol in self.free,
        }
        if adjusts in self.start and inverse is not None and free(inverse) <= set(self.places):
            data |= {"adjusts": self.places[adjusts], "inverse": encoded(inverse, self.places)}
        return data

    # Formulas, whose TeX is what `bertsym total --latex` prints.

    def _formulas(self) -> Iterator[Data]:
        alone = [(symbol,) for symbol in self.keepable] if 1 < len(self.keepable) <= MAX_KEPT_ALONE else []
        for kept in dict.fromkeys(((), *alone, tuple(self.keepable))):
            yield {
                "kept": [self.places[s] for s in kept],
                **self._formula(formula(self.model, self.convention, keep=kept)),
            }

    def _formula(self, shown: Formula) -> Data:
        sheet = Sheet(self.notation)
        document: Document = with_own_sizes(shown.document())
        result = next(index for index, part in enumerate(document) if isinstance(part, Result))
        whole = latex.document(document, sheet)
        tex, number = mathtex.math(shown.expression, self.notation), mathtex.inline(Count(self.number, short=True))
        lines = whole.rstrip("\n").split("\n")
        sizes = [part for part in document[:result] if _is_sizes(part)]
        at = latex.document((sizes[0],), sheet).rstrip("\n") if sizes else None
        answer = f"{tex} = {number}"
        before, after = lines[: lines.index(answer)], lines[lines.index(answer) + 1 :]
        return {
            "tex": tex,
            "numbers": self._in_numbers(shown.expression) if len(tex) <= LONGEST_IN_NUMBERS else "",
            "before": [None if line == at else line for line in before],
            "after": after,
        }

    def _in_numbers(self, written: Form) -> str:
        r"""Return the TeX of a formula with `\v{3}` for the value of the size at place 3."""
        marks = {symbol: Number(Fraction(_PLACEHOLDER + self.places[symbol])) for symbol in symbols(written)}
        tex = mathtex.math(put_in(written, marks), self.notation)
        for symbol in marks:
            tex = tex.replace(grouped(_PLACEHOLDER + self.places[symbol]), rf"\v{{{self.places[symbol]}}}")
        return tex

    def _parts(self) -> Iterator[Data]:
        plain = {part.name: part.expression for part in self.counted.breakdown()}
        like = style_of_parts(self.counted.total(), Style.COLLECTED)
        for part in self.counted.breakdown(By.COMPONENT, self.keepable):
            kept = mathtex.math(form(part.expression, like), self.notation)
            brief = mathtex.math(form(plain.get(part.name, atom(0)), like), self.notation)
            data = {"name": printable(part.name), "count": self._written(part.expression), "tex": brief}
            yield data if kept == brief else {**data, "kept": kept}

    # The rules by which the library refuses sizes, in its order.

    def _rules(self) -> Iterator[Data]:
        seen = set()
        for rule in (*self._routing(), *self._rounded(), *self._shapes()):
            if str(rule) not in seen:
                seen.add(str(rule))
                yield rule

    def _rounded(self) -> Iterator[Data]:
        for quotient in self.model.architecture.rounded:
            public = self._public(quotient)
            if self._is_placed(public):
                text = f"the formula is known only where {pretty(form(quotient))} is a whole number"
                yield {"kind": "whole", "value": self._written(public), "text": text}

    def _shapes(self) -> Iterator[Data]:
        for tensor, parts in doubtful(self.model.architecture, self.model.head):
            exists = self._public(Iverson(tensor.when))
            for what, part in parts:
                public = self._public(part)
                if self._is_placed(public) and self._is_placed(exists) and not public.is_Integer:
                    noun = "side" if what == "side" else "number of layers"
                    text = f"{pretty(form(public))} would be a {noun} of {printable(tensor.name)}"
                    yield {
                        "kind": "count",
                        "when": self._written(exists),
                        "value": self._written(public),
                        "text": text,
                    }

    def _routing(self) -> Iterator[Data]:
        for tensor in self.model.tensors if self.convention.active else ():
            routing = tensor.routing
            if routing is None or routing.chosen is None or not self.convention.counts(tensor):
                continue
            exists, excess = self._public(Iverson(tensor.when)), self._public(routing.chosen - routing.among)
            if self._is_placed(exists) and self._is_placed(excess):
                text = "a token cannot go through more experts than there are"
                yield {
                    "kind": "at most 0",
                    "when": self._written(exists),
                    "value": self._written(excess),
                    "text": text,
                }

    def _is_placed(self, public: Any) -> bool:
        return set(free(public)) <= set(self.places)


def _is_sizes(part: object) -> bool:
    return isinstance(part, Remark) and any(isinstance(piece, Sizes) for piece in part.parts)


def _sentence(text: str) -> str:
    r"""Return words as a sentence.

    >>> _sentence("the paper has 671B")
    'The paper has 671B.'
    """
    return f"{text[:1].upper()}{printable(text[1:]).removesuffix('.')}."


def _plain(number: Value) -> str | bool:
    """Return a switch as itself and a number as text: 768, 7/2."""
    return number if isinstance(number, bool) else str(number)
