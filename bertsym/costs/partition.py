"""ZeRO: the share of the training states that a device keeps, as DeepSpeed partitions them over devices.

Rajbhandari et al. 2020, arXiv:1910.02054. Stage 1 partitions the optimizer's arrays, stage 2 the gradients besides, and
stage 3 the weights besides.

- Stages 1 and 2 (`runtime/zero/stage_1_and_2.py`) lay all weights into one flat array. It is padded to a multiple of
  two elements a device, because NCCL wants its buffers aligned to 4 bytes. A device has an equal part of it.
- Stage 3 (`runtime/zero/partition_parameters.py`) pads each tensor to a multiple of the devices.

The optimizer of a device sees one flat array. There is one group of parameters, and no small tensor stays whole.
DeepSpeed itself lets tensors up to `stage3_param_persistence_threshold` stay whole after it has gathered them.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import Expr, Integer

from bertsym.costs.optimizers import ceiling_of_quotient
from bertsym.errors import Conflict, Missing, Unreadable
from bertsym.tree import Tensor
from bertsym.values import value

STAGES = range(4)
ALIGNMENT = 2
"""The elements of 2 bytes in the 4 bytes to which NCCL's buffers are aligned."""


@value
class Partition:
    """A stage of ZeRO over a number of devices."""

    stage: int
    devices: int

    @property
    def title(self) -> str:
        """Return the partition in words."""
        return f"on each of {self.devices:,} devices at stage {self.stage} of ZeRO"

    def flat_weights(self, tensors: Iterable[Tensor]) -> Expr:
        """Return the elements of the flat array of all weights, padding included."""
        total = elements(tensors)
        unit = ALIGNMENT * self.devices
        return unit * ceiling_of_quotient(total, unit)

    def flat_share(self, tensors: Iterable[Tensor]) -> Expr:
        """Return the elements of the flat array that the optimizer of a device sees."""
        if self.stage < 3:
            return self.flat_weights(tensors) / Integer(self.devices)
        return sympy.Add(*(t.times * t.own * self.share(t) for t in tensors))

    def share(self, tensor: Tensor) -> Expr:
        """Return the elements of a tensor that a device keeps at stage 3, padding included."""
        return ceiling_of_quotient(tensor.numel, self.devices)


def elements(tensors: Iterable[Tensor]) -> Expr:
    """Return the number of parameters, tied tensors once."""
    return sympy.Add(*(tensor.times * tensor.own * tensor.numel for tensor in tensors))


def partition(stage: int | None, devices: int | None) -> Partition | None:
    """Return the partition that the options name, None if each device keeps everything.

    Raises `Unreadable`, `Missing` or `Conflict`.
    """
    if stage is not None and stage not in STAGES:
        raise Unreadable("--zero", str(stage), "a stage from 0 to 3")
    if devices is not None and devices < 1:
        raise Unreadable("--devices", str(devices), "an integer of at least 1")
    if stage is None and devices is not None:
        raise Conflict(f"--devices {devices}", "no --zero", "each device keeps everything; pass --zero 1, 2 or 3")
    if not stage:
        return None
    if devices is None:
        raise Missing("number of devices", f"--zero {stage} --devices 8")
    return Partition(stage, devices)
