"""SANDBOX, untrusted: Excel's binary workbooks (XLSB): an OOXML package whose sheets are records. Source: MS-XLSB 2.

Our own reader, for what XLSX's has too: shown values, hidden text, comments, drawings. calamine gives no formats.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contract.verdicts import Refusal
from parsers.blocks import Block, Comment, ParsedDocument, Refused, Report
from parsers.markup.inline import tidy
from parsers.office.core_properties import read_core_properties
from parsers.office.inspection import inspect_package, pass_on_embedded
from parsers.office.package import Package, Relationship
from parsers.office.sheets.cells import Workbook, cut_finding, note_all_hidden
from parsers.office.sheets.controls import control_blocks
from parsers.office.sheets.extras import drawing_blocks, read_links
from parsers.office.sheets.header_footer import header_footer_blocks
from parsers.office.sheets.model import HIDDEN_CELLS_READ, SHEETS_MAX, Sheet
from parsers.office.sheets.regions import assembled, sheet_blocks
from parsers.office.sheets.workbook_findings import inspect_workbook, workbook_findings
from parsers.office.sheets.xlsb_records import records, wide_string
from parsers.office.sheets.xlsb_sheet import XlsbSheetReader
from parsers.office.sheets.xlsb_styles import read_styles

_MEDIA_TYPE = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_STRINGS_MAX = 2_000_000
_COMMENTS_MAX = 20_000
_PROPERTIES, _BUNDLE_SHEET, _STRING_ITEM = 153, 156, 19
_AUTHOR, _COMMENT, _COMMENT_TEXT = 632, 635, 637


@dataclass(slots=True)
class _Main:
    """What the workbook part says: (name, relationship id, hidden) of each sheet."""

    sheets: list[tuple[str, str, bool]] = field(default_factory=list)
    date_1904: bool = False


class XlsbParser:
    """Reads binary workbooks. Macros are never run."""

    media_types = (_MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one workbook. Raises `Refused`: bomb, encrypted, corrupt (no workbook part)."""
        report.progress("package", 0, 1)
        package = Package(document)
        main = package.main_part() or "xl/workbook.bin"
        data = package.data(main)
        if not data:
            raise Refused(Refusal.CORRUPT, "no readable workbook part")
        said = _read_main(data, package.relationships(main))
        parts = {each.kind: each.target for each in package.relationships(main).values() if not each.external}
        styles = package.data(parts["styles"]) if "styles" in parts else None
        strings = package.data(parts["sharedStrings"]) if "sharedStrings" in parts else None
        book = Workbook(
            report, read_styles(styles or b""), _read_strings(strings or b"", report), date_1904=said.date_1904
        )
        parsed = ParsedDocument(_MEDIA_TYPE, list(_sheets(package, book, main, said)))
        read_core_properties(package, parsed)
        pass_on_embedded(package, report.files)
        found = [*inspect_package(package), *inspect_workbook(package, main), *workbook_findings(book)]
        parsed.findings = [*package.findings, *book.findings, *found]
        return parsed


def _read_main(data: bytes, relationships: Mapping[str, Relationship]) -> _Main:
    main = _Main()
    for kind, record in records(data):
        try:
            if kind == _PROPERTIES:
                main.date_1904 = bool(struct.unpack_from("<I", record)[0] & 1)
            elif kind == _BUNDLE_SHEET:
                main.sheets.append(_sheet_entry(record, relationships))
        except struct.error:
            continue
    return main


def _sheet_entry(record: bytes, relationships: Mapping[str, Relationship]) -> tuple[str, str, bool]:
    """A `BrtBundleSh`. The first writers of the format put another number before the sheet's relationship."""
    state = struct.unpack_from("<I", record)[0]
    key, at = wide_string(record, 8)
    if key not in relationships and len(record) > 16:
        key, at = wide_string(record, 12)
    return wide_string(record, at)[0], key, state != 0


def _read_strings(data: bytes, report: Report) -> list[str]:
    strings: list[str] = []
    for kind, record in records(data):
        if kind == _STRING_ITEM and len(strings) < _STRINGS_MAX:
            if len(strings) % 5000 == 0:
                report.progress("strings", len(strings), 0)
            try:
                strings.append(wide_string(record, 1)[0])
            except struct.error:
                strings.append("")
    return strings


def _sheets(package: Package, book: Workbook, main: str, said: _Main) -> Iterator[Block]:
    relationships = package.relationships(main)
    for at, (name, key, hidden) in enumerate(said.sheets[:SHEETS_MAX], 1):
        book.report.progress("sheets", at, len(said.sheets))
        relationship = relationships.get(key)
        if relationship is None or relationship.external or relationship.target in book.parts_read:
            continue
        book.parts_read.add(relationship.target)
        sheet = Sheet(name or f"Sheet{at}", at)
        data = package.data(relationship.target) or b""
        if hidden:
            XlsbSheetReader(book.looked_into(HIDDEN_CELLS_READ), sheet).read(data)
            note_all_hidden(sheet, book.hidden)
        elif not book.budget.cut:
            yield from _sheet(package, book, sheet, relationship.target, data)
    if len(said.sheets) > SHEETS_MAX:
        book.findings.append(cut_finding(main, f"{len(said.sheets)} sheets, {SHEETS_MAX} of them read"))


def _sheet(package: Package, book: Workbook, sheet: Sheet, part: str, data: bytes) -> Iterator[Block]:
    reader = XlsbSheetReader(book, sheet)
    for relationship in package.relationships(part).values():
        if relationship.kind == "comments" and not relationship.external:
            _read_comments(package.data(relationship.target) or b"", sheet)
    reader.read(data)
    read_links(package, part, reader.link_elements, sheet)
    blocks = [
        *sheet_blocks(sheet, book.hidden, book.report),
        *drawing_blocks(package, part, reader.drawings, sheet.number, book),
        *control_blocks(package, part, sheet.number, book),
    ]
    decorations = header_footer_blocks(reader.headers, reader.footers, sheet.name, sheet.number)
    yield from assembled(sheet, blocks, decorations)


def _read_comments(data: bytes, sheet: Sheet) -> None:
    authors: list[str] = []
    place, author = (0, 0), ""
    for kind, record in records(data):
        try:
            if kind == _AUTHOR:
                authors.append(wide_string(record, 0)[0])
            elif kind == _COMMENT:
                index, row, _, column = struct.unpack_from("<IIII", record)
                place, author = (row, column), authors[index] if index < len(authors) else ""
            elif kind == _COMMENT_TEXT:
                text = tidy(wide_string(record, 1)[0])
                if text and len(sheet.comments) < _COMMENTS_MAX:
                    sheet.comments.setdefault(place, []).append(Comment(author, text))
        except struct.error:
            continue


PARSER = XlsbParser()
