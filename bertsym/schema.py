"""The spelling of sizes in a family's `config.json`, as data that each model declares and `config` reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from sympy import Expr, Symbol

from bertsym.symbols import BY_NAME, Own
from bertsym.values import value


@value
class Field:
    """A field that sets a size or a switch, with the value that the library takes if a file omits it.

    Null stands for `otherwise`, in terms of the other sizes, or else leaves the size to the model's definition of it;
    `aliases` are further spellings of the key; `needs` is a switch that must be on wherever this one is.
    """

    key: str
    symbol: Symbol
    default: int | bool | Fraction | None
    otherwise: Expr | None = None
    aliases: tuple[str, ...] = ()
    needs: str = ""

    @property
    def null(self) -> bool:
        """Return True if null is a value of the field."""
        return self.default is None or self.otherwise is not None


@value
class Mention:
    """A switch that is on if a list, or a text such as `c2p|p2c`, contains the word.

    `usual` is the text with the word that checkpoints have, if the library does not take the word alone.
    """

    key: str
    symbol: Symbol
    word: str
    default: str | None
    separator: str = "|"
    usual: str = ""


@value
class FirstPositive:
    """A size set by the first of several fields that is positive; each with the library's default."""

    symbol: Symbol
    keys: Mapping[str, int]


@value
class Overridden:
    """A size or a switch that the library sets to `setting` whatever the file says.

    `note` says what checkpoints with another value hold.
    """

    key: str
    symbol: Symbol
    setting: int | bool
    note: str


AnyField = Field | Mention | FirstPositive | Overridden


@value
class Schema:
    """The fields of one `model_type` that decide the parameters.

    `fixed` lists fields that would change the tensors and that the formula covers at these values only, an expression
    standing for its value at the file's sizes; the first one is what the library takes where a file leaves it out.
    `idle` are fields that were tried and change nothing. `synonyms` are names of sizes that no file has: those under
    which a derivation saved them.
    """

    model_type: str
    fields: tuple[AnyField, ...]
    fixed: Mapping[str, tuple[object, ...]] = MappingProxyType({})
    idle: frozenset[str] = frozenset()
    synonyms: Mapping[str, Symbol] = MappingProxyType({})

    @property
    def names(self) -> Iterator[tuple[str, Symbol]]:
        """Yield each key that sets one size whatever the other fields are, with the size."""
        for field in self.fields:
            match field:
                case Field(key=key, symbol=symbol, aliases=aliases):
                    yield from ((name, symbol) for name in (key, *aliases))
                case FirstPositive(symbol=symbol, keys=keys):
                    yield next(iter(keys)), symbol
                case Overridden(key=key, symbol=symbol):
                    yield key, symbol

    def meanings(self, symbols: Collection[Symbol]) -> Mapping[str, Mapping[str, Symbol | None]]:
        """Return every name of a model's sizes with the `symbols` that it may mean, each under a name of its alone.

        Names are those of the symbols, the fields of the configuration, and the last parts of the paths of nested
        fields. A field that sets no symbol, since it is fixed or idle, is listed with None: its name must not be read
        as that of another size. A derivation saves an own size `kernel` as `kernel_`; both names are read.
        """
        fields: dict[str, Symbol | None] = dict.fromkeys((*self.idle, *self.fixed))
        fields |= {name: symbol for name, symbol in self.names if symbol in symbols}
        own = {str(symbol): symbol for symbol in symbols}
        table: dict[str, dict[str, Symbol | None]] = {name: {name: symbol} for name, symbol in own.items()}
        for name, symbol in fields.items():
            meant = table.setdefault(name, {})
            if symbol is None or symbol not in meant.values():
                meant[name] = symbol
        for path, symbol in fields.items():
            last = path.rpartition(".")[2]
            meant = table.setdefault(last, {})
            if last not in fields and last not in own and (symbol is None or symbol not in meant.values()):
                meant[path] = symbol
        saved = {
            f"{name}_": {name: symbol} for name, symbol in own.items() if name in BY_NAME and isinstance(symbol, Own)
        }
        saved |= {name: {str(symbol): symbol} for name, symbol in self.synonyms.items() if symbol in symbols}
        return {**saved, **table}
