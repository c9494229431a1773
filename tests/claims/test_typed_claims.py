"""Claims as they are typed: names with numbers, a name before a formula, and numbers that nobody judges."""

from __future__ import annotations

import pytest

import bertsym
from bertsym.answers.audit import audited
from bertsym.claims.kinds import DocumentClaim
from bertsym.claims.question import question
from bertsym.claims.sources import Source
from bertsym.claims.standing import Standing
from bertsym.zoo import named


@pytest.mark.parametrize(
    ("claim", "verdict", "said"),
    [
        ("ModernBERT-base: 149M, ModernBERT-large: 395M", "stands", "395M"),
        ("ModernBERT-base: 149M, ModernBERT-large: 495M", "mixed", "495M"),
        ("RoBERTa-large 355M", "stands", "355M"),
        ("RoBERTa-large, 365M", "finding", "365M"),
        ("Llama-2-7B: 32*(4*4096^2 + 3*4096*11008) + 2*32000*4096", "stands", "32,000"),
        ("Llama-2-70B: 80*(4*8192^2 + 3*8192*28672) + 2*32000*8192", "finding", "kv_heads"),
        ("Mixtral 8x7B has 46.7B parameters, 12.9B active", "stands", "what works on a token"),
        ("Mixtral 8x7B: 46.7B total, 12.9B active", "stands", "12,879,925,248"),
        ("Mixtral 8x7B: 46.7B total, 13.9B active", "mixed", "no counting of Mixtral-8x7B"),
        ("Mixtral 8x7B: 12.9B total, 46.7B active", "finding", "no counting of Mixtral-8x7B"),
        ("BERT-base: 110M total, 110M active", "mixed", "110,106,428"),
        ("BERT-base has 12 layers and 110M parameters, while GPT-2 small has 124M.", "stands", "124,439,808"),
        ("ALBERT-xxlarge has 235M parameters, 70% of BERT-large's 334M", "mixed", "of bert-large-uncased"),
        ("the 7B-parameter Llama 2 model", "stands", "llama-7b"),
        ("BERT-base has 590,592 parameters", "finding", "109,482,240"),
        ("BERT-base has 768 parameters", "finding", "109,482,240"),
        ("RoBERTa-base has roughly 125M parameters and takes about 500MB on disk", "stands", "fp32"),
        ("ViT-B/16: 86.6M", "stands", "with 1,000 labels, 86,567,656, rounded"),
        ("ViT-L/16: 304.3M", "stands", "with 1,000 labels, 304,326,632, rounded"),
        ("ViT-B/16: 87.6M", "finding", "86,389,248"),
        ("DeBERTa-v3-base: 184M", "stands", "183,831,552"),
        ("VH = 110M", "finding", "not to 110,000,000"),
        ("VH = 23.4M", "stands", "token embeddings"),
        ("12 layers x 7.1M = 85M", "stands", "one layer of bert-base-uncased, 7,087,872"),
        ("12 layers x 7,087,872 = 85,054,464", "stands", "85,054,464, exact"),
        ("BERT-large: 24 × 12.6M = 302M", "stands", "12,596,224"),
        ("12 layers x 8M = 85M", "mixed", "the product is 96,000,000"),
        ("12 x 7.1M = 109M", "mixed", "the product is 85,200,000"),
        ("10 x 8.5M = 85M", "mixed", "10 is not the number of layers of bert-base-uncased, 12"),
        ("12 layers x 7,087,872 = 85,054,465", "mixed", "the product is 85,054,464"),
        ("110M - 24M = 86M", "unread", "rounded numbers"),
        ("hidden size = 110M", "finding", ""),
        ("GPT-J 6B 6,053,381,344", "finding", "6,050,882,784"),
        ("BERT-base has 109,482,240 (110M) parameters", "stands", "exact"),
        ("BERT-base has 109,482,240 (120M) parameters", "mixed", "120M"),
        ("BERT-base/large (110M/340M)", "stands", "bert-large-uncased, 335,141,888"),
        ("BERT-base/large (340M/110M)", "finding", "bert-base-uncased"),
        ("BERT-base/large (340M)", "unread", "several models"),
        ("GPT-2 medium/large (345M/774M)", "mixed", "gpt2-medium"),
        ("BERT-base：参数量1.1亿，大小约420MB", "stands", "2^20"),
    ],
)
def test_a_typed_claim(claim: str, verdict: str, said: str) -> None:
    answer = bertsym.audit(claim)
    assert answer.verdict == verdict
    assert said in str(answer)


@pytest.mark.parametrize(
    ("claim", "verdict", "said"),
    [
        ("Embeddings: 23.8M", "stands", "embedding tables"),
        ("Embeddings: 23.9M", "finding", "23,837,184"),
        ("each attention head has 147,648 parameters", "stands", "one head"),
        ("each attention head has 147,649 parameters", "finding", "no way of counting"),
        ("The pooler has 590,592 parameters", "stands", "pooler"),
        ("My model has 110M parameters", "stands", "BertForPreTraining"),
    ],
)
def test_a_typed_part(claim: str, verdict: str, said: str) -> None:
    answer = bertsym.audit(claim, "bert-base-uncased")
    assert answer.verdict == verdict
    assert said in str(answer)


def test_a_proper_name_that_no_model_has_is_not_judged_as_bert() -> None:
    with pytest.raises(bertsym.BertsymError, match="unknown model Zephyr"):
        bertsym.audit("Zephyr has 110M parameters")


def test_a_bare_number_of_a_document_needs_the_word() -> None:
    """A document may have a number behind a name that counts something else; a typed claim may not."""
    source = Source("", "RoBERTa-large 355M", ".md")
    assert audited(DocumentClaim("a.md", (source,), question(named("bert")))).standing is Standing.UNREAD
