"""SANDBOX, untrusted: lines of a column into paragraphs, headings and list items, by spacing, indents and style."""

import re
from itertools import pairwise
from statistics import median

from parsers.pdf.geometry import Turn
from parsers.pdf.lines import line_of, rows_of, spans_text
from parsers.pdf.lists import starts_item
from parsers.pdf.model import Atom, Line, Piece, TableRegion
from parsers.pdf.order import Column

_ADVANCE = 1.2  # of the type size, from baseline to baseline, where nothing tells
_FULL_SHARE = 0.85  # of the width of its neighbours, that a line has when the next goes on with its sentence
_EVEN_ADVANCE_MAX = 2.6  # of the type size
_EVEN_SLACK = 0.05
_SAME_EDGE_POINTS = 2.0
_SIZE_STEP = 0.15  # relative; scanned text has lines of slightly different size within a paragraph
_SENTENCE_END = re.compile(r"[.!?:;\"”’)\]]$")


def pieces_of(columns: list[Column], page: int, turn: Turn) -> list[Piece]:
    """The pieces of a page's columns, in their order. Boxes are of the page as shown."""
    pieces: list[Piece] = []
    for column in columns:
        stretch: list[Atom] = []
        for item in sorted(column.items, key=lambda i: (i.y0 + i.y1, i.x0)):
            if isinstance(item, TableRegion):
                pieces += _paragraphs(stretch, page, turn)
                stretch = []
                box = turn.shown((item.x0, item.y0, item.x1, item.y1))
                pieces.append(Piece(page, box, table=item.table))
            elif isinstance(item, Atom):
                stretch.append(item)
        pieces += _paragraphs(stretch, page, turn)
    return pieces


def _paragraphs(atoms: list[Atom], page: int, turn: Turn) -> list[Piece]:
    lines = [line_of(row) for row in rows_of(atoms)]
    if not lines:
        return []
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    advances = _usual_advances(lines)
    pieces: list[Piece] = []
    current: list[Line] = []
    for index, line in enumerate(lines):
        usual = advances.get(round(line.size), advances[0])
        if current and _is_set_evenly(lines, index):
            usual = max(usual, (line.baseline - current[-1].baseline) / max(line.size, 1.0))
        if current and _breaks(current, line, left, right, usual):
            pieces.append(piece_of(current, page, turn, left, right))
            current = []
        current.append(line)
    pieces.append(piece_of(current, page, turn, left, right))
    _measure_gaps(pieces)
    return pieces


def _is_set_evenly(lines: list[Line], index: int) -> bool:
    """Whether a line is as far from the full line above as that, or the one below, from its own neighbour.

    A paragraph or a note may be set wider than all else in its column.
    """
    above, line = lines[index - 1], lines[index]
    advance = line.baseline - above.baseline
    if not _alike(above, line) or advance >= _EVEN_ADVANCE_MAX * line.size:
        return False
    before, after = lines[index - 2] if index > 1 else above, lines[index + 1] if index + 1 < len(lines) else line
    for other, step in ((before, above.baseline - before.baseline), (after, after.baseline - line.baseline)):
        width = max(above.x1, line.x1, other.x1) - line.x0
        full = above.x1 - line.x0 >= _FULL_SHARE * width
        if full and _alike(other, line) and abs(step - advance) < _EVEN_SLACK * advance:
            return True
    return False


def _alike(line: Line, other: Line) -> bool:
    return abs(line.size - other.size) < 0.04 * line.size and abs(line.x0 - other.x0) < _SAME_EDGE_POINTS


def _usual_advances(lines: list[Line]) -> dict[int, float]:
    """The usual distance between baselines, in type sizes, by rounded type size; under 0 that of the whole column.

    Notes and quotations in smaller type are often set wider or tighter than the text around them.
    """
    ratios: dict[int, list[float]] = {0: []}
    for above, below in pairwise(lines):
        ratio = (below.baseline - above.baseline) / max(below.size, 1)
        if abs(above.size - below.size) < 0.1 * below.size and 0.8 < ratio < 2.2:
            ratios[0].append(ratio)
            ratios.setdefault(round(below.size), []).append(ratio)
    usual = {size: sorted(near)[len(near) // 3] for size, near in ratios.items() if len(near) >= 3}
    usual.setdefault(0, min(ratios[0], default=_ADVANCE))
    return usual


def _breaks(current: list[Line], line: Line, left: float, right: float, usual: float) -> bool:
    """Whether `line` begins something new after the lines in `current`."""
    above = current[-1]
    size = max(line.size, 1.0)
    advance = line.baseline - above.baseline
    if advance > max(usual * 1.28, usual + 0.28) * max(size, above.size):
        return True
    if abs(line.size - above.size) > _SIZE_STEP * max(size, above.size) and len(spans_text(line.spans)) > 3:
        return True
    if _style(line) != _style(above):
        return True
    if starts_item(line, current, left):
        return True
    return _ends_short(above, line, right) or _indented(current, line)


def _style(line: Line) -> tuple[bool, bool]:
    """Wholly bold, wholly monospaced."""
    spans = [span for span in line.spans if span.text.strip()]
    return all(span.bold for span in spans), all(span.mono for span in spans)


def _ends_short(above: Line, line: Line, right: float) -> bool:
    """The line above ended early although the next word would have fitted: a paragraph's last line."""
    first_word = (spans_text(line.spans).split() or [""])[0]
    room = right - above.x1
    needed = (len(first_word) + 1) * 0.55 * line.size
    text = spans_text(above.spans)
    return room > needed + 0.12 * (right - min(above.x0, line.x0)) and bool(_SENTENCE_END.search(text))


def _indented(current: list[Line], line: Line) -> bool:
    """A first line set in from the lines above it, whose own paragraph has begun at the margin."""
    above = current[-1]
    shift = line.x0 - above.x0
    if len(current) >= 2 and abs(current[-2].x0 - above.x0) < 0.3 * line.size:
        return 0.8 * line.size < shift < 4 * line.size and bool(_SENTENCE_END.search(spans_text(above.spans)))
    return False


def piece_of(lines: list[Line], page: int, turn: Turn, left: float, right: float) -> Piece:
    """One piece from lines that belong together; `left` and `right` are its column's edges."""
    x0, y0 = min(line.x0 for line in lines), min(line.y0 for line in lines)
    x1, y1 = max(line.x1 for line in lines), max(line.y1 for line in lines)
    spans = [span for line in lines for span in line.spans if span.text.strip()]
    return Piece(
        page,
        turn.shown((x0, y0, x1, y1)),
        lines,
        size=median(line.size for line in lines),
        bold=any(span.bold for span in spans) and all(span.bold or not _has_letters(span.text) for span in spans),
        italic=bool(spans) and all(span.italic for span in spans),
        mono=bool(spans) and all(span.mono for span in spans),
        indent=lines[0].x0 - left,
        column_width=right - left,
        centered=_centered(lines, left, right),
    )


def _has_letters(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _centered(lines: list[Line], left: float, right: float) -> bool:
    slack = 0.04 * (right - left)
    return all(line.x0 - left > slack and abs((line.x0 - left) - (right - line.x1)) < max(slack, 4.0) for line in lines)


def _measure_gaps(pieces: list[Piece]) -> None:
    """White space above each piece, in its own line heights; the first of a column counts as set apart."""
    for above, below in zip([None, *pieces], pieces, strict=False):
        first = below.lines[0]
        if above is None:
            below.gap_before = 2.0
        else:
            below.gap_before = (first.y0 - above.lines[-1].y1) / max(first.size, 1.0)
