"""The script's numbers, LaTeX and command lines beside those of the library, at random sizes of many models."""

from __future__ import annotations

import json
import random
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bertsym.algebra import Value
from bertsym.convention import named_convention
from bertsym.count import breakdown, count
from bertsym.errors import BertsymError, Unreadable
from bertsym.model import Model
from bertsym.quantities import parse_size, rounded
from bertsym.render.notation import BERT
from bertsym.resolve import load
from bertsym.web_page.model_data import PageModel, completed, model_data

SCRIPT = Path(__file__).parent.parent / "js" / "page.cjs"
ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "bertsym" / "web_page"
MODEL = FOLDER / "model.js"

# fmt: off
ZOO = [
    "bert-base-uncased", "bert", "albert-base-v2", "roberta-base", "distilbert-base-uncased", "electra-base",
    "gpt2", "gpt-neox", "llama-3-8b", "mistral", "mixtral", "modernbert-base", "t5-base", "deberta-v2",
    "xlm-roberta-base", "camembert",
]
# Floors, conditions, layers of several kinds, definitions that follow, experts, and sizes that are refused.
ATLAS = [
    "apertus", "bamba", "blt", "bridgetower", "beit", "cohere2", "convnext", "cosmos3_omni", "cvt", "dbrx",
    "deepseek_v3", "dinov2", "falcon_h1", "fun_asr_nano", "funnel", "gemma3n_text", "glm46v", "gpt_neo", "hiera",
    "hunyuan_vl", "idefics", "jamba", "layoutlmv3", "lfm2", "llama4_text", "longt5", "mamba2", "minimax_m3_vl",
    "mllama_vision_model", "mobilevit", "mpt", "nemotron_h", "patchtsmixer", "pp_formulanet", "qwen3_vl_moe",
    "qwen3_next", "resnet", "rt_detr", "sam_vision_model", "swin", "t5gemma", "umt5", "univnet", "videomt",
    "wav2vec2", "xlstm",
]
# fmt: on


def sides(name: str, head: str | None = None, convention: str = "exact") -> tuple[Model, dict[str, Any]]:
    """Return a model with every size, and its data."""
    typed = load(name, head)
    model = completed(typed)
    words = ("bertsym", "total", name, *(("--head", head) if head else ()))
    words += ("--convention", convention) if convention != "exact" else ()
    return model, model_data(PageModel(model, named_convention(convention), words, typed.given), name, BERT)


