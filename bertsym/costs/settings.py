"""The settings of a run that are no sizes: the type of numbers, the optimizer, the adapter, the devices."""

from __future__ import annotations

from bertsym.errors import UnknownName
from bertsym.values import value

# Bytes of one number, by the name that torch gives to the type, and by the short names of papers.
DTYPES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8": 1, "int8": 1,
    "fp64": 8, "fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1,
}  # fmt: skip


NAMES = ("dtype", "optimizer", "rank", "targets", "zero", "devices", "kernel")


@value
class Settings:
    """The settings that the user gave, names in lower case; None for the others."""

    dtype: str | None = None
    optimizer: str | None = None
    rank: int | None = None
    targets: tuple[str, ...] | None = None
    zero: int | None = None
    devices: int | None = None
    kernel: str | None = None

    def __post_init__(self) -> None:
        for name in ("dtype", "optimizer", "kernel"):
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, text.casefold())

    @property
    def given(self) -> tuple[str, ...]:
        """Return the names of the settings that the user gave."""
        return tuple(name for name in NAMES if getattr(self, name) is not None)

    def itemsize(self, default: str = "float32") -> int:
        """Return the bytes of one number; raises `UnknownName`."""
        dtype = self.dtype or default
        if dtype not in DTYPES:
            raise UnknownName("type of numbers", dtype, DTYPES)
        return DTYPES[dtype]
