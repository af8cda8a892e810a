"""SANDBOX, untrusted: by how much a page lies askew, and how high its lines of text are, from where its ink is.

Lines of text make a page's profile (how much ink each row of pixels has) swing between full and empty; the more it
lies askew, the flatter that is (Postl 1986). The profile is taken along both sides, so a page that lies on its side
has its skew found too. Pillow does all that grows with the pixels.
"""

from importlib import import_module
from itertools import groupby, pairwise
from statistics import median
from typing import Any

SKEW_MAX = 20.0  # degrees; what lies further askew was not meant as a page
_SIDE = 900  # pixels: fine enough that lines of a full page stay apart
_COARSE, _FINE = 1.0, 0.1  # degrees, of the two searches
_CLEARLY = 1.08  # how much sharper than as it lies; pictures without text are as sharp at some angle by chance
_STRIPS = 12  # across a page, so that lines of columns side by side need not stand at one height
_INK_SHARE = 0.25  # of a strip's blackest row: what counts as a row of letters


def ink_of(grey: Any) -> Any:
    """Where a picture differs from what is around it, as mode "L": letters are bright, paper and shadows are 0.

    Light letters on a dark ground count as dark ones on a light ground do.
    """
    chops, filters = import_module("PIL.ImageChops"), import_module("PIL.ImageFilter")
    small = grey.copy()
    small.thumbnail((_SIDE, _SIDE), import_module("PIL.Image").Resampling.BOX, reducing_gap=None)
    around = small.filter(filters.BoxBlur(_SIDE // 40))
    return chops.difference(small, around).point(lambda value: value if value > 24 else 0)


def skew_of(ink: Any) -> float:
    """By how many degrees to turn a picture anticlockwise to set its lines level or upright; 0.0: it lies straight."""
    coarse = _sharpest(ink, [_COARSE * step for step in range(round(-SKEW_MAX / _COARSE), round(SKEW_MAX / _COARSE) + 1)])
    steps = round(_COARSE / _FINE)
    best = _sharpest(ink, [coarse + _FINE * step for step in range(-steps, steps + 1)])
    clearly = _sharpness(ink, best) > _CLEARLY * _sharpness(ink, 0.0)
    return round(best, 1) if clearly and abs(best) <= SKEW_MAX else 0.0


def _sharpest(ink: Any, angles: list[float]) -> float:
    return max(angles, key=lambda angle: (_sharpness(ink, angle), -abs(angle)))


def _sharpness(ink: Any, angle: float) -> float:
    """How much the profile changes from row to row, or from column to column, whichever is more."""
    image = import_module("PIL.Image")
    turned = ink.rotate(angle, image.Resampling.BILINEAR)
    rows = turned.convert("F").resize((1, ink.height), image.Resampling.BOX).getdata()
    columns = turned.convert("F").resize((ink.width, 1), image.Resampling.BOX).getdata()
    across, along = ink.width**2 / ink.height, ink.height**2 / ink.width  # sums of ink, whatever the shape of the page
    return float(max(across * _changes(rows), along * _changes(columns)))


def _changes(profile: Any) -> float:
    return sum((after - before) ** 2 for before, after in pairwise(profile))


def letter_share(ink: Any) -> float:
    """The height of small letters as a share of the picture's height, of lines that are level; 0.0 without any."""
    image = import_module("PIL.Image")
    heights: list[int] = []
    strips = ink.convert("F").resize((_STRIPS, ink.height), image.Resampling.BOX)
    for strip in range(_STRIPS):
        rows = [strips.getpixel((strip, y)) for y in range(ink.height)]
        least = _INK_SHARE * max(rows)
        runs = [len(list(run)) for inked, run in groupby(value > least for value in rows) if inked and least > 0]
        heights += [run for run in runs if run > 1]
    return median(heights) / ink.height if heights else 0.0
