"""compare: two models, component by component."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions


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
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="The model to compare it with; none with --conventions.",
            autocompletion=options.model_names,
            show_default=False,
        ),
    ] = None,
    conventions: Annotated[
        bool,
        typer.Option(
            "--conventions", help="Compare one model under all conventions of --of, or of flops without --of."
        ),
    ] = False,
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
    of: Annotated[
        str | None,
        typer.Option("--of", metavar="QUANTITY", help="Compare parameters, flops, cache, states, memory or lora."),
    ] = None,
    convention: options.ConventionOf = None,
    form: options.FormName = "collected",
    *,
    run: RunOptions,
    page: Page,
) -> None:
    """Compare two models, or one model's conventions.

    The answer lists the sizes that differ, the formulas, and the numbers if every size is known, by component. With
    --conventions it lists one model under each convention.
    """
    from bertsym.answers.comparison import comparison
    from bertsym.errors import Conflict, Missing, Unreadable
    from bertsym.formulas.styles import Style
    from bertsym.resolve import is_path

    if conventions:
        from bertsym.answers.convention_table import under_conventions

        if second is not None:
            raise Conflict("--conventions", "a second MODEL", "one model is compared under all conventions")
        if convention is not None:
            raise Conflict("--conventions", f"--convention {convention}", "all conventions are compared")
        show(under_conventions(options.every_convention(first, head, at, model_type, of or "flops", run.given)), page)
        return
    if second is None:
        raise Missing("second model", "one, or --conventions to compare one model under all of them")
    heads = options.split([head]) if head else [None]
    if len(heads) > 2:
        raise Unreadable("--head", head, "one head for both models, or two with a comma between them")
    files = [target for target in (first, second) if is_path(target)] or [first, second]
    (first_model, chosen), (second_model, _) = (
        options.counted(
            target, name, at, model_type if target in files else None, of or "parameters", convention, given=run.given
        )
        for target, name in ((first, heads[0]), (second, heads[-1]))
    )
    report = comparison(first_model, second_model, chosen, Style.named(form))
    show(report, page)
