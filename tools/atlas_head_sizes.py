"""Record which model types read a `head_dim` that they do not declare: `bertsym/atlas/head_sizes.json`.

    python tools/atlas_head_sizes.py [TYPE ...]     # builds small models on torch's meta device

Much code takes `getattr(config, "head_dim", hidden_size // num_attention_heads)`. A derivation varies declared fields
only, so its formula has H/heads there. Each class of an entry is built with other values of `head_dim`: if its counts
are those of the formula with d in place of H/heads, the type reads the field; if they do not change, it ignores it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from bertsym import atlas
from bertsym.config.configfile import read_config
from bertsym.count import count
from bertsym.errors import BertsymError
from bertsym.saved_model.atlas_models import entry_of
from bertsym.saved_model.head_size_rewrite import in_head_size
from bertsym.symbols import BY_SYMBOL, H, Kind, V, d, heads

OUTPUT = Path(__file__).resolve().parent.parent / "bertsym" / "atlas" / "head_sizes.json"
SAMPLES = 6
FEWEST = 3
"""Builds that a verdict needs; some classes refuse some samples."""


def verdict(transformers: Any, torch: Any, kind: str, draw: Random) -> str | None:
    """Return `read` or `ignored` for a type whose formula has H/heads, or None if neither is shown."""
    derived = entry_of(kind)
    if derived is None or d in derived.defaults or not {H, heads} <= derived.fields.keys():
        return None
    rewritten = in_head_size(derived)
    if any(path.rpartition(".")[2] == "head_dim" for path in (*derived.no_effect, *derived.fixed_by_code)):
        return None
    is_in_formula = rewritten is not derived
    read = ignored = 0
    for _ in range(SAMPLES):
        file = _sample(derived, draw, kind)
        number = int(file[derived.fields[heads].path])
        size = draw.choice([n for n in (2, 4, 6, 8, 12, 20) if n * number != file[derived.fields[H].path]])
        for cls in {head.cls for head in derived.classes.values()}:
            named = {**file, "architectures": [cls]}
            try:
                model = read_config(named, Path("config.json"))
                plain = count(model)
                built = _built(transformers, torch, {**named, "head_dim": size}, cls)
            except (BertsymError, BuildError):
                continue
            expected = count(model.with_sizes({d: size})) if is_in_formula else None
            if built == expected != plain:
                read += 1
            elif built == plain != expected:
                ignored += 1
            else:
                return None
    if read >= FEWEST and not ignored:
        return "read"
    return "ignored" if ignored >= FEWEST and not read else None


class BuildError(Exception):
    """A file that the library does not build."""


def _sample(derived: Any, draw: Random, kind: str) -> dict[str, Any]:
    """Return a small file of the type: other widths and heads, few layers, experts and tokens."""
    number = draw.choice((2, 4, 8))
    file: dict[str, Any] = {"model_type": kind}
    for symbol, field in derived.fields.items():
        size = BY_SYMBOL[symbol]
        if "." in field.path or "[" in field.path:
            continue
        if symbol == heads:
            file[field.path] = number
        elif symbol == H:
            file[field.path] = number * draw.choice((4, 8, 16))
        elif symbol == V:
            file[field.path] = 300
        elif size.kind is Kind.DEPTH:
            file[field.path] = 2
        elif size.kind is Kind.HEADS:
            file[field.path] = draw.choice([n for n in (1, 2, number) if number % n == 0])
        elif size.kind is Kind.SWITCH and draw.random() < 0.3:
            file[field.path] = draw.random() < 0.5
    return file


def _built(transformers: Any, torch: Any, file: dict[str, Any], cls: str) -> int:
    with tempfile.TemporaryDirectory(prefix="bertsym-") as folder:
        Path(folder, "config.json").write_text(json.dumps(file), encoding="utf-8")
        try:
            config = transformers.AutoConfig.from_pretrained(folder)
            with torch.device("meta"):
                module = getattr(transformers, cls)(config)
        except Exception as error:  # noqa: BLE001  # model code may raise anything
            raise BuildError(str(error)) from None
    return sum({id(p): p.numel() for p in module.parameters()}.values())


def main(kinds: list[str]) -> None:
    """Write the verdicts; with some types, print theirs."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch  # noqa: PLC0415  # takes seconds
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    torch.set_num_threads(1)
    found: dict[str, list[str]] = {"read": [], "ignored": []}
    for kind in kinds or sorted(atlas.index()):
        said = verdict(transformers, torch, kind, Random(kind))
        if said is not None:
            found[said].append(kind)
        print(kind, said, flush=True)
    if not kinds:
        content = {"source": f"transformers {transformers.__version__}", **found}
        OUTPUT.write_text(json.dumps(content, separators=(",", ":")).replace(",", ",\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
