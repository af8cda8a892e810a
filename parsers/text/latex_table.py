"""SANDBOX, untrusted: LaTeX tables: rows end at a double backslash, cells at an ampersand outside of braces."""

import re
from collections.abc import Callable

from parsers.blocks import Cell
from parsers.text.tex_source import Source

CELLS_MAX = 200_000
_SPAN_MAX = 1000
_SIGN = re.compile(r"\\\\(?:\[[^\]]{0,40}\])?|\\tabularnewline|\\.|&|\{", re.DOTALL)
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|noalign|centering)(?![A-Za-z])"
    r"|\\(?:cline|cmidrule)(?:\([lr]{0,2}\))?\{[^{}]{0,40}\}"
)
_MULTICOLUMN = re.compile(r"\s*\\multicolumn\s*\{\s*(\d{1,3})\s*\}\s*(?=\{)")
_MULTIROW = re.compile(r"\s*\\multirow\s*(?:\[[^\]]{0,20}\])?\s*\{\s*(\d{1,3})\s*\}\s*(?:\[[^\]]{0,20}\])?\s*(?=\{)")

Shown = Callable[[int, int], str]


def read_table(source: Source, start: int, end: int, shown: Shown) -> tuple[list[list[Cell]], int]:
    """(rows, header rows) of what stands between two offsets. The first row above a rule of its own is a header."""
    rows: list[list[Cell]] = []
    row: list[Cell] = []
    header_rows = 0
    position = cell_start = start
    cells = 0
    while cells < CELLS_MAX and (found := _SIGN.search(source.text, position, end)) is not None:
        sign = found[0]
        position = found.end()
        if sign == "{":
            position = max(position, min(source.braces.get(found.start(), position), end))
        elif sign == "&" or sign.startswith("\\\\") or sign == "\\tabularnewline":
            has_rule = not row and _RULES.match(source.text[cell_start : cell_start + 60].lstrip()) is not None
            if has_rule and len(rows) == 1:
                header_rows = 1
            row.append(_cell(source, cell_start, found.start(), shown))
            cells += 1
            cell_start = position
            if sign != "&":
                rows.append(row)
                row = []
    last = _cell(source, cell_start, end, shown)
    if row or last.text:
        rows.append([*row, last])
    rows = [each for each in rows if any(cell.text for cell in each)]
    return rows, header_rows if header_rows < len(rows) else 0


def _cell(source: Source, start: int, end: int, shown: Shown) -> Cell:
    r"""One cell, with the spans that `\\multicolumn` and `\\multirow` give it."""
    text = source.text
    while (rule := re.compile(r"\s*").match(text, start, end)) and _RULES.match(text, rule.end(), end):
        found = _RULES.match(text, rule.end(), end)
        assert found is not None  # noqa: S101 - the loop's condition
        start = found.end()
    colspan = rowspan = 1
    across = _MULTICOLUMN.match(text, start, end)
    if across is not None:
        colspan = int(across[1])
        start, end = _last_argument(source, across.end(), end)
    down = _MULTIROW.match(text, start, end)
    if down is not None:
        rowspan = int(down[1])
        start, end = _last_argument(source, down.end(), end)
    return Cell(" ".join(shown(start, end).split()), max(1, min(colspan, _SPAN_MAX)), max(1, min(rowspan, _SPAN_MAX)))


def _last_argument(source: Source, start: int, end: int) -> tuple[int, int]:
    """Of two arguments in braces, what the second holds."""
    closed = source.braces.get(start, -1)
    second = source.text.find("{", closed, end) if 0 <= closed < end else -1
    if second < 0:
        return start, end
    stop = source.braces.get(second, -1)
    return second + 1, stop if 0 <= stop <= end else end
