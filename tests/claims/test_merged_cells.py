"""Tables whose cells reach over columns or rows, headings of several rows, and summaries that programs print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

MARKDOWN = """
| Model | Size | | Params |
| | Layers | Hidden | (M) |
|---|---|---|---|
| BERT-base | 12 | 768 | 110 |
| BERT-large | 24 | 1024 | {} |
"""
LATEX = r"""
\begin{{tabular}}{{l*{{3}}{{c}}}}
\toprule
\multirow{{2}}{{*}}{{Model}} & \multicolumn{{2}}{{c}}{{Sizes}} & \multirow{{2}}{{*}}{{\makecell{{\#Params \\ (M)}}}} \\
\cmidrule(lr){{2-3}}
 & Layers & Hidden & \\
\midrule
BERT$_{{\text{{base}}}}$ & 12 & 768 & 110 \\
BERT$_{{\text{{large}}}}$ & 24 & 1024 & {} \\
\bottomrule
\end{{tabular}}
"""
FAMILIES = r"""
\begin{{tabular}}{{l|c|c}}
\hline
Family & Model & Params (M) \\ \hline
\multirow{{2}}{{*}}{{BERT}} & base & 110 \\
 & large & {} \\ \hline
\multirow{{2}}{{*}}{{RoBERTa}} & base & 125 \\
 & large & 355 \\ \hline
\end{{tabular}}
"""
HTML = """
<html><body><table>
<tr><th rowspan="2">Model<th colspan=2>Size<th rowspan="2">Parameters (M)
<tr><th>Layers</th><th>Hidden</th></tr>
<tr><td>BERT-base</td><td>12</td><td>768</td><td>110</td></tr>
<tr><td>BERT-large</td><td>24</td><td>1024</td><td>{}</td></tr>
</table></body></html>
"""


@pytest.mark.parametrize(
    ("table", "name"), [(MARKDOWN, "t.md"), (LATEX, "t.tex"), (FAMILIES, "f.tex"), (HTML, "t.html")]
)
@pytest.mark.parametrize(("number", "verdict"), [("340", "stands"), ("370", "finding"), ("1024", "finding")])
def test_a_table_with_merged_cells(
    bertsym: Run, tmp_path: Path, table: str, name: str, number: str, verdict: str
) -> None:
    file = tmp_path / name
    file.write_text(table.format(number), encoding="utf-8")
    record = json.loads(bertsym("audit", str(file), "--json").out)
    assert record["verdict"] == verdict
    assert len(record["explanations"]) == 1


def test_a_part_is_not_the_model_that_a_row_names(bertsym: Run, tmp_path: Path) -> None:
    """A row of BERT-base with 590,592 parameters stood, because its pooler has as many."""
    file = tmp_path / "t.md"
    file.write_text("| Model | Params |\n|---|---|\n| BERT-base | 590,592 |\n| BERT-large | 335,141,888 |\n")
    assert bertsym("audit", str(file)).code == 1


LAYERS = "\n".join(f"│    │    └─BertLayer: 3-{n}      [1, 128, 768]   {{layer}}" for n in range(1, 13))
# As torchinfo 1.8 prints a BertModel.
TORCHINFO = f"""
==============================================================
Layer (type:depth-idx)          Output Shape    Param #
==============================================================
BertModel                       [1, 768]        --
├─BertEmbeddings: 1-1           [1, 128, 768]   --
│    └─Embedding: 2-1           [1, 128, 768]   23,440,896
│    └─Embedding: 2-2           [1, 128, 768]   1,536
│    └─Embedding: 2-3           [1, 128, 768]   393,216
│    └─LayerNorm: 2-4           [1, 128, 768]   1,536
├─BertEncoder: 1-2              [1, 128, 768]   --
{LAYERS}
├─BertPooler: 1-3               [1, 768]        --
│    └─Linear: 2-7              [1, 768]        {{pooler}}
==============================================================
Total params: {{total}}
Trainable params: {{trainable}}
Non-trainable params: 0
==============================================================
"""
KERAS = """
Model: "tf_bert_for_sequence_classification"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 bert (TFBertMainLayer)      multiple                  109482240

 dropout_37 (Dropout)        multiple                  0

 classifier (Dense)          multiple                  {head}

=================================================================
Total params: {total}
Trainable params: {total}
Non-trainable params: 0
"""
RIGHT = {"layer": "7,087,872", "pooler": "590,592", "total": "109,482,240", "trainable": "109,482,240"}


@pytest.mark.parametrize(
    ("text", "values", "verdict", "line"),
    [
        (TORCHINFO, RIGHT, "stands", ""),
        (TORCHINFO, {**RIGHT, "pooler": "590,593"}, "finding", "no linear layer of the model is as large"),
        (TORCHINFO, {**RIGHT, "layer": "7,087,871"}, "mixed", "no part that has a name is as large"),
        (TORCHINFO, {**RIGHT, "total": "109,482,241"}, "finding", "not BertModel"),
        (TORCHINFO, {**RIGHT, "trainable": "7,087,872"}, "mixed", "frozen"),
        (KERAS, {"head": "1538", "total": "109,483,778"}, "stands", "classifier"),
        (KERAS, {"head": "1539", "total": "109,483,778"}, "finding", "no linear layer"),
        (KERAS, {"head": "2307", "total": "109,484,547"}, "finding", "3 labels"),
    ],
)
def test_a_summary(bertsym: Run, tmp_path: Path, text: str, values: dict[str, str], verdict: str, line: str) -> None:
    file = tmp_path / "summary.txt"
    file.write_text(text.format(**values), encoding="utf-8")
    ran = bertsym("audit", str(file), "-m", "bert-base-uncased")
    assert ran.out.startswith(verdict)
    assert line in " ".join(ran.out.split())
