"""The ways to count a cost that a claim may mean: conventions, types of numbers, optimizers; models and parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache

from sympy import Expr, Symbol

from bertsym.algebra import evaluate, free, monomials, substitute
from bertsym.claims.costs.circumstances import CACHE, FLOPS, LORA, MEMORY, STATES
from bertsym.convention import Convention
from bertsym.costs import QUANTITIES, Account, Quantity, Settings, measured, quantity
from bertsym.costs.flops import FORWARD_PASS
from bertsym.count import total
from bertsym.errors import BertsymError, Conflict, UnknownName
from bertsym.formulas.monomial_order import Terms
from bertsym.layers import Role
from bertsym.model import Model
from bertsym.symbols import B, L, S
from bertsym.values import replace, value

JUDGED = (FLOPS, CACHE, STATES, MEMORY, LORA)
"""The quantities of which claims are judged."""
KERNELS = ("paper", "eager", "flash", "checkpointed")
"""The kernels under which claims are judged, the usual one first: the account of Korthikanti et al."""
ONE_LAYER = "one layer"
DTYPES = (("bf16", 16), ("fp32", 32), ("fp8", 8))
UNUSUAL = ("fp8", "fp32")
"""The types of numbers of a cache that are judged only if the claim names them."""
_ADAPTED = (
    ("query", "value"), ("q_proj", "v_proj"), ("q_lin", "v_lin"), ("q", "v"), ("c_attn",), ("query_key_value",),
    ("query", "key", "value"), ("q_proj", "k_proj", "v_proj"),
    ("q_proj", "k_proj", "v_proj", "o_proj"), ("query",), ("q_proj",),
)  # fmt: skip
"""The modules beside which people put adapters, as peft's defaults and the papers do."""


def part_or_quantity(of: str) -> tuple[str, str]:
    """Return the name of the part and of the quantity that a claim counts; one of them is empty.

    Raises `UnknownName` for a quantity whose claims are not judged.
    """
    if of in JUDGED:
        return "", of
    if of in QUANTITIES:
        raise UnknownName("quantity of claims", of, JUDGED)
    return ("" if of == "parameters" else of), ""


@value
class CostCounting:
    """A convention of a quantity for one class of a model, or for a part of it.

    `expression` is the cost of a batch in public symbols. `scope` names the part, empty for the whole. `setting` names
    a type of numbers, an optimizer or the modules of an adapter. `trains` is None for a convention without a pass.
    """

    of: str
    convention: Convention
    cls: str
    expression: Expr
    scope: str = ""
    setting: str = ""
    trains: bool | None = None

    @property
    def name(self) -> str:
        """Return the convention with its setting and its part: `states pure, adamw in fp32: weights`."""
        alone = self.of in (FLOPS, self.convention.name)
        kind = self.convention.name if alone else self.of if self.of == MEMORY else f"{self.of}, {self.convention.name}"
        setting = f", {self.setting}" if self.setting else ""
        return kind + setting + (f": {self.scope}" if self.scope else "")

    def terms(self, fill: Mapping[Symbol, object], per: str = "") -> Terms:
        """Return the polynomial for a batch, each token or each sequence, with the sizes of `fill` put in."""
        return _terms(self.expression, tuple(fill.items()), per)

    def open_sizes(self, sizes: Mapping[Symbol, object]) -> set[Symbol]:
        """Return the unknown sizes that the cost of a batch depends on."""
        return free(self.expression) - set(sizes)

    def number(self, sizes: Mapping[Symbol, object]) -> Fraction:
        """Return the cost of a batch at known sizes."""
        return _number(self.expression, tuple(sizes.items()))


@lru_cache(maxsize=4096)
def _terms(expression: Expr, fill: tuple[tuple[Symbol, object], ...], per: str) -> Terms:
    return _divided(monomials(substitute(expression, dict(fill))), per)


@lru_cache(maxsize=4096)
def _number(expression: Expr, sizes: tuple[tuple[Symbol, object], ...]) -> Fraction:
    return Fraction(evaluate(expression, dict(sizes)))  # type: ignore[arg-type]


