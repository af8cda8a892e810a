"""SANDBOX, untrusted: what the stories of one OpenDocument file share while it is read."""

from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from contract.verdicts import FindingKind, Severity
from parsers.blocks import FoundIssue, Report
from parsers.metafile.shown import Pictures
from parsers.office.odf.package import OdfPackage
from parsers.office.odf.styles import Styles

_PROGRESS_EVERY = 250
HIDDEN_MAX = 10_000


class Note(NamedTuple):
    """A footnote or endnote as met in the text."""

    marker: str
    body: etree._Element


@dataclass(slots=True)
class Reading:
    """One file being read. `paper_is_white` decides whether white letters can be seen."""

    package: OdfPackage
    report: Report
    styles: Styles = field(default_factory=Styles)
    paper_is_white: bool = True
    fonts_mean_code: bool = True  # a document typed in Courier throughout is not code
    notes: list[Note] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    findings: list[FoundIssue] = field(default_factory=list)
    objects_read: set[str] = field(default_factory=set)
    pictures: Pictures = field(default_factory=Pictures)
    paragraphs: int = 0

    def tick(self) -> None:
        """Count a paragraph, and show life every so often."""
        self.paragraphs += 1
        if self.paragraphs % _PROGRESS_EVERY == 0:
            self.report.progress("paragraphs", self.paragraphs, 0)

    def cut_at(self, depth: int) -> None:
        """Note, once, that something was nested too deep to be read."""
        found = FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "content.xml", f"nested more than {depth} deep")
        if found not in self.findings:
            self.findings.append(found)

    def hide(self, text: str) -> None:
        """Note text that is not shown."""
        if text.strip() and len(self.hidden) < HIDDEN_MAX:
            self.hidden.append(text)
