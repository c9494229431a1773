"""Formulas and tables found in public pages, put to `audit` as their authors wrote them, each with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertsym.answers.audit import asked
from bertsym.claims.question import question
from bertsym.render import text
from bertsym.resolve import load
from bertsym.symbols import BY_NAME

LLAMA = (
    "vocab_size * hidden_size + vocab_size * hidden_size + hidden_size + (hidden_size * hidden_size * 4"
    " + hidden_size * intermediate_size * 3 + hidden_size + hidden_size) * num_hidden_layers"
)
ERROR_HANDLE = "https://errorhandle.ai/how-is-the-number-of-parameters-be-calculated-in-bert-model"
ISSUE_15 = "https://github.com/caomaolufei/AIInfraGuide/issues/15"

# Claim, model, verdict, words of the answer, source. Each verdict was worked out by hand from the shapes of the model.
FORMULAS = [
    (r"V \times E = 50257 \cdot 768 = 38,597,376", "gpt2-small", "stands", "token embeddings",
     "https://github.com/radia78/CS839-f25"),
    ("12 * d^2 * L + 2 * V * d", "gpt2", "finding", "tied", "https://torchedup.dev/problems/param-count-transformer"),
    ("2Vd_{model}", "llama", "stands", "embedding tables", ISSUE_15),
    ("2Vd_{model}", "gpt2", "finding", "tied", ISSUE_15),
    (LLAMA, "llama", "stands", "right where kv_heads = heads",
     "https://github.com/pjlab-sys4nlp/llama-moe/blob/main/smoe/utils/param_estimation.py"),
    ("Multi-head self-attention: 2 x (H x H + A x (H/A) x H)", "bert", "stands", "attention without biases",
     ERROR_HANDLE),
    ("Feed-forward network: 2 x (H x I + I x H)", "bert", "finding", "2 times as much", ERROR_HANDLE),
    ("12*768*768*12", "bert", "stands", "weight matrices of the layers",
     "https://example-a.com/answer/71472362"),
    ("768 × 768 × 4 + 768 × 4 = 2,362,368", "bert", "stands", "one layer: attention",
     "https://stats.stackexchange.com/questions/435318"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "model", "verdict", "words", "source"), FORMULAS)
def test_a_formula(claim: str, model: str, verdict: str, words: str, source: str) -> None:
    assert source.startswith("https://")
    report, _ = asked(claim, question(load(model)))
    assert report.standing.value == verdict
    assert words in " ".join(text.document(report.document()).split())


FINNISH = """
| Model | Layers | Dim | Heads | Params |
|-------|--------|-----|-------|--------|
| Small | 12 | 768 | 12 | 186M |
| Medium | 24 | 1024 | 16 | 437M |
| Large | 24 | 1536 | 16 | 881M |
| XL | 24 | 2064 | 24 | 1.5B |
| "2.7B" | 32 | 2560 | 32 | 2.8B |
| "6.7B" | 32 | 4096 | 32 | 7.5B |
| "13B" | 40 | 5120 | 40 | 13.3B |
"""
SMALLEST = """
| Model Name | Layers | Parameters | Size (MB) |
|---|---|---|---|
| bert-base-uncased | 12 | 109,482,268 | 110 |
| roberta-large | 24 | 355,010,272 | 512 |
"""
EASY_NLP = """
| Model | Parameters | Note |
| --- | --- | --- |
| bert-small-uncased | L=6,H=768,A=12 |  |
| bert-base-uncased | L=12,H=768,A=12 |  |
"""
CHINCHILLA = """
| Parameters (million) | d_model | ffw_size | kv_size | n_heads | n_layers |
|---|---|---|---|---|---|
| 44 | 512 | 2048 | 64 | 8 | 8 |
| 57 | 576 | 2304 | 64 | 9 | 9 |
| 74 | 640 | 2560 | 64 | 10 | 10 |
| 117 | 768 | 3072 | 64 | 12 | 12 |
"""
QWEN2 = """
| Models | Qwen2-0.5B | Qwen2-1.5B | Qwen2-7B |
| --- | --- | --- | --- |
| Params | 0.49B | 1.54B | 7.07B |
| Non-Emb Params | 0.35B | 1.31B | 5.98B |
"""
LLAMA_1 = """
| params | dimension | n heads | n layers | learning rate | n tokens |
|---|---|---|---|---|---|
| 6.7B | 4096 | 32 | 32 | 3.0e-4 | 1.0T |
| 13.0B | 5120 | 40 | 40 | 3.0e-4 | 1.0T |
| 32.5B | 6656 | 52 | 60 | 1.5e-4 | 1.4T |
| 65.2B | 8192 | 64 | 80 | 1.5e-4 | 1.4T |
"""

TABLES = [
    (FINNISH, "atlas:bloom", {"V": 131072}, "finding", "fits 5 of 7",
     "https://huggingface.co/TurkuNLP/gpt3-finnish-8B"),
    (SMALLEST, "bert", {}, "finding", "BertModel has 109,482,240",
     "https://github.com/SingularityLabs-ai/SingularityLabs-ai.github.io-blog"),
    (EASY_NLP, "bert", {}, "unread", "expected a number of parameters",
     "https://github.com/alibaba/EasyNLP/blob/master/easynlp/modelzoo/README.md"),
    (CHINCHILLA, "gpt2", {}, "finding", "each row fits alone", "arXiv:2203.15556, Table A9"),
    # 5.98B takes the table of 545M parameters off twice, from a total that has it once; the model has 6.53B.
    (QWEN2, "qwen2", {}, "finding", "Qwen2-7B 5.98B finding", "https://qwenlm.github.io/blog/qwen2/"),
    # 65.286B is truncated; rounded, no vocabulary fits all rows and is also Llama's.
    (LLAMA_1, "llama", {}, "stands", "V = 32,000", "arXiv:2302.13971, Table 2"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "model", "at", "verdict", "words", "source"), TABLES)
def test_a_table(
    tmp_path: Path, table: str, model: str, at: dict[str, int], verdict: str, words: str, source: str
) -> None:
    assert source.startswith(("https://", "arXiv:"))
    file = tmp_path / "t.md"
    file.write_text(table, encoding="utf-8")
    chosen = load(model)
    sized = chosen.with_sizes({BY_NAME[name].symbol: size for name, size in at.items()}) if at else chosen
    report, _ = asked(str(file), question(sized))
    assert report.standing.value == verdict
    assert words in " ".join(text.document(report.document()).split())
