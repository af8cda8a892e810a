"""TEST: one mail message: fields, the body that a reader sees, what is attached, what is sealed."""

import base64
import quopri

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from tests.parsers.reading import evidence, found, kinds, markdown, read, shown, titles

MAIL = "message/rfc822"
HEAD = "From: Anna <anna@example.org>\nTo: bert@example.org\nDate: Mon, 6 May 2024 10:00:00 +0200\nSubject: Plan\n"


def message(content_type: str, body: str, more: str = "") -> str:
    return f"{HEAD}MIME-Version: 1.0\nContent-Type: {content_type}\n{more}\n{body}"


def multipart(kind: str, *parts: str, more: str = "") -> str:
    inside = "".join(f"--sep\n{part}\n" for part in parts)
    return message(f'multipart/{kind}; boundary="sep"{more}', f"preamble\n{inside}--sep--\nepilogue")


class TestFields:
    def test_a_heading_and_labelled_lines(self) -> None:
        parsed = read(MAIL, HEAD + "\nHello.\n")
        assert kinds(parsed) == [
            ("Title", "Plan"),
            (
                "NarrativeText",
                "From: Anna <anna@example.org>\nTo: bert@example.org\nDate: Mon, 6 May 2024 10:00:00 +0200\n"
                "Subject: Plan",
            ),
            ("NarrativeText", "Hello."),
        ]
        assert (parsed.title, parsed.author, parsed.created) == ("Plan", "Anna", "2024-05-06T10:00:00+02:00")

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("=?utf-8?q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
            ("=?iso-8859-1?Q?caf=E9?= am =?utf-8?b?w6k=?=", "café am é"),
            ("=?utf-8?b?4pyT?= =?utf-8?b?IGRvbmU=?=", "✓ done"),
            ("=?utf-8?q?=F0=9F?= =?utf-8?q?=98=80?=", "😀"),  # one character cut in two words
            ("=?windows-1251?b?z/Do4uXy?=", "Привет"),
            ("=?utf-8*de?q?Gr=C3=BCn?=", "Grün"),
            ("=?no-such-charset?q?gr=C3=BCn?=", "grün"),
            ("=?utf-8?b?broken", "=?utf-8?b?broken"),
            ("first\n second", "first second"),
        ],
    )
    def test_encoded_words(self, written: str, expected: str) -> None:
        assert read(MAIL, f"From: a@b\nSubject: {written}\n\nx").title == expected

    def test_undeclared_bytes_in_a_field(self) -> None:
        assert read(MAIL, b"From: a@b\nSubject: Gr\xfc\xdfe aus K\xf6ln\n\nx").title == "Grüße aus Köln"

    @pytest.mark.parametrize("day", ["yesterday", "Mon, 99 Foo 2024 10:00", "31 Feb 2024 10:00:00 +0000", ""])
    def test_a_broken_date_is_shown_and_is_no_date(self, day: str) -> None:
        parsed = read(MAIL, f"From: a@b\nDate: {day}\n\nx")
        assert parsed.created == ""
        assert day in markdown(parsed)

    def test_lines_left_by_mailboxes_and_no_fields_at_all(self) -> None:
        assert "Subject: S" in shown(MAIL, "From a@b Mon May  6 10:00:00 2024\nFrom: a@b\nSubject: S\n\nx")
        assert shown(MAIL, "\nonly a body").strip() == "only a body"

    def test_a_line_that_is_no_field_begins_the_body(self) -> None:
        assert shown(MAIL, "From: a@b\nSubject: S\nHello, this is no field\nbye").endswith(
            "Hello, this is no field\nbye\n"
        )

    @pytest.mark.parametrize("end", ["\r\n", "\r"])
    def test_line_ends(self, end: str) -> None:
        assert read(MAIL, (HEAD + "\nHello.").replace("\n", end)).blocks[-1].text == "Hello."


