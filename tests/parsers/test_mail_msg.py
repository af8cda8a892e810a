"""TEST: Outlook's message files: properties, the three kinds of body, recipients, attachments, broken containers."""

import struct

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.mail.compressed_rtf import decompressed
from tests.parsers.outlook_file import Tree, compound_file, fixed_properties, outlook_message, text_property
from tests.parsers.reading import evidence, found, markdown, read, titles

MSG = "application/vnd.ms-outlook"
PLAIN = text_property(0x1000, "Plain words.\r\n")


def stored_rtf(rtf: bytes) -> Tree:
    """MS-OXRTFCP 2.1.3.1.5: RTF that is not compressed."""
    return {"__substg1.0_10090102": struct.pack("<4L", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf}


def recipient(name: str, address: str, kind: int) -> Tree:
    return {
        **fixed_properties(8, (3, 0x0C15, kind.to_bytes(8, "little"))),
        **text_property(0x3001, name),
        **text_property(0x39FE, address),
    }


def attachment(name: str, method: int = 1, inner: Tree | None = None) -> Tree:
    more: Tree = {"__substg1.0_3701000D": inner} if inner is not None else {}
    return {**fixed_properties(8, (3, 0x3705, method.to_bytes(8, "little"))), **text_property(0x3707, name), **more}


def opened(tree: Tree) -> str:
    return markdown(read(MSG, compound_file(tree)))


def test_fields_and_plain_body() -> None:
    parts: Tree = {
        "__recip_version1.0_#00000000": recipient("Bert", "bert@example.org", 1),
        "__recip_version1.0_#00000001": recipient("Cora", "cora@example.org", 2),
    }
    parsed = read(MSG, compound_file(outlook_message(PLAIN, parts=parts)))
    assert markdown(parsed) == (
        "# Plan\n\nFrom: Anna \\<anna@example.org>\nTo: Bert \\<bert@example.org>\nCc: Cora \\<cora@example.org>\n"
        "Date: 2024-05-06 10:00:00+00:00\nSubject: Plan\n\nPlain words.\n"
    )
    assert (parsed.title, parsed.author, parsed.created) == ("Plan", "Anna", "2024-05-06T10:00:00+00:00")


def test_html_comes_before_rtf_and_plain_text() -> None:
    html: Tree = {"__substg1.0_10130102": "<p>Rich <b>wörds</b></p>".encode("cp1252")}
    text = opened(outlook_message({**PLAIN, **html, **stored_rtf(rb"{\rtf1 rtf}")}))
    assert text.endswith("Rich **wörds**\n")


def test_rtf_comes_before_plain_text() -> None:
    assert opened(outlook_message({**PLAIN, **stored_rtf(rb"{\rtf1 {\b Bold} words}")})).endswith("**Bold** words\n")


def test_html_inside_rtf() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf {\b \htmlrtf0 "
        rb"caf\'e9 {\*\htmltag84 <b>}bold{\*\htmltag92 </b>} a < b\htmlrtf }\htmlrtf0{\*\htmltag72 </p>}}"
    )
    assert opened(outlook_message(stored_rtf(rtf))).endswith("café **bold** a < b\n")


def test_compressed_rtf() -> None:
    """The example of MS-OXRTFCP, 4.1.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompressed(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_attachments_and_messages_inside() -> None:
    inner = outlook_message(text_property(0x1000, "Older words."), header_bytes=24, subject="Older")
    parts: Tree = {
        "__attach_version1.0_#00000000": attachment("Pläne.xlsx"),
        "__attach_version1.0_#00000001": attachment("older.msg", 5, inner),
    }
    parsed = read(MSG, compound_file(outlook_message(PLAIN, parts=parts)))
    assert titles(parsed) == [(1, "Plan"), (2, "Older")]
    assert "Older words." in markdown(parsed)
    assert "Attachments: Pläne.xlsx\n" in markdown(parsed)
    assert "Pläne.xlsx" in evidence(parsed)


def test_a_sealed_message_is_refused() -> None:
    tree = outlook_message({}, parts={"__attach_version1.0_#00000000": attachment("smime.p7m")})
    with pytest.raises(Refused) as refused:
        opened(tree)
    assert refused.value.refusal is Refusal.ENCRYPTED


def test_an_attached_document_does_not_change_what_it_is() -> None:
    """The streams of attached Word and encrypted files stand in the same compound file."""
    tree = outlook_message(PLAIN, parts={"WordDocument": b"x", "EncryptedPackage": b"y"})
    assert detect(compound_file(tree), "", 1 << 20).media_type == MSG


class TestHostile:
    def test_messages_nested_without_end(self) -> None:
        """Thirty messages in each other."""
        tree = outlook_message(PLAIN, header_bytes=24)
        for _ in range(30):
            tree = outlook_message(
                PLAIN, header_bytes=24, parts={"__attach_version1.0_#00000000": attachment("x", 5, tree)}
            )
        parsed = read(MSG, compound_file({**tree, **outlook_message(PLAIN)}))
        assert found(parsed) == ["not_examined"]
        assert len(titles(parsed)) == 11

    def test_a_chain_of_sectors_that_loops(self) -> None:
        """The directory's sector follows itself in the allocation table."""
        document = bytearray(compound_file(outlook_message(PLAIN)))
        directory = struct.unpack_from("<L", document, 48)[0]
        table = (struct.unpack_from("<L", document, 76)[0] + 1) * 512
        struct.pack_into("<L", document, table + directory * 4, directory)
        with pytest.raises(Refused) as refused:
            read(MSG, bytes(document))
        assert refused.value.refusal is Refusal.CORRUPT

    def test_siblings_that_loop(self) -> None:
        """Every directory entry names itself as its neighbour."""
        document = bytearray(compound_file(outlook_message(PLAIN)))
        start = (struct.unpack_from("<L", document, 48)[0] + 1) * 512
        for number in range(1, 8):
            struct.pack_into("<LL", document, start + number * 128 + 68, number, number)
        assert titles(read(MSG, bytes(document))) == []

    @pytest.mark.parametrize("length", [8, 511, 512, 600, 1024])
    def test_what_breaks_off(self, length: int) -> None:
        document = compound_file(outlook_message(PLAIN))[:length]
        with pytest.raises(Refused) as refused:
            read(MSG, document)
        assert refused.value.refusal is Refusal.CORRUPT

    def test_streams_that_share_their_sectors(self) -> None:
        """Sixty recipients whose names are all one stream of 200 kB: reading each would multiply the file."""
        people: Tree = {f"__recip_version1.0_#{at:08X}": recipient("Bert", "b@example.org", 1) for at in range(60)}
        document = bytearray(compound_file(outlook_message({**PLAIN, "big": b"a" * 200_000}, parts=people)))
        start = (struct.unpack_from("<L", document, 48)[0] + 1) * 512
        names = {at: bytes(document[at : at + 40]).decode("utf-16-le") for at in range(start, len(document) - 512, 128)}
        shared = next(bytes(document[at + 116 : at + 128]) for at, name in names.items() if name.startswith("big\0"))
        for at, name in names.items():
            if name == "__substg1.0_3001001F":
                document[at + 116 : at + 128] = shared
        with pytest.raises(Refused) as refused:
            read(MSG, bytes(document))
        assert refused.value.refusal is Refusal.BOMB

    def test_compressed_rtf_that_claims_to_be_huge(self) -> None:
        """A header that announces four gigabytes."""
        with pytest.raises(Refused) as refused:
            decompressed(struct.pack("<4L", 16, 0xFFFFFFFF, 0x75465A4C, 0))
        assert refused.value.refusal is Refusal.BOMB
