"""The names of task heads that people type, as data: short names, and the tasks of model hubs."""

from __future__ import annotations

from collections.abc import Mapping

# Every spelling of a head. A spelling under several heads means the first of them that the model has.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("headless", "none", "bare", "body", "backbone", "encoder-only", "feature-extraction"),
    "causal-lm": ("clm", "lm", "causallm", "lm-head", "decoder-lm", "text-generation", "for-causal-lm"),
    "masked-lm": ("mlm", "lm", "maskedlm", "fill-mask", "for-masked-lm"),
    "conditional-generation": ("seq2seq", "seq2seq-lm", "s2s", "summarization", "translation", "lm", "lm-head"),
    "pretraining": ("pretrain", "pre-training", "for-pretraining"),
    "sequence-classification": ("cls", "classification", "classifier", "seqcls", "text-classification", "regression"),
    "token-classification": ("tok", "tokcls", "ner", "pos", "tagging"),
    "question-answering": ("qa", "squad", "extractive-qa", "for-question-answering"),
    "multiple-choice": ("mc", "swag"),
    "next-sentence": ("nsp", "next-sentence-prediction"),
    "image-classification": ("imgcls", "cls", "classification", "classifier"),
    "audio-classification": ("audiocls", "cls", "classification", "classifier"),
    "ctc": ("asr", "for-ctc"),
}


def head_named(text: str, heads: Mapping[str, str]) -> str | None:
    """Find the head that a text means among a model's `heads`, which have a class each; None if there is none.

    A text is the name of a head, an alias of it, or the class itself; case and underscores do not matter.

    >>> head_named("MLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    >>> head_named("BertForMaskedLM", {"model": "BertModel", "masked-lm": "BertForMaskedLM"})
    'masked-lm'
    """
    if text in heads:
        return text
    folded = text.strip().casefold().replace("_", "-").replace(" ", "-")
    by_name = {name.casefold(): name for name in heads}
    by_class = {cls.casefold(): name for name, cls in heads.items()}
    meant = (name for name, aliases in ALIASES.items() if folded in aliases and name in heads)
    return by_name.get(folded) or by_class.get(text.strip().casefold()) or next(meant, None)


def meanings(text: str) -> tuple[str, ...]:
    """Return the heads that a text may mean, whatever the model has."""
    folded = text.strip().casefold().replace("_", "-").replace(" ", "-")
    return tuple(name for name, aliases in ALIASES.items() if folded in (name, *aliases))