class TestBodies:
    def test_of_alternatives_html_is_read_once(self) -> None:
        text = shown(
            MAIL,
            multipart(
                "alternative", "Content-Type: text/plain\n\nplain words",
                "Content-Type: text/html\n\n<h1>Rich</h1><p>rich <b>words</b></p>",
            ),
        )  # fmt: skip
        assert "plain words" not in text
        assert "## Rich\n\nrich **words**" in text

    def test_html_that_shows_nothing_gives_way_to_plain_text(self) -> None:
        text = shown(
            MAIL,
            multipart("alternative", "Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<img src=x>"),
        )
        assert text.endswith("plain\n")

    def test_an_attachment_beside_an_alternative_is_still_named(self) -> None:
        inner = (
            "Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: text/html\n\n<p>rich</p>\n"
            "--in\nContent-Type: application/pdf; name=a.pdf\n\nx\n--in--"
        )
        parsed = read(MAIL, multipart("alternative", inner, "Content-Type: text/plain\n\nplain"))
        assert "rich" in markdown(parsed)
        assert "plain" not in markdown(parsed)
        assert "a.pdf" in evidence(parsed)

    def test_hidden_text_of_html_is_a_finding(self) -> None:
        parsed = read(MAIL, message("text/html", "<p>seen</p><p style='display:none'>unseen</p>"))
        assert "unseen" not in markdown(parsed)
        assert found(parsed) == ["hidden_text"]

    @pytest.mark.parametrize(
        ("charset", "body"),
        [
            ("utf-8", "Grüße"), ("iso-8859-1", "Grüße"), ("windows-1252", "„Grüße“"), ("koi8-r", "Привет, мир"),
            ("iso-2022-jp", "こんにちは"), ("gb2312", "你好，世界"), ("ks_c_5601-1987", "안녕하세요"), ("utf-7",
"Grüße"),
            ("iso-8859-8-i", "שלום"), ("big5", "你好"),
        ],
    )  # fmt: skip
    def test_charsets(self, charset: str, body: str) -> None:
        codec = {"iso-8859-8-i": "iso8859-8", "ks_c_5601-1987": "cp949"}.get(charset, charset)
        head = message(f'text/plain; charset="{charset}"', "").encode()
        assert read(MAIL, head + body.encode(codec)).blocks[-1].text == body

    @pytest.mark.parametrize("charset", ["us-ascii", "utf-8", "no-such", "zlib_codec", "rot13", "", "unknown-8bit"])
    def test_wrong_and_unknown_charsets(self, charset: str) -> None:
        """Python knows codecs that are no charsets: a label must not reach them."""
        head = message(f"text/plain; charset={charset}", "").encode()
        body = "Grüße aus Köln, schöne Tage für alle, müde Füße"
        assert read(MAIL, head + body.encode("cp1252")).blocks[-1].text == body

    def test_transfer_encodings(self) -> None:
        body = "Zwölf = 12; a very long line " + "x" * 100
        encoded = quopri.encodestring(body.encode()).decode()
        for encoding, data in (
            ("quoted-printable", encoded), ("Quoted-Printable ;", encoded),
            ("base64", base64.encodebytes(body.encode()).decode()),
            ("8bit", body), ("text/html", body), ("x-unknown", body),
        ):  # fmt: skip
            document = message("text/plain; charset=utf-8", data, f"Content-Transfer-Encoding: {encoding}\n")
            assert read(MAIL, document).blocks[-1].text == body

    def test_broken_base64_and_quoted_printable(self) -> None:
        """Base64 with noise, with an odd length, and with more behind its padding; `=` before anything."""
        data = base64.b64encode(b"Hello there, friend").decode()
        for broken in (data[:10] + "!\n*" + data[10:], data + "A", data + "\n" + data):
            document = message("text/plain", broken, "Content-Transfer-Encoding: base64\n")
            assert "Hello there, friend" in shown(MAIL, document)
        document = message("text/plain", "100=% sure =ZZ=  \nok=", "Content-Transfer-Encoding: quoted-printable\n")
        assert "sure" in shown(MAIL, document)

    def test_flowed_text(self) -> None:
        body = "One line \nthat goes on.\n\n> quoted \n> too\n-- \nAnna"
        text = read(MAIL, message("text/plain; format=flowed", body)).blocks
        assert [block.text for block in text[2:]] == ["One line that goes on.", "> quoted too\n--\nAnna"]

    def test_enriched_text(self) -> None:
        body = "<bold>Now</bold> is\nthe <color><param>red</param>time</color>\n\nfor << it"
        assert read(MAIL, message("text/enriched", body)).blocks[-1].text == "Now is the time\nfor < it"

    def test_rtf_body(self) -> None:
        assert read(MAIL, message("text/rtf", r"{\rtf1 {\b Bold} words\par}")).blocks[-1].markdown == "**Bold** words"

    def test_html_called_plain(self) -> None:
        assert "<p>" not in shown(MAIL, message("text/plain", "<html><body><p>Hello</p></body></html>"))

    @pytest.mark.parametrize("boundary", ["", "; boundary=other", '; boundary="sep'])
    def test_boundaries_that_are_not_declared(self, boundary: str) -> None:
        body = "--sep\nContent-Type: text/plain\n\nfirst\n--sep\nContent-Type: text/html\n\n<p>second</p>\n--sep--"
        text = shown(MAIL, message(f"multipart/mixed{boundary}", body))
        assert "first\n\nsecond" in text
        assert "--sep" not in text

    def test_a_boundary_that_begins_like_another(self) -> None:
        inner = "Content-Type: multipart/alternative; boundary=sep2\n\n--sep2\n\nin the inner\n--sep2--"
        assert "in the inner" in shown(MAIL, multipart("mixed", inner, "Content-Type: text/plain\n\nouter"))


