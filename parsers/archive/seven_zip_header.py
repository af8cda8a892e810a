"""SANDBOX, untrusted: the directory of a 7z archive: its blocks, how they are packed, and which files lie in them.

After 7zFormat.txt of the LZMA SDK (I. Pavlov, public domain). Every count, size and place in a header is a claim: none
is believed further than the bytes go, and none makes anything that is larger than the header itself.
"""

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from contract.verdicts import Refusal
from parsers.archive.seven_zip_cursor import Cursor
from parsers.archive_guard import DIRECTORY_BYTES_MAX, MEMBERS_MAX
from parsers.blocks import Refused

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
AES = b"\x06\xf1\x07\x01"
CODERS_MAX = 8  # of one block; 7-Zip writes four at most
_HEADERS_MAX = 4  # packed headers in packed headers; 7-Zip writes one
_START = struct.Struct("<6sBBLQQL")  # signature, version, CRC of what follows; place, size and CRC of the header

# Property ids, 7zFormat.txt.
_END, _HEADER, _ARCHIVE_PROPERTIES, _ADDITIONAL_STREAMS, _MAIN_STREAMS, _FILES = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05
_PACK_INFO, _UNPACK_INFO, _SUBSTREAMS, _SIZE, _CRC, _FOLDER = 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B
_CODERS_UNPACK_SIZE, _NUM_UNPACK_STREAM, _EMPTY_STREAM, _EMPTY_FILE, _ANTI = 0x0C, 0x0D, 0x0E, 0x0F, 0x10
_NAMES, _ATTRIBUTES, _ENCODED_HEADER, _PADDING = 0x11, 0x15, 0x17, 0x19

_COMPLEX, _HAS_PROPERTIES, _RESERVED = 0x10, 0x20, 0xC0  # flags before a coder's id
_DIRECTORY, _REPARSE_POINT, _UNIX = (
    0x10,
    0x400,
    0x8000,
)  # attributes of Windows; with the last, a Unix mode is above them


class Coder(NamedTuple):
    """A step of unpacking: the method's id, its properties, and how many bytes it says it gives."""

    method: bytes
    properties: bytes
    unpacked_bytes: int


class Block(NamedTuple):
    """What is packed together ("folder" in 7-Zip's words). `coders` in the order in which they are undone.

    `start` and `packed_bytes` are its place in the file; `unsupported` says why it cannot be read, or nothing.
    """

    coders: tuple[Coder, ...]
    start: int
    packed_bytes: int
    unpacked_bytes: int
    crc: int | None
    unsupported: str

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return any(coder.method == AES for coder in self.coders)


class Member(NamedTuple):
    """An entry. `block` is the number of its block, None without content; `start` its place in what that gives.

    `odd` says what it is when it is neither file nor folder.
    """

    name: str
    size: int
    crc: int | None
    block: int | None
    start: int
    is_folder: bool
    odd: str


class Directory(NamedTuple):
    """All blocks, and all entries in the order in which they are packed."""

    blocks: list[Block]
    members: list[Member]


class _Stream(NamedTuple):
    """A file's content: block, place in it, size and checksum."""

    block: int
    start: int
    size: int
    crc: int | None


Unpack = Callable[[bytes, Block], bytes]


def read_directory(document: bytes, unpack: Unpack) -> Directory:
    """The directory of an archive; `unpack` gives the content of a block, as headers are packed, too.

    Raises `Refused`: corrupt; encrypted (then not even names can be read); bomb (a huge directory); unsupported.
    """
    if len(document) < _START.size:
        raise Refused(Refusal.CORRUPT, "7z: breaks off")
    _, major, _, start_crc, offset, size, crc = _START.unpack_from(document)
    if zlib.crc32(document[12:32]) != start_crc:
        raise Refused(Refusal.CORRUPT, "7z: a damaged start header")
    if major != 0:
        raise Refused(Refusal.UNSUPPORTED, f"7z: version {major}")
    if size == 0:
        return Directory([], [])
    if size > DIRECTORY_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"7z: a directory of {size} bytes")
    if offset + size > len(document) - _START.size:
        raise Refused(Refusal.CORRUPT, "7z: breaks off")
    header = document[_START.size + offset : _START.size + offset + size]
    if zlib.crc32(header) != crc:
        raise Refused(Refusal.CORRUPT, "7z: a damaged header")
    for _ in range(_HEADERS_MAX):
        cursor = Cursor(header)
        kind = cursor.byte()
        if kind == _HEADER:
            return _header(cursor)
        if kind != _ENCODED_HEADER:
            break
        header = _unpacked_header(document, cursor, unpack)
    raise Refused(Refusal.CORRUPT, "7z: no header")


