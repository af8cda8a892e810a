"""SANDBOX, untrusted: what belongs to a worksheet but stands in parts of its own: comments, tables, drawings, links."""

from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Comment
from parsers.markup import links
from parsers.markup.inline import tidy
from parsers.office.drawings import chart_blocks, diagram_blocks, paragraph_texts
from parsers.office.line import chosen
from parsers.office.names import CX, DGM, MC, A, C, R
from parsers.office.package import Package, Relationship
from parsers.office.sheets import references
from parsers.office.sheets.cells import Workbook
from parsers.office.sheets.model import Sheet
from parsers.office.sheets.names import THREADED, XDR, S
from parsers.office.sheets.sheet_xml import rich_text

_COMMENTS_MAX = 20_000
_SHAPES_MAX = 5_000
_THREAD_HINT = "[Threaded comment]"  # what Excel writes into the old-style copy of a thread


def read_related(package: Package, part: str, persons: dict[str, str], sheet: Sheet) -> None:
    """Comments and tables of a worksheet part."""
    for relationship in package.relationships(part).values():
        if relationship.external:
            continue
        if relationship.kind == "table":
            _read_table(package.xml(relationship.target), sheet)
        elif relationship.kind == "comments":
            _read_comments(package.xml(relationship.target), sheet)
        elif relationship.kind == "threadedComment":
            _read_threads(package.xml(relationship.target), persons, sheet)


def _read_table(root: etree._Element | None, sheet: Sheet) -> None:
    area = None if root is None else references.area(root.get("ref"))
    if root is not None and area is not None and root.get("headerRowCount", "1") != "0":
        sheet.header_rows.add(area.top)


def _read_comments(root: etree._Element | None, sheet: Sheet) -> None:
    if root is None:
        return
    authors = [author.text or "" for author in root.iterfind(f"{S}authors/{S}author")]
    for comment in root.iterfind(f"{S}commentList/{S}comment"):
        place = references.cell(comment.get("ref"))
        body = comment.find(S + "text")
        text = tidy(rich_text(body)) if body is not None else ""
        if place is None or not text or text.startswith(_THREAD_HINT) or len(sheet.comments) >= _COMMENTS_MAX:
            continue
        index = comment.get("authorId") or ""
        author = authors[int(index)] if index.isdigit() and int(index) < len(authors) else ""
        sheet.comments.setdefault(place, []).append(Comment(author, text))


def read_persons(package: Package) -> dict[str, str]:
    """Names of those who wrote threaded comments, by their ids."""
    names: dict[str, str] = {}
    for part in package.names():
        if part.lower().startswith("xl/persons/") and part.lower().endswith(".xml"):
            root = package.xml(part)
            for person in root if root is not None else ():
                names[person.get("id") or ""] = person.get("displayName") or ""
    return names


def _read_threads(root: etree._Element | None, persons: dict[str, str], sheet: Sheet) -> None:
    for comment in root.iterfind(THREADED + "threadedComment") if root is not None else ():
        place, text = references.cell(comment.get("ref")), tidy(comment.findtext(THREADED + "text") or "")
        if place is not None and text and len(sheet.comments) < _COMMENTS_MAX:
            author = persons.get(comment.get("personId") or "", "")
            sheet.comments.setdefault(place, []).append(Comment(author, text, comment.get("dT") or ""))


def read_links(package: Package, part: str, elements: list[tuple[str, str]], sheet: Sheet) -> None:
    """Addresses of hyperlinks, cell by cell."""
    targets = package.relationships(part)
    for reference, key in elements:
        area, target = references.area(reference), targets.get(key)
        if area is None or target is None or not target.external:
            continue
        sheet.add_link(area, links.resolve(target.target))


def drawing_blocks(package: Package, part: str, keys: list[str], page: int, book: Workbook) -> Iterator[Block]:
    """Text boxes, pictures' alternative texts and words, charts and diagrams of a sheet, from the top to the bottom.
    Each part is read once in a workbook, however often it is referred to: `book` remembers.
    """
    relationships = package.relationships(part)
    for key in keys:
        drawing = relationships.get(key)
        root = _unseen(package, drawing, book.parts_read)
        if drawing is None or root is None:
            continue
        inner = package.relationships(drawing.target)
        anchors = sorted((each for each in root if isinstance(each.tag, str)), key=_position)
        for anchor in anchors[:_SHAPES_MAX]:
            for block in _anchor_blocks(package, anchor, inner, book):
                block.page = page
                yield block


def _position(anchor: etree._Element) -> tuple[int, int]:
    start = anchor.find(XDR + "from")
    if start is None:
        return 0, 0
    row, column = start.findtext(XDR + "row") or "", start.findtext(XDR + "col") or ""
    return (int(row) if row.isdigit() else 0, int(column) if column.isdigit() else 0)


def _anchor_blocks(
    package: Package, anchor: etree._Element, inner: dict[str, Relationship], book: Workbook
) -> Iterator[Block]:
    stack = [iter((anchor,))]
    told = ""
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag == MC + "AlternateContent":
            stack.append(iter(chosen(element)))
        elif element.tag == XDR + "cNvPr":
            if element.get("hidden") in ("1", "true"):
                stack = stack[:1]
            elif text := tidy(element.get("descr") or ""):
                told = text
                yield Block(ElementType.IMAGE, text)
        elif element.tag == XDR + "blipFill":
            yield from _picture(package, element.find(A + "blip"), inner, book, told)
        elif element.tag == XDR + "txBody":
            for text in paragraph_texts(element):
                yield Block(ElementType.NARRATIVE_TEXT, text)
        elif element.tag in (C + "chart", CX + "chart", DGM + "relIds"):
            yield from _graphic(package, element, inner, book.parts_read)
        elif isinstance(element.tag, str) and element.tag != A + "tbl":
            stack.append(iter(element))


def _picture(
    package: Package, blip: etree._Element | None, inner: dict[str, Relationship], book: Workbook, told: str
) -> list[Block]:
    """The words on a vector picture. White letters on it are taken for unseen, as most cells are white."""
    relationship = None if blip is None else inner.get(blip.get(R + "embed") or "")
    if relationship is None or relationship.external:
        return []
    target = relationship.target
    return book.pictures.blocks(target, lambda: package.pieces(target), on_white=True, told=told)


def _graphic(package: Package, element: etree._Element, inner: dict[str, Relationship], seen: set[str]) -> list[Block]:
    is_diagram = element.tag == DGM + "relIds"
    root = _unseen(package, inner.get(element.get(R + ("dm" if is_diagram else "id")) or ""), seen)
    if root is None:
        return []
    return diagram_blocks(root) if is_diagram else chart_blocks(root)


def _unseen(package: Package, relationship: Relationship | None, seen: set[str]) -> etree._Element | None:
    if relationship is None or relationship.external or relationship.target in seen:
        return None
    seen.add(relationship.target)
    return package.xml(relationship.target)
