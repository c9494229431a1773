"""The client of the worker: the process as seen from bertsym, and the membership oracle on top of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from sympy import Symbol

from bertsym.derive.concolic.trace import ConcolicTrace, decode_trace
from bertsym.derive.layer_list_field import ListField
from bertsym.derive.limits import (
    MAX_EXIT_SECONDS,
    MAX_MESSAGE_BYTES,
    MAX_TIMED_OUT_BUILDS,
    MIN_START_SECONDS,
    TRACE_GRACE_SECONDS,
)
from bertsym.derive.oracle.process_tree import kill_marked
from bertsym.derive.types import Arguments, CannotDerive, Description, Entry, Fields, Inventory, Number, Rejection
from bertsym.expressions.reader import Malformed
from bertsym.values import replace

MARK = "BERTSYM_WORKER"  # the environment variable by which the worker's descendants are known
TAMPERED = "it changes what bertsym answers with in its process"
_ANSWER_HEAD = re.compile(rb'\{"index": ([0-9]{1,9}), "answer": ')

Key = frozenset[tuple[str, Number]]
Selection = Callable[[Fields, Inventory], Inventory]
"""A function of the fields of a build and its inventory, which returns the tensors that a search is about."""


class Worker:
    """A process that runs model code, started by the first request; a context manager, so that nothing stays behind.

    `seconds` limits one build. A process that ended, by its code or by a time limit, is started again by the next
    request. If `parallel`, lists of requests use two processors, else one.
    """

    def __init__(self, seconds: float, *, parallel: bool = True) -> None:
        self.seconds, self.parallel = seconds, parallel
        self.process: subprocess.Popen[bytes] | None = None
        self.unread, self.mark = b"", ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # The folder that holds bertsym, wherever it was imported from, comes before the caller's own path.
        path = os.pathsep.join(
            [str(Path(__file__).resolve().parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}
        self.mark = secrets.token_hex(16)
        environment[MARK] = self.mark
        self.unread = b""
        return subprocess.Popen(  # noqa: S603  # ourselves
            [sys.executable, "-m", "bertsym.derive.oracle.server", *([] if self.parallel else ["--sequential"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process and whatever the model code started."""
        if self.process is None:
            return
        assert self.process.stdin is not None  # noqa: S101  # as it was started
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # the supervisor then kills what the model code started, wherever that went
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(MAX_EXIT_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self.process.wait():  # the model code killed the supervisor, which therefore killed nothing
            kill_marked(f"{MARK}={self.mark}".encode())
        self.process = None

    def request(self, target: str, request: object, seconds: float) -> dict[str, Any]:
        """Return the answer to a request; raise `CannotDerive` as `request_many` does."""
        return self.request_many(1, target, request, seconds)[0]

    def request_many(self, count: int, target: str, request: object, seconds: float) -> list[dict[str, Any]]:
        """Return `count` answers to a request, each with its `index`, in the order in which they arrive.

        Raise `CannotDerive` if the process ends, sends something else, or takes longer than `seconds` for an answer.
        Nothing of the process is left then. Raise `CannotDerive` also if the target is unusable.
        """
        if self.process is None:
            self.process = self._start()
        try:
            answers = list(self._answers(count, self.process, target, request, seconds))
        except BaseException:
            self.close()
            raise
        for answer in answers:
            if "unusable" in answer:
                raise CannotDerive(target, answer["unusable"])
        return answers

    def _answers(
        self, count: int, process: subprocess.Popen[bytes], target: str, request: object, seconds: float
    ) -> Iterator[dict[str, Any]]:
        assert process.stdin is not None  # noqa: S101  # as it was started
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _process_ended(process.wait(), target) from None
        for _ in range(count):
            answer, index = _parse_answer(self._read_line(process, target, seconds), target)
            if "ended" in answer:
                raise _process_ended(answer["ended"], target)
            yield answer | {"index": index}

    def _read_line(self, process: subprocess.Popen[bytes], target: str, seconds: float) -> bytes:
        assert process.stdout is not None  # noqa: S101  # as it was started
        deadline = time.monotonic() + seconds
        pieces = [self.unread]
        while b"\n" not in pieces[-1]:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise CannotDerive(target, f"it did not finish within {seconds:g} seconds; --timeout allows more")
            piece = os.read(process.stdout.fileno(), 2**20)
            if not piece:
                raise _process_ended(process.wait(), target)
            pieces.append(piece)
            if sum(map(len, pieces)) > MAX_MESSAGE_BYTES:
                raise CannotDerive(target, "its inventory is too long")
        line, _, self.unread = b"".join(pieces).partition(b"\n")
        return line


def _parse_answer(line: bytes, target: str) -> tuple[dict[str, Any], int]:
    """Return an answer and the index of its build; raise `CannotDerive` if the line is neither."""
    try:
        message = json.loads(line)
        answer, index = message["answer"], message["index"]
        if isinstance(answer, dict) and isinstance(index, int):
            return answer, index
    except RecursionError:
        if head := _ANSWER_HEAD.match(line):
            return {"rejected": "its answer is nested too deeply"}, int(head[1])
    except (ValueError, KeyError, TypeError):
        pass
    raise CannotDerive(target, TAMPERED)


def _process_ended(code: int, target: str) -> CannotDerive:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return CannotDerive(target, f"it ended its own process {how}")


class BuildCounts(NamedTuple):
    """Numbers of builds by outcome, each build once; `prefetched` of them all were requested in advance."""

    accepted: int = 0
    rejected: int = 0
    timed_out: int = 0
    prefetched: int = 0

    def since(self, earlier: BuildCounts) -> BuildCounts:
        """Return the builds after an earlier reading, such as those of one stage.

        >>> BuildCounts(9, 4, 1, 8).since(BuildCounts(5, 4, 0, 8))
        BuildCounts(accepted=4, rejected=0, timed_out=1, prefetched=0)
        """
        return BuildCounts(*(now - before for now, before in zip(self, earlier, strict=True)))


class BuildOracle:
    """A membership oracle over fields (Angluin 1987): it accepts them with an inventory, or rejects them with a reason.

    `sizes` are the arguments of a callable, or the settings of a configuration by path. If `with_lists`, fields with an
    entry a layer vary too. `rule` is the path of such a field whose default is built.

    It builds the target in a worker, at the same fields only once. `cache` holds the outcomes in the order of the
    builds, and `counts` their numbers. `speculative` holds answers that nobody has asked for yet. Every request raises
    `CannotDerive` if the worker fails.
    """

    def __init__(
        self, worker: Worker, target: str, sizes: Arguments, *, with_lists: bool = True, rule: str = ""
    ) -> None:
        self.worker, self.target = worker, target
        self.cache: dict[Key, Inventory | Rejection] = {}
        self.speculative: dict[Key, dict[str, Any]] = {}
        self.counts = BuildCounts()
        request: dict[str, Any] = {"target": target, "sizes": dict(sizes)}
        request |= {} if with_lists else {"lists": False}
        request |= {"rule": rule} if rule else {}
        answer = worker.request(target, request, max(worker.seconds, MIN_START_SECONDS))
        if "rejected" in answer:
            action = "importing it" if ":" in target else "building it as it is configured by default"
            raise CannotDerive(target, f"{action} raised {answer['rejected']}")
        fields = {name: _exact(number) for name, number in answer["fields"].items()}
        lists = tuple(_list_field(field) for field in answer.get("lists", ()))
        self.description = Description(answer["class"], answer["source"], MappingProxyType(fields), lists)
        self.pinned: Fields = {}
        self.select: Selection | None = None

    def over(self, names: Iterable[str], pinned: Fields) -> BuildOracle:
        """Return the same oracle over fewer fields, with other fields pinned; builds stay shared.

        A search that knows the domains of most fields looks at the others this way.
        """
        view = copy(self)
        fields = {name: self.description.fields[name] for name in names}
        view.description = replace(self.description, fields=MappingProxyType(fields))
        view.pinned = {**self.pinned, **pinned}
        return view

    def selecting(self, select: Selection) -> BuildOracle:
        """Return the same oracle with a part of each inventory; builds stay shared."""
        view = copy(self)
        view.select = select
        return view

    def build(self, fields: Fields) -> Inventory | None:
        """Return the inventory at these fields, or None if the model code rejects them."""
        outcome = self._outcome(fields)
        if isinstance(outcome, Rejection):
            return None
        return outcome if self.select is None else self.select({**self.pinned, **fields}, outcome)

    def tensor_count(self, fields: Fields) -> int:
        """Return the number of tensors that a build makes, selected or not; 0 if the model code rejects it."""
        outcome = self._outcome(fields)
        return 0 if isinstance(outcome, Rejection) else len(outcome)

    def rejection(self, fields: Fields) -> Rejection | None:
        """Return the reason for which the model code rejects these fields, or None if it accepts them."""
        outcome = self._outcome(fields)
        return outcome if isinstance(outcome, Rejection) else None

    def _outcome(self, fields: Fields) -> Inventory | Rejection:
        complete = {**self.pinned, **fields}
        key = frozenset(complete.items())
        if key not in self.cache:
            answer = self.speculative.pop(key, None)
            request = {"build": _to_json(complete)}
            self._record(key, answer or self.worker.request(self.target, request, self.worker.seconds))
        return self.cache[key]

    def prefetch(self, configurations: Iterable[Fields]) -> None:
        """Build all of these, on two processors if there are two, so that `build` finds them in the cache."""
        missing = self._missing(configurations)
        self._speculate(missing)
        for key in missing:
            self.counts = self.counts._replace(prefetched=self.counts.prefetched + 1)
            self._record(key, self.speculative.pop(key))

    def speculate(self, configurations: Iterable[Fields]) -> None:
        """Build all of these in advance, although `build` may not ask for each: the others leave nothing behind."""
        self._speculate(self._missing(configurations))

    def _missing(self, configurations: Iterable[Fields]) -> dict[Key, Fields]:
        complete = ({**self.pinned, **fields} for fields in configurations)
        return {key: fields for fields in complete if (key := frozenset(fields.items())) not in self.cache}

    def _speculate(self, missing: Mapping[Key, Fields]) -> None:
        keys = [key for key in missing if key not in self.speculative]
        answers = self._request_all([{"build": _to_json(missing[key])} for key in keys], self.worker.seconds)
        self.speculative.update(zip(keys, answers, strict=True))

    def _request_all(self, requests: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
        """Return the answer to each request, in their order; two processors work on them if there are two."""
        if not requests:
            return []
        answers = self.worker.request_many(len(requests), self.target, {"parallel": requests}, seconds)
        # Two processes answer in any order. The order of the cache must not depend on it, because samples are drawn
        # from `accepted`, and a seed decides them.
        return sorted(answers, key=itemgetter("index"))

    def _record(self, key: Key, answer: Mapping[str, Any]) -> None:
        outcome = self._decode_outcome(answer)
        counts = self.counts
        if not isinstance(outcome, Rejection):
            self.counts = counts._replace(accepted=counts.accepted + 1)
        elif outcome.timed_out:
            self.counts = counts._replace(timed_out=counts.timed_out + 1)
        else:
            self.counts = counts._replace(rejected=counts.rejected + 1)
        if self.counts.timed_out > MAX_TIMED_OUT_BUILDS:
            problem = f"at more than {MAX_TIMED_OUT_BUILDS} sizes it takes much longer than at others"
            raise CannotDerive(self.target, problem)
        self.cache[key] = outcome

    def _decode_outcome(self, answer: Mapping[str, Any]) -> Inventory | Rejection:
        if "rejected" in answer:
            return Rejection(str(answer["rejected"]), answer.get("timed_out") is True)
        try:
            return _inventory(answer["tensors"])
        except (KeyError, TypeError, ValueError):
            raise CannotDerive(self.target, TAMPERED) from None

    def is_deterministic(self, configurations: Iterable[Fields]) -> bool:
        """Return True if a second build at fields that were accepted gives the same inventory, for all of these."""
        accepted = [{**self.pinned, **fields} for fields in configurations]
        answers = self._request_all([{"build": _to_json(fields)} for fields in accepted], self.worker.seconds)
        return all(
            "tensors" in answer and _inventory(answer["tensors"]) == self.cache[frozenset(fields.items())]
            for fields, answer in zip(accepted, answers, strict=True)
        )

    def accepted(self) -> Iterator[Fields]:
        """Yield the accepted fields, the last build first."""
        return (dict(key) for key, outcome in reversed(self.cache.items()) if not isinstance(outcome, Rejection))

    def defaults(self, configurations: Iterable[Fields], names: Iterable[str]) -> list[Fields]:
        """Return for each configuration the value that its class chooses for each name if that name is omitted."""
        listed = list(names)
        requests = [{"defaults": _to_json(fields), "names": listed} for fields in configurations]
        answers = self._request_all(requests, self.worker.seconds)
        return [{name: _exact(number) for name, number in a.get("defaults", {}).items()} for a in answers]

    def traces(self, configurations: Iterable[Fields], symbols: Mapping[str, Symbol]) -> list[ConcolicTrace | None]:
        """Return the shapes and conditions of one build at each of these configurations, with symbols for some fields.

        An entry is None if the model code does not take symbols, or the installed torch does not (`check_torch`).
        That rejects nothing: the fields are derived from ordinary builds alone.
        """
        seconds, names = self.worker.seconds, list(symbols)
        requests = [
            {"trace": {"fields": _to_json(fields), "symbols": names, "seconds": seconds}} for fields in configurations
        ]
        answers = self._request_all(requests, seconds + TRACE_GRACE_SECONDS)
        return [_trace(answer, symbols) for answer in answers]


def _trace(answer: Mapping[str, Any], symbols: Mapping[str, Symbol]) -> ConcolicTrace | None:
    try:
        return decode_trace(answer.get("trace"), symbols)
    except (Malformed, RecursionError, ValueError):
        return None


def _exact(number: int | float) -> Number:  # noqa: PYI041  # an int stays one
    return Fraction(str(number)) if isinstance(number, float) else number


def _list_field(answer: Mapping[str, Any]) -> ListField:
    return ListField(
        str(answer["path"]),
        tuple(tuple(map(str, words)) for words in answer["kinds"]),
        tuple(map(int, answer["default"])),
        str(answer["length"]),
        bool(answer["is_indices"]),
        tuple(map(str, answer["aliases"])),
        {str(path): dict(letters) for path, letters in answer["letters"].items()},
        {str(path): (int(listed), int(other)) for path, (listed, other) in answer["index_fields"].items()},
        bool(answer["is_constant"]),
        None if answer["last"] is None else int(answer["last"]),
    )


def _to_json(fields: Fields) -> dict[str, int | float]:
    return {name: float(number) if isinstance(number, Fraction) else number for name, number in fields.items()}


def _inventory(tensors: list[list[Any]]) -> Inventory:
    return {name: Entry(tuple(shape), first_name, role) for name, shape, first_name, role in tensors}
