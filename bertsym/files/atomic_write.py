"""A file replaced whole or not at all, at whatever moment the process is ended.

The new text is written beside the old, forced to the disk, and renamed over it. The next
writer of the file removes the leftovers of a killed process: a lock, which a killed process loses, protects a live one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from bertsym.errors import BadFile

PREFIX = ".bertsym-"


def obstacle(path: Path) -> str:
    """Return the reason why the file must not be replaced, or an empty text."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return "not a file: a folder, a pipe or a device"
    if not found.st_mode & 0o222 or not os.access(path, os.W_OK):
        return "it is read-only, and stays as it is: make it writable (chmod u+w), or take a copy"
    if found.st_nlink > 1:
        return (
            f"it has {found.st_nlink} names (hard links), which would no longer be one file: "
            "take a copy, or remove the others"
        )
    if os.geteuid() not in (0, found.st_uid):
        return "it belongs to somebody else, and replacing it would make it yours: take a copy"
    return ""


def write_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a new file, or replace the one at that path whole; raises `BadFile`.

    The data may come in pieces. If making one of them fails, the file stays as it is.
    """
    try:
        problem = obstacle(path) if path.is_file() else ""
        if not problem:
            replaced(path, data)
    except (OSError, ValueError) as error:
        problem = f"cannot be written ({getattr(error, 'strerror', None) or error})"
    if problem:
        raise BadFile(str(path), problem)


def replaced(path: Path, data: bytes | Iterable[bytes], expected: bytes | None = None) -> bool:
    """Put the data in the file's place; return False if it does not hold what was expected. Raises `OSError`.

    A symbolic link stays one. Mode, owner and extended attributes of a file that is there are kept.
    """
    target = path.resolve()
    before = _status(target)
    if before is not None and not stat.S_ISREG(before.st_mode):
        _written_into(target, data)
        return True
    _tidied(target)
    temporary = target.parent / f"{_prefix(target)}{secrets.token_hex(8)}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            with contextlib.suppress(OSError):  # a file system without locks: nothing is ever tidied there
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(handle, data)
            _likened(handle, target, before)
            os.fsync(handle)
            if expected is not None and target.read_bytes() != expected:
                temporary.unlink()
                return False
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    finally:
        os.close(handle)
    _folder_forced(target.parent)
    return True


def _status(target: Path) -> os.stat_result | None:
    try:
        return target.stat()
    except FileNotFoundError:
        return None


def _prefix(target: Path) -> str:
    """Return the prefix of temporary files for a file; the file's own name may have the greatest length."""
    return f"{PREFIX}{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"


def _tidied(target: Path) -> None:
    """Remove the leftovers of killed processes for this file."""
    for left in _beside(target):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()
            finally:
                os.close(handle)


def _beside(target: Path) -> Iterator[Path]:
    prefix = _prefix(target)
    with os.scandir(target.parent) as entries:
        yield from [Path(entry.path) for entry in entries if entry.name.startswith(prefix)]


def _write(handle: int, data: bytes | Iterable[bytes]) -> None:
    for piece in (data,) if isinstance(data, bytes) else data:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(handle, rest) :]


def _likened(handle: int, target: Path, before: os.stat_result | None) -> None:
    """Give the new file the owner, attributes and mode of the old, or of any file made now."""
    if before is None:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
        return
    new = os.fstat(handle)
    if (new.st_uid, new.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, before.st_uid, before.st_gid)
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(target):
                with contextlib.suppress(OSError):
                    os.setxattr(handle, name, os.getxattr(target, name))
    os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _folder_forced(folder: Path) -> None:
    """Force the rename to the disk; where that cannot be, a pulled plug may bring the old text back, and no worse."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _written_into(target: Path, data: bytes | Iterable[bytes]) -> None:
    """Write to a pipe or a device, which has no old text to lose."""
    handle = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write(handle, data)
    finally:
        os.close(handle)
