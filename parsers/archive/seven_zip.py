"""SANDBOX, untrusted: 7z archives, file by file, from memory: nothing is unpacked to disk.

Files lie in blocks and are packed together, so that the last one costs the unpacking of all before it. A block is
unpacked once, from front to back, and each file is cut out of it on the way.
"""

import zlib
from collections.abc import Iterator

from contract.verdicts import Refusal, Withheld
from parsers.archive.members import Members
from parsers.archive.seven_zip_coders import unpacked
from parsers.archive.seven_zip_header import Block, Member, read_directory
from parsers.blocks import ParsedDocument, Refused, Report

MEDIA_TYPE = "application/x-7z-compressed"
# What may be unpacked for no other end than to come to a file behind: 3 s of LZMA.
SKIPPED_BYTES_MAX = 256 << 20
_PROGRESS_BYTES = 16 << 20


class SevenZipParser:
    """Passes on every file of a 7z archive, and is itself the list of them."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one archive. Raises `Refused`: encrypted when nothing in it can be read without a password; bomb (a
        huge directory), corrupt (a damaged directory; it stands at the end), empty.
        """
        directory = read_directory(document, lambda whole, block: b"".join(unpacked(whole, block)))
        with_content = [member for member in directory.members if member.block is not None and member.size]
        if with_content and all(directory.blocks[member.block or 0].is_encrypted for member in with_content):
            raise Refused(Refusal.ENCRYPTED, "7z: content needs a password")
        members = Members(report)
        contents = _Contents(document, directory.blocks, report)
        for member in directory.members:
            _take(member, directory.blocks, contents, members)
        return members.document(MEDIA_TYPE)


def _take(member: Member, blocks: list[Block], contents: "_Contents", members: Members) -> None:
    if member.is_folder:
        members.folders += 1
    elif member.odd:
        members.note(member.odd, member.name)
    elif member.block is None:
        members.pass_on(member.name, 0, b"")
    elif blocks[member.block].is_encrypted:
        members.withhold(member.name, member.size, Withheld.ENCRYPTED, "needs a password")
    elif contents.is_too_far(member):
        detail = f"behind more than {SKIPPED_BYTES_MAX} bytes that were not passed on"
        members.withhold(member.name, member.size, Withheld.TOO_LARGE, detail)
    else:
        members.pass_on(member.name, member.size, contents.of(member))


class _Contents:
    """Blocks on their way through, one at a time: entries come in the order in which they are packed."""

    def __init__(self, document: bytes, blocks: list[Block], report: Report) -> None:
        self._document = document
        self._blocks = blocks
        self._report = report
        self._number = -1
        self._pieces: Iterator[bytes] = iter(())
        self._left = b""  # of the last piece
        self._at = 0  # how much of the block was taken
        self._end: Refused | None = None
        self._skipped = 0

    def is_too_far(self, member: Member) -> bool:
        """Whether more would have to be unpacked for nothing than an archive is allowed."""
        at = self._at if member.block == self._number else 0
        return self._skipped + member.start - at > SKIPPED_BYTES_MAX

    def of(self, member: Member) -> Iterator[bytes]:
        """The content of a file. Raises `Refused` as `unpacked`; corrupt, at its end, when the checksum is another."""
        if member.block is not None and member.block != self._number:
            self._open(member.block)
        for piece in self._next(member.start - self._at):
            before, self._skipped = self._skipped, self._skipped + len(piece)
            if before // _PROGRESS_BYTES != self._skipped // _PROGRESS_BYTES:
                self._report.progress("skipped", self._skipped, 0)
        checksum = 0
        for piece in self._next(member.size):
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if member.crc is not None and checksum != member.crc:
            raise Refused(Refusal.CORRUPT, "7z: a damaged file")

    def _open(self, number: int) -> None:
        self._number, self._left, self._at, self._end = number, b"", 0, None
        try:
            self._pieces = unpacked(self._document, self._blocks[number])
        except Refused as refused:
            self._end = refused

    def _next(self, count: int) -> Iterator[bytes]:
        """The next so many bytes of the block. What ended the block ends everything that is behind, too."""
        while count > 0:
            if self._end:
                raise self._end
            if not self._left:
                try:
                    self._left = next(self._pieces, b"")
                except Refused as refused:
                    self._end = refused
                    continue
                if not self._left:
                    self._end = Refused(Refusal.CORRUPT, "7z: a block that breaks off")
                continue
            piece, self._left = self._left[:count], self._left[count:]
            count -= len(piece)
            self._at += len(piece)
            yield piece


PARSER = SevenZipParser()
