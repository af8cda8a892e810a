"""TEST: archives pass on their members and list them; bombs, lies, links and damage cost what they are, and no more."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from contract.verdicts import FindingKind, Refusal, Withheld
from parsers.archive.compressed import CompressedParser
from parsers.archive.tar_members import TarParser
from parsers.archive.zip_members import ZipParser
from parsers.blocks import ParsedDocument, Parser, Refused, Report
from parsers.detect import detect
from parsers.registry import parser_for


@dataclass
class Basket:
    """An outlet that keeps what it is given: name to bytes, or to why there are none."""

    files: list[tuple[str, bytes | str]] = field(default_factory=list)
    largest: int = 0

    def embed(self, name: str, content: bytes | Iterable[bytes], media_type: str = "") -> None:
        held = b""
        try:
            for piece in (content,) if isinstance(content, bytes) else content:
                self.largest = max(self.largest, len(piece))
                held += piece
        except Refused as refused:
            self.files.append((name, f"{refused.refusal}: {refused.detail}"))
        else:
            self.files.append((name, held))

    def withhold(self, name: str, why: Withheld, detail: str, size: int = 0) -> None:
        self.files.append((name, f"{why}: {detail}"))


def read(parser: Parser, document: bytes) -> tuple[dict[str, bytes | str], ParsedDocument]:
    basket = Basket()
    parsed = parser.parse(document, Report(lambda *_: None, basket))
    assert basket.largest <= 1 << 20
    return dict(basket.files), parsed


def refusal(parser: Parser, document: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        read(parser, document)
    return refused.value.refusal


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(*members: tuple[str, bytes], **more: object) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def kinds(parsed: ParsedDocument) -> list[FindingKind]:
    return [finding.kind for finding in parsed.findings]


class TestZip:
    def test_members_go_out_and_are_listed(self) -> None:
        files, parsed = read(ZipParser(), zipped(**{"docs/a.txt": b"words" * 1000, "b.bin": b"\0\1", "folder/": b""}))
        assert files == {"docs/a.txt": b"words" * 1000, "b.bin": b"\0\1"}
        assert parsed.blocks[0].text == "2 files"
        assert "docs/a.txt\t5000" in parsed.blocks[1].text

    def test_the_content_says_that_it_is_an_archive(self) -> None:
        detected = detect(zipped(a=b"x"), "application/octet-stream", 1 << 20)
        assert detected.media_type == "application/zip"
        assert parser_for("application/zip") is not None

    def test_an_encrypted_member_is_told_and_the_others_read(self) -> None:
        document = bytearray(zipped(a=b"secret", b=b"open"))
        struct.pack_into("<H", document, document.find(b"PK\x01\x02") + 8, 1)
        assert detect(bytes(document), "", 1 << 20).media_type == "application/zip"
        assert read(ZipParser(), bytes(document))[0] == {"a": "encrypted: needs a password", "b": b"open"}

    def test_a_member_of_zeros_is_a_bomb_and_its_sibling_is_read(self) -> None:
        files, _ = read(ZipParser(), zipped(zeros=bytes(40 << 20), a=b"words"))
        assert str(files["zeros"]).startswith("bomb: unpacks to more than 200 times")
        assert files["a"] == b"words"

    def test_a_member_larger_than_it_declares_stops_there(self) -> None:
        """The directory says 10 bytes, the stream has 8 MB."""
        document = bytearray(zipped(a=bytes(8 << 20), b=b"words"))
        struct.pack_into("<L", document, document.find(b"PK\x01\x02") + 24, 10)
        files, _ = read(ZipParser(), bytes(document))
        assert files == {"a": "bomb: zip: a member is larger than it declares", "b": b"words"}

    def test_overlapping_members_are_refused_as_a_whole(self) -> None:
        """Two directory entries for one stream: 42 kB become 5 GB when content that is stored once is read for each."""
        document = zipped(a=b"some content", b=b"some content")
        twisted = bytearray(document)
        first, second = document.find(b"PK\x01\x02"), document.rfind(b"PK\x01\x02")
        twisted[second + 42 : second + 46] = document[first + 42 : first + 46]
        assert refusal(ZipParser(), bytes(twisted)) is Refusal.BOMB

    def test_a_damaged_member_is_corrupt_alone(self) -> None:
        document = zipped(a=zlib.compress(bytes(range(256)) * 20), b=b"words")
        at = document.index(b"a", 30) + 60  # its name, not the time before it, which has an "a" in it at times
        files, _ = read(ZipParser(), document[:at] + b"\xff\xff" + document[at + 2 :])
        assert str(files["a"]).startswith("corrupt: ")
        assert files["b"] == b"words"

    def test_links_and_devices_are_findings_and_never_followed(self) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, kind in (("link", stat.S_IFLNK), ("device", stat.S_IFBLK), ("plain", stat.S_IFREG)):
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, (kind | 0o644) << 16
                archive.writestr(info, "/etc/passwd")
        files, parsed = read(ZipParser(), buffer.getvalue())
        assert files == {"plain": b"/etc/passwd"}
        told = [finding.evidence for finding in parsed.findings if finding.kind is FindingKind.NOT_EXAMINED]
        assert told == ["1 × symbolic link, not followed: link", "1 × special file, not followed: device"]

    def test_names_go_out_as_they_are(self) -> None:
        """What a name hides behind a NUL, `zipfile` cuts off; the host is to see it."""
        document = zipped(**{"../../x": b"1", "a.txtX.exe": b"2"}).replace(b"a.txtX.exe", b"a.txt\0.exe")
        assert read(ZipParser(), document)[0] == {"../../x": b"1", "a.txt\0.exe": b"2"}

    def test_an_archive_of_nothing_is_empty(self) -> None:
        assert refusal(ZipParser(), zipped()) is Refusal.EMPTY
        assert refusal(ZipParser(), zipped(**{"folder/": b""})) is Refusal.EMPTY

    def test_a_package_of_a_known_kind_is_still_checked_as_a_whole(self) -> None:
        document = zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": bytes(64 << 20)})
        with pytest.raises(Refused) as refused:
            detect(document, "", 1 << 20)
        assert refused.value.refusal is Refusal.BOMB


class TestTar:
    def test_members_go_out_and_are_listed(self) -> None:
        name = "ä" * 150 + ".txt"
        files, parsed = read(TarParser(), tarred(("docs/a.txt", b"words"), (name, b"x" * 600_000), ("empty", b"")))
        assert files == {"docs/a.txt": b"words", name: b"x" * 600_000, "empty": b""}
        assert "docs/a.txt\t5" in parsed.blocks[1].text
        assert detect(tarred(("a", b"words")), "", 1 << 20).media_type == "application/x-tar"

    def test_links_devices_and_folders_are_no_files(self) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, kind in (
                ("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE),
                ("null", tarfile.CHRTYPE), ("folder", tarfile.DIRTYPE), ("a", tarfile.REGTYPE),
            ):  # fmt: skip
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, "/etc/passwd"
                archive.addfile(info)
        files, parsed = read(TarParser(), buffer.getvalue())
        assert files == {"a": b""}
        told = [finding.evidence for finding in parsed.findings if finding.kind is FindingKind.NOT_EXAMINED]
        assert told == [
            "2 × link, not followed: link to /etc/passwd, hard to /etc/passwd",
            "2 × special file, not followed: pipe, null",
        ]

    def test_what_breaks_off_is_read_up_to_there(self) -> None:
        document = tarred(("a", b"words"), ("b", b"y" * 5000))
        files, parsed = read(TarParser(), document[:3000])
        assert files["a"] == b"words"
        assert str(files["b"]).startswith("corrupt: tar: breaks off")
        assert FindingKind.TRUNCATED in kinds(parsed)

    def test_a_header_that_leads_backwards_ends_it(self) -> None:
        """A negative size, in base 256, sends a reader back to the member before, for ever (CVE-2025-8194)."""
        document = bytearray(tarred(("a", b"words"), ("b", b"")))
        at = 1024
        document[at + 124 : at + 136] = b"\xff" * 10 + b"\xfc\x00"  # -1024
        document[at + 148 : at + 156] = b" " * 8
        document[at + 148 : at + 156] = b"%06o\0 " % sum(document[at : at + 512])
        files, parsed = read(TarParser(), bytes(document))
        assert files["a"] == b"words"
        assert FindingKind.TRUNCATED in kinds(parsed)

    def test_a_sparse_member_of_nothing_but_holes_is_a_bomb(self) -> None:
        """GNU sparse format 1.0: a header that promises a terabyte of zeros and holds one block."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            info = tarfile.TarInfo("holes")
            content = b"1\n0\n0\n".ljust(512, b"\0")
            info.size = len(content)
            info.pax_headers = {
                "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "holes",
                "GNU.sparse.realsize": str(1 << 40),
            }  # fmt: skip
            archive.addfile(info, io.BytesIO(content))
        files, _ = read(TarParser(), buffer.getvalue())
        assert str(files["holes"]).startswith(("bomb: ", "corrupt: "))

    def test_no_tar_is_corrupt(self) -> None:
        assert refusal(TarParser(), b"x" * 2000) is Refusal.CORRUPT