def _unpacked_header(document: bytes, cursor: Cursor, unpack: Unpack) -> bytes:
    blocks, _ = _streams(cursor)
    if len(blocks) != 1:
        raise Refused(Refusal.CORRUPT, "7z: no header")
    (block,) = blocks
    if block.is_encrypted:
        raise Refused(Refusal.ENCRYPTED, "7z: names and content need a password")
    if block.unpacked_bytes > DIRECTORY_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"7z: a directory of {block.unpacked_bytes} bytes")
    return unpack(document, block)


def _header(cursor: Cursor) -> Directory:
    blocks: list[Block] = []
    streams: list[_Stream] = []
    members: list[Member] = []
    kind = cursor.byte()
    if kind == _ARCHIVE_PROPERTIES:
        while cursor.byte() != _END:
            cursor.take(cursor.number())
        kind = cursor.byte()
    if kind == _ADDITIONAL_STREAMS:
        raise Refused(Refusal.UNSUPPORTED, "7z: additional streams")
    if kind == _MAIN_STREAMS:
        blocks, streams = _streams(cursor)
        kind = cursor.byte()
    if kind == _FILES:
        members = _members(cursor, streams)
        kind = cursor.byte()
    if kind != _END:
        raise Refused(Refusal.CORRUPT, "7z: a header out of order")
    return Directory(blocks, members)


def _streams(cursor: Cursor) -> tuple[list[Block], list[_Stream]]:
    """Packed streams, the blocks they belong to, and the contents in these."""
    start, sizes = 0, list[int]()
    blocks: list[Block] = []
    streams: list[_Stream] | None = None
    kind = cursor.byte()
    if kind == _PACK_INFO:
        start, sizes = _pack_info(cursor)
        kind = cursor.byte()
    if kind == _UNPACK_INFO:
        blocks = _blocks(cursor, _START.size + start, sizes)
        kind = cursor.byte()
    if kind == _SUBSTREAMS:
        streams = _substreams(cursor, blocks)
        kind = cursor.byte()
    if kind != _END:
        raise Refused(Refusal.CORRUPT, "7z: a header out of order")
    if streams is None:
        streams = [_Stream(number, 0, block.unpacked_bytes, block.crc) for number, block in enumerate(blocks)]
    return blocks, streams


def _pack_info(cursor: Cursor) -> tuple[int, list[int]]:
    start, count = cursor.number(), cursor.count("packed streams")
    sizes, before = [0] * count, _END
    while (kind := cursor.byte()) != _END:
        if kind <= before:
            raise Refused(Refusal.CORRUPT, "7z: a header out of order")
        before = kind  # sizes, then checksums, each once
        if kind == _SIZE:
            sizes = [cursor.number() for _ in range(count)]
        elif kind == _CRC:
            cursor.checksums(count)  # of packed bytes; those of the content tell as much
        else:
            raise Refused(Refusal.CORRUPT, "7z: a header out of order")
    return start, sizes


class _Plan(NamedTuple):
    """A block as its header has it: `order` in which coders are undone, empty where streams branch (BCJ2)."""

    coders: list[tuple[bytes, bytes]]
    outputs: int
    order: list[int]
    main: int
    packed: int


