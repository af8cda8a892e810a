"""SANDBOX, untrusted: workbooks of Excel 2 to 2003 (BIFF 2 to 8), in a compound file or, before Excel 5, without one.

Our own reader: calamine gives no number formats, and a fuzzed file makes it panic through Python's exceptions or
take 1.8 GB; xlrd builds an object for each cell. Here a record that is too short for its kind is passed over, and
no length in the file is allocated before that many bytes are there.
"""

from collections.abc import Iterator

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.compound_file import SIGNATURE, CompoundFile
from parsers.legacy.embedded import pass_on_storages
from parsers.office.ole_findings import inspect_compound
from parsers.office.sheets.biff_globals import (
    CHART_SHEET,
    MACRO_SHEET,
    WORKSHEET,
    Globals,
    SheetEntry,
    read_globals,
)
from parsers.office.sheets.biff_sheet import BiffSheetReader
from parsers.office.sheets.cells import Workbook, cut_finding, note_all_hidden
from parsers.office.sheets.header_footer import header_footer_blocks
from parsers.office.sheets.model import HIDDEN_CELLS_READ, SHEETS_MAX, Sheet
from parsers.office.sheets.regions import assembled, sheet_blocks
from parsers.office.sheets.workbook_findings import workbook_findings
from parsers.ole_properties import read_properties
from parsers.protection.passwords import opened_finding
from parsers.protection.workbook import readable

_MEDIA_TYPE = "application/vnd.ms-excel"
_STREAMS = ("Workbook", "Book")


class XlsParser:
    """Reads Excel's old workbooks. Macros are never run."""

    media_types = (_MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one workbook. Raises `Refused`: encrypted, corrupt (no workbook in it), bomb."""
        report.progress("workbook", 0, 1)
        parsed = ParsedDocument(_MEDIA_TYPE, [])
        stream: bytes | None = document
        if document.startswith(SIGNATURE):
            compound = CompoundFile(document)
            stream = next((data for name in _STREAMS if (data := compound.stream(name))), None)
            parsed.findings += inspect_compound(compound)
            read_properties(compound, parsed)
            pass_on_storages(compound, "", "MBD", report)
        del document
        if not stream:
            raise Refused(Refusal.CORRUPT, "no workbook stream")
        if (clear := readable(stream, report)) is not None:
            stream, parsed.findings = clear, [opened_finding(), *parsed.findings]
        whole = read_globals(stream, report)
        book = Workbook(report, whole.styles(), whole.shared, whole.date_1904)
        parsed.blocks = list(_sheets(stream, whole, book))
        parsed.findings += [*whole.findings, *book.findings, *workbook_findings(book)]
        return parsed


def _sheets(stream: bytes, whole: Globals, book: Workbook) -> Iterator[Block]:
    entries = whole.sheets
    if not entries and whole.strings.version < 5:
        entries = [SheetEntry("", 0, hidden=False, kind=WORKSHEET)]  # before Excel 5 a file was one sheet
    positions: set[int] = set()
    for at, entry in enumerate(entries[:SHEETS_MAX], 1):
        book.report.progress("sheets", at, len(entries))
        sheet = Sheet(entry.name or f"Sheet{at}", at)
        if entry.kind == MACRO_SHEET:
            found = FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, sheet.name, "Excel 4 macro sheet")
            book.findings.append(found)
        if entry.kind not in (WORKSHEET, MACRO_SHEET, CHART_SHEET) or entry.position in positions:
            continue
        positions.add(entry.position)  # two sheets in one place would be read again and again
        if entry.hidden:
            within = book.looked_into(HIDDEN_CELLS_READ)
            BiffSheetReader(stream, whole.strings, within, sheet).read(entry.position)
            note_all_hidden(sheet, book.hidden)
        elif not book.budget.cut:
            yield from _sheet(stream, whole, book, sheet, entry)
    if len(entries) > SHEETS_MAX:
        book.findings.append(cut_finding("workbook", f"{len(entries)} sheets, {SHEETS_MAX} of them read"))


def _sheet(stream: bytes, whole: Globals, book: Workbook, sheet: Sheet, entry: SheetEntry) -> Iterator[Block]:
    reader = BiffSheetReader(stream, whole.strings, book, sheet)
    reader.read(entry.position, is_chart=entry.kind == CHART_SHEET)
    blocks = sheet_blocks(sheet, book.hidden, book.report)
    blocks += [Block(ElementType.NARRATIVE_TEXT, text, page=sheet.number) for text in reader.texts]
    for texts in filter(None, reader.charts):
        blocks.append(Block(ElementType.FIGURE_CAPTION, "Chart: " + ", ".join(dict.fromkeys(texts)), page=sheet.number))
    decorations = header_footer_blocks(reader.headers, reader.footers, sheet.name, sheet.number)
    yield from assembled(sheet, blocks, decorations)


PARSER = XlsParser()
