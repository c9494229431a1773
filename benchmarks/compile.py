"""Compare 10,000 counts: compiled, written by hand, with lambdify and numpy, and one by one; the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import lambdify

import bertsym

COUNTS = 10_000
ONE_BY_ONE = 300
"""The counts that are timed where 10,000 take seconds; the table has the time for 10,000."""


def by_hand(hidden: Any, layers: Any) -> Any:
    """Count bert-base-uncased as somebody would write it down."""
    return (12 * hidden + 13) * hidden * layers + (hidden + 31_039) * hidden


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least time of three runs, and the result."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    """Print a line per method."""
    base = bertsym.load("bert-base-uncased")
    hidden = 12 * np.arange(1, COUNTS + 1)
    layers = 1 + np.arange(COUNTS) % 96
    pairs = [(int(h), int(n)) for h, n in zip(hidden, layers, strict=True)]
    fixed = base.total().expression.subs({"V": 30522, "N": 512, "ffn_ratio": 4})
    compiling, compiled = seconds(lambda: base.compile("H", "L"))
    lambdifying, lambdified = seconds(lambda: lambdify(["H", "L"], fixed, "numpy"))
    few = pairs[:ONE_BY_ONE]
    methods: tuple[tuple[str, Callable[[], Any], int], ...] = (
        ("compiled, arrays", lambda: compiled(hidden, layers).tolist(), COUNTS),
        ("by hand, arrays", lambda: by_hand(hidden, layers).tolist(), COUNTS),
        ("lambdify, arrays", lambda: lambdified(hidden, layers).tolist(), COUNTS),
        ("compiled, integers", lambda: [compiled(*pair) for pair in pairs], COUNTS),
        ("by hand, integers", lambda: [by_hand(*pair) for pair in pairs], COUNTS),
        ("lambdify, integers", lambda: [lambdified(*pair) for pair in pairs], COUNTS),
        ("model.at(...).count()", lambda: [base.at(H=h, L=n).count() for h, n in few], ONE_BY_ONE),
        ("expression.subs(...)", lambda: [int(fixed.subs({"H": h, "L": n})) for h, n in few], ONE_BY_ONE),
    )
    print(f"{'10,000 counts of BERT over H and L':36}  {'seconds':>9}  {'each':>10}")
    print(f"{'compile (once)':36}  {compiling:9.4f}")
    print(f"{'lambdify (once)':36}  {lambdifying:9.4f}")
    expected = [by_hand(*pair) for pair in pairs]
    for name, run, counts in methods:
        taken, numbers = seconds(run)
        if numbers != expected[:counts]:
            raise SystemExit(f"{name}: other numbers")
        print(f"{name:36}  {taken * COUNTS / counts:9.4f}  {taken / counts * 1e6:7.2f} µs")


if __name__ == "__main__":
    main()
