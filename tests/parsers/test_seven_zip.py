"""TEST: 7z archives, as py7zr writes them and as nobody should: files go out, lies and bombs cost what they are."""

import bz2
import io
import lzma
import random
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import py7zr
import pytest

from contract.verdicts import FindingKind, Refusal, Withheld
from parsers.archive import seven_zip
from parsers.archive.seven_zip import SevenZipParser
from parsers.archive.seven_zip_header import SIGNATURE
from parsers.blocks import Refused, Report
from parsers.detect import detect
from parsers.registry import parser_for
from tests.parsers.seven_zip_file import LZMA2, by_hand, files, lzma2, number, sealed, solid, streams
from tests.parsers.test_archives import Basket, kinds, read, refusal

PARSER = SevenZipParser()
_random = random.Random(7)
# Calls of x86 and branches of ARM and PowerPC among them, so that a filter has something to do; longer than a piece.
CODE = b"".join(_random.choice((b"\xe8", b"\xeb", b"\x48")) + _random.randbytes(3) for _ in range(90_000)) + b"\xe8\1\2"
WORDS = b"words and more words. " * 20_000
FILES = {"docs/a.txt": WORDS, "b.bin": CODE, "c.txt": b"c", "ünï 漢字.txt": b"name"}
ONE = [{"id": py7zr.FILTER_LZMA2, "preset": 1}]
FILTERS = {
    "copy": [{"id": py7zr.FILTER_COPY}],
    "lzma": [{"id": py7zr.FILTER_LZMA}],
    "lzma2": ONE,
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "delta": [{"id": py7zr.FILTER_DELTA, "dist": 4}, *ONE],
    **{
        f"{name} {packer}": [{"id": kind}, {"id": packed}]
        for name, kind in (
            ("x86", py7zr.FILTER_X86), ("arm", py7zr.FILTER_ARM), ("armthumb", py7zr.FILTER_ARMTHUMB),
            ("powerpc", py7zr.FILTER_POWERPC), ("sparc", py7zr.FILTER_SPARC),
        )
        for packer, packed in (("lzma", py7zr.FILTER_LZMA), ("lzma2", py7zr.FILTER_LZMA2))
    },
}  # fmt: skip


def packed(files: dict[str, bytes], *, plain_header: bool = False, onto: bytes = b"", **options: object) -> bytes:
    """An archive by py7zr; all files in one block, behind the blocks of the archive `onto`."""
    buffer = io.BytesIO(onto)
    with py7zr.SevenZipFile(buffer, "a" if onto else "w", **{"filters": ONE, **options}) as archive:
        archive.set_encoded_header_mode(not plain_header)
        for name, content in files.items():
            archive.writestr(content, name)
    return buffer.getvalue()


def resealed(archive: bytes, old: bytes, new: bytes) -> bytes:
    """The same archive with something else in its (plain) header."""
    place, size = struct.unpack_from("<QQ", archive, 12)
    header = archive[32 + place : 32 + place + size]
    assert header.count(old) == 1
    return sealed(header.replace(old, new), archive[32 : 32 + place])


