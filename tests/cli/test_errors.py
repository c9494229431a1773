"""Bad input: one sentence on standard error, exit code 2, nothing on standard output. The sentences are golden."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASES = [
    ["total", "bertt"],
    ["total", "bert-bas"],
    ["total", "llama-2"],
    ["total", "qwen3-9b"],
    ["total", "bert-base-uncased", "--head", "ml"],
    ["total", "bert-base-uncased", "--head", "ctc"],
    ["total", "mamba", "--head", "mlm"],
    ["total", "\x1b[31mbert\n"],
    ["total", "--at", "Q=3"],
    ["total", "--at", "hiden=768"],
    ["total", "--at", "H=0"],
    ["total", "--at", "H=-1"],
    ["total", "--at", "H=1.5"],
    ["total", "--at", "H=abc"],
    ["total", "--at", "H"],
    ["total", "--at", "H=768,H=769"],
    ["total", "--at", "H=768,hidden_size=769"],
    ["total", "--at", "hidden_dim=768"],
    ["total", "--at", "H=64*"],
    ["total", "--at", "H=" + "9" * 100],
    ["total", "--at", "ffn_ratio=1/0"],
    ["total", "--at", "tied=perhaps"],
    ["total", "bert-base-uncased", "--at", "H=770"],
    ["total", "bert-base-uncased", "--at", "F=3000,ffn_ratio=4"],
    ["total", "bert-base-uncased", "--at", "d=64,heads=3"],
    ["total", "--count", "--at", "N=512,H=768,L=12,ffn_ratio=4"],
    ["total", "bert-base-uncased", "--count", "--unit", "M"],
    ["total", "bert-base-uncased", "--count", "--digits", "3", "--latex"],
    ["total", "bert-base-uncased", "--count", "--csv"],
    ["total", "bert-base-uncased", "--count", "--method"],
    ["total", "--head", "masked"],
    ["total", "--convention", "exakt"],
    ["total", "--only", "atention"],
    ["total", "Mixtral-8x7B-v0.1", "--convention", "active", "--at", "experts=1"],
    ["total", "mixtral", "--at", "experts_per_token=0"],
    ["total", "--only", "bias", "--without", "bias"],
    ["total", "--form", "pretty"],
    ["total", "--keep", "Q"],
    ["total", "--latex", "--json"],
    ["show", "--by", "head"],
    ["explain", "--component", "decoder"],
    ["diff", "--by", "X"],
    ["diff", "--by", "tied"],
    ["diff", "--order", "0"],
    ["diff", "--order", "1000000000"],
    ["tensors", "bert-base-uncased", "--at", "L=1000000000"],
    ["solve", "--target", "110 M"],
    ["solve", "--target", "110m"],
    ["solve", "--target", "-5"],
    ["solve", "--target", "nan"],
    ["solve", "--target", "0.5"],
    ["solve", "--target", "1.5"],
    ["solve"],
    ["solve", "--target", "1000"],
    ["solve", "--target", "110M", "--for", "heads"],
    ["solve", "--target", "110M", "--for", "d"],
    ["solve", "--target", "110M", "--for", "X"],
    ["solve", "--target", "110M", "--for", "H,H"],
    ["solve", "albert", "--target", "11M", "--for", "L"],
    ["solve", "--target", "110M", "--for", "H,L", "--range", "H=100..50"],
    ["solve", "--target", "110M", "--for", "H,L", "--range", "H"],
    ["solve", "--target", "110M", "--for", "H,L", "--multiple-of", "0"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "H < 100", "--where", "H > 100"],
    ["solve", "--target", "110M", "--for", "H,L", "--tolerance", "0%"],
    ["solve", "--target", "110M", "--for", "H,L", "--tolerance", "1"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "__import__('os')"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "9**9**9**9"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "h/L == 64"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "H >> 64"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "H == 64 or tied"],
    ["solve", "--target", "110M", "--for", "H,hidden_size"],
    ["solve", "--target", "110M", "--for", "L", "--tie", "hidden_dim = 64*L"],
    ["solve", "--target", "110M", "--for", "H,L", "--where", "E > 3"],
    ["solve", "--target", "110M", "--for", "H", "--tie", "H = 64*L"],
    ["solve", "--target", "110M", "--for", "L", "--tie", "H = L % 3"],
    ["solve", "--target", "110M", "--for", "H,L", "--order", "size"],
    ["solve", "--target", "110M", "--top", "0"],
    ["solve", "--at-most", "exakt=110M"],
    ["solve", "--for", "H,L", "--at-most", "110M", "--at-least", "non-embedding=120M"],
    ["total", "missing.json"],
    ["total", "empty"],
    ["total", "truncated.json"],
    ["total", "prose.json"],
    ["total", "list.json"],
    ["total", "large.json"],
    ["total", "deep.json"],
    ["total", "binary.json"],
    ["total", "alien.json"],
    ["total", "uncovered.json"],
    ["total", "indivisible.json"],
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bert: dict[str, Any] = {"model_type": "bert"}
    Path("empty").mkdir()
    Path("truncated.json").write_text(json.dumps(bert)[:-4])
    Path("prose.json").write_text("BERT has 110M parameters.")
    Path("list.json").write_text("[768, 12]")
    Path("deep.json").write_text('{"a":' * 10_000 + "1" + "}" * 10_000)
    Path("binary.json").write_bytes(bytes(range(256)))
    Path("alien.json").write_text(json.dumps({"model_type": "\x1b]0;owned\x07"}))
    Path("uncovered.json").write_text(json.dumps({**bert, "position_embedding_type": "alibi"}))
    Path("indivisible.json").write_text(json.dumps({**bert, "hidden_size": 770}))
    with Path("large.json").open("wb") as file:
        file.truncate(200 * 2**20)


@pytest.mark.usefixtures("files")
def test_bad_input(bertsym: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    shown = []
    for words in CASES:
        ran = bertsym(*words)
        assert (ran.code, ran.out) == (2, ""), words
        assert ran.err.endswith("\n")
        assert ran.err.rstrip("\n").isprintable(), words
        shown.append(f"$ bertsym {' '.join(word.encode('unicode_escape').decode() for word in words)}\n{ran.err}")
    golden("errors.txt", "\n".join(shown))


@pytest.mark.parametrize("words", [["nonsense"], ["total", "--nonsense"], ["total", "--at"], ["diff", "--order", "x"]])
def test_a_wrong_command_line_exits_with_2(bertsym: Callable[..., Any], words: list[str]) -> None:
    ran = bertsym(*words)
    assert ran.code == 2
    assert "Traceback" not in ran.err
