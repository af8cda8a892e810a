"""SANDBOX, untrusted: the file format of OneNote 2010 and later, a store of revisions ([MS-ONESTORE] 2.3 to 2.6).

Lists of nodes lie in fragments, each of which says where the next is, and nodes refer to other lists. Every list is
read once, every fragment of one list once, and the nodes of all are counted. What does not fit ends its list, not the
file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.blocks import Report
from parsers.onenote.model import NOBODY, OBJECTS_MAX, Bytes, Name, Object, Section, Space, too_much

FORMAT = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
NODES_MAX = 2_000_000
REVISIONS_MAX = 100_000
REFERENCES_MAX = 8_000_000  # in all objects together
_ROOT_LIST = 172
_FRAGMENT_MAGIC, _FRAGMENT_HEADER, _FRAGMENT_FOOTER = 0xA4567AB1F5F7F4C4, 16, 20
_PROGRESS_EVERY = 2000
# 2.2.4.2: widths of place and size, and what they are multiplied with.
_PLACE = ((8, 1), (4, 1), (2, 8), (4, 8))
_SIZE = ((4, 1), (8, 1), (1, 8), (2, 8))
_NOWHERE = {2: 0xFFFF, 4: 0xFFFFFFFF, 8: 0xFFFFFFFFFFFFFFFF}
_REFERENCE_TO_LIST = 2
_FILE_HEADER = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_FILE_DATA = 36  # guidHeader, cbLength, 4 and 8 bytes of nothing
# File node types (2.4.3).
_SPACE_ROOT, _SPACE, _REVISIONS = 0x004, 0x008, 0x010
_REVISION_STARTS = frozenset((0x01B, 0x01E, 0x01F))
_REVISION_END, _ROLE, _ROLE_IN_CONTEXT = 0x01C, 0x05C, 0x05D
_IDS_START, _IDS_START_OLD, _ID_ENTRY = 0x022, 0x021, 0x024
_ROOT, _OBJECT_GROUP, _ENCRYPTION = 0x05A, 0x0B0, 0x07C
_OBJECTS = frozenset((0x0A4, 0x0A5, 0x0C4, 0x0C5))
_FILES = frozenset((0x072, 0x073))
_FILE_STORE, _FILE = 0x090, 0x094
_LAST_OF_LIST = 0x0FF
_NO_OSIDS, _MORE_STREAMS = 1 << 31, 1 << 30
_DEFAULT_ROLE = 1


class Node(NamedTuple):
    """A file node: its type, what it refers to (a part of the file, or a list), what stands behind that."""

    kind: int
    start: int
    size: int
    to_list: bool
    rest: memoryview


@dataclass(slots=True)
class _Revision:
    depends_on: Name
    role: int
    in_context: bool
    objects: dict[Name, Object] = field(default_factory=dict)
    roots: dict[int, Name] = field(default_factory=dict)


class RevisionStore:
    """Reads one file. `section` is the result."""

    def __init__(self, document: bytes, report: Report) -> None:
        self.section = Section()
        self._file = memoryview(document)
        self._report = report
        self._nodes_left, self._references_left, self._objects_left = NODES_MAX, REFERENCES_MAX, OBJECTS_MAX
        self._revisions_left = REVISIONS_MAX
        self._lists_read: set[int] = set()
        self._groups: dict[int, dict[Name, Object]] = {}

    def read(self) -> Section:
        """All spaces in their current revision, and all files. Raises `Refused`: bomb."""
        place, size = struct.unpack_from("<QL", self._file, _ROOT_LIST)
        for node in self._list(place, size):
            if node.kind == _SPACE_ROOT:
                self.section.root = _names(node.rest, 1)[0]
            elif node.kind == _SPACE and node.to_list:
                self._read_space(node)
            elif node.kind == _FILE_STORE and node.to_list:
                self._read_files(node)
        return self.section

    def _list(self, start: int, size: int) -> Iterator[Node]:
        """The nodes of a list, fragment by fragment; of a list that was read before, none."""
        if start in self._lists_read:
            return
        self._lists_read.add(start)
        seen = set[int]()
        while start not in seen and size >= _FRAGMENT_HEADER + _FRAGMENT_FOOTER and start + size <= len(self._file):
            seen.add(start)
            self._count()  # lists may lead into the same fragments, and these may be empty
            fragment = self._file[start : start + size]
            if int.from_bytes(fragment[:8], "little") != _FRAGMENT_MAGIC:
                break
            yield from self._nodes(fragment[_FRAGMENT_HEADER:-_FRAGMENT_FOOTER])
            start, size = struct.unpack_from("<QL", fragment, len(fragment) - _FRAGMENT_FOOTER)
            if start == _NOWHERE[8] or not size:
                return
        self.section.damaged.append(f"a list of nodes ends at {start}")

    def _nodes(self, nodes: memoryview) -> Iterator[Node]:
        at = 0
        while at + 4 <= len(nodes):
            head = int.from_bytes(nodes[at : at + 4], "little")
            kind, size, base = head & 0x3FF, head >> 10 & 0x1FFF, head >> 27 & 0xF
            if size < 4 or at + size > len(nodes) or kind in (0, _LAST_OF_LIST):
                return
            self._count()
            node = _node(kind, base, head, nodes[at + 4 : at + size])
            if node is not None:
                yield node
            at += size

    def _count(self) -> None:
        """One more node or fragment. Raises `Refused` (bomb)."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise too_much(f"over {NODES_MAX} nodes")
        if self._nodes_left % _PROGRESS_EVERY == 0:
            self._report.progress("nodes", NODES_MAX - self._nodes_left, 0)

    def _read_space(self, node: Node) -> None:
        """The last list of revisions is the current one (2.1.6)."""
        (name,) = _names(node.rest, 1)
        lists = [each for each in self._list(node.start, node.size) if each.kind == _REVISIONS and each.to_list]
        if lists and name != NOBODY:
            self.section.spaces[name] = self._current(lists[-1])

    def _current(self, node: Node) -> Space:
        """The revision that has the default role, with what it leaves as it was in those that it depends on."""
        revisions: dict[Name, _Revision] = {}
        current, revision = NOBODY, None
        ids: dict[int, bytes] = {}
        for each in self._list(node.start, node.size):
            if each.kind in _REVISION_STARTS:
                name, revision = self._revision(each)
                revisions[name] = revision
                if revision.role == _DEFAULT_ROLE and not revision.in_context:
                    current = name
            elif each.kind in (_ROLE, _ROLE_IN_CONTEXT) and len(each.rest) >= 24:
                in_context = each.kind == _ROLE_IN_CONTEXT and any(each.rest[24:44])
                if int.from_bytes(each.rest[20:24], "little") == _DEFAULT_ROLE and not in_context:
                    current = _names(each.rest, 1)[0]
            elif revision is not None:
                self._take(each, revision, ids)
        return _merged(revisions, current)

    def _revision(self, node: Node) -> tuple[Name, _Revision]:
        self._revisions_left -= 1
        if self._revisions_left < 0:
            raise too_much(f"over {REVISIONS_MAX} revisions")
        name, depends_on = _names(node.rest, 2)
        role_at = 48 if node.kind == 0x01B else 40  # behind a time, in the oldest form
        role = int.from_bytes(node.rest[role_at : role_at + 4], "little")
        return name, _Revision(depends_on, role, node.kind == 0x01F and any(node.rest[46:66]))

    def _take(self, node: Node, revision: _Revision, ids: dict[int, bytes]) -> None:
        if node.kind == _ROOT and len(node.rest) >= 24:
            revision.roots[int.from_bytes(node.rest[20:24], "little")] = _names(node.rest, 1)[0]
        elif node.kind == _OBJECT_GROUP and node.to_list:
            revision.objects.update(self._group(node))
        elif node.kind == _ENCRYPTION:
            self.section.encrypted = True
        else:
            self._declare(node, revision.objects, ids)

    def _group(self, node: Node) -> dict[Name, Object]:
        if node.start not in self._groups:
            objects: dict[Name, Object] = {}
            ids: dict[int, bytes] = {}
            for each in self._list(node.start, node.size):
                self._declare(each, objects, ids)
            self._groups[node.start] = objects
        self._objects_left -= len(self._groups[node.start])
        if self._objects_left < 0:
            raise too_much(f"over {OBJECTS_MAX} objects")
        return self._groups[node.start]

    def _declare(self, node: Node, objects: dict[Name, Object], ids: dict[int, bytes]) -> None:
        """An object, a file, or an entry of the table by which both are named (2.1.3)."""
        if node.kind in (_IDS_START, _IDS_START_OLD):
            ids.clear()
        elif node.kind == _ID_ENTRY and len(node.rest) >= 20:
            ids[int.from_bytes(node.rest[:4], "little")] = bytes(node.rest[4:20])
        elif node.kind in _OBJECTS | _FILES and len(node.rest) >= 8:
            self._objects_left -= 1
            if self._objects_left < 0:
                raise too_much(f"over {OBJECTS_MAX} objects")
            compact, kind = struct.unpack_from("<LL", node.rest)
            name = _name_of(compact, ids)
            if node.kind in _FILES:
                objects[name] = Object(kind, memoryview(b""), file=_file_reference(node))
            else:
                objects[name] = self._object(kind, self._file[node.start : node.start + node.size], ids)

    def _object(self, kind: int, data: memoryview, ids: dict[int, bytes]) -> Object:
        """Its streams of references (2.6.2 to 2.6.4), then its properties."""
        streams: list[tuple[Name, ...]] = [(), (), ()]
        at = 0
        for number in range(3):
            if at + 4 > len(data):
                break
            head = int.from_bytes(data[at : at + 4], "little")
            count = min(head & 0xFFFFFF, (len(data) - at - 4) // 4)
            self._references_left -= count
            if self._references_left < 0:
                raise too_much(f"over {REFERENCES_MAX} references")
            numbers = struct.unpack_from(f"<{count}L", data, at + 4)
            streams[number] = tuple(_name_of(each, ids) for each in numbers)
            at += 4 + 4 * count
            more = not head & _NO_OSIDS if number == 0 else bool(head & _MORE_STREAMS)
            if not more:
                break
        return Object(kind, data[at:], streams[0], streams[1])

    def _read_files(self, node: Node) -> None:
        for each in self._list(node.start, node.size):
            if each.kind != _FILE or len(each.rest) < 16:
                continue
            place = self._file[each.start : each.start + each.size]
            if bytes(place[:16]) != _FILE_HEADER or len(place) < _FILE_DATA:
                self.section.damaged.append(f"no file at {each.start}")
                continue
            size = int.from_bytes(place[16:24], "little")
            self.section.files[_guid(each.rest[:16])] = place[_FILE_DATA : _FILE_DATA + size]


def _node(kind: int, base: int, head: int, data: memoryview) -> Node | None:
    if not 1 <= base <= _REFERENCE_TO_LIST:
        return Node(kind, 0, 0, to_list=False, rest=data)
    (place_bytes, place_times), (size_bytes, size_times) = _PLACE[head >> 23 & 3], _SIZE[head >> 25 & 3]
    rest = place_bytes + size_bytes
    if rest > len(data):
        return None
    place = int.from_bytes(data[:place_bytes], "little")
    size = int.from_bytes(data[place_bytes:rest], "little")
    if place == _NOWHERE[place_bytes]:
        place = size = 0
    return Node(kind, place * place_times, size * size_times, base == _REFERENCE_TO_LIST, data[rest:])


def _merged(revisions: dict[Name, _Revision], current: Name) -> Space:
    space, seen = Space(), set[Name]()
    if current not in revisions and revisions:
        current = next(reversed(revisions))
    while current in revisions and current not in seen:
        seen.add(current)
        revision = revisions[current]
        for name, each in revision.objects.items():  # what is newer is there already
            space.objects.setdefault(name, each)
        for role, name in revision.roots.items():
            space.roots.setdefault(role, name)
        current = revision.depends_on
    return space


def _names(data: memoryview, count: int) -> list[Name]:
    reader = Bytes(data)
    return [reader.name() if reader.left() >= 20 else NOBODY for _ in range(count)]


def _name_of(compact: int, ids: dict[int, bytes]) -> Name:
    """2.2.2: a number within a GUID, which the table has by its number."""
    return ids.get(compact >> 8, b""), compact & 0xFF


def _file_reference(node: Node) -> str:
    """2.5.27: behind name, kind and a count of one or four bytes, a counted string: `<ifndf>{GUID}`, `<file>NAME`."""
    at = 9 if node.kind == 0x072 else 12
    size = 2 * int.from_bytes(node.rest[at : at + 4], "little")
    return bytes(node.rest[at + 4 : at + 4 + min(size, 1000)]).decode("utf-16-le", "replace")


def _guid(data: memoryview) -> str:
    """As a declaration writes it."""
    first, second, third = struct.unpack_from("<LHH", data)
    last = bytes(data[8:16]).hex()
    return f"{{{first:08x}-{second:04x}-{third:04x}-{last[:4]}-{last[4:]}}}".upper()
