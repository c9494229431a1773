"""Open files from strangers: only regular ones, without waiting, and read no more bytes than are wanted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from bertsym.errors import BadFile

# O_NONBLOCK opens a pipe that nobody writes to at once, so that it is rejected. Without the flag, open would wait.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, int]]:
    """Open a regular file unbuffered, with its size; raise BadFile for other files and for errors in the block."""
    try:
        descriptor = os.open(path, _FLAGS)
        with FileIO(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadFile(str(path), "not a regular file")
            yield file, status.st_size
    except FileNotFoundError:
        raise BadFile(str(path), "no such file") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def status(path: Path, *, follow: bool = True) -> os.stat_result | None:
    """Return the status of a path; None if nothing is there, or if its name is too long."""
    try:
        return path.stat(follow_symlinks=follow)
    except (OSError, ValueError):
        return None


def is_folder(path: Path) -> bool:
    """Return True if the path is that of a folder. `Path.is_dir` raises `OSError` for a name that is too long."""
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_file(path: Path) -> bool:
    """Return True if the path is that of a regular file, as `Path.is_file` does for names that are not too long."""
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def unreadable(path: Path, error: OSError | ValueError) -> BadFile:
    """Return the error of the operating system about a path as a BadFile."""
    return BadFile(str(path), f"cannot be read ({getattr(error, 'strerror', None) or error})")


def read_up_to(file: FileIO, count: int) -> bytes:
    """Read the next `count` bytes, fewer only at the end of the file."""
    pieces = []
    while count:
        piece = file.read(min(count, 2**24))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
