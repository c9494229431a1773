"""The models that a sentence, a label or a cell names: each name with all of its words, and names that are not known.

In `BERT-Base, Multilingual Cased` the words after the comma belong to the name. A name that goes on with words that no
published model has, as in `BERT-base-mine`, is another model's, and unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from bertsym import atlas
from bertsym.claims.proper_names import SUBJECT, proper_name
from bertsym.claims.written_names import Written, passed_over, prefix_of, undressed
from bertsym.names.catalogue import Published, published
from bertsym.names.reading import Reading, beginnings, read, spelled
from bertsym.names.spelling import WITHOUT_SIZE, words
from bertsym.quantities import rounded
from bertsym.values import replace, value
from bertsym.zoo import ARCHITECTURES

# The words of a name, and the characters of a line in which names are looked for.
MAX_WORDS = 16
MAX_LINE = 4_000
NEAR = 20
"""A number is near a count if it misses it by a twentieth at most."""

_WORD = re.compile(r"[A-Za-z]+|[^\W\d_A-Za-z]+|\d+")
# Between two words of a name there is one of these, or a border between a letter and a digit.
_INSIDE = re.compile(r"[-_.]?|,? |[ -]?\(")
# Model types that are words of English too: in running text they are names only in capitals or with a digit.
_ENGLISH = frozenset(re.findall(r"\w+", """
    align aria bark beam beit bit blip bloom bros canary canine clap clip dac dia doge falcon flint funnel git granite
    helium janus led lilt luke mamba marian mega moonshine opt pegasus perceiver persimmon phi radio reformer sam sew
    splinter swin tapas whisper
"""))  # fmt: skip
# Words behind a name that tell that something else is meant: a BERT-based model, GPT-2-style decoders.
_LIKE = frozenset(
    ("based", "like", "style", "styled", "sized", "type", "family", "class", "inspired", "only", "level", "scale")
)
# A text that looks like a model's name: a family's word, or a size at its end.
_NAME_LIKE = re.compile(
    r"(?<![\w/.-])(?=[A-Za-z0-9])(?:"
    r"[\w.]*(?:BERT|Bert|bert|GPT|Llama|LLaMA|LLAMA|llama|Qwen|Mistral|Gemma|PaLM|LM|ViT"
    r"|CLIP|DINO|DeiT|BEiT|BLOOM|T5|BART|ELECTRA|XLNet|ERNIE|ResNet|EfficientNet|ConvNe[Xx]t|VGG|AlexNet|MobileNet|ELMo"
    r"|HuBERT|DeepSeek|Mixtral|Mamba-?\d)[\w]*(?:[-_.][\w.]*\w)*|[A-Z][A-Za-z]+\d?-(?:Ti|T|S|B|L|H|G|XL)(?:-\d+)?"
    r"|[A-Za-z][\w.]*(?:[-_][\w.]+)*[-_](?:(?i:base|large|small|tiny|mini|medium|xl|xxl|xlarge|huge)|\d+(?:\.\d+)?[bBmM])"
    r"(?:[-_][\w.]*\w)*)(?![\w])",
    re.ASCII,
)
_FURTHER = re.compile(r"\s?/\s?(?P<word>[A-Za-z]+)(?![\w-])")
_NO = frozenset(("non-", "no-", "anti-"))
_REST = re.compile(r"[\w.-]*\w", re.ASCII)


@value
class Mention:
    """A name in a text from `start` to `stop`, and what it names: a model type, published models, or nothing known.

    `problem` says why the name chooses no model: it is unknown, or models of several sizes have it.
    """

    start: int
    stop: int
    text: str
    reading: Reading | None
    problem: str = ""

    @property
    def model(self) -> Published | None:
        """Return the one published model of that name, or None."""
        return None if self.reading is None else self.reading.model

    @property
    def architecture(self) -> str | None:
        """Return the model type if the name is that of a family without a size, or None."""
        return None if self.reading is None else self.reading.architecture


@cache
def types() -> tuple[str, ...]:
    """Return every model type with a formula."""
    return (*ARCHITECTURES, *atlas.index())


def mentions(text: str, *, label: bool = False) -> tuple[Mention, ...]:
    r"""Return the names in a text, in order. In a `label` a single lower-case word may be a name too.

    >>> [mention.reading.model.name for mention in mentions("`BERT-Base, Multilingual Cased` and GPT-2 XL")]
    ['bert-base-multilingual-cased', 'gpt2-xl']
    >>> [(mention.text, mention.reading) for mention in mentions("BERT-base-mine and legal-bert-base")]
    [('BERT-base-mine', None), ('legal-bert-base', None)]
    """
    written = undressed(text[:MAX_LINE])
    line = written.text
    taken = {position for start, stop in passed_over(line) for position in range(start, stop)}
    pieces = [piece for piece in _WORD.finditer(line) if piece.start() not in taken]
    result: list[Mention] = []
    at = 0
    while at < len(pieces):
        mention, used = _mention(line, pieces, at, label=label)
        if mention is not None:
            result.append(mention)
        if mention is not None or used > 1:
            taken |= set(range(pieces[at].start(), pieces[at + used - 1].end()))
        at += max(used, 1)
    result += [
        _unknown(match.group(), match.start())
        for match in _NAME_LIKE.finditer(line)
        if taken.isdisjoint(range(match.start(), match.end()))
    ]
    result += [
        _unknown(match["name"], match.start("name"))
        for match in SUBJECT.finditer(line)
        if taken.isdisjoint(range(match.start("name"), match.end("name"))) and proper_name(match["name"])
    ]
    named = _with_sizes(line, _joined(line, sorted(_apart(result), key=lambda mention: mention.start)))
    return tuple(_placed(mention, written, text) for mention in named)


def _apart(named: Sequence[Mention]) -> list[Mention]:
    """Return the mentions without those that lie on an earlier one."""
    result: list[Mention] = []
    for mention in named:
        if all(mention.stop <= earlier.start or earlier.stop <= mention.start for earlier in result):
            result.append(mention)
    return result


def _joined(line: str, named: Sequence[Mention]) -> list[Mention]:
    """Join two names side by side into one that is unknown: SigLIP ViT-B/16 is not Google's ViT-B/16."""
    result: list[Mention] = []
    for mention in named:
        last = result[-1] if result else None
        if last is not None and line[last.stop : mention.start] == " " and _type(last) != _type(mention):
            result[-1] = _unknown(line[last.start : mention.stop], last.start)
        else:
            result.append(mention)
    return result


