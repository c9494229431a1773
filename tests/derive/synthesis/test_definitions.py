"""Definitions: what a configuration class computes for an omitted field. A function stands for that class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

import sympy

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.synthesis.definitions import Defaults
from bertsym.model import Definition
from bertsym.symbols import F, H, Kind, Own, V, d, heads, kv_heads
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

INNER = Own("inner", Kind.WIDTH)
SYMBOLS = {"hidden": H, "heads": heads, "head_dim": d, "ffn": F, "kv_heads": kv_heads, "inner": INNER, "vocab": V}
BASE = {"hidden": 64, "heads": 4, "head_dim": 16, "ffn": 256, "kv_heads": 4, "inner": 128, "vocab": 1000}
Class = Mapping[str, Callable[[Mapping[str, Any]], int]]


def defaults(computed: Class, *names: str, seed: int = 0) -> Defaults:
    """Return the values of omitted fields, if the class computes each of them from the other fields.

    A field without a function is required: the class accepts no configuration without it.
    """
    base = {name: BASE[name] for name in names}

    class Oracle:
        description = SimpleNamespace(fields=base)

        def defaults(self, configs: Iterable[Mapping[str, Any]], omitted: Iterable[str]) -> list[Mapping[str, int]]:
            return [{name: computed[name](fields) for name in omitted if name in computed} for fields in configs]

    space = Space(base, tuple(FieldDomain(name, number) for name, number in base.items()), ())
    oracle: Any = Oracle()
    return Defaults(oracle, space, {name: SYMBOLS[name] for name in names}, Random(seed))


def test_a_product_and_a_quotient_are_definitions() -> None:
    found = defaults({"inner": lambda f: 2 * f["hidden"] + 3}, "hidden", "inner", "vocab")
    assert found.definitions() == (Definition(INNER, 2 * H + 3),)
    found = defaults({"inner": lambda f: f["hidden"] // f["heads"]}, "hidden", "heads", "inner")
    assert found.definitions() == (Definition(INNER, H / heads),)
    found = defaults({"inner": lambda f: f["hidden"] * f["vocab"]}, "hidden", "inner", "vocab")
    assert found.definitions() == (Definition(INNER, H * V),)


def test_the_head_size() -> None:
    names = ("hidden", "heads", "head_dim")
    assert defaults({"head_dim": lambda f: f["hidden"] // f["heads"]}, *names).definitions() == (FREE_HEAD_SIZE,)
    assert defaults({"head_dim": lambda f: f["hidden"] // f["heads"] + 1}, *names).definitions() == ()
    assert defaults({"head_dim": lambda f: f["hidden"]}, *names).definitions() == ()
    assert defaults({}, *names).definitions() == ()


def test_the_feed_forward_width_is_defined_in_every_model() -> None:
    assert defaults({}, "hidden", "ffn").definitions() == (FEED_FORWARD,)
    assert defaults({"ffn": lambda f: 3 * f["hidden"]}, "hidden", "ffn").definitions() == (FEED_FORWARD,)
    assert defaults({"ffn": lambda _: 7}, "ffn", "vocab").definitions() == ()


def test_a_size_that_defaults_to_another_is_a_choice() -> None:
    found = defaults({"kv_heads": lambda f: f["heads"]}, "heads", "kv_heads", "hidden")
    assert found.definitions() == ()
    assert found.absences() == {"kv_heads": heads}


def test_a_sum_that_is_rounded_is_no_definition() -> None:
    found = defaults({"inner": lambda f: (f["hidden"] + 3) // 4}, "hidden", "inner")
    assert found.definitions() == ()
    assert found.absences() == {"inner": sympy.floor(H / 4 + sympy.Rational(3, 4))}


def test_no_definition_uses_a_defined_size() -> None:
    computed: Class = {"inner": lambda f: 2 * f["ffn"], "ffn": lambda f: 4 * f["hidden"]}
    assert defaults(computed, "hidden", "ffn", "inner").definitions() == (FEED_FORWARD,)
    computed = {"inner": lambda f: 2 * f["vocab"], "vocab": lambda f: 4 * f["hidden"]}
    assert defaults(computed, "hidden", "vocab", "inner").definitions() == (Definition(V, 4 * H),)


def test_absences() -> None:
    random = Random(1)
    found = defaults(
        {
            "hidden": lambda _: BASE["hidden"],  # the default: nothing to say
            "heads": lambda _: 12,  # another constant
            "inner": lambda f: 4 * f["hidden"],
            "vocab": lambda _: random.randint(1, 10**6),  # no formula
        },
        "hidden", "heads", "inner", "vocab", "kv_heads",
    )  # fmt: skip
    assert found.absences() == {"heads": 12, "inner": 4 * H, "vocab": None}


def test_a_formula_must_be_confirmed() -> None:
    """A formula that the last samples refute is none."""
    calls = {"count": 0}

    def fickle(fields: Mapping[str, Any]) -> int:
        calls["count"] += 1
        return int(fields["hidden"]) * (2 if calls["count"] <= 17 else 3)

    assert defaults({"inner": fickle}, "hidden", "inner").absences() == {"inner": None}


def test_a_constant_is_omitted_a_few_times_only() -> None:
    asked: list[str] = []

    def constant(_: Mapping[str, Any]) -> int:
        asked.append("constant")
        return 3

    def moving(fields: Mapping[str, Any]) -> int:
        asked.append("moving")
        return 2 * int(fields["hidden"])

    defaults({"heads": constant, "inner": moving}, "hidden", "heads", "inner")
    assert (asked.count("constant"), asked.count("moving")) == (5, 20)


def test_a_quotient_of_many_sizes() -> None:
    """The fitter tries no quotient of more than a dozen sizes that vary."""
    names = [f"size_{k}" for k in range(14)]
    symbols = {name: Own(name, Kind.WIDTH) for name in names}
    base = {name: 8 + k for k, name in enumerate(names)}
    answer: Any = SimpleNamespace(
        description=SimpleNamespace(fields=base),
        defaults=lambda configs, omitted: [
            {name: fields["size_0"] // fields["size_1"] for name in omitted if name == "size_2"} for fields in configs
        ],
    )
    space = Space(base, tuple(FieldDomain(name, number) for name, number in base.items()), ())
    found = Defaults(answer, space, symbols, Random(0))
    assert found.absences() == {"size_2": sympy.floor(symbols["size_0"] / symbols["size_1"])}
