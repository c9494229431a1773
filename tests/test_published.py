"""Published counts, row by row: which class and convention each one fits and to which precision, or that none does."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bertsym.convention import CONVENTIONS, named_convention, select
from bertsym.count import count
from bertsym.model import Model
from bertsym.symbols import F, H, L, N, V, biases, heads, tied
from bertsym.zoo import named

TABLE = (Path(__file__).parent / "data" / "published_counts.tsv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines(), delimiter="\t"))
UNITS = {"M": 10**6, "B": 10**9}
GPT1_VOCABULARY = 40478


@dataclass(frozen=True)
class Fit:
    """Counting behind a published number; `unit` is the place to which it was rounded or cut, 1 for exact numbers."""

    size: str
    head: str = "model"
    convention: str = "exact"
    unit: int = 1
    cut: bool = False
    sizes: dict[str, int] = field(default_factory=dict)

    def value(self) -> int:
        model = named(self.size).with_head(self.head).with_sizes({V: self.sizes["V"]} if self.sizes else {})
        exact = count(model, named_convention(self.convention))
        return exact // self.unit * self.unit if self.cut else (2 * exact + self.unit) // (2 * self.unit) * self.unit


M, TEN_M, B = 10**6, 10**7, 10**9
RIGHT: dict[tuple[str, str], Fit] = {
    ("BERT-Base", "110M"): Fit("bert-base-uncased", "pretraining", unit=M),
    ("bert-base-uncased", "109482240"): Fit("bert-base-uncased"),
    ("bert-base-multilingual-cased", "177853440"): Fit("bert-base-multilingual-cased"),
    ("bert-base-multilingual-cased", "178M"): Fit("bert-base-multilingual-cased", "masked-lm", unit=M),
    ("BERT-Tiny", "4.43M"): Fit("bert-tiny", "pretraining", unit=10**4),
    ("roberta-base", "125M"): Fit("roberta-base", unit=M),
    ("roberta-large", "355M"): Fit("roberta-large", unit=M),
    ("distilroberta-base", "82M"): Fit("distilroberta-base", "masked-lm", unit=M),
    ("distilbert-base-uncased", "66M"): Fit("distilbert-base-uncased", unit=M),
    ("distilbert-base-cased", "65M"): Fit("distilbert-base-cased", unit=M),
    ("distilbert-base-multilingual-cased", "134M"): Fit("distilbert-base-multilingual-cased", unit=M, cut=True),
    ("albert-base", "11M"): Fit("albert-base-v2", unit=M, cut=True),
    ("albert-base", "12M"): Fit("albert-base-v2", unit=M),
    ("albert-large", "17M"): Fit("albert-large-v2", unit=M, cut=True),
    ("albert-large", "18M"): Fit("albert-large-v2", unit=M),
    ("albert-xlarge", "58M"): Fit("albert-xlarge-v2", unit=M, cut=True),
    ("albert-xlarge", "60M"): Fit("albert-xlarge-v2", unit=TEN_M),
    ("albert-xxlarge", "223M"): Fit("albert-xxlarge-v2", unit=M),
    ("ELECTRA-Small", "14M"): Fit("electra-small-discriminator", "pretraining", unit=M),
    ("ELECTRA-Base", "110M"): Fit("electra-base-discriminator", "pretraining", unit=TEN_M),
    ("ELECTRA-Large", "335M"): Fit("electra-large-discriminator", "pretraining", unit=M),
    ("ModernBERT-base", "149M"): Fit("ModernBERT-base", unit=M),
    ("ModernBERT-large", "395M"): Fit("ModernBERT-large", unit=M),
    ("t5-small", "60M"): Fit("t5-small", "conditional-generation", unit=M, cut=True),
    ("t5-base", "220M"): Fit("t5-base", "conditional-generation", unit=TEN_M),
    ("t5-3b", "2.8B"): Fit("t5-3b", "conditional-generation", unit=10**8, cut=True),
    ("t5-11b", "11B"): Fit("t5-11b", "conditional-generation", unit=B),
    ("t5-large", "737668096"): Fit("t5-large", "conditional-generation"),
    ("flan-t5-small", "76961152"): Fit("flan-t5-small", "conditional-generation"),
    ("GPT-2 124M", "124M"): Fit("gpt2-small", unit=M),
    ("GPT-2 355M", "355M"): Fit("gpt2-medium", unit=M),
    ("GPT-2 774M", "774M"): Fit("gpt2-large", unit=M),
    ("GPT-2 1558M", "1558M"): Fit("gpt2-xl", unit=M),
    ("gpt2", "124439808"): Fit("openai-community/gpt2", "causal-lm"),
    ("gpt2 bias=False (nanoGPT)", "124337664"): Fit("nanogpt", "causal-lm"),
    ("gpt2-small", "85M"): Fit("gpt2-small", convention="matrices", unit=M),
    ("gpt2-medium (V=20573)", "324426752"): Fit("gpt2-medium", "causal-lm", sizes={"V": 20573}),
    ("distilgpt2", "82M"): Fit("distilgpt2", unit=M),
    **{
        (name, number): Fit(name, "causal-lm", convention)
        for name, numbers in {
            "pythia-70m": ("70426624", "18915328"),
            "pythia-160m": ("162322944", "85056000"),
            "pythia-410m": ("405334016", "302311424"),
        }.items()
        for number, convention in zip(numbers, ("exact", "non-embedding"), strict=True)
    },
    ("Mixtral-8x7B-v0.1", "46.7B"): Fit("Mixtral-8x7B-v0.1", "causal-lm", unit=10**8),
    ("Mixtral-8x7B-v0.1", "12.9B"): Fit("Mixtral-8x7B-v0.1", "causal-lm", "active", unit=10**8),
    ("Mixtral-8x22B-v0.1", "141B"): Fit("Mixtral-8x22B-v0.1", "causal-lm", unit=B),
    ("Mixtral-8x22B-v0.1", "39B"): Fit("Mixtral-8x22B-v0.1", "causal-lm", "active", unit=B),
    ("Mixtral-8x22B-v0.1", "140620634112"): Fit("Mixtral-8x22B-v0.1", "causal-lm"),
    ("Mixtral-8x22B-v0.1", "39152031744"): Fit("Mixtral-8x22B-v0.1", "causal-lm", "active"),
    ("stories15M", "24407712"): Fit("stories15M", "causal-lm", "state-dict"),
    ("stories42M", "58073600"): Fit("stories42M", "causal-lm", "state-dict"),
    ("stories110M", "134105856"): Fit("stories110M", "causal-lm", "state-dict"),
}
"""The rows that count what they say."""

WRONG: dict[tuple[str, str], tuple[str, str]] = {
    ("BERT-Large", "340M"): ("bert-large-uncased", "no class comes to more than 336M"),
    ("BERT-Base Multilingual Cased", "110M"): ("bert-base-multilingual-cased", "the number of the English model"),
    ("t5-large", "770M"): ("t5-large", "737668096 in the released checkpoint"),
    ("GPT-2 124M", "117M"): ("gpt2-small", "GPT-1's vocabulary"),
    ("GPT-2 355M", "345M"): ("gpt2-medium", "GPT-1's vocabulary"),
    ("GPT-2 774M", "762M"): ("gpt2-large", "GPT-1's vocabulary"),
    ("GPT-2 1558M", "1542M"): ("gpt2-xl", "GPT-1's vocabulary"),
    ("gpt2-medium", "338M"): ("gpt2-medium", "mebi-units"),
}
"""The rows that no class under any convention comes to, with the cause."""

UNCOUNTED = {"BERT-Tiny", "BERT-Mini", "BERT-Small", "BERT-Medium"}


def key(row: dict[str, str]) -> tuple[str, str]:
    return row["model"], row["claimed_params"]


def number(text: str) -> int:
    """The value of "110M", "2.8B" or "109482240"."""
    if text[-1] not in UNITS:
        return int(text)
    whole, _, places = text[:-1].partition(".")
    return int(whole + places) * (UNITS[text[-1]] // int("1" + "0" * len(places)))


def every_value(model: Model) -> set[int]:
    """Return the counts of the model under every head and convention."""
    return {count(model.with_head(h), c) for h in model.architecture.heads for c in CONVENTIONS.values()}


def test_every_row_has_an_explanation() -> None:
    explained = [*RIGHT, *WRONG, *((name, "") for name in UNCOUNTED), ("modded-nanogpt", "162201636")]
    assert sorted(map(key, ROWS)) == sorted(explained)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']}-{row['claimed_params']}")
def test_a_published_count(row: dict[str, str]) -> None:
    published = key(row)
    if published in RIGHT:
        fit = RIGHT[published]
        assert fit.value() == number(row["claimed_params"])
        assert (fit.unit == 1) == ("(exact)" in row["what_is_counted"])
        assert "WRONG" not in row["what_is_counted"]
    elif published in WRONG:
        size, _ = WRONG[published]
        claimed, unit = number(row["claimed_params"]), UNITS[row["claimed_params"][-1]]
        assert all(abs(value - claimed) >= unit for value in every_value(named(size)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']}-{row['claimed_params']}")
def test_the_named_size_has_the_sizes_of_the_row(row: dict[str, str]) -> None:
    published = key(row)
    if published not in RIGHT or RIGHT[published].sizes:
        return
    model = named(RIGHT[published].size)
    for symbol, column in ((V, "V"), (H, "H"), (L, "L"), (heads, "heads"), (F, "ffn"), (N, "N")):
        if row[column] and symbol in model.symbols:
            assert model.number(symbol) == int(row[column]), column


@pytest.mark.parametrize(("size", "claimed"), [("small", 117), ("medium", 345), ("large", 762), ("xl", 1542)])
def test_the_first_gpt2_headlines_had_the_vocabulary_of_gpt1(size: str, claimed: int) -> None:
    assert round(count(named(f"gpt2-{size}").with_sizes({V: GPT1_VOCABULARY})), -6) == claimed * M


def test_338m_is_gpt2_medium_in_units_of_two_to_the_twenty() -> None:
    assert count(named("gpt2-medium")) >> 20 == 338


def test_modded_nanogpt_is_matrices_two_embeddings_and_36_scalars() -> None:
    """Rotary and norms without parameters: GPT-2 less its biases, norms and positions, its output untied."""
    model = named("gpt2-small").with_head("causal-lm").with_sizes({biases: False, tied: False, V: 50304})
    convention = select(named_convention("exact"), model.tensors, without=["norm"])
    positions = 1024 * 768
    assert count(model, convention) - positions + 36 == 162201636


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        # what the Hub reports for these repositories from the headers of their safetensors files
        ("Llama-2-7b-hf", 6738415616),
        ("Llama-2-70b-hf", 68976648192),
        ("Meta-Llama-3-8B", 8030261248),
        ("Llama-3.2-1B", 1235814400),
        ("Mistral-7B-v0.1", 7241732096),
        ("Mistral-Nemo-Base-2407", 12247782400),
    ],
)
def test_checkpoints_of_decoders(size: str, expected: int) -> None:
    assert count(named(size).with_head("causal-lm")) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    # the table in the model card of EleutherAI/pythia-12b
    [("pythia-1b", 805736448), ("pythia-1.4b", 1208602624), ("pythia-2.8b", 2517652480), ("pythia-12b", 11327027200)],
)
def test_the_other_sizes_of_pythia(size: str, expected: int) -> None:
    assert count(named(size).with_head("causal-lm"), named_convention("non-embedding")) == expected
