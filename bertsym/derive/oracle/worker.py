"""The worker's session: it opens one target after another and answers requests about the open one.

Each request is a dictionary with one of these keys, and so is each answer. The worker runs the model code, so that the
client trusts none of its answers.

    {"target": name, "sizes": fields}             {"class": ..., "source": ..., "fields": ..., "lists": [...]}
    {"build": fields}                             {"tensors": [[name, shape, first name, role], ...]}
    {"defaults": fields, "names": [...]}          {"defaults": fields}
    {"trace": {"fields": ..., "symbols": [...],   {"trace": ...}, which `concolic.trace` decodes
               "seconds": ...}}
    any                                           {"rejected": reason}, also with {"timed_out": true}
    any                                           {"unusable": reason}: no other fields can build either
"""

from __future__ import annotations

import gc
import time
from typing import Any

from bertsym.derive.limits import BUILD_TIME_FACTOR, MIN_BUILD_SECONDS
from bertsym.derive.oracle.module_inventory import NoParameters, UnusableTarget
from bertsym.derive.oracle.targets import Target, load_target
from bertsym.derive.oracle.time_limit import BuildTimedOut, time_limit


class Session:
    """The open target, and how long its builds took. A build before the first that succeeds has no time limit."""

    def __init__(self) -> None:
        self.target: Target | None = None
        self.build_limit: float | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request. An error of the model code is an answer, whatever its class."""
        try:
            return self._reply(request)
        except NoParameters as error:
            return {"unusable" if self.build_limit is None else "rejected": str(error)}
        except UnusableTarget as error:
            return {"unusable": str(error)}
        except BuildTimedOut as error:
            return {"rejected": describe(error), "timed_out": True}
        except BaseException as error:  # noqa: BLE001  # whatever the model code raises is its answer
            return {"rejected": describe(error)}

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        if "target" in request:
            self.target, self.build_limit = None, None
            options = {name: request[name] for name in ("lists", "rule") if name in request}
            self.target = load_target(request["target"], request["sizes"], **options)
            gc.freeze()  # a collection after each build would go through all that was imported
            return self.target.description()
        if self.target is None:
            raise UnusableTarget("no target is open")
        if "defaults" in request:
            return {"defaults": self.target.defaults(request["defaults"], request["names"])}
        if "trace" in request:
            return {"trace": self._trace(self.target, **request["trace"])}
        return {"tensors": self._build(self.target, request["build"])}

    def _build(self, target: Target, fields: dict[str, Any]) -> list[list[Any]]:
        """Return the inventory, and raise the time limit of later builds if this one was slow."""
        began = time.process_time()
        with time_limit(self.build_limit):
            tensors = target.inventory(fields)
        needed = BUILD_TIME_FACTOR * (time.process_time() - began)
        self.build_limit = max(self.build_limit or MIN_BUILD_SECONDS, needed)
        return tensors

    @staticmethod
    def _trace(target: Target, fields: dict[str, Any], symbols: list[str], seconds: float) -> dict[str, Any]:
        """Return the recording of one build with symbols for some fields, made in a child process."""
        from bertsym.derive.concolic.run import trace_in_child  # noqa: PLC0415  # it imports torch

        return trace_in_child(target.build, fields, symbols, seconds)


def describe(error: BaseException) -> str:
    """Return the class and the text of an error, or its class if the error's own `__str__` fails."""
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except BaseException:  # noqa: BLE001  # __str__ is the model's code too
        return type(error).__name__
