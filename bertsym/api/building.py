"""Models of one's own: a tree of parts becomes a model, with the checks that a model of the zoo has in its tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym import arguments
from bertsym.algebra import Value, free
from bertsym.api.model import Model
from bertsym.errors import Conflict, InvalidModel, Unreadable, printable
from bertsym.layers import Leaf, Role
from bertsym.model import Architecture, Definition, Head, NamedSize, check_value
from bertsym.model import Model as Spec
from bertsym.quantities import MAX_DIGITS
from bertsym.schema import Schema
from bertsym.straight_line import Builder, NoProgram
from bertsym.symbols import BY_NAME, BY_SYMBOL, RUN, Kind, in_order
from bertsym.tree import Block, Component, Loop, Node, Over, Repeat, Reuse, Routed, Stack, Tied, When
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

DEEPEST = 100
"""The nodes that lie in one another; deeper trees exceed Python's stack when they are written out."""

_HEAD = re.compile(r"\w[\w-]{0,59}")
_PART = re.compile(r"\w{1,100}")
_INVERTIBLE = {(known.symbol, known.value): known for known in (HEAD_SIZE, FEED_FORWARD)}


def build(
    name: str,
    tree: Node,
    *,
    heads: Mapping[str, Node] | None = None,
    definitions: Mapping[Symbol, Expr] | None = None,
    defaults: Mapping[Symbol, Value] | None = None,
) -> Model:
    """Return a model of one's own from a tree of `bertsym.parts`; its sizes are open.

    `heads` are trees of task heads by name. `definitions` are sizes that follow from others unless they are given, as
    `{F: 4 * H}`. `defaults` are values of sizes and switches that a formula has unless they are given.

    Raises `InvalidModel` for a part that is none, a size without meaning, a number that is no integer, or a tie without
    a target. Raises `Conflict` for a size with a definition and a default.

    Examples:
        >>> from bertsym.parts import Block, Embedding, F, H, L, LayerNorm, Linear, Repeat, V
        >>> layer = Block(
        ...     attention=Block("attention", qkv=Linear(H, 3 * H), out=Linear(H, H), norm=LayerNorm(H)),
        ...     mlp=Block("feed-forward", up=Linear(H, F), down=Linear(F, H), norm=LayerNorm(H)),
        ... )
        >>> mine = build("mine", Block("embeddings", tokens=Embedding(V, H), layers=Repeat(L, layer)))
        >>> mine.at(V=1000, H=64, L=2, F=256).count()
        163968
    """
    title = arguments.text(name, "name")
    if not _PART.fullmatch(title):
        raise InvalidModel(title[:60], "a name has letters, digits and _, at most 100")
    trees = {"model": tree, **arguments.mapping(heads, "heads", "{'causal-lm': Block(...)}")}
    for head, part in trees.items():
        if not _HEAD.fullmatch(head):
            raise InvalidModel(title, f"{_shown(head)} is no name of a head, such as causal-lm")
        for problem in _problems(part, head, 0):
            raise InvalidModel(title, problem)
    follows = dict(_definition(title, *pair) for pair in _pairs(definitions, "definitions", "{F: 4 * H}"))
    _check_circles(title, follows)
    values = dict(_default(title, *pair) for pair in _pairs(defaults, "defaults", "{tied: True}"))
    for symbol in in_order(follows.keys() & values):
        raise Conflict(f"the default of {symbol}", f"the definition of {symbol}", "one of them would have no effect")
    architecture = Architecture(
        name=title,
        title=title,
        paper="",
        heads={head: Head(title if head == "model" else f"{title} {head}", part) for head, part in trees.items()},
        definitions=tuple(follows.values()),
        sizes={_NO_SIZES: NamedSize({}, "")},
        base=_NO_SIZES,
        schema=Schema(title, ()),
        defaults=values,
    )
    for head in trees:
        architecture.head(head)
    names = Counter(str(symbol) for symbol in architecture.symbols)
    for double in sorted(size for size, often in names.items() if often > 1):
        raise InvalidModel(title, f"two sizes are named {double}")
    return Model(Spec(architecture, label=title))


_NO_SIZES = "no published size"


def _pairs(given: Mapping[Symbol, Any] | None, what: str, example: str) -> Iterable[tuple[Any, Any]]:
    """Return the entries of a mapping of sizes; raises `Unreadable` for anything else."""
    entries: object = {} if given is None else given
    if not isinstance(entries, Mapping):
        raise Unreadable(what, f"a {type(entries).__name__}", f"a mapping such as {example}")
    return entries.items()


def _definition(model: str, symbol: object, given: object) -> tuple[Symbol, Definition]:
    """Return a definition; those of the zoo determine the other size if theirs is given."""
    if symbol not in BY_SYMBOL or BY_SYMBOL[symbol].kind is Kind.SWITCH:
        raise InvalidModel(model, f"a definition of {_shown(symbol)}, which is no size of bertsym.parts")
    for problem in _size(given, f"the definition of {symbol}"):
        raise InvalidModel(model, problem)
    expression = sympy.S(given)
    return symbol, _INVERTIBLE.get((symbol, expression)) or Definition(symbol, expression)


