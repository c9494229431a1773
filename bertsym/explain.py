"""The derivation of a total that a reader can redo by hand: tensors, shapes, sums, what cancels, the number."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import Iverson, expand, free, monomials, substitute
from bertsym.convention import EXACT, Convention
from bertsym.count import CountableModel, count_or_none, countable, raw
from bertsym.document import Code, Column, Count, Document, Element, Equation, Heading, Inline, Paragraph, Shape, Table
from bertsym.errors import TooLarge, UnknownName
from bertsym.formulas.styles import Style, form
from bertsym.formulas.substitute import put_in
from bertsym.formulas.tree import Form, Name, Number, Sum, product, sum_of
from bertsym.layers import Role
from bertsym.model import Definition, Model, is_head_size
from bertsym.quantities import PARAMETERS
from bertsym.symbols import BY_SYMBOL, Kind, in_order
from bertsym.tree import Loop, Tensor

# Bounds on the length of a derivation: nobody reads a longer one.
MAX_EXPLAINED_TENSORS = 2_500
MAX_EXPLAINED_TERMS = 2_000
"""Of the sum written out: the classes of the atlas have at most 1,021 tensors and 336 terms."""

_ROLE_WORDS = {
    Role.EMBEDDING: "embedding tables: rows times features",
    Role.MATRIX: "weight matrices: outputs times inputs",
    Role.BIAS: "biases: one per output",
    Role.NORM: "layer normalisation: a scale and a shift per feature; mean and variance are computed, not learned",
    Role.SCALE: "scales: factors outside a norm, of features, scores or a branch",
    Role.OTHER: "parameters of a kind of their own: decay rates, attention sinks, activations",
}
_SCALE_ONLY = "normalisation: a scale per feature and no shift; what it divides by is computed, not learned"


def explain(model: Model, convention: Convention = EXACT, component: str | None = None) -> Document:
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
    parts: list[Element] = list(_definitions(model, counted))
    for name in chosen:
        parts += _component(
            model, convention, name, [t for t in present if t.component == name and convention.counts(t)]
        )
    if component is None:
        parts += _composition(countable_model, components, present)
    return tuple(parts)


def _check_length(tensors: list[Tensor]) -> None:
    """Raise `TooLarge` for a derivation that nobody would read."""
    if len(tensors) > MAX_EXPLAINED_TENSORS:
        raise TooLarge("the derivation's table of tensors", len(tensors), MAX_EXPLAINED_TENSORS)
    terms: set[object] = set()
    for tensor in tensors:
        terms |= monomials(tensor.times * tensor.numel).keys()
        if len(terms) > MAX_EXPLAINED_TERMS:
            raise TooLarge("the derivation's sum", len(terms), MAX_EXPLAINED_TERMS)


def _definitions(model: Model, tensors: list[Tensor]) -> Iterator[Element]:
    """Yield the derived sizes in the shapes, with their definitions."""
    used = set().union(*(free(side) for tensor in tensors for side in tensor.shape))
    for definition in model.architecture.definitions:
        if definition.symbol in used and definition.symbol not in model.given:
            meaning = BY_SYMBOL[definition.symbol].meaning
            yield Paragraph((f"{meaning}: ", Name(definition.symbol), " = ", form(definition.value), "."))


def _component(model: Model, convention: Convention, name: str, tensors: list[Tensor]) -> Iterator[Element]:
    places: dict[tuple[Loop, ...], list[Tensor]] = {}
    for tensor in tensors:
        places.setdefault(tensor.loops, []).append(tensor)
    single = len(places) == 1
    yield Heading((name, *(_where(model, tensors[0]) if single else ())))
    wholes = []
    for members in places.values():
        if not single:
            yield Paragraph((f"{name}", *(_where(model, members[0]) or (", outside the layers",)), ":"))
        own = [t for t in members if model.public(t.own) != 0 or not convention.ties_once]
        yield from _place(model, convention, members, own)
        wholes.append(expand(model.public(raw(own, convention))))
    whole = expand(sympy.Add(*wholes))
    if not single:
        yield Paragraph((f"{name} in all:",))
        yield Equation(_distinct([sum_of(form(each) for each in wholes), form(whole)]))
    yield from _numbers(model, whole)


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


def _place(model: Model, convention: Convention, tensors: list[Tensor], own: list[Tensor]) -> Iterator[Element]:
    """Yield what a component has in one layer, or outside the layers, and its sum over all layers."""
    yield _tensor_table(model, convention, tensors)
    yield from _per_head(model, tensors) if convention.unit == PARAMETERS else ()
    counted = set(own)
    for tensor in tensors:
        if tensor not in counted:
            same = (
                " is the same tensor as ",
                Code(str(tensor.tied_to)),
                ", where it is counted; here it adds nothing.",
            )
            yield Paragraph((Code(_display(tensor)), *same))
    rounds = _rounds(convention, tensors[0])
    yield from _choice(convention, own)
    sums = []
    for role in Role:
        amounts = [_amount(convention, t) * model.public(Iverson(t.when)) for t in own if t.role is role]
        if amounts:
            words = _words(convention, role, own)
            subtotal = sympy.Add(*amounts)
            yield Paragraph((f"{words}:".capitalize(),))
            yield Equation(_chain(model, amounts, subtotal))
            sums.append(model.public(subtotal))
    layer_sum = expand(sympy.Add(*sums))
    if len(sums) > 1:
        yield Paragraph(("Together" + (", per layer:" if tensors[0].loops else ":"),))
        yield Equation(_distinct([sum_of(form(s) for s in sums), form(layer_sum)]))
    if tensors[0].loops and _times(model, tensors[0]) != 1:
        times = model.public(rounds)
        yield Paragraph(("Over all layers and experts:" if _per_expert(tensors[0]) else "Over all layers:",))
        yield Equation(_distinct([product([form(times), form(layer_sum)]), form(expand(times * layer_sum))]))


def _words(convention: Convention, role: Role, own: list[Tensor]) -> str:
    """Return what entries of a role are; those of another quantity than parameters go by their role and its weight."""
    if convention.unit != PARAMETERS:
        each = convention.weight_of(role)
        return f"{role.value}" if each == 1 else f"{role.value}, {each} for each element"
    return _ROLE_WORDS[role] if role is not Role.NORM or _shifts(own) else _SCALE_ONLY


def _per_expert(tensor: Tensor) -> bool:
    """Return True if the experts are arrays of their own, and not rows of one array."""
    return any(loop.times == _among(tensor) for loop in tensor.loops)


def _among(tensor: Tensor) -> Expr | None:
    return None if tensor.routing is None else tensor.routing.among


def _amount(convention: Convention, tensor: Tensor) -> Expr:
    """Return what one array adds, before it is repeated."""
    return tensor.numel if _per_expert(tensor) else tensor.numel * convention.times(tensor)


def _rounds(convention: Convention, tensor: Tensor) -> Expr:
    """Return how often an array adds its amount: once an expert, or once an expert that works on a token."""
    loops = sympy.prod([loop.times for loop in tensor.loops])
    return loops * convention.times(tensor) if _per_expert(tensor) else loops


def _choice(convention: Convention, own: list[Tensor]) -> Iterator[Element]:
    """Say that a token meets only some of the experts, if the convention counts active parameters."""
    for routing in dict.fromkeys(t.routing for t in own) if convention.active else ():
        if routing is not None:
            chosen, among = map(form, routing.sides)
            names = ", ".join(t.name.rsplit(".", 1)[-1] for t in own if t.routing == routing and not _per_expert(t))
            counted = f"; so much of {names} counts:" if names else "."
            yield Paragraph(("Experts that work on a token: ", chosen, " of ", among, counted))


def _shifts(tensors: list[Tensor]) -> bool:
    return any(t.role is Role.NORM and t.name.endswith("bias") for t in tensors)


def _tensor_table(model: Model, convention: Convention, tensors: list[Tensor]) -> Table:
    titles = ("tensor", "shape", "parameters") if convention.unit == PARAMETERS else ("entry", "shape", "elements")
    columns = (*map(Column, titles), Column("what it is"))
    rows: tuple[tuple[Inline, ...], ...] = tuple(
        (Code(_display(t)), Shape(_sides(model, t)), _count(t.shape, model), t.meaning or _meaning(t)) for t in tensors
    )
    return Table(columns, rows)


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


def _chain(model: Model, amounts: list[Expr], subtotal: Expr) -> tuple[Inline, ...]:
    """Return the summands as declared, their sum, and the sum with definitions substituted."""
    steps = [sum_of(form(_declared(model, a)) for a in amounts), form(_declared(model, subtotal))]
    used = [x for x in model.architecture.definitions if x.symbol in free(subtotal) and x.symbol not in model.given]
    if used:
        steps += [_with_definitions(steps[-1], used), form(model.public(subtotal))]
    return _distinct(steps)


def _with_definitions(written: Form, definitions: list[Definition]) -> Form:
    """Substitute each derived size and cancel nothing: d becomes H/heads."""
    for definition in definitions:
        written = put_in(written, {definition.symbol: form(definition.value)})
    return written


def _distinct(steps: list[Form]) -> tuple[Inline, ...]:
    """Drop each step that only repeats or reorders the step before it."""
    distinct: list[Form] = []
    for step in steps:
        if not distinct or _terms(step) != _terms(distinct[-1]):
            distinct.append(step)
    return tuple(distinct)


def _terms(written: Form) -> tuple[Form, ...]:
    terms = written.terms if isinstance(written, Sum) else (written,)
    return tuple(sorted(terms, key=repr))


def _per_head(model: Model, tensors: list[Tensor]) -> Iterator[Element]:
    """Yield, for matrices that are cut into heads, one head's share, all heads, and how their number cancels."""
    definition = next((x for x in model.architecture.definitions if is_head_size(x)), None)
    if definition is None:
        return
    groups: dict[tuple[tuple[Expr, ...], Symbol], list[Tensor]] = {}
    for tensor in tensors:
        count = _heads_in(tensor, definition.symbol)
        if tensor.role is Role.MATRIX and count is not None:
            groups.setdefault((tensor.shape, count), []).append(tensor)
    for (shape, count), members in groups.items():
        yield from _heads_of(model, shape, members, definition, count)


