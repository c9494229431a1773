"""The command of a marker, run in this process: only commands that print, and no program."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import typer

from bertsym.cli.page import SYNTAXES
from bertsym.embed.markers import Syntax
from bertsym.errors import UnknownName, Unreadable

# `embed` writes files; `verify`, `audit` and `derive` read files or run code. A marker may do neither.
PRINTING = ("total", "show", "tensors", "explain", "diff", "solve", "compare", "models", "symbols", "macros")
_FLAGS = {Syntax.TEX: "--latex", Syntax.MARKDOWN: "--markdown", Syntax.HTML: "--markdown"}
# The base of click's usage errors. typer 0.28 contains a copy of click, and older versions import it.
_UsageError: Any = typer.BadParameter.__mro__[1]
_OUTPUTS = tuple(f"--{name}" for name in SYNTAXES)


def runner(group: Any) -> Callable[[str, Syntax], str]:
    """Return a function that runs the command line of a marker and returns its output; equal lines run once."""
    commands: dict[str, Any] = {name: group.commands[name] for name in PRINTING if name in group.commands}

    @cache
    def run(line: str, syntax: Syntax) -> str:
        words = _words(line)
        name, arguments = words[0], words[1:]
        if name not in commands:
            raise UnknownName("command for a marker", name, commands)
        command = commands[name]
        if not any(word in _OUTPUTS for word in arguments) and any(p.name == "latex" for p in command.params):
            arguments.append(_FLAGS[syntax])
        return _printed(command, name, arguments)

    return run


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


def _printed(command: Any, name: str, arguments: list[str]) -> str:
    out = io.StringIO()
    try:
        with redirect_stdout(out), command.make_context(name, arguments) as context:
            command.invoke(context)
    except typer.Exit:
        raise Unreadable("marker", f"{name} {' '.join(arguments)}", "a command that answers, not its help") from None
    except _UsageError as error:
        raise Unreadable("marker", f"{name} {' '.join(arguments)}", error.format_message()) from None
    return out.getvalue()
