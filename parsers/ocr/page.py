"""SANDBOX, untrusted: from the pixels of a page to pieces, as the PDF reader makes them of glyphs."""

from importlib import import_module
from itertools import groupby
from statistics import median
from typing import Any

from parsers.blocks import Box, Report
from parsers.ocr.tesseract import Word, setting_of, words_of
from parsers.pdf.model import Atom, Line, Piece, Span

PIXELS_MAX = 16_000_000  # what Tesseract is given: an A4 page at 300 dots an inch has 8.7 million
_SIDE_WANTED = 1_800  # pixels; smaller pictures are enlarged, since letters below 20 pixels are read badly
_ENLARGED_MAX = 3.0
_ONE_SIZE = (0.7, 1.4)  # of the page's median: boxes of words vary by that much within one size of type


def pieces_of_pixels(grey: Any, page: int, points_per_pixel: float, report: Report) -> list[Piece]:
    """The paragraphs of a page in reading order. `grey` is a Pillow image in mode "L". Raises `tesseract.Failed`."""
    scale = _scale(grey.width, grey.height)
    if scale != 1.0:
        size = (max(round(grey.width * scale), 1), max(round(grey.height * scale), 1))
        grey = grey.resize(size, import_module("PIL.Image").Resampling.BICUBIC)
    setting = setting_of(_pgm(grey), report)
    upright = grey.rotate(-setting.turn, expand=True) if setting.turn else grey
    words = words_of(_pgm(upright), setting.languages, report)
    unit = points_per_pixel / scale
    shown = (grey.width * unit, grey.height * unit)
    return [_turned(piece, setting.turn, shown) for piece in _pieces(words, page, unit)]


def _scale(width: int, height: int) -> float:
    """How much to enlarge or reduce a picture before it is read."""
    wanted = min(max(_SIDE_WANTED / max(width, height), 1.0), _ENLARGED_MAX)
    return float(min(wanted, (PIXELS_MAX / (width * height)) ** 0.5))


def _pgm(grey: Any) -> bytes:
    return b"P5 %d %d 255\n" % (grey.width, grey.height) + bytes(grey.tobytes())


def _pieces(words: list[Word], page: int, unit: float) -> list[Piece]:
    lines = [(key[:2], _line(list(group), unit)) for key, group in groupby(words, key=lambda word: word.line)]
    if not lines:
        return []
    usual = median(line.size for _, line in lines)
    for _, line in lines:
        if _ONE_SIZE[0] < line.size / usual < _ONE_SIZE[1]:
            line.size = usual
    pieces = []
    for _, group in groupby(lines, key=lambda pair: pair[0]):
        pieces.append(_piece([line for _, line in group], page))
    return pieces


def _line(words: list[Word], unit: float) -> Line:
    size = median(word.y1 - word.y0 for word in words) * unit
    box = _around([(word.x0 * unit, word.y0 * unit, word.x1 * unit, word.y1 * unit) for word in words])
    span = Span(*box, " ".join(word.text for word in words), size, False, False, False, False)
    return Line(*box, box[3], size, [Atom(*box, box[3], size, [span], 0)])


def _piece(lines: list[Line], page: int) -> Piece:
    size = median(line.size for line in lines)
    for line in lines:
        line.size = size
        for atom in line.atoms:
            atom.size = size
            for span in atom.spans:
                span.size = size
    box = _around([(line.x0, line.y0, line.x1, line.y1) for line in lines])
    return Piece(page, box, lines, size=size, column_width=box[2] - box[0])


def _around(boxes: list[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _turned(piece: Piece, turn: int, shown: tuple[float, float]) -> Piece:
    """The piece with its box on the page as shown, which was turned clockwise by so many degrees to be read."""
    width, height = shown
    x0, y0, x1, y1 = piece.box
    if turn == 90:
        piece.box = (y0, height - x1, y1, height - x0)
    elif turn == 180:
        piece.box = (width - x1, height - y1, width - x0, height - y0)
    elif turn == 270:
        piece.box = (width - y1, x0, width - y0, x1)
    return piece