def _heads_in(tensor: Tensor, size: Symbol) -> Symbol | None:
    """Return the symbol for the number of heads along a dimension that is made of them."""
    sides = (free(side) for side in tensor.shape)
    return next((s for side in sides if size in side for s in in_order(side) if BY_SYMBOL[s].kind is Kind.HEADS), None)


def _heads_of(
    model: Model, shape: tuple[Expr, ...], members: list[Tensor], definition: Definition, count: Symbol
) -> Iterator[Element]:
    each = tuple(form(side / count) if {definition.symbol, count} <= free(side) else form(side) for side in shape)
    names = ", ".join(t.name.rsplit(".", maxsplit=2)[-2] for t in members)
    matrices = "one matrix" if len(members) == 1 else f"{len(members)} matrices"
    yield Paragraph((f"{names}: in each head {matrices} of ", Shape(each), ", the heads stacked into one:"))
    factors = product([Name(count), Number(Fraction(len(members))), *each])
    steps = [factors]
    if definition.symbol not in model.given:
        steps.append(_with_definitions(factors, [definition]))
    total_of_group = len(members) * sympy.prod(shape)
    steps.append(form(model.public(total_of_group)))
    yield Equation(_distinct(steps))
    if count not in free(model.public(total_of_group)):
        together = form(expand(count * definition.value))
        yield Paragraph(
            (
                "The number of heads cancels: together they are ",
                product([Name(count), form(definition.value)]),
                " = ",
                together,
                " features wide, be they many and narrow or few and wide.",
            )
        )


