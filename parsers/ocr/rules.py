"""SANDBOX, untrusted: ruling lines among the pixels of a level page, as the vectors that a PDF would have drawn.

A rule is a run of pixels darker than what lies beside it on both sides, so fills and edges are none. The page is cut
into short cells along the rules; what a cell is covered by, Pillow adds up, and long runs of covered cells are rules.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from parsers.pdf.model import Vector

RULES_MAX = 400  # in each direction; a picture of a texture has more
_THICKNESS = 3.0  # points
_CELL = 2.5  # points
_ACROSS_MIN, _DOWN_MIN = 24.0, 16.0  # points: longer than a dash, and than the strokes of letters
_GAP, _STEP = 4, 2  # cells, and rows of pixels, between pieces of one rule
_DARKER_MIN = 30  # of 255
_COVERED_MIN = 215  # of 255
_RUN = re.compile(rb"\x01{3,}(?:\x00\x01{2,})*")


@dataclass(slots=True)
class _Run:
    """Covered cells of adjacent rows of pixels: first and last cell, first and last row."""

    start: int
    stop: int
    first: int
    last: int


def rules_in(grey: Any, unit: float) -> list[Vector]:
    """The rules of a page, in points. `grey` is a Pillow image in mode "L", `unit` is how many points a pixel is."""
    transpose = import_module("PIL.Image").Transpose.TRANSPOSE
    across = [_vector(*ends) for ends in _runs(grey, unit, _ACROSS_MIN)]
    down = [_vector(y0, x0, y1, x1) for x0, y0, x1, y1 in _runs(grey.transpose(transpose), unit, _DOWN_MIN)]
    return across + down


def _vector(x0: float, y0: float, x1: float, y1: float) -> Vector:
    return Vector(x0, y0, x1, y1, stroked=True, rectangle=False, color=0, opaque=True, order=0)


def _runs(grey: Any, unit: float, length_min: float) -> list[tuple[float, float, float, float]]:
    """Horizontal rules as boxes without height."""
    cell = max(round(_CELL / unit), 1)
    least = round(length_min / (cell * unit))
    columns = grey.width // cell
    if columns < least:
        return []
    covered = _covered(grey, max(round(_THICKNESS / unit), 2), cell, columns)
    thickest = 2 * _THICKNESS / unit  # of one that still lies a little askew
    runs = [
        run for run in _joined(covered, columns) if run.stop - run.start >= least and run.last - run.first <= thickest
    ]
    if len(runs) > RULES_MAX:
        return []
    boxes = []
    for run in runs:
        y = (run.first + run.last + 1) / 2 * unit
        boxes.append(((run.start - 0.5) * cell * unit, y, (run.stop + 0.5) * cell * unit, y))
    return boxes


def _covered(grey: Any, thickness: int, cell: int, columns: int) -> bytes:
    """Row by row, 1 for each cell that a rule runs through."""
    image, chops = import_module("PIL.Image"), import_module("PIL.ImageChops")
    beside = chops.darker(chops.offset(grey, 0, thickness), chops.offset(grey, 0, -thickness))
    thin = chops.subtract(beside, grey).point(lambda value: 255 if value >= _DARKER_MIN else 0)
    thick = chops.lighter(thin, chops.offset(thin, 0, 1))  # one that steps from row to row covers both in full
    thick = chops.lighter(thick, chops.offset(thin, 0, -1))
    cells = thick.resize((columns, grey.height), image.Resampling.BOX, box=(0, 0, columns * cell, grey.height))
    return bytes(cells.point(lambda value: 1 if value >= _COVERED_MIN else 0).tobytes())


def _joined(covered: bytes, columns: int) -> list[_Run]:
    """Runs of covered cells, those of adjacent rows made one."""
    runs: list[_Run] = []
    open_runs: list[_Run] = []
    for row in range(len(covered) // columns):
        open_runs = [run for run in open_runs if run.last >= row - 2]
        for found in _RUN.finditer(covered, row * columns, (row + 1) * columns):
            start, stop = found.start() - row * columns, found.end() - row * columns
            for run in open_runs:
                if start <= run.stop + 1 and stop >= run.start - 1:
                    run.start, run.stop, run.last = min(run.start, start), max(run.stop, stop), row
                    break
            else:
                open_runs.append(_Run(start, stop, row, row))
                runs.append(open_runs[-1])
    return _bridged(runs)


def _bridged(runs: list[_Run]) -> list[_Run]:
    """Pieces of one rule made one: letters that touch it, specks and its own slope leave gaps."""
    joined: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.start):
        for other in joined[-RULES_MAX:]:
            level = run.first <= other.last + _STEP and run.last >= other.first - _STEP
            if level and run.start - other.stop <= _GAP:
                other.stop = max(other.stop, run.stop)
                other.first, other.last = min(other.first, run.first), max(other.last, run.last)
                break
        else:
            joined.append(run)
    return joined
