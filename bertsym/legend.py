"""The sentence that says what each symbol of an answer stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sympy import Symbol

from bertsym.document import (
    Alignment,
    Code,
    Document,
    Element,
    Equal,
    Equation,
    Heading,
    Inline,
    Paragraph,
    Rate,
    Remark,
    Result,
    Shape,
    Sizes,
    Table,
    Title,
)
from bertsym.formulas.tree import Form, Name, symbols
from bertsym.symbols import BY_SYMBOL, Kind, Own, P, Size, in_order


def legend(document: Document, begin: str = "where ") -> Document:
    """Return one paragraph, "where V is the vocabulary size, ..."; nothing for an answer without symbols.

    Remarks do not count, because a renderer makes comments of them. A handout has its legend already.
    """
    if _is_handout(document):
        return ()
    sizes = [BY_SYMBOL[symbol] for symbol in in_order(_used(document))]
    named = [size for size in sizes if size.kind is not Kind.SWITCH]
    switches = [size for size in sizes if size.kind is Kind.SWITCH]
    clauses: list[tuple[Inline, ...]] = [
        (Name(size.symbol), " is " if index == 0 else " ", noun(size)) for index, size in enumerate(named)
    ]
    clauses += [(Name(size.symbol), " says whether ", *_turned_on(size)) for size in switches]
    if not clauses:
        return ()
    return (Paragraph((begin, *_joined(clauses), ".")),)


_NOUNS = {
    "v_head_dim": "the size of a head's values",
    "qk_nope_head_dim": "the size of a head's keys without positions",
    "qk_rope_head_dim": "the size of a head's keys with rotary positions",
    "kv_lora_rank": "the rank of the compressed keys and values",
    "q_lora_rank": "the rank of the compressed queries",
    "moe_intermediate_size": "the feed-forward width of an expert",
    "shared_expert_intermediate_size": "the feed-forward width of the shared expert",
    "first_k_dense_replace": "the number of first layers without experts",
    "decoder_sparse_step": "the interval of layers with experts",
    "n_shared_experts": "the number of shared experts",
    "embed_dim": "the hidden size",
    "decoder_ffn_dim": "the feed-forward width of the decoder",
    "encoder_ffn_dim": "the feed-forward width of the encoder",
    "conv_kernel": "the width of the convolution kernel",
    "word_embed_proj_dim": "the embedding size",
}
"""The nouns for fields whose names do not say in words what they are."""

_COUNTED = re.compile(
    r"(?:\w+ )*(?:layers|heads|blocks|experts|channels|bins|codebooks|tokens|points|levels|stages|groups|queries|units|"
    r"embeddings|classes|labels|flows|convs|inputs|outputs|functions|networks|patches|buckets|positions|attends)"
    r"(?: per \w+|,? (?:with|that|among|each|of) .+)?"
)
"""Words that name several things, of which a size is the number."""

_SUFFIXES = {"dim": "size", "dims": "sizes", "ffn": "feed-forward", "attn": "attention", "conv": "convolution"}


def noun(size: Size) -> str:
    """Return the noun for a size; an own size without a meaning has the words of its field.

    >>> [noun(BY_SYMBOL[Own("x", Kind.WIDTH, 1, path)]) for path in ("num_channels", "vision_config.patch_size")]
    ['the number of channels', 'the patch size (vision)']
    >>> noun(BY_SYMBOL[Own("x", Kind.SWITCH, 0, "use_gate of the code")])
    'the switch use_gate'
    """
    if not isinstance(size.symbol, Own):
        return size.noun
    path = size.meaning.removesuffix(" of the code")
    if size.kind is Kind.SWITCH:
        return f"the switch {path}"
    if size.phrase:
        return size.phrase
    if " " in path:
        words, opening, field = path.partition(" (")
        leaf, _, index = field.rstrip(")").rpartition(".")[2].partition("[")
        counted = leaf.startswith(("num_", "n_")) and not words.startswith("max")
        known = f"the number of {words}" if counted else _NOUNS.get(leaf) if leaf.replace("_", " ") == words else None
        return f"{known or _in_words(words, indexed=bool(index))}{opening}{field}"
    *parts, leaf = path.split(".")
    around = " ".join(part.removesuffix("_config").replace("_", " ") for part in parts)
    words = _NOUNS.get(leaf) or _in_words(
        " ".join(_SUFFIXES.get(word, word) for word in leaf.split("_") if word) or leaf
    )
    return f"{words} ({around})" if around else words


def _in_words(words: str, *, indexed: bool = False) -> str:
    """Return the noun that words of a field make; an item of a list is one of the things that the list has.

    >>> _in_words("decoder num hidden layers"), _in_words("attention heads"), _in_words("hidden sizes", indexed=True)
    ('the number of decoder hidden layers', 'the number of attention heads', 'the hidden size')
    >>> _in_words("max position embeddings"), _in_words("iou head depth"), _in_words("out indices", indexed=True)
    ('the maximum number of position embeddings', 'the iou head depth', 'the out index')
    """
    if match := re.fullmatch(r"(.+ )?max(?:imum)? (?:num )?(.+s)", words):
        return f"the maximum number of {match[1] or ''}{match[2]}"
    if match := re.fullmatch(r"(.+ )?(?:num|nb|n) (.+)", words):
        return f"the number of {match[1] or ''}{match[2]}"
    if _COUNTED.fullmatch(words):
        return f"the number of {words}"
    return f"the {_singular(words) if indexed else words}"


def _singular(words: str) -> str:
    if words.endswith(("indices", "indexes")):
        return f"{words[: -len('indices')]}index"
    return words[:-1] if words.endswith("s") and not words.endswith(("ss", "bias")) else words


def _turned_on(size: Size) -> Iterator[Inline]:
    """Yield what is so if a switch is on: a part that exists, or a field of the model's own code that is set."""
    if isinstance(size.symbol, Own):
        yield Code(size.meaning.removesuffix(" of the code"))
        yield " is set"
    else:
        yield f"there is {size.meaning}"


