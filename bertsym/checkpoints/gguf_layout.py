"""Map the tensors of a class to those of a GGUF file, which splits, transposes, renames and drops some of them.

The changes are those of llama.cpp's converter (`convert_hf_to_gguf.py`): the joined experts of transformers become an
array for the gate and one for the rest, GPT-2's matrices are transposed, and sides of 1 are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from bertsym.checkpoints.gguf_names import gguf_name, is_unconverted
from bertsym.checkpoints.tensor_types import Array
from bertsym.tree import Tensor
from bertsym.values import replace, value

Sides = tuple[Any, ...]
JOINED, DOWN = "ffn_gate_up_exps", "ffn_down_exps"
HEADS = 3  # DeepSeek's attn_k_b and attn_v_b are (heads, ..., ...)


@value
class GGUFLayout:
    """The stored names and shapes for the tensors that a class declares, in a file that has certain names.

    Sides are integers or expressions. `post_norms` is true if the class has norms after its sublayers.
    """

    names: Collection[str]
    declared: Mapping[str, Sides]
    post_norms: bool

    def stored(self, name: str, shape: Sides) -> tuple[tuple[str, Sides], ...]:
        """Return the stored names with their shapes, none if the converter drops the tensor."""
        found = self.named(name)
        if is_unconverted(name) and found not in self.names:
            return ()
        if ".experts." in f".{name}" and len(shape) == 3:
            return self._experts(name, found, shape)
        if JOINED in found and found not in self.names and len(shape) == 2:
            return _halves(found, (shape[0], shape[1] / 2 if hasattr(shape[1], "xreplace") else shape[1] // 2))
        if self._transposed(name, shape):
            return ((found, shape[::-1]),)
        return ((found, (shape[0], shape[2]) if len(shape) == 3 and shape[1] == 1 else shape),)

    def named(self, name: str) -> str:
        """Return the stored name of a tensor, or the name itself if llama.cpp has none.

        Some architectures call the norm before the feed-forward `post_attention_norm`, as gpt-oss does.
        """
        found = gguf_name(name, post_norms=self.post_norms)
        if found is None:
            return name
        other = found.replace(".ffn_norm.", ".post_attention_norm.")
        return other if found not in self.names and not self.post_norms and other in self.names else found

    def _experts(self, name: str, found: str, shape: Sides) -> tuple[tuple[str, Sides], ...]:
        """Return an array of experts as (experts, outputs, inputs), the joined array in its two halves.

        The classes declare (experts, 2F, H) beside (experts, H, F), or both transposed, as gpt-oss does.
        """
        joined = name.endswith("gate_up_proj")
        partner = name.replace("gate_up_proj", "down_proj") if joined else name.replace("down_proj", "gate_up_proj")
        other = self.declared.get(partner, ())
        both, down = (shape, other) if joined else (other, shape)
        if len(both) != 3 or len(down) != 3:
            return ((found, shape),)
        upright = both[1] == 2 * down[2]
        turned = not upright and both[2] == 2 * down[1]
        if not upright and not turned:
            return ((found, shape),)
        width = down[2] if upright else down[1]
        if not joined:
            return ((found, (shape[0], both[2] if upright else both[1], width)),)
        inputs = shape[2] if upright else shape[1]
        if found in self.names:
            return ((found, (shape[0], 2 * width, inputs)),)
        return _halves(found, (shape[0], width, inputs))

    def _transposed(self, name: str, shape: Sides) -> bool:
        """Return True for a weight that is declared as (inputs, outputs): its bias has the second side."""
        stem, _, last = name.rpartition(".")
        bias = self.declared.get(f"{stem}.bias")
        return last == "weight" and len(shape) == 2 and bias == shape[1:] != shape[:1]


def _halves(found: str, shape: Sides) -> tuple[tuple[str, Sides], ...]:
    return tuple((found.replace(JOINED, f"ffn_{part}_exps"), shape) for part in ("gate", "up"))


def _layout(names: Collection[str], declared: Mapping[str, Sides]) -> GGUFLayout:
    return GGUFLayout(names, declared, any("post_feedforward_layernorm" in name for name in declared))


def gguf_tensors(inventory: Iterable[Tensor], names: Collection[str]) -> Iterator[Tensor]:
    """Yield the tensors of an inventory as a GGUF file with these names stores them."""
    tensors = tuple(inventory)
    layout = _layout(names, {tensor.name: tensor.shape for tensor in tensors})
    for tensor in tensors:
        for name, shape in layout.stored(tensor.name, tensor.shape):
            yield replace(tensor, name=name, shape=shape)


def gguf_shapes(
    shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array]
) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return the stored arrays, with their shapes, for each tensor of a class; an empty list if it is dropped.

    An array that differs from the class in sides of 1 only counts as equal.
    """
    layout = _layout(arrays, shapes)
    placed: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for name, shape in shapes.items():
        parts = _latent(layout.named(name), shape, arrays) or layout.stored(name, shape)
        placed[name] = [(stored, _as_stored(sides, arrays.get(stored))) for stored, sides in parts]
    return placed


def _as_stored(shape: Sides, array: Array | None) -> tuple[int, ...]:
    if array is not None and [side for side in array.shape if side != 1] == [side for side in shape if side != 1]:
        return array.shape
    return shape


def _latent(found: str, shape: tuple[int, ...], arrays: Mapping[str, Array]) -> tuple[tuple[str, Sides], ...]:
    """Return the two arrays, (heads, rank, size) and (heads, size, rank), that newer files have for DeepSeek's `kv_b`.

    The number of heads and the size of a value are read from the second, and must make up the declared shape.
    """
    stem, _, _ = found.rpartition("attn_kv_b.weight")
    keys, values = f"{stem}attn_k_b.weight", f"{stem}attn_v_b.weight"
    array = arrays.get(values)
    if not stem or found in arrays or array is None or len(array.shape) != HEADS or len(shape) != 2:
        return ()
    heads, size, _ = array.shape
    if not heads or shape[0] % heads or shape[0] // heads <= size:
        return ()
    return ((keys, (heads, shape[1], shape[0] // heads - size)), (values, (heads, size, shape[1])))
