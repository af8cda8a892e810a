"""SANDBOX, untrusted: HTML and XHTML. The tree is built by lexbor (selectolax), which follows the HTML standard.

lexbor rather than libxml2 (lxml): it repairs real pages as browsers do (a heading inside a paragraph, text between
table rows, omitted tags), which libxml2 does not, and is imported in half the time of lxml.html.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, ParsedDocument, Refused, Report
from parsers.markup.depth import without_depth, without_xml_syntax
from parsers.markup.encoding import decode
from parsers.markup.flow import Flow, Seen
from parsers.markup.html_line import Node
from parsers.markup.inline import tidy
from parsers.markup.visibility import Look, StyleSheet

_AUTHOR = ("author", "dc.creator", "dcterms.creator", "citation_author", "article:author", "og:article:author")
_CREATED = ("article:published_time", "dcterms.created", "dc.date", "date", "citation_publication_date", "pubdate")
_MODIFIED = ("article:modified_time", "last-modified", "dcterms.modified", "og:updated_time", "revised")
_DATE = re.compile(r"^\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)?)?$")
_EVIDENCE_CHARS = 200


class HtmlParser:
    """Reads `text/html` and `application/xhtml+xml`: visible text in flow order, nothing loaded, nothing run."""

    def __init__(self, media_type: str = "text/html") -> None:
        self.media_types: tuple[str, ...] = (media_type,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one page. Raises `Refused` with EMPTY for a file of nothing but white space."""
        if not document.strip(b" \t\r\n\x00"):
            raise Refused(Refusal.EMPTY, "no content")
        report.progress("decode", 0, 1)
        text, encoding = decode(document)
        parsed = read_html(text, report)
        parsed.media_type, parsed.encoding = self.media_types[0], encoding
        return parsed


def read_html(text: str, report: Report) -> ParsedDocument:
    """A page, or a fragment of one, already decoded."""
    report.progress("tree", 0, 1)
    tree = LexborHTMLParser(without_depth(without_xml_syntax(text)))
    root: Node = tree.root
    if root is None:
        return ParsedDocument(media_type="text/html", blocks=[])
    metadata = _metadata(tree)
    sheet = StyleSheet()
    for style in tree.css("style"):
        sheet.read(style.text(deep=True))
    loads_styles = any("stylesheet" in (link.attributes.get("rel") or "").lower() for link in tree.css("link[rel]"))
    look = Look(background=None) if loads_styles or sheet.uncertain_background else Look()
    flow = Flow(sheet, look, report)
    flow.walk(tree.root)
    if not flow.blocks:  # a page that only speaks to readers without scripts
        flow = Flow(sheet, look, report, show_noscript=True)
        flow.walk(root)
    return ParsedDocument(
        media_type="text/html",
        blocks=flow.blocks,
        title=_first(flow.seen.titles) or metadata.get("og:title", "") or metadata.get("dc.title", ""),
        author=_named(metadata, _AUTHOR),
        created=_date(metadata, _CREATED),
        modified=_date(metadata, _MODIFIED),
        languages=_languages(root.attributes.get("lang") or root.attributes.get("xml:lang") or ""),
        findings=_findings(flow.seen),
    )


def _first(titles: list[str]) -> str:
    return next((tidy(" ".join(title.split())) for title in titles if title.strip()), "")


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    """The first value of each named meta element, names in lower case."""
    metadata: dict[str, str] = {}
    for meta in tree.css("meta"):
        attributes = meta.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv") or ""
        content = tidy(" ".join((attributes.get("content") or "").split()))
        if name and content:
            metadata.setdefault(name.lower(), content[:1000])
    return metadata


def _named(metadata: dict[str, str], names: tuple[str, ...]) -> str:
    return next((metadata[name] for name in names if name in metadata), "")


def _date(metadata: dict[str, str], names: tuple[str, ...]) -> str:
    return next((metadata[name] for name in names if _DATE.match(metadata.get(name, ""))), "")


def _languages(lang: str) -> list[str]:
    return [lang] if re.fullmatch(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", lang) else []


def _findings(seen: Seen) -> list[FoundIssue]:
    findings = []
    if seen.hidden:
        why, text = max(seen.hidden, key=lambda pair: len(pair[1]))
        evidence = f"{len(seen.hidden)} places; {why}: {text}"[:_EVIDENCE_CHARS]
        findings.append(FoundIssue(FindingKind.HIDDEN_TEXT, Severity.MEDIUM, "page", evidence))
    if seen.scripts:
        evidence = f"{seen.scripts} scripts or event handlers"
        findings.append(FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.INFO, "page", evidence))
    if seen.loads:
        evidence = f"{len(seen.loads)} resources; {seen.loads[0]}"[:_EVIDENCE_CHARS]
        findings.append(FoundIssue(FindingKind.EXTERNAL_REFERENCE, Severity.INFO, "page", evidence))
    return findings


PARSER = HtmlParser("text/html")
XHTML = HtmlParser("application/xhtml+xml")
