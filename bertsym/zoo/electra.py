"""ELECTRA: Clark et al. 2020, "ELECTRA: Pre-training Text Encoders as Discriminators", arXiv:2003.10555.

Two networks of BERT's layers: a small generator fills in masked tokens, and the discriminator detects them. Only the
discriminator is used later. Tokens are embedded in E features; a projection to H exists if E differs from H.
"""

from sympy import Ne

from bertsym.layers import LayerNorm, Linear, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import B, E, F, H, L, N, T, V, cross_attention, ffn_ratio, heads, labels, summary, tied
from bertsym.tree import Block, Component, Over, Tied, When
from bertsym.zoo.bert import embeddings, encoder
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

model = Block(
    embeddings=embeddings(E),
    embeddings_project=When(Ne(E, H), Component("embeddings", Linear(E, H))),
    encoder=encoder,
)
discriminator = Block("discriminator-head", dense=Linear(H, H), dense_prediction=Linear(H, 1))
generator = Block(
    "lm-head",
    electra=model,
    generator_predictions=Block(LayerNorm=LayerNorm(E), dense=Linear(H, E)),
    generator_lm_head=Tied(
        Linear(E, V, role=Role.EMBEDDING), when=tied, weight="electra.embeddings.word_embeddings.weight"
    ),
)

HEADS = {
    "model": Head("ElectraModel", model),
    "pretraining": Head("ElectraForPreTraining", Block(electra=model, discriminator_predictions=discriminator)),
    "masked-lm": Head("ElectraForMaskedLM", generator),
    "causal-lm": Head("ElectraForCausalLM", generator),
    "sequence-classification": Head(
        "ElectraForSequenceClassification",
        Block(electra=model, classifier=Over(B, Block("classifier", dense=Linear(H, H), out_proj=Linear(H, labels)))),
    ),
    "token-classification": Head(
        "ElectraForTokenClassification", Block("classifier", electra=model, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "ElectraForQuestionAnswering", Block("classifier", electra=model, qa_outputs=Linear(H, labels))
    ),
    "multiple-choice": Head(
        "ElectraForMultipleChoice",
        Block(
            "classifier",
            electra=model,
            sequence_summary=Over(B, Block(summary=When(summary, Linear(H, H)))),
            classifier=Over(B, Linear(H, 1)),
        ),
    ),
}


def published(layers: int, embedding: int, hidden: int) -> NamedSize:
    """Sizes as the released configurations have them: BERT's vocabulary, heads of 64 features."""
    sizes = {V: 30522, N: 512, T: 2, E: embedding, H: hidden, L: layers, heads: hidden // 64, ffn_ratio: 4}
    return NamedSize(sizes, "arXiv:2003.10555, Table 6; google-research/electra")


SIZES = {
    "electra-small-discriminator": published(12, 128, 256),
    "electra-base-discriminator": published(12, 768, 768),
    "electra-large-discriminator": published(24, 1024, 1024),
    "electra-small-generator": published(12, 128, 256),
    "electra-base-generator": published(12, 768, 256),
    "electra-large-generator": published(24, 1024, 256),
}

electra = Architecture(
    name="electra",
    title="ELECTRA",
    paper="Clark et al. 2020, arXiv:2003.10555",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    sizes=SIZES,
    base="electra-base-discriminator",
    schema=Schema(
        "electra",
        (
            Field("vocab_size", V, 30522),
            Field("max_position_embeddings", N, 512),
            Field("type_vocab_size", T, 2),
            Field("embedding_size", E, 128),
            Field("hidden_size", H, 256),
            Field("num_hidden_layers", L, 12),
            Field("num_attention_heads", heads, 4),
            Field("intermediate_size", F, 1024),
            Field("tie_word_embeddings", tied, default=True),
            Field("add_cross_attention", cross_attention, default=False, needs="is_decoder"),
            Field("summary_use_proj", summary, default=True),
        ),
        fixed={"position_embedding_type": ("absolute", None), "summary_proj_to_labels": (False, None)},
    ),
)
