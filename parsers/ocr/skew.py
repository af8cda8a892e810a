"""SANDBOX, untrusted: by how much a page lies askew, and how high its lines of text are, from where its ink is.

Lines of text make a page's profile (how much ink each row of pixels has) swing between full and empty; the more it
lies askew, the flatter that is (Postl 1986). The profile is taken along both sides, so a page that lies on its side
has its skew found too. Pillow does all that grows with the pixels.
"""

from dataclasses import dataclass
from importlib import import_module
from itertools import groupby, pairwise
from statistics import median
from typing import Any

SKEW_MAX = 20.0  # degrees; what lies further askew was not meant as a page
_SIDE = 1800  # pixels: small letters of a full page are some ten pixels high
_FINE_SIDE, _COARSE_SIDE = 900, 600  # lines of a full page stay apart
_STEPS = (1.0, 0.5, 0.1)  # degrees; each search is around the best of the one before
_CLEARLY = 1.08  # how much sharper than as it lies; pictures without text are as sharp at some angle by chance
_STRIPS = 12  # across a page, so that lines of columns side by side need not stand at one height
_USUAL_SHARE = 0.9  # of a strip's rows with ink have less than a usual row of small letters; rules have more
_INK_SHARE = 0.6  # of such a row: what counts as a row of small letters, and not of what sticks out


@dataclass(frozen=True, slots=True)
class Lie:
    """How a page lies: by how many degrees to turn it anticlockwise, and whether its lines then run up or down."""

    skew: float = 0.0
    sideways: bool = False


def ink_of(grey: Any) -> Any:
    """Where a picture differs from what is around it, as mode "L": letters are bright, paper and shadows are 0.

    Light letters on a dark ground count as dark ones on a light ground do.
    """
    chops, filters = import_module("PIL.ImageChops"), import_module("PIL.ImageFilter")
    small = grey.copy()
    small.thumbnail((_SIDE, _SIDE), import_module("PIL.Image").Resampling.BOX, reducing_gap=None)
    around = small.filter(filters.BoxBlur(_SIDE // 40))
    return chops.difference(small, around).point(lambda value: value if value > 24 else 0)


def lie_of(ink: Any) -> Lie:
    """How to set the lines of a picture level or upright."""
    coarse, fine = _smaller(ink, _COARSE_SIDE), _smaller(ink, _FINE_SIDE)
    best = _sharpest(coarse, 0.0, SKEW_MAX, _STEPS[0])
    for before, step in pairwise(_STEPS):
        best = _sharpest(fine, best, before if step == _STEPS[1] else before - step, step)
    straight, level = _sharpness(fine, best), _sharpness(fine, 0.0)
    if max(straight) > _CLEARLY * max(level) and abs(best) <= SKEW_MAX:
        return Lie(round(best, 1), straight[1] > straight[0])
    return Lie(0.0, level[1] > level[0])


def _smaller(ink: Any, side: int) -> Any:
    factor = round(max(ink.size) / side)
    return ink.reduce(factor) if factor > 1 else ink


def _sharpest(ink: Any, around: float, reach: float, step: float) -> float:
    count = round(reach / step)
    angles = [around + step * index for index in range(-count, count + 1)]
    return max(angles, key=lambda angle: (max(_sharpness(ink, angle)), -abs(angle)))


def _sharpness(ink: Any, angle: float) -> tuple[float, float]:
    """How much the profile changes from row to row, and from column to column."""
    image = import_module("PIL.Image")
    turned = ink.rotate(angle, image.Resampling.BILINEAR).convert("F")
    rows = _values(turned.resize((1, ink.height), image.Resampling.BOX))
    columns = _values(turned.resize((ink.width, 1), image.Resampling.BOX))
    across, along = ink.width**2 / ink.height, ink.height**2 / ink.width  # sums of ink, whatever the shape of the page
    return across * _changes(rows), along * _changes(columns)


def _values(picture: Any) -> "memoryview[float]":
    """The pixels of a picture in mode "F"."""
    return memoryview(picture.tobytes()).cast("f")


def _changes(profile: "memoryview[float]") -> float:
    return sum((after - before) ** 2 for before, after in pairwise(profile))


def letter_share(ink: Any) -> float:
    """The height of small letters as a share of the picture's height, of lines that are level; 0.0 without any."""
    image = import_module("PIL.Image")
    heights: list[int] = []
    strips = ink.convert("F").resize((_STRIPS, ink.height), image.Resampling.BOX)
    values = _values(strips)
    for strip in range(_STRIPS):
        rows = values[strip::_STRIPS].tolist()
        inked = sorted(value for value in rows if value > 1.0)
        least = _INK_SHARE * inked[int(_USUAL_SHARE * len(inked))] if inked else 0.0
        runs = [len(list(run)) for dark, run in groupby(value > least for value in rows) if dark and least > 0]
        heights += [run for run in runs if run > 2 for _ in range(run)]  # by rows: rules and specks have few
    return median(heights) / ink.height if heights else 0.0
