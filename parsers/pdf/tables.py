"""SANDBOX, untrusted: tables with rules: full grids, and ladders of horizontal rules."""

from itertools import pairwise

from parsers.pdf.aligned import aligned_table
from parsers.pdf.cells import Spread, index_of, merged_spreads, split_at, table_of
from parsers.pdf.geometry import overlap
from parsers.pdf.ladders import apart, split_by_box
from parsers.pdf.lines import rows_of
from parsers.pdf.model import Atom, TableRegion
from parsers.pdf.rulings import TOUCH, Rule, Rules, grids, ladders, positions

CELLS_MAX = 20_000
_FILL_SHARE = 0.4  # of a grid's extent
_ONE_COLUMN_ROWS_MIN = 3  # fewer boxes on top of each other are frames, not a table


def ruled_tables(atoms: list[Atom], rules: Rules) -> tuple[list[TableRegion], list[Atom]]:
    """Tables that rules give away, and the atoms that are in none."""
    regions: list[TableRegion] = []
    for grid in grids(rules):
        region, atoms = _from_grid(grid, atoms)
        if region is not None:
            regions.append(region)
    for ladder in ladders(rules):
        for part in apart(ladder, atoms):
            region, atoms = _from_ladder(part, atoms)
            if region is not None:
                regions.append(region)
    return regions, atoms


def _from_grid(grid: Rules, atoms: list[Atom]) -> tuple[TableRegion | None, list[Atom]]:
    xs, ys = _edges(grid)
    if len(xs) < 2 or len(ys) < 2 or len(xs) * len(ys) > CELLS_MAX:
        return None, atoms
    inside, outside = split_by_box(atoms, xs[0], ys[0], xs[-1], ys[-1])
    if not inside:
        return None, atoms
    pieces = [piece for atom in inside for piece in split_at(atom, xs)]
    ys = _with_unruled_rows(xs, ys, pieces)
    rows, columns = len(ys) - 1, len(xs) - 1
    if min(rows, columns) < 2 and not all(rule.drawn for rule in grid.vertical):
        return None, atoms  # a shaded row or column of a table whose other rows and columns are not shaded
    if columns < 2 and rows < _ONE_COLUMN_ROWS_MIN:
        return None, atoms
    spreads = _spreads(grid, xs, ys, _text_apart(inside, pieces, xs, ys))
    owner = {(r, c): s for s in spreads for r in range(s[0], s[2]) for c in range(s[1], s[3])}
    filled: dict[Spread, list[Atom]] = {spread: [] for spread in spreads}
    for piece in pieces:
        filled[owner[index_of(ys, piece.middle), index_of(xs, (piece.x0 + piece.x1) / 2)]].append(piece)
    table = table_of(filled, rows, columns)
    if table is None:
        return None, atoms
    return TableRegion(xs[0], ys[0], xs[-1], ys[-1], table, min(atom.order for atom in inside)), outside


def _edges(grid: Rules) -> tuple[list[float], list[float]]:
    """Column and row edges. Rules that stick out beyond the last crossing rule mark an edge that is not drawn."""
    xs = positions([rule.at for rule in _borne_out(grid.vertical)])
    ys = positions([rule.at for rule in _borne_out(grid.horizontal)])
    left, right = min(rule.start for rule in grid.horizontal), max(rule.stop for rule in grid.horizontal)
    top, bottom = min(rule.start for rule in grid.vertical), max(rule.stop for rule in grid.vertical)
    xs = ([left] if left < xs[0] - 12 else []) + xs + ([right] if right > xs[-1] + 12 else [])
    ys = ([top] if top < ys[0] - 8 else []) + ys + ([bottom] if bottom > ys[-1] + 8 else [])
    return xs, ys


def _borne_out(rules: list[Rule]) -> list[Rule]:
    """Rules that are drawn, and edges of fills that together run along a good part of the grid.

    The others are backgrounds of single lines of text, and would cut cells in two.
    """
    extent = max(rule.stop for rule in rules) - min(rule.start for rule in rules)
    return [
        rule
        for rule in rules
        if rule.drawn
        or sum(other.stop - other.start for other in rules if abs(other.at - rule.at) <= TOUCH) >= _FILL_SHARE * extent
    ]


