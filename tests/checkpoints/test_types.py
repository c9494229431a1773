"""Types and schemes of stored weights: right checkpoints are equal, ones broken in one place are named.

The headers are written here, from the arithmetic that the quantisers document, not from the code under test.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints.files import write

pytestmark = pytest.mark.slow

DRAWS = 160
SEED = 20_261_128

BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16}
BITS |= dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8)
BITS |= {"U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64}
"""The format's types: https://github.com/huggingface/safetensors, `Dtype` of tensor.rs."""

LOADED = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
NOT_LOADED = tuple(BITS.keys() - {*LOADED, "F8_E4M3FNUZ", "F8_E5M2FNUZ"})
HALF = ("F16", "BF16")

Stored = dict[str, tuple[str, list[int]]]
Scheme = Callable[[random.Random, int, int], Stored]


def gptq(draw: random.Random, rows: int, columns: int) -> Stored:
    """AutoGPTQ: qweight (in/32*bits, out), qzeros (groups, out/32*bits), scales (groups, out), g_idx (in)."""
    bits, size = draw.choice((2, 3, 4, 8)), draw.choice((32, 64, 128, columns))
    groups = ceil(columns / size)
    stored: Stored = {
        "qweight": ("I32", [columns // 32 * bits, rows]),
        "qzeros": ("I32", [groups, rows // 32 * bits]),
        "scales": (draw.choice(HALF), [groups, rows]),
    }
    return stored | ({"g_idx": ("I32", [columns])} if draw.random() < 0.8 else {})


def awq(draw: random.Random, rows: int, columns: int) -> Stored:
    """AutoAWQ's GEMM: (in, out/8); its GEMV: (out, in/8), zero points filled up to a multiple of a word."""
    size = draw.choice((32, 64, 128))
    groups = columns // size
    if draw.random() < 0.5:
        width = ceil(ceil(groups / 8) / (128 // size)) * (128 // size)
        scales = ("F16", [rows, width * 8])
        return {"qweight": ("I32", [rows, columns // 8]), "qzeros": ("I32", [rows, width]), "scales": scales}
    scales = ("F16", [groups, rows])
    return {"qweight": ("I32", [columns, rows // 8]), "qzeros": ("I32", [groups, rows // 8]), "scales": scales}


def bitsandbytes(draw: random.Random, rows: int, columns: int) -> Stored:
    """Params4bit: packed bytes in one column, perhaps stored as words; absmax plain or quantised once more."""
    storage, kind, size = draw.choice(("U8", "BF16", "F32")), draw.choice(("nf4", "fp4")), draw.choice((64, 128))
    blocks = ceil(rows * columns / size)
    stored: Stored = {
        "weight": (storage, [rows * columns * 4 // BITS[storage], 1]),
        "weight.absmax": ("F32", [blocks]),
        "weight.quant_map": ("F32", [16]),
        f"weight.quant_state.bitsandbytes__{kind}": ("U8", [draw.randint(80, 200)]),
    }
    if draw.random() < 0.5:
        stored |= {"weight.absmax": ("U8", [blocks]), "weight.nested_quant_map": ("F32", [256])}
        stored["weight.nested_absmax"] = ("F32", [ceil(blocks / 256)])
    return stored


def int8(draw: random.Random, rows: int, columns: int) -> Stored:
    """Int8Params: a scale for each row; the format of the weight since 0.37."""
    stored: Stored = {"weight": ("I8", [rows, columns]), "SCB": ("F32", [rows])}
    return stored | ({"weight_format": ("U8", [])} if draw.random() < 0.5 else {})


def packed(draw: random.Random, rows: int, columns: int) -> Stored:
    """compressed-tensors' pack-quantized: 32//bits entries to a word, the last of a row filled up."""
    bits, size = draw.choice((2, 3, 4, 8)), draw.choice((32, 128, columns))
    groups, per = ceil(columns / size), 32 // bits
    stored: Stored = {
        "weight_packed": ("I32", [rows, ceil(columns / per)]),
        "weight_scale": (draw.choice(HALF), [rows, groups]),
        "weight_shape": (draw.choice(("I64", "I32")), [2]),
    }
    if draw.random() < 0.3:
        stored["weight_zero_point"] = ("I32", [ceil(rows / per), groups])
    return stored


def fp8(draw: random.Random, rows: int, columns: int) -> Stored:
    """DeepSeek-V3: a scale for each block of 128 x 128; compressed-tensors: one for each row, or for the tensor."""
    way = draw.randrange(3)
    if way == 0:
        scale = (draw.choice(("F32", "F8_E8M0")), [ceil(rows / 128), ceil(columns / 128)])
        return {"weight": ("F8_E4M3", [rows, columns]), "weight_scale_inv": scale}
    scale = ("BF16", [rows, 1]) if way == 1 else ("F32", draw.choice(([], [1])))
    return {"weight": ("F8_E4M3", [rows, columns]), "weight_scale": scale}


def mx(draw: random.Random, rows: int, columns: int) -> Stored:
    """The OCP MX formats: a shared exponent for 32 entries; two FP4 to a byte, or as the type F4."""
    scale = (draw.choice(("U8", "F8_E8M0")), [rows, columns // 32])
    way = draw.choice(("U8", "F4", "F6_E2M3", "weight_packed"))
    if way == "weight_packed":
        return {"weight_packed": ("U8", [rows, columns // 2]), "weight_scale": scale}
    shape = [rows, columns // 2] if way == "U8" else [rows, columns]
    return {"weight": (way, shape), "weight_scale": scale}


def nvfp4(draw: random.Random, rows: int, columns: int) -> Stored:
    """ModelOpt and compressed-tensors: FP4 in groups of 16 with an FP8 scale each, and one scale for all."""
    scale = ("F8_E4M3", [rows, columns // 16])
    if draw.random() < 0.5:
        stored: Stored = {"weight": ("U8", [rows, columns // 2]), "weight_scale": scale, "weight_scale_2": ("F32", [])}
        return stored | {"input_scale": ("F32", [])}
    return {
        "weight_packed": ("U8", [rows, columns // 2]),
        "weight_scale": scale,
        "weight_global_scale": ("F32", [1]),
    }


def hqq(draw: random.Random, rows: int, columns: int) -> Stored:
    """HQQ with axis 1: rows of 64 entries, several rows to a byte or ten to a word of 32."""
    bits = draw.choice((8, 4, 3, 2, 1))
    lines = rows * columns // 64
    per = 10 if bits == 3 else 8 // bits
    each = (draw.choice(HALF), [lines, 1])
    weight = ("I32" if bits == 3 else "U8", [ceil(lines / per), 64])
    return {"W_q": weight, "scale": each, "zero": each, "nbits": ("I32", []), "shape": ("I64", [2])}


def mlx(draw: random.Random, rows: int, columns: int) -> Stored:
    """mlx.core.quantize: a stream of bits in words of 32, a scale and a bias for each group."""
    bits, size = draw.choice((2, 3, 4, 5, 6, 8)), draw.choice((32, 64, 128))
    each = (draw.choice(HALF), [rows, columns // size])
    return {"weight": ("U32", [rows, columns * bits // 32]), "scales": each, "biases": each}


def bitnet(_: random.Random, rows: int, columns: int) -> Stored:
    """microsoft/bitnet-b1.58-2B-4T: four rows to a byte and one scale."""
    return {"weight": ("U8", [rows // 4, columns]), "weight_scale": ("BF16", [1])}


SCHEMES: dict[str, Scheme] = {
    "GPTQ": gptq,
    "AWQ": awq,
    "bitsandbytes": bitsandbytes,
    "LLM.int8": int8,
    "compressed-tensors": packed,
    "FP8": fp8,
    "MX": mx,
    "NVFP4": nvfp4,
    "HQQ": hqq,
    "MLX": mlx,
    "BitNet": bitnet,
}
OPTIONAL = {"g_idx", "weight_format", "weight_zero_point", "input_scale", "nbits", "shape"}

GPT2 = {"architectures": ["GPT2LMHeadModel"], "n_embd": 128, "n_head": 2, "n_layer": 2, "n_positions": 64}
LLAMA = {"architectures": ["LlamaForCausalLM"], "hidden_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2}
LLAMA |= {"num_key_value_heads": 2, "intermediate_size": 384, "tie_word_embeddings": False}
OSS = {**LLAMA, "architectures": ["GptOssForCausalLM"], "hidden_size": 64, "head_dim": 16, "num_hidden_layers": 1}
OSS |= {"intermediate_size": 32, "num_local_experts": 4, "num_experts_per_tok": 2}
CONFIGS = {
    "gpt2": {"model_type": "gpt2", "vocab_size": 300, **GPT2},
    "llama": {"model_type": "llama", "vocab_size": 300, **LLAMA},
    "gpt_oss": {"model_type": "gpt_oss", "vocab_size": 300, **OSS},
}
LAYERS = {"bert-tiny": ".layer.", "gpt2": ".h.", "llama": ".layers."}


def header_of(stored: Mapping[str, tuple[str, Iterable[int]]]) -> dict[str, Any]:
    """A header of these types and shapes, the tensors one after another."""
    header: dict[str, Any] = {}
    end = 0
    for name, (dtype, shape) in stored.items():
        sides = list(shape)
        start, end = end, end + ceil(prod(sides) * BITS[dtype] / 8)
        header[name] = {"dtype": dtype, "shape": sides, "data_offsets": [start, end]}
    return header


@dataclass(frozen=True)
class Declared:
    """A model to compare with: the words that name it, and the shapes of its tensors, tied ones once."""

    words: tuple[str, ...]
    shapes: Mapping[str, list[int]]


Models = Callable[[str], Declared]


@pytest.fixture
def models(tmp_path_factory: pytest.TempPathFactory, bertsym: Callable[..., Any]) -> Models:
    """Look up a model by name."""
    folder = tmp_path_factory.mktemp("configs")
    known: dict[str, Declared] = {}

    def found(model: str) -> Declared:
        if model not in known:
            named = [model, "--head", "pretraining"]
            if model in CONFIGS:
                file = folder / f"{model}.json"
                file.write_text(json.dumps(CONFIGS[model]), encoding="utf-8")
                named = [str(file)]
            listed = json.loads(bertsym("tensors", *named, "--json").out)
            shapes = {one["name"]: one["shape"] for one in listed if one["tied_to"] is None}
            known[model] = Declared(("--model", *named), shapes)
        return known[model]

    return found


class Drawn:
    """A checkpoint drawn at random, right or broken in one place, and what verify has to say of it."""

    def __init__(self, draw: random.Random, model: str, declared: Mapping[str, list[int]]) -> None:
        self.draw = draw
        self.stored: Stored = {}
        self.by: dict[str, tuple[str, Stored]] = {}
        self.plain: list[str] = []
        self.guilty = ""
        for name, shape in declared.items():
            module, _, last = name.rpartition(".")
            linear = last == "weight" and len(shape) == 2 and LAYERS[model] in name
            if linear and draw.random() < 0.6:
                # GPT-2 declares (inputs, outputs); a layer's bias has as many entries as outputs.
                turned = declared.get(f"{module}.bias") == shape[1:] != shape[:1]
                rows, columns = shape[::-1] if turned else shape
                names = ["GPTQ", "AWQ", "bitsandbytes", "LLM.int8"] if turned else list(SCHEMES)
                scheme = draw.choice(names)
                parts = SCHEMES[scheme](draw, rows, columns)
                self.by[module] = (scheme, parts)
                self.stored |= {f"{module}.{part}": entry for part, entry in parts.items()}
            else:
                self.stored[name] = (draw.choice(LOADED), shape)
                self.plain.append(name)

    def damage(self) -> str:
        """Break one place; returns how."""
        quantised = self.by and self.draw.random() < 0.6
        return self._damage_scheme() if quantised else self._damage_weight()

    def _damage_weight(self) -> str:
        name = self.guilty = self.draw.choice(self.plain)
        dtype, shape = self.stored[name]
        even = [place for place, side in enumerate(shape) if side % 2 == 0]
        if self.draw.random() < 0.5 or not even:
            dtype = self.draw.choice(NOT_LOADED)
        else:
            place = self.draw.choice(even)
            shape = [side // 2 if here == place else side for here, side in enumerate(shape)]
            dtype = self.draw.choice(list(BITS))
        if prod(shape) * BITS[dtype] % 8:
            dtype = "BOOL"
        self.stored[name] = (dtype, shape)
        return f"{name} as {dtype} of {shape}"

    def _damage_scheme(self) -> str:
        module = self.draw.choice(list(self.by))
        scheme, parts = self.by.pop(module)
        self.guilty = module + "."
        needed = [part for part in parts if part not in OPTIONAL]
        part = self.draw.choice(needed)
        dtype, shape = parts[part]
        way = self.draw.choice(("gone", "type", "side", "longer"))
        # An FP8 weight is loaded without its scale too.
        if way == "gone" and scheme == "FP8":
            way = "type"
        if way == "side" and not shape:
            way = "longer"
        if way == "gone":
            del self.stored[f"{module}.{part}"]
        elif way == "type":
            # A type that is neither this one nor another in which the scheme could hold the same.
            self.stored[f"{module}.{part}"] = ("C64", shape)
        elif way == "side":
            self.stored[f"{module}.{part}"] = (dtype, [*shape[:-1], 4099 * shape[-1]])
        else:
            self.stored[f"{module}.{part}"] = (dtype, [*shape, 3])
        return f"{scheme}: {module}.{part} {way}"


@pytest.mark.parametrize("draws", [range(start, start + 40) for start in range(0, DRAWS, 40)], ids=lambda d: str(d[0]))
def test_drawn(draws: range, models: Models, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    """160 checkpoints of three models: the verdict is the drawer's, and so is the tally of types."""
    for number in draws:
        draw = random.Random(f"{SEED} {number}")
        model = draw.choice(list(LAYERS))
        words, declared = models(model).words, models(model).shapes
        drawn = Drawn(draw, model, declared)
        broken = draw.random() < 0.6
        told = f"seed {SEED}, draw {number}, {model}: {drawn.damage() if broken else 'right'}"
        write(tmp_path / "model.safetensors", header_of(drawn.stored))
        ran = bertsym("verify", str(tmp_path), *words, "--json")
        found = json.loads(ran.out)
        named = [*found["missing"], *found["extra"], *(one["name"] for one in found["mismatched"])]
        named += [one["name"] for one in found["mistyped"]]
        assert (ran.code, found["ok"]) == ((1, False) if broken else (0, True)), (told, named, found["reasons"])
        assert all(name.startswith(drawn.guilty) for name in named), (told, named, found["reasons"])
        tally = Counter(dtype for dtype, _ in drawn.stored.values())
        size = Counter[str]()
        for dtype, shape in drawn.stored.values():
            size[dtype] += prod(shape) * BITS[dtype] // 8
        assert found["types"] == {t: {"tensors": tally[t], "bytes": size[t]} for t in tally}, told
        if not broken:
            schemes = Counter(scheme for scheme, _ in drawn.by.values())
            assert found["schemes"] == schemes, told
            assert found["count"] == sum(map(prod, declared.values())), told


@pytest.mark.parametrize("dtype", sorted(NOT_LOADED))
def test_a_weight_in_a_type_that_is_not_loaded(
    dtype: str, models: Models, bertsym: Callable[..., Any], tmp_path: Path
) -> None:
    """Each is a finding, named with its type, in text and record; in every tensor as well as in one."""
    words, declared = models("bert-tiny").words, models("bert-tiny").shapes
    for guilty in (["bert.pooler.dense.weight"], ["bert.pooler.dense.bias"], list(declared)):
        stored = {name: (dtype if name in guilty else "F32", shape) for name, shape in declared.items()}
        if any(prod(shape) * BITS[dtype] % 8 for dtype, shape in stored.values()):
            continue
        write(tmp_path / "model.safetensors", header_of(stored))
        ran = bertsym("verify", str(tmp_path), *words)
        assert ran.code == 1
        assert f"{len(guilty)} of another type" in ran.out
        assert f"{dtype} (" in ran.out
        found = json.loads(bertsym("verify", str(tmp_path), *words, "--json").out)
        assert [(one["name"], one["dtype"]) for one in found["mistyped"]] == [(name, dtype) for name in guilty]
        assert (found["missing"], found["extra"], found["mismatched"]) == ([], [], [])
        assert all(dtype in one["reason"] for one in found["mistyped"])


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2", "U8", "I8", "I32"])
def test_half_the_columns(dtype: str, models: Models, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    """Nothing that is half as wide is packed unless a scheme says so."""
    words, declared = models("bert-tiny").words, models("bert-tiny").shapes
    name = "bert.encoder.layer.0.output.dense.weight"
    stored = {other: ("F32", shape) for other, shape in declared.items()}
    stored[name] = (dtype, [declared[name][0], declared[name][1] // 2])
    write(tmp_path / "model.safetensors", header_of(stored))
    ran = bertsym("verify", str(tmp_path), *words, "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["packed"], [one["name"] for one in found["mismatched"]]) == (1, [], [name])


def test_buffers_of_any_type(models: Models, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    """Buffers may hold whole numbers or truth values."""
    words, declared = models("bert-tiny").words, models("bert-tiny").shapes
    stored = {name: ("F32", shape) for name, shape in declared.items()}
    stored["bert.embeddings.position_ids"] = ("I64", [1, 512])
    stored["bert.embeddings.token_type_ids"] = ("BOOL", [1, 512])
    write(tmp_path / "model.safetensors", header_of(stored))
    ran = bertsym("verify", str(tmp_path), *words)
    assert ran.code == 0
    assert "BOOL (1 tensor, 512 bytes)" in ran.out


def test_blocks_of_experts(models: Models, bertsym: Callable[..., Any], tmp_path: Path) -> None:
    """openai/gpt-oss: an expert's matrix in `_blocks` (experts, rows, columns/32, 16) and `_scales` without the 16."""
    words, declared = models("gpt_oss").words, models("gpt_oss").shapes
    stored: Stored = {}
    for name, shape in declared.items():
        if len(shape) == 3 and name.endswith("_proj"):
            experts, inputs, outputs = shape
            stored[f"{name}_blocks"] = ("U8", [experts, outputs, inputs // 32, 16])
            stored[f"{name}_scales"] = ("U8", [experts, outputs, inputs // 32])
        else:
            stored[name] = ("BF16", shape)
    write(tmp_path / "model.safetensors", header_of(stored))
    found = json.loads(bertsym("verify", str(tmp_path), *words, "--json").out)
    assert (found["ok"], found["schemes"]) == (True, {"MX": 2}), found
    scales = next(name for name in stored if name.endswith("_scales"))
    stored[scales] = ("U8", [*stored[scales][1][:-1], stored[scales][1][-1] + 1])
    write(tmp_path / "model.safetensors", header_of(stored))
    found = json.loads(bertsym("verify", str(tmp_path), *words, "--json").out)
    assert [one["name"] for one in found["mismatched"]] == [scales.replace("_scales", "_blocks")]
    assert "scales is" in next(iter(found["reasons"].values()))
