"""TEST: text out of pixels; what needs Tesseract itself is skipped, with a word, where it is not installed."""

import shutil
from pathlib import Path

import pymupdf
import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused, Report
from parsers.ocr import tesseract
from parsers.ocr.image import ImageParser
from parsers.ocr.page import _pieces, _turned
from parsers.ocr.tesseract import Word
from parsers.pdf.assemble import blocks_of
from parsers.pdf.reader import PdfParser
from parsers.pdf.scanned import needs_ocr
from parsers.pdf.spans import PageContent

REPORT = Report(lambda *_: None)


def _program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else in the place of Tesseract."""
    path = folder / "tesseract"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(tesseract, "PROGRAM", str(path))


def test_lines_of_a_paragraph_are_joined_and_hyphens_go() -> None:
    words = [
        Word((1, 1, 1), 10, 10, 90, 30, "Recog-"),
        Word((1, 1, 2), 10, 40, 80, 60, "nised"),
        Word((1, 1, 2), 90, 40, 150, 60, "text."),
        Word((2, 1, 1), 10, 90, 80, 110, "Another."),
    ]
    blocks = blocks_of(_pieces(words, 1, 0.5), {}, {1: 200.0})
    assert [block.text for block in blocks] == ["Recognised text.", "Another."]
    assert blocks[0].box == (5, 5, 75, 30)
    assert blocks[0].page == 1


@pytest.mark.parametrize(
    ("turn", "box"), [(0, (10, 20, 30, 25)), (90, (20, 70, 25, 90)), (180, (20, 175, 40, 180)), (270, (25, 10, 30, 30))]
)
def test_boxes_are_those_of_the_page_as_shown(turn: int, box: tuple[float, ...]) -> None:
    shown = {0: (50, 200), 90: (200, 100), 180: (50, 200), 270: (50, 200)}[turn]
    (piece,) = _pieces([Word((1, 1, 1), 10, 20, 30, 25, "a")], 1, 1.0)
    assert _turned(piece, turn, shown).box == box


def test_words_and_settings_are_read_from_what_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sure = r"5\t1\t1\t1\t1\t1\t4\t5\t6\t7\t91.5\tsure"
    speck = r"5\t1\t1\t1\t1\t2\t4\t5\t6\t7\t9\tspeck"
    _program(tmp_path, rf"cat >/dev/null; printf 'level\n{sure}\n{speck}\n'", monkeypatch)
    assert tesseract.words_of(b"", "eng", REPORT) == [Word((1, 1, 1), 4, 5, 10, 12, "sure")]
    osd = r"Rotate: 90\nOrientation confidence: 9.1\nScript: Japanese\nScript confidence: 3.0\n"
    _program(tmp_path, f"cat >/dev/null; printf '{osd}'", monkeypatch)
    assert tesseract.setting_of(b"", REPORT) == tesseract.Setting(90, "jpn+eng")


def test_a_page_that_was_not_understood_has_no_words() -> None:
    """Hostile: a page askew or a texture is read as letters, of none of which Tesseract is sure."""
    rows = ["level", *(f"5\t1\t1\t1\t1\t{n}\t4\t5\t6\t7\t{30 + n}\tnoise" for n in range(20))]
    assert tesseract.words_in("\n".join(rows)) == []
    rows += [f"5\t1\t1\t1\t2\t{n}\t4\t5\t6\t7\t95\tclearly" for n in range(40)]
    assert len(tesseract.words_in("\n".join(rows))) == 60


@pytest.mark.parametrize("script", ["kill -9 $$", "exit 1"])
def test_its_death_is_an_error_and_no_hang(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, script, monkeypatch)
    with pytest.raises(tesseract.Failed, match="ended with code"):
        tesseract.words_of(b"P5 1 1 255\n0" * 100_000, "eng", REPORT)
    assert tesseract.setting_of(b"P5 1 1 255\n0", REPORT) == tesseract.Setting()


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "exec sleep 60", monkeypatch)
    monkeypatch.setattr(tesseract, "PAGE_SECONDS_MAX", 0.1)
    with pytest.raises(tesseract.Failed, match="took more than"):
        tesseract.words_of(b"P5 1 1 255\n0" * 100_000, "eng", REPORT)


def test_one_that_takes_its_time_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "sleep 2; wc -c", monkeypatch)
    stages: list[str] = []
    pixels = b"0" * 1_000_000
    report = Report(lambda stage, *_: stages.append(stage))
    assert tesseract._run(pixels, [], report).strip() == "1000000"
    assert set(stages) == {"recognition"}


def test_which_pages_need_it() -> None:
    assert not needs_ocr(PageContent(1, 100, 100))  # blank
    assert needs_ocr(PageContent(1, 100, 100, images=[(0, 0, 100, 100)]))
    assert needs_ocr(PageContent(1, 100, 100, unmapped=9))


def test_a_picture_without_it_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "PROGRAM", "/nonexistent")
    with pytest.raises(Refused) as caught:
        ImageParser().parse(b"\x89PNG", REPORT)
    assert caught.value.refusal == Refusal.UNSUPPORTED


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not on the PATH of this machine")
def test_a_scanned_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL", reason="Pillow is not in this environment")
    monkeypatch.setattr(tesseract, "PROGRAM", str(shutil.which("tesseract")))
    typed = pymupdf.open()
    typed.new_page().insert_text((72, 100), "Scanned words", fontsize=24)
    scan = pymupdf.open()
    page = scan.new_page()
    page.insert_image(page.rect, pixmap=typed[0].get_pixmap(dpi=150))
    result = PdfParser().parse(scan.tobytes(), REPORT)
    assert [block.text for block in result.blocks] == ["Scanned words"]
