"""FLOPs against a recorder of the products that every class of the zoo really runs."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bertsym.costs import measured, quantity
from bertsym.count import count
from bertsym.symbols import B, S
from bertsym.zoo import ARCHITECTURES
from tests.costs.runs import EVERY, drawn_size, longest_of, passes, runnable, sizes_of
from tests.zoo.test_family import drawn, read

CONFIGS = 20
WORK = quantity("flops")
FORWARD = WORK.account()
CASES = [(family, head) for family in EVERY for head in ARCHITECTURES[family].heads]

# These classes ask for values that the meta device does not have, and so does all of DeBERTa.
ON_PROCESSOR = {"T5ForSequenceClassification", "ModernBertForMultipleChoice"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "head"), CASES)
def test_the_work_of_every_class(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """Forward by our recorder and by torch's counter, and a whole training step."""
    architecture, family = ARCHITECTURES[name], EVERY[name]
    cls = architecture.heads[head].cls
    for seed in range(CONFIGS):
        fields = runnable(name, head, {**drawn(family, seed), **family.demands.get(head, {})})
        config = getattr(transformers, family.config)(**fields)
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = measured(read(config.to_dict(), tmp_path / "config.json", *asked), WORK, FORWARD)
        size = drawn_size(random.Random(seed), longest_of(model.given))
        ours = model.with_sizes({symbol: n for symbol, n in sizes_of(size).items() if symbol in model.symbols})
        real = passes(transformers, torch, cls, partial(getattr(transformers, family.config), **fields), size)
        assert count(ours, FORWARD.convention) == real.forward == real.torch_forward, (seed, fields, size)
        step = count(ours, WORK.account("train").convention)
        assert step == real.forward + real.backward, (seed, fields, size)
        assert real.device == "meta" or cls in ON_PROCESSOR or name == "deberta-v2", (seed, fields)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "head"), CASES)
def test_what_a_trainer_logs(name: str, head: str, transformers: Any, torch: Any, tmp_path: Path) -> None:
    """A Trainer's `floating_point_ops`: 6 for each token of the main input and each parameter outside tables."""
    architecture, family = ARCHITECTURES[name], EVERY[name]
    cls, account = architecture.heads[head].cls, WORK.account("hf-trainer")
    for seed in range(3):
        fields = runnable(name, head, {**drawn(family, seed), **family.demands.get(head, {})})
        config = getattr(transformers, family.config)(**fields)
        asked = ("model_type", architecture.schema.model_type), ("architectures", [cls])
        model = read(config.to_dict(), tmp_path / "config.json", *asked)
        with torch.device("meta"):
            module = getattr(transformers, cls)(config)
        logged = 6 * (3 * 2) * module.num_parameters(exclude_embeddings=True)
        ours = measured(model, WORK, account).with_sizes({B: 3, S: 2})
        assert count(ours, account.convention) == logged, (seed, fields)
