"""The options that decide costs and are no sizes. A command with a parameter of type `RunOptions` has them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from bertsym.cli import options


@dataclass(frozen=True)
class RunOptions:
    """The types of numbers, the optimizer, the kernels, the devices and the adapter, as typed."""

    dtype: options.Dtype = None
    optimizer: options.Optimizer = None
    kernel: Annotated[
        str | None,
        typer.Option("--kernel", metavar="NAME", help="memory: eager, flash, checkpointed, or paper."),
    ] = None
    zero: Annotated[
        int | None, typer.Option("--zero", metavar="0..3", help="states, memory: the stage of ZeRO over --devices.")
    ] = None
    devices: Annotated[
        int | None, typer.Option("--devices", metavar="K", help="states, memory: the devices that share the states.")
    ] = None
    rank: options.Rank = None
    targets: options.Targets = None

    @property
    def given(self) -> dict[str, str | int | tuple[str, ...]]:
        """Return the options that the user gave, by name."""
        return options.settings(
            self.dtype, self.optimizer, self.rank, self.targets, self.zero, self.devices, self.kernel
        )
