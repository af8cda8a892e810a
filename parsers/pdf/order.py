"""SANDBOX, untrusted: the order in which a person reads what stands on a page, from geometry alone.

A recursive cut in the spirit of XY-cut (Nagy and Seth 1984; Ha, Haralick and Phillips 1995), with one change: a gutter
may be bridged by headings, figures or tables that span the columns. Those split the page into bands, and only within a
band are columns read one after another. A band that reads better in rows is a table. The drawing order never decides.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from parsers.pdf.aligned import DENSE_GAP, aligned_table
from parsers.pdf.captions import is_caption
from parsers.pdf.columns import cut_at_gaps
from parsers.pdf.gutters import Gutter, best_gutter
from parsers.pdf.lines import rows_of, spans_text
from parsers.pdf.model import Atom, Item, TableRegion

DEPTH_MAX = 12
_STRETCHES_MAX = 40
_STRETCH_GAP = 1.6  # of the line height
_CAPTION_LINE_GAP = 0.6  # of the line height
_TITLES_MIN, _TITLE_CHARS_MAX = 4, 24  # short titles in one row: no lines of columns that reach over their gutter
_LONG_LINE = 9  # of a gutter's slack, that is, of the line height: lines of text, which may reach over it a little
_HEAD_SHARE = 0.5  # of a table's columns, that a row of titles above it has
_ROW_APART = 1.0  # of the type size: a row with such a gap in it may be a table's


@dataclass(slots=True)
class Column:
    """A stretch of items that is read from top to bottom, within its edges."""

    x0: float
    x1: float
    items: list[Item]


def columns_in_order(items: Sequence[Item], line_height: float) -> list[Column]:
    """Columns in reading order. `line_height` is the page's typical one, in points."""
    return _cut(list(items), line_height, 0)


def _cut(items: list[Item], line_height: float, depth: int) -> list[Column]:
    if not items:
        return []
    gutter = best_gutter(items, line_height) if depth < DEPTH_MAX and len(items) > 2 else None
    if gutter is None:
        return [_column(_with_local_tables(items, line_height))]
    columns: list[Column] = []
    pending: list[Item] = []  # bands that are not split, one after another: they may be cut elsewhere
    for band in _without_text_around_tables(_bands(items, gutter, line_height), line_height):
        left = [item for item in band if item.x0 < gutter.x0]
        right = [item for item in band if item.x0 >= gutter.x0]
        if not left or not right or any(_bridges(item, gutter) for item in left):
            pending += band
            continue
        for stretch in _stretches(band, line_height):
            region, pending = _region_with_head(stretch, pending, line_height)
            if pending:
                columns += _cut(pending, line_height, depth + 1) if len(pending) < len(items) else [_column(pending)]
                pending = []
            if region is not None:
                columns.append(_column([region]))
            else:
                columns += _cut([item for item in stretch if item.x0 < gutter.x0], line_height, depth + 1)
                columns += _cut([item for item in stretch if item.x0 >= gutter.x0], line_height, depth + 1)
    if len(pending) == len(items):
        return [_column(_with_local_tables(items, line_height))]
    return columns + _cut(pending, line_height, depth + 1)


def _column(items: list[Item]) -> Column:
    return Column(min(item.x0 for item in items), max(item.x1 for item in items), items)


def _bands(items: list[Item], gutter: Gutter, line_height: float) -> list[list[Item]]:
    """Items cut from top to bottom wherever bridging items and side items take turns."""
    bands: list[list[Item]] = []
    previous: bool | None = None
    blocks = [item for item in items if not isinstance(item, Atom) and _bridges(item, gutter)]
    wide = _rows_of_titles(items, gutter)
    for caption in _captions(items, line_height):
        if any(_bridges(line, gutter) for line in caption):
            wide.update(id(line) for line in caption)
    for item in sorted(items, key=lambda i: (i.y0 + i.y1, i.x0)):
        middle = (item.y0 + item.y1) / 2
        beside_block = any(block.y0 < middle < block.y1 for block in blocks)  # a caption beside its figure
        bridges = beside_block or _bridges(item, gutter) or id(item) in wide
        if bridges != previous:
            bands.append([])
        bands[-1].append(item)
        previous = bridges
    return bands


