"""TEST: text out of pixels; what needs Tesseract itself is skipped, with a word, where it is not installed."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageOps

from contract.verdicts import Refusal
from parsers.blocks import Refused, Report
from parsers.ocr import program, tesseract
from parsers.ocr.atoms import atoms_of
from parsers.ocr.image import ImageParser
from parsers.ocr.image import _grey as in_grey
from parsers.ocr.judging import Word, words_of_line
from parsers.ocr.latin import languages_of
from parsers.ocr.placing import Placing
from parsers.ocr.tesseract import Reading
from parsers.pdf.assemble import blocks_of
from parsers.pdf.layout import lay_out
from parsers.pdf.model import Vector
from parsers.pdf.reader import PdfParser
from parsers.pdf.scanned import needs_ocr
from parsers.pdf.spans import PageContent

REPORT = Report(lambda *_: None)


def _program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else in the place of Tesseract."""
    path = folder / "tesseract"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(program, "PROGRAM", str(path))


def test_lines_of_a_paragraph_are_joined_and_hyphens_go() -> None:
    words = [
        Word((1, 1, 1), 100, 200, 400, 226, "Recog-"),
        Word((1, 1, 2), 100, 230, 180, 250, "nised"),
        Word((1, 1, 2), 187, 230, 260, 250, "text."),
        Word((2, 1, 1), 100, 290, 180, 310, "Another."),
    ]
    content = PageContent(1, 300, 400)
    content.frames[0] = atoms_of(words, [], 0.5)
    blocks = blocks_of(lay_out(content)[0], {}, {1: 400.0})
    assert [block.text for block in blocks] == ["Recognised text.", "Another."]
    assert blocks[0].page == 1
    assert blocks[0].box is not None
    assert (blocks[0].box[0], blocks[0].box[2]) == (50, 200)


def _line(*ends: tuple[int, int]) -> list[Word]:
    return [Word((1, 1, 1), x0, 100, x1, 120, "sand") for x0, x1 in ends]


def test_wide_gaps_cut_a_line_of_a_table_and_not_one_of_prose() -> None:
    """Letters without ascenders twenty pixels high: a type size of twenty divided by the share of capitals, 28."""
    table = atoms_of(_line((0, 50), (82, 130), (162, 200)), [], 1.0)
    assert [atom.spans[0].text for atom in table] == ["sand", "sand", "sand"]
    prose = _line(*((60 * n, 60 * n + 50) for n in range(5)), (322, 370), (380, 430))
    assert [atom.spans[0].text for atom in atoms_of(prose, [], 1.0)] == ["sand sand sand sand sand sand sand"]


def test_a_rule_taken_for_a_letter_is_none() -> None:
    rule = Vector(55, 90, 55, 140, stroked=True, rectangle=False, color=0, opaque=True, order=0)
    words = [Word((1, 1, 1), 10, 100, 50, 120, "left"), Word((1, 1, 1), 53, 100, 57, 120, "|")]
    assert [atom.spans[0].text for atom in atoms_of(words, [rule], 1.0)] == ["left"]
    assert [atom.spans[0].text for atom in atoms_of(words, [], 1.0)] == ["left |"]


def test_signs_of_scripts_without_spaces_are_joined() -> None:
    """Tesseract answers one or two of them at a time; Latin words and figures beside them stay words of their own."""
    texts = ["每", "次使", "用", "PDF", "2", "个", "文件", "。"]
    words = [Word((1, 1, 1), 24 * n, 100, 24 * n + 20, 120, text) for n, text in enumerate(texts)]
    ((span,),) = (atom.spans for atom in atoms_of(words, [], 1.0))
    assert span.text == "每次使用 PDF 2 个文件。"
    assert [(x0, x1) for x0, x1 in span.places] == [(0, 68), (72, 92), (96, 116), (120, 188)]


