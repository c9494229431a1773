"""Measure how sound derivations are: derive random programs, and hold each accepted formula against its program.

    python benchmarks/derive_sound.py [FIRST_SEED] [HOW_MANY]

Prints each program that has no formula or a wrong one, then how many have which; exits with 1 if any formula is wrong.
The programs are those of `tests/derive/programs.py`, of which a test draws a few.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bertsym.derive.oracle.client import Worker
from tests.derive.holding import DERIVED, WRONG, held
from tests.derive.programs import program

SECONDS = 60


def main() -> int:
    """Derive so many programs from that seed on."""
    first, many = map(int, (*sys.argv[1:3], *("0", "40")[len(sys.argv) - 1 :]))
    words: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        with Worker(SECONDS) as worker:
            for seed in range(first, first + many):
                verdict = held(worker, Path(folder), seed)
                words[verdict.word] += 1
                print(seed, verdict.word, file=sys.stderr, flush=True)
                if verdict.word != DERIVED:
                    body = program(seed).source.partition("def build")[2]
                    print(f"program {seed}, {verdict.word}: {verdict.evidence}\n{body}", flush=True)
    print(f"{many} programs from seed {first}: {words[WRONG]} wrong, {words[DERIVED]} derived", dict(words))
    return 1 if words[WRONG] else 0


if __name__ == "__main__":
    sys.exit(main())
