"""SANDBOX, untrusted: heads of several rows in tables without vertical rules: which columns and rows a title is for.

A title that stands over empty cells is for the columns below them if it is centred over these columns, or stands at the
left edge of the first; one with nothing under it, or over it, is for all rows of the head.
"""

from parsers.pdf.cells import Spread
from parsers.pdf.columns import Bounds
from parsers.pdf.model import Atom

_CENTRED_SHARE = 0.08  # of the width of the columns, that a title may stand off their middle
_LEFT_POINTS = 3.0

Filled = dict[Spread, list[Atom]]


def head_rows(filled: Filled, ruled: int) -> int:
    """Rows of the head: as many as stand above the rule under it, or two where a title of the first spans columns."""
    if ruled:
        return ruled
    first = [spread for spread in filled if spread[0] == 0]
    rows = 1 + max(spread[0] for spread in filled)
    spans = any(spread[3] - spread[1] > 1 and filled[spread] for spread in first)
    return 2 if spans and len(first) > 1 and rows > 2 else 1


def with_spread_heads(filled: Filled, head: int, bounds: Bounds) -> Filled:
    """The same cells, those of the head grown over the empty ones that they are for."""
    if head < 2:
        return filled
    cells = {spread: atoms for spread, atoms in filled.items() if spread[0] < head}
    for row in range(head - 1):
        _grow_sideways(cells, row, bounds)
    for column in range(len(bounds)):
        _grow_upright(cells, column, head)
    return {**{spread: atoms for spread, atoms in filled.items() if spread[0] >= head}, **cells}


def _grow_sideways(cells: Filled, row: int, bounds: Bounds) -> None:
    below = {column for spread, atoms in cells.items() if spread[0] > row and atoms for column in range(*spread[1:4:2])}
    empty = {spread[1] for spread, atoms in cells.items() if spread[0] == row and not atoms} & below
    for spread in sorted(spread for spread, atoms in cells.items() if spread[0] == row and atoms):
        left, right = spread[1], spread[3]
        if not below.issuperset(range(left, right)):
            continue
        while left - 1 in empty:
            left -= 1
        while right in empty:
            right += 1
        start, stop = _titled(cells[spread], (spread[1], spread[3]), (left, right), bounds)
        for column in [*range(start, spread[1]), *range(spread[3], stop)]:
            del cells[row, column, row + 1, column + 1]
            empty.discard(column)
        cells[row, start, row + 1, stop] = cells.pop(spread)


def _titled(atoms: list[Atom], own: tuple[int, int], room: tuple[int, int], bounds: Bounds) -> tuple[int, int]:
    """First column, and the one after the last, that a title is for: `own`, or more of those in `room`."""
    x0, x1 = min(atom.x0 for atom in atoms), max(atom.x1 for atom in atoms)
    for stop in range(room[1], own[1] - 1, -1):
        for start in range(room[0], own[0] + 1):
            left, right = bounds[start][0], bounds[stop - 1][1]
            off_middle = abs((x0 + x1) - (left + right)) / 2
            if stop - start > own[1] - own[0] and off_middle <= _CENTRED_SHARE * (right - left):
                return start, stop
    at_left = abs(x0 - bounds[own[0]][0]) <= _LEFT_POINTS
    return (own[0], room[1]) if at_left else own


def _grow_upright(cells: Filled, column: int, head: int) -> None:
    """A column with one title in all rows of the head."""
    own = sorted(spread for spread in cells if spread[1] <= column < spread[3])
    titles = [spread for spread in own if cells[spread]]
    if len(own) != head or len(titles) != 1 or any(spread[3] - spread[1] > 1 for spread in own):
        return
    atoms = cells[titles[0]]
    for spread in own:
        del cells[spread]
    cells[0, column, head, column + 1] = atoms
