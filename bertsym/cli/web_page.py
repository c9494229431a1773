"""page: models as a web page, in one file that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options

if TYPE_CHECKING:
    from bertsym.web_page import PageModel


def page(
    typed: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Model types, published models, or paths of a config.json; several are compared.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Write the page to FILE, whose name ends in .html.")
    ],
    at: options.At = None,
    head: options.HeadName = None,
    convention: options.ConventionName = "exact",
    notation: options.Notation = None,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Put this title on the page, not the names of the models.")
    ] = "",
) -> None:
    """Write a web page with a slider for each size.

    The page is one file for a browser and asks no server. It has the formula, exact numbers, the parts, curves of equal
    count, the derivation, and the command line and LaTeX to copy. Open sizes begin as in the family's base model.
    """
    from bertsym.errors import Unreadable
    from bertsym.files.atomic_write import write_file
    from bertsym.render.notation import named_notation
    from bertsym.web_page import web_page

    if Path(output).suffix.casefold() not in (".html", ".htm"):
        raise Unreadable("--output", output, "a file whose name ends in .html")
    named = named_notation(notation or "bert")
    models = [_model(target, at, head, convention, notation) for target in typed]
    write_file(Path(output), web_page(models, title, named).encode("utf-8"))


def _model(target: str, at: list[str] | None, head: str | None, convention: str, notation: str | None) -> PageModel:
    """Return a model at the sizes of --at, with the words of `total` that name it."""
    from bertsym.web_page import PageModel, completed

    loaded = options.load(target, head)
    given = options.sizes(at, loaded) if at else {}
    model = completed(loaded.with_sizes(given, pin=True) if given else loaded)
    chosen = {"--head": head, "--convention": None if convention == "exact" else convention, "--notation": notation}
    words = [word for option, name in chosen.items() if name is not None for word in (option, name)]
    return PageModel(model, options.convention(convention, model), ("bertsym", "total", target, *words), loaded.given)
