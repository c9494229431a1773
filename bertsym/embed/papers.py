r"""The files of a paper: those that the user names, those of a folder, and those that a main file loads by `\input`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from bertsym.embed import tex_examples, typst_examples
from bertsym.embed.files import SYNTAXES, Source, read
from bertsym.embed.markers import Syntax, split_lines
from bertsym.errors import BadFile
from bertsym.values import value

MOST_FILES = 2_000
"""The number of files of one paper. A larger folder is one that the user did not mean, such as a home."""

MOST_ENTRIES = 100_000
MOST_BYTES = 256 * 1024 * 1024
"""The bytes of the files of one paper, which are read before any is written."""

SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist"})


@value
class Outside:
    """A file that a paper loads from outside its folder, which `embed` leaves alone."""

    path: str
    line: int
    name: str

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: {self.name} is outside the folder of the paper and was left alone; name it too"
        )


@value
class Papers:
    """The files to refresh, each once, and the files outside that were left alone."""

    sources: tuple[Source, ...]
    outside: tuple[Outside, ...]


def papers(paths: Iterable[Path]) -> Papers:
    """Read the files of each path; raise `BadFile` for one that cannot be read, or for too many.

    - A file that the user names is read, with the files that it loads from its folder and the folders below.
    - Of a folder, every file that holds a marker is read, except hidden folders and symbolic links.
    """
    found: dict[Path, Source] = {}
    outside: list[Outside] = []
    size = 0
    for path in paths:
        chosen = _of_folder(path) if _is_folder(path) else _of_main_file(path, outside)
        for source in chosen:
            resolved = _resolved(source.path)
            if resolved in found:
                continue
            found[resolved] = source
            size += len(source.raw)
            if len(found) > MOST_FILES:
                raise BadFile(str(path), f"more than {MOST_FILES:,} files: name the folders of the paper")
            if size > MOST_BYTES:
                raise BadFile(str(path), f"more than {MOST_BYTES:,} bytes in its files: name the folders of the paper")
    return Papers(tuple(found.values()), tuple(dict.fromkeys(outside)))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a null character
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise BadFile(str(path), "cannot be read") from error


def _of_folder(folder: Path) -> Iterator[Source]:
    """Yield the files of a folder that hold a marker, without following links."""
    seen = 0
    for place, folders, files in os.walk(folder, onerror=_refused):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
        seen += len(files) + len(folders)
        if seen > MOST_ENTRIES:
            raise BadFile(str(folder), f"more than {MOST_ENTRIES:,} files in it: name the folders of the paper")
        for name in sorted(files):
            path = Path(place, name)
            if path.suffix.casefold() in SYNTAXES and path.is_file() and not path.is_symlink():
                source = read(path)
                if _holds_marker(source):
                    yield source


def _refused(error: OSError) -> None:
    raise BadFile(str(error.filename), error.strerror or "cannot be read") from error


def _holds_marker(source: Source) -> bool:
    return source.syntax.value.anywhere.search(source.text) is not None


def _of_main_file(path: Path, outside: list[Outside]) -> Iterator[Source]:
    """Yield a file, and those that it loads and that hold a marker; note a file outside the folder."""
    root = path.parent
    seen = {_resolved(path)}
    waiting = deque([path])
    while waiting:
        source = read(waiting.popleft())
        if source.path is path or _holds_marker(source):
            yield source
        asked = set()
        for line, name, folders in _loaded(source, root):
            if (name, folders) in asked:
                continue
            asked.add((name, folders))
            target = _inside(name, folders, root, source.syntax)
            if target is None:
                outside.append(Outside(str(source.path), line + 1, name))
            elif target and _resolved(target[0]) not in seen:
                seen.add(_resolved(target[0]))
                if len(seen) > MOST_FILES:
                    raise BadFile(str(path), f"it loads more than {MOST_FILES:,} files")
                waiting.append(target[0])


def _loaded(source: Source, root: Path) -> Iterator[tuple[int, str, tuple[Path, ...]]]:
    """Yield the line, the name and the folders of each file that the source loads."""
    lines = [line.rstrip("\r\n") for line in split_lines(source.text)]
    match source.syntax:
        case Syntax.TEX:
            for found in tex_examples.inputs(lines):
                yield found.line, found.name, (source.path.parent,) if found.beside else (root, source.path.parent)
        case Syntax.TYPST:
            for line, name in typst_examples.inputs(lines):
                yield line, name.removeprefix("/"), (root if name.startswith("/") else source.path.parent,)


def _inside(name: str, folders: tuple[Path, ...], root: Path, syntax: Syntax) -> list[Path] | None:
    """Return the file of that name as a list: empty if there is none to refresh, None for one outside the root.

    A link that leads out of the root is outside too.
    """
    endings = (".tex", "") if syntax is Syntax.TEX else ("",)
    for folder in folders:
        for end in endings:
            try:
                path = folder / (name + end)
                if not path.is_file():
                    continue
                if not path.resolve().is_relative_to(root.resolve()):
                    return None
            except (OSError, ValueError, RuntimeError):  # a null character, a name too long, a loop of links
                continue
            return [path] if path.suffix.casefold() in SYNTAXES else []
    return []
