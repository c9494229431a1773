"""Write docs/claims.md from examples/claims.tsv and the published counts; --check only reports if it is stale."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
PAGE = ROOT / "docs" / "claims.md"

OPENING = """\
# Is this claim right?

`bertsym audit CLAIM` checks what people write about parameters: a number, a formula, a sum of numbers, a sentence, a
table, or a whole document. This page shows its verdicts on claims that papers, model cards and blogs repeat.

A **counting** is a way to count a model: one of its classes or a part of it, with or without biases, norms or
embeddings. Some countings are customs: `bertsym/claims/customs.py` lists them with the people who use each.

| verdict | meaning | exit code |
| --- | --- | ---: |
| `stands` | the claim equals a custom or a part that has a name, or rounds to a custom at its precision | 0 |
| `nearly` | it is exact but for one small part, which the answer names; `--tolerance 1%` lets it stand | 1 |
| `finding` | it is wrong; the answer names the nearest counting, and each wrong term or missing part | 1 |
| `mixed` | some claims of a document stand, beside others that are wrong (1) or that were not read (2) | 1 or 2 |
| `unread` | no claim was recognised, or none could be judged | 2 |

What equals the model only after several omissions is a finding, with the omissions as its explanation. A number may
take one liberty: another custom than the exact count, a cut instead of a rounding, or trailing zeros that do not count.

The first lines of an answer (`read as`) say how `audit` read the claim. A name in the claim chooses the model: in
`mBERT: 110M`, in a sentence, in a row. Otherwise `--model` names it, BERT by default. `--of` says which part a formula
counts.

In a document (`.md`, `.tex` with what it inputs, `.html`, `.ipynb`, `.rst`, `.txt`) each number belongs to the model
that its sentence names. A name that is unknown, or that several models have, is listed, and nothing is judged as
something else. Words for parameters are read in several languages, and numbers in the notations of many countries.

`tools/claims.py` writes this page from `examples/claims.tsv`, and CI checks that it is up to date. Commands run in
`examples/`.
"""

COUNTS = """\
## Published counts

These are the rows of `tests/data/published_counts.tsv` whose model has a named size here. If several countings give
the published number, the table shows the simplest. The last column is the exact number of that counting, or of the
whole model if there is none.

| model | published | verdict | counts | exactly |
| --- | ---: | --- | --- | ---: |
"""

# The sizes of bertsym that the table names otherwise.
SIZES = {
    "BERT-Base": "bert-base-uncased",
    "BERT-Large": "bert-large-uncased",
    "BERT-Base Multilingual Cased": "bert-base-multilingual-cased",
    "BERT-Tiny": "bert-tiny",
    "ELECTRA-Small": "electra-small-discriminator",
    "ELECTRA-Base": "electra-base-discriminator",
    "ELECTRA-Large": "electra-large-discriminator",
    "albert-base": "albert-base-v2",
    "albert-large": "albert-large-v2",
    "albert-xlarge": "albert-xlarge-v2",
    "albert-xxlarge": "albert-xxlarge-v2",
    "GPT-2 124M": "gpt2-small",
    "GPT-2 355M": "gpt2-medium",
    "GPT-2 774M": "gpt2-large",
    "GPT-2 1558M": "gpt2-xl",
    "gpt2": "gpt2-small",
    "gpt2 bias=False (nanoGPT)": "nanogpt",
}


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table of this project: tab-separated, quotes have no meaning."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def audited(row: dict[str, str]) -> str:
    """Return the section of one claim: its text, its source and the output of bertsym."""
    from docs import ran  # noqa: PLC0415  # beside this file

    command = f"bertsym {row['command']}"
    said = f"{row['comment']} ({row['source']})"
    return f"## {row['title']}\n\n{said}\n\n```console\n$ {command}\n{ran(command)}```\n"


def counted(row: dict[str, str]) -> str:
    """Return one published count as a line of the table, or nothing for an unknown size."""
    from bertsym.claims.number import judge_number  # noqa: PLC0415
    from bertsym.errors import UnknownName  # noqa: PLC0415
    from bertsym.quantities import parse_stated  # noqa: PLC0415
    from bertsym.zoo import named  # noqa: PLC0415

    try:
        model = named(SIZES.get(row["model"], row["model"]))
    except UnknownName:
        return ""
    heads = [model.head, *(head for head in model.architecture.heads if head != model.head)]
    verdict = judge_number(parse_stated(row["claimed_params"]), model, heads)
    best = next(iter(verdict.matches), None)
    said = verdict.standing.value
    start = f"| {row['model']} | {row['claimed_params']} | {said} |"
    if best is None or not (best.sound or best.slip):
        return f"{start} no counting of it | {verdict.whole:,} |\n"
    how = f"{best.count.counting.name}, {best.how}{', ' + best.slip if best.slip else ''}"
    return f"{start} {how} | {best.count.number:,} |\n"


def main(*, check: bool) -> int:
    """Write the page; with `check`, change nothing and return 1 if it is stale."""
    os.chdir(ROOT / "examples")
    claims = [audited(row) for row in rows(ROOT / "examples" / "claims.tsv")]
    published = [r for r in rows(ROOT / "tests" / "data" / "published_counts.tsv") if r["claimed_params"]]
    page = "\n".join([OPENING, *claims, COUNTS + "".join(counted(row) for row in published)])
    if check:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page
        if stale:
            print("docs/claims.md: stale, run `python tools/claims.py`", file=sys.stderr)
        return int(stale)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