def _bridges(item: Item, gutter: Gutter) -> bool:
    long = item.x1 - item.x0 > _LONG_LINE * gutter.slack
    return item.x0 < gutter.x0 and item.x1 > gutter.x1 + (gutter.slack if long else 0.0)


def _rows_of_titles(items: list[Item], gutter: Gutter) -> set[int]:
    """`id`s of atoms in rows of short titles one of which reaches over the gutter: the head of a wide table."""
    found: set[int] = set()
    for row in rows_of([item for item in items if isinstance(item, Atom)]):
        if len(row) < 2 or not any(_bridges(atom, gutter) for atom in row):
            continue
        parts = [part for atom in row for part in cut_at_gaps(atom, DENSE_GAP)]
        if len(parts) >= _TITLES_MIN and all(len(spans_text(part.spans)) <= _TITLE_CHARS_MAX for part in parts):
            found.update(id(atom) for atom in row)
    return found


def _without_text_around_tables(bands: list[list[Item]], line_height: float) -> list[list[Item]]:
    """Bands, with lines of text above and below the rows of a band cut off: last lines of paragraphs, mostly."""
    result: list[list[Item]] = []
    for band in bands:
        rows = list(rows_of([item for item in band if isinstance(item, Atom)]))
        start, stop = 0, len(rows)
        if sum(len(row) for row in rows) == len(band) and any(len(row) > 2 for row in rows):
            left = min(item.x0 for item in band)
            while start < stop - 1 and _is_set_apart(rows[start], rows[start + 1], left, line_height):
                start += 1
            while stop - 1 > start and _is_set_apart(rows[stop - 1], rows[stop - 2], left, line_height):
                stop -= 1
            parts = [rows[:start], rows[start:stop], rows[stop:]]
            result += [[atom for row in part for atom in row] for part in parts if part]
        else:
            result.append(band)
    return result


def _is_set_apart(row: list[Atom], table_row: list[Atom], left: float, line_height: float) -> bool:
    """Whether a row is one text that begins at the left edge, at a distance from the next row of a table."""
    gap = max(table_row[0].y0 - row[0].y1, row[0].y0 - table_row[0].y1)
    return len(row) == 1 and row[0].x0 < left + line_height and gap > 0.3 * line_height


def _region(items: list[Item], head: int = 0) -> TableRegion | None:
    """The table that items make, if they are all text and read better in rows. `head`: see `aligned_table`."""
    atoms = [item for item in items if isinstance(item, Atom)]
    if len(atoms) < len(items):
        return None
    table = aligned_table(atoms, head=head)
    if table is None:
        return None
    return TableRegion(
        min(atom.x0 for atom in atoms),
        min(atom.y0 for atom in atoms),
        max(atom.x1 for atom in atoms),
        max(atom.y1 for atom in atoms),
        table,
        min(atom.order for atom in atoms),
    )


def _region_with_head(
    stretch: list[Item], above: list[Item], line_height: float
) -> tuple[TableRegion | None, list[Item]]:
    """The table of a stretch with header rows that span its columns, and what stands above it otherwise."""
    region = _region(stretch)
    if region is None:
        return None, above
    rows = list(rows_of([item for item in above if isinstance(item, Atom)]))
    top = region.y0
    head: list[Atom] = []
    count = 0
    while rows and _is_head(rows[-1], region) and top - max(atom.y1 for atom in rows[-1]) < 1.5 * line_height:
        head += rows.pop()
        count += 1
        top = min(atom.y0 for atom in head)
    if not head:
        return region, above
    taken = {id(atom) for atom in head}
    whole = _region([*head, *stretch], count)
    if whole is None or len(whole.table.rows) <= len(region.table.rows):
        return region, above
    return whole, [item for item in above if id(item) not in taken]


