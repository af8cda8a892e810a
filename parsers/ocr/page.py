"""SANDBOX, untrusted: from the pixels of a page to pieces, laid out by the geometry of its words as the PDF reader does.

A page is set straight and read. Its words become atoms and its rules vectors, and what makes columns, tables, margins
and paragraphs of the glyphs of a PDF makes them of these.
"""

from typing import Any

from parsers.blocks import Report
from parsers.ocr import tesseract
from parsers.ocr.atoms import atoms_of
from parsers.ocr.rules import rules_in
from parsers.ocr.sheet import Sheet, sheet_of
from parsers.ocr.tesseract import LATIN, Reading, Setting
from parsers.pdf.layout import lay_out
from parsers.pdf.model import Piece
from parsers.pdf.spans import PageContent

_SURE = 80.0  # per cent: a page that upright Latin reads that well is upright Latin


def pieces_of_pixels(grey: Any, page: int, points_per_pixel: float, report: Report) -> list[Piece]:
    """The pieces of a page in reading order. `grey` is a Pillow image in mode "L". Raises `tesseract.Failed`."""
    sheet, reading = _read(sheet_of(grey, points_per_pixel), report)
    if not reading.is_understood:
        return []
    width, height = sheet.picture.size
    content = PageContent(page, width * sheet.unit, height * sheet.unit)
    content.vectors = rules_in(sheet.picture, sheet.unit)
    content.frames[0] = atoms_of(reading.words, content.vectors, sheet.unit)
    pieces, _ = lay_out(content)
    for piece in pieces:
        piece.box = sheet.placing.shown(piece.box)
    return pieces


def _read(sheet: Sheet, report: Report) -> tuple[Sheet, Reading]:
    """What stands on a page, and the page turned as it was read best.

    Most pages are upright and Latin. Asking for rotation and script first would cost each of them half as much again.
    """
    first = Reading([], 0.0)
    if not sheet.sideways:
        first = tesseract.reading_of(sheet.pgm(), LATIN, report)
        if first.sureness >= _SURE:
            return sheet, first
    setting = tesseract.setting_of(sheet.pgm(), report)
    if setting == Setting() and not sheet.sideways:
        return sheet, first
    turned = sheet.turned(setting.turn)
    second = tesseract.reading_of(turned.pgm(), setting.languages, report)
    return (turned, second) if second.sureness > first.sureness else (sheet, first)
