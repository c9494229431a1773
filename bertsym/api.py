"""The public library: load a model, count it, write its formula, check a claim or a checkpoint, derive a formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

from bertsym import arguments
from bertsym import count as counting
from bertsym.algebra import Value
from bertsym.answers.adapter_verification import AdapterVerification
from bertsym.answers.audit import ClaimAudit, asked
from bertsym.answers.breakdown import broken_down
from bertsym.answers.comparison import comparison
from bertsym.answers.configurations import shortlist
from bertsym.answers.derivative import Derivative as DerivativeReport
from bertsym.answers.derivative import derivative
from bertsym.answers.explanation import derivation
from bertsym.answers.formula import Formula, formula_written
from bertsym.answers.inventory import inventory
from bertsym.answers.name_verification import NameVerification
from bertsym.answers.solution import solved
from bertsym.answers.verification import Verification as VerificationReport
from bertsym.answers.verification import verification
from bertsym.claims.question import question
from bertsym.claims.standing import Standing
from bertsym.convention import Convention, named_convention, select
from bertsym.count import By
from bertsym.errors import Conflict, Missing, Unreadable
from bertsym.formulas.styles import Style
from bertsym.formulas.tree import to_sympy
from bertsym.legend import with_own_sizes
from bertsym.model import Model as Spec
from bertsym.render import jsontext, latex, markdown, mathtex, text
from bertsym.report import Report
from bertsym.resolve import load as load_spec
from bertsym.solving.constraints import parse_constraint, parse_ties
from bertsym.solving.open_model import only_unknowns
from bertsym.solving.request import Order, Request
from bertsym.solving.requirements import Demand, Limit
from bertsym.values import replace

if TYPE_CHECKING:
    from bertsym.answers.derived import DerivedFormula
    from bertsym.costs import Measure
    from bertsym.derive.types import Failure


@dataclass(frozen=True)
class Answer:
    """An answer. It prints as text, and in a notebook as mathematics; `report` holds its parts."""

    report: Report

    def __str__(self) -> str:
        return text.document(with_own_sizes(self.report.document())).removesuffix("\n")

    def latex(self) -> str:
        """Return a LaTeX fragment that needs no package."""
        return latex.document(with_own_sizes(self.report.document()))

    def markdown(self) -> str:
        """Return Markdown with $...$ mathematics."""
        return markdown.document(with_own_sizes(self.report.document()))

    def json(self) -> str:
        """Return the JSON that the command line prints."""
        return jsontext.document(self.report)

    def _repr_markdown_(self) -> str:
        return self.markdown()


@dataclass(frozen=True)
class Total(Answer):
    """A formula: `expression` for sympy, `count` if every size is known."""

    report: Formula

    @property
    def expression(self) -> Expr:
        """Return the formula as a sympy expression in the public symbols."""
        return to_sympy(self.report.expression)

    @property
    def count(self) -> int | None:
        """Return the exact number of parameters, or None while a size is unknown."""
        return self.report.count

    def _repr_latex_(self) -> str:
        return f"${mathtex.math(self.report.expression)}$"


@dataclass(frozen=True)
class Derivative(Answer):
    """A derivative: `expression` for sympy, `value` and `elasticity` if every size is known."""

    report: DerivativeReport

    @property
    def expression(self) -> Expr:
        """Return the derivative as a sympy expression."""
        return to_sympy(self.report.expression)

    @property
    def value(self) -> Fraction | None:
        """Return the derivative at the model's sizes, exactly, or None while a size is unknown."""
        return self.report.value

    @property
    def elasticity(self) -> Fraction | None:
        """Return by how many percent the count grows if the size grows by one percent, exactly."""
        return self.report.elasticity_value

    def _repr_latex_(self) -> str:
        return f"${mathtex.math(self.report.expression)}$"


