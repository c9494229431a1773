"""The progress of a long search: said once in a file, over one line on a terminal, and never for a short one."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bertsym.cli.search_progress import SearchProgress
from bertsym.cli.streams import Edge


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def listened(stream: io.StringIO, hearings: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a listener writes that hears shares at times."""
    monkeypatch.setattr(sys, "stderr", Edge(stream, "standard error", tolerant=True))
    now = 0.0
    with SearchProgress(lambda: now) as progress:
        for now, share in hearings:  # noqa: B007  # the clock reads it
            progress(10**12, share)
    return stream.getvalue()


def test_a_file_has_one_line_about_a_long_search(monkeypatch: pytest.MonkeyPatch) -> None:
    written = listened(io.StringIO(), [(0.5, 0.01), (2.0, 0.1), (4.0, 0.2), (20.0, 1.0)], monkeypatch)
    assert written.splitlines() == [
        "bertsym: 1,000,000,000,000 configurations, about 18 seconds; Ctrl-C shows the best so far"
    ]


def test_a_terminal_shows_the_share_and_is_clean_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    written = listened(Terminal(), [(2.0, 0.001), (2.1, 0.002), (1000.0, 0.5)], monkeypatch)
    assert "about 34 minutes; Ctrl-C" in written
    assert "searching: 50%, about 17 minutes left, Ctrl-C for the best so far" in written
    assert written.rpartition("so far")[2].strip("\r ") == ""


def test_a_search_without_an_estimate_says_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    written = listened(io.StringIO(), [(2.0, 0.0), (3.5, 0.0), (9.0, 0.0)], monkeypatch)
    assert written == (
        "bertsym: 1,000,000,000,000 configurations, a time that is not known yet; Ctrl-C shows the best so far\n"
    )


def test_a_short_search_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listened(Terminal(), [(0.1, 0.2), (0.9, 0.99)], monkeypatch) == ""


def test_the_second_search_of_a_space_is_measured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    written = listened(io.StringIO(), [(0.9, 0.9), (10.0, 0.1), (12.0, 0.2)], monkeypatch)
    assert "about 8 seconds" in written


@pytest.mark.slow
def test_a_space_of_two_million_million_is_searched_completely(bertsym: Callable[..., Any]) -> None:
    np = pytest.importorskip("numpy")
    unknowns = "--for H,L,F,heads,kv_heads --range H=32..16384 --range F=16..16384 --multiple-of 16"
    ran = bertsym(*f"solve llama --target 8030261248 {unknowns} --order error --top 9 --json".split())
    answer = json.loads(ran.out)
    assert answer["complete"]
    assert answer["searched"] == 1023 * 128 * 1024 * 128 * 128 > 10**12
    # The count of LLaMA by hand, with one product for all heads that share keys: kv_heads/heads is 1/shared.
    depth = np.arange(1, 129, dtype=np.int64)
    errors: dict[tuple[int, int], int] = {}
    for width in range(32, 16385, 16):
        numbers = [n for n in range(1, 129) if width % n == 0]
        for shared in {n // kv for n in numbers for kv in range(1, n + 1) if n % kv == 0}:
            fixed = 2 * 32000 * width + width + depth * (2 * width**2 + 2 * width * (width // shared) + 2 * width)
            below = (8030261248 - fixed) // (depth * 3 * width) // 16 * 16
            for feed_forward in (below, below + 16):
                error = np.abs(fixed + depth * 3 * width * feed_forward - 8030261248)
                error[(feed_forward < 16) | (feed_forward > 16384)] = 2**62
                errors[width, shared] = min(errors.get((width, shared), 2**62), int(error.min()))
    best = [(abs(one["error"]), one["at"]) for one in answer["candidates"]]
    assert best[0][0] == min(errors.values())
    assert all(errors[at["H"], at["heads"] // at["kv_heads"]] <= error for error, at in best)


def test_a_small_search_does_not_import_numpy() -> None:
    code = """if True:
        import sys
        from bertsym.cli import main
        sys.argv = "bertsym solve bert --target 110M --for H,L".split()
        try:
            main()
        except SystemExit as ended:
            assert not ended.code
        assert "bertsym.solving.search" in sys.modules and "numpy" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
