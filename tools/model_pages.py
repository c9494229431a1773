"""The pages of the site about the models of zoo and atlas: one page a model type, in Markdown with tables in HTML.

Every formula and number is an answer of the library, written by its renderer of HTML, which escapes names. The site
is built with these pages by `tools/site_hook.py`; none of them is a file of the repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from atlas_page import plain
from sympy import Symbol

from bertsym import atlas
from bertsym.answers.breakdown import broken_down
from bertsym.answers.formula import formula
from bertsym.answers.model_sizes import size_value, value_cell
from bertsym.atlas.variants import variants
from bertsym.convention import EXACT
from bertsym.count import count
from bertsym.document import Code, Column, Count, Document, Inline, Paragraph, Table
from bertsym.errors import PartialFormula, UnknownName
from bertsym.formulas.tree import Form, Name, symbols
from bertsym.legend import noun
from bertsym.model import Model
from bertsym.names.catalogue import Published, published
from bertsym.names.display import display_name
from bertsym.printing import Choices, printed
from bertsym.render import boxes, html, mathml
from bertsym.render.boxes import MINUS, PLUS, Box, Letters, Mark, Row
from bertsym.render.notation import BERT
from bertsym.resolve import load, published_model
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.derived import Derived
from bertsym.symbols import BY_SYMBOL, Kind, in_order, labels
from bertsym.values import replace
from bertsym.web_page import PageModel, web_page
from bertsym.zoo import ARCHITECTURES

FOLDER = "models"
MOST_SIZES = 6
"""The most columns of sizes in a table of published models; beyond it, sizes that all of them share are left out."""

LONGEST = 10_000
"""The most characters of LaTeX of a formula that a page shows as mathematics."""

_SIGNS = (PLUS, MINUS)
"""The signs between the terms of a sum."""

_PARTS = ("component", "parameters", "share", "formula")
"""The columns of the table of parts: numbers stand before formulas, which may be wide; too long ones are left out."""

_UNSEARCHED = " { data-search-exclude }"
"""Behind a heading: the search of the site leaves the section out, because its words stand on every page."""


@dataclass(frozen=True)
class Entry:
    """A model type of the site: its page, its class and its count at the sizes of the page, if there is a formula."""

    name: str
    title: str
    cls: str
    count: int | None


def names() -> tuple[str, ...]:
    """Return every model type of zoo and atlas, in alphabetical order."""
    return tuple(sorted({*ARCHITECTURES, *atlas.index(), *atlas.COMPOSITES}, key=lambda name: (name.casefold(), name)))


def entry(name: str) -> Entry:
    """Return the line of the list of all pages about a model type."""
    try:
        model = sized(name)
        return Entry(name, title(name), model.cls, count(model))
    except PartialFormula:
        return Entry(name, title(name), atlas.index()[name].cls, None)


def title(name: str) -> str:
    """Return the name of a model type as papers print it."""
    return ARCHITECTURES[name].title if name in ARCHITECTURES else display_name(name)


@cache
def sized(name: str) -> Model:
    """Return the model type at the sizes of its page: the base of its paper, or the defaults of its code."""
    return load(ARCHITECTURES[name].base if name in ARCHITECTURES else f"{name}{atlas.SUFFIX}")


def overview() -> str:
    """Return the list of all pages, as an HTML table."""
    rows = "\n".join(
        f'<tr><td><a href="{FOLDER}/{escape(each.name)}.html"><code>{escape(each.name)}</code></a></td>'
        f"<td>{escape(each.title)}</td><td><code>{escape(each.cls)}</code></td>"
        f'<td style="text-align:right">{"—" if each.count is None else f"{each.count:,}"}</td></tr>'
        for each in map(entry, names())
    )
    heads = '<th>type</th><th>name</th><th>class</th><th style="text-align:right">parameters</th>'
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def with_sliders() -> tuple[str, ...]:
    """Return the model types with published models, whose pages link to one with sliders; it takes half a megabyte."""
    return tuple(sorted({each.family.type for each in published()}))


def sliders(name: str) -> str:
    """Return the page with sliders of a model type, which begins at the sizes of its page; it needs no network."""
    at = sized(name)
    return web_page([PageModel(at, EXACT, ("bertsym", "total", at.name), at.given)], title(name))


def page(name: str) -> str:
    """Return the page of a model type, in Markdown; raises `UnknownModel` for another name."""
    try:
        parts = tuple(_whole(name))
    except PartialFormula as error:
        parts = tuple(_partial(name, error))
    return "\n\n".join((_front(name), *parts)) + "\n"


def _front(name: str) -> str:
    """Return the title, and the settings of the page: search finds a type with published models first."""
    boost = 8 if any(each.family.type == name for each in published()) else 4
    shown = title(name)
    heading = escape(name) if shown == name else f"{escape(shown)}: {escape(name)}"
    return f"---\nsearch:\n  boost: {boost}\n---\n\n# {_words(heading)}"


def _words(text: str) -> str:
    """Return words for a line of Markdown, in which no character makes emphasis, links or code."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()#+-.!|~" else character for character in text)


