"""SANDBOX, untrusted: a single compressed file: gzip (RFC 1952), bzip2 and xz. What comes out is passed on, unread."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator

from contract.verdicts import Refusal
from parsers.archive.members import Members, bounded
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.inflate import PIECE_BYTES

_Decompressor = bz2.BZ2Decompressor | lzma.LZMADecompressor
GZIP, BZIP2, XZ = "application/gzip", "application/x-bzip2", "application/x-xz"
STREAMS_MAX = 10_000  # one behind the other are one file; each costs a decompressor
XZ_MEMORY_BYTES = 128 << 20  # a dictionary is as large as the file says
_NAME_BYTES_MAX = 1000
_FLAG_EXTRA, _FLAG_NAME = 0x04, 0x08  # RFC 1952, 2.3.1


class CompressedParser:
    """Passes on what a compressed file holds, under the name that it gives, if any."""

    media_types: tuple[str, ...] = (GZIP, BZIP2, XZ)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one file. Never raises: what cannot be unpacked is that content's end, told with it."""
        members = Members(report)
        if document.startswith(b"\x1f\x8b"):
            media_type, pieces, name = GZIP, _gzip(document), _gzip_name(document)
        elif document.startswith(b"BZh"):
            media_type, pieces, name = BZIP2, _streams(document, _bzip2), ""
        else:
            media_type, pieces, name = XZ, _streams(document, _xz), ""
        counted = _Counted(pieces)
        report.files.embed(name, bounded(counted.pieces(), len(document)))
        members.count = 1
        members.listed.append((name or "content", counted.bytes_seen))
        return members.document(media_type)


class _Counted:
    """Pieces on their way, and how many bytes they were."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.bytes_seen = 0

    def pieces(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.bytes_seen += len(piece)
            yield piece


def _bzip2() -> _Decompressor:
    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)


def _streams(document: bytes, begin: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """The content of all streams, one behind the other; never more of it in memory than a piece."""
    position = 0
    for _ in range(STREAMS_MAX):
        decompressor = begin()
        start = position
        while not decompressor.eof:
            data = document[position : position + PIECE_BYTES] if decompressor.needs_input else b""
            if decompressor.needs_input and not data:
                raise Refused(Refusal.CORRUPT, "breaks off")
            position += len(data)
            try:
                piece = decompressor.decompress(data, PIECE_BYTES)
            except (OSError, EOFError, lzma.LZMAError) as error:
                if start:
                    return  # something else stands behind the last stream
                raise Refused(Refusal.CORRUPT, type(error).__name__) from None
            if piece:
                yield piece
        position -= len(decompressor.unused_data)
        while document[position : position + 4] == bytes(4):  # xz: padding between streams, in fours
            position += 4
        if position >= len(document):
            return
    raise Refused(Refusal.BOMB, f"more than {STREAMS_MAX} streams")


def _gzip(document: bytes) -> Iterator[bytes]:
    position = 0
    for _ in range(STREAMS_MAX):
        if document[position : position + 2] != b"\x1f\x8b":
            return  # padding, or something else behind the last member: gzip ignores it, too
        inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        while not inflater.eof:
            data = document[position : position + PIECE_BYTES]
            if not data:
                raise Refused(Refusal.CORRUPT, "breaks off")
            position += len(data)
            yield from _inflated(inflater, data)
        position -= len(inflater.unused_data)
        if position >= len(document):
            return
    raise Refused(Refusal.BOMB, f"more than {STREAMS_MAX} members")


def _inflated(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    try:
        piece = inflater.decompress(data, PIECE_BYTES)
        while piece:
            yield piece
            piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
    except zlib.error as error:
        raise Refused(Refusal.CORRUPT, "gzip: damaged") from error


def _gzip_name(document: bytes) -> str:
    """The name in the first member's header, which is optional and Latin-1 (RFC 1952, 2.3.1)."""
    if len(document) < 10 or not document[3] & _FLAG_NAME:
        return ""
    position = 10
    if document[3] & _FLAG_EXTRA:
        position += 2 + int.from_bytes(document[10:12], "little")
    name, end, _ = document[position : position + _NAME_BYTES_MAX].partition(b"\0")
    return name.decode("latin-1") if end else ""


PARSER = CompressedParser()
