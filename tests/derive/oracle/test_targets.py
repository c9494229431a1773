"""Targets by name, without torch: callables of the user, and names that are none."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bertsym.derive.oracle.module_inventory import UnusableTarget
from bertsym.derive.oracle.targets import identity_init, load_callable, load_transformers, refuse_connection

MODULE = """
class Family:
    @staticmethod
    def build(hidden, layers=2):
        return ("built", hidden, layers)

number = 3
"""


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "a_users_module.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "a_users_module", raising=False)
    return "a_users_module"


def test_a_callable_in_the_current_folder(name: str) -> None:
    target = load_callable(f"{name}:Family.build", {"hidden": 8})
    assert target.construct({"hidden": 16, "layers": 1}) == ("built", 16, 1)
    assert target.description() == {
        "class": "Family.build",
        "source": "a_users_module:Family.build, called with its sizes",
        "fields": {"hidden": 8},
    }
    assert target.defaults({"hidden": 8}, ["layers"]) == {}


def test_names_that_are_no_callables(name: str) -> None:
    for target, problem in {
        "a_missing_module:build": "no module named a_missing_module",
        f"{name}:missing": "a_users_module has no missing",
        f"{name}:Family.missing": "a_users_module has no Family.missing",
        f"{name}:number": "number cannot be called",
    }.items():
        with pytest.raises(UnusableTarget, match=problem):
            load_callable(target, {})


@pytest.mark.parametrize("missing", [None, ModuleType("transformers")])
def test_without_transformers_the_extra_is_named(missing: ModuleType | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", missing)
    monkeypatch.setitem(sys.modules, "transformers.models.auto.modeling_auto", None)
    with pytest.raises(UnusableTarget, match=r"transformers is not installed: pip install 'bertsym\[hf\]'"):
        load_transformers("bert")


def test_what_replaces_initialisation_and_connections() -> None:
    weight = object()
    assert identity_init(weight, 0.0, std=0.02) is weight
    with socket.socket() as unconnected, pytest.raises(OSError, match="the network is closed"):
        refuse_connection(unconnected, ("127.0.0.1", 9))


def test_settings_choose_the_structure_of_a_class(transformers: Any) -> None:
    assert transformers
    plain = load_transformers("deepseek_v2", {"q_lora_rank": None, "num_hidden_layers": 2})
    names = {name for name, *_ in plain.inventory({})}
    assert "layers.0.self_attn.q_proj.weight" in names
    assert "layers.2.self_attn.q_proj.weight" not in names
    assert "q_lora_rank" not in plain.fields
    assert plain.fields["num_hidden_layers"] == 2


def test_a_number_in_place_of_null_is_a_field(transformers: Any) -> None:
    assert transformers
    target = load_transformers("gpt_bigcode")
    assert target.fields["n_inner"] == 4 * target.fields["n_embd"]
    assert target.defaults({"n_embd": 24, "n_head": 2, "n_layer": 1}, ["n_inner"]) == {"n_inner": 96}
