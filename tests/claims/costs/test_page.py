"""The well-known claims about costs: the list in examples/, the table in docs/costs.md, and what `audit` says today."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
LINES = (ROOT / "examples" / "cost_claims.tsv").read_text(encoding="utf-8").splitlines()
CLAIMS = [tuple(line.split("\t")) for line in LINES if not line.startswith("#")]
LEAST = 60
"""The number of claims that the page promises at least."""


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "options", "verdict", "convention", "source"), CLAIMS)
def test_a_well_known_claim(
    claim: str, options: str, verdict: str, convention: str, source: str, bertsym: Callable[..., Any]
) -> None:
    ran = bertsym("audit", claim, *shlex.split(options), "--json")
    record = json.loads(ran.out)
    assert record["verdict"] == verdict, source
    assert record["explanations"][0]["convention"] == convention


def test_the_pages_show_every_claim() -> None:
    assert len(CLAIMS) >= LEAST
    table = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    runs = (ROOT / "docs" / "cost-claims.md").read_text(encoding="utf-8")
    for claim, options, verdict, convention, source in CLAIMS:
        escaped = claim.replace("*", "\\*").replace("_", "\\_")
        assert f"| {escaped} | `{options}` | {verdict} | {convention} | {source} |" in table
        assert f'$ bertsym audit "{claim}" {options}\n' in runs or f"$ bertsym audit {claim} {options}\n" in runs


def test_every_claim_has_a_source_and_is_judged() -> None:
    assert all(len(claim) == 5 and claim[4] and claim[2] in ("stands", "finding") for claim in CLAIMS)
