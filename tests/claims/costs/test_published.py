"""Published formulas and numbers of costs: the verdict on each, and the convention that is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bertsym
from bertsym.answers.audit_cost import CostFormulaAudit, CostNumberAudit


def judged(claim: str, model: str, of: str = "", **run: int) -> tuple[str, list[str]]:
    """Return the verdict and the names of the countings under which the claim stands, or the nearest one."""
    report = bertsym.audit(claim, model, of=of, run=run).report
    assert isinstance(report, CostNumberAudit | CostFormulaAudit), type(report)
    if isinstance(report, CostNumberAudit):
        matches = report.verdict.matches or report.verdict.nearest
        return report.standing.value, [match.counting.name for match in matches]
    nearest = [report.verdict.nearest] if report.verdict.nearest is not None else []
    return report.standing.value, [equal.counting.name for equal in report.verdict.equal or nearest]


@pytest.mark.parametrize(
    ("claim", "model", "of", "run", "verdict", "name"),
    [
        ("6ND", "Llama-2-7b-hf", "", {}, "stands", "6nd"),  # Kaplan et al. 2020
        ("C ≈ 6NBS", "gpt2-xl", "flops", {}, "stands", "6nd"),
        ("2N per token", "Llama-2-7b-hf", "flops", {}, "stands", "2nd"),
        ("2N + 2 n_layer n_ctx d_model", "gpt2", "flops", {}, "stands", "kaplan"),
        ("12LH² per token", "bert", "flops", {}, "stands", "macs: weight matrices of the layers"),
        ("24LH² per token", "bert", "flops", {}, "stands", "flops: weight matrices of the layers"),
        ("72BLsh²(1+s/6h+v/12hL)", "gpt2", "flops", {}, "stands", "train"),  # Korthikanti et al. 2022
        ("96BSLh²(1+S/6h+V/16Lh)", "gpt2", "flops", {}, "stands", "narayanan"),  # Narayanan et al. 2021
        ("6N + 12LHQT", "gpt2", "flops", {}, "stands", "palm"),  # PaLM, appendix B
        ("24BSH²+4BS²H per layer", "gpt2", "flops", {}, "stands", "flops: one layer"),
        ("24BLSH² + 8BLS²H + 2BSVH", "gpt2", "flops", {}, "finding", "flops"),
        ("2·L·kv·d·2 bytes", "Llama-2-7b-hf", "cache", {}, "stands", "cache, bytes, bf16"),
        ("2·L·kv·d", "Llama-3.1-8B", "cache", {}, "stands", "cache, elements"),
        ("L·kv·d·2", "Llama-3.1-8B", "cache", {}, "stands", "cache, elements"),
        ("16 bytes per parameter", "gpt2", "", {}, "stands", "states, mixed, adamw: without the optimizer's steps"),
        ("18 bytes per parameter", "gpt2", "", {}, "stands", "states, megatron, adamw: without the optimizer's steps"),
        ("20 bytes per parameter", "gpt2", "", {}, "finding", "states, megatron, adamw: without the optimizer's steps"),
        ("96.6 GFLOPs", "bert-base-uncased", "", {"S": 512}, "stands", "flops"),
        ("48.3 GFLOPs", "bert-base-uncased", "", {"S": 512}, "stands", "macs"),
        ("48.3 GMACs", "bert-base-uncased", "", {"S": 512}, "stands", "macs"),
        ("96.6 GMACs", "bert-base-uncased", "", {"S": 512}, "finding", "macs"),
        ("22.5 GFLOPs", "bert-base-uncased", "", {"S": 128}, "finding", "flops"),
        ("22.5 GFLOPs", "bert-base-uncased", "", {}, "unread", ""),
        ("62.9 TFLOPs for the forward pass", "Llama-2-7b-hf", "", {"S": 4096}, "stands", "flops"),
        ("62.9 TFLOPs for a training step", "Llama-2-7b-hf", "", {"S": 4096, "B": 1}, "finding", "6nd-non-embedding"),
        ("35,136 elements per token", "DeepSeek-V3", "cache", {}, "stands", "cache, elements"),
        ("62,464 elements per token", "DeepSeek-V3", "cache", {}, "finding", "cache, elements"),  # LMCache#694
        (
            "70.272 KB per token",
            "DeepSeek-V3",
            "cache",
            {},
            "stands",
            "cache, bytes, bf16",
        ),  # arXiv:2505.09343, Table 1
        ("1 GiB of KV cache", "Llama-2-7b-hf", "", {"S": 4096}, "finding", "cache, bytes, bf16"),
        ("2 GiB of KV cache", "Llama-2-7b-hf", "", {"S": 4096}, "stands", "cache, bytes, bf16"),
        ("4.2M", "Llama-2-7b-hf", "lora", {"r": 8}, "stands", "lora, q_proj, v_proj"),
        ("attention: 38.65 GFLOPs", "bert-base-uncased", "flops", {"S": 512}, "stands", "flops: attention"),
        ("attention: 57.98 GFLOPs", "bert-base-uncased", "flops", {"S": 512}, "finding", "electra-train: attention"),
    ],
)
def test_a_claim_is_judged_and_its_convention_named(
    claim: str, model: str, of: str, run: dict[str, int], verdict: str, name: str
) -> None:
    found, names = judged(claim, model, of, **run)
    assert found == verdict, (claim, names)
    if verdict == "stands":
        assert name in names, names
    elif verdict == "finding":
        assert names[0] == name, names


def test_a_formula_and_its_number(bertsym: Callable[..., Any]) -> None:
    right = bertsym("audit", "6ND = 166 TFLOPs", "-m", "Llama-2-7b-hf", "--at", "B=1,S=4096")
    assert right.code == 0
    assert "166 TFLOPs is what it comes to: 165,603,302,178,816" in " ".join(right.out.split())
    wrong = bertsym("audit", "6ND = 189 TFLOPs", "-m", "Llama-2-7b-hf", "--at", "B=1,S=4096")
    assert wrong.code == 1
    assert "comes to 165,603,302,178,816, not to 189 TFLOPs" in " ".join(wrong.out.split())


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("312 TFLOP/s", "a speed is no cost"),
        ("188.8 TFLOPs on an A100", "speaks of devices or of a speed"),
        ("96.6 GFLOPs with 128 tokens and 512 tokens", "says S = 128 and 512"),
        ("2 GB of KV cache", "does not say the sequence length"),
        ("190.5 TFLOPs for a training step of 4096 tokens", "needs its batch size"),
    ],
)
def test_a_claim_that_is_not_judged_says_why(claim: str, message: str, bertsym: Callable[..., Any]) -> None:
    ran = bertsym("audit", claim, "-m", "Llama-2-7b-hf")
    assert ran.code == 2
    assert message in " ".join(ran.out.split())


DOCUMENT = """# Costs