def test_signs_that_stand_far_apart_are_not_joined() -> None:
    words = [Word((1, 1, 1), 100 * n, 100, 100 * n + 20, 120, text) for n, text in enumerate("甲乙")]
    assert [atom.spans[0].text for atom in atoms_of(words, [], 1.0)] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("turn", "box"), [(0, (10, 20, 30, 25)), (90, (20, 70, 25, 90)), (180, (70, 175, 90, 180)), (270, (75, 10, 80, 30))]
)
def test_boxes_are_those_of_the_page_as_shown(turn: int, box: tuple[float, ...]) -> None:
    """A picture of 100 by 200 pixels, upright; or of 100 by 100 where it was turned by a quarter."""
    size = (100, 100) if turn in (90, 270) else (100, 200)
    placing = Placing(size, size, 1.0, 0.0, 0, 1.0).turned(turn)
    assert placing.shown((10, 20, 30, 25)) == box


def test_boxes_of_a_page_that_lay_askew_are_around_what_is_shown() -> None:
    """A level line through the middle of the straight page runs down to the right on the one that lay askew."""
    placing = Placing((1000, 1000), (1083, 1083), 1.0, 5.0, 0, 1.0)
    x0, y0, x1, y1 = placing.shown((141.5, 541.5, 941.5, 541.5))
    assert (round(x0), round(x1)) == (102, 898)
    assert (round(y0), round(y1)) == (465, 535)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("the end of it is that which was to be", "eng"),
        ("der Hund und das Haus von dem Mann ist nicht alt", "deu+eng"),
        ("le chat et les chiens dans la rue pour qui est la fin", "fra+eng"),
        ("the end of it is that, y los perros por el camino que es", "eng+deu+fra+spa"),
        ("Total 12 34", "eng+deu+fra+spa"),
    ],
)
def test_small_words_tell_the_language(text: str, languages: str) -> None:
    assert languages_of(text.split()) == languages


def test_words_and_settings_are_read_from_what_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sure = r"5\t1\t1\t1\t1\t1\t4\t5\t6\t7\t91.5\tsure"
    speck = r"5\t1\t1\t1\t2\t1\t4\t5\t6\t7\t9\tspeck"
    _program(tmp_path, rf"cat >/dev/null; printf 'level\n{sure}\n{speck}\n'", monkeypatch)
    assert tesseract.reading_of(b"", "eng", REPORT) == Reading([Word((1, 1, 1), 4, 5, 10, 12, "sure")], 91.5)
    osd = r"Rotate: 90\nOrientation confidence: 9.1\nScript: Japanese\nScript confidence: 3.0\n"
    _program(tmp_path, f"cat >/dev/null; printf '{osd}'", monkeypatch)
    assert tesseract.setting_of(b"", REPORT) == tesseract.Setting(90, "jpn+eng")


def test_a_page_that_was_not_understood_is_told_from_one_that_was() -> None:
    """Hostile: a texture is read as letters, of none of which Tesseract is sure."""
    rows = ["level", *(f"5\t1\t1\t1\t1\t{n}\t4\t5\t6\t7\t{40 + n}\tnoise" for n in range(10))]
    assert not tesseract.reading_in("\n".join(rows)).is_understood
    rows += [f"5\t1\t1\t1\t2\t{n}\t4\t5\t6\t7\t95\tclearly" for n in range(40)]
    assert len(tesseract.reading_in("\n".join(rows)).words) == 50
    assert tesseract.reading_in("\n".join(rows)).is_understood


def _judged(*words: tuple[str, float]) -> list[str]:
    rows = [(Word((1, 1, 1), 50 * n, 5, 50 * n + 40, 12, text), sure) for n, (text, sure) in enumerate(words)]
    return [word.text for word in words_of_line(rows)]


def test_a_faint_number_stays_in_a_clear_line_and_specks_go() -> None:
    assert _judged(("Revenue", 96), ("47.2B", 8), ("~", 8), ("zvxr", 8)) == ["Revenue", "47.2B"]


def test_faint_print_stays_and_noise_does_not() -> None:
    assert _judged(("Page", 29), ("2", 29)) == ["Page", "2"]
    assert _judged(("zvxr", 3), ("47", 8), ("ee", 0)) == []
    assert _judged(("zvxr", 25), ("47", 8), ("ee", 40)) == ["ee"]


