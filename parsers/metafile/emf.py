"""SANDBOX, untrusted: enhanced metafiles ([MS-EMF]): the records that draw text, and those that say where and how.

A record is bounded by its own size, which is bounded by the file; counts inside it are held against that.
"""

import struct
from collections.abc import Callable
from itertools import islice

from parsers.metafile.canvas import RUN_CHARS_MAX, Canvas
from parsers.metafile.emf_plus import PlusPlayer
from parsers.metafile.model import IDENTITY, Box, Budget, Drawn, Font, Matrix, times

_HEADER_BYTES = 88
_PLUS = b"EMF+"
_GLYPHS, _NO_BOX, _SMALL, _CLIPPED, _OPAQUE, _PAIRS = 0x10, 0x100, 0x200, 0x4, 0x2, 0x2000  # of ExtTextOut's options
_OBJECTS_MAX = 70_000
_STRINGS_MAX = 10_000
_STOCK = 0x80000000
_STOCK_BRUSHES: dict[int, int | None] = {0: 0xFFFFFF, 1: 0xC0C0C0, 2: 0x808080, 3: 0x404040, 4: 0, 5: None}
_EOF = 14


def read_emf(data: bytes, budget: Budget, *, on_white: bool) -> Drawn:
    """What a picture says, once: EMF+ says all again that is said without it, or the other way round."""
    bounds, dots_per_mm = _measures(data)
    player = _Player(data, Canvas(budget, bounds=bounds, on_white=on_white, dots_per_mm=dots_per_mm), budget)
    player.play()
    plain, plus = player.canvas.drawn, player.plus.drawn
    cut, lost = plain.cut or plus.cut, max(plain.lost, plus.lost)
    if player.plus.begun and _is_preferred(plus, plain):
        plain = plus
    plain.cut, plain.lost = cut, lost
    return plain


def _is_preferred(plus: Drawn, plain: Drawn) -> bool:
    """EMF+ is what is shown where it is understood; the records beside it may say in letters what it says in glyphs."""
    if plus.lost or not plus.runs:
        return plus.characters() > plain.characters()
    return True


def _measures(data: bytes) -> tuple[Box | None, float]:
    """What the picture extends over in units of the device, None when that makes no sense; dots in a millimetre."""
    if len(data) < _HEADER_BYTES:
        return None, 4.0
    bounds = struct.unpack_from("<4l", data, 8)
    frame = struct.unpack_from("<4l", data, 24)
    width, _, millimetres, _ = struct.unpack_from("<4l", data, 72)
    dots = width / millimetres if width > 0 and millimetres > 0 else 4.0
    boxes = [(float(a), float(b), float(c), float(d)) for a, b, c, d in (bounds,) if c > a and d > b]
    if frame[2] > frame[0] and frame[3] > frame[1]:
        boxes.append((frame[0] * dots / 100, frame[1] * dots / 100, frame[2] * dots / 100, frame[3] * dots / 100))
    if not boxes:
        return None, dots
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1)), dots


