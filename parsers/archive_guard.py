"""SANDBOX, untrusted: opens zip packages (OOXML, ODF …) only after their directory was found plausible, and inflates
members under a bound, because a member's declared size is a claim and one zip can be a petabyte.

The tricks and their names are from D. Fifield, "A better zip bomb", WOOT 2019: overlapping entries, quoted headers.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.inflate import PIECE_BYTES, inflated

MEMBERS_MAX = 20_000
DIRECTORY_BYTES_MAX = 8 << 20
TOTAL_BYTES_MAX = 384 << 20  # declared sizes of all members together; the sandbox has 512 MiB in all
MEMBER_BYTES_MAX = 128 << 20
RATIO_MAX = 200  # markup rarely shrinks more than 60 times, DEFLATE can do 1032
RATIO_FREE_BYTES = 16 << 20  # below this size any ratio is harmless
DEFLATE_RATIO_MAX = 1032  # D. Fifield, section 2

_END_RECORD = struct.Struct("<4s4H2LH")
_END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_COMMENT_BYTES_MAX = 0xFFFF
_ENCRYPTED_FLAG = 0x1


class Package(zipfile.ZipFile):
    """A checked zip whose `read` never inflates more than a member's declared size."""

    def __init__(self, document: bytes) -> None:
        super().__init__(BytesIO(document))
        self._document = document

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """One member. Raises `KeyError` when there is none, `Refused` (bomb, corrupt, unsupported) when it is bad."""
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if info.file_size > MEMBER_BYTES_MAX:
            raise Refused(Refusal.BOMB, f"a member of {info.file_size} bytes")
        return b"".join(self.pieces(info))

    def pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """A member piece by piece, never beyond its declared size. Raises `Refused` as `read`, at the end at latest."""
        return _inflate(self._document, info)


def open_package(document: bytes) -> Package:
    """A zip that is safe to read as a whole: a document's package. Raises `Refused`: bomb, encrypted or corrupt."""
    package = open_archive(document)
    check_package(package)
    return package


def open_archive(document: bytes) -> Package:
    """A zip whose directory is plausible, and of whose members nothing is known. Raises `Refused`: bomb or corrupt.

    Each member is still read under a bound, by its declared size, which may be any. For archives, of which a bad member
    must not cost the others.
    """
    _check_directory_size(document)
    try:
        package = Package(document)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise Refused(Refusal.CORRUPT, f"zip: {type(error).__name__}") from error
    if len(package.infolist()) > MEMBERS_MAX:
        raise Refused(Refusal.BOMB, f"{len(package.infolist())} members")
    _check_overlaps(document, package.infolist())
    return package


def check_package(package: Package) -> None:
    """What a document's package must be besides: whole, not encrypted, and of a bounded size when unpacked."""
    members = package.infolist()
    _check_sizes(members)
    for info in members:
        # A member that could inflate far beyond its claim is tried once, without keeping the result.
        if info.compress_size * DEFLATE_RATIO_MAX > info.file_size + RATIO_FREE_BYTES:
            for _ in package.pieces(info):
                pass


def _check_directory_size(document: bytes) -> None:
    """Bound the central directory before `zipfile` turns every entry into an object."""
    position = document.rfind(b"PK\x05\x06", max(0, len(document) - _END_RECORD.size - _COMMENT_BYTES_MAX))
    if position < 0 or position + _END_RECORD.size > len(document):
        raise Refused(Refusal.CORRUPT, "zip: no end of central directory")
    count, size = _END_RECORD.unpack_from(document, position)[4:6]
    if size == 0xFFFFFFFF or count == 0xFFFF:
        count, size = _directory_size_64(document, position - _LOCATOR_64.size, count, size)
    if count > MEMBERS_MAX:
        raise Refused(Refusal.BOMB, f"{count} members")
    if size > DIRECTORY_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"a central directory of {size} bytes")


def _directory_size_64(document: bytes, locator: int, count: int, size: int) -> tuple[int, int]:
    if locator < 0 or document[locator : locator + 4] != b"PK\x06\x07":
        return count, size
    record = _LOCATOR_64.unpack_from(document, locator)[2]
    if document[record : record + 4] != b"PK\x06\x06" or record + _END_RECORD_64.size > len(document):
        raise Refused(Refusal.CORRUPT, "zip: no zip64 end record")
    fields = _END_RECORD_64.unpack_from(document, record)
    return fields[7], fields[8]


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    total = sum(info.file_size for info in members)
    packed = sum(info.compress_size for info in members)
    if total > TOTAL_BYTES_MAX:
        raise Refused(Refusal.BOMB, f"{total} bytes when unpacked")
    if total > RATIO_FREE_BYTES and total > RATIO_MAX * packed:
        raise Refused(Refusal.BOMB, f"unpacks to {total // max(packed, 1)} times its size")
    if any(map(is_encrypted, members)):
        raise Refused(Refusal.ENCRYPTED, "zip: encrypted members")


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a member needs a password."""
    return bool(info.flag_bits & _ENCRYPTED_FLAG)


def _check_overlaps(document: bytes, members: list[zipfile.ZipInfo]) -> None:
    end_of_previous = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end_of_previous:
            raise Refused(Refusal.BOMB, "zip: overlapping members")
        end_of_previous = _data_offset(document, info) + info.compress_size


def _data_offset(document: bytes, info: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: after a local header whose name and extra field have their own lengths."""
    offset = info.header_offset
    if offset < 0 or document[offset : offset + 4] != b"PK\x03\x04" or offset + _LOCAL_HEADER.size > len(document):
        raise Refused(Refusal.CORRUPT, "zip: a member without a local header")
    name_length, extra_length = _LOCAL_HEADER.unpack_from(document, offset)[9:11]
    return offset + _LOCAL_HEADER.size + int(name_length) + int(extra_length)


def _inflate(document: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Pieces of a member, stopping with `Refused` at the first byte beyond its declared size."""
    start = _data_offset(document, info)
    packed = memoryview(document)[start : start + info.compress_size]
    done, checksum = 0, 0
    for piece in _pieces(packed, info.compress_type):
        done += len(piece)
        if done > info.file_size:
            raise Refused(Refusal.BOMB, "zip: a member is larger than it declares")
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if done != info.file_size or checksum != info.CRC:
        raise Refused(Refusal.CORRUPT, "zip: a damaged member")


def _pieces(packed: memoryview, method: int) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + PIECE_BYTES]) for at in range(0, len(packed), PIECE_BYTES))
        return
    if method != zipfile.ZIP_DEFLATED:
        raise Refused(Refusal.UNSUPPORTED, f"zip: compression method {method}")
    yield from inflated(packed, "zip: a member", -zlib.MAX_WBITS)
