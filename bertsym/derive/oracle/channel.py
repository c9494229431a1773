"""The channel between the supervisor and a worker: one new connection a message, and none while the model code runs.

So the model code finds no descriptor of ours that it could close or write into. A thread of the code may still disturb
a connection in the moments in which there is one. A message begins with a token and its length, so that the receiver
notices, and the worker sends it again.

A worker sends its identity and its answer to the last request. The supervisor acknowledges them with one byte, and
later sends the next request over the same connection.
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

from bertsym.derive.limits import MAX_DESCRIPTORS, MAX_MESSAGE_BYTES, MAX_SEND_ATTEMPTS
from bertsym.derive.pristine import dumps, loads, sleep
from bertsym.values import value

EXIT_UNREACHABLE = 75  # the exit code of a worker that cannot reach the supervisor any more
_LENGTH_DIGITS = 10
_ACKNOWLEDGED = b"!"

# `load_target` closes the network by changing a method of socket.socket. Its base class in C keeps the method.
Socket = socket.SocketType
# Model code can replace the functions of `os`, but not these names.
_read, _write, _close, _getpid, _exit = os.read, os.write, os.close, os.getpid, os._exit


class Garbled(Exception):
    """Received bytes that are no message."""


def frame(token: str, payload: bytes) -> bytes:
    """Return a message as it is sent: token, length of the payload, payload."""
    return token.encode() + str(len(payload)).zfill(_LENGTH_DIGITS).encode() + payload


def receive(read: Callable[[int], bytes], token: str) -> bytes:
    """Return the payload of the next message; raise `Garbled` or `OSError`."""
    head = _read_exactly(read, len(token) + _LENGTH_DIGITS)
    length = head[len(token) :]
    if head[: len(token)] != token.encode() or not length.isdigit() or int(length) > MAX_MESSAGE_BYTES:
        raise Garbled
    return _read_exactly(read, int(length))


def _read_exactly(read: Callable[[int], bytes], count: int) -> bytes:
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
    """A message of a worker: its identity, its process, and its answer to the request `number`, if there was one."""

    worker: int
    process: int
    number: int | None
    answer: bytes


def parse_message(payload: bytes) -> Message:
    """Return the message of a worker; raise `Garbled`. The answer stays unread JSON."""
    head, _, answer = payload.partition(b"\n")
    try:
        worker, process, number = loads(head)
    except (ValueError, TypeError):
        raise Garbled from None
    return Message(worker, process, number, answer)


def acknowledge(connection: socket.socket) -> None:
    """Tell the worker that its message has arrived."""
    connection.sendall(_ACKNOWLEDGED)


class Channel:
    """The worker's end of the channel. It belongs to one process: a fork that the model code made exits here."""

    def __init__(self, address: str, token: str, worker: int) -> None:
        self.address, self.token, self.worker = address, token, worker
        self.process = _getpid()
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.descriptors = MAX_DESCRIPTORS if hard_limit == resource.RLIM_INFINITY else min(hard_limit, MAX_DESCRIPTORS)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, hard_limit))

    def next_request(self, number: int | None = None, answer: object = None) -> tuple[int, Any]:
        """Send the answer to request `number`, if there is one, and wait for the next request and its number.

        Exit with `EXIT_UNREACHABLE` if `MAX_SEND_ATTEMPTS` connections were disturbed.
        """
        text = dumps(answer).encode() if number is not None else b""
        if len(text) > MAX_MESSAGE_BYTES // 2:
            text = dumps({"unusable": "its inventory is too long"}).encode()
        for attempt in range(MAX_SEND_ATTEMPTS):
            if _getpid() != self.process:
                _exit(0)  # the model code has forked, and the copy of the worker returns from the code too
            with contextlib.suppress(OSError, Garbled):
                descriptor = self._connect()
                read = partial(_read, descriptor)
                try:
                    head = dumps([self.worker, self.process, number]).encode()
                    unsent = memoryview(frame(self.token, head + b"\n" + text))
                    while unsent:
                        unsent = unsent[_write(descriptor, unsent) :]
                    if _read_exactly(read, 1) != _ACKNOWLEDGED:
                        raise Garbled
                    number, text = None, b""
                    request = loads(receive(read, self.token))
                    return request[0], request[1]
                finally:
                    with contextlib.suppress(OSError):
                        _close(descriptor)
            sleep(0.001 * attempt)
        _exit(EXIT_UNREACHABLE)
        raise AssertionError("unreachable")

    def _connect(self) -> int:
        """Return a connection on a random high descriptor, because hostile code writes into all the low ones."""
        connection = Socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self.address)
            at_least = random.randrange(self.descriptors // 2, self.descriptors - 1)  # noqa: S311
            with contextlib.suppress(OSError):
                return fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, at_least)
            return connection.detach()
        finally:
            connection.close()
