"""Read the names of a checkpoint: old endings, buffers, packed weights and scales."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bertsym.checkpoints.gguf_names import COMPUTED
from bertsym.checkpoints.schemes import ROLES, STAND_INS

OLD_ENDINGS = {"gamma": "weight", "beta": "bias"}
"""TensorFlow's names of a LayerNorm's scale and shift, in checkpoints converted before 2019."""

BUFFERS = frozenset(
    {
        *("position_ids", "token_type_ids", "inv_freq", "masked_bias", "cos_cached", "sin_cached"),
        "e_score_correction_bias",  # DeepSeek-V3 adjusts it without a gradient
    }
)
"""Tensors that a framework saves with a model although they are not parameters."""

_NAMED = tuple(role for role in (*STAND_INS, *ROLES) if role[0] not in "._")
_ENDINGS = tuple(role for role in (*STAND_INS, *ROLES) if role[0] in "._")


def is_buffer(name: str, shape: tuple[int, ...]) -> bool:
    """Return True if an undeclared tensor is computed: an index, a frequency or a causal mask.

    >>> is_buffer("embeddings.position_ids", (1, 512)), is_buffer("h.0.attn.bias", (1, 1, 1024, 1024))
    (True, True)
    >>> is_buffer("h.0.attn.bias", (1024,))
    False
    """
    last = name.rpartition(".")[2]
    mask = last == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]
    return last in BUFFERS or mask or COMPUTED.fullmatch(name) is not None


def spellings(name: str, roles: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the stored name for each role of a declared tensor; only a `weight` has roles with names of their own.

    >>> dict(spellings("dense.weight", ["qweight", "_scale"]))
    {'qweight': 'dense.qweight', '_scale': 'dense.weight_scale'}
    >>> dict(spellings("experts.up_proj", ["scales", "_scales"]))
    {'_scales': 'experts.up_proj_scales'}
    """
    module, dot, last = name.rpartition(".")
    for role in roles:
        if role[0] in "._":
            yield role, name + role
        elif last == "weight":
            yield role, module + dot + role


def owners(name: str) -> Iterator[str]:
    """Yield the declared tensors for which a tensor of this name may be stored, packed or as a companion.

    >>> list(owners("layer.0.dense.qweight")), list(owners("layer.0.dense.weight.absmax")), list(owners("dense.weight"))
    (['layer.0.dense.weight'], ['layer.0.dense.weight'], [])
    """
    module, dot, last = name.rpartition(".")
    if last in _NAMED:
        yield f"{module}{dot}weight"
    for ending in _ENDINGS:
        if name.endswith(ending) and name != ending:
            yield name.removesuffix(ending)


def owned(name: str) -> bool:
    """Return True if the name is that of a packed `weight` or of a companion of one."""
    return any(owner.rpartition(".")[2] == "weight" for owner in owners(name))
