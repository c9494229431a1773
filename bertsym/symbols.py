"""The one registry of symbols: a formula may contain these, the sizes of somebody's own code, and no others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum
from typing import Self

from sympy import Symbol

from bertsym.errors import UnknownName
from bertsym.spellings import AmbiguousName, typed
from bertsym.values import value


class Kind(Enum):
    """The kind of thing that a symbol measures, which decides its printed order and its values."""

    DEPTH = "layers"
    ROWS = "rows"
    WIDTH = "features"
    HEADS = "heads"
    EXPERTS = "experts"
    RATIO = "ratio"
    SWITCH = "yes or no"
    COUNT = "parameters"
    RUN = "run"  # the sizes of a batch, which no configuration has
    ORDER = "arrangement"  # the rank of a list of layer kinds, which places tensors and sizes none


@value
class Size:
    """A symbol with its meaning, its kind (hence its unit), the least value it may take and a typical one.

    `default` is put into a formula unless the caller says otherwise; a size without one stays a symbol.
    """

    symbol: Symbol
    meaning: str
    kind: Kind
    example: str
    minimum: int = 1
    default: int | bool | None = None
    phrase: str = ""

    @property
    def name(self) -> str:
        """Return the public name, as in the API, on the command line and in JSON."""
        return str(self.symbol.name)

    @property
    def noun(self) -> str:
        """Return the noun for the symbol, as "where H is the hidden size" goes on.

        >>> lookup("L").noun, lookup("H").noun
        ('the number of layers', 'the hidden size')
        """
        counted = self.kind in (Kind.DEPTH, Kind.HEADS, Kind.EXPERTS)
        return self.phrase or (f"the number of {self.meaning}" if counted else f"the {self.meaning}")

    @property
    def title(self) -> str:
        """Return the size as an error names it."""
        return f"size {self.name} ({self.meaning})"

    @property
    def expected(self) -> str:
        """Return the values that the size may take, in words."""
        if self.kind is Kind.SWITCH:
            return "yes or no"
        return "a positive number" if self.kind is Kind.RATIO else f"an integer of at least {self.minimum}"


def _integer(name: str) -> Symbol:
    return Symbol(name, integer=True, positive=True)


V = _integer("V")
N = _integer("N")
H = _integer("H")
L = _integer("L")
heads = _integer("heads")
ffn_ratio = Symbol("ffn_ratio", rational=True, positive=True)
T = Symbol("T", integer=True, nonnegative=True)
d = _integer("d")
F = _integer("F")
labels = Symbol("labels", integer=True, nonnegative=True)
E = _integer("E")
kv_heads = _integer("kv_heads")
decoder_layers = _integer("decoder_layers")
experts = Symbol("experts", integer=True, nonnegative=True)
experts_per_token = _integer("experts_per_token")
groups = _integer("groups")
inner_groups = _integer("inner_groups")
buckets = _integer("buckets")
span = _integer("span")
kernel = Symbol("kernel", integer=True, nonnegative=True)
tied = Symbol("tied")
P = _integer("P")
cross_attention = Symbol("cross_attention")
biases = Symbol("biases")
attention_bias = Symbol("attention_bias")
mlp_bias = Symbol("mlp_bias")
norm_bias = Symbol("norm_bias")
classifier_bias = Symbol("classifier_bias")
decoder_bias = Symbol("decoder_bias")
gated = Symbol("gated")
absolute = Symbol("absolute")
relative = Symbol("relative")
c2p = Symbol("c2p")
p2c = Symbol("p2c")
shared_keys = Symbol("shared_keys")
relative_norm = Symbol("relative_norm")
legacy = Symbol("legacy")
summary = Symbol("summary")
summary_to_labels = Symbol("summary_to_labels")

SIZES: tuple[Size, ...] = (
    Size(V, "vocabulary size", Kind.ROWS, "30522"),
    Size(N, "maximum positions", Kind.ROWS, "512", phrase="the maximum number of positions"),
    Size(H, "hidden size", Kind.WIDTH, "768"),
    Size(L, "layers", Kind.DEPTH, "12"),
    Size(heads, "attention heads", Kind.HEADS, "12"),
    Size(
        ffn_ratio,
        "feed-forward width over hidden size",
        Kind.RATIO,
        "4",
        phrase="the ratio of the feed-forward width to the hidden size",
    ),
    Size(T, "segment types", Kind.ROWS, "2", minimum=0, default=2, phrase="the number of segment types"),
    Size(d, "head size", Kind.WIDTH, "64"),
    Size(F, "feed-forward width", Kind.WIDTH, "3072"),
    Size(
        labels,
        "labels of a classification head",
        Kind.ROWS,
        "2",
        minimum=0,
        default=2,
        phrase="the number of labels of the classification head",
    ),
    Size(P, "target of `solve`, in formulas", Kind.COUNT, "110000000", phrase="the target number of parameters"),
    Size(tied, "output embedding tied to the word embedding", Kind.SWITCH, "yes", default=True),
    Size(cross_attention, "cross-attention in every layer", Kind.SWITCH, "no", default=False),
    Size(E, "embedding size", Kind.WIDTH, "128"),
    Size(kv_heads, "key and value heads, each shared by a group of query heads", Kind.HEADS, "8"),
    Size(decoder_layers, "layers of the decoder", Kind.DEPTH, "12"),
    Size(experts, "experts among which a router chooses", Kind.EXPERTS, "8", minimum=0),
    Size(experts_per_token, "experts that work on a token", Kind.EXPERTS, "2"),
    Size(groups, "groups of layers that share their parameters", Kind.DEPTH, "1", default=1),
    Size(inner_groups, "layers in a group, each with its own parameters", Kind.DEPTH, "1", default=1),
    Size(
        buckets,
        "buckets of relative positions",
        Kind.ROWS,
        "32",
        default=32,
        phrase="the number of buckets of relative positions",
    ),
    Size(
        span,
        "relative positions to either side",
        Kind.ROWS,
        "256",
        phrase="the number of relative positions to either side",
    ),
    Size(
        kernel,
        "tokens under the convolution, 0 for none",
        Kind.ROWS,
        "3",
        minimum=0,
        default=0,
        phrase="the number of tokens under the convolution",
    ),
    Size(biases, "biases in linear layers and norms", Kind.SWITCH, "yes", default=True),
    Size(attention_bias, "biases in attention", Kind.SWITCH, "no", default=False),
    Size(mlp_bias, "biases in the feed-forward net", Kind.SWITCH, "no", default=False),
    Size(norm_bias, "shifts in the norms", Kind.SWITCH, "no", default=False),
    Size(classifier_bias, "a bias in the dense layer of a head", Kind.SWITCH, "no", default=False),
    Size(decoder_bias, "a bias in the output embedding", Kind.SWITCH, "yes", default=True),
    Size(gated, "a gate in the feed-forward net", Kind.SWITCH, "no", default=False),
    Size(absolute, "an embedding of absolute positions", Kind.SWITCH, "yes", default=True),
    Size(relative, "attention to relative positions", Kind.SWITCH, "yes", default=True),
    Size(c2p, "attention from content to position", Kind.SWITCH, "yes", default=True),
    Size(p2c, "attention from position to content", Kind.SWITCH, "yes", default=True),
    Size(shared_keys, "positions projected by the matrices of the content", Kind.SWITCH, "yes", default=True),
    Size(relative_norm, "a norm on the embedding of relative positions", Kind.SWITCH, "yes", default=True),
    Size(legacy, "the library's first masked-LM head for DeBERTa", Kind.SWITCH, "yes", default=True),
    Size(summary, "a projection in the multiple-choice head", Kind.SWITCH, "yes", default=True),
    Size(summary_to_labels, "that projection made to labels", Kind.SWITCH, "yes", default=True),
)

BY_NAME: dict[str, Size] = {size.name: size for size in SIZES}
_REGISTERED: dict[Symbol, Size] = {size.symbol: size for size in SIZES}


class Own(Symbol):  # type: ignore[misc]  # sympy is untyped
    """A size or switch of somebody's own code: a symbol that brings its meaning along, so that no registry changes.

    Two of one name are equal where they measure the same; the registered symbols stay what they are.

    >>> experts = Own("num_experts", Kind.WIDTH)
    >>> experts == Own("num_experts", Kind.WIDTH), experts == Own("num_experts", Kind.SWITCH)
    (True, False)
    >>> BY_SYMBOL[experts].expected
    'an integer of at least 1'
    """

    __slots__ = ("_size", "example", "kind", "meaning", "minimum")
    _size: Size

    def __new__(cls, name: str, kind: Kind, minimum: int = 1, meaning: str = "", example: str = "1") -> Self:
        """Make the symbol nonnegative or positive, as its least value is."""
        sign = "positive" if minimum > 0 else "nonnegative"
        number = {"rational": True, sign: True} if kind is Kind.RATIO else {"integer": True, sign: True}
        known = {} if kind is Kind.SWITCH else number
        symbol: Self = Symbol.__xnew__(cls, name, **known)
        symbol.kind, symbol.minimum, symbol.meaning, symbol.example = kind, minimum, meaning or name, example
        return symbol

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        return (self.name, self.kind, self.minimum, self.meaning, self.example), {}

    def _hashable_content(self) -> tuple[object, ...]:
        return (*super()._hashable_content(), self.kind.value, self.minimum)

    @property
    def size(self) -> Size:
        """Return what the registry says of its own symbols."""
        # Sorting a formula asks some hundred times for each of its terms.
        found: Size | None = getattr(self, "_size", None)
        if found is None:
            found = self._size = Size(self, self.meaning, self.kind, self.example, self.minimum)
        return found


# The sizes of a run: they belong to no configuration and to no count of parameters.
B = Own("B", Kind.RUN, meaning="batch size", example="1")
S = Own("S", Kind.RUN, meaning="sequence length", example="512")
r = Own("r", Kind.RUN, meaning="rank of an adapter", example="8")
window = Own("window", Kind.RUN, 0, "tokens of a sliding window, 0 for none", "4096")
every = Own("every", Kind.RUN, meaning="layers of which the first attends to all tokens", example="3")
S_source = Own("S_source", Kind.RUN, meaning="sequence length of the encoder", example="512")

RUN: tuple[Size, ...] = tuple(symbol.size for symbol in (B, S, S_source, window, every, r))
RUN_BY_NAME: Mapping[str, Size] = {size.name: size for size in RUN}


def beside(own: Collection[Symbol]) -> frozenset[Symbol]:
    """Return the sizes of a model, and those of a run that have other names: WavLM's B is a number of buckets."""
    names = {symbol.name for symbol in own}
    return frozenset(own) | {size.symbol for size in RUN if size.name not in names}


