"""SANDBOX, untrusted: one mail message (RFC 5322), and web pages saved as one (RFC 2557)."""

from parsers.blocks import ParsedDocument, Report
from parsers.mail.attachments import pass_on
from parsers.mail.body import BodyReader, refuse_unreadable
from parsers.mail.letter import blocks_of, findings_of
from parsers.mail.mime import Part, read_part

MEDIA_TYPE = "message/rfc822"


class EmlParser:
    """Reads `message/rfc822`: subject, fields, body, and the messages attached to it."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one message. Raises `Refused` (encrypted) when its body cannot be read without a key."""
        part = opened(document)
        letter = BodyReader(report).letter(part)
        refuse_unreadable(letter)
        pass_on(letter, report)
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=blocks_of(letter),
            title=letter.subject,
            author=letter.author,
            created=letter.sent,
            findings=findings_of(letter),
        )


def opened(document: bytes) -> Part:
    """A message's outermost entity, whatever its line ends are and whatever stands in front of its fields."""
    document = document.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if b"\n" not in document:
        document = document.replace(b"\r", b"\n")
    return read_part(document, 0, len(document), 0)


PARSER = EmlParser()
