"""Names of models as papers typeset them, names that a prefix or a neighbour makes others, and numbers beside names."""

from __future__ import annotations

import pytest

import bertsym
from bertsym.claims.subjects import mentions


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ViT-B/16 has", "vit-base-patch16-224"),
        ("ViT-L/16 (", "vit-large-patch16-224"),
        ("CLIP ViT-B/32", "clip-vit-base-patch32"),
        ("CLIP ViT-L/14@336px", "clip-vit-large-patch14-336"),
        (r"BERT$_{\text{BASE}}$ (", "bert-base-uncased"),
        (r"\text{BERT}_{\text{LARGE}} has", "bert-large-uncased"),
        (r"RoBERTa\textsubscript{large}, ", "roberta-large"),
        ("BERT<sub>LARGE</sub>", "bert-large-uncased"),
        (r"T5$_{11B}$", "t5-11b"),
        ("albert/albert-base-v2", "albert-base-v2"),
        ("https://huggingface.co/openai-community/gpt2-xl", "gpt2-xl"),
        ("our pre-trained BERT-base", "bert-base-uncased"),
        ("Read https://github.com/google-research/bert about BERT-large", "bert-large-uncased"),
    ],
)
def test_a_typeset_name(text: str, name: str) -> None:
    (mention,) = mentions(text)
    assert mention.model is not None
    assert mention.model.name == name


@pytest.mark.parametrize(
    "text",
    ["legal-bert-base-uncased", "Legal-BERT-base", "SigLIP ViT-B/16", "OpenCLIP ViT-H/14", "ViT-L/14@336", "Swin-T",
     "ResNet-50", "Mixer-B/16"],
)  # fmt: skip
def test_a_name_of_another_model(text: str) -> None:
    (mention,) = mentions(f"{text} has 86M parameters")
    assert (mention.text, mention.reading) == (text, None)
    with pytest.raises(bertsym.BertsymError, match="unknown model"):
        bertsym.audit(f"{text}: 86M parameters")


def test_what_is_no_bert() -> None:
    assert mentions("non-BERT models") == ()


@pytest.mark.parametrize(
    ("claim", "verdict", "words"),
    [
        ("(66M vs 110M)", "unread", "110M"),
        ("DistilBERT is smaller than BERT-base (66M vs 110M)", "stands", "66,362,880"),
        ("DistilBERT is smaller than BERT-base (110M vs 66M)", "finding", "109,482,240"),
        ("DistilBERT vs BERT-base: 66M vs. 110M parameters", "stands", "110,106,428"),
        ("66M vs 110M parameters for DistilBERT and BERT-base", "stands", "110,106,428"),
        ("BERT-base is bigger (110M vs 66M)", "unread", "66M"),
        ("110M (BERT-base) vs 66M (DistilBERT)", "stands", "66,362,880"),
        ("BERT-base and BERT-large (110M and 340M)", "stands", "335,141,888"),
        ("And BERT-Base, 110M.", "stands", "110,106,428"),
        ("ViT-L/16 307M", "finding", "304,351,232"),
        ("BERT-base/large (110M/340M)", "stands", "340M"),
    ],
)
def test_a_number_beside_another(claim: str, verdict: str, words: str) -> None:
    answer = bertsym.audit(claim)
    assert answer.verdict == verdict
    assert words in str(answer)


@pytest.mark.parametrize(
    ("claim", "model", "verdict", "words"),
    [
        ("10^8", "bert-base-uncased", "stands", "109,482,240"),
        ("10⁸", "bert-base-multilingual-cased", "finding", "177,853,440"),
        ("2^27", "bert-base-uncased", "finding", "134,217,728"),
        ("1e8", "bert-base-uncased", "stands", "109,482,240"),
        ("1.1 × 10⁸", "bert-base-uncased", "stands", "109,482,240"),
        ("0.1B", "bert-base-multilingual-cased", "finding", "177,853,440"),
        ("768^2", "bert-base-uncased", "stands", "H²"),
    ],
)
def test_a_power_alone(claim: str, model: str, verdict: str, words: str) -> None:
    answer = bertsym.audit(claim, model)
    assert answer.verdict == verdict
    assert words in str(answer)


@pytest.mark.parametrize(
    "claim", ["BERT is a nice model.", "BERT is nice with 12 layers.", "hello world", "BERT 是很好的模型"]
)
def test_a_sentence_without_a_number_holds_no_claim(claim: str) -> None:
    answer = bertsym.audit(claim)
    assert answer.verdict == "unread"
    assert "no claim" in str(answer)


def test_an_unknown_name_of_a_formula_is_refused() -> None:
    with pytest.raises(bertsym.BertsymError, match="unknown name 'foo'"):
        bertsym.audit("12LH^2 + foo")
