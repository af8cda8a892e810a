"""TEST: OneNote sections, written as a revision store from objects by number; each part may be made to lie."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FILE_TYPE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
REVISION_STORE = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
GUID = bytes(range(1, 17))
FILE_GUIDS = "{{0000000{0:x}-0000-0000-0000-000000000000}}"
NIL = struct.pack("<QL", 0xFFFFFFFFFFFFFFFF, 0)
# Kinds of objects and identifiers of properties, as MS-ONE lists them.
SECTION, SERIES, MANIFEST, PAGE, TITLE = 0x60007, 0x60008, 0x60037, 0x6000B, 0x6002C
OUTLINE, ELEMENT, RICH, IMAGE, TABLE, ROW, CELL, NUMBERS = (
    0x6000C, 0x6000D, 0x6000E, 0x60011, 0x60022, 0x60023, 0x60024, 0x60012,
)  # fmt: skip
FILE_NODE, FILE_CONTAINER, PICTURE = 0x60035, 0x80036, 0x80039
CHILDREN, CONTENT, STRUCTURE, SPACES, LISTS = 0x24001C20, 0x24001C1F, 0x24001D5F, 0x2C001D63, 0x24001C26
TEXT, BYTES, RUNS, DATE, FORMAT, ALT = 0x1C001C22, 0x1C003498, 0x1C001E12, 0x88001CB5, 0x1C001C1A, 0x1C001E58
FILE_NAME, CONTAINER, PICTURE_OF = 0x1C001D9C, 0x20001D9B, 0x20001C3F

Value = int | str | bytes | Sequence[int]


@dataclass
class Thing:
    """An object: its kind, its properties; for a file's container, the number of its file."""

    kind: int
    values: dict[int, Value] = field(default_factory=dict)
    file: int = 0


def rich(text: str, runs: bytes = b"") -> Thing:
    """A paragraph in Unicode. `runs` are where its runs end, in characters."""
    return Thing(RICH, {TEXT: text.encode("utf-16-le"), **({RUNS: runs} if runs else {})})


def properties(values: dict[int, Value]) -> bytes:
    """An object's data: streams of references to objects and spaces by number, then the property set."""
    objects: list[int] = []
    spaces: list[int] = []
    keys, data = b"", b""
    for key, value in values.items():
        keys += struct.pack("<L", key)
        kind = key >> 26 & 0x1F
        if kind in (8, 9, 0xB):
            assert isinstance(value, Sequence)
            (spaces if kind == 0xB else objects).extend(int(each) for each in value)
            data += struct.pack("<L", len(value)) if kind != 8 else b""
        elif kind == 7:
            assert isinstance(value, bytes)
            data += struct.pack("<L", len(value)) + value
        elif kind in (3, 4, 5, 6):
            assert isinstance(value, int)
            data += value.to_bytes(1 << (kind - 3), "little")
        elif kind not in (1, 2):
            assert isinstance(value, bytes)
            data += value
    streams = struct.pack("<L", len(objects) | (0 if spaces else 1 << 31))
    streams += b"".join(struct.pack("<L", each) for each in objects)
    if spaces:
        # Numbers of spaces are in another GUID, the second of the table.
        streams += struct.pack("<L", len(spaces)) + b"".join(struct.pack("<L", 1 << 8 | each) for each in spaces)
    return streams + struct.pack("<H", len(values)) + keys + data


class Store:
    """Bytes of a file, growing."""

    def __init__(self) -> None:
        self.data = bytearray(FILE_TYPE + bytes(32) + REVISION_STORE).ljust(1024, b"\0")

    def put(self, piece: bytes) -> tuple[int, int]:
        """Write, and say where and how much."""
        self.data += bytes(-len(self.data) % 8)
        at = len(self.data)
        self.data += piece
        return at, len(piece)

    def nodes(self, *nodes: bytes, following: bytes = NIL) -> tuple[int, int]:
        """A list in one fragment."""
        return self.put(
            struct.pack("<QLL", 0xA4567AB1F5F7F4C4, 16, 0) + b"".join(nodes) + struct.pack("<L", 0xFF)
            + following + struct.pack("<Q", 0x8BC215C38233BA4B)
        )  # fmt: skip

    def finished(self, root: tuple[int, int]) -> bytes:
        """The file whose first list this is."""
        struct.pack_into("<QL", self.data, 172, *root)
        return bytes(self.data)


def node(kind: int, rest: bytes = b"", place: tuple[int, int] | None = None, base: int = 2) -> bytes:
    """A file node, with a reference of 8 and 4 bytes when it has one."""
    body = (struct.pack("<QL", *place) if place else b"") + rest
    head = kind | (4 + len(body)) << 10 | ((base << 27) if place else 0) | 1 << 31
    return struct.pack("<L", head) + body


def name(number: int, guid: bytes = GUID) -> bytes:
    """An extended GUID."""
    return guid + struct.pack("<L", number)


SPACE_GUID = bytes(range(101, 117))
NOBODY = bytes(20)


