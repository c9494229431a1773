"""Bars of shares: each is as long as its share to the nearest part of a cell, in every encoding."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bertsym import cli, load
from bertsym.errors import Conflict
from bertsym.render.bars import bar

EIGHTHS = {character: Fraction(1 + index, 8) for index, character in enumerate("▏▎▍▌▋▊▉█")}
WIDTH = 20
HALF_OF = {"utf-8": Fraction(1, 16), "gbk": Fraction(1, 16), "cp437": Fraction(1, 4), "ascii": Fraction(1, 2)}
"""Half of the smallest part of a cell that an encoding has: eighths, halves or whole cells."""


def run(monkeypatch: pytest.MonkeyPatch, *words: str, encoding: str = "utf-8", terminal: bool = False) -> str:
    """The output of a run on a stream of that encoding, which may be a terminal."""
    out = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)
    vars(out)["isatty"] = lambda: terminal
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "argv", ["bertsym", *words])
        assert cli.run() == 0
    return out.buffer.getvalue().decode(encoding)


def length(bar: str) -> Fraction:
    """The cells that a bar fills; the part of a cell can only be its last."""
    assert all(character in "█#" for character in bar[:-1])
    return sum((Fraction(1) if character == "#" else EIGHTHS[character] for character in bar), Fraction(0))


def bars(text: str, names: list[str]) -> dict[str, Fraction]:
    """The length of the bar in the line that begins with each name."""
    lines = {name: next(line for line in text.splitlines() if line.startswith(name + "  ")) for name in names}
    return {name: length(line.partition("%")[2].strip()) for name, line in lines.items()}


@pytest.mark.parametrize("encoding", HALF_OF)
@pytest.mark.parametrize("words", ["bert-base-uncased", "gpt2-xl --by role", "mixtral-default", "bert-tiny --by layer"])
def test_a_bar_is_as_long_as_its_share(monkeypatch: pytest.MonkeyPatch, words: str, encoding: str) -> None:
    record = json.loads(run(monkeypatch, "show", *words.split(), "--json"))
    shares = {row["name"]: Fraction(row["count"], record["total"]["count"]) for row in record["rows"]}
    text = run(monkeypatch, "show", *words.split(), "--bars", encoding=encoding)
    drawn = bars(text, [*shares, "total"])
    assert drawn.pop("total") == WIDTH
    assert all(abs(drawn[name] - WIDTH * share) <= HALF_OF[encoding] for name, share in shares.items())


def test_no_digit_of_a_share_goes_through_a_float() -> None:
    # Between 61 and 62 of the 160 eighths, which a float of 53 bits cannot tell from its border.
    border, least = Fraction(123, 320), Fraction(1, 10**40)
    assert [length(bar(share)) * 8 for share in (border - least, border, border + least)] == [61, 62, 62]


def test_a_terminal_has_bars_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(*words: str, terminal: bool) -> str:
        return run(monkeypatch, "show", "bert-base-uncased", *words, terminal=terminal)

    plain, barred = shown(terminal=False), shown("--bars", terminal=False)
    assert ("█" in plain, "█" in barred) == (False, True)
    assert shown(terminal=True) == barred
    assert shown("--no-bars", terminal=True) == plain
    for words in (["--markdown"], ["--latex"], ["--csv"], ["--json"], ["--columns", "component,share"]):
        assert shown(*words, terminal=True) == shown(*words, terminal=False)
    assert run(monkeypatch, "show", "bert", terminal=True) == run(monkeypatch, "show", "bert")


def test_bars_take_a_fifth_of_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(monkeypatch, "show", "bert-base-uncased", terminal=True)
    assert max(map(len, shown.splitlines())) <= 80
    assert bars(shown, ["total"]) == {"total": 16}
    monkeypatch.setenv("COLUMNS", "79")
    assert "█" not in run(monkeypatch, "show", "bert-base-uncased", terminal=True)


def test_a_narrow_terminal_leaves_out_the_bars_last(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(width: int) -> tuple[str, str]:
        monkeypatch.setenv("COLUMNS", str(width))
        text = run(monkeypatch, "show", "bert-base-uncased", "--bars", terminal=True)
        assert max(map(len, text.splitlines())) <= width
        table, _, sentence = text.partition("\n(the column")
        return table, " ".join(sentence.split())

    for width, left_out in (
        (60, " share has"),
        (45, "s parameters, share have"),
        (30, "s formula, parameters, share have"),
    ):
        table, sentence = shown(width)
        assert sentence.startswith(left_out.strip())
        # The longest bar is that of the whole.
        assert max(line.count("█") for line in table.splitlines()) == max(8, width // 5)
    table, sentence = shown(20)
    assert "█" not in table
    assert sentence.startswith("s formula, parameters, share, bars have no room in 20 characters")


def test_bars_without_shares_are_refused(bertsym: Callable[..., Any]) -> None:
    for words in (["bert"], ["bert-base-uncased", "--latex"], ["bert-base-uncased", "--columns", "component"]):
        refused = bertsym("show", *words, "--bars")
        assert (refused.code, refused.out) == (2, "")
        assert "--bars" in refused.err
    with pytest.raises(Conflict):
        load("bert-base-uncased").total().text(bars=True)
