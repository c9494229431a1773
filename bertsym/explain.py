"""The derivation of a total that a reader can redo by hand: tensors, shapes, sums, what cancels, the number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import takewhile

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.algebra import Iverson, expand, free, monomials, substitute
from bertsym.convention import EXACT, Convention
from bertsym.count import CountableModel, countable, raw
from bertsym.document import (
    Alignment,
    Code,
    Column,
    Count,
    Document,
    Element,
    Equal,
    Equation,
    Heading,
    Inline,
    Line,
    Matrix,
    Paragraph,
    Shape,
    Table,
)
from bertsym.errors import TooLarge, UnknownName
from bertsym.formulas.styles import Style, form, style_of_parts
from bertsym.formulas.substitute import put_in
from bertsym.formulas.tree import ONE, Form, Name, Named, Number, Product, Sum, sum_of
from bertsym.layers import Role
from bertsym.model import Definition, Model, is_head_size
from bertsym.quantities import PARAMETERS
from bertsym.symbols import BY_SYMBOL, Kind, N, P, T, V
from bertsym.tree import Loop, Tensor
from bertsym.values import value
from bertsym.vocabulary.matrices import letters, words_of

# Bounds on the length of a derivation: nobody reads a longer one.
MAX_EXPLAINED_TENSORS = 2_500
MAX_EXPLAINED_TERMS = 2_000
"""The most terms of the sum: the classes of the atlas have at most 1,021 tensors and 336 terms."""

_NORM_WORDS = {True: "LayerNorm", False: "norm"}
_WORDS = {Role.BIAS: ("bias", "biases"), Role.SCALE: ("scale", "scales")}
_ROWS = {V: "tokens", N: "positions", T: "segments"}
MOST_LETTERS = 24
"""The most characters of a label that lists matrices; a longer one gives their number instead."""

_NOTES = {
    "matrix": "A weight matrix has outputs times inputs, and a bias one number for each output.",
    "LayerNorm": "LayerNorm has a scale and a shift for each feature; mean and variance are computed, not learned.",
    "norm": "A norm has a scale for each feature and no shift; what it divides by is computed, not learned.",
}


_WITHOUT = "Residual connections, dropout, activations and the softmax of attention have no parameters. "


@value
class Choices:
    """The parts of a derivation: `tensors` adds tables of tensors, `steps_only` leaves out sentences between steps."""

    tensors: bool = False
    steps_only: bool = False


PLAIN = Choices()
Sentence = tuple[Inline, ...]


def explain(
    model: Model, convention: Convention = EXACT, component: str | None = None, choices: Choices = PLAIN
) -> Document:
    """Derive the total, or one component of it, step by step.

    Raises `UnknownName` for a component that does not exist, what `countable` raises, and `TooLarge` for more tensors
    or terms than anybody would read.
    """
    present = tuple(t for t in model.tensors if model.public(t.times) != 0)
    components = list(dict.fromkeys(t.component for t in present if convention.counts(t)))
    if component is not None and component not in components:
        raise UnknownName("component", component, components)
    countable_model = countable(model, convention)
    chosen = components if component is None else [component]
    counted = [t for t in present if t.component in chosen and convention.counts(t)]
    _check_length(counted)
    return tuple(_Derivation(countable_model, choices).elements(counted, chosen, whole=component is None))


def _check_length(tensors: list[Tensor]) -> None:
    """Raise `TooLarge` for a derivation that nobody would read."""
    if len(tensors) > MAX_EXPLAINED_TENSORS:
        raise TooLarge("the derivation's table of tensors", len(tensors), MAX_EXPLAINED_TENSORS)
    terms: set[object] = set()
    for tensor in tensors:
        terms |= monomials(tensor.times * tensor.numel).keys()
        if len(terms) > MAX_EXPLAINED_TERMS:
            raise TooLarge("the derivation's sum", len(terms), MAX_EXPLAINED_TERMS)


class _Derivation:
    """The derivation of one total, in which a note stands at the first component that it holds for."""

    def __init__(self, counted: CountableModel, choices: Choices) -> None:
        self.counted = counted
        self.model, self.convention, self.choices = counted.model, counted.convention, choices
        self.notes = set[str]()

    def elements(self, tensors: list[Tensor], components: list[str], *, whole: bool) -> Iterator[Element]:
        """Yield the steps of each component, and then those of the whole model."""
        wholes = []
        for name in components:
            places: dict[tuple[Loop, ...], list[Tensor]] = {}
            for tensor in tensors:
                if tensor.component == name:
                    places.setdefault(tensor.loops, []).append(tensor)
            yield from self.component(name, list(places.values()))
            wholes.append(self.public(raw([t for t in tensors if t.component == name], self.convention)))
        if whole:
            yield from self.composition(components, wholes)

    def public(self, expression: Expr) -> Expr:
        """Return an expression in public symbols, expanded."""
        return expand(self.model.public(expression))

    def component(self, name: str, places: list[list[Tensor]]) -> Iterator[Element]:
        """Yield the steps of a component, and their sum if it stands in several places."""
        wholes = []
        for tensors in places:
            own = [t for t in tensors if self.model.public(t.own) != 0 or not self.convention.ties_once]
            where = _where(self.model, tensors[0]) or ((", outside the layers",) if len(places) > 1 else ())
            yield Heading((name,), (*where, *self.definitions(tensors)))
            yield from self.tensors(tensors) if self.choices.tensors else ()
            rows, amount = self.place(own)
            wholes.append(amount)
            if len(places) == 1:
                rows += self.numbers(amount)
            if own:
                yield Alignment(tuple(rows))
            if not self.choices.steps_only:
                yield from self.remarks(tensors, own)
        if len(places) > 1:
            whole = expand(sympy.Add(*wholes))
            yield Heading((name,), (" in all",))
            yield Alignment((Line(("sum",), (form(whole),)), *self.numbers(whole)))

    def definitions(self, tensors: list[Tensor]) -> tuple[Inline, ...]:
        """Return the derived sizes in the shapes, with their definitions, in parentheses."""
        said: list[Inline] = []
        for definition in self.used(tensors):
            said += [", " if said else " (", Equal(Name(definition.symbol), form(definition.value))]
        return (*said, ")") if said else ()

    def used(self, tensors: list[Tensor]) -> list[Definition]:
        """Return the definitions of the derived sizes in the shapes."""
        sizes = set().union(*(free(side) for tensor in tensors for side in tensor.shape))
        definitions = self.model.architecture.definitions
        return [x for x in definitions if x.symbol in sizes and x.symbol not in self.model.given]

    def place(self, own: list[Tensor]) -> tuple[list[Line], Expr]:
        """Return the lines of a component in one layer, or outside the layers, and its amount in all layers."""
        lines: list[Line] = []
        layer_sum = sympy.S.Zero
        repeated = bool(own) and bool(own[0].loops) and _times(self.model, own[0]) != 1
        same = {tensor.when for tensor in own}
        shared = Iverson(same.pop()) if repeated and len(same) == 1 else sympy.S.One
        for label, groups in self.terms(own, shared):
            subtotal = self.public(sympy.Add(*(group.amount for group in groups)))
            layer_sum += subtotal
            start, result = sum_of(self.written(each) for each in groups), form(subtotal)
            lines.append(Line(label, (result,), None if _bare(start) == _bare(result) else start))
        layer_sum = expand(layer_sum)
        if len(lines) > 1:
            lines.append(Line(("sum",), (form(layer_sum),)))
        if not repeated:
            return lines, layer_sum
        times = expand(self.model.public(shared * _rounds(self.convention, own[0])))
        amount = expand(times * layer_sum)
        depth = times.is_Symbol and BY_SYMBOL[times].kind is Kind.DEPTH
        label = (form(times), " layers") if depth else ("in all",)
        return [*lines, Line(label, (form(amount),))], amount

    def terms(self, own: list[Tensor], shared: Expr) -> Iterator[tuple[tuple[Inline, ...], list[Group]]]:
        """Yield the terms of a sum, each with its label; matrices of one shape are a term, as all biases are.

        A condition that is `shared` by all tensors of the layers stands with the number of layers.
        """
        below = letters([t for t in own if t.role is Role.MATRIX])
        for role in Role:
            tensors = [t for t in own if t.role is role]
            groups = self.groups(tensors, shared)
            if role in (Role.BIAS, Role.NORM, Role.SCALE) and groups:
                yield (self.role_label(role, tensors),), groups
                continue
            for group in groups:
                yield _label(group.members, below), [group]

    def groups(self, tensors: list[Tensor], shared: Expr) -> list[Group]:
        """Return the groups of tensors that have one shape and are counted equally often."""
        alike: dict[tuple[tuple[Expr, ...], Expr], list[Tensor]] = {}
        for tensor in tensors:
            factor = sympy.S.One if _per_expert(tensor) else self.convention.times(tensor)
            factor = factor * (1 if shared != 1 else Iverson(tensor.when))
            factor = factor * (tensor.own if self.convention.ties_once else 1)
            shape = tuple(_declared(self.model, side) for side in tensor.shape)
            alike.setdefault((shape, self.model.public(factor)), []).append(tensor)
        return [Group(tuple(members), factor) for (_, factor), members in alike.items()]

    def role_label(self, role: Role, tensors: list[Tensor]) -> str:
        """Return the label of the single term that all tensors of a role make."""
        if self.convention.unit != PARAMETERS:
            return role.value
        if role is Role.NORM:
            return _NORM_WORDS[_shifts(tensors)]
        one, several = _WORDS[role]
        return one if len(tensors) == 1 else several

    def written(self, group: Group) -> Form:
        """Return the number of tensors, then their sides, with dots between them."""
        factor = _declared(self.model, self.model.public(group.factor))
        sides = [_declared(self.model, side) for side in group.members[0].shape]
        for index, side in enumerate(sides):
            if sympy.denom(factor) != 1 and sympy.denom(factor * side) == 1:  # some of the experts: K/N of N
                sides[index], factor = factor * side, sympy.S.One
        parts = [part for each in (Integer(len(group.members)), factor, *sides) for part in _factors(form(each))]
        factors = tuple(part for part in parts if part != ONE)
        return Product(factors, dotted=True) if len(factors) > 1 else factors[0] if factors else ONE

    def numbers(self, amount: Expr) -> list[Line]:
        """Return the line with the number of an amount, or nothing while a size is unknown."""
        number = self.counted.number(amount)
        if number is None:
            return []
        filled = put_in(form(amount), _plain_numbers(self.model))
        return [Line(("in numbers",), (Count(number),) if isinstance(filled, Number) else (filled, Count(number)))]

    def remarks(self, tensors: list[Tensor], own: list[Tensor]) -> Iterator[Element]:
        """Yield the sentences about a component: what is tied, what cancels, and what a term is."""
        counted = {tensor.name for tensor in own}
        tied = [tensor for tensor in tensors if tensor.name not in counted]
        sentences = [*_choice(self.convention, own), *self.tied(tied)]
        if self.convention.unit == PARAMETERS:
            sentences += [(_NOTES[note],) for note in self.new_notes(own)]
            sentences += self.cancelled(own)
        if sentences:
            yield Paragraph(tuple(part for sentence in sentences for part in (" ", *sentence))[1:])

    def tied(self, tensors: list[Tensor]) -> Iterator[Sentence]:
        """Yield a sentence for each kind of tensor that is tied to another one, and so adds nothing here."""
        alike: dict[tuple[tuple[Inline, ...], str], int] = {}
        for tensor in tensors:
            word = (_WORDS[tensor.role][0],) if tensor.role in _WORDS else _label([tensor], {})
            key = (word, _home(self.model, tensor))
            alike[key] = alike.get(key, 0) + 1
        for (label, home), number in alike.items():
            if home == tensors[0].component:
                others = "a second name" if number == 1 else f"{number} more names"
                yield (f"The code has {others} for the ", *label, ".")
            else:
                yield (f"Tied to the {home}, and counted there: ", *label, ".")

    def new_notes(self, own: list[Tensor]) -> list[str]:
        """Return the notes that hold for the tensors and stand at no component before."""
        roles = {tensor.role for tensor in own}
        notes = ["matrix"] if {Role.MATRIX, Role.BIAS} <= roles else []
        notes += [_NORM_WORDS[_shifts(own)]] if Role.NORM in roles else []
        new = [note for note in notes if note not in self.notes]
        self.notes.update(new)
        return new

    def cancelled(self, own: list[Tensor]) -> Iterator[Sentence]:
        """Yield a sentence, once, if the number of heads stands in a shape and cancels in the sum."""
        definition = next((x for x in self.used(own) if is_head_size(x)), None)
        if definition is None or "heads" in self.notes:
            return
        product_of = definition.symbol * definition.adjusts if definition.adjusts is not None else None
        together = None if product_of is None else expand(self.model.public(product_of))
        if together is None or not together.is_Symbol:
            return
        self.notes.add("heads")
        sides = Product((Name(definition.adjusts), Name(definition.symbol)), dotted=True)
        yield ("All heads together are ", Equal(sides, form(together)), " features wide, so their number cancels.")

    def tensors(self, tensors: list[Tensor]) -> Iterator[Element]:
        """Yield the table of the tensors, after the beginning that all names share."""
        names = [_display(tensor) for tensor in tensors]
        shared = _shared_beginning(names)
        if shared:
            yield Paragraph(("Names that begin with ", Code(shared)))
        titles = ("tensor", "shape", "parameters")
        if self.convention.unit != PARAMETERS:
            titles = ("entry", "shape", "elements")
        rows: list[tuple[Inline, ...]] = [
            (
                Code(name[len(shared) :]),
                Shape(_sides(self.model, t)),
                _count(t.shape, self.model),
                t.meaning or _meaning(t),
            )
            for name, t in zip(names, tensors, strict=True)
        ]
        yield Table((*map(Column, titles), Column("what it is")), tuple(rows))

    def composition(self, components: list[str], amounts: list[Expr]) -> Iterator[Element]:
        """Yield the sum of the components, then that sum collected and factored, and its number."""
        parameters, words = self.convention.unit == PARAMETERS, not self.choices.steps_only
        left: tuple[Inline, ...] = (Name(P),) if parameters else ()
        yield Heading(("the whole model",), (", with ", Name(P), " parameters") if parameters else ())
        whole = self.counted.total()
        style = style_of_parts(whole, Style.COLLECTED)
        named = [(amount, name) for amount, name in zip(amounts, components, strict=True) if amount != 0]
        steps = _distinct([form(whole), *([form(whole, Style.FACTORED)] if style is Style.COLLECTED else [])])
        if len(named) > 1:
            if words:
                yield Paragraph((f"{_WITHOUT if parameters else ''}The components sum to",))
            yield Equation((*left, Sum(tuple(Named(form(amount, style), name) for amount, name in named))))
            if words:
                yield Paragraph(("Collected by powers, and factored:" if len(steps) > 1 else "Together:",))
        numbers = [line.steps for line in self.numbers(whole)]
        yield Equation((*left, *steps, *(numbers[0] if numbers else ())))


@value
class Group:
    """Tensors of one shape that are counted equally often: `factor` times each."""

    members: tuple[Tensor, ...]
    factor: Expr

    @property
    def amount(self) -> Expr:
        """Return the sum of the tensors in one round of their loops."""
        return len(self.members) * self.factor * self.members[0].numel


def _factors(written: Form) -> tuple[Form, ...]:
    return written.factors if isinstance(written, Product) else (written,)


def _label(members: Sequence[Tensor], below: Mapping[str, str]) -> tuple[Inline, ...]:
    """Return the letters or the words for tensors of one shape; if these are too many, their number."""
    labels: list[Inline] = list(dict.fromkeys(_word(tensor, below) for tensor in members))
    length = sum(len(label.below) + 4 if isinstance(label, Matrix) else len(str(label)) + 2 for label in labels)
    if length > MOST_LETTERS and len(labels) > 1:
        return (f"{len(members)} {'tensors' if members[0].role is not Role.MATRIX else 'matrices'}",)
    return tuple(part for label in labels for part in (", ", label))[1:]


def _word(tensor: Tensor, below: Mapping[str, str]) -> str | Matrix:
    """Return the letter of a matrix, or the words for another tensor."""
    if tensor.name in below:
        return Matrix(below[tensor.name])
    if tensor.role is Role.EMBEDDING and tensor.shape and tensor.shape[0] in _ROWS:
        return _ROWS[tensor.shape[0]] if "embedding" in tensor.component else Matrix()
    return words_of(tensor.name)


def _home(model: Model, tensor: Tensor) -> str:
    """Return the component of the tensor that another one is."""
    homes = (other.component for other in model.tensors if other.name == tensor.tied_to)
    return next(homes, tensor.component)


def _shared_beginning(names: Sequence[str]) -> str:
    """Return the longest beginning that all names share, in whole parts and shorter than each name.

    >>> _shared_beginning(["layer.*.query.weight", "layer.*.query.bias"]), _shared_beginning(["a.b"])
    ('layer.*.query.', '')
    """
    if len(names) < 2:
        return ""
    parts = [name.split(".")[:-1] for name in names]
    shared = [same[0] for same in takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False))]
    return "".join(f"{part}." for part in shared)


def _times(model: Model, tensor: Tensor) -> Expr:
    return substitute(model.public(sympy.prod([loop.times for loop in tensor.loops])), model.given)


def _where(model: Model, tensor: Tensor) -> tuple[Inline, ...]:
    """Return the clause after a component's name that says in which layers the tensor stands."""
    if not tensor.loops:
        return ()
    times, reuse, start = _times(model, tensor), model.public(tensor.reuse), tensor.loops[0].start
    shared: tuple[Inline, ...] = (", applied ", form(reuse), " times") if reuse != 1 else ()
    if times == 1:
        return (", in one layer", *shared) if shared else (", in layer ", form(start))
    plain = tensor.loops[0].plain
    later: tuple[Inline, ...] = (" from layer ", form(start), " on") if start != 0 else ()
    layers = (" layers", *later) if plain else (" layers that have it",)
    rounds = [loop.times for loop in tensor.loops if not (_per_expert(tensor) and loop.times == _among(tensor))]
    each = ", in each expert of each of the " if _per_expert(tensor) else ", in each of the "
    return (each, form(model.public(sympy.prod(rounds))), *layers, *shared)


