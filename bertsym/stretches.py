"""A stack of layers, divided into stretches in which all layers are alike: the rows of a breakdown by layer.

The bounds of a stack are expressions such as 0, first_k_dense_replace and L. They are put in order by proof: by their
numbers where these are known, else by what the symbols may be and what every legal model fulfils. A stack whose bounds
have no proved order stays in one piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.core.relational import Equality, GreaterThan, LessThan, StrictGreaterThan, StrictLessThan
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, expand, substitute
from bertsym.model import Model
from bertsym.values import value
from bertsym.wording import said

MAX_BRACKETS = 4  # a proof by cases has two for each bracket
MAX_BOUNDS = 40  # each is compared with each; the largest model of the atlas has 23
MAX_PIECES = 20_000  # tensors times stretches: what a table could show


@value
class Span:
    """A tensor in its stack: it is in each of the layers start..stop-1 if `when` holds, and adds `each` to one.

    `reuse` is how often such a layer is applied.
    """

    start: Expr
    stop: Expr
    each: Expr
    when: Boolean = sympy.true
    reuse: Expr = sympy.S.One


@value
class Cut:
    """A layer at which a stretch begins: the bound as declared, and what it is once the known sizes are put in."""

    declared: Expr
    at: Expr


@value
class Entry:
    """A span with its bounds and its condition once the known sizes are put in."""

    span: Span
    start: Expr
    stop: Expr
    when: Boolean


Row = tuple[str, Expr]
Piece = list[tuple[Span, Expr]]
Facts = tuple[Expr, ...]


def rows(model: Model, spans: Sequence[Span]) -> list[Row] | None:
    """Return what each stretch adds, by a label such as `0 to L-1`; the rows sum to the spans, as formulas too.

    Return None if the bounds have no proved order, or if there is no layer at these sizes.
    """
    parts = dict.fromkeys(part for span in spans for part in (span.start, span.stop, span.when))
    known = {part: _known(model, part) for part in parts}
    entries = [Entry(span, known[span.start], known[span.stop], known[span.when]) for span in spans]
    present = [entry for entry in entries if entry.when is not sympy.false]
    # If one condition holds for the whole stack, the stack exists only under it.
    shared = present[0].when if present and len({entry.when for entry in present}) == 1 else sympy.true
    always = (*facts(shared), *_layers(entry for entry in present if entry.when == shared))
    cuts = _cuts(present, always)
    if cuts is None or len(cuts) < 2:
        return None
    places = _places(cuts, present, always)
    if places is None or sum(last - first for first, last in places) > MAX_PIECES:
        return None
    pieces: list[Piece] = [[] for _ in cuts[1:]]
    for entry, (first, last) in zip(present, places, strict=True):
        span = entry.span
        for index in range(first, last):
            start = span.start if index == first else cuts[index].declared
            stop = span.stop if index == last - 1 else cuts[index + 1].declared
            pieces[index].append((span, stop - start))
        if first == last:
            pieces[-1].append((span, span.stop - span.start))
    # A span without a layer at these sizes counts 0. Its formula stays in a row, so that the formulas sum to the total.
    pieces[-1] += [(e.span, e.span.stop - e.span.start) for e in entries if e.when is sympy.false]
    return _labelled(model, cuts, pieces)


def _known(model: Model, part: Any) -> Any:
    return substitute(model.public(part), model.given)


def _labelled(model: Model, cuts: Sequence[Cut], pieces: Sequence[Piece]) -> list[Row]:
    """Name the stretches; neighbours whose layers are alike become one row."""
    profiles = [_profile(model, piece) for piece in pieces]
    begins = [index for index in range(len(pieces)) if index == 0 or profiles[index] != profiles[index - 1]]
    rows: list[Row] = []
    for begin, end in zip(begins, [*begins[1:], len(pieces)], strict=True):
        label, alone = _stretch(cuts[begin].at, cuts[end].at)
        for span, layers in (entry for piece in pieces[begin:end] for entry in piece):
            rows.append((label + _applied(model, span, alone=alone), span.each * layers))
    return rows


def _profile(model: Model, piece: Piece) -> dict[Expr, Expr]:
    """Sum what one layer of a stretch adds, by how often the layer is applied."""
    sums: dict[Expr, list[Expr]] = {}
    for span, _ in piece:
        sums.setdefault(_known(model, span.reuse), []).append(span.each)
    added = {reuse: expand(model.public(sympy.Add(*each))) for reuse, each in sums.items()}
    return {reuse: each for reuse, each in added.items() if each != 0}


def _stretch(start: Expr, stop: Expr) -> tuple[str, bool]:
    """Write the layers of a stretch as a label, and tell whether it is one layer."""
    if stop - start == 1:
        return _spelled(start), True
    last = f"{_spelled(stop)}-1" if stop.has(Iverson) else _spelled(stop - 1)
    return f"{_spelled(start)} to {last}", False


def _spelled(bound: Expr) -> str:
    """Write a bound; `a + (b - a)*[b <= a]` is the smaller of the two.

    >>> from bertsym.symbols import H, L
    >>> _spelled(H + (L - H) * Iverson(L <= H)), _spelled(1 + (L - 1) * Iverson(L > 3)), _spelled(L - 1)
    ('min(H,L)', '1 + [L > 3]*(L - 1)', 'L-1')
    """
    brackets = bound.atoms(Iverson)
    if len(brackets) == 1:
        (bracket,) = brackets
        inside, outside = (expand(bound.xreplace({bracket: Integer(number)})) for number in (1, 0))
        for name, sign in (("min", 1), ("max", -1)):
            if any(
                fact in (sign * (outside - inside), sign * (outside - inside) - 1) for fact in facts(bracket.args[0])
            ):
                return f"{name}({','.join(sorted(map(_spelled, (inside, outside))))})"
    words = said(bound)
    return words if "[" in words else words.replace(" ", "")  # a blank parts the words of a condition


def _applied(model: Model, span: Span, *, alone: bool) -> str:
    """Say how often a shared layer does its work."""
    times = _known(model, span.reuse)
    each = "" if alone else "each "
    return "" if times == 1 else f", {each}applied {times} times"


def _layers(entries: Iterable[Entry]) -> Facts:
    """Return the numbers of layers, which are at least 0 in every legal model: it has no tensor of fewer."""
    layers = dict.fromkeys(entry.stop - entry.start for entry in entries)
    return tuple(number for number in layers if not number.has(Iverson) and not number.is_number)


def _cuts(entries: Sequence[Entry], always: Facts) -> list[Cut] | None:
    """Sort the bounds of the spans, each once; return None if there is no proof of an order."""
    bounds: dict[tuple[Expr, Boolean], Expr] = {}
    # Bounds of what is always there come first: where another span is there, its bounds may be one of them.
    for entry in sorted(entries, key=lambda entry: (entry.when is not sympy.true, _bracketed(entry))):
        bounds.setdefault((entry.start, entry.when), entry.span.start)
        bounds.setdefault((entry.stop, entry.when), entry.span.stop)
    if all(at.is_Integer for at, _ in bounds):
        declared = {at: bound for (at, _), bound in reversed(bounds.items())}
        return [Cut(declared[at], at) for at in sorted(declared)]
    if len(bounds) > MAX_BOUNDS:
        return None
    cuts: list[Cut] = []
    for (at, when), bound in bounds.items():
        if _same(cuts, at, (*always, *facts(when))) is not None:
            continue
        below = max((index + 1 for index, cut in enumerate(cuts) if least(at - cut.at, always)), default=0)
        if not all(least(cut.at - at, always) for cut in cuts[below:]):
            return None
        cuts.insert(below, Cut(bound, at))
    return cuts


def _bracketed(entry: Entry) -> bool:
    """Return True if a declared bound has a bracket: the others make the simpler formula."""
    return bool(entry.span.start.has(Iverson) or entry.span.stop.has(Iverson))


def _places(cuts: Sequence[Cut], entries: Sequence[Entry], always: Facts) -> list[tuple[int, int]] | None:
    """Find the cuts at which each span begins and ends; return None if one span has no such pair."""
    cut_of: dict[tuple[Expr, Boolean], int | None] = {}
    index = {cut.at: number for number, cut in enumerate(cuts)}
    for entry in entries:
        for at in (entry.start, entry.stop):
            if (at, entry.when) not in cut_of:
                cut_of[at, entry.when] = index[at] if at in index else _same(cuts, at, (*always, *facts(entry.when)))
    places = [(cut_of[entry.start, entry.when], cut_of[entry.stop, entry.when]) for entry in entries]
    ordered = [(first, last) for first, last in places if first is not None and last is not None and first <= last]
    return ordered if len(ordered) == len(places) else None


def _same(cuts: Sequence[Cut], at: Expr, known: Facts) -> int | None:
    """Find the cut that equals a bound if the facts hold."""
    equal = next((number for number, cut in enumerate(cuts) if cut.at == at), None)
    if equal is not None:
        return equal
    proved = (n for n, cut in enumerate(cuts) if least(at - cut.at, known) and least(cut.at - at, known))
    return next(proved, None)


def facts(condition: Boolean) -> Facts:
    """Return expressions that are at least 0 if the condition holds, one or two for each of its comparisons."""
    result: list[Expr] = []
    for part in sympy.And.make_args(condition):
        if not isinstance(part, Equality | LessThan | StrictLessThan | GreaterThan | StrictGreaterThan):
            continue
        excess = part.lhs - part.rhs
        if isinstance(part, Equality):
            result += [excess, -excess]
            continue
        upward = excess if isinstance(part, GreaterThan | StrictGreaterThan) else -excess
        strict = isinstance(part, StrictGreaterThan | StrictLessThan) and excess.is_integer
        result.append(expand(upward - 1 if strict else upward))
    return tuple(result)


def least(expression: Expr, told: Facts = ()) -> bool:
    """Return True if the expression is proved to be at least 0 if the `told` facts are.

    >>> from bertsym.symbols import H, L
    >>> least(L - 1), least(L - 2), least(L - 2, facts(L > 3)), least(L - H - (L - H) * Iverson(L <= H))
    (True, False, True, True)
    """
    brackets = sorted(expression.atoms(Iverson), key=sympy.default_sort_key)
    if not brackets:
        return any(expand(expression - fact).is_nonnegative for fact in (Integer(0), *told))
    if len(brackets) > MAX_BRACKETS:
        return False
    bracket = brackets[0]
    for number, condition in ((1, bracket.args[0]), (0, sympy.Not(bracket.args[0]))):
        more = facts(condition)
        if any((fact + other).is_negative for fact in more for other in (Integer(0), *told)):
            continue  # the condition contradicts the known order
        if not least(expand(expression.xreplace({bracket: Integer(number)})), (*told, *more)):
            return False
    return True