def group(store: Store, things: dict[int, Thing]) -> bytes:
    """A reference to a list with the table of GUIDs and these objects."""
    nodes = [node(0x0B4, name(1)), node(0x022)]
    nodes += [node(0x024, struct.pack("<L", at) + guid) for at, guid in enumerate((GUID, SPACE_GUID))]
    nodes.append(node(0x028))
    for number, thing in things.items():
        if thing.file:
            reference = f"<ifndf>{FILE_GUIDS.format(thing.file)}"
            counted = struct.pack("<L", len(reference)) + reference.encode("utf-16-le")
            nodes.append(node(0x072, struct.pack("<LLB", number, thing.kind, 1) + counted + struct.pack("<L", 0)))
        else:
            declared = struct.pack("<LLBB", number, thing.kind, 0, 1)
            nodes.append(node(0x0A4, declared, store.put(properties(thing.values)), base=1))
    return node(0x0B0, name(1), store.nodes(*nodes, node(0x0B8)))


@dataclass
class Revision:
    """Objects of a revision by number, the root's number, and what it depends on (0: nothing)."""

    things: dict[int, Thing]
    root: int = 1
    depends_on: int = 0
    role: int = 1


def space(store: Store, number: int, revisions: Sequence[Revision], *more: bytes) -> bytes:
    """A reference to an object space whose revisions are numbered from 1."""
    nodes = [node(0x014, name(number, SPACE_GUID) + bytes(4))]
    for at, revision in enumerate(revisions, 1):
        depends_on = name(revision.depends_on, bytes([9] * 16)) if revision.depends_on else NOBODY
        nodes.append(node(0x01E, name(at, bytes([9] * 16)) + depends_on + struct.pack("<LH", revision.role, 0)))
        nodes += [group(store, revision.things), node(0x05A, name(revision.root) + struct.pack("<L", 1)), node(0x01C)]
    revision_list = store.nodes(*nodes, *more)
    manifests = store.nodes(node(0x00C, name(number, SPACE_GUID)), node(0x010, b"", revision_list))
    return node(0x008, name(number, SPACE_GUID), manifests)


def section(
    *pages: Sequence[Revision], files: Sequence[bytes] = (), order: Sequence[int] | None = None,
    changed: Callable[[int, list[bytes]], None] | None = None,
) -> bytes:  # fmt: skip
    """A section whose space is number 1 and whose pages are 2 and on. Files are numbered from 1."""
    store = Store()
    listed = order if order is not None else range(2, 2 + len(pages))
    things = {1: Thing(SECTION, {CHILDREN: [2]}), 2: Thing(SERIES, {SPACES: list(listed)})}
    nodes = [node(0x004, name(1, SPACE_GUID)), space(store, 1, [Revision(things)])]
    nodes += [space(store, number, page) for number, page in enumerate(pages, 2)]
    if files:
        stored = []
        for number, content in enumerate(files, 1):
            head = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<QLQ", len(content), 0, 0)
            guid = struct.pack("<L", number) + bytes(12)
            stored.append(node(0x094, guid, store.put(head + content + bytes(16)), base=1))
        nodes.append(node(0x090, b"", store.nodes(*stored)))
    if changed is not None:
        changed(len(store.data), nodes)
    return store.finished(store.nodes(*nodes))


def page(*things: Thing, title: str = "", more: dict[int, Thing] | None = None) -> list[Revision]:
    """A page of one revision, each of these in an outline element of its own. `more` are objects by number."""
    numbered: dict[int, Thing] = {1: Thing(MANIFEST, {CONTENT: [2]}), 3: Thing(OUTLINE, {CHILDREN: []})}
    numbered[2] = Thing(PAGE, {CHILDREN: [3], **({STRUCTURE: [4]} if title else {})})
    if title:
        numbered[4], numbered[5] = Thing(TITLE, {CHILDREN: [5]}), Thing(ELEMENT, {CONTENT: [6, 7]})
        numbered[6], numbered[7] = rich(title), Thing(RICH, {TEXT: "3 May".encode("utf-16-le"), DATE: 0})
    elements = []
    for at, thing in enumerate(things):
        element, inside = 10 + 2 * at, 11 + 2 * at
        elements.append(element)
        numbered[element], numbered[inside] = Thing(ELEMENT, {CONTENT: [inside]}), thing
    numbered[3] = Thing(OUTLINE, {CHILDREN: elements})
    return [Revision({**numbered, **(more or {})})]


def _compact(value: int) -> bytes:
    """MS-FSSHTTPB 2.2.1.1, in the longest form when it is large."""
    return bytes((value << 1 | 1,)) if value < 128 else b"\x80" + struct.pack("<Q", value)


def _short(number: int, guid: bytes = GUID) -> bytes:
    """2.2.1.7, by size of the number; nobody for 0."""
    if not number:
        return b"\0"
    if number < 32:
        return bytes((number << 3 | 4,)) + guid
    if number < 1024:
        return bytes(((number & 3) << 6 | 32, number >> 2)) + guid
    return b"\x80" + struct.pack("<L", number) + guid


