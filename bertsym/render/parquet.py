"""Write a table of exact integers as Parquet, if pyarrow is installed."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Sequence

from bertsym.algebra import Value
from bertsym.errors import MissingExtra

LARGEST = 2**63 - 1
"""The largest integer of a Parquet column of integers; a column with a larger one is text."""


def parquet(columns: Sequence[str], rows: Iterable[Sequence[Value]], option: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a Parquet file, and the columns whose numbers are text because a 64-bit integer does not hold them.

    Columns are of 64-bit integers, so that a million rows fit into memory. Raises `MissingExtra`, which names the
    option, if pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # few tables are Parquet
        from pyarrow.parquet import write_table  # noqa: PLC0415
    except ImportError:
        raise MissingExtra(option, "pyarrow", "parquet") from None
    data: list[array[int] | list[str]] = [array("q") for _ in columns]
    for row in rows:
        for index, number in enumerate(row):
            column = data[index]
            if isinstance(column, array) and (type(number) is not int or abs(number) > LARGEST):
                column = data[index] = list(map(str, column))
            column.append(str(number) if isinstance(column, list) else int(number))  # type: ignore[arg-type]
    texts = tuple(name for name, column in zip(columns, data, strict=True) if isinstance(column, list))
    arrays = [pa.array(column, pa.string() if isinstance(column, list) else pa.int64()) for column in data]
    buffer = io.BytesIO()
    write_table(pa.table(arrays, list(columns)), buffer)
    return buffer.getvalue(), texts