def evaluated(node: str, models: list[dict[str, Any]], cases: list[dict[str, Any]]) -> Any:
    done = subprocess.run(
        [node, str(SCRIPT), str(MODEL)],
        input=json.dumps({"models": models, "cases": cases}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def random_sizes(data: dict[str, Any], rng: random.Random) -> dict[int, Value]:
    """Return some sizes of a model: near its own, small, or up to 10^18; a common factor lets some fit together."""
    settable = [
        (index, size)
        for index, size in enumerate(data["sizes"])
        if "value" in size or (size.get("definition") or {}).get("free")
    ]
    chosen = rng.sample(settable, rng.randint(1, min(len(settable), 6)))
    sizes: dict[int, Value] = {}
    factor = rng.choice((1, 2, 3, 4, 64))
    for index, size in chosen:
        own = Fraction(size.get("value", "1")) if not isinstance(size.get("value", "1"), bool) else Fraction(1)
        match size["kind"]:
            case "switch":
                sizes[index] = rng.random() < 0.5
            case "ratio":
                sizes[index] = rng.choice((own, own + 1, Fraction(rng.randint(1, 64), rng.choice((1, 2, 4, 8)))))
            case _:
                least = int(size["minimum"])
                whole = (
                    least,
                    int(own) * factor,
                    int(own) + 1,
                    least + rng.randint(0, 50),
                    rng.randint(10**15, 10**18),
                )
                sizes[index] = rng.choice((*whole, int(own) * factor, int(own) * factor))
    return sizes


def written(sizes: dict[int, Value]) -> dict[str, str | bool]:
    return {str(place): value if isinstance(value, bool) else str(value) for place, value in sizes.items()}


def library(model: Model, data: dict[str, Any], sizes: dict[int, Value]) -> Model | BertsymError:
    """Return the library's model at these sizes, or its refusal."""
    named = {model.size(data["sizes"][index]["name"]).symbol: value for index, value in sizes.items()}
    # A size that counts only if a switch is turned has a value on the page, and none in the library.
    dormant = {model.size(s["name"]).symbol: int(s["value"]) for s in data["sizes"] if s.get("dormant")}
    try:
        found = model.with_sizes(dormant | named, pin=True)
        count(found)
    except BertsymError as error:
        return error
    return found


def cases_of(
    models: list[tuple[Model, dict[str, Any]]], number: int, seed: int
) -> Iterator[tuple[int, dict[int, Value]]]:
    rng = random.Random(seed)
    for index, (_, data) in enumerate(models):
        for _ in range(number):
            yield index, random_sizes(data, rng)


@pytest.mark.slow
def test_numbers_of_many_models_at_random_sizes(node: str) -> None:
    models = [sides(name) for name in (*ZOO, *ATLAS)]
    cases = list(cases_of(models, 12, seed=22))
    results = evaluated(
        node, [data for _, data in models], [{"model": index, "set": written(sizes)} for index, sizes in cases]
    )
    counted = refused = large = 0
    for (index, sizes), result in zip(cases, results, strict=True):
        model, data = models[index]
        where = (data["title"], {data["sizes"][place]["name"]: value for place, value in sizes.items()})
        found = library(model, data, sizes)
        if isinstance(found, BertsymError):
            assert result["refusal"], (where, found, result)
            refused += 1
            continue
        assert result["refusal"] == "", (where, result)
        assert result["total"] == str(count(found)), where
        parts = {part.name: part.count for part in breakdown(found)}
        shown = {name: int(number) for name, number in result["parts"] if number != "0"}
        assert shown == {name: number for name, number in parts.items() if number}, where
        counted += 1
        large += count(found) > 10**18
    assert counted > 500
    assert refused > 50
    assert large > 100


# A definition that is set by hand, a switch, a default, two of them, a head, experts at work, and plain sizes.
COMMANDS: list[tuple[str, str | None, str, dict[str, str | bool]]] = [
    ("bert-base-uncased", None, "exact", {}),
    ("bert-base-uncased", None, "exact", {"H": "1536", "L": "24", "ffn_ratio": "8/3"}),
    ("bert-base-uncased", "masked-lm", "exact", {"tied": False, "T": "5"}),
    ("bert", "pretraining", "non-embedding", {"V": "123456789012345678901"}),
    ("llama", None, "exact", {"tied": True}),
    ("llama-3-8b", "model", "exact", {"H": "8192"}),
    ("mixtral", None, "active", {"experts": "16"}),
    ("cohere2", None, "exact", {"d": "100"}),
    ("deberta-v2", None, "exact", {"absolute": True}),
    ("resnet", None, "exact", {"L_0": "0", "H_1": "514"}),
    ("deepseek_v3", None, "exact", {"V": "100000", "L_dense": "70"}),
]


@pytest.mark.parametrize(("name", "head", "convention", "sizes"), COMMANDS)
def test_the_command_line_prints_the_number_and_the_latex(
    name: str,
    head: str | None,
    convention: str,
    sizes: dict[str, str | bool],
    node: str,
    bertsym: Callable[..., Any],
) -> None:
    _, data = sides(name, head, convention)
    places = {size["name"]: str(index) for index, size in enumerate(data["sizes"])}
    case = {"model": 0, "set": {places[size]: value for size, value in sizes.items()}}
    (result,) = evaluated(node, [data], [case])
    assert result["refusal"] == ""
    words = shlex.split(result["command"])
    assert words[0] == "bertsym"
    assert bertsym(*words[1:], "--count").out == result["total"] + "\n"
    assert bertsym(*words[1:], "--latex").out == result["latex"]
    if not sizes and name != "bert":
        assert words == ["bertsym", "total", name]


@pytest.mark.parametrize(
    ("name", "convention", "sizes", "words"),
    [
        ("bert-base-uncased", "exact", {"H": "769"}, "d = H/heads would be 769/12"),
        ("bert-base-uncased", "exact", {"ffn_ratio": "1/5"}, "F = ffn_ratio·H would be 768/5"),
        ("bert-base-uncased", "exact", {"L": "0"}, "L (layers) is at least 1"),
        ("mixtral", "active", {"experts_per_token": "9"}, "more experts than there are"),
        ("mobilevit", "exact", {"heads": "5"}, "whole number, and it is 144/5"),
        ("kimi_linear-default", "exact", {"L_full": "33"}, "L_linear = L − L_full would be -6, which is negative"),
    ],
)
def test_sizes_that_no_model_has(name: str, convention: str, sizes: dict[str, str], words: str, node: str) -> None:
    _, data = sides(name, None, convention)
    places = {size["name"]: str(index) for index, size in enumerate(data["sizes"])}
    case = {"model": 0, "set": {places[size]: value for size, value in sizes.items()}}
    (result,) = evaluated(node, [data], [case])
    assert words in result["refusal"]


def test_the_script_is_of_moderate_length_and_never_evaluates_text() -> None:
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("model.js", "page.js")]
    assert max(len(text.splitlines()) for text in texts) < 1000
    text = "".join(texts)
    for forbidden in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "fetch(",
    ):
        assert forbidden not in text


