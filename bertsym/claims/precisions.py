"""The precisions at which checkpoints store parameters, and the words around a number of bytes that name one.

`13.5 GB in fp16` says at what precision a checkpoint has that size. Without a precision each usual one is tried.
"""

from __future__ import annotations

import re
from fractions import Fraction

from bertsym.values import value


@value
class Precision:
    """A way to store a parameter, in so many bits; `usual` if people leave it unsaid."""

    name: str
    bits: int
    usual: bool = False

    @property
    def size(self) -> Fraction:
        """Return the bytes of a parameter."""
        return Fraction(self.bits, 8)

    @property
    def said(self) -> str:
        """Return the precision with its bytes: `fp32, 4 bytes a parameter`."""
        size = "half a byte" if self.size < 1 else "1 byte" if self.size == 1 else f"{self.size} bytes"
        return f"{self.name}, {size} a parameter"


PRECISIONS = (
    Precision("fp32", 32, usual=True),
    Precision("fp16 or bf16", 16, usual=True),
    Precision("int8", 8),
    Precision("int4", 4),
    Precision("fp64", 64),
)

# Longer spellings first; each names the bits of a parameter.
_BITS = (
    (r"(?:fp|float|f)[ -]?64|double(?:[ -]precision)?|64[ -]?bits?", 64),
    (r"(?:fp|float|f)[ -]?32|single[ -]precision|full[ -]precision|32[ -]?bits?|单精度|單精度", 32),
    (r"b?(?:fp|float|f)[ -]?16|half(?:[ -]precision)?|16[ -]?bits?|半精度", 16),
    (r"(?:fp|int|i|q)[ -]?8|8[ -]?bits?", 8),
    (r"(?:fp|int|i|nf|q)[ -]?4|4[ -]?bits?", 4),
)
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9])(?:{'|'.join(f'(?P<b{bits}>{words})' for words, bits in _BITS)})(?![A-Za-z0-9])", re.IGNORECASE
)
# Blocks of quantised weights have scales beside them, so bits times parameters is not their size.
_SCALED = re.compile(r"(?<![A-Za-z0-9])(?:i?q\d_[A-Za-z0-9_]+|gptq|awq|gguf|ggml)(?![A-Za-z0-9])", re.IGNORECASE)
# These words say that a number of bytes is the size of a checkpoint.
_STORED = re.compile(
    r"checkpoint|\bckpt|safetensors|pytorch_model|\.bin\b|\.pt\b|state.?dict|on disk|disk space|file|download"
    r"|\bweigh(?:s|ts?)\b|\bmodel size|\bsize\b|\bwiegt\b|\bgross\b|\bgroß\b|taille|大小|体积|体積|容量|权重|サイズ",
    re.IGNORECASE,
)
# These words say that it is something else: a machine, a corpus, a training run.
_ELSEWHERE = re.compile(
    r"\bV?RAM\b|\bmemory\b|\bGPUs?\b|\bTPUs?\b|\b[AHV]100\b|\bRTX\b|corpus|corpora|dataset"
    r"|\bof (?:\w+ ){0,2}(?:text|data)"
    r"|training|optimi[sz]er|gradient|activations?|\bcache\b|\bKV\b|bandwidth|/s\b|per second"
    r"|显存|内存|数据|語料|语料|Speicher",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"[\s,;:.()（）*_`]|\b(?:in|at|as|with|using|for|on|the|a|an|of|its?|is|model|checkpoint|ckpt|file|files|disk|download"
    r"|weights?|size|large|big|precision|format|stored?|saved?|about|approximately|safetensors|en|de|als|groß|le|modèle)\b"
    r"|大小|左右|的|权重",
    re.IGNORECASE,
)


def precisions_named(text: str) -> tuple[tuple[int, Precision], ...]:
    """Return the precisions that a text names, each with its position.

    >>> [precision.name for _, precision in precisions_named("13.5 GB in fp16, or 27 GB in single precision")]
    ['fp16 or bf16', 'fp32']
    """
    named = []
    for match in _NAMED.finditer(text):
        bits = int(str(match.lastgroup)[1:])
        named.append((match.start(), next(precision for precision in PRECISIONS if precision.bits == bits)))
    return tuple(named)


def precision_in(text: str) -> Precision | None:
    """Return the first precision that a text names, or None."""
    named = precisions_named(text)
    return named[0][1] if named else None


def several_precisions(text: str) -> bool:
    """Return True if a text names precisions that differ, so that it is open which one a number has."""
    return len({precision.bits for _, precision in precisions_named(text)}) > 1


def is_size_phrase(text: str) -> bool:
    """Return True if the words behind a number of bytes say no more than that it is a checkpoint, and its precision.

    >>> is_size_phrase(" checkpoint in fp16"), is_size_phrase(" of VRAM"), is_size_phrase(" + 3H")
    (True, False, False)
    """
    return not _FILLER.sub("", _NAMED.sub("", text))


def stored_problem(text: str) -> str:
    """Say why a number of bytes in a sentence is not read as the size of a checkpoint; empty if it is.

    >>> stored_problem("The checkpoint has 440 MB."), bool(stored_problem("It needs 16 GB of VRAM."))
    ('', True)
    """
    if _SCALED.search(text):
        return "a quantised file has scales beside its weights: bits times parameters is not its size"
    if _ELSEWHERE.search(text):
        return "the bytes may be of memory or data: only the size of a checkpoint is judged"
    if _STORED.search(text) or precisions_named(text):
        return ""
    return "the sentence does not say that the bytes are the size of a checkpoint"
