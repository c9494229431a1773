"""The contents of a checkpoint that its headers tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertsym.checkpoints.gguf import Content
from bertsym.checkpoints.tensor_types import Array
from bertsym.values import value


@value
class IndexOnly:
    """An index whose files are not there or are not read: names without shapes, and two totals if it gives them."""

    names: tuple[str, ...]
    total_size: int | None
    total_parameters: int | None
    reason: str


@value
class Checkpoint:
    """The tensors that the headers name, the configuration in the same folder, and notes about irregularities.

    `index` is set instead of `arrays` if only an index was read. `metadata` are those of a GGUF file.
    """

    path: Path
    arrays: Mapping[str, Array]
    config: Path | None
    files: int
    bytes_read: int
    notes: tuple[str, ...] = ()
    index: IndexOnly | None = None
    metadata: Mapping[str, Content] | None = None
