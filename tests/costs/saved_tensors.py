"""The bytes that autograd saves in a forward pass of a real class, by torch's hooks, under CUDA's kernels on meta.

torch runs other kernels on the meta device than on CUDA: its dropout saves a mask of the input's type, and it writes
attention out. So dropout and FlashAttention are called by the names of their CUDA kernels, which have shapes on meta.
"""

from __future__ import annotations

from typing import Any
from unittest import mock


def saved_bytes(torch: Any, module: Any, inputs: dict[str, Any]) -> int:
    """Return the bytes of all storages that are saved, without those of parameters and buffers."""
    own = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}
    storages: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            storages[storage._cdata] = storage  # which keeps it alive, so that no other takes its address
        return tensor

    def dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        assert not inplace
        return torch.native_dropout(x, p, True)[0] if training and 0 < p < 1 and x.numel() else x

    def attention(query: Any, key: Any, value: Any, **options: Any) -> Any:
        assert options["attn_mask"] is None
        flash = torch.ops.aten._scaled_dot_product_flash_attention
        return flash(query, key, value, options["dropout_p"], options["is_causal"], False, scale=options["scale"])[0]

    functional, masks = torch.nn.functional, "transformers.masking_utils.find_packed_sequence_indices"
    with (
        mock.patch.object(functional, "dropout", dropout),
        mock.patch.object(functional, "scaled_dot_product_attention", attention),
        mock.patch(masks, return_value=None),  # it asks whether positions begin anew in a row; they do not
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
    ):
        module(**inputs)
    return sum(int(storage.nbytes()) for storage in storages.values())
