"""Sizes of checkpoints in bytes, at the precision that the claim names or at each usual one; bytes of memory."""

from __future__ import annotations

from pathlib import Path

import pytest

import bertsym

# BertForPreTraining has 110,106,428 parameters, Llama-2-7B 6,738,415,616: times 4, 2 or 1 byte.
SIZES = [
    ("0.44 GB in fp32", "bert-base-uncased", "stands", "fp32, 4 bytes"),
    ("0.44 GB in fp16", "bert-base-uncased", "finding", "0.22 GB"),
    ("440MB checkpoint", "bert-base-uncased", "stands", "BertForPreTraining"),
    ("440 MiB", "bert-base-uncased", "finding", "417.64 MiB"),
    ("418 MB", "bert-base-uncased", "stands", "2^20"),
    ("400 MB", "bert-base-uncased", "finding", "437.93 MB"),
    ("437928960 bytes in single precision", "bert-base-uncased", "stands", "109,482,240"),
    ("BERT-base: 440 Mo", None, "stands", "fp32"),
    ("Llama-2-7B in fp16: 13.5 GB", None, "stands", "fp16 or bf16"),
    ("Llama-2-7B in fp16: 27 GB", None, "finding", "13.48 GB"),
    ("Llama-2-7B in 8-bit: 6.7GB", None, "stands", "int8, 1 byte"),
    ("Llama-2-7B takes 13.5 GB in fp16", None, "stands", "fp16 or bf16"),
    ("Llama-2-7B takes 13.5 GB on disk in half precision and 27 GB in fp32", None, "stands", "fp32, 4 bytes"),
    ("Llama-2-7B takes 27 GB in half precision, on disk", None, "finding", "no counting"),
    ("The BERT-large checkpoint (1.34 GB) is big", None, "stands", "335,141,888"),
    ("Llama-2-7B needs 16 GB of VRAM", None, "unread", "memory or data"),
    ("BERT-base was trained on 16GB of text", None, "unread", "memory or data"),
    ("Llama-2-7B as Q4_K_M: the file has 4.08 GB", None, "unread", "scales"),
    ("The file of BERT-base in fp32 or fp16 has 440 MB", None, "unread", "several precisions"),
    ("The checkpoint of Zephyr-Large-9 takes 440 MB", None, "unread", "unknown model"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "model", "verdict", "words"), SIZES)
def test_a_number_of_bytes(claim: str, model: str | None, verdict: str, words: str) -> None:
    answer = bertsym.audit(claim, model)
    assert answer.verdict == verdict
    assert words in " ".join(str(answer).split())


TABLE = """\
| Model | {} | Params |
| --- | --- | --- |
| bert-base-uncased | {} | 110M |
| distilbert-base-uncased | {} | 66M |
"""


@pytest.mark.parametrize(
    ("heading", "first", "second", "verdict", "said"),
    [
        ("Size", "440 MB", "268 MB", "stands", "size of a checkpoint"),
        ("Size (MB)", "440", "268", "stands", "size of a checkpoint"),
        ("fp16 size (GB)", "0.22", "0.13", "stands", "fp16"),
        ("Size", "940 MB", "268 MB", "finding", "940 MB"),
        ("GPU memory (GB)", "12", "8", "stands", "110M"),
    ],
)
def test_a_column_of_sizes_beside_the_counts_is_judged(
    tmp_path: Path, heading: str, first: str, second: str, verdict: str, said: str
) -> None:
    page = tmp_path / "models.md"
    page.write_text(TABLE.format(heading, first, second), encoding="utf-8")
    answer = bertsym.audit(str(page))
    assert answer.verdict == verdict
    assert said in str(answer)