class TestReading:
    @pytest.mark.parametrize("name", FILTERS)
    def test_what_py7zr_packs_goes_out_again(self, name: str) -> None:
        got, parsed = read(PARSER, packed(FILES, filters=FILTERS[name]))
        assert got == FILES
        assert parsed.blocks[0].text == "4 files"
        assert f"docs/a.txt\t{len(WORDS)}" in parsed.blocks[1].text
        assert kinds(parsed) == [FindingKind.EMBEDDED_FILE]

    def test_the_content_says_that_it_is_an_archive(self) -> None:
        detected = detect(packed({"a": b"x"}), "application/octet-stream", 1 << 20)
        assert detected.media_type == "application/x-7z-compressed"
        assert isinstance(parser_for(detected.media_type), SevenZipParser)

    def test_a_header_that_is_not_packed_and_several_blocks(self) -> None:
        archive = packed({"d": WORDS, "e": b"e"}, onto=packed(FILES, plain_header=True), plain_header=True)
        assert read(PARSER, archive)[0] == {**FILES, "d": WORDS, "e": b"e"}

    def test_a_block_is_unpacked_once_for_all_its_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        blocks: list[int] = []
        unpack = seven_zip.unpacked
        monkeypatch.setattr(seven_zip, "unpacked", lambda document, b: blocks.append(b.start) or unpack(document, b))
        archive = packed({f"{n}.txt": b"%d" % n for n in range(50)}, plain_header=True)
        assert len(read(PARSER, archive)[0]) == 50
        assert blocks == [32]

    def test_empty_files_folders_and_links(self, tmp_path: Path) -> None:
        """A link's content is where it leads to; it is never followed and never passed on."""
        (tmp_path / "folder").mkdir()
        (tmp_path / "empty").touch()
        (tmp_path / "link").symlink_to("empty")
        with py7zr.SevenZipFile(tmp_path / "archive.7z", "w") as archive:
            for name in ("folder", "empty", "link"):
                archive.write(tmp_path / name, name)
            archive.writestr(b"behind", "behind.txt")
        got, parsed = read(PARSER, (tmp_path / "archive.7z").read_bytes())
        assert got == {"empty": b"", "behind.txt": b"behind"}
        assert "1 × symbolic link, not followed: link" in parsed.findings[1].evidence

    @pytest.mark.parametrize("name", ["../../up", "/etc/abs", "C:\\wind", "a\u202etxt"])
    def test_names_go_out_as_they_are(self, name: str) -> None:
        """The host takes the path off, and tells of it; here a name is only data."""
        placeholder = "x" * len(name)
        archive = packed({placeholder: b"content"}, plain_header=True)
        old, new = (each.encode("utf-16-le") for each in (placeholder, name))
        assert read(PARSER, resealed(archive, old, new))[0] == {name: b"content"}

    def test_an_archive_by_hand(self) -> None:
        """So that what the hand-made ones below are refused for is their lie and nothing else."""
        assert read(PARSER, solid(FILES))[0] == FILES

    def test_an_archive_of_nothing_is_empty(self) -> None:
        assert refusal(PARSER, sealed(b"")) is Refusal.EMPTY
        assert refusal(PARSER, sealed(b"\x01\x00")) is Refusal.EMPTY


class TestPasswords:
    @pytest.mark.parametrize("header", [False, True])
    def test_an_archive_of_nothing_else_is_refused(self, header: bool) -> None:
        buffer = io.BytesIO()
        with py7zr.SevenZipFile(buffer, "w", password="secret", header_encryption=header) as archive:
            archive.writestr(b"content", "a.txt")
        assert refusal(PARSER, buffer.getvalue()) is Refusal.ENCRYPTED

    def test_files_beside_those_with_one_are_read(self) -> None:
        coders = [{"id": py7zr.FILTER_COPY}, {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}]
        archive = packed({"open": b"open"}, onto=packed({"secret": b"secret"}, password="password", filters=coders))
        assert read(PARSER, archive)[0] == {"secret": "encrypted: needs a password", "open": b"open"}


