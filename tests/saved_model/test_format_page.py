"""docs/format.md: its example is a file that is read, and every domain that it shows is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bertsym.count import count
from bertsym.saved_model import decode, decode_inventory
from bertsym.saved_model.decode import parsed
from bertsym.saved_model.decode_domain import decode_domain
from bertsym.saved_model.encode import text
from bertsym.saved_model.json_node import Node
from tests.saved_model.test_schema import SCHEMA, VALIDATOR

PAGE = (Path(__file__).parent.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0]
DOMAINS = re.findall(r"^\| `([\[{].*?[\]}])` \| .* \|$", PAGE, re.MULTILINE)


def test_the_example_is_written_as_it_is_shown() -> None:
    assert VALIDATOR.problems(json.loads(EXAMPLE)) == []
    derived = parsed(json.loads(EXAMPLE), Path("format.md"))
    assert text(derived) == EXAMPLE
    # 100 x 64, two layers of 64 x 64 + 64 + 256 x 64, and an adapter of 64 x 16 in the first of them.
    for name in ("model", "causal-lm"):
        model = derived.model(head=name)
        assert count(model.with_sizes({s: at for s, at in derived.defaults.items() if s in model.symbols})) == 48512


def test_the_page_shows_every_kind_of_domain() -> None:
    assert len(DOMAINS) == 8


@pytest.mark.parametrize("shown", DOMAINS)
def test_a_domain_that_is_shown_is_one(shown: str) -> None:
    content = json.loads(shown)
    default = True if content == {"only_if": {"is_decoder": True}} else 1
    assert decode_domain({"domain": Node("format.md", content)}, default) is not None


def test_the_page_names_every_key_of_the_schema() -> None:
    keys: set[str] = set()
    waiting = [SCHEMA]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict):
            keys |= schema.get("properties", {}).keys()
            waiting += schema.values()
        elif isinstance(schema, list):
            waiting += schema
    assert sorted(key for key in keys if f"`{key}`" not in PAGE and f'"{key}"' not in PAGE) == []


def test_the_page_says_the_bounds() -> None:
    bounds = (
        f"More than {decode.MAX_SIZES} sizes, {decode.MAX_HEADS} heads, {decode.MAX_FIELDS:,} fields of a kind, "
        f"{decode_inventory.MAX_TENSORS:,} tensors, {decode_inventory.MAX_DIMENSIONS} dimensions or "
        f"{decode_inventory.MAX_TERMS_IN_ALL:,} terms in all."
    )
    assert bounds in PAGE
