"""Random torch modules with the habits of model code, as source: an accepted formula must equal what they build.

A program is a callable `build` over a few sizes: an embedding, one or two stacks of layers with attention, feed-forward
parts or experts, and parts that exist under a condition on the index of the layer or on sizes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

from bertsym.values import value

HEAD = '''import math
import torch
from torch import nn


class Part(nn.Module):
    """A weight, with a bias or without."""

    def __init__(self, rows, *columns, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max(rows, 0), *(max(side, 0) for side in columns)))
        if bias:
            self.bias = nn.Parameter(torch.empty(max(rows, 0)))


class Attention(nn.Module):
    """Projections of queries, keys and values, as wide as their heads."""

    def __init__(self, hidden, queries, keys, bias):
        super().__init__()
        self.q_proj = nn.Linear(hidden, queries, bias=bias)
        self.k_proj = nn.Linear(hidden, keys, bias=bias)
        self.v_proj = nn.Linear(hidden, keys, bias=bias)
        self.o_proj = nn.Linear(queries, hidden, bias=False)


class FeedForward(nn.Module):
    """Up and down, with a gate or without."""

    def __init__(self, hidden, inner, gated):
        super().__init__()
        if gated:
            self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=not gated)
        self.down_proj = nn.Linear(inner, hidden, bias=not gated)


class Mixture(nn.Module):
    """Experts, one by one or in one tensor, a router, and perhaps some that all tokens go through."""

    def __init__(self, hidden, inner, experts, shared, packed):
        super().__init__()
        self.gate = nn.Linear(hidden, experts, bias=False)
        if packed:
            self.gate_up_proj = nn.Parameter(torch.empty(experts, 2 * inner, hidden))
        else:
            self.experts = nn.ModuleList([FeedForward(hidden, inner, True) for _ in range(experts)])
        if shared > 0:
            self.shared_experts = FeedForward(hidden, inner * shared, True)

'''
DEFAULTS: Mapping[str, int] = {
    "hidden": 64,
    "ffn": 96,
    "vocab": 100,
    "width": 80,
    "layers": 12,
    "decoder_layers": 5,
    "heads": 4,
    "kv_heads": 2,
    "head_dim": 16,
    "num_experts": 4,
    "shared": 1,
    "every": 4,
    "offset": 1,
    "first": 2,
    "last": 1,
    "multiple": 8,
    "kernel": 3,
    "conv_groups": 2,
    "window": 7,
    "labels": 3,
    "period": 3,
    "stride": 2,
}
RANGES: Mapping[str, tuple[int, int]] = {
    "layers": (0, 20),
    "decoder_layers": (0, 8),
    "heads": (1, 9),
    "kv_heads": (1, 6),
    "head_dim": (1, 12),
    "num_experts": (1, 6),
    "shared": (0, 3),
    "every": (1, 9),
    "offset": (0, 5),
    "first": (0, 6),
    "last": (0, 5),
    "multiple": (1, 12),
    "kernel": (1, 7),
    "conv_groups": (1, 6),
    "window": (1, 9),
    "labels": (1, 5),
    "period": (1, 7),
    "stride": (1, 4),
}
WIDE = ("hidden", "ffn", "vocab", "width")
SMALL = ("heads", "multiple", "kernel", "conv_groups", "window", "stride", "head_dim", "every")


@value
class Program:
    """The source of a module with a callable `build`, and the sizes to begin with."""

    source: str
    sizes: Mapping[str, int]


def program(seed: int) -> Program:
    """Return the random program of that seed."""
    writer = _Writer(Random(seed))
    body = "\n".join(writer.lines())
    used = [name for name in DEFAULTS if re.search(rf"\b{name}\b", body)]
    head = f"def build({', '.join(f'{name}: int' for name in used)}) -> nn.Module:"
    return Program(f"{HEAD}\n{head}\n{body}\n", {name: DEFAULTS[name] for name in used})


def sampled_sizes(random: Random, sizes: Sequence[str]) -> dict[str, int]:
    """Return sizes at which a formula is compared with its program: small ones, some of them equal."""
    widest = random.choice((4, 12, 40))
    at = {}
    for name in sizes:
        low, high = RANGES.get(name, (1, 40))
        at[name] = random.randint(low, min(high, max(widest, low)))
    if random.random() < 0.6:
        for _ in range(random.randint(1, 2)):
            copy, original = random.choice(sizes), random.choice(sizes)
            at[copy] = at[original]
    return at


class _Writer:
    """A writer of one program, with the names of its sizes."""

    def __init__(self, random: Random) -> None:
        self.random = random
        rest = [name for name in DEFAULTS if name not in ("hidden", "layers")]
        self.common = False
        self.names = ["hidden", "layers", *random.sample(rest, random.randint(1, 4))]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def has(self, *names: str) -> bool:
        return all(name in self.names for name in names)

    def wide(self) -> str:
        return self.random.choice([name for name in self.names if name in WIDE])

    def small(self) -> str:
        return self.random.choice([name for name in self.names if name in SMALL] or ["2", "3", "4"])

    def lines(self) -> list[str]:
        """Return the body of `build`."""
        lines = [*self.rules(), "    root = nn.Module()"]
        if self.has("vocab"):
            lines += self.embedded()
        for k in range(self.random.randint(0, 2)):
            lines.append(f"    root.top{k} = Part({self.dimension()}, {self.dimension()}, bias={self.chance(0.5)})")
        if self.chance(0.5):
            lines += [
                f"    if {self.size_condition()}:",
                f"        root.extra = Part({self.dimension()}, {self.dimension()})",
            ]
        if self.chance(0.15):
            self.common = True
            lines.append(f"    root.common = Part({self.dimension()}, {self.dimension()})")
        lines += self.stack("layers", "layers")
        if self.has("decoder_layers"):
            lines += self.stack("decoder", "decoder_layers")
        elif self.chance(0.15):
            lines += self.stack("upper", self.random.choice(["layers // 2", "layers - layers // 2", "layers + 1"]))
        if self.has("labels"):
            lines.append(f"    root.classifier = nn.Linear({self.wide()}, labels)")
        if self.has("vocab") and self.chance(0.5):
            lines += ["    root.lm_head = nn.Linear(hidden, vocab, bias=False)"]
            if self.chance(0.6) and any("root.embed = nn.Embedding(vocab, hidden" in line for line in lines):
                lines += ["    root.lm_head.weight = root.embed.weight"]
        return [*lines, "    return root"]

    def rules(self) -> list[str]:
        """Return the conditions under which the program raises."""
        rules = []
        if self.has("heads") and self.chance(0.4):
            rules.append("hidden % heads")
        if self.has("heads", "kv_heads"):
            rules.append("heads % kv_heads")
        lines = [f"    if {rule}:\n        raise ValueError({rule!r})" for rule in rules]
        if self.has("ffn") and self.chance(0.2):
            lines.append("    ffn = ffn or 4 * hidden")
        return lines

    def embedded(self) -> list[str]:
        """Return an embedding: padded, factorised or plain."""
        rows = "vocab"
        if self.has("multiple") and self.chance(0.5):
            rows = "multiple * ((vocab + multiple - 1) // multiple)"
        if self.has("width") and self.chance(0.6):
            return [
                f"    root.embed = nn.Embedding({rows}, width)",
                "    if width != hidden:",
                "        root.project = nn.Linear(width, hidden, bias=False)",
            ]
        padding = ", padding_idx=0" if self.chance(0.3) else ""
        return [f"    root.embed = nn.Embedding({rows}, hidden{padding})"]

    def dimension(self) -> str:
        """Return an expression for a dimension of a tensor."""
        x, y, small = self.wide(), self.wide(), self.small()
        ways = [x, x, x, f"2 * {x}", f"4 * {x}", f"{x} + {y}", f"{x} // {small}", f"-(-{x} // {small})"]
        ways += [f"max({x}, {y})", f"min({x}, 4 * {y})", f"8 * (({x} + 7) // 8)", f"{small} * ({x} // {small})"]
        ways += [f"max({x} // 4, 1)", f"int({x} * 1.5)", f"{x} * {small}", f"math.ceil({x} / 16)", f"2 * {x} + 1"]
        ways += [f"({x} if {x} > {y} else {y} + 1)", f"({x} or {y})", f"({x} if layers > 4 else 2 * {x})"]
        if self.has("multiple"):
            ways += [f"multiple * ((int(8 * {x} / 3) + multiple - 1) // multiple)", f"-(-{x} // multiple) * multiple"]
        if self.has("window"):
            ways += ["2 * window - 1", "(2 * window - 1) * (2 * window - 1)", f"min({x}, window)"]
        if self.has("heads", "head_dim"):
            ways += ["heads * head_dim", "heads * head_dim + hidden"]
        if self.has("num_experts"):
            ways += ["num_experts", f"num_experts * {x}"]
        return self.random.choice(ways)

    def size_condition(self) -> str:
        """Return a condition on sizes for a part to exist."""
        x, y = self.random.sample(self.names, 2)
        number = self.random.choice([1, 2, 3, 5, 16])
        ways = [f"{x} != {y}", f"{x} == {y}", f"{x} > {y}", f"{x} >= {y}", f"{x} > {number}", f"{x} != {number}"]
        ways += [f"{x} % 2 == 0", f"{y} and {x} % {y} == 0", f"{x} > 1 and {y} > 2", f"{x} == 1 or {y} == 1"]
        ways += [f"{x} > 2 * {y}", f"{x} + {y} > 12", f"{x} % 3 != 0"]
        return self.random.choice(ways)

    def layer_condition(self, depth: str) -> str:
        """Return a condition on the index of a layer."""
        plain = ["i == 0", f"i == {depth} - 1", "i % 2 == 1", "i % 3 == 2", f"i >= {depth} // 2", "i > 0", "i >= 2"]
        ways = [*plain, f"i < {depth} - 1", f"0 < i < {depth} - 1", "(i + 1) % 4 == 0", f"i < {depth} // 2"]
        for period in filter(self.has, ("every", "period")):
            ways += [f"i % {period} == 0", f"i % {period} == {period} - 1", f"(i + 1) % {period} == 0"] * 2
            ways += [f"i % {period} != 0", f"(i + 1) % {period} != 0", f"i % {period} == {period} // 2"]
            ways += [f"i > 0 and i % {period} == 0"]
            if self.has("offset"):
                ways += [f"i % {period} == offset"] * 4 + [f"i % {period} != offset"]
            if self.has("first"):
                ways += [f"i >= first and i % {period} == 0"] * 2
        if self.has("first"):
            ways += ["i < first", "i >= first"] * 2 + [f"i >= {depth} - first", f"first <= i < {depth} - 1"]
        if self.has("last"):
            ways += [f"i < {depth} - last", f"i >= {depth} - last"]
        if self.has("first", "last"):
            ways += [f"first <= i < {depth} - last"] * 2
        return self.random.choice(ways)

    def stack(self, name: str, depth: str) -> list[str]:
        """Return a list of layers."""
        lines = [f"    root.{name} = nn.ModuleList()", f"    for i in range({depth}):", "        layer = nn.Module()"]
        lines += [f"        {line}" for line in (*self.attention(), *self.forward(depth))]
        if self.chance(0.3) or len(lines) == 3:
            lines.append(f"        layer.dense = Part({self.dimension()}, {self.dimension()}, bias={self.chance(0.5)})")
        if self.common:
            lines += [f"        if {self.layer_condition(depth)}:", "            layer.common = root.common"]
        if self.chance(0.15):
            lines += self.three_kinds(depth)
        for k in range(self.random.randint(0, 2)):
            part = f"Part({self.dimension()}, {self.random.choice(['1', 'hidden'])}, bias={self.chance(0.5)})"
            also = f" and {self.size_condition()}" if self.chance(0.1) else ""
            lines += [f"        if {self.layer_condition(depth)}{also}:", f"            layer.gate{k} = {part}"]
        if self.chance(0.3):
            kind = self.random.choice(["nn.LayerNorm(hidden)", "nn.LayerNorm(hidden, bias=False)"])
            lines += [f"        if {self.size_condition()}:", f"            layer.norm = {kind}"]
        return [*lines, f"        root.{name}.append(layer)"]

    def three_kinds(self, depth: str) -> list[str]:
        """Return parts for layers of three kinds."""
        lines = []
        for word, kind in (("if", "full"), ("elif", "sliding"), ("else", "linear")):
            condition = "" if word == "else" else f" {self.layer_condition(depth)}"
            lines += [
                f"        {word}{condition}:",
                f"            layer.{kind} = Part({self.dimension()}, hidden, bias=False)",
            ]
        return lines

    def attention(self) -> list[str]:
        """Return the attention of a layer, or nothing."""
        if not self.chance(0.6):
            return []
        queries = keys = "hidden"
        if self.has("head_dim"):
            heads = "heads" if self.has("heads") else "4"
            queries, keys = f"{heads} * head_dim", f"{'kv_heads' if self.has('kv_heads') else heads} * head_dim"
        elif self.has("heads", "kv_heads"):
            queries, keys = "heads * (hidden // heads)", "kv_heads * (hidden // heads)"
        return [f"layer.attention = Attention(hidden, {queries}, {keys}, {self.chance(0.5)})"]

    def forward(self, depth: str) -> list[str]:
        """Return the feed-forward part of a layer: experts, convolutions, or neither."""
        inner = "ffn" if self.has("ffn") else "4 * hidden"
        dense = f"layer.mlp = FeedForward(hidden, {inner}, {self.chance(0.5)})"
        if self.has("num_experts"):
            shared = "shared" if self.has("shared") else "0"
            mixture = f"layer.mlp = Mixture(hidden, {inner}, num_experts, {shared}, {self.chance(0.5)})"
            if self.chance(0.7):
                return [f"if {self.layer_condition(depth)}:", f"    {mixture}", "else:", f"    {dense}"]
            return [mixture]
        if self.has("kernel") and self.chance(0.6):
            groups = "conv_groups" if self.has("conv_groups") else "hidden"
            return [f"layer.conv = nn.Conv1d(hidden, hidden, kernel, groups={groups}, bias={self.chance(0.5)})"]
        return [dense] if self.chance(0.5) else []
