"""Devices as data: the peak of their matrix units and the bandwidth of their memory, from the vendors' data sheets.

Peaks are those of dense products. A data sheet that gives a number with sparsity says that the dense one is half of it.
Numbers in 32 bits are multiplied in 32 bits and not as TF32, which is torch's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bertsym.costs.settings import Settings
from bertsym.errors import NotKnownOf, UnknownName, choice
from bertsym.values import value

TERA = 10**12
GIGA = 10**9


@value
class Device:
    """A device: FLOPs a second by the bytes of a number, bytes a second, and the source."""

    name: str
    title: str
    peaks: Mapping[int, int]
    bandwidth: int
    source: str

    def peak(self, dtype: str) -> int:
        """Return the FLOPs a second in a type; raises `UnknownName` or `NotKnownOf`."""
        size = Settings(dtype=dtype).itemsize()
        if size not in self.peaks or dtype == "int8":
            known = "bf16 or float32" + (" or fp8" if 1 in self.peaks else "")
            raise NotKnownOf(
                self.title, f"peak in {dtype}", "its data sheet was not read for it", f"pass --dtype {known}"
            )
        return self.peaks[size]


_AMPERE = {2: 312 * TERA, 4: 19_500 * GIGA}
_HOPPER_SXM = {1: 1979 * TERA, 2: 989_500 * GIGA, 4: 67 * TERA}
_HOPPER_PCIE = {1: 1513 * TERA, 2: 756_500 * GIGA, 4: 51 * TERA}
_DEVICES = (
    Device("a100-sxm-40gb", "NVIDIA A100 SXM 40 GB", _AMPERE, 1555 * GIGA, "NVIDIA A100 data sheet 1758950"),
    Device("a100-sxm-80gb", "NVIDIA A100 SXM 80 GB", _AMPERE, 2039 * GIGA, "NVIDIA A100 data sheet 1758950"),
    Device(
        "h100-pcie", "NVIDIA H100 PCIe", _HOPPER_PCIE, 2000 * GIGA, "NVIDIA H100 data sheet, halves of sparse peaks"
    ),
    Device("h100-sxm", "NVIDIA H100 SXM", _HOPPER_SXM, 3350 * GIGA, "NVIDIA H100 data sheet, halves of sparse peaks"),
    Device("h200-sxm", "NVIDIA H200 SXM", _HOPPER_SXM, 4800 * GIGA, "NVIDIA H200 data sheet, halves of sparse peaks"),
)
DEVICES: Mapping[str, Device] = MappingProxyType({device.name: device for device in _DEVICES})


def named_device(name: str) -> Device:
    """Return the device of that name; raises `UnknownName`."""
    chosen = choice(name, DEVICES)
    if chosen is None:
        raise UnknownName("device", name, DEVICES)
    return DEVICES[chosen]
