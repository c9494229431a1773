"""The names of models in tables are those that papers print."""

from __future__ import annotations

import pytest

from bertsym.answers.titles import chosen_names, titles
from bertsym.names.catalogue import published
from bertsym.names.display import display_name
from bertsym.resolve import load
from bertsym.values import replace

PRINTED = {
    "bert-base-uncased": "BERT base",
    "bert-large-cased": "BERT large cased",
    "albert-xxlarge-v2": "ALBERT xxlarge v2",
    "roberta-large": "RoBERTa large",
    "deberta-v3-base": "DeBERTa-v3 base",
    "electra-small-discriminator": "ELECTRA small",
    "gpt2": "GPT-2",
    "gpt-j-6B": "GPT-J 6B",
    "opt-1.3b": "OPT 1.3B",
    "llama-7b": "LLaMA 7B",
    "Llama-2-7b-hf": "Llama 2 7B",
    "Llama-3.3-70B-Instruct": "Llama 3.3 70B",
    "Mixtral-8x22B-v0.1": "Mixtral 8x22B",
    "Qwen3-30B-A3B": "Qwen3 30B A3B",
    "t5-v1_1-xxl": "T5 v1.1 XXL",
    "phi-1_5": "Phi-1.5",
    "vit-large-patch32-384": "ViT large/32 384",
    "bert_uncased_L-10_H-768_A-12": "BERT L=10 H=768 A=12",
}


@pytest.mark.parametrize(("name", "printed"), PRINTED.items())
def test_names_in_papers(name: str, printed: str) -> None:
    assert display_name(name) == printed


def test_models_of_other_sizes_have_other_names() -> None:
    named: dict[str, int] = {}
    for model in published():
        assert named.setdefault(display_name(model.name), model.count) == model.count, model.name


def test_a_name_of_nobody_stays_as_it_is() -> None:
    assert display_name("acme-7b-chat") == "acme-7b-chat"
    ours = replace(load("bert-tiny"), label="bert-of-ours/config.json")
    assert titles([ours]) == ("bert-of-ours/config.json",)


def test_titles_are_never_alike() -> None:
    bare, masked = load("bert-base-uncased"), load("bert-base-uncased", "masked-lm")
    assert titles([bare, masked]) == ("BertModel", "BertForMaskedLM")
    assert titles([bare, bare, load("albert-base")]) == (
        "BERT base, BertModel",
        "BERT base, BertModel (2)",
        "ALBERT base",
    )


def test_chosen_names_by_model_and_in_order() -> None:
    typed = ["bert-base-uncased", "albert-base", "gpt2-small"]
    assert chosen_names(["albert-base=A", "B"], typed) == ("B", "A", None)
    assert chosen_names(["a=b"], typed) == ("a=b", None, None), "an equals sign of a name"
    assert titles([load(name) for name in typed], chosen_names(["B"], typed)) == ("B", "ALBERT base", "GPT-2 small")
