"""The words of module names, as data: which component a word means, which stack, and which say nothing.

A word is a part of a tensor's name in lower case, without its index: `SelfAttention` is `self_attention`. The patterns
are tried in order, and must fit the whole word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Patterns = Sequence[tuple[re.Pattern[str], str]]


def _patterns(*pairs: tuple[str, str]) -> Patterns:
    return tuple((re.compile(pattern), name) for pattern, name in pairs)


EMBEDDINGS = "embeddings"
ATTENTION = "attention"
CROSS_ATTENTION = "cross-attention"
FEED_FORWARD = "feed-forward"
EXPERTS = "experts"
SHARED_EXPERTS = "shared-experts"
ROUTER = "router"
STATE_SPACE = "state-space"
RECURRENCE = "recurrence"
CONVOLUTION = "convolution"
FINAL_NORM = "final-norm"
POOLER = "pooler"
PROJECTOR = "projector"
LM_HEAD = "lm-head"
CLASSIFIER = "classifier"
RELATIVE = "relative-positions"
QUANTIZER = "quantizer"
TEMPERATURE = "temperature"

TRANSPARENT = re.compile(
    r"(base_)?model|(hidden_|encoder_|decoder_|albert_|additional_)?layers?(_list|_groups)?|blocks?|resblocks|h"
    r"|transformer|module|stack|main|stages?|groups?|list|albert_layer_groups|cls|down|up|mid"
)
"""Containers that say nothing of what is in them."""

STACKS: Patterns = _patterns(
    (r"(vision|visual|image|img)(_(model|tower|encoder|backbone|transformer|processor))?|vit", "vision"),
    (r"(video)(_(model|tower|encoder))?", "video"),
    (r"(text|language|lm|llm|thinker)(_(model|encoder_model|backbone|transformer))?", "text"),
    (r"text_encoder", "text encoder"),
    (r"text_decoder", "text decoder"),
    (r"(audio)(_(model|tower|encoder))?", "audio"),
    (r"speech_(model|tower)", "speech"),
    (r"r_layers", "vision"),  # LXMERT's stacks
    (r"x_layers", "cross-modal"),
    (r"h_module", "high-level"),  # of the hierarchical reasoning model
    (r"l_module", "low-level"),
    (r"wrapped_(encoder|decoder)|(encoder|decoder)_transformer|\w*_seanet", ""),
)
"""Words that name a stack; an empty name is left out. Other words that lead to layers are stacks by their own names."""

KINDS: Patterns = _patterns(
    # Heads over the model, and what pools its output.
    (r"predictions|(\w+_)?lm_head|generator_(predictions|lm_head)|vocab_\w+|lm_predictions|\w*unembed\w*", LM_HEAD),
    (r"cls_head|classifier\w*|score|qa_\w+|\w*classification_head|pre_classifier|logits?_proj", CLASSIFIER),
    (r"sequence_summary|summary|multiple_choice_head|start_logits|end_logits|answer_class", CLASSIFIER),
    (r"seq_relationship", "nsp-head"),
    (r"sop_classifier", "sop-head"),
    (r"discriminator_predictions", "discriminator-head"),
    (r"(\w+_)?pooler|\w*pooling_head|attention_pool\w*|\w*attn_pool\w*", POOLER),
    (r"per_layer_\w+|ple(_\w+)?|post_per_layer_\w+", "per-layer-embeddings"),
    # Between two stacks, or from a stack to the space that both share.
    (r"text_projection", "text projection"),
    (r"(visual|image)_projection", "vision projection"),
    (r"(audio|video)_projection", "audio projection"),
    (r"(\w+_)?(projector|connector|merger\w*|aligner|resampler\w*)(_list)?", PROJECTOR),
    (r"modality_projection|(vision|embed_vision|language)_projection|vision_adapter|embed_(vision|audio)", PROJECTOR),
    (r"multi_modal_\w+|mm_proj\w*|image_to_text_projection|vision_(aligner|proj)|high_res_vision_proj", PROJECTOR),
    (r"hidden_states_norms", FINAL_NORM),
    # Positions relative to another token; a table of their own.
    (r"rel\w*_embeddings|(shared_)?(relative_)?(position|attention)_bias|relative_\w*bias\w*|relative_bias", RELATIVE),
    (r"rel_pos_\w*bias", RELATIVE),
    # Inputs.
    (r"(\w+_)?(embed|embeds|embedding|embeddings|embedder|emb|tokens_embed|positions_embed)(_\w+)?", EMBEDDINGS),
    (
        r"wte|wpe|shared|patch_conv|patchify|positional_encoder|\w*positional_embedding\w*|\w*(_|^)pos_(emb|enc)\w*",
        EMBEDDINGS,
    ),
    (r"\w*positional_encoding|no_\w+|bos_latent|latents|probe", EMBEDDINGS),
    (r"(cls|class|mask|register|distillation|query|group|latent|iou|hq|detection)_tokens?|queries_\w+", EMBEDDINGS),
    (r"feature_extractor", "feature-encoder"),
    (r"feature_projection", "feature-projection"),
    (r"w|subsampl\w+|conv_stem|stem\w*|embeddings_project|(image|view)_(newline|separator|begin|end|sep)", EMBEDDINGS),
    # What mixes tokens.
    (r"(\w+_)?hc(_head)?", "hyper-connections"),
    (r"(patch|feature|channel)_mixer\w*", "mixer"),
    (
        r"visual_attention|(\w+_)?cross_?att\w*|(\w+_)?crossattention\w*|encoder_attn|enc_dec_attention|encdec_attention",
        CROSS_ATTENTION,
    ),
    (r"linear_att\w*|gated_delta\w*|delta_net\w*|kda|lightning_att\w*", "linear-attention"),
    (r"mamba\w*|ssm\w*|s4\w*", STATE_SPACE),
    (r"mlstm\w*|rg_lru|rglru|recurrent\w*|lstm|rnn|gru", RECURRENCE),
    (r"(\w+_)?(self_)?att(n|ention|entions|ends)?\d?(_(?!.*norm)\w+)?|self_attends|mha", ATTENTION),
    # What works on each token alone.
    (r"shared_experts?(_gate)?|shared_mlps?", SHARED_EXPERTS),
    (r"(\w+_)?router|moe_statics|expert_bias|e_score_\w+", ROUTER),
    (r"(\w+_)?experts?(_\w+)?", EXPERTS),
    (r"(\w+_)?(mlps?|ffns?\d?|feed_?forward\d?|ff\d?|ffw|moe)(_(?!.*norm)\w+)?|dense_relu_dense", FEED_FORWARD),
    (
        r"block_sparse_moe|(\w+_)?intermediate(_\w+)?|output_query|(lang|visn)_inter|(lang|visn|layout)_output|fc\d?|pwconv\d",
        FEED_FORWARD,
    ),
    (r"quantiz\w+|\w*vector_quantizer", QUANTIZER),
    (r"logit_scale\w*|\w*logit_scale|temperature|logit_bias|\w*logit_bias", TEMPERATURE),
    (r"\w*downsampl\w+|patch_merg\w+", "downsampling"),
    (r"\w*upsampl\w+", "upsampling"),
    (r"\w*adapters?(_\w+)?", "adapter"),
    (r"\w*conv\w*|dw\w*|snake\d*|res_?unit\d*|(\w+_)?shortcut|lab|aggregation|token_mixer", CONVOLUTION),
)
"""The component that a word means, wherever it stands; the outermost word that means one decides."""

NORM = re.compile(
    r"(?!vocab_).*(norm|layrnorm|(^|_)ln|(^|_)bn)\w*|grn|(layer_scale|lambdas?|gamma|ls)(_?[0-9]|_parameter)?|\w+_residual"
)
"""Norms, and the scales that stand where norms do."""

NORMS: Patterns = _patterns(
    (r"\w*(embed|pre_layrnorm|ln_pre|layernorm_pre|_emb(_|$)|post_conv)\w*|pre_layernorm", EMBEDDINGS),
    (r"\w*(cross|encoder_att|enc_att)\w*", CROSS_ATTENTION),
    (r"\w*(conv)\w*", CONVOLUTION),
    (r"\w*(router|gate)\w*", ROUTER),
    (r"\w*(mlp|ffn|feed_?forward|(^|_)ff\d?(_|$)|macaron|expert|moe)\w*", FEED_FORWARD),
    (
        r"post_attention_\w*(norm|residual)|grn|\w*_after|final_layer_norm|full_layer_layer_norm|output_layer_norm",
        FEED_FORWARD,
    ),
    (r"((layer_?|rms_?)?norm|ln|layer_scale|lambda|gamma|ls)_?2", FEED_FORWARD),
    (r"\w*(self_att|attention|attn|(^|_)sa(_|$)|input|before|[qkv]_norm|operator|temporal)\w*", ATTENTION),
    (r"((layer_?|rms_?)?norm|ln|layer_scale|lambda|gamma|ls)_?1", ATTENTION),
)
"""The component in a layer that a norm belongs to, by its own name."""

INNER: Patterns = _patterns(
    (r"[qkvo]_proj|sinks?", ATTENTION),
    (r"(up|down)_proj", FEED_FORWARD),
)
"""The component of a tensor in a block that may be of several kinds, as the `mixer` of Nemotron-H."""

BLOCKS: Mapping[str, str] = {"mixer": STATE_SPACE, "temporal_block": RECURRENCE}
"""Blocks of a layer whose component is known from what is in them, and what they are otherwise."""

PROJECTION = re.compile(
    r"(\w+_)?(proj(ection|ections)?|project(_in|_out)?|linear|dense|transformation|transform|fc|visn_fc|readout)"
    r"(_(layer|left|right))?\d?|out|output|out_mid|head|input_linear|project_(in|out)|predict_\w+|enc_output|feat_out"
)
"""Maps from one space to another that stand alone."""

WITHOUT_MEANING = re.compile(r"_(model|module|tower|layers|transformer)$|(?<=vq)model$")
"""The end of a stack's name that says nothing."""

COMPONENTS = frozenset(
    {EMBEDDINGS, ATTENTION, CROSS_ATTENTION, FEED_FORWARD, EXPERTS, SHARED_EXPERTS, ROUTER, STATE_SPACE, RECURRENCE}
    | {CONVOLUTION, FINAL_NORM, POOLER, PROJECTOR, LM_HEAD, CLASSIFIER, RELATIVE, QUANTIZER, TEMPERATURE}
    | {"encoder", "decoder", "vision", "text", "audio", "video", "speech"}
)
"""The components and stacks that most models share; a selector of one of these never means a module."""
