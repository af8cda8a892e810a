"""SANDBOX, untrusted: tables without rules between columns: short texts in rows and columns."""

from itertools import pairwise
from statistics import median

from parsers.blocks import Table
from parsers.pdf.cells import Spread, columns_spanned, table_of
from parsers.pdf.geometry import overlap
from parsers.pdf.lines import rows_of, spans_text
from parsers.pdf.model import Atom

COLUMNS_MAX = 40
ROWS_MAX = 400
_GAP_MIN = 0.38  # of the type size, between columns
_PROSE_WORDS = 5
_PROSE_FILL = 0.8

Bounds = list[tuple[float, float]]


def aligned_table(atoms: list[Atom], rules: list[float] | None = None) -> Table | None:
    """The table that atoms make, or `None` if they read better as text.

    `rules` are the heights of horizontal rules among them, top to bottom; with rules, less alignment is asked for.
    """
    rows = list(rows_of(atoms))
    if len(rows) < 2 or len(rows) > ROWS_MAX:
        return None
    bounds = column_bounds(rows)
    if not 2 <= len(bounds) <= COLUMNS_MAX:
        return None
    if not rules and not _tabular(rows, bounds):
        return None
    if _is_prose(rows, bounds):
        return None
    groups = _logical_rows(rows, bounds, rules or [])
    if len(groups) < 2:
        return None
    filled: dict[Spread, list[Atom]] = {}
    for index, group in enumerate(groups):
        _fill_row(filled, index, group, bounds)
    return table_of(filled, len(groups), len(bounds))


def column_bounds(rows: list[list[Atom]]) -> Bounds:
    """Ink edges of the columns; atoms over a gap that nearly all rows leave do not count."""
    gap_min = _GAP_MIN * median(atom.size for row in rows for atom in row)
    multi = [row for row in rows if len(row) > 1]
    bounds = _ink(multi or rows, gap_min)
    lone = [row for row in rows if len(row) == 1 and sum(_stands_in(row[0], bound) for bound in bounds) < 2]
    return _ink(multi + lone, gap_min) if multi and lone else bounds


def _stands_in(atom: Atom, bound: tuple[float, float]) -> bool:
    return overlap(atom.x0, atom.x1, bound[0], bound[1]) > 0.5


def _ink(rows: list[list[Atom]], gap_min: float) -> Bounds:
    """Stretches of width that atoms of these rows take, but for a few that reach over a gap all others leave."""
    left = min(atom.x0 for row in rows for atom in row)
    width = int(2 * (max(atom.x1 for row in rows for atom in row) - left)) + 2  # in half points
    if width > 40_000:
        return []
    steps = [0] * (width + 2)
    for row in rows:
        for atom in row:
            steps[int(2 * (atom.x0 - left))] += 1
            steps[int(2 * (atom.x1 - left)) + 1] -= 1
    tolerated = len(rows) // 12 if len(rows) >= 6 else 0
    bounds: Bounds = []
    start, depth = -1, 0
    for index in range(width):
        depth += steps[index]
        if depth > tolerated and start < 0:
            start = index
        elif depth <= tolerated and start >= 0:
            bounds.append((left + start / 2, left + index / 2))
            start = -1
    if start >= 0:
        bounds.append((left + start / 2, left + width / 2))
    return _without_narrow_gaps(bounds, gap_min)


def _without_narrow_gaps(bounds: Bounds, gap_min: float) -> Bounds:
    result: Bounds = []
    for x0, x1 in bounds:
        if result and x0 - result[-1][1] < gap_min:
            result[-1] = (result[-1][0], x1)
        else:
            result.append((x0, x1))
    return result


def _tabular(rows: list[list[Atom]], bounds: Bounds) -> bool:
    """Enough rows with something in several columns, and edges that line up."""
    full = [row for row in rows if len(row) >= 2]
    if len(full) < 3 and not (len(full) == 2 and len(bounds) >= 4):
        return False
    if len(full) < 0.5 * len(rows):
        return False
    cells = sum(len(row) for row in full)
    if cells < 0.55 * len(full) * len(bounds):
        return False
    if _level_share(rows) < 0.6:
        return False
    aligned = sum(_lines_up([atom for row in rows for atom in row if _in(atom, bound)]) for bound in bounds)
    return aligned >= 0.8 * len(bounds)