def test_a_leader_taken_for_letters_becomes_dots_that_reach_to_the_number() -> None:
    """A row of dots in a table of contents is read as letters, of which Tesseract is not sure at all."""
    rows = [("Guard", 97.0), ("Cells......0...cccesese", 0.0), ("eeee", 0.0), ("65", 97.0)]
    assert _judged(*rows) == ["Guard", "Cells .....", "65"]
    words = words_of_line((Word((1, 1, 1), 50 * n, 5, 50 * n + 40, 12, t), c) for n, (t, c) in enumerate(rows))
    assert (words[1].x0, words[1].x1) == (50, 140)


@pytest.mark.parametrize("script", ["kill -9 $$", "exit 1"])
def test_its_death_is_an_error_and_no_hang(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, script, monkeypatch)
    with pytest.raises(program.Failed, match="ended with code"):
        tesseract.reading_of(b"P5 1 1 255\n0" * 100_000, "eng", REPORT)
    assert tesseract.setting_of(b"P5 1 1 255\n0", REPORT) == tesseract.Setting()


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "exec sleep 60", monkeypatch)
    monkeypatch.setattr(tesseract, "PAGE_SECONDS_MAX", 0.1)
    with pytest.raises(program.Failed, match="took more than"):
        tesseract.reading_of(b"P5 1 1 255\n0" * 100_000, "eng", REPORT)


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
    monkeypatch.setattr(program, "PROGRAM", "/nonexistent")
    with pytest.raises(Refused) as caught:
        ImageParser().parse(b"\x89PNG", REPORT)
    assert caught.value.refusal == Refusal.UNSUPPORTED


def test_a_reader_that_recognises_nothing_loads_nothing_for_it() -> None:
    """Every sandbox for PDF would pay for it, and no image but one has Tesseract."""
    command = "import sys, parsers.pdf; print(sorted({'subprocess', 'tempfile', 'PIL'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not on the PATH of this machine")
def test_a_scanned_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL", reason="Pillow is not in this environment")
    monkeypatch.setattr(program, "PROGRAM", str(shutil.which("tesseract")))
    typed = pymupdf.open()
    typed.new_page().insert_text((72, 100), "Scanned words", fontsize=24)
    scan = pymupdf.open()
    page = scan.new_page()
    page.insert_image(page.rect, pixmap=typed[0].get_pixmap(dpi=150))
    result = PdfParser().parse(scan.tobytes(), REPORT)
    assert [block.text for block in result.blocks] == ["Scanned words"]


def _shown_in_grey(picture: Image.Image) -> Image.Image:
    """What Pillow makes of it by its own way, with a copy in colours for each step."""
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    white = Image.new("RGBA", upright.size, "white")
    white.alpha_composite(upright)
    return white.convert("L")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGB", "P"])
def test_a_picture_is_upright_and_on_white(mode: str, orientation: int) -> None:
    drawn = Image.linear_gradient("L").resize((40, 30)).rotate(20)
    alpha = Image.linear_gradient("L").resize((40, 30)).rotate(70)
    colours = Image.merge("RGBA", (drawn, drawn.transpose(Image.Transpose.ROTATE_180), drawn, alpha))
    picture = colours.convert(mode)
    if mode == "P":
        picture.info["transparency"] = 3
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = io.BytesIO()
    picture.save(stored, "PNG", exif=exif)
    with Image.open(stored) as opened:
        ours = in_grey(opened)
    with Image.open(stored) as opened:
        theirs = _shown_in_grey(opened)
    assert ours.size == theirs.size
    assert max(abs(a - b) for a, b in zip(ours.tobytes(), theirs.tobytes(), strict=True)) <= 2


def test_a_transparent_page_takes_no_copies_in_colours() -> None:
    """A4 at 600 dpi with an alpha channel was more than the sandbox has; here a tenth of its pixels."""
    script = (
        "import resource; from PIL import Image; from parsers.ocr.image import _grey;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10;"
        "page = Image.new('RGBA', (2000, 2000)); before = peak(); _grey(page); print((peak() - before) / 16_000_000)"
    )
    copies = float(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert copies < 1.5