BERT-base needs 22.3 GFLOPs for a sequence length of 128.
A forward pass of bert-base-uncased at 512 tokens takes 48.3 GMACs.
Llama-2-7B keeps 0.5 MB per token in its KV cache.
The optimizer states of Llama-2-7B take 112 GB with Adam.
Training costs $6ND$ FLOPs, and N is the number of parameters.
An A100 does 312 TFLOPs. GPT-2 small has 124M parameters.
Mistral-7B needs 5 GFLOPs.

| Model | Params | FLOPs (G) | Seq len |
|---|---|---|---|
| BERT-base | 110M | 22.3 | 128 |
| BERT-large | 340M | 22.3 | 128 |
"""


def test_a_document(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """Costs are judged without being asked for; what is not read is listed with its reason."""
    page = tmp_path / "costs.md"
    page.write_text(DOCUMENT, encoding="utf-8")
    ran = bertsym("audit", str(page))
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line[:4].strip().isdigit()}
    assert "stands" in rows["3"]
    assert "macs of bert-base-uncased" in rows["4"]
    assert "cache, bytes, bf16 of Llama-2-7b-hf" in rows["5"]
    assert "finding" in rows["6"]
    assert "under 6nd" in rows["7"]
    assert "not read" in rows["9"]
    text = " ".join(ran.out.split())
    assert "312 TFLOPs not read" in text
    assert "BERT-base, FLOPs (G): 22.3 stands" in text
    assert "BERT-large, FLOPs (G): 22.3 finding" in text
    assert "each row is the count of the model that it names" in text  # the length of a run is no number of positions
    assert ran.code == 1


def test_a_table_of_costs(tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    file = tmp_path / "macs.csv"
    file.write_text("model,GMACs,sequence\nbert-base-uncased,11.2,128\nbert-large-uncased,11.2,128\n", encoding="utf-8")
    ran = bertsym("audit", str(file))
    assert ran.code == 1
    assert "2 claims judged, 1 finding" in " ".join(ran.out.split())


def test_of_names_a_part_or_a_quantity(bertsym: Callable[..., Any]) -> None:
    assert bertsym("audit", "4H^2", "--of", "attention").code in (0, 1)
    assert bertsym("audit", "110M", "--of", "flops", "-m", "bert-base-uncased", "--at", "S=512").code == 2


@pytest.mark.parametrize(
    ("claim", "rows"),
    [
        # A number of parameters beside one of work: none is passed over.
        ("BERT-base has 110M parameters and needs 22.3 GFLOPs for 128 tokens", ("110M parameters", "22.3 GFLOPs")),
        ("Mixtral-8x7B: 12.9B active parameters, 25.8 GFLOPs per token", ("12.9B active parameters", "25.8 GFLOPs")),
    ],
)
def test_each_number_of_a_sentence_is_its_own_claim(
    claim: str, rows: tuple[str, ...], bertsym: Callable[..., Any]
) -> None:
    ran = bertsym("audit", claim)
    assert ran.code == 0, ran.out
    assert f"stands: the text: {len(rows)} claims judged" in ran.out
    assert all(row in ran.out for row in rows)


def test_bytes_of_weights_beside_those_of_a_cache_are_listed(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("audit", "Llama-2-7B needs 13.5 GB of weights in fp16, plus 2.1 GB of KV cache at 4096 tokens")
    assert ran.code == 2
    assert "13.5 GB  not read" in ran.out
    assert "2.1 GB   stands" in ran.out


def test_bytes_are_of_a_cache_only_if_their_clause_says_so(bertsym: Callable[..., Any]) -> None:
    ran = bertsym("audit", "Llama-2-7B needs 14 GB of memory, and the KV cache comes on top.")
    assert "not read" in ran.out


@pytest.mark.parametrize("claim", ["6ND", "$C \\approx 6ND$", "≈ 6 N D", "C = 6NBS"])
def test_a_rule_of_thumb_is_no_count_of_parameters(claim: str, tmp_path: Path, bertsym: Callable[..., Any]) -> None:
    """In a text too: N is a number of parameters, and no number of positions."""
    assert judged(claim, "gpt2")[1][0] == "6nd"
    page = tmp_path / "rule.md"
    page.write_text(f"The compute is {claim if '$' in claim else f'${claim}$'}, and N parameters.\n", encoding="utf-8")
    assert "under 6nd" in bertsym("audit", str(page)).out
