"""The columns of a table that an author chose, in the author's order and under the author's headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bertsym.document import Column, Document, Element, Table
from bertsym.errors import BertsymError, Conflict, Unreadable, clipped, echo, printable
from bertsym.render import words
from bertsym.values import replace, value

MAX_HEADING = 200
MAX_LISTED = 600


@value
class UnknownHeading(BertsymError):
    """A heading that no table of an answer has; `known` are the headings of each table, with commas between them.

    >>> print(UnknownHeading("--columns", "size", ("component, formula",)))
    --columns: no table has the column 'size'; the columns are component, formula
    """

    option: str
    heading: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        known = clipped(printable("; or ".join(self.known)), MAX_LISTED)
        return f"{self.option}: no table has the column {echo(self.heading)}; the columns are {known}"


def with_columns(document: Document, shown: Document, chosen: Iterable[str], headings: Iterable[str]) -> Document:
    """Return a document with the chosen columns of its tables, in that order, and with other headings.

    The author names the headings of `document`. The result is made of `shown`, in which numbers may have a unit.
    A table that lacks one of the columns stays as it is. Raises `Conflict`, `UnknownHeading` or `Unreadable`.
    """
    wanted, renamed = list(chosen), list(headings)
    tables = [element for element in document if isinstance(element, Table)]
    if (wanted or renamed) and not tables:
        raise Conflict("--columns" if wanted else "--heading", "the answer", "it has no table")
    names = tuple(tuple(map(_name, table.columns)) for table in tables)
    order = _order(wanted, names)
    titles = dict(_pair(text, names) for text in renamed)
    return tuple(
        _element(before, after, order, titles) if isinstance(before, Table) and isinstance(after, Table) else after
        for before, after in zip(document, shown, strict=True)
    )


def _name(column: Column) -> str:
    """Return the heading by which an author names a column, with the one over it."""
    return f"{column.group} {words.inline(column.title)}".strip()


def _element(before: Table, after: Table, order: Sequence[str], titles: Mapping[str, str]) -> Element:
    names = [_name(column) for column in before.columns]
    indices = [names.index(name) for name in order] if order and set(order) <= set(names) else range(len(names))
    columns = tuple(
        _titled(before.columns[i], after.columns[i], titles[names[i]]) if names[i] in titles else after.columns[i]
        for i in indices
    )
    rows = tuple(tuple(row[i] for i in indices) for row in after.rows)
    return replace(after, columns=columns, rows=rows, footer=tuple(after.footer[i] for i in indices if after.footer))


def _titled(before: Column, after: Column, title: str) -> Column:
    """Return the column under that title, with the unit of its numbers unless the title has it."""
    unit = words.inline(after.title).removeprefix(words.inline(before.title)).strip()
    has_unit = not unit or unit.strip("()") in re.findall(r"\w+", title)
    return replace(after, title=title if has_unit else f"{title} {unit}")


def _order(texts: list[str], tables: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return the headings of one table that the texts name, each a heading or several with commas between them."""
    known = {name for names in tables for name in names}
    order = [_known(part, known, tables) for text in texts for part in _parts(text, known)]
    twice = next((name for name in order if order.count(name) > 1), None)
    if twice is not None:
        raise Conflict("--columns", twice, "it is named twice")
    if order and not any(set(order) <= set(names) for names in tables):
        listed = clipped("; or ".join(_listed(tables)), MAX_LISTED)
        raise Conflict("--columns", ", ".join(order), f"no table has all of them: {listed}")
    return order


def _listed(tables: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Return the headings of each table that differs from the others."""
    return tuple(dict.fromkeys(", ".join(name or "(none)" for name in names) for names in tables))


def _parts(text: str, known: Iterable[str]) -> list[str]:
    """Return a heading that has commas itself, or the parts between commas."""
    return [text] if text in known else [part.strip() for part in text.split(",")]


def _known(name: str, known: set[str], tables: tuple[tuple[str, ...], ...], option: str = "--columns") -> str:
    """Return the heading of that name, in any case of letters; raise `UnknownHeading`."""
    if name in known:
        return name
    same = [heading for heading in sorted(known) if heading.casefold() == name.casefold()]
    if len(same) != 1:
        raise UnknownHeading(option, name, _listed(tables))
    return same[0]


def _pair(text: str, tables: tuple[tuple[str, ...], ...]) -> tuple[str, str]:
    """Return a heading and the text that replaces it, from `heading=text`; a heading may have equals signs itself."""
    known = {name for names in tables for name in names}
    cuts = [index for index, character in enumerate(text) if character == "="]
    if not cuts:
        raise Unreadable("--heading", text, "HEADING=TEXT, as in parameters=Parameters")
    cut = next((index for index in cuts if text[:index].strip() in known), cuts[0])
    title = text[cut + 1 :].strip()
    if len(title) > MAX_HEADING:
        raise Unreadable("--heading", title, f"at most {MAX_HEADING} characters")
    return _known(text[:cut].strip(), known, tables, "--heading"), title
