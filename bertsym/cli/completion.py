"""Completion in bash, zsh and fish: the script of each shell, and the candidates for the word that it completes.

A script runs `bertsym` with `_BERTSYM_COMPLETE=complete_bash`, and the words typed so far in other variables, as the
scripts of typer do. The shell splits the words and inserts what is printed.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bertsym.cli.candidates import Line, choice, names
from bertsym.errors import BertsymError, UnknownName, echo
from bertsym.values import value

# bash splits words at `=` and `:` too, and replaces only the part behind them. `read` does not expand `equation*`.
BASH = r"""_bertsym_completion() {
    local IFS=$'\n' reply
    COMPREPLY=()
    while read -r reply; do
        COMPREPLY+=("$reply")
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \
                 _BERTSYM_COMPLETE=complete_bash "$1" 2>/dev/null)
    case "${COMPREPLY[0]}" in
        *=) compopt -o nospace 2>/dev/null ;;
    esac
}
complete -o default -F _bertsym_completion bertsym
"""

ZSH = """#compdef bertsym

_bertsym_completion() {
  eval "$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _BERTSYM_COMPLETE=complete_zsh bertsym 2>/dev/null)"
}

compdef _bertsym_completion bertsym
"""

FISH = (
    "complete --command bertsym --no-files"
    ' --arguments "(env _BERTSYM_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args'
    ' _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) bertsym 2>/dev/null)"'
    ' --condition "env _BERTSYM_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=is-args'
    ' _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) bertsym 2>/dev/null"\n'
)

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@value
class Typed:
    """The words before the one to complete, that word, and the part of it that the shell keeps."""

    words: tuple[str, ...]
    word: str
    kept: str = ""


def answer(group: Any, request: str, environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the text that a shell asks for, and the exit code; raises `UnknownName` for another shell."""
    first, _, second = request.partition("_")
    action, shell = (second, first) if first in SCRIPTS else (first, second)
    if action not in ("complete", "source") or shell not in SCRIPTS:
        raise UnknownName(
            "completion", request, [f"{each}_{name}" for each in ("complete", "source") for name in SCRIPTS]
        )
    if action == "source":
        return SCRIPTS[shell], 0
    if shell == "bash":
        typed = _of_bash(environment.get("COMP_WORDS", ""), environment.get("COMP_CWORD", ""))
        found = complete(group, typed)
        return "".join(f"{value.removeprefix(typed.kept)}\n" for value in found), 0
    found = complete(group, _of_line(environment.get("_TYPER_COMPLETE_ARGS", environment.get("COMP_WORDS", ""))))
    if shell == "zsh":
        return _for_zsh(found), 0
    if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return "", int(not found)  # 1 lets fish complete files
    return "".join(f"{value}\t{said}".rstrip() + "\n" for value, said in found.items()), 0


def complete(group: Any, typed: Typed) -> dict[str, str]:
    """Return the words that may stand in the place of the typed one, each with its help."""
    words = list(typed.words)
    while words and words[0].startswith("-"):
        words.pop(0)
    if not words:
        listed = {name: command.get_short_help_str(80) for name, command in group.commands.items()}
        return _beginning(typed.word, listed | _options(group) if typed.word.startswith("-") else listed)
    command = group.commands.get(words[0])
    if command is None:
        return {}
    return _in_command(words[0], command, words[1:], typed.word)


def _in_command(name: str, command: Any, words: Sequence[str], word: str) -> dict[str, str]:
    """Return the completions of a word behind a command."""
    parsed = _parsed(name, command, words)
    if parsed.waiting:
        return _values(parsed.line, parsed.waiting, word)
    if not parsed.literal and word.startswith("--") and "=" in word:
        option, _, given = word.partition("=")
        return {f"{option}={value}": said for value, said in _values(parsed.line, option, given).items()}
    if not parsed.literal and word.startswith("-"):
        return _beginning(word, _options(command))
    places = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    count = len(parsed.line.arguments)
    if count < len(places):
        return _values(parsed.line, places[count].metavar or places[count].name, word)
    return _values(parsed.line, places[-1].metavar, word) if places and places[-1].nargs != 1 else {}


@value
class Parsed:
    """The words behind a command: `waiting` is the option whose value comes next, `literal` is True behind `--`."""

    line: Line
    waiting: str
    literal: bool


def _parsed(name: str, command: Any, words: Sequence[str]) -> Parsed:
    """Divide the words behind a command into arguments and options with their values."""
    takes_value = {
        option: names(p.opts)[0] for p in command.params if not getattr(p, "is_flag", True) for option in p.opts
    }
    options: dict[str, tuple[str, ...]] = {}
    arguments: list[str] = []
    waiting = ""
    literal = False
    for part in words:
        option, equals, given = part.partition("=")
        if waiting:
            options[waiting] = (*options.get(waiting, ()), part)
            waiting = ""
        elif literal or not part.startswith("-") or part == "-":
            arguments.append(part)
        elif part == "--":
            literal = True
        elif option in takes_value and equals:
            key = takes_value[option]
            options[key] = (*options.get(key, ()), given)
        else:
            waiting = takes_value.get(option, "")
    return Parsed(Line(name, tuple(arguments), options), waiting, literal)


