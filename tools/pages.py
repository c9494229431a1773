r"""Print all of --latex over models of the atlas at the widths of papers, set it with pdfLaTeX, and count refusals.

    python tools/pages.py                  forty models, half an hour; exit code 1 if something is wrong
    python tools/pages.py --models 4       a shorter run
    python tools/pages.py --seed 7         another sample

Each width has one document of all the fragments. A fragment that does not compile, a line that is wider than the
column, and an error other than a lack of room are wrong. So are refusals above 2% of the command lines.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MOST_REFUSED = 0.02


def ran(*words: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command line of bertsym, run in this process."""
    from bertsym.cli import run  # noqa: PLC0415  # the path is set above

    sys.argv = ["bertsym", *words]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run()
    return code, out.getvalue(), err.getvalue()


def typeset(source: str) -> str:
    """Return the log of pdfLaTeX, which goes on after an error."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pages.tex").write_text(source, encoding="utf-8")
        command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-draftmode", "pages.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.stdout.decode("utf-8", errors="replace")


def report(width: str, seed: int, number: int) -> bool:
    """Print the figures for one width; return True if everything is right."""
    from tests.render.pages import WIDTHS, Printed, models, runs, troubles  # noqa: PLC0415  # the path is set above
    from tests.render.papers import document  # noqa: PLC0415

    printed = Printed()
    for words in runs(models(seed, number)):
        printed.run((*words, "--width", width), ran)
    size, points = WIDTHS[width]
    wrong = troubles(typeset(document(list(printed.fragments), size, points)), printed.fragments)
    refused = len(printed.refused) / printed.number
    print(f"{width}: {printed.number} command lines of {number} models (seed {seed})")
    print(f"  {len(printed.fragments)} different fragments, {len(wrong)} wrong, {len(printed.failed)} errors")
    print(f"  {len(printed.refused)} refused for lack of room: {refused:.1%}")
    for command, times in Counter(words[0] for words in printed.refused).most_common():
        print(f"    {command}: {times}")
    for words, line in {**wrong, **printed.failed}.items():
        print(f"  bertsym {' '.join(words)}\n    {line.strip()[:300]}")
    return not wrong and not printed.failed and refused <= MOST_REFUSED


def main() -> int:
    """Read the options and report on each width."""
    from tests.render.pages import WIDTHS  # noqa: PLC0415  # the path is set above

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--models", type=int, default=40)
    options = parser.parse_args()
    right = [report(width, options.seed, options.models) for width in WIDTHS]
    return 0 if all(right) else 1


if __name__ == "__main__":
    raise SystemExit(main())
