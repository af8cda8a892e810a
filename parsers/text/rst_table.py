"""SANDBOX, untrusted: the tables of reStructuredText: drawn as grids, ruled by `=`, written as lists or as CSV."""

import csv
import re

from parsers.blocks import Cell

ROWS_MAX = 20_000
COLUMNS_MAX = 200
_ITEM = re.compile(r"^(\s*)[-*+](?:\s+(.*))?$")
_RULE = re.compile(r"^[-= ]+$")


def from_grid(lines: list[str]) -> tuple[list[list[Cell]], int]:
    """A grid table. Columns are the edges of all rules; a cell that crosses one spans it. ([], 0) for a broken one."""
    edges = sorted({at for line in lines if line.startswith("+") for at, sign in enumerate(line) if sign == "+"})
    if len(edges) < 2 or len(edges) > COLUMNS_MAX:
        return [], 0
    width = edges[-1]
    rows: list[list[Cell]] = []
    texts: list[list[str]] = []
    starts: list[int] = []
    header_rows = 0
    for line in lines[:ROWS_MAX]:
        line = line.ljust(width + 1)
        if line.startswith("+") and not line.strip("+-= "):
            if texts:
                rows.append(_grid_row(texts, starts, edges))
            if "=" in line and not header_rows:
                header_rows = len(rows)
            texts, starts = [], []
            continue
        places = [at for at in edges[:-1] if line[at] in "|+"]
        if not texts:
            starts = places
            texts = [[] for _ in places]
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else width
            texts[number].append(line[start + 1 : end].strip(" |"))
    if texts:
        rows.append(_grid_row(texts, starts, edges))
    return rows, header_rows if header_rows < len(rows) else 0


def _grid_row(texts: list[list[str]], starts: list[int], edges: list[int]) -> list[Cell]:
    row = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else edges[-1]
        span = sum(1 for edge in edges if start < edge <= end)
        row.append(Cell(" ".join(" ".join(line for line in texts[number] if line).split()), max(1, span)))
    return row


def from_simple(lines: list[str]) -> tuple[list[list[Cell]], int]:
    """A simple table. Its first edge says where columns begin; a line without text in the first goes on with the
    row.
    """
    columns = [found.start() for found in re.finditer(r"=+", lines[0])][:COLUMNS_MAX]
    rows: list[list[Cell]] = []
    header_rows = 0
    for line in lines[1:ROWS_MAX]:
        if _RULE.match(line):
            if "=" in line and not header_rows and rows:
                header_rows = len(rows)
            continue
        if not line:
            continue
        texts = [
            line[start : columns[at + 1] if at + 1 < len(columns) else None].strip() for at, start in enumerate(columns)
        ]
        if not texts[0] and rows and len(rows) != header_rows:
            for cell, text in zip(rows[-1], texts, strict=True):
                cell.text = f"{cell.text} {text}".strip()
        else:
            rows.append([Cell(text.strip("\\") if text == "\\" else text) for text in texts])
    return rows, header_rows if header_rows < len(rows) else 0


def from_list(lines: list[str]) -> list[list[Cell]]:
    """A table as a list of lists: the outer items are rows, the inner ones cells."""
    rows: list[list[Cell]] = []
    inner = -1
    for line in lines[:ROWS_MAX]:
        found = _ITEM.match(line)
        if found is not None and not found[1]:
            rows.append([])
            content = found[2] or ""
            cell = _ITEM.match(content)
            inner = line.index(content) if content else -1
            if cell is not None:
                rows[-1].append(Cell(cell[2] or ""))
        elif found is not None and rows and (inner < 0 or len(found[1]) == inner):
            inner = len(found[1])
            rows[-1].append(Cell(found[2] or ""))
        elif line.strip() and rows and rows[-1]:
            rows[-1][-1].text = f"{rows[-1][-1].text} {line.strip()}".strip()
    return [row[:COLUMNS_MAX] for row in rows if row]


def from_csv(lines: list[str], header: str, delimiter: str) -> list[list[Cell]]:
    """A table of comma-separated lines, its header given apart."""
    names = {"tab": "\t", "space": " "}
    sign = names.get(delimiter.strip(), delimiter.strip())
    wanted = [header, *lines] if header else lines
    try:
        reader = csv.reader(wanted[:ROWS_MAX], delimiter=sign if len(sign) == 1 else ",", skipinitialspace=True)
        return [[Cell(text.strip()) for text in row[:COLUMNS_MAX]] for row in reader if row]
    except csv.Error:
        return [[Cell(line)] for line in wanted if line]
