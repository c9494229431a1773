"""Run a class of transformers on torch's meta device and measure what a quantity counts: the witness of `verify --of`.

Nothing is allocated and nothing is computed. The class runs with kernels that multiply matrices openly: `eager`
attention, and `batched_mm` for experts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bertsym.checking.transformers_reference import installed, module_of
from bertsym.errors import BertsymError, echo
from bertsym.files.jsonfile import Json
from bertsym.values import value

OPEN_KERNELS = {"_attn_implementation": "eager", "_experts_implementation": "batched_mm"}
CHOICES = ("MultipleChoice", "DoubleHeads")


@value
class NotRun(BertsymError):
    """A class that cannot run on the meta device, or that refuses the batch.

    >>> print(NotRun("DebertaV2Model", "its code asks for values, which the meta device does not have"))
    DebertaV2Model: not run (its code asks for values, which the meta device does not have); verify another class
    """

    cls: str
    problem: str

    def __str__(self) -> str:
        return f"{self.cls}: not run ({self.problem}); verify another class"


@value
class NotMeasured(BertsymError):
    """A quantity or a convention that no run of a class measures.

    >>> print(NotMeasured("flops under 6nd", "flops, macs, train"))
    flops under 6nd: no run of a class measures this; choose flops, macs, train
    """

    what: str
    measured: str

    def __str__(self) -> str:
        return f"{self.what}: no run of a class measures this; choose {self.measured}"


@value
class Batch:
    """The sizes of a run: sequences, the tokens of each, and the tokens of each that an encoder reads."""

    sequences: int
    tokens: int
    source: int


@value
class Operation:
    """The FLOPs of an operation as the recorder and as torch's counter see them; `gap` says why torch differs."""

    name: str
    recorded: int
    counted: int
    gap: str = ""


@value
class Measurement:
    """The number that a run came to; `operations` are those of a run whose products were recorded."""

    number: int
    cls: str
    how: str
    operations: tuple[Operation, ...] = ()

    @property
    def counted(self) -> int:
        """Return the FLOPs that torch's counter saw."""
        return sum(operation.counted for operation in self.operations)

    @property
    def explained(self) -> bool:
        """Return True if torch's counter agrees wherever it has no known gap."""
        return all(operation.gap or operation.recorded == operation.counted for operation in self.operations)


def runnable(fields: Mapping[str, Json], file: Path, cls: str) -> Any:
    """Return the class as a module that runs; raises what `module_of` raises.

    A classifier refuses batches of several sequences without a token for padding; T5's decoder needs a first token.
    """
    tokens = {"pad_token_id": 1, **({"decoder_start_token_id": 0} if cls.startswith("T5") else {})}
    missing = {name: token for name, token in tokens.items() if fields.get(name) is None}
    return module_of({**fields, **missing}, file, cls, **OPEN_KERNELS).train(mode=False)


def batch(torch: Any, module: Any, size: Batch) -> dict[str, Any]:
    """Return the inputs of a class; for multiple choice the sequences are the choices of one question."""
    cls, config = type(module).__name__, module.config
    device = next(module.parameters()).device

    def ids(*shape: int) -> Any:
        return torch.zeros(shape, dtype=torch.long, device=device)

    if cls in {"T5Model", "T5ForConditionalGeneration"}:
        return {
            "input_ids": ids(size.sequences, size.source),
            "decoder_input_ids": ids(size.sequences, size.tokens),
        }
    choices = (1,) if any(word in cls for word in CHOICES) else ()
    inputs = {"input_ids": ids(*choices, size.sequences, size.tokens)}
    if cls == "T5ForSequenceClassification":  # it reads the last token that ends a sequence
        inputs["input_ids"][:, -1] = config.eos_token_id
    if cls.startswith("GPT2"):  # without a mask GPT-2 looks for padding among the tokens
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if getattr(config, "add_cross_attention", False):
        states = torch.zeros(size.sequences, size.source, config.hidden_size, device=device)
        inputs["encoder_hidden_states"] = states.requires_grad_()
    return inputs


def forward_work(module: Any, size: Batch) -> Measurement:
    """Run the class forward; raises `NotRun`."""
    return _work(module, size, step=False)


def step_work(module: Any, size: Batch) -> Measurement:
    """Run the class forward and backward; raises `NotRun`."""
    return _work(module, size, step=True)


