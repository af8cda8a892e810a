"""HOST, trusted: a first guess at a file's type from its leading bytes and its name; never parses, never decides.

The guess picks the profile (which parsers are warm) and is a hint to the sandbox, which decides by content.
Signatures are from the formats' own specifications, as collected in the IANA registrations and in `file`'s magic.
"""

from typing import Final

LEADING_BYTES: Final = 2048

_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (40, b" EMF", "image/emf"),
    (0, b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-dosexec"),
    (257, b"ustar", "application/x-tar"),
    # Workbooks from before Excel 5 are no compound files: their first record tells the version.
    (0, b"\x09\x00\x04\x00", "application/vnd.ms-excel"),
    (0, b"\x09\x02\x06\x00", "application/vnd.ms-excel"),
    (0, b"\x09\x04\x06\x00", "application/vnd.ms-excel"),
)

_BY_EXTENSION: Final[dict[str, str]] = {
    "7z": "application/x-7z-compressed",
    "adoc": "text/asciidoc",
    "asciidoc": "text/asciidoc",
    "atom": "application/xml",
    "bash": "text/x-source-code",
    "bmp": "image/bmp",
    "bz2": "application/x-bzip2",
    "c": "text/x-source-code",
    "cc": "text/x-source-code",
    "cfg": "text/x-source-code",
    "conf": "text/x-source-code",
    "cpp": "text/x-source-code",
    "cs": "text/x-source-code",
    "css": "text/x-source-code",
    "csv": "text/csv",
    "dbk": "application/xml",
    "doc": "application/msword",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "dot": "application/msword",
    "dotm": "application/vnd.ms-word.template.macroEnabled.12",
    "dotx": "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    "emf": "image/emf",
    "eml": "message/rfc822",
    "emz": "image/emf",
    "epub": "application/epub+zip",
    "fodg": "application/vnd.oasis.opendocument.graphics-flat-xml",
    "fodp": "application/vnd.oasis.opendocument.presentation-flat-xml",
    "fods": "application/vnd.oasis.opendocument.spreadsheet-flat-xml",
    "fodt": "application/vnd.oasis.opendocument.text-flat-xml",
    "go": "text/x-source-code",
    "gz": "application/gzip",
    "h": "text/x-source-code",
    "hpp": "text/x-source-code",
    "htm": "text/html",
    "html": "text/html",
    "ini": "text/x-source-code",
    "ipynb": "application/x-ipynb+json",
    "java": "text/x-source-code",
    "js": "text/x-source-code",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "jsx": "text/x-source-code",
    "key": "application/vnd.apple.keynote",
    "kt": "text/x-source-code",
    "log": "text/plain",
    "ltx": "text/x-tex",
    "lua": "text/x-source-code",
    "markdown": "text/markdown",
    "mbox": "application/mbox",
    "md": "text/markdown",
    "mht": "multipart/related",
    "mhtml": "multipart/related",
    "msg": "application/vnd.ms-outlook",
    "ndjson": "application/x-ndjson",
    "numbers": "application/vnd.apple.numbers",
    "nxml": "application/xml",
    "odg": "application/vnd.oasis.opendocument.graphics",
    "odm": "application/vnd.oasis.opendocument.text-master",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "opml": "application/xml",
    "one": "application/onenote",
    "org": "text/org",
    "otg": "application/vnd.oasis.opendocument.graphics-template",
    "oth": "application/vnd.oasis.opendocument.text-web",
    "otp": "application/vnd.oasis.opendocument.presentation-template",
    "ots": "application/vnd.oasis.opendocument.spreadsheet-template",
    "ott": "application/vnd.oasis.opendocument.text-template",
    "oxps": "application/vnd.ms-xpsdocument",
    "pages": "application/vnd.apple.pages",
    "pdf": "application/pdf",
    "php": "text/x-source-code",
    "pl": "text/x-source-code",
    "pot": "application/vnd.ms-powerpoint",
    "potm": "application/vnd.ms-powerpoint.template.macroEnabled.12",
    "potx": "application/vnd.openxmlformats-officedocument.presentationml.template",
    "ppam": "application/vnd.ms-powerpoint.addin.macroEnabled.12",
    "pps": "application/vnd.ms-powerpoint",
    "ppsm": "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
    "ppsx": "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    "ppt": "application/vnd.ms-powerpoint",
    "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "properties": "text/x-source-code",
    "ps1": "text/x-source-code",
    "pub": "application/x-mspublisher",
    "py": "text/x-source-code",
    "r": "text/x-source-code",
    "rb": "text/x-source-code",
    "rs": "text/x-source-code",
    "rss": "application/xml",
    "rst": "text/x-rst",
    "rtf": "application/rtf",
    "scala": "text/x-source-code",
    "sh": "text/x-source-code",
    "sql": "text/x-source-code",
    "srt": "application/x-subrip",
    "svg": "image/svg+xml",
    "swift": "text/x-source-code",
    "tab": "text/tab-separated-values",
    "tar": "application/x-tar",
    "tbz2": "application/x-bzip2",
    "tex": "text/x-tex",
    "text": "text/plain",
    "tgz": "application/gzip",
    "toml": "application/toml",
    "ts": "text/x-source-code",
    "tsv": "text/tab-separated-values",
    "tsx": "text/x-source-code",
    "txt": "text/plain",
    "txz": "application/x-xz",
    "vtt": "text/vtt",
    "webp": "image/webp",
    "wmf": "image/wmf",
    "wmz": "image/wmf",
    "xhtml": "application/xhtml+xml",
    "xlam": "application/vnd.ms-excel.addin.macroEnabled.12",
    "xls": "application/vnd.ms-excel",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlt": "application/vnd.ms-excel",
    "xltm": "application/vnd.ms-excel.template.macroEnabled.12",
    "xltx": "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    "xml": "application/xml",
    "xz": "application/x-xz",
    "xps": "application/vnd.ms-xpsdocument",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
}

