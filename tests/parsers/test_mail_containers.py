"""TEST: mailboxes, web pages saved as mail, and winmail.dat."""

import struct

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from tests.parsers.reading import evidence, markdown, read, shown, titles

MBOX, MHTML, TNEF = "application/mbox", "multipart/related", "application/vnd.ms-tnef"


class TestMbox:
    def test_each_message_is_a_section(self) -> None:
        mailbox = (
            "From a@b Mon May  6 10:00:00 2024\nSubject: One\n\nFirst.\n>From here on\n\n"
            "From c@d Tue May  7 10:00:00 2024\nSubject: Two\n\nSecond.\n"
        )
        parsed = read(MBOX, mailbox)
        assert titles(parsed) == [(1, "One"), (1, "Two")]
        assert "First.\nFrom here on" in markdown(parsed)

    def test_a_sentence_that_begins_with_from_ends_no_message(self) -> None:
        mailbox = "From a@b Mon May  6 10:00:00 2024\nSubject: One\n\nHello.\n\nFrom here we walk.\n"
        assert titles(read(MBOX, mailbox)) == [(1, "One")]

    def test_no_empty_line_before_a_postmark(self) -> None:
        mailbox = "From a@b Mon May  6 10:00:00 2024\nSubject: One\n\nx\n" * 3
        assert len(titles(read(MBOX, mailbox))) == 3

    def test_a_message_without_a_field_is_its_text(self) -> None:
        mailbox = (
            "From a@b Mon May  6 10:00:00 2024\n\nWords and nothing else.\n\n"
            "From c@d Tue May  7 10:00:00 2024\nSubject: Two\n\nSecond.\n"
        )
        parsed = read(MBOX, mailbox)
        assert "Words and nothing else." in markdown(parsed)
        assert titles(parsed)[-1] == (1, "Two")

    def test_no_message_at_all(self) -> None:
        with pytest.raises(Refused) as refused:
            read(MBOX, "just words")
        assert refused.value.refusal is Refusal.CORRUPT


class TestMhtml:
    def test_the_page_alone(self) -> None:
        page = (
            "From: <Saved by Blink>\nSubject: A page\nSnapshot-Content-Location: http://x\nMIME-Version: 1.0\n"
            'Content-Type: multipart/related; type="text/html"; boundary="sep"\n\n--sep\nContent-Type: text/html\n'
            "Content-Transfer-Encoding: quoted-printable\n\n<h1>Title</h1><p class=3Dx>Words</p>\n"
            "--sep\nContent-Type: text/css\nContent-Location: http://x/a.css\n\np {color: red}\n--sep--\n"
        )
        parsed = read(MHTML, page)
        assert markdown(parsed) == "# Title\n\nWords\n"
        assert parsed.title == "A page"

    def test_the_root_may_come_second(self) -> None:
        page = (
            'Content-Type: multipart/related; boundary=sep; start="<root>"\n\n--sep\nContent-Type: image/png\n\nx\n'
            "--sep\nContent-Type: text/html\nContent-ID: <root>\n\n<p>Words</p>\n--sep--"
        )
        assert shown(MHTML, page) == "Words\n"


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHL", level, name, 0, len(data)) + data + b"\0\0"


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of variable length: (id, type, data)."""
    encoded = b"".join(
        struct.pack("<HHLL", kind, number, 1, len(data)) + data + bytes(-len(data) % 4) for number, kind, data in values
    )
    return struct.pack("<L", len(values)) + encoded


class TestTnef:
    def test_subject_body_and_attachments(self) -> None:
        document = (
            b"\x78\x9f\x3e\x22\0\0"
            + attribute(1, 0x8004, b"Plan\0")
            + attribute(1, 0x9003, properties((0x1013, 0x102, b"<p>Hello <b>all</b></p>")))
            + attribute(2, 0x9002, bytes(14))
            + attribute(2, 0x8010, b"SHORT~1.DOC\0")
            + attribute(2, 0x9005, properties((0x3707, 0x1F, "Pläne.doc\0".encode("utf-16-le"))))
        )
        parsed = read(TNEF, document)
        assert markdown(parsed) == "# Plan\n\nAttachments: Pläne.doc\n\nHello **all**\n"
        assert "Pläne.doc" in evidence(parsed)

    def test_only_attachments(self) -> None:
        with pytest.raises(Refused) as refused:
            read(TNEF, b"\x78\x9f\x3e\x22\0\0" + attribute(2, 0x9002, b""))
        assert refused.value.refusal is Refusal.EMPTY

    @pytest.mark.parametrize("tail", [b"", b"\1\2\3", attribute(1, 0x9003, b"\xff" * 40), b"\xff" * 100])
    def test_what_breaks_off(self, tail: bytes) -> None:
        """Counts and lengths that point far behind the end."""
        document = b"\x78\x9f\x3e\x22\0\0" + attribute(1, 0x8004, b"Plan\0") + tail
        assert titles(read(TNEF, document)) == [(1, "Plan")]
