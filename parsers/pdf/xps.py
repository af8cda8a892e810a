"""SANDBOX, untrusted: XPS and OpenXPS (ECMA-388): pages of drawn glyphs, made into PDF by MuPDF and read as that."""

from typing import Any

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.pdf.engine import MUPDF_ERRORS, as_pdf
from parsers.pdf.reader import read

MEDIA_TYPE = "application/vnd.ms-xpsdocument"


class XpsParser:
    """Reads XPS by the geometry of what it draws, as PDF."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one document. Raises `Refused`: corrupt, empty (no text)."""
        try:
            pdf: Any = as_pdf(document, "xps", report.progress)
        except MUPDF_ERRORS as error:
            raise Refused(Refusal.CORRUPT, f"XPS that cannot be drawn ({type(error).__name__})") from None
        with pdf:
            parsed = read(pdf, report)
        parsed.media_type = MEDIA_TYPE
        return parsed


PARSER = XpsParser()
