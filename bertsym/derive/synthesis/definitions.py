"""Definitions: what the model code computes for a size that a configuration omits.

Examples are d = H/heads, an inner width of 2H, and the default of a nested configuration class. Each field alone is
left out of sampled configurations. A formula in the other sizes is fitted to some of the answers, the rest confirm it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from random import Random

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.domain.space import Space
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import (
    DEFINITION_CHECKS,
    DEFINITION_SAMPLES,
    MAX_DEFINITION_BATCHES,
    MIN_DEFINITION_VALUES,
    MIN_OMITTED_SAMPLES,
)
from bertsym.derive.oracle.client import BuildOracle
from bertsym.derive.synthesis.arithmetic import Fitter
from bertsym.derive.types import Fields
from bertsym.model import Definition
from bertsym.symbols import BY_SYMBOL, F, H, Kind, d, heads
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE


class Defaults:
    """The values that the model code gives to each field if that field alone is omitted, in sampled configurations."""

    def __init__(self, oracle: BuildOracle, space: Space, symbols: Mapping[str, Symbol], random: Random) -> None:
        self.symbols, self.base = symbols, oracle.description.fields
        domains = [
            domain for domain in space.axes if not (domain.is_switch or domain.is_ratio) and domain.name in symbols
        ]
        names = [domain.name for domain in domains]
        self.active = [domain.name for domain in domains if not domain.no_effect]
        self.configs = [space.fields(space.sample(random)) for _ in range(DEFINITION_SAMPLES + DEFINITION_CHECKS)]
        self.defaults = _defaults(oracle, self.configs, names)
        self._add_accepted(oracle, space, names)
        self.table = [{symbols[name]: config[name] for name in names} for config in self.configs]

    def _add_accepted(self, oracle: BuildOracle, space: Space, names: Sequence[str]) -> None:
        """Add configurations for the fields whose omission the code accepts in some configurations, but in too few."""
        random = Random(len(self.configs))  # noqa: S311  # a stream of its own, so that later samples stay as they are
        wanted = DEFINITION_SAMPLES + DEFINITION_CHECKS
        for _ in range(MAX_DEFINITION_BATCHES):
            lacking = [
                name
                for name in names
                if len({defaults[name] for defaults in self.defaults if name in defaults}) > 1
                and sum(name in defaults for defaults in self.defaults) < wanted
            ]
            if not lacking:
                return
            configs = [space.fields(space.sample(random)) for _ in range(wanted)]
            answers = oracle.defaults(configs, lacking)
            accepted = [(config, answer) for config, answer in zip(configs, answers, strict=True) if answer]
            self.configs += [config for config, _ in accepted]
            self.defaults += [answer for _, answer in accepted]

    def definitions(self) -> tuple[Definition, ...]:
        """Return the definitions of the model's sizes; no definition uses a size that another one defines.

        F = ffn_ratio*H is a definition of every model that has both sizes.
        """
        fields = {self.symbols[name]: name for name in self.active}
        standard = [FEED_FORWARD] if F in fields and H in fields else []
        fitted = list(self._fitted_definitions({F, d} if standard else {d}))
        if {d, H, heads} <= set(fields) and self._is_head_quotient(fields):
            standard.append(FREE_HEAD_SIZE)
        defined = {definition.symbol for definition in (*standard, *fitted)}
        return (*standard, *(definition for definition in fitted if not free(definition.value) & defined))

    def absences(self) -> dict[str, Expr | None]:
        """Return the fields that get another value than their default if they are omitted, each with its formula.

        The formula is None if none fits. A field that the model code requires is not in the result.
        """
        formulas: dict[str, Expr | None] = {}
        for name in map(str, self.symbols):
            values = self._values_if_omitted(name)
            if len(values) >= MIN_OMITTED_SAMPLES and any(number != self.base[name] for _, number in values):
                formulas[name] = self._formula(name)
        return formulas

    def _values_if_omitted(self, name: str) -> list[tuple[int, int]]:
        """Return the rows whose configuration the model code accepts without the field, each with the field's value."""
        return [(row, int(defaults[name])) for row, defaults in enumerate(self.defaults) if name in defaults]

    def _formula(self, name: str) -> Expr | None:
        """Return a formula of the other sizes that the last samples confirm, or None."""
        sizes = [self.symbols[active] for active in self.active if active != name]
        values = self._values_if_omitted(name)
        if len({number for _, number in values}) == 1:
            return sympy.Integer(values[0][1])
        if len(values) < DEFINITION_SAMPLES:
            return None
        rows, numbers = zip(*values[:-DEFINITION_CHECKS], strict=True)
        formula = Fitter(self.table, sizes).fit(rows, numbers) or self._quotient(values, sizes)
        if formula is None:
            return None
        checks = values[-DEFINITION_CHECKS:]
        is_confirmed = all(Evaluator(self.table[row]).residual(formula, number) == 0 for row, number in checks)
        return formula if is_confirmed else None

    def _quotient(self, values: Sequence[tuple[int, int]], sizes: Sequence[Symbol]) -> Expr | None:
        """Return one size over another, such as a head size; the fitter tries no quotients if there are many sizes."""
        for dividend, divisor in permutations(sizes, 2):
            cells = ((self.table[row][dividend], self.table[row][divisor], number) for row, number in values)
            if all(below > 0 and above // below == number for above, below, number in cells):
                return sympy.floor(dividend / divisor)
        return None

    def _fitted_definitions(self, excluded: set[Symbol]) -> Iterator[Definition]:
        for name in self.active:
            symbol = self.symbols[name]
            numbers = {number for _, number in self._values_if_omitted(name)}
            if symbol in excluded or len(numbers) < MIN_DEFINITION_VALUES:
                continue
            formula = self._formula(name)
            # A size that defaults to another size, as kv_heads does to heads, is still a choice of its own.
            if formula is not None and not formula.is_Symbol:
                unrounded = formula.replace(sympy.floor, lambda inside: inside)
                roundings = formula.atoms(sympy.floor)
                is_division = all(not floor.args[0].is_Add and free(floor) for floor in roundings)
                if is_division and not any(BY_SYMBOL[size].kind is Kind.RATIO for size in free(unrounded)):
                    yield Definition(symbol, unrounded)

    def _is_head_quotient(self, fields: Mapping[Symbol, str]) -> bool:
        """Return True if the head size defaults to H/heads."""
        name = fields[d]
        accepted = [
            (config, defaults)
            for config, defaults in zip(self.configs, self.defaults, strict=True)
            if name in defaults and config[fields[heads]]
        ]
        return len(accepted) > DEFINITION_CHECKS and all(
            config[fields[H]] // config[fields[heads]] == defaults[name] for config, defaults in accepted
        )


def _defaults(oracle: BuildOracle, configs: Sequence[Fields], names: Sequence[str]) -> list[Fields]:
    """Return for each configuration the value of each field if that field alone is omitted.

    Fields whose value is the same in the first few configurations are constants, and are not tried any more.
    """
    first = oracle.defaults(configs[:MIN_OMITTED_SAMPLES], names)
    varying = [name for name in names if len({defaults.get(name) for defaults in first}) > 1]
    rest = configs[MIN_OMITTED_SAMPLES:]
    return [*first, *(oracle.defaults(rest, varying) if varying else [{}] * len(rest))]