def _numbers(model: Model, expression: Expr) -> Iterator[Element]:
    number = count_or_none(model, expression)
    if number is not None:
        written = form(expression)
        yield Paragraph(("In numbers:",))
        filled = put_in(written, _plain_numbers(model))
        yield Equation((written, Count(number)) if isinstance(filled, Number) else (written, filled, Count(number)))


def _plain_numbers(model: Model) -> dict[Symbol, Form]:
    return {s: Number(Fraction(v)) for s, v in model.given.items() if not isinstance(v, bool)}


def _composition(counted: CountableModel, components: list[str], tensors: tuple[Tensor, ...]) -> Iterator[Element]:
    yield Heading(("the whole model",))
    without = "Residual connections, dropout, activations and the softmax of attention have no parameters. "
    unit = counted.convention.unit
    rest = without if unit == PARAMETERS else ""
    yield Paragraph((f"{rest}The total is the sum of the components:",))
    rows = []
    for name in components:
        of_component = [t for t in tensors if t.component == name]
        expression = expand(counted.model.public(raw(of_component, counted.convention)))
        number = counted.number(expression)
        rows.append((name, form(expression), Count(number, unit=unit) if number is not None else ""))
    whole = counted.total()
    number = counted.number(whole)
    numeric = number is not None
    columns = (
        Column("component"),
        Column("formula"),
        *((Column(unit.title, right=True),) if numeric else ()),
    )
    width = len(columns)
    footer = ("total", form(whole), Count(number, unit=unit) if number is not None else "")
    yield Table(columns, tuple(row[:width] for row in rows), footer[:width])
    forms = _distinct([form(whole, Style.EXPANDED), form(whole), form(whole, Style.FACTORED)])
    yield Paragraph(("Written out, collected by powers, and factored:",))
    yield Equation(forms)
    yield from _numbers(counted.model, whole)
