"""SANDBOX, untrusted: what a document is, by its content. The hint (leading bytes and name, from the host) breaks ties.

A media type we have no parser for is an answer too: the caller refuses it as `unsupported` and names it.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused
from parsers.registry import DOCX
from parsers.text.encoding import decode_head
from parsers.text.sniff import sniff_text

if TYPE_CHECKING:
    from parsers.archive_guard import Package

PDF = "application/pdf"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
OCTETS = "application/octet-stream"
_OOXML = "application/vnd.openxmlformats-officedocument."

# Types that say no more than "unknown" or that a more exact type may refine without anybody having lied.
_VAGUE = frozenset({"", OCTETS, ZIP, OLE, "text/plain"})
_TEXT_FAMILY = ("text/", "application/json", "application/x-ndjson", "application/xhtml+xml", "application/xml")
# Formats whose normalized text is about as long as the file: longer input has no answer within the output limit.
_VERBATIM = frozenset({"text/plain", "text/markdown", "text/csv", "text/tab-separated-values", "application/json"})

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\x1f\x9d", "application/x-compress"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-dosexec"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
)
# Streams of an OLE compound file by which its application is known: MS-CFB 2.6.1 directory entries, names in UTF-16.
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("Quill", "application/x-mspublisher"),
)


class Detected(NamedTuple):
    """A media type, and what was odd about finding it."""

    media_type: str
    findings: list[FoundIssue]


def detect(document: bytes, hint: str, output_bytes_max: int) -> Detected:
    """The type of a document. Raises `Refused`: empty, encrypted, corrupt, bomb (a zip; text over the output limit)."""
    hint = hint.partition(";")[0].strip().lower()
    if not document.strip(b" \t\r\n\x00"):
        raise Refused(Refusal.EMPTY, f"{len(document)} bytes of nothing")
    media_type = _binary_type(document, hint) or _text_type(document, hint)
    if media_type in _VERBATIM and len(document) > output_bytes_max:
        raise Refused(Refusal.BOMB, f"{media_type} of {len(document)} bytes, the output limit is {output_bytes_max}")
    return Detected(media_type, [*_mismatch(media_type, hint), *_polyglot(document, media_type)])


def _binary_type(document: bytes, hint: str) -> str:
    """By signature; "" when there is none."""
    if b"%PDF-" in document[:1024]:  # ISO 32000-1, annex H, note 13
        return PDF
    if document.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_type(document)
    if document.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(document)
    for offset, magic, media_type in _MAGIC:
        # Two letters prove little when the rest is text.
        if document.startswith(magic, offset) and (len(magic) > 2 or b"\x00" in document[:512]):
            return media_type
    # A package with something in front of it: readers of zip look for its end, not its beginning.
    if _ends_as_zip(document) and hint in (DOCX, ZIP):
        return _zip_type(document)
    return ""


def _zip_type(document: bytes) -> str:
    from parsers.archive_guard import check_package, open_archive  # only for packages: zipfile costs 13 ms of CPU

    package = open_archive(document)
    media_type = _package_type(package)
    if media_type != ZIP:
        check_package(package)  # a document is read as a whole; of an archive, each member is for itself
    return media_type


def _package_type(package: "Package") -> str:
    names = set(package.namelist())
    if "[Content_Types].xml" in names or "_rels/.rels" in names:
        for folder, kind in (("word/", DOCX), ("xl/", "spreadsheetml.sheet"), ("ppt/", "presentationml.presentation")):
            if any(name.startswith(folder) for name in names):
                return kind if kind == DOCX else _OOXML + kind
    if "mimetype" in names and package.getinfo("mimetype").file_size < 128:  # ODF and EPUB
        declared = package.read("mimetype").decode("ascii", "replace").strip()
        if re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", declared):
            return declared
    return ZIP


def _ole_type(document: bytes) -> str:
    # MS-OFFCRYPTO 2.3.2: an encrypted OOXML package is a compound file with these two streams.
    if any(name.encode("utf-16-le") in document for name in ("EncryptedPackage", "EncryptionInfo")):
        raise Refused(Refusal.ENCRYPTED, "password-protected Office document")
    for stream, media_type in _OLE_STREAMS:
        if stream.encode("utf-16-le") in document:
            return media_type
    return OLE


def _text_type(document: bytes, hint: str) -> str:
    head = decode_head(document)
    if head is None:
        return OCTETS
    return sniff_text(head, hint)


def _ends_as_zip(document: bytes) -> bool:
    return document.rfind(b"PK\x05\x06", max(0, len(document) - 66_000)) >= 0


def _mismatch(media_type: str, hint: str) -> list[FoundIssue]:
    both_text = media_type.startswith(_TEXT_FAMILY) and hint.startswith(_TEXT_FAMILY)
    both_word = media_type == DOCX and "word" in hint
    if hint in _VAGUE or hint == media_type or both_text or both_word:
        return []
    evidence = f"announced as {hint}, content is {media_type}"
    return [FoundIssue(FindingKind.TYPE_MISMATCH, Severity.LOW, "document", evidence)]


def _polyglot(document: bytes, media_type: str) -> list[FoundIssue]:
    """A file that another reader would take for something else: a favourite for getting past a filter."""
    others = []
    is_package = media_type in (ZIP, "application/epub+zip") or "document" in media_type
    if media_type == PDF and not document.startswith(b"%PDF-") and document[:2] in (b"PK", b"MZ", b"GI", b"\xff\xd8"):
        others.append(f"begins with {document[:4]!r}")
    if not is_package and _ends_as_zip(document):
        others.append("ends as a zip archive")
    if is_package and not document.startswith(b"PK"):
        others.append("something stands before the zip archive")
    return [FoundIssue(FindingKind.POLYGLOT, Severity.MEDIUM, "document", evidence) for evidence in others]
