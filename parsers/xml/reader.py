"""SANDBOX, untrusted: XML by its root: article, feed, outline, drawing, workbook, business report, page, or data."""

from lxml import etree

from parsers.blocks import FoundIssue, ParsedDocument, Report
from parsers.markup.html import read_html
from parsers.xml import sheet, xbrl
from parsers.xml.article import read_article
from parsers.xml.data import is_document, read_data
from parsers.xml.drawing import read_drawing
from parsers.xml.feeds import read_feed, read_outline
from parsers.xml.tree import Element, local, namespace, parse

_XHTML = "http://www.w3.org/1999/xhtml"
_FEED_ROOTS = frozenset({"rss", "feed", "RDF"})


class XmlParser:
    """Reads `application/xml` and `image/svg+xml`."""

    media_types = ("application/xml", "text/xml", "image/svg+xml")

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: corrupt, bomb."""
        findings: list[FoundIssue] = []
        root = parse(document, report, findings)
        del document
        parsed = _read(root, report)
        parsed.findings = [*findings, *parsed.findings]
        return parsed


def _read(root: Element, report: Report) -> ParsedDocument:
    name, uri = local(root), namespace(root)
    if uri == sheet.NAMESPACE and name == "Workbook":
        return sheet.read_workbook(root, report)
    if uri == xbrl.NAMESPACE and name == "xbrl":
        return xbrl.read_report(root, report)
    if name == "svg":
        return read_drawing(root, report)
    if name == "opml":
        return read_outline(root, report)
    if name in _FEED_ROOTS and any(local(each) in ("channel", "entry", "item", "title") for each in root):
        return read_feed(root, report)
    if uri == _XHTML:
        return read_html(etree.tostring(root, encoding="unicode"), report)
    if is_document(root):
        parsed = read_article(root, report)
        if parsed.blocks:
            return parsed
    return read_data(root, report)


PARSER = XmlParser()
