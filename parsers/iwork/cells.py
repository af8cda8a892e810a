"""SANDBOX, untrusted: cells of a Numbers table of 2013 and later, as they are packed into the rows of its tiles.

A cell of version 5 says its type and, in bits, which values follow (as numbers-parser found it). Formats are not
applied.
"""

import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_HEAD = 12
_DECIMAL, _DOUBLE, _SECONDS, _STRING, _RICH = 0x1, 0x2, 0x4, 0x8, 0x10
_SIZES = ((_DECIMAL, 16), (_DOUBLE, 8), (_SECONDS, 8), (_STRING, 4), (_RICH, 4))
NUMBER, TEXT, DATE, TRUTH, DURATION, ERROR, RICH, CURRENCY = 2, 3, 5, 6, 7, 8, 9, 10
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_EXPONENT_SHOWN_MAX = 40  # the file's to choose, up to ten thousand digits
_VERSION = 5


def cell_text(data: bytes, strings: dict[int, str], rich: dict[int, str]) -> str | None:
    """What a cell shows; None for one of a version that nobody here knows, or whose text is not there."""
    if len(data) < _HEAD or data[0] != _VERSION:
        return None
    kind, flags, at = data[1], int.from_bytes(data[8:12], "little"), _HEAD
    values: dict[int, bytes] = {}
    for flag, size in _SIZES:
        if flags & flag:
            values[flag] = data[at : at + size].ljust(size, b"\x00")
            at += size
    if kind == TEXT:
        return strings.get(int.from_bytes(values.get(_STRING, b""), "little"))
    if kind == RICH:
        return rich.get(int.from_bytes(values.get(_RICH, b""), "little"))
    if kind in (NUMBER, CURRENCY):
        return _decimal(values[_DECIMAL]) if _DECIMAL in values else _double(values.get(_DOUBLE))
    if kind == DATE:
        return _date(values.get(_SECONDS))
    if kind == TRUTH:
        return "TRUE" if any(values.get(_DOUBLE, b"")) else "FALSE"
    if kind == DURATION:
        return _double(values.get(_DOUBLE))
    return "#ERROR!" if kind == ERROR else ""


def _decimal(data: bytes) -> str:
    """Decimal128 in its binary form: sign, 14 bits of exponent, 113 of a whole number."""
    exponent = ((data[15] & 0x7F) << 7 | data[14] >> 1) - 0x1820
    digits = int.from_bytes(data[:14], "little") | (data[14] & 1) << 112
    number = Decimal(-digits if data[15] & 0x80 else digits)
    if abs(exponent) > _EXPONENT_SHOWN_MAX:
        return f"{number}E{exponent}" if digits else "0"
    shown = f"{number.scaleb(exponent):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _double(data: bytes | None) -> str:
    return "" if data is None else f"{struct.unpack('<d', data)[0]:.15g}"


def _date(data: bytes | None) -> str:
    """Seconds since 2001, as a date, with a time where there is one."""
    if data is None:
        return ""
    try:
        moment = _EPOCH + timedelta(seconds=struct.unpack("<d", data)[0])
    except (OverflowError, ValueError):
        return ""
    return (
        f"{moment:%Y-%m-%d}"
        if (moment.hour, moment.minute, moment.second) == (0, 0, 0)
        else f"{moment:%Y-%m-%d %H:%M:%S}"
    )


def offsets_of(data: bytes, *, wide: bool) -> list[int]:
    """Where the cells of a row begin, by column; -1 where there is none."""
    return [
        -1 if at == 0xFFFF else at * (4 if wide else 1) for (at,) in struct.iter_unpack("<H", data[: len(data) & ~1])
    ]
