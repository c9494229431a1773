"""Files from strangers: only regular ones, opened without waiting, only as many bytes as are asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from bertsym.errors import BadFile

# O_NONBLOCK: a pipe that nobody writes to is opened, and refused, instead of waited for.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, int]]:
    """A regular file, unbuffered, and its size; raises `BadFile` for anything else and for whatever fails inside."""
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


def unreadable(path: Path, error: OSError | ValueError) -> BadFile:
    """What the system says of a path, as an error of this program."""
    return BadFile(str(path), f"cannot be read ({getattr(error, 'strerror', None) or error})")


def read_up_to(file: FileIO, count: int) -> bytes:
    """The next `count` bytes, fewer only at the end of the file."""
    pieces = []
    while count:
        piece = file.read(min(count, 2**24))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
