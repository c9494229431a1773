"""Definitions of sizes that several architectures share, and heads under another model's class names."""

from collections.abc import Mapping

from bertsym.model import Definition, Head
from bertsym.symbols import F, H, d, ffn_ratio, heads

HEAD_SIZE = Definition(d, H / heads, heads, H / d)
FREE_HEAD_SIZE = Definition(d, H / heads)
# Rotary positions turn the features of a head in pairs (Su et al. 2021, arXiv:2104.09864, section 3.2).
ROTATED = d / 2
FEED_FORWARD = Definition(F, ffn_ratio * H, ffn_ratio, F / H)


def renamed(heads: Mapping[str, Head], old: str, new: str) -> dict[str, Head]:
    """Return the same heads under the class names of a model that adopted them.

    >>> from bertsym.tree import Block
    >>> renamed({"model": Head("LlamaModel", Block())}, "Llama", "Mistral")["model"].cls
    'MistralModel'
    """
    return {name: Head(head.cls.replace(old, new), head.tree) for name, head in heads.items()}
