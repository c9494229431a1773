"""The scope that a label names: "Attention: 4H^2" means the attention, of one layer or of all."""

from __future__ import annotations

import re
from collections.abc import Callable

from bertsym.claims.interpretations import Counting

Scope = Callable[[Counting], bool]

_WITHOUT_TABLES = ("non-embedding", "backbone", "layers-only", "matrices")

# The first pattern that the words contain decides.
_SCOPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"emb\w*.{0,8}(norm|\bln\b)|norm.{0,8}emb", ("embedding norm",)),
    (r"norm|\bln\b|[归歸]一化|正規化", ("norms", "norms of the layers")),
    (r"bias|偏置|バイアス", ("biases", "biases of the layers")),
    (r"token.?type|segment|\bwtt\b|段嵌入|句子嵌入", ("segment embeddings",)),
    (r"position|\bpos\b|\bwpe\b|位置", ("position embeddings",)),
    (r"(output|unembed)\w*.{0,3}(emb|proj|layer)|unembed", ("output embedding", "lm-head")),
    (r"(token|word|vocab\w*|input).{0,3}emb|\bwte\b|[词詞](嵌入|向量|表)", ("token embeddings",)),
    (r"attention|attn|\bmha\b|\bmsa\b|self.att|注意力|アテンション", ("attention",)),
    (r"feed.?forward|ffn|\bmlp\b|\bff\b|intermediate|前[馈饋]|全[连連]接", ("feed-forward", "mlp")),
    (r"factori[sz]ed emb|emb\w* factori", ("token embeddings and their projection",)),
    (r"embed|\bemb\b|嵌入|埋め込み", ("embeddings", "embedding tables")),
    (r"pooler|池化", ("pooler",)),
    (r"\bexperts?\b", ("experts",)),
)


def scope_named(words: str) -> Scope | None:
    """Return a test for the countings that the words describe; None if the words do not say.

    >>> scope_named("total parameters") is None, scope_named("FFN") is None
    (True, False)
    """
    folded = words.casefold().replace("_", " ")
    if re.search(r"non.?emb|w(ithout|/o) emb|excluding emb", folded):
        return lambda counting: counting.custom is not None and counting.custom.name in _WITHOUT_TABLES
    if re.search(r"backbone", folded):
        return lambda counting: counting.custom is not None and counting.custom.name == "backbone"
    projections = _projections(folded)
    if projections and not re.search(r"\bout|norm|bias", folded):
        return lambda counting: _projections(counting.scope.casefold()) == projections
    for pattern, scopes in _SCOPES:
        if re.search(pattern, folded):
            return lambda counting: counting.scope in scopes
    if re.search(r"per.?layer|each layer|one layer|layer params|per.?block|\bblock\b|每层|每層", folded):
        return lambda counting: counting.each and counting.scope in ("layers", "weight matrices")
    if re.search(r"\bactive\b|\bactivated?\b|per.?token|激活", folded):
        return lambda counting: counting.active
    return None


def says_total(words: str) -> bool:
    """Return True if words say that a number counts all parameters, and not those that work on a token.

    >>> says_total("total trainable"), says_total("active")
    (True, False)
    """
    return re.search(r"\btotal\b|\boverall\b|总|總", words.casefold()) is not None


def _projections(words: str) -> frozenset[str]:
    """Return the first letters of the projections that the words name: query, key, value.

    >>> sorted(_projections("q, k and v of one head")), sorted(_projections("QKV".casefold())), _projections("layers")
    (['k', 'q', 'v'], ['k', 'q', 'v'], frozenset())
    """
    if re.search(r"(?<![a-z])qkv(?![a-z])", words):
        return frozenset("qkv")
    named = re.findall(r"(?<![a-z])(?:q|k|v|query|queries|keys?|values?)(?![a-z\d])", words)
    return frozenset(word[0] for word in named)
