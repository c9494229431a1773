"""Claims as people wrote them in issues, blogs and encyclopedias, in several languages, each with its source.

A claim is an excerpt: its names and numbers are the page's, and the sentence around them may be shortened.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
with (Path(__file__).parent.parent / "data" / "wild_claims.tsv").open(encoding="utf-8", newline="") as file:
    CLAIMS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row["claim"][:40])
def test_a_claim_gets_its_verdict_and_its_reason(bertsym: Run, row: dict[str, str]) -> None:
    ran = bertsym("audit", row["claim"], *(["-m", row["model"]] if row["model"] else []))
    said = " ".join(f"{ran.out} {ran.err}".split())
    assert (ran.code, row["says"] in said) == (int(row["exit"]), True), said


def test_every_claim_has_a_source() -> None:
    assert all(row["source"].startswith("https://") for row in CLAIMS)
