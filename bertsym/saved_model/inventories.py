"""An inventory as JSON rows and back: what neighbours have in common is said once, and a head refers to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import sympy
from sympy import Expr, Symbol

from bertsym.errors import echo
from bertsym.expressions.reader import Malformed, positive, read, read_condition
from bertsym.expressions.writer import write, write_condition
from bertsym.files.jsonfile import Json
from bertsym.layers import Role
from bertsym.tree import Loop, Routing, Tensor
from bertsym.values import replace

MOST_TENSORS = 8000
MOST_SIDES = 8
MOST_LISTED = 32
MOST_TERMS = 2000
MOST_TERMS_IN_ALL = 20_000
MOST_FLOORS = 640
"""Of quotients rounded down, in expressions that differ: sympy takes 10 ms for each; BiT, which has most, has 321."""
FEWEST_SHARED = 4

_WORD = r"([\w-]{1,60}|[\w-]{0,60}\{\})"
_NAME = re.compile(rf"{_WORD}(\.{_WORD}){{0,24}}", re.ASCII)
_UNDER = re.compile(rf"({_WORD}\.){{0,24}}", re.ASCII)
_COMPONENT = re.compile(r"[\w .,:;()/+=-]{0,120}", re.ASCII)
_ROLES: Mapping[str, Role] = {role.value: role for role in Role}

Inventory = tuple[Tensor, ...]


def written(tensors: Inventory, known: Mapping[str, Inventory]) -> list[Json]:
    """The rows: stretches of another head's inventory by reference, the rest in groups of neighbours that are alike."""
    name, under = _nearest(tensors, known)
    inventory = known.get(name, ())
    theirs = {_moved(tensor, under): place for place, tensor in enumerate(inventory)}
    if len({tensor.name for tensor in inventory}) < len(inventory):
        theirs = {}  # a reference is by name
    rows: list[Json] = []
    own: list[Tensor] = []
    for stretch in _stretches(tensors, theirs):
        if len(stretch) < FEWEST_SHARED:
            own += stretch
        else:
            rows += [*_groups(own), _reference(name, under, inventory, [theirs[tensor] for tensor in stretch])]
            own = []
    return [*rows, *_groups(own)]


def _nearest(tensors: Inventory, known: Mapping[str, Inventory]) -> tuple[str, str]:
    """The head, and where it hangs here, that most of the tensors are of."""
    ours = set(tensors)
    prefixes = ["", *dict.fromkeys(f"{tensor.name.partition('.')[0]}." for tensor in tensors if "." in tensor.name)]
    best, most = ("", ""), FEWEST_SHARED - 1
    for name, inventory in known.items():
        for under in prefixes:
            shared = sum(_moved(tensor, under) in ours for tensor in inventory)
            if shared > most:
                best, most = (name, under), shared
    return best


def _moved(tensor: Tensor, under: str) -> Tensor:
    """The tensor of another head as it is called here."""
    tied_to = None if tensor.tied_to is None else under + tensor.tied_to
    return replace(tensor, name=under + tensor.name, tied_to=tied_to) if under else tensor


def _stretches(tensors: Inventory, theirs: Mapping[Tensor, int]) -> Iterator[Inventory]:
    """The tensors in turn: as many as the other head has in this order, or one that it has not."""
    place = 0
    while place < len(tensors):
        stop, last = place, -1
        while stop < len(tensors) and theirs.get(tensors[stop], -1) > last:
            last = theirs[tensors[stop]]
            stop += 1
        stop = max(stop, place + 1)
        yield tensors[place:stop]
        place = stop


def _reference(name: str, under: str, inventory: Inventory, places: Sequence[int]) -> Json:
    """A stretch of the other inventory: from which tensor to which, and without which."""
    row: dict[str, Json] = {"head": name, "under": under}
    if places[0] > 0:
        row["first"] = inventory[places[0]].name
    if places[-1] < len(inventory) - 1:
        row["last"] = inventory[places[-1]].name
    there = set(places)
    without: list[Json] = [inventory[p].name for p in range(places[0], places[-1]) if p not in there]
    return {**row, "without": without} if without else row


def _groups(tensors: Sequence[Tensor]) -> Iterator[Json]:
    """Neighbours of one component, with the same loops and the same condition."""
    for (component, loops, when), alike in groupby(tensors, key=lambda t: (t.component, t.loops, t.when)):
        group = list(alike)
        under = _common([tensor.name for tensor in group])
        head: dict[str, Json] = {"component": component}
        head |= {"under": under} if under else {}
        head |= {"loops": [_loop(loop) for loop in loops]} if loops else {}
        head |= {"when": write_condition(when)} if when != sympy.true else {}
        yield {**head, "tensors": [_row(tensor, under) for tensor in group]}


