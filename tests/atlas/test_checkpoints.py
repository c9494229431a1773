"""Configurations and checkpoints that transformers saves, of model types that only the atlas has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.errors import BertsymError
from bertsym.resolve import load
from bertsym.zoo import ARCHITECTURES
from tests.atlas.libraries import skip_or_raise
from tests.zoo.real import our_inventory, real_inventory

MAMBA = {"vocab_size": 40, "hidden_size": 6, "state_size": 3, "num_hidden_layers": 2, "time_step_rank": 2}


@pytest.mark.usefixtures("torch")
def test_a_checkpoint_is_verified_with_the_configuration_beside_it(
    transformers: Any, tmp_path: Path, bertsym: Callable[..., Any]
) -> None:
    assert "mamba" not in ARCHITECTURES
    transformers.MambaForCausalLM(transformers.MambaConfig(**MAMBA)).save_pretrained(tmp_path)
    assert bertsym("verify", str(tmp_path)).code == 0
    assert bertsym("verify", str(tmp_path), "--framework", "--head", "causal-lm").code == 0
    found = json.loads(bertsym("verify", str(tmp_path), "--head", "model", "--json").out)
    assert (found["ok"], found["model"], found["class"]) == (True, "mamba", "MambaModel")
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "hidden_size": 7}), encoding="utf-8")
    assert bertsym("verify", str(tmp_path)).code == 1


OWN = [
    n for n, line in sorted(atlas.index().items()) if n == line.entry and not line.unresolved and n not in ARCHITECTURES
]


REFUSED = frozenset(
    (
        "apertus", "chmv2", "dots3_note", "dots3_note_text", "lw_detr", "neomme", "sam3", "sam3_lite_text",
        "sam3_tracker", "sapiens2", "tipsv2_dpt", "uvdoc", "vitmatte", "vitpose", "xmod", "zoedepth",
    )
)  # fmt: skip
"""The types whose own configuration has a field that no formula covers, such as a list or a table of single layers."""


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("name", OWN[:: max(1, len(OWN) // 20)])
def test_the_librarys_own_configuration_is_read(name: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    line = atlas.index()[name]
    config = transformers.CONFIG_MAPPING[name](**legal_fields(name, {}))
    config.architectures = [line.cls]
    config.save_pretrained(tmp_path)
    if name in REFUSED:
        with pytest.raises(BertsymError, match=r"cover|only the default list was tried"):
            load(str(tmp_path))
        return
    try:
        real = real_inventory(transformers, torch, line.cls, config)
    except ImportError as error:
        skip_or_raise(error, line.cls)
    ours = our_inventory(load(str(tmp_path)))
    assert (ours.shapes, ours.groups, ours.count) == (real.shapes, real.groups, real.count)
    for head in line.heads:
        assert load(str(tmp_path), head).cls == line.heads[head]