class _Sizes(Mapping[Symbol, Size]):
    """The size of a symbol: registered, or brought along."""

    def __getitem__(self, symbol: Symbol) -> Size:
        found = _REGISTERED.get(symbol)
        if found is not None:
            return found
        if isinstance(symbol, Own):
            return symbol.size
        raise KeyError(symbol)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(_REGISTERED)

    def __len__(self) -> int:
        return len(_REGISTERED)


BY_SYMBOL: Mapping[Symbol, Size] = _Sizes()
_PLACES = {size.symbol: place for place, size in enumerate(SIZES)}


def place(symbol: Symbol) -> tuple[int, str]:
    """Return a sort key: registered symbols as registered, then others by name."""
    return (_PLACES.get(symbol, len(_PLACES)), str(symbol.name))


def in_order(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Return the symbols in the order of the registry.

    >>> in_order({H, L, V})
    [V, H, L]
    """
    return sorted(symbols, key=place)


def lookup(name: str, own: Iterable[Symbol] = ()) -> Size:
    """Return the size of a public name or of another spelling of it; `own` are symbols besides the registered ones.

    Raises `UnknownName` or `AmbiguousName`.

    >>> lookup("H").meaning, lookup("d_model").name
    ('hidden size', 'H')
    >>> lookup("k_heads")
    Traceback (most recent call last):
    bertsym.errors.UnknownName: unknown symbol 'k_heads': did you mean kv_heads or heads?; `bertsym symbols` lists them
    """
    if name in BY_NAME:
        return BY_NAME[name]
    brought = {str(symbol.name): symbol for symbol in own if isinstance(symbol, Own)}
    if name in brought:
        return brought[name].size
    spelled = [word for word in typed(name) if word in BY_NAME]
    if len(spelled) > 1:
        raise AmbiguousName(name, tuple(spelled))
    if spelled:
        return BY_NAME[spelled[0]]
    raise UnknownName("symbol", name, [*BY_NAME, *brought], "`bertsym symbols` lists them")
