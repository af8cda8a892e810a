"""SANDBOX, untrusted: AsciiDoc tables: cells by their separators, with spans, rows by the number of columns."""

import csv
import re

from parsers.blocks import Cell

COLUMNS_MAX = 200
CELLS_MAX = 100_000
_REPEATED_CELLS_MAX = 5000  # `200*|` makes two hundred cells of six characters
_SPEC = re.compile(r"(?:^|(?<=\s))(?:(\d{1,4})(?:\.(\d{1,4}))?([+*])|\.(\d{1,4})([+]))?[<^>.]*([aehlmsdv])?$")
_COLUMNS = re.compile(r"cols=\"?([^\"\]]*)")
_REPEAT = re.compile(r"(\d{1,3})\*")


def read(lines: list[str], separator: str, options: str) -> tuple[list[list[Cell]], int]:
    """(rows, header rows) of the lines between a table's delimiters. `options` are the attributes above, as written."""
    text = "\n".join(lines)
    if separator == "," or "format=csv" in options or 'format="csv' in options:
        rows = [[Cell(text.strip()) for text in row[:COLUMNS_MAX]] for row in _csv_rows(lines)]
        return rows, _header_rows(lines, options, len(rows))
    cells, first_line_cells = _cells(text, separator)
    columns = _columns(options) or first_line_cells or 1
    return _rows(cells, columns), _header_rows(lines, options, len(cells) // columns)


def _csv_rows(lines: list[str]) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines) if row]
    except csv.Error:  # a field over its limit
        return [[line] for line in lines if line]


def _cells(text: str, separator: str) -> tuple[list[Cell], int]:
    """All cells in order, and how many the first line with any holds."""
    pieces = re.split(r"(?<!\\)" + re.escape(separator), text)
    cells: list[Cell] = []
    first_line_cells = 0
    spec = pieces[0]
    line_ended = False
    for index, piece in enumerate(pieces[1:], 1):
        if len(cells) > CELLS_MAX:
            break
        last = index == len(pieces) - 1
        found = None if last else _SPEC.search(piece)
        content = piece[: found.start()] if found and found[0] else piece
        colspan, rowspan, repeat = _spans(spec)
        shown = " ".join(content.replace("\\" + separator, separator).split())
        repeat = repeat if len(cells) < _REPEATED_CELLS_MAX else 1
        cells += [Cell(shown, colspan, rowspan) for _ in range(repeat)]
        if not line_ended:
            first_line_cells += colspan * repeat
            line_ended = "\n" in content.strip(" ")
        spec = found[0] if found else ""
    return cells, min(first_line_cells, COLUMNS_MAX)


def _spans(spec: str) -> tuple[int, int, int]:
    """(colspan, rowspan, repetitions) in front of a separator: `2+`, `.3+`, `2.3+`, `3*`."""
    found = _SPEC.search(spec.strip())
    if found is None or not found[0]:
        return 1, 1, 1
    if found[3] == "*":
        return 1, 1, max(1, min(int(found[1]), COLUMNS_MAX))
    across = int(found[1]) if found[1] else 1
    down = int(found[2] or found[4] or 1)
    return max(1, min(across, COLUMNS_MAX)), max(1, min(down, 1000)), 1


def _columns(options: str) -> int:
    found = _COLUMNS.search(options)
    if found is None:
        return 0
    count = 0
    for each in re.split(r"[,;]", found[1]):
        repeat = _REPEAT.match(each.strip())
        count += int(repeat[1]) if repeat else 1
    return min(count, COLUMNS_MAX)


def _rows(cells: list[Cell], columns: int) -> list[list[Cell]]:
    """Rows of as many columns, counting those that cells from above cover."""
    rows: list[list[Cell]] = []
    covered: list[int] = [0] * columns
    row: list[Cell] = []
    column = 0
    for cell in cells:
        while column < columns and covered[column]:
            covered[column] -= 1
            column += 1
        if column >= columns and row:
            rows.append(row)
            row, column = [], 0
            while column < columns and covered[column]:
                covered[column] -= 1
                column += 1
        row.append(cell)
        for at in range(column, min(column + cell.colspan, columns)):
            covered[at] = cell.rowspan - 1
        column += cell.colspan
        if column >= columns:
            rows.append(row)
            row, column = [], 0
    if row:
        rows.append(row)
    return rows


def _header_rows(lines: list[str], options: str, rows: int) -> int:
    """1 when the options say so, or an empty line follows the first line and none precedes it."""
    if rows < 2:
        return 0
    if "header" in options and "noheader" not in options:
        return 1
    implicit = len(lines) > 1 and bool(lines[0].strip()) and not lines[1].strip()
    return 1 if implicit and "noheader" not in options else 0
