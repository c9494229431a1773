"""Fragments made anew: which were stale, and which somebody has edited by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from enum import Enum

from bertsym.embed.markers import ACCEPTED, NO_NAMES, Fragment, Syntax, ending, fragments, split_lines
from bertsym.errors import BadMarker, BertsymError
from bertsym.values import value

Run = Callable[[str, Syntax], str]


class State(Enum):
    """State of a fragment compared with the present output of its command."""

    FRESH = "up to date"
    STALE = "stale"
    EDITED = "edited by hand"
    ACCEPTED = "edited by hand, accepted"


class Edits(Enum):
    """Treatment of fragments that were edited by hand; an accepted edit is KEPT if the output is still the same."""

    KEPT = "kept"
    ACCEPTED = "accepted"
    OVERWRITTEN = "overwritten"


@value
class Finding:
    """State of one fragment; `line` is the line number of its marker. An edited fragment that is `kept` stays."""

    line: int
    command: str
    state: State
    kept: bool = False


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


def refresh(
    text: str,
    syntax: Syntax,
    path: str,
    run: Run,
    names: Mapping[str, str] = NO_NAMES,
    edits: Edits = Edits.KEPT,
) -> Refreshed:
    r"""Return the text with every fragment as `run` prints it now.

    A fragment that was edited by hand is made anew too, for a diff, unless the edits are accepted. Raises `BadMarker`
    for a wrong marker, and for an answer after which the text would not have the same fragments.

    >>> text = "% bertsym: total\nold\n% bertsym: end\n"
    >>> print(refresh(text, Syntax.TEX, "x.tex", lambda command, syntax: "12LH^2\n").after, end="")
    % bertsym: total
    12LH^2
    % bertsym: end 1450e7c5a439
    """
    parts: list[str] = []
    bodies: list[str] = []
    findings = []
    copied = 0
    before = list(fragments(text, syntax, path, names))
    for fragment in before:
        body = _printed(fragment, syntax, path, run)
        standing = _normal(text[slice(*fragment.body)])
        state = _state(fragment, standing, body)
        kept = state is State.ACCEPTED if edits is Edits.KEPT else edits is Edits.ACCEPTED and _is_edit(state)
        findings.append(Finding(fragment.line, fragment.command, state, kept))
        parts.append(text[copied : fragment.body[0]])
        if kept:
            bodies.append(text[slice(*fragment.body)])
            sums = f"{checksum(body)} {ACCEPTED} {checksum(standing)}"
        else:
            opening = text[max(0, fragment.body[0] - 2) : fragment.body[0]]
            bodies.append(body if fragment.within else body.replace("\n", ending(opening)))
            sums = checksum(body)
        parts.append(bodies[-1] + fragment.indent + syntax.value.end(sums, within=fragment.within))
        copied = fragment.closing[1]
    after = "".join([*parts, text[copied:]])
    if after != text:
        again = fragments(after, syntax, path, names)
        for fragment, body in zip(before, bodies, strict=True):
            if _next_body(again, after) != body:
                raise BadMarker(path, fragment.line, "its answer holds a marker or hides its end")
    return Refreshed(text, after, tuple(findings))


def _next_body(again: Iterator[Fragment], text: str) -> str | None:
    """Return the body of the next fragment, or None if a marker of the text is wrong."""
    try:
        fragment = next(again, None)
    except BadMarker:
        return None
    return text[slice(*fragment.body)] if fragment else None


def _is_edit(state: State) -> bool:
    return state in (State.EDITED, State.ACCEPTED)


def _normal(body: str) -> str:
    """Return the text with line feeds for its line endings."""
    return "".join(line.rstrip("\r\n") + "\n" * bool(ending(line)) for line in split_lines(body))


def _printed(fragment: Fragment, syntax: Syntax, path: str, run: Run) -> str:
    """Return the output of the command: indented like its marker, or on one line if the marker stands within one."""
    try:
        printed = run(fragment.command, syntax)
    except BertsymError as error:
        raise BadMarker(path, fragment.line, str(error)) from error
    rows = [fragment.indent + row if row else "" for row in printed.splitlines()]
    if not fragment.within:
        return "".join(row + "\n" for row in rows)
    if len(rows) != 1:
        raise BadMarker(
            path, fragment.line, f"its answer has {len(rows)} lines: within a line, ask for one, as macros --value does"
        )
    return rows[0]


def _state(fragment: Fragment, standing: str, body: str) -> State:
    if standing == body:
        return State.FRESH
    if fragment.accepted is not None:
        same = fragment.checksum == checksum(body) and fragment.accepted == checksum(standing)
        return State.ACCEPTED if same else State.EDITED
    return State.STALE if not standing.strip() or checksum(standing) == fragment.checksum else State.EDITED
