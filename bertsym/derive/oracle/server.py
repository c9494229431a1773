"""The start of the processes behind the client: `python -m bertsym.derive.oracle.server [--sequential]`.

This process becomes the supervisor, and its first child the worker. The worker's output goes nowhere, its memory is
limited, and nothing of ours is open while the model code runs (`Channel`).
"""

from __future__ import annotations

import os
import resource
import secrets
import socket
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

from bertsym.derive.limits import MAX_WORKER_MEMORY_BYTES
from bertsym.derive.oracle.channel import EXIT_UNREACHABLE, Channel
from bertsym.derive.oracle.process_tree import adopt_orphans, die_with_parent, kill_descendants
from bertsym.derive.oracle.supervisor import FORK, PRIMARY, Supervisor
from bertsym.derive.oracle.worker import Session

SEQUENTIAL = "--sequential"


def main() -> NoReturn:
    """Fork the worker, supervise it, and end it with all that it started."""
    token = secrets.token_hex(16)
    address = f"\0bertsym-{token}"  # an abstract address of Linux, which is no file
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    adopt_orphans()
    worker = os.fork()
    if not worker:
        listener.close()
        run_worker(address, token)
    try:
        Supervisor(listener, token, worker, sequential=SEQUENTIAL in sys.argv).run()
    finally:
        kill_descendants()
        os._exit(0)


def run_worker(address: str, token: str) -> NoReturn:
    """Answer requests until the process is killed. After a request to fork, the fork does so on its own channel."""
    try:
        os.setsid()
        die_with_parent()
        resource.setrlimit(resource.RLIMIT_AS, (MAX_WORKER_MEMORY_BYTES, MAX_WORKER_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        session, channel = Session(), Channel(address, token, PRIMARY)
        discard_standard_streams()
        answer: dict[str, Any] | None
        number, request = channel.next_request()
        while True:
            if "fork" in request:
                fork_channel = fork_worker(address, token)
                channel, answered, answer = (fork_channel, None, None) if fork_channel else (channel, number, {})
            else:
                answered, answer = number, session.answer(request)
                discard_standard_streams()
            number, request = channel.next_request(answered, answer)
    finally:
        os._exit(EXIT_UNREACHABLE)


def discard_standard_streams() -> None:
    """Make standard input empty and send standard output nowhere, whatever the model code did to them."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)


def fork_worker(address: str, token: str) -> Channel | None:
    """Fork the worker; return the fork's channel in the fork, and None in the worker itself.

    The fork is a grandchild whose parent exits at once. So the supervisor adopts the fork and notices its end.
    """
    middle = os.fork()
    if middle:
        with suppress(ChildProcessError):
            os.waitpid(middle, 0)
        return None
    middle = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == middle:
        time.sleep(0.001)
    die_with_parent()  # the supervisor, from now on
    return Channel(address, token, FORK)


if __name__ == "__main__":
    main()
