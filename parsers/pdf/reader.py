"""SANDBOX, untrusted: the PDF parser: opens a document, reads it page by page, and hands the pieces to `assemble`."""

from typing import Any

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, ParsedDocument, Refused, Report
from parsers.ocr import program
from parsers.pdf.annotations import notes_and_values
from parsers.pdf.assemble import blocks_of
from parsers.pdf.engine import MUPDF_ERRORS, forget_caches, opened
from parsers.pdf.files import pass_on_files
from parsers.pdf.findings import hidden_layers, hidden_text, objects_of_note
from parsers.pdf.layout import lay_out
from parsers.pdf.metadata import iso_date, languages, outline_levels, text_field
from parsers.pdf.model import Piece
from parsers.pdf.scanned import needs_ocr, recognised
from parsers.pdf.spans import read_page

MEDIA_TYPE = "application/pdf"
PAGES_BETWEEN_SHRINKS = 32


class PdfParser:
    """Reads PDF by the geometry of what it draws. Holds one page at a time."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one PDF. Raises `Refused`: encrypted (a password is needed), corrupt, empty (no text layer)."""
        with opened(document) as pdf:
            return read(pdf, report)


def read(pdf: Any, report: Report) -> ParsedDocument:
    """All of an open PDF. Raises `Refused`: corrupt, empty (no text layer)."""
    result = ParsedDocument(MEDIA_TYPE, [])
    pieces = _pieces(pdf, result, report)
    pass_on_files(pdf, report)
    heights = {page: size[1] for page, size in result.page_sizes.items()}
    result.blocks = blocks_of(pieces, outline_levels(pdf), heights)
    pages = pdf.page_count
    if len(result.page_sizes) == 0:
        raise Refused(Refusal.CORRUPT, f"none of its {pages} pages can be read")
    if not any(block.text.strip() for block in result.blocks):
        if program.available():
            raise Refused(Refusal.EMPTY, f"no text was recognised on its {pages} {'page' if pages == 1 else 'pages'}")
        raise Refused(Refusal.EMPTY, f"no text layer; {pages} {'page looks' if pages == 1 else 'pages look'} scanned")
    metadata = pdf.metadata or {}
    result.title, result.author = text_field(metadata, "title"), text_field(metadata, "author")
    result.created = iso_date(metadata.get("creationDate") or "")
    result.modified = iso_date(metadata.get("modDate") or "")
    result.languages = languages(pdf)
    try:
        result.findings += objects_of_note(pdf, report) + hidden_layers(pdf)
    except MUPDF_ERRORS as error:
        result.findings.append(_not_examined("document", f"actions and layers: {type(error).__name__}"))
    return result


def _pieces(pdf: Any, result: ParsedDocument, report: Report) -> list[Piece]:
    """The pieces of all pages that can be read; the others become findings."""
    pieces: list[Piece] = []
    pages = pdf.page_count
    for index in range(pages):
        report.progress("page", index, pages)
        try:
            pieces += _read(pdf, index, result, report)
        except MUPDF_ERRORS as error:
            result.findings.append(_not_examined(f"page {index + 1}", type(error).__name__))
        if index % PAGES_BETWEEN_SHRINKS == PAGES_BETWEEN_SHRINKS - 1:
            forget_caches()
    report.progress("page", pages, pages)
    unread = sum(issue.kind == FindingKind.NEEDS_OCR for issue in result.findings)
    if unread:
        result.findings = [issue for issue in result.findings if issue.kind != FindingKind.NEEDS_OCR]
        result.findings.append(
            FoundIssue(FindingKind.NEEDS_OCR, Severity.LOW, "document", f"{unread} of {pages} pages")
        )
    return pieces


def _read(pdf: Any, index: int, result: ParsedDocument, report: Report) -> list[Piece]:
    """The pieces of one page. The page and all that MuPDF holds for it are gone when this returns."""
    place = f"page {index + 1}"
    page = pdf.load_page(index)
    content = read_page(page, index + 1)
    result.page_sizes[index + 1] = (round(content.width, 2), round(content.height, 2))
    pieces, complete = lay_out(content)
    noted = notes_and_values(page, content)
    if not complete:
        result.findings.append(_not_examined(place, "too many runs or rules for layout"))
    result.findings += hidden_text(content)
    if needs_ocr(content):
        if program.available():
            try:
                return recognised(page, index + 1, report) + noted
            except program.Failed as failure:
                result.findings.append(_not_examined(place, str(failure)))
                return pieces + noted
        result.findings.append(FoundIssue(FindingKind.NEEDS_OCR, Severity.LOW, place, ""))
    if not content.frames and content.images:
        result.findings.append(
            FoundIssue(FindingKind.NOT_EXAMINED, Severity.LOW, place, "an image without a text layer")
        )
    if content.unmapped:
        evidence = f"{content.unmapped} glyphs without a character"
        result.findings.append(FoundIssue(FindingKind.UNMAPPED_TEXT, Severity.LOW, place, evidence))
    return pieces + noted


def _not_examined(place: str, why: str) -> FoundIssue:
    return FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, place, why)
