"""Whatever the bytes, verify answers or says why not: exit 0, 1 or 2, one sentence, no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bertsym.checkpoints.checkpoint import read_checkpoint
from bertsym.checkpoints.safetensors import read_header
from bertsym.checkpoints.tensor_types import BITS
from bertsym.errors import BertsymError
from tests.checkpoints.files import header_of, write

pytestmark = pytest.mark.slow

BOUNDED = settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEW = settings(BOUNDED, max_examples=40)

NAMES = st.sampled_from(
    [
        "embeddings.word_embeddings.weight",
        "bert.embeddings.LayerNorm.gamma",
        "encoder.layer.0.attention.self.query.weight",
        "encoder.layer.00.attention.self.query.qweight",
        "encoder.layer.99999999999999999999.output.dense.weight",
        "encoder.layer.\u0663.output.dense.weight",
        "pooler.dense.bias",
        "{}",
        "",
        ".",
        "__metadata__",
    ]
) | st.text(max_size=20)
NUMBERS = st.integers() | st.sampled_from([-1, 0, 1, 2, 8, 768, 2**31, 2**63 - 1, 2**63, 2**64])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(sorted(BITS)) | ANYTHING,
        "shape": st.lists(NUMBERS, max_size=5) | ANYTHING,
        "data_offsets": st.lists(NUMBERS, min_size=2, max_size=2) | ANYTHING,
        "more": ANYTHING,
    },
)
HEADERS = st.dictionaries(NAMES, ENTRIES | ANYTHING, max_size=8)
SHAPES = st.dictionaries(NAMES.filter("__metadata__".__ne__), st.lists(st.integers(0, 40), max_size=4), max_size=12)


@BOUNDED
@given(text=st.binary(max_size=200), length=st.none() | st.integers(0, 2**64 - 1))
def test_any_bytes(text: bytes, length: int | None, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text)
    with suppress(BertsymError):
        read_header(path)


@BOUNDED
@given(edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_damage(edits: list[tuple[int, int]], tmp_path: Path) -> None:
    """A good file with some of its bytes changed."""
    path = write(tmp_path / "model.safetensors", header_of({"pooler.dense.weight": [4, 4], "pooler.dense.bias": [4]}))
    data = bytearray(path.read_bytes())
    for place, byte in edits:
        data[place % len(data)] = byte
    path.write_bytes(data)
    with suppress(BertsymError):
        read_header(path)


@BOUNDED
@given(header=HEADERS, data=st.integers(0, 4096), alone=st.booleans())
def test_any_header(header: Any, data: int, alone: bool, tmp_path: Path) -> None:
    """The arrays of an accepted file lie inside the data and do not overlap."""
    path = write(tmp_path / "model.safetensors", json.dumps(header).encode(), data)
    try:
        found = read_header(path, alone=alone)
    except BertsymError as error:
        refusal = str(error)
    else:
        refusal = ""
    assert refusal.isprintable()
    if refusal:
        return
    assert all(side >= 0 for array in found.arrays.values() for side in array.shape)
    assert sum(array.bits for array in found.arrays.values()) // 8 + found.unclaimed <= data or alone
    assert found.unclaimed >= 0


@BOUNDED
@given(
    placed=st.dictionaries(NAMES, st.sampled_from(["a.safetensors", "../a.safetensors", "/", ".", "a"]) | ANYTHING),
    more=ANYTHING,
)
def test_any_index(placed: Any, more: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.safetensors", header_of({"pooler.dense.bias": [3]}))
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": placed, "metadata": more}), encoding="utf-8")
    with suppress(BertsymError):
        read_checkpoint(tmp_path)


@FEW
@given(shapes=SHAPES, dtype=st.sampled_from(["F32", "I8", "I32", "U8"]))
def test_any_tensors(shapes: dict[str, list[int]], dtype: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """A well-formed file of tensors that no model has: inferred or compared, never a traceback."""
    write(tmp_path / "model.safetensors", header_of(shapes, dtype))
    for words in ([], ["--model", "bert-tiny", "--json"]):
        ran = bertsym("verify", str(tmp_path), *words)
        assert ran.code in (0, 1, 2)
        assert (ran.code == 2) == (ran.out == "")
