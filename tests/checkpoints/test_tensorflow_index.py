"""Indices of TensorFlow checkpoints: a table of LevelDB by a writer of its own, damaged, and hostile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bertsym.checkpoints.tensorflow_index import MAGIC, read_tensorflow
from bertsym.errors import BadFile, BertsymError
from tests.checkpoints.test_frameworks import COUNT, tensorflow

Shape = tuple[int, ...]


def varint(number: int) -> bytes:
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A message of protocol buffers: integers are varints, bytes have a length."""
    data = b""
    for field, content in fields:
        data += varint(field << 3 | (2 if isinstance(content, bytes) else 0))
        data += varint(len(content)) + content if isinstance(content, bytes) else varint(content)
    return data


def entry(shape: Shape, kind: int = 1) -> bytes:
    """A BundleEntryProto: type, shape, offset, size, and a checksum of four bytes."""
    sides = message(*((2, message((1, side))) for side in shape))
    return message((1, kind), (2, sides), (4, 1_000), (5, 4)) + b"\x35abcd"


def block(items: Iterable[tuple[bytes, bytes]], *, shared: bool = True) -> bytes:
    """Sorted entries whose keys share their beginnings, one restart, no compression, and a checksum."""
    data, before = b"", b""
    for key, content in items:
        same = 0
        while shared and same < min(len(key), len(before)) and key[same] == before[same]:
            same += 1
        data += varint(same) + varint(len(key) - same) + varint(len(content)) + key[same:] + content
        before = key
    return data + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def table(items: dict[bytes, bytes], size: int = 7) -> bytes:
    """A table with a block for every `size` entries."""
    data, index = b"", []
    ordered = sorted(items.items())
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        body = block(part)
        index.append((part[-1][0], varint(len(data)) + varint(len(body))))
        data += body + b"\x00abcd"
    handles = []
    for body in (block([]), block(index)):
        handles.append(varint(len(data)) + varint(len(body)))
        data += body + b"\x00abcd"
    return data + b"".join(handles).ljust(40, b"\x00") + MAGIC


def checkpoint(shapes: dict[str, Shape]) -> bytes:
    return table({b"": message((1, 1)), **{name.encode(): entry(shape) for name, shape in shapes.items()}})


def test_the_first_checkpoints_of_bert(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """With the state of Adam beside the weights, as they were published for further training."""
    shapes = tensorflow()
    state = {f"{name}/{part}": shape for name, shape in shapes.items() for part in ("adam_m", "adam_v")}
    file = tmp_path / "bert_model.ckpt.index"
    file.write_bytes(checkpoint({**shapes, **state, "global_step": ()}))
    for path in (file, tmp_path):
        ran = bertsym("verify", str(path), "--model", "bert-tiny", "--json")
        found = json.loads(ran.out)
        assert (ran.code, found["count"], found["class"]) == (0, COUNT, "BertModel")
    assert json.loads(bertsym("verify", str(file), "--infer", "--json").out)["count"] == COUNT


def test_types_and_slices(tmp_path: Path) -> None:
    file = tmp_path / "a.index"
    items = {b"": b"", b"a": entry((2, 3), 19), b"b": entry((), 9), b"c": entry((4,), 7), b"\x00s": b"anything"}
    file.write_bytes(table(items))
    found = read_tensorflow(file).arrays
    assert {name: (one.dtype, one.shape) for name, one in found.items()} == {"a": ("F16", (2, 3)), "b": ("I64", ())}


GOOD = checkpoint({"a": (2, 3)})
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not the index of a TensorFlow checkpoint"),
    "no magic": (GOOD[:-1] + b"x", "not the index of a TensorFlow checkpoint"),
    "only a footer": (bytes(40) + MAGIC, "a block of 0 bytes, which has no restarts"),
    "a block outside": (
        GOOD[:-48] + (b"\x00\x00" + varint(2**62) * 2).ljust(40, b"\x00") + MAGIC,
        "outside of the file",
    ),
    "an endless integer": (GOOD[:-48] + b"\xff" * 40 + MAGIC, "an integer of more than 10 bytes"),
    "an unknown type": (table({b"a": entry((2,), 77)}), "'a' has type '77'"),
    "a negative side": (table({b"a": entry((2**64 - 1,))}), "an unknown or negative dimension"),
    "many sides": (table({b"a": entry((1,) * 40)}), "and 40 dimensions"),
    "a wire type": (table({b"a": b"\x0b"}), "a field of the wire type 3"),
    "a length beyond": (table({b"a": b"\x12\x7f"}), "'127' bytes are declared"),
    "a name that is no text": (table({b"\xff": entry((2,))}), "is not UTF-8"),
    "compressed": (GOOD.replace(b"\x00abcd", b"\x01abcd"), "a compressed block"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    data, sentence = HOSTILE[name]
    file = tmp_path / "a.index"
    file.write_bytes(data)
    with pytest.raises(BadFile) as caught:
        read_tensorflow(file)
    assert sentence in str(caught.value)
    ran = bertsym("verify", str(file), "--model", "bert-tiny")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_damaged_files(tmp_path: Path) -> None:
    whole = checkpoint({"a/kernel": (2, 3), "a/bias": (3,), "b/layer_0/gamma": (4,)})
    file = tmp_path / "a.index"
    source = random.Random(18)
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            data[source.randrange(len(data) - 8)] = source.randrange(256)
        file.write_bytes(data)
        with suppress(BertsymError):
            assert len(read_tensorflow(file).arrays) < 20
