"""SANDBOX, untrusted: tables as GitHub pipe tables, as HTML, and as plain lines.

A Markdown table has one header line and no spans. Several header rows become one line; a cell that spans rows is shown
in each of them, so that every row, and every chunk of a split table, can be understood alone; a cell that spans columns
is repeated in a header, and shown once in the body.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from parsers.blocks import Cell, Table
from parsers.hygiene import clean
from parsers.markdown_escape import escape_inline

SPAN_MAX = 1000  # the HTML standard's own limit on colspan
HTML_CHARS_MAX = 1 << 18
_LINE_BREAK = "\x01"  # not white space, and never in clean text
# Work on spans, in columns stepped over or filled: honest tables need a few steps a cell, hostile ones the square.
_STEPS_PER_CELL_MAX = 64
_STEPS_FREE = 1 << 16


@dataclass(slots=True)
class TextTable(Table):
    """A table of plain cells without spans, read row by row: `rows` stays empty, `text_rows` can be iterated again.

    Delimited files have millions of cells; an object for each would cost more memory than the sandbox has.
    """

    text_rows: Iterable[list[str]] = ()
    columns: int = 0  # of the widest row


class Line(NamedTuple):
    """One row as shown: a line of a pipe table, and its plain text."""

    markdown: str
    plain: str


def header_and_body(table: Table) -> tuple[Line | None, Iterator[Line]]:
    """The header line (with its delimiter line below) and the body lines. None: a table without a single cell."""
    if isinstance(table, TextTable):
        rows, width = iter(table.text_rows), table.columns
    else:
        grid = _grid(table)
        rows, width = iter(grid), max(map(len, grid), default=0)
    if not width:
        return None, iter(())
    header = _header_line(list(islice(rows, table.header_rows)), width)
    return header, (Line(_pipe_line(row), _plain(row)) for row in rows)


def _header_line(header_rows: list[list[str]], width: int) -> Line:
    columns = [_stacked([row[column] for row in header_rows if column < len(row)]) for column in range(width)]
    plain = "\n".join(_plain(row) for row in header_rows)
    return Line(_pipe_line(columns) + "\n|" + " --- |" * width, plain)


def _stacked(texts: list[str]) -> str:
    """The headers above one column, a group's name first, without the repetitions of spans."""
    kept = [text for above, text in zip(["", *texts], texts, strict=False) if text.strip() and text != above]
    return "\n".join(kept)


def _plain(row: list[str]) -> str:
    return clean(" ".join([text for text in row if text])).replace("\n", " ")


def _pipe_line(row: list[str]) -> str:
    joined = clean(" | ".join(row))
    # The common row needs no escaping and is done; a cell may hold pipes of its own, so count them.
    if joined.count("|") == len(row) - 1 and "\n" not in joined and escape_inline(joined) == joined:
        return f"| {joined} |"
    return "| " + " | ".join([_cell(text) for text in row]) + " |"


def _cell(text: str) -> str:
    # A mark beside a newline stands beside white space now, but beside a tag in the end: escape it for the latter.
    marked = clean(text).strip().replace("\n", _LINE_BREAK)
    return escape_inline(marked).replace("|", "\\|").replace(_LINE_BREAK, "<br>")


def _grid(table: Table) -> list[list[str]]:
    """Rows of texts with spans expanded; as they come, when aligning them would cost far more than there are cells."""
    placed = _place(table)
    columns = {column: index for index, column in enumerate(sorted({cell.column for cell in placed}))}
    last = {cell.row: columns[cell.column] for cell in placed}
    if (table.rows and not placed) or sum(last.values()) > _STEPS_FREE + _STEPS_PER_CELL_MAX * len(placed):
        return [[cell.text for cell in cells] for cells in table.rows]
    grid: list[list[str]] = [[] for _ in table.rows]
    fillers = _STEPS_FREE + _STEPS_PER_CELL_MAX * len(placed)
    for cell in placed:
        # Columns in which no cell begins have no width, and are left out.
        covered = [columns[at] for at in range(cell.column, cell.column + cell.colspan) if at in columns]
        fillers -= len(covered) * cell.rowspan + cell.colspan
        lines = range(cell.row, cell.row + (cell.rowspan if fillers >= 0 else 1))
        for line in lines:
            across = covered if line < table.header_rows and fillers >= 0 else covered[:1]
            for index in across:
                _put(grid[line], index, cell.text)
    return grid


def _put(line: list[str], index: int, text: str) -> None:
    if len(line) <= index:
        line.extend([""] * (index + 1 - len(line)))
    line[index] = text


class _Placed(NamedTuple):
    row: int
    column: int
    rowspan: int
    colspan: int
    text: str


def _place(table: Table) -> list[_Placed]:
    """Where each cell stands, by the HTML standard's algorithm for forming a table, with spans cut to the table.

    Nothing at all when spans upon spans would make that a matter of millions of steps.
    """
    placed: list[_Placed] = []
    busy_until: dict[int, int] = {}  # column -> first row in which it is free again
    steps = _STEPS_FREE + _STEPS_PER_CELL_MAX * sum(map(len, table.rows))
    for row, cells in enumerate(table.rows):
        column = 0
        for cell in cells:
            while busy_until.get(column, 0) > row:
                column, steps = column + 1, steps - 1
            colspan, rowspan = _spans(cell, len(table.rows) - row)
            placed.append(_Placed(row, column, rowspan, colspan, cell.text))
            steps -= colspan
            if steps < 0:
                return []
            if rowspan > 1:
                busy_until.update(dict.fromkeys(range(column, column + colspan), row + rowspan))
            column += colspan
    return placed


def _spans(cell: Cell, rows_left: int) -> tuple[int, int]:
    return max(1, min(cell.colspan, SPAN_MAX)), max(1, min(cell.rowspan, rows_left, SPAN_MAX))


def as_html(table: Table) -> str:
    """The table with its spans as HTML, or "" when it would be over `HTML_CHARS_MAX`."""
    head: list[str] = []
    body: list[str] = []
    size = 0
    for number, row in enumerate(_html_rows(table)):
        size += len(row)
        if size > HTML_CHARS_MAX:
            return ""
        (head if number < table.header_rows else body).append(row)
    if not size:
        return ""
    sections = (f"<thead>{''.join(head)}</thead>" if head else "") + (f"<tbody>{''.join(body)}</tbody>" if body else "")
    return f"<table>{sections}</table>"


def _html_rows(table: Table) -> Iterator[str]:
    if isinstance(table, TextTable):
        for number, texts in enumerate(table.text_rows):
            tag = "th" if number < table.header_rows else "td"
            yield "<tr>" + "".join([f"<{tag}>{_html(text)}</{tag}>" for text in texts]) + "</tr>"
        return
    for number, cells in enumerate(table.rows):
        rows_left = len(table.rows) - number
        yield "<tr>" + "".join([_html_cell(cell, number < table.header_rows, rows_left) for cell in cells]) + "</tr>"


def _html_cell(cell: Cell, in_header: bool, rows_left: int) -> str:
    colspan, rowspan = _spans(cell, rows_left)
    tag = "th" if in_header or cell.header else "td"
    attributes = (f' colspan="{colspan}"' if colspan > 1 else "") + (f' rowspan="{rowspan}"' if rowspan > 1 else "")
    return f"<{tag}{attributes}>{_html(cell.text)}</{tag}>"


def _html(text: str) -> str:
    escaped = clean(text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return escaped.replace("\n", "<br>")
