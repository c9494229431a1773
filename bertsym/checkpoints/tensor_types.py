"""Tensor types of checkpoint formats, and the bytes that they take; GGML's store entries in blocks."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from bertsym.values import value

BITS: Mapping[str, int] = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8"), 8),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
"""The types of the safetensors format, with the bits of an entry."""


@value
class Blocks:
    """A type of GGML that stores `entries` entries of a row together in `size` bytes."""

    entries: int
    size: int


GGML_BLOCKS: Mapping[str, Blocks] = {
    **dict.fromkeys(("Q4_0", "IQ4_NL"), Blocks(32, 18)),
    "Q4_1": Blocks(32, 20),
    "Q5_0": Blocks(32, 22),
    "Q5_1": Blocks(32, 24),
    "Q8_0": Blocks(32, 34),
    "Q8_1": Blocks(32, 40),
    "Q2_K": Blocks(256, 84),
    "Q3_K": Blocks(256, 110),
    "Q4_K": Blocks(256, 144),
    "Q5_K": Blocks(256, 176),
    "Q6_K": Blocks(256, 210),
    "Q8_K": Blocks(256, 292),
    "IQ1_S": Blocks(256, 50),
    "IQ1_M": Blocks(256, 56),
    "IQ2_XXS": Blocks(256, 66),
    "IQ2_XS": Blocks(256, 74),
    "IQ2_S": Blocks(256, 82),
    "IQ3_XXS": Blocks(256, 98),
    "IQ3_S": Blocks(256, 110),
    "IQ4_XS": Blocks(256, 136),
    "TQ1_0": Blocks(256, 54),
    "TQ2_0": Blocks(256, 66),
    "MXFP4": Blocks(32, 17),
    "NVFP4": Blocks(64, 36),
    "Q1_0": Blocks(128, 18),
}
"""The quantised types of GGML (ggml-common.h, and `GGML_QUANT_SIZES` of gguf-py)."""


@value
class Array:
    """The type and shape of one stored tensor; the last dimension of a shape is the row, in every format."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        """The number of stored entries."""
        return prod(self.shape)

    @property
    def bits(self) -> int:
        """The number of bits that all entries take."""
        blocks = GGML_BLOCKS.get(self.dtype)
        if blocks is None:
            return self.numel * BITS[self.dtype]
        row = self.shape[-1] if self.shape else 1
        return self.numel // max(row, 1) * -(-row // blocks.entries) * blocks.size * 8
