"""The names of task heads that people type, as data: short names, and the tasks of model hubs."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Every spelling of a head. A spelling under several heads means the first of them that the model has.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("headless", "none", "bare", "feature-extraction"),
    "conditional-generation": ("seq2seq", "seq2seq-lm", "lm", "summarization", "translation"),
    "causal-lm": ("clm", "lm", "text-generation"),
    "masked-lm": ("mlm", "lm", "fill-mask"),
    "pretraining": ("pretrain",),
    "sequence-classification": ("cls", "classification", "text-classification"),
    "image-classification": ("cls", "classification"),
    "audio-classification": ("cls", "classification"),
    "token-classification": ("ner", "tagging"),
    "question-answering": ("qa", "squad"),
    "multiple-choice": ("mc",),
    "next-sentence": ("nsp", "next-sentence-prediction"),
    "next-sentence-prediction": ("nsp", "next-sentence"),
    "ctc": ("asr",),
}


def head_named(text: str, heads: Mapping[str, str]) -> str | None:
    """Find the head that a text means among a model's `heads`, which have a class each; None if there is none.

    A text is the name of a head, an alias of it, or the class itself, in any case, with blanks or underscores. The
    class may be without the model's name.

    >>> head_named("MLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    >>> head_named("BertForMaskedLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    >>> head_named("Masked LM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    """
    if text in heads:
        return text
    folded = _folded(text)
    by_class = {cls.casefold(): name for name, cls in heads.items()}
    by_name = {name.replace("-", ""): name for name in reversed(list(heads))}
    meant = (name for name, aliases in ALIASES.items() if folded in aliases and name in heads)
    plain = folded.replace("-", "")
    found = by_class.get(folded) or next(meant, None) or by_name.get(plain)
    return found or by_name.get(plain.removeprefix("for"))


def _folded(text: str) -> str:
    """Return a text in lower case, with hyphens for blanks and underscores."""
    return re.sub(r"[\s_-]+", "-", text.strip()).casefold()


def meanings(text: str) -> tuple[str, ...]:
    """Return the heads that a text is an alias of, whatever the model has."""
    return tuple(name for name, aliases in ALIASES.items() if _folded(text) in aliases)
