"""The options of the library, checked and converted to those of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertsym import arguments
from bertsym.errors import UnknownName, Unreadable
from bertsym.printing import OPTIONS, Choices

_PAIRS = {"rename": r"{'H': 'h'}", "heading": "{'share': 'Percent'}"}
_LISTS = ("columns",)
_NUMBERS = ("digits", "places")
_SWITCHES = ("bars", "legend", "method", "small", "footnotesize", "siunitx", "standalone")


def choices(syntax: str, options: Mapping[str, Any]) -> Choices:
    """Return the choices for a syntax; raise `UnknownName` or `Unreadable` for a wrong option."""
    known = OPTIONS[syntax].__annotations__
    checked: dict[str, Any] = {}
    for name, given in options.items():
        if name not in known:
            raise UnknownName(f"option of {syntax}", name, known)
        if given is not None:
            checked[name] = _checked(name, given)
    return Choices(syntax, **checked)


def _checked(name: str, given: Any) -> Any:
    """Return the option as the command line has it."""
    if name in _PAIRS:
        pairs = arguments.mapping(given, name, _PAIRS[name])
        return [f"{arguments.text(old, name)}={arguments.text(new, name)}" for old, new in pairs.items()]
    if name in _LISTS:
        return arguments.texts(given, name)
    if name in _NUMBERS:
        return arguments.whole(given, name, 1 if name == "digits" else 0)
    if name in _SWITCHES:
        if not isinstance(given, bool):
            raise Unreadable(name, given, "True or False")
        return given
    return arguments.text(given, name)
