"""Saved models drawn at random: every kind of domain, guard, loop, condition, tie, routing and evidence."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import Iverson, Value
from bertsym.files.jsonfile import Json
from bertsym.layers import Role
from bertsym.model import Definition
from bertsym.saved_model.allowed_values import AllowedValues, Bounded, Choice, Determined, Free, MultipleOf, Switch
from bertsym.saved_model.derived import (
    Basis,
    ConfigField,
    Constraint,
    Derived,
    DerivedHead,
    Domain,
    Evidence,
    FixedValue,
    NoEffect,
    UnresolvedTensor,
)
from bertsym.symbols import E, F, H, Kind, L, N, Own, V, experts, experts_per_token, heads, tied
from bertsym.tree import Loop, Routing, Tensor
from bertsym.zoo.parts import FEED_FORWARD

REGISTERED = (V, L, F, E, N)
PATHS = ("hidden_size", "text.width", "depths[0]", "depths[1]", "vision.heads", "a.b[2].c")
WORDS = ("weight", "bias", "query", "dense", "scale-1", "w_0")
TEXTS = ("gelu", "no other value was accepted", "dimension 1: no formula", "a (b)")


class ModelGenerator:
    """A source of saved models; equal seeds give equal models."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        kinds = [kind for kind in Kind if kind not in (Kind.COUNT, Kind.ORDER, Kind.RUN, Kind.SWITCH)]
        own = [Own(f"own_{n}", kind, self.random.randint(0, 1), f"own {n}") for n, kind in enumerate(kinds)]
        self.sizes: list[Symbol] = [*self.random.sample(REGISTERED, 3), H, heads, experts, experts_per_token, *own]
        self.sizes = list(dict.fromkeys(self.sizes))
        self.switches: list[Symbol] = [tied, Own("own_switch", Kind.SWITCH, 0, "own switch")]
        self.numbers = [size for size in self.sizes if not isinstance(size, Own) or size.kind is not Kind.RATIO]

    def model(self) -> Derived:
        choose = self.random
        paths = [f"field_{number}" if choose.random() < 0.5 else f"part.field[{number}]" for number in range(40)]
        symbols = [*self.sizes, *self.switches]
        defaults = {symbol: self.default(symbol) for symbol in symbols}
        fields = {
            symbol: self.field(path, isinstance(defaults[symbol], bool), paths)
            for symbol, path in zip(symbols, paths, strict=False)
        }
        definitions = self.random.choice([(), (FEED_FORWARD,), (Definition(self.sizes[-1], 2 * H + heads),)])
        fixed: list[Json] = [None, "gelu", [1, "a", None], 7]
        constraints = [Constraint(H / heads, basis) for basis in Basis if choose.random() < 0.5]
        return Derived(
            "drawn",
            "Drawn",
            "drawn at random",
            defaults,
            definitions,
            self.tensors(choose.randint(1, 12)),
            tuple(constraints),
            fields,
            {path: FixedValue(choose.choice([1, 2.5, True]), choose.choice(TEXTS)) for path in paths[30:32]},
            {path: self.no_effect(paths) for path in paths[32:38]},
            choose.choice([None, self.evidence()]),
            {"causal-lm": DerivedHead("DrawnForCausalLM", self.tensors(choose.randint(1, 6)), self.evidence())},
            choose.randint(0, 12),
            {path: choose.choice(fixed) for path in paths[38:]},
        )

    def default(self, symbol: Symbol) -> Any:
        kind = symbol.kind if isinstance(symbol, Own) else None
        if symbol in self.switches:
            return self.random.random() < 0.5
        return Fraction(self.random.randint(1, 9), self.random.randint(2, 4)) if kind is Kind.RATIO else 12

    def field(self, path: str, is_switch: bool, paths: list[str]) -> ConfigField:
        aliases = tuple(self.random.sample(PATHS, self.random.randint(0, 2)))
        if_omitted = self.random.choice([None, None, self.expression(), H / heads])
        unknown = if_omitted is None and self.random.random() < 0.3
        return ConfigField(path, self.domain(is_switch, paths), aliases, if_omitted, unknown)

    def no_effect(self, paths: list[str]) -> NoEffect:
        default = self.random.choice([None, 0, 12, True, False, Fraction(1, 2)])
        domain = None if default is None else self.domain(isinstance(default, bool), paths)
        return NoEffect(default, domain)

    def domain(self, is_switch: bool, paths: list[str]) -> Domain | None:
        choose = self.random
        guarded = choose.sample(paths, choose.choice([0, 0, 1, 2]))
        values: list[Value] = [True, 2, Fraction(1, 2)]
        guard = tuple((path, choose.choice(values)) for path in guarded)
        if is_switch:
            return Domain(choose.choice([Switch(), Switch((True,))]), only_if=guard)
        if choose.random() < 0.1:
            return None
        strides: list[Value] = [1, 1, 2, Fraction(1, 4)]
        stride = choose.choice(strides)
        fields = tuple(choose.sample(paths, choose.randint(1, 3)))
        inner = Free(stride) if choose.random() < 0.5 else MultipleOf(fields, stride)
        bound, other = choose.sample(paths, 2)
        allowed: AllowedValues = choose.choice(
            [
                inner,
                Bounded(inner, bound, other),
                Bounded(inner, at_most=bound),
                Bounded(inner, greater_than=other),
                Determined(fields, stride, choose.choice([None, bound])),
                Choice(tuple(choose.sample([0, 1, 2, 3, Fraction(3, 2)], 3))),
            ]
        )
        if isinstance(allowed, Determined | Choice):
            return Domain(allowed, only_if=guard)
        fewest = choose.randint(0, 5)
        return Domain(allowed, fewest, fewest + choose.randint(0, 500), guard)

    def evidence(self) -> Evidence:
        choose = self.random
        unresolved = [UnresolvedTensor("odd.{}.weight", "dimension 1", choose.choice(TEXTS))] * choose.randint(0, 2)
        trials, edges, builds, seed, bound = (choose.randint(0, 999) for _ in range(5))
        return Evidence(trials, edges, builds, seed, bound, choose.choice([None, 10**12]), tuple(unresolved))

    def tensors(self, count: int) -> tuple[Tensor, ...]:
        return tuple(self.tensor(number) for number in range(count))

    def tensor(self, number: int) -> Tensor:
        choose = self.random
        loops = tuple(self.loop() for _ in range(choose.choice([0, 0, 1, 1, 2])))
        # The same words again and again, so that neighbours share a prefix.
        words = [choose.choice(["layers", "body"]), *("{}" for _ in loops), choose.choice(["attention", "mlp"])]
        name = ".".join([*words, f"{choose.choice(WORDS)}{number}"])
        tie = choose.random() < 0.2
        return Tensor(
            name,
            tuple(self.expression() for _ in range(choose.randint(0, 3))),
            choose.choice([role for role in Role if role is not Role.PRODUCT]),
            "",
            choose.choice(["attention", "feed-forward", ""]),
            loops,
            when=choose.choice([sympy.true, sympy.true, self.condition()]),
            tied_to="words.weight" if tie else None,
            tied_when=self.condition() if tie and choose.random() < 0.5 else sympy.true,
            routing=choose.choice([None, None, None, self.routing()]),
        )

    def routing(self) -> Routing:
        return Routing(self.random.choice([None, Integer(2), experts_per_token]), experts)

    def loop(self) -> Loop:
        choose = self.random
        start, stop = Integer(choose.randint(0, 2)), choose.choice(self.numbers) + choose.randint(0, 1)
        listed = tuple(Integer(n) for n in sorted(choose.sample(range(9), 3)))
        return choose.choice(
            [
                Loop(Integer(0), stop),
                Loop(start, stop),
                Loop(start, stop, Integer(2)),
                Loop(start, stop, Integer(3), others=True),
                Loop(Integer(0), stop, listed=listed),
                Loop(Integer(0), stop, others=True, listed=listed),
            ]
        )

    def expression(self) -> Expr:
        choose = self.random
        one, two = choose.sample(self.numbers, 2)
        return choose.choice(
            [
                Integer(choose.randint(1, 9)),
                one,
                2 * one + two,
                one**2,
                one * two + 3,
                sympy.floor((one + 1) / 2),
                one * sympy.floor(two / heads) if one != heads else one,
                one + two * Iverson(self.condition()),
            ]
        )

    def condition(self) -> Any:
        choose = self.random
        one, two = choose.sample(self.numbers, 2)
        switch = choose.choice(self.switches)
        return choose.choice(
            [
                switch,
                sympy.Not(switch),
                one > two + 3,
                sympy.Ne(one, two),
                sympy.And(switch, one <= 7),
                sympy.Or(sympy.Not(switch), sympy.Eq(one, 2 * two), two >= 3),
            ]
        )
