"""The table of observations, and the view of it that the synthesis of one tensor template needs.

A row is an observation. A column is a size, or a part of a tensor: a dimension, the start, end or step of an index
range, existence. Two rows that differ in one field say which parts that field affects.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, permutations, product
from operator import itemgetter

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson, max_to_iverson
from bertsym.arrangements import arranged
from bertsym.derive.concolic.path_conditions import candidate_conditions, index_landmarks
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.evaluator import Evaluator, Exact
from bertsym.derive.limits import MAX_BRANCH_SIZES, MAX_RANGE_LANDMARKS, MAX_RANGE_SIZES, MIN_BRANCH_ROWS, MIN_FIT_ROWS
from bertsym.derive.synthesis.arithmetic import Fitter
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.derive.synthesis.name_templates import TensorTemplate
from bertsym.derive.types import Entry, Observation, OneFieldChange
from bertsym.saved_model.layer_lists import LayerList
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace, value

EXISTENCE, SHAPE, TIE, REPEAT = "existence", "shape", "tie", "repeat"


def dimension_part(dimension: int) -> str:
    """Return the name of the part that is one dimension of a shape."""
    return f"dimension {dimension}"


def repeat_part(position: int, bound: str = "") -> str:
    """Return the name of the part that is an index range, or its `bound`: start, end or step.

    >>> repeat_part(0), repeat_part(1, "step")
    ('repeat 0', 'step of repeat 1')
    """
    return f"{bound} of repeat {position}" if bound else f"repeat {position}"


class NoFormula(Exception):
    """The reason why a part of a tensor has no formula."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(part, reason)
        self.part, self.reason = part, reason


@value
class LayerLists:
    """The lists of a configuration that say which layers of a stack are alike, as symbols of their entries.

    A list in `indices` names layers, as `global_attn_indexes` does. A list in `depths` gives the number of layers of
    each stage, as `block_sizes` does. A list in `kinds` has a word a layer, as `layer_types` does.
    """

    indices: Sequence[tuple[Symbol, ...]]
    depths: Sequence[tuple[Symbol, ...]]
    kinds: Sequence[LayerList] = ()


NO_LISTS = LayerLists((), ())


