"""The numbers in the names of tensors: which layer, which expert, which direction of a recurrent net."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"(|\w*_l?)([0-9]{1,9}|\{\})", re.ASCII)


def numbered(word: str) -> re.Match[str] | None:
    """What a word of a name has before its number, and the number, `{}` where that is left open; None without one.

    A number is a word of its own or stands at the end of one, after an underscore, as PyTorch's LSTM has it after `_l`.

    >>> [found.groups() for found in map(numbered, ("3", "expert_3", "weight_ih_l{}", "conv1", "_3d")) if found]
    [('', '3'), ('expert_', '3'), ('weight_ih_l', '{}')]
    """
    return _NUMBERED.fullmatch(word)
