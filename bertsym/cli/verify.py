"""verify: a checkpoint beside the model that the formulas describe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page


def verify(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A .safetensors or .gguf file, an index, an adapter, or the folder of one; with --of a MODEL.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="Compare with this model, not with the config.json beside the checkpoint."
        ),
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    infer: Annotated[
        bool, typer.Option("--infer", help="Find model and sizes from the shapes alone; ignore the config.json.")
    ] = False,
    framework: Annotated[
        bool, typer.Option("--framework", help="Compare with the class as transformers builds it; needs bertsym[hf].")
    ] = False,
    header_only: Annotated[
        bool, typer.Option("--header-only", help="Accept files of which only the beginning was fetched.")
    ] = False,
    of: Annotated[
        str,
        typer.Option(
            "--of",
            metavar="QUANTITY",
            help="Run the class and compare its flops, cache or states with the formula; needs --framework.",
        ),
    ] = "parameters",
    convention: options.ConventionOf = None,
    dtype: options.Dtype = None,
    optimizer: options.Optimizer = None,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
    csv: options.AsCsv = False,
) -> None:
    """Check that a checkpoint has the tensors of a model.

    Only headers of files are read. The exit code is 0 if names and shapes are equal, else 1, and the answer lists the
    differences. With --framework --of the class of MODEL runs on torch's meta device. The formula of a cost is
    compared with the run.
    """
    if of != "parameters":
        _check_run(of, model, framework=framework, infer=infer, header_only=header_only)
        settings = options.settings(dtype, optimizer, None, None)
        report = options.verified_run(path, head, at, model_type, of, convention, settings)
        show(report, Page(latex=latex, markdown=markdown, json=json, csv=csv))
        if not report.ok:
            raise typer.Exit(1)
        return
    from bertsym.answers.verification import verification
    from bertsym.errors import Conflict

    for option, text in (("convention", convention), ("dtype", dtype), ("optimizer", optimizer)):
        if text is not None:
            raise Conflict(f"--{option}", "--of parameters", "a checkpoint is compared as it is")
    sizes = options.sizes(at)
    answer = verification(
        Path(path), model, head, sizes, framework=framework, infer=infer, header_only=header_only, model_type=model_type
    )
    show(answer, Page(latex=latex, markdown=markdown, json=json, csv=csv))
    if not answer.ok:
        raise typer.Exit(1)


def _check_run(of: str, model: str | None, *, framework: bool, infer: bool, header_only: bool) -> None:
    """Raise Missing or Conflict for options that do not fit a run of a class."""
    from bertsym.errors import Conflict, Missing

    if not framework:
        raise Missing("--framework", f"`verify MODEL --framework --of {of}`, which runs the class of transformers")
    for option, given in (("--model", model is not None), ("--infer", infer), ("--header-only", header_only)):
        if given:
            raise Conflict(option, f"--of {of}", "a class is run, and no checkpoint is read: pass the model alone")
