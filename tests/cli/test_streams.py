"""Standard streams that are full, closed or in another encoding: what is printed is true, and the exit code says so."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from fractions import Fraction
from math import floor
from pathlib import Path
from random import Random
from typing import Any

import pytest

import bertsym
from bertsym import cli
from bertsym.render.spelling import spelled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENCODINGS = ["ascii", "latin-1", "cp1252", "gbk", "cp437", "shift_jis", "koi8-r", "big5", "cp850", "utf-8"]
ERRORS = ["strict", "replace", "ignore", "backslashreplace", "xmlcharrefreplace", "surrogateescape"]


def printed(monkeypatch: pytest.MonkeyPatch, encoding: str, errors: str, *words: str) -> tuple[int, str, str]:
    """Return the output of a run on streams of an encoding, decoded by it."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors, write_through=True) for _ in range(2)]
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", streams[0])
        patched.setattr(sys, "stderr", streams[1])
        patched.setattr(sys, "argv", ["bertsym", *words])
        code = cli.run()
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)
    return code, out, err


def value(formula: str, sizes: dict[str, int]) -> Fraction:
    """A printed formula worked out by Python's own arithmetic, whatever alphabet it is printed in."""
    python = formula.replace("·", "*").replace("−", "-").replace("⌊", "floor(").replace("⌋", ")").replace("^", "**")
    python = re.sub(r"\[([^]]*)\]", r"(\1)", python.replace("≠", "!=").replace("≤", "<=").replace("≥", ">="))
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    python = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: f"**{match.group().translate(digits)}", python)
    python = re.sub(r"\b\d+\b", r"Fraction(\g<0>)", python)
    python = re.sub(r"\*\*Fraction\((\d+)\)", r"**\1", python)
    names = {name: Fraction(number) for name, number in sizes.items()}
    return Fraction(eval(python, {"__builtins__": {}}, {**names, "Fraction": Fraction, "floor": floor}))  # noqa: S307


