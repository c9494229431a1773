"""The ways of counting a whole model that people use, as data, with who uses each.

A claim that equals one of them stands. Any other selection of tensors explains a claim, and does not make it right.
"""

from __future__ import annotations

from bertsym.convention import ACTIVE, EXACT, LAYERS_ONLY, MATRICES, NON_EMBEDDING, STATE_DICT
from bertsym.values import value

LAYERS = "layers"
ALL_MATRICES = "weight matrices"
LAYER_MATRICES = "weight matrices of the layers"
LAYERS_AND_TOKENS = "layers and token embeddings"
IMAGE_CLASSIFIER = "image-classification"
IMAGE_LABELS = 1_000
"""The labels of ImageNet, with which people count classifiers of images.

The pages of torchvision give `num_params` 86,567,656 for vit_b_16 and 304,326,632 for vit_l_16, and timm does the same:
https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_b_16.html
"""
MATRICES_AND_TOKENS = "weight matrices of the layers and token embeddings"


@value
class Custom:
    """A way to count: the scope of tensors, the omissions, and whether tied or routed weights count in another way."""

    name: str
    used_by: str
    scope: str = ""
    without: tuple[str, ...] = ()
    stored: bool = False
    active: bool = False


CUSTOMS: tuple[Custom, ...] = (
    Custom(EXACT.name, EXACT.used_by),
    Custom(STATE_DICT.name, STATE_DICT.used_by, stored=True),
    Custom(NON_EMBEDDING.name, NON_EMBEDDING.used_by, without=("embedding tables",)),
    Custom(
        "backbone",
        "the model cards of DeBERTa-v3, whose backbone is everything but the table of tokens",
        without=("token embeddings",),
    ),
    Custom(MATRICES.name, MATRICES.used_by, ALL_MATRICES),
    Custom(MATRICES.name, MATRICES.used_by, LAYER_MATRICES),
    Custom(LAYERS_ONLY.name, LAYERS_ONLY.used_by, LAYERS),
    Custom(
        "layers and tokens",
        "accounts that leave the table of positions and the last norm out: l(12h^2+13h)+Vh, as in "
        "https://zhuanlan.zhihu.com/p/624740065",
        LAYERS_AND_TOKENS,
    ),
    Custom(
        "matrices and tokens",
        "estimates of compute, in which each matrix works on each token, the output's too: 12LH^2 + VH "
        "(Narayanan et al. 2021, arXiv:2104.04473, equation 3)",
        MATRICES_AND_TOKENS,
    ),
    Custom(ACTIVE.name, ACTIVE.used_by, active=True),
    Custom(
        "active without input embedding",
        "the model cards of DeepSeek-V3 and gpt-oss, in which a token reads one row of the table",
        without=("input embedding",),
        active=True,
    ),
)

_BY_KEY = {(custom.scope, custom.without, custom.stored, custom.active): custom for custom in CUSTOMS}


def custom_of(scope: str, without: tuple[str, ...], *, stored: bool, active: bool) -> Custom | None:
    """Return the custom that counts in that way, or None if nobody does.

    >>> custom_of("", (), stored=False, active=False).name, custom_of("", ("pooler",), stored=True, active=False)
    ('exact', None)
    """
    return _BY_KEY.get((scope, without, stored, active))
