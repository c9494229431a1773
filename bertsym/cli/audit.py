"""audit: is a published formula, number, table or text right, and what does it count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bertsym.cli import options
from bertsym.cli.output import show
from bertsym.cli.streams import note

if TYPE_CHECKING:
    from bertsym.claims.parsed_formula import Reading
    from bertsym.model import Model
    from bertsym.report import Report

LONGEST_PATH = 1_000

AuditedModel = Annotated[
    str,
    typer.Option("--model", "-m", metavar="MODEL", help="What the claim is about; as MODEL of the other commands."),
]
Where = Annotated[
    list[str] | None, typer.Option("--where", metavar="d=H", help="What a name of the claim stands for; repeatable.")
]


def audit(
    claims: Annotated[
        list[str],
        typer.Argument(metavar="CLAIM...", help="A formula, a number such as 110M, or paths of tables or texts."),
    ],
    model: AuditedModel = "bert",
    at: options.At = None,
    head: options.HeadName = None,
    of: Annotated[str, typer.Option("--of", metavar="PART", help="What the formula counts, such as attention.")] = "",
    where: Where = None,
    notation: Annotated[
        str, typer.Option("--notation", metavar="NAME", help="auto, bert, vaswani, kaplan or megatron.")
    ] = "auto",
    formula: Annotated[
        str, typer.Option("--formula", metavar="FORMULA", help="Judge a table's rows against this formula instead.")
    ] = "",
    table: Annotated[bool, typer.Option("--table", help="Audit the table in a .md or .tex, not its text.")] = False,
    latex: options.Latex = False,
    markdown: options.Markdown = False,
    json: options.AsJson = False,
) -> None:
    """Is this published formula or number right, and what does it count? Exits with 1 on a finding."""
    from bertsym.errors import Conflict, Unreadable

    chosen = options.model(model, head, at)
    heads = [chosen.head] if head else [chosen.head, *(h for h in chosen.architecture.heads if h != chosen.head)]
    asked = _Asked(chosen, heads, of, notation, _where(where), formula)
    if len(claims) > 1:
        for claim in claims:
            if not _suffix(claim):
                raise Unreadable("claims", claim, "one formula or number, quoted, or paths of files")
        if json:
            raise Conflict("--json", "several files", "one answer at a time")
    findings = [_audited(claim, asked, table=table or bool(formula)) for claim in claims]
    for report, _ in findings:
        show(report, latex=latex, markdown=markdown, json=json)
    if any(finding for _, finding in findings):
        raise typer.Exit(1)


class _Asked(NamedTuple):
    """What the options say, for claims of every kind."""

    model: Model
    heads: list[str]
    of: str
    notation: str
    where: dict[str, str]
    formula: str


def _suffix(claim: str) -> str:
    """The suffix of a path that is a table or a text; empty for a formula or a number."""
    from pathlib import PurePath

    suffix = PurePath(claim).suffix.lower() if len(claim) < LONGEST_PATH else ""
    return suffix if suffix in (".csv", ".tsv", ".md", ".markdown", ".tex") else ""


def _audited(claim: str, asked: _Asked, *, table: bool) -> tuple[Report, bool]:
    suffix = _suffix(claim)
    if suffix in (".csv", ".tsv") or (suffix and table):
        return _table(claim, asked)
    if suffix:
        return _text(claim, asked)
    return _number(claim, asked) if _is_number(claim) else _formula(claim, asked)


def _table(claim: str, asked: _Asked) -> tuple[Report, bool]:
    from bertsym.answers.audit_table import TableAudit
    from bertsym.claims.parser import read
    from bertsym.claims.polynomial import expand
    from bertsym.claims.table import judge_table
    from bertsym.claims.tablefile import read_table

    table = read_table(claim)
    note(f"columns read: {', '.join(map(str, table.columns)) or 'none'}")
    if table.ignored:
        note(f"columns left aside: {', '.join(table.ignored)}")
    terms = None
    if asked.formula:
        reading = read(asked.formula, asked.notation, asked.where)
        _tell(reading)
        terms = expand(reading.main.form)
    answer = TableAudit(judge_table(table, asked.model, asked.heads, terms))
    return answer, answer.finding


def _text(claim: str, asked: _Asked) -> tuple[Report, bool]:
    from bertsym.answers.audit_text import TextAudit
    from bertsym.claims.tablefile import read_text
    from bertsym.claims.texts import Question, audit_text

    tex = claim.lower().endswith(".tex")
    question = Question(asked.model, tuple(asked.heads), asked.notation, asked.where)
    claims = audit_text(read_text(claim), question, tex=tex)
    answer = TextAudit(claim, claims)
    return answer, answer.finding


def _is_number(claim: str) -> bool:
    """Whether the claim is a number alone: digits with separators, a suffix, an exponent."""
    from re import fullmatch

    return fullmatch(r"[~≈]?\s*[\d][\d.,_]*\s*([eE]\+?\d+|[KMBT])?(\s*(parameters|params))?", claim.strip()) is not None


def _number(claim: str, asked: _Asked) -> tuple[Report, bool]:
    from bertsym.answers.audit_number import NumberAudit
    from bertsym.claims.formula import at_base
    from bertsym.claims.number import judge_number
    from bertsym.quantities import parse_stated

    model = asked.model
    if not model.given:
        model = at_base(model)
        note(f"a number needs sizes: judged at {model.label}")
    text = claim.strip().lstrip("~≈").removesuffix("parameters").removesuffix("params").replace(" ", "")
    answer = NumberAudit(judge_number(parse_stated(text, "the claim"), model, asked.heads), text)
    return answer, answer.finding


def _formula(claim: str, asked: _Asked) -> tuple[Report, bool]:
    from re import split

    from bertsym.answers.audit_formula import FormulaAudit
    from bertsym.claims.formula import judge
    from bertsym.claims.parser import read

    reading = read(claim, asked.notation, asked.where)
    _tell(reading)
    stated = split(r"[=≈:$]|\\approx", claim.replace("{,}", ",").strip(" $."))[-1].replace("\\,", "")
    if reading.label and len(reading.sides) == 1 and _is_number(stated):
        return _number(stated, asked)
    answer = FormulaAudit(judge(reading, asked.model, asked.heads, asked.of))
    return answer, answer.finding


def _tell(reading: Reading) -> None:
    """How the claim was read, on stderr."""
    from bertsym.wording import pretty

    sides = [("≈ " if side.about else "") + pretty(side.form) for side in reading.sides]
    lines = ["read as " + " = ".join(sides)]
    named = [f"{raw} = {symbol}" for raw, symbol in reading.names.items() if raw != str(symbol)]
    lines += ["with " + ", ".join(named)] if named else []
    lines += list(reading.notes)
    for use, pieces in reading.left_out().items():
        if use.value != "layout":
            lines.append(f"{use.value}: {''.join(pieces)}")
    for line in lines:
        note(line)


def _where(texts: list[str] | None) -> dict[str, str]:
    """`d=H,h=heads` as names; raises `Unreadable` or `UnknownName`."""
    from bertsym.errors import Unreadable
    from bertsym.symbols import lookup

    given = {}
    for pair in options.split(texts):
        raw, equals, name = pair.partition("=")
        if not equals:
            raise Unreadable("--where", pair, "NAME=SYMBOL, as in d=H")
        given[raw.strip()] = lookup(name.strip()).name
    return given