COMPRESS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


class TestCompressed:
    @pytest.mark.parametrize("kind", COMPRESS)
    def test_the_content_goes_out(self, kind: str) -> None:
        content = b"log line\n" * 200_000
        files, parsed = read(CompressedParser(), COMPRESS[kind](content))
        assert files == {"": content}
        assert str(len(content)) in parsed.blocks[1].text

    @pytest.mark.parametrize("kind", COMPRESS)
    def test_streams_behind_each_other_are_one_file(self, kind: str) -> None:
        document = COMPRESS[kind](b"one, ") + COMPRESS[kind](b"two") + bytes(8 if kind != "bzip2" else 0)
        assert read(CompressedParser(), document)[0] == {"": b"one, two"}

    @pytest.mark.parametrize("kind", COMPRESS)
    def test_zeros_are_a_bomb(self, kind: str) -> None:
        """A thousand to one and, of bzip2 and xz, far beyond."""
        files, _ = read(CompressedParser(), COMPRESS[kind](bytes(64 << 20)))
        assert str(files[""]).startswith("bomb: ")

    @pytest.mark.parametrize("kind", COMPRESS)
    def test_half_of_it_is_corrupt(self, kind: str) -> None:
        document = COMPRESS[kind](bytes(range(256)) * 4000)
        assert str(read(CompressedParser(), document[:-20])[0][""]).startswith("corrupt: ")

    def test_the_name_in_a_gzip_header_is_used(self) -> None:
        buffer = io.BytesIO()
        with gzip.GzipFile("notes.txt", "wb", fileobj=buffer) as packed:
            packed.write(b"words")
        assert read(CompressedParser(), buffer.getvalue())[0] == {"notes.txt": b"words"}

    def test_an_xz_that_wants_too_much_memory_is_corrupt_not_a_crash(self) -> None:
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 200 << 20}]
        document = lzma.compress(b"words", filters=filters)
        assert str(read(CompressedParser(), document)[0][""]).startswith("corrupt: ")
