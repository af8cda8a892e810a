"""TEST: attached files leave the sandbox by name and decoded; what shows a message stays; damage stays alone."""

import base64
import binascii
import os
import quopri
from pathlib import Path

import pytest

from contract.job import Options
from contract.verdicts import FindingKind
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile
from parsers.mail.transfer import decoded, decoded_pieces
from parsers.outlet import WireOutlet
from parsers.registry import parser_for
from parsers.wire import FrameWriter
from tests.parsers.outlook_file import Tree, compound_file, fixed_properties, outlook_message, text_property
from tests.parsers.test_archives import Basket
from tests.parsers.test_mail_containers import attribute, properties
from tests.parsers.test_mail_message import HEAD, message, multipart
from tests.parsers.test_ole_objects import native

MAIL, MBOX, MHTML = "message/rfc822", "application/mbox", "multipart/related"
MSG, TNEF = "application/vnd.ms-outlook", "application/vnd.ms-tnef"
TEXT = "Content-Type: text/plain\n\nSee the file."
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40
PICTURE = b"\x89PNG" + bytes(range(256)) * 80
Files = list[tuple[str, bytes | str]]


def read(media_type: str, document: bytes | str) -> tuple[Files, ParsedDocument]:
    parser = parser_for(media_type)
    assert parser is not None
    basket = Basket()
    raw = document.encode() if isinstance(document, str) else document
    parsed = parser.parse(raw, Report(lambda *_: None, basket))
    assert basket.largest <= 1 << 20
    return basket.files, parsed


def files(media_type: str, document: bytes | str) -> Files:
    return read(media_type, document)[0]


def part(content: bytes, name: str = "a.pdf", kind: str = "application/pdf", more: str = "") -> str:
    return (
        f'Content-Type: {kind}\nContent-Disposition: attachment; filename="{name}"\n{more}'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(content).decode()}"
    )