def _whole(name: str) -> Iterator[str]:
    """Yield the parts of a page about a model type with a formula."""
    model, at = load(name), sized(name)
    total, parts = formula(model), broken_down(at)
    latex = printed(total, Choices("latex"))
    models = tuple(each for each in published() if each.family.type == name)
    is_long = len(latex) > LONGEST
    yield _html((Paragraph((*_what(name, model), ".")),))
    if models:
        yield f'<p><a href="{escape(name)}-sliders.html">The same model with sliders</a></p>'
    yield "## Formula" + _UNSEARCHED
    yield _html((_too_long(latex),)) if is_long else _answer(_sum(total.expression))
    yield "## Sizes" + _UNSEARCHED
    yield _html((_sizes(model, at, symbols(total.expression)),))
    yield "## Parts" + _UNSEARCHED
    columns = _PARTS[:-1] if is_long else _PARTS
    yield _html(tuple(_parts(Choices(columns=columns).arranged(parts.document()))))
    if models:
        yield "## Published models"
        yield _html((_counted_as(models), _published(models, at)))
    yield "## Heads" + _UNSEARCHED
    yield _html((Paragraph(("Parameters of each class at the sizes above. ", Code("--head NAME"), " chooses it.")),))
    yield _html((_heads(name, at),))
    yield from _variants(name)
    yield "## LaTeX" + _UNSEARCHED
    yield _fenced("latex", latex)
    yield _fenced("latex", printed(parts, Choices("latex", columns=_PARTS[:-1] if is_long else None)))
    yield "## Commands" + _UNSEARCHED
    yield _fenced("sh", _commands(name, at))
    yield "## Source" + _UNSEARCHED
    yield _html(_source(name))


def _parts(document: Document) -> Iterator[Table]:
    """Yield the table of a breakdown; its footer leaves out the formula, which the page has at its head."""
    for element in document:
        if isinstance(element, Table):
            yield replace(element, footer=tuple("" if isinstance(cell, Form) else cell for cell in element.footer))


def _too_long(latex: str) -> Paragraph:
    """Return the sentence that stands for a formula that no reader can take in."""
    return Paragraph((f"The formula has {len(latex):,} characters; the LaTeX below is whole.",))


def _partial(name: str, error: PartialFormula) -> Iterator[str]:
    """Yield the parts of a page about a model type of which a tensor has no formula."""
    listed = atlas.index()[name]
    yield _html((Paragraph((Code(listed.cls), f", a class of {atlas.source()}.")),))
    yield "## No whole formula" + _UNSEARCHED
    yield _html((Paragraph((str(error),)),))
    yield _html((Paragraph(("The code itself has ", Count(listed.count), " parameters at its defaults.")),))
    yield "## Source" + _UNSEARCHED
    yield _html(_source(name))


