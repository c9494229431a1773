"""RegNet's counts at widths that are no multiple of the groups', against the class of transformers."""

from __future__ import annotations

from typing import Any

import pytest

from bertsym import load


@pytest.mark.parametrize("kind", ["x", "y"])
@pytest.mark.parametrize(
    ("groups", "widths"),
    [
        (64, (128, 192, 512, 1088)),  # the default
        (128, (192, 192, 1536, 320)),  # one group of 192, twelve of 128, two of 160
        (128, (64, 64, 128, 320)),  # narrower than a group; a squeeze of 64/4 and of 128/4
        (192, (320, 256, 448, 128)),
    ],
)
def test_the_class_has_as_many(kind: str, groups: int, widths: tuple[int, ...], transformers: Any, torch: Any) -> None:
    sizes = {"groups_width": groups, **{f"hidden_sizes[{stage}]": width for stage, width in enumerate(widths)}}
    sizes |= {f"depths[{stage}]": stage + 1 for stage in range(4)}
    base = {"embedding_size": 32, "num_channels": 3}
    model = load("atlas:regnet" if kind == "y" else "regnet+layer_type=x").at({**base, **sizes})
    config = transformers.RegNetConfig(
        layer_type=kind, groups_width=groups, hidden_sizes=list(widths), depths=[1, 2, 3, 4]
    )
    with torch.device("meta"):
        built = transformers.RegNetModel(config)
    assert model.count() == sum(tensor.numel() for tensor in built.parameters())