def _per_expert(tensor: Tensor) -> bool:
    """Return True if the experts are arrays of their own, and not rows of one array."""
    return any(loop.times == _among(tensor) for loop in tensor.loops)


def _among(tensor: Tensor) -> Expr | None:
    return None if tensor.routing is None else tensor.routing.among


def _rounds(convention: Convention, tensor: Tensor) -> Expr:
    """Return how often an array adds its amount: once an expert, or once an expert that works on a token."""
    loops = sympy.prod([loop.times for loop in tensor.loops])
    return loops * convention.times(tensor) if _per_expert(tensor) else loops


def _choice(convention: Convention, own: list[Tensor]) -> Iterator[Sentence]:
    """Yield the sentence on the experts that work on a token, if the convention counts active parameters."""
    for routing in dict.fromkeys(t.routing for t in own) if convention.active else ():
        if routing is not None:
            chosen, among = map(form, routing.sides)
            names = ", ".join(t.name.rsplit(".", 1)[-1] for t in own if t.routing == routing and not _per_expert(t))
            counted = f"; so much of {names} counts." if names else "."
            yield ("Experts that work on a token: ", chosen, " of ", among, counted)


def _shifts(tensors: list[Tensor]) -> bool:
    return any(t.role is Role.NORM and t.name.endswith("bias") for t in tensors)


