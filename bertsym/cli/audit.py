"""audit: whether a published formula, number, table or text is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.streams import note

if TYPE_CHECKING:
    from bertsym.answers.audit import ClaimAudit
    from bertsym.claims.question import Question


def audit(
    claims: Annotated[
        list[str],
        typer.Argument(
            metavar="CLAIM...",
            help="A formula, a number such as 110M, a sentence, or paths of tables (.csv) or texts (.md, .tex, .html).",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="The model that the claim is about, unless the claim names it: a name or a config.json; else bert.",
        ),
    ] = None,
    at: options.At = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="NAME", help="Explain the claim by this task head only, such as masked-lm."),
    ] = None,
    model_type: options.ModelType = None,
    of: Annotated[
        str,
        typer.Option(
            "--of",
            metavar="PART",
            help="The part that is counted, such as attention, or a quantity: flops, cache, states, memory or lora.",
        ),
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="d=H", help="The size, or params, that a name or heading means; repeatable."),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="H=NAME", help="The name that the claim gives to a size; repeatable."),
    ] = None,
    notation: Annotated[
        str,
        typer.Option(
            "--notation", metavar="NAME", help="How the claim names sizes: auto, bert, vaswani, kaplan, megatron."
        ),
    ] = "auto",
    formula: Annotated[
        str,
        typer.Option(
            "--formula", metavar="FORMULA", help="Compare a table's rows with this formula, not with the model."
        ),
    ] = "",
    table: Annotated[
        bool, typer.Option("--table", help="Read the first table of a .md or .tex file, not its text.")
    ] = False,
    tolerance: Annotated[
        str | None,
        typer.Option("--tolerance", metavar="1%", help="Let a claim leave out one named part of at most this share."),
    ] = None,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
    csv: options.AsCsv = False,
) -> None:
    """Check a published formula, number, table or text.

    Each claim is compared with the ways in which people count the model's parameters. The exit code is 1 if a claim is
    wrong, and 2 if a claim was not read.
    """
    from bertsym.answers.audit import standings
    from bertsym.claims.classify import path_suffix
    from bertsym.claims.costs.countings import part_or_quantity
    from bertsym.claims.names import plain
    from bertsym.claims.question import question
    from bertsym.claims.standing import exit_code
    from bertsym.cli.page import Page
    from bertsym.errors import Conflict, Unreadable
    from bertsym.values import replace

    of, cost = part_or_quantity(of)
    loaded = options.load(model or "bert", head, model_type)
    chosen, run_sizes = options.sizes_apart(loaded, at)
    names = options.pairs(where, "--where", "NAME=SYMBOL, as in d=H")
    renames = options.pairs(rename, "--rename", "SYMBOL=NAME, as in H=d_model")
    names |= {plain(name): size for size, name in renames.items()}
    page = Page(latex=latex, markdown=markdown, json=json, csv=csv, rename=rename if latex or markdown else None)
    about = question(chosen, [chosen.head] if head else [], notation=notation, where=names, of=of, formula=formula)
    about = replace(
        about, named=model is not None, cost=cost, run=run_sizes, tolerance=options.tolerance(tolerance) or 0
    )
    if len(claims) > 1:
        for claim in claims:
            if not path_suffix(claim):
                raise Unreadable("claims", claim, "one formula or number, quoted, or paths of files")
        for option, wanted in (("JSON", json), ("CSV", csv)):
            if wanted:
                raise Conflict(f"--{option.lower()}", "several files", f"{option} holds one answer, so pass one file")
    reports = [_audited(claim, about, table=table) for claim in claims]
    for report in reports:
        show(report, page)
    if code := exit_code(standing for report in reports for standing in standings(report)):
        raise typer.Exit(code)


def _audited(text: str, about: Question, *, table: bool) -> ClaimAudit:
    """Audit one claim; say on standard error how it was read."""
    from bertsym.answers.audit import asked

    report, notes = asked(text, about, table=table)
    for line in notes:
        note(line)
    return report
