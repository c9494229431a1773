"""The supervisor: the process between bertsym and the workers. It never runs model code, and hands requests to them.

It reads requests from standard input and writes answers to standard output, a line of JSON each: `{"index": 3,
"answer": {...}}`. The index is the position in a list of parallel requests, else 0. It speaks with the workers over a
`Channel`. There is one worker. If requests are parallel, and there are two processors, a fork of the worker takes
some of them. Whatever the model code starts is the supervisor's to end (`process_tree`).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
from collections import deque
from typing import Any, NamedTuple

from bertsym.derive.limits import MAX_LOST_MESSAGES, MAX_RECEIVE_SECONDS, SUPERVISOR_TICK_SECONDS
from bertsym.derive.oracle.channel import EXIT_UNREACHABLE, Garbled, Message, acknowledge, frame, parse_message, receive

PRIMARY, FORK = 0, 1  # the identities of the two workers
DISTURBED = "it closes, or writes into, the connections that bertsym asks it over"


class Task(NamedTuple):
    """A request to a worker; `internal` if the supervisor itself made it. Otherwise the answer goes to bertsym."""

    number: int
    request: Any
    position: int
    any_worker: bool = False
    internal: bool = False


class Supervisor:
    """The queue of open requests, and the workers that wait for one.

    A request is in `queue` until a worker takes it, then in `assigned` until its answer arrives. If the worker calls
    again without that answer, or ends, the request goes back to the front of the queue.
    """

    def __init__(self, listener: socket.socket, token: str, primary: int, *, sequential: bool) -> None:
        self.listener, self.token, self.primary = listener, token, primary
        self.sequential = sequential or len(os.sched_getaffinity(0)) < 2
        self.parent = os.getppid()
        self.last_number = 0
        self.queue: deque[Task] = deque()
        self.assigned: dict[int, tuple[int, Task]] = {}
        self.waiting: dict[int, socket.socket] = {}
        self.fork: int | None = None
        self.fork_requested = False
        self.end: dict[str, Any] | None = None
        self.lost_messages = 0
        self.unread = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(0, selectors.EVENT_READ, self._read_requests)
        self.selector.register(listener, selectors.EVENT_READ, self._accept_message)
        # The end of a child wakes the selector up.
        self.wakeup, wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.selector.register(self.wakeup, selectors.EVENT_READ, lambda: os.read(self.wakeup, 4096))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)

    def run(self) -> None:
        """Serve until bertsym closes standard input or ends."""
        with contextlib.suppress(EOFError, BrokenPipeError):
            while os.getppid() == self.parent:
                for key, _ in self.selector.select(SUPERVISOR_TICK_SECONDS):
                    if key.fileobj in self.selector.get_map():  # an earlier callback may have closed it
                        key.data()
                self._reap()

    def _read_requests(self) -> None:
        piece = os.read(0, 2**20)
        if not piece:
            raise EOFError
        *lines, self.unread = (self.unread + piece).split(b"\n")
        for line in lines:
            self._enqueue(json.loads(line))

    def _enqueue(self, request: dict[str, Any]) -> None:
        if "target" in request:
            self._end_fork()
            self.fork_requested, self.lost_messages = False, 0
        parallel = request.get("parallel")
        if parallel is None:
            self.queue.append(self._task(request, 0))
        else:
            if len(parallel) > 1 and not self.sequential and not self.fork_requested:
                self.fork_requested = True
                self.queue.append(self._task({"fork": True}, 0, internal=True))
            self.queue += [self._task(request, index, any_worker=True) for index, request in enumerate(parallel)]
        self._assign()

    def _task(self, request: Any, index: int, *, any_worker: bool = False, internal: bool = False) -> Task:
        self.last_number += 1
        return Task(self.last_number, request, index, any_worker, internal)

    def _write_answer(self, index: int, answer: bytes) -> None:
        unsent = memoryview(b'{"index": %d, "answer": %b}\n' % (index, answer))
        while unsent:
            unsent = unsent[os.write(1, unsent) :]

    def _assign(self) -> None:
        """Give the first task that fits to each waiting worker; after the primary's end, answer all with that."""
        if self.end is not None:
            while self.queue:
                self._write_answer(self.queue.popleft().position, json.dumps(self.end).encode())
            return
        for worker in sorted(self.waiting):
            task = next((task for task in self.queue if worker == PRIMARY or task.any_worker), None)
            if task is None:
                continue
            self.queue.remove(task)
            self.assigned[task.number] = worker, task
            connection = self._stop_waiting(worker)
            with connection, contextlib.suppress(OSError):  # a worker that did not receive the task calls again
                connection.sendall(frame(self.token, json.dumps([task.number, task.request]).encode()))

    def _stop_waiting(self, worker: int) -> socket.socket:
        connection = self.waiting.pop(worker)
        self.selector.unregister(connection)
        return connection

    def _accept_message(self) -> None:
        connection, _ = self.listener.accept()
        connection.settimeout(MAX_RECEIVE_SECONDS)
        try:
            message = parse_message(receive(connection.recv, self.token))
            acknowledge(connection)
        except (OSError, Garbled):
            connection.close()
            self._count_lost()
            return
        if message.number is not None:
            self._pass_on(message)
        self._await_task(message, connection)
        self._assign()

    def _await_task(self, message: Message, connection: socket.socket) -> None:
        worker = message.worker
        if worker == FORK:
            self.fork = message.process
        if worker in self.waiting:
            self._stop_waiting(worker).close()
        self.waiting[worker] = connection
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._drop(worker))
        self._take_back(worker)

    def _take_back(self, worker: int) -> None:
        """Queue the tasks of this worker again: it has not received them, or it has ended."""
        for number, (assignee, task) in list(self.assigned.items()):
            if assignee == worker:
                del self.assigned[number]
                if not task.internal:
                    self.queue.appendleft(task)
                self._count_lost()

    def _drop(self, worker: int) -> None:
        """Drop a waiting connection that the model code closed or wrote into: the worker calls again."""
        if worker in self.waiting:
            self._stop_waiting(worker).close()

    def _pass_on(self, message: Message) -> None:
        _, task = self.assigned.pop(message.number or 0, (PRIMARY, None))
        if task is not None and not task.internal:  # None: the worker sent the answer twice
            self._write_answer(task.position, message.answer)

    def _count_lost(self) -> None:
        """Count a lost message; refuse all open requests if there were too many."""
        self.lost_messages += 1
        if self.lost_messages > MAX_LOST_MESSAGES:
            open_tasks = [*self.queue, *(task for _, task in self.assigned.values())]
            self.queue.clear()
            self.assigned.clear()
            for task in open_tasks:
                if not task.internal:
                    self._write_answer(task.position, json.dumps({"unusable": DISTURBED}).encode())

    def _reap(self) -> None:
        """Reap ended children. Orphans of the model code are among them, and need nothing else."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            if process == self.primary:
                self.end = self._end_answer(os.waitstatus_to_exitcode(status))
                self.queue.extendleft(task for _, task in self.assigned.values() if not task.internal)
                self.assigned.clear()
                self._assign()
            elif process == self.fork:
                self.fork = None
                if FORK in self.waiting:
                    self._stop_waiting(FORK).close()
                self._take_back(FORK)
                self._assign()

    @staticmethod
    def _end_answer(code: int) -> dict[str, Any]:
        return {"unusable": DISTURBED} if code == EXIT_UNREACHABLE else {"ended": code}

    def _end_fork(self) -> None:
        if self.fork is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.fork, signal.SIGKILL)
        self.fork = None
        if FORK in self.waiting:
            self._stop_waiting(FORK).close()
