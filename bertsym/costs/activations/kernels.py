"""The kernels as data. A kernel decides what autograd saves of attention and of a layer."""

from __future__ import annotations

from collections.abc import Mapping

from bertsym.errors import Conflict, UnknownName
from bertsym.values import value

HALF = 2
FLOAT32 = 4


@value
class Kernel:
    """A way to run a layer, with its meaning; `sixteen_bits` is True if it computes in 16 bits only."""

    name: str
    meaning: str
    sixteen_bits: bool = False


KERNELS: Mapping[str, Kernel] = {
    kernel.name: kernel
    for kernel in (
        Kernel("eager", "attention that multiplies openly"),
        Kernel("flash", "FlashAttention, as torch's scaled_dot_product_attention calls it", sixteen_bits=True),
        Kernel(
            "checkpointed",
            "gradient checkpointing of each layer, of which only the input is saved; attention needs no mask",
        ),
        Kernel(
            "paper", "the account of Korthikanti et al. 2022, arXiv:2205.05198, of the layers alone", sixteen_bits=True
        ),
    )
}


@value
class Run:
    """A kernel, and the bytes of a number of the model's type."""

    kernel: Kernel
    size: int

    @property
    def name(self) -> str:
        """Return the name of the kernel."""
        return self.kernel.name


def named_kernel(name: str) -> Kernel:
    """Return the kernel of that name; raises `UnknownName`."""
    if name not in KERNELS:
        raise UnknownName("kernel", name, KERNELS)
    return KERNELS[name]


def run_under(kernel: Kernel, size: int, dtype: str) -> Run:
    """Return the run under a kernel in a type; raises `Conflict` for a type in which it does not compute."""
    if size not in (HALF, FLOAT32):
        raise Conflict(f"--dtype {dtype}", "--of memory", "it is known in 16 and 32 bits: pass --dtype bf16 or float32")
    if kernel.sixteen_bits and size != HALF:
        raise Conflict(f"--kernel {kernel.name}", f"--dtype {dtype}", "it computes in 16 bits: pass --dtype bf16")
    return Run(kernel, size)
