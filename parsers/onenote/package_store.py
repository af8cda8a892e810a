"""SANDBOX, untrusted: sections as servers give them out, a package of data elements ([MS-ONESTORE] 2.7 and 2.8,
[MS-FSSHTTPB] 2.2.1).

A package is a stream of objects, of which many say only what the ones behind them belong to; so it is read from front
to back, once. Elements refer to each other by name: a cell (an object space) to its revision, that to groups of
objects.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.blocks import Report
from parsers.onenote.model import NOBODY, OBJECTS_MAX, Bytes, Name, Object, Section, Space, too_much

FORMAT = bytes.fromhex("2fe98d63d4a6c14b9a36b3fc2511a5b7")
STREAM_OBJECTS_MAX = 4_000_000
REFERENCES_MAX = 8_000_000
_START = 68  # behind four GUIDs and four bytes of nothing
_PROGRESS_EVERY = 2000
_LONG = 0x7FFF
# Stream objects: MS-FSSHTTPB 2.2.1.5.
_ELEMENT, _CELL_MAPPING, _REVISION_MAPPING, _STORAGE_ROOT, _CELL = 0x01, 0x0E, 0x0D, 0x07, 0x0B
_REVISION, _ROOT, _GROUP = 0x1A, 0x0A, 0x19
_DECLARED, _DECLARED_BLOB, _DATA, _DATA_BLOB, _DATA_ELSEWHERE, _BLOB = 0x18, 0x05, 0x16, 0x1C, 0x03, 0x02
# MS-ONESTORE 2.7.1: the root whose cell is the section itself.
_SECTION_ROOT = (bytes.fromhex("b9fade84a3aa0d4aa3a8520c77ac7073"), 2)
# 2.7.6: partitions of an object.
_PROPERTIES, _FILE, _KIND = 1, 2, 4


@dataclass(slots=True)
class _Group:
    declared: list[tuple[Name, int]] = field(default_factory=list)  # object and partition
    contents: list[tuple[tuple[Name, ...], tuple[Name, ...], memoryview, Name]] = field(default_factory=list)


@dataclass(slots=True)
class _Revision:
    name: Name
    base: Name
    roots: dict[int, Name] = field(default_factory=dict)
    groups: list[Name] = field(default_factory=list)


class PackageStore:
    """Reads one file. `section` is the result."""

    def __init__(self, document: bytes, report: Report) -> None:
        self.section = Section()
        self._file = memoryview(document)
        self._report = report
        self._element = NOBODY
        self._cells: dict[tuple[Name, Name], Name] = {}  # (context, space): cell manifest
        self._section_cell = (NOBODY, NOBODY)
        self._manifests: dict[Name, Name] = {}
        self._mappings: dict[Name, Name] = {}
        self._revisions: dict[Name, _Revision] = {}
        self._groups: dict[Name, _Group] = {}
        self._blobs: dict[Name, memoryview] = {}
        self._references_left, self._objects_left = REFERENCES_MAX, OBJECTS_MAX

    def read(self) -> Section:
        """All spaces in their current revision, and all files. Raises `Refused`: bomb."""
        try:
            for count, (kind, data) in enumerate(self._stream_objects()):
                if count % _PROGRESS_EVERY == 0:
                    self._report.progress("objects", count, 0)
                self._take(kind, Bytes(data))
        except struct.error:
            self.section.damaged.append("a package that breaks off")
        context, self.section.root = self._section_cell
        for (other, space), manifest in self._cells.items():
            if other == context:  # others are old versions
                self.section.spaces[space] = self._space(self._manifests.get(manifest, manifest), space)
        self.section.files = {_reference(name).partition(">")[2]: data for name, data in self._blobs.items()}
        return self.section

    def _stream_objects(self) -> Iterator[tuple[int, memoryview]]:
        """Kind and data of each; ends say nothing that is not known (2.2.1.5.1 to 2.2.1.5.4)."""
        reader = Bytes(self._file, _START)
        for _ in range(STREAM_OBJECTS_MAX):
            if reader.left() <= 0:
                return
            form = self._file[reader.at] & 3
            head = reader.number((2, 1, 4, 2)[form])
            if form == 0:
                yield head >> 3 & 0x3F, reader.take(head >> 9)
            elif form == 2:
                size = head >> 17
                yield head >> 3 & 0x3FFF, reader.take(_compact(reader) if size == _LONG else size)
        raise too_much(f"over {STREAM_OBJECTS_MAX} stream objects")

    def _take(self, kind: int, data: Bytes) -> None:
        if kind == _ELEMENT:
            self._element = _name(data)
        elif kind == _CELL_MAPPING:
            cell = _name(data), _name(data)
            self._cells[cell] = _name(data)
        elif kind == _REVISION_MAPPING:
            name = _name(data)
            self._mappings[name] = _name(data)
        elif kind == _STORAGE_ROOT:
            if _name(data) == _SECTION_ROOT:
                self._section_cell = _name(data), _name(data)
        elif kind == _CELL:
            self._manifests[self._element] = _name(data)
        elif kind == _REVISION:
            self._revisions[self._element] = _Revision(_name(data), _name(data))
        elif kind == _ROOT and self._element in self._revisions:
            role = _name(data)[1]
            self._revisions[self._element].roots[role] = _name(data)
        elif kind == _GROUP and self._element in self._revisions:
            self._revisions[self._element].groups.append(_name(data))
        else:
            self._take_object(kind, data)

    def _take_object(self, kind: int, data: Bytes) -> None:
        group = self._groups.setdefault(self._element, _Group())
        if kind == _DECLARED:
            name = _name(data)
            group.declared.append((name, _compact(data)))
        elif kind == _DECLARED_BLOB:
            name = _name(data)
            _name(data)
            group.declared.append((name, _compact(data)))
        elif kind in (_DATA, _DATA_BLOB, _DATA_ELSEWHERE):
            references, cells = self._names(data, 1), self._names(data, 2)
            content = data.take(_compact(data)) if kind == _DATA else memoryview(b"")
            group.contents.append((references, cells, content, _name(data) if kind == _DATA_BLOB else NOBODY))
        elif kind == _BLOB:
            self._blobs[self._element] = data.take(_compact(data))

    def _names(self, data: Bytes, each: int) -> tuple[Name, ...]:
        """An array of names, or of cells: pairs, of which the second is the space (2.2.1.8, 2.2.1.11)."""
        count = _compact(data)
        self._references_left -= min(count, data.left())
        if self._references_left < 0:
            raise too_much(f"over {REFERENCES_MAX} references")
        names = []
        for _ in range(count):
            for _ in range(each - 1):
                _name(data)
            names.append(_name(data))
        return tuple(names)

    def _space(self, revision_name: Name, space_name: Name) -> Space:
        """The current revision, and what it leaves as it was in those that it is based on."""
        space, seen = Space(), set[Name]()
        while revision_name != NOBODY and revision_name not in seen:
            seen.add(revision_name)
            revision = self._revisions.get(self._mappings.get(revision_name, revision_name))
            if revision is None:
                break
            for role, root in revision.roots.items():
                space.roots.setdefault(role, root)
            for group in revision.groups:
                self._fill(space, self._groups.get(group, _Group()), space_name)
            revision_name = revision.base
        return space

    def _fill(self, space: Space, group: _Group, space_name: Name) -> None:
        """Objects of a group: what they are, their properties, and their file are three contents of one name."""
        self._objects_left -= len(group.declared)
        if self._objects_left < 0:
            raise too_much(f"over {OBJECTS_MAX} objects")
        kinds: dict[Name, int] = {}
        files: dict[Name, str] = {}
        for (name, partition), (_, _, data, blob) in zip(group.declared, group.contents, strict=False):
            if partition == _KIND:
                kinds[name] = int.from_bytes(data[:4], "little")
            elif partition == _FILE and blob != NOBODY:
                files[name] = _reference(blob)
        for (name, partition), (references, cells, data, _) in zip(group.declared, group.contents, strict=False):
            if partition == _PROPERTIES and name not in space.objects:
                others = tuple(each for each in cells if each != space_name)
                found = Object(kinds.get(name, 0), _set_of(data), references, others, files.get(name, ""))
                space.objects[name] = found


def _set_of(data: memoryview) -> memoryview:
    """The property set behind the streams of references, which the package has in full names instead."""
    reader = Bytes(data)
    try:
        for number in range(3):
            head = reader.number(4)
            reader.take(4 * (head & 0xFFFFFF))
            if not (not head >> 31 if number == 0 else head >> 30 & 1):
                break
    except struct.error:
        return memoryview(b"")
    return data[reader.at :]


def _compact(data: Bytes) -> int:
    """2.2.1.1: the lowest bit that is set tells how many bytes there are."""
    first = data.data[data.at] if data.left() else 0
    if not first:
        return data.number(1)
    width = (first & -first).bit_length()
    return data.number(width) >> width if width < 8 else data.number(9) >> 8


def _name(data: Bytes) -> Name:
    """2.2.1.7: an extended GUID, whose number takes 5, 10, 17 or 32 bits."""
    first = data.number(1)
    if not first:
        return NOBODY
    if first & 0x07 == 4:
        number = first >> 3
    elif first & 0x3F == 32:
        number = data.number(1) << 2 | first >> 6
    elif first & 0x7F == 64:
        number = data.number(2) << 1 | first >> 7
    elif first == 128:
        number = data.number(4)
    else:
        raise struct.error("no extended GUID")
    return bytes(data.take(16)), number


def _reference(name: Name) -> str:
    """As a declaration in the other format has it."""
    return f"<ifndf>{{{name[0].hex().upper()}-{name[1]}}}"