class TestDamage:
    def test_half_of_it_is_corrupt_wherever_it_breaks_off(self) -> None:
        """What stands at the end says where everything is."""
        archive = packed(FILES)
        for end in (6, 12, 31, 32, 33, len(archive) // 2, len(archive) - 1):
            assert refusal(PARSER, archive[:end]) is Refusal.CORRUPT, end

    def test_a_damaged_file_is_corrupt_alone(self) -> None:
        archive = bytearray(packed({"a": b"aaaa", "b": b"bbbb", "c": b"cccc"}, filters=FILTERS["copy"]))
        archive[32 + 5] = 0
        got, _ = read(PARSER, bytes(archive))
        assert got == {"a": b"aaaa", "b": "corrupt: 7z: a damaged file", "c": b"cccc"}

    def test_a_damaged_block_ends_its_files_and_no_others(self) -> None:
        first = packed({"a": CODE, "b": CODE})
        archive = bytearray(packed({"c": b"cccc"}, onto=first))
        archive[32 + 100_000 : 32 + 100_100] = b"\xff" * 100
        got, _ = read(PARSER, bytes(archive))
        assert [str(got[name]).partition(":")[0] for name in ("a", "b")] == ["corrupt", "corrupt"]
        assert got["c"] == b"cccc"

    def test_a_directory_with_anything_in_it_is_refused_or_read_and_never_more(self) -> None:
        """Every byte of a directory with other values, under right checksums: so they reach the reader."""
        archive = packed({"a": b"aaaa", "b": WORDS, "c": b""}, plain_header=True)
        place, size = struct.unpack_from("<QQ", archive, 12)
        content, header = archive[32 : 32 + place], archive[32 + place : 32 + place + size]
        ends = set()
        for at in range(len(header)):
            for value in (0x00, 0x01, 0x7F, 0x80, 0xFF, header[at] ^ 0x10):
                mutant = sealed(header[:at] + bytes([value]) + header[at + 1 :], content)
                try:
                    read(PARSER, mutant)
                except Refused as refused:
                    ends.add(refused.refusal)
        assert ends >= {Refusal.CORRUPT, Refusal.BOMB}


class TestLies:
    def test_zeros_are_a_bomb_and_so_is_what_is_behind_them(self) -> None:
        archive = packed({"c": b"cccc"}, onto=packed({"zeros": bytes(40 << 20), "behind": b"words"}))
        got, _ = read(PARSER, archive)
        assert str(got["zeros"]).startswith("bomb: unpacks to more than 200 times")
        assert str(got["behind"]).startswith("bomb:")
        assert got["c"] == b"cccc"

    def test_a_coder_that_feeds_another_one_with_nothing_is_a_bomb(self) -> None:
        """30 MB of DEFLATE's stored blocks of no byte (RFC 1951, 3.2.4), packed to 5 kB: work for nothing."""
        content = lzma2(b"\x00\x00\x00\xff\xff" * 6_000_000)
        archive = by_hand(content, [(b"\x04\x01\x08", b""), LZMA2], [10, 30_000_000], [(0, 1)])
        assert str(read(PARSER, archive)[0]["a"]).startswith("bomb: unpacks to more than 200 times")

    def test_two_coders_of_ours_do_work(self) -> None:
        """So that the refusal above is not for the chain itself."""
        inner = bz2.compress(WORDS)
        archive = by_hand(lzma2(inner), [(b"\x04\x02\x02", b""), LZMA2], [len(WORDS), len(inner)], [(0, 1)])
        assert read(PARSER, archive)[0] == {"a": WORDS}

    def test_a_block_that_is_shorter_than_it_claims_is_corrupt(self) -> None:
        archive = by_hand(lzma2(b"short"), [LZMA2], [6])
        assert read(PARSER, archive)[0] == {"a": "corrupt: 7z: a block that breaks off 1 bytes before its end"}

    def test_a_block_that_is_longer_than_it_claims_stops_there(self) -> None:
        assert read(PARSER, by_hand(lzma2(b"longer"), [LZMA2], [4]))[0] == {"a": b"long"}

    def test_a_dictionary_is_no_larger_than_what_can_fill_it(self) -> None:
        """LZMA that claims 4 GiB: what is small is read, what could fill it is not begun."""
        chain = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}
        coder = (b"\x03\x01\x01", b"\x5d\xff\xff\xff\xff")
        content = lzma.compress(b"words", lzma.FORMAT_RAW, filters=[chain])
        assert read(PARSER, by_hand(content, [coder], [5]))[0] == {"a": b"words"}
        got = read(PARSER, by_hand(content, [coder], [1 << 32]))[0]
        assert got == {"a": f"unsupported: 7z: a dictionary of {0xFFFFFFFF} bytes"}

    @pytest.mark.parametrize(
        ("method", "told"),
        [(b"\x03\x04\x01", "PPMd"), (b"\x04\x01\x09", "Deflate64"), (b"\x0a", "ARM64"), (b"\x7f", "7f")],
    )
    def test_methods_that_nobody_here_reads_are_named(self, method: bytes, told: str) -> None:
        got = read(PARSER, by_hand(b"packed", [(method, b"")], [10]))[0]
        assert got == {"a": f"unsupported: 7z: compression method {told}"}

    @pytest.mark.parametrize(
        "binds", [[(0, 0)], [(0, 1), (1, 0)], [(1, 1)], [(7, 1)], [(0, 7)], [(0, 1), (0, 1)]], ids=str
    )
    def test_coders_that_lead_in_circles_are_corrupt(self, binds: list[tuple[int, int]]) -> None:
        assert refusal(PARSER, by_hand(lzma2(b"a"), [LZMA2, LZMA2], [1, 1], binds)) is Refusal.CORRUPT

    @pytest.mark.parametrize(
        "header",
        [
            b"\x01\x05" + number(1 << 60),
            b"\x01\x04\x06" + number(0) + number(1 << 60),
            b"\x01\x04\x07\x0b" + number(1 << 60),
            b"\x01\x05" + number(20_001) + bytes(50_000),
        ],
        ids=["files", "packed streams", "blocks", "one file too many"],
    )
    def test_more_of_anything_than_there_may_be_is_a_bomb_before_it_is_made(self, header: bytes) -> None:
        assert refusal(PARSER, sealed(header)) is Refusal.BOMB

    def test_many_files_go_out(self) -> None:
        names = [f"{n}.txt" for n in range(5000)]
        flags = b"\xff" * 625
        empty = b"\x0e" + number(625) + flags + b"\x0f" + number(625) + flags
        assert read(PARSER, sealed(b"\x01" + files(*names, extra=empty) + b"\x00"))[0] == dict.fromkeys(names, b"")

    def test_a_header_of_gigabytes_is_a_bomb(self) -> None:
        start = struct.pack("<QQL", 0, 1 << 40, 0)
        archive = SIGNATURE + b"\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start
        assert refusal(PARSER, archive) is Refusal.BOMB
        content = lzma2(b"\x01\x00")
        assert (
            refusal(PARSER, sealed(b"\x17" + streams(content, [LZMA2], [1 << 30]) + b"\x00", content)) is Refusal.BOMB
        )

    def test_headers_in_headers_come_to_an_end(self) -> None:
        """A packed header that unpacks to itself."""

        def around(size: int) -> bytes:
            return b"\x17" + streams(bytes(size), [(b"\x00", b"")], [size]) + b"\x00"

        header = around(len(around(0)))
        assert refusal(PARSER, sealed(header, header)) is Refusal.CORRUPT


