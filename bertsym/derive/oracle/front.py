"""Between bertsym and the model's code: a process that never runs the code, and hands requests to those that do.

It speaks with bertsym over its standard streams, a line of JSON a message, and over a `Channel` with the processes that
run the code. They are one, or two where many builds are asked for at once and there are processors for them. Whatever
the code starts, and wherever it hides it, is this process's to end.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

from bertsym.derive.oracle.channel import LOST, Garbled, Message, acknowledge, framed, parsed, received

FIRST, COPY = 0, 1
TICK = 0.5
PATIENCE = 10.0  # seconds in which a message that has begun arrives
MOST_LOST = 50
MOST_ENDED = 200
DISTURBED = "it closes, or writes into, the connections that bertsym asks it over"
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # of prctl


class Task(NamedTuple):
    """A request, and what becomes of its answer: the place to be told with it, or nothing where it is our own."""

    number: int
    request: Any
    place: int
    shared: bool = False
    own: bool = False


class Front:
    """The requests that are open, and the processes that wait for one."""

    def __init__(self, listener: socket.socket, token: str, first: int, *, alone: bool) -> None:
        self.listener, self.token, self.first = listener, token, first
        self.alone = alone or len(os.sched_getaffinity(0)) < 2
        self.parent = os.getppid()
        self.numbers = 0
        self.todo: deque[Task] = deque()
        self.given: dict[int, tuple[int, Task]] = {}
        self.idle: dict[int, socket.socket] = {}
        self.copy: int | None = None
        self.copied = False
        self.ended: dict[str, Any] | None = None
        self.lost = 0
        self.rest = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(0, selectors.EVENT_READ, self._asked)
        self.selector.register(listener, selectors.EVENT_READ, self._called)
        self.woken, waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.selector.register(self.woken, selectors.EVENT_READ, lambda: os.read(self.woken, 4096))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def run(self) -> None:
        """Go on until bertsym is gone."""
        with contextlib.suppress(EOFError, BrokenPipeError):
            while os.getppid() == self.parent:
                for key, _ in self.selector.select(TICK):
                    if key.fileobj in self.selector.get_map():  # it may have been closed meanwhile
                        key.data()
                self._reap()

    def _asked(self) -> None:
        """Read what bertsym asks."""
        piece = os.read(0, 2**20)
        if not piece:
            raise EOFError
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, request: dict[str, Any]) -> None:
        if "target" in request:
            self._end_copy()
            self.copied, self.lost = False, 0
        builds = request.get("builds")
        if builds is None:
            self.todo.append(self._task(request, 0))
        else:
            if len(builds) > 1 and not self.alone and not self.copied:
                self.copied = True
                self.todo.append(self._task({"copy": True}, 0, own=True))
            self.todo += [self._task({"build": fields}, place, shared=True) for place, fields in enumerate(builds)]
        self._hand_out()

    def _task(self, request: Any, place: int, *, shared: bool = False, own: bool = False) -> Task:
        self.numbers += 1
        return Task(self.numbers, request, place, shared, own)

    def _tell(self, line: bytes) -> None:
        rest = memoryview(line + b"\n")
        while rest:
            rest = rest[os.write(1, rest) :]

    def _hand_out(self) -> None:
        """Give what is to be done to those that wait for it."""
        if self.ended is not None:
            while self.todo:
                self._tell(json.dumps({"place": self.todo.popleft().place, "answer": self.ended}).encode())
            return
        for who in sorted(self.idle):
            task = next((task for task in self.todo if who == FIRST or task.shared), None)
            if task is None:
                continue
            self.todo.remove(task)
            self.given[task.number] = who, task
            connection = self._forget(who)
            with connection, contextlib.suppress(OSError):  # it asks again if it has not got it
                connection.sendall(framed(self.token, json.dumps([task.number, task.request]).encode()))

    def _forget(self, who: int) -> socket.socket:
        connection = self.idle.pop(who)
        self.selector.unregister(connection)
        return connection

    def _called(self) -> None:
        """Read what one of them has to say."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        try:
            message = parsed(received(connection.recv, self.token))
            acknowledge(connection)
        except (OSError, Garbled):
            connection.close()
            self._disturbed()
            return
        if message.number is not None:
            self._answered(message)
        self._waits(message, connection)
        self._hand_out()

    def _waits(self, message: Message, connection: socket.socket) -> None:
        who = message.who
        if who == COPY:
            self.copy = message.process
        if who in self.idle:
            self._forget(who).close()
        self.idle[who] = connection
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._dropped(who))
        self._hand_back(who)

    def _hand_back(self, who: int) -> None:
        """Take back what this one was given: it has not got it, or is gone."""
        for number, (to, task) in list(self.given.items()):
            if to == who:
                del self.given[number]
                if not task.own:
                    self.todo.appendleft(task)
                self._disturbed()

    def _dropped(self, who: int) -> None:
        """Let go of a connection that was closed, or into which something was written: it asks anew."""
        if who in self.idle:
            self._forget(who).close()

    def _answered(self, message: Message) -> None:
        _, task = self.given.pop(message.number or 0, (FIRST, None))
        if task is not None and not task.own:  # else it was told twice
            self._tell(b'{"place": %d, "answer": %b}' % (task.place, message.answer))

    def _disturbed(self) -> None:
        """Give up where messages do not arrive, again and again."""
        self.lost += 1
        if self.lost > MOST_LOST:
            open_tasks = [*self.todo, *(task for _, task in self.given.values())]
            self.todo.clear()
            self.given.clear()
            for task in open_tasks:
                if not task.own:
                    self._tell(json.dumps({"place": task.place, "answer": {"unusable": DISTURBED}}).encode())

    def _reap(self) -> None:
        """Notice which processes have ended; those of the code's own are children of this one too, once orphaned."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            if process == self.first:
                self.ended = self._as_answer(os.waitstatus_to_exitcode(status))
                self.todo.extendleft(task for _, task in self.given.values() if not task.own)
                self.given.clear()
                self._hand_out()
            elif process == self.copy:
                self.copy = None
                if COPY in self.idle:
                    self._forget(COPY).close()
                self._hand_back(COPY)
                self._hand_out()

    @staticmethod
    def _as_answer(code: int) -> dict[str, Any]:
        return {"unusable": DISTURBED} if code == LOST else {"ended": code}

    def _end_copy(self) -> None:
        if self.copy is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.copy, signal.SIGKILL)
        self.copy = None
        if COPY in self.idle:
            self._forget(COPY).close()


def adopt_orphans() -> None:
    """Become the parent of whatever the code starts and leaves, so that it can be ended."""
    _control(SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Let the end of the parent, however it comes, be the end of this process."""
    _control(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _control(option: int, argument: int) -> None:
    import ctypes  # noqa: PLC0415  # 5 ms, in which the other process goes on

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def end_all() -> None:
    """End every process that comes from this one, those that the code has moved to other sessions too."""
    for _ in range(MOST_ENDED):
        for process in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _descendants() -> list[int]:
    """Children, their children and so on, as far as they are known."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(path.parent.name)] = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
    found: list[int] = []
    fringe = {os.getpid()}
    while fringe:
        fringe = {process for process, parent in parents.items() if parent in fringe}
        found += fringe
    return found
