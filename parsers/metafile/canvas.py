"""SANDBOX, untrusted: where text lands that a metafile draws, and whether it can be seen there.

Sources: [MS-EMF] 2.1 and 3.1.1, [MS-WMF] 2.1.2.3; what is not seen is counted, never shown. A colour is judged only
where it is plain: white letters on paper that is white, with nothing but white painted below them.
"""

import math
from copy import copy
from dataclasses import dataclass, field

from parsers.character_sets import decode_bytes
from parsers.metafile.model import IDENTITY, Box, Budget, Drawn, Font, Matrix, Run, apply, times
from parsers.office.symbols import in_font

_SAVED_MAX = 256
_PAINTED_MAX = 100
_RUNS_MAX = 50_000
_HIDDEN_MAX = 200
RUN_CHARS_MAX = 20_000
_RIGHT, _CENTRE, _BOTTOM, _BASELINE, _UPDATE = 2, 6, 8, 24, 1  # text alignment
_OPAQUE = 2  # background mode
_NEARLY_WHITE = 234  # of 255: as in the reader of PDF
_TINY = 1 / 2500  # of a picture's longer side
_BESIDE = 0.25  # of a picture's sides: what stands farther out is not on it
_FAR = 1e9
_WITHOUT_LETTERS = frozenset(("mt extra", "marlett"))  # symbol fonts of which there is no table
_SYMBOLS = 2  # the character set
# Map modes of a fixed scale ([MS-EMF] 2.1.21): millimetres a unit; y grows upwards.
_FIXED = {2: 0.1, 3: 0.01, 4: 0.254, 5: 0.0254, 6: 25.4 / 1440}
_TEXT_MODE, _ISOTROPIC, _ANISOTROPIC = 1, 7, 8


@dataclass(slots=True)
class Context:
    """A playback device context."""

    world: Matrix = IDENTITY
    mode: int = _TEXT_MODE
    window: tuple[float, float] = (0.0, 0.0)
    window_size: tuple[float, float] = (1.0, 1.0)
    viewport: tuple[float, float] = (0.0, 0.0)
    viewport_size: tuple[float, float] = (1.0, 1.0)
    font: Font = field(default_factory=Font)
    align: int = 0
    colour: int = 0
    background: int = 0xFFFFFF
    background_mode: int = _OPAQUE
    brush: int | None = 0xFFFFFF  # None: nothing is painted; -1: a pattern
    position: tuple[float, float] = (0.0, 0.0)


