"""Record what the configuration classes of transformers declare: `bertsym/atlas/configurations.json`.

    python tools/atlas_configurations.py          # writes the file; a minute or two, no weights, no network

The reader of a `config.json` needs facts that no formula says: which parts of a nested configuration have one class
whatever their `model_type` says, which fields each class declares, which classes want a padding token, how many labels
a file without any has, and which classes the library has.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "bertsym" / "atlas" / "configurations.json"
STRANGE = ("no_such_type", "bert", "llama")
"""Values of a part's `model_type`: one that no class has, and two of classes that are not the part's own."""

USUAL_LABELS = 2


class Configurations:
    """The configuration classes of the installed transformers, by model type."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import transformers  # noqa: PLC0415  # takes seconds

        transformers.logging.set_verbosity(transformers.logging.CRITICAL)
        self.transformers = transformers
        self.types = transformers.models.auto.configuration_auto.CONFIG_MAPPING
        self.folder = tempfile.TemporaryDirectory(prefix="bertsym-")

    def default(self, kind: str) -> dict[str, Any]:
        """Return the file that the class of a model type saves, with all its fields."""
        saved: dict[str, Any] = json.loads(self.types[kind]().to_json_string(use_diff=False))
        return {**saved, "model_type": kind}

    def read(self, file: dict[str, Any]) -> Any:
        """Return the configuration that transformers reads from a file."""
        Path(self.folder.name, "config.json").write_text(json.dumps(file), encoding="utf-8")
        return self.transformers.AutoConfig.from_pretrained(self.folder.name)

    def fixed_parts(self, kind: str) -> list[str]:
        """Return the paths of the parts that have one class and the same fields whatever their `model_type` says."""
        file = self.default(kind)
        return [".".join(path) for path in _parts(file) if self._is_fixed(file, path, (kind, *STRANGE))]

    def _is_fixed(self, file: dict[str, Any], path: tuple[str, ...], words: tuple[str, ...]) -> bool:
        own = _content(_at(self.read(file), path))
        for word in words:
            changed = json.loads(json.dumps(file))
            _at(changed, path)["model_type"] = word
            try:
                read = _content(_at(self.read(changed), path))
            except Exception:  # noqa: BLE001  # a configuration class may raise anything
                return False
            if read != own:
                return False
        return True

    def common(self) -> list[str]:
        """Return the fields that every configuration class has."""
        return sorted(field.name for field in fields(self.transformers.PreTrainedConfig))

    def labels(self, kind: str) -> int:
        """Return the number of labels of a file that gives none."""
        return int(self.types[kind]().num_labels)

    def declared(self, kind: str) -> list[str]:
        """Return the fields and aliases that the class of a model type declares beyond those of every class."""
        cls = self.types[kind]
        own = {field.name for field in fields(cls)} | set(cls.attribute_map)
        return sorted(own.difference(self.common()))

    def is_padded(self, kind: str) -> bool:
        """Return True if the class of a model type wants a padding token, and refuses null."""
        return any(field.name == "pad_token_id" and field.type is int for field in fields(self.types[kind]))

    def mentioned(self, kind: str) -> list[str]:
        """Return the names in the file of the class that it does not declare: keywords, aliases, fields of parts."""
        cls = self.types[kind]
        names: set[str] = set()
        for node in ast.walk(ast.parse(Path(inspect.getfile(cls)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                names.add(node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            elif isinstance(node, ast.FunctionDef) and node.decorator_list:  # a property with a setter
                names.add(node.name)
        declared = {field.name for field in fields(cls)} | set(self.common())
        return sorted(name for name in names - declared if name.islower())

    def classes(self) -> list[str]:
        """Return the names of the public classes in the modeling files."""
        folder = Path(self.transformers.__file__).parent / "models"
        names: set[str] = set()
        for file in sorted(folder.glob("*/modeling_*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                    names |= set(ast.literal_eval(node.value))
        return sorted(name for name in names if not name.startswith("load_"))


def _parts(file: dict[str, Any], below: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, part in file.items():
        if isinstance(part, dict):
            if isinstance(part.get("model_type"), str):
                yield (*below, name)
            yield from _parts(part, (*below, name))


def _at(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    return found


def _content(part: Any) -> tuple[type, dict[str, Any]]:
    saved: dict[str, Any] = json.loads(part.to_json_string(use_diff=False))
    return type(part), {name: value for name, value in saved.items() if name != "model_type"}


def record() -> dict[str, Any]:
    """Return the content of the file."""
    library = Configurations()
    fixed: dict[str, list[str]] = {}
    declared: dict[str, list[str]] = {}
    labels: dict[str, int] = {}
    mentioned: dict[str, list[str]] = {}
    padded: list[str] = []
    for kind in sorted(library.types):
        try:
            fixed[kind] = library.fixed_parts(kind)
            declared[kind] = library.declared(kind)
            labels[kind] = library.labels(kind)
            mentioned[kind] = library.mentioned(kind)
            padded += [kind] if library.is_padded(kind) else []
        except Exception as error:  # noqa: BLE001  # some classes do not build with their own defaults
            print(f"{kind}: {type(error).__name__}: {error}"[:120])
    version = library.transformers.__version__
    return {
        "source": f"transformers {version}",
        "common": library.common(),
        "labels": {kind: number for kind, number in labels.items() if number != USUAL_LABELS},
        "fixed_parts": {kind: paths for kind, paths in fixed.items() if paths},
        "declared": declared,
        "classes": library.classes(),
        "mentioned": mentioned,
        "padded": padded,
    }


if __name__ == "__main__":
    content = json.dumps(record(), indent=None, separators=(",", ":"))
    OUTPUT.write_text(content.replace('],"', '],\n"') + "\n", encoding="utf-8")
