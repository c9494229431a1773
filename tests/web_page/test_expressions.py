"""Expressions as data: repeated parts are written once, and mean the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sympy

from bertsym.algebra import Iverson
from bertsym.symbols import H, L, heads
from bertsym.web_page.expressions import Sharing, encoded

SCRIPT = Path(__file__).parent.parent.parent / "bertsym" / "web_page" / "model.js"
SIZES = [H, L, heads]
PLACES = {symbol: index for index, symbol in enumerate(SIZES)}
EVALUATE = """const {compiler} = require(process.argv[1]);
const {expressions, table, sizes} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const values = sizes.map(BigInt);
const plain = (n) => typeof n === 'bigint' ? String(n) : `${n.over}/${n.under}`;
const open = compiler(sizes.length, table);
const known = compiler(sizes.length, table, [values[0], undefined, values[2]]);
console.log(JSON.stringify(expressions.map((one) => [plain(open(one)(values)), plain(known(one)(values))])));"""


def nested(depth: int) -> Any:
    """Nest floors, each over the sum of two that are alike, as the sides of padded images are."""
    size = H
    for step in range(2, depth + 2):
        size = sympy.floor(size / 2) + L * sympy.floor(size / step) ** 2
    return size


EXPRESSIONS = [
    nested(5),
    nested(5) * L + nested(4),
    sympy.Rational(3, 7) * H - L**3 / heads,
    Iverson(sympy.Or(sympy.And(H > L, sympy.Ne(heads, 3)), sympy.Eq(H, 5))) * H + Iverson(sympy.Not(sympy.Ge(L, H))),
    sympy.Max(H, L, 100) - sympy.Min(H, heads, 1000),
    sympy.floor((L - H) / heads),
    sympy.floor(-H / 7) * sympy.floor((H - 10**6) / L),
]


@pytest.mark.parametrize("sizes", [(768, 12, 12), (5, 7, 3), (10**18 + 9, 10**17 + 3, 97), (1, 1, 1)])
def test_shared_parts_have_their_values(sizes: tuple[int, ...], node: str) -> None:
    sharing = Sharing(len(SIZES))
    numbered = [sharing.numbered(encoded(expression, PLACES)) for expression in EXPRESSIONS]
    data = {"expressions": sharing.written(numbered), "table": sharing.table, "sizes": list(map(str, sizes))}
    given = json.dumps(data)
    done = subprocess.run([node, "-e", EVALUATE, str(SCRIPT)], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = dict(zip(SIZES, sizes, strict=True))
    expected = [
        str(expression.xreplace({s: sympy.Integer(n) for s, n in values.items()})) for expression in EXPRESSIONS
    ]
    assert json.loads(done.stdout) == [[number, number] for number in expected]


def test_repeated_parts_are_written_once() -> None:
    plain = json.dumps(encoded(nested(6), PLACES))
    sharing = Sharing(len(SIZES))
    node = sharing.numbered(encoded(nested(6), PLACES))
    shared = json.dumps([sharing.written(node), sharing.table])
    assert len(shared) < len(plain) / 5
