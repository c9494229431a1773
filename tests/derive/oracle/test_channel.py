"""Messages over the channel: whole, or refused; sent again if the connection is disturbed."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bertsym.derive.limits import MAX_MESSAGE_BYTES
from bertsym.derive.oracle.channel import (
    Channel,
    Garbled,
    Message,
    acknowledge,
    frame,
    parse_message,
    receive,
)

TOKEN = "a-token"  # noqa: S105  # of no channel


def reader(data: bytes) -> Callable[[int], bytes]:
    """Return a function that reads the data in pieces of at most three bytes, as a socket may."""
    rest = [data]

    def read(count: int) -> bytes:
        piece, rest[0] = rest[0][: min(count, 3)], rest[0][min(count, 3) :]
        return piece

    return read


def test_a_framed_payload_is_received() -> None:
    assert receive(reader(frame(TOKEN, b"payload") + b"rest"), TOKEN) == b"payload"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        frame(TOKEN, b"payload")[:-1],
        frame("b-token", b"payload"),
        b"x" + frame(TOKEN, b"payload"),
        TOKEN.encode() + b"00000000-7payload",
        TOKEN.encode() + str(MAX_MESSAGE_BYTES + 1).zfill(10).encode() + b"payload",
    ],
)
def test_bytes_that_are_no_message_are_garbled(data: bytes) -> None:
    with pytest.raises(Garbled):
        receive(reader(data), TOKEN)


def test_a_message_has_an_identity_and_an_answer() -> None:
    assert parse_message(b'[0, 12, 3]\n{"tensors": []}') == Message(0, 12, 3, b'{"tensors": []}')
    for payload in (b"", b"[0, 12]\n", b"no JSON\n{}", b"7\n{}"):
        with pytest.raises(Garbled):
            parse_message(payload)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0bertsym-test-{secrets.token_hex(8)}")
        listening.listen()
        yield listening


def address_of(listener: socket.socket) -> str:
    return bytes(listener.getsockname()).decode()


def test_a_disturbed_message_is_sent_again(listener: socket.socket) -> None:
    """The supervisor's side closes the first connection, garbles the second and serves the third."""
    messages = []

    def serve() -> None:
        listener.accept()[0].close()
        connection, _ = listener.accept()
        with connection:
            receive(connection.recv, TOKEN)
            connection.sendall(b"?")
        connection, _ = listener.accept()
        with connection:
            messages.append(parse_message(receive(connection.recv, TOKEN)))
            acknowledge(connection)
            connection.sendall(frame(TOKEN, json.dumps([5, {"build": {"hidden": 8}}]).encode()))

    thread = threading.Thread(target=serve)
    thread.start()
    channel = Channel(address_of(listener), TOKEN, 0)
    assert channel.next_request(4, {"tensors": []}) == (5, {"build": {"hidden": 8}})
    thread.join()
    assert messages == [Message(0, os.getpid(), 4, b'{"tensors": []}')]


def test_a_channel_uses_high_descriptors(listener: socket.socket) -> None:
    descriptor = Channel(address_of(listener), TOKEN, 0)._connect()
    os.close(descriptor)
    assert descriptor >= 100


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_of_the_model_code_exits_at_the_channel(listener: socket.socket) -> None:
    channel = Channel(address_of(listener), TOKEN, 0)
    child = os.fork()
    if not child:
        try:
            channel.next_request()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_limits_import_nothing() -> None:
    """The worker imports them before the model code: they must cost nothing, and depend on nothing it can replace."""
    text = (Path(__file__).parents[3] / "bertsym/derive/limits.py").read_text(encoding="utf-8")
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == ["from __future__ import annotations"]
