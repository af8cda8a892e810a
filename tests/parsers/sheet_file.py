"""TEST: workbooks written part by part or record by record, and the shortest way to read them."""

import struct
from collections.abc import Mapping

from parsers.blocks import ParsedDocument, Parser
from parsers.office.sheets import xls, xlsb, xlsx
from tests.parsers.markup_cases import silent
from tests.parsers.word_file import R, Relationships, package, relationships

S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
Parts = dict[str, str | bytes]


def sst(*items: str) -> str:
    """A shared strings part; each item is the XML inside `si`."""
    return f'<sst xmlns="{S}">' + "".join(f"<si>{item}</si>" for item in items) + "</sst>"


def worksheet(rows: str, before: str = "", after: str = "") -> str:
    """A worksheet part."""
    return f'<worksheet xmlns="{S}" xmlns:r="{R}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def rows_of(*rows: list[str | float | None], start: int = 1) -> str:
    """Rows of inline strings and numbers, without addresses for what is None."""
    lines = []
    for at, row in enumerate(rows, start):
        cells = "".join(_cell(value, column, at) for column, value in enumerate(row))
        lines.append(f'<row r="{at}">{cells}</row>')
    return "".join(lines)


def _cell(value: str | float | None, column: int, row: int) -> str:
    address = f"{chr(65 + column)}{row}"
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{address}"><v>{value}</v></c>'


def styles(formats: Mapping[int, str], fonts: str = "<font/>", fills: str = "<fill/>", xfs: str = "") -> str:
    """A styles part: format codes by number, and one cell format for each of them unless `xfs` are given."""
    codes = "".join(f'<numFmt numFmtId="{key}" formatCode="{code}"/>' for key, code in formats.items())
    xfs = xfs or "<xf/>" + "".join(f'<xf numFmtId="{key}"/>' for key in formats)
    return (
        f'<styleSheet xmlns="{S}"><numFmts>{codes}</numFmts><fonts>{fonts}</fonts><fills>{fills}</fills>'
        f"<cellXfs>{xfs}</cellXfs></styleSheet>"
    )


def workbook_parts(
    sheets: Mapping[str, str],
    others: Mapping[str, str | bytes] | None = None,
    linked: Relationships | None = None,
    states: Mapping[str, str] | None = None,
    properties: str = "",
) -> Parts:
    """A workbook of these sheets by name. `xl/styles.xml` and `xl/sharedStrings.xml` among the others are related to
    it; `linked` are more relationships of the workbook.
    """
    entries: Relationships = [
        (f"s{at}", "worksheet", f"worksheets/sheet{at}.xml", False) for at in range(1, len(sheets) + 1)
    ]
    others = others or {}
    for kind in ("styles", "sharedStrings", "theme"):
        if f"xl/{kind}.xml" in others:
            entries.append((kind, kind, f"{kind}.xml", False))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="s{at}" state="{(states or {}).get(name, "visible")}"/>'
        for at, name in enumerate(sheets, 1)
    )
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_MAIN}"/></Types>'
        ),
        "_rels/.rels": relationships([("r", "officeDocument", "xl/workbook.xml", False)]),
        "xl/workbook.xml": f'<workbook xmlns="{S}" xmlns:r="{R}">{properties}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships([*entries, *(linked or [])]),
        **{f"xl/worksheets/sheet{at}.xml": content for at, content in enumerate(sheets.values(), 1)},
        **others,
    }


def read_parts(parts: Mapping[str, str | bytes]) -> ParsedDocument:
    """What the XLSX reader makes of a package."""
    return _read(xlsx.PARSER, package(parts))


def read_sheet(sheet: str, others: Mapping[str, str | bytes] | None = None) -> ParsedDocument:
    """What it makes of a workbook with one sheet."""
    return read_parts(workbook_parts({"Sheet1": sheet}, others))


def read_xls(stream: bytes) -> ParsedDocument:
    """What the reader of old workbooks makes of a stream or a compound file."""
    return _read(xls.PARSER, stream)


def read_xlsb(parts: Mapping[str, str | bytes]) -> ParsedDocument:
    """What the reader of binary workbooks makes of a package."""
    return _read(xlsb.PARSER, package(parts))


def _read(parser: Parser, document: bytes) -> ParsedDocument:
    return parser.parse(document, silent())


def biff(kind: int, data: bytes = b"") -> bytes:
    """One record of an old workbook."""
    return struct.pack("<HH", kind, len(data)) + data


def biff_string(text: str, *, short: bool = False) -> bytes:
    """A string as BIFF 8 writes it."""
    wide = not text.isascii()
    head = struct.pack("<BB" if short else "<HB", len(text), int(wide))
    return head + (text.encode("utf-16-le") if wide else text.encode())


def biff_workbook(sheets: list[tuple[str, int, bytes]], before: bytes = b"") -> bytes:
    """A stream of BIFF 8: (name, hidden state, records) of each sheet, more records of the workbook before them."""
    begin = biff(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    size = len(begin) + len(before) + 4
    size += sum(4 + 6 + len(biff_string(name, short=True)) for name, _, _ in sheets)
    entries, bodies = b"", b""
    for name, state, records in sheets:
        entries += biff(0x0085, struct.pack("<IBB", size + len(bodies), state, 0) + biff_string(name, short=True))
        bodies += biff(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + records + biff(0x000A)
    return begin + before + entries + biff(0x000A) + bodies


def label(row: int, column: int, text: str, style: int = 0) -> bytes:
    """A cell with its own text."""
    return biff(0x0204, struct.pack("<HHH", row, column, style) + biff_string(text))


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    """A cell with a number."""
    return biff(0x0203, struct.pack("<HHHd", row, column, style, value))