def _with_unruled_rows(xs: list[float], ys: list[float], pieces: list[Atom]) -> list[float]:
    """Row edges, more of them where one ruled row holds several rows of text that most columns share."""
    edges = [ys[0]]
    for top, bottom in pairwise(ys):
        rows = list(rows_of([piece for piece in pieces if top <= piece.middle < bottom]))
        columns = [{index_of(xs, (piece.x0 + piece.x1) / 2) for piece in row} for row in rows]
        used = set().union(*columns) if columns else set()
        shared = sum(1 for row in columns if len(row) >= max(2, 0.6 * len(used)))
        if len(rows) >= 3 and len(used) >= 2 and len(xs) > 2 and shared >= 0.8 * len(rows):
            for above, below in pairwise(rows):
                edges.append((max(a.y1 for a in above) + min(b.y0 for b in below)) / 2)
        edges.append(bottom)
    return edges


def _text_apart(atoms: list[Atom], pieces: list[Atom], xs: list[float], ys: list[float]) -> set[tuple[int, int]]:
    """Cells (row, column) whose text stands apart from their right neighbour's: two cells, rule or not."""
    taken = {(index_of(ys, piece.middle), index_of(xs, (piece.x0 + piece.x1) / 2)) for piece in pieces}
    crossed = {
        (index_of(ys, atom.middle), c)
        for atom in atoms
        for c in range(index_of(xs, atom.x0 + 2), index_of(xs, atom.x1 - 2))
    }
    return {(r, c) for r, c in taken if (r, c + 1) in taken and (r, c) not in crossed}


def _spreads(grid: Rules, xs: list[float], ys: list[float], apart: set[tuple[int, int]]) -> list[Spread]:
    """Which cells of the grid belong together because neither a rule nor the place of their text parts them."""
    ruled_right = _ruled(grid.vertical, xs, ys)
    ruled_down = _ruled(grid.horizontal, ys, xs)
    original = set(positions([rule.at for rule in grid.horizontal]))
    rows, columns = len(ys) - 1, len(xs) - 1
    right = {(r, c) for r in range(rows) for c in range(columns - 1) if (c + 1, r) not in ruled_right} - apart
    down = {
        (r, c)
        for r in range(rows - 1)
        for c in range(columns)
        if (r + 1, c) not in ruled_down and ys[r + 1] in original
    }
    return merged_spreads(rows, columns, right, down)


def _ruled(rules: list[Rule], across: list[float], along: list[float]) -> set[tuple[int, int]]:
    """(edge, interval) pairs that a rule covers: rules at the positions `across`, intervals of `along`."""
    covered: set[tuple[int, int]] = set()
    for rule in rules:
        edge = min(range(len(across)), key=lambda i: abs(across[i] - rule.at))
        if abs(across[edge] - rule.at) > 2 * TOUCH:
            continue
        for index, (start, stop) in enumerate(pairwise(along)):
            if overlap(rule.start, rule.stop, start, stop) > 0.6 * (stop - start):
                covered.add((edge, index))
    return covered


def _from_ladder(ladder: list[Rule], atoms: list[Atom]) -> tuple[TableRegion | None, list[Atom]]:
    """A table between horizontal rules. Its columns are found by the space between them."""
    x0, x1 = min(rule.start for rule in ladder), max(rule.stop for rule in ladder)
    inside, outside = split_by_box(atoms, x0 - 4, ladder[0].at, x1 + 4, ladder[-1].at)
    if len(inside) < 4:
        return None, atoms
    table = aligned_table(inside, [rule.at for rule in ladder])
    if table is None:
        return None, atoms
    return TableRegion(x0, ladder[0].at, x1, ladder[-1].at, table, min(atom.order for atom in inside)), outside
