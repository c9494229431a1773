"""How checkpoints store what a model declares: old spellings, prefixes, buffers, packed weights and their scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import islice
from math import prod

OLD_ENDINGS = {"gamma": "weight", "beta": "bias"}
"""TensorFlow's names of a LayerNorm's scale and shift, in checkpoints converted before 2019."""

BUFFERS = frozenset({"position_ids", "token_type_ids", "inv_freq", "masked_bias", "cos_cached", "sin_cached"})
"""Saved with a model by some versions of its framework, computed and not learned."""

STAND_INS = ("qweight", "weight_packed", "W_q")
"""Names under which GPTQ and AWQ, compressed-tensors and HQQ store a packed `weight`."""

COMPANIONS = frozenset(
    {
        *("qzeros", "scales", "g_idx"),  # GPTQ, AWQ
        *("weight_scale", "weight_scale_inv", "weight_scale_2", "weight_zero_point", "weight_shape", "weight_g_idx"),
        *("weight_global_scale", "input_scale", "input_global_scale", "output_scale", "activation_scale"),
        *("SCB", "weight_format", "scale", "zero", "zero_point", "biases"),  # LLM.int8, HQQ, MLX
        *("weight.absmax", "weight.quant_map", "weight.nested_absmax", "weight.nested_quant_map"),  # bitsandbytes
        *("weight.quant_state.bitsandbytes__nf4", "weight.quant_state.bitsandbytes__fp4"),
    }
)
"""What is stored beside a quantised `weight` to read it back; no parameters."""

QUANTISED = frozenset(
    {"U8", "I8", "U16", "I16", "U32", "I32", "F4", "F6_E2M3", "F6_E3M2", "F8_E4M3", "F8_E5M2", "F8_E8M0"}
    | {"F8_E4M3FNUZ", "F8_E5M2FNUZ"}
)
"""Types in which a weight is an approximation of what was trained, one or several to an entry."""

_BESIDE = COMPANIONS.union(STAND_INS)

WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""

WIDTHS = (1, 2, 3, 4, 5, 6, 8)
MOST_PREFIXES = 4


def is_buffer(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor that no declaration mentions is computed: an index, a frequency, a causal mask.

    >>> is_buffer("embeddings.position_ids", (1, 512)), is_buffer("h.0.attn.bias", (1, 1, 1024, 1024))
    (True, True)
    >>> is_buffer("h.0.attn.bias", (1024,))
    False
    """
    last = name.rpartition(".")[2]
    mask = last == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]
    return last in BUFFERS or mask


def packed_width(bits: int, shape: tuple[int, ...]) -> int | None:
    """How many bits each entry of the shape takes when all of them take that many, the last word of a row filled up.

    >>> packed_width(32 * 48 * 768, (768, 384)), packed_width(7 * 32, (10, 10))
    (4, None)
    """
    rows, columns = shape if len(shape) == 2 else (1, prod(shape))
    for width in WIDTHS:
        sizes = {
            rows * columns * width,
            _filled(rows * columns * width, 8),
            rows * _filled(columns * width, 32),
            columns * _filled(rows * width, 32),
        }
        if bits in sizes:
            return width
    return None


def _filled(bits: int, word: int) -> int:
    return -(-bits // word) * word


def aligned(names: Collection[str], wanted: Collection[str]) -> dict[str, str]:
    """Each stored name as the model spells it: a prefix dropped or added for all, old endings replaced.

    A prefix must make more than twice as many names wanted: a base model stored inside or outside its task's class, not
    a tensor that was misplaced. Two names that would become one stay as they are.

    >>> aligned(["bert.LayerNorm.gamma", "bert.pooler.weight"], {"LayerNorm.weight", "pooler.weight"})
    {'bert.LayerNorm.gamma': 'LayerNorm.weight', 'bert.pooler.weight': 'pooler.weight'}
    """
    best = ("", "")
    most = sum(_wanted(name, *best, wanted) is not None for name in names)
    if most < len(names):
        added = [("", prefix) for prefix in _prefixes(wanted)]
        dropped = [(prefix, "") for prefix in _prefixes(names)]
        both = [(wrapper, prefix) for wrapper in WRAPPERS for _, prefix in added]
        for drop, add in (*added, *dropped, *both):
            found = sum(_wanted(name, drop, add, wanted) is not None for name in names)
            if found > 2 * most:
                best, most = (drop, add), found
    spelled = {name: _respelled(name, *best, wanted) for name in names}
    twice = {name for name, times in Counter(spelled.values()).items() if times > 1}
    return {name: name if spelling in twice else spelling for name, spelling in spelled.items()}


def _prefixes(names: Collection[str]) -> list[str]:
    """The commonest first parts of the names, each with its dot."""
    counts = Counter(name.partition(".")[0] + "." for name in names if "." in name)
    return [prefix for prefix, _ in islice(counts.most_common(), MOST_PREFIXES)]


def _wanted(name: str, drop: str, add: str, wanted: Collection[str]) -> str | None:
    """The declared tensor that is stored under that name."""
    bare = name.removeprefix(drop)
    for candidate in (add + bare, bare) if add else (bare,):
        if candidate in wanted:
            return candidate
        stem, _, last = candidate.rpartition(".")
        if last in OLD_ENDINGS and (modern := f"{stem}.{OLD_ENDINGS[last]}") in wanted:
            return modern
    return None


def _respelled(name: str, drop: str, add: str, wanted: Collection[str]) -> str:
    """The declared tensor's name, or that of what is stored beside a declared weight; else the name as it is."""
    found = _wanted(name, drop, add, wanted)
    if found is not None:
        return found
    bare = name.removeprefix(drop)
    near = (candidate for candidate in (add + bare, bare) if f"{owner_of(candidate)}.weight" in wanted)
    return next(near, name)


def owner_of(name: str) -> str | None:
    """The module whose packed weight, or whose weight's scale, a tensor would be by its name.

    >>> owner_of("layer.0.dense.qweight"), owner_of("layer.0.dense.weight.absmax"), owner_of("layer.0.dense.weight")
    ('layer.0.dense', 'layer.0.dense', None)
    """
    for depth in (1, 2, 3):
        module, *last = name.rsplit(".", depth)
        if len(last) == depth and ".".join(last) in _BESIDE:
            return module
    return None
