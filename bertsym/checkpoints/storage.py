"""Translate the names of a checkpoint: old spellings, prefixes, buffers, packed weights and scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from bertsym.checkpoints.schemes import ROLES, STAND_INS

OLD_ENDINGS = {"gamma": "weight", "beta": "bias"}
"""TensorFlow's names of a LayerNorm's scale and shift, in checkpoints converted before 2019."""

BUFFERS = frozenset({"position_ids", "token_type_ids", "inv_freq", "masked_bias", "cos_cached", "sin_cached"})
"""Computed tensors that some versions of a framework save with a model."""

_NAMED = tuple(role for role in (*STAND_INS, *ROLES) if role[0] not in "._")
_ENDINGS = tuple(role for role in (*STAND_INS, *ROLES) if role[0] in "._")

WRAPPERS = ("module.", "_orig_mod.")
"""Prefixes that DataParallel and torch.compile add to every name."""

MOST_PREFIXES = 4


def is_buffer(name: str, shape: tuple[int, ...]) -> bool:
    """Return True if an undeclared tensor is computed: an index, a frequency or a causal mask.

    >>> is_buffer("embeddings.position_ids", (1, 512)), is_buffer("h.0.attn.bias", (1, 1, 1024, 1024))
    (True, True)
    >>> is_buffer("h.0.attn.bias", (1024,))
    False
    """
    last = name.rpartition(".")[2]
    mask = last == "bias" and len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3]
    return last in BUFFERS or mask


def aligned(names: Collection[str], wanted: Collection[str]) -> dict[str, str]:
    """Return the model's spelling of each stored name: one prefix dropped or added for all, old endings replaced.

    A prefix counts only if it more than doubles the number of known names. It then shows a base model that was saved
    inside or outside of its task class, not one misplaced tensor. Two names that would become equal stay as they are.

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
    """Return the commonest first parts of the names, each with its dot."""
    counts = Counter(name.partition(".")[0] + "." for name in names if "." in name)
    return [prefix for prefix, _ in islice(counts.most_common(), MOST_PREFIXES)]


def _wanted(name: str, drop: str, add: str, wanted: Collection[str]) -> str | None:
    """Return the declared tensor that is stored under the name, or None."""
    bare = name.removeprefix(drop)
    for candidate in (add + bare, bare) if add else (bare,):
        if candidate in wanted:
            return candidate
        stem, _, last = candidate.rpartition(".")
        if last in OLD_ENDINGS and (modern := f"{stem}.{OLD_ENDINGS[last]}") in wanted:
            return modern
    return None


def _respelled(name: str, drop: str, add: str, wanted: Collection[str]) -> str:
    """Return the name of the declared tensor or of its companion; return other names unchanged."""
    found = _wanted(name, drop, add, wanted)
    if found is not None:
        return found
    bare = name.removeprefix(drop)
    near = (candidate for candidate in (add + bare, bare) if any(owner in wanted for owner in owners(candidate)))
    return next(near, name)


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
