"""SANDBOX, untrusted: a sheet of a workbook as shown, whichever file format it comes from."""

from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.blocks import Comment

# What all sheets of a workbook may add up to: beyond it no answer fits into the output limit.
CELLS_MAX = 1_000_000
CHARS_MAX = 20_000_000
ROWS_MAX = 1 << 20  # ECMA-376-1, 18.3.1.73
COLUMNS_MAX = 1 << 14
MERGES_MAX = 50_000
SHEETS_MAX = 1000
HIDDEN_EXCERPTS_MAX = 40
HIDDEN_CELLS_READ = 50_000  # of a hidden sheet: enough to tell what is in it
LINKED_CELLS_MAX = 10_000

_LINK_SIDE_MAX = 100

TEXT, BOLD = 1, 2  # flags of a cell: it holds words rather than a number; it is set in bold

SheetCell = tuple[int, str, int]  # column from 0, text as shown, flags


class Merge(NamedTuple):
    """A range of merged cells, both corners included, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """What one sheet shows. `rows` maps a row's number (from 0) to its cells, which are in order of their columns."""

    name: str
    number: int  # its place among the sheets of the workbook, from 1
    rows: dict[int, list[SheetCell]] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)  # in order
    hidden_columns: list[int] = field(default_factory=list)  # in order
    header_rows: set[int] = field(default_factory=set)  # rows that the file itself says are a table's header
    comments: dict[tuple[int, int], list[Comment]] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)

    def add_link(self, area: Merge, url: str) -> None:
        """A hyperlink on every cell of a range, within bounds."""
        for row in range(area.top, min(area.bottom, area.top + _LINK_SIDE_MAX) + 1):
            for column in range(area.left, min(area.right, area.left + _LINK_SIDE_MAX) + 1):
                if not url or len(self.links) >= LINKED_CELLS_MAX:
                    return
                self.links.setdefault((row, column), url)


@dataclass(slots=True)
class Budget:
    """What a workbook may still hold. Shared by its sheets."""

    cells: int = CELLS_MAX
    chars: int = CHARS_MAX
    cut: bool = False

    def take(self, text: str) -> bool:
        """Count a cell. False: there is no room for it."""
        self.cells -= 1
        self.chars -= len(text)
        if self.cells >= 0 and self.chars >= 0:
            return True
        self.cut = True
        return False


@dataclass(slots=True)
class HiddenText:
    """Text that a reader of the shown workbook does not see: how much of it, and how it begins."""

    count: int = 0
    excerpts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Note one hidden cell's text."""
        if text.strip():
            self.count += 1
            if len(self.excerpts) < HIDDEN_EXCERPTS_MAX:
                self.excerpts.append(text[:80])

    def evidence(self) -> str:
        """For a finding."""
        return f"{self.count} cells: {' '.join(' '.join(self.excerpts).split())[:150]}"
