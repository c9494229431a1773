"""Checks of other people's work: a claim beside a model, and a checkpoint beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bertsym import arguments
from bertsym.answers.audit import asked
from bertsym.answers.verification import verification
from bertsym.api.answers import Audit, Verification
from bertsym.api.model import Loadable, Model, load
from bertsym.claims.costs.countings import part_or_quantity
from bertsym.claims.question import question
from bertsym.errors import Conflict, Missing
from bertsym.model import Model as Spec
from bertsym.values import replace

if TYPE_CHECKING:
    from bertsym.answers.run_verification import RunVerification


def audit(
    claim: str | PathLike[str],
    model: Model | Loadable | None = None,
    *,
    head: str | None = None,
    of: str = "",
    where: Mapping[str, str] | None = None,
    notation: str = "auto",
    formula: str = "",
    table: bool = False,
    tolerance: Fraction | str = "0",
    run: Mapping[str, int] | None = None,
) -> Audit:
    """Check a published claim about a model.

    The claim is a formula in LaTeX or plain text, a number such as `110M`, a sentence, or the path of a file. A file is
    a table (.csv) or a document (.md, .tex, .html, .ipynb, .txt, .rst). Every formula, number and table of a document
    is checked; `table` reads its first table only. Without a `model` the claim names it, or it is BERT.

    `head` restricts the explanations to one task head. `of` says which part a formula counts, such as `attention`. It
    may also be the quantity of the claim: flops, cache, states, memory or lora. Such a claim is judged under every
    convention. `run` has the sizes of a run that the claim does not say: `{"B": 1, "S": 512}`.
    `where` says what a name in the claim or a heading stands for: `{"d": "H", "total": "params"}`. `notation` is auto,
    bert, vaswani, kaplan or megatron. `formula` replaces the model's counts when a table is checked. `tolerance` is the
    share of a count that a claim may leave out in one named part.

    Raises `BertsymError`: `UnreadableFormula`, `Unreadable`, `UnknownName`, `BadFile`, `MissingSize` and others.

    Examples:
        >>> audit("12LH^2").stands, audit("11LH^2").stands
        (True, False)
        >>> audit("12 L d^2", where={"d": "H"}).notes
        ('read as 12·L·H²', 'with d = H')
        >>> print(audit("110M", "bert-base-uncased").report.verdict.whole)
        109482240
        >>> audit("48.3 GFLOPs", "bert-base-uncased", run={"S": 512}).report.verdict.matches[0].counting.name
        'macs'
    """
    chosen = model if isinstance(model, Model) else load("bert" if model is None else model)
    spec = (chosen if head is None else chosen.with_head(head)).plain_spec("audit")
    given = arguments.mapping(where, "where", "{'d': 'H'}")
    names = {name: arguments.text(meant, f"where[{name!r}]") for name, meant in given.items()}
    part, cost = part_or_quantity(arguments.text(of, "of"))
    read = (("notation", notation), ("of", part), ("formula", formula))
    words = {name: arguments.text(word, name) for name, word in read}
    about = question(spec, () if head is None else (head,), where=names, **words)
    about = replace(about, cost=cost, run=arguments.run_sizes(run))
    about = replace(about, named=model is not None, tolerance=arguments.share(tolerance, "tolerance"))
    return Audit(*asked(arguments.path(claim, "claim", "a text such as '110M', or a path"), about, table=table))


def verify(
    model: Model | Loadable | None,
    source: str | PathLike[str] | None = None,
    *,
    head: str | None = None,
    infer: bool = False,
    framework: bool = False,
    header_only: bool = False,
    model_type: str | None = None,
) -> Verification:
    """Compare a checkpoint with a model, tensor by tensor. Only headers of files are read, no weights.

    `source` is a `.safetensors` or `.gguf` file, a `.safetensors.index.json`, or the folder of one. Of an index without
    its shards, names and total size are compared. `model` is a loaded model, or what `load` takes.
    None takes the `config.json` beside the checkpoint. Without one it takes the model that the names and shapes fit
    best. `infer` ignores a `config.json`. `framework` compares with the class as transformers builds it. `header_only`
    accepts a file of which only the beginning was fetched. `model_type` is the type as which a `config.json` is read.

    A model `of` flops, cache or states needs no `source`, but `framework`. Its class runs on torch's meta device. The
    formula is compared with the run.

    Raises `BertsymError`: `BadFile`, `BadField`, `UnknownName` or `Conflict`.

    Examples:
        >>> verify(load("bert-base-uncased").of("flops").at(B=1, S=512), framework=True).ok  # doctest: +SKIP
        True
        >>> verify(None, "nowhere.safetensors")
        Traceback (most recent call last):
        bertsym.errors.BadFile: 'nowhere.safetensors': no such file
    """
    if isinstance(model, Model) and model.measure is not None:
        others = {"source": source, "head": head, "model_type": model_type, "infer": infer, "header_only": header_only}
        return Verification(_run(model, others, framework=framework))
    if source is None:
        checkpoint = "a checkpoint as the second argument, as in verify(None, 'model.safetensors')"
        raise Missing("source", f"{checkpoint}, or a model `of` a quantity with framework=True")
    named = None if head is None else arguments.text(head, "head")
    kind = None if model_type is None else arguments.text(model_type, "model_type")
    target: Spec | str | None = None
    if isinstance(model, Model) or (model is not None and not isinstance(model, str | PathLike)):
        target = (model if isinstance(model, Model) else load(model, model_type=kind)).plain_spec("verify")
    elif model is not None:
        target = arguments.path(model, "model")
    report = verification(
        Path(arguments.path(source, "source")),
        target,
        named,
        framework=framework,
        infer=infer,
        header_only=header_only,
        model_type=kind,
    )
    return Verification(report)


def _run(model: Model, others: Mapping[str, object], *, framework: bool) -> RunVerification:
    """Compare the formula of a measured model with a run; raises `Missing` or `Conflict` for what does not fit."""
    from bertsym.answers.run_verification import run_verification  # few programs run a class

    if model.measure is None:
        raise AssertionError("the caller has checked it")
    for name, given in others.items():
        if given:
            raise Conflict(name, f"of {model.measure.quantity.name}", "a class is run, and no checkpoint is read")
    if not framework:
        raise Missing("framework", "framework=True, which runs the class of transformers")
    return run_verification(model.measure, model.spec)
