"""SANDBOX, untrusted: rows of text into rows of a table, where a cell's text may take several lines."""

from itertools import pairwise
from statistics import median

from parsers.pdf.cells import columns_spanned
from parsers.pdf.columns import Bounds
from parsers.pdf.geometry import overlap
from parsers.pdf.lines import spans_text
from parsers.pdf.model import Atom

_LEADING = (0.9, 1.6)  # of the type size: distances between baselines that lines of one cell may have
_SET_APART = 1.3  # of the leading: from here on, a line is the next cell's
_RULED_SHARE = 0.3  # of the rows
_BLOCK_STEP = 1.9  # of the type size, from baseline to baseline, between blocks
_LEVEL_BLOCKS_MIN = 3
_LEVEL_SHARE = 0.8  # of the blocks
_DENSE_ROWS_MIN = 3
_DENSE_SHARE = 0.8  # of the rows of text between two rules or gaps, that are full: each is a row of the table
_NUMBER_CHARS_MAX = 16
_FULL_SHARE = 0.6  # of the columns


def logical_rows(rows: list[list[Atom]], bounds: Bounds, rules: list[float]) -> list[list[Atom]]:
    """Rows of text grouped into rows of the table. `rules` are the heights of horizontal rules among them."""
    heights = [_baseline(row) for row in rows]
    ruled = [any(above < rule < below for rule in rules) for above, below in pairwise(heights)]
    parts: list[list[list[Atom]]] = [[rows[0]]]
    for is_ruled, above, row in zip(ruled, rows, rows[1:], strict=False):
        if is_ruled or _parted(above, row):
            parts.append([])
        parts[-1].append(row)
    if sum(ruled) >= max(2, _RULED_SHARE * (len(rows) - 1)):
        blocks = parts
    else:
        leading = _leading(rows, bounds)
        blocks = [block for part in parts for block in _blocks(part, bounds, leading)]
    return [[atom for row in group for atom in row] for block in blocks for group in _rows_of_block(block, bounds)]


def ruled_heads(groups: list[list[Atom]]) -> int:
    """How many leading rows of a table are its head, by rules of their own below titles; 0 when there are none.

    The row under a title with a rule that is as wide as several columns has the titles of these.
    """
    head = 0
    for index, (group, below) in enumerate(pairwise(groups)):
        rules = {span.ruled for atom in group for span in atom.spans if span.ruled}
        if not rules:
            break
        shared = any(sum(overlap(atom.x0, atom.x1, *rule) > 0 for atom in below) > 1 for rule in rules)
        head = index + 2 if shared else index + 1
    return min(head, len(groups) - 1)


def _parted(above: list[Atom], below: list[Atom]) -> bool:
    """Whether a rule as wide as a column or a few lies between two rows of text."""
    rules = {span.ruled for atom in above for span in atom.spans if span.ruled}
    return any(overlap(atom.x0, atom.x1, *rule) > 0 for rule in rules for atom in below)


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


def _blocks(rows: list[list[Atom]], bounds: Bounds, leading: float) -> list[list[list[Atom]]]:
    """Rows of text in blocks; within one, they stand as close as the lines of a cell do."""
    blocks = [[rows[0]]]
    lowest = _columns(rows[0], bounds)
    for row in rows[1:]:
        columns = _columns(row, bounds)
        if leading:
            new = _begins_row(columns, lowest, blocks[-1][-1], row, leading)
        else:
            apart = _baseline(row) - _baseline(blocks[-1][-1]) > _LEADING[1] * row[0].size
            new = apart or 0 in columns or len(columns) >= max(2, _FULL_SHARE * len(bounds))
        if new:
            blocks.append([])
            lowest = {}
        blocks[-1].append(row)
        lowest |= columns
    return blocks


def _rows_of_block(block: list[list[Atom]], bounds: Bounds) -> list[list[list[Atom]]]:
    """A block as one row of the table, or as several: when number stands under number, or nearly all rows are full."""
    columns = [_columns(row, bounds) for row in block]
    used = set().union(*columns)
    repeats = [False, *(_numbers_repeat(above, below) for above, below in pairwise(columns))]
    full = [len(row) >= max(2, _FULL_SHARE * len(used)) for row in columns]
    dense = len(block) >= _DENSE_ROWS_MIN and sum(full) >= _DENSE_SHARE * len(block)
    if not dense and not any(repeats):
        return [block]
    groups = [[block[0]]]
    for is_full, repeats_number, row in zip(full[1:], repeats[1:], block[1:], strict=True):
        if is_full or repeats_number:
            groups.append([])
        groups[-1].append(row)
    return groups


def _numbers_repeat(above: dict[int, Atom], below: dict[int, Atom]) -> bool:
    """Whether a number stands right under a number, in at least half of the columns beyond the first."""
    shared = [column for column in below if column in above and column > 0]
    numbers = [column for column in shared if _is_number(above[column]) and _is_number(below[column])]
    return len(numbers) >= max(1, len(below) // 2)


def _is_number(atom: Atom) -> bool:
    text = spans_text(atom.spans)
    return len(text) <= _NUMBER_CHARS_MAX and 2 * sum(char.isdigit() for char in text) >= len(text) > 0


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
