"""SANDBOX, untrusted: runs of text on a picture as rows of cells in reading order.

What is drawn one after the other, line below line, is a text of several lines and stays together, as the label of a
box in a diagram does; the rest is read row by row. Words in several runs are joined by the gaps between them.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from parsers.metafile.model import Run

_SAME_LINE = 0.4  # of the type size, between baselines
_JOINED = 0.14  # of the type size, between letters of one word; a space is wider
_JOINED_GUESSED = 0.2  # where the width of what is before is a guess
_GUESSED_WORD = 4  # letters: a longer run without widths ends with a word
_CELL_GAP = 1.3  # of the type size, between cells; and between words
_LINE_STEP = (0.75, 1.7)  # of the type size, from line to line of one text
_SHARES = (0.4, 1.3)  # of a guessed width, that the true one may be
_ANGLES_MAX = 8
_CELL_CHARS_MAX, _CELL_LINES_MAX = 5000, 500

Row = list["Cell"]


@dataclass(slots=True)
class Cell:
    """Text on one baseline without a wide gap, or several lines of it; `top` and `y` are the first and last of them."""

    text: str
    x0: float
    x1: float
    top: float
    y: float
    size: float
    measured: bool
    order: int
    ends: int = 0  # letters of the run at its end
    lines: int = 1

    def add(self, run: Run) -> None:
        """Another run, to the right."""
        self.text = _with(self, run)
        if run.x1 > self.x1:
            self.x1, self.measured = run.x1, run.measured
        self.size = max(self.size, run.size)
        self.ends = len(run.text.strip())


def rows_of(runs: list[Run]) -> list[Row]:
    """Rows from top to bottom, their cells from left to right; text in other directions follows that of most."""
    by_angle: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        by_angle[run.angle].append(run)
    angles = sorted(by_angle, key=lambda angle: -sum(len(run.text) for run in by_angle[angle]))
    rows: list[Row] = []
    for angle in angles[:_ANGLES_MAX]:
        rows += _rows(_cells(by_angle[angle]))
    for angle in angles[_ANGLES_MAX:]:
        rows += [[cell] for cell in _cells(by_angle[angle])]
    return rows


def _cells(runs: list[Run]) -> list[Cell]:
    """Runs next to each other on one baseline, in the order in which each was begun."""
    cells: list[Cell] = []
    _correct_guesses(runs)
    for line in _baselines(runs):
        line.sort(key=lambda item: item[1].x0)
        cell: Cell | None = None
        for order, run in line:
            if cell is not None and _is_double(cell, run):
                continue
            gap = math.inf if cell is None else run.x0 - cell.x1
            size = min(run.size, cell.size) if cell is not None else run.size
            if cell is None or gap > _CELL_GAP * size or len(cell.text) > _CELL_CHARS_MAX:
                cell = Cell("", run.x0, run.x0, run.y, run.y, 0.0, run.measured, order)
                cell.add(run)
                cells.append(cell)
            else:
                cell.add(run)
    cells.sort(key=lambda each: each.order)
    return _with_next_lines(cells)


def _correct_guesses(runs: list[Run]) -> None:
    """Where widths are not told, what is drawn next on the line shows how wide the letters of its size are at most."""
    shares: defaultdict[int, list[float]] = defaultdict(list)
    for run, following in pairwise(runs):
        guess = run.x1 - run.x0
        if not run.measured and guess > 0 and run.y == following.y and len(run.text) >= _GUESSED_WORD:
            share = (following.x0 - run.x0) / guess
            if _SHARES[0] < share < _SHARES[1]:
                shares[round(run.size)].append(share)
    for run in runs:
        if not run.measured and (known := shares.get(round(run.size))):
            run.x1 = run.x0 + (run.x1 - run.x0) * median(known)


def _baselines(runs: list[Run]) -> list[list[tuple[int, Run]]]:
    """Runs by baseline, each with its number in the order of drawing. Marks raised or lowered beside it are on it."""
    lines: list[list[tuple[int, Run]]] = []
    height, size = 0.0, 0.0
    for order, run in sorted(enumerate(runs), key=lambda item: item[1].y):
        near = _SAME_LINE * (max(size, run.size) if max(size, run.size) < 2 * min(size, run.size) else run.size)
        if lines and run.y - height <= near:
            lines[-1].append((order, run))
            if run.size > size:
                height, size = run.y, run.size
        else:
            lines.append([(order, run)])
            height, size = run.y, run.size
    return lines


def _is_double(cell: Cell, run: Run) -> bool:
    """Drawn again a little aside, for a shadow or to look bold."""
    return cell.text.endswith(run.text) and run.x1 - cell.x1 < 0.3 * run.size and run.x0 < cell.x1 - 0.3 * run.size


def _with(cell: Cell, run: Run) -> str:
    """The text of a cell and of what follows it, with a space where there is room for one."""
    if not cell.text or cell.text[-1].isspace() or run.text[0].isspace():
        return cell.text + run.text
    gap = (run.x0 - cell.x1) / (min(cell.size, run.size) or 1.0)
    if cell.measured:
        apart = gap > _JOINED
    else:
        apart = gap > _JOINED_GUESSED or min(cell.ends, len(run.text.strip())) >= _GUESSED_WORD
    return f"{cell.text} {run.text}" if apart else cell.text + run.text


def _with_next_lines(cells: list[Cell]) -> list[Cell]:
    """Cells in the order of drawing; those that are the next line of the one drawn before are joined to it."""
    found: list[Cell] = []
    for cell in cells:
        above = found[-1] if found else None
        if above is not None and _is_next_line(above, cell):
            above.text += "\n" + cell.text
            above.x0, above.x1, above.y = min(above.x0, cell.x0), max(above.x1, cell.x1), cell.y
            above.lines += 1
        else:
            found.append(cell)
    return found


def _is_next_line(above: Cell, cell: Cell) -> bool:
    size = max(above.size, cell.size)
    if above.lines >= _CELL_LINES_MAX or min(above.size, cell.size) < 0.8 * size:
        return False
    if not _LINE_STEP[0] * size < cell.y - above.y < _LINE_STEP[1] * size:
        return False
    return cell.x0 < above.x1 and above.x0 < cell.x1


def _rows(cells: list[Cell]) -> list[Row]:
    """Cells whose first lines are on one height, or that stand beside a taller one, by their middles."""
    rows: list[Row] = []
    height, size, tall = 0.0, 0.0, False
    for cell in sorted(cells, key=lambda each: (each.top + each.y) / 2):
        middle = (cell.top + cell.y) / 2
        reach = _SAME_LINE * min(size, cell.size) if not tall and cell.lines == 1 else 0.6 * min(size, cell.size)
        if rows and middle - height <= reach:
            rows[-1].append(cell)
        else:
            rows.append([cell])
            height, size, tall = middle, cell.size, cell.lines > 1
    for row in rows:
        row.sort(key=lambda each: each.x0)
    return rows
