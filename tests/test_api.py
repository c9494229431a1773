"""The library as its users see it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

import bertsym
from bertsym import Answer, load
from bertsym.answers.verification import Verification
from bertsym.cli.page import Page
from bertsym.errors import BertsymError
from bertsym.parts import size
from bertsym.printing import SYNTAXES, Choices, LatexOptions


def test_a_model_is_a_value() -> None:
    assert bertsym.load("bert-base-uncased") == bertsym.load("bert-base-uncased")
    assert len({bertsym.load("bert"), bertsym.load("bert"), bertsym.load("bert").at(H=768)}) == 2
    assert len({bertsym.load(name).total() for name in ("bert", "bert", "bert-base-uncased")}) == 2
    assert bertsym.load("bert").with_head("masked-lm") != bertsym.load("bert")


class Indexed:
    """An integer of another library."""

    def __index__(self) -> int:
        return 768


@pytest.mark.parametrize("hidden", [768, "768", Fraction(768), sympy.Integer(768), Indexed()])
def test_exact_numbers_of_any_library(hidden: Any) -> None:
    assert bertsym.load("bert-base-uncased").at(H=hidden).count() == 109482240


def test_what_a_size_may_be_given_as() -> None:
    base = bertsym.load("bert-base-uncased")
    assert base.at(ffn_ratio="8/3").sizes["ffn_ratio"] == Fraction(8, 3)
    assert base.with_head("masked-lm").at(tied="no").count() == base.with_head("masked-lm").at(tied=False).count()
    for wrong in (768.0, None, 1j, "a lot", -1):
        with pytest.raises(BertsymError):
            base.at(H=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [None, 5, sympy.Symbol("V")])
def test_a_wrong_name_of_a_wrong_type_is_still_a_sentence(name: Any) -> None:
    with pytest.raises(BertsymError) as refused:
        bertsym.load("bert").with_head(name)
    assert str(refused.value)


@pytest.mark.parametrize("head", [3, b"mlm"])
def test_a_head_that_is_no_text_is_a_sentence(head: Any) -> None:
    for ask in (
        lambda: bertsym.load("bert", head),
        lambda: bertsym.load({"model_type": "bert"}, head),
        lambda: bertsym.load("bert").compile("H", head=head),
        lambda: bertsym.audit("110M", "bert", head=head),
        lambda: bertsym.verify("bert", "nowhere.safetensors", head=head),
    ):
        with pytest.raises(BertsymError, match="head: expected text"):
            ask()


def test_a_switch_may_be_given_as_numpy_has_it() -> None:
    numpy = pytest.importorskip("numpy")
    model = bertsym.load("bert-base-uncased", "masked-lm")
    for switch in (True, False):
        assert model.at(tied=numpy.bool_(switch)) == model.at(tied=switch)
    with pytest.raises(BertsymError, match="expected yes or no"):
        model.at(tied=numpy.array([True, False]))
    with pytest.raises(BertsymError, match="expected an integer"):
        model.at(H=numpy.bool_(True))


def test_a_letter_means_a_size_wherever_a_name_stands_alone() -> None:
    """As in `at(h=768, A=12)`; in an expression h may be another size."""
    base = bertsym.load("bert-base-uncased")
    assert (str(base.symbols["h"]), str(base.symbols["A"])) == ("H", "heads")
    assert base.derivative("h") == base.derivative("H")
    assert base.total(keep="A") == base.total(keep="heads")
    assert base.solve("110M", "h").rows == base.solve("110M", "H").rows
    assert base.solve("110M", ["h", "l"], ranges={"l": (11, 13)}, multiple_of={"h": 64}, top=3).rows == (
        base.solve("110M", ["H", "L"], ranges={"L": (11, 13)}, multiple_of={"H": 64}, top=3).rows
    )
    assert base.tradeoff("v", "l", values=[16_000]).rows == base.tradeoff("V", "L", values=[16_000]).rows
    with pytest.raises(BertsymError):
        base.at(d=64).derivative("D")  # H or d
    wrong: Any = 5
    with pytest.raises(BertsymError, match="ranges: expected a mapping"):
        base.solve("110M", ["H", "L"], ranges=wrong)


def test_budgets_in_the_library() -> None:
    base = bertsym.load("bert-base-uncased")
    report: Any = base.solve("110M", "H", at_most={"exact": 110_000_000}, at_least={"exact": 80_000_000}).report
    assert [point.count for point in report.solution.candidates] == [109482240, 93825600]


def test_a_notebook_shows_the_number_too() -> None:
    base = bertsym.load("bert-base-uncased")
    shown = "$(2r + 4)LH^2 + (r + 9)LH + (V + N + 5)H + H^2 = 109{,}482{,}240\\,(109.48\\,\\textnormal{M})$"
    assert base.total()._repr_latex_() == shown
    assert base.derivative("V")._repr_latex_() == "$H = 768$"


# A command with options, and the same options in Python.
PRINTED: list[tuple[str, dict[str, Any]]] = [
    (
        "total --latex --layout equation --width acl --label eq:a",
        {"layout": "equation", "width": "acl", "label": "eq:a"},
    ),
    (
        "total --latex --notation kaplan --rename T=s --legend --lhs N_p --punct .",
        {"notation": "kaplan", "rename": {"T": "s"}, "legend": True, "lhs": "N_p", "punct": "."},
    ),
    (
        "total --latex --standalone --tex-encoding utf8 --method --width 219pt@11 --math-font times",
        {"standalone": True, "tex_encoding": "utf8", "method": True, "width": "219pt@11", "math_font": "times"},
    ),
    ("total --markdown --flavor github --digits 4", {"flavor": "github", "digits": 4}),
    ("total --typst --label eq:a --legend", {"label": "eq:a", "legend": True}),
    ("total --html --unit M --places 1", {"unit": "M", "places": 1}),
    ("total --json --notation vaswani", {"notation": "vaswani"}),
    ("total --legend --method", {"legend": True, "method": True}),
    (
        "show --latex --layout booktabs --caption a_b --label t --siunitx --small --float table*",
        {"layout": "booktabs", "caption": "a_b", "label": "t", "siunitx": True, "small": True, "float": "table*"},
    ),
    (
        "show --latex --footnotesize --tex-caption $x$ --columns component,share --heading share=%",
        {
            "footnotesize": True,
            "tex_caption": "$x$",
            "columns": ["component", "share"],
            "heading": {"share": "%"},
        },
    ),
    ("show --bars", {"bars": True}),
    ("show --csv --columns component,parameters", {"columns": ["component", "parameters"]}),
]


@pytest.mark.parametrize(("command", "options"), PRINTED)
def test_python_prints_what_the_command_line_prints(
    command: str, options: dict[str, Any], bertsym: Callable[..., Any]
) -> None:
    name, *words = command.split()
    ran = bertsym(name, "bert-base-uncased", *words)
    assert ran.code == 0, ran.err
    model = load("bert-base-uncased")
    answer = model.total() if name == "total" else model.breakdown()
    syntax = next((word[2:] for word in words if word[2:] in SYNTAXES), "text")
    assert getattr(answer, syntax)(**options) == ran.out


def test_every_option_of_a_page_is_one_of_the_library() -> None:
    page = {field.name for field in fields(Page)} - set(SYNTAXES)
    assert page == {field.name for field in fields(Choices)} - {"syntax", "bars"}  # bars are an option of `show`
    assert page == set(LatexOptions.__annotations__) | {"flavor"}
    methods = {"text", *SYNTAXES}
    assert all(callable(getattr(Answer, name)) for name in methods)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"layuot": "inline"}, "unknown option of latex 'layuot': did you mean layout?"),
        ({"flavor": "github"}, "unknown option of latex 'flavor'"),
        ({"layout": 5}, "layout: expected text"),
        ({"width": "5km"}, "--width: expected"),
        ({"legend": 1}, "legend: expected True or False"),
        ({"rename": "H=h"}, "rename: expected a mapping"),
        ({"digits": 2.5}, "digits: expected an integer"),
        ({"columns": [5]}, "columns: expected text"),
        ({"caption": "x"}, "--caption"),
    ],
)
def test_a_wrong_option_is_a_sentence(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(BertsymError) as refused:
        load("bert").total().latex(**options)
    assert problem in str(refused.value)


def test_notebooks() -> None:
    total = bertsym.load("bert").total()
    assert total._repr_latex_().startswith("$(2r + 4)LH^2")
    assert "| attention |" in bertsym.load("bert").breakdown()._repr_markdown_()
    assert bertsym.load("bert").derivative("H").elasticity is None


@pytest.mark.parametrize("name", ["bert-base-uncased", "bert", "deepseek_v3-default", "atlas:t5"])
def test_an_unknown_head_is_an_error_about_the_head(name: str) -> None:
    heads = bertsym.load(name).heads
    for wrong in ("nope", "masked-ln", "causal", "", "Models"):
        with pytest.raises(BertsymError) as loading:
            bertsym.load(name, wrong)
        with pytest.raises(BertsymError) as changing:
            bertsym.load(name).with_head(wrong)
        said = str(loading.value)
        assert said == str(changing.value)
        assert said.startswith("unknown head of "), said
        assert all(head in said for head in heads), said
        assert ("did you mean masked-lm?" in said) == (wrong == "masked-ln" and "masked-lm" in heads), said


def test_a_size_by_the_field_of_a_configuration() -> None:
    base = bertsym.load("bert-base-uncased")
    assert base.at(hidden_size=1024, num_attention_heads=16) == base.at(H=1024, heads=16)
    model = bertsym.load("deepseek_v3-default")
    assert model.at(n_routed_experts=64) == model.at(experts=64) != model
    assert model.at({"first_k_dense_replace": 3}).count() == model.count()
    assert model.at(first_k_dense_replace="5").count() < model.count()
    assert base.total(keep=["intermediate_size"]).expression == base.total(keep="F").expression
    with pytest.raises(BertsymError, match="hidden_size=1024 contradicts H=768: H was given twice"):
        base.at({"hidden_size": 1024}, H=768)


WRONG_NUMBERS: list[Any] = [0, -5, True, None, 1.1e8, "x", 10**5000, [], float("nan")]


@pytest.mark.parametrize("wrong", WRONG_NUMBERS, ids=lambda wrong: f"{wrong!r:.10}" if wrong != 10**5000 else "huge")
def test_a_wrong_number_is_a_sentence(wrong: Any) -> None:
    base = bertsym.load("bert-base-uncased")
    questions: list[dict[str, Any]] = [
        {"target": wrong},
        {"target": "110M", "top": wrong or 0},
        {"target": "110M", "multiple_of": {"H": wrong}},
        {"target": "110M", "multiple_of": wrong if wrong is not None else 0},
        {"target": "110M", "ranges": {"H": (1, wrong)}},
        {"target": "110M", "ranges": {"H": wrong}},
        {"target": "110M", "at_most": {"exact": wrong}},
        {"target": "110M", "where": [wrong]},
        {"target": "110M", "unknowns": [wrong]},
    ]
    for question in questions:
        for unknowns in ("H", ["H", "L"]):
            with pytest.raises(BertsymError) as refused:
                base.solve(**{"unknowns": unknowns, **question})
            assert str(refused.value)
    for sizes in (wrong, {"H": wrong}):
        if sizes is not None:
            with pytest.raises(BertsymError):
                base.at(sizes)


def test_one_text_is_one_of_several() -> None:
    base = bertsym.load("bert-base-uncased")
    assert base.count(only="bias") == base.count(only=["bias"])
    assert base.total(keep="F").expression == base.total(keep=["F"]).expression
    assert base.solve("110M", where="H/heads == 64").json() == base.solve("110M", where=["H/heads == 64"]).json()


def test_an_audit_of_each_kind_of_claim() -> None:
    texts = Path(__file__).parent / "data"
    assert bertsym.audit("12LH^2").stands
    assert not bertsym.audit("11LH^2").stands
    assert bertsym.audit("P = 110M", bertsym.load("bert-base-uncased")).stands
    assert not bertsym.audit("110M", "bert-base-multilingual-cased", head="model").stands
    assert bertsym.audit("3 d h", where={"d": "H", "h": "heads"}).notes[1] == "with d = H, h = heads"
    assert bertsym.audit(texts / "gpt2_first_sizes.csv", bertsym.load("gpt2").at(N=1024)).stands
    assert "claims judged" in str(bertsym.audit(texts / "texts" / "account.md"))
    with pytest.raises(BertsymError):
        bertsym.audit("12LH^2 + q")


def test_a_checkpoint_beside_a_model() -> None:
    tiny = Path(__file__).parent.parent / "examples" / "checkpoints" / "bert-tiny"
    beside = bertsym.verify(None, tiny, header_only=True)
    assert (beside.ok, beside.count) == (True, 4_433_468)
    assert bertsym.verify(bertsym.load(tiny), tiny, header_only=True).ok
    inferred = bertsym.verify(None, tiny, header_only=True, infer=True).report
    assert isinstance(inferred, Verification)
    assert inferred.fits
    assert not bertsym.verify("bert-tiny", tiny, header_only=True, head="masked-lm").ok
    with pytest.raises(BertsymError, match="infer contradicts model"):
        bertsym.verify("bert-tiny", tiny, infer=True)


def test_derive_is_the_function_whatever_was_imported() -> None:
    code = "import bertsym.derive.types, bertsym; bertsym.derive('nowhere:f')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("bertsym.errors.Missing: ")


@pytest.mark.usefixtures("torch")
def test_a_derivation_is_a_value(tmp_path: Path) -> None:
    derived = bertsym.derive("tests.derive.models_misbehaving:shared", {"hidden": 8, "layers": 2, "labels": 3}, seed=0)
    assert derived.whole
    assert derived.failures == ()
    derived.save(tmp_path / "saved.json")
    saved = bertsym.load(tmp_path / "saved.json")
    assert saved.total().expression == derived.expression == derived.model.total().expression


library: Any = bertsym  # as no type checker sees it
WRONG: dict[str, Any] = {"nothing": None, "number": 3, "bytes": b"bert", "list": ["bert"], "object": object()}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    "ask",
    [
        library.load,
        lambda wrong: library.load("bert").compare(wrong),
        lambda wrong: library.load("bert").compare(library.load("bert"), base=wrong),
        lambda wrong: library.load("bert").of("flops", wrong or 3),
        lambda wrong: size("mine", wrong),
        library.audit,
        lambda wrong: library.audit("12LH^2", wrong or 3),
        lambda wrong: library.audit("12LH^2", of=wrong),
        lambda wrong: library.audit("12LH^2", notation=wrong),
        lambda wrong: library.audit("12LH^2", where={"d": wrong}),
        lambda wrong: library.audit("12LH^2", where=[wrong]),
        lambda wrong: library.verify("bert", wrong),
        lambda wrong: library.verify(wrong or 3, "nowhere"),
        library.derive,
        lambda wrong: library.derive("bert", trials=[wrong]),
        lambda wrong: library.derive("bert", seed=[wrong]),
        lambda wrong: library.derive("bert", timeout=[wrong]),
        lambda wrong: library.derive("a:b", sizes=[wrong]),
        lambda wrong: library.derive("a:b", sizes={wrong if isinstance(wrong, bytes) else 1: 2}),
    ],
)
def test_a_wrong_type_is_an_error_of_bertsym(ask: Callable[[Any], object], wrong: Any) -> None:
    with pytest.raises(BertsymError) as refused:
        ask(wrong)
    assert "\n" not in str(refused.value)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301  # this test's own bytes


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e10, 10**400, True])
def test_a_time_limit_is_one_that_a_clock_can_hold(timeout: float) -> None:
    with pytest.raises(BertsymError, match="timeout: expected from 1 to 86,400 seconds"):
        bertsym.derive("bert", timeout=timeout)


def test_a_comparison_of_three_models() -> None:
    base, *others = map(bertsym.load, ("bert-base-uncased", "distilbert-base-uncased", "albert-base"))
    found = base.compare(*others, names=["BERT", "DistilBERT", "ALBERT"], values=["ratio", "count"], base="ALBERT")
    assert [side.count for side in found.report.total.sides] == [109_482_240, 66_362_880, 11_683_584]
    head = found.csv().splitlines()[0]
    assert head == "component,BERT: ratio,BERT: parameters,DistilBERT: ratio,DistilBERT: parameters,ALBERT: parameters"
    assert r"\begin{tabular}" in found.latex()


def test_other_models_are_models() -> None:
    with pytest.raises(bertsym.BertsymError, match="no second model"):
        bertsym.load("bert").compare()
    with pytest.raises(bertsym.BertsymError, match="a model, as `load` returns it"):
        library.load("bert-tiny").size_table("bert-mini")
    with pytest.raises(bertsym.BertsymError, match="it has no table"):
        bertsym.load("bert").total().csv()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: load(load("bert")), r"transformers \(`model.config`\)"),  # type: ignore[arg-type]
        (lambda: bertsym.audit(110_000_000), r"claim: expected a text such as '110M', or a path"),  # type: ignore[arg-type]
        (lambda: bertsym.verify("model.safetensors"), r"as in verify\(None, 'model.safetensors'\)"),
        (lambda: load("bert").at(H=[768, 1024]), "`compile` takes arrays of numpy, and `sweep` lists"),  # type: ignore[arg-type]
        (lambda: load("bert").at(H=1024.0), "exactly: an int, a Fraction or text, got '1024.0'"),  # type: ignore[arg-type]
    ],
)
def test_an_error_of_the_library_says_what_to_pass(call: Callable[[], object], said: str) -> None:
    with pytest.raises(bertsym.BertsymError, match=said):
        call()
