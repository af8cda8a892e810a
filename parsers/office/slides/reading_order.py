"""SANDBOX, untrusted: boxes on a slide in the order a reader takes them: bands from top to bottom, in a band from left
to right.

A recursive X-Y cut (Nagy and Seth, "Hierarchical representation of optically scanned documents", ICPR 1984): cut where
no box stands in the way, horizontally first. What cannot be cut is sorted by rows.
"""

from collections.abc import Iterable
from typing import TypeVar

Rectangle = tuple[float, float, float, float]  # x0, y0, x1, y1
_Item = TypeVar("_Item")

_CUTS_MAX = 12
_OVERLAP = 0.15  # boxes of text are higher than their text: so much of the smaller one may lie over the other


def in_reading_order(items: Iterable[tuple[Rectangle | None, _Item]]) -> list[_Item]:
    """The items in order. Those without a place come last, as they came."""
    placed: list[tuple[Rectangle, _Item]] = []
    rest: list[_Item] = []
    for box, item in items:
        if box is None:
            rest.append(item)
        else:
            placed.append((box, item))
    return [item for _, item in _cut(placed, 1, _CUTS_MAX)] + rest


def _cut(items: list[tuple[Rectangle, _Item]], axis: int, cuts: int) -> list[tuple[Rectangle, _Item]]:
    """`axis` 1 cuts into bands, 0 into columns."""
    if len(items) < 2:
        return items
    for direction in (axis, 1 - axis) if cuts else ():
        parts = _parts(items, direction)
        if len(parts) > 1:
            return [item for part in parts for item in _cut(part, 1 - direction, cuts - 1)]
    return _rows(items)


def _parts(items: list[tuple[Rectangle, _Item]], axis: int) -> list[list[tuple[Rectangle, _Item]]]:
    parts: list[list[tuple[Rectangle, _Item]]] = []
    end = size = 0.0  # where the part ends so far, and the size of the box that reaches there
    for entry in sorted(items, key=lambda entry: entry[0][axis]):
        start, stop = entry[0][axis], entry[0][axis + 2]
        if parts and start < end - _OVERLAP * min(stop - start, size):
            parts[-1].append(entry)
        else:
            parts.append([entry])
        if stop > end or len(parts) == len(parts[-1]) == 1:
            end, size = stop, stop - start
    return parts


def _rows(items: list[tuple[Rectangle, _Item]]) -> list[tuple[Rectangle, _Item]]:
    rows: list[list[tuple[Rectangle, _Item]]] = []
    for entry in sorted(items, key=lambda entry: entry[0][1]):
        first = rows[-1][0][0] if rows else None
        middle = (entry[0][1] + entry[0][3]) / 2
        if first is not None and middle < first[3] and (first[1] + first[3]) / 2 > entry[0][1]:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return [entry for row in rows for entry in sorted(row, key=lambda entry: entry[0][0])]
