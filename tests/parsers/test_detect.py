"""TEST: media types by content, the hint as a tie-break, and packages that must not be opened."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest

from contract.verdicts import FindingKind, Refusal
from ingest.identify import media_type_hint
from parsers.archive_guard import open_package
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.registry import DOCX
from tests.parsers.ole_file import compound_file

OUTPUT = 64 << 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLTX = "application/vnd.openxmlformats-officedocument.spreadsheetml.template"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
PPSX = "application/vnd.openxmlformats-officedocument.presentationml.slideshow"
MS = "application/vnd.ms-"
MACRO = MS + "{}.macroenabled.12"
XLS = "application/vnd.ms-excel"
ODT = "application/vnd.oasis.opendocument.text"
MANIFEST = b'<m:manifest><m:file-entry m:media-type="%s" m:full-path="/"/></m:manifest>' % ODT.encode()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def kind_of(document: bytes, hint: str = "") -> str:
    return detect(document, hint, OUTPUT).media_type


def package(**members: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


XHTML_ROOT = b'<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head/><body><p>x</p></body></html>'


def ooxml(folder: str, main_type: str) -> bytes:
    types = f'<Types><Override PartName="/{folder}/main" ContentType="{main_type}"/></Types>'
    return package(**{"[Content_Types].xml": types.encode(), f"{folder}__main": b"<x/>"})


def docx(**more: bytes) -> bytes:
    return package(**{"[Content_Types].xml": b"<Types/>", "word__document.xml": b"<w:document/>"}, **more)


@pytest.mark.parametrize(
    ("document", "hint", "expected"),
    [
        (b"%PDF-1.7\n...", "", "application/pdf"),
        (b"\n\njunk %PDF-1.4", "text/plain", "application/pdf"),
        (b"<!DOCTYPE html><p>x", "", "text/html"),
        (b"<!-- a comment -->\n<HTML><body>x", "text/plain", "text/html"),
        (b"<div>fragment</div>", "", "text/html"),
        (b"<div align='center'>logo</div>\n\n# Title", "text/markdown", "text/markdown"),
        (b"no tag at all", "text/html", "text/html"),
        (b"<?xml version='1.0'?><html xmlns='x'>", "", "text/html"),
        (b"<?xml version='1.0'?><rss/>", "", "application/xml"),
        (b"<?xml version='1.0'?><!DOCTYPE html>" + XHTML_ROOT, "", "application/xhtml+xml"),
        (XHTML_ROOT, "application/xhtml+xml", "application/xhtml+xml"),
        (XHTML_ROOT, "", "text/html"),
        (b"<?xml version='1.0'?>" + XHTML_ROOT, "text/html", "text/html"),
        (b"<html><p>x", "application/xhtml+xml", "text/html"),
        (b"<svg xmlns='x'/>", "", "image/svg+xml"),
        (b'{"a": 1}', "", "application/json"),
        (b'{"a": 1}', "text/plain", "application/json"),
        (b'{"a": 1}\n{"a": 2}\n', "", "application/x-ndjson"),
        (b'{"a": 1}\n{"a": 2}\n', "application/json", "application/x-ndjson"),
        (b'\xef\xbb\xbf[1]\r\n\r\n["b"]', "", "application/x-ndjson"),
        (b'{"a": 1}\n', "application/x-ndjson", "application/x-ndjson"),
        (b"no value at all\n{}", "application/x-ndjson", "application/x-ndjson"),
        (b'{\n "a": 1\n}\n', "application/x-ndjson", "application/json"),
        (b'{"a":\n {"b": 1}\n}\n', "", "application/json"),
        (b"[" * 60_000 + b"\n[]", "", "application/json"),
        (b"[1] a footnote, not JSON", "text/plain", "text/plain"),
        (b"- [x] done\n# Title", "text/markdown", "text/markdown"),
        (b"# Title\n\nSee [this](http://x).\n", "", "text/markdown"),
        (b"# Title\n\nSee [this](http://x).\n", "text/plain", "text/plain"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n", "", "text/csv"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n", "text/plain", "text/plain"),
        (b"a\tb\tc\n1\t2\t3\n4\t5\t6\n7\t8\t9\n", "", "text/tab-separated-values"),
        (b"Hello, world.", "", "text/plain"),
        ("Привет".encode("utf-16"), "", "text/plain"),
        (b"From: a@b\nDate: today\nSubject: x\n\nHello", "", "message/rfc822"),
        (b"From: a@b\nDate: today\nSubject: x\n\nHello", "text/plain", "text/plain"),
        (b"From: a@b\nSubject: x\n\nHello", "message/rfc822", "message/rfc822"),
        (b"From a@b Mon May  6 10:00:00 2024\nSubject: x\n\nHello", "message/rfc822", "message/rfc822"),
        (b"From a@b Mon May  6 10:00:00 2024\nSubject: x\n\nHello", "", "application/mbox"),
        (b"From a@b Mon May  6 10:00:00 2024\n\nNo field.\n\nFrom c@d Tue May  7 10:00:00 2024\nSubject: x\n\ny\n",
         "", "application/mbox"),
        (b"From a@b Mon May  6 10:00:00 2024\n\nNo field.\n", "application/mbox", "application/mbox"),
        (b"From a@b 6 May 2024\n\nNo field.\n", "application/mbox", "application/mbox"),
        (b"From a@b 6 May 2024\n\nNo field.\n", "", "text/plain"),
        (b"From Monday on we met at 10.\n\nIt rained.\n", "application/mbox", "text/plain"),
        (b"no field at all", "message/rfc822", "text/plain"),
        (b"From: <Saved by Blink>\nDate: x\nMIME-Version: 1\nContent-Type: multipart/related; a=b\n\n", "",
         "multipart/related"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nx", "text/plain", "text/vtt"),
        (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nx", "", "application/x-subrip"),
        (b'{"cells": [{"cell_type": "code"}], "nbformat": 4}', "application/json", "application/x-ipynb+json"),
        (b'{"cells": 3}', "application/json", "application/json"),
        (b"\\documentclass{article}\n\\begin{document}x", "", "text/x-tex"),
        (b"a: 1\n", "application/yaml", "application/yaml"),
        (b'{"a": 1}', "application/yaml", "application/json"),
        (b"[a]\nb = [[1]]\n[c]", "application/toml", "application/toml"),
        (b"= Title\n\nx", "text/asciidoc", "text/asciidoc"),
        (b"<html><p>x", "text/asciidoc", "text/html"),
        (b"<article><front/></article>", "application/xml", "application/xml"),
        (b"\x78\x9f\x3e\x22\x00\x00", "", "application/vnd.ms-tnef"),
        (OLE + "__properties_version1.0 WordDocument EncryptedPackage".encode("utf-16-le"), "",
         "application/vnd.ms-outlook"),
        (b"{\\rtf1 x}", "", "application/rtf"),
        (b"\x00\x01\x02\x03" * 40, "text/plain", "application/octet-stream"),
        (b"MZ is what this note begins with", "text/plain", "text/plain"),
        (OLE + "WordDocument".encode("utf-16-le"), "", "application/msword"),
        (docx(), "application/pdf", DOCX),
        (package(**{"_rels__.rels": b"", "xl__workbook.xml": b""}), "", XLSX),
        (package(mimetype=b"application/epub+zip"), "", "application/epub+zip"),
        (package(readme=b"x"), "", "application/zip"),
        (ooxml("word", "application/vnd.ms-word.document.macroEnabled.main+xml"), "", MACRO.format("word.document")),
        (ooxml("word", MS + "word.template.macroEnabledTemplate.main+xml"), "", MACRO.format("word.template")),
        (ooxml("xl", "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml"), "", XLTX),
        (ooxml("xl", MS + "excel.sheet.binary.macroEnabled.main"), "", MACRO.format("excel.sheet.binary")),
        (ooxml("ppt", "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"), "", PPSX),
        (ooxml("ppt", "application/x-unheard-of.main+xml"), "", PPTX),
        (package(mimetype=b"application/vnd.oasis.opendocument.text\n"), "", ODT),
        (package(**{"content.xml": b"<x/>", "META-INF__manifest.xml": MANIFEST}), "", ODT),
        (b'<?xml version="1.0"?><office:document office:mimetype="' + ODT.encode() + b'">', "", ODT + "-flat-xml"),
        (compound_file({"Workbook": b"x"}), "", XLS),
        (compound_file({"Book": b"x"}), "", XLS),
        (compound_file({"WordDocument": b"x", "ObjectPool/_1/Workbook": b"x"}), "", "application/msword"),
        (compound_file({"Other": "Workbook".encode("utf-16-le")}), "", "application/x-ole-storage"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "", XLS),
    ],
)  # fmt: skip
def test_types(document: bytes, hint: str, expected: str) -> None:
    assert kind_of(document, hint) == expected


@pytest.mark.parametrize("document", [b"", b" \r\n\t\x00\x00"])
def test_nothing_is_empty(document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        detect(document, "text/plain", OUTPUT)
    assert refused.value.refusal is Refusal.EMPTY


@pytest.mark.parametrize("stream", ["EncryptedPackage", "EncryptionInfo"])
def test_an_encrypted_package_is_told_by_either_stream(stream: str) -> None:
    assert kind_of(OLE + stream.encode("utf-16-le"), DOCX) == "application/encrypted"


def test_text_that_cannot_fit_into_the_output_is_refused_unread() -> None:
    with pytest.raises(Refused) as refused:
        detect(b"x" * 2000, "text/plain", 1000)
    assert refused.value.refusal is Refusal.BOMB


def findings_of(document: bytes, hint: str) -> list[FindingKind]:
    return [issue.kind for issue in detect(document, hint, OUTPUT).findings]


def test_a_lying_type_is_a_finding() -> None:
    assert findings_of(b"%PDF-1.7", "image/png") == [FindingKind.TYPE_MISMATCH]
    assert findings_of(b"just text", "application/pdf") == [FindingKind.TYPE_MISMATCH]
    assert findings_of(docx(), media_type_hint(docx()[:2048], "letter.doc")) == [FindingKind.TYPE_MISMATCH]
    document = compound_file({"WordDocument": b"x"})
    assert findings_of(document, media_type_hint(document[:2048], "letter.docx")) == [FindingKind.TYPE_MISMATCH]


def test_a_more_exact_type_is_no_lie() -> None:
    assert findings_of(docx(), "application/zip") == []
    assert findings_of(b"%PDF-1.7", "application/octet-stream") == []
    assert findings_of(b'{"a": 1}', "text/plain") == []


def test_a_document_behind_something_else_is_read_and_told() -> None:
    document = b"<html>hi</html>" + docx()
    hint = media_type_hint(document[:2048], "letter.docx")
    assert kind_of(document, hint) == DOCX
    assert FindingKind.POLYGLOT in findings_of(document, hint)


def test_the_name_of_a_sister_format_is_no_lie() -> None:
    assert findings_of(ooxml("word", MS + "word.document.macroEnabled.main+xml"), DOCX) == []
    assert findings_of(ooxml("xl", "application/vnd.x"), XLTX) == []
    assert findings_of(ooxml("xl", "application/vnd.x"), PPTX) == [FindingKind.TYPE_MISMATCH]
    assert findings_of(b"<html><body>report</body></html>", XLS) == [FindingKind.TYPE_MISMATCH]


def test_a_package_inside_a_compound_file_is_no_second_format() -> None:
    inside = compound_file({"Workbook": b"x" * 5000, "Package": package(a=b"x")})
    assert findings_of(inside, XLS) == []
    assert findings_of(inside + package(a=b"x"), XLS) == [FindingKind.POLYGLOT]


def test_encryption_is_told_by_streams_not_by_text() -> None:
    assert kind_of(compound_file({"Workbook": "EncryptedPackage".encode("utf-16-le")})) == XLS
    assert kind_of(compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x" * 5000})) == "application/encrypted"


def test_two_formats_in_one_file_are_a_finding() -> None:
    assert FindingKind.POLYGLOT in findings_of(b"%PDF-1.7\n" + docx(), "application/pdf")
    archive = b"7z\xbc\xaf\x27\x1c" + docx()
    assert findings_of(archive, "application/x-7z-compressed") == [FindingKind.POLYGLOT]
    assert findings_of(archive + b"its directory", "application/x-7z-compressed") == []  # a member, packed as it is
    assert FindingKind.POLYGLOT in findings_of(b"<html>hi</html>" + docx(), DOCX)


class TestOpenPackage:
    """Archives that lie or explode; each must be refused before a parser sees it."""

    def refusal(self, document: bytes) -> Refusal:
        with pytest.raises(Refused) as refused:
            open_package(document)
        return refused.value.refusal

    def test_a_good_package_reads(self) -> None:
        opened = open_package(docx(extra=b"x" * 100_000))
        assert opened.read("word/document.xml") == b"<w:document/>"
        assert opened.read("extra") == b"x" * 100_000
        with pytest.raises(KeyError):
            opened.read("missing")

    def test_a_flat_bomb(self) -> None:
        """A member of zeros, a thousand times smaller than what it unpacks to."""
        assert self.refusal(docx(zeros=bytes(64 << 20))) is Refusal.BOMB

    def test_a_member_larger_than_it_declares(self) -> None:
        """The directory says 10 bytes, the stream has 40 MB: `zipfile` would inflate them all."""
        document = bytearray(package(a=bytes(40 << 20)))
        directory = document.rfind(b"PK\x01\x02")
        struct.pack_into("<L", document, directory + 24, 10)
        assert self.refusal(bytes(document)) is Refusal.BOMB

    def test_overlapping_members(self) -> None:
        """Two directory entries for one stream: a quine-like bomb multiplies content that is stored once."""
        document = package(a=b"some content", b=b"some content")
        first, second = document.find(b"PK\x01\x02"), document.rfind(b"PK\x01\x02")
        twisted = bytearray(document)
        twisted[second + 42 : second + 46] = document[first + 42 : first + 46]
        assert self.refusal(bytes(twisted)) is Refusal.BOMB

    def test_too_many_members(self) -> None:
        assert self.refusal(package(**{f"m{number}": b"" for number in range(20_001)})) is Refusal.BOMB

    def test_a_directory_that_announces_more_than_it_may_have(self) -> None:
        document = bytearray(package(a=b"x"))
        end = document.rfind(b"PK\x05\x06")
        struct.pack_into("<L", document, end + 12, 0x7FFFFFFF)
        assert self.refusal(bytes(document)) is Refusal.BOMB

    def test_encrypted_members(self) -> None:
        document = bytearray(package(a=b"x"))
        struct.pack_into("<H", document, document.rfind(b"PK\x01\x02") + 8, 1)
        assert self.refusal(bytes(document)) is Refusal.ENCRYPTED

    @pytest.mark.parametrize("cut", [4, 30, -1, -10])
    def test_a_truncated_package_is_corrupt(self, cut: int) -> None:
        assert self.refusal(docx()[:cut]) is Refusal.CORRUPT

    def test_a_damaged_member_is_corrupt_when_read(self) -> None:
        document = package(a=zlib.compress(bytes(range(256)) * 20))
        at = document.find(b"PK\x01\x02") - 20
        damaged = document[:at] + b"\xff\xff" + document[at + 2 :]
        with pytest.raises(Refused) as refused:
            open_package(damaged).read("a")
        assert refused.value.refusal is Refusal.CORRUPT

    def test_an_unknown_compression_is_unsupported(self) -> None:
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("a", b"x" * 100)
        with pytest.raises(Refused) as refused:
            open_package(buffer.getvalue()).read("a")
        assert refused.value.refusal is Refusal.UNSUPPORTED
