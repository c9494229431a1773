"""The names of task heads that people type, as data: short names, and the tasks of model hubs."""

from __future__ import annotations

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

    A text is the name of a head, an alias of it, or the class itself. Case matters in the name of a head only.

    >>> head_named("MLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    >>> head_named("BertForMaskedLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    """
    if text in heads:
        return text
    folded = text.casefold()
    by_class = {cls.casefold(): name for name, cls in heads.items()}
    meant = (name for name, aliases in ALIASES.items() if folded in aliases and name in heads)
    return by_class.get(folded) or next(meant, None)


def meanings(text: str) -> tuple[str, ...]:
    """Return the heads that a text is an alias of, whatever the model has."""
    return tuple(name for name, aliases in ALIASES.items() if text.casefold() in aliases)