def _common(names: Sequence[str]) -> str:
    """The whole words with which all names begin, the last word of each apart."""
    split = [name.split(".")[:-1] for name in names]
    words = []
    for column in zip(*split, strict=False):
        if len(set(column)) > 1:
            break
        words.append(column[0])
    return "".join(f"{word}." for word in words)


def _loop(loop: Loop) -> Json:
    if loop.plain:
        return write(loop.stop) if loop.start == 0 else [write(loop.start), write(loop.stop)]
    listed: list[Json] = [[write(index) for index in loop.listed]] if loop.listed else [write(loop.step)]
    bounds = [write(loop.start), write(loop.stop), *listed]
    return [*bounds, "others"] if loop.others else bounds


def _row(tensor: Tensor, under: str) -> Json:
    row: list[Json] = [tensor.name.removeprefix(under), tensor.role.value, *map(write, tensor.shape)]
    more: dict[str, Json] = {} if tensor.tied_to is None else {"tied_to": tensor.tied_to}
    if tensor.tied_to is not None and tensor.tied_when != sympy.true:
        more["when"] = write_condition(tensor.tied_when)
    if tensor.routing is not None:
        chosen = tensor.routing.chosen
        more["routing"] = [None if chosen is None else write(chosen), write(tensor.routing.among)]
    return [*row, more] if more else row


def reader(symbols: Mapping[str, Symbol]) -> Callable[[object, Mapping[str, Inventory]], Inventory]:
    """What makes an inventory of rows, given the heads they may refer to; all heads of a file share one budget.

    Raises `Malformed`.
    """
    return _Rows(symbols).inventory


