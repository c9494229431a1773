"""config: the `config.json` of a model at chosen sizes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import emit
from bertsym.cli.streams import note

if TYPE_CHECKING:
    from bertsym.answers.configuration_file import ConfigurationFile


def config(
    target: options.Target = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    model_type: options.ModelType = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write FILE, or config.json in this folder; - prints it."),
    ] = None,
) -> None:
    """Write a config.json that transformers loads.

    It is read again, and counts the same as `total`. Open sizes are those of the base model, and a note names them.
    """
    from bertsym.answers.configuration_file import configuration_file
    from bertsym.errors import Unreadable

    if output == "":
        raise Unreadable("--output", output, "the name of a file or of a folder")
    found = configuration_file(options.model(target, head, at, model_type))
    _say(found)
    if output is None or output == "-":
        emit(found.text(), "json")
        return
    from bertsym.files.atomic_write import write_file
    from bertsym.files.reading import is_folder, status

    folder = is_folder(Path(output)) or output.endswith(("/", os.sep))
    path = Path(output) / "config.json" if folder else Path(output)
    done = "replaced" if status(path) is not None else "wrote"
    write_file(path, found.text().encode("utf-8"))
    note(f"{done} {path}: {found.cls}, {found.count:,} parameters")


def _say(found: ConfigurationFile) -> None:
    """Print notes on the sizes that nobody gave, and on the reasons why the model does not run."""
    from bertsym.existence import DOES_NOT_RUN

    if found.assumed:
        sizes = ", ".join(f"{symbol}={number}" for symbol, number in found.assumed.items())
        note(f"note: assumed, as in {found.base}: {sizes}")
    for obstacle in found.obstacles:
        note(f"note: {DOES_NOT_RUN}: {obstacle}")
