"""The words by which a paper cites bertsym."""

from __future__ import annotations

KEY = "bertsym"
YEAR = 2026
AUTHORS = "The bertsym authors"
TITLE = "bertsym: symbolic derivation of the parameter counts of BERT and its relatives"
