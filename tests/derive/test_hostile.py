"""Model code that writes into whatever is open, closes it, forks or hides processes: right shapes, or an error.

Modules are generated at random. Each misbehaves at its import, in its constructor and in threads. The answer is
compared with the tensors that they have by construction. No process of theirs may be left running.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sympy import Symbol

from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.types import CannotDerive
from tests.derive.test_prefetch import processes_with

MODULE = """
import atexit, builtins, fcntl, json, os, signal, socket, subprocess, sys, threading, time
from torch import nn

def attempt(call, *args):
    try:
        return call(*args)
    except (OSError, EOFError, RuntimeError):  # input() has been robbed of its streams
        return None

{at_import}

def build(hidden):
    {in_constructor}
    return nn.Linear(hidden, 2 * hidden)
"""
# Code that does any of these, in any order, is built as if it did not.
TOLERATED = [
    "[attempt(os.write, fd, b'{}\\n') for fd in range(256)]",
    "[attempt(os.write, fd, b'\\x00' * 70) for fd in range(5000)]",
    "os.closerange(0, 256)",
    "os.closerange(3, 5000)",
    "[attempt(os.close, fd) for fd in (2, 1, 0)]",
    "null = os.open(os.devnull, os.O_RDWR); [os.dup2(null, fd) for fd in range(3, 60)]",
    "os.fork()",
    "os.fork() or time.sleep(1000)",
    "os.fork() or (os.setsid(), os.fork() or time.sleep(1000), os._exit(3))",
    "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
    "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "threading.Thread(target=os.fork).start()",
    "sys.stdout = sys.stderr = None; print('nowhere')",
    "attempt(input)",
    "attempt(sys.stdin.read)",
    "os.chdir('/')",
    "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)]",
    "atexit.register(os.abort)",
    "json.dumps = json.loads = None",
    "socket.socket = None",
    "attempt(print, 'noise' * 100_000)",
    "os.umask(0o777)",
]
# These go on while messages pass: a message that they hit is sent again, or given up with an error.
CONCURRENT = [
    "threading.Thread(target=lambda: [attempt(os.write, fd, b'x') for _ in range(400) for fd in range(256)]).start()",
    "threading.Thread(target=lambda: [os.closerange(3, 300) for _ in range(400)]).start()",
    "threading.Thread(target=lambda: [attempt(os.write, fd, b'x') for _ in range(9) for fd in range(5000)]).start()",
]
FATAL = {
    "os._exit(7)": "with exit code 7",
    "os.kill(os.getppid(), signal.SIGKILL)": "by signal 9",
    "os.fork() and os._exit(0)": "with exit code 0",
    "__import__('resource').setrlimit(7, (0, 0))": "connections",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder for modules; afterwards no process of theirs is alive."""
    token = f"hostile{os.getpid()}{tmp_path.name}"
    monkeypatch.setenv("BERTSYM_TEST", token)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not processes_with(token)


def module(folder: Path, name: str, at_import: list[str], in_constructor: list[str]) -> str:
    text = MODULE.replace("{at_import}", "\n".join(at_import)).replace(
        "{in_constructor}", "\n    ".join(in_constructor) or "pass"
    )
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return f"{name}:build"


def shapes(worker: Worker, target: str, sizes: list[int]) -> list[dict[str, tuple[int, ...]]]:
    oracle = BuildOracle(worker, target, {"hidden": 8})
    oracle.prefetch([{"hidden": hidden} for hidden in sizes])
    inventories = [oracle.build({"hidden": hidden}) for hidden in sizes]
    return [{name: entry.shape for name, entry in built.items()} for built in inventories if built is not None]


def right(sizes: list[int]) -> list[dict[str, tuple[int, ...]]]:
    return [{"weight": (2 * hidden, hidden), "bias": (2 * hidden,)} for hidden in sizes]


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("seed", range(2))
def test_random_misbehaviour_is_tolerated(seed: int, folder: Path) -> None:
    """Fifteen modules in one process, so that each lives with the deeds of those before it."""
    random = Random(seed)
    with Worker(30) as worker:
        for number in range(15):
            drawn = [random.sample(TOLERATED, random.randrange(4)) for _ in range(2)]
            sizes = random.sample(range(2, 30), random.randrange(1, 6))
            target = module(folder, f"tolerated_{seed}_{number}", *drawn)
            assert shapes(worker, target, sizes) == right(sizes), f"seed {seed}, {drawn}"


@pytest.mark.usefixtures("torch")
def test_every_deed_is_tolerated(folder: Path) -> None:
    with Worker(30) as worker:
        for number, deed in enumerate(TOLERATED):
            target = module(folder, f"every_{number}", [deed] * (number % 2), [deed] * (1 - number % 2))
            assert shapes(worker, target, [3, 4, 5]) == right([3, 4, 5]), deed


@pytest.mark.usefixtures("torch")
def test_a_trace_is_not_disturbed(folder: Path) -> None:
    """The trace of code that misbehaves equals the trace of the same code alone."""
    random = Random(9)
    symbols, fields = {"hidden": Symbol("H", integer=True, positive=True)}, {"hidden": 8}
    with Worker(30) as worker:
        alone = BuildOracle(worker, module(folder, "alone", [], []), fields).traces([fields], symbols)
        assert alone != [None]
        for number in range(3):
            deeds = random.sample(TOLERATED, 6)
            oracle = BuildOracle(worker, module(folder, f"read_{number}", [], deeds), fields)
            assert oracle.traces([fields], symbols) == alone, deeds


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("deed", CONCURRENT)
def test_concurrent_misbehaviour_is_tolerated_or_named(deed: str, folder: Path) -> None:
    target = module(folder, "meanwhile", [], [deed])
    with Worker(30) as worker:
        try:
            outcome: object = shapes(worker, target, [3, 4, 5, 6])
        except CannotDerive as error:
            outcome = str(error)
    assert outcome == right([3, 4, 5, 6]) or "meanwhile:build" in str(outcome)


@pytest.mark.usefixtures("torch")
def test_fatal_misbehaviour_is_named(folder: Path) -> None:
    random = Random(5)
    for number, (deed, how) in enumerate(FATAL.items()):
        hidden = ["subprocess.Popen(['sleep', '1000'], start_new_session=True)", *random.sample(TOLERATED, 1)]
        target = module(folder, f"ended_{number}", hidden, [deed])
        with Worker(2) as worker, pytest.raises(CannotDerive, match=how) as caught:
            shapes(worker, target, [3, 4])
        assert target in str(caught.value), deed


@pytest.mark.usefixtures("torch")
def test_an_error_text_steers_no_terminal(folder: Path, bertsym: Callable[..., Any]) -> None:
    strange = "\x1b[31m\n\u202e\x9b"
    text = f"""
def raising(hidden):
    raise type({strange!r}, (ValueError,), {{}})({strange!r})
"""
    (folder / "strange.py").write_text(text, encoding="utf-8")
    ran = bertsym("derive", "strange:raising", "--size", "hidden=8")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err[:-1].isprintable(), ran.err
    assert r"\x1b[31m" in ran.err
