"""SANDBOX, untrusted: winmail.dat: what Exchange could not say in MIME (MS-OXTNEF): a body, and attachments."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.mail.attachments import Encoded, pass_on, references
from parsers.mail.charsets import decode_as
from parsers.mail.letter import Attachment, Letter, blocks_of, findings_of
from parsers.mail.mapi import codepage, read_body

MEDIA_TYPE = "application/vnd.ms-tnef"
SIGNATURE = b"\x78\x9f\x3e\x22"

_ATTRIBUTE = struct.Struct("<BHHL")
_SUBJECT, _BODY, _ATTACH_DATA, _ATTACH_TITLE, _ATTACH_START, _PROPERTIES, _ATTACH_PROPERTIES, _CODEPAGE = (
    0x8004, 0x800C, 0x800F, 0x8010, 0x9002, 0x9003, 0x9005, 0x9007,
)  # fmt: skip
_DATA_OBJECT, _GUID_BYTES = 0x3701, 16
_ATTRIBUTES_MAX = 50_000
_PROPERTIES_MAX = 10_000
_VARIABLE = frozenset({0x1E, 0x1F, 0x102, 0x0D})
_FIXED_BYTES = {0x02: 4, 0x0B: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}


class TnefParser:
    """Reads `application/vnd.ms-tnef` on its own, as mail programs leave it behind when they cannot."""

    media_types = (MEDIA_TYPE, "application/ms-tnef")

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one. Raises `Refused`: corrupt, or empty when it only carries attachments."""
        letter = read(document, report)
        pass_on(letter, report)
        if not letter.blocks and not letter.subject:
            raise Refused(Refusal.EMPTY, "no text, only attachments")
        return ParsedDocument(MEDIA_TYPE, blocks_of(letter), title=letter.subject, findings=findings_of(letter))


def read(document: bytes, report: Report) -> Letter:
    """Subject, body and attachments. Raises `Refused` (corrupt) for what is none."""
    if not document.startswith(SIGNATURE):
        raise Refused(Refusal.CORRUPT, "TNEF: no signature")
    letter = Letter()
    charset = ""
    plain = ""
    properties: dict[int, _Value] = {}
    for name, start, data in _attributes(document):
        report.progress("attributes", 0, 0)
        if name == _CODEPAGE:
            charset = codepage(int.from_bytes(data[:4], "little"))
        elif name == _SUBJECT:
            letter.subject = " ".join(decode_as(data.rstrip(b"\x00"), charset).split())
        elif name == _BODY:
            plain = decode_as(data.rstrip(b"\x00"), charset)
        elif name == _PROPERTIES:
            properties.update(_properties(data))
        elif name == _ATTACH_START:
            letter.attachments.append(Attachment("", "application/octet-stream"))
        elif name == _ATTACH_TITLE and letter.attachments:
            letter.attachments[-1].name = decode_as(data.rstrip(b"\x00"), charset)
        elif name == _ATTACH_DATA and letter.attachments:
            letter.attachments[-1].content = Encoded(document, start, start + len(data))
        elif name == _ATTACH_PROPERTIES and letter.attachments:
            _describe(letter.attachments[-1], dict(_properties(data)), charset)
    letter.subject = letter.subject or " ".join(_text(properties.get(0x0037), charset).split())
    html = properties.get(0x1013, _NOTHING).data
    letter.referred = references(html)
    plain = _text(properties.get(0x1000), charset) or plain
    packed = properties.get(0x1009, _NOTHING).data
    letter.blocks = read_body(html, charset, packed, plain, report, letter.findings)
    return letter


class _Value(NamedTuple):
    kind: int
    data: bytes


_NOTHING = _Value(0, b"")


def _describe(attachment: Attachment, properties: dict[int, _Value], charset: str) -> None:
    attachment.name = _text(properties.get(0x3707), charset) or attachment.name
    attachment.media_type = _text(properties.get(0x370E), charset) or attachment.media_type
    attachment.identifier = _text(properties.get(0x3712), charset).strip("<> ") or attachment.identifier
    data = properties.get(_DATA_OBJECT, _NOTHING).data
    if attachment.content is None and data:
        # 2.1.3.4: an object begins with the GUID of its interface: a storage is a compound file, a message is TNEF.
        attachment.content = Encoded(data, _GUID_BYTES, max(_GUID_BYTES, len(data)))
        if data.startswith(SIGNATURE, _GUID_BYTES):
            attachment.media_type = MEDIA_TYPE


def _text(value: _Value | None, charset: str) -> str:
    if value is None or value.kind not in (0x1E, 0x1F):
        return ""
    text = value.data.decode("utf-16-le", "replace") if value.kind == 0x1F else decode_as(value.data, charset)
    return text.rstrip("\x00")


def _attributes(document: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(name, where its data begin, data) of each attribute, until the bytes make no sense any more."""
    position = 6
    for _ in range(_ATTRIBUTES_MAX):
        if position + _ATTRIBUTE.size > len(document):
            return
        _, name, _, length = _ATTRIBUTE.unpack_from(document, position)
        position += _ATTRIBUTE.size
        if position + length > len(document):
            return
        yield name, position, document[position : position + length]
        position += length + 2  # a checksum follows


def _properties(data: bytes) -> Iterator[tuple[int, _Value]]:
    """(id, value) of encoded MAPI properties (MS-OXTNEF 2.1.3.4), the first value of each."""
    count = int.from_bytes(data[:4], "little")
    position = 4
    for _ in range(min(count, _PROPERTIES_MAX)):
        if position + 4 > len(data):
            return
        kind, number = struct.unpack_from("<HH", data, position)
        position += 4
        if number >= 0x8000:
            position = _after_name(data, position)
        if kind & 0x1000 or kind & 0xFFF in _VARIABLE:
            values = int.from_bytes(data[position : position + 4], "little")
            position += 4
            for index in range(min(values, _PROPERTIES_MAX)):
                if kind & 0xFFF not in _VARIABLE:
                    position += _FIXED_BYTES.get(kind & 0xFFF, 4)
                    continue
                length = int.from_bytes(data[position : position + 4], "little")
                value = data[position + 4 : position + 4 + length]
                position += 4 + -(-length // 4) * 4
                if not index:
                    yield number, _Value(kind & 0xFFF, value)
                if position >= len(data):
                    return
        else:
            position += _FIXED_BYTES.get(kind, 4)


def _after_name(data: bytes, position: int) -> int:
    """The offset behind a named property's name: a GUID, and a number or a string."""
    position += 16
    by_text = int.from_bytes(data[position : position + 4], "little") == 1
    if not by_text:
        return position + 8
    length = int.from_bytes(data[position + 4 : position + 8], "little")
    return position + 8 + -(-length // 4) * 4


PARSER = TnefParser()
