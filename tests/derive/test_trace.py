"""A trace says what each stage did, changes nothing, and never holds half a line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from inspect import get_annotations
from pathlib import Path
from typing import Any

import pytest

from bertsym.cli.progress import WIDTH, Progress
from bertsym.derive import events, trace_file
from bertsym.derive.events import STAGES, Begun, BuildCount, Formula, Observed, Problem, StageEnded, Synthesized
from bertsym.derive.export import recorded
from bertsym.derive.oracle.client import BuildCounts, Worker
from bertsym.derive.pipeline import derive_in
from bertsym.derive.trace import NO_TRACE, Trace
from bertsym.derive.trace_file import TraceFile, encoded
from bertsym.errors import BadFile
from bertsym.saved_model.encode import text

README = Path(trace_file.__file__).parent / "README.md"
BOTH = ("tests.derive.ruled:both", {"hidden": 1024, "heads": 16, "decoder_heads": 16})
LAYERED = ("tests.derive.layered:hybrid", {"hidden": 8, "layers": 6})
BEGUN = Begun(1, "a:b", 0, 16, "B", "a.py", {"hidden": 8})


def lines(path: Path) -> list[dict[str, Any]]:
    """Read a trace back; a half line, or a number that is not finite, fails."""
    whole = path.read_bytes()
    assert whole.isascii()
    assert not whole or whole.endswith(b"\n")
    read: list[dict[str, Any]] = [json.loads(line, parse_constant=pytest.fail) for line in whole.splitlines()]
    return read


def ended(conclusion: Any) -> StageEnded:
    return StageEnded("synthesis", "synthesize", 1, 0, 1, BuildCount(1, 2, 3), "0.100", conclusion)


# --- what a derivation writes ---


@pytest.fixture
def traced(running: Worker, tmp_path: Path) -> Callable[..., tuple[str, list[dict[str, Any]]]]:
    def run(target: str, sizes: Mapping[str, int], name: str = "trace.jsonl") -> tuple[str, list[dict[str, Any]]]:
        path = tmp_path / name
        with TraceFile(path) as file:
            found = derive_in(running, target, dict(sizes), trace=Trace([file]))
        return text(recorded(found)), lines(path)

    return run


@pytest.mark.parametrize(("target", "sizes"), [BOTH, LAYERED], ids=["ruled", "layered"])
def test_a_trace_changes_no_derivation(traced: Any, running: Worker, target: str, sizes: Mapping[str, int]) -> None:
    saved, _ = traced(target, sizes)
    assert saved == text(recorded(derive_in(running, target, dict(sizes))))


def test_two_runs_with_one_seed_differ_in_seconds_only(traced: Any) -> None:
    first, second = (traced(*LAYERED, name)[1] for name in ("one.jsonl", "two.jsonl"))
    assert first != []
    for line in (*first, *second):
        line.pop("seconds", None)
    assert first == second


def test_every_line_has_the_fields_that_the_readme_documents(traced: Any) -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \|.*?\| ((?:`\w+`(?:, )?)+) \|$", README.read_text(), re.MULTILINE))
    documented |= dict(re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", README.read_text(), re.MULTILINE))
    seen = set()
    for line in [line for case in (BOTH, LAYERED) for line in traced(*case)[1]]:
        allowed = set(re.findall(r"\w+", documented[line["event"]]))
        assert set(line) - {"event", "omitted"} <= allowed, line
        if line["event"] == "stage":
            assert line["stage"] in STAGES
            assert set(line["builds"]) == {"accepted", "rejected", "timed_out"}
            concluded = line["concluded"]
            seen.add(concluded["kind"])
            assert set(concluded) - {"kind"} <= set(re.findall(r"\w+", documented[concluded["kind"]])), line
    assert seen == {"domain_found", "path_seen", "sampled", "synthesized", "checked", "concluded"}


def test_the_readme_documents_every_conclusion() -> None:
    page = README.read_text(encoding="utf-8")
    for kind in events.Conclusion.__args__:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` | ") and line.count("|") == 4)
        assert re.findall(r"`(\w+)`", row.split("|")[3]) == list(get_annotations(kind))


def test_an_observation_is_defined_before_it_is_referred_to(traced: Any) -> None:
    defined: set[int] = set()
    for line in traced(*LAYERED)[1]:
        if line["event"] == "observation":
            assert line["id"] not in defined
            assert line.get("changed_from") in {None, *defined}
            defined.add(line["id"])
        elif line["event"] == "stage":
            concluded = line["concluded"]
            referred = {number for ids in concluded.get("ids", {}).values() for number in ids}
            examples = concluded.get("counterexamples", []) if concluded["kind"] == "checked" else []
            assert referred | {one["observation"] for one in examples} <= defined
    assert len(defined) > 16


def test_a_constraint_comes_with_the_rejection_that_led_to_it(traced: Any) -> None:
    stages = [line for line in traced(*BOTH)[1] if line.get("stage") == "domain"]
    (constraint,) = stages[0]["concluded"]["constraints"]
    assert constraint["field"] == "hidden"
    assert constraint["first_rejection"] == {
        "fields": {"hidden": 1025},
        "error": "ValueError: 1025 is no multiple of 16",
    }
    assert constraint["excluded_rejections"] > 0
    assert constraint["excluded_accepted"] == 0


def test_the_error_that_ends_a_derivation_is_its_last_event(
    bertsym: Callable[..., Any], torch: Any, tmp_path: Path
) -> None:
    assert torch
    path = tmp_path / "trace.jsonl"
    ran = bertsym(
        "derive", "tests.derive.models_misbehaving:no_size_matters", "--size", "hidden=8", "--trace", str(path)
    )
    assert ran.code == 2
    last = lines(path)[-1]
    assert last["concluded"]["kind"] == "problem"
    assert last["concluded"]["error"] in ran.err


def test_nothing_is_made_if_nobody_listens() -> None:
    assert not NO_TRACE.is_on
    NO_TRACE.take(lambda: pytest.fail("an event was made"))
    with NO_TRACE.stage("synthesis", "synthesize", FakeOracle()) as stage:  # type: ignore[arg-type]
        stage.conclude(lambda: pytest.fail("a conclusion was made"))


class FakeOracle:
    counts = BuildCounts()


# --- the file ---


@pytest.mark.parametrize("hostile", ["\x1b[31mred\n\r\u2028\x00", '"}\n{"event": "begun"', "\udcff", "名" * 10_000])
def test_a_hostile_name_stays_one_line(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "trace.jsonl"
    formula = Formula(hostile, (hostile,), ("H",), "true", None, None, 3)
    with TraceFile(path) as file:
        file.take(BEGUN)
        file.take(ended(Synthesized(3, 1, (formula,), ())))
        file.take(ended(Problem(hostile)))
    begun, synthesized, problem = lines(path)
    assert begun["target"] == "a:b"
    assert problem["concluded"]["error"] == synthesized["concluded"]["formulas"][0]["tensor"]
    assert problem["concluded"]["error"].removesuffix("...") in hostile


def test_a_long_list_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "MAX_TRACED_ENTRIES", 2)
    line = json.loads(encoded(ended(Synthesized(3, 1, (Formula("a", (), ("H",), "true", None, None, 3),) * 5, ()))))
    assert len(line["concluded"]["formulas"]) == 2
    assert line["omitted"] == {"concluded.formulas": 3}


def test_a_huge_number_is_described() -> None:
    assert json.loads(encoded(Observed(1, "random", {"H": 10**5000}, 3)))["sizes"] == {"H": "an integer of 16610 bits"}


def test_a_line_that_would_be_too_long_says_its_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "MAX_TRACE_LINE_BYTES", 300)
    line = json.loads(encoded(ended(Synthesized(3, 1, (Formula("a", (), ("H",), "true", None, None, 3),) * 50, ()))))
    assert line["concluded"] == {"kind": "too_long", "summary": "50 formulas from 3 observations"}
    assert line["stage"] == "synthesis"


@pytest.mark.parametrize(("limit", "value"), [("MAX_TRACE_LINES", 5), ("MAX_TRACE_BYTES", 600)])
def test_a_trace_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(trace_file, limit, value)
    path = tmp_path / "trace.jsonl"
    with TraceFile(path) as file:
        for _ in range(50):
            file.take(BEGUN)
    assert [line["event"] for line in lines(path)][-2:] == ["begun", "truncated"]
    assert len(lines(path)) <= 5


def test_an_older_trace_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text("x" * 10_000)
    with TraceFile(path) as file:
        file.take(BEGUN)
    assert len(lines(path)) == 1


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "trace.jsonl", os.write

    def half(handle: int, data: Any) -> int:
        if len(data) > 40:
            return write(handle, bytes(data[:40]))
        raise OSError(28, "No space left on device")

    with TraceFile(path) as file:
        file.take(BEGUN)
        monkeypatch.setattr(os, "write", half)
        with pytest.raises(BadFile, match="No space left on device"):
            file.take(BEGUN)
        monkeypatch.undo()
    assert len(lines(path)) == 1


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    (path.parent / "precious").write_text("precious")
    path.symlink_to(path.parent / "precious")


def _read_only(path: Path) -> None:
    path.write_text("precious")
    path.chmod(0o400)


@pytest.mark.parametrize("make", [_folder, _pipe, _link, _read_only])
def test_what_is_no_file_to_write_is_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "trace.jsonl"
    make(path)
    with pytest.raises(BadFile):
        TraceFile(path)
    if path.is_file():
        assert path.read_text() == "precious"


# --- the command line ---


@pytest.mark.parametrize("name", ["no/such/folder/trace.jsonl", "a\0b", "/dev/full", "."])
def test_a_trace_that_cannot_be_written_is_refused_before_any_code_runs(
    bertsym: Callable[..., Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "_start", lambda _: pytest.fail("the code ran"))
    ran = bertsym("derive", "tests.derive.ruled:both", "--size", "hidden=8", "--trace", name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("spelling", ["model.json", "folder/../model.json", "link/model.json"])
def test_trace_and_output_are_two_files(bertsym: Callable[..., Any], tmp_path: Path, spelling: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    file, trace = str(tmp_path / "model.json"), str(tmp_path / spelling)
    ran = bertsym("derive", "tests.derive.ruled:both", "--size", "hidden=8", "--trace", trace, "-o", file)
    assert ran.code == 2
    assert "same file" in ran.err
    assert not Path(file).exists()


def test_progress_in_a_file_is_a_line_a_stage(bertsym: Callable[..., Any], torch: Any) -> None:
    assert torch
    words = ["derive", "tests.derive.models_misbehaving:prints", "--size", "hidden=8"]
    quiet, told = bertsym(*words), bertsym(*words, "--progress")
    assert quiet.err == ""
    assert told.out == quiet.out
    said = told.err.splitlines()
    assert said[0].startswith("bertsym: domain, infer: ")
    assert " builds, " in said[0]
    assert {line.split(": ")[1].partition(",")[0] for line in said} == set(STAGES) - {"oracle"}
    assert all(line.isprintable() for line in said)


def test_progress_on_a_terminal_erases_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertsym.cli.streams import edged

    with edged():
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        with Progress() as progress:
            progress.begin("domain", "infer")
            progress.take(ended(Problem("\x1b[2J名\n" + "x" * 500)))
    written = capsys.readouterr().err
    assert "\x1b" not in written
    assert "\n" not in written
    assert all(len(line) <= WIDTH for line in written.split("\r"))
    assert written.endswith("\r" + " " * WIDTH + "\r")
