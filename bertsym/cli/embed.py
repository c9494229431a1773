"""embed: the formulas and numbers in a paper kept up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertsym.cli.interrupts import interruptible
from bertsym.cli.output import emit
from bertsym.cli.streams import note
from bertsym.errors import printable

if TYPE_CHECKING:
    from bertsym.embed.refresh import Refreshed


def embed(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Papers in LaTeX, Markdown, HTML or Typst, with the files that they load; or their folders.",
        ),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a fragment is out of date.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the changes as a diff.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Keep fragments that were edited by hand until their output changes.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite also fragments that were edited by hand.")] = False,
) -> None:
    """Refresh the formulas and numbers in a paper.

    A fragment stands between the comments `% bertsym: COMMAND` and `% bertsym: end`, in Markdown between <!-- bertsym:
    COMMAND --> and <!-- bertsym: end -->. It is replaced by what COMMAND prints, such as `total bert --at L=12`.
    """
    from bertsym.cli.markers import runner
    from bertsym.embed.files import encoded, replace
    from bertsym.embed.papers import papers
    from bertsym.embed.refresh import Edits, State, refresh
    from bertsym.embed.settings import settings_of
    from bertsym.errors import Conflict, EditedByHand

    for other, set_ in (("--force", force), ("--check", check)):
        if accept and set_:
            raise Conflict("--accept", other, "--accept keeps the edits and writes their checksums")
    run = runner(context.find_root().command)
    edits = Edits.ACCEPTED if accept else Edits.OVERWRITTEN if force else Edits.KEPT
    read = papers(files)
    results = []
    for source in read.sources:
        settings = settings_of(source.path)
        runs = run(source.path.parent, settings)
        path = str(source.path)
        results.append((source, refresh(source.text, source.syntax, path, runs, settings.names, edits)))
    for outside in read.outside:
        note(f"note: {outside}")
    if diff:
        for source, result in results:
            emit(_diff(str(source.path), result.before, result.after))
    due = [(s, f) for s, r in results for state in (State.STALE, State.EDITED) for f in r.having(state)]
    if check:
        for source, fragment in due:
            typer.echo(
                printable(f"{source.path}:{fragment.line}: {fragment.state.value}: {fragment.command}"), err=True
            )
        raise typer.Exit(bool(due))
    edited = [(str(source.path), fragment.line) for source, fragment in due if fragment.state is State.EDITED]
    if edited and edits is Edits.KEPT:
        raise EditedByHand(edited)
    changed = [(source, result) for source, result in results if result.after != result.before]
    for source, result in changed:
        encoded(source, result.after)  # if one file cannot be written, none is
    with interruptible():
        for source, result in changed:
            replace(source, result.after)
            note(f"{source.path}: {_summary(result)}")


def _summary(result: Refreshed) -> str:
    """Return a line for the user: how many fragments of a file are new, and how many edits were accepted."""
    from bertsym.embed.refresh import State

    accepted = sum(finding.kept for finding in result.having(State.EDITED))
    made = sum(finding.state is not State.FRESH and not finding.kept for finding in result.findings)
    parts = [f"{made} of {len(result.findings)} fragments refreshed"] if made or not accepted else []
    return ", ".join([*parts, f"{accepted} edited by hand, accepted"] if accepted else parts)


def _diff(path: str, before: str, after: str) -> str:
    """Return the lines that differ, safe for a terminal."""
    from difflib import unified_diff

    from bertsym.embed.markers import split_lines

    old, new = ([line.rstrip("\r\n") for line in split_lines(text)] for text in (before, after))
    lines = unified_diff(old, new, path, f"{path} (refreshed)", lineterm="", n=1)
    return "".join(printable(line) + "\n" for line in lines)