@value
class CostModel:
    """A model whose cost is counted under some heads, the expected one first, and under some optimizers."""

    model: Model
    heads: Sequence[str]
    of: str
    optimizers: tuple[str, ...] = ("adamw",)

    @cached_property
    def wholes(self) -> tuple[CostCounting, ...]:
        """Return the countings of the whole model under its first head."""
        return tuple(self._under(self.heads[0]))

    @cached_property
    def others(self) -> tuple[CostCounting, ...]:
        """Return the countings of the whole model under its other heads."""
        return tuple(counting for head in self.heads[1:] for counting in self._under(head))

    @cached_property
    def parts(self) -> tuple[CostCounting, ...]:
        """Return the countings of parts under the first head: components, layers, one layer, all but a component."""
        return tuple(self._parts())

    def _under(self, head: str) -> Iterator[CostCounting]:
        for account, setting in self._accounts:
            yield from self._counting(account, setting, head, {})

    def _parts(self) -> Iterator[CostCounting]:
        for account, setting in self._accounts:
            try:
                entries = measured(self.model.with_head(self.heads[0]), self._quantity, account).tensors
            except BertsymError:
                continue
            names = list(dict.fromkeys(entry.component for entry in entries))
            alike = all(loop.times == L for entry in entries for loop in entry.loops)
            for scope, selectors in _scopes(names, self.of):
                if scope.startswith(ONE_LAYER) and not alike:
                    continue
                yield from self._counting(account, setting, self.heads[0], selectors, scope)

    def check(self) -> None:
        """Raise `NotKnownOf` or `HasNo` if the model's cost is not known under any convention."""
        account, _ = self._accounts[0]
        measured(self.model.with_head(self.heads[0]), self._quantity, account)

    def sizes(self, run: Mapping[Symbol, int]) -> dict[Symbol, object]:
        """Return the sizes of the model and of a run."""
        return {**self.model.given, **run}

    @cached_property
    def _quantity(self) -> Quantity:
        return quantity(self.of)

    @cached_property
    def _accounts(self) -> tuple[tuple[Account, str], ...]:
        return tuple(_accounts(self.of, self.optimizers))

    def _counting(
        self, account: Account, setting: str, head: str, selectors: Mapping[str, object], scope: str = ""
    ) -> Iterator[CostCounting]:
        try:
            model = measured(self.model.with_head(head), self._quantity, account)
            convention = replace(account.convention, **selectors)
            expression = total(model, convention)
        except BertsymError:
            return
        if scope.startswith(ONE_LAYER):
            expression = expression / L
        if expression != 0:
            name = account.convention.name
            trains = None if self.of != FLOPS else name not in FORWARD_PASS
            yield CostCounting(self.of, account.convention, model.cls, expression, scope, setting, trains)


def _scopes(components: Sequence[str], of: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the parts of a model that claims count, each with the settings of the convention that select it."""
    named = [name for name in components if name]
    if of == FLOPS:
        yield "the layers", {"layers_only": True}
        matrices = {"roles": frozenset({Role.MATRIX}), "layers_only": True}
        yield "weight matrices of the layers", matrices
        yield "one layer", {"layers_only": True}
        yield "one layer: weight matrices", matrices
        yield "scores of attention and their mixtures", {"roles": frozenset({Role.PRODUCT})}
    for name in named:
        yield name, {"only": frozenset({name})}
        if of == FLOPS:
            yield f"one layer: {name}", {"only": frozenset({name}), "layers_only": True}
    for name in named if len(named) > 1 else ():
        yield f"without {name}", {"without": frozenset({name})}
    if of == MEMORY:
        yield f"{ONE_LAYER}: activations", {"only": frozenset({"activations"}), "layers_only": True}
    if of == STATES:
        yield "without the optimizer's steps", {"without": frozenset({"step"})}
        yield "master copy and moments", {"only": frozenset({"optimizer"}), "without": frozenset({"step"})}


def _accounts(of: str, optimizers: Sequence[str]) -> Iterator[tuple[Account, str]]:
    """Yield the accounts of a quantity under each of its settings, the usual ones first."""
    match of:
        case "flops":
            accounts = quantity(of).accounts
            yield from ((account, "") for account in accounts)
            yield from ((_three_passes(account), "") for account in accounts if account.convention.name in THREE_TIMES)
        case "cache":
            yield quantity(of).account("elements"), ""
            for dtype, _ in DTYPES:
                yield quantity(of, Settings(dtype=dtype)).account("bytes"), dtype
        case "states":
            yield from _of_states(optimizers)
        case "memory":
            yield from _of_memory()
        case "lora":
            yield quantity(of).account(), "all linear layers"
            for targets in _ADAPTED:
                yield quantity(of, Settings(targets=targets)).account(), ", ".join(targets)


def _of_states(optimizers: Sequence[str]) -> Iterator[tuple[Account, str]]:
    for optimizer in optimizers:
        plain = quantity(STATES, Settings(optimizer=optimizer))
        yield from ((plain.account(name), optimizer) for name in ("mixed", "megatron"))
        for dtype, _ in DTYPES[:2]:
            yield quantity(STATES, Settings(optimizer=optimizer, dtype=dtype)).account(), f"{optimizer} in {dtype}"


def _of_memory() -> Iterator[tuple[Account, str]]:
    for kernel in KERNELS:
        for dtype, _ in DTYPES[:2]:
            try:
                account = quantity(MEMORY, Settings(kernel=kernel, dtype=dtype)).account()
            except Conflict:  # some kernels compute in 16 bits only
                continue
            yield account, f"{kernel} kernels in {dtype}"


THREE_TIMES = ("kaplan", "chinchilla", "causal")
"""The conventions of a forward pass whose authors count a training step as three passes."""


def _three_passes(account: Account) -> Account:
    convention = account.convention
    thrice = tuple((role, 3 * factor) for role, factor in convention.factors)
    name = f"{convention.name}, three times"
    return replace(account, convention=replace(convention, name=name, factor=3 * convention.factor, factors=thrice))


def _divided(terms: Terms, per: str) -> Terms:
    """Return the polynomial for each token or each sequence of a batch."""
    symbols = {"token": (B, S), "sequence": (B,)}.get(per, ())
    result: Terms = {}
    for monomial, coefficient in terms.items():
        powers = dict(monomial)
        for symbol in symbols:
            powers[symbol] = powers.get(symbol, 0) - 1
        key = tuple(sorted(((base, power) for base, power in powers.items() if power), key=str))
        result[key] = coefficient
    return result
