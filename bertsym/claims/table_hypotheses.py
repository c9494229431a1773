"""The countings that may explain a table: of every class, whole or in part, with a table of its own for the output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.interpretations import Counting, countings
from bertsym.claims.scopes import scope_named
from bertsym.claims.tensor_polynomials import TOKENS, Part, is_table, parts
from bertsym.formulas.monomial_order import Terms
from bertsym.model import Model
from bertsym.symbols import heads as query_heads
from bertsym.symbols import kv_heads, tied
from bertsym.values import value

# The cost of a hypothesis. A dearer one may fit a short table by chance.
MAX_COST = 2


@value
class Hypothesis:
    """A formula that could explain the table: its name, its terms in the sizes, its price, and if people count so."""

    name: str
    terms: Terms
    cost: int
    sound: bool = True


def hypotheses(model: Model, heads: Sequence[str], stated: frozenset[Symbol], words: str) -> Iterator[Hypothesis]:
    """Yield the countings that may explain a table; with `words`, those that the words describe, if there are any."""
    every = list(_countings(model, heads, stated, words))
    scope = scope_named(words)
    described = [entry for entry in every if scope is not None and scope(entry[0])]
    stacked = [entry for entry in every if words and entry[0].scope.partition(" ")[0] == words.casefold()]
    seen: set[tuple[object, ...]] = set()
    for counting, cost in stacked or described or every:
        key = tuple(sorted(counting.terms.items(), key=str))
        if cost <= MAX_COST and counting.terms and key not in seen:
            seen.add(key)
            yield Hypothesis(counting.name, counting.terms, cost, counting.sound)


def _countings(
    model: Model, heads: Sequence[str], stated: frozenset[Symbol], words: str
) -> Iterator[tuple[Counting, int]]:
    """Yield the countings of every class with their cost, also with an output embedding of its own."""
    derived = {definition.symbol for definition in model.architecture.definitions}
    grouped = kv_heads in model.symbols and kv_heads not in stated and kv_heads not in model.given
    equal: Mapping[Symbol, Value | Symbol] = {kv_heads: query_heads} if grouped else {}
    for index, head in enumerate(heads):
        headed = model.with_head(head)
        keep = stated & (derived | headed.symbols)
        inventory = parts(headed, keep, equal)
        for counting in (
            *countings(headed.cls, inventory, whole=not words, most=MAX_COST),
            *_stacks(headed, inventory),
        ):
            yield counting, counting.cost + (index > 0)
    untied = tied in model.symbols and tied not in model.given
    for index, head in enumerate(heads if untied else ()):
        headed = model.with_head(head)
        if any(tensor.tied_to is not None for tensor in headed.tensors):
            inventory = parts(headed.with_sizes({tied: False}), stated & (derived | headed.symbols), equal)
            own = f"{headed.cls} with an output embedding of its own"
            for counting in countings(own, inventory, whole=not words, most=0):
                yield counting, counting.cost + 1 + (index > 0)


def _stacks(model: Model, inventory: Sequence[Part]) -> Iterator[Counting]:
    """Yield each stack of a model of several, such as its encoder, alone and with a table of tokens."""
    tokens = [part for part in inventory if is_table(part.tensor, TOKENS) and part.own]
    stacks = {part.tensor.component.partition(" ")[0] for part in inventory if " " in part.tensor.component}
    for stack in sorted(stacks):
        members = tuple(part for part in inventory if part.tensor.component.partition(" ")[0] == stack)
        if len(stacks) > 1 and members:
            yield Counting(model.cls, stack, (), members, cost=1, part=True)
            if tokens and tokens[0] not in members:
                yield Counting(
                    model.cls, f"{stack} with token embeddings", (), (*members, tokens[0]), cost=1, part=True
                )
