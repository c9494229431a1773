"""GGUF files: header, types and names, written after the specification and by the library of llama.cpp."""

from __future__ import annotations

import importlib
import json
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bertsym import load
from bertsym.checkpoints.gguf import GGML_TYPES, Length, read_gguf
from bertsym.checkpoints.gguf_files import read_gguf_files
from bertsym.checkpoints.tensor_types import BITS, GGML_BLOCKS
from bertsym.errors import BadFile, BertsymError
from tests.checkpoints.files import measured
from tests.checkpoints.gguf_writer import content, llama, size_of, text, u32, write_gguf

COUNT = 1_230_080  # 2*96*256 + 256 + 2*(2*256 + 2*256**2 + 2*128*256 + 3*256*512)


def quantised(shapes: dict[str, tuple[int, ...]], dtype: str) -> dict[str, str]:
    return {name: dtype for name, shape in shapes.items() if len(shape) > 1}


@pytest.mark.parametrize(("version", "order"), [(2, "<"), (3, "<"), (3, ">")])
def test_versions_and_byte_orders(tmp_path: Path, version: int, order: str) -> None:
    metadata, shapes = llama()
    file = write_gguf(tmp_path / "a.gguf", metadata, shapes, quantised(shapes, "Q4_K"), version=version, order=order)
    header = read_gguf(file)
    assert {name: array.shape for name, array in header.arrays.items()} == shapes
    assert header.metadata["llama.block_count"] == 2
    assert header.metadata["tokenizer.ggml.tokens"] == Length(96)
    assert header.metadata["tokenizer.ggml.token_type"] == (1,) * 96
    assert sum(array.bits for array in header.arrays.values()) // 8 == sum(
        size_of(shape, "Q4_K" if len(shape) > 1 else "F32") for shape in shapes.values()
    )