def _sum(total: Form) -> str:
    """Return a formula as HTML: a `<math>` for each term, because browsers break lines only between them."""
    box = boxes.row((Letters("P", "it"), Mark("="), boxes.boxes(total, BERT)))
    pieces: list[list[Box]] = [[]]
    for part in box.parts if isinstance(box, Row) else (box,):
        if part in _SIGNS and len(pieces[-1]) > 2:
            pieces.append([])
        pieces[-1].append(part)
    return f'<p class="sum">{" ".join(mathml.math(boxes.row(piece)) for piece in pieces)}</p>\n'


def _html(document: Document) -> str:
    """Return elements as HTML."""
    return _answer(html.document(document))


def _answer(elements: str) -> str:
    """Return HTML that Markdown leaves as it is; formulas may be wider than the page, and scroll alone."""
    return f'<div class="answer">\n{elements}</div>'


def _fenced(language: str, text: str) -> str:
    """Return a block of code; its fence is longer than every run of backticks in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _what(name: str, model: Model) -> Iterator[Inline]:
    """Yield what the page counts: the class, the source of the formula, the reason for the class, other classes."""
    yield Code(model.cls)
    if name in ARCHITECTURES:
        yield f", written from {model.architecture.paper}"
    else:
        yield f", derived from the code of {model.architecture.paper}"
    yield "; every parameter counts, tied weights once"
    if model.head_reason:
        yield f". The name means this class because {model.head_reason}"
    others = [head.cls for head in model.architecture.heads.values() if head.cls != model.cls]
    for index, cls in enumerate(others):
        yield ". Other classes are " if index == 0 else " and " if index == len(others) - 1 else ", "
        yield Code(cls)


def _sizes(model: Model, at: Model, used: set[Symbol]) -> Table:
    """Return the table of the sizes: symbol, name to type, field of the configuration, meaning and value."""
    fields = {symbol: key for key, symbol in reversed(tuple(model.architecture.schema.names))}
    shown = used | {symbol for symbol in at.given if _is_told(symbol, at)}
    shown |= {each.symbol for each in model.architecture.definitions if each.adjusts in shown}
    rows = tuple(
        (
            Name(symbol),
            Code(str(symbol)),
            Code(fields[symbol]) if symbol in fields else "",
            noun(model.architecture.size(symbol)),
            value_cell(size_value(at, symbol)),
        )
        for symbol in in_order(shown)
    )
    columns = tuple(map(Column, ("symbol", "name", "field of config.json", "meaning")))
    return Table((*columns, Column(at.name, right=True)), rows)


def _counted_as(models: Sequence[Published]) -> Paragraph:
    """Return the class as which the published models are counted."""
    kind = models[0].family
    return Paragraph(("Counted under the head ", Code(kind.head), f": {kind.reason}."))


def _published(models: Sequence[Published], at: Model) -> Table:
    """Return the table of the published models of a type: names, sizes and counts."""
    loaded = [published_model(each) for each in models]
    shown = [symbol for symbol in in_order(set().union(*(model.given for model in loaded))) if _is_told(symbol, at)]
    if len(shown) > MOST_SIZES:
        differing = [s for s in shown if len({size_value(model, s) for model in loaded}) > 1]
        shown = (differing or shown)[:MOST_SIZES]
    columns = (Column("model"), Column("parameters", right=True), *(Column(Name(s), right=True) for s in shown))
    rows = tuple(
        (
            Code(each.hub),
            Count(count(model)),
            *(value_cell(size_value(model, symbol)) for symbol in shown),
            ", ".join(each.aliases),
        )
        for each, model in zip(models, loaded, strict=True)
    )
    return Table((*columns, Column("other names")), rows)


def _is_told(symbol: Symbol, at: Model) -> bool:
    """Return True for a size that decides a count, except labels, which no body has, and ranks of lists of layers."""
    return symbol in at.architecture.counted and symbol is not labels and BY_SYMBOL[symbol].kind is not Kind.ORDER


def _heads(name: str, at: Model) -> Table:
    """Return the table of the classes of a type, with their counts and how often the formula was tried."""
    titles = (Column("head"), Column("class"), Column("parameters", right=True))
    rows = [(head, carried.cls, count(at.with_head(head))) for head, carried in at.architecture.heads.items()]
    cells = [(Code(head), Code(cls), Count(number)) for head, cls, number in rows]
    if name in ARCHITECTURES:
        return Table(titles, tuple(cells))
    evidence = {head: carried.evidence for head, carried in _entry(name).classes.items()}
    tried = [None if (found := evidence[head]) is None else found.trials + found.edge_trials for head, _, _ in rows]
    trials = ("" if number is None else Count(number) for number in tried)
    return Table(
        (*titles, Column("trials", right=True)), tuple((*cell, n) for cell, n in zip(cells, trials, strict=True))
    )


def _variants(name: str) -> Iterator[str]:
    """Yield the section about the variants of a model type, each with its own formula."""
    listed = variants(name) if name not in ARCHITECTURES else ()
    if not listed:
        return
    yield "## Variants" + _UNSEARCHED
    yield _html((Paragraph(("A configuration with these settings is counted by another formula, derived at them.",)),))
    rows = []
    for variant in listed:
        model = load(variant.name)
        settings = ", ".join(f"{path}: {json.dumps(setting)}" for path, setting in variant.settings.items())
        total = formula(model).expression
        rows.append((Code(settings), Code(variant.checkpoint), Code(model.cls), total))
    titles = ("settings", "such as", "class", "formula")
    yield _html((Table(tuple(map(Column, titles)), tuple(rows)),))


def _commands(name: str, at: Model) -> str:
    """Return the commands that print what the page shows."""
    return "\n".join(
        (
            f"bertsym total {name} --latex",
            f"bertsym show {at.name}",
            f"bertsym explain {at.name}",
            f"bertsym tensors {name}",
            f"bertsym page {at.name} -o {name}.html",
        )
    )


def _source(name: str) -> Document:
    """Return where the formula comes from, and the fields at whose defaults it holds."""
    if name in ARCHITECTURES:
        file = Code(f"bertsym/zoo/{name.replace('-', '_')}.py")
        tests = "The tests compare names, shapes and ties of each class with transformers at random sizes."
        also = (" The formula that derive inferred from the code is ", Code(f"{atlas.PREFIX}{name}"), ".")
        return (Paragraph(("Written in ", file, f" from {ARCHITECTURES[name].paper}. {tests}", *also)),)
    derived = _entry(name)
    if name in atlas.COMPOSITES:
        joined = "The sum of the formulas of two models and of what joins them, here the default parts of the library."
        return (Paragraph((f"{joined} Derived from the code of {derived.source}.",)),)
    file = Code(f"bertsym/atlas/models/{atlas.index()[name].entry}.json")
    compared = "and compared with it at random sizes: names, shapes and ties"
    told = Paragraph((f"Inferred by derive from the code of {derived.source}, {compared}. The entry is ", file, "."))
    if not derived.fixed_by_derivation:
        return (told,)
    rows = tuple(
        (Code(path), Code(str(fixed.value)), plain(fixed.reason)) for path, fixed in derived.fixed_by_derivation.items()
    )
    columns = tuple(map(Column, ("field", "default", "why no other value")))
    return (told, Paragraph(("The formula holds at the defaults of these fields:",)), Table(columns, rows))


def _entry(name: str) -> Derived:
    """Return the entry of the atlas of that name; raises `UnknownName`."""
    derived = entry_of(name)
    if derived is None:
        raise UnknownName("model type of the atlas", name, atlas.index())
    return derived
