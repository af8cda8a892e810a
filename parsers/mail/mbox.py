"""SANDBOX, untrusted: mailboxes: messages one after another, each begun by a line "From " (RFC 4155, and its
dialects).
"""

import re
from collections.abc import Iterator

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import Block, FoundIssue, ParsedDocument, Refused, Report
from parsers.mail.attachments import pass_on
from parsers.mail.body import BodyReader
from parsers.mail.letter import blocks_of, findings_of
from parsers.mail.mime import read_part

MESSAGES_MAX = 10_000
MEDIA_TYPE = "application/mbox"

# A postmark: an address or a name, then a day with its year; or at least, a field in the line below.
_POSTMARK = re.compile(rb"From [^\n]*?(?:\d{4}[^\n]*|\n(?:[A-Za-z][A-Za-z0-9-]*:|>From )[^\n]*)(?:\n|\Z)")
# What mail programs write themselves; they do not all put an empty line in front of it.
_WRITTEN_POSTMARK = re.compile(
    rb"From \S{1,500} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d"
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


class MboxParser:
    """Reads `application/mbox`: each message is a section."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read a mailbox. Raises `Refused`: corrupt when it holds no message, encrypted when none can be read."""
        blocks: list[Block] = []
        findings: list[FoundIssue] = []
        sealed = readable = count = 0
        for start, end in _messages(document):
            count += 1
            if count > MESSAGES_MAX:
                evidence = f"more than {MESSAGES_MAX} messages"
                findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, "mailbox", evidence))
                break
            message = _QUOTED_FROM.sub(rb"\1", document[start:end])
            letter = BodyReader(report).letter(read_part(message, 0, len(message), 0))
            report.progress("mailbox", start, len(document))
            blocks += blocks_of(letter)
            findings += findings_of(letter)
            pass_on(letter, report)
            sealed += bool(letter.encrypted)
            readable += letter.is_readable()
        if not count:
            raise Refused(Refusal.CORRUPT, "no message in a mailbox")
        if sealed and not readable:
            raise Refused(Refusal.ENCRYPTED, "encrypted messages")
        return ParsedDocument(media_type=MEDIA_TYPE, blocks=blocks, findings=findings)


def _messages(document: bytes) -> Iterator[tuple[int, int]]:
    """Where each message stands, without its postmark. A postmark follows an empty line, or begins the file."""
    start = -1
    for postmark, after in _postmarks(document):
        if start >= 0:
            yield start, postmark
        start = after
    if 0 <= start < len(document):
        yield start, len(document)


def _postmarks(document: bytes) -> Iterator[tuple[int, int]]:
    position = 0
    while (at := document.find(b"From ", position)) >= 0:
        position = at + 5
        before = document[max(0, at - 4) : at].replace(b"\r", b"")
        begins = not before.strip(b"\n") if at < 4 else before.endswith(b"\n\n")
        if (begins and _POSTMARK.match(document, at)) or (
            before.endswith(b"\n") and _WRITTEN_POSTMARK.match(document, at)
        ):
            newline = document.find(b"\n", at)
            position = newline + 1 if newline >= 0 else len(document)
            yield at, position


PARSER = MboxParser()
