"""Measure derivations of model types chosen at random from the atlas, each beside one build at its defaults.

    python benchmarks/derive.py [SEED] [COUNT]

The import of the library comes first and is measured apart.
"""

from __future__ import annotations

import json
import signal
import statistics
import sys
import time
from random import Random
from typing import NoReturn

from bertsym.atlas import FOLDER
from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.types import CannotDerive

GOAL = 4
LIMIT = 30


def stop(*_: object) -> NoReturn:
    """Raise TimeoutError: a derivation that takes this long does not matter to the median."""
    raise TimeoutError


def taken(worker: Worker, name: str) -> tuple[float, float, str]:
    """Return the seconds of one build, the seconds of the derivation, and its result as text."""
    oracle = BuildOracle(worker, name, {})
    start = time.perf_counter()
    oracle.build(oracle.description.fields)
    once = time.perf_counter() - start
    signal.alarm(LIMIT)
    start = time.perf_counter()
    try:
        said = f"{derive_in(worker, name, {}).builds} builds"
    except (CannotDerive, TimeoutError) as error:
        said = f"{type(error).__name__}, at most {LIMIT} s each"
    finally:
        signal.alarm(0)
    return once, time.perf_counter() - start, said


def main() -> None:
    """Print a line a model type, then the median and the quartiles."""
    seed, many = map(int, (*sys.argv[1:3], *("0", "36")[len(sys.argv) - 1 :]))
    models = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))["models"]
    names = sorted(name for name, told in models.items() if "entry" not in told and "model" in told["heads"])
    signal.signal(signal.SIGALRM, stop)
    times = []
    with Worker(20) as worker:
        start = time.perf_counter()
        BuildOracle(worker, "bert", {})
        print(f"{'import':32}  {time.perf_counter() - start:7.2f} s")
        for name in Random(seed).sample(names, many):  # noqa: S311  # the seed is an argument
            once, seconds, said = taken(worker, name)
            times.append(seconds)
            print(f"{name:32}  {seconds:7.2f} s  one build {once:6.3f} s  {said}", flush=True)
    low, middle, high = statistics.quantiles(times, n=4)
    told = f"quartiles {low:.2f}, {high:.2f}  (goal {GOAL} on two processors)"
    print(f"{'median of ' + str(many):32}  {middle:7.2f} s  {told}")


if __name__ == "__main__":
    main()
