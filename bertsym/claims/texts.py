"""The verdicts on a document: on the formulas of its mathematics and code, its numbers of parameters and its tables."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from bertsym.claims.attribution import Owner, Owners
from bertsym.claims.cells import SUMMARY_SUFFIX, Cells, cells_of
from bertsym.claims.costs.claims import CostVerdict
from bertsym.claims.costs.columns import cost_columns, judged_cells, without_costs
from bertsym.claims.costs.cost_judge import CostJudge
from bertsym.claims.costs.sentences import CostReader
from bertsym.claims.formula import FormulaVerdict, judge_formula
from bertsym.claims.layout import Layout
from bertsym.claims.ledger import Ledger, TooManyJudged
from bertsym.claims.limits import MAX_FORMULAS, MAX_NUMBERS, TooMany
from bertsym.claims.number import Count as Counted
from bertsym.claims.number import NumberVerdict, census, judge_number
from bertsym.claims.numerals import ascii_digits
from bertsym.claims.parsed_formula import Reading
from bertsym.claims.parser import read
from bertsym.claims.parts_table import PartsVerdict
from bertsym.claims.phrases import ABOUT_COUNTS, Quoted, ends_a_phrase, quoted_numbers
from bertsym.claims.polynomial import expand
from bertsym.claims.precisions import Precision, precision_in, precisions_named, several_precisions, stored_problem
from bertsym.claims.question import Question, about_model, all_heads
from bertsym.claims.scopes import says_total, scope_named
from bertsym.claims.sources import Source
from bertsym.claims.spans import Places, formulas, plain_formulas, readable
from bertsym.claims.standing import Standing, together
from bertsym.claims.table import TableVerdict
from bertsym.claims.tables import claims_parameters, judge_table_claim, table_claim
from bertsym.errors import BertsymError
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace, value

# The characters behind a number of bytes in which its precision is looked for.
BESIDE = 40

# Between a name and its number, and between a number and the name that follows in brackets.
_BRACKET = re.compile(r"[\s`*_]*[(（]\s*[~≈]?")
_IN_BRACKETS = re.compile(r"\s*[(（][\s`*_]*(?:for\s+)?")
_COLON = re.compile(r"[\s`*_]*[:：]\s*[~≈]?")
_LISTED = re.compile(r"(?:['’]s)?[\s`*_]*[:：,]?\s*(?:(?:has|have|is|hat)\s+)?[~≈]?")
_ALL = re.compile(r"\s*(?:(?:in )?total|overall|dense)\b")
_TOTAL = re.compile(r"\s*(?:(?:in )?total|overall)\b")
_ACTIVE = re.compile(r"\s*(?:(?:are|is)\s+)?(?P<words>active|activated)\b(?![\s-]*(?:experts?|layers?|users?))")
_DIGIT_AND_GROUP = re.compile(r"\d[ \u00a0\u2009\u202f]\d{3}(?!\d)")
_UNCLEAR = "the sentence speaks of parameters, and does not say that this number counts them"
_OPEN = "the text does not say which model has this number, or that it counts parameters"
# Marks of mathematics that is no count: a loss, a distribution, an attention, an expectation.
_NO_COUNT = re.compile(
    r"\\(?:log|exp|sqrt|partial|nabla|int|mathbb|mathcal|max|min|in\b|sigma|theta|alpha|beta|lambda)|softmax"
)
_A_SIZE = re.compile(
    r"(?<![A-Za-z\\])[HLVNEFDhlvd](?![A-Za-z])|\d[HLVhlvd]|hidden|d_\{?(?:\\text\{)?model|layer|embd|vocab|heads?"
)
_AN_OPERATION = re.compile(r"[*^×·+]|\\(?:times|cdot|frac|sum)|\*\*|\d\s*[A-Za-z]")


@value
class JudgedClaim:
    """A claim of a document with its line, and the verdict on it or the reason for none.

    `source` is the file or the cell in which the claim stands, if the document has several. A `wrong` claim contradicts
    itself, whatever the model has; the reason names the contradiction.
    """

    line: int
    text: str
    verdict: FormulaVerdict | NumberVerdict | TableVerdict | PartsVerdict | CostVerdict | None
    reason: str = ""
    source: str = ""
    wrong: bool = False

    @property
    def standing(self) -> Standing:
        """Return the verdict."""
        if self.verdict is None:
            return Standing.FINDING if self.wrong else Standing.UNREAD
        return self.verdict.standing

    @property
    def finding(self) -> bool:
        """Return True if the claim was judged and is wrong."""
        return self.standing.wrong


@value
class TextVerdict:
    """The judged claims of a document, in the order of its lines."""

    claims: tuple[JudgedClaim, ...]

    @property
    def stands(self) -> bool:
        """Return True if every claim was judged and none is wrong; a document without claims does not stand."""
        return self.standing is Standing.STANDS

    @property
    def standing(self) -> Standing:
        """Return the verdict on the claims together."""
        return together(claim.standing for claim in self.claims)


def judge_document(sources: tuple[Source, ...], question: Question) -> TextVerdict:
    """Judge every claim of a document; skip mathematics where neither paragraph nor heading speaks of parameters.

    Raises `TooMany` or `TooManyJudged` beyond what a document holds. Claims of the same words are judged once.
    """
    judge = _Judge(question)
    audits = [_Audit(source, judge) for source in sources]
    different = len({piece.strip() for audit in audits for _, piece, _ in audit.candidates})
    if different > MAX_FORMULAS:
        raise TooMany("formulas", different, MAX_FORMULAS)
    return TextVerdict(tuple(claim for audit in audits for claim in audit.claims()))


class _Judge:
    """The verdicts of one document, which judges equal claims about a model once."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.costs = CostJudge()
        self.ledgers: dict[str, Ledger] = {}
        self.formulas: dict[tuple[str, str], tuple[FormulaVerdict | None, str, bool]] = {}
        self.numbers: dict[tuple[str, str, str], tuple[NumberVerdict | None, str]] = {}
        self.counts: dict[str, tuple[Counted, ...]] = {}

    def formula(self, bare: str, owner: Owner) -> tuple[FormulaVerdict | None, str, bool]:
        """Return the verdict on a formula or why there is none, and whether it has the degrees of a count."""
        key = (bare, owner.name)
        if key not in self.formulas:
            self.formulas[key] = self._formula(bare, owner)
        return self.formulas[key]

    def _formula(self, bare: str, owner: Owner) -> tuple[FormulaVerdict | None, str, bool]:
        model = owner.model or self.question.model
        about = self.question if model is self.question.model else about_model(self.question, model)
        try:
            reading = read(bare, about.notation, about.where, model)
            if not _is_count(reading):
                return None, "", False
            ledger = self.ledgers.setdefault(owner.name, Ledger(model, about.heads))
            return judge_formula(reading, model, about.heads, ledger=ledger), "", _has_widths(reading)
        except TooManyJudged:
            raise
        except BertsymError as error:
            return None, str(error).removeprefix("the formula, ") if _could_count(bare) else "", False

    def number(self, quoted: Quoted, owner: Owner) -> tuple[NumberVerdict | None, str]:
        """Return the verdict on a number about its owner, or why there is none."""
        if quoted.problem or owner.model is None:
            return None, quoted.problem or owner.problem
        words = quoted.words if scope_named(quoted.words) else ""
        whole = owner.whole and not words
        words = words or ("total" if says_total(quoted.words) else "")
        key = (str(quoted.numeral.stated), owner.name, f"{words} {whole}")
        if key not in self.numbers:
            if len(self.numbers) == MAX_NUMBERS:
                raise TooMany("numbers of parameters", MAX_NUMBERS + 1, MAX_NUMBERS)
            self.numbers[key] = self._number(quoted, owner.model, owner.name, words, whole=whole)
        return self.numbers[key]

    def _number(
        self,
        quoted: Quoted,
        model: Model,
        name: str,
        words: str,
        precision: Precision | None = None,
        *,
        whole: bool = False,
    ) -> tuple[NumberVerdict | None, str]:
        heads = self.question.heads if model is self.question.model else all_heads(model)
        try:
            if name not in self.counts:
                self.counts[name] = census(model, heads)
            verdict = judge_number(
                quoted.numeral.stated,
                model,
                heads,
                self.counts[name],
                unit=quoted.numeral.unit,
                precision=precision,
                words=words,
                whole=whole,
            )
        except BertsymError as error:
            return None, str(error)
        return verdict, ""

    def bytes(self, quoted: Quoted, owner: Owner, precision: Precision | None) -> tuple[NumberVerdict | None, str]:
        """Return the verdict on the size of a checkpoint of its owner, or why there is none."""
        if owner.model is None:
            return None, owner.problem
        unit = quoted.numeral.unit
        key = (str(quoted.numeral.stated), owner.name, f"{unit} {precision}")
        if key not in self.numbers:
            self.numbers[key] = self._number(quoted, owner.model, owner.name, "", precision)
        return self.numbers[key]

    def table(self, name: str, cells: Cells) -> tuple[TableVerdict | PartsVerdict | None, str]:
        """Return the verdict on a table, or why there is none."""
        try:
            return judge_table_claim(table_claim(name, cells, self.question)), ""
        except BertsymError as error:
            return None, str(error)


