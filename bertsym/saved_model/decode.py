"""A derived model as a JSON file and back: inventories with their sizes and evidence, nothing that could be run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from sympy import Expr, Symbol

from bertsym.algebra import Value
from bertsym.errors import BadField, BertsymError, PartialFormula, UnknownName, echo
from bertsym.expressions.reader import Malformed, read
from bertsym.files.jsonfile import Json
from bertsym.model import Definition, Model, check_value
from bertsym.saved_model.code_names import with_code_names
from bertsym.saved_model.derived import (
    DEFAULTS,
    FIRST,
    Derived,
    DerivedHead,
    Evidence,
    Frozen,
    Idle,
    Place,
    Refused,
    Tried,
)
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.saved_model.inventories import reader
from bertsym.symbols import BY_NAME, BY_SYMBOL, Kind, Own
from bertsym.values import replace

MARK = "derived-model"
FORMAT = 2
MOST_SIZES = 400
MOST_HEADS = 24
MOST_FIELDS = 2000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_PATH = re.compile(r"[A-Za-z_]\w{0,79}((\.[A-Za-z_]\w{0,79})|(\[[0-9]{1,3}\])){0,12}", re.ASCII)
_WORDS = re.compile(r"[\w .,:;()/+=-]{0,120}", re.ASCII)
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f]{0,300}")

T = TypeVar("T")


def parse(content: Mapping[str, Json], file: Path, head: str | None = None) -> Model:
    """The model that a saved file holds; raises `BadField`, and `PartialFormula` where some tensors have no formula."""
    return model(parsed(content, file), str(file), head=head)


def model(derived: Derived, file: str, head: str | None = None, label: str = "", base: str = DEFAULTS) -> Model:
    """The model under a head; raises `BadField` for one that contradicts itself."""
    try:
        return (
            in_head_size(with_code_names(derived))
            .model(label or file, base, FIRST if head is None else head)
            .with_sizes({})
        )
    except (PartialFormula, UnknownName):
        raise
    except BertsymError as error:
        raise BadField(file, "heads", str(error)) from None


def parsed(content: Mapping[str, Json], file: Path) -> Derived:
    """What the file says was derived; raises `BadField`."""
    return _Reader(str(file)).derived(content)


class _Reader:
    """The fields of a saved model; every refusal names the file and the field."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.symbols: dict[str, Symbol] = {}

    def refuse(self, field: str, problem: str) -> BadField:
        return BadField(self.file, field, problem)

    def derived(self, content: Mapping[str, Json]) -> Derived:
        if content.get("format") != FORMAT:
            wanted = f"only {FORMAT} is known, got {echo(content.get('format'))}; `bertsym derive` writes it"
            raise self.refuse("format", wanted)
        name, source = self.words(content, "name"), self.words(content, "source")
        sizes = self.named(content, "sizes", MOST_SIZES)
        base = self.sizes(sizes)
        places = self.places(sizes)
        definitions = tuple(self.definition(one) for one in self.entries(content, "definitions", MOST_SIZES))
        whole = tuple(self.number(one, "whole") for one in self.entries(content, "whole", MOST_SIZES))
        heads = self.heads(self.named(content, "heads", MOST_HEADS))
        first = heads.pop(FIRST, None)
        if first is None:
            raise self.refuse("heads", f"expected one called {FIRST}")
        return Derived(
            name, first.cls, source, base, definitions, first.tensors, whole, places,
            self.frozen(self.named(content, "frozen", MOST_FIELDS)),
            self.idle(self.named(content, "idle", MOST_FIELDS)), first.evidence, heads,
            self.whole_number(content.get("engine", 0), "engine"), self.held(self.named(content, "held", MOST_FIELDS)),
        )  # fmt: skip

    # The parts of a file, by the shapes that JSON has.

    def words(self, content: Mapping[str, Json], field: str, pattern: re.Pattern[str] = _WORDS) -> str:
        text = content.get(field)
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise self.refuse(field, f"expected a few plain words, got {echo(text)}")
        return text

    def entries(self, content: Mapping[str, Json], field: str, most: int) -> list[Json]:
        found = content.get(field, [])
        if not isinstance(found, list) or len(found) > most:
            raise self.refuse(field, f"expected a list of at most {most}")
        return found

    def named(self, content: Mapping[str, Json], field: str, most: int) -> dict[str, Json]:
        found = content.get(field, {})
        if not isinstance(found, dict) or len(found) > most:
            raise self.refuse(field, f"expected an object of at most {most}")
        return found

    def whole_number(self, json: Json, field: str) -> int:
        if isinstance(json, bool) or not isinstance(json, int) or not 0 <= json <= 10**30:
            raise self.refuse(field, f"expected a number of at least 0, got {echo(json)}")
        return json

    def number(self, json: Json, field: str) -> Expr:
        return self.reading(field, partial(read, json, self.symbols, exact=True))

    def reading(self, field: str, what: Callable[[], T]) -> T:
        try:
            return what()
        except Malformed as error:
            raise self.refuse(field, str(error)) from None

    # Sizes and where they stand.

    def sizes(self, entries: Mapping[str, Json]) -> dict[Symbol, Value]:
        base: dict[Symbol, Value] = {}
        for name, entry in entries.items():
            if not isinstance(entry, dict):
                raise self.refuse("sizes", f"expected objects, got {echo(entry)}")
            if not _NAME.fullmatch(name):
                raise self.refuse("sizes", f"a name that is none: {echo(name)}")
            symbol = self.symbols[name] = BY_NAME[name].symbol if name in BY_NAME else self.own(name, entry)
            base[symbol] = self.base(symbol, entry.get("base"))
        return base

    def own(self, name: str, entry: Mapping[str, Json]) -> Symbol:
        kinds = {kind.value: kind for kind in Kind if kind is not Kind.COUNT}
        kind, least = entry.get("kind"), entry.get("least", 1)
        if not isinstance(kind, str) or kind not in kinds:
            raise self.refuse("sizes", f"{name}: expected a kind among {', '.join(kinds)}, got {echo(kind)}")
        if isinstance(least, bool) or not isinstance(least, int) or not 0 <= least <= 10**6:
            raise self.refuse("sizes", f"{name}: expected a least value, got {echo(least)}")
        meaning = self.words(entry, "meaning") if "meaning" in entry else f"{self.path(name, entry)} of the code"
        return Own(name, kinds[kind], least, meaning, example=str(entry.get("base"))[:12])

    def path(self, name: str, entry: Mapping[str, Json]) -> str:
        return self.words({"field": name, **entry}, "field", _PATH)

    def base(self, symbol: Symbol, given: Json) -> Value:
        try:
            return check_value(BY_SYMBOL[symbol], _fraction(given) if isinstance(given, str) else given)
        except BertsymError as error:
            raise self.refuse("sizes", str(error)) from None

    def places(self, entries: Mapping[str, Json]) -> Mapping[Symbol, Place]:
        return MappingProxyType(
            {self.symbols[name]: self.place(name, entry) for name, entry in entries.items() if isinstance(entry, dict)}
        )

    def place(self, name: str, entry: Mapping[str, Json]) -> Place:
        aliases = self.entries(entry, "aliases", 8)
        if not all(isinstance(alias, str) and _PATH.fullmatch(alias) for alias in aliases):
            raise self.refuse("sizes", f"{name}: expected spellings of a field, got {echo(aliases)}")
        tried = self.tried(name, entry["tried"]) if "tried" in entry else None
        absent = None if entry.get("absent") is None else self.number(entry["absent"], "sizes")
        needed = "absent" in entry and absent is None
        return Place(self.path(name, entry), tried, tuple(map(str, aliases)), absent, needed)

    def tried(self, name: str, json: Json) -> Tried:
        match json:
            case [int() as low, int() as most] if 0 <= low <= most <= 10**9:
                return Tried(low, most)
            case dict() if isinstance(steps := json.get("steps"), list):
                return self.narrowed(self.tried(name, steps), name, json)
        raise self.refuse("sizes", f"{name}: expected [least, most] steps, got {echo(json)}")

    def narrowed(self, steps: Tried, name: str, rest: Mapping[str, Json]) -> Tried:
        paths = [
            rest.get("over", ""),
            rest.get("within", ""),
            rest.get("above", ""),
            *(of := self.entries(rest, "of", 8)),
        ]
        needs = self.named(rest, "needs", 16)
        if not all(isinstance(path, str) and (not path or _PATH.fullmatch(path)) for path in (*paths, *needs)):
            raise self.refuse("sizes", f"{name}: expected names of fields, got {echo(paths)}")
        return replace(
            steps,
            unit=self.value(rest.get("unit", 1), name),
            of=tuple(map(str, of)),
            exact=rest.get("exact", False) is True,
            over=str(paths[0]),
            within=str(paths[1]),
            above=str(paths[2]),
            values=tuple(self.value(one, name) for one in self.entries(rest, "values", 64)),
            needs=tuple((path, self.value(one, name)) for path, one in needs.items()),
        )

    def value(self, json: Json, name: str) -> Value:
        found = _fraction(json) if isinstance(json, str) else json
        if isinstance(found, int | Fraction) and abs(Fraction(found)) < 10**30:
            return found
        raise self.refuse("sizes", f"{name}: expected a number, got {echo(json)}")

    # What belongs together, and what was left alone.

    def definition(self, json: Json) -> Definition:
        """`d = H/heads`, or `F = ffn_ratio*H, ffn_ratio = F/H` where the second gives way."""
        sides = [side.strip() for part in str(json).split(",") for side in part.split("=")]
        known = {**{name: size.symbol for name, size in BY_NAME.items()}, **self.symbols}
        sizes = {name: symbol for name, symbol in known.items() if BY_SYMBOL[symbol].kind is not Kind.SWITCH}
        if not isinstance(json, str) or len(sides) not in (2, 4) or not all(side in sizes for side in sides[::2]):
            raise self.refuse("definitions", f"expected one like d = H/heads, got {echo(json)}")
        symbols = [sizes[side] for side in sides[::2]]
        formulas = [self.reading("definitions", partial(read, side, sizes, exact=True)) for side in sides[1::2]]
        return Definition(symbols[0], formulas[0], *(symbols[1:] + formulas[1:]))

    def frozen(self, entries: Mapping[str, Json]) -> Mapping[str, Frozen]:
        return MappingProxyType({name: self.left_at(name, entry) for name, entry in entries.items()})

    def left_at(self, name: str, entry: Json) -> Frozen:
        match entry:
            case [held, str() as why] if _PATH.fullmatch(name) and _LINE.fullmatch(why):
                return Frozen(held, why)
        raise self.refuse("frozen", f"{echo(name)}: expected [value, reason], got {echo(entry)}")

    def held(self, entries: Mapping[str, Json]) -> Mapping[str, Json]:
        wrong = [name for name in entries if not _PATH.fullmatch(name)]
        if wrong:
            raise self.refuse("held", f"expected names of fields, got {echo(wrong[0])}")
        return MappingProxyType(dict(entries))

    def idle(self, entries: Mapping[str, Json]) -> Mapping[str, Idle]:
        return MappingProxyType({name: self.unmoved(name, entry) for name, entry in entries.items()})

    def unmoved(self, name: str, entry: Json) -> Idle:
        if not isinstance(entry, dict) or not _PATH.fullmatch(name):
            raise self.refuse("idle", f"expected objects by the names of fields, got {echo(name)}")
        base = self.value(entry["base"], name) if "base" in entry else None
        return Idle(base, self.tried(name, entry["tried"]) if "tried" in entry else None)

    # Heads.

    def heads(self, entries: Mapping[str, Json]) -> dict[str, DerivedHead]:
        inventory = reader(self.symbols)
        found: dict[str, DerivedHead] = {}
        for name, entry in entries.items():
            if not isinstance(entry, dict) or not re.fullmatch(r"[a-z0-9-]{1,40}", name):
                raise self.refuse("heads", f"expected objects by the names of heads, got {echo(name)}")
            known = {head: there.tensors for head, there in found.items()}
            rows = entry.get("tensors")
            tensors = self.reading(f"heads.{name}", partial(inventory, rows, known))
            evidence = self.evidence(entry, name)
            if not tensors and not (evidence and evidence.refused):
                raise self.refuse(f"heads.{name}", "there are no tensors")
            found[name] = DerivedHead(self.words(entry, "class"), tensors, evidence)
        return found

    def evidence(self, entry: Mapping[str, Json], head: str) -> Evidence | None:
        if "trials" not in entry:
            return None
        trials, edges, builds, seed, bound = (
            self.whole_number(entry.get(name, 0), f"heads.{head}.{name}")
            for name in ("trials", "edges", "builds", "seed", "bound")
        )
        counted = entry.get("count")
        count = None if counted is None else self.whole_number(counted, f"heads.{head}.count")
        refused = tuple(self.refused(one, head) for one in self.entries(entry, "refused", MOST_FIELDS))
        return Evidence(trials, edges, builds, seed, bound, count, refused)

    def refused(self, json: Json, head: str) -> Refused:
        match json:
            case [str() as tensor, str() as part, str() as why] if all(map(_LINE.fullmatch, (tensor, part, why))):
                return Refused(tensor, part, why)
        raise self.refuse(f"heads.{head}.refused", f"expected [tensor, part, reason], got {echo(json)}")


def _fraction(text: str) -> Fraction | str:
    return Fraction(text) if re.fullmatch(r"-?[0-9]{1,30}(/[1-9][0-9]{0,29})?", text) else text