def drawn(random: Random, sizes: dict[str, int], depth: int = 3) -> tuple[str, Fraction]:
    """A formula as it is printed in Unicode, and its value."""
    if not depth or random.random() < 0.2:
        name = random.choice([*sizes, "12", "7"])
        return name, Fraction(sizes.get(name) or int(name))
    (left, first), (right, second) = (drawn(random, sizes, depth - 1) for _ in range(2))
    match random.randrange(6):
        case 0:
            return f"({left} + {right})", first + second
        case 1:
            return f"({left} − {right})", first - second
        case 2:
            return f"({left})·({right})", first * second
        case 3:
            return f"⌊({left})/3⌋", Fraction(floor(first / 3))
        case 4:
            exponent = random.choice([2, 3, 4, 12, 10])
            raised = str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
            return (f"({left}){raised}" if not left.isalpha() else f"{left}{raised}"), first**exponent
        case _:
            name = random.choice(list(sizes))
            return f"({left})·{name}²", first * sizes[name] ** 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_formula_written_out_is_the_same_formula(encoding: str) -> None:
    """200 formulas an encoding; what is printed is worked out by Python and is the value that was drawn."""
    random = Random(encoding)
    sizes = {"H": 3, "L": 5, "ffn_ratio": 4, "d": 2}
    for _ in range(200):
        text, exact = drawn(random, sizes)
        shown = spelled(text, encoding).encode(encoding).decode(encoding)
        assert value(shown, sizes) == exact, f"{encoding}: {text} as {shown}"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_total_is_the_same_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate the printed formula at random sizes, and compare with the sum over the inventory."""
    random = Random(encoding)
    for name in random.sample(["bert", "gpt2", "roberta", "electra", "distilbert"], 2):
        form, errors = random.choice(["expanded", "collected", "factored"]), random.choice(ERRORS)
        code, out, err = printed(monkeypatch, encoding, errors, "total", name, "--form", form)
        assert (code, err) == (0, "")
        assert "?" not in out
        formula = " ".join(line for line in out.split("\n")[1:] if "--head model" not in line)
        named = set(re.findall(r"[A-Za-z_]\w*", formula.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", " " * 10)))) - {"floor"}
        sizes = {symbol: random.randrange(2, 9) for symbol in sorted(named)}
        count = bertsym.load(name).at(**{"heads": 1, **sizes}).count()
        assert value(formula, sizes) == count, f"{encoding}, {name}, {form}: {formula}"


PRINTED = [
    ["total", "bert"],
    ["total", "deepseek_v3"],
    ["show", "bert-base-uncased"],
    ["tensors", "bert"],
    ["explain", "bert-base-uncased"],
    ["diff", "bert", "--by", "L"],
    ["solve", "bert", "--target", "110M", "--for", "H"],
    ["solve", "bert", "--target", "110M", "--for", "H,L"],
    ["compare", "bert", "gpt2"],
    ["compare", "bert", "--conventions"],
    ["plot", "parts", "bert-base-uncased", "llama-7b"],
    ["roofline", "llama-7b", "--device", "h100-sxm", "--at", "B=1,S=512"],
    ["macros", "bert-base-uncased"],
    ["audit", "12LH² ≈ 3"],
    ["audit", "85M"],
    ["symbols"],
    ["symbols", "H"],
    ["models"],
    ["models", "bert-base-uncased"],
]
SYNTAXES = [[], ["--markdown"], ["--json"], ["--latex"], ["--html"], ["--typst"], ["--csv"]]
NUMBERS = re.compile(r"\d[\d,]*")
EVERYWHERE = [*ENCODINGS, "utf-16", "utf-32", "utf-8-sig", "utf-7", "euc_kr", "cp037"]


@pytest.mark.parametrize("encoding", EVERYWHERE)
def test_every_answer_can_be_printed(encoding: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each command in each syntax, drawn; the numbers are those that a stream with every character shows."""
    (tmp_path / "paper.tex").write_text("% bertsym: show bert\n% bertsym: end\nH² − 中\n", encoding="utf-8")
    runs = [[*words, *output] for words in PRINTED for output in SYNTAXES]
    chosen = [*Random(encoding).sample(runs, 14), ["embed", "--diff", "--check", str(tmp_path / "paper.tex")]]
    for words in chosen:
        code, out, err = printed(monkeypatch, encoding, "strict", *words)
        whole = printed(monkeypatch, "utf-8", "strict", *words)
        assert code == whole[0], (words, err)
        assert "Traceback" not in err
        assert code in (0, 1) or "contradicts" in err or "no option" in err, (words, err)
        escaped = {"--json": r"\\u[0-9a-f]{4}", "--typst": r"\\u\{[0-9a-f]+\}", "--html": r"&#\d+;"}
        plain = re.sub(escaped.get(words[-1], "$^"), " ", out)
        if words[-1] != "--latex" and words[0] != "embed":
            assert not re.search(r"\\u[0-9a-f]{4}|\\N\{|[\ufffd]", plain), (words, out)
        raised = out.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        shown = whole[1].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        if words[-1] not in escaped and words[0] != "embed":
            assert NUMBERS.findall(raised) == NUMBERS.findall(shown), words


def test_help_can_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in EVERYWHERE:
        for words in ([], ["help"], ["help", "total"], ["--citation"], ["-V"]):
            code, out, err = printed(monkeypatch, encoding, "strict", *words)
            assert (code, err) == (0, ""), (encoding, words)
            assert out == printed(monkeypatch, "utf-8", "strict", *words)[1]


