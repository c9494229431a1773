"""embed: the formulas and numbers in a paper kept up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bertsym.cli.interrupts import interruptible
from bertsym.cli.output import emit
from bertsym.errors import printable


def embed(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Papers in LaTeX, Markdown or HTML: .tex, .md, .html and others."),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a fragment is out of date.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the changes as a diff.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite also fragments that were edited by hand.")] = False,
) -> None:
    """Refresh the formulas and numbers in a paper.

    A fragment stands between the comments `% bertsym: COMMAND` and `% bertsym: end`, in Markdown between <!-- bertsym:
    COMMAND --> and <!-- bertsym: end -->. It is replaced by what COMMAND prints, such as `total bert --at L=12`.
    """
    from bertsym.cli.markers import runner
    from bertsym.embed.files import encoded, read, replace
    from bertsym.embed.refresh import State, refresh
    from bertsym.errors import EditedByHand

    run = runner(context.find_root().command)
    sources = [read(path) for path in {path.resolve(): path for path in reversed(files)}.values()][::-1]
    results = [(source, refresh(source.text, source.syntax, str(source.path), run)) for source in sources]
    edited = [(str(s.path), fragment.line) for s, result in results for fragment in result.having(State.EDITED)]
    for source, result in results:
        if diff:
            emit(_diff(str(source.path), result.before, result.after))
        for fragment in (*result.having(State.STALE), *result.having(State.EDITED)):
            location = f"{source.path}:{fragment.line}"
            typer.echo(printable(f"{location}: {fragment.state.value}: {fragment.command}"), err=True)
    if check:
        raise typer.Exit(any(result.having(State.STALE) or result.having(State.EDITED) for _, result in results))
    if edited and not force:
        raise EditedByHand(edited)
    changed = [(source, result.after) for source, result in results if result.after != result.before]
    for source, text in changed:
        encoded(source, text)  # if one file cannot be written, none is
    with interruptible():
        for source, text in changed:
            replace(source, text)


def _diff(path: str, before: str, after: str) -> str:
    """Return the lines that differ, safe for a terminal."""
    from difflib import unified_diff

    from bertsym.embed.markers import split_lines

    old, new = ([line.rstrip("\r\n") for line in split_lines(text)] for text in (before, after))
    lines = unified_diff(old, new, path, f"{path} (refreshed)", lineterm="", n=1)
    return "".join(printable(line) + "\n" for line in lines)