class Choosy(Basket):
    """An outlet that has no more room: it takes the first piece of a file and leaves the rest."""

    def embed(self, name: str, content: bytes | Iterable[bytes], media_type: str = "") -> None:
        piece = next(iter(content), b"") if not isinstance(content, bytes) else content
        assert isinstance(piece, bytes)
        self.files.append((name, piece[:4]))


def test_what_nobody_takes_is_unpacked_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """To come to the last file of a block, all before it has to be unpacked, whether somebody takes it or not."""
    monkeypatch.setattr(seven_zip, "SKIPPED_BYTES_MAX", 150_000)
    archive = packed({"d": b"dddd"}, onto=packed({"a": CODE, "b": CODE, "c": b"cccc"}))
    basket = Choosy()
    SevenZipParser().parse(archive, Report(lambda *_: None, basket))
    got = dict(basket.files)
    assert (got["a"], got["b"], got["d"]) == (CODE[:4], CODE[:4], b"dddd")
    assert str(got["c"]).startswith(f"{Withheld.TOO_LARGE}: behind more than")


def test_a_property_of_files_that_comes_twice_is_corrupt() -> None:
    """A kilobyte can be a header of thousands of them, each as long as there are files."""
    empty = b"\x0e" + number(1) + b"\xc0\x0f" + number(1) + b"\xc0"
    attributes = b"\x15" + number(10) + b"\x01\x00" + bytes(8)
    once = b"\x01" + files("a", "b", extra=empty + attributes) + b"\x00"
    twice = b"\x01" + files("a", "b", extra=empty + 2 * attributes) + b"\x00"
    SevenZipParser().parse(sealed(once), Report(lambda *_: None))
    with pytest.raises(Refused) as refused:
        SevenZipParser().parse(sealed(twice), Report(lambda *_: None))
    assert refused.value.refusal is Refusal.CORRUPT
    assert "twice" in refused.value.detail
