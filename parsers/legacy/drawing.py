"""SANDBOX, untrusted: the shapes of a drawing of Word or PowerPoint: groups, places, properties ([MS-ODRAW])."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.character_sets import utf16_units
from parsers.legacy.records import DEPTH_MAX, Record, Records
from parsers.markup.inline import tidy

GROUP, SHAPE = 0xF003, 0xF004
_GROUP_FRAME, _SHAPE_FLAGS, _PROPERTIES, _MORE_PROPERTIES = 0xF009, 0xF00A, 0xF00B, 0xF122
CLIENT_TEXT, _CHILD_ANCHOR, _CLIENT_ANCHOR, CLIENT_DATA = 0xF00D, 0xF00F, 0xF010, 0xF011
# Property numbers, 2.3
_WORD_ART, _DESCRIPTION, _TABLE, _GROUP_FLAGS, _PICTURE = 0x00C0, 0x0381, 0x039F, 0x03BF, 0x0104
_HIDDEN = 0x00020002  # fHidden, and that it is used
_DELETED, _OBJECT, _BACKGROUND = 0x008, 0x010, 0x400
_TEXT_BYTES_MAX = 1 << 16
_SHAPES_MAX = 50_000

Rectangle = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(slots=True)
class Shape:
    """A shape, or a group with its shapes. `box` is in the drawing's own units. `picture`: its number in the store,
    0 for none, and for that of an embedded object.
    """

    identifier: int = 0
    box: Rectangle | None = None
    hidden: bool = False
    table: bool = False
    word_art: str = ""
    description: str = ""
    picture: int = 0
    text: Record | None = None
    data: Record | None = None
    shapes: list["Shape"] | None = None  # of a group

    def all(self) -> Iterator["Shape"]:
        """It and all in it."""
        yield self
        for inner in self.shapes or ():
            yield from inner.all()


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a group's own coordinates lie in the drawing."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def place(self, box: Rectangle) -> Rectangle:
        x0, y0, x1, y1 = box
        return (
            x0 * self.scale_x + self.shift_x, y0 * self.scale_y + self.shift_y,
            x1 * self.scale_x + self.shift_x, y1 * self.scale_y + self.shift_y,
        )  # fmt: skip


@dataclass(slots=True)
class DrawingReader:
    """Reads the shapes of one drawing."""

    records: Records
    left: int = field(default=_SHAPES_MAX)

    def shapes(self, container: Record) -> list[Shape]:
        """The shapes in a drawing's outermost group, or in whatever holds shapes."""
        found: list[Shape] = []
        for record in self.records.inside(container):
            if record.kind == GROUP:
                group = self._group(record, _Frame(), 0, outermost=True)
                found += (group.shapes or []) if group else []
            elif record.kind == SHAPE:
                shape = self._shape(record, _Frame())[0]
                found += [shape] if shape else []
        return found

    def shape(self, container: Record) -> Shape | None:
        """One shape that stands alone."""
        return self._shape(container, _Frame())[0]

    def _group(self, container: Record, frame: _Frame, depth: int, *, outermost: bool = False) -> Shape | None:
        """A group: its first shape is itself."""
        group: Shape | None = None
        for record in self.records.inside(container):
            if record.kind not in (GROUP, SHAPE):
                continue
            if group is None:
                group, own = self._shape(record, frame) if record.kind == SHAPE else (Shape(), None)
                group = group or Shape(hidden=not outermost)
                group.shapes = []
                if not outermost:
                    frame = _inner_frame(group.box, own)
                continue
            self.left -= 1
            if self.left < 0 or depth > DEPTH_MAX:
                return group
            shape = self._group(record, frame, depth + 1) if record.kind == GROUP else self._shape(record, frame)[0]
            if shape is not None and group.shapes is not None:
                group.shapes.append(shape)
        return group

    def _shape(self, container: Record, frame: _Frame) -> tuple[Shape | None, Rectangle | None]:
        """A shape, and the coordinates inside of it when it is a group; None for one that was deleted."""
        shape = Shape()
        own: Rectangle | None = None
        flags = 0
        for record in self.records.inside(container):
            if record.kind == _SHAPE_FLAGS:
                shape.identifier = self.records.number(record, 0)
                flags = self.records.number(record, 4)
                if flags & (_DELETED | _BACKGROUND):
                    return None, None
            elif record.kind == _GROUP_FRAME:
                own = self._rectangle(record)
            elif record.kind == _CHILD_ANCHOR:
                box = self._rectangle(record)
                shape.box = frame.place(box) if box else None
            elif record.kind == _CLIENT_ANCHOR:
                shape.box = shape.box or self._client_box(record)
            elif record.kind in (_PROPERTIES, _MORE_PROPERTIES):
                self._properties(record, shape)
            elif record.kind == CLIENT_TEXT:
                shape.text = record
            elif record.kind == CLIENT_DATA:
                shape.data = record
        if flags & _OBJECT:
            shape.picture = 0
        return shape, own

    def _rectangle(self, record: Record) -> Rectangle | None:
        data = self.records.data(record)
        return _upright(*struct.unpack_from("<4l", data)) if len(data) >= 16 else None

    def _client_box(self, record: Record) -> Rectangle | None:
        """A PowerPoint shape's place: top, left, right, bottom, in short or long numbers (MS-PPT 2.7.3)."""
        data = self.records.data(record)
        if len(data) not in (8, 16):
            return None
        top, left, right, bottom = struct.unpack_from("<4h" if len(data) == 8 else "<4l", data)
        return _upright(left, top, right, bottom)

    def _properties(self, record: Record, shape: Shape) -> None:
        """A table of properties; data longer than a number follows the table, in its order (2.2.9)."""
        data = self.records.data(record)
        count = min(record.instance, len(data) // 6)
        at = 6 * count
        for index in range(count):
            code, value = struct.unpack_from("<HL", data, 6 * index)
            name, extra = code & 0x3FFF, b""
            if code & 0x8000:
                extra = data[at : at + min(value, _TEXT_BYTES_MAX)]
                at += value
            if name == _WORD_ART:
                shape.word_art = utf16_units(extra).partition("\x00")[0]
            elif name == _DESCRIPTION:
                shape.description = utf16_units(extra).partition("\x00")[0]
            elif name == _PICTURE and not extra:
                shape.picture = value
            elif name == _TABLE:
                shape.table = bool(value & 1)
            elif name == _GROUP_FLAGS:
                shape.hidden = value & _HIDDEN == _HIDDEN


def shown_by(shape: Shape, words: Callable[[int, str], list[Block]] | None = None) -> list[Block]:
    """WordArt, or the alternative text of one shape and the words on its picture, which `words` looks up."""
    art, description = tidy(shape.word_art.replace("\r", "\n")), tidy(shape.description.replace("\r", "\n"))
    if shape.hidden:
        return []
    if art:
        return [Block(ElementType.NARRATIVE_TEXT, art)]
    blocks = [Block(ElementType.IMAGE, description)] if description else []
    return [*blocks, *words(shape.picture, description)] if words is not None and shape.picture else blocks


def _inner_frame(box: Rectangle | None, own: Rectangle | None) -> _Frame:
    """From a group's own coordinates to where it lies."""
    if box is None or own is None or own[2] <= own[0] or own[3] <= own[1]:
        return _Frame()
    scale_x, scale_y = (box[2] - box[0]) / (own[2] - own[0]), (box[3] - box[1]) / (own[3] - own[1])
    return _Frame(scale_x, scale_y, box[0] - own[0] * scale_x, box[1] - own[1] * scale_y)


def _upright(x0: float, y0: float, x1: float, y1: float) -> Rectangle:
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
