"""SANDBOX, untrusted: what a document is, by its content. The hint (leading bytes and name, from the host) breaks ties.

A media type we have no parser for is an answer too: the caller refuses it as `unsupported` and names it.
"""

import re
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from contract.verdicts import FindingKind, Refusal, Severity
from parsers.blocks import FoundIssue, Refused
from parsers.iwork.kinds import KEYNOTE, NUMBERS, PAGES, kind_of
from parsers.metafile.kinds import kind_of as kind_of_metafile
from parsers.registry import DOCX, MODULE_OF_MEDIA_TYPE, OOXML, OPEN_DOCUMENT, XLS
from parsers.text.encoding import decode_head
from parsers.text.sniff import sniff_text

if TYPE_CHECKING:
    from parsers.archive_guard import Package

PDF = "application/pdf"
XPS = "application/vnd.ms-xpsdocument"
EPUB = "application/epub+zip"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
ENCRYPTED = "application/encrypted"  # an OOXML package, of whichever kind
OCTETS = "application/octet-stream"

# Types that say no more than "unknown" or that a more exact type may refine without anybody having lied.
_VAGUE = frozenset({"", OCTETS, ZIP, OLE, "text/plain"})
_ALSO_CALLED = {
    "application/msonenote": "application/onenote",
    "application/vnd.ms-publisher": "application/x-mspublisher",
    **{f"{top}/x-{kind}": f"image/{kind}" for top in ("image", "application") for kind in ("emf", "wmf")},
    "application/x-msmetafile": "image/wmf",
}
_TEXT_FAMILY = (
    "text/", "application/json", "application/x-ndjson", "application/xhtml+xml", "application/xml", "message/rfc822",
    "multipart/related", "application/mbox", "application/yaml", "application/toml", "application/x-subrip",
    "application/x-ipynb+json", "image/svg+xml",
)  # fmt: skip
# Formats whose normalized text is about as long as the file: longer input has no answer within the output limit.
_VERBATIM = frozenset({
    "text/plain", "text/markdown", "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson",
})  # fmt: skip

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
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    # Workbooks from before they were compound files: MS-XLS 2.4.21 and its forerunners' BOF records.
    (0, b"\x09\x00\x04\x00", XLS),
    (0, b"\x09\x02\x06\x00", XLS),
    (0, b"\x09\x04\x06\x00", XLS),
    (0, b"\x09\x08\x08\x00\x00\x05", XLS),
)
_METAFILE_HEADS = (b"\xd7\xcd\xc6\x9a", b"\x01\x00\x00\x00", b"\x01\x00\x09\x00", b"\x02\x00\x09\x00")
_METAFILES = frozenset(("image/emf", "image/wmf"))
_GZIP, _HEAD = b"\x1f\x8b", 4096
_HOLDS_FILES = frozenset({"application/x-tar", "application/x-7z-compressed"})
_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Streams of an OLE compound file by which its application is known: MS-CFB 2.6.1 directory entries, names in UTF-16.
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("WordDocument", "application/msword"),
    ("Workbook", XLS),
    ("Book", XLS),  # Excel 5 and 95
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Quill", "application/x-mspublisher"),
)
# MS-OXMSG 2.4: in the root of a message file; the streams of what is attached stand below folders of their own.
_MESSAGE_STREAM = "__properties_version1.0"
# MS-OFFCRYPTO 2.3.2: an encrypted OOXML package is a compound file with these two streams.
_ENCRYPTION_STREAMS = frozenset(("EncryptedPackage", "EncryptionInfo"))

