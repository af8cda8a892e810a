"""SANDBOX, untrusted: cell addresses: "B4" and "A1:C3" as rows and columns counted from 0."""

import re

from parsers.office.sheets.model import COLUMNS_MAX, ROWS_MAX, Merge

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")


def column_number(letters: str) -> int:
    """A column's number from 0; -1 when these are no letters of a column."""
    column = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            return -1
        column = column * 26 + ord(letter) - 64
    return column - 1 if column <= COLUMNS_MAX else -1


def cell(reference: str | None) -> tuple[int, int] | None:
    """Row and column of "B4"."""
    match = _CELL.fullmatch((reference or "").strip())
    if match is None:
        return None
    row, column = int(match[2]) - 1, column_number(match[1])
    return (row, column) if 0 <= row < ROWS_MAX and column >= 0 else None


def area(reference: str | None) -> Merge | None:
    """The range of "A1:C3", or of a single cell."""
    first, _, last = (reference or "").partition(":")
    start, end = cell(first), cell(last or first)
    if start is None or end is None:
        return None
    return Merge(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