# What many formats are packed in: among those that begin so, the name says which. A name of the other kind (a DOCX
# called .doc) is kept, too: the sandbox tells of it.
_PACKED: Final = {
    "application/zip": ("application/vnd.", "application/epub", "application/msword"),
    "application/x-ole-storage": ("application/msword", "application/vnd.", "application/x-mspublisher"),
    "application/gzip": ("image/emf", "image/wmf"),
}

UNKNOWN: Final = "application/octet-stream"


def media_type_hint(leading_bytes: bytes, key: str) -> str:
    """A media type: by signature when there is one, refined or else guessed by the key's extension.

    `leading_bytes` are the first `LEADING_BYTES` of the file, or all of a shorter one.
    """
    by_name = media_type_of_name(key)
    by_content = _by_signature(leading_bytes[:LEADING_BYTES])
    if by_content == UNKNOWN:
        # A binary format's extension proves nothing when its signature is missing.
        return UNKNOWN if by_name.startswith("application/") and not _is_text_type(by_name) else by_name
    if by_name.startswith(_PACKED.get(by_content, ())):
        return by_name
    return by_content


def media_type_of_name(key: str) -> str:
    """What a key's extension claims. Good enough to warm up a sandbox, never to choose how to read."""
    _, dot, extension = key.rpartition("/")[2].rpartition(".")
    return _BY_EXTENSION.get(extension.lower(), UNKNOWN) if dot else UNKNOWN


def _by_signature(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:  # ISO 32000-1, annex H: readers accept the header within the first 1024 bytes
        return "application/pdf"
    return next((kind for offset, magic, kind in _SIGNATURES if head[offset:].startswith(magic)), UNKNOWN)


def _is_text_type(media_type: str) -> bool:
    return media_type.startswith(("text/", "message/", "multipart/")) or media_type.endswith("xml") or media_type in {
        "application/json", "application/x-ndjson", "application/mbox", "application/toml", "application/x-ipynb+json",
        "application/x-subrip", "application/yaml",
    }  # fmt: skip
