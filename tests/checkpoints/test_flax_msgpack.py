"""Flax checkpoints in MessagePack: written after the two specifications, damaged, and hostile."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import pytest

from bertsym.checkpoints.flax_msgpack import read_flax
from bertsym.errors import BadFile, BertsymError
from tests.checkpoints.test_frameworks import COUNT, flax

Shape = tuple[int, ...]


def text(words: str) -> bytes:
    data = words.encode()
    return (bytes([0xA0 + len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data


def number(value: int) -> bytes:
    return bytes([value]) if value < 128 else b"\xce" + struct.pack(">I", value)


def table(items: dict[str, bytes]) -> bytes:
    head = bytes([0x80 + len(items)]) if len(items) < 16 else b"\xde" + struct.pack(">H", len(items))
    return head + b"".join(text(key) + item for key, item in items.items())


def array(shape: Shape, dtype: str = "float32", width: int = 4) -> bytes:
    """An extension of type 1: shape, name of the type, bytes (`flax.serialization._ndarray_to_bytes`)."""
    sides = bytes([0x90 + len(shape)]) + b"".join(map(number, shape))
    size = width * prod(shape)
    payload = b"\x93" + sides + text(dtype) + b"\xc6" + struct.pack(">I", size) + bytes(size)
    return b"\xc9" + struct.pack(">Ib", len(payload), 1) + payload


def tree(shapes: dict[str, Shape]) -> bytes:
    """Nested maps from names with dots."""
    inner: dict[str, dict[str, Shape]] = {}
    items: dict[str, bytes] = {}
    for name, shape in shapes.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(first, {})[rest] = shape
        else:
            items[name] = array(shape)
    return table({**items, **{name: tree(part) for name, part in inner.items()}})


def test_a_model_of_flax(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    file = tmp_path / "flax_model.msgpack"
    file.write_bytes(tree(flax("bert.")))
    for path in (file, tmp_path):
        ran = bertsym("verify", str(path), "--model", "bert-tiny", "--json")
        found = json.loads(ran.out)
        assert (ran.code, found["count"], found["types"]["F32"]["bytes"]) == (0, COUNT, 4 * COUNT)
        assert found["bytes_read"] < 30 * 2**16  # the data is passed over where it is longer than a window
    assert json.loads(bertsym("verify", str(file), "--infer", "--json").out)["class"] == "BertModel"


@pytest.mark.parametrize(
    ("dtype", "width", "ours"), [("bfloat16", 2, "BF16"), ("float16", 2, "F16"), ("int8", 1, "I8")]
)
def test_types(tmp_path: Path, dtype: str, width: int, ours: str) -> None:
    file = tmp_path / "a.msgpack"
    file.write_bytes(table({"step": number(300), "name": text("x"), "a": array((3, 200), dtype, width)}))
    found = read_flax(file).arrays
    assert {name: (one.dtype, one.shape) for name, one in found.items()} == {"a": (ours, (3, 200))}


GOOD = array((2, 3))
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cut off"),
    "a number": (b"\x01", "does not begin with a map"),
    "a list": (b"\x91\x01", "does not begin with a map"),
    "a pickle": (b"\x80\x04\x95", "bytes follow the map"),
    "a key that is a number": (b"\x81\x01\x01", "byte 1: a key is not a text"),
    "a key twice": (b"\x82" + (text("a") + GOOD) * 2, "the key 'a' is given twice"),
    "a list inside": (table({"a": b"\x91\x01"}), "a value of the kind 0x91"),
    "an endless map": (b"\xdf\xff\xff\xff\xff", "cut off"),
    "deep": (b"".join(b"\x81\xa1a" for _ in range(10_000)) + b"\x80", "32 levels"),
    "more after it": (table({"a": GOOD}) + b"x", "1 bytes follow the map"),
    "an array beyond the file": (table({"a": b"\xc9\xff\xff\xff\xff\x01\x93"}), "cut off: the array 'a' takes"),
    "shape and bytes differ": (table({"a": GOOD.replace(b"\x92\x02\x03", b"\x92\x02\x04")}), "do not fit"),
    "an unknown type": (table({"a": array((2,), "object", 8)}), "the type 'object', which is not one of weights"),
    "a negative side": (table({"a": GOOD.replace(b"\x92\x02\x03", b"\x92\x02\xff")}), "a dimension that is not"),
    "chunks": (table({"a": table({"__msgpack_chunked_array__": b"\xc3"})}), "'a' is stored in chunks"),
    "one name twice": (table({"a.b": GOOD, "a": table({"b": GOOD})}), "'a.b' is given twice"),
    "control characters": (b"\x82" + (text("\x1b[31m") + GOOD) * 2, "is given twice"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    data, sentence = HOSTILE[name]
    file = tmp_path / "a.msgpack"
    file.write_bytes(data)
    with pytest.raises(BadFile) as caught:
        read_flax(file)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    ran = bertsym("verify", str(file), "--model", "bert-tiny")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_cut_and_damaged_files(tmp_path: Path) -> None:
    """A file cut at any byte is refused; a damaged one is refused or read, and never a traceback."""
    whole = tree({"a.kernel": (2, 3), "a.bias": (3,), "b.layer.0.scale": (4,)})
    file = tmp_path / "a.msgpack"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(BertsymError):
            read_flax(file)
    source = random.Random(18)
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            data[source.randrange(len(data))] = source.randrange(256)
        file.write_bytes(data)
        with suppress(BertsymError):
            assert sum(one.bits for one in read_flax(file).arrays.values()) // 8 <= len(data)