class _Audit:
    """The audit of one source of a document."""

    def __init__(self, source: Source, judge: _Judge) -> None:
        self.source = source
        self.judge = judge
        self.bare = ascii_digits(readable(source.text, tex=source.tex))
        tables = cells_of(source.name, self.bare, source.suffix)
        summaries = cells_of(source.name, ascii_digits(source.text), SUMMARY_SUFFIX)
        drawn = {line for cells in summaries for line, _ in cells.rows}
        apart = [cells for cells in tables if drawn.isdisjoint(line for line, _ in cells.rows)]
        bare = [without_costs(cells) for cells in (*apart, *summaries)]
        self.tables = [cells for cells in bare if claims_parameters(cells, judge.question)]
        self.of_costs = [cells for cells in (*apart, *summaries) if cost_columns(cells)]
        self.text = self._without_tables()
        self.layout = Layout(self.text)
        self.places = Places(self.text, ABOUT_COUNTS)
        self.owners = Owners(self.text, self.layout, judge.question)
        self.costs = CostReader(self.text, self.layout, self.owners, judge.question, judge.costs)
        self.amounts = list(self.costs.amounts())
        self.candidates = list(self._candidates())

    def claims(self) -> list[JudgedClaim]:
        """Return the judged claims in the order of the lines."""
        found = [*self._tables(), *self._formulas(), *self._numbers(), *self._costs()]
        return sorted(found, key=lambda claim: claim.line)

    def _without_tables(self) -> str:
        """Return the text with blanks in place of the tables that are judged as tables."""
        lines = self.bare.split("\n")
        for cells in (*self.tables, *self.of_costs):
            for line, _ in cells.rows:
                lines[line - 1] = " " * len(lines[line - 1])
        return "\n".join(lines)

    def _claim(self, position: int, shown: str, verdict: tuple[object, str]) -> JudgedClaim:
        line = self.source.line(self.places.line(position))
        judged, unread = verdict
        return JudgedClaim(line, " ".join(shown.split()), judged, unread, self.source.name)  # type: ignore[arg-type]

    def _tables(self) -> Iterator[JudgedClaim]:
        for cells in self.tables:
            verdict, unread = self.judge.table(self.source.name, cells)
            shown = f"table of {len(cells.rows) - 1} rows: {', '.join(filter(None, cells.heading))}"
            yield JudgedClaim(self.source.line(cells.line), shown, verdict, unread, self.source.name)

    def _costs(self) -> Iterator[JudgedClaim]:
        for cells in self.of_costs:
            for cell in judged_cells(cells, self.judge.question, self.judge.costs):
                line = self.source.line(cell.line)
                yield JudgedClaim(line, cell.text, cell.verdict, cell.reason, self.source.name)
        for cost in self.amounts:
            yield self._claim(cost.start, self.text[cost.start : cost.stop], (cost.verdict, cost.reason))

    def _is_cost(self, start: int, stop: int) -> bool:
        """Return True if an amount of a cost overlaps a stretch of the text."""
        before = bisect_left(self.amounts, stop, key=lambda cost: cost.start)
        return before > 0 and start < self.amounts[before - 1].stop

    def _formulas(self) -> Iterator[JudgedClaim]:
        for position, piece, near in self.candidates:
            if self.costs.is_cost(position, piece):
                cost = self.costs.formula(position, piece)
                if cost is not None:
                    yield self._claim(cost.start, piece, (cost.verdict, cost.reason))
                continue
            verdict, unread, widths = self.judge.formula(piece.strip(), self.owners.of_formula(position))
            if (verdict is not None and (near or widths)) or (near and unread):
                start = position + len(piece) - len(piece.lstrip())
                yield self._claim(start, piece, (verdict, unread))

    def _candidates(self) -> Iterator[tuple[int, str, bool]]:
        """Yield what may be a formula of a count, and whether its own paragraph speaks of parameters."""
        for position, piece in formulas(self.text, tex=self.source.tex):
            near = self.places.spoken_of(position) or self.costs.is_cost(position, piece)
            if near or ABOUT_COUNTS.search(self.layout.heading(position)) is not None:
                yield position, piece, near
        for position, piece in plain_formulas(self.text, tex=self.source.tex):
            if self._is_said(position) or self.costs.is_cost(position, piece):
                yield position, piece, True

    def _is_said(self, position: int) -> bool:
        """Return True if the sentence itself speaks of parameters."""
        start, stop = self.layout.sentence(position)
        return ABOUT_COUNTS.search(self.text, start, stop) is not None

    def _numbers(self) -> Iterator[JudgedClaim]:
        for quoted in quoted_numbers(self._with_names_apart()):
            if self.owners.overlaps(quoted.at, quoted.stop) or self._is_cost(quoted.at, quoted.stop):
                continue
            if quoted.numeral.unit:
                yield from self._bytes(quoted)
                continue
            active = _ACTIVE.match(self.text, quoted.stop) if quoted.bare else None
            if quoted.bare and _TOTAL.match(self.text, quoted.stop):
                quoted = replace(quoted, words="total")  # noqa: PLW2901
            if active is not None and self._names_a_mixture(quoted.start):
                quoted = replace(quoted, words=active["words"], bare=False)  # noqa: PLW2901
            if quoted.bare and not self._is_of_a_name(quoted):
                if self._may_count(quoted):
                    problem = _UNCLEAR if self._is_said(quoted.start) else _OPEN
                    yield self._claim(quoted.start, quoted.numeral.text, (None, problem))
                continue
            owner = self.owners.of_number(quoted, quoted.numeral.stated.value, quoted.series)
            yield self._claim(quoted.start, self.text[quoted.start : quoted.stop], self.judge.number(quoted, owner))

    def _names_a_mixture(self, position: int) -> bool:
        """Return True if the sentence names one model: its active numbers count what works on a token."""
        return len({mention.text.casefold() for mention in self.owners.mentions(position)}) == 1

    def _with_names_apart(self) -> str:
        """Return the text with a letter for each digit of a name that a blank and three digits follow.

        In `ViT-L/16 307M` the 16 is of the name, and the blank separates no thousands.
        """
        letters = list(self.text)
        for match in _DIGIT_AND_GROUP.finditer(self.text):
            for mention in self.owners.mentions(match.start()):
                if mention.start <= match.start() < mention.stop <= match.end() - 3:
                    letters[mention.start : mention.stop] = re.sub(r"\d", "x", self.text[mention.start : mention.stop])
        return "".join(letters)

    def _bytes(self, quoted: Quoted) -> Iterator[JudgedClaim]:
        """Yield the verdict on a number of bytes if it is a checkpoint's; list it if it stands beside a model's name.

        A document speaks of bytes of many other things: without a model or a word for a checkpoint it claims nothing.
        """
        start, stop = self.layout.sentence(quoted.start)
        sentence = self.text[start:stop]
        problem = "" if self._is_of_a_name(quoted) else stored_problem(sentence)
        if not self.owners.mentions(quoted.start) and (problem or not self.source.typed):
            return
        owner = self.owners.of_number(quoted, 0, 0)
        behind = precisions_named(self.text[quoted.stop : min(stop, quoted.stop + BESIDE)])
        precision = behind[0][1] if behind else precision_in(sentence)
        if not behind and several_precisions(sentence):
            problem = "the sentence names several precisions"
        verdict = (None, problem) if problem else self.judge.bytes(quoted, owner, precision)
        yield self._claim(quoted.start, quoted.numeral.text, verdict)

    def _may_count(self, quoted: Quoted) -> bool:
        """Return True if a number without the word may count parameters, and has to be listed as not read."""
        ends = ends_a_phrase(self.text, quoted.stop) or quoted.among > 1 or self.source.typed
        spoken = self._is_said(quoted.start) and bool(self.owners.mentions(quoted.start))
        return ends and (spoken or self.source.typed)

    def _is_of_a_name(self, quoted: Quoted) -> bool:
        """Return True if a number without the word stands behind a model's name: in brackets, or after a colon.

        In a typed claim a comma or a blank is enough. The numbers of a series share the brackets.
        """
        start, stop = quoted.group
        named = self.owners.mentions(quoted.start)
        before = [m for m in named if m.stop <= start]
        after = [m for m in named if m.start >= stop]
        if after and _IN_BRACKETS.fullmatch(self.text, stop, after[0].start):
            return self.text[after[0].stop : after[0].stop + 1] in (")", "）")
        if not before:
            return False
        total = _ALL.match(self.text, stop)
        stop = stop if total is None else total.end()
        behind = self.text[stop : stop + 2].strip()[:1]
        if _BRACKET.fullmatch(self.text, before[-1].stop, start) and behind in (")", "）", ",", ";", ""):
            return True
        sign = _LISTED if self.source.typed else _COLON
        listed = sign.fullmatch(self.text, before[-1].stop, start) is not None and behind in ("", ",", ".", ";")
        return listed and (self.source.typed or self._speaks_of_counts(quoted.start))

    def _speaks_of_counts(self, position: int) -> bool:
        return self.places.spoken_of(position) or ABOUT_COUNTS.search(self.layout.heading(position)) is not None


def _is_count(reading: Reading) -> bool:
    """Return True if a formula has the degree of a count: some product of two widths, tables or layers.

    A divisor is no part of the degree: in the claim 3H²/A the heads should have cancelled.
    """
    return any(
        sum(max(power, 0) for base, power in monomial if base in BY_SYMBOL and BY_SYMBOL[base].kind is not Kind.RATIO)
        >= 2
        for side in reading.sides
        for monomial in expand(side.form)
    )


def _has_widths(reading: Reading) -> bool:
    """Return True if no term has more than two widths or tables, as the sides of a matrix are."""
    return all(
        sum(power for base, power in monomial if base in BY_SYMBOL and BY_SYMBOL[base].kind in (Kind.WIDTH, Kind.ROWS))
        <= 2
        for side in reading.sides
        for monomial in expand(side.form)
    )


def _could_count(piece: str) -> bool:
    """Return True if unreadable text might have been a count: a size and an operation on it, and no loss or softmax."""
    return bool(
        re.search(r"\d", piece)
        and len(piece.strip()) > 2
        and _A_SIZE.search(piece)
        and _AN_OPERATION.search(piece)
        and not _NO_COUNT.search(piece)
    )