def stream_object(kind: int, data: bytes = b"") -> bytes:
    """A stream object with a header of two bytes when that is enough."""
    if kind < 64 and len(data) < 128:
        return struct.pack("<H", kind << 3 | len(data) << 9) + data
    if len(data) < 0x7FFF:
        return struct.pack("<L", 2 | kind << 3 | len(data) << 17) + data
    return struct.pack("<L", 2 | kind << 3 | 0x7FFF << 17) + _compact(len(data)) + data


END = bytes((1 << 2 | 1,))
CONTEXT = bytes.fromhex("b9fade84a3aa0d4aa3a8520c77ac7073")
PACKAGE = bytes.fromhex("2fe98d63d4a6c14b9a36b3fc2511a5b7")
ROLE = bytes([7] * 16)


def element(number: int, kind: int, *inside: bytes) -> bytes:
    """A data element, named by its number."""
    return stream_object(1, _short(number) + b"\0" + _compact(kind)) + b"".join(inside) + END


def _cell(space: int, context: int = 1) -> bytes:
    return _short(context, CONTEXT) + _short(space, SPACE_GUID)


def _packed_group(number: int, things: dict[int, Thing]) -> bytes:
    declared, contents = b"", b""
    for at, thing in things.items():
        references, spaces = _referred(thing.values)
        sizes = _compact(0) * 3
        declared += stream_object(0x18, _short(at) + _compact(4) + sizes)
        declared += stream_object(0x18, _short(at) + _compact(1) + sizes)
        kind = struct.pack("<L", thing.kind)
        contents += stream_object(0x16, _compact(0) * 2 + _compact(4) + kind)
        arrays = _compact(len(references)) + b"".join(map(_short, references))
        arrays += _compact(len(spaces)) + b"".join(map(_cell, spaces))
        data = properties(thing.values)
        contents += stream_object(0x16, arrays + _compact(len(data)) + data)
        if thing.file:
            blob = _short(5000 + thing.file)
            declared += stream_object(0x05, _short(at) + blob + _compact(2) + _compact(0) * 2)
            contents += stream_object(0x1C, _compact(0) * 2 + blob)
    inside = stream_object(0x1D) + declared + bytes((0x1D << 2 | 1,)) + stream_object(0x1E) + contents
    return element(number, 5, inside, bytes((0x1E << 2 | 1,)))


def _referred(values: dict[int, Value]) -> tuple[list[int], list[int]]:
    objects: list[int] = []
    spaces: list[int] = []
    for key, value in values.items():
        if key >> 26 & 0x1F in (8, 9, 0xB):
            assert isinstance(value, Sequence)
            (spaces if key >> 26 & 0x1F == 0xB else objects).extend(int(each) for each in value)
    return objects, spaces


def packed_section(*pages: Sequence[Revision], files: Sequence[bytes] = (), old: Sequence[int] = ()) -> bytes:
    """The same section as a package. Pages in `old` are of another context. Elements' numbers say what they are of."""
    things = {1: Thing(SECTION, {CHILDREN: [2]}), 2: Thing(SERIES, {SPACES: list(range(2, 2 + len(pages)))})}
    index, elements = b"", b""
    for space_number, revisions in enumerate([[Revision(things)], *pages], 1):
        manifest = 1000 + space_number
        context = 2 if space_number in old else 1
        index += stream_object(0x0E, _cell(space_number, context) + _short(manifest) + b"\0")
        last = 2000 + 100 * space_number + len(revisions)
        elements += element(manifest, 3, stream_object(0x0B, _short(last)))
        for at, revision in enumerate(revisions, 1):
            name_of = 2000 + 100 * space_number + at
            base = 2000 + 100 * space_number + revision.depends_on if revision.depends_on else 0
            index += stream_object(0x0D, _short(name_of) + _short(name_of + 10_000) + b"\0")
            root = stream_object(0x0A, _short(1, ROLE) + _short(revision.root))
            group_reference = stream_object(0x19, _short(name_of + 20_000))
            manifest_of = stream_object(0x1A, _short(name_of) + _short(base))
            elements += element(name_of + 10_000, 4, manifest_of, root, group_reference)
            elements += _packed_group(name_of + 20_000, revision.things)
    for at, content in enumerate(files, 1):
        elements += element(5000 + at, 10, stream_object(0x02, _compact(len(content)) + content))
    storage = stream_object(0x0C, bytes(16)) + stream_object(0x07, _short(2, CONTEXT) + _cell(1))
    body = stream_object(0x15, b"\0") + element(1, 1, index) + element(2, 2, storage) + elements
    head = FILE_TYPE + bytes(32) + PACKAGE + bytes(4) + stream_object(0x7A, _short(1) + bytes(16))
    return head + body + bytes((0x15 << 2 | 1,)) + struct.pack("<H", 0x7A << 2 | 3)