def _values(line: Line, name: str, word: str) -> dict[str, str]:
    found = choice(line.command, name)
    return {} if found is None else found.complete(line, word)


def _options(command: Any) -> dict[str, str]:
    """Return the options of a command with the beginning of their help; the long name of each only."""
    listed = {names(p.opts)[0]: p.help or "" for p in command.params if p.param_type_name == "option" and not p.hidden}
    return listed | {"--help": "Show this message and exit."}


def _beginning(word: str, listed: Mapping[str, str]) -> dict[str, str]:
    return {name: said for name, said in listed.items() if name.startswith(word)}


def _split(text: str) -> list[str]:
    """Split a line as a shell does, where its last quotation may be open."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # an open quotation or a backslash at the end
        words.append(lexer.token)
    return words


def _of_line(text: str) -> Typed:
    """Return the words of a line up to the cursor, as zsh and fish give it."""
    words = _split(text)[1:]
    if text[-1:].isspace() and not _is_open(text):
        return Typed(tuple(words), "")
    return Typed(tuple(words[:-1]), words[-1] if words else "")


def _is_open(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return True
    return False


def _of_bash(text: str, cursor: str) -> Typed:
    """Return the words of bash, joined again where it split them at `=` and `:`; a wrong cursor is the last word."""
    pieces = text.split("\n") if "\n" in text else _split(text)
    place = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 6 else len(pieces) - 1
    pieces = [*pieces[:place], pieces[place] if place < len(pieces) else ""]
    joined: list[str] = []
    kept = ""
    open_piece = False
    for index, piece in enumerate(pieces):
        mark = bool(piece) and not set(piece) - set("=:")
        last = index == len(pieces) - 1
        before = joined[-1] if joined else ""
        if joined and (mark or open_piece) and len(joined) > 1:
            joined[-1] += piece
            kept = (before + piece if mark else before) if last else ""
        else:
            joined.append(piece)
            kept = ""
        open_piece = mark
    words = [_unquoted(word) for word in joined]
    return Typed(tuple(words[1:-1]), words[-1] if len(words) > 1 else "", kept)


def _unquoted(word: str) -> str:
    """Return a word without the quotation marks and backslashes of the shell; the last mark may be missing."""
    if not set(word) & set("'\"\\"):
        return word
    return " ".join(_split(word))


def _for_zsh(found: Mapping[str, str]) -> str:
    """Return a line of zsh that offers the words; `_files` if there are none."""
    if not found:
        return "_files\n"
    if all(word.endswith("=") for word in found):
        return f"compadd -S '' -- {' '.join(map(shlex.quote, found))}\n"
    listed = " ".join(f'"{_zsh(word)}":"{_zsh(said)}"' if said else f'"{_zsh(word)}"' for word, said in found.items())
    return f"_arguments '*: :(({listed}))'\n"


def _zsh(text: str) -> str:
    """Escape a text for the list of `_arguments`, as typer does."""
    text = re.sub(r"\s+", " ", text)
    return text.replace('"', '""').replace("'", "''").replace("$", r"\$").replace("`", r"\`").replace(":", r"\\:")


@value
class NoShell(BertsymError):
    """A shell whose completion cannot be installed.

    >>> print(NoShell("tcsh"))
    no completion for the shell 'tcsh': set SHELL to bash, zsh or fish
    """

    shell: str

    def __str__(self) -> str:
        return f"no completion for the shell {echo(self.shell)}: set SHELL to bash, zsh or fish"


def shell() -> str:
    """Return the name of the user's shell; raises `NoShell`."""
    name = os.environ.get("SHELL", "").rpartition("/")[2]
    if name not in SCRIPTS:
        raise NoShell(name)
    return name


def install(name: str, home: Path) -> tuple[Path, Path | None]:
    """Write the script of a shell below a home folder; return its file, and the file that now loads it, if one must.

    Raises `BadFile`.
    """
    from bertsym.files.atomic_write import write_file

    if name == "fish":
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions"
        file, start, line = folder / "bertsym.fish", None, ""
    elif name == "zsh":
        file, start = home / ".zfunc" / "_bertsym", Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
        line = "fpath+=~/.zfunc; autoload -Uz compinit; compinit"
    else:
        file, start = home / ".bash_completions" / "bertsym.sh", home / ".bashrc"
        line = f"source {shlex.quote(str(file))}"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_file(file, SCRIPTS[name].encode())
    if start is None:
        return file, None
    before = start.read_bytes() if start.exists() else b""
    if line.encode() not in before.splitlines():
        write_file(start, before + (b"" if before.endswith(b"\n") or not before else b"\n") + line.encode() + b"\n")
    return file, start
