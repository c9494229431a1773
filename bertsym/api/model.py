"""A model as the library returns it: its counts, its formulas, and the sizes that meet a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING, Any

from sympy import Symbol

from bertsym import arguments
from bertsym import count as counting
from bertsym.algebra import Value
from bertsym.answers.breakdown import Breakdown, broken_down
from bertsym.answers.comparison import Comparison, Shown, comparison
from bertsym.answers.compute_optimal import ComputeOptimal
from bertsym.answers.derivative import derivative
from bertsym.answers.explanation import Derivation, derivation
from bertsym.answers.formula import formula_written
from bertsym.answers.inventory import Inventory, inventory
from bertsym.answers.size_table import USUAL, SizeTable, size_table
from bertsym.answers.sizes import sizes as sizes_that_meet
from bertsym.answers.titles import chosen_names
from bertsym.api.answers import Answer, Derivative, Total
from bertsym.api.budgets import allocation_by_law, limits_of, with_budgets
from bertsym.api.configurations import Configuration, written_configuration
from bertsym.api.demands import ranges_of, rules_of, steps_of
from bertsym.compiled import CompiledCount, compiled
from bertsym.convention import Convention, named_convention, select
from bertsym.count import By
from bertsym.errors import Conflict, Missing, UnknownName, Unreadable, listed
from bertsym.formulas.styles import Style
from bertsym.model import Model as Spec
from bertsym.resolve import load as load_spec
from bertsym.resolve import load_json
from bertsym.solving.constraints import parse_constraint, parse_ties
from bertsym.solving.request import LARGEST, Order, Request
from bertsym.values import replace

if TYPE_CHECKING:
    from bertsym.answers.roofline import Roofline
    from bertsym.answers.sweep import Sweep
    from bertsym.answers.tradeoff import Tradeoff
    from bertsym.costs import Measure
    from bertsym.files.jsonfile import Json


SHOWN_CHARACTERS = 160
"""The characters of a model at a prompt."""

LOADABLE = "a name, a path, the fields of a config.json, or a configuration of transformers (`model.config`)"
"""The things that `load` takes, for an error."""


@dataclass(frozen=True, eq=False)
class Model:
    """A model under one task head. Some of its sizes may be open. A model is a value: every change makes a new one.

    Examples:
        >>> bert = load("bert")
        >>> bert.at(V=30522, N=512, H=768, L=12, ffn_ratio=4).count()
        109482240
        >>> sorted(map(str, bert.total().expression.free_symbols))
        ['H', 'L', 'N', 'V', 'ffn_ratio']
    """

    spec: Spec
    measure: Measure | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        spec = self.spec
        return (
            self.measure,
            spec.architecture,
            spec.head,
            frozenset(spec.given.items()),
            frozenset(spec.pinned.items()),
        )

    def __repr__(self) -> str:
        parts = [self.spec.architecture.name, self.spec.cls, *(f"{name}={size}" for name, size in self.sizes.items())]
        return f"Model({listed(parts, SHOWN_CHARACTERS)})"

    def _repr_latex_(self) -> str:
        return self.total()._repr_latex_()

    def _repr_html_(self) -> str:
        return self.total()._repr_html_()

    @property
    def sizes(self) -> dict[str, Value]:
        """Return the sizes that are known, by public name."""
        return {str(symbol): value for symbol, value in self.spec.given.items()}

    @property
    def symbols(self) -> Mapping[str, Symbol]:
        """Return the symbols of the model's formulas: by public name, and by every field that means a size.

        They are plain: `symbols["H"]` is `sympy.Symbol("H")`. A name that the model does not know raises `UnknownName`.

        Examples:
            >>> bert = load("bert")
            >>> formula = bert.total().expression
            >>> print(formula.diff(bert.symbols["V"]), formula.diff("V"))
            H H
            >>> bert.symbols["hidden_size"]
            H
        """
        return arguments.SymbolsByName(self.spec)

    @property
    def _other_names(self) -> Mapping[str, str]:
        return dict(self.spec.architecture.other_names)

    @property
    def heads(self) -> dict[str, str]:
        """Return the task heads of the architecture, with the framework's class for each."""
        return {name: head.cls for name, head in self.spec.architecture.heads.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Return how a file was read where its author may not expect it, such as a field that was ignored."""
        return self.spec.notes

    def at(self, sizes: Mapping[str | Symbol, Value | str] | None = None, /, **more: Value | str) -> Model:
        """Return the model with sizes put in: `at(H=1024, L=24)`, `at({"ffn_ratio": "8/3"})`.

        A size goes by its public name or by the field of a `config.json` that sets it: `at(hidden_size=1024)`. The
        sizes of a derived model have names of its own code: `at(first_k_dense_replace=3)`. A symbol of the model is as
        good as its name.

        Raises `UnknownName`, `Unreadable`, `Conflict` or `NotAnInteger`, all of them `BertsymError`.
        """
        given: dict[Symbol, Value] = {}
        typed: dict[Symbol, str] = {}
        for name, value in (*arguments.sizes_by_name(sizes, "sizes").items(), *more.items()):
            size = self.spec.setting(name)
            exact = arguments.size_value(size, value)
            if given.setdefault(size.symbol, exact) != exact:
                before = f"{typed[size.symbol]}={given[size.symbol]}"
                raise Conflict(before, f"{name}={exact}", f"{size.name} was given twice")
            typed.setdefault(size.symbol, name)
        sized = self.spec.with_sizes(given, pin=True)
        return Model(sized if self.measure is None else self.measure.within_positions(sized), self.measure)

    def with_head(self, name: str) -> Model:
        """Return the model under another task head, such as `masked-lm`; raises `UnknownName`."""
        named = self.spec.with_head(arguments.text(name, "head"))
        return Model(named, self.measure and self.measure.with_head(name))

    def of(
        self,
        quantity: str,
        convention: str | None = None,
        *,
        dtype: str | None = None,
        optimizer: str | None = None,
        rank: int | None = None,
        targets: Iterable[str] | None = None,
        zero: int | None = None,
        devices: int | None = None,
        kernel: str | None = None,
    ) -> Model:
        """Return the model as another quantity counts it: flops, cache, states, memory or lora, under one convention.

        The result has the sizes of a run too, such as B and S. `dtype` decides cache, states and memory; `optimizer`,
        and the stage `zero` of ZeRO over `devices`, decide states and memory. `kernel` decides what autograd keeps.
        `rank` and `targets` decide an adapter. Raises `UnknownName`, `Conflict` or `NotKnownOf`.

        Examples:
            >>> load("bert-base-uncased").of("flops").at(B=1, S=512).count()
            96637943808
        """
        settings = arguments.settings(dtype, optimizer, rank, targets, zero, devices, kernel)
        measure = arguments.measure(self.plain_spec("of"), quantity, convention, settings)
        return Model(measure.measured, measure)

    def plain_spec(self, method: str) -> Spec:
        """Return the model whose tensors are counted; raises `Conflict` if another quantity is."""
        if self.measure is not None:
            raise Conflict(method, f"of {self.measure.quantity.name}", "it needs the model itself")
        return self.spec

    def count(self, convention: str = "exact", *, only: Iterable[str] = (), without: Iterable[str] = ()) -> int:
        """Return the exact number of parameters under a convention.

        `only` and `without` narrow the count to roles, modules or components. Raises `MissingSize` while a size that
        the count depends on is unknown, and `UnknownName` for a convention that does not exist.
        """
        return counting.count(self.spec, self.convention(convention, only, without))

    def total(
        self,
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        form: str = "collected",
        keep: Iterable[str] = (),
    ) -> Total:
        """Return the formula; `keep` leaves derived sizes (F, d) and sizes with a default (T) in it as symbols."""
        kept = [self.spec.setting(name).symbol for name in arguments.texts(keep, "keep")]
        self.spec.check_known(kept)
        report = formula_written(self.spec, self.convention(convention, only, without), form, kept)
        return Total(report, other_names=self._other_names)

    def breakdown(
        self,
        by: str = "component",
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        form: str = "collected",
    ) -> Answer[Breakdown]:
        """Return the total by component, role, layer or module; the rows sum to it."""
        grouping = By.named(by)
        report = broken_down(self.spec, self.convention(convention, only, without), grouping, Style.named(form))
        return Answer(report, other_names=self._other_names)

    def compile(
        self,
        *sizes: str | Symbol,
        convention: str = "exact",
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        of: str | None = None,
        head: str | None = None,
        overflow: str = "raise",
    ) -> CompiledCount:
        """Return the count as an exact function of sizes, for integers of any size and for arrays of numpy.

        `compile("H", "L")(768, 12)` is `at(H=768, L=12).count()`, refusals included, and takes microseconds. The other
        sizes stay. Without `sizes` the arguments are the sizes that are open, in the order of `sizes` of the result.
        `of` counts another quantity, and `head` another task head. In an array, a count beyond 64 bits raises
        `Overflow`; with `overflow="object"` the array has Python's integers then.

        Raises `UnknownName`, `Conflict`, and `MissingSize` if the count depends on more sizes.

        Examples:
            >>> parameters = load("bert-base-uncased").compile("H", "L")
            >>> parameters(768, 12), parameters(L=24, H=768)
            (109482240, 194536704)
            >>> load("bert-base-uncased").compile("B", "S", of="flops")(1, 512)
            96637943808
        """
        if overflow not in ("raise", "object"):
            raise UnknownName("overflow", overflow, ("raise", "object"))
        model = self if head is None else self.with_head(head)
        model = model if of is None else model.of(of, None if convention == "exact" else convention)
        counted = model.convention(convention if of is None else "exact", only, without)
        symbols = [model.spec.setting(name).symbol for name in arguments.texts(sizes, "sizes")]
        return compiled(model.spec, symbols, counted, model.measure, promotes=overflow == "object")

    def tensors(
        self, convention: str = "exact", *, only: Iterable[str] = (), without: Iterable[str] = ()
    ) -> Answer[Inventory]:
        """Return the inventory: one entry per tensor if every size is known, else one per declaration."""
        return Answer(inventory(self.spec, self.convention(convention, only, without)), other_names=self._other_names)

    def compare(
        self,
        *others: Model,
        convention: str = "exact",
        form: str = "collected",
        names: Iterable[str] = (),
        base: str = "",
        values: Iterable[str] = (),
        sizes: Iterable[str] | None = None,
    ) -> Answer[Comparison]:
        """Compare this model with others, component by component.

        `names` are titles for the models, in their order. `base` is the title of the model to which differences and
        ratios are taken, this one by default. `values` are formula, count, share, difference, difference-share or
        ratio. `sizes` are the sizes above the components, those that differ by default.

        Examples:
            >>> base, large = load("bert-base-uncased"), load("bert-large-uncased")
            >>> print(base.compare(large).report.total.sides[1].change)
            225659648
        """
        if not others:
            raise Missing("second model", "at least one model, as `load` returns it")
        for other in _models(others):
            if (self.measure and self.measure.account) != (other.measure and other.measure.account):
                raise Conflict("the first model", "the second", "they count different quantities")
        models = (self, *others)
        report = comparison(
            [model.spec for model in models],
            self.convention(convention),
            Style.named(form),
            names=chosen_names(arguments.texts(names, "names"), [""] * len(models)),
            base=arguments.text(base, "base"),
            shown=[Shown.named(name) for name in arguments.texts(values, "values")],
            sizes=None if sizes is None else arguments.texts(sizes, "sizes"),
        )
        meanings = (model.spec.architecture.other_names.items() for model in models)
        return Answer(report, other_names=dict(set.intersection(*map(set, meanings))))

    def size_table(
        self, *others: Model, columns: Iterable[str] = USUAL, names: Iterable[str] = ()
    ) -> Answer[SizeTable]:
        """Return the table of sizes of this model and others, a model in each row, as papers print it.

        `columns` are sizes, `parameters`, components, conventions such as `non-embedding`, `sharing`, `class` or `id`.
        `names` are titles for the models, in their order.

        Examples:
            >>> base, large = load("bert-base-uncased"), load("bert-large-uncased")
            >>> print(base.size_table(large, columns=["L", "H", "parameters"]).csv(), end="")
            model,L,H,parameters
            BERT base,12,768,109482240
            BERT large,24,1024,335141888
        """
        models = [model.plain_spec("size_table") for model in (self, *_models(others))]
        chosen = chosen_names(arguments.texts(names, "names"), [""] * len(models))
        return Answer(size_table(models, arguments.texts(columns, "columns"), chosen))

    def explain(
        self,
        component: str | None = None,
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
    ) -> Answer[Derivation]:
        """Derive the count step by step, from tensors and shapes."""
        return Answer(derivation(self.spec, self.convention(convention, only, without), component))

    def derivative(
        self,
        by: str | Symbol,
        order: int = 1,
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        form: str = "collected",
    ) -> Derivative:
        """Differentiate the total by a size; the value and the elasticity are known if every size is.

        Examples:
            >>> load("bert-base-uncased").derivative("V").value
            Fraction(768, 1)
        """
        symbol = self.spec.setting(arguments.name(by, "by")).symbol
        times = arguments.whole(order, "order")
        counted = self.convention(convention, only, without)
        report = derivative(self.spec, symbol, times, counted, Style.named(form))
        return Derivative(report, other_names=self._other_names)

    def solve(
        self,
        target: int | str | None = None,
        unknowns: str | Symbol | Iterable[str | Symbol] = "H",
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        compute: int | str | None = None,
        law: str | None = None,
        at: Mapping[str, Value | str] | None = None,
        dtype: str | None = None,
        optimizer: str | None = None,
        kernel: str | None = None,
        zero: int | None = None,
        devices: int | None = None,
        where: Iterable[str] = (),
        ties: Iterable[str] = (),
        ranges: Mapping[str, tuple[int, int]] | None = None,
        multiple_of: Mapping[str, int] | int | None = None,
        at_most: Mapping[str, int | str] | None = None,
        at_least: Mapping[str, int | str] | None = None,
        tolerance: Fraction | str | None = None,
        order: str = "shape",
        top: int | None = None,
        like: str | None = None,
        tp: int | None = None,
        diverse: bool = False,
    ) -> Answer[Any]:
        """Find the size that meets a target, or with several unknowns the configurations.

        A size that stays open is taken from the base model of the architecture, and the answer names it.

        `rows` are the sizes that were found, with their counts. One unknown is solved as mathematics
        (`report.solution`); several are searched for completely (`report.found`).
        `at_most` and `at_least` are budgets by convention, or of another quantity, as in `{"memory": "24GiB"}`. The
        sizes of a run that these depend on are `at`; `dtype` and the rest are those of `of`. The target "max" finds the
        largest model within the budgets. With `compute` the scaling `law` chooses the target, by its own definition of
        parameters. `tolerance` is a fraction of the target, as in "0.01".

        A size that `where` names, and that is neither pinned by `at` nor tied, follows from the condition or is
        searched too. `multiple_of` is a step for each size, or one for all widths and vocabularies. `like` accepts only
        the shapes of a published model or family, `tp` only what so many devices can divide. `diverse` spreads the
        answers.

        Examples:
            >>> load("bert-base-uncased").solve("110M").report.solution.floor.value
            770
            >>> base, batch = load("bert-base-uncased"), {"B": 32, "S": 512}
            >>> base.solve("max", "L", at_most={"memory": "24GiB"}, at=batch).report.found.answers[0].at
            {L: 13}
        """
        allocation = allocation_by_law(target, compute, law)
        if allocation is not None:
            target, convention = allocation.optimum.parameters, allocation.law.convention
        settings = arguments.settings(dtype, optimizer, None, None, zero, devices, kernel)
        example = "{'memory': '24GiB'}"
        from bertsym.solving.budgets import with_unit

        budgets = [arguments.mapping(at_most, "at_most", example), arguments.mapping(at_least, "at_least", example)]
        at_most, at_least = ({with_unit(name, amount): amount for name, amount in named.items()} for named in budgets)
        spec, beside = with_budgets(self, [*at_most, *at_least], settings, at)
        names = [name.strip() for each in arguments.texts(unknowns, "unknowns") for name in each.split(",")]
        symbols = tuple(spec.setting(name).symbol for name in names)
        if not symbols:
            raise Missing("unknown", "a size to find, such as 'H'")
        counted = self.convention(convention, only, without)
        wanted = None if target == LARGEST else arguments.count(target, "target", counted.unit)
        tied = parse_ties(arguments.texts(ties, "ties"), spec.size)
        wheres = tuple(parse_constraint(text, spec.size) for text in arguments.texts(where, "where"))
        slack = None if tolerance is None else arguments.share(tolerance, "tolerance")
        shown = (20 if len(symbols) > 1 else 5) if top is None else arguments.whole(top, "top")
        ordered = Order.named(order)
        limits = (*limits_of(self, at_most, beside, most=True), *limits_of(self, at_least, beside, most=False))
        steps, multiple = steps_of(spec, multiple_of)
        asked = (symbols, wanted, counted, ranges_of(spec, ranges), steps, wheres, tied, limits, slack, ordered, shown)
        found = sizes_that_meet(spec, Request(*asked, multiple, diverse, rules_of(spec, like, tp)))
        return Answer(found if allocation is None else ComputeOptimal(allocation, found))

    def roofline(
        self, device: str, dtype: str = "bf16", at: Mapping[str, Value | str] | None = None
    ) -> Answer[Roofline]:
        """Return a lower bound on the time of a forward pass, a decoded token and a training step on a device.

        `at` are the sizes of the run, such as B and S. Raises `UnknownName`, `NotKnownOf`, `MissingSize` or `Conflict`.

        Examples:
            >>> bounds = load("Llama-2-7b-hf").roofline("h100-sxm", at={"B": 1, "S": 4096}).report.bounds
            >>> [(bound.phase, bound.limit) for bound in bounds]
            [('prefill', 'FLOPs'), ('decode a token', 'bandwidth'), ('training step', 'FLOPs')]
        """
        from bertsym.answers.roofline import roofline
        from bertsym.symbols import beside

        loaded = self.plain_spec("roofline")
        named = replace(loaded, architecture=replace(loaded.architecture, accepted=beside(loaded.symbols)))
        sizes = {}
        for name, value in arguments.mapping(at, "at", "{'B': 1, 'S': 512}").items():
            size = named.setting(name)
            sizes[size.symbol] = arguments.size_value(size, value)
        return Answer(roofline(loaded, sizes, arguments.text(device, "device"), arguments.text(dtype, "dtype")))

    def config(self) -> dict[str, Json]:
        """Return the fields of a `config.json` that transformers loads and that counts the same.

        A size that stays open is that of the base model of the architecture. Raises `NotWritten` for a size that no
        field sets, and `NoConfiguration`, `BadField` or `BadFile`.

        Examples:
            >>> fields = load("bert").at(H=1024, L=24, heads=16).config()
            >>> fields["architectures"], fields["hidden_size"], fields["intermediate_size"]
            (['BertModel'], 1024, 4096)
        """
        from bertsym.answers.configuration_file import configuration_file

        return dict(configuration_file(self.plain_spec("config")).fields)

    def sweep(
        self,
        over: Mapping[str | Symbol, Sequence[int]],
        of: str | Iterable[str] = (),
        *,
        at: Mapping[str | Symbol, Value | str] | None = None,
        ties: str | Iterable[str] = (),
        where: str | Iterable[str] = (),
        dtype: str | None = None,
        optimizer: str | None = None,
        kernel: str | None = None,
        zero: int | None = None,
        devices: int | None = None,
    ) -> Sweep:
        """Return the table of counts and costs over a lattice of sizes, counted while it is read.

        `of` are quantities, also under a convention, as `flops:train`; by default all that are known of the model. `at`
        are sizes of the model and of a run. `columns` and `rows()` of the result are what pandas takes; iterating over
        it yields a mapping a row. Raises `TooLarge` for more than a million combinations, and what `solve` raises.

        Examples:
            >>> table = load("bert-base-uncased").sweep({"L": range(6, 13, 6)}, "parameters", where="H/L >= 64")
            >>> [(row["L"], row["parameters"]) for row in table]
            [(6, 66955008), (12, 109482240)]
        """
        from bertsym.api.designs import swept

        settings = arguments.settings(dtype, optimizer, None, None, zero, devices, kernel)
        return swept(self, over, of, settings, at, ties, where)

    def tradeoff(
        self,
        vary: str | Symbol = "V",
        against: str | Symbol = "L",
        total: int | str | None = None,
        convention: str = "exact",
        *,
        values: Iterable[int] | None = None,
        ties: str | Iterable[str] = (),
    ) -> Answer[Tradeoff]:
        """Return what each value of one size leaves of another at a constant total, that of the model by default.

        Raises what `solve` raises, `TooLarge` for more than 200 values, and `Conflict` for a size against itself.

        Examples:
            >>> base = load("bert-base-uncased")
            >>> choices = base.tradeoff("V", "L", "110M", values=[16_000, 32_000]).report.choices
            >>> [(choice.number, choice.point.value) for choice in choices]
            [(16000, 13), (32000, 11)]
        """
        from bertsym.api.designs import traded

        return Answer(traded(self, (vary, against), total, self.convention(convention), values, ties))

    @property
    def quantity(self) -> str:
        """Return the name of the quantity that is counted: `parameters`, or that of `of`."""
        from bertsym.solving.budgets import PARAMETERS

        return PARAMETERS if self.measure is None else self.measure.quantity.name

    def convention(self, name: str, only: Iterable[str] = (), without: Iterable[str] = ()) -> Convention:
        """Return a convention of the quantity that is counted; raises `UnknownName` or `Conflict`."""
        narrowed = (arguments.texts(labels, what) for labels, what in ((only, "only"), (without, "without")))
        found = named_convention(name or "exact") if self.measure is None else self.measure.convention(name or "exact")
        return select(found, self.spec.tensors, *narrowed)


Loadable = str | PathLike[str] | Mapping[str, Any] | Configuration
"""A name, a path, the fields of a configuration, or a configuration object of transformers."""


def load(
    target: Loadable,
    head: str | None = None,
    *,
    model_type: str | None = None,
) -> Model:
    """Load a model by name, from a configuration, from a `config.json` or its folder, or from a saved model.

    A name means the class that its papers count: the bare model of an encoder, the language model of a decoder. A
    configuration is a mapping of the fields of a `config.json`, or an object of transformers such as `BertConfig()`,
    which is read as the file that `save_pretrained` writes.

    `head` replaces the class that a file names, and `model_type` its type. `notes` of the model say what was inferred
    from the file. Raises `UnknownName`, `AmbiguousModel` for a name of several models, `BadFile`, `BadField`, or
    `Conflict` for a name with a `model_type`.

    Examples:
        >>> load("bert-base-uncased") == load("BERT base uncased")
        True
        >>> load({"model_type": "bert", "hidden_size": 1024, "num_attention_heads": 16}).sizes["H"]
        1024
    """
    kind = None if model_type is None else arguments.text(model_type, "model_type")
    named = None if head is None else arguments.text(head, "head")
    written = written_configuration(target)
    if written is not None:
        return Model(load_json(*written, named, kind))
    return Model(load_spec(arguments.path(target, "target", LOADABLE), named, kind))


def _models(given: tuple[Model, ...]) -> tuple[Model, ...]:
    """Return the models; raise `Unreadable` for something else."""
    for model in given:
        if not isinstance(model, Model):
            raise Unreadable("the other model", f"a {type(model).__name__}", "a model, as `load` returns it")
    return given
