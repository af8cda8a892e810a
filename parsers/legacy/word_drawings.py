"""SANDBOX, untrusted: what drawings and pictures of a Word file say: WordArt, alternative texts, what is grouped
([MS-DOC] 2.9.172 OfficeArtContent, 2.9.190 PICF, 2.9.78 FFData).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from parsers.blocks import Block
from parsers.legacy.blips import Blips, blip
from parsers.legacy.drawing import SHAPE, DrawingReader, shown_by
from parsers.legacy.records import Records
from parsers.legacy.word_fib import DRAWINGS, WordFile
from parsers.metafile.shown import Pictures as VectorPictures

_DRAWING_GROUP, _DRAWING = 0xF000, 0xF002
_DRAWINGS_MAX = 64  # one for the body, one for the headers
_PICTURE_BYTES_MAX = 1 << 16  # its properties come first
_PICTURES_IN_ONE_MAX = 16
_LINKED_PICTURE = 0x66  # MS-DOC 2.9.157, MFPF: the picture's name precedes it
_BINARY = 0x44  # where what is no picture begins
_CHECKBOX, _AS_DEFAULT = 1, 25


@dataclass(slots=True)
class Drawings:
    """Shapes that are anchored in the text, by their identifiers."""

    group_of: dict[int, int] = field(default_factory=dict)  # of a shape in a group: the outermost group's identifier
    blocks: dict[int, list[Block]] = field(default_factory=dict)


def read_drawings(word: WordFile, pictures: VectorPictures) -> Drawings:
    """The shapes of the body and of the headers."""
    drawings = Drawings()
    records = Records(word.part(DRAWINGS))
    record = records.at(0)
    if record is None or record.kind != _DRAWING_GROUP:
        return drawings
    blips = Blips(records, record, lambda: word.main, pictures)

    def words(number: int, told: str) -> list[Block]:
        return blips.words(number, on_white=False, told=told)

    for _ in range(_DRAWINGS_MAX):
        record = records.at(record.end + 1)  # a byte says whose drawing it is
        if record is None or record.kind != _DRAWING:
            break
        for shape in DrawingReader(records).shapes(record):
            for inner in shape.all():
                drawings.group_of[inner.identifier] = shape.identifier
                drawings.blocks.setdefault(shape.identifier, []).extend(shown_by(inner, words))
    return drawings


class Pictures:
    """What stands in the data stream: pictures in the line, and the states of form fields."""

    def __init__(self, data: bytes, vectors: VectorPictures) -> None:
        self._records = Records(data)
        self._vectors = vectors
        self._descriptions: dict[int, list[Block]] = {}

    def blocks(self, at: int, *, on_white: bool, of_object: bool) -> list[Block]:
        """The alternative text of the picture at an offset, and the words on it, unless an object stands behind it."""
        start, end = self._place(at)
        if at not in self._descriptions:
            self._descriptions[at] = self._read(start, min(end, at + _PICTURE_BYTES_MAX))
        blocks = self._descriptions[at]
        if of_object or start >= end:
            return blocks
        told = blocks[0].text if blocks else ""
        words = self._vectors.blocks(at, lambda: self._metafile(start, end), on_white=on_white, told=told)
        return [*blocks, *words]

    def _metafile(self, start: int, end: int) -> Iterator[bytes]:
        """What follows the picture's shape, or is all of it in files that Word 6 wrote."""
        for record in islice(self._records.between(start, end), 1, _PICTURES_IN_ONE_MAX):
            yield from blip(self._records, record)

    def _place(self, at: int) -> tuple[int, int]:
        """Where the records of a picture begin and end."""
        data = self._records.stream
        if at + _BINARY > len(data):
            return at, at
        size = int.from_bytes(data[at : at + 4], "little")
        start = at + int.from_bytes(data[at + 4 : at + 6], "little")
        end = min(at + size, len(data))
        if int.from_bytes(data[at + 6 : at + 8], "little") == _LINKED_PICTURE and start < len(data):
            start += 1 + data[start]
        return start, end

    def _read(self, start: int, end: int) -> list[Block]:
        record = self._records.at(start, end)
        if record is None or record.kind != SHAPE:
            return []
        shape = DrawingReader(self._records).shape(record)
        return shown_by(shape) if shape is not None else []

    def checkbox(self, at: int) -> str:
        """The check mark of the form field at an offset, "" when it is none."""
        data = self._records.stream
        place = at + _BINARY
        bits = int.from_bytes(data[place + 4 : place + 6], "little")
        if data[place : place + 4] != b"\xff\xff\xff\xff" or bits & 3 != _CHECKBOX:
            return ""
        state = bits >> 2 & 0x1F
        if state == _AS_DEFAULT:
            name_length = int.from_bytes(data[place + 10 : place + 12], "little")
            default = place + 14 + 2 * name_length  # behind the name and the zero at its end
            state = int.from_bytes(data[default : default + 2], "little")
        return "☒" if state else "☐"
