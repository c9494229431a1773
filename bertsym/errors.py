"""Errors: each kind stores its operands and builds its sentence in `__str__`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TypeVar

from bertsym.values import value

Member = TypeVar("Member", bound=Enum)

# The characters of a stranger's text that an error repeats.
MAX_ECHO = 60
# The characters of a message that lists names; a longer one is not read.
MAX_MESSAGE = 200


def echo(text: object) -> str:
    r"""Make text from a stranger safe for a terminal: no control characters, bounded length.

    >>> print(echo("\x1b[31mred\nline"))
    '\x1b[31mred\nline'
    """
    try:
        shown = str(text)
    except ValueError:  # Python writes no integer of more than 4300 digits
        shown = "a number of thousands of digits"
    if len(shown) > MAX_ECHO:
        shown = shown[: MAX_ECHO - 3] + "..."
    return f"'{printable(shown)}'"


def printable(text: str) -> str:
    """Return the text with control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a "did you mean" clause for an unknown name, or the known names if they are few.

    >>> suggestion("brt", ["bert", "llama"])
    'did you mean bert?'
    """
    from difflib import get_close_matches  # noqa: PLC0415  # only a wrong name pays for it

    name, names = str(name), sorted(known)
    same = [candidate for candidate in names if candidate.casefold() == name.casefold()]
    begun = same or [candidate for candidate in names if candidate.startswith(name)][:3] if name else []
    if begun:
        return f"did you mean {' or '.join(begun)}?"
    by_folded = {candidate.casefold(): candidate for candidate in names}
    close = get_close_matches(name[:MAX_ECHO].casefold(), list(by_folded), n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(by_folded[match] for match in close)}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 16 else ""


def listed(names: Iterable[str], width: int, title: str = "") -> str:
    """Return as many of the names as fit into a width, and the number of the rest.

    >>> listed(["model", "causal-lm", "masked-lm"], 30, "its heads: ")
    'its heads: model and 2 more'
    """
    every = list(names)
    text = title + ", ".join(every)
    for shown in range(len(every) - 1, 0, -1):
        if len(text) <= width:
            break
        text = f"{title}{', '.join(every[:shown])} and {len(every) - shown} more"
    return text


def clipped(text: str, longest: int = MAX_MESSAGE) -> str:
    """Return the text, or its beginning and an ellipsis if it is longer than a message may be.

    >>> clipped("the beginning and the end", 16)
    'the beginning...'
    """
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


class BertsymError(Exception):
    """A question that could not be answered; the command line exits with 2."""


@value
class UnknownName(BertsymError):
    """A model, symbol, head, convention or component that does not exist.

    >>> print(UnknownName("model", "bertt", ("bert", "albert")))
    unknown model 'bertt': did you mean bert or albert?
    """

    kind: str
    name: str
    known: Iterable[str]
    hint: str = ""

    def __post_init__(self) -> None:
        # A view of a mapping or a generator would not outlive a process, or a second reading.
        object.__setattr__(self, "name", str(self.name))
        object.__setattr__(self, "known", tuple(map(str, self.known)))

    def __str__(self) -> str:
        advice = "; ".join(part for part in (suggestion(self.name, self.known), self.hint) if part)
        return f"unknown {self.kind} {echo(self.name)}" + (f": {advice}" if advice else "")


def choice(name: object, known: Iterable[str]) -> str | None:
    """Return the known name that a text spells, in any case, with blanks or underscores for hyphens; else None.

    >>> choice("Non_Embedding", ["exact", "non-embedding"]), choice("E", ["e", "E"]), choice("exact ly", ["exactly"])
    ('non-embedding', 'E', None)
    """
    names = tuple(known)
    if name in names:
        return str(name)
    folded = _folded(name) if isinstance(name, str) and len(name) <= MAX_ECHO else None
    return next((each for each in names if _folded(each) == folded), None)


def _folded(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def member(members: type[Member], kind: str, name: str, *others: str) -> Member:
    """Return the member of an enumeration by its value; raise `UnknownName`, which offers the `others` too."""
    known = [option.value for option in members]
    chosen = choice(name, known)
    if chosen is None:
        raise UnknownName(kind, name, [*known, *others])
    return members(chosen)


@value
class UnknownHead(UnknownName):
    """A task head that a model does not have; the message has at most 200 characters.

    `known` are the heads of the model, and `hint` the head of which the name is an alias.

    >>> print(UnknownHead("head of mamba", "mlm", ("model", "causal-lm"), "masked-lm"))
    unknown head of mamba 'mlm' (masked-lm): its heads: model, causal-lm
    """

    kind: str
    name: str
    known: Iterable[str]
    hint: str = ""

    def __str__(self) -> str:
        alias = f" ({self.hint})" if self.hint else ""
        about = f"unknown {self.kind} {echo(self.name)}{alias}: "
        close = suggestion(self.name, self.known)
        if not close.startswith("did you mean"):
            return about + listed(self.known, MAX_MESSAGE - len(about), "its heads: ")
        others = [head for head in self.known if head not in close.removesuffix("?").split()]
        return about + close + listed(others, MAX_MESSAGE - len(about + close), "; its heads: ")


@value
class UnknownModel(UnknownName):
    """A name that no model has, with the names that look most like it, nearest first.

    `known` are these names, and `hint` says why a model type has no formula.

    >>> print(UnknownModel("model", "bert-basse", ["bert-base-uncased", "albert-base"]))
    unknown model 'bert-basse': did you mean bert-base-uncased or albert-base? `bertsym models` lists the names
    """

    kind: str
    name: str
    known: Iterable[str]
    hint: str = ""

    def __str__(self) -> str:
        about = f"unknown model {echo(self.name)}"
        if self.hint:
            return f"{about}: {self.hint}"
        did_you_mean = f"did you mean {' or '.join(self.known)}? " if self.known else ""
        return f"{about}: {did_you_mean}`bertsym models` lists the names"


@value
class AmbiguousModel(BertsymError):
    """A name that models of different sizes share; the message has at most 200 characters.

    >>> print(AmbiguousModel("llama-2", ("Llama-2-7b-hf (6.74B)", "Llama-2-13b-hf (13.02B)")))
    'llama-2' is several models: Llama-2-7b-hf (6.74B), Llama-2-13b-hf (13.02B)
    """

    name: str
    models: tuple[str, ...]

    def __str__(self) -> str:
        about = f"{echo(self.name)} is several models: "
        return about + listed(self.models, MAX_MESSAGE - len(about))


@value
class Unreadable(BertsymError):
    """A number, a size or an option whose text does not say what it should.

    >>> print(Unreadable("size H", "abc", "a positive integer"))
    size H: expected a positive integer, got 'abc'
    """

    what: str
    text: object
    expected: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {echo(self.text)}"


@value
class UnreadableFormula(BertsymError):
    """A formula that cannot be read: the column, counted in characters from 1, and the reason.

    >>> print(UnreadableFormula(4, "nothing to multiply with"))
    the formula, column 4: nothing to multiply with
    """

    column: int
    problem: str

    def __str__(self) -> str:
        return f"the formula, column {self.column}: {self.problem}"


@value
class MissingSize(BertsymError):
    """A request for a number while a size is unknown.

    `named` is a published model that has the size, and `others` are settings of sizes that are unknown too.

    >>> print(MissingSize("B", "batch size", "1", others=("S=512",)))
    no value for B (batch size): pass --at B=1,S=512
    """

    symbol: str
    meaning: str
    example: str
    named: str | None = None
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        named = f", or name a size such as {self.named}" if self.named else ""
        settings = ",".join((f"{self.symbol}={self.example}", *self.others))
        return f"no value for {self.symbol} ({self.meaning}): pass --at {settings}{named}"


@value
class Missing(BertsymError):
    """A part without which a question is incomplete.

    >>> print(Missing("target", "--target 110M"))
    no target: pass --target 110M
    """

    what: str
    example: str

    def __str__(self) -> str:
        return f"no {self.what}: pass {self.example}"


@value
class NotAnInteger(BertsymError):
    """A derived size that is a fraction, although it is a dimension of tensors.

    >>> print(NotAnInteger("d", "head size", "H/heads", "770/12", "pass a multiple of heads for H"))
    d (head size) = H/heads = 770/12 is not an integer: pass a multiple of heads for H
    """

    symbol: str
    meaning: str
    definition: str
    value: str
    advice: str

    def __str__(self) -> str:
        return f"{self.symbol} ({self.meaning}) = {self.definition} = {self.value} is not an integer: {self.advice}"


@value
class NegativeSize(BertsymError):
    """A derived size below 0: other sizes leave nothing for it.

    >>> print(NegativeSize("L_sparse", "layers with experts", "L − L_dense", "-2", ("L", "L_dense")))
    L_sparse (layers with experts) = L − L_dense = -2 is negative: choose L and L_dense to fit
    """

    symbol: str
    meaning: str
    definition: str
    value: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        follows = f"{self.symbol} ({self.meaning}) = {self.definition} = {self.value}"
        return f"{follows} is negative: choose {' and '.join(self.names)} to fit"


@value
class NotKnown(BertsymError):
    """A request for a formula that rounds, at sizes at which the formula was not tested.

    >>> print(NotKnown("H/heads", "3/2", ("H", "heads")))
    H/heads = 3/2 is no integer, and this formula, which rounds, was tested at integers only: choose H and heads to fit
    """

    quotient: str
    value: str
    sizes: tuple[str, ...]

    def __str__(self) -> str:
        why = "is no integer, and this formula, which rounds, was tested at integers only"
        return f"{self.quotient} = {self.value} {why}: choose {' and '.join(self.sizes)} to fit"


@value
class NoShape(BertsymError):
    """A shape that no tensor can have, because a dimension is a fraction or negative.

    >>> print(NoShape("norm.weight", "side", "H/2", "7/2"))
    'norm.weight' does not exist at these sizes: a side of H/2 = 7/2
    """

    tensor: str
    part: str
    formula: str
    value: str

    def __str__(self) -> str:
        return f"{echo(self.tensor)} does not exist at these sizes: a {self.part} of {self.formula} = {self.value}"


@value
class DivisionByZero(BertsymError, ZeroDivisionError):
    """A quotient whose divisor is 0 at the sizes.

    >>> print(DivisionByZero("1/(H - L)", ("H=4", "L=4")))
    1/(H - L) divides by 0 at H=4, L=4: choose other sizes
    """

    quotient: str
    sizes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{clipped(self.quotient, 120)} divides by 0 at {', '.join(self.sizes)}: choose other sizes"


@value
class Conflict(BertsymError):
    """Two sizes, options or arguments that exclude each other."""

    first: str
    second: str
    why: str

    def __str__(self) -> str:
        return f"{self.first} contradicts {self.second}: {self.why}"


@value
class UnknownRouting(BertsymError):
    """A request for active parameters of a model whose number of chosen experts is not known.

    >>> print(UnknownRouting("SwitchTransformersModel"))
    SwitchTransformersModel: no size gives the number of experts per token; choose another convention than active
    """

    cls: str

    def __str__(self) -> str:
        return f"{self.cls}: no size gives the number of experts per token; choose another convention than active"


@value
class NotKnownOf(BertsymError):
    """A request for a quantity of a model whose code or configuration does not say it; `next_step` is what to do.

    >>> print(NotKnownOf("MambaModel", "work", "the entry lists its tensors only", "count parameters"))
    MambaModel: its work is not known (the entry lists its tensors only); count parameters
    """

    cls: str
    quantity: str
    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.cls}: its {self.quantity} is not known ({self.reason}); {self.next_step}"


@value
class HasNo(BertsymError):
    """A request for a quantity that a model lacks.

    >>> print(HasNo("BertModel", "cache"))
    BertModel has no cache; choose another model or head
    """

    cls: str
    quantity: str

    def __str__(self) -> str:
        return f"{self.cls} has no {self.quantity}; choose another model or head"


@value
class BadFile(BertsymError):
    """A file that cannot be read or written, or has the wrong content."""

    path: str
    problem: str

    def __str__(self) -> str:
        return clipped(f"{echo(self.path)}: {self.problem}")


@value
class BadField(BertsymError):
    """A field of a configuration that is malformed, or has a value that no formula here covers."""

    path: str
    field: str
    problem: str

    def __str__(self) -> str:
        return clipped(f"{echo(self.path)}, field {echo(self.field)}: {self.problem}")


@value
class InvalidModel(BertsymError):
    """A model declaration that contradicts itself; a mistake of its author, not of its user."""

    model: str
    problem: str

    def __str__(self) -> str:
        return f"model {self.model}: {self.problem}"


@value
class PartialFormula(BertsymError):
    """A derived class of which some tensors have no formula, so that the sum of the others is not its total.

    >>> print(PartialFormula("opt", "OPTModel", 2, "decoder.final_layer_norm.weight", "existence", "no condition fits"))
    opt: 2 tensors of OPTModel have no formula, the first decoder.final_layer_norm.weight (existence: no condition fits)
    """

    model: str
    cls: str
    refused: int
    tensor: str
    part: str
    why: str

    def __str__(self) -> str:
        tensors = "1 tensor" if self.refused == 1 else f"{self.refused:,} tensors"
        has, first = ("has", "") if self.refused == 1 else ("have", "the first ")
        why = f"{first}{printable(self.tensor)} ({self.part}: {printable(self.why)})"
        return clipped(f"{printable(self.model)}: {tensors} of {self.cls} {has} no formula, {why}")


@value
class TooLarge(BertsymError):
    """An answer that would be too long to be useful."""

    what: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} would have {self.size:,} entries; the limit is {self.limit:,}"


@value
class TooNarrow(BertsymError):
    """Something that does not fit a column, however it is broken.

    >>> print(TooNarrow("the table", 345, 219))
    the table needs at least 345 pt, and the column has 219 pt: pass a larger --width
    """

    what: str
    needed: int
    available: int
    hint: str = "pass a larger --width"

    def __str__(self) -> str:
        return f"{self.what} needs at least {self.needed} pt, and the column has {self.available} pt: {self.hint}"


@value
class TooTall(BertsymError):
    """A table that is higher than TeX can set: 16,383 pt.

    >>> print(TooTall(1204, 1000))
    the table has 1,204 lines, and LaTeX has room for 1,000: choose fewer rows, as with --only
    """

    lines: int
    most: int

    def __str__(self) -> str:
        room = f"LaTeX has room for {self.most:,}"
        return f"the table has {self.lines:,} lines, and {room}: choose fewer rows, as with --only"


@value
class BadMarker(BertsymError):
    """A marker for `embed` that is malformed or cannot be answered.

    >>> print(BadMarker("paper.tex", 12, "no end follows"))
    paper.tex:12: no end follows
    """

    path: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{printable(self.path)}:{self.line}: {self.problem}"


@value
class EditedByHand(BertsymError):
    """Fragments that somebody has edited, and that must not be overwritten.

    >>> print(EditedByHand([("paper.tex", 12)]))
    paper.tex:12: edited by hand, nothing written: undo the edit, --accept it, or lose it by --force
    """

    places: Sequence[tuple[str, int]]

    def __str__(self) -> str:
        places = ", ".join(f"{printable(path)}:{line}" for path, line in self.places)
        return f"{places}: edited by hand, nothing written: undo the edit, --accept it, or lose it by --force"


@value
class NothingFits(BertsymError):
    """A checkpoint without a configuration whose tensors are not those of any model here.

    >>> print(NothingFits("model.safetensors", 40, "BertModel", 3))
    'model.safetensors': no model fits its 40 tensors (the nearest, BertModel, has 3 of their names): pass --model
    """

    path: str
    tensors: int
    nearest: str
    named: int

    def __str__(self) -> str:
        nearest = f" (the nearest, {self.nearest}, has {self.named:,} of their names)" if self.nearest else ""
        return f"{echo(self.path)}: no model fits its {self.tensors:,} tensors{nearest}: pass --model"


@value
class MissingExtra(BertsymError):
    """An option that needs packages which a plain installation leaves out.

    >>> print(MissingExtra("--framework", "transformers", "hf"))
    --framework needs transformers, which is not installed: pip install 'bertsym[hf]'
    """

    what: str
    package: str
    extra: str

    def __str__(self) -> str:
        return f"{self.what} needs {self.package}, which is not installed: pip install 'bertsym[{self.extra}]'"
