"""A writer of GGUF files after the specification, by nobody's reader: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

# The number of a type, the entries of a block, and its bytes: the struct definitions of ggml-common.h.
TYPES = {
    "F32": (0, 1, 4),
    "F16": (1, 1, 2),
    "Q4_0": (2, 32, 2 + 16),
    "Q8_0": (8, 32, 2 + 32),
    "Q4_K": (12, 256, 4 + 12 + 128),
    "Q6_K": (14, 256, 128 + 64 + 16 + 2),
    "BF16": (30, 1, 2),
    "MXFP4": (39, 32, 1 + 16),
}


@dataclass(frozen=True)
class Typed:
    """A value with its number of a type and struct format."""

    kind: int
    form: str
    value: int | float | bool


def u32(value: int) -> Typed:
    return Typed(4, "I", value)


def f32(value: float) -> Typed:
    return Typed(6, "f", value)


Value = Typed | str | list[str] | list[Typed]


def text(words: str | bytes, order: str = "<") -> bytes:
    data = words if isinstance(words, bytes) else words.encode()
    return struct.pack(order + "Q", len(data)) + data


def content(value: Value, order: str = "<") -> bytes:
    """A value of the metadata, its type first."""
    if isinstance(value, str):
        return struct.pack(order + "I", 8) + text(value, order)
    if isinstance(value, Typed):
        return struct.pack(f"{order}I{value.form}", value.kind, value.value)
    if value and isinstance(value[0], Typed):
        numbers = [one for one in value if isinstance(one, Typed)]
        form = f"{order}IIQ{len(numbers)}{numbers[0].form}"
        return struct.pack(form, 9, numbers[0].kind, len(numbers), *(one.value for one in numbers))
    return struct.pack(order + "IIQ", 9, 8, len(value)) + b"".join(text(str(one), order) for one in value)


def size_of(shape: Iterable[int], dtype: str) -> int:
    _, entries, size = TYPES[dtype]
    return prod(shape) // entries * size


def write_gguf(
    path: Path,
    metadata: Mapping[str, Value],
    shapes: Mapping[str, tuple[int, ...]],
    dtypes: str | Mapping[str, str] = "F32",
    *,
    version: int = 3,
    order: str = "<",
    alignment: int = 32,
    data: int | None = None,
) -> Path:
    """A GGUF file whose shapes are row-major; its data is a hole, as long as the tensors need or `data` bytes."""
    infos, end = [], 0
    for name, shape in shapes.items():
        dtype = dtypes if isinstance(dtypes, str) else dtypes.get(name, "F32")
        start = -(-end // alignment) * alignment
        end = start + size_of(shape, dtype)
        sides = struct.pack(f"{order}I{len(shape)}Q", len(shape), *shape[::-1])
        infos.append(text(name, order) + sides + struct.pack(order + "IQ", TYPES[dtype][0], start))
    keys = [text(key, order) + content(value, order) for key, value in metadata.items()]
    head = b"GGUF" + struct.pack(order + "IQQ", version, len(infos), len(keys)) + b"".join(keys) + b"".join(infos)
    begin = -(-len(head) // alignment) * alignment
    with path.open("wb") as file:
        file.write(head)
        file.truncate(begin + (end if data is None else data))
    return path


def llama(
    width: int = 256, layers: int = 2, ffn: int = 512, heads: int = 4, kv: int = 2, words: int = 96
) -> tuple[dict[str, Value], dict[str, tuple[int, ...]]]:
    """The metadata and tensors of a small Llama, as llama.cpp's documentation names them; the output is its own."""
    metadata: dict[str, Value] = {
        "general.architecture": "llama",
        "llama.block_count": u32(layers),
        "llama.context_length": u32(64),
        "llama.embedding_length": u32(width),
        "llama.feed_forward_length": u32(ffn),
        "llama.attention.head_count": u32(heads),
        "llama.attention.head_count_kv": u32(kv),
        "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
        "llama.rope.dimension_count": u32(width // heads),
        "tokenizer.ggml.tokens": [f"word{place}" for place in range(words)],
        "tokenizer.ggml.token_type": [Typed(5, "i", 1)] * words,
    }
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (words, width)}
    small = width // heads * kv
    for layer in range(layers):
        block = f"blk.{layer}."
        shapes |= {
            f"{block}attn_norm.weight": (width,),
            f"{block}attn_q.weight": (width, width),
            f"{block}attn_k.weight": (small, width),
            f"{block}attn_v.weight": (small, width),
            f"{block}attn_output.weight": (width, width),
            f"{block}ffn_norm.weight": (width,),
            f"{block}ffn_gate.weight": (ffn, width),
            f"{block}ffn_up.weight": (ffn, width),
            f"{block}ffn_down.weight": (width, ffn),
        }
    return metadata, {**shapes, "output_norm.weight": (width,), "output.weight": (words, width)}
