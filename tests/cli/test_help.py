"""Read each help page as a stranger does: at 80 columns, with nothing cut and nothing unexplained."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from bertsym.cli.app import app

GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = GROUP.commands
COLUMNS = 80


def help_of(command: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a help page as a terminal of 80 columns shows it."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("TERMINAL_WIDTH", str(COLUMNS))
    with command.make_context("bertsym", ["--nothing"], ignore_unknown_options=True, resilient_parsing=True) as context:
        page: str = command.get_help(context)
    return page


def test_the_summary_of_each_command_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    page = help_of(GROUP, monkeypatch)
    for name, command in COMMANDS.items():
        summary = command.help.split("\n\n")[0].strip()
        assert len(summary) < 60, (name, summary)
        assert re.search(rf"^  {name} +{re.escape(summary)}$", page, re.MULTILINE), (name, summary)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_page_fits_a_terminal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = help_of(COMMANDS[name], monkeypatch).splitlines()
    assert [line for line in lines if len(line) > COLUMNS] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_says_what_it_does(name: str) -> None:
    brief = [option.name for option in COMMANDS[name].params if len((option.help or "").split()) < 3]
    assert set(brief) <= {"seed"}, "two words are enough for a random seed only"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_begins_with_a_verb(name: str) -> None:
    """The verbs are those that users meet; `ruff` has D401 for all other docstrings."""
    verbs = "Print Break List Derive Differentiate Find Compare Check Refresh Write Show"
    assert COMMANDS[name].help.split()[0] in verbs.split()


def test_options_of_latex_read_as_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    section = help_of(COMMANDS["total"], monkeypatch).partition("LaTeX (with --latex):\n")[2]
    texts = re.findall(r"^  --[\w-]+(?: [A-Z]+)? {2,}(.*)$", section, re.MULTILINE)
    assert len(texts) >= 8
    assert [text for text in texts if text.startswith("LaTeX") or not text[0].isupper()] == []
