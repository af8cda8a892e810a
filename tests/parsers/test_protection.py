"""TEST: files that are encrypted against changes are read, with a finding; those with another password stay shut."""

import struct
from collections.abc import Callable

import pytest

from contract.verdicts import FindingKind, Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.protection.aes import decrypted, decrypted_chain
from parsers.protection.passwords import SPINS_MAX
from parsers.registry import DOCX
from tests.parsers.ole_file import compound_file
from tests.parsers.protected_file import (
    aes,
    aes_block,
    agile_streams,
    file_pass,
    locked_file,
    locked_stream,
    rc4,
    standard_streams,
)
from tests.parsers.reading import found, markdown, read, shown
from tests.parsers.sheet_file import biff, biff_workbook, label, number, read_xls
from tests.parsers.test_detect import package

ENCRYPTED = "application/encrypted"
PLAIN = bytes.fromhex("00112233445566778899aabbccddeeff")


def word(text: str = "Budget", **more: bytes) -> bytes:
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    return package(**{"[Content_Types].xml": b"<Types/>", "word__document.xml": body.encode(), **more})


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WAYS = ["xor", "plain", "crypto"]


def refusal(document: bytes) -> tuple[Refusal, str]:
    with pytest.raises(Refused) as refused:
        read(ENCRYPTED, document)
    return refused.value.refusal, refused.value.detail