# The main part's content type says what a package is: ECMA-376-1, 15.2.
_MAIN_PART = re.compile(rb"""ContentType\s*=\s*["'](application/vnd\.[\w.-]+?)\.main(?:\+xml)?["']""", re.IGNORECASE)
_XPS_PART = b"fixeddocument+xml"  # of XPS and OpenXPS: ECMA-388, annex H
_FOLDERS = (("word/", DOCX), ("xl/", OOXML + "spreadsheetml.sheet"), ("ppt/", OOXML + "presentationml.presentation"))
# OpenDocument 1.3, part 2, 4.8.4: the entry of the package itself, with its attributes in either order.
_MANIFEST_ROOT = re.compile(
    rb"""full-path="/"[^>]{0,400}media-type="(application/vnd\.[a-z.-]+)"|"""
    rb"""media-type="(application/vnd\.[a-z.-]+)"[^>]{0,400}full-path="/\""""
)
_SMALL_BYTES = 4 << 20
# An OpenDocument in one XML file: OpenDocument 1.3, part 3, 3.1.2.
_FLAT_DOCUMENT = re.compile(
    rf"""<office:document\s[^>]{{0,8000}}office:mimetype=["']({re.escape(OPEN_DOCUMENT)}(?:text|spreadsheet|presentation|graphics))["'-]"""
)


class Detected(NamedTuple):
    """A media type, and what was odd about finding it."""

    media_type: str
    findings: list[FoundIssue]


def detect(document: bytes, hint: str, output_bytes_max: int) -> Detected:
    """The type of a document. Raises `Refused`: empty, encrypted, corrupt, bomb (a zip; text over the output limit)."""
    hint = hint.partition(";")[0].strip().lower()
    hint = _ALSO_CALLED.get(hint, hint)
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
    if document.startswith(_OLE_SIGNATURE):
        return _ole_type(document)
    if picture := _metafile(document, hint):
        return picture
    for offset, magic, media_type in _MAGIC:
        # Two letters prove little when the rest is text.
        if document.startswith(magic, offset) and (len(magic) > 2 or b"\x00" in document[:512]):
            return media_type
    # A package with something in front of it: readers of zip look for its end, not its beginning.
    if _ends_as_zip(document) and (hint in (ZIP, OCTETS) or _is_package_type(hint)):
        return _zip_type(document)
    return ""


def _metafile(document: bytes, hint: str) -> str:
    """EMF and WMF by their headers; packed ones, EMZ and WMZ, when that is what they are announced as."""
    if document.startswith(_METAFILE_HEADS):
        return kind_of_metafile(document)
    if document.startswith(_GZIP) and hint in _METAFILES:
        try:
            return kind_of_metafile(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(document[:_HEAD], _HEAD))
        except zlib.error:
            pass
    return ""


def _zip_type(document: bytes) -> str:
    from parsers.archive_guard import check_package, open_archive  # only for packages: zipfile costs 13 ms of CPU

    package = open_archive(document)
    media_type = _package_type(package)
    if media_type != ZIP:
        check_package(package)  # a document is read as a whole; of an archive, each member is for itself
    return media_type


def _package_type(package: "Package") -> str:
    names = {name.replace("\\", "/").lower(): name for name in package.namelist()}
    if "[content_types].xml" in names or "_rels/.rels" in names:
        declared = _read_small(package, names.get("[content_types].xml", ""))
        if kind := _ooxml_type(declared) or _type_of_folder(names):
            return kind
        if _XPS_PART in declared:
            return XPS
    if "mimetype" in names and package.getinfo(names["mimetype"]).file_size < 128:  # ODF and EPUB
        declared = package.read(names["mimetype"]).strip()
        if re.fullmatch(rb"[a-z]+/[a-z0-9.+-]+", declared):
            return declared.decode("ascii")
    if "content.xml" in names and (
        found := _MANIFEST_ROOT.search(_read_small(package, names.get("meta-inf/manifest.xml", "")))
    ):
        return (found[1] or found[2]).decode("ascii")
    return kind_of(package, names) or ZIP


def _read_small(package: "Package", name: str) -> bytes:
    """A member that says what a package is; nothing when it is missing, damaged or large."""
    if not name or package.getinfo(name).file_size > _SMALL_BYTES:
        return b""
    try:
        return package.read(name)
    except Refused as refused:
        if refused.refusal is not Refusal.CORRUPT:
            raise
        return b""


def _ooxml_type(content_types: bytes) -> str:
    """The media type that belongs to the type of the main part; "" when there is none we know."""
    for found in _MAIN_PART.finditer(content_types.replace(b"\x00", b"")):
        kind = found[1].decode("ascii").lower().replace("macroenabledtemplate", "macroenabled")
        kind = f"{kind}.12" if kind.endswith("macroenabled") else kind
        if kind in MODULE_OF_MEDIA_TYPE:
            return kind
    return ""


