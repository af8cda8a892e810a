"""TEST: elements say in which language they are written; what nobody can be sure of says nothing."""

from collections.abc import Callable

import pytest

from contract.result import Element
from contract.verdicts import ElementType
from parsers import languages
from parsers.blocks import Block, ParsedDocument, Report
from parsers.language_codes import iso_639_3
from parsers.markup.html import read_html
from parsers.normalize import normalize

ENGLISH = "All human beings are born free and equal in dignity and rights, and should act in a spirit of brotherhood."
GERMAN = "Alle Menschen sind frei und gleich an Würde und Rechten geboren und sollen einander brüderlich begegnen."
TEXTS = {
    "eng": ENGLISH,
    "deu": GERMAN,
    "fra": "Tous les êtres humains naissent libres et égaux en dignité et en droits, doués de raison et de conscience.",
    "spa": "Todos los seres humanos nacen libres e iguales en dignidad y derechos, dotados de razón y conciencia.",
    "pol": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw, obdarzeni rozumem.",
    "rus": "Все люди рождаются свободными и равными в своём достоинстве и правах и наделены разумом и совестью.",
    "ukr": "Всі люди народжуються вільними і рівними у своїй гідності та правах, вони наділені розумом і совістю.",
    "ell": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "heb": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם, כולם חוננו בתבונה ובמצפון.",
    "ara": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق وقد وهبوا عقلا وضميرا.",
    "hin": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "tha": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "zho": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "jpn": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "kor": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
}


def _elements(*texts: str, kind: ElementType = ElementType.NARRATIVE_TEXT) -> list[Element]:
    return [{"type": kind, "element_id": "", "text": text, "metadata": {}} for text in texts]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """No one listens."""


def _mark(elements: list[Element], *declared: str, progress: Callable[[str, int, int], None] = _silent) -> list[str]:
    return languages.mark(elements, declared, progress)


def _of(elements: list[Element]) -> list[str]:
    return [",".join(element["metadata"].get("languages", [])) for element in elements]


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_shows_its_language(language: str) -> None:
    elements = _elements(TEXTS[language])
    assert _mark(elements) == [language]
    assert _of(elements) == [language]


def test_each_element_has_its_own_and_the_document_those_of_which_there_is_most() -> None:
    elements = _elements(ENGLISH, GERMAN, ENGLISH)
    assert _mark(elements) == ["eng", "deu"]
    assert _of(elements) == ["eng", "deu", "eng"]


def test_short_texts_are_in_the_language_of_the_document_if_in_its_script() -> None:
    elements = _elements("Vorwort", GERMAN, "Ende", "Привет", "12.7 %", "—")
    assert _mark(elements) == ["deu"]
    assert _of(elements) == ["deu", "deu", "deu", "", "", ""]


def test_what_the_file_declares_is_for_texts_that_do_not_show_it() -> None:
    elements = _elements("Vorwort", "1.2")
    assert _mark(elements, "de-AT", "fr") == ["deu", "fra"]
    assert _of(elements) == ["deu", ""]


def test_words_speak_louder_than_a_template() -> None:
    elements = _elements(GERMAN)
    assert _mark(elements, "en-US") == ["deu"]
    assert _of(elements) == ["deu"]


def test_no_language_where_none_can_be_told() -> None:
    elements = _elements("Test", "x = 1", "https://example.org/alle/menschen/sind/frei/und/gleich/geboren.html")
    assert _mark(elements) == []
    assert _of(elements) == ["", "", ""]


@pytest.mark.parametrize("kind", [ElementType.CODE_SNIPPET, ElementType.FORMULA, ElementType.PAGE_BREAK])
def test_code_is_in_no_human_language(kind: ElementType) -> None:
    elements = [*_elements(ENGLISH), *_elements(ENGLISH, kind=kind)]
    _mark(elements)
    assert _of(elements) == ["eng", ""]


def test_a_name_in_a_long_document_is_no_language_of_it() -> None:
    """A signature of foreign names reads like another language to any detector."""
    elements = _elements(*[f"{ENGLISH} This is sentence number {number} of it." for number in range(30)])
    elements += _elements("Grzegorz Brzęczyszczykiewicz, Łękołody, Chrząszczyżewoszyce")
    assert _mark(elements) == ["eng"]
    assert _of(elements) == ["eng"] * 31


def test_scripts_that_the_detector_does_not_know() -> None:
    assert _mark(_elements("ସବୁ ମନୁଷ୍ୟ ଜନ୍ମକାଳରୁ ସ୍ୱାଧୀନ ଓ ମର୍ଯ୍ୟାଦାରେ ସମାନ।")) == ["ori"]


def test_a_document_of_a_hundred_thousand_texts_is_looked_at_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many different paragraphs as fit into an upload, so that no look is saved."""
    looks = 0
    recognise = languages._recognise

    def counted(words: str) -> tuple[str, float]:
        nonlocal looks
        looks += 1
        return recognise(words)

    monkeypatch.setattr(languages, "_recognise", counted)
    monkeypatch.setattr(languages, "LOOKS_MAX", 50)
    elements = _elements(*[f"{'abcdefghij'[number % 10]} {number * 'x'} {ENGLISH}" for number in range(200)])
    beats: list[int] = []
    assert _mark(elements, progress=lambda _stage, done, _total: beats.append(done)) == ["eng"]
    assert looks <= 100
    assert set(_of(elements)) == {"eng"}
    assert beats == [0]


def test_a_page_declares_the_language_of_its_parts() -> None:
    page = (
        f'<html lang="en"><p>{ENGLISH}<p lang="ga">Cad é<div lang="de-CH"><p>Grüezi</p><table><tr><td>Eis</table></div>'
    )
    normal = normalize(read_html(page, Report(_silent)), 1 << 20, _silent)
    assert normal.metadata["languages"] == ["eng"]
    assert _of(normal.elements) == ["eng", "gle", "deu", "deu"]


def test_a_long_block_keeps_its_language_in_all_its_parts() -> None:
    block = Block(ElementType.NARRATIVE_TEXT, "la " * 100_000, lang="cy")
    normal = normalize(ParsedDocument("text/html", [block]), 1 << 22, _silent)
    assert _of(normal.elements) == ["cym", "cym"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "deu"), ("de-AT", "deu"), ("EN_us", "eng"), ("ger", "deu"), ("deu", "deu"), ("iw", "heb"), ("no", "nor"),
        ("zh-Hant-TW", "zho"), ("", ""), ("x-default", ""), ("und", ""), ("qq", ""), ("mul", ""), ("de\n", "deu"),
        ("d", ""), ("german", ""), ("d€", ""), ("-" * 100_000, ""), ("de" + "-a" * 100_000, "deu"),
    ],
)  # fmt: skip
def test_tags_become_codes(tag: str, code: str) -> None:
    assert iso_639_3(tag) == code
