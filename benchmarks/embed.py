"""A thousand fragments in one file, refreshed in one process: what each costs beyond start-up."""

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
    """A file of that many fragments, no two alike, all stale."""
    lines = []
    for n in range(1, markers + 1):
        command = COMMANDS[n % len(COMMANDS)].format(n=n, h=12 * n)
        lines += [f"% bertsym: {command}", "% bertsym: end", ""]
    return "\n".join(lines)


def seconds(markers: int) -> float:
    """One whole process, refreshing the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.tex"
        path.write_text(paper(markers), encoding="utf-8")
        start = time.perf_counter()
        subprocess.run([BERTSYM, "embed", str(path)], check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def main() -> int:
    """Print the cost of a marker; exit with 1 above the goal."""
    base, full = min(seconds(5) for _ in range(3)), min(seconds(MARKERS) for _ in range(3))
    each = (full - base) / (MARKERS - 5) * 1000
    print(f"embed, {MARKERS} fragments: {full:.2f} s; {each:.2f} ms each beyond start-up (goal: under {GOAL:g} ms)")
    return each > GOAL


if __name__ == "__main__":
    sys.exit(main())
