"""roofline: a lower bound on the time of a run on a device."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def roofline(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            metavar="NAME",
            help="The device: a100-sxm-40gb, a100-sxm-80gb, h100-pcie, h100-sxm or h200-sxm.",
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="TYPE", help="The type of numbers, such as bf16, fp8 or float32.")
    ] = "bf16",
    *,
    page: Page,
) -> None:
    """Print a lower bound on the time of a run.

    A phase takes at least its FLOPs at the device's peak, and at least its bytes at the memory's bandwidth.
    """
    from bertsym.answers import roofline as answers

    loaded = options.load(target, head, model_type)
    name = answers.required_device(device)
    show(answers.roofline(loaded, options.run_sizes(at, loaded), name, dtype), page)
