"""Shades and strokes that stay apart in print without colour."""

from __future__ import annotations

from bertsym.values import value

# ColorBrewer's YlGnBu (Harrower and Brewer, 2003) from dark to light: the lightness falls evenly in colour and in grey.
_RAMP = (
    (8, 29, 88),
    (37, 52, 148),
    (34, 94, 168),
    (29, 145, 192),
    (65, 182, 196),
    (127, 205, 187),
    (199, 233, 180),
    (255, 255, 217),
)
# Lightness (CIE L*) of the darkest and the lightest fill, and of the darkest and the lightest stroke.
_FILLS = (22.0, 93.0)
_STROKES = (15.0, 58.0)


@value
class Stroke:
    """A line: its colour, the lengths of dashes and gaps in points (none for a solid line), and its width in points."""

    colour: str
    dashes: tuple[int, ...]
    width: int = 1


# Each pattern differs from the one before without any colour.
DASHES: tuple[tuple[int, ...], ...] = ((), (5, 2), (1, 2), (6, 2, 1, 2), (3, 1), (6, 2, 1, 2, 1, 2))


def fills(number: int) -> tuple[str, ...]:
    """Return that many colours as RRGGBB, dark to light in equal steps of lightness.

    >>> fills(3)
    ('1A2C7E', '2094C0', 'DEF2C3')
    """
    low, high = _FILLS
    return tuple(_of_lightness(light) for light in _spread(number, low, high))


def strokes(number: int) -> tuple[Stroke, ...]:
    """Return that many strokes, dark to less dark, each with a pattern of dashes of its own as far as there are any."""
    low, high = _STROKES
    lights = _spread(number, low, high)
    return tuple(Stroke(_of_lightness(light), DASHES[i % len(DASHES)]) for i, light in enumerate(lights))


def _spread(number: int, low: float, high: float) -> list[float]:
    if number == 1:
        return [low + (high - low) / 3]
    return [low + (high - low) * i / (number - 1) for i in range(number)]


def _of_lightness(wanted: float) -> str:
    """Return the colour of the ramp that has this lightness, by bisection."""
    start, end = 0.0, float(len(_RAMP) - 1)
    for _ in range(40):
        middle = (start + end) / 2
        start, end = (middle, end) if _lightness(_at(middle)) < wanted else (start, middle)
    return "".join(f"{round(channel):02X}" for channel in _at(start))


def _at(position: float) -> tuple[float, ...]:
    index = min(int(position), len(_RAMP) - 2)
    share = position - index
    return tuple(a + (b - a) * share for a, b in zip(_RAMP[index], _RAMP[index + 1], strict=True))


def _lightness(colour: tuple[float, ...]) -> float:
    """Return the lightness L* of a colour of sRGB (IEC 61966-2-1, CIE 1976)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (c / 255 for c in colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance
