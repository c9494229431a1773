"""Measure how sound derivations are: derive random programs, and compare each accepted formula with its program.

    python benchmarks/derive_sound.py [FIRST_SEED] [COUNT]

Prints each program without a correct formula, then the number of each verdict. Exits with 1 if a formula is wrong. The
programs are those of `tests/derive/programs.py`; the tests run a few of them.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bertsym.derive.oracle.client import Worker
from tests.derive.programs import program
from tests.derive.verdicts import DERIVED, WRONG, verdict

SECONDS = 60


def main() -> int:
    """Derive the programs of consecutive seeds; return 1 if a formula is wrong."""
    first, many = map(int, (*sys.argv[1:3], *("0", "40")[len(sys.argv) - 1 :]))
    words: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        with Worker(SECONDS) as worker:
            for seed in range(first, first + many):
                result = verdict(worker, Path(folder), seed)
                words[result.word] += 1
                print(seed, result.word, file=sys.stderr, flush=True)
                if result.word != DERIVED:
                    body = program(seed).source.partition("def build")[2]
                    print(f"program {seed}, {result.word}: {result.evidence}\n{body}", flush=True)
    print(f"{many} programs from seed {first}: {words[WRONG]} wrong, {words[DERIVED]} derived", dict(words))
    return 1 if words[WRONG] else 0


if __name__ == "__main__":
    sys.exit(main())
