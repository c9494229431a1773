"""T5: Raffel et al. 2019, "Exploring the Limits of Transfer Learning", arXiv:1910.10683.

An encoder and a decoder over one word embedding; no biases; norms that only scale; positions enter attention as a
number per bucket of distances and head, kept in the first layer of each stack. Version 1.1 gates the feed-forward net,
and its checkpoints leave the output embedding untied; transformers 5 builds it tied whatever a file says.
"""

from collections.abc import Mapping

from sympy import Expr, Not, Symbol

from bertsym.algebra import Value
from bertsym.layers import Attend, Embedding, Linear, RMSNorm, Role
from bertsym.model import Architecture, Definition, Head, NamedSize
from bertsym.schema import Field, Mention, Overridden, Schema
from bertsym.symbols import B, F, H, L, S, S_source, V, buckets, d, decoder_layers, gated, heads, labels, tied
from bertsym.tree import Block, Component, Node, Over, Repeat, Stack, Tied, When
from bertsym.zoo.parts import FEED_FORWARD, FREE_HEAD_SIZE

inward, outward = Linear(H, heads * d, bias=False), Linear(heads * d, H, bias=False)
wide, narrow = Linear(H, F, bias=False), Linear(F, H, bias=False)
feed_forward = Block(wi=When(Not(gated), wide), wi_0=When(gated, wide), wi_1=When(gated, wide), wo=narrow)
positions = Embedding(buckets, heads, "one number per bucket of distances and head")


def sublayer(name: str, **part: Node) -> Block:
    """Attention or the feed-forward net, with the norm before it."""
    return Block(name, **part, layer_norm=RMSNorm(H))


def attention(keys: Expr, *, causal: bool = False) -> Block:
    """Return attention over `keys` tokens."""
    projected = Over(B * keys, inward)
    return Block(q=inward, k=projected, v=projected, heads=Attend(heads, d, keys, causal=causal), o=outward)


def encoder_layer(label: str, tokens: Expr) -> tuple[Block, ...]:
    """Return the sublayers of an encoder that reads so many tokens."""
    return (
        sublayer(f"{label}attention", SelfAttention=attention(tokens)),
        sublayer(f"{label}feed-forward", DenseReluDense=feed_forward),
    )


def decoder_layer(tokens: Expr) -> tuple[Block, ...]:
    """Return the sublayers of the decoder, over so many tokens of the encoder."""
    own = sublayer("decoder attention", SelfAttention=attention(S, causal=True))
    cross = sublayer("decoder cross-attention", EncDecAttention=attention(tokens))
    return own, cross, sublayer("decoder feed-forward", DenseReluDense=feed_forward)


def stack(label: str, words: str, layers: Expr, sublayers: tuple[Block, ...]) -> Block:
    """Layers of numbered sublayers over the shared embedding of words, the first with the relative positions."""
    layer = Block(**{str(place): part for place, part in enumerate(sublayers)})
    of_positions = Block(f"{label}relative-positions", relative_attention_bias=positions)
    first_layer = Block(**{"0": Block(SelfAttention=of_positions)})
    return Block(
        f"{label}final-norm",
        embed_tokens=Tied(Component("embeddings", Embedding(V, H, "the same rows")), weight=words),
        block=Stack(Repeat(1, Block(layer=first_layer)), Repeat(layers, Block(layer=layer))),
        final_layer_norm=RMSNorm(H),
    )


def embedding() -> Component:
    """Return the word embedding that both stacks share."""
    return Component("embeddings", Embedding(V, H, "one row per token of the vocabulary"))


def body(prefix: str = "", source: Expr = S_source) -> dict[str, Node]:
    """Return the stacks over their word embedding, which a class holds under `prefix`; the encoder reads `source`."""
    words = f"{prefix}shared.weight"
    return {
        "shared": embedding(),
        "encoder": Over(B * source, stack("encoder ", words, L, encoder_layer("encoder ", source))),
        "decoder": stack("decoder ", words, decoder_layers, decoder_layer(source)),
    }


