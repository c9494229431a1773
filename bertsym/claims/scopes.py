"""The scope that a label names: "Attention: 4H^2" means the attention, of one layer or of all."""

from __future__ import annotations

import re
from collections.abc import Callable

from bertsym.claims.interpretations import Counting

Scope = Callable[[Counting], bool]

_WITHOUT_TABLES = ("non-embedding", "backbone", "layers-only", "matrices")

# The first pattern that the words contain decides.
_SCOPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"norm|\bln\b", ("norms",)),
    (r"bias", ("biases",)),
    (r"attention|attn|\bmha\b|\bmsa\b|self.att", ("attention",)),
    (r"feed.?forward|ffn|\bmlp\b|\bff\b|intermediate", ("feed-forward", "mlp")),
    (r"embed|\bemb\b", ("embeddings", "embedding tables")),
    (r"pooler", ("pooler",)),
    (r"\bexperts?\b", ("experts",)),
)


def scope_named(words: str) -> Scope | None:
    """Return a test for the countings that the words describe; None if the words do not say.

    >>> scope_named("total parameters") is None, scope_named("FFN") is None
    (True, False)
    """
    folded = words.casefold().replace("_", " ")
    if re.search(r"non.?embed|without embed|excluding embed", folded):
        return lambda counting: counting.custom is not None and counting.custom.name in _WITHOUT_TABLES
    if re.search(r"backbone", folded):
        return lambda counting: counting.custom is not None and counting.custom.name == "backbone"
    for pattern, scopes in _SCOPES:
        if re.search(pattern, folded):
            return lambda counting: counting.scope in scopes
    if re.search(r"per.?layer|each layer|one layer|layer params|per.?block|\bblock\b|每层|每層", folded):
        return lambda counting: counting.each and counting.scope in ("layers", "weight matrices")
    if re.search(r"\bactivated?\b|per.?token|激活", folded):
        return lambda counting: counting.active
    return None
