"""The schemes by which quantisers store a weight: its type, its shape and its companions, such as scales.

A scheme is recognised by its arithmetic: bits an entry, the dimension along which entries are packed, the number of
scales. No framework loads a weight that fits no scheme. The sources:

- GPTQ: AutoGPTQ's `qlinear` modules (https://github.com/AutoGPTQ/AutoGPTQ);
- AWQ: AutoAWQ's `WQLinear_GEMM` and `WQLinear_GEMV` (https://github.com/casper-hansen/AutoAWQ);
- bitsandbytes: `Params4bit`, `QuantState.as_dict` and `Int8Params` (https://github.com/bitsandbytes-foundation/bitsandbytes);
- compressed-tensors: its `compressors` (https://github.com/vllm-project/compressed-tensors); NVFP4 as ModelOpt has it;
- FP8: transformers' `finegrained_fp8` (DeepSeek-V3) and `fbgemm_fp8`; MX: `mxfp4` (gpt-oss); BitNet, EETQ: its modules;
- HQQ: `hqq.core.quantize` (https://github.com/mobiusml/hqq); MLX: `mlx.core.quantize`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bertsym.checkpoints.quantised import EIGHT_BITS, NEVER, WHOLE, Dimensions, Fit, Layout, Part, Types, Weight, filled
from bertsym.checkpoints.tensor_types import BITS, Array

_SHARED = frozenset({"U8", "F8_E8M0"})
_ANY = frozenset(BITS)
_I32, _U8, _I8, _F32 = (frozenset({dtype}) for dtype in ("I32", "U8", "I8", "F32"))
_LONGEST_STATE = 4096  # bitsandbytes packs a JSON object of some five sizes and names into bytes
_SCALAR: tuple[Dimensions, ...] = ((), (1,))


def read(weight: Weight) -> Fit | str:
    """Return the scheme that reads a stored weight, or the reason why no framework loads it.

    >>> read(Weight((8, 64), Array("F8_E4M3", (8, 32)), "", {}))
    'stored as F8_E4M3, and no known scheme packs it so'
    >>> read(Weight((8, 64), Array("I8", (8, 64)), "", {}))
    'stored as I8: LLM.int8, but no SCB'
    >>> read(Weight((8, 64), Array("I8", (8, 64)), "", {"SCB": Array("F32", (8,))}))
    Fit(scheme='LLM.int8', bits=8, roles=('SCB',))
    """
    dtype, same = weight.array.dtype, not weight.form and weight.array.shape == weight.shape
    if same and dtype in WHOLE:
        return Fit("", BITS[dtype])
    best: tuple[int, int, Layout, list[str]] | None = None
    for layout in layouts(weight):
        if dtype in layout.dtypes and weight.array.shape == layout.shape:
            faults = layout.faults(weight)
            rank = (len(faults), len(weight.beside.keys() - layout.parts.keys()))
            if best is None or rank < best[:2]:
                best = (*rank, layout, faults)
    if best is not None and not best[0]:
        layout = best[2]
        return Fit(layout.scheme, layout.bits, tuple(role for role in weight.beside if role in layout.parts))
    if same and dtype in EIGHT_BITS:
        return Fit("", 8)
    if best is not None:
        return f"stored as {dtype}: {best[2].scheme}, but {best[3][0]}"
    why = "which is not a type of weights" if dtype in NEVER else "and no known scheme packs it so"
    return f"stored as {dtype}, {why}"


def layouts(weight: Weight) -> Iterator[Layout]:
    """Yield every layout that a matrix of this shape, or a stack of matrices, may have under this form of its name."""
    if len(weight.shape) >= 2 and weight.numel:
        for scheme in _SCHEMES.get(weight.form, ()):
            yield from scheme(weight)


def _optional(dtypes: Types, *shapes: Dimensions) -> Part:
    return Part(dtypes, shapes, required=False)


def _gptq(w: Weight) -> Iterator[Layout]:
    """Yield GPTQ: packed along the inputs, zero points along the outputs; g_idx gives the group of each input."""
    groups = w.groups("scales", w.inputs, 0)
    for bits in (2, 3, 4, 8):
        if not w.lead and w.inputs * bits % 32 == w.outputs * bits % 32 == 0:
            parts = {
                "qzeros": Part(_I32, ((groups, w.outputs * bits // 32),)),
                "scales": Part(WHOLE, ((groups, w.outputs),)),
                "g_idx": _optional(_I32, (w.inputs,)),
            }
            yield Layout("GPTQ", bits, _I32, (w.inputs * bits // 32, w.outputs), parts)


def _awq(w: Weight) -> Iterator[Layout]:
    """Yield AWQ: packed along the outputs (GEMM), or along the inputs with padded zero points (GEMV)."""
    if not w.lead and w.outputs % 8 == 0:
        groups = w.groups("scales", w.inputs, 0)
        parts = {
            "qzeros": Part(_I32, ((groups, w.outputs // 8),)),
            "scales": Part(WHOLE, ((groups, w.outputs),)),
        }
        yield Layout("AWQ", 4, _I32, (w.inputs, w.outputs // 8), parts)
    for size, multiple in ((w.inputs, 1), (128, 1), (64, 2), (32, 4)):
        if not w.lead and w.inputs % 8 == w.inputs % size == 0:
            width = filled(filled(w.inputs // size, 8), multiple) * multiple
            parts = {
                "qzeros": Part(_I32, ((w.outputs, width),)),
                "scales": Part(WHOLE, ((w.outputs, 8 * width),)),
            }
            yield Layout("AWQ", 4, _I32, (w.outputs, w.inputs // 8), parts)


def _four_bits(w: Weight) -> Iterator[Layout]:
    """NF4 and FP4 of bitsandbytes: a column of bytes, or of words of the storage type; a scale for each block."""
    absmax = w.beside.get(".absmax")
    counts = [filled(w.numel, 2**exponent) for exponent in (6, 5, 7, 8, 9, 10, 11, 12)]
    blocks = next((count for count in counts if absmax is not None and absmax.shape == (count,)), counts[0])
    nested = absmax is not None and absmax.dtype == "U8"
    states = ".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4"
    state = states[1] if states[1] in w.beside else states[0]
    told = w.beside.get(state)
    parts = {
        ".absmax": Part(_U8 if nested else _F32, ((blocks,),)),
        ".quant_map": Part(_F32, ((16,),)),
        state: Part(_U8, (told.shape if told is not None and _short(told, _LONGEST_STATE) else (1,),)),
    }
    if nested:
        parts[".nested_absmax"] = Part(_F32, ((filled(blocks, 256),),))
        parts[".nested_quant_map"] = Part(_F32, ((256,),))
    for dtype in ("U8", "I8", "F16", "BF16", "F32", "F64"):
        yield Layout("bitsandbytes", 4, frozenset({dtype}), (filled(4 * w.numel, BITS[dtype]), 1), parts)


def _eight_bits(w: Weight) -> Iterator[Layout]:
    """Yield LLM.int8, with a scale for each row, and EETQ, which is transposed."""
    if not w.lead:
        parts = {"SCB": Part(_F32, ((w.outputs,),)), "weight_format": _optional(_ANY, *_SCALAR)}
        yield Layout("LLM.int8", 8, _I8, (w.outputs, w.inputs), parts)
        yield Layout("EETQ", 8, _I8, (w.inputs, w.outputs), {"_scales": Part(WHOLE, ((w.outputs,),))})


def _scaled(w: Weight) -> Iterator[Layout]:
    """Yield FP8, INT8 and MX: the declared shape, with scales for the tensor, rows, groups of a row, or blocks."""
    rows, columns = w.shape[-2:]
    for role in ("_scale", "_scale_inv", "_scales", "scale", "scales"):
        array = w.beside.get(role)
        if array is None:
            continue
        shapes: tuple[Dimensions, ...] = (*_SCALAR, (*w.lead, 1, 1), (*w.lead, rows, 1), (*w.lead, 1, columns))
        shapes = (*shapes, *(((rows,),) if not w.lead else (w.lead,)))
        down, across = w.groups(role, rows, -2), w.groups(role, columns)
        square = _square((rows, columns), (down, across))
        shapes = (*shapes, (*w.lead, rows, across), *(((*w.lead, down, across),) if square else ()))
        parts = {role: Part(WHOLE | _SHARED, shapes), **_around(array.shape)}
        yield Layout("FP8", 8, EIGHT_BITS, w.shape, parts)
        if role == "_scale":
            parts = {role: Part(WHOLE, shapes), **_around(array.shape)}
            yield Layout("INT8", 8, _I8, w.shape, parts)
        groups = (*w.lead, rows, filled(columns, 32))
        for dtype in ("F4", "F6_E2M3", "F6_E3M2"):
            yield Layout("MX", BITS[dtype], frozenset({dtype}), w.shape, {role: Part(_SHARED, (groups,))})


def _square(shape: Dimensions, blocks: Dimensions) -> bool:
    """Return True if blocks of one length on either side make up so many down and so many across."""
    least = max(filled(side, count) for side, count in zip(shape, blocks, strict=True))
    return all(filled(side, least) == count for side, count in zip(shape, blocks, strict=True))


def _around(shape: Dimensions) -> dict[str, Part]:
    """Return the optional companions: scales of a layer's inputs and outputs, and zero points."""
    single = _optional(WHOLE, *_SCALAR)
    roles = ("input_scale", "output_scale", "activation_scale", "input_global_scale", "_global_scale")
    return {
        **dict.fromkeys(roles, single),
        "input_zero_point": _optional(_ANY - NEVER, *_SCALAR),
        "_zero_point": _optional(_ANY - NEVER, shape),
    }


