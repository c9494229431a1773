"""The quantity that docs/adding-a-quantity.md adds is what it says: the file is taken from the page."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from bertsym import costs
from bertsym.checking.framework_run import Batch, batch
from bertsym.count import By, breakdown, count
from bertsym.symbols import B, S
from bertsym.zoo import named

PAGE = Path(__file__).parent.parent.parent / "docs" / "adding-a-quantity.md"


@pytest.fixture
def lookups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> costs.Quantity:
    """The quantity, after the steps of the page: one file, and one line elsewhere."""
    module, line, *_ = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    name, path = re.findall(r'"([\w.]+)"', line)
    file = tmp_path / "lookups.py"
    file.write_text(module, encoding="utf-8")
    spec = spec_from_file_location(path, file)
    assert spec is not None
    assert spec.loader is not None
    loaded = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path, loaded)
    spec.loader.exec_module(loaded)
    monkeypatch.setitem(costs.QUANTITIES, name, path)
    return costs.quantity(name)


def test_every_answer_counts_it(lookups: costs.Quantity) -> None:
    account = lookups.account()
    model = costs.sized(named("bert-base-uncased"), lookups, account, {B: 2, S: 5})
    assert count(model, account.convention) == 2 * 5 * 3 * 768
    assert [part.name for part in breakdown(model, account.convention, By.COMPONENT)] == ["embeddings"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["bert", "roberta", "gpt2", "llama", "electra"])
def test_its_witness(name: str, lookups: costs.Quantity, transformers: Any, torch: Any) -> None:
    """A hook on every table adds up what it returns."""
    config = transformers.AutoConfig.for_model(name)
    with torch.device("meta"):
        module = transformers.AutoModel.from_config(config, attn_implementation="eager")
    seen: list[int] = []
    for part in module.modules():
        if isinstance(part, torch.nn.Embedding):
            part.register_forward_hook(lambda _module, _inputs, output: seen.append(output.numel() // output.shape[0]))
    size = Batch(3, 7, 1)
    module(**batch(torch, module, size))
    model = costs.sized(named_default(name), lookups, lookups.account(), {B: size.sequences, S: size.tokens})
    # One row of positions serves all sequences at once, so each table is looked at for one sequence.
    assert count(model, lookups.account().convention) == size.sequences * sum(seen)


def named_default(name: str) -> Any:
    """Return the bare model at the sizes of the library's default configuration."""
    base = {"bert": "bert-base-uncased", "roberta": "roberta-base", "gpt2": "gpt2-small", "llama": "llama-7b"}
    return named(base.get(name, "electra-small-discriminator")).with_head("model")