class ObservationTable:
    """All observations as the rows of one table, with the solvers over its columns.

    `active` holds the sizes that affect some tensor. `traces` are runs of the model code with symbols.
    `evaluators` has one evaluator a row. `numbers` holds the symbols of all sizes except switches.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        active: Collection[Symbol],
        traces: Sequence[ConcolicTrace],
        layer_lists: LayerLists,
    ) -> None:
        self.observations, self.traces, self.layer_lists = observations, traces, layer_lists
        self.changes = _one_field_changes(observations, layer_lists.kinds)
        self.evaluators = [Evaluator(observation.sizes) for observation in observations]
        self.numbers = [
            symbol for symbol in observations[0].sizes if BY_SYMBOL[symbol].kind not in (Kind.SWITCH, Kind.ORDER)
        ]
        orders = {layer_list.order for layer_list in layer_lists.kinds}
        sizes = [observation.sizes for observation in observations]
        if orders:
            sizes = [{symbol: number for symbol, number in row.items() if symbol not in orders} for row in sizes]
        self.fitter = Fitter(sizes, self.numbers, active)
        origins = {change.after: change.before for change in self.changes}
        samples = [origins.get(row, row) for row in range(len(observations))]
        self.conditions = Conditions(sizes, active, samples, candidate_conditions(traces))
        self.landmarks, self.periods = index_landmarks(traces)
        self._affecting_modules: dict[str, dict[str, set[Symbol]]] = {}
        self._plain_dimensions: dict[Expr, tuple[tuple[int, str], Expr]] = {}

    def view(self, template: TensorTemplate, siblings: Sequence[TensorTemplate] = ()) -> TemplateView:
        """Return the view of a template.

        Its affecting sizes are pooled over the `siblings`, the templates of the same module. A bias may be in too few
        builds to show every size that affects it, but the weight beside it shows them.
        """
        affecting: dict[str, set[Symbol]] = {}
        _merge_into(affecting, self._affecting_module(template.module, siblings) if siblings else {})
        _merge_into(affecting, self.sizes_affecting_parts(template))
        return TemplateView(self, template, affecting, self._traced_dimensions(template))

    def _affecting_module(self, module: str, siblings: Sequence[TensorTemplate]) -> dict[str, set[Symbol]]:
        """Return the sizes that affect a part of any tensor of a module, united once for all of its tensors."""
        if module not in self._affecting_modules:
            self._affecting_modules[module] = {}
            for sibling in siblings:
                _merge_into(self._affecting_modules[module], self.sizes_affecting_parts(sibling))
        return self._affecting_modules[module]

    def sizes_affecting_parts(self, template: TensorTemplate) -> dict[str, set[Symbol]]:
        """Return for each part of the tensor the sizes whose change alone changed that part in some build."""
        entries = template.entries
        ranges = {row: _range_parts(tensors) for row, tensors in entries.items()}
        affecting: dict[str, set[Symbol]] = {}
        for change in self.changes:
            if change.before not in entries or change.after not in entries:
                continue
            before, after = ranges[change.before], ranges[change.after]
            # Dimensions are compared at an index that both builds have: another layer may have another shape.
            common = next((i for i in entries[change.before] if i in entries[change.after]), None)
            if common is not None:
                before, after = (
                    {**ranges[row], **_dimension_parts(entries[row][common])} for row in (change.before, change.after)
                )
            for part in before.keys() & after.keys():
                if before[part] != after[part]:
                    affecting.setdefault(part, set()).add(change.symbol)
        return affecting

    def sizes_affecting_entries(self, template: TensorTemplate) -> Iterator[Symbol]:
        """Yield the sizes whose change alone changed anything about the tensors of a template."""
        entries = template.entries
        return (change.symbol for change in self.changes if entries.get(change.before) != entries.get(change.after))

    def sizes_affecting_existence(self, template: TensorTemplate) -> Iterator[Symbol]:
        """Yield the sizes whose change alone changed which tensors of a template exist."""
        names = {row: frozenset(tensors) for row, tensors in template.entries.items()}
        return (change.symbol for change in self.changes if names.get(change.before) != names.get(change.after))

    def find_condition(self, part: str, cases: Mapping[int, bool], preferred: Iterable[Symbol] = ()) -> Boolean:
        """Return the condition that holds in exactly the rows that `cases` marks; raise `NoFormula` if none does.

        Conditions over `preferred` sizes are tried first.
        """
        condition = self.conditions.find(cases, frozenset(preferred))
        if condition is None:
            state = {EXISTENCE: " that have the tensor", TIE: " in which the tensor is tied"}.get(part, "")
            raise NoFormula(
                part, f"no condition holds in exactly the {sum(cases.values())} of {len(cases)} builds{state}"
            )
        return condition

    def layer_labels(self, template: TensorTemplate) -> Iterator[Callable[[int, int], object]]:
        """Yield functions of a row and an index that label a template's layer by a list of the configuration.

        The labels of a list of indices: the index is in the list, or not. The labels of a list of depths: the stage,
        and the stage together with being its first layer. A list of depths labels a stack only if its stages follow
        each other there. In ResNet's `stages.0.layers.{}` they do not.
        """
        for symbols in self.layer_lists.indices:
            yield lambda row, index, symbols=symbols: index in self._list_values(symbols, row)  # type: ignore[misc]
        for layer_list in self.layer_lists.kinds:
            yield lambda row, index, layer_list=layer_list: self.kind(layer_list, row, index)  # type: ignore[misc]
        for symbols in self.layer_lists.depths:
            if not self._leaves_first_stage(symbols, template):
                continue
            yield lambda row, index, symbols=symbols: self._stage(symbols, row, index)[0]  # type: ignore[misc]
            yield lambda row, index, symbols=symbols: self._stage(symbols, row, index)  # type: ignore[misc]

    def layer_ranges(self, template: TensorTemplate) -> Iterator[Callable[[int, int], object]]:
        """Yield functions of a row and an index that part a stack into first layers, last layers and those between.

        The labels are 0, 2 and 1.
        """
        firsts, lasts = self.range_ends(set(self.sizes_affecting_entries(template)))
        rows = range(len(self.evaluators))
        starts, ends = ([n for index in indices if (n := self.numbers_of(index, rows))] for indices in (firsts, lasts))
        for start, end in product(starts, ends):
            yield lambda row, index, start=start, end=end: (  # type: ignore[misc]
                0 if index < start[row] else 2 if index >= end[row] else 1
            )

    def range_ends(self, affecting: Collection[Symbol]) -> tuple[list[Expr], list[Expr]]:
        """Return the indices at which the first layers of a stack may end, and at which the last ones may begin.

        They are those that the model code compared, sizes, and their differences. A trace of a stack with few layers
        may lack them, because comparisons of a size with 0, 1 and 2 are not recorded.
        """
        compared = [index + offset for index in self.landmarks[:MAX_RANGE_LANDMARKS] for offset in (0, 1)]
        sizes = sorted((symbol for symbol in affecting if symbol in self.numbers and symbol.is_integer), key=str)
        counted = sizes if len(sizes) <= MAX_RANGE_SIZES else []
        lasts = [depth - last for depth, last in permutations(counted, 2)]
        return list(dict.fromkeys([*compared, *counted])), list(dict.fromkeys([*compared, *lasts]))

    def numbers_of(self, expression: Expr, rows: Iterable[int]) -> dict[int, Exact] | None:
        """Return the expression's number in each of these rows, None if it has none in some."""
        try:
            return {row: self.evaluators[row].number(expression) for row in rows}
        except (ArithmeticError, KeyError, TypeError):
            return None

    def kinds(self, layer_list: LayerList, row: int) -> tuple[int, ...]:
        """Return the kind of each layer in a row."""
        *amounts, order = (int(self.observations[row].sizes[symbol]) for symbol in layer_list.symbols)
        return arranged(order, tuple(amounts))

    def kind(self, layer_list: LayerList, row: int, index: int) -> int:
        """Return the kind of a layer in a row, -1 beyond the end of the list."""
        kinds = self.kinds(layer_list, row)
        return kinds[index] if index < len(kinds) else -1

    def _list_values(self, symbols: Sequence[Symbol], row: int) -> list[int]:
        return [int(self.observations[row].sizes[symbol]) for symbol in symbols]

    def _leaves_first_stage(self, symbols: Sequence[Symbol], template: TensorTemplate) -> bool:
        """Return True if an index goes beyond the first stage in every build in which all stages have layers."""
        rows = [row for row in template.entries if min(self._list_values(symbols, row)) > 0]
        runs = [template.index_runs(position) for position in range(template.index_count)]
        return any(all(self._stage(symbols, row, run[row][-1])[0] > 0 for row in rows) for run in runs)

    def _stage(self, symbols: Sequence[Symbol], row: int, index: int) -> tuple[int, bool]:
        """Return the stage of a layer if the stages have these depths, and True if the layer is its first."""
        ends = list(accumulate(self._list_values(symbols, row)))
        stage = bisect(ends, index)
        return stage, index == (ends[stage - 1] if stage else 0)

    def _traced_dimensions(self, template: TensorTemplate) -> list[list[Expr]]:
        """Return for each dimension the expressions that the model code computed for it, the shortest first."""
        names = {template.pattern.format(*indices) for tensors in template.entries.values() for indices in tensors}
        shapes = [trace.shapes[name] for trace in self.traces for name in names if name in trace.shapes]
        dimensions = range(max(map(len, shapes), default=0))
        traced = [{shape[k] for shape in shapes if k < len(shape)} - {None} for k in dimensions]
        return [
            [plain for _, plain in sorted(map(self._plain_dimension, expressions), key=itemgetter(0))]
            for expressions in traced
        ]

    def _plain_dimension(self, dimension: Expr) -> tuple[tuple[int, str], Expr]:
        """Return a sort key and the expression without Max and Min; many tensors share one expression."""
        if dimension not in self._plain_dimensions:
            plain = max_to_iverson(dimension)
            self._plain_dimensions[dimension] = (sympy.count_ops(plain), str(plain)), plain
        return self._plain_dimensions[dimension]