def _with_sizes(line: str, named: Sequence[Mention]) -> list[Mention]:
    """Return the mentions with one more for each further size behind a slash: BERT-base/large names two models."""
    result: list[Mention] = []
    for mention in named:
        result.append(mention)
        size = _FURTHER.match(line, mention.stop)
        while size is not None and mention.model is not None:
            name = re.sub(r"[A-Za-z]+\Z", size["word"], mention.text)
            reading = spelled(name, types()) if name != mention.text else None
            if reading is None or reading.model is None or reading.model.family.type != mention.model.family.type:
                break
            result.append(Mention(size.start("word"), size.end(), name, reading))
            size = _FURTHER.match(line, size.end())
    return result


def _type(mention: Mention) -> str | None:
    return mention.architecture if mention.model is None else mention.model.family.type


def _placed(mention: Mention, written: Written, text: str) -> Mention:
    """Return a mention at its places in the text as it was typeset, with the dress around its last word."""
    start, stop = written.places[mention.start], written.places[mention.stop]
    typeset = text[start:stop]
    shown = mention.text if re.search(r"[\\${}<>]", typeset) else typeset
    problem = f"unknown model {shown}" if mention.reading is None else mention.problem
    return replace(mention, start=start, stop=stop, text=shown, problem=problem)


def _mention(line: str, pieces: Sequence[re.Match[str]], at: int, *, label: bool) -> tuple[Mention | None, int]:
    """Return the longest name that begins with a word, and how many words it takes."""
    glued = at > 0 and pieces[at - 1].end() == pieces[at].start()
    if glued and pieces[at - 1].group().isalpha() and pieces[at - 1].group().isascii():
        return None, 1
    known = beginnings(types())
    name: list[str] = []
    best: tuple[Reading, int] | None = None
    for index in range(at, min(len(pieces), at + MAX_WORDS)):
        if index > at and _INSIDE.fullmatch(line, pieces[index - 1].end(), pieces[index].start()) is None:
            break
        name.append(pieces[index].group().casefold())
        if tuple(name) not in known:
            break
        reading = spelled(line[pieces[at].start() : pieces[index].end()], types())
        if reading is not None:
            best = (reading, index + 1 - at)
    if best is None:
        return None, 1
    reading, used = best
    start, stop = pieces[at].start(), pieces[at + used - 1].end()
    if not label and used == 1 and not _is_name(pieces[at].group(), reading):
        return None, 1
    used, stop, problem = _continued(line, pieces, at, used)
    if problem == "like":
        return None, used
    if problem:
        return _unknown(line[start:stop], start), used
    prefix = prefix_of(line, start)
    if prefix:
        return (
            None
            if prefix.casefold() in _NO or prefix[:-1].isdecimal()
            else _unknown(prefix + line[start:stop], start - len(prefix))
        ), used
    text = line[start:stop] + ")" * ("(" in line[start:stop] and line[stop : stop + 1] == ")")
    return Mention(start, start + len(text), text, reading, _several(text, reading)), used


