"""TEST: text in the encodings people use, and bytes that are no text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.text.encoding import HEAD_BYTES, decode, decode_head

GERMAN = "Die Größe der Bäume überraschte Käthe: „Schön!“, sagte sie und aß noch ein Stück Möhrenkuchen für 3 €."
FRENCH = "L'été dernier, nous avons déjà mangé à la forêt près de l'élève ; ça coûtait très peu."
POLISH = "Zażółć gęślą jaźń, a potem idź do domu i zjedz coś ciepłego, bo wieczór będzie chłodny."
RUSSIAN = "Привет, мир! Сегодня мы поговорим о том, как правильно читать старые текстовые файлы."
GREEK = "Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί και μετά κοιμάται."
HEBREW = "שלום עולם, היום נדבר על קידוד של טקסט ועל הקבצים הישנים שלנו במחשב."
JAPANESE = "これは日本語の文章です。文字コードを正しく判定できるかどうかを確認します。"
CHINESE = "这是一个中文的文本文件，我们需要正确地识别它的编码，然后把内容转换为统一的格式。"
TRADITIONAL = "這是一個中文的文字檔案，我們需要正確地識別它的編碼，然後把內容轉換為統一的格式。"
KOREAN = "이것은 한국어 텍스트 파일입니다. 우리는 인코딩을 올바르게 인식해야 합니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(GERMAN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")],
        *[(GERMAN, name) for name in ("utf-32", "utf-32-le", "utf-32-be")],
        (GERMAN.replace("€", "EUR").replace("„", '"').replace("“", '"'), "latin-1"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        *[(RUSSIAN, name) for name in ("utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866")],
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        *[(JAPANESE, name) for name in ("utf-16-le", "shift_jis", "euc_jp", "iso2022_jp")],
        (CHINESE, "gb18030"),
        (TRADITIONAL, "big5"),
        (KOREAN, "euc_kr"),
    ],
)  # fmt: skip
def test_reads_what_was_written(text: str, encoding: str) -> None:
    assert decode((text + "\n").encode(encoding)).text == text + "\n"


@pytest.mark.parametrize("text", ["Grüße aus Köln", "café", "señor Núñez", "naïve Çelebi", "smörgåsbord"])
def test_a_few_western_words_are_enough(text: str) -> None:
    assert decode(text.encode("latin-1")).text == text


def test_utf8_with_a_few_damaged_bytes_stays_utf8() -> None:
    decoded = decode("schöne Grüße ".encode() * 20 + b"\xff\xfe" + "für alle".encode())
    assert decoded.encoding == "utf-8"
    assert decoded.text.count("ü") == 21
    assert decoded.text.count("\ufffd") == 2


def test_a_stray_nul_does_not_make_it_utf16() -> None:
    assert decode(b"a,b,c\n1,\x00,3\n4,5,6\n").encoding == "utf-8"


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_no_text(seed: int) -> None:
    with pytest.raises(Refused) as refused:
        decode(random.Random(seed).randbytes(5000))
    assert refused.value.refusal is Refusal.UNSUPPORTED


def test_bytes_of_a_program_are_no_text() -> None:
    assert decode_head(b"\x7fELF\x02\x01\x01" + bytes(60) + b"\x03\x00>\x00\x01\x00\x00\x00" * 50) is None


def test_a_head_may_end_within_a_character() -> None:
    head = decode_head(("a" + "ü" * HEAD_BYTES).encode())
    assert head is not None
    assert set(head) == {"a", "ü"}


@given(st.binary(max_size=600))
def test_any_bytes_are_text_or_refused(document: bytes) -> None:
    try:
        decoded = decode(document)
    except Refused:
        return
    assert not decoded.text.startswith("\ufeff")
    decoded.text.encode("utf-8")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_is_never_taken_for_anything_else(text: str) -> None:
    assert decode(text.encode()).text == text.removeprefix("\ufeff")
