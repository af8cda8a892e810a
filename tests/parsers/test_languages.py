"""TEST: elements say in which language they are written; what nobody can be sure of says nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.result import Element
from contract.verdicts import ElementType
from parsers import languages
from parsers.blocks import Block, ParsedDocument, Report
from parsers.language_codes import iso_639_3
from parsers.markup.html import read_html
from parsers.normalize import normalize

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize(
    "text",
    ["你好", "有限公司", "こんにちは", "안녕하세요", "مرحبا", "שלום", "Привет", "สวัสดี", "Total amount due", "OK",
     "ABC-123 SKU XZ99 PART NO", "Max Mustermann, Musterstraße, Berlin", "a" * 200,
     "Paris London New York Tokyo Berlin Madrid Rome"],
)  # fmt: skip
def test_a_word_a_name_or_a_number_alone_shows_no_language(text: str) -> None:
    elements = _elements(text)
    assert _mark(elements) == []
    assert _of(elements) == [""]


@pytest.mark.parametrize(
    "kind", [ElementType.CODE_SNIPPET, ElementType.FORMULA, ElementType.PAGE_BREAK, ElementType.TABLE]
)
def test_code_and_tables_are_not_guessed_at(kind: ElementType) -> None:
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


def _in_a_process(program: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout


def test_the_detector_is_loaded_for_the_first_text_and_not_before() -> None:
    """Start-up is paid for every file, and archives, pictures and refused files have no text to look at."""
    program = (
        "import sys, parsers.__main__, parsers.languages as languages\n"
        "def mark(text): languages.mark([{'type': 'NarrativeText', 'element_id': '', 'text': text, 'metadata': {}}],"
        " (), lambda *_: None)\n"
        "mark('2 files'); print('gcld3' in sys.modules)\n"
        f"mark({ENGLISH!r}); print('gcld3' in sys.modules)"
    )
    assert _in_a_process(program).split() == ["False", "True"]


def test_the_same_text_gives_the_same_answer_in_every_process() -> None:
    """Sets and hashes have another order in each process: none may reach the answer."""
    program = (
        "import json, parsers.languages as languages\n"
        f"texts = {[*TEXTS.values(), *TEXTS.values(), 'OK', 'Привет'] * 3!r}\n"
        "elements = [{'type': 'NarrativeText', 'element_id': '', 'text': text, 'metadata': {}} for text in texts]\n"
        "print(json.dumps([languages.mark(elements, ('de', 'fr'), lambda *_: None), elements]))"
    )
    answers = {_in_a_process(program, PYTHONHASHSEED=str(seed)) for seed in range(4)}
    assert len(answers) == 1


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
