"""The summaries of models that `torchinfo` and Keras print, found in a text as tables of labels and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

SUMMARY = re.compile(r"\bparam\w*\s*#", re.IGNORECASE)
"""The heading over the numbers of a summary: `Param #`."""

_TOTAL = re.compile(
    r"[\s|│]*(?P<label>Total params|Trainable params|Non-trainable params|Optimizer params)\b\D{0,20}?(?P<count>[\d,]+)"
)
_COLUMNS = re.compile(r"\s{2,}|[|│┃]")
_FRAME = " |│┃├└─=_━┏┓┡┩┳╇┴┼"


def summary_tables(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield each summary of a text: a heading, a row for each layer with its number, and the totals below it."""
    rows: list[tuple[int, list[str]]] = []
    totals = 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        total = _TOTAL.match(line) if rows else None
        if totals and total is None:
            yield rows
            rows, totals = [], 0
        pieces = [piece.strip(_FRAME) for piece in _COLUMNS.split(line) if piece.strip(_FRAME)]
        title = next((piece for piece in pieces if SUMMARY.search(piece)), None)
        if total is not None:
            rows.append((number, [total["label"], total["count"]]))
            totals += 1
        elif title is not None and len(pieces) > 1:
            rows = [(number, [pieces[0], title])]
        elif rows and len(pieces) > 1:
            counts = [piece for piece in pieces[1:] if re.fullmatch(r"[\d,]+", piece)]
            rows.append((number, [pieces[0], counts[-1] if counts else ""]))
