"""Rebuild the atlas from the installed transformers, recheck its entries, write the page about it.

    python tools/atlas.py build [--only bert,llama] [--first] [--force] [--retry] [--bare] [--seconds 120] [--jobs 2]
    python tools/atlas.py heads [--only ...] [--retry] [--whole] [--further] [--seconds 120] [--jobs 2] [--seed 0]
    python tools/atlas.py tell [--only ...] [--seconds 900]
    python tools/atlas.py variants [--only deepseek_v2] [--force] [--retry] [--tell] [--seconds 120] [--jobs 2]
    python tools/atlas.py check [--only ...] [--sample 20] [--seed 17] [--draws 5]
    python tools/atlas.py page [--check]
    python tools/atlas.py coverage
    python tools/atlas.py convert
    python tools/atlas.py compare COMMIT

A build that was interrupted continues: entries from the same library and engine are kept.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import atlas_index as shelf
import variant_index
from atlas_types import Kind, kinds, library


def build(options: argparse.Namespace) -> int:
    """Derive the selected entries that are missing or old; write the index after each."""
    everything = kinds()
    wanted = [kind for kind in selected(everything, options.only) if not kind.same]
    if options.first:
        wanted = [kind._replace(heads=()) for kind in wanted]
    there = {} if options.force else shelf.kept(library())
    kept = {name: line for name, line in there.items() if shelf.settled(line)}
    if options.retry:
        kept = {name: line for name, line in kept.items() if not isinstance(line, str) and "partly" not in line}
    todo = [kind for kind in wanted if kind.name not in kept]
    state = shelf.State(library(), everything, shelf.kept(library()))
    print(f"{library()}: {len(wanted)} model types, {len(wanted) - len(todo)} kept, {len(todo)} to derive")
    began = time.monotonic()
    with workers(options.jobs) as pool:
        running = {pool.submit(derived, kind, options.seed, options.seconds, bare=options.bare): kind for kind in todo}
        for place, future in enumerate(as_completed(running), 1):
            kind = running[future]
            text, why, seconds = future.result()
            state.put(kind, text, why)
            said = why if text is None else f"{len(text):,} bytes{f', {why}' if why else ''}"
            left = (time.monotonic() - began) / place * (len(todo) - place) / 60
            print(f"{place}/{len(todo)} {kind.name}: {said} ({seconds:.1f} s; {left:.0f} min left)", flush=True)
    state.finish()
    print(f"{state.summary()}; {time.monotonic() - began:.0f} s")
    return 0


def heads(options: argparse.Namespace) -> int:
    """Add the classes that the stored entries lack, each over the formulas of its entry."""
    everything = kinds()
    wanted = [kind for kind in selected(everything, options.only) if not kind.same and shelf.path(kind.name).exists()]
    state = shelf.State(library(), everything, shelf.kept(library()))
    skipped = frozenset() if options.retry else frozenset(state.classes)
    began = time.monotonic()
    with workers(options.jobs) as pool:
        running = {
            pool.submit(
                extended, kind, options.seed, options.seconds, skipped, whole=options.whole, further=options.further
            ): kind
            for kind in wanted
        }
        for place, future in enumerate(as_completed(running), 1):
            kind = running[future]
            try:
                text, notes, without = future.result()
            except Exception as error:  # noqa: BLE001  # one entry is not worth the run of all
                text, notes, without = None, [f"{type(error).__name__}: {error}"[:200]], {}
            if text is not None:
                state.put_heads(kind, text, without)
            remaining = (time.monotonic() - began) / place * (len(wanted) - place) / 60
            for note in notes:
                print(f"{place}/{len(wanted)} {kind.name}: {note}", flush=True)
            if place % 10 == 0:
                print(f"{place}/{len(wanted)}: {remaining:.0f} min remain", flush=True)
    print(f"{state.summary()}; {len(state.classes)} classes without; {time.monotonic() - began:.0f} s")
    return 0


def variants(options: argparse.Namespace) -> int:
    """Derive the listed variants that are missing or old, or renew what their configuration class says."""
    listed = variant_index.variant_kinds(kinds())
    names = [name for name in options.only.split(",") if name]
    chosen = [kind for kind in listed if not names or kind.name in names or kind.model_type in names]
    state = variant_index.wanted()
    if options.tell:
        chosen = [kind for kind in chosen if shelf.path(kind.name).exists()]
    elif not options.force:
        chosen = [kind for kind in chosen if variant_index.is_due(state[kind.name], retry=options.retry)]
    began = time.monotonic()
    with workers(options.jobs) as pool:
        running = {
            pool.submit(varied, kind, options.seed, options.seconds, tell=options.tell, bare=options.bare): kind
            for kind in chosen
        }
        for place, future in enumerate(as_completed(running), 1):
            kind, (text, why, defaults) = running[future], future.result()
            if text is not None or not options.tell:
                variant_index.put(kind, text, why, defaults)
            said = why if text is None else f"{len(text):,} bytes{f', {why}' if why else ''}"
            print(f"{place}/{len(chosen)} {kind.name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


def tell(options: argparse.Namespace) -> int:
    """Renew the parts of entries that come from the configuration class: defaults, spellings, fixed fields."""
    everything = kinds()
    wanted = [kind for kind in selected(everything, options.only) if not kind.same and shelf.path(kind.name).exists()]
    state = shelf.State(library(), everything, shelf.kept(library()))
    with workers(options.jobs) as pool:
        running = {pool.submit(retold, kind, options.seed, options.seconds): kind for kind in wanted}
        for place, future in enumerate(as_completed(running), 1):
            kind, (text, why) = running[future], future.result()
            if text is not None:
                state.put(kind, text, why)
            print(f"{place}/{len(wanted)} {kind.name} {why}", flush=True)
    return 0


def check(options: argparse.Namespace) -> int:
    """Recheck every entry, or a sample of them; exit with 1 if the code disagrees with one."""
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    everything = kinds()
    listed = [*everything, *variant_index.variant_kinds(everything)]
    wanted = [kind for kind in selected(listed, options.only) if shelf.path(kind.name).exists()]
    if options.sample:
        wanted = sorted(Random(seed).sample(wanted, min(options.sample, len(wanted))))
    print(f"{library()}: {len(wanted)} model types at {options.draws} fresh draws each, --seed {seed}", flush=True)
    failed = 0
    with workers(options.jobs) as pool:
        running = {pool.submit(checked, kind, seed, options.draws): kind for kind in wanted}
        for future in as_completed(running):
            for line in future.result():
                failed += 1
                print(f"{running[future].name}: {line}", flush=True)
    print(f"{len(wanted)} model types tried again, {failed} disagreements")
    return 1 if failed else 0


def selected(everything: list[Kind], only: str) -> list[Kind]:
    """Return the model types named in `only`, or all; exit if one is unknown."""
    names = [name for name in only.split(",") if name]
    unknown = set(names) - {kind.name for kind in everything}
    if unknown:
        raise SystemExit(f"no model types of transformers with a model class: {', '.join(sorted(unknown))}")
    return [kind for kind in everything if not names or kind.name in names]


def workers(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of processes that derive one model type after another."""
    return ProcessPoolExecutor(
        jobs or os.cpu_count() or 1, mp_context=get_context("spawn"), initializer=watch, initargs=(os.getpid(),)
    )


