"""SANDBOX, untrusted: a page as Tesseract reads it best: dark on light, level, with letters of its size."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from parsers.ocr.placing import Placing
from parsers.ocr.skew import ink_of, letter_share, lie_of

PIXELS_MAX = 16_000_000  # what Tesseract is given: an A4 page at 300 dots an inch has 8.7 million
_LETTERS_BEST = 18.0  # pixels, of small letters; Tesseract brings a line to 36 pixels, below 10 it errs
_LETTERS_WELL = (13.0, 26.0)
_SCALE = (0.3, 4.0)
_DARK_MEAN = 110  # of 255: below it a page is light on dark
_SHARPEN_RADIUS = 1.2  # pixels of the picture before it was enlarged
_SHARPEN_PERCENT, _SHARPEN_LEAST = 150, 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture in mode "L" to be read, where it came from, and whether its lines still run up or down."""

    picture: Any
    placing: Placing
    sideways: bool

    @property
    def unit(self) -> float:
        """How many points one of its pixels is."""
        return self.placing.unit

    def turned(self, turn: int) -> "Sheet":
        """The same, turned clockwise by a multiple of 90 degrees."""
        if not turn:
            return self
        return Sheet(self.picture.rotate(-turn, expand=True), self.placing.turned(turn), self.sideways)

    def pgm(self) -> bytes:
        """The picture in the format that Tesseract needs no library for."""
        return b"P5 %d %d 255\n" % self.picture.size + bytes(self.picture.tobytes())


def sheet_of(grey: Any, points_per_pixel: float) -> Sheet:
    """Set straight what a scanner took. `grey` is a Pillow image in mode "L"."""
    image, operations = import_module("PIL.Image"), import_module("PIL.ImageOps")
    ink = ink_of(grey)
    lie = lie_of(ink)
    level = ink.rotate(lie.skew, image.Resampling.BILINEAR, expand=True) if lie.skew else ink
    paper = _paper(grey)
    picture = operations.invert(grey) if paper < _DARK_MEAN else grey
    scale = _scale(grey, level.transpose(image.Transpose.ROTATE_90) if lie.sideways else level, ink)
    picture = _scaled(picture, scale)
    if lie.skew:
        fill = 255 - paper if paper < _DARK_MEAN else paper
        picture = picture.rotate(lie.skew, image.Resampling.BICUBIC, expand=True, fillcolor=fill)
    placing = Placing(grey.size, picture.size, scale, lie.skew, 0, points_per_pixel)
    return Sheet(picture, placing, lie.sideways)


def _paper(grey: Any) -> int:
    """The shade of most of a picture."""
    histogram = grey.histogram()
    return int(max(range(len(histogram)), key=histogram.__getitem__))


def _scale(grey: Any, level: Any, ink: Any) -> float:
    """How much to enlarge or reduce a picture. `level` is its `ink` with lines that run from left to right."""
    letters = letter_share(level) * level.height * grey.width / ink.width
    wanted = 1.0 if not letters or _LETTERS_WELL[0] <= letters <= _LETTERS_WELL[1] else _LETTERS_BEST / letters
    return float(min(max(wanted, _SCALE[0]), _SCALE[1], (PIXELS_MAX / (grey.width * grey.height)) ** 0.5))


def _scaled(picture: Any, scale: float) -> Any:
    """Resized, before anything else blurs it. Enlarged letters are sharpened: Tesseract takes blurred lines for one."""
    if scale == 1.0:
        return picture
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    resized = picture.resize(size, import_module("PIL.Image").Resampling.LANCZOS)
    if scale < 1.0:
        return resized
    sharpen = import_module("PIL.ImageFilter").UnsharpMask
    return resized.filter(sharpen(_SHARPEN_RADIUS * scale, _SHARPEN_PERCENT, _SHARPEN_LEAST))