class TestCipher:
    @pytest.mark.parametrize(
        ("size", "coded"),
        [
            (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
            (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
            (32, "8ea2b7ca516745bfeafc49904b496089"),
        ],
    )
    def test_the_examples_of_its_standard(self, size: int, coded: str) -> None:
        """FIPS 197, appendix C."""
        assert decrypted(bytes.fromhex(coded), bytes(range(size))) == PLAIN
        assert aes_block(PLAIN, bytes(range(size))).hex() == coded

    def test_the_example_of_a_chain(self) -> None:
        """SP 800-38A, F.2.2, of which the last two blocks."""
        key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
        coded = bytes.fromhex("73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7")
        vector = bytes.fromhex("5086cb9b507219ee95db113a917678b2")
        plain = "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
        assert decrypted_chain(coded, key, vector).hex() == plain

    @pytest.mark.parametrize("blocks", [0, 1, 2, 255, 4095, 4096, 4097])
    def test_any_number_of_blocks_and_no_part_of_one(self, blocks: int) -> None:
        block = aes_block(PLAIN, bytes(16))
        assert decrypted(block * blocks + b"rest", bytes(16)) == PLAIN * blocks

    def test_a_key_of_another_length_is_none(self) -> None:
        with pytest.raises(ValueError, match="length"):
            decrypted(bytes(16), bytes(17))

    def test_different_blocks_do_not_touch_each_other(self) -> None:
        data = bytes(range(256)) * 3
        assert decrypted(aes(data, PLAIN), PLAIN) == data


class TestPackages:
    @pytest.mark.parametrize("bits", [128, 192, 256])
    @pytest.mark.parametrize("name", ["SHA1", "SHA256", "SHA384", "SHA512", "SHA-512"])
    def test_agile_ones_are_read_as_what_they_are(self, bits: int, name: str) -> None:
        # The name with a dash is another way to write the same.
        streams = agile_streams(word(), bits=bits, name=name.replace("-", ""), changed=_renamed(name))
        parsed = read(ENCRYPTED, locked_file(streams))
        assert parsed.media_type == DOCX
        assert [block.text for block in parsed.blocks] == ["Budget"]
        assert found(parsed) == [FindingKind.ENCRYPTED_PART]

    @pytest.mark.parametrize("bits", [128, 192, 256])
    def test_standard_ones_too(self, bits: int) -> None:
        assert shown(ENCRYPTED, locked_file(standard_streams(word(), bits=bits))) == "Budget\n"

    def test_packages_longer_than_a_segment_are_whole(self) -> None:
        noise = bytes((at * at >> 3) & 0xFF for at in range(9000))
        assert shown(ENCRYPTED, locked_file(agile_streams(word(noise=noise)))) == "Budget\n"

    def test_it_is_told_by_its_streams_and_contradicts_no_name_of_a_package(self) -> None:
        document = locked_file(agile_streams(word()))
        assert detect(document, DOCX, 1 << 20) == (ENCRYPTED, [])
        assert [each.kind for each in detect(document, "application/pdf", 1 << 20).findings] == [
            FindingKind.TYPE_MISMATCH
        ]

    def test_what_the_package_inside_is_found_to_have_is_told(self) -> None:
        parsed = read(
            ENCRYPTED, locked_file(agile_streams(word(word__vbaProject_bin=b"x", **{"word/vbaProject.bin": b"x"})))
        )
        assert found(parsed) == [FindingKind.ACTIVE_CONTENT, FindingKind.ENCRYPTED_PART]

    @pytest.mark.parametrize("streams", [agile_streams(word(), "secret"), standard_streams(word(), "secret")])
    def test_another_password_is_not_tried(self, streams: dict[str, bytes]) -> None:
        assert refusal(locked_file(streams))[0] is Refusal.ENCRYPTED

    @pytest.mark.parametrize("spins", [SPINS_MAX + 1, 10_000_000, 99_999_999_999])
    def test_a_key_that_takes_too_long_is_not_made(self, spins: int) -> None:
        """The count is the file's, and each round is a hash."""
        streams = agile_streams(word(), changed=lambda xml: xml.replace('spinCount="3"', f'spinCount="{spins}"'))
        assert refusal(locked_file(streams)) == (
            Refusal.ENCRYPTED, f"a password is needed to open the document ({spins} rounds of hashing)",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("ChainingModeCBC", "ChainingModeCFB", Refusal.ENCRYPTED),
            ('cipherAlgorithm="AES"', 'cipherAlgorithm="DES"', Refusal.ENCRYPTED),
            ("SHA512", "WHIRLPOOL", Refusal.ENCRYPTED),
            ('keyBits="256"', 'keyBits="512"', Refusal.ENCRYPTED),
            ('keyBits="256"', 'keyBits="-1"', Refusal.CORRUPT),
            ('blockSize="16"', 'blockSize="0"', Refusal.ENCRYPTED),
            ('spinCount="3"', "", Refusal.CORRUPT),
            ('spinCount="3"', 'spinCount="٣"', Refusal.CORRUPT),
            ('saltValue="', 'saltValue="!', Refusal.CORRUPT),
            ("encryptedKeyValue", "lostKeyValue", Refusal.CORRUPT),
            ("encryptedVerifierHashValue", "lostVerifier", Refusal.ENCRYPTED),
            ("p:encryptedKey", "p:other", Refusal.ENCRYPTED),
            ("<keyData", "<data", Refusal.ENCRYPTED),
            ("<encryption ", "<<<", Refusal.CORRUPT),
        ],
    )
    def test_what_is_told_of_it_may_be_anything(self, old: str, new: str, expected: Refusal) -> None:
        streams = agile_streams(word(), changed=lambda xml: xml.replace(old, new))
        assert refusal(locked_file(streams))[0] is expected

    @pytest.mark.parametrize("size", [0, 4, 8, 30, 60, 140, 180, 200])
    def test_standard_information_that_breaks_off(self, size: int) -> None:
        streams = standard_streams(word())
        kind, _ = refusal(locked_file({**streams, "EncryptionInfo": streams["EncryptionInfo"][:size]}))
        assert kind in (Refusal.CORRUPT, Refusal.ENCRYPTED)

    @pytest.mark.parametrize("version", [(4, 3), (3, 3), (1, 1), (9, 2), (0, 0)])
    def test_other_ways_of_encryption_stay_shut(self, version: tuple[int, int]) -> None:
        info = struct.pack("<HH", *version) + bytes(500)
        assert refusal(locked_file({"EncryptionInfo": info, "EncryptedPackage": bytes(500)}))[0] is Refusal.ENCRYPTED

    @pytest.mark.parametrize("missing", ["EncryptionInfo", "EncryptedPackage"])
    def test_half_of_it_stays_shut(self, missing: str) -> None:
        streams = agile_streams(word())
        del streams[missing]
        assert refusal(locked_file(streams))[0] is Refusal.ENCRYPTED

    @pytest.mark.parametrize("claimed", [1 << 20, 1 << 63])
    def test_a_package_shorter_than_it_says_is_corrupt(self, claimed: int) -> None:
        streams = agile_streams(word())
        streams["EncryptedPackage"] = struct.pack("<Q", claimed) + streams["EncryptedPackage"][8:]
        assert refusal(locked_file(streams))[0] is Refusal.CORRUPT

    def test_nothing_but_a_package_is_in_it(self) -> None:
        """An encrypted file in an encrypted file, and so on, would be opened one after the other."""
        inner = locked_file(agile_streams(word()))
        assert refusal(locked_file(agile_streams(inner))) == (Refusal.CORRUPT, "an encrypted package that is none")


def _renamed(name: str) -> Callable[[str], str]:
    return lambda xml: xml.replace('"SHA512"', f'"{name}"') if name == "SHA-512" else xml


def workbook(way: str, password: str = "VelvetSweatshop", bits: int = 128, rows: int = 3) -> bytes:
    """Sheets with cells, encrypted. The rows after the first push it over several blocks of RC4."""
    cells = b"".join(label(row, 0, f"row {row}") + number(row, 1, row) for row in range(rows))
    clear = biff_workbook([("Plan", 0, cells)], biff(0x002F, file_pass(way, password, bits)))
    return locked_stream(clear, way, password, bits)


class TestWorkbooks:
    @pytest.mark.parametrize("way", WAYS)
    def test_each_way_of_old_is_opened(self, way: str) -> None:
        parsed = read_xls(workbook(way))
        assert "# Plan" in markdown(parsed)
        assert "| row 2 | 2 |" in markdown(parsed)
        assert found(parsed) == [FindingKind.ENCRYPTED_PART]

    @pytest.mark.parametrize("bits", [40, 56, 128])
    def test_keys_of_any_length(self, bits: int) -> None:
        assert "| row 2 | 2 |" in markdown(read_xls(workbook("crypto", bits=bits)))

    @pytest.mark.parametrize("way", ["xor", "plain"])
    def test_long_ones(self, way: str) -> None:
        assert "| row 69 | 69 |" in markdown(read_xls(workbook(way, rows=70)))

    def test_in_a_compound_file(self) -> None:
        parsed = read("application/vnd.ms-excel", compound_file({"Workbook": workbook("crypto")}))
        assert "| row 2 | 2 |" in markdown(parsed)

    @pytest.mark.parametrize("way", WAYS)
    def test_another_password_is_not_tried(self, way: str) -> None:
        with pytest.raises(Refused, match="encrypted"):
            read_xls(workbook(way, "quite another one"[:15]))

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("size", [0, 2, 5])
    def test_a_record_that_breaks_off(self, way: str, size: int) -> None:
        record = biff(0x002F, file_pass(way)[:size])
        with pytest.raises(Refused) as refused:
            read_xls(biff_workbook([("Plan", 0, label(0, 0, "x"))], record))
        assert refused.value.refusal in (Refusal.CORRUPT, Refusal.ENCRYPTED)

    @pytest.mark.parametrize(
        "data", [struct.pack("<HHH", 1, 9, 9), struct.pack("<HH", 7, 0), b"\1\0\4\0\2\0" + b"\xff" * 60]
    )
    def test_other_ways_stay_shut(self, data: bytes) -> None:
        with pytest.raises(Refused) as refused:
            read_xls(biff_workbook([("Plan", 0, label(0, 0, "x"))], biff(0x002F, data)))
        assert refused.value.refusal in (Refusal.CORRUPT, Refusal.ENCRYPTED)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_stream_cut_anywhere_ends(self, way: str) -> None:
        whole = workbook(way)
        start = whole.index(file_pass(way)) + len(file_pass(way))
        for size in range(start, len(whole), 7):
            assert FindingKind.ENCRYPTED_PART in found(read_xls(whole[:size]))

    def test_the_stream_cipher(self) -> None:
        """The examples that came with it: key, and what it does to a text."""
        assert rc4(b"Key", b"Plaintext").hex() == "bbf316e8d940af0ad3"
