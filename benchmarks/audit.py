"""Measure an audit: a formula beyond start-up, a table of fifty rows with two unknown sizes, and 100 pages of LaTeX."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BERTSYM = str(Path(sys.executable).with_name("bertsym"))
ROUNDS = 7


def seconds(*words: str) -> float:
    """Return the median wall time of whole processes."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([BERTSYM, *words], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fifty_rows() -> str:
    """Return GPT-2's counts at fifty sizes, with 32,000 tokens and 2,048 positions that the table does not state."""
    rows = ((n, 64 * n, 12 * n * (64 * n) ** 2 + 13 * n * 64 * n + 34_050 * 64 * n) for n in range(1, 51))
    return "Layers,Hidden,Params\n" + "".join(f"{n},{h},{count}\n" for n, h, count in rows)


PROSE = "We train the encoder on text of many kinds, and the loss of each batch goes down as the layers learn to read. "


def hundred_pages() -> str:
    """Return 100 pages of 3,000 characters, each with a number of parameters, a name of a model and three formulas."""
    models = ("BERT-base", "BERT-large", "GPT-2 medium", "RoBERTa-large", "mBERT")
    pages = (
        f"\\section{{Page {page}}}\n{PROSE * 20}\n\n{models[page % 5]} has {110 + page}M parameters, of which each "
        f"layer has $12H^2 + {page}H$ parameters and all layers \\[ 12LH^2 + 13LH + {page}H \\]\n"
        f"parameters, with a loss $\\theta_{{{page}}}$.\n\n{PROSE * 6}\n"
        for page in range(100)
    )
    return "\n".join(pages)


def main() -> None:
    """Print a line per question, with its goal."""
    start = seconds("total")
    print(f"{'bertsym total':42}  {start:6.2f} s")
    for claim in ("12LH^2", "11LH^2"):
        extra = seconds("audit", claim) - start
        print(f"{'bertsym audit ' + claim + ', beyond that':42}  {extra:6.2f} s  (goal 0.30)")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "fifty.csv"
        table.write_text(fifty_rows(), encoding="utf-8")
        taken = seconds("audit", str(table), "--model", "gpt2")
        print(f"{'fifty rows, two unknown sizes':42}  {taken:6.2f} s  (goal: seconds)")
        paper = Path(folder) / "paper.tex"
        paper.write_text(hundred_pages(), encoding="utf-8")
        print(f"{'100 pages of LaTeX':42}  {seconds('audit', str(paper)):6.2f} s  (goal 3)")


if __name__ == "__main__":
    main()
