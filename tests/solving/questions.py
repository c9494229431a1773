"""Questions to `solve`, drawn at random: small lattices, with ties, conditions and budgets."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from bertsym.algebra import Value

Sizes = Mapping[str, Value]

# Sizes of a small model, by the name of the architecture.
SMALL: dict[str, dict[str, Value]] = {
    "bert": {"V": 30, "N": 8, "H": 12, "L": 2, "heads": 2, "ffn_ratio": 4},
    "roberta": {"V": 20, "N": 9, "H": 8, "L": 3, "heads": 2, "ffn_ratio": 2},
    "gpt2": {"V": 25, "N": 6, "H": 12, "L": 2, "heads": 3, "ffn_ratio": 4},
    "gpt_neox": {"V": 25, "H": 12, "L": 2, "heads": 3, "ffn_ratio": 3},
    "distilbert": {"V": 30, "N": 7, "H": 12, "L": 2, "heads": 4, "ffn_ratio": 4},
    "albert": {"V": 30, "N": 8, "H": 12, "L": 2, "heads": 2, "ffn_ratio": 4, "E": 5, "groups": 1, "inner_groups": 1},
    "electra": {"V": 30, "N": 8, "H": 12, "L": 2, "heads": 2, "ffn_ratio": 4, "E": 8},
    "modernbert": {"V": 30, "H": 12, "L": 2, "heads": 2, "ffn_ratio": 3},
    "llama": {"V": 30, "H": 24, "L": 2, "heads": 4, "kv_heads": 2, "ffn_ratio": Fraction(8, 3)},
    "mistral": {"V": 30, "H": 24, "L": 2, "heads": 4, "kv_heads": 2, "ffn_ratio": 2},
    "mixtral": {
        "V": 9,
        "H": 8,
        "L": 2,
        "heads": 4,
        "kv_heads": 2,
        "ffn_ratio": 2,
        "experts": 4,
        "experts_per_token": 2,
    },
    "t5": {"V": 30, "H": 12, "L": 2, "heads": 2, "d": 5, "F": 20, "buckets": 4, "decoder_layers": 3},
    "deberta-v2": {"V": 20, "N": 6, "H": 12, "L": 2, "heads": 2, "ffn_ratio": 2, "span": 3, "kernel": 0, "E": 12},
    "qwen2_moe-default": {"V": 20, "H": 12, "L": 2, "heads": 4, "kv_heads": 2},
    "granite_docling-default": {},
    "ernie4_5_vl_moe-default": {},
    "opt-default": {"V": 20, "N": 6, "H": 12, "L": 2, "heads": 3},
    "olmoe-default": {"V": 20, "H": 12, "L": 2, "heads": 4, "kv_heads": 2},
}
SPANS = {"V": 9, "N": 9, "H": 26, "L": 5, "heads": 6, "ffn_ratio": 4, "F": 30, "d": 8, "E": 14}
FEW = ("L", "heads", "ffn_ratio", "kv_heads", "experts", "experts_per_token", "T", "groups", "d")
COUNTED = ("H", "F", "L", "V", "ffn_ratio", "E", "kv_heads", "experts", "decoder_layers", "buckets")
RELATIONS = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A condition or the right side of a tie: its text, and the same as Python over sizes."""

    text: str
    symbols: tuple[str, ...]
    value: Callable[[Sizes], object]
    name: str = ""


@dataclass(frozen=True)
class Question:
    """Question to solve: `own` sizes came with the model, `said` ones the user gave; an `open` model assumes sizes."""

    architecture: str
    own: Sizes
    said: Sizes
    unknowns: tuple[str, ...]
    ranges: Mapping[str, tuple[int, int]]
    steps: Mapping[str, int]
    convention: str = "exact"
    ties: tuple[Rule, ...] = ()
    where: tuple[Rule, ...] = ()
    at_most: Mapping[str, int] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    tolerance: Fraction | None = None
    order: str = "error"
    top: int = 5
    open: bool = False


