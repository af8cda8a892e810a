"""SANDBOX, untrusted: OLE objects, as Office keeps them in documents: the file that somebody dragged in, by its name.

`Ole10Native` (behind a byte 1) is what Windows' packager makes: sizes, a label, the path of the file, its bytes.
[MS-OLEDS] 2.3.6 knows it as bytes alone; the rest is as oletools and Tika read it. `Package` is an OOXML file,
`CONTENTS` mostly a PDF.
"""

import struct

from contract.verdicts import Refusal
from parsers.archive.members import Members
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile

MEDIA_TYPE = "application/x-ole-storage"
_NATIVE = "\x01Ole10Native"
_AS_THEY_ARE = ("Package", "CONTENTS", "EmbeddedOdf")
_PACKAGER = 2
_NAME_BYTES_MAX = 1000


class OleObjectParser:
    """Passes on the file in an OLE object."""

    media_types: tuple[str, ...] = (MEDIA_TYPE,)

    def parse(self, document: bytes, report: Report) -> ParsedDocument:
        """Read one object. Raises `Refused`: corrupt; unsupported when it holds no file that we can take out."""
        compound = CompoundFile(document)
        members = Members(report)
        if (native := _stream(compound, _NATIVE)) is not None:
            name, content = unpacked(native)
            members.pass_on(name, len(content), content)
        for stream in _AS_THEY_ARE:
            if (whole := _stream(compound, stream)) is not None:
                members.pass_on("", len(whole), whole)
        if not members.count:
            raise Refused(Refusal.UNSUPPORTED, f"{MEDIA_TYPE} without a file: {', '.join(_names(compound)[:5])}")
        return members.document(MEDIA_TYPE)


def _stream(compound: CompoundFile, wanted: str) -> bytes | None:
    """The first stream of this name, in whatever storage."""
    paths = (entry.path for entry in compound.entries() if entry.is_stream and entry.name == wanted)
    return next(map(compound.stream, paths), None)


def _names(compound: CompoundFile) -> list[str]:
    return [entry.name for entry in compound.entries() if entry.is_stream]


def unpacked(native: bytes) -> tuple[str, bytes]:
    """Name and bytes of a packaged file; what is no package is passed on as it is, without a name."""
    try:
        (kind,) = struct.unpack_from("<H", native, 4)
        if kind != _PACKAGER:
            return "", native[4:]
        _, position = _string(native, 6)
        path, position = _string(native, position)
        (length,) = struct.unpack_from("<I", native, position + 4)
        position += 8 + length
        (size,) = struct.unpack_from("<I", native, position)
    except (struct.error, ValueError):
        return "", native[4:]
    content = native[position + 4 : position + 4 + size]
    if len(content) < size:
        raise Refused(Refusal.CORRUPT, "OLE: a packaged file that breaks off")
    # The path is of the machine where it was packaged, which is nobody's business.
    return path.replace("\\", "/").rpartition("/")[2], content


def _string(data: bytes, start: int) -> tuple[str, int]:
    end = data.index(b"\0", start, start + _NAME_BYTES_MAX)
    return data[start:end].decode("latin-1"), end + 1


PARSER = OleObjectParser()
