"""SANDBOX, untrusted: what the stories of one document (body, headers, notes) share while it is read."""

from dataclasses import dataclass, field

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block, Comment, FoundIssue, Report
from parsers.metafile.shown import Pictures
from parsers.office.names import R, W
from parsers.office.numbering import Numbering
from parsers.office.package import Package
from parsers.office.styles import Styles

PROGRESS_EVERY = 250


@dataclass(slots=True)
class Notes:
    """Footnotes or endnotes: their elements by id, and the numbers of those referred to so far."""

    part: str = ""
    elements: dict[str, etree._Element] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, package: Package, part: str, name: str) -> "Notes":
        """From a notes part; separators are no notes."""
        root = package.xml(part) if part else None
        elements = {} if root is None else {
            each.get(W + "id", ""): each
            for each in root.iterfind(W + name)
            if each.get(W + "type", "normal") == "normal"
        }  # fmt: skip
        return cls(part, elements)


@dataclass(slots=True)
class Reading:
    """One document being read."""

    package: Package
    report: Report
    styles: Styles
    numbering: Numbering
    footnotes: Notes
    endnotes: Notes
    comments: dict[str, Comment]
    paper_is_white: bool = True
    findings: list[FoundIssue] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    active_fields: list[str] = field(default_factory=list)
    pictures: Pictures = field(default_factory=Pictures)
    paragraphs: int = 0

    def alternative_content(self, element: etree._Element, part: str) -> list[Block]:
        """A chunk in another format, which Word would merge in on opening: read when it is HTML or plain text."""
        relationship = self.package.relationships(part).get(element.get(R + "id") or "")
        if relationship is None or relationship.external:
            return []
        data = self.package.data(relationship.target) or b""
        kind = self.package.content_type(relationship.target)
        if "html" not in kind and kind != "text/plain":
            return []
        if kind == "text/plain":
            lines = data.decode("utf-8", "replace").split("\n")
            return [Block(ElementType.NARRATIVE_TEXT, line.strip()) for line in lines if line.strip()]
        # Imported here: few documents hold HTML, and the HTML library need not be loaded for the others.
        from parsers.markup.html import HtmlParser

        parsed = HtmlParser().parse(data, self.report)
        self.findings += parsed.findings
        return parsed.blocks

    def tick(self) -> None:
        """Count a paragraph, and show life every so often."""
        self.paragraphs += 1
        if self.paragraphs % PROGRESS_EVERY == 0:
            self.report.progress("paragraphs", self.paragraphs, 0)
