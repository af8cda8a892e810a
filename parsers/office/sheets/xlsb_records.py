"""SANDBOX, untrusted: records of binary workbooks (BIFF 12) and their strings. Source: MS-XLSB 2.1.4 and 2.5.168."""

import struct
from collections.abc import Iterator

_CHARS_MAX = 32_767  # Excel's limit on a cell


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, data) of each record of a part, until its end or the first damaged one."""
    position, end = 0, len(data)
    while position < end:
        kind = data[position]
        position += 1
        if kind & 0x80 and position < end:
            kind = (kind & 0x7F) | (data[position] & 0x7F) << 7
            position += 1
        size = shift = 0
        while position < end and shift < 28:
            byte = data[position]
            position += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, data[position : position + size]
        position += size


def wide_string(data: bytes, at: int) -> tuple[str, int]:
    """An `XLWideString` and where it ends. Raises `struct.error` when it is not there; a null string is ""."""
    count = struct.unpack_from("<I", data, at)[0]
    if count == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * count
    return data[at + 4 : min(end, at + 4 + 2 * _CHARS_MAX)].decode("utf-16-le", "replace"), end
