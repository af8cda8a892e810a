"""TEST: pages are decoded as browsers decode them, and nothing a browser would refuse is a codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.markup.encoding import codec_of, decode
from tests.parsers.markup_cases import from_html, text_of

GERMAN = "Die Größe der Tür — 5 €"


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides(mark: str) -> None:
    page = from_html(f'<meta charset="koi8-r"><p>{GERMAN}'.encode(mark))
    assert text_of(page) == GERMAN


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_two_byte_text_without_a_mark(codec: str) -> None:
    assert text_of(from_html(f"<html><body><p>{GERMAN}".encode(codec))) == GERMAN


@pytest.mark.parametrize(
    ("declaration", "codec"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251"),
        ("<?xml version='1.0' encoding='windows-1251'?>", "cp1251"),
        ("<meta charset=koi8-r>", "koi8-r"),
    ],
)
def test_declarations(declaration: str, codec: str) -> None:
    page = from_html(f"{declaration}<p>Привет, мир".encode(codec))
    assert (text_of(page), page.encoding) == ("Привет, мир", codec)


def test_latin_1_means_windows_1252() -> None:
    assert text_of(from_html(b'<meta charset="iso-8859-1"><p>5 \x80 \x96 ok')) == "5 € – ok"


def test_a_declaration_in_a_comment_does_not_count() -> None:
    assert text_of(from_html('<!-- <meta charset="koi8-r"> --><p>Größe'.encode())) == "Größe"


def test_declared_utf_8_that_is_not_is_read_as_something_else() -> None:
    page = from_html(b'<meta charset="utf-8"><p>Gr\xf6\xdfe und \xdcbermut f\xfcr \xc4rger')
    assert text_of(page) == "Größe und Übermut für Ärger"


def test_one_broken_character_does_not_change_the_encoding() -> None:
    page = from_html('<meta charset="utf-8"><p>Größe äöü'.encode() + b"\xff end")
    assert text_of(page) == "Größe äöü\ufffd end"


def test_without_declaration_utf_8_is_tried_first() -> None:
    assert decode(GERMAN.encode()) == (GERMAN, "utf-8")


@pytest.mark.parametrize(
    "label", ["utf-7", "unicode_escape", "rot13", "zlib", "base64", "idna", "x" * 50, "../etc", "\x00"]
)
def test_labels_that_are_no_encodings_of_the_web(label: str) -> None:
    assert codec_of(label) == ""


def test_markup_hidden_in_utf_7_stays_text() -> None:
    page = from_html(b'<meta charset="utf-7"><p>+ADw-script+AD4-alert(1)+ADw-/script+AD4-')
    assert text_of(page) == "+ADw-script+AD4-alert(1)+ADw-/script+AD4-"


@given(st.binary(max_size=300))
def test_any_bytes_decode(document: bytes) -> None:
    text, codec = decode(document)
    assert isinstance(text, str)
    assert codec


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=100))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert decode(b"<p>" + text.encode())[0] == "<p>" + text
