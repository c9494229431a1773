"""The start of supervisor and worker: streams that go nowhere, names that the model code cannot replace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bertsym.derive import pristine
from bertsym.derive.oracle.server import discard_standard_streams

ROOT = Path(__file__).parents[3]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_streams_of_the_worker_go_nowhere() -> None:
    """In a child, whose standard streams the model code has closed or replaced by a pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(writing, 1)
            os.close(0)
            discard_standard_streams()
            os.write(1, b"noise")
            os.write(2, b"noise")
            os._exit(len(os.read(0, 10)))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)


@pytest.mark.parametrize("flags", [[], ["--sequential"]])
def test_the_server_ends_when_the_client_goes(flags: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bertsym.derive.oracle.server", *flags],
        cwd=ROOT,
        input=b"",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_request_before_a_target_is_unusable() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bertsym.derive.oracle.server"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"build": {"hidden": 8}}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"index": 0, "answer": {"unusable": "no target is open"}}


def test_names_of_ours_survive_their_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "dumps", None)
    monkeypatch.setattr(json, "loads", None)
    monkeypatch.setattr(time, "sleep", None)
    assert pristine.loads(pristine.dumps({"build": [1, None]})) == {"build": [1, None]}
    pristine.sleep(0)
