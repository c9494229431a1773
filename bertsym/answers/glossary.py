"""The glossary of symbols and conventions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sympy import Symbol

from bertsym.atlas import index
from bertsym.convention import CONVENTIONS, Convention
from bertsym.costs import QUANTITIES, quantity
from bertsym.document import Code, Column, Document, Element, Heading, Inline, Paragraph, Table
from bertsym.errors import UnknownName
from bertsym.formulas.tree import Name
from bertsym.names.reading import spelled as model_named
from bertsym.report import Record
from bertsym.spellings import LETTERS, SPELLINGS, in_texts, run_sizes, spelled, typed
from bertsym.symbols import RUN, SIZES, Kind, Size
from bertsym.values import value

PARAMETERS = "parameters"


@value
class Glossary:
    """The symbols and the conventions of parameters, then those of runs and of other quantities.

    With `spelled` the symbols stand beside their names as formulas print them, which plain text prints alike.
    """

    symbols: tuple[Size, ...]
    conventions: tuple[Convention, ...]
    run: tuple[Size, ...]
    quantities: Mapping[str, tuple[Convention, ...]]
    spelled: bool = False

    def document(self) -> Document:
        """Return a table of symbols and a line per convention."""
        rows = tuple((*self._named(size), size.meaning, size.kind.value, _default(size)) for size in self.symbols)
        conventions = (Paragraph((Code(c.name), f": {c.meaning}. Used by {c.used_by}.")) for c in self.conventions)
        run = tuple((*self._named(size), size.meaning, size.example) for size in self.run)
        symbol = ("symbol", "in formulas") if self.spelled else ("symbol",)
        return (
            Table(tuple(map(Column, (*symbol, "meaning", "unit", "default"))), rows),
            Heading(("conventions (--convention)",)),
            *conventions,
            Heading(("the sizes of a run (--of)",)),
            Table(tuple(map(Column, (*symbol, "meaning", "such as"))), run),
            *(element for name in self.quantities for element in self._of(name)),
        )

    def _named(self, size: Size) -> tuple[Inline, ...]:
        return (Code(size.name), Name(size.symbol)) if self.spelled else (Code(size.name),)

    def _of(self, quantity: str) -> Iterator[Element]:
        """Yield the conventions of a quantity, the default one first."""
        yield Heading((f"conventions of {quantity} (--of {quantity} --convention)",))
        for convention in self.quantities[quantity]:
            yield Paragraph((Code(convention.name), f": {convention.meaning}. Used by {convention.used_by}."))

    def record(self) -> Record:
        """Return the symbols and the conventions for programs."""
        return {
            "symbols": [
                {"name": s.name, "meaning": s.meaning, "unit": s.kind.value, "default": s.default} for s in self.symbols
            ],
            "conventions": [_record(convention) for convention in self.conventions],
            "run": [{"name": s.name, "meaning": s.meaning} for s in self.run],
            "quantities": {name: [_record(c) for c in conventions] for name, conventions in self.quantities.items()},
        }


def _record(convention: Convention) -> Record:
    return {"name": convention.name, "meaning": convention.meaning, "used_by": convention.used_by}


def _default(size: Size) -> str:
    return "" if size.default is None else str(size.default).lower()


def glossary(*, spelled: bool = False) -> Glossary:
    """Return the symbols and the conventions."""
    return Glossary(SIZES, tuple(CONVENTIONS.values()), RUN, _quantities(), spelled)


def _quantities() -> dict[str, tuple[Convention, ...]]:
    return {name: tuple(account.convention for account in quantity(name).accounts) for name in QUANTITIES}


@value
class Explained:
    """The entries of the glossary for some names: sizes with every spelling, and conventions with their quantities.

    `papers` writes a size in TeX as each notation does.
    """

    sizes: tuple[Size, ...]
    conventions: tuple[tuple[str, Convention], ...]
    papers: Mapping[str, Callable[[Symbol], str]]

    def document(self) -> Document:
        """Return a section for each size and each convention."""
        sizes = (element for size in self.sizes for element in self._section(size))
        conventions = (element for of, convention in self.conventions for element in _convention(of, convention))
        return (*sizes, *conventions)

    def _section(self, size: Size) -> Iterator[Element]:
        """Yield the meaning of a size, its values, its names in configurations and texts, and its symbol in papers."""
        yield Heading((Code(size.name), f": {size.meaning}"))
        default = "" if size.default is None else f"; {_default(size)} unless it is given"
        values = size.expected if size.kind is not Kind.RUN else f"an integer of at least {size.minimum}"
        yield Paragraph((f"unit: {size.kind.value}; values: {values}, such as {size.example}{default}",))
        known = SPELLINGS.get(size.name)
        if known is not None and known.fields:
            rows = tuple((Code(field), users) for field, users in known.fields.items())
            yield Table((Column("field of a config.json"), Column("used by")), rows)
        if known is not None and known.words:
            yield Paragraph(("also read: ", ", ".join(known.words.split())))
        if size.kind is not Kind.RUN:
            shown = ", ".join(f"{title} {name(size.symbol)}" for title, name in self.papers.items())
            yield Paragraph(("in LaTeX (--notation): ", Code(shown)))

    def record(self) -> Record:
        """Return the sizes and the conventions for programs."""
        return {
            "symbols": [
                {
                    "name": size.name,
                    "meaning": size.meaning,
                    "unit": size.kind.value,
                    "default": size.default,
                    "fields": dict(SPELLINGS[size.name].fields) if size.name in SPELLINGS else {},
                    "spellings": list(spelled(size.name)),
                    "notations": {title: name(size.symbol) for title, name in self.papers.items()},
                }
                for size in self.sizes
            ],
            "conventions": [{"of": of, "convention": _record(convention)} for of, convention in self.conventions],
        }


def _convention(of: str, convention: Convention) -> Iterator[Element]:
    option = "--convention" if of == PARAMETERS else f"--of {of} --convention"
    yield Heading((Code(convention.name), f": a convention of {of}"))
    yield Paragraph((f"{convention.meaning}. Used by {convention.used_by}.",))
    yield Paragraph(("as in ", Code(f"bertsym total bert-base-uncased {option} {convention.name}")))


def explained(names: Iterable[str], papers: Mapping[str, Callable[[Symbol], str]]) -> Explained:
    """Return the entries of the glossary for names of sizes, in any spelling, and of conventions.

    Raises `UnknownName` for a name that is neither.

    >>> [size.name for size in explained(["hidden_size", "T"], {}).sizes]
    ['H', 'T']
    """
    conventions = {PARAMETERS: tuple(CONVENTIONS.values()), **_quantities()}
    every = tuple((of, convention) for of, listed in conventions.items() for convention in listed)
    known = {size.name: size for size in (*SIZES, *RUN)}
    sizes: dict[str, Size] = {}
    chosen: list[tuple[str, Convention]] = []
    for name in names:
        meant = (*((name,) if name in known else typed(name)), *LETTERS.get(name, ()), *run_sizes(name))
        sizes |= {size: known[size] for size in meant}
        of_name = [entry for entry in every if name.casefold() in (entry[1].name, entry[0])]
        chosen += [entry for entry in of_name if entry not in chosen]
        if not meant and not of_name:
            names_of = (*known, *in_texts(), *(convention.name for _, convention in every), *QUANTITIES)
            hint = "`bertsym symbols` lists them, and `bertsym models NAME` the sizes of a model"
            if model_named(name, tuple(index())) is not None:
                names_of, hint = (), "a model: `bertsym models NAME` explains it, and `bertsym show NAME` its parts"
            raise UnknownName("symbol or convention", name, dict.fromkeys(names_of), hint)
    return Explained(tuple(sizes.values()), tuple(chosen), papers)