class TestWhatIsAttached:
    def test_files_are_named_and_not_read(self) -> None:
        parsed = read(
            MAIL,
            multipart(
                "mixed", "Content-Type: text/plain\n\nSee the file.",
                "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.txt\n\n"
                "secret plans",
                "Content-Type: application/pdf; name*0=long; name*1=name.pdf\n\n%PDF",
                "Content-Type: image/png\nContent-ID: <x>\nContent-Disposition: inline; filename=logo.png\n\nx",
            ),
        )  # fmt: skip
        text = markdown(parsed)
        assert "Attachments: Pläne.txt, longname.pdf\n" in text
        assert "secret plans" not in text
        assert [finding.evidence for finding in parsed.findings] == [
            "Pläne.txt (text/plain)", "longname.pdf (application/pdf)", "logo.png (image/png)",
        ]  # fmt: skip

    def test_uuencoded_files_in_the_text(self) -> None:
        parsed = read(MAIL, HEAD + "\nBefore.\n\nbegin 644 cat.txt\n#0V%T\n`\nend\n\nAfter.")
        assert "#0V%T" not in markdown(parsed)
        assert "cat.txt" in evidence(parsed)
        assert "After." in markdown(parsed)

    def test_messages_inside_are_sections(self) -> None:
        inner = "Content-Type: message/rfc822\n\nFrom: Cora <c@example.org>\nSubject: Older\n\nOlder words."
        parsed = read(MAIL, multipart("mixed", "Content-Type: text/html\n\n<h1>Hi</h1>New words.", inner))
        assert titles(parsed) == [(1, "Plan"), (2, "Hi"), (2, "Older")]
        assert markdown(parsed).endswith("Older words.\n")

    def test_a_message_in_base64(self) -> None:
        data = base64.encodebytes(b"From: c@d\nSubject: Older\n\nOlder words.").decode()
        parsed = read(MAIL, message("message/rfc822", data, "Content-Transfer-Encoding: base64\n"))
        assert "Older words." in markdown(parsed)

    def test_a_delivery_report(self) -> None:
        parsed = read(
            MAIL,
            multipart(
                "report", "Content-Type: text/plain\n\nNot delivered.",
                "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed",
                "Content-Type: text/rfc822-headers\n\nSubject: lost",
            ),
        )  # fmt: skip
        assert [kind for kind, _ in kinds(parsed)][2:] == ["NarrativeText", "CodeSnippet", "CodeSnippet"]

    def test_a_body_kept_elsewhere_is_not_fetched(self) -> None:
        parsed = read(MAIL, message('message/external-body; access-type=URL; URL="http://evil.example/x"', ""))
        assert found(parsed) == ["external_reference"]


