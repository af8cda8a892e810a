"""SANDBOX, untrusted: which rows of cells on a picture are a table: columns are what is left between their edges."""

from dataclasses import dataclass

from parsers.metafile.lines import Row

_ROWS_MIN, _SMALL_TABLE_COLUMNS = 3, 3
_COLUMNS_MAX = 60
_LOOKED_AHEAD = 30  # rows, behind the last with which it was a table
_PATIENCE = 20_000  # rows of one picture that were looked at in vain

_Spans = list[tuple[float, float]]


@dataclass(slots=True)
class TableFinder:
    """Looks for tables in the rows of one picture."""

    rows: list[Row]
    patience: int = _PATIENCE

    def table_from(self, start: int) -> tuple[int, list[float]]:
        """Where the longest table ends that begins with a row, and the left edges of its columns; without these, how
        many rows are none.

        Columns are what is left when all cells are laid over each other; a row with two cells in one column ends it.
        """
        spans: _Spans = []
        stop = start + 1
        edges: list[float] = []
        cells = full = widest = at = 0
        for at in range(start, len(self.rows) if self.patience > 0 else start):
            row = self.rows[at]
            widest = max(widest, len(row))
            merged = _merged(spans, row)
            if (len(row) < 2 and at == start) or not widest <= len(merged) <= _COLUMNS_MAX or at > stop + _LOOKED_AHEAD:
                break
            spans = merged
            cells += len(row)
            if len(row) > 1:
                full += 1
                if _is_table(full, len(spans), cells, at + 1 - start):
                    stop, edges = at + 1, [x0 for x0, _ in spans]
        self.patience -= max(at - stop, 0)
        return stop, edges


def _is_table(full: int, columns: int, cells: int, rows: int) -> bool:
    """Three rows of several cells, or two of several columns, at least half of whose places are filled."""
    enough = full >= _ROWS_MIN or (full == _ROWS_MIN - 1 and columns >= _SMALL_TABLE_COLUMNS)
    return enough and 2 * cells >= columns * rows


def _merged(spans: _Spans, row: Row) -> _Spans:
    merged: _Spans = []
    for x0, x1 in sorted([*spans, *((cell.x0, cell.x1) for cell in row)]):
        if merged and x0 < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], x1))
        else:
            merged.append((x0, x1))
    return merged
