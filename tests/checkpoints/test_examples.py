"""The example checkpoints are what their script writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.checkpoints.files import ROOT

FOLDER = ROOT / "examples" / "checkpoints"


def test_the_script_writes_the_examples(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(FOLDER / "make.py"), str(tmp_path)], check=True, timeout=60)
    written = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert len(written) == 6
    assert all((FOLDER / name).read_bytes() == data for name, data in written.items())