def _meaning(tensor: Tensor) -> str:
    """Return what a tensor of model code holds, from its role and its shape; a kernel says where its number comes from.

    >>> from bertsym.symbols import H
    >>> _meaning(Tensor("conv.weight", (H, *map(sympy.Integer, (3, 14, 14))), Role.MATRIX, ""))
    'kernels of 14 × 14 places (196), one per output and input'
    """
    rank, is_bias = len(tensor.shape), tensor.name.endswith("bias")
    match tensor.role:
        case Role.MATRIX if tensor.routing is not None and rank > 2:
            return "one weight per expert, output and input"
        case Role.MATRIX if rank > 2:
            places = tensor.shape[2:]
            sides, number = " × ".join(map(str, places)), sympy.prod(places)
            known = f" ({number})" if number.is_Integer and rank > 3 else ""
            return f"kernels of {sides} places{known}, one per output and input"
        case Role.MATRIX if rank == 2:
            return "one weight per output and input"
        case Role.BIAS if rank == 1:
            return "one bias per output"
        case Role.NORM:
            return "shift, one per feature" if is_bias else "scale, one per feature"
        case Role.SCALE:
            return "a factor" if rank == 0 else "factors outside a norm"
        case Role.EMBEDDING:
            return "one row per entry" if rank == 2 else "learned vectors"
    return ""