def _continued(line: str, pieces: Sequence[re.Match[str]], at: int, used: int) -> tuple[int, int, str]:
    """Return the words and the end of a name with what hangs on it by a hyphen, and whether that makes it another."""
    stop = pieces[at + used - 1].end()
    while at + used < len(pieces):
        following = pieces[at + used]
        gap = line[stop : following.start()]
        if not following.group().isascii():
            return used, stop, ""
        if gap not in ("-", "_", "", ".") or (
            gap == "" and pieces[at + used - 1].group().isalpha() and following.group().isalpha()
        ):
            return used, stop, ""
        if gap == "." and not following.group().isdigit():
            return used, stop, ""
        if gap in ("-", "_") and following.group().casefold() in _LIKE:
            return used + 1, following.end(), "like"
        rest = tuple(piece.group().casefold() for piece in pieces[at + used : at + used + 3])
        run = next((run for run in WITHOUT_SIZE if rest[: len(run)] == run), None)
        if run is None:
            end = _REST.match(line, following.start())
            stop = end.end() if end else following.end()
            while at + used < len(pieces) and pieces[at + used].start() < stop:
                used += 1
            return used, stop, "another"
        used += len(run)
        stop = pieces[at + used - 1].end()
    return used, stop, ""


def _is_name(word: str, reading: Reading) -> bool:
    """Return True if a single word of running text is the name of a model, and no word of the language."""
    if word.casefold() in _ENGLISH:
        return word.isupper() and len(word) > 1
    if word != word.casefold():
        return True
    return reading.verbatim and any(family in word for family in ("bert", "gpt", "llama"))


def _unknown(text: str, start: int) -> Mention:
    return Mention(start, start + len(text), text, None, f"unknown model {text}")


def nearest_names(text: str) -> str:
    """Return a clause with the names of models that look like a text; empty if none does."""
    near = read(text, types())
    models = "; ".join(f"{model.name} ({rounded(model.count)})" for model in near.longer[:3]) or ", ".join(near.near)
    return f"; did you mean {models}?" if models else ""


def _several(text: str, reading: Reading) -> str:
    if not reading.ambiguous:
        return ""
    models = ", ".join(f"{model.name} ({rounded(model.count)})" for model in reading.models)
    return f"{text} may be {models}"


def of_size(mention: Mention, number: int) -> Published | None:
    """Return the published model of a family whose count is nearest to a number, or None if none is near.

    The name of a family states no size; the number itself says which of its models is meant. Names that begin with the
    family's come first: Llama 2 of 7B is no Code Llama.
    """
    kinds = [model for model in published() if model.family.type == mention.architecture]
    beginning = words(mention.text)
    alike = [model for model in kinds if any(words(name)[: len(beginning)] == beginning for name in model.names)]
    kinds = alike or kinds
    near = min(kinds, key=lambda model: abs(model.count - number), default=None)
    return near if near is not None and abs(near.count - number) * NEAR <= near.count else None


def without_a_size(mention: Mention) -> str:
    """Return the sentence that a name is a family's, with some of its models."""
    names = [model.name for model in published() if model.family.type == mention.architecture][:3]
    return f"{mention.text} names a family and no size" + (f": say which, such as {', '.join(names)}" if names else "")


def named_by(label: str) -> Mention | None:
    """Return the model that a label names, as in `mBERT: 110M`; None if it names none.

    Several models are one mention with that problem, and so is a proper name that no model is known to have.
    """
    found = mentions(label, label=True)
    if len(found) > 1:
        found = tuple(m for m in found if m.text.casefold() not in _ENGLISH or m.text.isupper())
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(dict.fromkeys(m.text for m in found))
        return Mention(found[0].start, found[-1].stop, label, None, f"the names of several models: {several}")
    name = proper_name(label)
    return None if name is None else _unknown(name, label.index(name))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as names are compared."""
    return words(text)
