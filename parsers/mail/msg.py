"""SANDBOX, untrusted: Outlook's message files (MS-OXMSG): properties in the streams of a compound file."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.archive.storage import cut_out, holds_file
from parsers.blocks import FoundIssue, ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile
from parsers.mail.attachments import identifier, pass_on, references
from parsers.mail.body import refuse_unreadable
from parsers.mail.charsets import decode_as
from parsers.mail.header_text import display_name, iso_date, text_of
from parsers.mail.letter import Attachment, Letter, blocks_of, findings_of
from parsers.mail.mapi import codepage, filetime, read_body
from parsers.mail.mime import Headers, read_part

MEDIA_TYPE = "application/vnd.ms-outlook"
NESTING_MAX = 10
LETTERS_MAX = 500

_PROPERTIES = "__properties_version1.0"
_PROPERTY = struct.Struct("<HHL8s")
_TOP_HEADER, _EMBEDDED_HEADER, _PART_HEADER = 32, 24, 8  # bytes before the properties, MS-OXMSG 2.4
_PT_STRING8, _PT_UNICODE, _PT_BINARY, _PT_OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_BY_VALUE, _EMBEDDED_MESSAGE = 1, 5  # PidTagAttachMethod, MS-OXCMSG 2.2.2.9; others lie elsewhere, but for objects
_SHOWN_IN_BODY = 4  # PidTagAttachFlags attRenderedInBody, 2.2.2.18
_SEALED_CLASSES = ("IPM.NOTE.SMIME", "IPM.NOTE.SECURE")
_SEALED_NAMES = ("smime.p7m", "message.rpmsg")
_RECIPIENTS = {1: "To", 2: "Cc", 3: "Bcc"}


@dataclass(slots=True)
class Storage:
    """One object's properties: fixed ones by id, others in streams named by id and type."""

    file: CompoundFile
    path: str
    fixed: dict[int, bytes]
    charset: str

    def text(self, *ids: int) -> str:
        """The first of these properties that holds text."""
        for number in ids:
            for kind in (_PT_UNICODE, _PT_STRING8):
                data = self.data(number, kind)
                if data:
                    text = data.decode("utf-16-le", "replace") if kind == _PT_UNICODE else decode_as(data, self.charset)
                    return text.rstrip("\x00")
        return ""

    def line(self, *ids: int) -> str:
        """The same on one line."""
        return " ".join(self.text(*ids).split())

    def data(self, number: int, kind: int = _PT_BINARY) -> bytes:
        """A property's stream, or nothing."""
        return self.file.stream(self.property_path(number, kind)) or b""

    def property_path(self, number: int, kind: int) -> str:
        """Where a property's stream or storage is."""
        return _inside(self.path, f"__substg1.0_{number:04X}{kind:04X}")

    def integer(self, number: int) -> int:
        """A property of four bytes; 0 when there is none."""
        return int.from_bytes(self.fixed.get(number, b"")[:4], "little")

    def time(self, *ids: int) -> str:
        """The first of these times that is set, as ISO 8601."""
        found = (filetime(int.from_bytes(self.fixed.get(number, b""), "little")) for number in ids)
        return next((time for time in found if time), "")


@dataclass(frozen=True, slots=True)
class _Stored:
    """An attachment's bytes: a stream of the file, or an object's storage, which is cut out of it."""

    file: CompoundFile
    path: str
    is_object: bool

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Raises `Refused` when they cannot be had."""
        if self.is_object:
            yield from cut_out(self.file, self.path)
            return
        data = self.file.stream(self.path)
        if data is None:
            raise Refused(Refusal.CORRUPT, "an attachment without content")
        yield data

    def may_be_smaller_than(self, size: int) -> bool:
        """Whether the stream is; an object is no picture."""
        return not self.is_object and len(self.file.stream(self.path, size) or b"") < size


class MsgParser:
    """Reads `application/vnd.ms-outlook`: a message, and the messages attached to it."""

    media_types = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one message. Raises `Refused`: corrupt, bomb, encrypted."""
        report.progress("properties", 0, 1)
        reader = _Reader(CompoundFile(document, with_lost=False), report)
        top = reader.open("", _TOP_HEADER, "")
        letter = reader.letter(top, 0)
        if not letter.subject and not letter.is_readable() and not letter.fields:
            raise Refused(Refusal.CORRUPT, "no message in the file")
        refuse_unreadable(letter)
        pass_on(letter, report)
        return ParsedDocument(
            media_type=MEDIA_TYPE,
            blocks=blocks_of(letter),
            title=letter.subject,
            author=letter.author,
            created=letter.sent,
            modified=top.time(0x3008),
            findings=findings_of(letter),
        )