@pytest.mark.parametrize("named", ["cp1252", "gbk", "ascii:strict", "latin-1", "ascii:replace"])
def test_the_environment_may_choose_the_encoding(named: str) -> None:
    """A process of its own, as a shell on Windows or in China starts it."""
    environment = {**os.environ, "PYTHONIOENCODING": named}
    done = subprocess.run(
        [sys.executable, "-m", "bertsym", "total", "bert", "--form", "factored"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
        timeout=300,
    )
    formula = done.stdout.decode(named.partition(":")[0]).splitlines()[1]
    sizes = {"H": 768, "L": 12, "V": 30522, "N": 512, "ffn_ratio": 4}
    assert value(formula, sizes) == 109482240
    assert not done.stderr


def test_what_has_no_spelling_is_escaped_or_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "日本"}', encoding="utf-8")
    code, _, err = printed(monkeypatch, "latin-1", "replace", "total", str(tmp_path))
    assert (code, "\\u65e5\\u672c" in err) == (2, True)
    code, out, _ = printed(
        monkeypatch, "ascii", "strict", "show", "bert", "--latex", "--caption", "Größe", "--label", "x"
    )
    assert code == 0
    assert r"\caption{Gr{\"o}" in out
    code, out, err = printed(monkeypatch, "ascii", "strict", "show", "bert", "--latex", "--caption", "日本")
    assert (code, out) == (2, "")
    assert "has no '" in err


def ran(words: list[str], **streams: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "bertsym", *words], cwd=ROOT, check=False, timeout=300, **streams)


COMMANDS = [["total"], ["--version"], ["--help"], ["show", "bert-base-uncased", "--json"], ["total", "--latex"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_standard_output_that_takes_nothing(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = ran(words, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"standard output: No space left on device" in done.stderr


@pytest.mark.parametrize(
    ("closing", "words", "code", "said"),
    [
        (">&-", "total", 2, "it is closed"),
        (">&- 2>&-", "total", 2, ""),
        ("2>&-", "total nonsense", 2, ""),
        ("2>/dev/full", "total nonsense", 2, ""),
        (">/dev/full 2>/dev/full", "total", 2, ""),
        (">&- </dev/null", "embed --check x.tex", 0, ""),  # it has nothing to say
        ("<&- >&- 2>&-", "embed x.tex", 0, ""),
        ("1</dev/null", "total", 2, "Bad file descriptor"),
    ],
)
def test_closed_streams(closing: str, words: str, code: int, said: str, tmp_path: Path) -> None:
    paper = tmp_path / "x.tex"
    paper.write_text("nothing\n", encoding="utf-8")
    line = f"'{sys.executable}' -m bertsym {words} {closing}".replace("x.tex", str(paper))
    done = subprocess.run(["/bin/sh", "-c", line], cwd=ROOT, capture_output=True, check=False, timeout=300)
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.count(b"\n") == bool(said)
    assert said.encode() in done.stderr
    assert paper.read_text(encoding="utf-8") == "nothing\n"


def test_a_reader_that_has_seen_enough_hears_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = ran(["tensors", "bert-base-uncased"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


# The process interrupts itself at a call that is drawn, so that no time decides.
INTERRUPTED = """
import os, signal, sys
left = int(sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in what runs in the background
def count(frame, event, arg):
    global left
    if event in ("call", "c_call"):
        left -= 1
        if left == 0:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)
from bertsym.cli import main
def leave(code, leave=os._exit):
    sys.setprofile(None)
    os.write(2, b"%d calls left" % left) if code == 0 else None
    leave(code)
os._exit = leave
sys.setprofile(count)
main()
"""


def interrupted_at(call: int) -> subprocess.CompletedProcess[bytes]:
    words = ["total", "bert", "--latex"]
    command = [sys.executable, "-c", INTERRUPTED, str(call), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)


def test_an_interrupt_at_any_call_ends_it_quietly() -> None:
    most = 10**9
    whole = interrupted_at(most)
    assert whole.returncode == 0
    calls = most - int(whole.stderr.split()[0])
    random = Random(3)
    first = [random.randrange(20, 2_000) for _ in range(2)]
    for call in [*first, *(random.randrange(2_000, int(calls * 0.95)) for _ in range(5))]:
        done = interrupted_at(call)
        assert (done.returncode, done.stderr) == (130, b""), f"call {call} of {calls}: {done.stderr[-300:]!r}"
        assert done.stdout in (b"", whole.stdout)


def test_importing_the_command_line_changes_no_handler() -> None:
    before = signal.getsignal(signal.SIGINT)
    code = "import signal; before = signal.getsignal(2); import bertsym.cli.app; print(signal.getsignal(2) is before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"True\n"
    assert signal.getsignal(signal.SIGINT) is before
