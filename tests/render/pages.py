"""The LaTeX of every command, layout, form and notation over models of the atlas, set in one document a column.

`tools/pages.py` runs all of it; the suite runs a sample.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from bertsym.atlas import index
from bertsym.convention import EXACT
from bertsym.count import countable
from bertsym.resolve import load

Words = tuple[str, ...]

WIDTHS = {"219.08pt@11": (11, "219.08pt"), "506pt@10": (10, "506pt")}
FORMS = ("collected", "expanded", "factored", "nested", "dominant", "components")
DISPLAYS = ("equation", "equation*", "split", "align")
CHAINS: tuple[Words, ...] = ((), ("--layout", "align"), ("--layout", "split"))
TABLES: tuple[Words, ...] = ((), ("--layout", "booktabs", "--caption", "Where they are", "--label", "tab:where"))
NOTATIONS = ("bert", "vaswani", "kaplan", "megatron")
NO_ROOM = ("needs at least", "LaTeX has room for")


def models(seed: int, number: int) -> list[str]:
    """Return a random sample of the model types of the atlas that have a whole formula."""
    whole = sorted(name for name, listed in index().items() if not listed.unresolved)
    return sorted(random.Random(seed).sample(whole, number))


def runs(names: list[str]) -> Iterator[Words]:
    """Yield the command lines without a width: every layout in every form, the notations and the models in turn."""
    for name in names:
        yield from _runs_of(name)
    for left, right in zip(names[::2], names[1::2], strict=False):
        for rules in TABLES:
            yield ("compare", left, right, *rules)
    for command in ("models", "symbols"):
        for notation in NOTATIONS:
            yield (command, "--notation", notation)


def _runs_of(name: str) -> Iterator[Words]:
    """Yield the command lines about one model."""
    turn = sum(map(ord, name))
    total = countable(load(name), EXACT).total()
    sizes = [str(symbol) for symbol in sorted(total.free_symbols, key=str) if total.is_polynomial(symbol)]
    for place, (form, layout) in enumerate(product(FORMS, DISPLAYS)):
        yield ("total", name, "--form", form, "--layout", layout, "--notation", NOTATIONS[(turn + place) % 4])
    for form in FORMS:
        yield ("total", name, "--form", form, "--legend")
        yield ("total", name, "--form", form, "--of", "states", "--layout", "equation", "--label", "eq:states")
    for place, (by, rules) in enumerate(product(("component", "role", "layer", "module"), TABLES)):
        yield ("show", name, "--by", by, *rules, "--notation", NOTATIONS[(turn + place) % 4])
    for by, layout in product([sizes[turn % len(sizes)], sizes[-1]] if sizes else [], DISPLAYS):
        yield ("diff", name, "--by", by, "--layout", layout, "--form", FORMS[turn % 5])
    for chain in CHAINS:
        yield ("explain", name, *chain, "--legend")
    for rules in TABLES:
        yield ("tensors", name, *rules)
    if sizes:
        target = 10 * index()[name].count
        yield ("solve", name, "--target", str(target), "--for", sizes[turn % len(sizes)])


@dataclass
class Printed:
    """The outcome of the command lines for one column: fragments, refusals for lack of room, and other errors."""

    fragments: dict[str, Words] = field(default_factory=dict)
    refused: list[Words] = field(default_factory=list)
    failed: dict[Words, str] = field(default_factory=dict)
    number: int = 0

    def run(self, words: Words, command: Callable[..., tuple[int, str, str]]) -> None:
        """Run a command line, and keep its LaTeX if it is new."""
        code, out, err = command(*words, "--latex")
        self.number += 1
        if code in (0, 1) and out:
            self.fragments.setdefault(out, words)
        elif any(reason in err for reason in NO_ROOM):
            self.refused.append(words)
        else:
            self.failed[words] = err


def troubles(log: str, fragments: Mapping[str, Words]) -> dict[Words, str]:
    """Return the errors and the overfull lines in the log of a document of these fragments, each with its command."""
    found: dict[Words, str] = {}
    commands = list(fragments.values())
    current: Words = ()
    for line in log.splitlines():
        if match := re.match(r"FRAGMENT (\d+)", line):
            current = commands[int(match.group(1))]
        elif line.startswith(("Overfull \\hbox", "! ")):
            found.setdefault(current, line)
    return found