def _blocks(cursor: Cursor, start: int, packed_sizes: list[int]) -> list[Block]:
    cursor.expect(_FOLDER)
    count = cursor.count("blocks")
    if cursor.byte():
        raise Refused(Refusal.UNSUPPORTED, "7z: blocks described elsewhere")
    plans = [_plan(cursor) for _ in range(count)]
    cursor.expect(_CODERS_UNPACK_SIZE)
    sizes = [[cursor.number() for _ in range(plan.outputs)] for plan in plans]
    checksums: list[int | None] = [None] * count
    if (kind := cursor.byte()) == _CRC:
        checksums = cursor.checksums(count)
        kind = cursor.byte()
    if kind != _END:
        raise Refused(Refusal.CORRUPT, "7z: a header out of order")
    blocks, stream = [], 0
    for plan, unpacked, crc in zip(plans, sizes, checksums, strict=True):
        own = packed_sizes[stream : stream + plan.packed]
        if len(own) < plan.packed:
            raise Refused(Refusal.CORRUPT, "7z: a block without its packed streams")
        stream += plan.packed
        coders = [Coder(*plan.coders[index], unpacked[index] if plan.order else 0) for index in range(len(plan.coders))]
        ordered = tuple(coders[index] for index in plan.order) or tuple(coders)
        unsupported = "" if plan.order else "streams that branch"
        blocks.append(Block(ordered, start, sum(own), unpacked[plan.main], crc, unsupported))
        start += sum(own)
    return blocks


def _plan(cursor: Cursor) -> _Plan:
    coders, inputs, outputs = [], 0, 0
    count = cursor.number()
    if not 0 < count <= CODERS_MAX:
        raise Refused(Refusal.CORRUPT, f"7z: {count} coders")
    for _ in range(count):
        flags = cursor.byte()
        if flags & _RESERVED:
            raise Refused(Refusal.CORRUPT, "7z: a coder of an unknown kind")
        method = cursor.take(flags & 0xF)
        own = (cursor.number(), cursor.number()) if flags & _COMPLEX else (1, 1)
        coders.append((method, cursor.take(cursor.number()) if flags & _HAS_PROPERTIES else b""))
        inputs, outputs = inputs + own[0], outputs + own[1]
    if not (0 < outputs <= inputs <= 4 * CODERS_MAX):
        raise Refused(Refusal.CORRUPT, f"7z: {inputs} streams into {outputs}")
    source_of = {cursor.number(): cursor.number() for _ in range(outputs - 1)}
    packed = inputs - (outputs - 1)
    if packed > 1:
        packed_inputs = [cursor.number() for _ in range(packed)]
    else:
        packed_inputs = [index for index in range(inputs) if index not in source_of]
    main = [index for index in range(outputs) if index not in source_of.values()]
    if len(main) != 1 or len(packed_inputs) != packed:
        raise Refused(Refusal.CORRUPT, "7z: coders that are not joined")
    simple = inputs == outputs == count
    order = _in_order(source_of, packed_inputs[0], count) if simple else []
    return _Plan(coders, outputs, order, main[0], packed)


def _in_order(source_of: dict[int, int], first: int, count: int) -> list[int]:
    """The coders from the packed stream on. Raises `Refused` (corrupt) when they do not form a chain."""
    next_of = {source: index for index, source in source_of.items()}
    order = [first]
    while order[-1] in next_of and len(order) <= count:
        order.append(next_of[order[-1]])
    if sorted(order) != list(range(count)):
        raise Refused(Refusal.CORRUPT, "7z: coders that are not joined")
    return order


def _substreams(cursor: Cursor, blocks: list[Block]) -> list[_Stream]:
    """What lies in each block: sizes of all but the last, which is the rest; then checksums that are not known yet."""
    counts = [1] * len(blocks)
    kind = cursor.byte()
    if kind == _NUM_UNPACK_STREAM:
        counts = [cursor.count("files in a block") for _ in blocks]
        if sum(counts) > MEMBERS_MAX:
            raise Refused(Refusal.BOMB, f"7z: {sum(counts)} files")
        kind = cursor.byte()
    sizes = [
        _sizes_of(cursor if kind == _SIZE else None, block, count) for block, count in zip(blocks, counts, strict=True)
    ]
    if kind == _SIZE:
        kind = cursor.byte()
    known = [count == 1 and block.crc is not None for block, count in zip(blocks, counts, strict=True)]
    unknown = sum(count for count, is_known in zip(counts, known, strict=True) if not is_known)
    checksums: list[int | None] = [None] * unknown
    summed = False
    while kind != _END:
        if kind == _CRC and summed:
            raise Refused(Refusal.CORRUPT, "7z: checksums twice")
        if kind == _CRC:
            checksums, summed = cursor.checksums(unknown), True
        else:
            cursor.take(cursor.number())
        kind = cursor.byte()
    rest = iter(checksums)
    streams = []
    for number, (block, own) in enumerate(zip(blocks, sizes, strict=True)):
        start = 0
        for size in own:
            streams.append(_Stream(number, start, size, block.crc if known[number] else next(rest)))
            start += size
    return streams


