"""The channel to the process that runs the model's code: a new connection for each answer, none while the code runs.

So the code has nothing of ours to close or to write into. What a thread of it does to a connection, in the moments in
which there is one, is seen, for a message begins with a token and its length, and the message is sent again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from bertsym.derive.pristine import MAX_MESSAGE_BYTES, dumps, loads, sleep
from bertsym.values import value

ATTEMPTS = 40
LOST = 75  # the exit code of a process that cannot be reached any more
MOST_DESCRIPTORS = 4096
_DIGITS = 10
_OK = b"!"

# The class below socket.socket: the network is closed to model code by changing the methods of the latter.
Socket = socket.SocketType
_read, _write, _close, _getpid, _exit = os.read, os.write, os.close, os.getpid, os._exit


class Garbled(Exception):
    """Bytes that are no message."""


def framed(token: str, payload: bytes) -> bytes:
    """A message as it is sent."""
    return token.encode() + str(len(payload)).zfill(_DIGITS).encode() + payload


def received(read: Callable[[int], bytes], token: str) -> bytes:
    """The next message; raises `Garbled` or `OSError`."""
    head = _exactly(read, len(token) + _DIGITS)
    length = head[len(token) :]
    if head[: len(token)] != token.encode() or not length.isdigit() or int(length) > MAX_MESSAGE_BYTES:
        raise Garbled
    return _exactly(read, int(length))


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    pieces = []
    while count:
        piece = read(min(count, 2**20))
        if not piece:
            raise Garbled
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


@value
class Message:
    """A message of a process that runs code: its identity, and its answer to the request of a number, if it has one."""

    who: int
    process: int
    number: int | None
    answer: bytes


def parsed(payload: bytes) -> Message:
    """The message; raises `Garbled`."""
    head, _, answer = payload.partition(b"\n")
    try:
        who, process, number = loads(head)
    except (ValueError, TypeError):
        raise Garbled from None
    return Message(who, process, number, answer)


def acknowledge(connection: socket.socket) -> None:
    """Say that a message has arrived."""
    connection.sendall(_OK)


class Channel:
    """This end: answers are given and requests taken by the one process `who`, and by no copy of it."""

    def __init__(self, address: str, token: str, who: int) -> None:
        self.address, self.token, self.who = address, token, who
        self.process = _getpid()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.descriptors = MOST_DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, MOST_DESCRIPTORS)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, most))

    def next_request(self, number: int | None = None, answer: object = None) -> tuple[int, Any]:
        """Say the answer to the request of that number, if there is one; return the next number and request."""
        said = dumps(answer).encode() if number is not None else b""
        if len(said) > MAX_MESSAGE_BYTES // 2:
            said = dumps({"unusable": "its inventory is too long"}).encode()
        for attempt in range(ATTEMPTS):
            if _getpid() != self.process:
                _exit(0)  # the code has forked, and its copy comes out of the code too
            with contextlib.suppress(OSError, Garbled):
                descriptor = self._connected()
                read = partial(_read, descriptor)
                try:
                    head = dumps([self.who, self.process, number]).encode()
                    rest = memoryview(framed(self.token, head + b"\n" + said))
                    while rest:
                        rest = rest[_write(descriptor, rest) :]
                    if _exactly(read, 1) != _OK:
                        raise Garbled
                    number, said = None, b""
                    found = loads(received(read, self.token))
                    return found[0], found[1]
                finally:
                    with contextlib.suppress(OSError):
                        _close(descriptor)
            sleep(0.001 * attempt)
        _exit(LOST)
        raise AssertionError("unreachable")

    def _connected(self) -> int:
        """A connection on a high descriptor, out of the way of code that writes into all the low ones."""
        connection = Socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self.address)
            low = random.randrange(self.descriptors // 2, self.descriptors - 1)  # noqa: S311
            with contextlib.suppress(OSError):
                return fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, low)
            return connection.detach()
        finally:
            connection.close()