def _is_head(row: list[Atom], region: TableRegion) -> bool:
    """Whether a row above a table has titles of several of its columns, however near to each other."""
    columns = max(sum(cell.colspan for cell in cells) for cells in region.table.rows)
    parts = [part for atom in row for part in cut_at_gaps(atom, DENSE_GAP)]
    within = all(region.x0 - 1 <= (part.x0 + part.x1) / 2 <= region.x1 + 1 for part in parts)
    return len(row) >= 2 or (within and len(parts) >= max(2, _HEAD_SHARE * columns))


def _stretches(band: list[Item], line_height: float) -> list[list[Item]]:
    """A band cut at captions and wide horizontal gaps if that sets a table apart; otherwise the band as it is."""
    captions = {id(atom) for lines in _captions(band, line_height) for atom in lines}
    if not captions and _region(band) is not None:
        return [band]
    parts: list[list[Item]] = []
    bottom, was_caption = 0.0, False
    for item in sorted(band, key=lambda i: i.y0):
        is_caption_line = id(item) in captions
        if not parts or item.y0 - bottom > _STRETCH_GAP * line_height or is_caption_line != was_caption:
            parts.append([])
            bottom = item.y1
        parts[-1].append(item)
        bottom, was_caption = max(bottom, item.y1), is_caption_line
    if not 1 < len(parts) <= _STRETCHES_MAX:
        return [band]
    stretches: list[list[Item]] = []
    was_table = True
    for part in parts:
        is_table = _region(part) is not None
        if is_table or was_table:
            stretches.append(part)
        else:
            stretches[-1] += part
        was_table = is_table
    return stretches


def _captions(items: list[Item], line_height: float) -> list[list[Atom]]:
    """Captions that nothing stands beside: their first line and what follows close below it."""
    found: list[list[Atom]] = []
    last: Atom | None = None
    for atom in _lone_lines(items):
        goes_on = last is not None and abs(atom.y0 - last.y1) < _CAPTION_LINE_GAP * line_height
        if is_caption(spans_text(atom.spans)):
            found.append([atom])
        elif goes_on:
            found[-1].append(atom)
        last = atom if goes_on or (found and found[-1][-1] is atom) else None
    return found


def _lone_lines(band: list[Item]) -> list[Atom]:
    """Lines, from the top, whose middle no other item reaches. Lines of two columns are seldom exactly level."""
    ordered = sorted(band, key=lambda item: item.y0)
    starts = [item.y0 for item in ordered]
    reach = list(accumulate((item.y1 for item in ordered), max))
    lone: list[Atom] = []
    for index, item in enumerate(ordered):
        middle = (item.y0 + item.y1) / 2
        above = index == 0 or reach[index - 1] < middle
        if above and bisect_left(starts, middle) == index + 1 and isinstance(item, Atom):
            lone.append(item)
    return lone


def _with_local_tables(items: list[Item], line_height: float) -> list[Item]:
    """Items of one column, in which a few rows of aligned cells between lines of text have become a table."""
    result: list[Item] = [item for item in items if not isinstance(item, Atom)]
    run: list[list[Atom]] = []
    for row in rows_of([item for item in items if isinstance(item, Atom)]):
        near = not run or min(atom.y0 for atom in row) - max(atom.y1 for atom in run[-1]) < 1.6 * line_height
        if _is_apart(row) and near:
            run.append(row)
            continue
        result += _settled(run)
        run = [row] if _is_apart(row) else []
        result += [] if run else row
    return result + _settled(run)


def _is_apart(row: list[Atom]) -> bool:
    return any(right.x0 - left.x1 > _ROW_APART * left.size for left, right in pairwise(row))


def _settled(run: list[list[Atom]]) -> list[Item]:
    atoms: list[Item] = [atom for row in run for atom in row]
    region = _region(atoms) if len(run) >= 2 else None
    return [region] if region is not None else atoms