def with_own_sizes(document: Document) -> Document:
    """Return the document with a remark that says which fields of the model's own code the symbols stand for.

    A document of registered sizes stays as it is.
    """
    if _is_handout(document):
        return document
    own = [symbol for symbol in in_order(_used(document)) if isinstance(symbol, Own) and _is_short(symbol)]
    clauses = [
        (Name(symbol), " is " if index == 0 else " ", _field(BY_SYMBOL[symbol])) for index, symbol in enumerate(own)
    ]
    return (*document, Remark((*_joined(clauses),))) if clauses else document


def _is_handout(document: Document) -> bool:
    """Return True for a document with a title, which has a legend of its own below it."""
    return any(isinstance(element, Title) for element in document)


def _is_short(symbol: Own) -> bool:
    """Return True if the symbol abbreviates its field; a switch does not, because its name is a word."""
    return symbol.kind is not Kind.SWITCH and symbol.meaning not in (symbol.name, f"{symbol.name} of the code")


def _field(size: Size) -> str:
    """Return the noun for an own size if its meaning has words of its own, else the field alone."""
    return noun(size) if " " in size.meaning else size.meaning


def symbols_of(document: Document) -> set[Symbol]:
    """Return every symbol of a document, those of its remarks too."""
    parts = [part for element in document for part in (*_parts(element), *_aside(element))]
    listed = (part.values for part in parts if isinstance(part, Sizes))
    return set().union(*map(_symbols, parts), *listed)


def _aside(element: Element) -> Iterable[Inline]:
    """Return the parts of an element that a legend does not explain."""
    match element:
        case Remark(parts):
            return parts
        case Result(left=left, short=short, let=let):
            sides = [left.of, left.by] if isinstance(left, Rate) else []
            forms = [form for form in (left, short, *(form for _, form in let)) if isinstance(form, Form)]
            return (*map(Name, (*sides, *(symbol for symbol, _ in let))), *forms)
        case _:
            return ()


def _joined(clauses: Sequence[tuple[Inline, ...]]) -> Iterator[Inline]:
    for index, clause in enumerate(clauses):
        if index:
            yield " and " if len(clauses) == 2 else ", and " if index == len(clauses) - 1 else ", "
        yield from clause


def _used(document: Document) -> set[Symbol]:
    """Return the symbols that a legend explains."""
    return set().union(*(_symbols(part) for element in document for part in _parts(element)))


def _parts(element: Element) -> Iterable[Inline]:
    match element:
        case Heading(parts, clause):
            # "with P parameters" says itself what P is.
            return (*parts, *(part for part in clause or () if part != Name(P)))
        case Title(parts) | Paragraph(parts):
            return parts
        case Alignment(lines):
            return (part for line in lines for part in (*line.label, line.start or "", *line.steps))
        case Equation((Name(), *steps)) if steps:
            return steps  # the name is what the equation says
        case Equation(steps) | Result(steps):
            return steps
        case Table(columns, rows, footer):
            titles = tuple(column.title for column in columns)
            return (cell for row in (titles, *rows, footer) for cell in row)
        case Remark():
            return ()


def _symbols(part: Inline) -> set[Symbol]:
    if isinstance(part, Equal):
        return symbols(part.left) | symbols(part.right)
    if isinstance(part, Shape):
        return set().union(*map(symbols, part.sides))
    return symbols(part) if isinstance(part, Form) else set()