def _type_of_folder(names: Iterable[str]) -> str:
    names = list(names)
    return next((kind for folder, kind in _FOLDERS if any(name.startswith(folder) for name in names)), "")


def _ole_type(document: bytes) -> str:
    from parsers.compound_file import CompoundFile  # only for these files

    try:
        names = [entry.path for entry in CompoundFile(document).entries()]
    except Refused as refused:
        if refused.refusal is not Refusal.CORRUPT:
            raise
        names = []
    if not names:  # a damaged directory: what the bytes say is better than nothing
        known = (_MESSAGE_STREAM, *_ENCRYPTION_STREAMS, *(stream for stream, _ in _OLE_STREAMS if len(stream) > 4))
        names = [name for name in known if name.encode("utf-16-le") in document]
    if _MESSAGE_STREAM in names:
        return "application/vnd.ms-outlook"
    if not _ENCRYPTION_STREAMS.isdisjoint(names):
        return ENCRYPTED
    for stream, media_type in _OLE_STREAMS:
        if stream in names:
            return media_type
    return OLE


def _text_type(document: bytes, hint: str) -> str:
    head = decode_head(document)
    if head is None:
        return OCTETS
    if "office:document" in head and (flat := _FLAT_DOCUMENT.search(head)):
        return flat[1] + "-flat-xml"
    return sniff_text(head, hint)


def _ends_as_zip(document: bytes) -> bool:
    return document.rfind(b"PK\x05\x06", max(0, len(document) - 66_000)) >= 0


def _is_whole_zip(document: bytes) -> bool:
    """Whether the last end record says that the file ends with it."""
    position = document.rfind(b"PK\x05\x06", max(0, len(document) - 66_000))
    return position + 22 + int.from_bytes(document[position + 20 : position + 22], "little") == len(document)


def _mismatch(media_type: str, hint: str) -> list[FoundIssue]:
    both_text = media_type.startswith(_TEXT_FAMILY) and hint.startswith(_TEXT_FAMILY)
    # A template or a document with macros under a sister's name is read by the same parser: nobody is misled.
    same_parser = hint in MODULE_OF_MEDIA_TYPE and MODULE_OF_MEDIA_TYPE[hint] == MODULE_OF_MEDIA_TYPE.get(media_type)
    # What is in an encrypted package is known when it is open.
    locked = media_type == ENCRYPTED and _is_package_type(hint)
    if hint in _VAGUE or hint == media_type or both_text or same_parser or locked:
        return []
    evidence = f"announced as {hint}, content is {media_type}"
    return [FoundIssue(FindingKind.TYPE_MISMATCH, Severity.LOW, "document", evidence)]


def _is_package_type(media_type: str) -> bool:
    if media_type.startswith((OOXML, OPEN_DOCUMENT)):
        return not media_type.endswith("-flat-xml")
    return media_type in (XPS, EPUB, KEYNOTE, PAGES, NUMBERS) or "macroenabled" in media_type


def _polyglot(document: bytes, media_type: str) -> list[FoundIssue]:
    """A file that another reader would take for something else: a favourite for getting past a filter."""
    others = []
    is_package = media_type == ZIP or _is_package_type(media_type)
    if media_type == PDF and not document.startswith(b"%PDF-") and document[:2] in (b"PK", b"MZ", b"GI", b"\xff\xd8"):
        others.append(f"begins with {document[:4]!r}")
    # What holds files as they are has the end of a zip near its own: only one that ends with the file is odd.
    holds_files = document.startswith(_OLE_SIGNATURE) or media_type in _HOLDS_FILES
    if not is_package and _ends_as_zip(document) and (not holds_files or _is_whole_zip(document)):
        others.append("ends as a zip archive")
    if is_package and not document.startswith(b"PK"):
        others.append("something stands before the zip archive")
    return [FoundIssue(FindingKind.POLYGLOT, Severity.MEDIUM, "document", evidence) for evidence in others]
