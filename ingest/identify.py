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
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-dosexec"),
    (257, b"ustar", "application/x-tar"),
)

_BY_EXTENSION: Final[dict[str, str]] = {
    "bz2": "application/x-bzip2",
    "csv": "text/csv",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "dotx": "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    "gz": "application/gzip",
    "htm": "text/html",
    "html": "text/html",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "log": "text/plain",
    "markdown": "text/markdown",
    "md": "text/markdown",
    "ndjson": "application/x-ndjson",
    "pdf": "application/pdf",
    "tab": "text/tab-separated-values",
    "tar": "application/x-tar",
    "tbz2": "application/x-bzip2",
    "tgz": "application/gzip",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "txz": "application/x-xz",
    "xhtml": "application/xhtml+xml",
    "xz": "application/x-xz",
    "zip": "application/zip",
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
    if by_content == "application/zip" and by_name.startswith("application/vnd."):
        return by_name
    return by_content


def media_type_of_name(key: str) -> str:
    """What a key's extension claims. Good enough to warm up a sandbox, never to choose how to read."""
    return _BY_EXTENSION.get(key.rpartition("/")[2].rpartition(".")[2].lower(), UNKNOWN)


def _by_signature(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:  # ISO 32000-1, annex H: readers accept the header within the first 1024 bytes
        return "application/pdf"
    return next((kind for offset, magic, kind in _SIGNATURES if head[offset:].startswith(magic)), UNKNOWN)


def _is_text_type(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in {
        "application/json", "application/x-ndjson", "application/xhtml+xml",
    }  # fmt: skip
