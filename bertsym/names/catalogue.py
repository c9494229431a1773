"""The published models as data: `published.txt`, family by family, one model a line; read when a name is looked up.

The file says how it is written. A line holds the fields of the model's `config.json` that decide parameters, or `zoo`
if the architecture's own file in the zoo has the sizes of its paper.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

from bertsym.files.jsonfile import Json
from bertsym.values import value

FILE = Path(__file__).parent / "published.txt"
IN_THE_ZOO = "zoo"
BARE = "model"
"""The head of a model without the head of a task."""


class BadCatalogue(ValueError):
    """A line of the data that does not say what the file's first lines ask for; only a contributor meets it."""


@value
class Family:
    """Models that share a model type, a list of fields, and the head under which their paper counts them.

    `reason` says why the paper counts that head. `columns` are the fields whose values the lines give, in order;
    `fields` are those that all lines share.
    """

    title: str
    type: str
    owner: str
    head: str
    reason: str
    columns: tuple[str, ...]
    fields: Mapping[str, Json]


@value
class Counted:
    """The head under which a model type's papers count it, and the reason."""

    head: str
    reason: str


@value
class Published:
    """A published model: its name, its sizes as configuration fields, and its exact count under its family's head.

    `sources` are the addresses of the configuration and of the published count. `aliases` are further names.
    """

    name: str
    owner: str
    family: Family
    values: str
    count: int
    sources: tuple[str, ...]
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name of the model."""
        return (self.name, *self.aliases)

    @property
    def in_zoo(self) -> bool:
        """Return True if the zoo's own file has the sizes."""
        return self.values == IN_THE_ZOO

    @property
    def hub(self) -> str:
        """Return the name with its owner, or the name alone if it has none."""
        return f"{self.owner}/{self.name}" if self.owner else self.name

    @cached_property
    def config(self) -> dict[str, Json]:
        """Return the fields as a `config.json` has them, nested where their paths are; raises `BadCatalogue`."""
        fields = dict(self.family.fields)
        texts = self.values.split()
        given, further = texts[: len(self.family.columns)], texts[len(self.family.columns) :]
        if len(given) < len(self.family.columns):
            raise BadCatalogue(f"{self.name}: {len(given)} values for {len(self.family.columns)} fields")
        fields |= {path: _json(text) for path, text in zip(self.family.columns, given, strict=True) if text != "-"}
        fields |= _assignments(further)
        nested: dict[str, Json] = {"model_type": self.family.type}
        for path, content in fields.items():
            *parents, last = path.split(".")
            part = nested
            for parent in parents:
                inner = part.setdefault(parent, {})
                if not isinstance(inner, dict):
                    raise BadCatalogue(f"{self.name}: {path} is below a value")
                part = inner
            part[last] = content
        return nested


@cache
def published() -> tuple[Published, ...]:
    """Return every published model, in the order of the file; raises `BadCatalogue`."""
    return tuple(_models(FILE.read_text(encoding="utf-8"), {}))


@cache
def _families() -> Mapping[str, Family]:
    """Return the first family of each model type."""
    first: dict[str, Family] = {}
    for model in published():
        first.setdefault(model.family.type, model.family)
    return first


@cache
def _reasons() -> Mapping[str, str]:
    reasons: dict[str, str] = {}
    for _ in _models(FILE.read_text(encoding="utf-8"), reasons):
        pass
    return reasons


def counted(model_type: str, heads: Collection[str]) -> Counted:
    """Return the head of `heads` that the name of a model type or of its sizes means.

    A family of the data says so itself. Of the other types, one that generates a text from an input has the head that
    does it, and a decoder its language model. A type with a masked language model is an encoder.

    >>> counted("llama", ("model", "causal-lm")).head, counted("bert", ("model", "masked-lm", "causal-lm")).head
    ('causal-lm', 'model')
    """
    family = _families().get(model_type)
    if family is not None and family.head in heads:
        return Counted(family.head, family.reason)
    decoder = "causal-lm" in heads and "masked-lm" not in heads
    head = "conditional-generation" if "conditional-generation" in heads else "causal-lm" if decoder else BARE
    return Counted(head, _reasons()[head])


def _models(text: str, reasons: dict[str, str]) -> Iterator[Published]:
    """Yield the models of the file, and put the reasons for the heads into `reasons`."""
    sources: dict[str, str] = {}
    title, settings = "", dict[str, str]()
    family: Family | None = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            title, settings, family = line.strip().strip("[]"), {}, None
        elif title == "sources":
            key, _, address = line.partition(" ")
            sources[key] = address.strip()
        elif title == "heads":
            key, _, reason = line.partition(" ")
            reasons[key] = reason.strip()
        elif "|" not in line:
            key, _, rest = line.partition(" ")
            settings[key] = rest.strip()
        else:
            family = family or _family(title, settings, reasons)
            yield _model(line, family, sources)


def _family(title: str, settings: Mapping[str, str], reasons: Mapping[str, str]) -> Family:
    unknown = set(settings) - {"type", "owner", "head", "reason", "columns", "fields"}
    head = settings.get("head", "model")
    if unknown or "type" not in settings or head not in reasons:
        raise BadCatalogue(f"[{title}]: expected type, owner, head, reason, columns and fields, got {settings}")
    return Family(
        title,
        settings["type"],
        settings.get("owner", ""),
        head,
        settings.get("reason", reasons[head]),
        tuple(settings.get("columns", "").split()),
        _assignments(settings.get("fields", "").split()),
    )


def _model(line: str, family: Family, sources: Mapping[str, str]) -> Published:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) not in (4, 5) or not parts[2].isdecimal():
        raise BadCatalogue(f"expected name | values | count | sources | aliases, got {line!r}")
    hub, values, count, cited = parts[:4]
    *owners, name = hub.split("/")
    owner = owners[0] if owners else family.owner
    aliases = tuple(alias.strip() for alias in parts[4].split(",") if alias.strip()) if len(parts) == 5 else ()
    where = tuple(sources[key].replace("OWNER", owner).replace("NAME", name) for key in cited.split())
    return Published(name, owner, family, values, int(count), where, aliases)


def _assignments(texts: list[str]) -> dict[str, Json]:
    return {path: _json(text) for path, _, text in (assignment.partition("=") for assignment in texts)}


def _json(text: str) -> Json:
    content: Json = json.loads(text)
    return content
