"""Labels beside points: each at the first of eight places where it covers fewest points, labels and curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bertsym.values import value

Position = tuple[float, float]
Box = tuple[float, float, float, float]
# The corner or side of the label that lies at the point, as TikZ names it, and the way from the point to the label.
ANCHORS: dict[str, tuple[int, int]] = {
    "south west": (1, 1),
    "north west": (1, -1),
    "south east": (-1, 1),
    "north east": (-1, -1),
    "west": (1, 0),
    "east": (-1, 0),
    "south": (0, 1),
    "north": (0, -1),
}
GAP = 3.0


@value
class Label:
    """A text of some width and height in points, beside a position in points from the lower left corner."""

    x: float
    y: float
    width: float
    height: float


def anchors(labels: Sequence[Label], curves: Iterable[Sequence[Position]], width: float, height: float) -> list[str]:
    """Return the anchor of each label within a frame; a curve is a line through points.

    >>> anchors([Label(95, 50, 30, 8), Label(20, 50, 30, 8)], [], 100, 100)
    ['south east', 'south west']
    >>> anchors([Label(50, 50, 30, 8)], [[(0, 0), (100, 100)]], 100, 100)
    ['north west']
    """
    segments = [segment for curve in curves for segment in pairwise(curve)]
    points = [(label.x, label.y) for label in labels]
    chosen: list[str] = []
    taken: list[Box] = []
    for label in labels:
        boxes = {anchor: _box(label, *direction) for anchor, direction in ANCHORS.items()}

        def cost(anchor: str, boxes: dict[str, Box] = boxes) -> int:
            box = boxes[anchor]
            outside = box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height
            over = sum(_overlap(box, other) for other in taken) + sum(_holds(box, point) for point in points)
            return 1000 * outside + 100 * over + sum(_crosses(*segment, box) for segment in segments)

        best = min(boxes, key=cost)
        chosen.append(best)
        taken.append(boxes[best])
    return chosen


def _box(label: Label, right: int, up: int) -> Box:
    x = label.x + GAP * right - label.width * (1 - right) / 2
    y = label.y + GAP * up - label.height * (1 - up) / 2
    return x, y, x + label.width, y + label.height


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _crosses(start: Position, stop: Position, box: Box) -> bool:
    """Return True if the line between two points has a point in the box (Liang and Barsky, 1984)."""
    first, last = 0.0, 1.0
    for begin, end, low, high in zip(start, stop, box[:2], box[2:], strict=True):
        if begin == end:
            if not low <= begin <= high:
                return False
        else:
            enter, leave = sorted(((low - begin) / (end - begin), (high - begin) / (end - begin)))
            first, last = max(first, enter), min(last, leave)
    return first <= last


def _holds(box: Box, point: Position) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
