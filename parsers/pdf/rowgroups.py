"""SANDBOX, untrusted: rows of text into rows of a table, where a cell's text may take several lines."""

from itertools import pairwise
from statistics import median

from parsers.pdf.cells import columns_spanned
from parsers.pdf.columns import Bounds
from parsers.pdf.model import Atom

_LEADING = (0.9, 1.6)  # of the type size: distances between baselines that lines of one cell may have
_LEADING_USUAL = 1.2
_SET_APART = 1.3  # of the leading: from here on, a line is the next cell's
_RULED_SHARE = 0.3  # of the rows
_BLOCK_STEP = 1.9  # of the type size, from baseline to baseline, between blocks
_LEVEL_BLOCKS_MIN = 3
_LEVEL_SHARE = 0.8  # of the blocks
_FULL_SHARE = 0.6  # of the columns


def logical_rows(rows: list[list[Atom]], bounds: Bounds, rules: list[float]) -> list[list[Atom]]:
    """Rows of text grouped into rows of the table. `rules` are the heights of horizontal rules among them."""
    heights = [_baseline(row) for row in rows]
    ruled = [any(above < rule < below for rule in rules) for above, below in pairwise(heights)]
    parts: list[list[list[Atom]]] = [[rows[0]]]
    for is_ruled, row in zip(ruled, rows[1:], strict=True):
        if is_ruled:
            parts.append([])
        parts[-1].append(row)
    if sum(ruled) >= max(2, _RULED_SHARE * (len(rows) - 1)):
        return [[atom for row in part for atom in row] for part in parts]
    leading = _leading(rows, bounds)
    return [group for part in parts for group in _grouped(part, bounds, leading)]


def stand_level(rows: list[list[Atom]], bounds: Bounds) -> bool:
    """Whether rows fall into blocks set apart from each other, in each of which the columns begin on one line.

    Cells of prose do, row after row; paragraphs in columns of text do so once, below a heading.
    """
    blocks: list[list[list[Atom]]] = [[rows[0]]]
    for above, below in pairwise(rows):
        if _baseline(below) - _baseline(above) > _BLOCK_STEP * max(atom.size for atom in [*above, *below]):
            blocks.append([])
        blocks[-1].append(below)
    shared = level = 0
    for block in blocks:
        tops: dict[int, float] = {}
        for row in block:
            for atom in row:
                tops.setdefault(columns_spanned(atom, bounds)[0], atom.baseline)
        if len(tops) > 1:
            shared += 1
            level += max(tops.values()) - min(tops.values()) < 0.25 * block[0][0].size
    return level >= _LEVEL_BLOCKS_MIN and level >= _LEVEL_SHARE * shared and shared >= _LEVEL_SHARE * len(blocks)


def _baseline(row: list[Atom]) -> float:
    return median(atom.baseline for atom in row)


def _steps(rows: list[list[Atom]], bounds: Bounds) -> list[float]:
    """Distances between successive lines of a column, in type sizes."""
    last: dict[int, Atom] = {}
    steps: list[float] = []
    for row in rows:
        for atom in row:
            column = columns_spanned(atom, bounds)[0]
            above = last.get(column)
            if above is not None and abs(above.size - atom.size) < 0.1 * atom.size:
                steps.append((atom.baseline - above.baseline) / max(atom.size, 1.0))
            last[column] = atom
    return steps


def _leading(rows: list[list[Atom]], bounds: Bounds) -> float:
    """The tightest distance between lines that is usual in the table, in type sizes; 0 when all rows are alike."""
    steps = [step for step in _steps(rows, bounds) if step >= _LEADING[0]]
    tight = sorted(step for step in steps if step <= _LEADING[1])
    if not tight:
        return 0.0
    leading = tight[len(tight) // 5]
    apart = sum(step > _SET_APART * leading for step in steps)
    return leading if apart >= 2 and apart < len(steps) else 0.0


def _grouped(rows: list[list[Atom]], bounds: Bounds, leading: float) -> list[list[Atom]]:
    groups = [list(rows[0])]
    lowest = _columns(rows[0], bounds)
    previous = rows[0]
    for row in rows[1:]:
        columns = _columns(row, bounds)
        if leading:
            new = _begins_row(columns, lowest, previous, row, leading)
        else:
            new = 0 in columns or len(columns) >= max(2, _FULL_SHARE * len(bounds))
        if new:
            groups.append([])
            lowest = {}
        groups[-1] += row
        lowest |= columns
        previous = row
    return groups


def _columns(row: list[Atom], bounds: Bounds) -> dict[int, Atom]:
    """The atoms of a row by their first column."""
    return {columns_spanned(atom, bounds)[0]: atom for atom in row}


def _begins_row(
    columns: dict[int, Atom], lowest: dict[int, Atom], previous: list[Atom], row: list[Atom], leading: float
) -> bool:
    """Whether a row of text begins a row of the table. `lowest` has the last atoms of the open row, by column.

    What stands close under text of its column goes on with that; a first column's text beside going text is centred.
    """
    going = starting = 0
    for column, atom in columns.items():
        above = lowest.get(column)
        if above is not None:
            near = atom.baseline - above.baseline <= _SET_APART * leading * max(atom.size, above.size)
            going += near
            starting += not near
    if not going:
        return starting > 0 or _baseline(row) - _baseline(previous) > _SET_APART * leading * row[0].size
    if 0 in columns and 0 in lowest:
        return starting > 0 and columns[0].baseline - lowest[0].baseline > _SET_APART * leading * columns[0].size
    return starting > going
