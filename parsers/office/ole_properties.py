"""SANDBOX, untrusted: title, author and dates of an old Office file, from its summary stream. Source: MS-OLEPS 2."""

import struct
from datetime import UTC, datetime, timedelta

from parsers.blocks import ParsedDocument
from parsers.office.code_page import codec_of
from parsers.office.compound import CompoundFile

_STREAM = "\x05SummaryInformation"
_CODE_PAGE, _TITLE, _AUTHOR, _LAST_AUTHOR, _CREATED, _SAVED = 1, 2, 4, 8, 12, 13
_VT_LPSTR, _VT_LPWSTR, _VT_FILETIME = 0x1E, 0x1F, 0x40
_PROPERTIES_MAX = 200
_CHARS_MAX = 1000
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_summary(compound: CompoundFile, parsed: ParsedDocument) -> None:
    """Fill in what the summary says; what is damaged says nothing."""
    data = compound.read(_STREAM)
    if not data:
        return
    try:
        found = _properties(data)
    except struct.error:
        return
    parsed.title = _said(found, _TITLE)
    parsed.author = _said(found, _AUTHOR) or _said(found, _LAST_AUTHOR)
    parsed.created, parsed.modified = _said(found, _CREATED), _said(found, _SAVED)


def _said(found: dict[int, str], key: int) -> str:
    return found.get(key, "").replace("\x00", "").strip()


def _properties(data: bytes) -> dict[int, str]:
    start = struct.unpack_from("<I", data, 44)[0]
    count = min(struct.unpack_from("<I", data, start + 4)[0], _PROPERTIES_MAX)
    places = dict(struct.unpack_from("<II", data, start + 8 + 8 * at) for at in range(count))
    page = struct.unpack_from("<H", data, start + places[_CODE_PAGE] + 4)[0] if _CODE_PAGE in places else 1252
    codec = codec_of(page)
    return {
        key: _value(data, start + places[key], codec)
        for key in (_TITLE, _AUTHOR, _LAST_AUTHOR, _CREATED, _SAVED)
        if key in places
    }


def _value(data: bytes, at: int, codec: str) -> str:
    kind = struct.unpack_from("<I", data, at)[0] & 0xFFFF
    if kind == _VT_FILETIME:
        ticks = struct.unpack_from("<Q", data, at + 4)[0]
        try:
            moment = _EPOCH + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return ""
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if ticks and moment.year > 1900 else ""
    if kind in (_VT_LPSTR, _VT_LPWSTR):
        size = struct.unpack_from("<I", data, at + 4)[0]
        width, name = (2, "utf-16-le") if kind == _VT_LPWSTR else (1, codec)
        raw = data[at + 8 : at + 8 + min(size, _CHARS_MAX) * width]
        return raw.decode(name, "replace").partition("\x00")[0]
    return ""
