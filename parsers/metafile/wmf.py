"""SANDBOX, untrusted: Windows metafiles of 16 bits ([MS-WMF]), with or without a placeable header.

Text is bytes in the character set of the font that is selected; objects are numbered by the first number that is free.
"""

import struct
from collections.abc import Callable
from heapq import heappop, heappush

from parsers.metafile.canvas import Canvas
from parsers.metafile.kinds import HEADER_WORDS, PLACEABLE, PLACEABLE_BYTES
from parsers.metafile.model import Budget, Drawn, Font

_OPAQUE, _CLIPPED, _GLYPHS = 0x2, 0x4, 0x10
_OBJECTS_MAX = 4096
_PATTERN, _ANISOTROPIC = -1, 8
_GONE, _OTHER = "gone", "other"  # places of objects that are no fonts and paint nothing


def read_wmf(data: bytes, budget: Budget, *, on_white: bool) -> Drawn:
    """What a picture says."""
    player = _Player(data, Canvas(budget, bounds=None, on_white=on_white))
    at = 0
    if data[:4] == PLACEABLE:
        at = PLACEABLE_BYTES
        x0, y0, x1, y1 = struct.unpack_from("<4h", data, 6)
        context = player.canvas.context
        context.window, context.window_size = (x0, y0), (x1 - x0, y1 - y0)
        context.viewport_size = (abs(x1 - x0), abs(y1 - y0))
    player.play(at + 2 * HEADER_WORDS, budget)
    return player.canvas.drawn


