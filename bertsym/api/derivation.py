"""Formulas that are inferred from model code. This runs the code, in another process."""

from __future__ import annotations

from collections.abc import Mapping

from bertsym import arguments
from bertsym.api.answers import Derived
from bertsym.errors import Conflict, Missing
from bertsym.formulas.styles import Style


def derive(
    target: str,
    sizes: Mapping[str, int] | None = None,
    *,
    trials: int = 16,
    seed: int = 0,
    timeout: float = 20.0,
    keep_names: bool = False,
    form: str = "collected",
) -> Derived:
    """Infer a formula from model code. This runs the code, in another process, which imports torch.

    `target` is a model type or class of transformers (`bert`, `BertForMaskedLM`), or `package.module:callable` of your
    own. `sizes` are the integer parameters of that callable that vary, with a value at which it builds. The formula is
    tested on `trials` fresh random configurations. `seed` makes the run repeatable. `timeout` bounds one build, in
    seconds. `keep_names` keeps the code's own names of sizes.

    Raises `BertsymError`: `CannotDerive` if the code does not build, `Conflict` or `Missing` for wrong `sizes`.

    Examples:
        >>> found = derive("bert")  # doctest: +SKIP
        >>> found.whole, found.model.count()  # doctest: +SKIP
        (True, 109482240)
        >>> derive("my.encoder:build")
        Traceback (most recent call last):
        bertsym.errors.Missing: no sizes: pass the callable's own parameters, such as {'hidden': 768, 'layers': 12}
    """
    from bertsym.answers.derived import derived_formula
    from bertsym.derive.pipeline import derive as inferred

    style, code = Style.named(arguments.text(form, "form")), arguments.text(target, "target")
    given = arguments.mapping(sizes, "sizes", "{'hidden': 768}")
    varied = {name: arguments.whole(number, f"sizes[{name!r}]", 0) for name, number in given.items()}
    if varied and ":" not in code:
        raise Conflict("sizes", target, "a model of transformers has the fields of its configuration")
    if not varied and ":" in code:
        raise Missing("sizes", "the callable's own parameters, such as {'hidden': 768, 'layers': 12}")
    derivation = inferred(
        code,
        varied,
        trials=arguments.whole(trials, "trials"),
        seed=arguments.integer(seed, "seed"),
        seconds=arguments.seconds(timeout, "timeout"),
        keep_names=keep_names,
    )
    return Derived(derived_formula(derivation, style))
