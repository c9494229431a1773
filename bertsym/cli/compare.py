"""compare: models, component by component."""

from __future__ import annotations

from typing import Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.page import Page, paged
from bertsym.cli.run_options import RunOptions


def _check_alone(models: list[str], of_several: dict[str, object], convention: str | None) -> None:
    """Raise `Conflict` for an argument of --conventions that speaks of several models or of one convention."""
    from bertsym.errors import Conflict

    if len(models) > 1:
        raise Conflict("--conventions", "a second MODEL", "one model is compared under all conventions")
    if convention is not None:
        raise Conflict("--conventions", f"--convention {convention}", "all conventions are compared")
    for option, given in of_several.items():
        if given:
            raise Conflict("--conventions", option, "it is for several models")


@paged
def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Model types, published models, or paths of a config.json; one with --conventions.",
            show_default=False,
        ),
    ],
    conventions: Annotated[
        bool,
        typer.Option(
            "--conventions", help="Compare one model under all conventions of --of, or of flops without --of."
        ),
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            metavar="NAME[,NAME]",
            help="Show these of each model: formula, count, share (of its total), difference, difference-share, ratio.",
        ),
    ] = None,
    base: Annotated[
        str,
        typer.Option("--base", metavar="MODEL", help="Take differences and ratios to this model, not to the first."),
    ] = "",
    names: options.Names = None,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--sizes",
            metavar="H,L,heads,F",
            help="Put these sizes above the components, or none. [default: the sizes that differ]",
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="H=1024,L=24", help="Set sizes in all models; repeatable."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="NAME[,NAME]", help="A task head for all models, or one for each, as in model,masked-lm."
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
    """Compare models, or one model's conventions.

    The answer is one table: the sizes that differ, the components, and the totals, with a column for each model. Two
    models have their difference beside them. With --conventions it lists one model under each convention.
    """
    from bertsym.answers.comparison import Shown, comparison
    from bertsym.answers.titles import chosen_names
    from bertsym.errors import Missing, Unreadable
    from bertsym.formulas.styles import Style
    from bertsym.resolve import is_path

    if conventions:
        _check_alone(models, {"--values": values, "--base": base, "--name": names, "--sizes": sizes}, convention)
        from bertsym.answers.convention_table import under_conventions

        measured = options.every_convention(models[0], head, at, model_type, of or "flops", run.given)
        show(under_conventions(measured), page)
        return
    if len(models) < 2:
        raise Missing("second model", "one, or --conventions to compare one model under all of them")
    heads = options.split([head]) if head else [None]
    if len(heads) not in (1, len(models)):
        several = f"{len(models)} with commas between them" if len(models) > 2 else "two with a comma between them"
        raise Unreadable("--head", head, f"one head for {'both' if len(models) == 2 else 'all'} models, or {several}")
    shown = [Shown.named(name) for name in options.split(values)]
    titles = chosen_names(names or (), models)
    files = [target for target in models if is_path(target)] or models
    each = heads * len(models) if len(heads) == 1 else heads
    loaded = [
        options.counted(
            target, name, at, model_type if target in files else None, of or "parameters", convention, given=run.given
        )
        for target, name in zip(models, each, strict=True)
    ]
    report = comparison(
        [model for model, _ in loaded],
        loaded[0][1],
        Style.named(form),
        names=titles,
        base=base,
        shown=shown,
        sizes=options.split(sizes) if sizes else None,
    )
    show(report, page)