class Canvas:
    """Plays what bears on text."""

    def __init__(self, budget: Budget, *, bounds: Box | None, on_white: bool, dots_per_mm: float = 4.0) -> None:
        self.context = Context()
        self.drawn = Drawn()
        self.bounds = bounds
        self._budget = budget
        self.on_white = on_white
        self._dots_per_mm = dots_per_mm
        self._saved: list[Context] = []
        self._painted: list[Box] = []
        self._painted_all = False

    def save(self) -> None:
        """SaveDC."""
        if len(self._saved) < _SAVED_MAX:
            self._saved.append(copy(self.context))

    def restore(self, which: int) -> None:
        """RestoreDC: counted from the last one when negative, else from the first."""
        at = len(self._saved) + which if which < 0 else which - 1
        if 0 <= at < len(self._saved):
            self.context = self._saved[at]
            del self._saved[at:]

    def matrix(self) -> Matrix:
        """From logical units to those of the device."""
        context = self.context
        if context.mode in _FIXED:
            scale = _FIXED[context.mode] * self._dots_per_mm
            across, down = scale, -scale
        elif context.mode in (_ISOTROPIC, _ANISOTROPIC):
            (width, height), (shown_width, shown_height) = context.window_size, context.viewport_size
            across, down = shown_width / (width or 1.0), shown_height / (height or 1.0)
        else:
            across = down = 1.0
        page = (
            across, 0.0, 0.0, down,
            context.viewport[0] - context.window[0] * across, context.viewport[1] - context.window[1] * down,
        )  # fmt: skip
        return page if context.world is IDENTITY else times(context.world, page)

    def paint(self, box: Box | None, colour: int | None, *, logical: bool = False) -> None:
        """Something was filled; `colour` None: with nothing, -1: with who knows what."""
        if colour is None or (colour >= 0 and _is_white(colour)):
            return
        if box is not None and logical:
            matrix = self.matrix()
            box = (*apply(matrix, box[0], box[1]), *apply(matrix, box[2], box[3]))
        if box is None or len(self._painted) >= _PAINTED_MAX:
            self._painted_all = True
            return
        self._painted.append((min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])))

    def bytes_out(self, x: float, y: float, text: bytes, advance: float | None) -> None:
        """Text in the font's character set."""
        font = self.context.font
        # A sign of a symbol font is its byte.
        shown = text.decode("latin-1") if font.character_set == _SYMBOLS else decode_bytes(text, font.character_set)
        self.text_out(x, y, shown, advance)

    def text_out(self, x: float, y: float, text: str, advance: float | None) -> None:
        """Text at a point. `advance`: its width in logical units, None when the file does not tell."""
        context = self.context
        if context.align & _UPDATE:
            x, y = context.position
        matrix = self.matrix()
        font = context.font
        height = abs(font.height) * (1.0 if font.height < 0 else 0.85)
        turn = math.radians(font.angle)
        world = context.world
        along = (
            math.cos(turn) * world[0] - math.sin(turn) * world[2],
            math.cos(turn) * world[1] - math.sin(turn) * world[3],
        )
        across, down = math.hypot(matrix[0], matrix[1]), math.hypot(matrix[2], matrix[3])
        size = height * down if font.height else 12.0
        width = guessed_width(text) * size if advance is None else abs(advance) * across
        side = context.align & _CENTRE
        share = {_RIGHT: 1.0, _CENTRE: 0.5}.get(side, 0.0)
        foot = {0: 0.8, _BOTTOM: -0.2}.get(context.align & _BASELINE, 0.0)
        if context.align & _UPDATE:
            step = width / (across or 1.0)
            context.position = (x + step * math.cos(turn), y - step * math.sin(turn))
        white = context.background_mode != _OPAQUE or _is_white(context.background)
        colour = context.colour if white and context.colour >> 24 != 1 else -1
        start = apply(matrix, x, y)
        self.put(self.in_font(text), start, along, width, size, (share, foot), colour, measured=advance is not None)

    def in_font(self, text: str) -> str:
        """Signs of symbol fonts as what they look like."""
        face = self.context.font.face.strip().lower()
        return "" if face in _WITHOUT_LETTERS else in_font(face, text)

    def put(
        self, text: str, start: tuple[float, float], along: tuple[float, float], width: float, size: float,
        anchor: tuple[float, float], colour: int, *, measured: bool,
    ) -> None:  # fmt: skip
        """Text in units of the device. `anchor`: shares of its width left, and of its size above, of its start."""
        text = _plain(text[:RUN_CHARS_MAX])
        if len(self.drawn.runs) >= _RUNS_MAX or self._budget.spent():
            self.drawn.cut = True
            return
        self._budget.characters -= len(text)
        if not text.strip():
            return
        self._budget.runs -= 1
        length = math.hypot(*along)
        places = (*start, *along, width, size)
        if not all(map(math.isfinite, places)) or not length or max(map(abs, places)) > _FAR:
            self.hide(text)
            return
        across, down = along[0] / length, along[1] / length
        back, below = anchor[0] * width, anchor[1] * size
        x, y = start[0] - back * across - below * down, start[1] - back * down + below * across
        if not self._is_seen(x, y, across, down, width, size, colour):
            self.hide(text)
            return
        angle = round(math.degrees(math.atan2(down, across))) % 360
        turn = math.radians(angle)
        level = x * math.cos(turn) + y * math.sin(turn)
        baseline = y * math.cos(turn) - x * math.sin(turn)
        self.drawn.runs.append(Run(text, level, level + width, baseline, size, angle, measured))

    def _is_seen(
        self, x: float, y: float, across: float, down: float, width: float, size: float, colour: int
    ) -> bool:  # fmt: skip
        end = (x + width * across, y + width * down)
        if self.bounds is not None:
            x0, y0, x1, y1 = self.bounds
            if size < _TINY * max(x1 - x0, y1 - y0):
                return False
            more_x, more_y = _BESIDE * (x1 - x0) + size, _BESIDE * (y1 - y0) + size
            if max(x, end[0]) < x0 - more_x or min(x, end[0]) > x1 + more_x:
                return False
            if max(y, end[1]) < y0 - more_y or min(y, end[1]) > y1 + more_y:
                return False
        if size <= 0:
            return False
        if colour < 0 or not self.on_white or self._painted_all or not _is_white(colour):
            return True
        middle = ((x + end[0]) / 2 + 0.3 * size * down, (y + end[1]) / 2 - 0.3 * size * across)
        return any(x0 <= middle[0] <= x1 and y0 <= middle[1] <= y1 for x0, y0, x1, y1 in self._painted)

    def hide(self, text: str) -> None:
        """Text that nobody sees."""
        if len(self.drawn.hidden) < _HIDDEN_MAX:
            self.drawn.hidden.append(text)


def guessed_width(text: str) -> float:
    """Of text in no font in particular, in type sizes."""
    width = 0.0
    for character in text:
        if character in "il.,;:|!'`tfjrI ()[]":
            width += 0.3
        elif character in "mwMW@%":
            width += 0.85
        elif character >= "\u2e80":
            width += 1.0
        else:
            width += 0.66 if character.isupper() else 0.52
    return width


def _plain(text: str) -> str:
    """Without control characters, which GDI does not draw."""
    return text if text.isprintable() else "".join(c if c >= " " and c != "\x7f" else " " for c in text)


def _is_white(colour: int) -> bool:
    return min(colour & 0xFF, colour >> 8 & 0xFF, colour >> 16 & 0xFF) >= _NEARLY_WHITE
