"""The list that a configuration class makes if a file omits it, derived from the class as formulas are from a model.

The class is built many times without the list. Each layer of the list that it makes is an entry of the inventory, so
the loop over the layers of a kind is found and tested as that of a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

from sympy import Symbol

from bertsym.derive.layer_list_field import kind_letter
from bertsym.derive.types import NO_EFFECT, CannotDerive
from bertsym.saved_model.decode_layer_lists import rule_symbol
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.layer_lists import CONSTANT, LayerList, ListRule
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.tree import Tensor
from bertsym.values import replace

if TYPE_CHECKING:
    from bertsym.derive.derivation import Derivation

Search = Callable[[str], "Derivation"]
"""Derives the list at a path; raises `CannotDerive`."""


def with_rules(derived: Derived, search: Search) -> Derived:
    """Return the model with a rule for each list: what the configuration class makes of other fields, if derivable."""
    return replace(derived, layer_lists=tuple(_with_rule(one, search) for one in derived.layer_lists))


def _with_rule(layer_list: LayerList, search: Search) -> LayerList:
    if layer_list.rule is not None:
        return layer_list
    try:
        derivation = search(layer_list.path)
    except CannotDerive as error:
        return replace(layer_list, rule=CONSTANT) if error.problem == NO_EFFECT else layer_list
    return layer_list if (rule := list_rule(layer_list, derivation)) is None else replace(layer_list, rule=rule)


def list_rule(layer_list: LayerList, derivation: Derivation) -> ListRule | None:
    """Return the rule that was derived, None if it has no formula for each kind, or a size that is a ratio."""
    derived = derivation.derived
    paths = {symbol: path for path, symbol in derivation.symbols.items()}
    known = all(symbol in paths and BY_SYMBOL[symbol].kind is not Kind.RATIO for symbol in derived.defaults)
    if not derivation.whole or not known:
        return None
    renamed: dict[Symbol, Symbol] = {}
    for symbol in derived.defaults:
        size = BY_SYMBOL[symbol]
        renamed[symbol] = rule_symbol(str(symbol), min(size.minimum, 1), is_switch=size.kind is Kind.SWITCH)
    counts = {kind_letter(number): kind.count for number, kind in enumerate(layer_list.kinds)}
    return ListRule(
        MappingProxyType({renamed[symbol]: paths[symbol] for symbol in derived.defaults}),
        MappingProxyType({renamed[symbol]: default for symbol, default in derived.defaults.items()}),
        tuple(_tensor(tensor, counts, renamed) for tensor in derived.tensors),
    )


def _tensor(tensor: Tensor, counts: dict[str, Symbol], renamed: dict[Symbol, Symbol]) -> Tensor:
    _, index, letter = tensor.name.split(".")
    loops = tuple(loop.replaced(renamed) for loop in tensor.loops)
    return replace(
        tensor, name=f"{counts[letter]}.{index}", component="", loops=loops, when=tensor.when.xreplace(renamed)
    )
