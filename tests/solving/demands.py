"""Demands on `solve` as users type them: a target, unknowns, pinned sizes, conditions, ties and ranges, at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from bertsym.algebra import Value
from tests.solving.questions import Rule, Sizes, condition, tie

# Models by name: the zoo's bases and published sizes, which come with a name, and types of the atlas.
MODELS = (
    "bert", "bert-base-uncased", "roberta-base", "gpt2", "electra-small-discriminator", "modernbert", "deberta-v2",
    "llama", "llama", "llama-7b", "Meta-Llama-3-8B", "mistral", "Mistral-7B-v0.1", "mixtral", "t5-small",
    "qwen2-default", "qwen3-default", "opt-default", "olmoe-default", "phi3-default", "gemma-default", "vit-default",
    "stablelm-default", "starcoder2-default", "granite-default", "falcon-default", "glm-default", "llama-default",
)  # fmt: skip
SHAPE = ("H", "L", "heads", "kv_heads", "d", "F", "ffn_ratio")
# The values of an unknown: its step, and the values to begin from.
AXES: Mapping[str, tuple[int, tuple[int, ...]]] = {
    "H": (64, (64, 512, 768, 1024, 2048, 4096)),
    "L": (1, (1, 2, 11, 24, 31)),
    "heads": (1, (1, 4, 8, 12, 30)),
    "kv_heads": (1, (1, 2, 4, 8)),
    "F": (256, (256, 2048, 3072, 8192)),
    "V": (1000, (1000, 30000, 128000)),
    "ffn_ratio": (1, (1, 3)),
}


@dataclass(frozen=True)
class Demand:
    """One demand: the words of the command line, and the conditions and ties as Python."""

    model: str
    unknowns: tuple[str, ...]
    target: int
    given: Mapping[str, Value]
    ranges: Mapping[str, tuple[int, int]]
    steps: Mapping[str, int]
    where: tuple[Rule, ...]
    ties: tuple[Rule, ...]

    def __str__(self) -> str:
        words = ["solve", self.model, "--for", ",".join(self.unknowns), "--target", str(self.target), "--order error"]
        words += [f"--at {name}={number}" for name, number in self.given.items()]
        words += [f"--range {name}={low}..{high}" for name, (low, high) in self.ranges.items()]
        words += [f"--multiple-of {name}={step}" for name, step in self.steps.items()]
        words += [f'--where "{rule.text}"' for rule in self.where] + [f'--tie "{rule.text}"' for rule in self.ties]
        return " ".join(words)


def usual_condition(draw: random.Random, names: list[str]) -> Rule | None:
    """Return a condition as designers type it, or None if the model has none of its sizes."""
    n, k = draw.choice([1, 2, 4, 8]), draw.choice([32, 64, 80, 128])
    q, r = draw.choice([2, 3, 4]), Fraction(draw.choice([2, 5, 7, 8]), draw.choice([1, 2]))
    low = draw.choice([8, 16, 32, 64])
    forms: list[tuple[tuple[str, ...], str, Callable[[Sizes], object]]] = [
        (("H", "heads"), f"H/heads == {k}", lambda s: s["H"] == k * s["heads"]),
        (("H", "heads"), f"H = {k}*heads", lambda s: s["H"] == k * s["heads"]),
        (("H", "heads"), f"64 <= H/heads <= {k}", lambda s: 64 * s["heads"] <= s["H"] <= k * s["heads"]),
        (("d",), f"d == {k}", lambda s: s["d"] == k),
        (("d",), f"{low} <= d <= 128", lambda s: low <= s["d"] <= 128),
        (("heads", "kv_heads"), f"kv_heads == heads/{q}", lambda s: s["kv_heads"] * q == s["heads"]),
        (("heads", "kv_heads"), f"heads/kv_heads == {q}", lambda s: s["kv_heads"] * q == s["heads"]),
        (("heads", "kv_heads"), f"heads >= {q}*kv_heads", lambda s: s["heads"] >= q * s["kv_heads"]),
        (("kv_heads",), f"kv_heads == {n}", lambda s: s["kv_heads"] == n),
        (("kv_heads",), f"kv_heads <= {n}", lambda s: s["kv_heads"] <= n),
        (("heads",), f"heads % {n} == 0", lambda s: s["heads"] % n == 0),
        (("heads",), f"heads == {4 * n}", lambda s: s["heads"] == 4 * n),
        (("H", "L"), f"{low} <= H/L <= {4 * low}", lambda s: low * s["L"] <= s["H"] <= 4 * low * s["L"]),
        (("H", "L"), f"H == {low}*L", lambda s: s["H"] == low * s["L"]),
        (("F", "H"), f"F == {r}*H", lambda s: s["F"] == r * s["H"]),
        (("F", "H"), f"F/H >= {q}", lambda s: s["F"] >= q * s["H"]),
        (("F",), f"F % {128 * n} == 0", lambda s: s["F"] % (128 * n) == 0),
        (("F",), f"F == {1024 * n}", lambda s: s["F"] == 1024 * n),
        (("L",), f"L >= {n}", lambda s: s["L"] >= n),
        (("L",), f"L == {3 * n}", lambda s: s["L"] == 3 * n),
        (("V", "H"), f"V*H <= {n}0000000", lambda s: s["V"] * s["H"] <= n * 10**7),
        (("V",), f"V % {k} == 0", lambda s: s["V"] % k == 0),
        (("V",), f"V == {1000 * k}", lambda s: s["V"] == 1000 * k),
    ]
    fitting = [form for form in forms if set(form[0]) <= set(names)]
    if not fitting:
        return None
    symbols, text, holds = draw.choice(fitting)
    return Rule(text, symbols, holds)


def usual_tie(draw: random.Random, names: list[str]) -> Rule | None:
    """Return a tie as designers type it, or None if the model has none of its sizes."""
    k, q = draw.choice([32, 64, 128]), draw.choice([1, 2, 4])
    forms: list[tuple[str, tuple[str, ...], str, Callable[[Sizes], object]]] = [
        ("F", ("H",), f"F = {q}*H", lambda s: q * s["H"]),
        ("F", ("H",), f"F = {2 * q + 1}/2*H", lambda s: Fraction((2 * q + 1) * s["H"], 2)),
        ("H", ("L",), f"H = {k}*L", lambda s: k * s["L"]),
        ("H", ("heads",), f"H = {k}*heads", lambda s: k * s["heads"]),
        ("heads", ("H",), f"heads = H/{k}", lambda s: Fraction(s["H"]) / k),
        ("kv_heads", ("heads",), f"kv_heads = heads/{q}", lambda s: Fraction(s["heads"]) / q),
        ("heads", ("kv_heads",), f"heads = {q}*kv_heads", lambda s: q * s["kv_heads"]),
        ("L", ("H",), f"L = H/{k}", lambda s: Fraction(s["H"]) / k),
    ]
    fitting = [form for form in forms if {form[0], *form[1]} <= set(names)]
    if not fitting:
        return None
    name, symbols, text, number = draw.choice(fitting)
    return Rule(text, symbols, number, name)


def drawn(draw: random.Random, model: str, names: list[str]) -> Demand:
    """Return a demand on a model with sizes of these names; the target is set later."""
    pool = [name for name in AXES if name in names]
    usual = [name for name in pool if name in ("H", "L")] or pool
    unknowns = usual if draw.random() < 0.4 else draw.sample(pool, min(len(pool), draw.choice([1, 1, 2, 2, 3])))
    if {"F", "ffn_ratio"} <= {*unknowns}:
        unknowns = [name for name in unknowns if name != "ffn_ratio"]
    ranges, steps = {}, {}
    for name in unknowns:
        step, starts = AXES[name]
        start = draw.choice(starts)
        count = draw.randint(4, 24) if len(unknowns) == 1 else draw.randint(2, 8) if len(unknowns) == 2 else 3
        ranges[name], steps[name] = (start, start + step * (count - 1)), step
    rest = [name for name in names if name not in unknowns]
    given: dict[str, Value] = {}
    pinnable = [name for name in rest if name in AXES]
    for name in draw.sample(pinnable, min(len(pinnable), draw.choice([0, 0, 1, 1, 2]))):
        given[name] = draw.choice([*AXES[name][1], 32 if name == "heads" else 4])
    if len({"F", "ffn_ratio"} & {*unknowns, *given}) > 1:
        given.pop("ffn_ratio", None)
    if len({"F", "ffn_ratio"} & {*unknowns, *given}) > 1:
        given.pop("F", None)
    left = [name for name in rest if name not in given]
    ties = []
    if draw.random() < 0.35:
        rule = usual_tie(draw, names)
        if rule is None and left:
            rule = tie(draw, draw.choice(left), unknowns)
        if rule is not None and rule.name in left:
            ties.append(rule)
    spoken = [name for name in (*SHAPE, "V") if name in names]
    where = []
    for _ in range(draw.choice([0, 1, 1, 1, 2])):
        rule = usual_condition(draw, names) if draw.random() < 0.75 else condition(draw, spoken)
        where += [rule] if rule is not None else []
    return Demand(model, tuple(unknowns), 0, given, ranges, steps, tuple(where), tuple(ties))
