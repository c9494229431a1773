"""The one registry of symbols: a formula may contain these and no others."""

from __future__ import annotations

from enum import Enum

from sympy import Symbol

from bertsym.errors import UnknownName
from bertsym.values import value


class Kind(Enum):
    """What a symbol measures, which decides the order it is printed in and the values it may take."""

    DEPTH = "layers"
    ROWS = "rows"
    WIDTH = "features"
    HEADS = "heads"
    RATIO = "ratio"
    SWITCH = "yes or no"
    COUNT = "parameters"


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
        """The public name, as in the API, on the command line and in JSON."""
        return str(self.symbol.name)

    @property
    def noun(self) -> str:
        """What the symbol is, as "where H is the hidden size" goes on.

        >>> lookup("L").noun, lookup("H").noun
        ('the number of layers', 'the hidden size')
        """
        counted = self.kind in (Kind.DEPTH, Kind.HEADS)
        return self.phrase or (f"the number of {self.meaning}" if counted else f"the {self.meaning}")

    @property
    def title(self) -> str:
        """The size as an error names it."""
        return f"size {self.name} ({self.meaning})"

    @property
    def expected(self) -> str:
        """The values it may take, in words."""
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
tied = Symbol("tied")
P = _integer("P")
cross_attention = Symbol("cross_attention")

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
    Size(P, "target of `solve`, in formulas", Kind.COUNT, "110000000"),
    Size(tied, "output embedding tied to the word embedding", Kind.SWITCH, "yes", default=True),
    Size(cross_attention, "cross-attention in every layer", Kind.SWITCH, "no", default=False),
)

BY_NAME: dict[str, Size] = {size.name: size for size in SIZES}
BY_SYMBOL: dict[Symbol, Size] = {size.symbol: size for size in SIZES}


def lookup(name: str) -> Size:
    """The registered size of that public name.

    >>> lookup("H").meaning
    'hidden size'
    >>> lookup("h")
    Traceback (most recent call last):
    bertsym.errors.UnknownName: unknown symbol 'h': did you mean H?
    """
    try:
        return BY_NAME[name]
    except KeyError:
        raise UnknownName("symbol", name, BY_NAME) from None
