"""SANDBOX, untrusted: the body of a message: which of its parts a reader sees, once each, and what the others are.

RFC 2046, 5.1: the parts of a `mixed` follow each other, an `alternative` says one thing several times, of a `related`
the root is shown. Of alternatives HTML is read when it shows anything: senders put structure there, and often nothing
else.
"""

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused, Report
from parsers.hygiene import has_visible
from parsers.mail import pgp, smime, tnef
from parsers.mail.attachments import Encoded, identifier, references
from parsers.mail.header_text import display_name, iso_date, text_of
from parsers.mail.letter import Attachment, Letter
from parsers.mail.mime import LEVELS_MAX, PARTS_MAX, Part, inner_message, read_part
from parsers.mail.transfer import decoded
from parsers.mail.written import is_shown_text, read_text, verbatim

LETTERS_MAX = 2000  # in one message
_SHOWN_FIELDS = (
    ("From", "from"), ("Sender", "sender"), ("Reply-To", "reply-to"), ("To", "to"), ("Cc", "cc"), ("Bcc", "bcc"),
    ("Date", "date"),
)  # fmt: skip
_REPORTS = frozenset({
    "message/delivery-status", "message/disposition-notification", "message/feedback-report", "text/rfc822-headers",
})  # fmt: skip
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
_SIGNATURES = frozenset({
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "application/pgp-keys",
})  # fmt: skip
_CMS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pkcs7"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