@dataclass(frozen=True)
class Audit(Answer):
    """The verdict on a claim: stands, nearly, mixed, finding or unread. `notes` say how the claim was read."""

    report: ClaimAudit
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Return the verdict as a word."""
        return self.report.standing.value

    @property
    def stands(self) -> bool:
        """Return True if the claim was read whole and is right."""
        return self.report.standing is Standing.STANDS


@dataclass(frozen=True)
class Verification(Answer):
    """A checkpoint beside a model, tensor by tensor."""

    report: VerificationReport | NameVerification | AdapterVerification

    @property
    def ok(self) -> bool:
        """Return True if the checkpoint holds exactly the tensors of the model."""
        return self.report.ok

    @property
    def count(self) -> int | None:
        """Return the number of parameters that the checkpoint holds; None if an index had names only."""
        return self.report.count


@dataclass(frozen=True)
class Derived(Answer):
    """A formula that was inferred from model code, with the evidence for it."""

    report: DerivedFormula

    @property
    def whole(self) -> bool:
        """Return True if every tensor has a formula. Otherwise the formula is not the total."""
        return self.report.found.whole

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the tensors without a formula: each with the part that has none, and why."""
        return self.report.found.refused

    @property
    def model(self) -> Model:
        """Return the derived model at the sizes of the code; raises `PartialFormula` unless the derivation is whole."""
        from bertsym.derive.export import recorded
        from bertsym.saved_model import decode

        record = recorded(self.report.found)
        return Model(decode.model(record, record.name))

    @property
    def expression(self) -> Expr:
        """Return the formula as a sympy expression in the public symbols."""
        return to_sympy(self.report.expression)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to a file that `load` reads; raises `PartialFormula` or `BadFile`."""
        from bertsym.derive.save import save

        save(self.report.found, Path(path))


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
        sizes = "".join(f", {name}={value}" for name, value in self.sizes.items())
        return f"Model({self.spec.architecture.name}, {self.spec.cls}{sizes})"

    def _repr_latex_(self) -> str:
        return self.total()._repr_latex_()

    @property
    def sizes(self) -> dict[str, Value]:
        """Return the sizes that are known, by public name."""
        return {str(symbol): value for symbol, value in self.spec.given.items()}

    @property
    def symbols(self) -> Mapping[str, Symbol]:
        """Return the symbols of the model's formulas: by public name, and by every field that means a size.

        sympy reads text as another symbol, of which no formula depends: `expression.diff("H")` is 0. Pass a symbol from
        here. A name that the model does not know raises `UnknownName`.

        Examples:
            >>> bert = load("bert")
            >>> print(bert.total().expression.diff(bert.symbols["V"]))
            H
            >>> bert.symbols["hidden_size"]
            H
        """
        return arguments.SymbolsByName(self.spec)

    @property
    def heads(self) -> dict[str, str]:
        """Return the task heads of the architecture, with the framework's class for each."""
        return {name: head.cls for name, head in self.spec.architecture.heads.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Return how a file was read where its author may not expect it, such as a field that was ignored."""
        return self.spec.notes

    def at(self, sizes: Mapping[str, Value | str] | None = None, /, **more: Value | str) -> Model:
        """Return the model with sizes put in: `at(H=1024, L=24)`, `at({"ffn_ratio": "8/3"})`.

        A size goes by its public name or by the field of a `config.json` that sets it: `at(hidden_size=1024)`. The
        sizes of a derived model have names of its own code: `at(first_k_dense_replace=3)`.

        Raises `UnknownName`, `Unreadable`, `Conflict` or `NotAnInteger`, all of them `BertsymError`.
        """
        given: dict[Symbol, Value] = {}
        typed: dict[Symbol, str] = {}
        for name, value in (*arguments.mapping(sizes, "sizes", "{'H': 1024}").items(), *more.items()):
            size = self.spec.size(name)
            exact = arguments.size_value(size, value)
            if given.setdefault(size.symbol, exact) != exact:
                before = f"{typed[size.symbol]}={given[size.symbol]}"
                raise Conflict(before, f"{name}={exact}", f"{size.name} was given twice")
            typed.setdefault(size.symbol, name)
        sized = self.spec.with_sizes(given, pin=True)
        return Model(sized if self.measure is None else self.measure.within_positions(sized), self.measure)

    def with_head(self, name: str) -> Model:
        """Return the model under another task head, such as `masked-lm`; raises `UnknownName`."""
        return Model(self.spec.with_head(name), self.measure and self.measure.with_head(name))

    def of(
        self,
        quantity: str,
        convention: str | None = None,
        *,
        dtype: str | None = None,
        optimizer: str | None = None,
        rank: int | None = None,
        targets: Iterable[str] | None = None,
    ) -> Model:
        """Return the model as another quantity counts it: flops, cache, states or lora, under one convention.

        Its sizes are those of a run too, such as B and S. `dtype` and `optimizer` decide cache and states, `rank` and
        `targets` an adapter. Raises `UnknownName`, `Conflict` or `NotKnownOf`.

        Examples:
            >>> load("bert-base-uncased").of("flops").at(B=1, S=512).count()
            96637943808
        """
        settings = arguments.settings(dtype, optimizer, rank, targets)
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
        kept = [self.spec.size(name).symbol for name in arguments.texts(keep, "keep")]
        self.spec.check_known(kept)
        return Total(formula_written(self.spec, self.convention(convention, only, without), form, kept))

    def breakdown(
        self,
        by: str = "component",
        convention: str = "exact",
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        form: str = "collected",
    ) -> Answer:
        """Return the total by component, role, layer or module; the rows sum to it."""
        grouping = By.named(by)
        return Answer(broken_down(self.spec, self.convention(convention, only, without), grouping, Style.named(form)))

    def tensors(self, convention: str = "exact") -> Answer:
        """Return the inventory: one entry per tensor if every size is known, else one per declaration."""
        return Answer(inventory(self.spec, self.convention(convention)))

    def compare(self, other: Model, convention: str = "exact", *, form: str = "collected") -> Answer:
        """Compare this model with another, component by component.

        Examples:
            >>> print(load("bert-base-uncased").compare(load("bert-large-uncased")).report.total.difference.count)
            225659648
        """
        if not isinstance(other, Model):
            raise Unreadable("the other model", f"a {type(other).__name__}", "a model, as `load` returns it")
        if (self.measure and self.measure.account) != (other.measure and other.measure.account):
            raise Conflict("the first model", "the second", "they count different quantities")
        report = comparison(self.spec, other.spec, self.convention(convention), Style.named(form))
        return Answer(report)

    def explain(self, component: str | None = None, convention: str = "exact") -> Answer:
        """Derive the count step by step, from tensors and shapes."""
        return Answer(derivation(self.spec, self.convention(convention), component))

    def derivative(self, by: str, order: int = 1, convention: str = "exact", *, form: str = "collected") -> Derivative:
        """Differentiate the total by a size; the value and the elasticity are known if every size is.

        Examples:
            >>> load("bert-base-uncased").derivative("V").value
            Fraction(768, 1)
        """
        symbol = self.spec.size(by).symbol
        times = arguments.whole(order, "order")
        return Derivative(derivative(self.spec, symbol, times, self.convention(convention), Style.named(form)))

    def solve(
        self,
        target: int | str,
        unknowns: str | Iterable[str] = "H",
        convention: str = "exact",
        *,
        where: Iterable[str] = (),
        ties: Iterable[str] = (),
        ranges: Mapping[str, tuple[int, int]] | None = None,
        multiple_of: Mapping[str, int] | None = None,
        at_most: Mapping[str, int | str] | None = None,
        at_least: Mapping[str, int | str] | None = None,
        tolerance: Fraction | str | None = None,
        order: str = "error",
        top: int | None = None,
    ) -> Answer:
        """Find the size that meets a target, or with several unknowns the configurations.

        A size that stays open is taken from the base model of the architecture, and the answer names it.

        One unknown is solved as mathematics (`report.solution`); several are searched for completely (`report.found`).
        `at_most` and `at_least` are budgets by convention; `tolerance` is a fraction of the target, as in "0.01".

        Examples:
            >>> load("bert-base-uncased").solve("110M").report.solution.floor.value
            770
        """
        symbols = tuple(self.spec.size(name).symbol for name in arguments.texts(unknowns, "unknowns"))
        if not symbols:
            raise Missing("unknown", "a size to find, such as 'H'")
        counted = self.convention(convention)
        wanted = arguments.count(target, "target", counted.unit)
        steps = {
            self.spec.size(name).symbol: arguments.whole(step, f"multiple_of {name}")
            for name, step in (multiple_of or {}).items()
        }
        tied = parse_ties(arguments.texts(ties, "ties"), self.spec.size)
        bounds = {}
        for name, ends in (ranges or {}).items():
            size = self.spec.size(name)
            bounds[size.symbol] = arguments.interval(ends, f"ranges of {name}", size.minimum)
        wheres = tuple(parse_constraint(text, self.spec.size) for text in arguments.texts(where, "where"))
        slack = None if tolerance is None else arguments.share(tolerance, "tolerance")
        shown = (20 if len(symbols) > 1 else 5) if top is None else arguments.whole(top, "top")
        ordered = Order.named(order)
        limits = (*_limits(self, at_most, most=True), *_limits(self, at_least, most=False))
        if len(symbols) == 1:
            only_unknowns(symbols, {"ranges": bounds, "multiple_of": steps})
            if ordered is not Order.ERROR:
                raise Conflict(f"order={order}", str(symbols[0]), "one unknown is ordered by its error")
            demand = Demand(wheres, limits, slack, bounds.get(symbols[0]))
            step = steps.get(symbols[0])
            about = (self.spec, symbols[0], wanted, counted)
            return Answer(solved(*about, ties=tied, multiple_of=step, top=shown, demand=demand))
        request = Request(symbols, wanted, counted, bounds, steps, wheres, tied, limits, slack, ordered, shown)
        return Answer(shortlist(self.spec, request))

    def convention(self, name: str, only: Iterable[str] = (), without: Iterable[str] = ()) -> Convention:
        """Return a convention of the quantity that is counted; raises `UnknownName` or `Conflict`."""
        narrowed = (arguments.texts(labels, what) for labels, what in ((only, "only"), (without, "without")))
        found = named_convention(name) if self.measure is None else self.measure.convention(name)
        return select(found, self.spec.tensors, *narrowed)


def load(target: str | PathLike[str], head: str | None = None, *, model_type: str | None = None) -> Model:
    """Load a model by name (`bert`, `Llama 3.1 8B`), or from a `config.json`, its folder or a saved model.

    A name means the class that its papers count: the bare model of an encoder, the language model of a decoder.

    `head` replaces the class that a file names, and `model_type` its type. `notes` of the model say what was inferred
    from the file. Raises `UnknownName`, `AmbiguousModel` for a name of several models, `BadFile`, `BadField`, or
    `Conflict` for a name with a `model_type`.
    """
    kind = None if model_type is None else arguments.text(model_type, "model_type")
    return Model(load_spec(arguments.path(target, "target"), head, kind))


def audit(
    claim: str | PathLike[str],
    model: Model | str | None = None,
    *,
    head: str | None = None,
    of: str = "",
    where: Mapping[str, str] | None = None,
    notation: str = "auto",
    formula: str = "",
    table: bool = False,
    tolerance: Fraction | str = "0",
) -> Audit:
    """Check a published claim about a model.

    The claim is a formula in LaTeX or plain text, a number such as `110M`, a sentence, or the path of a table (.csv) or
    of a document (.md, .tex, .html, .ipynb, .txt, .rst), of which every formula, number and table is checked. `table`
    reads the first table of a document instead. Without a `model` the claim names it, or it is BERT.

    `head` restricts the explanations to one task head. `of` says which part a formula counts, such as `attention`.
    `where` says what a name in the claim or a heading stands for: `{"d": "H", "total": "params"}`. `notation` is auto,
    bert, vaswani, kaplan or megatron. `formula` replaces the model's counts when a table is checked. `tolerance` is the
    share of a count that a claim may leave out in one named part.

    Raises `BertsymError`: `UnreadableFormula`, `Unreadable`, `UnknownName`, `BadFile`, `MissingSize` and others.

    Examples:
        >>> audit("12LH^2").stands, audit("11LH^2").stands
        (True, False)
        >>> audit("12 L d^2", where={"d": "H"}).notes
        ('read as 12·L·H²', 'with d = H')
        >>> print(audit("110M", "bert-base-uncased").report.verdict.whole)
        109482240
    """
    chosen = model if isinstance(model, Model) else load("bert" if model is None else arguments.path(model, "model"))
    spec = (chosen if head is None else chosen.with_head(head)).plain_spec("audit")
    given = arguments.mapping(where, "where", "{'d': 'H'}")
    names = {name: arguments.text(meant, f"where[{name!r}]") for name, meant in given.items()}
    read = (("notation", notation), ("of", of), ("formula", formula))
    words = {name: arguments.text(word, name) for name, word in read}
    about = question(spec, () if head is None else (head,), where=names, **words)
    about = replace(about, named=model is not None, tolerance=arguments.share(tolerance, "tolerance"))
    return Audit(*asked(arguments.path(claim, "claim"), about, table=table))


def verify(
    model: Model | str | PathLike[str] | None,
    source: str | PathLike[str],
    *,
    head: str | None = None,
    infer: bool = False,
    framework: bool = False,
    header_only: bool = False,
    model_type: str | None = None,
) -> Verification:
    """Compare a checkpoint with a model, tensor by tensor. Only headers of files are read, no weights.

    `source` is a `.safetensors` or `.gguf` file, a `.safetensors.index.json`, or the folder of one. Of an index without
    its shards, names and total size are compared. `model` is a loaded model,
    a name, or the path of a `config.json`; None takes the `config.json` beside the checkpoint, or without one the
    model that the names and shapes fit best. `infer` ignores a `config.json`. `framework` compares with the class as
    transformers builds it. `header_only` accepts a file of which only the beginning was fetched. `model_type` is the
    type as which a `config.json` is read.

    Raises `BertsymError`: `BadFile`, `BadField`, `UnknownName` or `Conflict`.

    Examples:
        >>> verify(None, "nowhere.safetensors")
        Traceback (most recent call last):
        bertsym.errors.BadFile: 'nowhere.safetensors': no such file
    """
    named = None if model is None or isinstance(model, Model) else arguments.path(model, "model")
    target = model.plain_spec("verify") if isinstance(model, Model) else named
    report = verification(
        Path(arguments.path(source, "source")),
        target,
        head,
        framework=framework,
        infer=infer,
        header_only=header_only,
        model_type=model_type,
    )
    return Verification(report)


def derive(
    target: str,
    sizes: Mapping[str, int] | None = None,
    *,
    trials: int = 16,
    seed: int = 0,
    timeout: float = 20.0,
    keep_names: bool = False,
    form: str = "collected",
) -> Derived:
    """Infer a formula from model code. This runs the code, in another process, which imports torch.

    `target` is a model type or class of transformers (`bert`, `BertForMaskedLM`), or `package.module:callable` of your
    own; `sizes` are the integer parameters of that callable that vary, with a value at which it builds. The formula is
    tested on `trials` fresh random configurations. `seed` makes the run repeatable. `timeout` bounds one build, in
    seconds. `keep_names` keeps the code's own names of sizes.

    Raises `BertsymError`: `CannotDerive` if the code does not build, `Conflict` or `Missing` for wrong `sizes`.

    Examples:
        >>> found = derive("bert")  # doctest: +SKIP
        >>> found.whole, found.model.count()  # doctest: +SKIP
        (True, 109482240)
        >>> derive("my.encoder:build")
        Traceback (most recent call last):
        bertsym.errors.Missing: no sizes: pass the callable's own parameters, such as {'hidden': 768, 'layers': 12}
    """
    from bertsym.answers.derived import derived_formula
    from bertsym.derive.pipeline import derive as inferred

    style, code = Style.named(arguments.text(form, "form")), arguments.text(target, "target")
    given = arguments.mapping(sizes, "sizes", "{'hidden': 768}")
    varied = {name: arguments.whole(number, f"sizes[{name!r}]", 0) for name, number in given.items()}
    if varied and ":" not in code:
        raise Conflict("sizes", target, "a model of transformers has the fields of its configuration")
    if not varied and ":" in code:
        raise Missing("sizes", "the callable's own parameters, such as {'hidden': 768, 'layers': 12}")
    derivation = inferred(
        code,
        varied,
        trials=arguments.whole(trials, "trials"),
        seed=arguments.integer(seed, "seed"),
        seconds=arguments.seconds(timeout, "timeout"),
        keep_names=keep_names,
    )
    return Derived(derived_formula(derivation, style))


def _limits(model: Model, budgets: Mapping[str, int | str] | None, *, most: bool) -> tuple[Limit, ...]:
    return tuple(
        Limit(model.convention(name), *((budget, None) if most else (None, budget)))
        for name, budget in ((name, arguments.count(number, name)) for name, number in (budgets or {}).items())
    )
