"""The supervisor between a client and workers that run no model code: each request is answered once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# A supervisor and a worker that does what the fields say: answer, exit, or ask again without an answer.
SCRIPT = """
import os, secrets, socket
from bertsym.derive.oracle.channel import Channel
from bertsym.derive.oracle.process_tree import adopt_orphans, kill_descendants
from bertsym.derive.oracle.server import fork_worker
from bertsym.derive.oracle.supervisor import Supervisor

address, token = f"\\0bertsym-test-{secrets.token_hex(8)}", secrets.token_hex(8)

def work(channel):
    number, request = channel.next_request()
    while True:
        if "fork" in request:
            forked = fork_worker(address, token)
            channel, number = (forked, None) if forked else (channel, number)
            number, request = channel.next_request(number, {})
            continue
        fields = request.get("build", {})
        if "exit" in fields:
            os._exit(fields["exit"])
        if "forget" in fields:
            number = None
        number, request = channel.next_request(number, {"request": request, "process": os.getpid()})

listener = socket.socket(socket.AF_UNIX)
listener.bind(address)
listener.listen()
adopt_orphans()
worker = os.fork()
if not worker:
    work(Channel(address, token, 0))
try:
    Supervisor(listener, token, worker, sequential=SEQUENTIAL).run()
finally:
    kill_descendants()
    os._exit(0)
"""

Ask = Callable[[dict[str, Any], int], list[dict[str, Any]]]


@pytest.fixture(params=[True, False], ids=["sequential", "parallel"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Yield a function that sends a request and reads so many answers."""
    script = SCRIPT.replace("SEQUENTIAL", str(request.param))
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def send(message: dict[str, Any], count: int) -> list[dict[str, Any]]:
        stdin.write(json.dumps(message).encode() + b"\n")
        stdin.flush()
        return [json.loads(stdout.readline()) for _ in range(count)]

    yield send
    stdin.close()
    process.wait()
    stdout.close()


def test_each_build_is_answered_once_with_its_index(ask: Ask) -> None:
    (opened,) = ask({"target": "a:b", "sizes": {}}, 1)
    assert opened["index"] == 0
    assert opened["answer"]["request"] == {"target": "a:b", "sizes": {}}
    builds = [{"build": {"hidden": hidden}} for hidden in range(20)]
    answers = ask({"parallel": builds}, len(builds))
    assert sorted(answer["index"] for answer in answers) == list(range(20))
    assert all(answer["answer"]["request"] == builds[answer["index"]] for answer in answers)


def test_at_most_one_fork_shares_the_builds(ask: Ask, request: pytest.FixtureRequest) -> None:
    answers = ask({"parallel": [{"build": {"hidden": hidden}} for hidden in range(200)]}, 200)
    processes = {answer["answer"]["process"] for answer in answers}
    is_parallel = "parallel" in request.node.name and len(os.sched_getaffinity(0)) > 1
    assert len(processes) <= 1 + is_parallel


def test_the_end_of_the_worker_answers_all_open_requests(ask: Ask) -> None:
    assert ask({"build": {"exit": 7}}, 1) == [{"index": 0, "answer": {"ended": 7}}]
    assert ask({"build": {"hidden": 8}}, 1) == [{"index": 0, "answer": {"ended": 7}}]


def test_a_worker_that_never_answers_is_unusable(ask: Ask) -> None:
    (answer,) = ask({"build": {"forget": True}}, 1)
    assert "closes, or writes into, the connections" in answer["answer"]["unusable"]