class BodyReader:
    """Reads one message and the messages in it. Counts them, so that a message of messages ends."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._letters = 0

    def letter(self, part: Part) -> Letter:
        """The message that `part` is."""
        self._letters += 1
        self._report.progress("messages", self._letters, 0)
        letter = _letter_of_headers(part)
        self._read(part, letter)
        return letter

    def _read(self, part: Part, letter: Letter, *, rooted: bool = False) -> None:
        """Add a part to its letter. `rooted`: it is what a `related` is about, so it is shown whatever its name."""
        kind = part.media_type
        if part.level >= LEVELS_MAX:
            _found(letter, FindingKind.NOT_EXAMINED, Severity.MEDIUM, f"parts nested deeper than {LEVELS_MAX}")
        elif kind.startswith("multipart/"):
            self._read_multipart(part, letter)
        elif kind in _MESSAGES:
            self._read_message(part, letter)
        elif kind in _REPORTS:
            letter.blocks += verbatim(_bytes_of(part), part.parameters.get("charset", ""))
        elif kind == "message/external-body":
            where = (
                part.parameters.get("url") or part.parameters.get("site") or part.parameters.get("access-type") or ""
            )
            _found(letter, FindingKind.EXTERNAL_REFERENCE, Severity.MEDIUM, f"body kept elsewhere: {where}")
        elif kind in _CMS:
            self._read_cms(part, letter)
        elif kind in _TNEF:
            self._read_tnef(part, letter)
        elif rooted or is_shown_text(part):
            self._read_text(part, letter)
        elif kind not in _SIGNATURES:
            letter.attachments.append(_attachment(part, part.file_name))

    def _read_multipart(self, part: Part, letter: Letter) -> None:
        parts = part.parts()
        if len(parts) > PARTS_MAX:
            _found(letter, FindingKind.NOT_EXAMINED, Severity.MEDIUM, f"more than {PARTS_MAX} parts")
            parts = parts[:PARTS_MAX]
        kind = part.media_type.partition("/")[2]
        if not parts:
            if part.end > part.start:  # no boundary anywhere: what stands there is all there is
                letter.blocks += read_text(part.body, "text/plain", "", self._report, letter)
        elif kind == "alternative":
            self._read_alternatives(parts, letter)
        elif kind == "related":
            self._read_related(_root(part, parts), parts, letter)
        elif kind == "signed":
            self._read(parts[0], letter)
        elif kind == "encrypted":
            letter.encrypted.append(part.parameters.get("protocol") or "multipart/encrypted")
        else:
            for each in parts:
                self._read(each, letter)

    def _read_related(self, root: Part, parts: list[Part], letter: Letter) -> None:
        """The root. What it refers to by an identifier or address is shown through it; if it is text, not at all."""
        self._read(root, letter, rooted=root.media_type.startswith("text/"))
        for part in parts:
            referred = part.headers.first("content-id") or part.headers.first("content-location")
            styles = referred and part.media_type.startswith("text/") and part.disposition != "attachment"
            if part is not root and not styles:
                self._read(part, letter)

    def _read_alternatives(self, parts: list[Part], letter: Letter) -> None:
        """The richest that shows anything; of the others, only what is attached to them."""
        order = sorted(range(len(parts)), key=lambda number: (_richness(parts[number]), number), reverse=True)
        shown = False
        for number in order:
            attempt = Letter()
            self._read(parts[number], attempt, rooted=parts[number].media_type.startswith("text/"))
            letter.attachments += attempt.attachments
            letter.encrypted += attempt.encrypted
            letter.referred |= attempt.referred
            if not shown and (any(has_visible(block.text) for block in attempt.blocks) or attempt.letters):
                shown = True
                letter.blocks += attempt.blocks
                letter.letters += attempt.letters
                letter.findings += attempt.findings
                letter.enclosed += attempt.enclosed
            if shown and not any(part.media_type.startswith("multipart/") for part in parts):
                return

    def _read_message(self, part: Part, letter: Letter) -> None:
        if self._letters >= LETTERS_MAX:
            _found(letter, FindingKind.TRUNCATED, Severity.MEDIUM, f"more than {LETTERS_MAX} messages")
            return
        inner = inner_message(part)
        if part.headers.first("content-transfer-encoding").strip().lower() in (b"base64", b"quoted-printable"):
            data = _bytes_of(part)  # RFC 2046 forbids it, and senders do it
            inner = read_part(data, 0, len(data), part.level + 1)
        letter.letters.append(self.letter(inner))

    def _read_text(self, part: Part, letter: Letter) -> None:
        data = _bytes_of(part)
        if part.media_type == "text/plain" and pgp.is_encrypted(data):
            letter.encrypted.append("PGP message")
            return
        letter.referred |= references(data)
        charset = part.parameters.get("charset", "")
        flowed = part.parameters.get("format", "").lower() == "flowed"
        deletes = part.parameters.get("delsp", "").lower() == "yes"
        kind = part.media_type + (";flowed" if flowed else "") + (";delsp" if flowed and deletes else "")
        letter.blocks += read_text(data, kind, charset, self._report, letter)

    def _read_cms(self, part: Part, letter: Letter) -> None:
        """S/MIME (RFC 8551, 3): signed content is a MIME entity inside; enveloped content is for its recipients."""
        content = smime.signed_content(_bytes_of(part))
        if content is None:
            letter.encrypted.append(f"S/MIME {part.parameters.get('smime-type', 'message')}")
            return
        self._read(read_part(content, 0, len(content), part.level + 1), letter)

    def _read_tnef(self, part: Part, letter: Letter) -> None:
        try:
            inner = tnef.read(_bytes_of(part), self._report)
        except Refused:
            letter.attachments.append(_attachment(part, part.file_name or "winmail.dat"))
            return
        letter.attachments += inner.attachments
        letter.findings += inner.findings
        letter.referred |= inner.referred
        if not letter.blocks:
            letter.blocks += inner.blocks


def _letter_of_headers(part: Part) -> Letter:
    headers = part.headers
    subject = text_of(headers.first("subject"))
    fields = []
    for label, name in _SHOWN_FIELDS:
        values = list(dict.fromkeys(text_of(value) for value in headers.all(name)))
        text = ", ".join(value for value in values[:20] if value)
        if name == "sender" and text == text_of(headers.first("from")):
            continue
        fields.append((label, text))
    fields.append(("Subject", subject))
    author = display_name(text_of(headers.first("from")))
    return Letter(subject, fields, author=author, sent=iso_date(text_of(headers.first("date"))))


def _attachment(part: Part, name: str) -> Attachment:
    encoding = part.headers.first("content-transfer-encoding")
    own = part.headers.first("content-id")
    inline = (part.disposition == "inline" or bool(own)) and part.media_type.startswith("image/")
    content = Encoded(part.document, part.start, part.end, encoding)
    return Attachment(name, part.media_type, inline, content, identifier(own), part.disposition == "attachment")


def _bytes_of(part: Part) -> bytes:
    return decoded(part.body, part.headers.first("content-transfer-encoding"))


def _root(part: Part, parts: list[Part]) -> Part:
    """What a `related` is about: the part it names (RFC 2387, 3.2), else its first."""
    start = part.parameters.get("start", "").strip("<> ").encode("utf-8", "replace")
    named = (each for each in parts if start and each.headers.first("content-id").strip(b"<> ") == start)
    return next(named, parts[0])


def _richness(part: Part) -> int:
    """How much of the author's structure a part can carry."""
    kind = part.media_type
    if kind.startswith("multipart/"):
        return max((_richness(each) for each in part.parts()), default=0)
    ranks = {
        "text/html": 5, "application/xhtml+xml": 5, "text/enriched": 3, "text/richtext": 3, "text/rtf": 3,
        "text/markdown": 3, "text/plain": 2,
    }  # fmt: skip
    return ranks.get(kind, 1 if kind.startswith("text/") else 0)


def _found(letter: Letter, kind: FindingKind, severity: Severity, evidence: str) -> None:
    letter.findings.append(FoundIssue(kind, severity, "message", evidence[:200]))


def refuse_unreadable(letter: Letter) -> None:
    """Raises `Refused` (encrypted) when the body of a message is sealed and nothing else of it can be read."""
    sealed = letter.encrypted or any(inner.encrypted for inner in letter.letters)
    if sealed and not letter.is_readable():
        raise Refused(Refusal.ENCRYPTED, "an encrypted message")
