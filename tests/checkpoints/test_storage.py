"""Checkpoints that are the model although their tensors are not stored as declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints.files import Header, header_of, write

WORDS = "bert.embeddings.word_embeddings.weight"
DECODER = "cls.predictions.decoder.weight"
COPIES = [DECODER, "cls.predictions.decoder.bias"]
COUNT = 4_433_468  # transformers 5.23: num_parameters() of BertForPreTraining at these sizes, see below

Verify = Callable[[Header], tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(tmp_path: Path, bertsym: Callable[..., Any]) -> Verify:
    """Verify a header as BertForPreTraining at the sizes of bert-tiny."""

    def run(header: Header, *words: str) -> tuple[int, dict[str, Any]]:
        write(tmp_path / "model.safetensors", header)
        chosen = words or ("--model", "bert-tiny", "--head", "pretraining")
        ran = bertsym("verify", str(tmp_path), *chosen, "--json")
        return ran.code, json.loads(ran.out)

    return run


@pytest.fixture
def shapes(bertsym: Callable[..., Any]) -> dict[str, list[int]]:
    """Every name of BertForPreTraining at bert-tiny, tied ones too."""
    tensors = json.loads(bertsym("tensors", "bert-tiny", "--head", "pretraining", "--json").out)
    return {one["name"]: one["shape"] for one in tensors}


def without(shapes: Mapping[str, list[int]], *names: str) -> dict[str, list[int]]:
    return {name: shape for name, shape in shapes.items() if name not in names}


def test_the_count_is_the_frameworks(torch: Any, transformers: Any) -> None:
    config = transformers.BertConfig(hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=512)
    with torch.device("meta"):
        assert transformers.BertForPreTraining(config).num_parameters() == COUNT


def test_ties_stored_once(verify: Verify, shapes: dict[str, list[int]]) -> None:
    code, found = verify(header_of(without(shapes, *COPIES)))
    assert (code, found["count"], found["tied"]) == (0, COUNT, [])


def test_ties_stored_twice(verify: Verify, shapes: dict[str, list[int]]) -> None:
    code, found = verify(header_of(shapes))
    assert (code, found["count"], sorted(found["tied"])) == (0, COUNT, sorted(COPIES))


def test_ties_stored_under_the_other_name(verify: Verify, shapes: dict[str, list[int]]) -> None:
    code, found = verify(header_of(without(shapes, WORDS, "cls.predictions.bias")))
    assert (code, found["count"], found["tied"]) == (0, COUNT, [])


def test_ties_stored_under_no_name(verify: Verify, shapes: dict[str, list[int]]) -> None:
    code, found = verify(header_of(without(shapes, WORDS, DECODER)))
    assert (code, found["missing"], found["count"]) == (1, [WORDS], COUNT - 30_522 * 128)


def test_a_tied_copy_of_another_shape(verify: Verify, shapes: dict[str, list[int]]) -> None:
    code, found = verify(header_of({**shapes, DECODER: [30_528, 128]}))
    assert (code, [one["name"] for one in found["mismatched"]], found["count"]) == (1, [DECODER], COUNT)


def test_untied_by_the_sizes(verify: Callable[..., Any], shapes: dict[str, list[int]]) -> None:
    words = ("--model", "bert-tiny", "--head", "pretraining", "--at", "tied=no")
    code, found = verify(header_of(without(shapes, DECODER)), *words)
    assert (code, found["missing"]) == (1, [DECODER])


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod."])
def test_wrapped(verify: Verify, shapes: dict[str, list[int]], wrapper: str) -> None:
    assert verify(header_of({wrapper + name: shape for name, shape in shapes.items()}))[0] == 0
    bare = {wrapper + name.removeprefix("bert."): shape for name, shape in shapes.items()}
    assert verify(header_of(bare))[0] == 0


def test_a_name_old_and_new(verify: Verify, shapes: dict[str, list[int]]) -> None:
    """Both cannot be the same tensor."""
    code, found = verify(header_of({**shapes, "bert.embeddings.LayerNorm.gamma": [128]}))
    assert (code, found["extra"]) == (1, ["bert.embeddings.LayerNorm.gamma"])


@pytest.mark.parametrize("dtype", ["F64", "F16", "BF16"])
def test_other_precisions(verify: Verify, shapes: dict[str, list[int]], dtype: str) -> None:
    code, found = verify(header_of(without(shapes, *COPIES), dtype))
    assert (code, found["count"], found["dtypes"]) == (0, COUNT, {dtype: len(shapes) - 2})


def linear(shapes: Mapping[str, list[int]]) -> list[str]:
    """The modules that quantisers pack: the linear layers of the encoder."""
    return [name.removesuffix(".weight") for name, shape in shapes.items() if ".layer." in name and len(shape) == 2]


Packing = Callable[[str, int, int], dict[str, tuple[str, list[int]]]]


def gptq(bits: int) -> Packing:
    """AutoGPTQ: https://github.com/AutoGPTQ/AutoGPTQ, qlinear modules: (in/32*bits, out) int32."""

    def pack(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
        groups = columns // 128
        return {
            f"{module}.qweight": ("I32", [columns * bits // 32, rows]),
            f"{module}.qzeros": ("I32", [groups, rows * bits // 32]),
            f"{module}.scales": ("F16", [groups, rows]),
            f"{module}.g_idx": ("I32", [columns]),
        }

    return pack


def awq(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
    """AutoAWQ's WQLinear_GEMM: (in, out/8) int32."""
    groups = columns // 128
    return {
        f"{module}.qweight": ("I32", [columns, rows // 8]),
        f"{module}.qzeros": ("I32", [groups, rows // 8]),
        f"{module}.scales": ("F16", [groups, rows]),
    }


def bitsandbytes4(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
    """bitsandbytes' Params4bit: half as many bytes as entries, in one column."""
    return {
        f"{module}.weight": ("U8", [rows * columns // 2, 1]),
        f"{module}.weight.absmax": ("U8", [rows * columns // 64]),
        f"{module}.weight.quant_map": ("F32", [16]),
        f"{module}.weight.nested_absmax": ("F32", [rows * columns // 64 // 256]),
        f"{module}.weight.nested_quant_map": ("F32", [256]),
        f"{module}.weight.quant_state.bitsandbytes__nf4": ("U8", [160]),
    }


def int8(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
    """bitsandbytes' Int8Params."""
    return {
        f"{module}.weight": ("I8", [rows, columns]),
        f"{module}.SCB": ("F32", [rows]),
        f"{module}.weight_format": ("U8", []),
    }


def fp8(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
    """Block-wise FP8 as DeepSeek-V3 is published."""
    return {
        f"{module}.weight": ("F8_E4M3", [rows, columns]),
        f"{module}.weight_scale_inv": ("F32", [rows // 128, columns // 128]),
    }


def compressed(module: str, rows: int, columns: int) -> dict[str, tuple[str, list[int]]]:
    """compressed-tensors' pack-quantized: (out, in/8) int32 and the shape it had."""
    return {
        f"{module}.weight_packed": ("I32", [rows, columns // 8]),
        f"{module}.weight_scale": ("BF16", [rows, columns // 128]),
        f"{module}.weight_shape": ("I64", [2]),
    }


SCHEMES = {
    "gptq-4": (gptq(4), 4),
    "gptq-3": (gptq(3), 3),
    "gptq-8": (gptq(8), 8),
    "awq": (awq, 4),
    "bitsandbytes-4": (bitsandbytes4, 4),
    "int8": (int8, None),
    "fp8": (fp8, None),
    "compressed-tensors": (compressed, 4),
}


def quantised(shapes: Mapping[str, list[int]], packing: Packing) -> Header:
    modules = linear(shapes)
    stored = {name: ("F16", shape) for name, shape in shapes.items() if name.removesuffix(".weight") not in modules}
    for module in modules:
        stored |= packing(module, *shapes[f"{module}.weight"])
    dtypes = {name.replace(".", "__"): dtype for name, (dtype, _) in stored.items()}
    return header_of({name: shape for name, (_, shape) in stored.items()}, **dtypes)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_quantised(verify: Verify, shapes: dict[str, list[int]], scheme: str) -> None:
    packing, bits = SCHEMES[scheme]
    kept = without(shapes, *COPIES)
    code, found = verify(quantised(kept, packing))
    assert (code, found["extra"], found["mismatched"]) == (0, [], [])
    assert found["count"] == COUNT
    assert {one["bits"] for one in found["packed"]} == ({bits} if bits else set())
    assert len(found["packed"]) == (len(linear(kept)) if bits else 0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_quantised_and_damaged(verify: Verify, shapes: dict[str, list[int]], scheme: str) -> None:
    """A packed weight of the wrong size is a finding, and so are scales without their weight."""
    kept = without(shapes, *COPIES)
    module = linear(kept)[0]
    header = quantised(kept, SCHEMES[scheme][0])
    packed = next(name for name in header if name.startswith(f"{module}.") and "weight" in name)
    removed = {name: entry for name, entry in header.items() if name != packed}
    code, found = verify(removed)
    assert (code, found["missing"]) == (1, [f"{module}.weight"])
    assert all(name.startswith(f"{module}.") for name in found["extra"])
    end = max(entry["data_offsets"][1] for entry in header.values())
    rows = header[packed]["shape"][0] + 1
    wrong = {"dtype": "I8", "shape": [rows, 7], "data_offsets": [end, end + 7 * rows]}
    code, found = verify({**header, packed: wrong})
    assert (code, [one["name"] for one in found["mismatched"]]) == (1, [packed])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_quantised_and_inferred(verify: Callable[..., Any], shapes: dict[str, list[int]], scheme: str) -> None:
    """BERT's biases and norms show every size that its packed weights hide."""
    kept = without(shapes, *COPIES)
    code, found = verify(quantised(kept, SCHEMES[scheme][0]), "--infer")
    assert (code, found["class"], found["count"]) == (0, "BertForPreTraining", COUNT)


def test_scales_of_a_weight_that_is_whole_are_extra(verify: Verify, shapes: dict[str, list[int]]) -> None:
    name = "bert.encoder.layer.0.output.dense.scales"
    code, found = verify(header_of({**shapes, name: [1, 128]}))
    assert (code, found["extra"]) == (1, [name])
