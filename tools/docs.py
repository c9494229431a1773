"""Rerun the commands that README.md and the pages of docs show, and rewrite or check their output.

A shown run is a fenced block of the kind `console`. A line that begins with `$ ` is a command; the lines after it are
its output. Commands run in examples/, in this process. Only `bertsym` is run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?<=```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def ran(command: str) -> str:
    """Return the output of a bertsym command, both streams together."""
    from sympy.core.cache import clear_cache  # noqa: PLC0415

    from bertsym.cli import run  # noqa: PLC0415  # the only import that needs the package

    program, *words = shlex.split(command)
    if program != "bertsym":
        raise SystemExit(f"only bertsym is run in documentation, not {command!r}")
    sys.argv = ["bertsym", *words]
    # A cached product may have the symbol of another model, with the meaning that its code gives it.
    clear_cache()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        run()
    return printed.getvalue()


def refreshed(block: str) -> str:
    """Return the block with the present output of each command; one that needs torch stays as it is without it."""
    if ("bertsym derive " in block or "--framework" in block) and find_spec("torch") is None:
        return block
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{ran(command)}" for command in commands)


def main(*, check: bool) -> int:
    """Refresh every page; with `check`, change nothing and return 1 if a page is stale."""
    os.chdir(ROOT / "examples")
    os.environ.pop("COLUMNS", None)  # pages show the usual width
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda match: refreshed(match.group()), text)
        if new != text:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(new, encoding="utf-8")
    for page in stale:
        print(f"{page}: {'stale, run `make golden`' if check else 'refreshed'}", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if a page is stale")
    sys.exit(main(check=parser.parse_args().check))