def _check_circles(model: str, definitions: Mapping[Symbol, Definition]) -> None:
    """Raise `InvalidModel` if a size follows from itself."""
    for symbol in definitions:
        reached: set[Symbol] = set()
        waiting = [symbol]
        while waiting:
            needed = free(definitions[waiting.pop()].value) - reached
            reached |= needed
            waiting += needed & definitions.keys()
        if symbol in reached:
            raise InvalidModel(model, f"the definition of {symbol} contains {symbol}")


def _default(model: str, symbol: object, default: Value) -> tuple[Symbol, Value]:
    if symbol not in BY_SYMBOL:
        raise InvalidModel(model, f"a default of {_shown(symbol)}, which is no size of bertsym.parts")
    size = BY_SYMBOL[symbol]
    return size.symbol, check_value(size, arguments.size_value(size, default))


def _problems(node: object, path: str, depth: int) -> Iterator[str]:
    """Yield what is wrong with a tree; `path` names the node."""
    if depth > DEEPEST:
        yield f"{path[:60]}: the tree is deeper than {DEEPEST} nodes"
        return
    match node:
        case Block(parts=parts):
            component: object = node.component
            if not isinstance(component, str):
                yield f"{path}: a part of a Block has a name, as in Block(dense={type(component).__name__}(...))"
            for name, part in parts:
                if _PART.fullmatch(name):
                    yield from _problems(part, f"{path}.{name}", depth + 1)
                else:
                    yield f"{path}: {_shown(name)} is no name of a part"
        case Stack(parts=parts):
            for part in parts:
                yield from _problems(part, path, depth + 1)
        case Component() | Repeat() | Reuse() | Over() | When() | Tied() | Routed():
            yield from _fields(node, path)
            yield from _problems(node.part, path, depth + 1)
        case _ if isinstance(node, Leaf):
            yield from _fields(node, path)
        case _:
            yield f"{path}: expected a part such as Linear or Block, got a {type(node).__name__}"


def _fields(node: object, path: str) -> Iterator[str]:
    """Yield what is wrong with the fields of a node: its words, its conditions and its sizes."""
    for name in type(node).__match_args__:  # type: ignore[attr-defined]  # every node is a value
        field = getattr(node, name)
        where = f"{path}, {name} of {type(node).__name__}"
        match field:
            case _ if name == "part":
                continue
            case _ if name in _WORDS:
                if not isinstance(field, str):
                    yield f"{where}: expected text, got a {type(field).__name__}"
            case _ if name == "role":
                if not isinstance(field, Role):
                    yield f"{where}: expected a Role such as Role.MATRIX, got a {type(field).__name__}"
            case _ if name in _CONDITIONS:
                yield from _condition(field, where)
            case Loop(start=start, stop=stop, step=step):
                yield from (problem for bound in (start, stop, step) for problem in _size(bound, where))
            case tuple() if name != "targets":
                yield from (problem for side in field for problem in _size(side, where))
            case _ if name not in _OPTIONAL or field is not None:
                yield from () if name == "targets" else _size(field, where)


_WORDS = frozenset({"component", "what", "meaning"})
_CONDITIONS = frozenset({"condition", "bias", "causal", "mixed", "transposed"})
_OPTIONAL = frozenset({"longest", "values", "kv_heads", "chosen"})


def _condition(given: object, where: str) -> Iterator[str]:
    """Yield what is wrong with a condition: True, False, a switch, or relations of sizes."""
    if isinstance(given, bool):
        return
    if isinstance(given, Symbol) and given in BY_SYMBOL and BY_SYMBOL[given].kind is Kind.SWITCH:
        return
    if not isinstance(given, Boolean) or isinstance(given, Symbol):
        yield f"{where}: {_shown(given)} is no condition; write a switch such as tied, or a relation such as H > 64"
        return
    yield from _compiles(given, where)


def _size(given: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with a size: an exact expression of known sizes can be counted, and nothing else."""
    if isinstance(given, float) or (isinstance(given, sympy.Basic) and given.has(sympy.Float)):
        yield f"{where}: {_shown(given)} is no exact number; write an integer or a fraction"
    elif isinstance(given, bool) or not isinstance(given, int | Expr):
        yield f"{where}: expected a size, got a {type(given).__name__}"
    elif isinstance(given, int | sympy.Integer) and not abs(int(given)) < 10**MAX_DIGITS:
        yield f"{where}: a number of more than {MAX_DIGITS} digits"
    elif isinstance(given, Symbol) and given in BY_SYMBOL and BY_SYMBOL[given].kind is Kind.SWITCH:
        yield f"{where}: {given} is a switch and no number"
    else:
        yield from _compiles(sympy.S(given), where)


def _compiles(expression: Any, where: str) -> Iterator[str]:
    """Yield what keeps an expression from being counted: a symbol that is no size, or another function."""
    for symbol in sorted(expression.free_symbols, key=str):
        if symbol not in BY_SYMBOL:
            name = str(symbol)
            known = name in BY_NAME or name in {size.name for size in RUN}
            advice = f"import {name} from bertsym.parts" if known else f"make it with bertsym.parts.size({name!r})"
            yield f"{where}: the symbol {_shown(symbol)} is no size; {advice}"
            return
    builder = Builder(in_order(expression.free_symbols))
    try:
        if isinstance(expression, Expr):
            builder.quotient(expression)
        else:
            builder.condition(expression)
    except NoProgram as part:
        yield f"{where}: {_shown(part)} is no sum, product, quotient, floor or condition of sizes"


def _shown(thing: object) -> str:
    return printable(str(thing))[:60]
