"""The start of the processes that run a model's code, and what each of them does: take a request, give an answer.

The code's own output goes nowhere and its memory is limited. Nothing of ours is open while it runs (`Channel`). What it
leaves behind is ended by a process that never runs it (`Front`).
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

from bertsym.derive.oracle.channel import LOST, Channel
from bertsym.derive.oracle.front import COPY, FIRST, Front, adopt_orphans, die_with_parent, end_all
from bertsym.derive.oracle.worker import Session

MOST_MEMORY = 12 * 2**30
ALONE = "--alone"


def main() -> NoReturn:
    """Start a process for the code, and stand between it and bertsym."""
    token = secrets.token_hex(16)
    address = f"\0bertsym-{token}"  # a name of Linux, which is no file
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    adopt_orphans()
    first = os.fork()
    if not first:
        listener.close()
        serve(address, token)
    try:
        Front(listener, token, first, alone=ALONE in sys.argv).run()
    finally:
        end_all()
        os._exit(0)


def serve(address: str, token: str) -> NoReturn:
    """Run the code: answer requests until nobody asks any more."""
    try:
        os.setsid()
        die_with_parent()
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        session, channel = Session(), Channel(address, token, FIRST)
        nowhere()
        answer: dict[str, Any] | None
        number, request = channel.next_request()
        while True:
            if "copy" in request:
                own = copied(address, token)
                channel, done, answer = (own, None, None) if own else (channel, number, {})
            else:
                done, answer = number, session.answer(request)
                nowhere()
            number, request = channel.next_request(done, answer)
    finally:
        os._exit(LOST)


def nowhere() -> None:
    """Let standard input be empty and standard output go nowhere, whatever the code has made of them."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)


def copied(address: str, token: str) -> Channel | None:
    """Fork; return the channel of the copy in the copy, which is an orphan at once, so that its end is noticed."""
    between = os.fork()
    if between:
        with suppress(ChildProcessError):
            os.waitpid(between, 0)
        return None
    between = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == between:
        time.sleep(0.001)
    die_with_parent()  # the parent that it has from now on
    return Channel(address, token, COPY)


if __name__ == "__main__":
    main()