def _halves(w: Weight) -> Iterator[Layout]:
    """Yield MX and NVFP4: two entries a byte along the inputs; a scale for 32 entries, or for 16 and one for all."""
    if w.inputs % 2 or w.transposed:
        return
    packed, single = (*w.lead, w.outputs, w.inputs // 2), Part(_F32, _SCALAR)
    given = _optional(_F32, *_SCALAR)
    for role in ("_scale", "_scales", "_scale_inv", "scales", "scale"):
        if role not in w.beside:
            continue
        groups = (*w.lead, w.outputs, filled(w.inputs, 32))
        yield Layout("MX", 4, _U8 | _I8, packed, {role: Part(_SHARED, (groups,))})
        if role == "_scale":
            sixteens = Part(frozenset({"F8_E4M3"}), ((*w.lead, w.outputs, filled(w.inputs, 16)),))
            parts = {role: sixteens, "_scale_2": single, "input_scale": given}
            yield Layout("NVFP4", 4, _U8, packed, parts)
            parts = {role: sixteens, "_global_scale": single, "input_global_scale": given}
            yield Layout("NVFP4", 4, _U8, packed, parts)


def _bitnet(w: Weight) -> Iterator[Layout]:
    """Yield BitNet: four rows a byte, each entry -1, 0 or 1."""
    if not w.lead and not w.transposed:
        parts = {"_scale": Part(WHOLE, _SCALAR)}
        yield Layout("BitNet", 2, _U8, (filled(w.outputs, 4), w.inputs), parts)


def _compressed(w: Weight) -> Iterator[Layout]:
    """Yield pack-quantized of compressed-tensors: whole entries in a word, the last word of a row padded."""
    if w.transposed:
        return
    groups = w.groups("_scale", w.inputs)
    for bits in (4, 8, 1, 2, 3, 5, 6):
        per = 32 // bits
        parts = {
            "_shape": Part(frozenset({"I32", "I64"}), ((len(w.shape),),)),
            "_scale": Part(WHOLE, (*_SCALAR, (*w.lead, w.outputs, groups))),
            "_g_idx": _optional(_I32 | {"I64"}, (w.inputs,)),
            "_zero_point": _optional(
                _I32 | _I8, *_SCALAR, (*w.lead, filled(w.outputs, per), groups), (*w.lead, w.outputs, groups)
            ),
        }
        packed = (*w.lead, w.outputs, filled(w.inputs, per))
        yield Layout("compressed-tensors", bits, _I32, packed, parts)


def _mlx(w: Weight) -> Iterator[Layout]:
    """Yield MLX: a stream of bits along the inputs in words of 32; a scale and a bias for 32, 64 or 128 inputs."""
    for bits in (4, 8, 2, 3, 5, 6):
        if w.inputs * bits % 32 or w.transposed:
            continue
        shape = (*w.lead, w.outputs, w.inputs * bits // 32)
        for size in (32, 64, 128):
            if w.inputs % size:
                continue
            each = Part(WHOLE, ((*w.lead, w.outputs, w.inputs // size),))
            for biases in ("biases", "qbiases"):
                yield Layout("MLX", bits, frozenset({"U32"}), shape, {"scales": each, biases: each})
        for size in (16, 32):
            shared = {"scales": Part(_SHARED, ((*w.lead, w.outputs, filled(w.inputs, size)),))}
            if (bits, size) in ((4, 16), (4, 32), (8, 32)):
                yield Layout("MLX", bits, frozenset({"U32"}), shape, shared)


def _hqq(w: Weight) -> Iterator[Layout]:
    """Yield HQQ: entries in groups along either dimension, rows packed into words; a scale and a zero a group."""
    if len(w.array.shape) != 2 or not all(w.array.shape):
        return
    columns = w.array.shape[1]
    rows = filled(w.numel, columns)
    told = _optional(_ANY, (), *(w.beside[role].shape for role in HQQ if role in w.beside and _short(w.beside[role])))
    for bits, per, dtypes in ((8, 1, _U8), (4, 2, _U8), (2, 4, _U8), (1, 8, _U8), (3, 10, _I32)):
        for groups in ((rows, 1), (1, columns)):
            each = Part(WHOLE, (groups,))
            parts = {"scale": each, "zero": each, **dict.fromkeys(HQQ, told)}
            if rows * columns == w.numel:
                yield Layout("HQQ", bits, dtypes, (filled(rows, per), columns), parts)


def _short(array: Array, longest: int = 64) -> bool:
    return len(array.shape) < 2 and array.numel <= longest


def _blocks(w: Weight) -> Iterator[Layout]:
    """Yield MX of gpt-oss: blocks of 32 entries in 16 bytes with a scale; the class may transpose the matrix."""
    for rows, columns in (w.shape[-2:], w.shape[-2:][::-1]):
        if columns % 32 == 0:
            scales = (*w.lead, rows, columns // 32)
            yield Layout("MX", 4, _U8, (*scales, 16), {"_scales": Part(_SHARED, (scales,))})


HQQ = (
    *("nbits", "group_size", "shape", "axis", "packing", "unpack_view_dtype", "view_as_float", "quant_scale"),
    *("quant_zero", "compute_dtype", "offload_meta", "encoded_state_dict", "stores_quant_config", "channel_wise"),
    *("optimize", "round_zero"),
)
"""The names of the records in which HQQ stores how it quantised a weight."""

_SCHEMES: Mapping[str, tuple[Callable[[Weight], Iterator[Layout]], ...]] = {
    "": (_eight_bits, _scaled, _four_bits, _halves, _bitnet, _mlx),
    "qweight": (_gptq, _awq),
    "_packed": (_compressed, _halves),
    "W_q": (_hqq,),
    "_blocks": (_blocks,),
}
STAND_INS = tuple(form for form in _SCHEMES if form)
"""Names that replace the declared name of a packed weight: a name of its own, or an ending."""

ROLES = (
    *("qzeros", "scales", "g_idx"),  # GPTQ, AWQ
    *("_scale", "_scales", "_scale_inv", "_scale_2", "_global_scale", "_zero_point", "_shape", "_g_idx"),
    *("input_scale", "input_zero_point", "input_global_scale", "output_scale", "activation_scale"),
    *("SCB", "weight_format", "scale", "zero", "biases", "qbiases", *HQQ),  # LLM.int8, HQQ, MLX
    *(".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"),  # bitsandbytes
    *(".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4"),
)
"""Names of companions of a weight: a name of their own, or an ending of the weight's."""
