"""Pictures by matplotlib: as wide as asked, nothing cut off, alike in every run, refused whole without the library."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need_module
from tests.figures.conftest import lightness, words_of
from tests.figures.test_source import HOSTILE, KINDS

Run = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("matplotlib")


def written(bertsym: Run, path: Path, *words: str) -> bytes:
    ran = bertsym("plot", *words, "-o", str(path))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    return path.read_bytes()


def edge(png: bytes) -> set[int]:
    """The shades of grey on the outermost columns and rows of a picture."""
    picture = need_module("PIL.Image").open(io.BytesIO(png)).convert("L")
    width, height = picture.size
    sides = ((0, 0, 1, height), (width - 1, 0, width, height), (0, 0, width, 1), (0, height - 1, width, height))
    return {shade for side in sides for shade in picture.crop(side).tobytes()}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_cut_off_at_the_edge(kind: str, bertsym: Run, tmp_path: Path) -> None:
    png = written(bertsym, tmp_path / "a.png", *KINDS[kind], "--width", "219pt@11")
    width, _ = struct.unpack(">II", png[16:24])
    assert abs(width - 219 / 72.27 * 300) <= 1
    assert edge(png) == {255}


@pytest.mark.parametrize("kind", ["parts", "iso"])
def test_files_are_as_wide_as_asked(kind: str, bertsym: Run, tmp_path: Path) -> None:
    pdf = written(bertsym, tmp_path / "a.pdf", *KINDS[kind], "--width", "acl")
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf)
    assert box is not None
    assert abs(float(box.group(1)) - 219.08 / 72.27 * 72) < 0.01
    svg = written(bertsym, tmp_path / "a.svg", *KINDS[kind], "--width", "acl")
    assert re.search(rb'<svg [^>]*width="218.26\d*pt"', svg)


def test_the_fonts_of_a_pdf_are_ones_that_conferences_take(bertsym: Run, tmp_path: Path) -> None:
    pdf = written(bertsym, tmp_path / "a.pdf", *KINDS["parts"])
    assert b"/Subtype /Type3" not in pdf
    assert b"STIXGeneral" in pdf
    assert b"STIXGeneral" not in written(bertsym, tmp_path / "b.pdf", *KINDS["parts"], "--font", "sans")


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_the_same_figure_has_the_same_bytes(suffix: str, bertsym: Run, tmp_path: Path) -> None:
    first, second = (written(bertsym, tmp_path / f"{i}.{suffix}", *KINDS["total"]) for i in range(2))
    assert first == second


def test_the_fills_of_a_picture_are_apart_in_grey(bertsym: Run, tmp_path: Path) -> None:
    """The legend comes last in the file: its fills, in order, are those of the parts."""
    svg = written(bertsym, tmp_path / "a.svg", *KINDS["parts"]).decode()
    fills = list(dict.fromkeys(re.findall(r"style=\"fill: #(\w{6}); stroke: #000000", svg)))
    shades = [lightness(fill) for fill in fills]
    assert len(shades) == 4
    assert all(after - before >= 15 for before, after in pairwise(shades))


def test_the_words_of_a_user_are_no_mathematics(bertsym: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    written(bertsym, path, "parts", "bert-base-uncased", "--name", HOSTILE, "--width", "neurips")
    text = " ".join(word.text for word in words_of(path))
    assert r"50% of \input{x} $a$ _b ^~ <c>& #1 é {" in text


def test_a_symbol_that_matplotlib_cannot_read_is_plain(bertsym: Run, tmp_path: Path) -> None:
    written(bertsym, tmp_path / "a.png", *KINDS["total"], "--rename", r"H=\mathcal{H}_{\mathrm{x}}")
    written(bertsym, tmp_path / "b.png", "elasticities", "DeepSeek-V3")


def test_characters_without_a_glyph_are_named(bertsym: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    ran = bertsym("plot", "parts", "bert-base-uncased", "--name", "日本", "-o", str(path))
    assert ran.code == 0
    assert "the font has no '日本'" in ran.err
    assert path.exists()


def test_without_matplotlib_it_says_what_to_install(
    bertsym: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "a.pdf"
    ran = bertsym("plot", *KINDS["parts"], "-o", str(path))
    assert ran.code == 2
    assert "pip install 'bertsym[plot]'" in ran.err
    assert not path.exists()
    assert bertsym("plot", *KINDS["parts"], "--latex").code == 0, "the source needs no extra"


def test_a_wrong_backend_in_the_environment_is_no_traceback(tmp_path: Path) -> None:
    words = ["plot", "parts", "bert-tiny", "-o", str(tmp_path / "a.png")]
    done = subprocess.run(
        [sys.executable, "-m", "bertsym", *words],
        env={**os.environ, "MPLBACKEND": "foo"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bertsym: MPLBACKEND: expected a backend that matplotlib knows")


@pytest.mark.parametrize("name", ["a.pdf", "a.tex"])
def test_a_file_that_cannot_be_written_is_an_error(name: str, bertsym: Run, tmp_path: Path) -> None:
    ran = bertsym("plot", *KINDS["parts"], "-o", str(tmp_path / "missing" / name))
    assert ran.code == 2
    assert "cannot be written" in ran.err
