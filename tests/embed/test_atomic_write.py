"""A write is whole or not at all: the process is killed at every system call in turn, and at every call of `os`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.embed.files import read, replace
from bertsym.errors import BadFile
from bertsym.files import atomic_write

pytestmark = pytest.mark.slow

OLD = "% bertsym: total\n% bertsym: end\n" + "old\n" * 3000
NEW = "new\n" * 5000
TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
MOST_STOPS = 1_000


def paper_in(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "paper.tex"
    path.write_text(OLD, encoding="utf-8")
    path.chmod(0o640)
    return path


def is_whole_and_mended(path: Path) -> bool:
    """Check what a killed write left, write again, and check that; return True if the killed write was done."""
    text = path.read_text(encoding="utf-8")
    assert text in (OLD, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    strays = [left for left in path.parent.iterdir() if left != path]
    assert all(left.name.startswith(".bertsym-") and not left.suffix for left in strays), strays
    if text == OLD:
        replace(read(path), NEW)
    assert path.read_text(encoding="utf-8") == NEW
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    return text == NEW


def traced(stops: int, work: Callable[[], object]) -> bool:
    """Do the work in a child, killed at so many entries to and exits from system calls; True if it came to its end."""
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    child = os.fork()
    if not child:
        try:
            if ptrace(TRACEME, 0, None, None):
                os._exit(77)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        pytest.skip("nobody may trace here; the next test tries the calls of os")
    assert not ptrace(SETOPTIONS, child, None, 0x100000 | 1)
    for _ in range(stops):
        assert not ptrace(SYSCALL, child, None, None)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            return True
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def test_killed_at_every_system_call(tmp_path: Path) -> None:
    outcomes = []
    for stops in range(1, MOST_STOPS):
        path = paper_in(tmp_path / str(stops))
        source = read(path)
        finished = traced(stops, lambda source=source: replace(source, NEW))  # type: ignore[misc]
        outcomes.append(is_whole_and_mended(path))
        if finished:
            break
    else:
        pytest.fail(f"not done after {MOST_STOPS} stops")
    assert len(outcomes) > 40
    assert outcomes == sorted(outcomes)  # once it is done, it stays done
    assert 0 < sum(outcomes) < len(outcomes)


OF_OS = ["open", "write", "fsync", "fchmod", "fchown", "close", "rename", "replace", "unlink", "scandir", "stat"]
OF_OS += ["fstat", "listxattr", "setxattr", "getxattr", "umask"]


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_call_of_os(tmp_path: Path, *, after: bool) -> None:
    """As before, where nobody may trace: the child kills itself before, or after, its n-th call."""
    for number in range(1, 200):
        path = paper_in(tmp_path / str(number))
        source = read(path)
        child = os.fork()
        if not child:
            try:
                _count_down(number, after=after)
                replace(source, NEW)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        done = is_whole_and_mended(path)
        if os.WIFEXITED(status):
            assert done
            assert number > 8
            return
    pytest.fail("not done after 200 calls")


def _count_down(number: int, *, after: bool) -> None:
    left = [number]

    def counted(call: Any) -> Any:
        def counting(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0] and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = call(*args, **named)
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return counting

    for name in OF_OS:
        setattr(os, name, counted(getattr(os, name)))


def test_a_write_that_is_at_work_is_not_tidied_away(tmp_path: Path) -> None:
    path = paper_in(tmp_path / "x")
    stray = path.with_name(atomic_write._prefix(path) + "0" * 16)
    stray.write_text("somebody writes")
    holder = os.open(stray, os.O_WRONLY)
    import fcntl

    fcntl.flock(holder, fcntl.LOCK_EX)
    replace(read(path), NEW)
    assert stray.exists()
    os.close(holder)
    path.write_text(OLD)
    replace(read(path), NEW)
    assert not stray.exists()


def test_a_read_only_file_stays_as_it_is(tmp_path: Path) -> None:
    path = paper_in(tmp_path / "x")
    path.chmod(0o444)
    before = path.stat()
    with pytest.raises(BadFile, match="read-only"):
        replace(read(path), NEW)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_of_two_names_stays_one(tmp_path: Path) -> None:
    path = paper_in(tmp_path / "x")
    os.link(path, tmp_path / "other.tex")
    with pytest.raises(BadFile, match="2 names"):
        replace(read(path), NEW)
    assert path.samefile(tmp_path / "other.tex")
    assert path.read_text() == OLD


def test_attributes_and_owner_are_kept(tmp_path: Path) -> None:
    path = paper_in(tmp_path / "x")
    with contextlib.suppress(OSError):  # not every file system has them
        os.setxattr(path, "user.note", b"mine")
    with contextlib.suppress(OSError):  # nor may everybody give files away
        os.chown(path, 12345, 54321)
    noted, owner = os.listxattr(path), (path.stat().st_uid, path.stat().st_gid)
    replace(read(path), NEW)
    assert os.listxattr(path) == noted
    assert (path.stat().st_uid, path.stat().st_gid) == owner
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_leaves_the_file(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    for number in range(12):
        path = paper_in(tmp_path / str(number))
        source = read(path)
        name = random.choice(["open", "write", "fsync", "fchmod", "scandir"])
        left = [random.randrange(3)]
        real = getattr(os, name)

        def failing(*args: Any, real: Any = real, left: list[int] = left, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return real(*args, **named)

        with monkeypatch.context() as patched:
            patched.setattr(os, name, failing)
            problem = ""
            try:
                replace(source, NEW)
            except BadFile as error:
                problem = str(error)
        assert not problem or "No space left" in problem
        assert path.read_text() == (OLD if problem else NEW)
        assert list(path.parent.iterdir()) == [path], f"seed {seed}, {name}"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".tex")
    path.write_text(OLD)
    replace(read(path), NEW)
    assert path.read_text() == NEW