def _display(tensor: Tensor) -> str:
    return tensor.name.replace("{}", "*")


def _declared(model: Model, side: Expr) -> Expr:
    """Substitute the sizes that have a default, and leave derived sizes as declared."""
    derived = {definition.symbol for definition in model.architecture.definitions}
    rules = {s: v for s, v in model.rules(keep=()).items() if s not in derived and v.is_number}
    return substitute(side, rules)


def _sides(model: Model, tensor: Tensor) -> tuple[Form, ...]:
    return tuple(form(_declared(model, side)) for side in tensor.shape)


def _count(shape: tuple[Expr, ...], model: Model) -> Form:
    return form(_declared(model, sympy.prod(shape, sympy.S.One)))


def _distinct(steps: list[Form]) -> tuple[Inline, ...]:
    """Return the steps without each that the next one repeats with its terms or factors in another order."""
    distinct: list[Form] = []
    for step in steps:
        if distinct and _bare(step) == _bare(distinct[-1]):
            distinct[-1] = step
        else:
            distinct.append(step)
    return tuple(distinct)


def _bare(written: Form) -> tuple[tuple[str, ...], ...]:
    """Return the terms of a form and their factors, sorted: equal for forms that differ in order alone."""
    terms = written.terms if isinstance(written, Sum) else (written,)
    factors = ((*term.factors, term.dotted) if isinstance(term, Product) else (term, False) for term in terms)
    return tuple(sorted(tuple(sorted(map(repr, each))) for each in factors))


def _plain_numbers(model: Model) -> dict[Symbol, Form]:
    return {s: Number(Fraction(v)) for s, v in model.given.items() if not isinstance(v, bool)}