def test_what_a_page_says_of_its_model() -> None:
    _, data = sides("llama-3-8b")
    assert data["remarks"][0] == "llama-3-8b is counted as Meta-Llama-3-8B"
    assert data["remarks"][-1] == "Source: Touvron et al. 2023, arXiv:2302.13971."
    _, data = sides("bert")
    assert data["remarks"][-1] == "Open sizes begin as in bert-base-uncased."
    own = ROOT / "examples" / "configs" / "own-code" / "config.json"
    _, data = sides(str(own))
    assert any(remark.startswith("Field 'quantization_config'") for remark in data["remarks"])


NUMBERS = [
    "768",
    "30,522",
    "30_522",
    "2.5",
    "8/3",
    "0",
    "0.125",
    "1,000,000/7",
    "12,34",
    "1,2345",
    "1.5.2",
    "5/0",
    "1e5",
    "-3",
    "3.1,415",
    "0x10",
    "١٢",
    "1/",
    "/2",
    ".5",
    "5.",
    "1,000.25",
    "123456789012345678901234567890",
    "",
    " 7 ",
    "30 522",
    "1\u202f000",
]


def test_numbers_are_read_and_rounded_as_the_library_does(node: str) -> None:
    rng = random.Random(3)
    counts = [*range(1001), *(10**k + d for k in range(1, 40) for d in (-1, 0, 1, 5 * 10**k // 1000))]
    counts += [rng.randint(0, 10 ** rng.randint(1, 30)) for _ in range(300)]
    script = """const {readNumber, inUnit} = require(process.argv[1]);
    const {texts, counts} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    const plain = (n) => n === null ? null : typeof n === 'bigint' ? String(n) : `${n.over}/${n.under}`;
    const round = (count) => inUnit(BigInt(count)).join('');
    console.log(JSON.stringify([texts.map(readNumber).map(plain), counts.map(round)]))"""
    given = json.dumps({"texts": NUMBERS, "counts": list(map(str, counts))})
    done = subprocess.run([node, "-e", script, str(MODEL)], input=given, capture_output=True, text=True, check=True)
    read, shown = json.loads(done.stdout)
    assert shown == [rounded(count) for count in counts]
    for text, number in zip(NUMBERS, read, strict=True):
        try:
            expected = str(parse_size(re.sub(r"(?<=\d)[ \u202f](?=\d)", ",", text.strip())))
        except Unreadable:
            expected = None
        assert number == expected, text
