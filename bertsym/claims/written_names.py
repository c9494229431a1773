r"""The names of models as papers typeset them: subscripts, patch sizes behind a slash, owners, prefixes.

`BERT$_{\text{BASE}}$` and `ViT-B/16` become `BERT-BASE` and `ViT-B-16`, of which the catalogue knows the words.
"""

from __future__ import annotations

import re
from functools import cache

from bertsym.names.catalogue import published
from bertsym.values import value

_FONT = (
    r"\\(?:text(?:sc|sf|rm|it|bf|tt|normal)?|math(?:rm|sf|it|bf|tt)|mbox|small|scriptsize|footnotesize|it|rm|bf|sc)\b"
)
# BERT$_{\text{BASE}}$, \text{BERT}_{\text{LARGE}}, BERT\textsubscript{base}, BERT<sub>BASE</sub>, BERT₍base₎
_SUBSCRIPT = re.compile(
    rf"(?P<dress>\}}*\$?\s?_\$?\{{?\s?(?:{_FONT}\s*\{{?\s*)*|\}}?\\textsubscript\{{\s?(?:{_FONT}\s*\{{?)*|<sub>)"
    r"(?P<word>(?=\d*[A-Za-z])[A-Za-z0-9]{1,11})(?P<end>(?:\s?\}){0,3}\$?|</sub>)"
)
_OPENING = re.compile(rf"\$?(?:\{{?{_FONT}\s*\{{?|\{{)(?=[A-Za-z])")
_PATCH = re.compile(r"(?<=[-_ ][A-Za-z])(?P<slash>/)(?=\d{1,2}(?!\d))|(?<=[-_ ](?:XL|Ti|So|xl))/(?=\d{1,2}(?!\d))")
_RESOLUTION = re.compile(r"(?<=/\d\d)@(?=\d{3})")
_PIXELS = re.compile(r"(?<=@\d\d\d)px\b")
_OWNER = re.compile(
    r"(?<![\w/.-])(?:(?:https?://)?(?:huggingface\.co|hf\.co)/)?(?P<owner>[\w.-]{1,60})/(?=[A-Za-z0-9])"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)(?!huggingface\.co/|hf\.co/)[^\s)\]>]+")
# A word before a name that is joined with a hyphen makes another name of it, except these.
_PLAIN_PREFIXES = frozenset(re.findall(r"\w+", """
    a finetuned frozen google huggingface meta official openai original our pretrained released standard the trained
    tuned vanilla
"""))  # fmt: skip
_PREFIX = re.compile(r"(?P<word>[A-Za-z0-9]+)[-_]\Z")


@value
class Written:
    """A text without the dress of names; `places` are the positions of its characters in the text, and of its end."""

    text: str
    places: tuple[int, ...]


def undressed(text: str) -> Written:
    r"""Return a text with the names in it as their catalogue spells them.

    >>> undressed(r"BERT$_{\text{BASE}}$ and ViT-L/14@336px").text
    'BERT-BASE and ViT-L-14-336'
    """
    if not any(mark in text for mark in "_/\\<{@"):
        return Written(text, tuple(range(len(text) + 1)))
    dropped: dict[int, str] = {}
    for match in _SUBSCRIPT.finditer(text):
        if match.start() and (text[match.start() - 1].isalnum()) and match["dress"] != "_":
            _drop(dropped, match.start("dress"), match.end("dress"), "-")
            _drop(dropped, match.start("end"), match.end("end"), "")
            opening = list(_OPENING.finditer(text, max(match.start() - 24, 0), match.start()))
            if opening and re.fullmatch(r"[\w-]+", text[opening[-1].end() : match.start()]):
                _drop(dropped, opening[-1].start(), opening[-1].end(), "")
    for pattern in (_PATCH, _RESOLUTION):
        for match in pattern.finditer(text):
            dropped[match.start()] = "-"
    for match in _PIXELS.finditer(text):
        _drop(dropped, match.start(), match.end(), "")
    pieces = [(dropped.get(index, letter), index) for index, letter in enumerate(text)]
    kept = [(letter, index) for letter, index in pieces if letter]
    return Written("".join(letter for letter, _ in kept), (*(index for _, index in kept), len(text)))


def _drop(dropped: dict[int, str], start: int, stop: int, mark: str) -> None:
    """Put a mark into the place of a stretch."""
    for index in range(start, stop):
        dropped[index] = mark if index == start else ""


def passed_over(text: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a text in which no name is looked for: addresses, and owners before a name.

    >>> [text[slice(*span)] for text in ["albert/albert-base-v2"] for span in passed_over(text)]
    ['albert/']
    """
    spans = [match.span() for match in _ADDRESS.finditer(text)]
    spans += [match.span() for match in _OWNER.finditer(text) if match["owner"] in _owners()]
    return tuple(sorted(spans))


def prefix_of(text: str, start: int) -> str:
    """Return the word and hyphen that make another name of the one at `start`; empty if there is none.

    >>> prefix_of("legal-bert-base", 6), prefix_of("pre-trained-BERT", 12)
    ('legal-', '')
    """
    match = _PREFIX.search(text, max(start - 40, 0), start)
    return "" if match is None or match["word"].casefold() in _PLAIN_PREFIXES else match.group()


@cache
def _owners() -> frozenset[str]:
    """Return the accounts that released the published models."""
    return frozenset(model.owner for model in published() if model.owner)
