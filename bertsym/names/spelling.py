"""The one rule that compares the spellings of a model's name.

`Llama-3.1-8B`, `llama3.1-8b`, `LLaMA 3.1 8B` and `llama_3_1_8b` have the same words. Case, spaces, hyphens, dots,
underscores and commas separate words or nothing, and so do the borders between letters and digits.
"""

from __future__ import annotations

import re

Words = tuple[str, ...]

MAX_NAME = 120
"""Characters of a text that may be a name; the longest name of the Hub has 96."""

_WORD = re.compile(r"[^\W\d_]+|\d+")

# Words of a checkpoint's name that tell how it was trained or stored, and leave every size as it is. A version is
# among them only if no release of that version changes a size: Mistral 7B v0.3 has another vocabulary than v0.1.
WITHOUT_SIZE: tuple[Words, ...] = (
    ("instruct",),
    ("chat",),
    ("hf",),
    ("it",),
    ("pt",),
    ("sft",),
    ("dpo",),
    ("v", "0", "1"),
    ("v", "0", "2"),
    ("v", "1", "0"),
    ("gguf",),
    ("gptq",),
    ("awq",),
    ("fp", "8"),
)


def words(text: str) -> Words:
    """Split a name into words, without its owner.

    >>> words("meta-llama/Llama-3.1-8B"), words("llama3.1 8b"), words("GPT-2 XL")
    (('llama', '3', '1', '8', 'b'), ('llama', '3', '1', '8', 'b'), ('gpt', '2', 'xl'))
    """
    bare = text[:MAX_NAME].strip().rpartition("/")[2]
    return tuple(_WORD.findall(bare.casefold()))


def without_size(name: Words) -> Words:
    """Return the words of a name that may tell a size; the first word always may.

    >>> without_size(words("Mistral-7B-Instruct-v0.1"))
    ('mistral', '7', 'b')
    """
    remaining: list[str] = []
    at = 0
    while at < len(name):
        run = next((run for run in WITHOUT_SIZE if at and name[at : at + len(run)] == run), None)
        if run is None:
            remaining.append(name[at])
        at += 1 if run is None else len(run)
    return tuple(remaining)


def owner(text: str) -> str:
    """Return the owner of a name such as `google-bert/bert-base-uncased`, or an empty text."""
    return text[:MAX_NAME].strip().rpartition("/")[0]