@pytest.mark.parametrize("dtype", ["F16", "Q4_K", "Q8_0"])
def test_the_metadata_give_the_model(tmp_path: Path, bertsym: Callable[..., Any], dtype: str) -> None:
    metadata, shapes = llama()
    file = write_gguf(tmp_path / "a.gguf", metadata, shapes, quantised(shapes, dtype))
    ran = bertsym("verify", str(file), "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["class"], found["count"], found["expected"]) == (0, "LlamaForCausalLM", COUNT, COUNT)
    assert found["types"][dtype]["bytes"] == sum(size_of(s, dtype) for s in shapes.values() if len(s) > 1)
    inferred = json.loads(bertsym("verify", str(file), "--infer", "--json").out)
    assert (inferred["ok"], inferred["count"]) == (True, COUNT)
    assert f"= {COUNT:,} " in bertsym("total", str(file)).out


def test_a_tied_output_is_not_in_the_file(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    metadata, shapes = llama()
    del shapes["output.weight"]
    write_gguf(tmp_path / "a.gguf", metadata, {**shapes, "rope_freqs.weight": (32,)})
    found = json.loads(bertsym("verify", str(tmp_path), "--json").out)
    assert (found["ok"], found["count"], found["buffers"]) == (True, COUNT - 96 * 256, ["rope_freqs.weight"])


@pytest.mark.parametrize("change", ["shape", "missing", "extra", "metadata"])
def test_differences_are_findings(tmp_path: Path, bertsym: Callable[..., Any], change: str) -> None:
    metadata, shapes = llama()
    name = "blk.1.ffn_up.weight"
    if change == "shape":
        shapes[name] = (511, 256)
    elif change == "missing":
        del shapes[name]
    elif change == "extra":
        shapes["blk.1.ffn_up.scale"] = (512,)
    else:
        metadata["llama.feed_forward_length"] = u32(480)
    write_gguf(tmp_path / "a.gguf", metadata, shapes)
    ran = bertsym("verify", str(tmp_path), "--json")
    found = json.loads(ran.out)
    assert ran.code == 1
    numbers = [len(found[kind]) for kind in ("mismatched", "missing", "extra")]
    assert numbers == {"shape": [1, 0, 0], "missing": [0, 1, 0], "extra": [0, 0, 1], "metadata": [6, 0, 0]}[change]


def test_a_model_by_name(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """bert-tiny as llama.cpp writes it: no pooler, one array for each matrix."""
    names = {"attn_q": (128, 128), "attn_k": (128, 128), "attn_v": (128, 128), "attn_output": (128, 128)}
    names |= {"ffn_up": (512, 128), "ffn_down": (128, 512)}
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (30_522, 128),
        "position_embd.weight": (512, 128),
        "token_types.weight": (2, 128),
        "token_embd_norm.weight": (128,),
        "token_embd_norm.bias": (128,),
    }
    for layer in range(2):
        for name, shape in names.items():
            shapes |= {f"blk.{layer}.{name}.weight": shape, f"blk.{layer}.{name}.bias": shape[:1]}
        for norm in ("attn_output_norm", "layer_output_norm"):
            shapes |= {f"blk.{layer}.{norm}.{part}": (128,) for part in ("weight", "bias")}
    file = write_gguf(tmp_path / "a.gguf", {"general.architecture": "bert"}, shapes)
    found = json.loads(bertsym("verify", str(file), "--model", "bert-tiny", "--json").out)
    assert (found["ok"], found["unconverted"]) == (True, ["pooler.dense.weight", "pooler.dense.bias"])
    assert found["count"] == load("bert-tiny").count() - 128 * 129
    assert "field 'bert." in bertsym("verify", str(file)).err or bertsym("verify", str(file)).code != 0


def split(folder: Path, parts: int) -> tuple[Path, int]:
    metadata, shapes = llama()
    names = list(shapes)
    for part in range(parts):
        own = {name: shapes[name] for name in names[part::parts]}
        numbers = {"split.no": u32(part), "split.count": u32(parts), "split.tensors.count": u32(len(names))}
        write_gguf(
            folder / f"a-{part + 1:05d}-of-{parts:05d}.gguf", {**metadata, **numbers} if not part else numbers, own
        )
    return folder / f"a-00001-of-{parts:05d}.gguf", len(names)


def test_a_file_in_parts(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    first, number = split(tmp_path, 3)
    for path in (tmp_path, first, first.with_name("a-00003-of-00003.gguf")):
        found = json.loads(bertsym("verify", str(path), "--json").out)
        assert (found["ok"], found["files"], found["tensors"], found["notes"]) == (True, 3, number, [])
    first.with_name("a-00002-of-00003.gguf").unlink()
    ran = bertsym("verify", str(tmp_path))
    assert (ran.code, "1 of 3 parts are missing: 'a-00002-of-00003.gguf'" in ran.err) == (2, True)


def test_several_models_in_a_folder(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    metadata, shapes = llama()
    for name in ("q4.gguf", "q8.gguf", "mmproj-q8.gguf"):
        write_gguf(tmp_path / name, metadata, shapes)
    ran = bertsym("verify", str(tmp_path))
    assert (ran.code, "holds 2 models as .gguf files" in ran.err) == (2, True)
    (tmp_path / "q4.gguf").unlink()
    assert bertsym("verify", str(tmp_path)).code == 0


HEAD = b"GGUF" + struct.pack("<I", 3)
ONE = text("t") + struct.pack("<IQIQ", 1, 4, 0, 0)


def file_of(keys: list[bytes], tensors: list[bytes], data: int = 64) -> bytes:
    head = HEAD + struct.pack("<QQ", len(tensors), len(keys)) + b"".join(keys) + b"".join(tensors)
    return head + bytes(-len(head) % 32 + data)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a GGUF file"),
    "other magic": (b"GGML" + bytes(60), "not a GGUF file"),
    "version 1": (b"GGUF" + struct.pack("<I", 1) + bytes(60), "version 1 of GGUF"),
    "version 9": (b"GGUF" + struct.pack("<I", 9) + bytes(60), "version 9 of GGUF"),
    "many tensors": (HEAD + struct.pack("<QQ", 2**63, 0) + bytes(64), "byte 8: 9,223,372,036,854,775,808 tensors"),
    "many keys": (HEAD + struct.pack("<QQ", 0, 60_000) + bytes(64), "byte 16: cut off: 60,000 metadata keys"),
    "key beyond the file": (HEAD + struct.pack("<QQQ", 0, 1, 60_000) + bytes(64), "byte 32: cut off"),
    "endless key": (HEAD + struct.pack("<QQQ", 0, 1, 2**64 - 1) + bytes(64), "byte 24: a metadata key of"),
    "key not UTF-8": (file_of([text(b"\xff") + content("x")], [ONE]), "byte 24: a metadata key is not UTF-8"),
    "key twice": (file_of([text("k") + content("x")] * 2, [ONE]), "'k' is given twice"),
    "unknown type": (file_of([text("k") + struct.pack("<I", 13)], [ONE]), "has the value type 13"),
    "text beyond the file": (file_of([text("k") + struct.pack("<IQ", 8, 2**40)], [ONE]), "cut off: 'k' takes"),
    "list beyond the file": (file_of([text("k") + struct.pack("<IIQ", 9, 4, 2**62)], [ONE]), "cut off: 'k' takes"),
    "texts beyond the file": (file_of([text("k") + struct.pack("<IIQ", 9, 8, 2**60)], [ONE]), "lists are bounded"),
    "deep lists": (
        file_of([text("k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 40], [ONE]),
        "at depth 5; lists are bounded",
    ),
    "alignment 0": (file_of([text("general.alignment") + content(u32(0))], [ONE]), "general.alignment is '0'"),
    "alignment text": (file_of([text("general.alignment") + content("32")], [ONE]), "general.alignment is '32'"),
    "tensor twice": (file_of([], [ONE, ONE]), "the tensor 't' is given twice"),
    "five dimensions": (file_of([], [text("t") + struct.pack("<I5QIQ", 5, *[1] * 5, 0, 0)]), "5 dimensions"),
    "unknown tensor type": (file_of([], [text("t") + struct.pack("<IQIQ", 1, 4, 4, 0)]), "not a known type of GGML"),
    "huge dimension": (file_of([], [text("t") + struct.pack("<IQIQ", 1, 2**63, 0, 0)]), "a dimension of 2^63"),
    "half a block": (file_of([], [text("t") + struct.pack("<IQIQ", 1, 48, 2, 0)]), "Q4_0 stores 32 together"),
    "offset": (file_of([], [text("t") + struct.pack("<IQIQ", 1, 4, 0, 8)]), "begins at 8, not at a multiple of 32"),
    "overlap": (
        file_of([], [text("t") + struct.pack("<IQIQ", 1, 16, 0, 0), text("u") + struct.pack("<IQIQ", 1, 4, 0, 32)]),
        "the tensors 't' and 'u' overlap",
    ),
    "data cut off": (file_of([], [text("t") + struct.pack("<IQIQ", 1, 400, 0, 0)]), "cut off: its tensors take 1,600"),
    "cut in a tensor": (HEAD + struct.pack("<QQ", 1, 0) + text("t") + bytes(12), "cut off"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers(name: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    data, sentence = HOSTILE[name]
    path = tmp_path / "a.gguf"
    path.write_bytes(data)
    with pytest.raises(BadFile) as caught:
        read_gguf(path)
    assert sentence in str(caught.value)
    ran = bertsym("verify", str(path), "--model", "llama")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_every_cut_is_refused(tmp_path: Path) -> None:
    """A header that ends at any byte is an error, never a traceback and never an answer."""
    metadata, shapes = llama(layers=1, words=3)
    whole = write_gguf(tmp_path / "whole.gguf", metadata, shapes).read_bytes()
    cut = tmp_path / "a.gguf"
    end = whole.rindex(b"output.weight") + 40
    for length in range(end):
        cut.write_bytes(whole[:length])
        with pytest.raises(BertsymError):
            read_gguf(cut, alone=True)


def test_damaged_headers(tmp_path: Path) -> None:
    """Any bytes are read or refused, and what is read lies in the file."""
    metadata, shapes = llama(layers=1, words=3)
    whole = write_gguf(tmp_path / "whole.gguf", metadata, shapes, quantised(shapes, "Q4_K")).read_bytes()
    end = whole.rindex(b"output.weight") + 40
    file = tmp_path / "a.gguf"
    source = random.Random(18)
    for _ in range(1_500):
        data = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            data[source.randrange(end)] = source.choice([0, 1, 255, source.randrange(256)])
        file.write_bytes(data)
        with suppress(BertsymError):
            header = read_gguf(file)
            assert sum(array.bits for array in header.arrays.values()) // 8 <= len(data)


def test_parts_are_bounded(tmp_path: Path) -> None:
    for name in ("a-00001-of-99999.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf"):
        with pytest.raises(BadFile, match="1 to 1,000 parts"):
            read_gguf_files(tmp_path / name, tmp_path / name, alone=True)


def gguf_library() -> Any:
    return pytest.importorskip("gguf", reason="the library of llama.cpp is not installed")


def test_the_types_are_those_of_the_library() -> None:
    library = gguf_library()
    known = {number: name for number, name in GGML_TYPES.items() if name}
    assert known == {int(kind): kind.name for kind in library.GGML_QUANT_SIZES}
    for kind, (entries, size) in library.GGML_QUANT_SIZES.items():
        blocks = GGML_BLOCKS.get(kind.name)
        assert (entries, 8 * size) == ((1, BITS[kind.name]) if blocks is None else (blocks.entries, 8 * blocks.size))


def test_the_library_reads_what_we_wrote(tmp_path: Path) -> None:
    """The writer of these tests follows the format."""
    library = gguf_library()
    numpy = importlib.import_module("numpy")
    metadata, shapes = llama()
    file = write_gguf(tmp_path / "a.gguf", metadata, shapes, quantised(shapes, "Q4_K"))
    tensors = library.GGUFReader(str(file)).tensors
    assert {one.name: tuple(int(side) for side in numpy.flip(one.shape)) for one in tensors} == shapes


@pytest.mark.slow
def test_70b_in_ten_megabytes(tmp_path: Path) -> None:
    """Llama 3 70B with its 128,256 tokens and 280,147 merges costs at most 10 MB more than a small Llama."""
    small, shapes = llama()
    write_gguf(tmp_path / "small.gguf", small, shapes, quantised(shapes, "Q4_K"))
    metadata, shapes = llama(8192, 80, 28_672, 64, 8, 128_256)
    metadata["tokenizer.ggml.merges"] = [f"piece{place} ending{place}" for place in range(280_147)]
    file = write_gguf(tmp_path / "large.gguf", metadata, shapes, quantised(shapes, "Q4_K"))
    assert file.stat().st_size > 39 * 10**9
    before, after = measured("verify", str(tmp_path / "small.gguf")), measured("verify", str(file))
    assert (before.code, after.code) == (0, 0)
    assert after.megabytes < before.megabytes + 10
    header = read_gguf(file)
    assert sum(array.numel for array in header.arrays.values()) == 70_553_706_496  # Meta's 70.6B
    assert header.bytes_read < 12 * 10**6