class TestMessage:
    def test_an_attachment_goes_out_and_its_finding_is_there_once(self) -> None:
        out, parsed = read(MAIL, multipart("mixed", TEXT, part(PDF)))
        assert out == [("a.pdf", PDF)]
        assert [each.evidence for each in parsed.findings] == ["a.pdf (application/pdf)"]

    @pytest.mark.parametrize(
        ("encoding", "body", "expected"),
        [
            ("base64", base64.b64encode(PDF).decode(), PDF),
            ("BASE64 ;", "QUJD\n=\nREVG", b"ABCDEF"),
            ("quoted-printable", quopri.encodestring(b"caf\xc3\xa9 = x\n" * 9).decode(), b"caf\xc3\xa9 = x\n" * 9),
            ("x-uuencode", "begin 644 a\n#0V%T\n`\nend", b"Cat"),
            ("7bit", "as it is", b"as it is"),
            ("x-nobodys", "as it is", b"as it is"),
        ],
    )
    def test_encodings(self, encoding: str, body: str, expected: bytes) -> None:
        head = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n"
        each = f"{head}Content-Transfer-Encoding: {encoding}\n\n{body}"
        (only,) = files(MAIL, multipart("mixed", TEXT, each))
        assert isinstance(only[1], bytes)
        assert (only[0], only[1].rstrip(b"\n")) == ("a.pdf", expected.rstrip(b"\n"))

    def test_a_file_in_the_text(self) -> None:
        lines = b"".join(binascii.b2a_uu(PDF[at : at + 45]) for at in range(0, len(PDF), 45)).decode()
        out, parsed = read(MAIL, f"{HEAD}\nBefore.\n\nbegin 644 a.pdf\n{lines}`\nend\n\nAfter.\n")
        assert out == [("a.pdf", PDF)]
        assert [each.evidence for each in parsed.findings] == ["a.pdf (uuencoded)"]
        assert [block.text for block in parsed.blocks[2:]] == ["Before.", "After."]

    def test_text_shown_in_the_body_stays_and_text_attached_goes(self) -> None:
        shown = "Content-Type: text/plain; name=shown.txt\nContent-Disposition: inline\n\nShown words."
        out, parsed = read(MAIL, multipart("mixed", TEXT, shown, part(b"Attached words.", "b.txt", "text/plain")))
        assert out == [("b.txt", b"Attached words.")]
        assert any("Shown words." in block.text for block in parsed.blocks)

    def test_messages_inside_stay_and_their_attachments_go(self) -> None:
        inner = multipart("mixed", TEXT, part(PDF, "inner.pdf")).replace("sep", "pes")
        out = files(MAIL, multipart("mixed", TEXT, f"Content-Type: message/rfc822\n\n{inner}", part(b"%PDF outer")))
        assert out == [("a.pdf", b"%PDF outer"), ("inner.pdf", PDF)]

    def test_files_of_one_name_in_two_alternatives_are_two_files(self) -> None:
        text = "Content-Type: multipart/mixed; boundary=in\n\n--in\n{}\n--in\n{}\n--in--"
        both = [text.format(f"Content-Type: text/{kind}\n\nWords.", part(kind.encode())) for kind in ("plain", "html")]
        assert sorted(str(each[1]) for each in files(MAIL, multipart("alternative", *both))) == ["b'html'", "b'plain'"]

    def test_text_attached_beside_a_page_is_no_part_of_it(self) -> None:
        page = "Content-Type: text/html\n\n<p>Words</p>"
        notes = part(b"Notes.", "notes.txt", "text/plain", "Content-ID: <n@x>\n")
        assert files(MAIL, multipart("related", page, notes)) == [("notes.txt", b"Notes.")]

    def test_signatures_and_sealed_parts_stay(self) -> None:
        signed = multipart("signed", TEXT, part(b"x", "smime.p7s", "application/pkcs7-signature"))
        assert files(MAIL, signed) == []
        sealed = multipart("mixed", TEXT, part(b"0\x80\x06", "smime.p7m", "application/pkcs7-mime"))
        out, parsed = read(MAIL, sealed)
        assert (out, [each.kind for each in parsed.findings]) == ([], [FindingKind.ENCRYPTED_PART])

    def test_a_sealed_file_is_told_as_such(self) -> None:
        armour = part(b"-----BEGIN PGP MESSAGE-----\n\nhQEM", "a.asc", "application/octet-stream")
        assert files(MAIL, multipart("mixed", TEXT, armour)) == [("a.asc", "encrypted: a PGP message")]

    def test_winmail_inside_gives_its_files(self) -> None:
        out = files(MAIL, multipart("mixed", TEXT, part(winmail(), "winmail.dat", "application/ms-tnef")))
        assert out == [("Pläne.pdf", PDF)]


class TestPictures:
    @pytest.mark.parametrize(
        ("reference", "content", "name", "goes"),
        [
            ("cid:p@x", PICTURE, "p.png", False),
            ("CID:p%40x", PICTURE, "p.png", False),
            ("cid:other@x", PICTURE, "p.png", True),  # mail programs give identifiers to what nobody refers to
            ("cid:other@x", PICTURE[:10_239], "p.png", False),
            ("cid:other@x", PICTURE[:10_240], "p.png", True),
        ],
    )
    def test_what_the_body_shows_and_what_is_small_stays(
        self, reference: str, content: bytes, name: str, goes: bool
    ) -> None:
        page = f'Content-Type: text/html\n\n<p>Words <img src="{reference}"></p>'
        picture = part(content, name, "image/png", "Content-ID: <p@x>\n")
        out, parsed = read(MAIL, multipart("related", page, picture))
        assert out == ([("p.png", content)] if goes else [])
        assert [each.kind for each in parsed.findings].count(FindingKind.EMBEDDED_FILE) == 1

    def test_a_picture_by_name_alone(self) -> None:
        assert files(MAIL, multipart("mixed", TEXT, part(b"small", "logo.PNG", "application/octet-stream"))) == []
        assert files(MAIL, multipart("mixed", TEXT, part(PICTURE, "scan.png", "application/octet-stream")))

    def test_a_reference_keeps_no_document_in(self) -> None:
        """Otherwise a sender could keep a file from being looked at, by a link in the text."""
        page = 'Content-Type: text/html\n\n<p>Words <a href="cid:p@x">x</a></p>'
        each = part(PDF, more="Content-ID: <p@x>\n")
        assert files(MAIL, multipart("related", page, each)) == [("a.pdf", PDF)]


