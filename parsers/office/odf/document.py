"""SANDBOX, untrusted: OpenDocument files: ODT, ODS, ODP, ODG, their templates, and their flat XML forms.

Written on lxml alone: odfpy builds a Python object for each node and expands what is repeated.
"""

import re
from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.office.core_properties import iso_date
from parsers.office.decoration import as_decoration
from parsers.office.odf.embedded import embedded_parts, pass_on_embedded
from parsers.office.odf.inspection import inspect_content, inspect_package
from parsers.office.odf.names import DC, META, OFFICE, STYLE
from parsers.office.odf.package import OdfPackage
from parsers.office.odf.reading import Reading
from parsers.office.odf.slides import page_blocks
from parsers.office.odf.spreadsheet import SpreadsheetReader
from parsers.office.odf.story import Story, note_blocks

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_KINDS = ("text", "spreadsheet", "presentation", "graphics")
_BODIES = {OFFICE + "text": "text", OFFICE + "presentation": "presentation", OFFICE + "drawing": "graphics"}
_HEADERS = (STYLE + "header", STYLE + "header-left", STYLE + "header-first")
_FOOTERS = (STYLE + "footer", STYLE + "footer-left", STYLE + "footer-first")


class OdfParser:
    """Reads OpenDocument of every kind, packed or flat. Macros are never run."""

    media_types = (
        *(_OPEN_DOCUMENT + kind + suffix for kind in _KINDS for suffix in ("", "-template", "-flat-xml")),
        _OPEN_DOCUMENT + "text-master",
        _OPEN_DOCUMENT + "text-web",
    )

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: encrypted, bomb, corrupt (no content)."""
        report.progress("package", 0, 1)
        package = OdfPackage(document)
        del document
        reading = Reading(package, report)
        media_type = _media_type(package)
        styles = None if package.flat else package.xml("styles.xml")
        _add_styles(reading, styles)
        parsed = ParsedDocument(media_type, [])
        if "spreadsheet" in media_type:
            parsed.blocks = _spreadsheet(reading, parsed)
        else:
            parsed.blocks = _pages_or_text(reading, styles, parsed)
        if not package.flat:
            _read_meta(package.xml("meta.xml"), parsed)
            parsed.findings += _embedded(reading)
        parsed.findings += [*package.findings, *reading.findings, *reading.pictures.findings(), *_hidden_text(reading)]
        return parsed


def _embedded(reading: Reading) -> list[FoundIssue]:
    """What is embedded is passed on. The findings are about the package, without what the text told of before."""
    parts = embedded_parts(reading.package)
    pass_on_embedded(reading.package, parts, reading.report)
    told = {found.place for found in reading.findings if found.kind is FindingKind.EMBEDDED_FILE}
    return list(inspect_package(reading.package, [path for path in parts if path.rstrip("/") not in told]))


def _media_type(package: OdfPackage) -> str:
    data = package.data("mimetype")
    declared = data[:200].decode("ascii", "replace").strip() if data else package.types.get("/", "")
    if package.flat:
        found = re.search(rb"""office:mimetype=["']([a-z.\-/]+)["']""", (package.data("content.xml") or b"")[: 1 << 16])
        declared = found[1].decode("ascii") + "-flat-xml" if found else ""
    return declared if declared.startswith(_OPEN_DOCUMENT) else _OPEN_DOCUMENT + "text"


def _add_styles(reading: Reading, root: etree._Element | None) -> None:
    if root is not None:
        for name in ("styles", "automatic-styles"):
            reading.styles.add(root.find(OFFICE + name))


def _spreadsheet(reading: Reading, parsed: ParsedDocument) -> list[Block]:
    content = reading.package.data("content.xml")
    if not content:
        raise Refused(Refusal.CORRUPT, "no readable content")
    reader = SpreadsheetReader(reading)
    blocks = list(reader.read(content))
    parsed.findings += reader.findings()
    return blocks


def _pages_or_text(reading: Reading, styles: etree._Element | None, parsed: ParsedDocument) -> list[Block]:
    root = reading.package.xml("content.xml")
    holder = None if root is None else root.find(OFFICE + "body")
    body = next((each for each in holder if each.tag in _BODIES), None) if holder is not None else None
    if root is None or body is None:
        raise Refused(Refusal.CORRUPT, "no readable content")
    _add_styles(reading, root)
    default = reading.styles.get("paragraph", "Standard").look
    reading.fonts_mean_code = not default.mono
    parsed.findings += inspect_content(root, "content.xml")
    if reading.package.flat:
        _read_meta(root, parsed)
    story = Story(reading)
    masters = root if styles is None else styles
    if body.tag == OFFICE + "text":
        reading.paper_is_white = not _has_page_colour(masters)
        headers, footers = _decorations(masters, story, reading)
        blocks = story.read(body)
        return [*headers, *blocks, *note_blocks(reading, story), *footers]
    hidden_pages: list[int] = []
    blocks = list(page_blocks(body, reading, story, hidden_pages))
    if hidden_pages:
        evidence = f"pages {', '.join(map(str, hidden_pages[:10]))} are not shown"
        parsed.findings.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "content.xml", evidence))
    return [*blocks, *note_blocks(reading, story)]


def _has_page_colour(masters: etree._Element) -> bool:
    """Whether any page layout paints the paper."""
    colour = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}background-color"
    shades = (each.get(colour, "transparent").lower() for each in masters.iter(STYLE + "page-layout-properties"))
    return any(shade not in ("transparent", "#ffffff") for shade in shades)


def _decorations(masters: etree._Element, story: Story, reading: Reading) -> tuple[list[Block], list[Block]]:
    """Each distinct header and footer of the master pages, once."""
    found: dict[ElementType, list[Block]] = {ElementType.HEADER: [], ElementType.FOOTER: []}
    seen: set[tuple[ElementType, str]] = set()
    for master in masters.iterfind(f"{OFFICE}master-styles/{STYLE}master-page"):
        for element in master:
            kind = ElementType.HEADER if element.tag in _HEADERS else ElementType.FOOTER
            if element.tag not in _HEADERS + _FOOTERS or element.get(STYLE + "display") == "false":
                continue
            blocks = [block for block in story.read(element) if block.text]
            key = (kind, "\n".join(block.text for block in blocks))
            if blocks and key not in seen:
                seen.add(key)
                as_decoration(blocks, kind)
                found[kind] += blocks
    reading.notes.clear()
    return found[ElementType.HEADER], found[ElementType.FOOTER]


def _hidden_text(reading: Reading) -> Iterator[FoundIssue]:
    if reading.hidden:
        excerpt = " ".join(" ".join(reading.hidden[:50]).split())[:150]
        evidence = f"{len(reading.hidden)} texts: {excerpt}"
        yield FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "content.xml", evidence)


def _read_meta(root: etree._Element | None, parsed: ParsedDocument) -> None:
    meta = None if root is None else root.find(OFFICE + "meta")
    if meta is None:
        return
    parsed.title = (meta.findtext(DC + "title") or "").strip()
    parsed.author = (meta.findtext(META + "initial-creator") or meta.findtext(DC + "creator") or "").strip()
    parsed.created = iso_date(_to_the_second(meta.findtext(META + "creation-date")))
    parsed.modified = iso_date(_to_the_second(meta.findtext(DC + "date")))
    language = (meta.findtext(DC + "language") or "").strip()
    if re.fullmatch(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", language):
        parsed.languages = [language]


def _to_the_second(date: str | None) -> str:
    """LibreOffice writes nanoseconds, which no reader of dates expects."""
    return re.sub(r"\.\d+$", "", (date or "").strip())


PARSER = OdfParser()
