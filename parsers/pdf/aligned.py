"""SANDBOX, untrusted: tables without rules between columns: short texts in rows and columns."""

import re
from dataclasses import replace
from statistics import median

from parsers.blocks import Table
from parsers.pdf.cells import Spread, columns_spanned, table_of
from parsers.pdf.columns import Bounds, column_bounds, cut_at_bounds, cut_at_gaps
from parsers.pdf.heads import head_rows, with_spread_heads
from parsers.pdf.lines import rows_of, spans_text
from parsers.pdf.model import Atom
from parsers.pdf.rowgroups import logical_rows, ruled_heads, stand_level
from parsers.pdf.spans import atom_of

COLUMNS_MAX = 40
ROWS_MAX = 400
_PROSE_WORDS = 5
_PROSE_FILL = 0.8
DENSE_GAP, _APART_GAP = 0.38, 0.55  # of the type size: room between cells of a row, in tables of many and few rows
_DENSE_ROWS_MIN = 5
_HEAD_GUESS_MAX, _BODY_ROWS_MIN = 3, 3
_CURRENCY = re.compile(r"[$€£¥₹₽]|[A-Z]{2}\$")
_HEAD_ROWS_MAX = 6  # lines of text between the first two rules


def aligned_table(atoms: list[Atom], rules: list[float] | None = None, head: int = 0) -> Table | None:
    """The table that atoms make, or `None` if they read better as text.

    `rules` are the heights of horizontal rules among them, top to bottom; with rules, less alignment is asked for.
    `head` is the number of rows of text that are titles, where that is known without rules.
    """
    rows = [_with_currency(row) for row in rows_of(atoms)]
    if len(rows) < 2 or len(rows) > ROWS_MAX:
        return None
    whole = rows
    if rules:
        gap = DENSE_GAP if len(rows) >= _DENSE_ROWS_MIN else _APART_GAP
        rows = [[part for atom in row for part in cut_at_gaps(atom, gap)] for row in rows]
        head = _head_rows(rows, rules)
    else:
        head = min(head, len(rows) - 1)
        rows = _with_dense_head(rows, head)
    bounds = column_bounds(rows, head)
    if not 2 <= len(bounds) <= COLUMNS_MAX:
        return None
    known = (rules and head) or stand_level(rows, bounds)
    if not known and ((not rules and not _tabular(rows, bounds)) or _is_prose(whole, bounds)):
        return None
    if not rules and not head:
        rows, bounds, head = _with_head_told_apart(rows, bounds)
    rows = [[part for atom in row for part in cut_at_bounds(atom, bounds)] for row in rows]
    groups = logical_rows(rows, bounds, rules or [])
    if len(groups) < 2:
        return None
    body = rows[head][0].baseline - 0.1
    filled: dict[Spread, list[Atom]] = {}
    for index, group in enumerate(groups):
        _fill_row(filled, index, group, bounds)
    ruled = sum(1 for group in groups if group[0].baseline < body) if head else ruled_heads(groups)
    filled = with_spread_heads(filled, head_rows(filled, ruled), bounds)
    return table_of(filled, len(groups), len(bounds), head=ruled)


def _with_dense_head(rows: list[list[Atom]], head: int) -> list[list[Atom]]:
    """Rows, the first `head` of them cut into titles, however near to each other these are."""
    return [[part for atom in row for part in cut_at_gaps(atom, DENSE_GAP)] for row in rows[:head]] + rows[head:]


def _with_head_told_apart(rows: list[list[Atom]], bounds: Bounds) -> tuple[list[list[Atom]], Bounds, int]:
    """Rows, bounds and rows of the head; a head is told apart where its titles, reaching over edges, hid columns."""
    best = (rows, bounds, 0)
    for head in range(1, min(_HEAD_GUESS_MAX, len(rows) - _BODY_ROWS_MIN) + 1):
        cut = _with_dense_head(rows, head)
        found = column_bounds(cut, head)
        if len(best[1]) < len(found) <= COLUMNS_MAX:
            best = (cut, found, head)
    return best


def _with_currency(row: list[Atom]) -> list[Atom]:
    """A row in which signs of currency stand in one cell with the numbers that are set apart to their right."""
    result: list[Atom] = []
    for atom in row:
        if result and _CURRENCY.fullmatch(spans_text(result[-1].spans)) and spans_text(atom.spans)[:1].isdigit():
            result[-1] = _glued(result[-1], atom)
        else:
            result.append(atom)
    return result


def _glued(sign: Atom, number: Atom) -> Atom:
    """One atom whose first word is a sign of currency and a number."""
    first, *others = number.spans
    places = ((sign.x0, first.places[0][1]), *first.places[1:]) if first.places else ()
    text = spans_text(sign.spans) + first.text.lstrip()
    return atom_of([replace(first, x0=sign.x0, text=text, places=places), *others], sign.order)


def _head_rows(rows: list[list[Atom]], rules: list[float]) -> int:
    """How many rows of text stand above the second rule, where the body of a ruled table begins."""
    if len(rules) < 3:
        return 0
    above = sum(1 for row in rows if row[0].baseline < rules[1])
    return above if above <= _HEAD_ROWS_MAX and above < len(rows) else 0


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
    """Columns of running text: most lines are several words long and fill their column.

    One such column beside two or more others is that of the names in a table.
    """
    prose = total = columns = 0
    for bound in bounds:
        atoms = [atom for row in rows for atom in row if _in(atom, bound)]
        texts = [spans_text(atom.spans) for atom in atoms]
        chars = sum(len(text) for text in texts)
        total += chars
        if len(atoms) < 3:
            continue
        words = median(len(text.split()) for text in texts)
        fill = median((atom.x1 - atom.x0) / max(bound[1] - bound[0], 1) for atom in atoms)
        if words >= _PROSE_WORDS and fill >= _PROSE_FILL:
            prose += chars
            columns += 1
    return prose > 0.5 * total and (columns > 1 or len(bounds) < 3)


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