class TestDamage:
    def test_base64_that_breaks_off_is_told(self) -> None:
        """The message was cut within a group of four characters."""
        head = part(b"").rstrip("\n") + "\n\n"
        cut = head + base64.b64encode(PDF).decode()[:4001]
        out = files(MAIL, multipart("mixed", TEXT, cut, part(b"whole", "b.pdf")))
        assert out == [("a.pdf", "corrupt: base64 that breaks off"), ("b.pdf", b"whole")]

    def test_nothing_in_base64_is_told(self) -> None:
        nothing = part(b"").rstrip("\n") + "\n\n[!!!]"
        assert files(MAIL, multipart("mixed", TEXT, nothing.replace("[!!!]", "!!!!"))) == [
            ("a.pdf", "corrupt: nothing in base64")
        ]

    def test_what_lists_append_to_base64_costs_no_file(self) -> None:
        appended = base64.encodebytes(PDF[:3000]).decode() + "-- \nlist: <x@y>\n"
        head = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n"
        out = files(MAIL, multipart("mixed", TEXT, f"{head}Content-Transfer-Encoding: base64\n\n{appended}"))
        assert isinstance(out[0][1], bytes)
        assert out[0][1].startswith(PDF[:3000])

    def test_a_name_with_a_path_goes_out_untouched(self) -> None:
        """The host takes paths off names; what the container said is told to it."""
        assert files(MAIL, multipart("mixed", TEXT, part(PDF, "../../etc/cron.d/x")))[0][0] == "../../etc/cron.d/x"

    def test_a_message_that_holds_itself_ends(self) -> None:
        """Forty messages in each other, each with a file; thirty levels are read."""
        inner = message("text/plain", "Words.")
        for depth in range(40):
            separator = f"s{depth}e"
            inner = (
                f'{HEAD}Content-Type: multipart/mixed; boundary="{separator}"\n\n--{separator}\n'
                f"Content-Type: message/rfc822\n\n{inner}\n--{separator}\n{part(b'%PDF')}\n--{separator}--\n"
            )
        out, parsed = read(MAIL, inner)
        assert 10 < len(out) < 40
        assert FindingKind.NOT_EXAMINED in {each.kind for each in parsed.findings}

    def test_twenty_thousand_attachments(self) -> None:
        """Parts are bounded, in each multipart; so are findings."""
        one = "--sep\nContent-Type: application/pdf\n\n%PDF\n"
        out, parsed = read(MAIL, message("multipart/mixed; boundary=sep", one * 20_000 + "--sep--"))
        assert len(out) == 2000
        assert [parsed.findings[0].evidence, parsed.findings[-1].evidence] == [
            "more than 2000 parts", "1900 more attachments",
        ]  # fmt: skip