def watch(parent: int) -> None:
    """End this worker, and the processes that it started, when the build ends, even if the build is killed."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def derived(kind: Kind, seed: int, limit: int, *, bare: bool) -> tuple[str | None, str, float]:
    """Return the text of an entry or None, the reason, and the seconds taken; runs in a worker."""
    import atlas_work  # noqa: PLC0415  # torch and sympy are the workers' alone

    began = time.monotonic()
    text, why = atlas_work.entry(kind, seed, limit, with_rules=not bare)
    return text, why, time.monotonic() - began


def extended(
    kind: Kind, seed: int, limit: int, skipped: frozenset[str], *, whole: bool, further: bool
) -> tuple[str | None, list[str], dict[str, str]]:
    """Return the text of an entry with more heads or None, notes, and classes without a formula; runs in a worker."""
    import atlas_heads  # noqa: PLC0415

    return atlas_heads.extended(kind, seed, limit, skipped, whole=whole, further=further)


def varied(kind: Kind, seed: int, limit: int, *, tell: bool, bare: bool) -> tuple[str | None, str, dict[str, Any]]:
    """Return the text of a variant's entry or None, the reason, and the defaults of its settings; runs in a worker."""
    import atlas_work  # noqa: PLC0415

    try:
        text, why = (
            (atlas_work.retold(kind, seed, limit), "")
            if tell
            else atlas_work.entry(kind, seed, limit, with_rules=not bare)
        )
        return text, why, atlas_work.defaults(kind)
    except Exception as error:  # noqa: BLE001  # one variant is not worth the run of all
        return None, atlas_work.reason(error), {}


