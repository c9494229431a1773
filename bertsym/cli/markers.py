"""The command of a marker, run in this process: only commands that print, and no program."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import typer

from bertsym.embed.markers import Syntax
from bertsym.embed.refresh import Run
from bertsym.embed.settings import NO_SETTINGS, REPEATED, Settings
from bertsym.errors import BadFile, Conflict, UnknownName, Unreadable
from bertsym.printing import SYNTAXES

# `embed` writes files; `verify`, `audit` and `derive` read files or run code. A marker may do neither.
PRINTING = ("total", "show", "tensors", "explain", "diff", "solve", "compare", "models", "symbols", "macros", "plot")
_FLAGS = {Syntax.TEX: "latex", Syntax.MARKDOWN: "markdown", Syntax.HTML: "html", Syntax.TYPST: "typst"}
# The options that one syntax has and the others refuse.
_OF_SYNTAX = {"flavor": "markdown", "tex-encoding": "latex", "math-font": "latex"}


def runner(group: Any) -> Callable[[Path, Settings], Run]:
    """Return a function from a folder and settings to what runs the command line of a marker and returns its output.

    A path in a marker is relative to the folder. Equal lines of one folder run once.
    """
    commands: dict[str, Any] = {name: group.commands[name] for name in PRINTING if name in group.commands}

    @cache
    def run(line: str, syntax: Syntax, folder: Path, options: tuple[tuple[str, str], ...]) -> str:
        words = _words(line)
        name, arguments = words[0], words[1:]
        if name not in commands:
            raise UnknownName("command for a marker", name, commands)
        command = commands[name]
        chosen = next((word[2:] for word in arguments if word[2:] in SYNTAXES and word.startswith("--")), "")
        parameters = {parameter.name for parameter in command.params}
        flag = _FLAGS[syntax]
        if not chosen and flag in parameters:
            arguments.append(f"--{flag}")
        elif not chosen and syntax is not Syntax.TEX:
            raise Conflict(name, f"the file, which needs --{flag}", "the command does not print this syntax")
        arguments = [*_settled(options, arguments, parameters, chosen or flag), *arguments]
        return _printed(command, name, arguments, folder, line)

    def in_folder(folder: Path, settings: Settings = NO_SETTINGS) -> Run:
        return lambda line, syntax: run(line, syntax, folder, settings.options)

    return in_folder


def _settled(
    options: tuple[tuple[str, str], ...], arguments: list[str], parameters: set[str | None], output: str
) -> Iterator[str]:
    """Yield the options of the settings that the command takes, the syntax has, and the marker leaves open."""
    given = {argument.partition("=")[0] for argument in arguments}
    for name, text in options:
        taken = name.replace("-", "_") in parameters and _OF_SYNTAX.get(name, output) == output
        if taken and (name in REPEATED or f"--{name}" not in given):
            yield f"--{name}={text}"


def _words(line: str) -> list[str]:
    """Split a line as a shell does, but keep backslashes, which TeX needs; raises `Unreadable`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise Unreadable("marker", line, "a command with its quotes closed") from None


def _printed(command: Any, name: str, arguments: list[str], folder: Path, line: str) -> str:
    out = io.StringIO()
    try:
        with _within(folder), redirect_stdout(out), command.make_context(name, arguments) as context:
            if context.params.get("output") is not None:
                raise Unreadable("marker", line, "a command that prints, without -o")
            command.invoke(context)
    except typer.Exit:
        raise Unreadable("marker", line, "a command that answers, not its help") from None
    return out.getvalue()


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    """Enter the folder, so that relative paths begin at it; raises `BadFile` if it cannot be entered."""
    try:
        entered = chdir(folder)
        entered.__enter__()
    except OSError as error:
        raise BadFile(str(folder), error.strerror or "cannot be entered") from error
    try:
        yield
    finally:
        entered.__exit__()
