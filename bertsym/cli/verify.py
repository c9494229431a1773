"""verify: is a checkpoint the model that the formulas describe."""

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
            metavar="PATH", help="A folder, a .safetensors file or a .safetensors.index.json; only headers are read."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="Compare with this name or config.json, not with the one beside the file."
        ),
    ] = None,
    at: options.At = None,
    head: options.HeadName = None,
    infer: Annotated[
        bool, typer.Option("--infer", help="Infer model and sizes from the shapes alone, whatever config.json says.")
    ] = False,
    framework: Annotated[
        bool, typer.Option("--framework", help="Compare with the class as transformers builds it (needs bertsym[hf]).")
    ] = False,
    header_only: Annotated[
        bool, typer.Option("--header-only", help="Accept files of which only the beginning was fetched.")
    ] = False,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """Does the formula's inventory equal this real model's: exit 0 if so, 1 with the differences."""
    from bertsym.answers.verification import verification

    sizes = options.sizes(at)
    answer = verification(Path(path), model, head, sizes, framework=framework, infer=infer, header_only=header_only)
    show(answer, latex=latex, markdown=markdown, json=json)
    if not answer.ok:
        raise typer.Exit(1)