@value
class TemplateView:
    """A template with all that the table says about it: the input of one tensor's synthesis.

    `affecting` maps a part to the sizes that affect it. `traced` holds for each dimension the expressions that the
    model code computed for it.
    """

    table: ObservationTable
    template: TensorTemplate
    affecting: Mapping[str, Collection[Symbol]]
    traced: Sequence[Sequence[Expr]]

    @property
    def affecting_any(self) -> set[Symbol]:
        """Return the sizes that affect any part."""
        return set().union(*self.affecting.values())

    def restricted(self, template: TensorTemplate) -> TemplateView:
        """Return the same view of a part of the template: the knowledge about the whole template stays."""
        return replace(self, template=template)

    def fit_part(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        """Return the formula that gives a part's numbers in these rows; raise `NoFormula` if there is none."""
        affecting = self.affecting.get(part, set())
        formula = self.table.fitter.fit(rows, numbers, affecting)
        if formula is None:
            if len(rows) < MIN_FIT_ROWS:
                builds = "1 build is" if len(rows) == 1 else f"{len(rows)} builds are"
                raise NoFormula(part, f"{builds} too few for a formula (first value {numbers[0]})")
            sizes = f" in {', '.join(sorted(map(str, affecting)))}" if affecting else ""
            raise NoFormula(part, f"no formula{sizes} fits all {len(rows)} builds (first value {numbers[0]})")
        return formula

    def fit_dimension(self, dimension: int, rows: Sequence[int], numbers: Sequence[int]) -> Expr:
        """Return the formula of one dimension; raise `NoFormula` if there is none.

        These are tried: a formula that fits, a traced expression plus a constant, such an expression with one more
        constant where a relation of the path does not hold, a formula with one branch.
        """
        part = dimension_part(dimension)
        try:
            return self.fit_part(part, rows, numbers)
        except NoFormula:
            expressions = self.traced[dimension] if dimension < len(self.traced) else ()
            for traced in expressions:
                offset = self.constant_offset(traced, rows, numbers)
                if offset is not None:
                    return traced + offset
            for traced in expressions:
                beside = self._beside_the_path(traced, rows, numbers)
                if beside is not None:
                    return beside
            branched = self._fit_branched(part, rows, numbers)
            if branched is None:
                raise
            return branched

    def constant_offset(self, expression: Expr, rows: Sequence[int], numbers: Sequence[int]) -> int | None:
        """Return the integer by which the numbers exceed the expression in every row, or None if they differ."""
        offsets = {
            self.table.evaluators[row].residual(expression, number) for row, number in zip(rows, numbers, strict=True)
        }
        offset = offsets.pop()
        return int(offset) if not offsets and offset is not None and offset == int(offset) else None

    def _beside_the_path(self, traced: Expr, rows: Sequence[int], numbers: Sequence[int]) -> Expr | None:
        """Return the traced expression plus a constant in the rows in which a traced relation holds, or does not.

        BiT rounds a width to a multiple of 8, and adds 8 if that is less than nine tenths of it.
        """
        evaluators = self.table.evaluators
        by_offset: dict[Exact | None, int] = {}
        for row, number in zip(rows, numbers, strict=True):
            offset = evaluators[row].residual(traced, number)
            by_offset[offset] = by_offset.get(offset, 0) | 1 << row
        offsets = sorted(by_offset, key=lambda offset: -by_offset[offset].bit_count())
        if len(offsets) != 2 or any(offset is None or offset != int(offset) for offset in offsets):
            return None
        usual, rare = (int(offset) for offset in offsets if offset is not None)
        both = by_offset[offsets[0]] | by_offset[offsets[1]]
        for predicate in self.table.conditions.traced:
            if predicate.bits & both == by_offset[offsets[1]]:
                return traced + usual + (rare - usual) * Iverson(predicate.make())
        return None

    def _fit_branched(self, part: str, rows: Sequence[int], numbers: Sequence[int]) -> Expr | None:
        """Return a formula for each side of one comparison between affecting sizes, joined by an Iverson bracket."""
        affecting = {symbol for symbol in self.affecting.get(part, ()) if symbol in self.table.numbers}
        if not 1 < len(affecting) <= MAX_BRANCH_SIZES or len(rows) < MIN_BRANCH_ROWS:
            return None
        cells = list(zip(rows, numbers, strict=True))
        for predicate in self.table.conditions.comparisons(affecting):
            sides = [[cell for cell in cells if predicate.bits >> cell[0] & 1 == holds] for holds in (1, 0)]
            if min(map(len, sides)) < MIN_BRANCH_ROWS // 2:
                continue
            branches = []
            for side in sides:  # most comparisons fail at the first side, and a failing search tries every formula
                branch = self.table.fitter.fit([row for row, _ in side], [number for _, number in side], affecting)
                if branch is None:
                    break
                branches.append(branch)
            else:
                then, otherwise = branches
                return otherwise + (then - otherwise) * Iverson(predicate.make())
        return None


def _one_field_changes(observations: Sequence[Observation], lists: Sequence[LayerList]) -> list[OneFieldChange]:
    """Return the pairs of rows between which one field was changed; a list changes the numbers of all its kinds."""
    rows = {id(observation): row for row, observation in enumerate(observations)}
    counted = {layer_list.order: [kind.count for kind in layer_list.kinds] for layer_list in lists}
    return [
        OneFieldChange(rows[id(observation.changed_from)], row, symbol)
        for row, observation in enumerate(observations)
        if observation.changed_from is not None and observation.changed is not None
        for symbol in counted.get(observation.changed, [observation.changed])
    ]


def _merge_into(affecting: dict[str, set[Symbol]], more: Mapping[str, set[Symbol]]) -> None:
    for part, sizes in more.items():
        affecting.setdefault(part, set()).update(sizes)


def _dimension_parts(entry: Entry) -> dict[str, int]:
    return {dimension_part(dimension): length for dimension, length in enumerate(entry.shape)}


def _range_parts(tensors: Mapping[tuple[int, ...], Entry]) -> dict[str, int]:
    """Return by part the start, end and step of each index in one build; a step needs two indices."""
    parts: dict[str, int] = {}
    for position in range(len(next(iter(tensors)))):
        run = sorted({indices[position] for indices in tensors})
        parts[repeat_part(position, "start")] = run[0]
        parts[repeat_part(position, "end")] = run[-1] + 1
        if len(run) > 1:
            parts[repeat_part(position, "step")] = run[1] - run[0]
    return parts
