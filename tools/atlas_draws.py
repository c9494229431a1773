"""Draw all sizes of model types at once, also beyond the samples of their derivations; compare with transformers.

    python tools/atlas_draws.py                  every entry of the atlas, eight draws each: two minutes on two cores
    python tools/atlas_draws.py --only vit,sam2 --draws 40
    python tools/atlas_draws.py --seed 7         other draws

The configuration of a draw is the one that `bertsym config` writes, so that a size that it leaves out is found too.
Prints each draw whose class has another number of parameters, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from signal import SIGALRM, alarm, signal
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bertsym import Model, atlas, load
from bertsym.errors import BertsymError
from bertsym.symbols import BY_SYMBOL, Kind

SECONDS = 40  # for the build of a class
TRIES = 14  # of a draw, each with a size less
SAME, OURS, THEIRS, WRONG = "same", "refused by bertsym", "refused by transformers", "WRONG"

Sizes = dict[str, int | bool]


def drawn(model: Model, draw: Random) -> Sizes:
    """Return values for two thirds of the sizes of a model."""
    sizes: Sizes = {}
    for symbol, known in model.spec.given.items():
        size = BY_SYMBOL[symbol]
        least = max(size.minimum, 1)
        if draw.random() < 1 / 3 or size.kind in (Kind.ORDER, Kind.RATIO):
            continue
        if size.kind is Kind.SWITCH:
            sizes[size.name] = draw.random() < 1 / 2
        elif size.kind in (Kind.DEPTH, Kind.HEADS):
            sizes[size.name] = least + draw.randint(0, 7)
        elif size.kind is Kind.ROWS:
            sizes[size.name] = least + draw.randint(2, 900)
        else:
            near = [least + draw.randint(0, 190), 8 * draw.randint(1, 60), least + draw.randint(0, 11)]
            sizes[size.name] = max(least, draw.choice([*near, int(known)]))
    return sizes


def legal(model: Model, sizes: Sizes, draw: Random) -> tuple[Model, dict[str, Any]] | None:
    """Return the model at the sizes and its configuration; a size less in each try, None after the last."""
    left = dict(sizes)
    for _ in range(TRIES):
        try:
            sized = model.at(left)
            sized.count()
            return sized, dict(sized.config())
        except BertsymError:
            if not left:
                return None
            del left[draw.choice(list(left))]
    return None


@contextmanager
def limited() -> Iterator[None]:
    """Raise `TimeoutError` after a while."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal(SIGALRM, late)
    alarm(SECONDS)
    try:
        yield
    finally:
        alarm(0)


def built(cls: str, fields: dict[str, Any]) -> int | None:
    """Return the number of parameters of a class at a configuration, None if transformers refuses it."""
    import torch  # noqa: PLC0415  # each worker imports it once
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()
    try:
        with limited(), torch.device("meta"):
            model = getattr(transformers, cls)(transformers.AutoConfig.for_model(**fields))
    except Exception:  # noqa: BLE001  # whatever code raises of sizes that it does not want
        return None
    return sum(tensor.numel() for tensor in model.parameters())


def held(name: str, seed: int, draws: int) -> tuple[Counter[str], list[str]]:
    """Return how the draws of a model type ended, and a line for each wrong one."""
    ended: Counter[str] = Counter()
    wrong: list[str] = []
    try:
        model = load(f"{atlas.PREFIX}{name}{atlas.SUFFIX}")
    except BertsymError:
        return ended, wrong
    draw = Random(f"{seed} {name}")
    for _ in range(draws):
        found = legal(model, drawn(model, draw), draw)
        if found is None:
            ended[OURS] += 1
            continue
        sized, fields = found
        there = built(sized.spec.cls, fields)
        ended[THEIRS if there is None else SAME if there == sized.count() else WRONG] += 1
        if there not in (None, sized.count()):
            at = ",".join(f"{symbol}={size}" for symbol, size in sized.spec.pinned.items())
            wrong.append(f"{sized.spec.cls}: bertsym total {sized.spec.name} --at {at}: {sized.count()}, built {there}")
    return ended, wrong


def main() -> int:
    """Hold the draws of the selected entries; return 1 if a count is wrong."""
    parser = argparse.ArgumentParser(description="Hold counts at random sizes against the classes of transformers.")
    parser.add_argument("--only", default="", metavar="bert,llama", help="only these model types")
    parser.add_argument("--draws", type=int, default=8, help="draws for each model type")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="number of processes")
    options = parser.parse_args()
    names = sorted({line.entry for line in atlas.index().values() if line.entry})
    names = [name for name in names if not options.only or name in options.only.split(",")]
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for ended, wrong in pool.map(partial(held, seed=options.seed, draws=options.draws), names):
            total += ended
            for line in wrong:
                print(line, flush=True)
    print(f"{len(names)} model types: {', '.join(f'{number:,} {how}' for how, number in total.most_common())}")
    return 1 if total[WRONG] else 0


if __name__ == "__main__":
    raise SystemExit(main())