class TestSeals:
    def test_signed_mail_is_read(self) -> None:
        text = shown(
            MAIL,
            multipart(
                "signed", "Content-Type: text/plain\n\nI promise.", "Content-Type: application/pgp-signature\n\nAAAA"
            ),
        )
        assert text.endswith("I promise.\n")

    def test_clear_signed_text(self) -> None:
        body = (
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- --- I promise.\n"
            "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
        )
        assert read(MAIL, HEAD + "\n" + body).blocks[-1].text == "--- I promise."

    @pytest.mark.parametrize("indefinite", [True, False])
    def test_opaque_signed_mail_is_read(self, indefinite: bool) -> None:
        inner = b"Content-Type: text/plain\n\nI promise."
        document = message("application/pkcs7-mime; smime-type=signed-data", "", "Content-Transfer-Encoding: base64\n")
        data = base64.encodebytes(signed(inner, indefinite=indefinite)).decode()
        assert shown(MAIL, document + data).endswith("I promise.\n")

    @pytest.mark.parametrize(
        "document",
        [
            multipart(
                "encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: x/y\n\nAAAA"
            ),
            message("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "AAAA"),
            message("text/plain", "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----"),
        ],
    )
    def test_sealed_mail_is_refused(self, document: str) -> None:
        with pytest.raises(Refused) as refused:
            read(MAIL, document)
        assert refused.value.refusal is Refusal.ENCRYPTED

    def test_a_sealed_part_beside_a_readable_one(self) -> None:
        sealed = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAAAA"
        parsed = read(MAIL, multipart("mixed", "Content-Type: text/plain\n\nThe key follows.", sealed))
        assert found(parsed) == ["encrypted_part"]


def signed(content: bytes, *, indefinite: bool) -> bytes:
    """A CMS SignedData without signers: OID, content type, content in an octet string, whole or in pieces."""
    oid = bytes.fromhex("06092a864886f70d010702")
    data = bytes.fromhex("06092a864886f70d010701")
    if indefinite:
        half = len(content) // 2
        pieces = b"".join(b"\x04" + bytes([len(piece)]) + piece for piece in (content[:half], content[half:]))
        return b"\x30\x80" + oid + b"\xa0\x80\x30\x80" + data + b"\xa0\x80\x24\x80" + pieces + bytes(8)
    octets = b"\x04" + bytes([len(content)]) + content
    return b"\x30\x7f" + oid + b"\xa0\x7f\x30\x7f" + data + b"\xa0" + bytes([len(octets)]) + octets


class TestHostile:
    def test_parts_nested_without_end(self) -> None:
        """A thousand multiparts in each other: a recursive parser dies, a naive one scans the rest once a level."""
        opening = "".join(f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(1000))
        parsed = read(MAIL, HEAD + opening + "\ndeep")
        assert found(parsed) == ["not_examined"]

    def test_messages_nested_without_end(self) -> None:
        """Ten thousand messages, each the only part of the one around it."""
        parsed = read(MAIL, HEAD + "Content-Type: message/rfc822\n\n" * 10_000 + "deep")
        assert found(parsed) == ["not_examined"]

    def test_a_hundred_thousand_parts(self) -> None:
        """More parts than any sender makes; the first two thousand are read."""
        text = shown(MAIL, message("multipart/mixed; boundary=b", "--b\n\nword\n" * 100_000))
        assert 0 < text.count("word") <= 2000

    def test_a_hundred_thousand_fields(self) -> None:
        """Fields in front of the real ones, to make a parser keep them all."""
        assert "body" in shown(MAIL, "".join(f"X-{at}: y\n" for at in range(100_000)) + HEAD + "\nbody")

    def test_armour_that_never_ends(self) -> None:
        """Every opening line looks for an end that is not there."""
        assert "BEGIN PGP" in shown(MAIL, HEAD + "\n" + "-----BEGIN PGP SIGNED MESSAGE-----\n" * 5000)
