"""An inventory read from the JSON rows of a saved model, within one budget for all heads of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import sympy
from sympy import Expr, Symbol

from bertsym.errors import echo
from bertsym.expressions.reader import Malformed, positive, read, read_condition
from bertsym.files.jsonfile import Json
from bertsym.layers import Role
from bertsym.saved_model.inventory import COMPLEMENT, Inventory, under_prefix
from bertsym.saved_model.json_node import WORDS, Node
from bertsym.saved_model.layer_lists import LayerList
from bertsym.tree import Loop, Routing, Tensor
from bertsym.values import replace

MAX_TENSORS = 8000
MAX_DIMENSIONS = 8
MAX_LISTED = 32
MAX_TERMS = 2000
MAX_TERMS_IN_ALL = 20_000
MAX_FLOORS = 640
"""Of quotients rounded down, in expressions that differ: sympy takes 10 ms for each; BiT, which has most, has 321."""

_WORD = r"([\w-]{1,60}|[\w-]{0,60}\{\})"
_NAME = re.compile(rf"{_WORD}(\.{_WORD}){{0,24}}", re.ASCII)
_PREFIX = re.compile(rf"({_WORD}\.){{0,24}}", re.ASCII)
_ROLES: Mapping[str, Role] = {role.value: role for role in Role if role is not Role.PRODUCT}
_REFERENCE = ("head", "prefix", "first", "last", "without")
_GROUP = ("component", "prefix", "loops", "only_if", "tensors")

T = TypeVar("T")


class InventoryDecoder:
    """Rows as tensors; what all heads of a file may hold together is bounded, and so is each expression."""

    def __init__(self, symbols: Mapping[str, Symbol], layer_lists: Sequence[LayerList] = ()) -> None:
        self.symbols = symbols
        self.layer_lists = {str(layer_list.order): layer_list for layer_list in layer_lists}
        self.terms = 0
        self.tensors = 0
        self.floors = 0
        self.expressions: dict[str, Expr] = {}

    def inventory(self, rows: Node, heads: Mapping[str, Inventory]) -> Inventory:
        """Return the tensors of a head; `heads` are those before it, which it may refer to. Raises `BadField`."""
        tensors: list[Tensor] = []
        for row in rows.items(MAX_TENSORS):
            if isinstance(row.json, dict) and "head" in row.json:
                tensors += self._referred(row.keys(_REFERENCE), heads)
            else:
                tensors += self._group(row.keys(_GROUP, required=("tensors",)))
        return tuple(tensors)

    def _spend(self, node: Node, tensors: int, terms: int = 0) -> None:
        self.tensors, self.terms = self.tensors + tensors, self.terms + terms
        if self.tensors > MAX_TENSORS or self.terms > MAX_TERMS_IN_ALL:
            raise node.refuse(f"more than {MAX_TENSORS:,} tensors, or {MAX_TERMS_IN_ALL:,} terms in them")

    # A run of another head's tensors.

    def _referred(self, row: Mapping[str, Node], heads: Mapping[str, Inventory]) -> Iterator[Tensor]:
        name, prefix = row["head"].json, self._prefix(row)
        if not isinstance(name, str) or name not in heads:
            raise row["head"].refuse(f"no head before this one is called {echo(name)}")
        if "{}" in prefix:
            raise row["prefix"].refuse(f"a prefix of a head has no index, got {echo(prefix)}")
        inventory = heads[name]
        positions = {tensor.name: position for position, tensor in reversed(list(enumerate(inventory)))}
        left_out = {self._known(one, name, positions) for one in row["without"].items(MAX_TENSORS)} if (
            "without" in row
        ) else set()  # fmt: skip
        first = positions[self._known(row["first"], name, positions)] if "first" in row else 0
        last = positions[self._known(row["last"], name, positions)] if "last" in row else len(inventory) - 1
        self._spend(row["head"], len(inventory))
        run = inventory[first : last + 1]
        return (under_prefix(tensor, prefix) for tensor in run if tensor.name not in left_out)

    def _known(self, node: Node, head: str, positions: Mapping[str, int]) -> str:
        if not isinstance(node.json, str) or node.json not in positions:
            raise node.refuse(f"the head {head} has no tensor {echo(node.json)}")
        return node.json

    # A group of tensors with the same loops and the same condition.

    def _group(self, row: Mapping[str, Node]) -> Iterator[Tensor]:
        component = row["component"].text(WORDS, "the name of a component") if "component" in row else ""
        loops = tuple(self._loop(bound) for bound in row["loops"].items(MAX_DIMENSIONS)) if "loops" in row else ()
        when = sympy.true
        if "only_if" in row:
            when = self._expression(row["only_if"], lambda json: read_condition(json, self.symbols))
        if when == sympy.false:
            raise row["only_if"].refuse("this condition never holds")
        shared = Tensor(self._prefix(row), (), Role.MATRIX, "", component, loops, when=when)
        return (self._tensor(one, shared) for one in row["tensors"].items(MAX_TENSORS))

    def _prefix(self, row: Mapping[str, Node]) -> str:
        return row["prefix"].text(_PREFIX, "words that each end in a dot") if "prefix" in row else ""

    def _loop(self, node: Node) -> Loop:
        match node.json:
            case int() | str():
                return Loop(sympy.S.Zero, self._number(node))
            case dict():
                return self._over_kinds(node)
            case [_, _] | [_, _, _] | [_, _, _, "complement"]:
                parts = node.items(4)
                start, stop = (self._number(part) for part in parts[:2])
                others = len(parts) == 4
                if len(parts) == 2:
                    return Loop(start, stop)
                if isinstance(parts[2].json, list):
                    return self._listed(parts[2], stop, others=others)
                return Loop(start, stop, self._step(parts[2]), others=others)
        raise node.refuse(
            f"expected an end, [start, end], [start, end, step] or [start, end, [index, ...]], the last two perhaps "
            f'with "{COMPLEMENT}", or an object of a list and kinds of layers, got {echo(node.json)}'
        )

    def _over_kinds(self, node: Node) -> Loop:
        """Return the loop over the layers of some kinds: `{"layer_types": ["L_full"]}`."""
        ((name, kinds),) = node.entries(1, kind="list").items() if node.json else ((None, node),)
        if name not in self.layer_lists:
            raise node.refuse(f"no list of layers is called {echo(name)}")
        layer_list = self.layer_lists[name]
        places = {str(kind.count): place for place, kind in enumerate(layer_list.kinds)}
        chosen = []
        for kind in kinds.items(len(places)):
            if not isinstance(kind.json, str) or kind.json not in places or places[kind.json] in chosen:
                raise kind.refuse(f"expected kinds of layers among {', '.join(places)}, each once")
            chosen.append(places[kind.json])
        if not chosen:
            raise kinds.refuse("expected at least one kind of layers")
        return Loop.of_kinds(chosen, layer_list.order, (kind.count for kind in layer_list.kinds))

    def _listed(self, node: Node, stop: Expr, *, others: bool) -> Loop:
        indices = tuple(map(self._number, node.items(MAX_LISTED)))
        if not indices:
            raise node.refuse("expected at least one index")
        return Loop(sympy.S.Zero, stop, others=others, listed=indices)

    def _step(self, node: Node) -> Expr:
        step = self._number(node)
        if not positive(step):
            raise node.refuse(f"a step of {step}, which need not be positive")
        return step

    def _number(self, node: Node) -> Expr:
        text = node.json
        if not isinstance(text, str):
            return self._expression(node, lambda json: read(json, self.symbols))
        if text not in self.expressions:
            self.floors += text.count("//")
            if self.floors > MAX_FLOORS:
                raise node.refuse(f"more than {MAX_FLOORS} quotients rounded down, in expressions that differ")
            self.expressions[text] = self._expression(node, lambda json: read(json, self.symbols))
        return self.expressions[text]

    def _expression(self, node: Node, reader: Callable[[Json], T]) -> T:
        try:
            return reader(node.json)
        except Malformed as error:
            raise node.refuse(str(error)) from None

    # One tensor: [name, role, dimension, ...], with its tie and its routing in an object at the end.

    def _tensor(self, node: Node, shared: Tensor) -> Tensor:
        parts = node.items(MAX_DIMENSIONS + 3)
        more: dict[str, Node] = {}
        if parts and isinstance(parts[-1].json, dict):
            more = parts.pop().keys(("tied_to", "tied_if", "routing"))
        if len(parts) < 2 or len(parts) > MAX_DIMENSIONS + 2:
            raise node.refuse(f"expected [name, role, dimension, ...], at most {MAX_DIMENSIONS} dimensions")
        name, role = parts[0].text(_NAME, "the name of a tensor"), parts[1].json
        name = shared.name + name
        if not _NAME.fullmatch(name):
            raise parts[0].refuse(f"{echo(name)} is no name of a tensor")
        if not isinstance(role, str) or role not in _ROLES:
            raise parts[1].refuse(f"expected a role among {', '.join(_ROLES)}, got {echo(role)}")
        if len(shared.loops) != name.count("{}"):
            raise parts[0].refuse(f"{echo(name)} has not as many indices as it has loops")
        shape = tuple(self._number(part) for part in parts[2:])
        self._spend(node, 1, self._counted(node, shape, shared.loops))
        tensor = replace(shared, name=name, shape=shape, role=_ROLES[role])
        tensor = self._routed(tensor, more["routing"]) if "routing" in more else tensor
        return self._tied(tensor, more)

    def _routed(self, tensor: Tensor, node: Node) -> Tensor:
        """Return the tensor with the number of experts that work on a token, and the number of all experts."""
        parts = node.items(2)
        if len(parts) != 2:
            raise node.refuse("expected [experts that work on a token, experts]")
        chosen = None if parts[0].json is None else self._number(parts[0])
        if not (chosen is None or chosen.is_Symbol or (chosen.is_Integer and chosen > 0)):
            raise parts[0].refuse(f"expected a size or a number of experts, got {chosen}")
        return replace(tensor, routing=Routing(chosen, self._number(parts[1])))

    def _tied(self, tensor: Tensor, more: Mapping[str, Node]) -> Tensor:
        if "tied_to" not in more:
            if "tied_if" in more:
                raise more["tied_if"].refuse("a condition without a tied_to")
            return tensor
        target = more["tied_to"].text(_NAME, "the name of a tensor")
        if target.count("{}") > len(tensor.loops):
            raise more["tied_to"].refuse(f"{echo(target)} has more indices than {tensor.name}")
        when = sympy.true
        if "tied_if" in more:
            when = self._expression(more["tied_if"], lambda json: read_condition(json, self.symbols))
        return replace(tensor, tied_to=target, tied_when=when)

    def _counted(self, node: Node, shape: tuple[Expr, ...], loops: tuple[Loop, ...]) -> int:
        """Return the number of terms in the tensor's number of parameters."""
        terms = int(sympy.prod([_terms(part) for part in (*shape, *(loop.times for loop in loops))]))
        if terms > MAX_TERMS:
            raise node.refuse(f"more than {MAX_TERMS} terms when written out")
        return terms


def _terms(expression: Expr) -> int:
    return 1 if expression.is_Atom else len(sympy.Add.make_args(sympy.expand(expression)))