model = Block(**body())


def encoder_only(prefix: str = "") -> Block:
    """Return the model without its decoder; the names of components need no stack then."""
    return Block(shared=embedding(), encoder=stack("", f"{prefix}shared.weight", L, encoder_layer("", S)))


lm_head = Tied(Linear(H, V, bias=False, role=Role.EMBEDDING), when=tied, weight="shared.weight")
classifier = Over(B, Block("classifier", dense=Linear(H, H), out_proj=Linear(H, labels)))

HEADS = {
    "model": Head("T5Model", model),
    "encoder": Head("T5EncoderModel", encoder_only()),
    "conditional-generation": Head("T5ForConditionalGeneration", Block("lm-head", **body(), lm_head=lm_head)),
    "sequence-classification": Head(
        "T5ForSequenceClassification",
        Block(transformer=Block(**body("transformer.", S)), classification_head=classifier),
    ),
    "token-classification": Head(
        "T5ForTokenClassification",
        Block("classifier", transformer=encoder_only("transformer."), classifier=Linear(H, labels)),
    ),
    "question-answering": Head(
        "T5ForQuestionAnswering", Block("classifier", **body(source=S), qa_outputs=Linear(H, labels))
    ),
}

Sizes = Mapping[Symbol, Value]


def published(layers: int, hidden: int, number_of_heads: int, feed_forward_width: int, head_size: int = 64) -> Sizes:
    """Sizes with a decoder as deep as the encoder, 32 buckets and 32,128 tokens."""
    sizes: Sizes = {V: 32128, H: hidden, L: layers, heads: number_of_heads, d: head_size, F: feed_forward_width}
    return {**sizes, buckets: 32}


FIRST = {
    "small": published(6, 512, 8, 2048),
    "base": published(12, 768, 12, 3072),
    "large": published(24, 1024, 16, 4096),
    "3b": published(24, 1024, 32, 16384, 128),
    "11b": published(24, 1024, 128, 65536, 128),
}
GATED = {
    "small": published(8, 512, 6, 1024),
    "base": published(12, 768, 12, 2048),
    "large": published(24, 1024, 16, 2816),
    "xl": published(24, 2048, 32, 5120),
    "xxl": published(24, 4096, 64, 10240),
}
SIZES = {
    **{f"t5-{name}": NamedSize(sizes, "arXiv:1910.10683, section 3.7") for name, sizes in FIRST.items()},
    **{
        f"{release}-{name}": NamedSize({**sizes, gated: True, tied: False}, source)
        for release, source in {
            "t5-v1_1": "google-research/text-to-text-transfer-transformer released_checkpoints.md",
            "flan-t5": "Chung et al. 2022, arXiv:2210.11416",
        }.items()
        for name, sizes in GATED.items()
    },
}

UNTIED = "transformers 5 ties lm_head whatever it says; checkpoints that say false store it apart: --at tied=no"

t5 = Architecture(
    name="t5",
    title="T5",
    paper="Raffel et al. 2019, arXiv:1910.10683",
    heads=HEADS,
    definitions=(FREE_HEAD_SIZE, FEED_FORWARD, Definition(decoder_layers, L)),
    sizes=SIZES,
    base="t5-base",
    schema=Schema(
        "t5",
        (
            Field("vocab_size", V, 32128),
            Field("d_model", H, 512, aliases=("hidden_size",)),
            Field("d_kv", d, 64, aliases=("head_dim",)),
            Field("d_ff", F, 2048),
            Field("num_layers", L, 6),
            Field("num_decoder_layers", decoder_layers, None),
            Field("num_heads", heads, 8, aliases=("num_attention_heads",)),
            Field("relative_attention_num_buckets", buckets, 32),
            Mention("feed_forward_proj", gated, "gated", "relu", separator="-", usual="gated-gelu"),
            Overridden("tie_word_embeddings", tied, setting=True, note=UNTIED),
        ),
        fixed={"is_decoder": (False,), "num_hidden_layers": (L,), "is_gated_act": (gated,)},
    ),
)
