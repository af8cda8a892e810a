"""TEST: the first guess at a type trusts signatures over names, and names only where a signature leaves it open."""

import pytest

from ingest.identify import UNKNOWN, media_type_hint

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "key", "hint"),
    [
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        (b"\x00" * 900 + b"%PDF-1.4", "a.docx", "application/pdf"),  # a lying extension, and junk before the header
        (b"PK\x03\x04", "dir/A.DOCX", DOCX),
        (b"PK\x03\x04", "a.txt", "application/zip"),
        (b"plain words", "a.docx", UNKNOWN),  # the name of a binary format proves nothing without its signature
        (b"plain words", "notes.md", "text/markdown"),
        (b"{}", "x.json", "application/json"),
        (b"", "empty.csv", "text/csv"),
        (b"", "", UNKNOWN),
        (b"MZ\x90", "invoice.pdf", "application/x-dosexec"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.docx", DOCX),  # what it is not: the sandbox tells of it
        (b"PK\x03\x04", "letter.doc", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "letter.DOC", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "flyer.pub", "application/x-mspublisher"),
        (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "notes.bin", "application/onenote"),
        (b"PK\x03\x04", "deck.key", "application/vnd.apple.keynote"),
        (b"-----BEGIN PRIVATE KEY-----", "server.key", UNKNOWN),
        (b"ssh-ed25519 AAAA key", "id_ed25519.pub", UNKNOWN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "show.pps", "application/vnd.ms-powerpoint"),
        (b"{\\rtf1", "letter.doc", "application/rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.XLS", "application/vnd.ms-excel"),
        (b"PK\x03\x04", "a.ods", "application/vnd.oasis.opendocument.spreadsheet"),
        (b"<?xml", "a.fodt", "application/vnd.oasis.opendocument.text-flat-xml"),
        (b"\x09\x04\x06\x00\x00\x00", "old.xls", "application/vnd.ms-excel"),
        (b"\x01\0\0\0" + bytes(36) + b" EMF", "picture.bin", "image/emf"),
        (b"\xd7\xcd\xc6\x9a", "picture", "image/wmf"),
        (b"\x01\x00\x09\x00\x00\x03", "picture.WMF", "image/wmf"),
        (b"\x1f\x8b", "picture.emz", "image/emf"),
        (b"\x1f\x8b", "letter.emf.gz", "application/gzip"),
        (b"words", "a.b/c", UNKNOWN),  # a dot in a folder's name is no extension
        (b"words", "pdf\u202etxt.md", "text/markdown"),
    ],
)
def test_hint(head: bytes, key: str, hint: str) -> None:
    assert media_type_hint(head, key) == hint
