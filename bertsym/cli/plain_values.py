"""Values of options read without pydantic, which typer imports since 0.29 whenever a command runs.

That import took as long as half of sympy's. typer reads each value by an object that it makes when the first value
comes; here the object is made before, for the few types that the commands have. Older versions have no such object.
"""

from __future__ import annotations

from typing import Any

from bertsym.errors import Unreadable

# The types that `Reader` reads, and their names in an error.
_NUMBERS = {int: "a whole number", float: "a number"}
_TYPES = (str, bool, *_NUMBERS, list[str])


class Reader:
    """The reader of one option: text as it is, numbers within their bounds, several texts as a list."""

    def __init__(self, annotation: Any, least: float | None, most: float | None) -> None:
        self.annotation, self.least, self.most = annotation, least, most

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value of an option in its type; raises `Unreadable`."""
        del ctx  # the reader of the library has it
        if value is None or self.annotation in (str, bool):
            return value
        if self.annotation == list[str]:
            return list(value)
        try:
            number = self.annotation(value)
        except ValueError:
            raise Unreadable(param.opts[0], value, self._expected()) from None
        if not (self.least is None or self.least <= number) or not (self.most is None or number <= self.most):
            raise Unreadable(param.opts[0], value, self._expected())
        return number

    def _expected(self) -> str:
        """Return the numbers that the option takes, in words."""
        match self.least, self.most:
            case None, None:
                bounds = ""
            case least, None:
                bounds = f" of at least {least}"
            case None, most:
                bounds = f" of at most {most}"
            case least, most:
                bounds = f" from {least} to {most}"
        return _NUMBERS[self.annotation] + bounds


def read_plainly(parameters: list[Any]) -> list[Any]:
    """Return the parameters; each that typer would read by pydantic has a reader of its own."""
    for parameter in parameters:
        described = getattr(parameter, "type_descriptor", None)
        if described is not None and hasattr(parameter, "_runtime_param") and described.annotation in _TYPES:
            bounds = described.parameter_info
            parameter._runtime_param = Reader(described.annotation, bounds.min, bounds.max)  # noqa: SLF001
    return parameters
