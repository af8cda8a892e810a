"""SANDBOX, untrusted: the columns of a table without vertical rules, from the space that its rows leave.

A column's edge is a stretch of width that (nearly) no row enters. Between columns that all but touch, such as a long
name and a number after it, the stretch is no wider than a space between words; then it is an edge only if what stands
right (or left) of it lines up over several rows and most rows leave more room there than between words.
"""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from statistics import median

from parsers.pdf.bidi import needs_reordering
from parsers.pdf.cells import word_places, words_of
from parsers.pdf.geometry import overlap
from parsers.pdf.model import Atom, Span
from parsers.pdf.spans import atom_of

_GAP_MIN = 0.38  # of the type size, between columns
_WORD_GAP = 0.28  # of the type size: a space, where a row has too few words to tell
_NARROW_GAP_MIN = 0.45  # of the type size: what most rows leave at a narrow edge
_NARROW_OVER_WORD_GAP = 1.5
_LINES_UP_POINTS = 1.0
_LINES_UP_SHARE = 0.8
_BESIDE_SHARE = 0.3  # of the rows with text in a column, that have some on both sides of an edge inside it
_ALL_LINE_UP_ROWS = 4  # with so few rows, every one must line up
_WIDTH_STEPS_MAX = 40_000  # half points
_EDGES_MAX = 200  # stretches that no word enters, of which each is held against all rows

Bounds = list[tuple[float, float]]
Words = list[tuple[float, float]]


def column_bounds(rows: list[list[Atom]], head: int = 0) -> Bounds:
    """Ink edges of the columns. The first `head` rows may reach over edges; so may a few others."""
    size = median(atom.size for row in rows for atom in row)
    body = rows[head:]
    if sum(len(row) > 1 for row in body) < 2:
        head, body = 0, rows
    multi = [row for row in body if len(row) > 1]
    bounds = _ink(multi or body, _GAP_MIN * size)
    lone = [row for row in body if len(row) == 1 and sum(_stands_in(row[0], bound) for bound in bounds) < 2]
    counted = multi + lone if multi and lone else multi or body
    if multi and lone:
        bounds = _ink(counted, _GAP_MIN * size)
    bounds = _cut_at_narrow_edges(bounds, [_words(row) for row in counted], size)
    return bounds if not bounds else _with_columns_of_head(bounds, rows[:head], size)


def _stands_in(atom: Atom, bound: tuple[float, float]) -> bool:
    return overlap(atom.x0, atom.x1, bound[0], bound[1]) > 0.5


def _ink(rows: list[list[Atom]], gap_min: float) -> Bounds:
    """Stretches of width that atoms of these rows take, but for a few that reach over a gap all others leave."""
    taken = _stretches([[(atom.x0, atom.x1) for atom in row] for row in rows], _tolerated(len(rows)))
    return _without_narrow_gaps(taken, gap_min)


def _tolerated(rows: int) -> int:
    return rows // 12 if rows >= 6 else 0


def _stretches(rows: list[Words], tolerated: int) -> Bounds:
    """Stretches of width where more than `tolerated` of the given intervals lie, to half a point."""
    left = min(x0 for row in rows for x0, _ in row)
    width = int(2 * (max(x1 for row in rows for _, x1 in row) - left)) + 2
    if width > _WIDTH_STEPS_MAX:
        return []
    steps = [0] * (width + 2)
    for row in rows:
        for x0, x1 in row:
            steps[int(2 * (x0 - left))] += 1
            steps[int(2 * (x1 - left)) + 1] -= 1
    found: Bounds = []
    start, depth = -1, 0
    for index in range(width):
        depth += steps[index]
        if depth > tolerated and start < 0:
            start = index
        elif depth <= tolerated and start >= 0:
            found.append((left + start / 2, left + index / 2))
            start = -1
    if start >= 0:
        found.append((left + start / 2, left + width / 2))
    return found


def _without_narrow_gaps(bounds: Bounds, gap_min: float) -> Bounds:
    result: Bounds = []
    for x0, x1 in bounds:
        if result and x0 - result[-1][1] < gap_min:
            result[-1] = (result[-1][0], x1)
        else:
            result.append((x0, x1))
    return result


def _words(row: list[Atom]) -> Words:
    """Ends of the words of a row, from left to right."""
    return sorted(place for atom in row for span in atom.spans for place in word_places(span))


