"""SANDBOX, untrusted: the gutter that parts a region into columns, if there is one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from parsers.pdf.model import Atom, Item

_WIDE_SHARE = 0.6  # of the width: what is wider may bridge a gutter, and must not hide it
_VALLEY_DEPTH = 0.34  # of the text beside it
_WIDTH_MIN_POINTS = 4.0
_PARALLEL_LINES_MIN = 1.7  # lines that must stand on both sides of a gutter before it counts as one
_CANDIDATES_MAX = 48
_EDGE_ITEMS_MIN = 3
_STRONG_EDGE_ITEMS_MIN = 6  # so many lines that begin right of a gutter are a column, whatever reaches over it a little
_EDGE_BEFORE, _EDGE_AFTER = 1.5, 3.0  # points around a gutter's right edge
_REGION_WIDTH_MAX = 20_000


@dataclass(slots=True)
class Gutter:
    """An empty stretch of width. `weight` grows with the height of text on both sides, and with its width.

    Lines of the left column may reach over it as far as `slack` without being lines over both columns.
    """

    x0: float
    x1: float
    weight: float
    slack: float = 0.0


def best_gutter(items: list[Item], line_height: float) -> Gutter | None:
    """The gutter with most text beside it on both sides. Linear in the number of items."""
    left_edge = int(min(item.x0 for item in items))
    width = int(max(item.x1 for item in items)) - left_edge + 2
    if width < 4 * line_height or width > _REGION_WIDTH_MAX:
        return None
    narrow = [item for item in items if item.x1 - item.x0 < _WIDE_SHARE * width]
    valleys = _valleys(_coverage(items, left_edge, width))
    if 1 < len(narrow) < len(items):
        valleys += _valleys(_coverage(narrow, left_edge, width))
    candidates = [(left_edge + start, left_edge + stop) for start, stop in valleys] + _before_edges(items)
    best: Gutter | None = None
    for start, stop in candidates[:_CANDIDATES_MAX]:
        gutter = _weighed(items, start, stop, line_height)
        if gutter is not None and (best is None or gutter.weight > best.weight):
            best = gutter
    if best is not None:
        starts = sum(-_EDGE_BEFORE <= item.x0 - best.x1 <= _EDGE_AFTER for item in items)
        best.slack = line_height if starts >= _STRONG_EDGE_ITEMS_MIN else 0.0
    return best


def _coverage(items: list[Item], left_edge: int, width: int) -> list[float]:
    """Height of ink over each point of width."""
    steps = [0.0] * (width + 2)
    for item in items:
        height = item.y1 - item.y0
        steps[int(item.x0) - left_edge] += height
        steps[min(int(item.x1) + 1 - left_edge, width)] -= height
    total = 0.0
    coverage = []
    for step in steps[:width]:
        total += step
        coverage.append(total)
    return coverage


def _valleys(coverage: list[float]) -> list[tuple[int, int]]:
    """Runs of points with much less above them than stands to the left and to the right of them."""
    highest_right = [0.0] * (len(coverage) + 1)
    for index in range(len(coverage) - 1, -1, -1):
        highest_right[index] = max(highest_right[index + 1], coverage[index])
    runs: list[tuple[int, int]] = []
    highest_left = 0.0
    start = -1
    for index, value in enumerate(coverage):
        low = value < _VALLEY_DEPTH * min(highest_left, highest_right[index])
        if low and start < 0:
            start = index
        elif not low and start >= 0:
            runs.append((start, index))
            start = -1
        highest_left = max(highest_left, value)
    return [run for run in runs if run[1] - run[0] >= 3]


def _before_edges(items: list[Item]) -> list[tuple[float, float]]:
    """What lies before places where several items begin: columns beside text as wide as the page."""
    starts = Counter(round(item.x0) for item in items)
    edges = [place for place in list(starts) if sum(starts[place + i] for i in (-1, 0, 1)) >= _EDGE_ITEMS_MIN]
    edges.sort(key=lambda place: (-starts[place], place))
    result: list[tuple[float, float]] = []
    for edge in edges[: _CANDIDATES_MAX // 2]:
        tops = sorted(item.y0 for item in items if abs(item.x0 - edge) <= 1.5)
        ends = [item.x1 for item in items if item.x1 < edge - 1 and tops[0] - 40 <= item.y0 <= tops[-1] + 40]
        if ends:
            result.append((max(ends), edge - 0.5))
    return result


def _weighed(items: list[Item], start: float, stop: float, line_height: float) -> Gutter | None:
    """The widest part of a valley that items beside it do not enter, weighed by how much text stands on both sides."""
    middle = (start + stop) / 2
    reach = min(stop + line_height, middle + 4 * line_height)
    left = [item for item in items if item.x0 < start and item.x1 < reach]
    right = [item for item in items if item.x1 > stop and item.x0 > start - line_height]
    if not left or not right or _are_markers(left, line_height):
        return None
    x0 = max((item.x1 for item in left if item.x1 <= stop), default=start)
    x1 = min((item.x0 for item in right if item.x0 >= start), default=stop)
    if x1 - x0 < _WIDTH_MIN_POINTS:
        x0, x1 = start, stop
    if x1 - x0 < 3:
        return None
    parallel = _parallel(left, right, x0, x1)
    if parallel < _PARALLEL_LINES_MIN * line_height:
        return None
    return Gutter(x0, x1, parallel * (1 + min(x1 - x0, 4 * line_height) / (8 * line_height)))


def _are_markers(items: list[Item], line_height: float) -> bool:
    """Bullets and numbers of a list stand left of their text, not in a column of their own."""
    if any(not isinstance(item, Atom) or item.x1 - item.x0 > 2 * line_height for item in items):
        return False
    return max(item.x1 for item in items) - min(item.x0 for item in items) < 3 * line_height


def _parallel(left: list[Item], right: list[Item], x0: float, x1: float) -> float:
    """Height, in points, over which something stands left and right of the gutter at once."""
    rows_left = _rows_taken(item for item in left if item.x1 <= x1)
    rows_right = _rows_taken(item for item in right if item.x0 >= x0)
    return 2.0 * len(rows_left & rows_right)


def _rows_taken(items: Iterable[Item]) -> set[int]:
    taken: set[int] = set()
    for item in items:
        first = int(item.y0 // 2)
        taken.update(range(first, min(int(item.y1 // 2) + 1, first + 5_000)))
    return taken
