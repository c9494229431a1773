"""Entries whose formulas were mended by hand, at sizes that their derivations had not drawn, against the classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bertsym import load

Sizes = dict[str, Any]


def cases() -> Iterator[tuple[str, Sizes]]:
    """Yield model types with sizes."""
    for name in ("sam2", "sam2_video"):
        # The feed-forward part of a layer has as many linear maps as the decoder has layers.
        yield from ((name, {"mask_decoder_num_hidden_layers": layers}) for layers in range(7))
    for patch in (7, 30, 117):
        # Tables of relative positions have two rows a patch, less one.
        relative = {"use_relative_position_embeddings": True, "backbone_patch_size": patch}
        yield from (("vitmatte", {**relative, "backbone_image_size": image}) for image in (224, 500))
    # Half the frames in each convolution, of which the first is always there.
    yield from (("phi4_multimodal", {"audio_time_reduction": frames}) for frames in (2, 4, 6, 8, 14))
    # The class gives its parts images of 384 pixels.
    yield from (("depth_pro", {"image_model_patch_size": patch, "patch_model_patch_size": 32}) for patch in (16, 500))


@pytest.mark.parametrize(("name", "sizes"), list(cases()), ids=str)
def test_the_class_has_as_many(name: str, sizes: Sizes, transformers: Any, torch: Any) -> None:
    model = load(f"{name}-default").at(sizes)
    config = transformers.AutoConfig.for_model(**model.config())
    with torch.device("meta"):
        built = getattr(transformers, model.spec.cls)(config)
    assert model.count() == sum(tensor.numel() for tensor in built.parameters())


@pytest.mark.parametrize("part", ["fov", "image", "patch"])
def test_images_of_depth_pros_parts_change_nothing(part: str) -> None:
    fields = {"model_type": "depth_pro", f"{part}_model_config": {"model_type": "dinov2", "image_size": 192}}
    assert load(fields).count() == load("depth_pro-default").count()


def test_a_file_may_have_wider_groups_of_regnet(transformers: Any, torch: Any) -> None:
    with torch.device("meta"):
        built = transformers.RegNetModel(transformers.RegNetConfig(groups_width=128))
    assert load({"model_type": "regnet", "groups_width": 128}).count() == sum(p.numel() for p in built.parameters())
