"""SANDBOX, untrusted: files attached to messages leave the sandbox, decoded piece by piece.

What belongs to the page layout of a message stays: pictures that its HTML refers to (RFC 2392), and small ones, which
are logos, icons and spies.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from contract.verdicts import Refusal
from parsers.blocks import Refused, Report
from parsers.mail import pgp
from parsers.mail.letter import Attachment, Letter
from parsers.mail.transfer import decoded_pieces
from parsers.registry import MODULE_OF_MEDIA_TYPE

PICTURE_BYTES_MIN = 10 << 10
REFERENCES_MAX = 10_000
_ARMOUR_BYTES = 1000
_PICTURE_NAMES = (".png", ".gif", ".jpg", ".jpeg", ".bmp", ".webp", ".emz", ".wmz", ".emf", ".wmf", ".svg", ".ico")
_REFERENCE = re.compile(rb"""cid:([^\s"'<>()]{1,250})""", re.IGNORECASE)
# What senders write who do not know.
_OCTETS = frozenset((
    "application/octet-stream", "application/octetstream", "application/x-octet-stream", "application/unknown",
    "application/x-unknown", "application/binary", "binary/octet-stream",
))  # fmt: skip
# Of a saved web page: what shows it and drives it.
_OF_A_PAGE = ("image/", "text/", "audio/", "video/", "font/")
_DRIVES_A_PAGE = ("javascript", "json", "xml")


@dataclass(frozen=True, slots=True)
class Encoded:
    """Content that stands in a document, under a transfer encoding."""

    document: bytes
    start: int
    end: int
    encoding: bytes = b""

    def pieces(self) -> Iterator[bytes]:
        """The content. Raises `Refused` (corrupt) when nothing can be made of it, or it breaks off."""
        return decoded_pieces(self.document, self.start, self.end, self.encoding)

    def may_be_smaller_than(self, size: int) -> bool:
        """Whether it can be, as far as is known without decoding: quoted-printable takes three bytes for one."""
        return self.end - self.start < 4 * size


def references(html: bytes) -> set[str]:
    """Identifiers of the parts that a body shows."""
    if b"cid:" not in html.lower():
        return set()
    found: set[str] = set()
    for match in _REFERENCE.finditer(html):
        if len(found) >= REFERENCES_MAX:
            break
        found.add(identifier(unquote_to_bytes(match[1])))
    return found


def identifier(value: bytes) -> str:
    """A Content-ID without its brackets."""
    return value.strip().strip(b"<>").strip().decode("latin-1")


def pass_on(letter: Letter, report: Report, wanted: Callable[[Attachment], bool] = lambda _: True) -> None:
    """The files of a letter, and of those inside it, go out in the order of its findings."""
    stack = [letter]
    count = 0
    while stack:
        current = stack.pop()
        for each in [*current.attachments, *current.enclosed]:
            count += 1
            report.progress("attachments", count, 0)
            if each.content is None or not wanted(each) or _is_of_the_layout(each, current.referred):
                continue
            report.files.embed(each.name, _unsealed(each.content.pieces()), each.media_type)
        stack += reversed(current.letters)


def _unsealed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises `Refused` (encrypted) for a PGP message, whose armour would be read as text."""
    first = next(pieces, b"")
    if pgp.is_encrypted(first[:_ARMOUR_BYTES]):
        raise Refused(Refusal.ENCRYPTED, "a PGP message")
    yield first
    yield from pieces


def is_document(attachment: Attachment) -> bool:
    """Whether a part of a saved web page is a document for itself."""
    kind = attachment.media_type
    if kind.startswith(_OF_A_PAGE) or any(word in kind for word in _DRIVES_A_PAGE):
        # Office's and OpenDocument's types end in or contain "xml", too.
        return kind.startswith("application/vnd.") and kind in MODULE_OF_MEDIA_TYPE
    return attachment.attached or kind in MODULE_OF_MEDIA_TYPE


def _is_of_the_layout(each: Attachment, referred: set[str]) -> bool:
    kind = each.media_type.lower()
    if not kind.startswith("image/") and (kind not in _OCTETS or not each.name.lower().endswith(_PICTURE_NAMES)):
        return False
    return each.identifier in referred or _is_small(each)


def _is_small(each: Attachment) -> bool:
    if each.content is None or not each.content.may_be_smaller_than(PICTURE_BYTES_MIN):
        return False
    return sum(map(len, each.content.pieces())) < PICTURE_BYTES_MIN