def condition(draw: random.Random, names: list[str]) -> Rule:
    """Return a comparison of one or two sizes."""
    a, b = draw.choice(names), draw.choice(names)
    k, n, m = draw.randint(1, 30), draw.randint(1, 6), draw.randint(2, 5)
    sign = draw.choice(list(RELATIONS))
    relation = RELATIONS[sign]
    forms = (
        Rule(f"{a} {sign} {k}", (a,), lambda s: relation(s[a], k)),
        Rule(f"{a} {sign} {n}*{b}", (a, b), lambda s: relation(s[a], n * s[b])),
        Rule(f"{a}/{b} {sign} {n}", (a, b), lambda s: bool(s[b]) and relation(Fraction(s[a]) / s[b], n)),
        Rule(f"{a} % {m} == {k % m}", (a,), lambda s: s[a] % m == k % m),
        Rule(f"({n}*{a} + {k}) % {m} == {n % m}", (a,), lambda s: (n * s[a] + k) % m == n % m),
        Rule(f"{a} % {b} == 0", (a, b), lambda s: bool(s[b]) and Fraction(s[a]) % s[b] == 0),
        Rule(f"{n} <= {a} + {b} <= {n + k}", (a, b), lambda s: n <= s[a] + s[b] <= n + k),
        Rule(f"{a}**2 {sign} {k}*{b}", (a, b), lambda s: relation(s[a] ** 2, k * s[b])),
        Rule(f"{a}*{b} % {m} == 0", (a, b), lambda s: (s[a] * s[b]) % m == 0),
        Rule(f"{a} // {m} {sign} {n}", (a,), lambda s: relation(Fraction(s[a]) // m, n)),
        Rule(f"{a} = {k} or {b} {sign} {n}", (a, b), lambda s: s[a] == k or relation(s[b], n)),
        Rule(
            f"not ({a} ≤ {k} & ({b} % {m} = 0 | {b} > {n}))",
            (a, b),
            lambda s: not (s[a] <= k and (Fraction(s[b]) % m == 0 or s[b] > n)),
        ),
    )
    return draw.choice(forms)


def tie(draw: random.Random, name: str, others: list[str]) -> Rule:
    """Return a size that follows another one."""
    a = draw.choice(others)
    k, n = draw.randint(1, 20), draw.randint(1, 5)
    forms = (
        Rule(f"{name} = {k}", (), lambda _: k, name),
        Rule(f"{name} = {n}*{a}", (a,), lambda s: n * s[a], name),
        Rule(f"{name} = {a} + {k}", (a,), lambda s: s[a] + k, name),
        Rule(f"{name} = {k} - {a}", (a,), lambda s: k - s[a], name),
        Rule(f"{name} = {a}/{n}", (a,), lambda s: Fraction(s[a]) / n, name),
        Rule(f"{name} = {a}*{a} - {n}*{a}", (a,), lambda s: s[a] * s[a] - n * s[a], name),
        Rule(f"{name} == floor({k}*{a}/{n})", (a,), lambda s: Fraction(k * s[a]) // n, name),
    )
    return draw.choice(forms)


def drawn(draw: random.Random, sizes: Mapping[str, list[str]], defaults: Mapping[str, Sizes]) -> Question:
    """Return a question; `sizes` are the names of numbers that a model has, `defaults` its own sizes."""
    architecture = draw.choice([*SMALL, "bert", "bert", "llama", "electra", "t5", "mixtral"])
    names = sizes[architecture]
    is_open = not architecture.endswith("-default") and draw.random() < 0.15
    own = {**defaults[architecture], **({} if is_open else SMALL[architecture])}
    usual = [name for name in names if name in SPANS or name in SMALL[architecture]] or names
    pool = usual if draw.random() < 0.8 else names
    unknowns = draw.sample(pool, min(len(pool), draw.choice([1, 1, 1, 2, 2, 3])))
    if not set(unknowns) & set(COUNTED) or (len(unknowns) == 1 and draw.random() < 0.5):
        first = draw.choice([name for name in COUNTED if name in names])
        unknowns = [first, *(name for name in unknowns[1:] if name != first)]
    wide = draw.choice(unknowns)
    ranges, steps = {}, {}
    for name in unknowns:
        base = int(Fraction(own.get(name, 3)))
        longest = (
            24 if len(unknowns) == 1 else 10 if name == wide and len(unknowns) == 2 else 4 if len(unknowns) == 2 else 3
        )
        low = draw.choice([1, 1, max(1, base - 2)]) if name in FEW else max(1, base - draw.randint(0, longest))
        ranges[name] = (low, low + draw.randint(longest // 3, longest) if name not in FEW else low + draw.randint(1, 3))
        steps[name] = draw.choice([1, 1, 1, 1, 1, 2, 3]) if ranges[name][1] > ranges[name][0] + 3 else 1
    rest = [name for name in names if name not in unknowns]
    said: dict[str, Value] = {}
    for name in draw.sample(rest, min(len(rest), draw.choice([0, 0, 1, 1, 2, 3]))):
        value = own.get(name)
        said[name] = value if value is not None and draw.random() < 0.5 else draw.choice([1, 2, 3, 4, 6, 8, 12])
    ties = []
    left = [name for name in rest if name not in said and (name in usual or draw.random() < 0.3)]
    if left and draw.random() < 0.35:
        fixed = [name for name in ("V", "N", "L") if name in own and name in left]
        name = draw.choice(left)
        ties.append(tie(draw, name, [*unknowns, *unknowns, *(f for f in fixed if f != name)]))
    spoken = [name for name in names if name in SPANS or name in ("kv_heads", "T", "experts")]
    where = [condition(draw, spoken) for _ in range(draw.choice([0, 0, 0, 1, 1, 2]))] if spoken else []
    order = draw.choice(["error"] * 6 + ["depth", "width", "aspect"]) if len(unknowns) > 1 else "error"
    return Question(
        architecture, own, said, tuple(unknowns), ranges, steps,
        draw.choice(["exact"] * 4 + ["non-embedding", "matrices", "layers-only"]),
        tuple(ties), tuple(where), order=order, top=draw.choice([1, 3, 5, 10, 40]),
        tolerance=Fraction(draw.randint(1, 60), 100) if order != "error" or draw.random() < 0.2 else None,
        open=is_open,
    )  # fmt: skip
