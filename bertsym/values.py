"""Frozen value classes that cost a start-up next to nothing.

`dataclasses` compiles six methods for every class, 0.6 ms each time the program starts; the sixty small classes of this
package would take as long as a tenth of `import sympy`. These share their methods instead, and mean what
`@dataclass(frozen=True)` means: positional or keyword fields, plain defaults, `__post_init__`, equality by type and
fields, matching, pickling and copying.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import get_annotations
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """Make the annotations of a class its fields; an `__init__` of its own is kept.

    >>> @value
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), Point(1) in {Point(x=1)}
    (Point(x=1, y=0), True, True)
    """
    names = tuple(name for name, kind in get_annotations(cls).items() if "ClassVar" not in str(kind))
    methods: dict[str, Any] = {**_SHARED, "__match_args__": names}
    methods["_defaults"] = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    return cls


def replace(instance: T, **changes: Any) -> T:
    """Copy an instance with some fields changed; `__init__` does not run, so the fields alone decide."""
    fields = {name: getattr(instance, name) for name in _names(instance)}
    unknown = set(changes) - set(fields)
    if unknown:
        raise TypeError(f"{type(instance).__name__} has no field {', '.join(sorted(unknown))}")
    return _rebuilt(type(instance), {**fields, **changes})


def reduced(instance: object) -> tuple[Any, ...]:
    """Return what `__reduce__` tells pickle: a function and the arguments with which it makes an equal instance."""
    fields = dict(zip(_names(instance), _fields(instance), strict=True))
    views = tuple(name for name, content in fields.items() if isinstance(content, MappingProxyType))
    fields.update((name, dict(fields[name])) for name in views)
    return _rebuilt, (type(instance), fields, views, tuple(getattr(instance, "__notes__", ())))


def _rebuilt(cls: type[T], fields: Mapping[str, Any], views: Iterable[str] = (), notes: Iterable[str] = ()) -> T:
    """Make an instance with those fields, without `__init__`; `views` are mappings that nobody may change."""
    arguments = tuple(fields.values()) if issubclass(cls, BaseException) else ()
    instance = cls.__new__(cls, *arguments)
    for name, content in fields.items():
        object.__setattr__(instance, name, MappingProxyType(content) if name in views else content)
    for note in notes:
        instance.add_note(note)  # type: ignore[attr-defined]  # only an exception has notes
    return instance


def _names(instance: object) -> tuple[str, ...]:
    names: tuple[str, ...] = type(instance).__match_args__  # type: ignore[attr-defined]
    return names


def _fields(instance: object) -> tuple[Any, ...]:
    return tuple(getattr(instance, name) for name in _names(instance))


def _hashable(part: Any) -> Any:
    """Return a part of a value with its mappings and lists, which equal ones share, in a form that has a hash."""
    if isinstance(part, Mapping):
        return frozenset((key, _hashable(content)) for key, content in part.items())
    return tuple(map(_hashable, part)) if isinstance(part, list | tuple) else part


class _Methods:
    """The methods that all these classes share."""

    _defaults: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = _names(self)
        if len(args) > len(names):
            raise TypeError(f"{type(self).__name__} takes {len(names)} fields, got {len(args)}")
        given = dict(zip(names, args, strict=False))
        if given.keys() & kwargs.keys():
            raise TypeError(f"{type(self).__name__} got a field twice: {', '.join(sorted(given.keys() & kwargs))}")
        fields = {**self._defaults, **given, **kwargs}
        if len(fields) != len(names) or not fields.keys() <= set(names):
            wrong = sorted(fields.keys() ^ set(names))
            raise TypeError(f"{type(self).__name__} has missing or unknown fields: {', '.join(wrong)}")
        for name in names:
            object.__setattr__(self, name, fields[name])
        post = getattr(self, "__post_init__", None)
        if post is not None:
            post()

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in _names(self))
        return f"{type(self).__qualname__}({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _fields(self) == _fields(other)

    def __hash__(self) -> int:
        try:
            return hash((type(self), _fields(self)))
        except TypeError:
            return hash((type(self), _hashable(_fields(self))))

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle and copy to make another one from the fields: `__setattr__` refuses the usual way."""
        return reduced(self)

    def __setattr__(self, name: str, content: object) -> None:
        # Python's own attributes stay free: an exception gets its traceback by assignment.
        if not (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"cannot assign to field {name!r} of a {type(self).__name__}")
        object.__setattr__(self, name, content)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete field {name!r} of a {type(self).__name__}")


_SHARED = {
    name: _Methods.__dict__[name]
    for name in ("__init__", "__repr__", "__eq__", "__hash__", "__reduce__", "__setattr__", "__delattr__")
}
