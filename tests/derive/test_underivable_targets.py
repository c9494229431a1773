"""Targets that cannot be derived: one sentence, exit code 2, and no process left behind. The sentences are golden."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertsym.derive.oracle.client import BuildOracle, Worker
from bertsym.derive.oracle.module_inventory import UnusableTarget
from bertsym.derive.oracle.targets import load_target, load_transformers
from bertsym.derive.types import CannotDerive

HERE = "tests.derive.models_misbehaving"
WITHOUT_CODE = [
    ["derive", f"{HERE}:raises"],
    ["derive", "bert", "--size", "hidden=8"],
    ["derive", f"{HERE}:raises", "--size", "hidden"],
    ["derive", f"{HERE}:raises", "--size", "hidden=1.5"],
    ["derive", f"{HERE}:raises", "--size", "hidden=8,hidden=9"],
]
CODE = [
    ["derive", "tests.derive.no_such_module:build", "--size", "hidden=8"],
    ["derive", f"{HERE}:no_such_callable", "--size", "hidden=8"],
    ["derive", f"{HERE}:not_callable", "--size", "hidden=8"],
    ["derive", f"{HERE}:raises", "--size", "hidden=8"],
    ["derive", f"{HERE}:raises", "--size", "width=8"],
    ["derive", f"{HERE}:never_returns", "--size", "hidden=8", "--timeout", "1"],
    ["derive", f"{HERE}:leaves", "--size", "hidden=8"],
    ["derive", f"{HERE}:returns_a_number", "--size", "hidden=8"],
    ["derive", f"{HERE}:no_parameters", "--size", "hidden=8"],
    ["derive", f"{HERE}:no_size_matters", "--size", "hidden=8"],
    ["derive", f"{HERE}:fetches", "--size", "hidden=8"],
    ["derive", f"{HERE}:prints", "--size", "hidden=8", "-o", "no/such/folder/model.json"],
]


def told(bertsym: Callable[..., Any], words: list[str]) -> str:
    ran = bertsym(*words)
    assert ran.code == 2, words
    assert ran.err.count("\n") == 1
    assert not ran.out or "no/such" in str(words)  # the answer was there, the file was not
    return f"$ bertsym {' '.join(words)}\n{ran.err}"


@pytest.mark.usefixtures("torch")
def test_one_sentence_says_what_is_wrong(bertsym: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    sentences = [told(bertsym, words) for words in (*WITHOUT_CODE, *CODE)]
    golden("derive-errors.txt", "\n".join(sentences))


@pytest.mark.usefixtures("torch")
def test_nothing_is_left_running() -> None:
    with Worker(1) as asked:
        oracle = BuildOracle(asked, f"{HERE}:never_returns", {"hidden": 8})
        process = asked.process
        assert process is not None
        with pytest.raises(CannotDerive, match="within 1 seconds"):
            oracle.build({"hidden": 8})
    assert process.poll() is not None
    assert not Path(f"/proc/{process.pid}/cmdline").exists() or os.name != "posix"


@pytest.mark.usefixtures("transformers")
def test_a_model_type_that_does_not_exist() -> None:
    with pytest.raises(UnusableTarget, match=r"^no model type or class of transformers; did you mean roberta"):
        load_transformers("robberta")


@pytest.mark.parametrize("target", ["bert", "tests.derive.ruled:both"])
def test_without_torch_the_extra_is_named(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UnusableTarget, match=r"torch is not installed: pip install 'bertsym\[hf\]'"):
        load_target(target, {})