def _sizes_of(cursor: Cursor | None, block: Block, count: int) -> list[int]:
    if not count:
        return []
    if cursor is None and count > 1:
        raise Refused(Refusal.CORRUPT, "7z: files without sizes")
    sizes = [cursor.number() for _ in range(count - 1)] if cursor else []
    if sum(sizes) > block.unpacked_bytes:
        raise Refused(Refusal.CORRUPT, "7z: files larger than their block")
    return [*sizes, block.unpacked_bytes - sum(sizes)]


def _members(cursor: Cursor, streams: list[_Stream]) -> list[Member]:
    count = cursor.count("files")
    empty, empty_files, anti = [False] * count, list[bool](), list[bool]()
    names, attributes = [""] * count, [0] * count
    seen = set[int]()
    while (kind := cursor.byte()) != _END:
        inside = Cursor(cursor.take(cursor.number()))
        # Each is as long as there are files, and a header is packed well: said again and again, they are much work.
        if kind in seen and kind != _PADDING:
            raise Refused(Refusal.CORRUPT, "7z: a property of files twice")
        seen.add(kind)
        if kind == _EMPTY_STREAM:
            empty = inside.bits(count)
        elif kind == _EMPTY_FILE:
            empty_files = inside.bits(sum(empty))
        elif kind == _ANTI:
            anti = inside.bits(sum(empty))
        elif kind == _NAMES:
            names = _names(inside, count)
        elif kind == _ATTRIBUTES:
            attributes = _attributes(inside, count)
    if count - sum(empty) != len(streams):
        raise Refused(Refusal.CORRUPT, f"7z: {count - sum(empty)} files in {len(streams)} streams")
    members, contents, number = [], iter(streams), 0
    for name, is_empty, attribute in zip(names, empty, attributes, strict=True):
        if not is_empty:
            stream = next(contents)
            odd = _odd(attribute)
            members.append(Member(name, stream.size, stream.crc, stream.block, stream.start, is_folder=False, odd=odd))
            continue
        is_folder = not (number < len(empty_files) and empty_files[number])
        odd = "note of a deletion" if number < len(anti) and anti[number] else ""
        members.append(Member(name, 0, None, None, 0, is_folder, odd))
        number += 1
    return members


def _names(cursor: Cursor, count: int) -> list[str]:
    if cursor.byte():
        raise Refused(Refusal.UNSUPPORTED, "7z: names kept elsewhere")
    names, written, at = [], cursor.rest(), 0
    for _ in range(count):
        end = written.find(b"\0\0", at)
        while end >= 0 and (end - at) % 2:  # the halves of two letters
            end = written.find(b"\0\0", end + 1)
        if end < 0:
            raise Refused(Refusal.CORRUPT, "7z: a header that breaks off")
        names.append(written[at:end].decode("utf-16-le", "replace"))
        at = end + 2
    return names


def _attributes(cursor: Cursor, count: int) -> list[int]:
    known = cursor.optional_bits(count)
    if cursor.byte():
        raise Refused(Refusal.UNSUPPORTED, "7z: attributes kept elsewhere")
    return [int.from_bytes(cursor.take(4), "little") if each else 0 for each in known]


def _odd(attribute: int) -> str:
    """What an entry with content is when it is no file: its content is then where a link leads to."""
    kind = (attribute >> 16) & 0o170000 if attribute & _UNIX else 0
    if kind == 0o120000 or (not kind and attribute & _REPARSE_POINT):
        return "symbolic link"
    return "special file" if kind not in (0, 0o100000) or attribute & _DIRECTORY else ""
