"""SANDBOX, untrusted: reads with `unstructured` what another reader refused or died of.

It does not tell hidden text from other text, so what has a means to hide some is refused. Nor does it look for anything
active or enclosed in a file: every document read here says so in a finding.
"""

import io
from typing import Any

from contract.verdicts import ElementType, FindingKind, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Report
from parsers.unstructured_fallback.hiding import refuse_what_may_hide
from parsers.unstructured_fallback.library import partitioner
from parsers.unstructured_fallback.mapping import blocks_of

_NO_LANGUAGE = [""]  # the library's way of asking for no detection
_UNSEEN = "read by the second reader, which looks for nothing active and passes on no files"


class UnstructuredParser:
    """Reads the documents of one partitioner, which is imported when there is one to read.

    Nothing is warmed up: the whole library takes two seconds of processor time to import, one partitioner of it less,
    a file without a partitioner needs none, and no sandbox of this profile waits for files.
    """

    def __init__(self, kind: str, *media_types: str, **options: object) -> None:
        self.media_types: tuple[str, ...] = media_types
        self._kind = kind
        self._options = options

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document; what the library raises, it raises. It shows no progress: one call does it all.

        Raises `Refused` for what may hide text.
        """
        report.progress("second reader", 0, 1)
        refuse_what_may_hide(document, self._kind)
        partition = partitioner(self._kind)
        elements = partition(file=io.BytesIO(document), languages=_NO_LANGUAGE, **self._options)
        report.progress("second reader", 1, 1)
        result = ParsedDocument(self.media_types[0], [])
        if elements:
            _add_envelope(elements[0].metadata, result)
        result.blocks += blocks_of(elements)
        result.findings.append(FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "document", _UNSEEN))
        return result


def _add_envelope(metadata: Any, result: ParsedDocument) -> None:
    """What the library tells of a mail on each of its elements: shown once, before the text."""
    if metadata.subject:
        result.title = str(metadata.subject)
        result.blocks.append(Block(ElementType.TITLE, result.title, depth=1))
    if metadata.sent_from:
        result.author = str(metadata.sent_from[0])
    for name, value in (("From", metadata.sent_from), ("To", metadata.sent_to), ("Cc", metadata.cc_recipient)):
        if value:
            result.blocks.append(Block(ElementType.NARRATIVE_TEXT, f"{name}: {', '.join(map(str, value))}"))
    if metadata.sent_from and metadata.last_modified:
        result.created = str(metadata.last_modified)


_OOXML = "application/vnd.openxmlformats-officedocument."

WORD = UnstructuredParser("docx", _OOXML + "wordprocessingml.document")
SLIDES = UnstructuredParser("pptx", _OOXML + "presentationml.presentation", include_slide_notes=True)
SHEETS = UnstructuredParser("xlsx", _OOXML + "spreadsheetml.sheet")
OLD_SHEETS = UnstructuredParser("xlsx", "application/vnd.ms-excel")
MAIL = UnstructuredParser("mail", "message/rfc822", process_attachments=False)
OUTLOOK = UnstructuredParser("msg", "application/vnd.ms-outlook", process_attachments=False)
HTML = UnstructuredParser("html", "text/html")
MARKDOWN = UnstructuredParser("markdown", "text/markdown")
CSV = UnstructuredParser("csv", "text/csv")
TSV = UnstructuredParser("tsv", "text/tab-separated-values")
XML = UnstructuredParser("xml", "application/xml")
TEXT = UnstructuredParser("text", "text/plain")