def retold(kind: Kind, seed: int, seconds: int) -> tuple[str | None, str]:
    """Return the renewed text of an entry, or None and the reason why it stays as it is; runs in a worker."""
    import atlas_work  # noqa: PLC0415

    try:
        return atlas_work.retold(kind, seed, seconds), ""
    except Exception as error:  # noqa: BLE001  # one model type is not worth the run of all
        return None, atlas_work.reason(error)


def checked(kind: Kind, seed: int, draws: int) -> list[str]:
    """Return the classes of an entry that disagree with the code; runs in a worker."""
    import atlas_work  # noqa: PLC0415

    return list(atlas_work.checked(kind, seed, draws))


def page(options: argparse.Namespace) -> int:
    """Write docs/atlas.md from the stored entries."""
    import atlas_page  # noqa: PLC0415

    return atlas_page.main(check=options.check)


def convert(_options: argparse.Namespace) -> int:
    """Rewrite entries of an older format, and the index, in the current format."""
    import atlas_convert  # noqa: PLC0415

    print(f"{atlas_convert.convert()} entries rewritten")
    return 0


def coverage(_options: argparse.Namespace) -> int:
    """Count the classes of the auto mappings that have a formula, and store the reasons for the others."""
    import atlas_coverage  # noqa: PLC0415

    covered, wanted = atlas_coverage.write_coverage()
    print(f"{covered} of {wanted} classes have a formula")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare the models of all entries with those of a commit, whatever the format of either; 1 if one differs."""
    import atlas_convert  # noqa: PLC0415

    differing = 0
    for line in atlas_convert.compare(options.commit):
        differing += 1
        print(line, flush=True)
    print(f"{differing} entries differ from {options.commit}")
    return 1 if differing else 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    runs = {
        "build": build, "heads": heads, "tell": tell, "check": check, "page": page, "convert": convert,
        "compare": compare, "coverage": coverage, "variants": variants,
    }  # fmt: skip
    for name, run in runs.items():
        command = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        if name == "page":
            command.add_argument(
                "--check", action="store_true", help="change nothing; exit with 1 if the page is stale"
            )
        elif name == "compare":
            command.add_argument("commit", help="such as HEAD")
        if name in ("page", "convert", "compare", "coverage"):
            continue
        command.add_argument("--only", default="", metavar="bert,llama", help="only these model types")
        command.add_argument("--jobs", type=int, default=0, help="number of processes; default: one a core")
        command.add_argument("--seed", type=int, default=None if name == "check" else 0, help="random seed")
        if name == "build":
            command.add_argument("--first", action="store_true", help="derive the class of each type without its heads")
            command.add_argument("--force", action="store_true", help="derive existing entries again")
            command.add_argument(
                "--seconds", type=int, default=120, help="time limit a class; a slower class is left out"
            )
            command.add_argument("--retry", action="store_true", help="derive entries without a complete formula again")
            command.add_argument("--bare", action="store_true", help="leave out the rules of fields, which tell adds")
        elif name == "tell":
            command.add_argument("--seconds", type=int, default=900, help="time limit for the rules of a type")
        elif name == "variants":
            command.add_argument("--force", action="store_true", help="derive existing entries again")
            command.add_argument("--retry", action="store_true", help="try variants again that had no formula")
            command.add_argument("--tell", action="store_true", help="renew the facts from configuration classes only")
            command.add_argument("--bare", action="store_true", help="leave out the rules of fields, which --tell adds")
            command.add_argument("--seconds", type=int, default=120, help="time limit a class")
        elif name == "heads":
            command.add_argument("--seconds", type=int, default=120, help="time limit a class")
            command.add_argument("--retry", action="store_true", help="try classes again that had no formula")
            command.add_argument("--whole", action="store_true", help="derive a class alone if extending fails")
            command.add_argument("--further", action="store_true", help="also the classes that no auto mapping names")
        elif name == "check":
            command.add_argument(
                "--sample", type=int, default=0, metavar="N", help="number of entries, chosen at random"
            )
            command.add_argument("--draws", type=int, default=5, help="samples for each class")
    options = parser.parse_args()
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
