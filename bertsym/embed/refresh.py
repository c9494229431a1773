"""Fragments made anew: which were stale, and which somebody has edited by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import Enum

from bertsym.embed.markers import Fragment, Syntax, ending, fragments, split_lines
from bertsym.errors import BadMarker, BertsymError
from bertsym.values import value

Run = Callable[[str, Syntax], str]


class State(Enum):
    """State of a fragment compared with the present output of its command."""

    FRESH = "up to date"
    STALE = "stale"
    EDITED = "edited by hand"


@value
class Finding:
    """State of one fragment; `line` is the line number of its marker."""

    line: int
    command: str
    state: State


@value
class Refreshed:
    """A text before and after, with every fragment's state."""

    before: str
    after: str
    findings: tuple[Finding, ...]

    def having(self, state: State) -> tuple[Finding, ...]:
        """Return the fragments in that state."""
        return tuple(finding for finding in self.findings if finding.state is state)


def checksum(body: str) -> str:
    """Return the checksum that a generated fragment carries; line endings do not change it."""
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def refresh(text: str, syntax: Syntax, path: str, run: Run) -> Refreshed:
    r"""Return the text with every fragment as `run` prints it now; raise `BadMarker` before any is refreshed.

    >>> text = "% bertsym: total\nold\n% bertsym: end\n"
    >>> print(refresh(text, Syntax.TEX, "x.tex", lambda command, syntax: "12LH^2\n").after, end="")
    % bertsym: total
    12LH^2
    % bertsym: end 1450e7c5a439
    """
    lines = split_lines(text)
    parts: list[str] = []
    findings = []
    copied = 0
    for fragment in fragments(lines, syntax, path):
        body = _printed(fragment, syntax, path, run)
        finding = Finding(fragment.start + 1, fragment.command, _state(fragment, lines, body))
        findings.append(finding)
        break_ = ending(lines[fragment.start])
        parts += lines[copied : fragment.start + 1]
        parts += (line + break_ for line in body.split("\n")[:-1])
        parts.append(syntax.value.end(fragment.indent, checksum(body)) + ending(lines[fragment.stop]))
        copied = fragment.stop + 1
    return Refreshed(text, "".join([*parts, *lines[copied:]]), tuple(findings))


def _printed(fragment: Fragment, syntax: Syntax, path: str, run: Run) -> str:
    """Return the output of the command, indented like its marker."""
    try:
        printed = run(fragment.command, syntax)
    except BertsymError as error:
        raise BadMarker(path, fragment.start + 1, str(error)) from error
    rows = [fragment.indent + row if row else "" for row in printed.splitlines()]
    if any(syntax.value.anywhere.search(row) for row in rows) and syntax.value.live(rows, syntax.value.anywhere):
        raise BadMarker(path, fragment.start + 1, "its answer holds a marker")
    return "".join(row + "\n" for row in rows)


def _state(fragment: Fragment, lines: list[str], body: str) -> State:
    standing = "".join(line.rstrip("\r\n") + "\n" for line in lines[fragment.start + 1 : fragment.stop])
    if standing == body:
        return State.FRESH
    return State.STALE if not standing.strip() or checksum(standing) == fragment.checksum else State.EDITED
