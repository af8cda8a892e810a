"""SANDBOX, untrusted: Excel workbooks in OOXML: XLSX, XLSM, XLTX, XLTM.

Written on lxml over our own package reader: parts are read as streams, number formats are shown as Excel shows them,
and what is hidden stays out. openpyxl builds an object for each cell and knows no shown values; calamine gives values
without their formats.
"""

from collections.abc import Iterator

from lxml import etree

from contract.verdicts import Refusal
from parsers.blocks import Block, ParsedDocument, Refused, Report
from parsers.office.core_properties import read_core_properties
from parsers.office.inspection import inspect_package, pass_on_embedded
from parsers.office.names import R
from parsers.office.package import Package
from parsers.office.sheets.cells import Workbook, cut_finding, note_all_hidden
from parsers.office.sheets.controls import control_blocks
from parsers.office.sheets.extras import drawing_blocks, read_links, read_persons, read_related
from parsers.office.sheets.header_footer import header_footer_blocks
from parsers.office.sheets.model import HIDDEN_CELLS_READ, SHEETS_MAX, Sheet
from parsers.office.sheets.names import S
from parsers.office.sheets.regions import assembled, sheet_blocks
from parsers.office.sheets.sheet_xml import SheetReader, read_strings
from parsers.office.sheets.styles import read_styles
from parsers.office.sheets.workbook_findings import inspect_workbook, workbook_findings

_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_MACRO = "application/vnd.ms-excel."
_ON = frozenset(("1", "true", "on"))
_HEADERS = ("oddHeader", "evenHeader", "firstHeader")
_FOOTERS = ("oddFooter", "evenFooter", "firstFooter")


class XlsxParser:
    """Reads Excel's OOXML workbooks and templates, with or without macros (which are never run)."""

    media_types = (
        _MEDIA + "sheet",
        _MEDIA + "template",
        _MACRO + "sheet.macroenabled.12",
        _MACRO + "template.macroenabled.12",
        _MACRO + "addin.macroenabled.12",
    )

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one workbook. Raises `Refused`: bomb, encrypted, corrupt (no workbook part)."""
        report.progress("package", 0, 1)
        package = Package(document)
        main = package.main_part() or "xl/workbook.xml"
        root = package.xml(main)
        if root is None:
            raise Refused(Refusal.CORRUPT, "no readable workbook part")
        book = _workbook(package, main, root, report)
        parsed = ParsedDocument(_media_type(package, main), list(_sheets(package, book, main, root)))
        read_core_properties(package, parsed)
        pass_on_embedded(package, report.files)
        found = [*inspect_package(package), *inspect_workbook(package, main), *workbook_findings(book)]
        parsed.findings = [*package.findings, *book.findings, *found]
        return parsed


def _media_type(package: Package, main: str) -> str:
    declared = package.content_type(main)
    kind = "template" if "template" in declared else "addin" if "addin" in declared else "sheet"
    return f"{_MACRO}{kind}.macroenabled.12" if "macroenabled" in declared else _MEDIA + kind


def _workbook(package: Package, main: str, root: etree._Element, report: Report) -> Workbook:
    parts = {"styles": "xl/styles.xml", "sharedStrings": "xl/sharedStrings.xml"}  # where they are if nobody says
    parts |= {each.kind: each.target for each in package.relationships(main).values() if not each.external}
    properties = root.find(S + "workbookPr")
    return Workbook(
        report,
        styles=read_styles(package, parts["styles"], parts.get("theme", "")),
        strings=read_strings(package, parts["sharedStrings"], report),
        date_1904=properties is not None and properties.get("date1904") in _ON,
    )


def _sheets(package: Package, book: Workbook, main: str, root: etree._Element) -> Iterator[Block]:
    relationships = package.relationships(main)
    entries = list(root.iterfind(f"{S}sheets/{S}sheet"))
    persons = read_persons(package)
    for at, entry in enumerate(entries[:SHEETS_MAX], 1):
        book.report.progress("sheets", at, len(entries))
        relationship = relationships.get(entry.get(R + "id") or "")
        if relationship is None or relationship.external or relationship.target in book.parts_read:
            continue
        book.parts_read.add(relationship.target)
        sheet = Sheet(entry.get("name") or f"Sheet{at}", at)
        if (entry.get("state") or "visible") != "visible":
            SheetReader(package, book.looked_into(HIDDEN_CELLS_READ), sheet).read(relationship.target)
            note_all_hidden(sheet, book.hidden)
        elif not book.budget.cut:
            yield from _sheet(package, book, sheet, relationship.target, persons)
    if len(entries) > SHEETS_MAX:
        book.findings.append(cut_finding(main, f"{len(entries)} sheets, {SHEETS_MAX} of them read"))


def _sheet(package: Package, book: Workbook, sheet: Sheet, part: str, persons: dict[str, str]) -> Iterator[Block]:
    reader = SheetReader(package, book, sheet)
    read_related(package, part, persons, sheet)
    reader.read(part)
    read_links(package, part, reader.link_elements, sheet)
    blocks = [
        *sheet_blocks(sheet, book.hidden, book.report),
        *drawing_blocks(package, part, reader.drawings, sheet.number, book),
        *control_blocks(package, part, sheet.number, book),
    ]
    around = reader.header_footer
    decorations = header_footer_blocks(_codes(around, _HEADERS), _codes(around, _FOOTERS), sheet.name, sheet.number)
    yield from assembled(sheet, blocks, decorations)


def _codes(around: etree._Element | None, names: tuple[str, ...]) -> list[str]:
    if around is None:
        return []
    wanted = [names[0]]
    if around.get("differentOddEven") in _ON:
        wanted.append(names[1])
    if around.get("differentFirst") in _ON:
        wanted.append(names[2])
    return [around.findtext(S + name) or "" for name in wanted]


PARSER = XlsxParser()
