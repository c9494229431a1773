"""Read the names of Flax and TensorFlow as those of PyTorch, with the shapes turned where the frameworks differ.

A dense `kernel` is (inputs, outputs) there and (outputs, inputs) here. That of a convolution is (sides, inputs,
outputs) there and (outputs, inputs, sides) here. The rules are those by which transformers 4 converted between the
three (`convert_tf_weight_name_to_pt_weight_name`, `rename_key_and_reshape_tensor`, `load_tf_weights_in_bert`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from bertsym.checkpoints.tensor_types import Array
from bertsym.values import value

_LAST = {
    **dict.fromkeys(("kernel", "scale", "gamma", "embedding", "embeddings", "output_weights"), "weight"),
    **dict.fromkeys(("beta", "output_bias"), "bias"),
}
_NUMBERED = re.compile(
    r"(?P<word>layers?|blocks?|h)_(?P<number>\d{1,9})|(?P<keras>\w+)_\._(?P<place>\d{1,9})", re.ASCII
)
_STATE = re.compile(
    r"(.*/)?(adam_[mv]|adam_[mv]_\d+|global_step|beta[12]_power|iter|learning_rate|decay|save_counter)"
    r"|AdamWeightDecayOptimizer(_\d+)?|_CHECKPOINTABLE_OBJECT_GRAPH|(.*/)?\.OPTIMIZER_SLOT/.*",
    re.ASCII,
)
"""The state of an optimizer beside the weights of a TensorFlow checkpoint."""


@value
class Translated:
    """The arrays of a file under the names of PyTorch, the framework that wrote them, and the state left out."""

    framework: str
    arrays: Mapping[str, Array]
    state: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences that say how the names were read."""
        read = f"names of {self.framework}, read as PyTorch's: a kernel is a weight, transposed"
        left_out = f"{len(self.state):,} tensors of the training state are left out"
        return (read, left_out) if self.state else (read,)


def framework_of(names: Collection[str]) -> str:
    """Return the framework that spells its names so: `Flax`, `TensorFlow`, or an empty text for PyTorch.

    >>> framework_of(["bert/encoder/layer_0/output/dense/kernel"]), framework_of(["encoder.layer.0.dense.kernel"])
    ('TensorFlow', 'Flax')
    >>> framework_of(["encoder.layer.0.output.dense.weight"])
    ''
    """
    weights = [name for name in names if not _STATE.fullmatch(name)]
    kernels = any(re.split(r"[/.]", name.removesuffix(":0"))[-1] == "kernel" for name in weights)
    if not kernels:
        return ""
    slashes = sum("/" in name for name in weights)
    numbered = any(name.endswith(":0") or "_._" in name or re.search(r"/layer_\d", name) for name in weights)
    if numbered and slashes == len(weights):
        return "TensorFlow"
    return "Flax" if slashes in (0, len(weights)) else ""


def translated(arrays: Mapping[str, Array]) -> Translated | None:
    """Return the arrays under the names of PyTorch, or None if they have these names already.

    Two names that would become equal stay as they are.

    >>> found = translated({"bert/encoder/layer_3/output/dense/kernel": Array("F32", (3072, 768))})
    >>> found.arrays if found else None
    {'bert.encoder.layer.3.output.dense.weight': Array(dtype='F32', shape=(768, 3072))}
    """
    framework = framework_of(arrays)
    if not framework:
        return None
    state = tuple(name for name in arrays if _STATE.fullmatch(name))
    left_out = set(state)
    spelled = {name: _spelled(name) for name in arrays if name not in left_out}
    times = Counter(new for new, _ in spelled.values())
    found: dict[str, Array] = {}
    for name, (new, turned) in spelled.items():
        array = arrays[name]
        found[new if times[new] == 1 else name] = Array(array.dtype, _turned(array.shape)) if turned else array
    return Translated(framework, found, state)


def _spelled(name: str) -> tuple[str, bool]:
    """Return PyTorch's spelling, and True if the shape of the tensor is turned."""
    bare = name.removesuffix(":0")
    words: list[str] = []
    for word in bare.split("/" if "/" in bare else "."):
        match = _NUMBERED.fullmatch(word)
        words += [word] if match is None else [one for one in match.groups() if one is not None]
    last = words[-1]
    if words[0] == "params" and len(words) > 1:
        words = words[1:]
    if last.endswith("_embeddings"):
        return ".".join([*words, "weight"]), False
    return ".".join([*words[:-1], _LAST.get(last, last)]), last == "kernel"


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape with outputs and inputs first.

    >>> _turned((768, 3072)), _turned((16, 16, 3, 768))
    ((3072, 768), (768, 3, 16, 16))
    """
    return (*shape[:-3:-1], *shape[:-2]) if len(shape) > 1 else shape
