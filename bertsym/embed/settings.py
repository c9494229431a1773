"""Settings that the files of a paper share: `bertsym.toml` in their folder or above it.

```toml
[let]
ours = "bert-base-uncased --at L=10"

[options]
notation = "kaplan"
rename = ["H=h"]
flavor = "github"
```

`let` gives a name to words, as a marker with `let` does in one file. `options` are those of every marker that has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from bertsym.embed.markers import NAME, NO_NAMES, put_in
from bertsym.errors import BadFile, UnknownName, Unreadable, echo
from bertsym.files.jsonfile import read_bytes
from bertsym.values import value

FILE = "bertsym.toml"
REPOSITORY = ".git"
"""The search for settings ends at the root of a repository."""

MOST_BYTES = 2**16
MOST_LETTERS = 1000

# A paper has one notation, and every command that prints formulas takes it. A width is for some fragments alone.
ONCE = ("notation", "flavor", "tex-encoding", "math-font")
REPEATED = ("rename",)
TABLES = ("let", "options")


@value
class Settings:
    """Names for the words of markers, and options as pairs of a name and its value."""

    names: Mapping[str, str] = NO_NAMES
    options: tuple[tuple[str, str], ...] = ()


NO_SETTINGS = Settings()


def settings_of(path: Path) -> Settings:
    """Return the settings of a file: of the nearest `bertsym.toml` in its folder or above; raise `BadFile`."""
    try:
        folder = path.parent.resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise BadFile(str(path), "its folder cannot be found") from error
    return _of_folder(folder)


def _of_folder(folder: Path) -> Settings:
    for above in (folder, *folder.parents):
        if (above / FILE).is_file():
            return read_settings(above / FILE)
        if (above / REPOSITORY).exists():
            break
    return NO_SETTINGS


@cache
def read_settings(path: Path) -> Settings:
    """Read a settings file; raise `BadFile` or `UnknownName`."""
    from tomllib import TOMLDecodeError, loads  # noqa: PLC0415  # only a paper with settings pays for it

    try:
        tables = loads(read_bytes(path, MOST_BYTES).decode())
    except (TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFile(str(path), f"not TOML: {echo(str(error))}") from None
    for name in tables:
        if name not in TABLES:
            raise UnknownName(f"table of {FILE}", name, TABLES)
    return Settings(_names(path, tables.get("let", {})), tuple(_options(path, tables.get("options", {}))))


def _names(path: Path, table: object) -> Mapping[str, str]:
    """Return the names of `[let]`, each with the names above it put in."""
    names: dict[str, str] = {}
    for name, words in _pairs(path, "let", table):
        if not NAME.fullmatch(name):
            raise BadFile(
                str(path), f"let {echo(name)}: a name has letters, digits and hyphens, and begins with a letter"
            )
        try:
            names[name] = put_in(_words(path, f"let {name}", words), names)
        except Unreadable as error:
            raise BadFile(str(path), f"let {name}: {error}") from None
    return MappingProxyType(names)


def _options(path: Path, table: object) -> list[tuple[str, str]]:
    """Return the options of `[options]`."""
    options = []
    for name, words in _pairs(path, "options", table):
        if name in REPEATED and isinstance(words, list):
            options += [(name, _words(path, f"option {name}", each)) for each in words]
        elif name in (*ONCE, *REPEATED):
            options.append((name, _words(path, f"option {name}", words)))
        else:
            raise UnknownName(f"option of {FILE}", name, (*ONCE, *REPEATED))
    return options


def _pairs(path: Path, title: str, table: object) -> list[tuple[str, object]]:
    if not isinstance(table, dict):
        raise BadFile(str(path), f"[{title}] is no table")
    return list(table.items())


def _words(path: Path, what: str, words: object) -> str:
    if not isinstance(words, str) or not words.strip() or len(words) > MOST_LETTERS or not words.isprintable():
        raise BadFile(str(path), f"{echo(what)}: expected a text on one line, of at most {MOST_LETTERS:,} letters")
    return words.strip()
