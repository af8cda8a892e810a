"""SANDBOX, untrusted: from the pixels of a page to pieces, laid out by the geometry of its words, as in a PDF.

A page is set straight and read. Its words become atoms and its rules vectors, and what makes columns, tables, margins
and paragraphs of the glyphs of a PDF makes them of these.
"""

from typing import Any

from parsers.blocks import Report
from parsers.ocr import tesseract
from parsers.ocr.atoms import atoms_of, usual_size
from parsers.ocr.judging import Word
from parsers.ocr.latin import ENGLISH, languages_of
from parsers.ocr.rules import rules_in
from parsers.ocr.sheet import Sheet, sheet_of
from parsers.ocr.tesseract import Reading, Setting
from parsers.pdf.layout import lay_out
from parsers.pdf.model import Piece
from parsers.pdf.spans import PageContent

_SIZE, _SIZES = 10.0, (7.0, 16.0)  # points: of the type of a page as printed; pictures and small pages have others
_SURE = 80.0  # per cent: a page that is read that well is upright and Latin
_HOPELESS = 50.0  # per cent: handwriting and pictures, which other models of Latin letters do not read either


def pieces_of_pixels(grey: Any, page: int, points_per_pixel: float, report: Report) -> list[Piece]:
    """The pieces of a page in reading order. `grey` is a Pillow image in mode "L". Raises `Failed`."""
    sheet, reading = _read(sheet_of(grey, points_per_pixel), report)
    if not reading.is_understood:
        return []
    unit = _unit_of_layout(reading.words, sheet.unit)
    width, height = sheet.picture.size
    content = PageContent(page, width * unit, height * unit)
    content.vectors = rules_in(sheet.picture, unit)
    content.frames[0] = atoms_of(reading.words, content.vectors, unit)
    pieces, _ = lay_out(content)
    for piece in pieces:
        x0, y0, x1, y1 = (side * sheet.unit / unit for side in piece.box)
        piece.box = sheet.placing.shown((x0, y0, x1, y1))
    return pieces


def _unit_of_layout(words: list[Word], unit: float) -> float:
    """How many points a pixel is for layout, which knows type of common sizes: `unit`, unless the page's is none."""
    size = usual_size(words) * unit
    return unit if not size or _SIZES[0] <= size <= _SIZES[1] else unit * _SIZE / size


def _read(sheet: Sheet, report: Report) -> tuple[Sheet, Reading]:
    """What stands on a page, and the page turned as it was read best.

    Most pages are upright, and in English or another language in Latin letters. Asking for rotation and script first,
    and reading with the models of all those languages, would cost each of them several times as much.
    """
    first = Reading([], 0.0)
    if not sheet.sideways:
        first = tesseract.reading_of(sheet.pgm(), ENGLISH, report)
        if first.sureness >= _SURE:
            return sheet, _in_its_language(sheet, first, report)
    setting = tesseract.setting_of(sheet.pgm(), report)
    if setting == Setting() and not sheet.sideways and first.sureness < _HOPELESS:
        return sheet, first
    turned = sheet.turned(setting.turn)
    second = tesseract.reading_of(turned.pgm(), setting.languages, report)
    return (turned, second) if second.sureness > first.sureness else (sheet, first)


def _in_its_language(sheet: Sheet, reading: Reading, report: Report) -> Reading:
    """A page that was read with the model of English, with those of its own language."""
    languages = languages_of(word.text for word in reading.words)
    return reading if languages == ENGLISH else tesseract.reading_of(sheet.pgm(), languages, report)
