"""GPT-NeoX: Black et al. 2022, arXiv:2204.06745, and Pythia: Biderman et al. 2023, arXiv:2304.01373.

A decoder with rotary positions and an output embedding of its own; the vocabulary is padded for the hardware.
"""

from bertsym.layers import Attend, Embedding, LayerNorm, Linear, Role
from bertsym.model import Architecture, Head, NamedSize
from bertsym.schema import Field, Schema
from bertsym.symbols import F, H, L, V, attention_bias, d, ffn_ratio, heads, labels, tied
from bertsym.tree import Block, Component, Repeat, Tied
from bertsym.zoo.parts import FEED_FORWARD, HEAD_SIZE

layer = Block(
    input_layernorm=Component("attention", LayerNorm(H)),
    post_attention_layernorm=Component("feed-forward", LayerNorm(H)),
    attention=Block(
        "attention",
        query_key_value=Linear(H, 3 * heads * d, bias=attention_bias),
        heads=Attend(heads, d, causal=True),
        dense=Linear(heads * d, H, bias=attention_bias),
    ),
    mlp=Block("feed-forward", dense_h_to_4h=Linear(H, F), dense_4h_to_h=Linear(F, H)),
)
model = Block(
    embed_in=Component("embeddings", Embedding(V, H, "one row per token of the vocabulary")),
    layers=Repeat(L, layer),
    final_layer_norm=Component("final-norm", LayerNorm(H)),
)
lm_head = Tied(Linear(H, V, bias=False, role=Role.EMBEDDING), when=tied, weight="gpt_neox.embed_in.weight")

HEADS = {
    "model": Head("GPTNeoXModel", model),
    "causal-lm": Head("GPTNeoXForCausalLM", Block("lm-head", gpt_neox=model, lm_head=lm_head)),
    "sequence-classification": Head(
        "GPTNeoXForSequenceClassification", Block("classifier", gpt_neox=model, score=Linear(H, labels, bias=False))
    ),
    "token-classification": Head(
        "GPTNeoXForTokenClassification", Block("classifier", gpt_neox=model, classifier=Linear(H, labels))
    ),
    "question-answering": Head(
        "GPTNeoXForQuestionAnswering", Block("classifier", gpt_neox=model, qa_outputs=Linear(H, 2))
    ),
}


def published(
    vocabulary: int, layers: int, hidden: int, number_of_heads: int, source: str = "arXiv:2304.01373, Table 1"
) -> NamedSize:
    """Feed-forward nets four times as wide as the model."""
    return NamedSize({V: vocabulary, H: hidden, L: layers, heads: number_of_heads, ffn_ratio: 4}, source)


SIZES = {
    "pythia-14m": published(50304, 6, 128, 4, "EleutherAI model card"),
    "pythia-31m": published(50304, 6, 256, 8, "EleutherAI model card"),
    "pythia-70m": published(50304, 6, 512, 8),
    "pythia-160m": published(50304, 12, 768, 12),
    "pythia-410m": published(50304, 24, 1024, 16),
    "pythia-1b": published(50304, 16, 2048, 8),
    "pythia-1.4b": published(50304, 24, 2048, 16),
    "pythia-2.8b": published(50304, 32, 2560, 32),
    "pythia-6.9b": published(50432, 32, 4096, 32),
    "pythia-12b": published(50688, 36, 5120, 40),
    "gpt-neox-20b": published(50432, 44, 6144, 64, "arXiv:2204.06745, Table 1"),
}

gpt_neox = Architecture(
    name="gpt_neox",
    title="GPT-NeoX and Pythia",
    paper="Black et al. 2022, arXiv:2204.06745; Biderman et al. 2023, arXiv:2304.01373",
    heads=HEADS,
    definitions=(HEAD_SIZE, FEED_FORWARD),
    defaults={tied: False, attention_bias: True},
    sizes=SIZES,
    base="pythia-160m",
    schema=Schema(
        "gpt_neox",
        (
            Field("vocab_size", V, 50432),
            Field("hidden_size", H, 6144),
            Field("num_hidden_layers", L, 44),
            Field("num_attention_heads", heads, 64),
            Field("intermediate_size", F, 24576),
            Field("attention_bias", attention_bias, default=True),
            Field("tie_word_embeddings", tied, default=False),
        ),
    ),
)
