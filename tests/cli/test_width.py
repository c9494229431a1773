"""Answers on narrow terminals: no table is wider than the screen, and what has no room is named."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bertsym.document import Code, Column, Count, Table
from bertsym.render import text

Run = Callable[..., Any]

WORDS = [
    ["models"],
    ["models", "llama"],
    ["models", "--all"],
    ["models", "bert", "--table", "L,H,heads,parameters,embeddings,non-embedding"],
    ["symbols"],
    ["show", "bert-base-uncased", "--head", "masked-lm"],
    ["show", "deepseek_v3"],
    ["tensors", "bert"],
    ["tensors", "deepseek_v3"],
    ["compare", "bert-base-uncased", "gpt2", "llama-7b"],
    ["compare", "bert", "--conventions"],
    ["solve", "--target", "110M", "--for", "H,L"],
    ["audit", "110M"],
    ["explain", "bert-base-uncased", "--tensors"],
    ["roofline", "llama-7b", "--at", "B=1,S=512", "--device", "h100-sxm"],
    ["plot", "parts", "bert-base-uncased", "gpt2-xl"],
]
DIGITS = re.compile(r"\d[\d,]*\d")


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_no_table_is_wider_than_the_terminal(words: list[str], bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    whole = bertsym(*words)
    assert whole.code in (0, 1)
    # Names are broken at signs and before capitals, so a table is compared without blanks and rules.
    numbers = set(DIGITS.findall(whole.out))
    for width in (40, 60, 80, 100, Random(str(words)).randrange(45, 119)):
        monkeypatch.setenv("COLUMNS", str(width))
        ran = bertsym(*words)
        assert ran.code == whole.code
        lines = ran.out.splitlines()
        rules = [place for place, line in enumerate(lines) if re.fullmatch("─+", line)]
        assert [line for place in rules for line in lines[place - 1 : place + 2] if len(line) > width] == []
        assert all(len(line) <= width for line in lines if re.search(r"\S {2,}\S", line) and "=" not in line), width
        assert set(DIGITS.findall(ran.out)) <= numbers | {str(width)}, "no number is broken over lines"
        if "no room in" not in " ".join(ran.out.split()):
            shown = sorted(ran.out.replace("─", "").split())
            assert "".join(sorted("".join(shown))) == "".join(sorted("".join(whole.out.replace("─", "").split())))


def test_columns_without_room_are_named() -> None:
    columns = [Column(f"title{n}", right=True) for n in range(12)]
    rows = tuple(tuple(Count(10**9 + 10 * row + n) for n in range(12)) for row in range(3))
    table = Table((Column("name"), *columns), tuple((Code("x"), *row) for row in rows), footer=())
    for width in range(20, 140):
        shown = text.document((table,), width=width)
        lines = shown.splitlines()
        assert all(len(line) <= max(width, 20) for line in lines[:4])
        kept = [n for n in range(12) if f"title{n}" in lines[0].split()]
        dropped = [n for n in range(12) if n not in kept]
        assert kept == list(range(len(kept))), "the last columns are left out"
        sentence = " ".join(lines[5:])
        assert ("no room in" in sentence) == bool(dropped)
        assert all(re.search(rf"\btitle{n}\b", sentence) for n in dropped)
        if dropped:  # one more column would not fit
            assert len(lines[1]) + 2 + 13 > width


def test_a_file_has_the_usual_width(bertsym: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    wide = bertsym("models", "--all").out
    assert "no room in" not in " ".join(wide.split())
    for wrong in ("0", "", "wide", "-3", "٣", "1e3"):
        monkeypatch.setenv("COLUMNS", wrong)
        assert bertsym("models", "--all").out == wide
    monkeypatch.setenv("COLUMNS", "9" * 400)
    assert bertsym("models", "--all").out == wide


def test_a_terminal_is_asked_for_its_width() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 66, 0, 0))
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    running = subprocess.Popen(
        [sys.executable, "-m", "bertsym", "show", "bert-base-uncased", "--head", "masked-lm"],
        stdout=theirs,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert running.wait() == 0
    lines = shown.decode().replace("\r", "").splitlines()
    assert 50 < max(map(len, lines)) <= 66