def _level_share(rows: list[list[Atom]]) -> float:
    """Share of the atoms beside others that stand exactly on their baseline: lines of separate columns seldom do."""
    level = total = 0
    for row in rows:
        if len(row) < 2:
            continue
        for atom in row:
            total += 1
            others = [other for other in row[:COLUMNS_MAX] if other is not atom]
            level += any(abs(other.baseline - atom.baseline) < 0.12 * atom.size for other in others)
    return level / total if total else 0.0


def _in(atom: Atom, bound: tuple[float, float]) -> bool:
    return bound[0] - 1 <= (atom.x0 + atom.x1) / 2 <= bound[1] + 1


def _lines_up(atoms: list[Atom]) -> bool:
    """Whether atoms share a left edge, a right edge or a middle."""
    if len(atoms) < 2:
        return True
    size = median(atom.size for atom in atoms)
    for values in (
        [atom.x0 for atom in atoms],
        [atom.x1 for atom in atoms],
        [(atom.x0 + atom.x1) / 2 for atom in atoms],
    ):
        middle = median(values)
        if sum(1 for value in values if abs(value - middle) < 0.6 * size) >= 0.5 * len(values):
            return True
    return False


def _is_prose(rows: list[list[Atom]], bounds: Bounds) -> bool:
    """Columns of running text: most lines are several words long and fill their column."""
    prose = total = 0
    for bound in bounds:
        atoms = [atom for row in rows for atom in row if _in(atom, bound)]
        texts = [spans_text(atom.spans) for atom in atoms]
        chars = sum(len(text) for text in texts)
        total += chars
        if len(atoms) < 3:
            continue
        words = median(len(text.split()) for text in texts)
        fill = median((atom.x1 - atom.x0) / max(bound[1] - bound[0], 1) for atom in atoms)
        prose += chars if words >= _PROSE_WORDS and fill >= _PROSE_FILL else 0
    return prose > 0.5 * total


def _logical_rows(rows: list[list[Atom]], bounds: Bounds, rules: list[float]) -> list[list[Atom]]:
    """Rows of text grouped into rows of the table: a cell's further lines stand closer than the next row does."""
    gaps = [_baseline(below) - _baseline(above) for above, below in pairwise(rows)]
    tightest = min(gaps) if gaps else 0.0
    spacious = [gap > 1.35 * tightest for gap in gaps]
    loose = sum(spacious) >= 2 and any(not wide for wide in spacious)
    heights = [_baseline(row) for row in rows]
    between = [sum(1 for rule in rules if above < rule < below) for above, below in pairwise(heights)]
    ruled = sum(1 for count in between if count) >= max(2, 0.3 * len(gaps))
    groups = [list(rows[0])]
    began = len(rows[0]) > 1 and columns_spanned(rows[0][0], bounds)[0] == 0
    for index, row in enumerate(rows[1:]):
        columns = {columns_spanned(atom, bounds)[0] for atom in row}
        new = between[index] > 0
        if not ruled and loose:
            new = new or spacious[index] or (0 in columns and len(columns) > 1 and began)
        elif not ruled:
            new = new or 0 in columns or len(columns) >= max(2, 0.6 * len(bounds))
        began = 0 in columns and len(columns) > 1
        if new:
            groups.append(list(row))
        else:
            groups[-1] += row
    return groups


def _baseline(row: list[Atom]) -> float:
    return median(atom.baseline for atom in row)


def _fill_row(filled: dict[Spread, list[Atom]], index: int, group: list[Atom], bounds: Bounds) -> None:
    """Put the atoms of one table row into cells; where spans overlap, the wider one takes all."""
    taken: list[tuple[int, int, list[Atom]]] = []
    for atom in group:
        start, stop = columns_spanned(atom, bounds)
        atoms = [atom]
        for other in [o for o in taken if o[0] < stop and start < o[1]]:
            taken.remove(other)
            start, stop = min(start, other[0]), max(stop, other[1])
            atoms = other[2] + atoms
        taken.append((start, stop, atoms))
    covered = {column for start, stop, _ in taken for column in range(start, stop)}
    for start, stop, atoms in taken:
        filled[index, start, index + 1, stop] = atoms
    for column in range(len(bounds)):
        if column not in covered:
            filled[index, column, index + 1, column + 1] = []