class _Reader:
    def __init__(self, file: CompoundFile, report: Report) -> None:
        self.file = file
        self._report = report
        self._letters = 0

    def open(self, path: str, header_bytes: int, charset: str) -> Storage:
        """The properties of a storage. Its own code page comes before that of the message around it."""
        data = self.file.stream(_inside(path, _PROPERTIES)) or b""
        fixed: dict[int, bytes] = {}
        for at in range(header_bytes, len(data) - _PROPERTY.size + 1, _PROPERTY.size):
            _, number, _, value = _PROPERTY.unpack_from(data, at)
            fixed.setdefault(number, value)
        storage = Storage(self.file, path, fixed, charset)
        own = codepage(storage.integer(0x3FFD)) or codepage(storage.integer(0x3FDE))
        storage.charset = own or charset
        return storage

    def letter(self, storage: Storage, level: int) -> Letter:
        """The message that a storage is."""
        self._letters += 1
        self._report.progress("messages", self._letters, 0)
        transport = storage.text(0x007D)
        headers = read_part(
            transport.encode("utf-8", "replace"), 0, len(transport.encode("utf-8", "replace")), 0
        ).headers
        subject = storage.line(0x0037, 0x0E1D, 0x0070)
        sender = _person(storage, (0x0C1A, 0x0042), (0x5D01, 0x5D02, 0x0C1F, 0x0065)) or _field(headers, "from")
        sent = storage.time(0x0039, 0x0E06, 0x3007) or iso_date(_field(headers, "date"))
        letter = Letter(subject, author=display_name(sender), sent=sent)
        recipients = self._recipients(storage)
        letter.fields = [("From", sender)]
        for label, number in (("To", 0x0E04), ("Cc", 0x0E03), ("Bcc", 0x0E02)):
            letter.fields.append(
                (label, recipients.get(label) or storage.line(number) or _field(headers, label.lower()))
            )
        letter.fields += [("Date", _field(headers, "date") or sent.replace("T", " ")), ("Subject", subject)]
        letter.fields = [each for each in letter.fields if each[1]]
        self._read_body(storage, letter)
        self._read_attachments(storage, letter, level)
        return letter

    def _read_body(self, storage: Storage, letter: Letter) -> None:
        html = storage.data(0x1013) or storage.text(0x1013).encode("utf-8", "replace")
        letter.referred = references(html)
        charset = codepage(storage.integer(0x3FDE)) if storage.data(0x1013) else "utf-8"
        letter.blocks = read_body(
            html, charset, storage.data(0x1009), storage.text(0x1000), self._report, letter.findings
        )

    def _recipients(self, storage: Storage) -> dict[str, str]:
        people: dict[str, list[str]] = {}
        for path in _numbered(storage, "__recip_version1.0_#"):
            recipient = self.open(path, _PART_HEADER, storage.charset)
            person = _person(recipient, (0x3001, 0x5FF6), (0x39FE, 0x3003))
            label = _RECIPIENTS.get(recipient.integer(0x0C15) & 0xF)
            if person and label:
                people.setdefault(label, []).append(person)
        return {label: ", ".join(dict.fromkeys(names)) for label, names in people.items()}

    def _read_attachments(self, storage: Storage, letter: Letter, level: int) -> None:
        for path in _numbered(storage, "__attach_version1.0_#"):
            attachment = self.open(path, _PART_HEADER, storage.charset)
            name = attachment.line(0x3707, 0x3704, 0x3001)
            inner = attachment.property_path(0x3701, _PT_OBJECT)
            if attachment.integer(0x3705) == _EMBEDDED_MESSAGE and inner in self.file:
                self._read_inner(inner, storage, letter, level)
                continue
            media_type = attachment.line(0x370E) or "application/octet-stream"
            inline = bool(attachment.text(0x3712)) and media_type.startswith("image/")
            message_class = storage.text(0x001A).upper()
            if name.lower() in _SEALED_NAMES or (
                message_class.startswith(_SEALED_CLASSES) and "SIGNED" not in message_class
            ):
                letter.encrypted.append(name or "S/MIME message")
            else:
                own = identifier(attachment.text(0x3712).encode("latin-1", "replace"))
                content = _content(attachment)
                letter.attachments.append(Attachment(name, media_type, inline, content, own))
                if own and attachment.integer(0x3714) & _SHOWN_IN_BODY:
                    letter.referred.add(own)

    def _read_inner(self, path: str, outer: Storage, letter: Letter, level: int) -> None:
        if level >= NESTING_MAX or self._letters >= LETTERS_MAX:
            evidence = f"messages nested deeper than {NESTING_MAX}, or more than {LETTERS_MAX}"
            letter.findings.append(FoundIssue(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "message", evidence))
            return
        letter.letters.append(self.letter(self.open(path, _EMBEDDED_HEADER, outer.charset), level + 1))


def _content(attachment: Storage) -> _Stored | None:
    """Where the bytes are; None when the file does not claim to have them, or the object is a mere picture."""
    stream, storage = attachment.property_path(0x3701, _PT_BINARY), attachment.property_path(0x3701, _PT_OBJECT)
    if stream not in attachment.file and storage in attachment.file:
        is_file = holds_file(attachment.file, storage)
        return _Stored(attachment.file, storage, is_object=True) if is_file else None
    if stream in attachment.file or attachment.integer(0x3705) == _BY_VALUE:
        return _Stored(attachment.file, stream, is_object=False)
    return None


def _inside(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _numbered(storage: Storage, prefix: str) -> list[str]:
    """Paths of the storages of a series, in the order of their hexadecimal numbers."""
    return sorted(entry.path for entry in storage.file.folder(storage.path) if entry.name.startswith(prefix))


def _person(storage: Storage, names: tuple[int, ...], addresses: tuple[int, ...]) -> str:
    """A name with its address. Addresses inside an organisation ("/O=…") mean nothing outside."""
    name = storage.line(*names)
    found = (storage.line(number) for number in addresses)
    address = next((each for each in found if "@" in each and not each.upper().startswith("/O=")), "")
    if not address or address.lower() == name.strip("'\"").lower():
        return name or address
    return f"{name} <{address}>" if name else address


def _field(headers: Headers, name: str) -> str:
    return text_of(headers.first(name))


PARSER = MsgParser()
