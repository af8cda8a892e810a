"""SANDBOX, untrusted: a table of Numbers, Pages or Keynote: cells by how far each stands from the one before.

`ct` is that distance, a row counting for 256 columns; without it a cell stands right of the one before. Rows and
columns without a word are left out, so that a cell far away costs no more than one nearby.
"""

from parsers.blocks import Cell, Table
from parsers.xml.tree import Element, all_text, attribute, descendant, local

CELLS_MAX = 500_000  # shown, of one table
CELLS_OF_ALL_MAX = 1_000_000  # with the empty ones: a diagonal of a few kilobytes is a table of half a million
_COLUMNS = 256
_DISTANCE_MAX = 1 << 40


def table_of(model: Element, room: list[int]) -> tuple[Table | None, bool]:
    """A `tabular-model` as a table, None when nothing is in it; and whether it was cut. `room` as in `shaped`."""
    source = descendant(model, "datasource")
    cells: dict[tuple[int, int], str] = {}
    place = -1
    for each in source if source is not None else ():
        if not local(each):
            continue
        place += _number(attribute(each, "ct"), 1 if place >= 0 else 0) + (place < 0)
        text = _text(each)
        if text and 0 <= place < _DISTANCE_MAX:
            cells[divmod(place, _COLUMNS)] = text
    return shaped(cells, _number(attribute(model, "num-header-rows"), 0), room)


def shaped(cells: dict[tuple[int, int], str], header: int, room: list[int]) -> tuple[Table | None, bool]:
    """Texts by row and column as a table, of which so many rows are headers; and whether it was cut.

    `room` is how many cells may still be made in the document; the first row of a table always is.
    """
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    if not rows:
        return None, False
    kept = rows[: max(1, min(CELLS_MAX, room[0]) // len(columns))]
    room[0] -= len(kept) * len(columns)
    shown = [[Cell(cells.get((row, column), ""), header=row < header) for column in columns] for row in kept]
    return Table(shown, header_rows=sum(row < header for row in kept)), len(kept) < len(rows)


def _number(value: str, otherwise: int) -> int:
    """A whole number of up to twelve digits."""
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else otherwise


def _text(cell: Element) -> str:
    """What a cell shows. Formats of numbers are not applied."""
    kind = local(cell)
    if kind == "f":
        cell = next((each for each in cell if local(each) in ("r", "rn", "rt", "rb", "rd", "rdu")), cell)
        if local(cell) == "f":
            return ""
    for each in cell.iter("{*}ct"):
        if words := attribute(each, "s") or " ".join(all_text(each).split()):
            return words
    for each in cell.iter():
        for name in ("v", "cell-date", "date"):
            if local(each) not in ("f", "fo") and (value := attribute(each, name)):
                return _plain(value)
    return " ".join(all_text(cell).split())


def _plain(value: str) -> str:
    """A number without a fraction of nothing."""
    whole, dot, fraction = value.partition(".")
    return whole if dot and fraction and not fraction.strip("0") else value
