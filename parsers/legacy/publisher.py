"""SANDBOX, untrusted: Publisher 98 and later. Its text engine, Quill, keeps all stories of a publication in one stream.

Microsoft publishes nothing of this; the layout is as Apache POI (HPBF) and libmspub found it. A directory of chunks, in
blocks that refer to the next, names where text, lengths of stories and hyperlinks stand. Where a story stands on which
page is in streams that nobody has described well enough, so stories come as Quill has them.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from contract.verdicts import ElementType, FindingKind, Refusal, Severity
from parsers.archive.storage import holds_file
from parsers.blocks import Block, FoundIssue, Link, ParsedDocument, Refused, Report
from parsers.character_sets import joined_units, utf16_units
from parsers.compound_file import CompoundFile
from parsers.legacy.embedded import pass_on_storages
from parsers.ole_properties import read_properties

CHUNKS_MAX = 10_000
PARAGRAPHS_MAX = 200_000
LINKS_MAX = 2000
_STREAM = "Quill/QuillSub/CONTENTS"
_SIGNATURE = b"CHNKINK "
_FIRST_BLOCK = 0x18  # behind signature and versions: 2 unknown bytes, count of entries, place of the next block
_BLOCK = struct.Struct("<2xHL")
_ENTRY = struct.Struct("<2x4s6x4sLL")
_LAST_BLOCK = 0xFFFFFFFF
_OBJECTS, _MACROS = "Objects", "VBA"
_NAMED_MAX = 20
_PROGRESS_EVERY = 500


class Chunk(NamedTuple):
    """An entry of the directory: what it is about, in which shape, and its bytes (fewer than it claims at the end)."""

    name: bytes
    shape: bytes
    data: bytes


class PublisherParser:
    """Reads .pub. Macros are never run, embedded objects passed on."""

    media_types = ("application/x-mspublisher",)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one publication. Raises `Refused`: corrupt (no text stream, or another), bomb (chunks that overlap)."""
        report.progress("streams", 0, 1)
        compound = CompoundFile(document)
        stream = compound.stream(_STREAM)
        if stream is None or not stream.startswith(_SIGNATURE):
            raise Refused(Refusal.CORRUPT, "a publication without its text")
        chunks = list(_chunks(stream))
        parsed = ParsedDocument(media_type=self.media_types[0], blocks=[])
        for number, block in enumerate(_blocks(chunks, parsed.findings)):
            if number % _PROGRESS_EVERY == 0:
                report.progress("paragraphs", number, 0)
            parsed.blocks.append(block)
        read_properties(compound, parsed)
        pass_on_storages(compound, _OBJECTS, "", report)
        parsed.findings += _inspect(compound)
        return parsed


def _chunks(stream: bytes) -> Iterator[Chunk]:
    """All chunks in the order of the directory. Blocks are followed with a mark on each, entries are counted."""
    at, seen, left, bytes_left = _FIRST_BLOCK, set[int](), CHUNKS_MAX, 2 * len(stream)
    while at != _LAST_BLOCK and at not in seen and at + _BLOCK.size <= len(stream):
        seen.add(at)
        count, following = _BLOCK.unpack_from(stream, at)
        at += _BLOCK.size
        for entry in range(at, min(at + count * _ENTRY.size, len(stream) - _ENTRY.size + 1), _ENTRY.size):
            name, shape, start, size = _ENTRY.unpack_from(stream, entry)
            data = stream[start : start + size]
            left, bytes_left = left - 1, bytes_left - len(data)
            if left < 0 or bytes_left < 0:
                raise Refused(Refusal.BOMB, "a publication whose chunks overlap")
            yield Chunk(name, shape, data)
        at = following


def _blocks(chunks: list[Chunk], findings: list[FoundIssue]) -> Iterator[Block]:
    """Paragraphs of the stories, then the addresses of links: to which words one belongs is in no description."""
    text = utf16_units(b"".join(chunk.data[: len(chunk.data) & ~1] for chunk in chunks if chunk.shape == b"TEXT"))
    left = PARAGRAPHS_MAX
    for story in _stories(text, next((each.data for each in chunks if each.name == b"STRS"), b"")):
        for paragraph in story.split("\r"):
            shown = joined_units(paragraph).strip()
            if not shown:
                continue
            left -= 1
            if left < 0:
                evidence = f"more than {PARAGRAPHS_MAX} paragraphs"
                findings.append(FoundIssue(FindingKind.TRUNCATED, Severity.MEDIUM, _STREAM, evidence))
                return
            yield Block(ElementType.NARRATIVE_TEXT, shown)
    addresses = dict.fromkeys(address for chunk in chunks for address in _addresses(chunk))
    for address in list(addresses)[:LINKS_MAX]:
        yield Block(ElementType.NARRATIVE_TEXT, address, links=[Link(address, address)])


def _stories(text: str, lengths: bytes) -> Iterator[str]:
    """The text cut into stories; as one when their lengths are not those of the text.

    `STRS`: how many, 8 bytes of another meaning, and as many lengths in UTF-16 units.
    """
    count = min(int.from_bytes(lengths[:4], "little"), max(0, len(lengths) - 12) // 4)
    sizes = struct.unpack_from(f"<{count}L", lengths, 12) if count else ()
    if sum(sizes) != len(text):
        sizes = (len(text),)
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size


def _addresses(chunk: Chunk) -> Iterator[str]:
    """Hyperlinks of a story: a PLC of type 12, in which they stand behind positions and numbers.

    POI found those to be of fixed length: none, one, or two and more hyperlinks have 52, 76 or 104 and 22 more bytes.
    """
    data = chunk.data
    if chunk.shape != b"PLC " or len(data) <= 0x34 or int.from_bytes(data[4:8], "little") != 12:
        return
    count = min(int.from_bytes(data[:4], "little"), LINKS_MAX)
    at = 0x4C if count == 1 else 0x68 + (count - 2) * 22
    for _ in range(count):
        if at + 4 > len(data):
            return
        size, first = struct.unpack_from("<HH", data, at)
        if first == 0:  # an empty one, whose size is in bytes and its own
            at += max(size, 2)
            continue
        address = data[at + 2 : at + 2 + 2 * size].decode("utf-16-le", "replace").partition("\x00")[0].strip()
        if address:
            yield address
        at += 2 + 2 * size


def _inspect(compound: CompoundFile) -> Iterator[FoundIssue]:
    """Macros (a publication without any has an empty storage for them) and embedded objects."""
    if any(not entry.is_stream or entry.size for entry in compound.folder(_MACROS)):
        yield FoundIssue(FindingKind.ACTIVE_CONTENT, Severity.HIGH, _MACROS, "Visual Basic project")
    folder = compound.folder(_OBJECTS)
    objects = [entry.path for entry in folder if not entry.is_stream and holds_file(compound, entry.path)]
    for path in objects[:_NAMED_MAX]:
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, path, "embedded object")
    if len(objects) > _NAMED_MAX:
        more = f"{len(objects) - _NAMED_MAX} more embedded objects"
        yield FoundIssue(FindingKind.EMBEDDED_FILE, Severity.LOW, _OBJECTS, more)


PARSER = PublisherParser()