class _Rows:
    """Rows as tensors."""

    def __init__(self, symbols: Mapping[str, Symbol]) -> None:
        self.symbols = symbols
        self.terms = 0
        self.tensors = 0
        self.floors = 0
        self.known: dict[str, Expr] = {}

    def inventory(self, rows: object, heads: Mapping[str, Inventory]) -> Inventory:
        if not isinstance(rows, list):
            raise Malformed(f"expected a list of tensors, got {echo(rows)}")
        found: list[Tensor] = []
        for row in rows:
            if not isinstance(row, dict):
                raise Malformed(f"expected an object, got {echo(row)}")
            found += self.referred(row, heads) if "head" in row else self.group(row)
        return tuple(found)

    def spent(self, tensors: int, terms: int = 0) -> None:
        self.tensors, self.terms = self.tensors + tensors, self.terms + terms
        if self.tensors > MOST_TENSORS or self.terms > MOST_TERMS_IN_ALL:
            raise Malformed(f"more than {MOST_TENSORS:,} tensors, or {MOST_TERMS_IN_ALL:,} terms in them")

    def referred(self, row: Mapping[str, Json], heads: Mapping[str, Inventory]) -> list[Tensor]:
        _only(row, "head", "under", "first", "last", "without")
        name, under, without = row["head"], row.get("under", ""), row.get("without", [])
        if not isinstance(name, str) or name not in heads:
            raise Malformed(f"no head before this one: {echo(name)}")
        if not isinstance(under, str) or not _UNDER.fullmatch(under) or "{}" in under:
            raise Malformed(f"no beginning of a name: {echo(under)}")
        places = {tensor.name: place for place, tensor in reversed(list(enumerate(heads[name])))}
        if not isinstance(without, list) or not all(isinstance(one, str) and one in places for one in without):
            raise Malformed(f"without: expected names of tensors of {name}, got {echo(without)}")
        ends = []
        for end, otherwise in (("first", 0), ("last", len(heads[name]) - 1)):
            given = row.get(end)
            if given is not None and (not isinstance(given, str) or given not in places):
                raise Malformed(f"{end}: no tensor of {name}: {echo(given)}")
            ends.append(places[str(given)] if given is not None else otherwise)
        self.spent(len(heads[name]))
        stretch = heads[name][ends[0] : ends[1] + 1]
        return [_moved(tensor, under) for tensor in stretch if tensor.name not in set(without)]

    def group(self, row: Mapping[str, Json]) -> Iterator[Tensor]:
        _only(row, "component", "under", "loops", "when", "tensors")
        component, under, rows = row.get("component", ""), row.get("under", ""), row.get("tensors")
        if not isinstance(component, str) or not _COMPONENT.fullmatch(component):
            raise Malformed(f"expected the name of a component, got {echo(component)}")
        if not isinstance(under, str) or not _UNDER.fullmatch(under):
            raise Malformed(f"no beginning of a name: {echo(under)}")
        if not isinstance(rows, list):
            raise Malformed(f"expected a list of tensors, got {echo(rows)}")
        bounds = row.get("loops", [])
        if not isinstance(bounds, list) or len(bounds) > MOST_SIDES:
            raise Malformed(f"expected a list of at most {MOST_SIDES} loops, got {echo(bounds)}")
        loops = tuple(self.loop(bound) for bound in bounds)
        when = read_condition(row.get("when", "true"), self.symbols)
        if when == sympy.false:
            raise Malformed("a condition that never holds")
        alike = Tensor(under, (), Role.MATRIX, "", component, loops, when=when)
        return (self.tensor(one, alike) for one in rows)

    def loop(self, bound: Json) -> Loop:
        match bound:
            case [start, stop]:
                return Loop(self.number(start), self.number(stop))
            case [_, stop, list(listed), *others] if listed and others in ([], ["others"]):
                return self.listed(stop, listed, others=bool(others))
            case [start, stop, step]:
                return Loop(self.number(start), self.number(stop), self.step(step))
            case [start, stop, step, "others"]:
                return Loop(self.number(start), self.number(stop), self.step(step), others=True)
            case int() | str():
                return Loop(sympy.S.Zero, self.number(bound))
        raise Malformed(f"expected an end, [start, end] or [start, end, step], got {echo(bound)}")

    def listed(self, stop: Json, listed: list[Json], *, others: bool) -> Loop:
        if len(listed) > MOST_LISTED:
            raise Malformed(f"expected at most {MOST_LISTED} indices, got {len(listed)}")
        indices = tuple(map(self.number, listed))
        return Loop(sympy.S.Zero, self.number(stop), others=others, listed=indices)

    def step(self, json: Json) -> Expr:
        step = self.number(json)
        if not positive(step):
            raise Malformed(f"a step of {step}, which need not be positive")
        return step

    def number(self, json: Json) -> Expr:
        if isinstance(json, str):
            if json not in self.known:
                self.floors += json.count("//")
                if self.floors > MOST_FLOORS:
                    raise Malformed(f"more than {MOST_FLOORS} quotients rounded down, in expressions that differ")
                self.known[json] = read(json, self.symbols)
            return self.known[json]
        return read(json, self.symbols)

    def tensor(self, row: Json, alike: Tensor) -> Tensor:
        match row:
            case [str() as name, str() as role, *sides, dict() as more] if role in _ROLES:
                _only(more, "tied_to", "when", "routing")
            case [str() as name, str() as role, *sides] if role in _ROLES:
                more = {}
            case _:
                raise Malformed(f"expected [name, role, side, ...], got {echo(row)}")
        whole = alike.name + name
        if not _NAME.fullmatch(whole):
            raise Malformed(f"no name of a tensor: {echo(whole)}")
        if len(alike.loops) != whole.count("{}") or len(sides) > MOST_SIDES:
            raise Malformed(
                f"{whole}: as many loops as the name has places are expected, and at most {MOST_SIDES} sides"
            )
        shape = tuple(self.number(side) for side in sides)
        self.spent(1, self.counted(shape, alike.loops))
        found = replace(alike, name=whole, shape=shape, role=_ROLES[role])
        return self.tied(self.routed(found, more), {key: more[key] for key in more if key != "routing"})

    def routed(self, tensor: Tensor, more: Mapping[str, Json]) -> Tensor:
        """The tensor with how many experts of how many work on a token."""
        match more.get("routing"):
            case None if "routing" not in more:
                return tensor
            case [chosen, among] if among is not None:
                routing = Routing(None if chosen is None else self.number(chosen), self.number(among))
            case other:
                raise Malformed(f"{tensor.name}: expected how many experts of how many, got {echo(other)}")
        if not (
            routing.chosen is None or routing.chosen.is_Symbol or (routing.chosen.is_Integer and routing.chosen > 0)
        ):
            raise Malformed(f"{tensor.name}: expected a size or a number of experts, got {routing.chosen}")
        return replace(tensor, routing=routing)

    def tied(self, tensor: Tensor, tie: Mapping[str, Json]) -> Tensor:
        _only(tie, "tied_to", "when")
        target = tie.get("tied_to")
        if not tie:
            return tensor
        if not isinstance(target, str) or not _NAME.fullmatch(target):
            raise Malformed(f"no name of a tensor: {echo(target)}")
        if target.count("{}") > len(tensor.loops):
            raise Malformed(f"{tensor.name}: tied to more places than it has")
        return replace(tensor, tied_to=target, tied_when=read_condition(tie.get("when", "true"), self.symbols))

    def counted(self, shape: tuple[Expr, ...], loops: tuple[Loop, ...]) -> int:
        """The terms of its number of parameters."""
        terms = int(sympy.prod([_terms(part) for part in (*shape, *(loop.times for loop in loops))]))
        if terms > MOST_TERMS:
            raise Malformed(f"more than {MOST_TERMS} terms when written out")
        return terms


def _only(row: Mapping[str, Json], *known: str) -> None:
    unknown = sorted(row.keys() - set(known))
    if unknown:
        raise Malformed(f"unknown: {echo(unknown[0])}")


def _terms(expression: Expr) -> int:
    return 1 if expression.is_Atom else len(sympy.Add.make_args(sympy.expand(expression)))
