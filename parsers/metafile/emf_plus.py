"""SANDBOX, untrusted: EMF+, whose records stand in comments of a metafile ([MS-EMFPLUS]): text, fonts, transforms.

An object may be spread over several records; one that is no font, brush or format is passed by unread.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from parsers.metafile.canvas import Canvas, guessed_width
from parsers.metafile.model import IDENTITY, Budget, Drawn, Font, Matrix, apply, times

_BRUSH, _FONT, _FORMAT = 0x1, 0x6, 0x7
_CONTINUED, _IS_COLOUR, _COMPRESSED, _AFTER = 0x8000, 0x8000, 0x4000, 0x2000
_LETTERS, _ONE_PLACE = 0x1, 0x4  # of DrawDriverString's options: no glyphs; the first has a place, the others follow
_SAVED_MAX = 256
_OBJECT_BYTES_MAX = 1 << 16
_RECTANGLES_MAX = 100
_ALPHA_MIN = 20
_POINTS_OF_UNIT = {3: 1.0, 4: 72.0, 5: 72 / 300, 6: 72 / 25.4}  # UnitType, 2.1.1.33; others are pixels


@dataclass(slots=True)
class _Letters:
    font: Font = field(default_factory=Font)


@dataclass(slots=True)
class _Format:
    across: int = 0
    down: int = 0


class PlusPlayer:
    """Plays EMF+ records. `begun`: there were some; `waits`: plain records are meant for it until there are more."""

    def __init__(self, canvas: Canvas, budget: Budget) -> None:
        self.begun = self.waits = False
        self.drawn = Drawn()
        self._canvas = Canvas(budget, bounds=canvas.bounds, on_white=canvas.on_white)
        self._canvas.drawn = self.drawn
        self._budget = budget
        self._data = b""
        self._world: Matrix = IDENTITY
        self._page_scale = 1.0
        self._dots = 96.0
        self._saved: dict[int, tuple[Matrix, float]] = {}
        self._objects: dict[int, _Letters | _Format | int] = {}
        self._part = bytearray()

    def play(self, data: bytes, at: int, end: int) -> None:
        """The records of one comment."""
        self._data, self.begun, self.waits = data, True, False
        while at + 12 <= end:
            kind, flags, size, length = struct.unpack_from("<HHLL", data, at)
            self._budget.records -= 1
            if size < 12 or at + size > end or self._budget.records <= 0:
                self.drawn.cut = True
                return
            reader = _READERS.get(kind)
            self.waits = kind == _GET_DC
            if reader is not None:
                try:
                    reader(self, flags, at + 12, min(at + 12 + length, at + size))
                except (struct.error, IndexError, OverflowError):
                    self.drawn.cut = True
            at += size

    def _number(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "little")

    def _floats(self, at: int, count: int) -> tuple[float, ...]:
        return struct.unpack_from(f"<{count}f", self._data, at)

    def _header(self, _: int, at: int, end: int) -> None:
        dots = self._number(at + 8)
        if end - at >= 12 and 10 <= dots <= 20_000:
            self._dots = float(dots)

    # Objects

    def _object(self, flags: int, at: int, end: int) -> None:
        kind = flags >> 8 & 0x7F
        if kind not in (_BRUSH, _FONT, _FORMAT):
            if kind:
                self._objects.pop(flags & 0xFF, None)
            return
        if flags & _CONTINUED:
            self._part += self._data[at + 4 : min(end, at + _OBJECT_BYTES_MAX)][: _OBJECT_BYTES_MAX - len(self._part)]
            return
        data = bytes(self._part) + self._data[at : min(end, at + _OBJECT_BYTES_MAX)]
        self._part.clear()
        self._objects[flags & 0xFF] = _object(kind, data, self._dots)

    def _colour(self, flags: int, value: int) -> int | None:
        """0xRRGGBB; -1 when it is not known; None when it is seen through."""
        if not flags & _IS_COLOUR:
            brush = self._objects.get(value & 0xFF, -1)
            if not isinstance(brush, int) or brush < 0:
                return -1
            value = brush
        return None if value >> 24 < _ALPHA_MIN else value & 0xFFFFFF

    # Where

    def _set_world(self, _: int, at: int, __: int) -> None:
        self._world = self._matrix(at)

    def _reset_world(self, *_: int) -> None:
        self._world = IDENTITY

    def _multiply(self, flags: int, at: int, _: int) -> None:
        self._change(flags, self._matrix(at))

    def _translate(self, flags: int, at: int, _: int) -> None:
        x, y = self._floats(at, 2)
        self._change(flags, (1.0, 0.0, 0.0, 1.0, x, y))

    def _scale(self, flags: int, at: int, _: int) -> None:
        x, y = self._floats(at, 2)
        self._change(flags, (x, 0.0, 0.0, y, 0.0, 0.0))

    def _rotate(self, flags: int, at: int, _: int) -> None:
        (angle,) = self._floats(at, 1)
        if math.isfinite(angle):
            sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
            self._change(flags, (cosine, sine, -sine, cosine, 0.0, 0.0))

    def _change(self, flags: int, matrix: Matrix) -> None:
        self._world = times(self._world, matrix) if flags & _AFTER else times(matrix, self._world)

    def _matrix(self, at: int) -> Matrix:
        a, b, c, d, e, f = self._floats(at, 6)
        return a, b, c, d, e, f

    def _page(self, flags: int, at: int, _: int) -> None:
        (scale,) = self._floats(at, 1)
        self._page_scale = scale * _POINTS_OF_UNIT.get(flags & 0xFF, 72 / self._dots) * self._dots / 72

    def _save(self, _: int, at: int, __: int) -> None:
        if len(self._saved) < _SAVED_MAX:
            self._saved[self._number(at)] = (self._world, self._page_scale)

    def _save_for_container(self, _: int, at: int, end: int) -> None:
        """A container begins: with two rectangles and a number, or with the number alone."""
        self._save(0, at + 32 if end - at >= 36 else at, end)

    def _restore(self, _: int, at: int, __: int) -> None:
        self._world, self._page_scale = self._saved.pop(self._number(at), (self._world, self._page_scale))

    # What is painted

    def _fill_boxes(self, flags: int, at: int, end: int) -> None:
        colour = self._colour(flags, self._number(at))
        step, form = (8, "<4h") if flags & _COMPRESSED else (16, "<4f")
        count = min(self._number(at + 4), (end - at - 8) // step)
        if count > _RECTANGLES_MAX:
            self._canvas.paint(None, colour)
            return
        self._budget.records -= count
        for index in range(count):
            x, y, width, height = struct.unpack_from(form, self._data, at + 8 + step * index)
            self._canvas.paint((*self._on_device(x, y), *self._on_device(x + width, y + height)), colour)

    def _fill(self, flags: int, at: int, _: int) -> None:
        self._canvas.paint(None, self._colour(flags, self._number(at)))

    def _clear(self, _: int, at: int, __: int) -> None:
        self._canvas.paint(None, self._colour(_IS_COLOUR, self._number(at)))

    def _image(self, *_: int) -> None:
        self._canvas.paint(None, -1)

    # Text

    def _string(self, flags: int, at: int, end: int) -> None:
        """DrawString, 2.3.4.14: text in a rectangle; one without a size is a point."""
        brush, chosen, count = struct.unpack_from("<3L", self._data, at)
        x, y, width, height = self._floats(at + 12, 4)
        text = self._data[at + 28 : min(at + 28 + 2 * count, end)].decode("utf-16-le", "replace")
        self.drawn.cut |= at + 28 + 2 * count > end
        layout = self._objects.get(chosen & 0xFF)
        layout = layout if isinstance(layout, _Format) else _Format()
        share, size = layout.across / 2, self._size(flags)
        lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()][:1000]
        top = y + (height - size * 1.2 * len(lines)) * layout.down / 2 if height else y
        for number, line in enumerate(lines):
            place = (x + width * share, top + 1.2 * size * number)
            self._put(flags, line, place, None, (share, 0.95), brush)

    def _driver_string(self, flags: int, at: int, end: int) -> None:
        """DrawDriverString, 2.3.4.6: letters or glyphs, each with its place on the baseline."""
        brush, options, has_matrix, count = struct.unpack_from("<4L", self._data, at)
        count = min(count, (end - at - 16) // 2)
        if not options & _LETTERS:
            self.drawn.lost += 1
            return
        text = self._data[at + 16 : at + 16 + 2 * count].decode("utf-16-le", "replace")
        places = at + 16 + 2 * count
        known = 1 if options & _ONE_PLACE else count
        if not text or places + 8 * known > end:
            self.drawn.cut = True
            return
        first, last = self._floats(places, 2), self._floats(places + 8 * (known - 1), 2)
        if has_matrix and places + 8 * known + 24 <= end:
            matrix = self._matrix(places + 8 * known)
            first, last = apply(matrix, *first), apply(matrix, *last)
        width = None
        if known > 1:
            width = math.hypot(last[0] - first[0], last[1] - first[1]) + guessed_width(text[-1]) * self._size(flags)
        self._put(flags, text, (first[0], first[1]), width, (0.0, 0.0), brush)

    def _put(
        self, flags: int, text: str, place: tuple[float, float], width: float | None, anchor: tuple[float, float],
        brush: int,
    ) -> None:  # fmt: skip
        colour = self._colour(flags, brush)
        size, world, canvas = self._size(flags), self._world, self._canvas
        letters = self._objects.get(flags & 0xFF)
        canvas.context.font = letters.font if isinstance(letters, _Letters) else Font()
        down = math.hypot(world[2], world[3]) * self._page_scale
        across = math.hypot(world[0], world[1]) * self._page_scale
        text = canvas.in_font(text)
        wide = guessed_width(text) * size * down if width is None else width * across
        if colour is None:
            canvas.hide(text)
            return
        start, along = self._on_device(*place), (world[0], world[1])
        canvas.put(text, start, along, wide, size * down, anchor, colour, measured=width is not None)

    def _on_device(self, x: float, y: float) -> tuple[float, float]:
        x, y = apply(self._world, x, y)
        return x * self._page_scale, y * self._page_scale

    def _size(self, flags: int) -> float:
        letters = self._objects.get(flags & 0xFF)
        return letters.font.height if isinstance(letters, _Letters) else 12.0


def _object(kind: int, data: bytes, dots: float) -> _Letters | _Format | int:
    """A brush is its colour, with its opacity on top; -1 for a brush of several."""
    if kind == _FONT:
        size, unit, _, _, length = struct.unpack_from("<fLlLL", data, 4)
        face = data[24 : 24 + 2 * min(length, 64)].decode("utf-16-le", "replace")
        if unit in _POINTS_OF_UNIT:
            size *= _POINTS_OF_UNIT[unit] * dots / 72
        return _Letters(Font(abs(size), face=face))
    if kind == _FORMAT:
        across, down = struct.unpack_from("<2L", data, 12)
        return _Format(min(across, 2), min(down, 2))
    is_plain = struct.unpack_from("<L", data, 4)[0] == 0
    return int.from_bytes(data[8:12], "little") if is_plain and len(data) >= 12 else -1


_GET_DC = 0x4004
_READERS: dict[int, Callable[[PlusPlayer, int, int, int], None]] = {
    0x4001: PlusPlayer._header, 0x4008: PlusPlayer._object, 0x4009: PlusPlayer._clear, 0x400A: PlusPlayer._fill_boxes,
    0x400C: PlusPlayer._fill, 0x400E: PlusPlayer._fill, 0x4010: PlusPlayer._fill, 0x4013: PlusPlayer._fill,
    0x4014: PlusPlayer._fill, 0x4016: PlusPlayer._fill, 0x401A: PlusPlayer._image, 0x401B: PlusPlayer._image,
    0x401C: PlusPlayer._string, 0x4025: PlusPlayer._save, 0x4026: PlusPlayer._restore,
    0x4027: PlusPlayer._save_for_container, 0x4028: PlusPlayer._save_for_container, 0x4029: PlusPlayer._restore,
    0x402A: PlusPlayer._set_world, 0x402B: PlusPlayer._reset_world, 0x402C: PlusPlayer._multiply,
    0x402D: PlusPlayer._translate, 0x402E: PlusPlayer._scale, 0x402F: PlusPlayer._rotate, 0x4030: PlusPlayer._page,
    0x4036: PlusPlayer._driver_string,
}  # fmt: skip
