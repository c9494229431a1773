"""No output depends on the hash seed: every command in every output, in processes with seeds of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from bertsym.cli.app import app

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
SEEDS = ("0", "1", "2")
OUTPUTS = ((), ("--latex",), ("--markdown",), ("--json",))

MANY = ("deepseek_v3", "deepseek_v3-default", "t5", "bert-base-uncased")

ANSWERS: list[list[str]] = [
    *(["total", name] for name in MANY),
    ["total", "mixtral", "--form", "factored"],
    ["total", "bert", "--form", "components", "--keep", "F,T"],
    *(["show", name, "--by", "layer"] for name in MANY),
    *(["show", "deepseek_v3-default", "--by", by] for by in ("component", "role")),
    ["show", "regnet-default", "--by", "layer"],
    ["show", "Mixtral-8x7B-v0.1", "--convention", "active"],
    ["tensors", "deepseek_v3"],
    ["tensors", "bert-tiny", "--head", "masked-lm"],
    ["explain", "deepseek_v3-default"],
    ["explain", "deberta-v2"],
    ["diff", "deepseek_v3-default", "--by", "H"],
    ["diff", "t5", "--by", "L"],
    ["solve", "bert-base-uncased", "--target", "110M"],
    ["solve", "bert-base-uncased", "--target", "110M", "--for", "ffn_ratio"],
    ["solve", "--target", "340M", "--for", "H,L,heads", "--where", "H/heads == 64", "--top", "5"],
    ["compare", "Mistral-7B-v0.1", "Mixtral-8x7B-v0.1"],
    ["compare", "deepseek_v3-default", "bert-base-uncased"],
    ["total", "bert", "--of", "memory"],
    ["show", "mixtral", "--of", "memory", "--dtype", "bf16"],
    ["total", "bert", "--of", "states", "--optimizer", "adamw8bit"],
    ["show", "llama", "--of", "states", "--zero", "3", "--devices", "8"],
    ["total", "ModernBERT-base", "--of", "flops", "--convention", "masked"],
    [
        *[
            "solve",
            "gpt2",
            "--for",
            "H,L",
            "--at",
            "B=8,S=1024",
            "--at-most",
            "memory=24GiB",
            "--at-most",
            "flops=1e15",
            "--target",
            "max",
            "--top",
            "3",
        ]
    ],
    ["roofline", "Llama-2-7b-hf", "--device", "h100-sxm", "--at", "B=1,S=4096"],
    ["tradeoff", "bert-base-uncased"],
    ["symbols"],
    ["help", "total"],
]
PLAIN: list[list[str]] = [
    ["config", "bert-base-uncased"],
    ["config", "deepseek_v3-default"],
    ["sweep", "bert", "--for", "H=256..768:256,L=6..12:6"],
    ["models", "--json"],
    ["models", "--all"],
    ["verify", "CHECKPOINT"],
    ["verify", "CHECKPOINT", "--infer"],
    ["verify", "CHECKPOINT", "--model", "bert-small", "--json"],
    ["macros", "deepseek_v3-default"],
    ["macros", "bert-base-uncased", "--provide"],
    ["embed", "PAPER", "--diff", "--check"],
    ["plot", "parts", "bert-base-uncased", "t5-base", "--latex"],
    ["plot", "total", "bert-base-uncased", "--for", "H=256..512", "--json"],
    ["plot", "iso", "bert-base-uncased", "--target", "110M", "--latex"],
    ["plot", "elasticities", "DeepSeek-V3"],
    ["audit", "--formula", "12LH^2 + 13LH + VH"],
    ["audit", "--formula", "12 L H^2 + 13 L H + (V + N) H", "--json"],
    ["audit", "--count", "110M", "--model", "bert-base-uncased"],
    ["audit", "CLAIMS"],
    ["audit", "ACCOUNT"],
    # errors: what is suggested, and which of several sizes is missed
    ["total", "brt"],
    ["total", "bert", "--head", "masked"],
    ["total", "bert", "--count"],
    ["total", "deepseek_v3", "--count"],
    ["total", "bert", "--at", "experts=3"],
    ["total", "deepseek_v3-default", "--at", "first_k=3"],
    ["show", "bert", "--only", "atention"],
    ["total", "bert-base-uncased", "--at", "H=770"],
]
SCRIPT = """
import sys
from bertsym import cli
for line in sys.stdin.read().splitlines():
    words = line.split(chr(31))
    sys.argv = ["bertsym", *words]
    print("$", *words, flush=True)
    sys.stderr = sys.stdout
    print("=", cli.run(), flush=True)
"""


def commands() -> list[list[str]]:
    places = {
        "CHECKPOINT": EXAMPLES / "checkpoints" / "bert-tiny",
        "PAPER": EXAMPLES / "paper" / "paper.tex",
        "CLAIMS": EXAMPLES / "claims.tsv",
        "ACCOUNT": EXAMPLES / "account.md",
    }
    listed = [[*words, *output] for words in ANSWERS for output in OUTPUTS] + PLAIN
    return [[str(places.get(word, word)) for word in words] for words in listed]


def said(seed: str, listed: list[list[str]], folder: Path = ROOT) -> list[str]:
    """Run the commands in one process of a hash seed; return each output with its exit code."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\n".join("\x1f".join(words) for words in listed),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
        check=True,
    )
    assert not done.stderr
    return [part for part in ("\n" + done.stdout).split("\n$ ")[1:] if part]


def test_no_output_depends_on_the_hash_seed() -> None:
    listed = commands()
    with ThreadPoolExecutor(2) as pool:
        expected, *others = pool.map(partial(said, listed=listed), SEEDS)
    assert len(expected) == len(listed)
    for seed, answers in zip(SEEDS[1:], others, strict=True):
        for one, other in zip(expected, answers, strict=True):
            assert other == one, f"PYTHONHASHSEED={seed} and {SEEDS[0]} differ"


@pytest.mark.usefixtures("torch")
def test_no_derivation_depends_on_the_hash_seed(tmp_path: Path) -> None:
    words = ["derive", "derive.stem:build", "--size", "bands=80", "--size", "frames=3000", "--size", "hidden=384"]
    files = [tmp_path / f"{seed}.json" for seed in SEEDS[:2]]
    for seed, file in zip(SEEDS, files, strict=False):
        (answer,) = said(seed, [[*words, "-o", str(file)]], EXAMPLES)
        assert answer.endswith("= 0\n")
    first, second = (file.read_bytes() for file in files)
    assert first == second


def test_no_page_depends_on_the_hash_seed(tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.html" for seed in SEEDS[:2]]
    for seed, file in zip(SEEDS, files, strict=False):
        (answer,) = said(seed, [["page", "deepseek_v3", "deberta-v2", "resnet", "-o", str(file)]])
        assert answer.endswith("= 0\n")
    first, second = (file.read_bytes() for file in files)
    assert first == second


def test_every_command_is_among_them() -> None:
    names = {command.name for command in app.registered_commands}
    assert names - {"derive", "page"} == {words[0] for words in [*ANSWERS, *PLAIN]}
