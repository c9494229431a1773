"""Processes that model code starts are found and ended, wherever they hide."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from bertsym.derive.oracle.process_tree import descendants, kill_marked

ROOT = Path(__file__).parents[3]
SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]
# A process that adopts a grandchild in another session, kills it, and exits with the number of survivors.
SCRIPT = """
import os, time
from bertsym.derive.oracle.process_tree import adopt_orphans, descendants, kill_descendants
adopt_orphans()
if not os.fork():
    os.setsid()
    if not os.fork():
        time.sleep(1000)
    os._exit(0)
while len(descendants()) != 2:  # the orphan, and its parent that nobody has reaped
    time.sleep(0.01)
kill_descendants()
os._exit(len(descendants()))
"""


def test_descendants_in_other_sessions_are_killed() -> None:
    assert subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, check=False).returncode == 0


def test_descendants_are_listed() -> None:
    with subprocess.Popen(SLEEP) as process:
        assert process.pid in descendants()
        assert os.getpid() not in descendants()
        process.kill()


def test_marked_processes_are_killed_and_no_others() -> None:
    mark = secrets.token_hex(8)
    marked = subprocess.Popen(SLEEP, env={**os.environ, "BERTSYM_TEST_MARK": mark})
    other = subprocess.Popen(SLEEP, env={**os.environ, "BERTSYM_TEST_MARK": f"{mark}0"})
    kill_marked(f"BERTSYM_TEST_MARK={mark}".encode())
    assert marked.wait() == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()