class TestPieces:
    @pytest.mark.parametrize("size", [0, 1, 2, 3, 196_607, 196_608, 196_609, 600_001])
    @pytest.mark.parametrize("line", [60, 76, 10_000_000])
    def test_base64_in_windows_is_base64(self, size: int, line: int) -> None:
        content = bytes(index * 7 & 0xFF for index in range(size))
        text = base64.b64encode(content)
        wrapped = b"\r\n".join(text[at : at + line] for at in range(0, len(text), line))
        assert b"".join(decoded_pieces(b"xx" + wrapped + b"yy", 2, 2 + len(wrapped), b"base64")) == content

    @pytest.mark.parametrize("filler", [b"=", b"QQ==", b"Q=", b"\n", b"*"])
    def test_padding_everywhere(self, filler: bytes) -> None:
        """A window of nothing but padding, ends of pieces at the ends of windows."""
        text = filler * 150_000 + base64.b64encode(b"words")
        assert b"".join(decoded_pieces(text, 0, len(text), b"base64")) == decoded(text, b"base64")

    def test_base64_that_ends_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every second character ends a piece, which costs a call and holds a byte."""
        monkeypatch.setattr("parsers.mail.transfer._PADDED_MAX", 1000)
        text = b"QQ=" * 1001
        with pytest.raises(Refused, match="ends more than 1000 times"):
            list(decoded_pieces(text, 0, len(text), b"base64"))

    def test_quoted_printable_in_windows(self) -> None:
        text = quopri.encodestring("Zeile mit Größe = 1\n".encode() * 30_000)
        pieces = list(decoded_pieces(text, 0, len(text), b"quoted-printable"))
        assert len(pieces) > 1
        assert b"".join(pieces) == decoded(text, b"quoted-printable")


class TestContainers:
    def test_mailbox(self) -> None:
        one = "From a@b Mon May  6 10:00:00 2024\n" + multipart("mixed", TEXT, part(PDF))
        assert files(MBOX, f"{one}\n\n{one}") == [("a.pdf", PDF), ("a.pdf", PDF)]

    def test_of_a_saved_page_documents_go_out_alone(self) -> None:
        web = "Content-Type: {}\nContent-Location: http://x/{}\nContent-Transfer-Encoding: base64\n\n{}"
        parts = [
            web.format(kind, name, base64.b64encode(PICTURE).decode())
            for kind, name in (
                ("image/png", "a.png"), ("image/svg+xml", "a.svg"), ("text/css", "a.css"), ("font/woff2", "a.woff2"),
                ("application/javascript", "a.js"), ("application/json", "a.json"), ("application/pdf", "a.pdf"),
                ("application/octet-stream", "blob"), ("video/mp4", "a.mp4"),
            )
        ]  # fmt: skip
        page = multipart("related", "Content-Type: text/html\n\n<p>Words</p>", *parts)
        assert files(MHTML, page) == [("", PICTURE)]

    def test_winmail(self) -> None:
        out, parsed = read(TNEF, winmail())
        assert out == [("Pläne.pdf", PDF)]
        assert [each.kind for each in parsed.findings] == [FindingKind.EMBEDDED_FILE]

    def test_winmail_of_files_alone_passes_them_on_before_it_is_refused(self) -> None:
        basket = Basket()
        parser = parser_for(TNEF)
        assert parser is not None
        document = b"\x78\x9f\x3e\x22\0\0" + attribute(2, 0x9002, bytes(14)) + attribute(2, 0x800F, PDF)
        with pytest.raises(Refused):
            parser.parse(document, Report(lambda *_: None, basket))
        assert basket.files == [("", PDF)]

    def test_a_message_in_winmail_goes_out_as_what_it_is(self) -> None:
        data = bytes(16) + winmail()
        document = winmail_of(attribute(2, 0x9005, properties((0x3701, 0x0D, data), (0x3707, 0x1E, b"inner\0"))))
        assert files(TNEF, document) == [("inner", winmail())]

    def test_lengths_behind_the_end(self) -> None:
        """The data of an attachment claim to be longer than the file."""
        document = winmail_of(attribute(2, 0x800F, PDF))
        assert files(TNEF, document[:-20]) == []


def winmail_of(attachment: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\0\0" + attribute(1, 0x8004, b"Plan\0") + attribute(2, 0x9002, bytes(14)) + attachment


def winmail() -> bytes:
    name = properties((0x3707, 0x1F, "Pläne.pdf\0".encode("utf-16-le")))
    return winmail_of(attribute(2, 0x8010, b"PLANE~1.PDF\0") + attribute(2, 0x800F, PDF) + attribute(2, 0x9005, name))


class TestOutlook:
    def attached(self, method: int, more: Tree, name: str = "a.pdf", flags: int = 0) -> Tree:
        fixed = fixed_properties(8, (3, 0x3705, method.to_bytes(8, "little")), (3, 0x3714, flags.to_bytes(8, "little")))
        return {**fixed, **text_property(0x3707, name), **more}

    def message(self, *attachments: Tree) -> bytes:
        parts: Tree = {f"__attach_version1.0_#{at:08X}": each for at, each in enumerate(attachments)}
        return compound_file(outlook_message(text_property(0x1000, "Words."), parts=parts))

    def test_by_value(self) -> None:
        out, parsed = read(MSG, self.message(self.attached(1, {"__substg1.0_37010102": PDF})))
        assert out == [("a.pdf", PDF)]
        assert [each.kind for each in parsed.findings] == [FindingKind.EMBEDDED_FILE]

    def test_an_object_goes_out_as_the_file_it_is(self) -> None:
        inner: Tree = {"\x01Ole10Native": native("C:\\x\\b.txt", b"words"), "\x01CompObj": b"x", "Deep": {"S": b"s"}}
        ((name, content),) = files(MSG, self.message(self.attached(6, {"__substg1.0_3701000D": inner}, "object")))
        assert isinstance(content, bytes)
        assert [(each.path, each.is_stream) for each in CompoundFile(content).entries()] == [
            ("\x01Ole10Native", True), ("\x01CompObj", True), ("Deep", False), ("Deep/S", True),
        ]  # fmt: skip
        assert name == "object"
        assert files("application/x-ole-storage", content) == [("b.txt", b"words")]

    def test_a_picture_pasted_as_an_object_stays(self) -> None:
        inner: Tree = {"\x02OlePres000": b"picture", "\x01CompObj": b"x"}
        assert files(MSG, self.message(self.attached(6, {"__substg1.0_3701000D": inner}))) == []

    def test_one_kept_elsewhere_is_no_file_and_one_without_content_is_told(self) -> None:
        out = files(MSG, self.message(self.attached(2, {}, "share.pdf"), self.attached(1, {}, "gone.pdf")))
        assert out == [("gone.pdf", "corrupt: an attachment without content")]

    def test_pictures_that_the_body_shows_stay(self) -> None:
        more: Tree = {
            "__substg1.0_37010102": PICTURE,
            **text_property(0x3712, "p@x"),
            **text_property(0x370E, "image/png"),
        }
        shown, loose = self.attached(1, more, "p.png", flags=4), self.attached(1, more, "q.png")
        assert files(MSG, self.message(loose)) == [("q.png", PICTURE)]
        assert files(MSG, self.message(shown)) == []

    def test_messages_inside_are_sections_and_give_their_files(self) -> None:
        file = self.attached(1, {"__substg1.0_37010102": PDF}, "inner.pdf")
        inner = outlook_message(
            text_property(0x1000, "Older."), header_bytes=24, parts={"__attach_version1.0_#00000000": file}
        )
        out = files(MSG, self.message(self.attached(5, {"__substg1.0_3701000D": inner})))
        assert out == [("inner.pdf", PDF)]


def test_a_bomb_of_attachments_ends_with_the_outlet() -> None:
    """Each of a thousand attachments is a megabyte; the job has room for three. The rest is told, none is held."""
    parser = parser_for(MAIL)
    assert parser is not None
    zeros = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + "A" * (4 << 18)
    document = multipart("mixed", TEXT, *[zeros] * 40).encode()
    options: Options = {
        "chunk_tokens_max": 64,
        "embedded_files_max": 20,
        "embedded_bytes_max": 3 << 20,
        "comments_in_text": True,
    }
    with Path(os.devnull).open("wb", buffering=0) as nowhere:
        outlet = WireOutlet(FrameWriter(nowhere.fileno()), options)
        parser.parse(document, Report(lambda *_: None, outlet))
    assert (outlet.told, outlet.beyond) == (20, 20)
    assert outlet.bytes_sent <= 3 << 20
