"""SANDBOX, untrusted: a web page saved with all it shows in one MIME file (MHTML, RFC 2557)."""

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.mail.attachments import is_document, pass_on
from parsers.mail.body import BodyReader, refuse_unreadable
from parsers.mail.eml import opened
from parsers.mail.header_text import iso_date, text_of
from parsers.mail.letter import findings_of

MEDIA_TYPE = "multipart/related"


class MhtmlParser:
    """Reads `multipart/related`: the page alone; the fields around it are the browser's, not an author's.

    Of its parts documents are passed on, not what the page is made of.
    """

    media_types = (MEDIA_TYPE, "application/x-mimearchive")

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one page. Raises `Refused` when it has no text."""
        part = opened(document)
        letter = BodyReader(report).letter(part)
        refuse_unreadable(letter)
        pass_on(letter, report, is_document)
        if not letter.blocks:
            raise Refused(Refusal.EMPTY, "no page in the archive")
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=letter.blocks,
            title=letter.subject,
            created=iso_date(text_of(part.headers.first("date"))),
            findings=[*findings_of(letter)],
        )


PARSER = MhtmlParser()
