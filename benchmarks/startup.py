"""Compare start-up with a bare `import sympy`: interleaved runs of whole processes, medians, ratios."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BERTSYM = str(Path(sys.executable).with_name("bertsym"))
ROUNDS = 15

BASELINE = [sys.executable, "-c", "import sympy"]
COMMANDS = {
    "bertsym total --latex": ([BERTSYM, "total", "--latex"], 1.2),
    "bertsym solve --target 340e6 --for H": ([BERTSYM, "solve", "--target", "340e6", "--for", "H"], 1.25),
    "bertsym --help": ([BERTSYM, "--help"], 0.5),
    "bertsym --version": ([BERTSYM, "--version"], 0.3),
}


def seconds(command: list[str], env: dict[str, str] | None = None) -> float:
    """Return the wall time of one whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - start


def completion() -> tuple[list[str], dict[str, str]]:
    """Return the command and environment with which bash completes `bertsym to`."""
    variables = {"_BERTSYM_COMPLETE": "complete_bash", "COMP_WORDS": "bertsym to", "COMP_CWORD": "1"}
    return [BERTSYM], variables


def main() -> None:
    """Print a line per command."""
    words, variables = completion()
    runs: dict[str, tuple[list[str], dict[str, str] | None]] = {"python -c 'import sympy'": (BASELINE, None)}
    runs |= {name: (command, None) for name, (command, _) in COMMANDS.items()}
    runs["completion of `bertsym to`"] = (words, {**os.environ, **variables})
    limits = {**{name: limit for name, (_, limit) in COMMANDS.items()}, "completion of `bertsym to`": 0.3}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS + 1):
        for name, (command, env) in runs.items():
            taken = seconds(command, env)
            if turn:
                times[name].append(taken)
    base = statistics.median(times["python -c 'import sympy'"])
    print(f"{'start-up, median of ' + str(ROUNDS):40}  {'seconds':>8}  {'ratio':>6}  {'goal':>6}")
    for name, taken in times.items():
        median = statistics.median(taken)
        goal = f"{limits[name]:.2f}" if name in limits else ""
        print(f"{name:40}  {median:8.3f}  {median / base:6.2f}  {goal:>6}")


if __name__ == "__main__":
    main()
