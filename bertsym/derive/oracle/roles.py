"""The role of a parameter, from the class of the module that owns it, its own name and its shape.

The class decides first: a table, a norm, a layer of torch. A parameter that a module of other code holds directly has
no class that says more, so that its name decides; `_BY_NAME` has the names that transformers uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

EMBEDDING, MATRIX, BIAS, NORM, SCALE, OTHER = "embedding", "matrix", "bias", "norm", "scale", "other"
VECTOR_SCALE = "scale, unless it has two dimensions or more above 1"

_TABLES = frozenset({"Embedding", "EmbeddingBag"})
_NORM_CLASS = re.compile(r"Norm|RMS$|GRN$")  # ConvNeXt V2's GRN normalises, and its class has no other word for it
_NORM_PARAMETER = re.compile(r"weight|bias|gamma|beta|scale|shift|gain|g|b|[ab]_2|weight_(scale|offset)")
_ACTIVATION_CLASS = re.compile(r"Snake|PReLU|[xX]IELU|Activation")

_BY_CLASS_AND_NAME: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        # SAM multiplies coordinates with random frequencies; the matrix is called an embedding.
        (r"Sam\w*PositionalEmbedding\.positional_embedding", MATRIX),
        (r"\w*Hyper(Connection|Head)\.(hc_)?base", BIAS),
        (r"\w*GluPointWiseConv\.b[12]", BIAS),
        (r"\w*ElementwiseAffine\.translate", BIAS),
    )
)
"""Parameters whose name alone says something else, as `class.name`."""

_BY_NAME: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        # Tables that are called biases: a row for each relative position, as T5 and Swin have them.
        (r".*bias_table|relative_(attention|position)_bias|position_bias", EMBEDDING),
        (r".*bias(_.*)?|bias.*", BIAS),
        # Weights of a decomposition: a magnitude and a direction.
        (r"weight_[gv]|original[01]", MATRIX),
        # Decay rates of a state space or of a recurrence, and the logit of a key that stands for no token.
        (r"A|.*A_log|time_(decay|first)|recurrent_param|sinks?|.*init(_state)?|.*initial_states?", OTHER),
        (r".*(scale|scaling|gamma|lambdas?|alpha|temp|temperature)(_?\w\d*|_?\d+|_\w+)?", SCALE),
        (r"D|gain|g|.*(_gate|_const|residual)|(gate|time_mix)(_\w+)?", VECTOR_SCALE),
        (r".*(_weight|projection|_proj|kernel)|proj", MATRIX),
        (r".*(tokens?|embed(ding)?s?|emb|latents?|probe|prompts?|newline|separator|query|queries)(_\w+)?", EMBEDDING),
        (r".*(pos(ition(al)?)?_?(enc\w*|table)|pos_embed\w*|rel_pos_[hw]|emb_rel_\w|_ape)", EMBEDDING),
        (
            r"pad_(up|down|left|right)|image_(begin|end|sep)|.*feature_extensor|.*_pointer|.*positional_encoding",
            EMBEDDING,
        ),
    )
)
"""Parameters that a module holds directly, by name; the first pattern that fits the whole name decides."""


def role_of(owner: Any, name: str, shape: Sequence[int]) -> str:
    """Return the role of a parameter, given the module that owns it and its last word.

    A vector that multiplies features without a norm is a `scale`. A learned vector in the place of a token is an
    `embedding`. A vector of an unknown kind is `other`, an array of an unknown kind a `matrix`.
    """
    is_vector = sum(side != 1 for side in shape) < 2
    kind: type = type(owner)
    return _role(kind, name.rpartition(".")[2], len(shape), is_vector)


@lru_cache(maxsize=4096)  # the layers of a stack ask the same, and each build asks again
def _role(owner: Any, word: str, rank: int, is_vector: bool) -> str:  # noqa: FBT001  # a key of the cache
    classes = [kind.__name__ for kind in owner.__mro__]
    if word == "weight" and rank == 2 and (_TABLES.intersection(classes) or "Embedding" in classes[0]):
        return EMBEDDING
    if is_vector and any(map(_NORM_CLASS.search, classes)) and _NORM_PARAMETER.fullmatch(word):
        return NORM
    if is_vector and _ACTIVATION_CLASS.search(classes[0]):
        return OTHER
    for pattern, role in _BY_CLASS_AND_NAME:
        if pattern.fullmatch(f"{classes[0]}.{word}"):
            return role
    if word == "weight":
        # A kernel of one channel or a projection to one feature is a matrix still, whatever its size.
        return MATRIX if rank >= 2 else SCALE
    for pattern, role in _BY_NAME:
        if pattern.fullmatch(word) and (is_vector or role != VECTOR_SCALE):
            return SCALE if role == VECTOR_SCALE else role
    if classes[0] == "ParameterList":
        return EMBEDDING  # Reformer's axial positions
    return MATRIX if rank >= 2 else OTHER
