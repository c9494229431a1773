"""Errors of a command line that the parser refuses: a word too many, a missing word, an option of another command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bertsym.errors import MAX_ECHO, BertsymError, clipped, echo, suggestion
from bertsym.spellings import LETTERS, SPELLINGS, run_sizes, typed
from bertsym.values import value

OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("--tex", "--format", "--to-latex"), "--latex"),
    "--md": "--markdown",
    **dict.fromkeys(("--bibtex", "--cite"), "--citation"),
    **dict.fromkeys(("--gpu", "--hardware"), "--device"),
    **dict.fromkeys(("--layers-range", "--between"), "--range"),
    **dict.fromkeys(("--solve-for", "--unknown", "--unknowns"), "--for"),
    **dict.fromkeys(("--params", "--parameters", "--budget"), "--target"),
    **dict.fromkeys(("--size", "--set", "--with"), "--at"),
    **dict.fromkeys(("--component", "--part", "--module"), "--only"),
    **dict.fromkeys(("--exclude", "--no"), "--without"),
    **dict.fromkeys(("--wrt", "--per"), "--by"),
    **dict.fromkeys(("--grep", "--filter"), "--only"),
    **dict.fromkeys(("--quantity", "--metric"), "--of"),
}
"""Options that people try, and the one that they mean."""

EXAMPLES: Mapping[str, str] = {
    "audit": "audit 110M",
    "compare": "compare bert-base-uncased gpt2-small",
    "derive": "derive bert",
    "embed": "embed paper.tex",
    "page": "page bert -o bert.html",
    "plot": "plot parts bert-base-uncased",
    "verify": "verify model.safetensors",
}
"""A whole line of each command that cannot stand alone."""

TO_FILE = ("-o", "--output", "--out", "--file")

MOST_COMMANDS = 4
"""The commands that an error names as those that have an option."""

ROOT = "bertsym"
"""The name of the program, for an option that stands before the command."""

_SIZES = re.compile(r"(?:[^\W\d][\w.-]*\s*=\s*[\w.,/*]+\s*)+")
_RUN = ("B", "S", "S_source", "r")
_WAYS = ("component", "role", "layer", "module")


@value
class Misused(BertsymError):
    """A command line that a command does not take; `next_step` is what to type.

    >>> print(Misused("total", "unexpected 'H=768'", "write `--at H=768`"))
    total: unexpected 'H=768': write `--at H=768`
    """

    command: str
    problem: str
    next_step: str

    def __str__(self) -> str:
        about = f"{self.command}: " if self.command != ROOT else ""
        return clipped(f"{about}{self.problem}: {self.next_step}", 300)


def is_size(word: str) -> bool:
    """Return True if the word is a name of a size, such as H, hidden_size or B.

    >>> is_size("hidden-size"), is_size("h"), is_size("target")
    (True, True, False)
    """
    return word in SPELLINGS or word in LETTERS or word in _RUN or bool(typed(word) or run_sizes(word))


def _help(command: str) -> str:
    return f"`bertsym {f'help {command}' if command != ROOT else '--help'}` lists the options"


def _options(command: Any) -> list[str]:
    """Return the options of a command that begin with two hyphens."""
    return [
        text
        for parameter in command.params
        for text in (*parameter.opts, *parameter.secondary_opts)
        if text[:2] == "--"
    ]


def unknown_option(name: str, option: str, words: Sequence[str], command: Any, others: Mapping[str, Any]) -> Misused:
    """Return the error for an option that a command does not have; `others` are all commands by their names."""
    bare = option.lstrip("-")
    glued = next((word for word in words if word.startswith(option) and len(word) > 2 and word[1] != "-"), "")
    if len(option) == 2 and option[0] == "-" and glued:
        # The parser reads -latex as the options -l -a -t -e -x.
        option, bare = glued.partition("=")[0], glued.partition("=")[0].lstrip("-")
    known = _options(command)
    if "--at" in known and is_size(size := bare.replace("-", "_")):
        return Misused(name, f"no option {echo(option)}", f"a size: write `--at {size}={_value(option, words)}`")
    return Misused(name, f"no option {echo(option)}", _instead(name, option, bare, known, others))


def _value(option: str, words: Sequence[str]) -> str:
    """Return the value that stands behind an option, or an ellipsis if it is no size."""
    joined = " ".join(words).partition(option)[2][:1000].lstrip("= ").partition(" ")[0]
    return joined if re.fullmatch(r"[\w.,/]+", joined) else "..."


def _instead(name: str, option: str, bare: str, known: Sequence[str], others: Mapping[str, Any]) -> str:
    """Return what to type for an option that is unknown: its whole name, a size, or the command that has it."""
    long = f"--{bare}"
    if long in known:
        return f"did you mean {long}?"
    if (meant := OPTIONS.get(option.casefold())) in known:
        return f"did you mean {meant}?"
    if len(option) != 3 and any(text.startswith(option) for text in TO_FILE) and not {"-o", "--output"} & {*known}:
        return "`> FILE` after the command writes the answer to a file"
    having = [other for other, command in others.items() if {option, long, meant} & {*_options(command)}]
    if name == ROOT and having:
        return f"options stand after the command, as in `bertsym {having[0]} {long}`"
    if {long, meant} & {"--citation", "--version", "--install-completion", "--show-completion"}:
        return f"it stands before a command: `bertsym {meant or long}`"
    if 0 < len(having) <= MOST_COMMANDS:
        *first, last = (f"`bertsym {other}`" for other in having)
        return f"{', '.join(first)} and {last} have it" if first else f"{last} has it"
    if having:
        return _help(name)
    close = suggestion(bare, [text[2:] for text in known])
    return re.sub(r"(?<=mean |..or )", "--", close) if close.startswith("did") else _help(name)


@value
class Extra:
    """The words that a command has no place for (`words`), the ones that it has taken, and its options."""

    command: str
    words: tuple[str, ...]
    taken: tuple[str, ...]
    options: tuple[str, ...]

    def advice(self) -> str:
        """Return what to type instead."""
        ways = (self.sizes, self.target, self.unknowns, self.option, self.way, self.model, self.part)
        return next((said for way in ways if (said := way())), _help(self.command))

    def sizes(self) -> str:
        """Return advice for sizes with their values."""
        joined = " ".join(self.words)
        if "--at" in self.options and len(joined) <= MAX_ECHO and _SIZES.fullmatch(joined):
            sizes = re.sub(r"\s*=\s*", "=", joined).split()
            return f"write `--at {','.join(size.strip(',') for size in sizes)}`"
        return ""

    def target(self) -> str:
        """Return advice for a number of parameters."""
        every = (*self.taken, *self.words)
        counts = [count for word in every if (count := _count(word))]
        rest = [word for word in every if not _count(word)]
        if "--target" not in self.options or len(counts) != 1 or len(rest) > 1:
            return ""
        return f"a number of parameters: `bertsym {' '.join([self.command, *rest])} --target {counts[0]}`"

    def unknowns(self) -> str:
        """Return advice for names of sizes that blanks separate."""
        if "--for" in self.options and all(is_size(word.strip(",")) for word in self.words):
            return "names of sizes stand in one list, with commas and no blanks, as in `--for H,L,heads`"
        return ""

    def option(self) -> str:
        """Return advice for an option without its hyphens."""
        first = self.words[0].casefold()
        return f"did you mean --{first}?" if f"--{first}" in self.options else ""

    def way(self) -> str:
        """Return advice for a way to break a count down."""
        if self.command == "diff" and len(self.words) == 1 and is_size(self.words[0]):
            return f"did you mean --by {self.words[0]}?"
        first = self.words[0].casefold().removesuffix("s")
        return f"did you mean --by {first}?" if "--by" in self.options and first in _WAYS else ""

    def model(self) -> str:
        """Return advice for a name with blanks, and for a second model."""
        whole = " ".join((*self.taken, *self.words))
        if all(word[:1].isalnum() for word in self.words) and _is_model(whole):
            return f"a name with blanks stands in quotes: `bertsym {self.command} {_quoted(whole)}`"
        if self.taken and _is_model(self.taken[0]) and all(_is_model(word) for word in self.words):
            return f"one model is counted at a time: `bertsym compare {_quoted(self.taken[0])} ...` takes several"
        return ""

    def part(self) -> str:
        """Return advice for anything else behind a model: a head, a part, a word of a value with blanks."""
        first = self.words[0]
        if "--head" in self.options and _is_head(first):
            return f"did you mean --head {first}?"
        if not any(character.isalnum() for character in first):
            return "a value with blanks stands in quotes"
        return f"did you mean --only {first}?" if "--only" in self.options and _is_part(first) else ""


def unexpected(name: str, words: Iterable[str], taken: Iterable[str], command: Any) -> Misused:
    """Return the error for words that a command has no place for."""
    extra = Extra(name, tuple(words), tuple(taken), tuple(_options(command)))
    return Misused(name, f"unexpected {echo(' '.join(extra.words))}", extra.advice())


def refused(name: str, error: Any, words: Sequence[str], command: Any, others: Mapping[str, Any]) -> Misused:
    """Return the error for a command line that the parser refused."""
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        return unknown_option(name, str(option), words, command, others)
    parameter = getattr(error, "param", None)
    if option is not None:
        taken = next((each for each in command.params if option in each.opts), None)
        if taken is not None and not taken.is_flag:
            sample = str(taken.metavar)
            named = f"`{option} {sample}`" if re.search(r"[=\d]", sample) else ""
            return Misused(name, f"{option} has no value", f"pass one, as in {named}" if named else _help(name))
        return Misused(name, f"{option} takes no value", "write it alone")
    if parameter is not None and not error.message:
        example = f"as in `bertsym {EXAMPLES[name]}`" if name in EXAMPLES else _help(name)
        return Misused(name, f"no {str(parameter.metavar).rstrip('.')}", example)
    return Misused(name, str(error.format_message()).removesuffix("."), _help(name))


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w./-]+", text, re.ASCII) else f"'{text}'" if "'" not in text else "MODEL"


def _count(word: str) -> str:
    """Return a number of parameters in the spelling that `--target` takes, or an empty text."""
    from bertsym.names.mistaken import count

    return count(word)


def _is_model(text: str) -> bool:
    from bertsym import atlas
    from bertsym.names.reading import spelled

    return spelled(text, tuple(atlas.index())) is not None


def _is_head(word: str) -> bool:
    from bertsym.names.heads import ALIASES, meanings

    return word in ALIASES or bool(meanings(word))


def _is_part(word: str) -> bool:
    from bertsym.cli.candidates import COMPONENTS, ROLES

    return word in (*COMPONENTS, *ROLES)