def _cut_at_narrow_edges(bounds: Bounds, rows: list[Words], size: float) -> Bounds:
    """Bounds, cut where words line up beside a stretch that no word enters."""
    gaps = [right[0] - left[1] for row in rows for left, right in pairwise(row) if right[0] - left[1] < size]
    room = max(_NARROW_GAP_MIN * size, _NARROW_OVER_WORD_GAP * (median(gaps) if gaps else _WORD_GAP * size))
    edges = [(left[1], right[0]) for left, right in pairwise(_stretches(rows, _tolerated(len(rows))))]
    if len(edges) > _EDGES_MAX:
        return bounds
    starts = [[word[0] for word in row] for row in rows]
    result: Bounds = []
    for x0, x1 in bounds:
        taken = sum(bisect_left(row, x0) < bisect_right(row, x1) for row in starts)
        for edge in edges[bisect_right(edges, (x0, x1)) : bisect_left(edges, (x1, x0))]:
            beside = _beside(edge, (x0, x1), rows, starts)
            if len(beside) >= max(2, _BESIDE_SHARE * taken) and _is_narrow_edge(beside, room):
                result.append((x0, edge[0]))
                x0 = edge[1]
        result.append((x0, x1))
    return result


def _beside(
    edge: tuple[float, float], bound: tuple[float, float], rows: list[Words], starts: list[list[float]]
) -> Bounds:
    """Of each row with words of the column on both sides of a stretch: where the left one ends and the right begins."""
    found: Bounds = []
    for row, row_starts in zip(rows, starts, strict=True):
        after = bisect_left(row_starts, (edge[0] + edge[1]) / 2)
        if 0 < after < len(row) and row[after - 1][0] >= bound[0] - 0.5 and row[after][1] <= bound[1] + 0.5:
            found.append((row[after - 1][1], row[after][0]))
    return found


def _is_narrow_edge(beside: Bounds, room: float) -> bool:
    """Whether the words beside a free stretch line up, with more room than between words in most rows."""
    if median(right - left for left, right in beside) < room:
        return False
    share = 1.0 if len(beside) < _ALL_LINE_UP_ROWS else _LINES_UP_SHARE
    return any(
        sum(abs(value - median(values)) <= _LINES_UP_POINTS for value in values) >= share * len(values)
        for values in ([left for left, _ in beside], [right for _, right in beside])
    )


def _with_columns_of_head(bounds: Bounds, head: list[list[Atom]], size: float) -> Bounds:
    """Bounds, with more of them where only the head has text: columns whose cells are all empty."""
    beside: Bounds = []
    for row in head:
        for phrase in _without_narrow_gaps(_words(row), _NARROW_GAP_MIN * size):
            outer = phrase[1] < bounds[0][0] or phrase[0] > bounds[-1][1]
            apart = all(overlap(*phrase, *bound) < -_GAP_MIN * size / 2 for bound in bounds)
            if apart and (outer or row is head[-1]):  # between columns, a title of an upper row is for several
                beside.append(phrase)
    if not beside:
        return bounds
    return sorted([*bounds, *_without_narrow_gaps(_stretches([beside], 0), _GAP_MIN * size)])


def cut_at_gaps(atom: Atom, gap_min: float) -> list[Atom]:
    """An atom cut wherever it leaves more room between words than `gap_min` type sizes."""
    if all(right[0] - left[1] < gap_min * atom.size for left, right in pairwise(_words([atom]))):
        return [atom]
    if any(needs_reordering(span.text) for span in atom.spans):
        return [atom]  # its words are not in the order of their places
    words = sorted((word for span in atom.spans for word in words_of(span)), key=lambda word: word.x0)
    parts: list[list[Span]] = [words[:1]]
    for left, right in pairwise(words):
        if right.x0 - left.x1 >= gap_min * atom.size:
            parts.append([])
        parts[-1].append(right)
    return [atom_of(part, atom.order) for part in parts] if len(parts) > 1 else [atom]


def cut_at_bounds(atom: Atom, bounds: Bounds) -> list[Atom]:
    """An atom cut where a column begins, if it leaves room there or a word begins exactly where the column does."""
    if not any(atom.x0 < bound[0] - _LINES_UP_POINTS and atom.x1 > bound[0] for bound in bounds):
        return [atom]
    if any(needs_reordering(span.text) for span in atom.spans):
        return [atom]  # its words are not in the order of their places
    words = sorted((word for span in atom.spans for word in words_of(span)), key=lambda word: word.x0)
    gaps = [right.x0 - left.x1 for left, right in pairwise(words)]
    usual = median(gaps) if len(gaps) > 2 else _WORD_GAP * atom.size
    parts: list[list[Span]] = [words[:1]]
    for gap, word in zip(gaps, words[1:], strict=True):
        left = parts[-1][-1]
        edges = [bound[0] for bound in bounds if left.x1 <= bound[0] + _LINES_UP_POINTS and word.x1 > bound[0]]
        begins = any(abs(word.x0 - edge) <= _LINES_UP_POINTS for edge in edges)
        if edges and (begins or gap > max(_NARROW_GAP_MIN * atom.size, _NARROW_OVER_WORD_GAP * usual)):
            parts.append([])
        parts[-1].append(word)
    return [atom_of(part, atom.order) for part in parts] if len(parts) > 1 else [atom]
