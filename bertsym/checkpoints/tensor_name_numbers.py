"""Find the numbers in the names of tensors: a layer, an expert, a direction of a recurrent net."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"(|\w*_l?)([0-9]{1,9}|\{\})", re.ASCII)


def numbered(word: str) -> re.Match[str] | None:
    """Match a word of a tensor's name that has a number; the groups are the text before it and the number, or `{}`.

    A number is a whole word, or the end of one after an underscore or after `_l`, as in PyTorch's LSTM.

    >>> [found.groups() for found in map(numbered, ("3", "expert_3", "weight_ih_l{}", "conv1", "_3d")) if found]
    [('', '3'), ('expert_', '3'), ('weight_ih_l', '{}')]
    """
    return _NUMBERED.fullmatch(word)
