"""verify: a checkpoint beside the model that the formulas describe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show


def verify(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="A .safetensors or .gguf file, an index, an adapter, or the folder of one."
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
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """Check that a checkpoint has the tensors of a model.

    Only headers of files are read. The exit code is 0 if names and shapes are equal, else 1, and the answer lists the
    differences.
    """
    from bertsym.answers.verification import verification

    sizes = options.sizes(at)
    answer = verification(
        Path(path), model, head, sizes, framework=framework, infer=infer, header_only=header_only, model_type=model_type
    )
    show(answer, latex=latex, markdown=markdown, json=json)
    if not answer.ok:
        raise typer.Exit(1)
