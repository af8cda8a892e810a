"""SANDBOX, untrusted: objects inside an OpenDocument file: charts with their data, formulas; others are told of."""

from lxml import etree

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, FoundIssue
from parsers.markup.inline import tidy
from parsers.office.drawings import table_block
from parsers.office.odf.names import CHART, MATH, OFFICE, TABLE, TEXT, XLINK, all_text, count
from parsers.office.odf.package import inner_path
from parsers.office.odf.reading import Reading

_OBJECTS_MAX = 200
_CELLS_MAX = 4000
_OFFICE_NAMES = frozenset((OFFICE + "text", OFFICE + "spreadsheet", OFFICE + "presentation", OFFICE + "drawing"))


def object_blocks(element: etree._Element, reading: Reading) -> list[Block]:
    """What a `draw:object` shows, as far as it is text."""
    root = _root(element, reading)
    if root is None:
        return []
    if root.tag == MATH + "math":
        return _formula(root)
    chart = next(root.iter(CHART + "chart"), None)
    return [] if chart is None else _chart(chart)


def _root(element: etree._Element, reading: Reading) -> etree._Element | None:
    """The object's document: inside the element, or a part of the package, which is read once."""
    inline = next((each for each in element if each.tag in (OFFICE + "document", MATH + "math")), None)
    if inline is not None:
        return inline
    path = inner_path(element.get(XLINK + "href") or "")
    if not path or path in reading.objects_read or len(reading.objects_read) >= _OBJECTS_MAX:
        return None
    reading.objects_read.add(path)
    root = reading.package.xml(f"{path}/content.xml")
    embedded = root is None or any(
        each.tag in _OFFICE_NAMES for body in root.iterfind(OFFICE + "body") for each in body
    )
    if embedded and (root is not None or reading.package.has(path)):
        found = FoundIssue(
            FindingKind.EMBEDDED_FILE, Severity.LOW, path, reading.package.types.get(path) or "embedded object"
        )
        reading.findings.append(found)
    return root


def _formula(root: etree._Element) -> list[Block]:
    """The formula as it was typed, else its letters and signs in order."""
    typed = next((each.text for each in root.iter(MATH + "annotation") if each.text), None)
    shown = tidy(typed or " ".join(each.text or "" for each in root.iter(MATH + "mi", MATH + "mn", MATH + "mo")))
    return [Block(ElementType.NARRATIVE_TEXT, shown)] if shown else []


def _chart(chart: etree._Element) -> list[Block]:
    titles = []
    for name in ("title", "subtitle"):
        titles += [tidy(all_text(each)) for each in chart.iterfind(CHART + name)]
    for axis in chart.iter(CHART + "axis"):
        titles += [tidy(all_text(each)) for each in axis.iterfind(CHART + "title")]
    titles = [title for title in dict.fromkeys(titles) if title]
    blocks = [Block(ElementType.FIGURE_CAPTION, ": ".join(["Chart", *titles[:1]]))]
    shapes = (tidy(all_text(each)) for drawn in chart.iter(TABLE + "shapes") for each in drawn.iter(TEXT + "p"))
    blocks += [Block(ElementType.FIGURE_CAPTION, text) for text in (*titles[1:], *shapes) if text]
    rows = _local_table(chart)
    return [*blocks, table_block(rows, header_rows=1)] if rows else blocks


def _local_table(chart: etree._Element) -> list[list[str]]:
    """The data that a chart keeps with it: OpenDocument 1.3, part 3, 11.22."""
    rows: list[list[str]] = []
    cells = 0
    for row in chart.iter(TABLE + "table-row"):
        texts: list[str] = []
        for cell in row.iterfind(TABLE + "table-cell"):
            text = tidy("\n".join(all_text(each) for each in cell.iterfind(TEXT + "p")))
            text = "" if text == "NaN" else text
            texts += [text] * min(count(cell.get(TABLE + "number-columns-repeated")), 50 if text else 1)
        cells += len(texts)
        if cells > _CELLS_MAX:
            break
        rows.append(texts)
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    return rows if any(text for row in rows for text in row) else []
