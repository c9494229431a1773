"""Roles and components against the classes of transformers, built on torch's meta device.

The role of a parameter is compared with the kind of its module in torch, and with what the source code does with it.
The count of a component is compared with the sum over the parameters of the class that have its names.
"""

from __future__ import annotations

import ast
import inspect
import json
import random
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bertsym import atlas
from bertsym.count import By, breakdown, written_out
from bertsym.derive.oracle.legal_configurations import legal_fields
from bertsym.derive.oracle.module_inventory import inventory
from bertsym.model import Model
from bertsym.resolve import load
from bertsym.symbols import Kind, L, V

pytestmark = [pytest.mark.torch, pytest.mark.slow]

SEED = 20261128
WHOLE = sorted(line.entry for line in atlas.index().values() if not line.unresolved)
SAMPLE = sorted(random.Random(SEED).sample(WHOLE, 24))
ALWAYS = ["clip", "gpt_oss", "mamba", "convnext", "t5", "swin", "bamba", "dinov2", "blip-2"]


def built(transformers: Any, cls: str, **fields: int) -> Any:
    """Return the class at its default configuration, or a legal one, with some fields changed, without memory."""
    import torch

    kind = getattr(transformers, cls)
    with torch.device("meta"):
        return kind(kind.config_class(**{**legal_fields(kind.config_class.model_type, {}), **fields}))


@pytest.mark.parametrize("name", dict.fromkeys([*ALWAYS, *SAMPLE]))
def test_components_and_roles_sum_to_the_parameters_of_the_class(name: str, transformers: Any, tmp_path: Path) -> None:
    model = load(f"atlas:{name}-default", "model")
    fields = dict(_changed(model, random.Random(f"{SEED} {name}")))
    try:
        module = built(transformers, model.cls, **fields)
        model = read(module, tmp_path)
    except Exception:  # noqa: BLE001  # some classes refuse a change of one field alone, and some files are refused
        fields = {}
        module = built(transformers, model.cls)
    sizes = {name: parameter.numel() for name, parameter in module.named_parameters(remove_duplicate=False)}
    for by in (By.COMPONENT, By.ROLE, By.MODULE):
        sums: Counter[str] = Counter()
        for tensor_name, _, tensor in written_out(model):
            if tensor.tied_to is None or model.public(tensor.own) != 0:
                label = {By.COMPONENT: tensor.component, By.ROLE: tensor.role.value, By.MODULE: tensor.owner}[by]
                sums[label] += sizes[tensor_name]
        counted = {part.name: part.count for part in breakdown(model, by=by) if part.count}
        assert counted == {label: number for label, number in sums.items() if number}, (SEED, fields)
    assert sum(sums.values()) == sum(parameter.numel() for parameter in module.parameters())


def read(module: Any, folder: Path) -> Model:
    """Return the model that the configuration of a module describes."""
    fields = {**module.config.to_dict(), "architectures": [type(module).__name__]}
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return load(str(folder))


def _changed(model: Model, draw: random.Random) -> Iterator[tuple[str, int]]:
    """Yield fields of the outermost configuration with other values: the depth and the vocabulary."""
    for field, symbol in model.architecture.schema.names:
        if symbol in (L, V) and "." not in field and "[" not in field and symbol in model.given:
            most = 4 if model.size(field).kind is Kind.DEPTH else 900
            yield field, draw.randint(most // 2, most)


@pytest.mark.parametrize("name", dict.fromkeys([*ALWAYS, *SAMPLE]))
def test_roles_are_what_torch_and_the_source_say(name: str, transformers: Any) -> None:
    module = built(transformers, load(f"atlas:{name}", "model").cls)
    owners = {f"{path}.{own}".lstrip("."): (owner, own) for path, owner in module.named_modules(remove_duplicate=False)
              for own, _ in owner.named_parameters(recurse=False)}  # fmt: skip
    for parameter, shape, _, role in inventory(module):
        owner, own = owners[parameter]
        expected = _by_torch(owner, own) or _by_source(owner, own, shape)
        assert not expected or role in expected, (parameter, type(owner).__name__, role, expected)


def _by_torch(owner: Any, own: str) -> set[str]:
    """Return the roles that a layer of torch may give its parameter; none for a module of other code."""
    from torch import nn

    norms = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm, nn.RMSNorm)
    layers = (nn.Linear, nn.modules.conv._ConvNd, nn.LSTM, nn.GRU, nn.MultiheadAttention)
    if isinstance(owner, nn.Embedding):
        return {"embedding"}
    if isinstance(owner, norms):
        return {"norm"}
    if isinstance(owner, layers):
        return {"bias"} if "bias" in own else {"matrix", "embedding"}
    return set()


# Not einsum, which is a dot product with the rows of a table in XLNet, and not embedding, which looks rows up.
_MATRIX_CALLS = {"linear", "matmul", "bmm", "conv1d", "conv2d", "baddbmm", "addmm", "grouped_mm"}
_ADDING_CALLS = {"baddbmm", "addmm"}  # the first argument is added to the product of the others
_SAME = {"to", "float", "view", "reshape", "unsqueeze", "expand", "exp", "tanh", "sigmoid", "type_as", "squeeze"}


def _by_source(owner: Any, own: str, shape: list[int]) -> set[str]:
    """Return the roles that the uses of `self.NAME` in the class allow; none if they decide nothing."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(type(owner))))
    except (OSError, TypeError, SyntaxError):
        return set()
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    uses = {
        use
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == own and isinstance(node.ctx, ast.Load)
        for use in [_use(node, parents)]
    }
    if uses == {"matrix"} and sum(side > 1 for side in shape) > 1:
        return {"matrix"}
    if uses == {"product"} and sum(side > 1 for side in shape) < 2:
        return {"scale", "norm", "other"}
    return set()


def _use(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """Return what becomes of a value: it multiplies as a matrix or as a factor, it is added, or something else."""
    while True:
        parent = parents[node]
        if isinstance(parent, ast.BinOp):
            return {ast.Mult: "product", ast.MatMult: "matrix", ast.Add: "sum"}.get(type(parent.op), "else")
        if isinstance(parent, ast.Call) and node is not parent.func:
            called = parent.func.attr if isinstance(parent.func, ast.Attribute) else ""
            if called in _ADDING_CALLS and node is parent.args[0]:
                return "sum"
            if called in _MATRIX_CALLS:
                return "matrix"
            if called not in _SAME:
                return "else"
        elif not isinstance(parent, ast.Attribute | ast.Call | ast.Subscript):
            return "else"
        node = parent
