"""Index ranges: the loop that gives the indices which a tensor has in every build.

Most indices run from one bound to another. Indices with gaps are the members of an arithmetic progression, the
entries of a list in the configuration, or the complement of either within the stack. `reroll` does the reverse of loop
unrolling: tensors with literal numbers in equal steps become one tensor with a loop (loop rerolling, Davidson and
Jinturkar 1996).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice, pairwise, product

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import Iverson, at_least_one, max_to_iverson
from bertsym.derive.evaluator import Exact
from bertsym.derive.limits import MAX_COMPARED_LOOPS, MAX_SPLIT_LOOPS, MIN_FIT_ROWS, MIN_REROLLED_TENSORS
from bertsym.derive.synthesis.name_templates import Indices, TensorTemplate
from bertsym.derive.synthesis.observations import REPEAT, NoFormula, ObservationTable, TemplateView, repeat_part
from bertsym.tree import Loop, Tensor
from bertsym.values import replace

IndexRuns = Mapping[int, Sequence[int]]


def processing_order(templates: Iterable[TensorTemplate]) -> list[TensorTemplate]:
    """Return the templates in the order in which their loops have to be found.

    A template without gaps tells how deep its stack is, and templates with gaps need to know it. Among these, uniform
    templates come first, and templates with more tensors in one build.
    """
    return sorted(
        templates,
        key=lambda template: (_has_gaps(template), not template.is_uniform, -max(map(len, template.entries.values()))),
    )


class LoopRanges:
    """The loops of templates, and what is known so far about each stack of layers.

    The first template without gaps that is processed gives a stack's loop. The steps found for one template are
    tried on later templates of the same stack. Templates must therefore be processed in `processing_order`.
    """

    def __init__(self, table: ObservationTable, templates: Sequence[TensorTemplate]) -> None:
        self.table, self.templates = table, templates
        self._stack_loops: dict[str, Loop] = {}
        self._stepped_loops: dict[str, list[Loop]] = {}

    def loops(self, view: TemplateView) -> tuple[Loop, ...]:
        """Return a loop for each index of a template; raise `NoFormula` if an index has none.

        The tensor must exist for every combination of the indices.
        """
        template = view.template
        loops = tuple(self._loop(view, position) for position in range(template.index_count))
        for tensors in template.entries.values():
            ranges = (sorted({indices[position] for indices in tensors}) for position in range(len(loops)))
            if len(tensors) != len(list(product(*ranges))):
                raise NoFormula(REPEAT, "some builds have the tensor at some combinations of its indices only")
        return loops

    def depths(self, template: TensorTemplate, position: int) -> dict[int, int] | None:
        """Return by row the depth of the stack that an index counts, or None if the depth has no formula."""
        stack_loop = self.stack_loop(template.stack(position))
        return None if stack_loop is None else {row: self._integer(stack_loop.stop, row) for row in template.entries}

    def stack_loop(self, stack: str) -> Loop | None:
        """Return the loop over a whole stack, or None if the stack has gaps or its depth no formula.

        The loop is that of a template which all layers have, else it is fitted to all tensors of the stack together.
        """
        if stack not in self._stack_loops:
            indices: dict[int, set[int]] = {}
            for template in self.templates:
                if template.pattern.startswith(f"{stack}{{}}"):
                    position = stack.count("{}")
                    for row, tensors in template.entries.items():
                        indices.setdefault(row, set()).update(i[position] for i in tensors)
            if any(max(members) != len(members) - 1 for members in indices.values()):
                return None
            rows = list(indices)
            stop = self.table.fitter.fit(rows, [len(indices[row]) for row in rows]) if rows else None
            if stop is None:
                return None
            self._stack_loops[stack] = Loop(sympy.S.Zero, stop)
        return self._stack_loops[stack]

    def indices(self, loop: Loop, row: int) -> list[int]:
        """Return the indices of a loop at the sizes of a row; none if a bound is no integer or the step below 1."""
        try:
            start, stop, step, *listed = (self._integer(bound, row) for bound in loop.bounds)
        except NoFormula:
            return []
        return list(loop.indices(start, stop, step, *listed)) if step > 0 else []

    def candidate_loops(self, view: TemplateView, position: int) -> Iterator[Loop]:
        """Yield the loops that may give indices with gaps; raise `NoFormula` if nothing can be tried.

        In order: loops of other templates of the stack, lists of the configuration, arithmetic progressions. Each is
        tried as it is and as its complement. A step that is 0 in some build becomes 1 there: a condition of existence
        tells these builds apart, as for the `encoder_sparse_step` of NLLB-MoE.
        """
        return map(self._with_positive_step, self._unguarded_loops(view, position))

    def explained_rows(self, view: TemplateView) -> Iterator[dict[int, bool]]:
        """Yield by row True if a candidate loop gives the indices, for the loops that are right in most rows.

        Jamba's layers without experts are all but every so many, or all if there is one expert: no loop is right in
        all builds, and a condition of the model code tells which rows a loop is for.
        """
        template = view.template
        for position in range(template.index_count):
            runs = template.index_runs(position)
            if not any(map(_is_gapped, runs.values())):
                continue
            with suppress(NoFormula):
                loops = islice(self.candidate_loops(view, position), MAX_COMPARED_LOOPS)
                explained = [rows for loop in loops if (rows := self._mostly_right(loop, runs)) is not None]
                yield from sorted(explained, key=lambda rows: -sum(rows.values()))[:MAX_SPLIT_LOOPS]

    def _mostly_right(self, loop: Loop, runs: IndexRuns) -> dict[int, bool] | None:
        """Return by row True if the loop gives the indices, or None if it does in at most half of the rows."""
        right: dict[int, bool] = {}
        wrong = 0
        for row, run in runs.items():
            right[row] = self.indices(loop, row) == run
            wrong += not right[row]
            if 2 * wrong >= len(runs):
                return None
        return right

    def _with_positive_step(self, loop: Loop) -> Loop:
        """Return the loop with the step replaced by 1 where it is 0, if it is 0 in some build."""
        step = loop.step
        if not step.is_Symbol or min(observation.sizes[step] for observation in self.table.observations) >= 1:
            return loop
        positive = {step: at_least_one(step)}
        return replace(loop, start=loop.start.xreplace(positive), step=positive[step])

    def _unguarded_loops(self, view: TemplateView, position: int) -> Iterator[Loop]:
        """Yield the loops that may give indices with gaps, of which a step may be 0 in some build."""
        template = view.template
        stack, runs = template.stack(position), template.index_runs(position)
        stack_loop = self.stack_loop(stack)
        if stack_loop is None:
            raise NoFormula(repeat_part(position), "its indices have gaps, and the depth of its stack has no formula")
        # A template with one index a build shows no step, but may have the loop of another template of the stack.
        stepped = tuple(self._stepped_loops.get(stack, ()))
        yield from stepped
        for listed, others in product(self.table.layer_lists.indices, (False, True)):
            yield Loop(sympy.S.Zero, stack_loop.stop, others=others, listed=listed)
        for stop in (stack_loop.stop, stack_loop.stop - 1):
            complement = {
                row: [index for index in range(self._integer(stop, row)) if index not in run]
                for row, run in runs.items()
            }
            for targets, others in ((runs, False), (complement, True)):
                nonempty = {row: run for row, run in targets.items() if run}
                yield from self._stepped(view, position, nonempty, stop, others=others)
        for stop in self._earlier_stops(stack_loop.stop, runs):
            yield from self._stepped(view, position, runs, stop, others=False)
        yield from (replace(loop, others=not loop.others) for loop in stepped)

    def _earlier_stops(self, stop: Expr, runs: IndexRuns) -> Iterator[Expr]:
        """Yield the ends before that of the stack that a size may give, as the `moe_layer_end_index` of Ernie 4.5."""
        ends = {row: self._integer(stop, row) for row in runs}
        for symbol, offset in product(self.table.numbers, (0, 1)):
            sizes = {row: self.table.observations[row].sizes[symbol] + offset for row in runs}
            is_earlier = any(sizes[row] < end for row, end in ends.items())
            if is_earlier and all(run[-1] < sizes[row] for row, run in runs.items()):
                yield max_to_iverson(sympy.Min(symbol + offset, stop, evaluate=False))

    def end_partitions(self, template: TensorTemplate) -> Iterator[list[TensorTemplate]]:
        """Yield partitions by index at the end of a known loop that ends before its stack.

        The complement of such a loop has gaps up to that end, and all layers from there on.
        """
        for position in range(template.index_count):
            stack = template.stack(position)
            stack_loop = self.stack_loop(stack)
            known = self._stepped_loops.get(stack, ()) if stack_loop is not None else ()
            for stop in dict.fromkeys(loop.stop for loop in known if stack_loop and loop.stop != stack_loop.stop):
                ends = {row: self._integer(stop, row) for row in template.entries}
                sides = (True, False)
                parts = [template.restricted(partial(_is_before, position, ends, side)) for side in sides]
                if all(part.entries for part in parts):
                    yield parts

    def known_loops(self, template: TensorTemplate) -> int:
        """Return the number of loops with gaps that are known of a template's stacks."""
        return sum(len(self._stepped_loops.get(template.stack(k), ())) for k in range(template.index_count))

    def _loop(self, view: TemplateView, position: int) -> Loop:
        template = view.template
        stack, runs = template.stack(position), template.index_runs(position)
        over_kinds = self._loop_over_kinds(runs)
        if over_kinds is not None:
            return over_kinds
        if not any(map(_is_gapped, runs.values())):
            stack_loop = self.stack_loop(stack)
            starts = {row: run[0] for row, run in runs.items()}
            stops = {row: run[-1] + 1 for row, run in runs.items()}
            start = self._bound(view, repeat_part(position, "start"), starts, stack_loop)
            stop = self._bound(view, repeat_part(position, "end"), stops, stack_loop)
            return self._learned(stack, Loop(start, stop))
        for loop in self.candidate_loops(view, position):
            if all(self.indices(loop, row) == run for row, run in runs.items()):
                return self._learned(stack, loop)
        gapped = next(run for run in runs.values() if _is_gapped(run))
        example = ", ".join(map(str, gapped[:4])) + (", ..." if len(gapped) > 4 else "")
        raise NoFormula(repeat_part(position), f"no step and no list gives its indices, which have gaps ({example})")

    def _loop_over_kinds(self, runs: IndexRuns) -> Loop | None:
        """Return the loop over some kinds of layers of a list that has these indices in every row, if there is one."""
        for layer_list in self.table.layer_lists.kinds:
            kinds = {row: self.table.kinds(layer_list, row) for row in runs}
            if any(run[-1] >= len(kinds[row]) for row, run in runs.items()):
                continue
            chosen = sorted({kinds[row][index] for row, run in runs.items() for index in run})
            loop = Loop.of_kinds(chosen, layer_list.order, (kind.count for kind in layer_list.kinds))
            is_partial = len(chosen) < len(layer_list.kinds)
            if is_partial and all(self.indices(loop, row) == run for row, run in runs.items()):
                return loop
        return None

    def _learned(self, stack: str, loop: Loop) -> Loop:
        """Return the loop; remember it for templates of the same stack that are processed later."""
        known = self._stepped_loops.setdefault(stack, [])
        if loop.plain:
            self._stack_loops.setdefault(stack, loop)
        elif not loop.listed and loop not in known:
            known.append(loop)
        return loop

    def _bound(self, view: TemplateView, part: str, bounds: Mapping[int, int], stack_loop: Loop | None) -> Expr:
        """Return the start or the end of a run: a formula that fits, else a landmark of the stack within its limits."""
        try:
            return view.fit_part(part, list(bounds), list(bounds.values()))
        except NoFormula:
            if stack_loop is None or len(bounds) < MIN_FIT_ROWS:
                raise
            for landmark in self._landmarks(stack_loop.stop):
                bound = self._within(landmark, stack_loop.stop, bounds)
                if bound is not None:
                    return bound
            # The number of first layers changes the start of the last ones only if the two overlap, as in few builds.
            whole = (template for template in self.templates if template.pattern == view.template.pattern)
            later = self._later_index(set(chain(*map(self.table.sizes_affecting_entries, whole))), bounds)
            if later is None:
                raise
            return later

    def _later_index(self, affecting: Collection[Symbol], bounds: Mapping[int, int]) -> Expr | None:
        """Return the maximum of two indices at which a stack may be parted, if it has the numbers.

        The last layers may be of another kind, but not those that are among the first ones too.
        """
        ends = self.table.range_ends(affecting)
        firsts, lasts = ([(index, self.table.numbers_of(index, bounds)) for index in indices] for indices in ends)
        for (first, starts), (last, stops) in product(firsts, lasts):
            if starts is None or stops is None or first == last:
                continue
            if all(max(starts[row], stops[row]) == bound for row, bound in bounds.items()):
                return max_to_iverson(sympy.Max(first, last, evaluate=False))
        return None

    def _within(self, landmark: Expr, stop: Expr, bounds: Mapping[int, int]) -> Expr | None:
        """Return the landmark, its maximum with 0, or its minimum with the stop, if one of these has the numbers.

        The numbers are compared before an expression is built, because sympy takes milliseconds to build a maximum.
        """
        if self._equals(landmark, bounds):
            return landmark
        evaluators = self.table.evaluators
        try:
            limits = {row: (evaluators[row].number(landmark), evaluators[row].number(stop)) for row in bounds}
        except (TypeError, ZeroDivisionError, KeyError):
            return None
        if all(max(at, 0) == bounds[row] for row, (at, _) in limits.items()):
            return max_to_iverson(sympy.Max(landmark, Integer(0), evaluate=False))
        if all(min(at, end) == bounds[row] for row, (at, end) in limits.items()):
            return max_to_iverson(sympy.Min(landmark, stop, evaluate=False))
        return None

    def _landmarks(self, stop: Expr) -> Iterator[Expr]:
        """Yield indices that model code may name: compared with an index, counted from an end, half of the stack."""
        yield from (landmark + offset for landmark in self.table.landmarks for offset in (0, 1))
        for symbol in (symbol for symbol in self.table.numbers if symbol != stop and symbol.is_integer):
            yield from (stop - symbol, symbol, symbol + 1, symbol - 1, stop - symbol - 1)
        yield from (sympy.floor((stop + offset) / 2) for offset in (0, 1))

    def _stepped(
        self, view: TemplateView, position: int, runs: IndexRuns, stop: Expr, *, others: bool
    ) -> Iterator[Loop]:
        """Yield loops with a constant step: a step that fits, a size, or a divisor that the model code used."""
        part = repeat_part(position, "step")
        differences = {row: {later - earlier for earlier, later in pairwise(run)} for row, run in runs.items()}
        if not runs or any(len(steps) > 1 for steps in differences.values()):
            return
        steps = {row: next(iter(single)) for row, single in differences.items() if single}
        if not steps:
            raise NoFormula(part, "no build has two of its indices, so no build shows its step")
        step = self.table.fitter.fit(list(steps), list(steps.values()), view.affecting.get(part, ()))
        if step is not None:
            yield from (Loop(start, stop, step, others=others) for start in self._starts(view, position, runs, step))
        for symbol in self.table.numbers:
            sizes = [observation.sizes[symbol] for observation in self.table.observations]
            if min(sizes) >= 1 and all(sizes[row] == step for row, step in steps.items()):
                starts = self._starts(view, position, runs, symbol)
                yield from (Loop(start, stop, symbol, others=others) for start in starts)
                if others:
                    yield from self._remainder_loops(symbol, stop)
        for period, remainder in self.table.periods:
            if self._equals(period, steps):
                for start in (remainder - 1, remainder, period + remainder - 1):
                    yield Loop(start, stop, period, others=others)

    def _remainder_loops(self, step: Expr, stop: Expr) -> Iterator[Loop]:
        """Yield the complements of all indices with some remainder; a remainder that is too large leaves none out."""
        for remainder in self.table.numbers:
            if remainder not in (step, stop) and remainder.is_integer:
                yield Loop(stop + (remainder - stop) * Iverson(remainder < step), stop, step, others=True)

    def _starts(self, view: TemplateView, position: int, runs: IndexRuns, step: Expr) -> Iterator[Expr]:
        """Yield the start of an arithmetic progression.

        It is the last or the first index of a period, a constant, the first such index from a size on, or a formula.
        """
        firsts = {row: run[0] for row, run in runs.items()}
        constant = [Integer(next(iter(firsts.values())))] if len(set(firsts.values())) == 1 else []
        for start in chain((step - 1, step), constant, self._from_a_size(step, firsts) if step.is_Symbol else ()):
            if self._equals(start, firsts):
                yield start
                return
        with suppress(NoFormula):
            yield view.fit_part(repeat_part(position, "start"), list(firsts), list(firsts.values()))

    def _from_a_size(self, step: Expr, firsts: Mapping[int, int]) -> Iterator[Expr]:
        """Yield the first index of a period from a size on, then the last index of such a period.

        The numbers are compared before an expression is built: sympy takes milliseconds to build a floor. TextNet has
        thousands of these.
        """
        sizes = [symbol for symbol in self.table.numbers if symbol != step]
        for offset, shift in ((-1, 0), (0, -1)):
            for size in sizes:
                if all(self._in_period(size, step, offset, row) == first - shift for row, first in firsts.items()):
                    yield step * sympy.floor((size + step + offset) / step) + shift

    def _in_period(self, size: Expr, step: Expr, offset: int, row: int) -> Exact | None:
        """Return `step*floor((size + step + offset)/step)` at a row, or None if the step is 0 there."""
        number, period = (self.table.evaluators[row].number(symbol) for symbol in (size, step))
        return period * ((number + period + offset) // period) if period else None

    def _equals(self, expression: Expr, numbers: Mapping[int, int]) -> bool:
        """Return True if the expression has these numbers in these rows."""
        return all(self.table.evaluators[row].residual(expression, number) == 0 for row, number in numbers.items())

    def _integer(self, expression: Expr, row: int) -> int:
        try:
            return self.table.evaluators[row].integer(expression)
        except ArithmeticError:
            raise NoFormula(REPEAT, f"the bound {expression} is not an integer in every build") from None


def _is_before(position: int, ends: Mapping[int, int], wanted: bool, row: int, indices: Indices) -> bool:  # noqa: FBT001
    """Return True if an index is before the end of a row, or is not, as wanted."""
    return (indices[position] < ends[row]) == wanted


def _is_gapped(run: Sequence[int]) -> bool:
    """Return True if an ascending run leaves out an index between its first and its last."""
    return len(run) != run[-1] - run[0] + 1


def _has_gaps(template: TensorTemplate) -> bool:
    """Return True if an index of the template has gaps in some build."""
    return any(
        map(_is_gapped, chain(*(template.index_runs(position).values() for position in range(template.index_count))))
    )


def reroll(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Return the tensors, with those that differ only in a literal number, in equal steps, as one tensor with a loop.

    A depth that is fixed at its default leaves such numbers: its templates have no index. The loop takes the position
    of its first tensor.

    >>> from bertsym.layers import Role
    >>> from bertsym.symbols import H
    >>> layers = [Tensor(f"layers.{k}.norm.weight", (H,), Role.NORM, "") for k in (1, 3, 5, 7)]
    >>> [(tensor.name, tensor.loops[0].start, tensor.loops[0].step) for tensor in reroll(layers)]
    [('layers.{}.norm.weight', 1, 2)]
    """
    opened = [(tensor, *_first_number_opened(tensor)) for tensor in tensors]
    numbers: dict[Tensor, set[int]] = {}
    for _, pattern, number in opened:
        if number is not None:
            numbers.setdefault(pattern, set()).add(number)
    loops = {pattern: loop for pattern, members in numbers.items() if (loop := _progression(sorted(members)))}
    rerolled: list[Tensor] = []
    written: set[Tensor] = set()
    for tensor, pattern, number in opened:
        if number is None or pattern not in loops:
            rerolled.append(tensor)
        elif pattern not in written:
            written.add(pattern)
            rerolled.append(replace(pattern, loops=(loops[pattern], *pattern.loops)))
    return tuple(rerolled)


def _first_number_opened(tensor: Tensor) -> tuple[Tensor, int | None]:
    """Return the tensor with the first number of its name left open, and that number.

    A tied tensor keeps its name, because its target names the same number. A number after an open index stays too.
    """
    words = tensor.name.split(".")
    position = next((k for k, word in enumerate(words) if word.isdecimal()), None)
    if tensor.tied_to is not None or position is None or "{}" in "".join(words[:position]):
        return tensor, None
    name = ".".join([*words[:position], "{}", *words[position + 1 :]])
    return replace(tensor, name=name), int(words[position])


def _progression(numbers: Sequence[int]) -> Loop | None:
    """Return the loop over an arithmetic progression, or None if the numbers are too few or no progression."""
    step = numbers[1] - numbers[0] if len(numbers) >= MIN_REROLLED_TENSORS else 0
    if step < 1 or list(numbers) != list(range(numbers[0], numbers[-1] + 1, step)):
        return None
    return Loop(Integer(numbers[0]), Integer(numbers[-1] + 1), Integer(step))