def multiply_adds(module: Any, size: Batch) -> Measurement:
    """Run the class forward and count multiply-adds, half of its FLOPs; raises `NotRun`."""
    work = _work(module, size, step=False)
    return Measurement(work.number // 2, work.cls, f"{work.how}, halved", work.operations)


def _work(module: Any, size: Batch, *, step: bool) -> Measurement:
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415  # torch takes seconds

    from bertsym.costs.recorder import GAPS, Recorder  # noqa: PLC0415

    torch, _ = installed()

    def run() -> None:
        output = module(**batch(torch, module, size))
        if step:
            floats = [part for part in output.values() if torch.is_tensor(part) and part.requires_grad]
            sum(part.sum() for part in floats).backward()

    with FlopCounterMode(display=False) as counter, Recorder() as recorder:
        _guarded(module, run)
    seen = {key.__name__: number for key, number in counter.flop_counts.get("Global", {}).items()}
    operations = tuple(
        Operation(name, recorded, seen.get(name, 0), GAPS.get(name, "") if recorded != seen.get(name, 0) else "")
        for name, recorded in sorted({**dict.fromkeys(seen, 0), **recorder.by_operation}.items())
    )
    passes = "forward and backward" if step else "forward"
    return Measurement(recorder.flops, type(module).__name__, f"run {passes}", operations)


def cached(module: Any, size: Batch, dtype: str | None = None) -> Measurement:
    """Run the class forward and measure its cache: elements, or bytes of a type of numbers; raises `NotRun`."""
    torch, _ = installed()
    if dtype is not None:
        module = module.to(getattr(torch, dtype))
    caches: list[Any] = []

    def run() -> None:
        with torch.no_grad():
            caches.append(module(**batch(torch, module, size), use_cache=True).past_key_values)

    _guarded(module, run)
    if caches[0] is None:
        raise NotRun(type(module).__name__, "it returns no cache")
    arrays = _arrays(caches[0])
    number = sum(array.numel() * (1 if dtype is None else array.element_size()) for array in arrays)
    return Measurement(number, type(module).__name__, f"its {type(caches[0]).__name__} after a forward pass")


def _arrays(cache: Any) -> list[Any]:
    """Return the keys and values of a cache; a decoder that attends to an encoder has two caches."""
    if hasattr(cache, "cross_attention_cache"):
        return _arrays(cache.self_attention_cache) + _arrays(cache.cross_attention_cache)
    return [array for layer in cache.layers for array in (layer.keys, layer.values)]


OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "adamw": ("AdamW", {}),
    "amsgrad": ("AdamW", {"amsgrad": True}),
    "sgd": ("SGD", {"lr": 0.1}),
    "momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "adagrad": ("Adagrad", {}),
}
"""torch's optimizers that step on the meta device. Adafactor is none: it asks for values."""


def states(module: Any, optimizer: str, dtype: str) -> Measurement:
    """Step an optimizer of torch and measure weights, gradients and its state in bytes; raises `NotMeasured`."""
    if optimizer not in OPTIMIZERS:
        raise NotMeasured(f"states under {optimizer}", ", ".join(OPTIMIZERS))
    torch, _ = installed()
    module = module.to(getattr(torch, dtype))
    parameters = list(module.parameters())
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    kind, settings = OPTIMIZERS[optimizer]
    stepped = getattr(torch.optim, kind)(parameters, **settings)
    _guarded(module, stepped.step)
    kept = [array for state in stepped.state_dict()["state"].values() for array in state.values()]
    arrays = [*parameters, *(parameter.grad for parameter in parameters), *filter(torch.is_tensor, kept)]
    number = sum(array.numel() * array.element_size() for array in arrays)
    return Measurement(number, type(module).__name__, f"its parameters, gradients and the state_dict() of {kind}")


def _guarded(module: Any, run: Callable[[], object]) -> None:
    """Run model code; raise `NotRun` for whatever it raises."""
    try:
        run()
    except Exception as error:  # noqa: BLE001  # model code may raise anything
        cls, text = type(module).__name__, str(error)
        if "meta" in text.lower():
            raise NotRun(cls, "its code asks for values, which the meta device does not have") from None
        raise NotRun(
            cls, f"transformers: {type(error).__name__} {echo(text.splitlines()[0] if text else '')}"
        ) from None
