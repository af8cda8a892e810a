"""SANDBOX, untrusted: a sheet's cells as blocks: tables where cells stand together, paragraphs where one stands alone.

A sheet is cut at its empty rows, and each band at empty columns that have a table on both sides. Work and result are
bounded by the number of cells, however far apart they stand.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from contract.verdicts import ElementType
from parsers.blocks import Block, Cell, Link, Report, Table
from parsers.markup.grid import lay_out
from parsers.markup.inline import InlineBuilder
from parsers.office.sheets.model import BOLD, TEXT, HiddenText, Sheet, SheetCell
from parsers.tables import TextTable

_SPLITS_MAX = 6  # bands in columns in bands …
_FILLERS_PER_CELL_MAX = 64
_FILLERS_FREE = 1 << 16
_HEADER_ROWS_MAX = 3
_PROGRESS_ROWS = 10_000
_NAME_CHARS = 60  # names of groups of columns are shorter
_COLUMN_ROWS_MIN = 3  # a single column of fewer rows is a few lines of text

Rows = list[tuple[int, list[SheetCell]]]


def assembled(sheet: Sheet, blocks: list[Block], decorations: list[Block]) -> Iterator[Block]:
    """A sheet under its name, between its header and its footer; nothing of a sheet that shows nothing."""
    if not blocks and not decorations and not sheet.comments:
        return
    title = Block(ElementType.TITLE, sheet.name, depth=1, page=sheet.number)
    title.comments = [comment for comments in sheet.comments.values() for comment in comments]  # of empty cells
    yield title
    yield from (block for block in decorations if block.kind is ElementType.HEADER)
    yield from blocks
    yield from (block for block in decorations if block.kind is ElementType.FOOTER)


def sheet_blocks(sheet: Sheet, hidden: HiddenText, report: Report) -> list[Block]:
    """The cells of a sheet in reading order. `hidden` is told what lies under merged cells."""
    rows: Rows = sorted((number, cells) for number, cells in sheet.rows.items() if cells)
    return list(_SheetRegions(sheet, hidden, report).blocks(rows))


class _SheetRegions:
    """One sheet being cut. Everything that goes through all rows shows life while it does."""

    def __init__(self, sheet: Sheet, hidden: HiddenText, report: Report) -> None:
        self._sheet = sheet
        self._merges = {(merge.top, merge.left): merge for merge in sheet.merges}
        self._hidden = hidden
        self._report = report

    def blocks(self, rows: Rows) -> Iterator[Block]:
        for region in self._joined(self._regions(rows, _SPLITS_MAX)):
            yield from self._region_blocks(region)

    def _ticking(self, rows: Rows) -> Iterator[tuple[int, list[SheetCell]]]:
        for at, row in enumerate(rows):
            if at % _PROGRESS_ROWS == 0:
                self._report.progress("tables", at, len(rows))
            yield row

    def _joined(self, regions: Iterator[Rows]) -> Iterator[Rows]:
        """Regions, with those joined that one empty row sets apart although the second only goes on with the first: it
        has no names of columns of its own and no column that the first has not.
        """
        whole: Rows = []
        columns: set[int] = set()
        for region in regions:
            below = {cell[0] for _, cells in self._ticking(region) for cell in cells}
            if len(columns) > 1 and below <= columns and self._goes_on(whole[-1][0], region[0]):
                whole += region
                continue
            if whole:
                yield whole
            whole, columns = region, below
        if whole:
            yield whole

    def _goes_on(self, last: int, row: tuple[int, list[SheetCell]]) -> bool:
        number, cells = row
        return (
            len(cells) > 1
            and not all(flags & TEXT for _, _, flags in cells)
            and number not in self._sheet.header_rows
            and _shown_between(last, number, self._sheet.hidden_rows) == 1
        )

    def _regions(self, rows: Rows, splits: int) -> Iterator[Rows]:
        for band in self._bands(rows):
            columns = self._side_by_side(band) if splits else [band]
            if len(columns) == 1:
                yield band
            else:
                for part in columns:
                    yield from self._regions(part, splits - 1)

    def _bands(self, rows: Rows) -> Iterator[Rows]:
        """Rows cut where an empty row is shown between them. Hidden rows leave no gap, a merged cell bridges one."""
        band: Rows = []
        reach = -1
        merges = self._merges
        for row in self._ticking(rows):
            number, cells = row
            if band and number > reach + 1 and _shown_between(reach, number, self._sheet.hidden_rows):
                yield band
                band = []
            band.append(row)
            reach = max(reach, number)
            if merges:
                reach = max([reach, *(merges[key].bottom for cell in cells if (key := (number, cell[0])) in merges)])
        if band:
            yield band

    def _side_by_side(self, band: Rows) -> list[Rows]:
        """A band cut at empty columns that have at least two columns and two rows on either side."""
        reach: dict[int, int] = {}  # column -> the last column that a cell which begins there covers
        for number, cells in self._ticking(band):
            for column, _, _ in cells:
                merge = self._merges.get((number, column)) if self._merges else None
                if merge is not None:
                    reach[column] = max(reach.get(column, column), merge.right)
                elif column not in reach:
                    reach[column] = column
        groups: list[list[int]] = []
        end = -2
        for column in sorted(reach):
            if groups and (column <= end + 1 or not _shown_between(end, column, self._sheet.hidden_columns)):
                groups[-1].append(column)
            else:
                groups.append([column])
            end = max(end, reach[column])
        if len(groups) < 2:
            return [band]
        starts = [group[0] for group in groups]
        parts: list[Rows] = [[] for _ in groups]
        for number, cells in self._ticking(band):
            split: dict[int, list[SheetCell]] = {}
            for cell in cells:
                split.setdefault(bisect_right(starts, cell[0]) - 1, []).append(cell)
            for at, own in split.items():
                parts[at].append((number, own))
        alone = all(len(group) > 1 and len(part) > 1 for group, part in zip(groups, parts, strict=True))
        return parts if alone else [band]

    def _region_blocks(self, region: Rows) -> Iterator[Block]:
        first_column = min(cells[0][0] for _, cells in region)
        at = 0
        while at < len(region) and self._is_line(region[at], first_column):
            at += 1
        if at < len(region):
            lines, rest = region[:at], region[at:]
        elif len(region) < _COLUMN_ROWS_MIN and region[0][0] not in self._sheet.header_rows:
            lines, rest = region, []
        else:
            lines, rest = [], region  # a single column is a table of one column
        for number, cells in lines:
            for column, text, _ in cells:
                block = Block(ElementType.NARRATIVE_TEXT, text, page=self._sheet.number)
                self._annotate(block, number, column, text)
                yield block
        if rest:
            yield self._table(rest)

    def _is_line(self, row: tuple[int, list[SheetCell]], first_column: int) -> bool:
        """Whether a row above a table is none of it: its name alone, or the long names of tables side by side."""
        number, cells = row
        if len(cells) == 1:
            return cells[0][0] == first_column
        return all(len(text) > _NAME_CHARS and (number, column) in self._merges for column, text, _ in cells)

    def _table(self, rows: Rows) -> Block:
        columns = sorted({cell[0] for _, cells in rows for cell in cells})
        header = self._header_rows(rows, len(columns))
        count = sum(len(cells) for _, cells in rows)
        block = Block(ElementType.TABLE, "", page=self._sheet.number)
        merged = self._merges and any((number, cell[0]) in self._merges for number, cells in rows for cell in cells)
        if len(rows) * len(columns) > _FILLERS_FREE + _FILLERS_PER_CELL_MAX * count:
            # Scattered cells: aligning them would take far more places than there are cells.
            texts = [[cell[1] for cell in cells] for _, cells in rows]
            block.table = TextTable([], 0, text_rows=texts, columns=max(map(len, texts)))
        elif merged:
            block.table = self._spanned(rows, columns, header)
        else:
            block.table = TextTable([], header, text_rows=self._aligned(rows, columns), columns=len(columns))
        if self._sheet.comments or self._sheet.links:
            for number, cells in rows:
                for column, text, _ in cells:
                    self._annotate(block, number, column, text)
        return block

    def _annotate(self, block: Block, row: int, column: int, text: str) -> None:
        if url := self._sheet.links.get((row, column)):
            block.links.append(Link(text, url))
            if block.kind is not ElementType.TABLE:
                line = InlineBuilder()
                line.add(text, url=url)
                block.markdown = line.finish().markdown
        block.comments += self._sheet.comments.pop((row, column), ())

    def _aligned(self, rows: Rows, columns: list[int]) -> list[list[str]]:
        index = {column: at for at, column in enumerate(columns)}
        aligned: list[list[str]] = []
        for _, cells in self._ticking(rows):
            if len(cells) == len(index):
                aligned.append([cell[1] for cell in cells])
                continue
            line = [""] * len(index)
            for column, text, _ in cells:
                line[index[column]] = text
            aligned.append(line)
        return aligned

    def _spanned(self, rows: Rows, columns: list[int], header: int) -> Table:
        """Cells with their spans, clipped to the rows and columns there are. Of overlapping merges the first counts."""
        numbers = [number for number, _ in rows]
        covered: list[set[int]] = [set() for _ in rows]
        steps = _FILLERS_FREE + 4 * len(rows) * len(columns)
        laid: list[list[Cell]] = []
        for at, (number, cells) in enumerate(self._ticking(rows)):
            text_of = {column: text for column, text, _ in cells}
            line: list[Cell] = []
            for index, column in enumerate(columns):
                if index in covered[at]:
                    self._hidden.add(text_of.get(column, ""))
                    continue
                cell = Cell(text_of.get(column, ""), header=at < header)
                merge = self._merges.get((number, column)) if cell.text else None
                if merge is not None and steps > 0:
                    bottom = bisect_right(numbers, merge.bottom) - at
                    right = bisect_right(columns, merge.right) - index
                    steps -= bottom * right
                    cell.rowspan, cell.colspan = _free(covered, at, index, bottom, right)
                line.append(cell)
            laid.append(line)
        return lay_out(laid, header)

    def _header_rows(self, rows: Rows, width: int) -> int:
        """How many rows name the columns: as the file says, or filled with words and set apart from what follows."""
        number, cells = rows[0]
        if number in self._sheet.header_rows:
            return 1
        if len(rows) < 2 or not _are_names(cells):
            return 0
        grouped = any((number, cell[0]) in self._merges for cell in cells)
        if len(cells) * 2 <= width and not grouped:
            return 0
        header = 1
        # Names of groups of columns stand above the names of the columns.
        while (
            header < min(_HEADER_ROWS_MAX, len(rows) - 1)
            and any(self._spans_columns(rows[header - 1][0], cell[0]) for cell in rows[header - 1][1])
            and _are_names(rows[header][1])
        ):
            header += 1
        return header

    def _spans_columns(self, row: int, column: int) -> bool:
        merge = self._merges.get((row, column))
        return merge is not None and merge.right > merge.left


def _shown_between(first: int, last: int, hidden: list[int]) -> int:
    """How many of the numbers between two others are not hidden."""
    return last - first - 1 - (bisect_left(hidden, last) - bisect_right(hidden, first))


def _free(covered: list[set[int]], row: int, column: int, rowspan: int, colspan: int) -> tuple[int, int]:
    """Cover a cell's range; (1, 1) and nothing covered when another cell has part of it."""
    across = range(column, column + colspan)
    lines = covered[row : row + rowspan]
    if any(at in line for line in lines for at in across):
        return 1, 1
    for line in lines:
        line.update(across)
    return rowspan, colspan


def _are_names(cells: list[SheetCell]) -> bool:
    bold = {flags & BOLD for _, _, flags in cells}
    return all(flags & TEXT for _, _, flags in cells) and len(bold) == 1
