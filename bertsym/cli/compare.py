"""compare: two models, component by component."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged


@paged
def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="An architecture, a named model, or the path of a config.json.",
            autocompletion=options.model_names,
        ),
    ],
    second: Annotated[
        str, typer.Argument(metavar="MODEL", help="The model to compare it with.", autocompletion=options.model_names)
    ],
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="H=1024,L=24", help="Set sizes in both models; repeatable."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="NAME[,NAME]", help="A task head for both models, or one for each, as in model,masked-lm."
        ),
    ] = None,
    model_type: options.ModelType = None,
    convention: options.ConventionName = "exact",
    form: options.FormName = "collected",
    *,
    page: Page,
) -> None:
    """Compare two models component by component.

    The answer lists the sizes that differ, the formulas, and the numbers if every size is known.
    """
    from bertsym.answers.comparison import comparison
    from bertsym.convention import named_convention
    from bertsym.errors import Unreadable
    from bertsym.formulas.styles import Style
    from bertsym.resolve import is_path

    heads = options.split([head]) if head else [None]
    if len(heads) > 2:
        raise Unreadable("--head", head, "one head for both models, or two with a comma between them")
    files = [target for target in (first, second) if is_path(target)] or [first, second]
    first_model, second_model = (
        options.model(target, name, at, model_type if target in files else None)
        for target, name in ((first, heads[0]), (second, heads[-1]))
    )
    report = comparison(first_model, second_model, named_convention(convention), Style.named(form))
    show(report, page)