class _Player:
    """Plays the records of one picture."""

    def __init__(self, data: bytes, canvas: Canvas, budget: Budget) -> None:
        self.canvas = canvas
        self.plus = PlusPlayer(canvas, budget)
        self._data = data
        self._objects: dict[int, Font | int | None] = {}
        self._shared = (0, 0)
        self._budget = budget

    def play(self) -> None:
        """All records up to the last, or up to one that lies about its size."""
        self.canvas.drawn.cut = not self._play()
        self._share()

    def _play(self) -> bool:
        at, end = 0, len(self._data)
        unpack = struct.Struct("<LL").unpack_from
        while at + 8 <= end:
            kind, size = unpack(self._data, at)
            self._budget.records -= 1
            if size < 8 or at + size > end or self._budget.records <= 0:
                break
            reader = _READERS.get(kind)
            if reader is not None:
                try:
                    reader(self, at, at + size)
                except (struct.error, IndexError, OverflowError):
                    self.canvas.drawn.cut = True
            at += size
            if kind == _EOF:
                return not self.canvas.drawn.cut
        return False

    def _signed(self, at: int, count: int = 1) -> tuple[int, ...]:
        return struct.unpack_from(f"<{count}l", self._data, at)

    def _number(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "little")

    def _pair(self, at: int) -> tuple[float, float]:
        x, y = self._signed(at, 2)
        return float(x), float(y)

    # Where and how

    def window_size(self, at: int, _: int) -> None:
        self.canvas.context.window_size = self._pair(at + 8)

    def window(self, at: int, _: int) -> None:
        self.canvas.context.window = self._pair(at + 8)

    def viewport_size(self, at: int, _: int) -> None:
        self.canvas.context.viewport_size = self._pair(at + 8)

    def viewport(self, at: int, _: int) -> None:
        self.canvas.context.viewport = self._pair(at + 8)

    def scale_viewport(self, at: int, _: int) -> None:
        self.canvas.context.viewport_size = self._scaled(self.canvas.context.viewport_size, at)

    def scale_window(self, at: int, _: int) -> None:
        self.canvas.context.window_size = self._scaled(self.canvas.context.window_size, at)

    def _scaled(self, size: tuple[float, float], at: int) -> tuple[float, float]:
        a, b, c, d = self._signed(at + 8, 4)
        return size[0] * a / (b or 1), size[1] * c / (d or 1)

    def map_mode(self, at: int, _: int) -> None:
        self.canvas.context.mode = self._number(at + 8)

    def background_mode(self, at: int, _: int) -> None:
        self.canvas.context.background_mode = self._number(at + 8)

    def background(self, at: int, _: int) -> None:
        self.canvas.context.background = self._number(at + 8)

    def align(self, at: int, _: int) -> None:
        self.canvas.context.align = self._number(at + 8)

    def colour(self, at: int, _: int) -> None:
        self.canvas.context.colour = self._number(at + 8)

    def move(self, at: int, _: int) -> None:
        self.canvas.context.position = self._pair(at + 8)

    def save(self, *_: int) -> None:
        self.canvas.save()

    def restore(self, at: int, _: int) -> None:
        self.canvas.restore(self._signed(at + 8)[0])

    def world(self, at: int, _: int) -> None:
        self.canvas.context.world = self._matrix(at + 8)

    def change_world(self, at: int, _: int) -> None:
        mode, matrix, context = self._number(at + 32), self._matrix(at + 8), self.canvas.context
        if mode == 1:
            context.world = IDENTITY
        elif mode in (2, 3):
            context.world = times(matrix, context.world) if mode == 2 else times(context.world, matrix)
        elif mode == 4:
            context.world = matrix

    def _matrix(self, at: int) -> Matrix:
        a, b, c, d, e, f = struct.unpack_from("<6f", self._data, at)
        return a, b, c, d, e, f

    # Objects

    def font(self, at: int, end: int) -> None:
        if end - at < 104 or len(self._objects) >= _OBJECTS_MAX:
            return
        height, _, angle = self._signed(at + 12, 3)
        face = self._data[at + 40 : at + 104].decode("utf-16-le", "replace").partition("\x00")[0]
        self._objects[self._number(at + 8)] = Font(float(height), self._data[at + 35], face, angle / 10)

    def brush(self, at: int, _: int) -> None:
        style = self._number(at + 12)
        if len(self._objects) < _OBJECTS_MAX:
            self._objects[self._number(at + 8)] = {0: self._number(at + 16) & 0xFFFFFF, 1: None}.get(style, -1)

    def pattern(self, at: int, _: int) -> None:
        if len(self._objects) < _OBJECTS_MAX:
            self._objects[self._number(at + 8)] = -1

    def select(self, at: int, _: int) -> None:
        index, context = self._number(at + 8), self.canvas.context
        if index & _STOCK:
            stock = index & ~_STOCK
            context.brush = _STOCK_BRUSHES.get(stock, context.brush)
            context.font = Font() if 10 <= stock <= 17 else context.font
        elif index in self._objects:
            chosen = self._objects[index]
            if isinstance(chosen, Font):
                context.font = chosen
            else:
                context.brush = chosen

    def delete(self, at: int, _: int) -> None:
        self._objects.pop(self._number(at + 8), None)

    # What is painted

    def box(self, at: int, _: int) -> None:
        a, b, c, d = self._signed(at + 8, 4)
        self.canvas.paint((a, b, c, d), self.canvas.context.brush, logical=True)

    def shape(self, at: int, _: int) -> None:
        a, b, c, d = self._signed(at + 8, 4)
        self.canvas.paint((a, b, c, d) if c > a and d > b else None, self.canvas.context.brush)

    def region(self, at: int, _: int) -> None:
        brush = self._objects.get(self._number(at + 28), -1)
        a, b, c, d = self._signed(at + 8, 4)
        colour = -1 if isinstance(brush, Font) else brush
        self.canvas.paint((a, b, c, d) if c > a and d > b else None, colour)

    def image(self, at: int, _: int) -> None:
        a, b, c, d = self._signed(at + 8, 4)
        self.canvas.paint((a, b, c, d) if c > a and d > b else None, -1)

    # Text

    def text(self, at: int, end: int) -> None:
        self._text(at, end, at + 36, wide=True)

    def byte_text(self, at: int, end: int) -> None:
        self._text(at, end, at + 36, wide=False)

    def texts(self, at: int, end: int) -> None:
        count = min(self._number(at + 36), _STRINGS_MAX, (end - at - 40) // 40)
        for index in range(count):
            self._text(at, end, at + 40 + 40 * index, wide=True)

    def byte_texts(self, at: int, end: int) -> None:
        count = min(self._number(at + 36), _STRINGS_MAX, (end - at - 40) // 40)
        for index in range(count):
            self._text(at, end, at + 40 + 40 * index, wide=False)

    def _text(self, at: int, end: int, place: int, *, wide: bool) -> None:
        """An EmrText, 2.2.5: its offsets are those from the record's beginning."""
        x, y = self._pair(place)
        count, start, options = struct.unpack_from("<3L", self._data, place + 8)
        widths = self._number(place + 36)
        if options & _GLYPHS:
            self.canvas.drawn.lost += 1
            return
        if self._budget.spent():  # several strings of one record may claim the same letters
            self.canvas.drawn.cut = True
            return
        size = min(count, RUN_CHARS_MAX) * (2 if wide else 1)
        if not start or at + start + size > end:
            self.canvas.drawn.cut = True
            size = max(min(size, end - at - start), 0)
            if not start or size == 0:
                return
        if options & _OPAQUE:
            self._fill(place + 20)
        text = self._data[at + start : at + start + size]
        advance = self._advance(at + widths, end, min(count, RUN_CHARS_MAX), options) if widths else None
        if wide:
            self._put(x, y, text.decode("utf-16-le", "replace"), advance)
        else:
            self.canvas.bytes_out(x, y, text, advance)

    def _fill(self, at: int) -> None:
        a, b, c, d = self._signed(at, 4)
        self.canvas.paint((a, b, c, d), self.canvas.context.background & 0xFFFFFF, logical=True)

    def _put(self, x: float, y: float, text: str, advance: float | None) -> None:
        self.canvas.text_out(x, y, text, advance)

    def _advance(self, at: int, end: int, count: int, options: int) -> float | None:
        step = 2 if options & _PAIRS else 1
        if at + 4 * count * step > end:
            return None
        widths = islice(struct.unpack_from(f"<{count * step}l", self._data, at), 0, None, step)
        total = sum(widths)
        return float(total) if total > 0 else None

    def small_text(self, at: int, end: int) -> None:
        x, y = self._pair(at + 8)
        count, options = struct.unpack_from("<2L", self._data, at + 16)
        if options & _GLYPHS:
            self.canvas.drawn.lost += 1
            return
        start = at + (36 if options & _NO_BOX else 52)
        if options & _SMALL:  # the low byte of each letter
            text = self._data[start : min(start + count, end)].decode("latin-1")
        else:
            text = self._data[start : min(start + 2 * count, end)].decode("utf-16-le", "replace")
        self._put(x, y, text, None)

    def comment(self, at: int, end: int) -> None:
        size = self._number(at + 8)
        if self._data[at + 12 : at + 16] == _PLUS:
            self._share()
            self.plus.play(self._data, at + 16, min(at + 12 + size, end))
            self._shared = len(self.canvas.drawn.runs), len(self.canvas.drawn.hidden)

    def _share(self) -> None:
        """What was drawn the plain way on behalf of EMF+ is part of either."""
        if self.plus.waits:
            runs, hidden = self._shared
            self.plus.drawn.runs += self.canvas.drawn.runs[runs:]
            self.plus.drawn.hidden += self.canvas.drawn.hidden[hidden:]


_READERS: dict[int, Callable[[_Player, int, int], None]] = {
    3: _Player.shape, 8: _Player.shape, 9: _Player.window_size, 10: _Player.window, 11: _Player.viewport_size,
    12: _Player.viewport, 17: _Player.map_mode, 18: _Player.background_mode, 22: _Player.align, 24: _Player.colour,
    25: _Player.background, 27: _Player.move, 31: _Player.scale_viewport, 32: _Player.scale_window, 33: _Player.save,
    34: _Player.restore, 35: _Player.world, 36: _Player.change_world, 37: _Player.select, 39: _Player.brush,
    40: _Player.delete, 42: _Player.box, 43: _Player.box, 44: _Player.box, 46: _Player.box, 47: _Player.box,
    62: _Player.shape, 63: _Player.shape, 70: _Player.comment, 71: _Player.region, 74: _Player.shape,
    76: _Player.image, 77: _Player.image, 78: _Player.image, 79: _Player.image, 80: _Player.image, 81: _Player.image,
    82: _Player.font, 83: _Player.byte_text, 84: _Player.text, 86: _Player.shape, 91: _Player.shape,
    93: _Player.pattern, 94: _Player.pattern, 96: _Player.byte_texts, 97: _Player.texts, 108: _Player.small_text,
    114: _Player.image, 116: _Player.image, 118: _Player.image,
}  # fmt: skip