class _Player:
    """Plays the records of one picture."""

    def __init__(self, data: bytes, canvas: Canvas) -> None:
        self.canvas = canvas
        self._data = data
        self._objects: list[Font | int | str | None] = []
        self._free: list[int] = []

    def play(self, at: int, budget: Budget) -> None:
        """All records up to the last, or up to one that lies about its size."""
        end = len(self._data)
        unpack = struct.Struct("<LH").unpack_from
        while at + 6 <= end:
            words, kind = unpack(self._data, at)
            budget.records -= 1
            if words < 3 or budget.records <= 0:
                break
            if kind == 0:
                return
            stop = at + 2 * words
            if stop > end:
                break
            reader = _READERS.get(kind)
            if reader is not None:
                try:
                    reader(self, at + 6, stop)
                except (struct.error, IndexError, OverflowError):
                    self.canvas.drawn.cut = True
            at = stop
        self.canvas.drawn.cut = True

    def _shorts(self, at: int, count: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{count}h", self._data, at)

    def _short(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 2], "little")

    def _pair(self, at: int) -> tuple[float, float]:
        """The second coordinate is stored first."""
        y, x = self._shorts(at, 2)
        return float(x), float(y)

    # Where and how

    def window_size(self, at: int, _: int) -> None:
        self.frame(*self.canvas.context.window, *self._pair(at))

    def window(self, at: int, _: int) -> None:
        self.canvas.context.window = self._pair(at)

    def move_window(self, at: int, _: int) -> None:
        (x, y), (right, down) = self.canvas.context.window, self._pair(at)
        self.canvas.context.window = (x + right, y + down)

    def scale_window(self, at: int, _: int) -> None:
        y_over, y, x_over, x = self._shorts(at, 4)
        width, height = self.canvas.context.window_size
        self.canvas.context.window_size = (width * x / (x_over or 1), height * y / (y_over or 1))

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """A window. The first is the whole picture, which a viewer scales to where it is shown; viewports that a
        picture sets for itself are those of the screen it was made on.
        """
        context = self.canvas.context
        context.window, context.window_size = (x, y), (width, height)
        if context.mode != _ANISOTROPIC and width and height:
            context.mode, context.viewport_size = _ANISOTROPIC, (abs(width), abs(height))
            if abs(width) > 1 and abs(height) > 1:
                self.canvas.bounds = (0.0, 0.0, abs(width), abs(height))

    def background_mode(self, at: int, _: int) -> None:
        self.canvas.context.background_mode = self._short(at)

    def background(self, at: int, _: int) -> None:
        self.canvas.context.background = int.from_bytes(self._data[at : at + 4], "little")

    def align(self, at: int, _: int) -> None:
        self.canvas.context.align = self._short(at)

    def colour(self, at: int, _: int) -> None:
        self.canvas.context.colour = int.from_bytes(self._data[at : at + 4], "little")

    def move(self, at: int, _: int) -> None:
        self.canvas.context.position = self._pair(at)

    def save(self, *_: int) -> None:
        self.canvas.save()

    def restore(self, at: int, _: int) -> None:
        self.canvas.restore(self._shorts(at, 1)[0])

    # Objects

    def font(self, at: int, end: int) -> None:
        height, _, angle = self._shorts(at, 3)
        face = self._data[min(at + 18, end) : min(at + 50, end)].partition(b"\x00")[0].decode("latin-1")
        self._keep(Font(float(height), self._data[at + 13], face, angle / 10))

    def brush(self, at: int, _: int) -> None:
        colour = int.from_bytes(self._data[at + 2 : at + 5], "little")
        self._keep({0: colour, 1: None}.get(self._short(at), _PATTERN))

    def pattern(self, *_: int) -> None:
        self._keep(_PATTERN)

    def other(self, *_: int) -> None:
        self._keep(_OTHER)

    def _keep(self, made: Font | int | str | None) -> None:
        """In the first place that is free."""
        if self._free:
            self._objects[heappop(self._free)] = made
        elif len(self._objects) < _OBJECTS_MAX:
            self._objects.append(made)

    def select(self, at: int, _: int) -> None:
        index, context = self._short(at), self.canvas.context
        chosen = self._objects[index] if index < len(self._objects) else _OTHER
        if isinstance(chosen, Font):
            context.font = chosen
        elif not isinstance(chosen, str):
            context.brush = chosen

    def delete(self, at: int, _: int) -> None:
        index = self._short(at)
        if index < len(self._objects) and self._objects[index] != _GONE:
            self._objects[index] = _GONE
            heappush(self._free, index)

    # What is painted

    def box(self, at: int, _: int) -> None:
        bottom, right, top, left = self._shorts(at, 4)
        self.canvas.paint((left, top, right, bottom), self.canvas.context.brush, logical=True)

    def polygon(self, at: int, end: int) -> None:
        count = min(self._short(at), (end - at - 2) // 4)
        points = self._shorts(at + 2, 2 * count)
        if count:
            xs, ys = points[::2], points[1::2]
            self.canvas.paint((min(xs), min(ys), max(xs), max(ys)), self.canvas.context.brush, logical=True)

    def shape(self, *_: int) -> None:
        self.canvas.paint(None, self.canvas.context.brush)

    def image(self, *_: int) -> None:
        self.canvas.paint(None, _PATTERN)

    # Text

    def text(self, at: int, end: int) -> None:
        """TextOut, 2.3.3.20: the place stands behind the letters, at an even offset."""
        count = self._short(at)
        place = at + 2 + count + count % 2
        if place + 4 > end:
            self.canvas.drawn.cut = True
            return
        x, y = self._pair(place)
        self.canvas.bytes_out(x, y, self._data[at + 2 : at + 2 + count], None)

    def placed_text(self, at: int, end: int) -> None:
        """ExtTextOut, 2.3.3.5: a rectangle where the options say so, the letters, their widths if there is room."""
        x, y = self._pair(at)
        count, options = self._short(at + 4), self._short(at + 6)
        start = at + 8
        if options & _GLYPHS:
            self.canvas.drawn.lost += 1
            return
        if options & (_OPAQUE | _CLIPPED):
            box = self._shorts(start, 4)
            start += 8
            if options & _OPAQUE:
                colour = self.canvas.context.background & 0xFFFFFF
                self.canvas.paint((box[0], box[1], box[2], box[3]), colour, logical=True)
        self.canvas.drawn.cut |= start + count > end
        count = min(count, max(end - start, 0))
        widths = start + count + count % 2
        advance = sum(self._shorts(widths, count)) if count and widths + 2 * count <= end else 0
        text = self._data[start : start + count]
        self.canvas.bytes_out(x, y, text, float(advance) if advance > 0 else None)


_READERS: dict[int, Callable[[_Player, int, int], None]] = {
    0x001E: _Player.save, 0x0127: _Player.restore, 0x0102: _Player.background_mode, 0x012E: _Player.align,
    0x0201: _Player.background, 0x0209: _Player.colour, 0x020B: _Player.window, 0x020C: _Player.window_size,
    0x020F: _Player.move_window, 0x0410: _Player.scale_window, 0x0214: _Player.move, 0x0521: _Player.text,
    0x0A32: _Player.placed_text, 0x02FB: _Player.font, 0x02FC: _Player.brush, 0x012D: _Player.select,
    0x01F0: _Player.delete, 0x00F7: _Player.other, 0x02FA: _Player.other, 0x06FF: _Player.other,
    0x01F9: _Player.pattern, 0x0142: _Player.pattern, 0x041B: _Player.box, 0x0418: _Player.box,
    0x0324: _Player.polygon, 0x061C: _Player.shape, 0x0538: _Player.shape, 0x061D: _Player.shape,
    0x0228: _Player.shape, 0x012B: _Player.shape, 0x081A: _Player.shape, 0x0830: _Player.shape,
    0x0F43: _Player.image, 0x0940: _Player.image, 0x0B41: _Player.image, 0x0D33: _Player.image,
    0x0922: _Player.image, 0x0B23: _Player.image,
}  # fmt: skip
