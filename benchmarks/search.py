"""Compare complete searches with a numpy enumeration: configurations per second, and the same answer where both can."""

from __future__ import annotations

import time

import numpy as np

from bertsym.resolve import load
from bertsym.solving.configurations import Configurations, find
from bertsym.solving.request import Order, Request
from bertsym.symbols import F, H, L, N, V, heads, kv_heads
from bertsym.zoo import named

TARGET = 340_000_000
POSITIONS, RATIO = 512, 4


def enumerated(hidden: int, layers: int, vocabulary: int) -> tuple[int, int]:
    """Return the size of the space and the least error over every (H, L, V), H a multiple of 12, by numpy."""
    h = np.arange(12, hidden + 1, 12, dtype=np.int64)[:, None]
    v = np.arange(1, vocabulary + 1, dtype=np.int64)[None, :]
    best = None
    for depth in range(1, layers + 1):
        count = (2 * RATIO + 4) * depth * h**2 + (RATIO + 9) * depth * h + (v + POSITIONS + 5) * h + h**2
        error = int(np.abs(count - TARGET).min())
        best = error if best is None else min(best, error)
    return hidden // 12 * layers * vocabulary, best or 0


def searched(name: str, request: Request) -> tuple[Configurations, float]:
    """Return the answer of a search, and the seconds that it took."""
    model = load(name)
    start = time.perf_counter()
    return find(model, request), time.perf_counter() - start


def line(name: str, space: int, taken: float, error: int) -> None:
    """Print a line of the table."""
    print(f"{name:52}  {space:23,}  {taken:8.2f}  {space / taken:23,.0f}  {error:6}", flush=True)


def main() -> None:
    """Print a line per method and space."""
    print(f"{'complete search':52}  {'configurations':>23}  {'seconds':>8}  {'per second':>23}  {'error':>6}")
    ranges = {H: (12, 1200), L: (1, 60), V: (1, 20_000)}
    model = named("bert-base-uncased")
    start = time.perf_counter()
    found = find(model, Request((H, L, V), TARGET, ranges=ranges, multiples={H: 12}, order=Order.ERROR))
    taken = time.perf_counter() - start
    error = abs(found.answers[0].count - TARGET)
    line("bert: H, L, V", found.searched, taken, error)
    start = time.perf_counter()
    same, least = enumerated(1200, 60, 20_000)
    taken = time.perf_counter() - start
    line("  numpy, every configuration (int64)", same, taken, least)
    if (found.searched, error) != (same, least):
        raise SystemExit("the two do not agree")
    per_second = same / taken
    sides = dict.fromkeys((H, L, F, V, N), (1, 251))
    for name, text, request in (
        ("bert", "H, L, heads", Request(
            (H, L, heads), TARGET, ranges={H: (1, 10_000), L: (1, 100), heads: (1, 1000)}, multiples={H: 1})),
        ("bert", "H, L, V, equal sides", Request(
            (H, L, V), TARGET, ranges={H: (1, 1000), L: (1, 1000), V: (1, 1000)}, multiples={H: 1})),
        ("llama", "H, L, F, heads, kv_heads", Request(
            (H, L, F, heads, kv_heads), 8_030_261_248, multiples={H: 32, F: 16})),
        ("llama", "H, L, F, heads, kv_heads, the deepest", Request(
            (H, L, F, heads, kv_heads), 8_030_261_248, multiples={H: 32, F: 16}, order=Order.DEPTH)),
        ("bert", "H, L, F, V, N, equal sides", Request(
            (H, L, F, V, N), 11_000_007, ranges=sides, multiples={H: 1, F: 1}))):  # fmt: skip
        found, taken = searched(name, request)
        line(f"{name}: {text}", found.searched, taken, abs(found.answers[0].count - (request.target or 0)))
        print(f"  numpy, every configuration, at the rate above: {found.searched / per_second:,.0f} seconds")


if __name__ == "__main__":
    main()
