"""Measure the cost of a fragment beyond start-up: a thousand in one file, refreshed in one process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

BERTSYM = str(Path(sys.executable).with_name("bertsym"))
MARKERS = 1000
GOAL = 5.0
COMMANDS = (
    "total bert-base-uncased --at H={h} --layout equation",
    "total --at ffn_ratio={n} --form factored",
    "show bert-large-uncased --at V={h} --layout booktabs --width acl",
    "total bert-base-uncased --at L={n} --form dominant --width acl --notation kaplan",
    "macros bert-base-uncased --at V={h} --prefix Bert",
)


def paper(markers: int) -> str:
    """Return a file of that many fragments, all different and all stale."""
    lines = []
    for n in range(1, markers + 1):
        command = COMMANDS[n % len(COMMANDS)].format(n=n, h=12 * n)
        lines += [f"% bertsym: {command}", "% bertsym: end", ""]
    return "\n".join(lines)


def seconds(markers: int) -> float:
    """Return the wall time of one process that refreshes the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.tex"
        path.write_text(paper(markers), encoding="utf-8")
        start = time.perf_counter()
        subprocess.run([BERTSYM, "embed", str(path)], check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def main() -> int:
    """Print the cost of a fragment; return 1 if it is above the goal."""
    base, full = min(seconds(5) for _ in range(3)), min(seconds(MARKERS) for _ in range(3))
    each = (full - base) / (MARKERS - 5) * 1000
    print(f"embed, {MARKERS} fragments: {full:.2f} s; {each:.2f} ms each beyond start-up (goal: under {GOAL:g} ms)")
    return each > GOAL


if __name__ == "__main__":
    sys.exit(main())
