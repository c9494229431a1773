"""Compare a complete search with a numpy enumeration of the same space: configurations per second, same answer."""

from __future__ import annotations

import time

import numpy as np

from bertsym.solving.configurations import Request, find
from bertsym.symbols import H, L, V, heads
from bertsym.zoo import named

TARGET = 340_000_000
N, RATIO = 512, 4


def enumerated(hidden: int, layers: int, vocabulary: int) -> tuple[int, int]:
    """Return the size of the space and the least error over every (H, L, V), H a multiple of 12, by numpy."""
    h = np.arange(12, hidden + 1, 12, dtype=np.int64)[:, None]
    v = np.arange(1, vocabulary + 1, dtype=np.int64)[None, :]
    best = None
    for depth in range(1, layers + 1):
        count = (2 * RATIO + 4) * depth * h**2 + (RATIO + 9) * depth * h + (v + N + 5) * h + h**2
        error = int(np.abs(count - TARGET).min())
        best = error if best is None else min(best, error)
    return hidden // 12 * layers * vocabulary, best or 0


def searched(request: Request) -> tuple[int, int, float]:
    """Return the size of the searched space, the least error in it, and the seconds taken."""
    start = time.perf_counter()
    found = find(named("bert-base-uncased"), request)
    taken = time.perf_counter() - start
    return found.searched, abs(found.outcome.best[0].count - TARGET), taken


def main() -> None:
    """Print a line per method and space."""
    print(f"{'which configurations have 340M?':44}  {'space':>15}  {'seconds':>8}  {'per second':>15}  {'error':>6}")
    ranges = {H: (12, 1200), L: (1, 60), V: (1, 20_000)}
    request = Request((H, L, V), TARGET, ranges=ranges, multiples={H: 12})
    space, error, taken = searched(request)
    print(f"{'bertsym, complete':44}  {space:15,}  {taken:8.2f}  {space / taken:15,.0f}  {error:6}")
    start = time.perf_counter()
    same, least = enumerated(1200, 60, 20_000)
    taken = time.perf_counter() - start
    print(f"{'numpy, every configuration (int64)':44}  {same:15,}  {taken:8.2f}  {same / taken:15,.0f}  {least:6}")
    if (space, error) != (same, least):
        raise SystemExit("the two do not agree")
    for name, symbols, spans in (
        ("bertsym, 10^9: H x L x heads", (H, L, heads), {H: (1, 10_000), L: (1, 100), heads: (1, 1000)}),
        ("bertsym, 10^9: H x L x V, equal sides", (H, L, V), {H: (1, 1000), L: (1, 1000), V: (1, 1000)}),
    ):
        space, error, taken = searched(Request(symbols, TARGET, ranges=spans, multiples={H: 1}))
        print(f"{name:44}  {space:15,}  {taken:8.2f}  {space / taken:15,.0f}  {error:6}")


if __name__ == "__main__":
    main()
