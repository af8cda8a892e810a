"""SANDBOX, untrusted: title, author and dates of an OLE file, from its summary information ([MS-OLEPS])."""

import struct
from datetime import UTC, datetime, timedelta

from parsers.blocks import ParsedDocument, Refused
from parsers.character_sets import decode_page, encoding_of_page
from parsers.compound_file import CompoundFile

_STREAM = "\x05SummaryInformation"
_STREAM_BYTES_MAX = 1 << 20
_PROPERTIES_MAX = 256
_TEXT_BYTES_MAX = 1 << 14
# MS-OLEPS 2.25.1: property identifiers of summary information
_CODE_PAGE, _TITLE, _AUTHOR, _LAST_AUTHOR, _CREATED, _SAVED = 1, 2, 4, 8, 12, 13
_SHORT, _LONG, _BYTES, _WIDE, _TIME = 0x02, 0x03, 0x1E, 0x1F, 0x40
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_properties(compound: CompoundFile, parsed: ParsedDocument) -> None:
    """Fill in what the file says of itself. What is not there, or damaged, stays as it is."""
    try:
        values = property_values(compound.stream(_STREAM, _STREAM_BYTES_MAX) or b"")
    except Refused:  # damage to these few bytes takes nothing from the text
        return
    parsed.title = _text(values.get(_TITLE)) or parsed.title
    parsed.author = _text(values.get(_AUTHOR)) or _text(values.get(_LAST_AUTHOR)) or parsed.author
    parsed.created = _date(values.get(_CREATED)) or parsed.created
    parsed.modified = _date(values.get(_SAVED)) or parsed.modified


def property_values(stream: bytes) -> dict[int, str | int]:
    """The first set's properties by identifier: texts, code page, times as counts of 100 ns since 1601."""
    if len(stream) < 48:
        return {}
    start = struct.unpack_from("<L", stream, 44)[0]
    if start + 8 > len(stream):
        return {}
    count = min(struct.unpack_from("<L", stream, start + 4)[0], _PROPERTIES_MAX)
    places: dict[int, int] = {}
    for index in range(count):
        at = start + 8 + 8 * index
        if at + 8 > len(stream):
            break
        identifier, offset = struct.unpack_from("<LL", stream, at)
        places.setdefault(identifier, start + offset)
    page = _value(stream, places.get(_CODE_PAGE, len(stream)), 1252)
    page = page & 0xFFFF if isinstance(page, int) else 1252
    found = {key: _value(stream, at, page) for key, at in places.items()}
    return {key: value for key, value in found.items() if value is not None}


def _value(stream: bytes, at: int, page: int) -> str | int | None:
    """One typed value (MS-OLEPS 2.15); None for types that nothing here asks for."""
    if at + 8 > len(stream):
        return None
    kind, first = struct.unpack_from("<H2xL", stream, at)
    if kind in (_SHORT, _LONG):  # the second for a code page is a fault of some writers
        return int(first) & 0xFFFF
    if kind == _BYTES:
        text = stream[at + 8 : at + 8 + min(first, _TEXT_BYTES_MAX)]
        # A count of bytes, also where the code page has two of them a character.
        wide = encoding_of_page(page).startswith("utf-16")
        return decode_page(text[: len(text) & ~1] if wide else text, page).partition("\x00")[0]
    if kind == _WIDE:
        text = stream[at + 8 : at + 8 + min(2 * first, _TEXT_BYTES_MAX)]
        return text.decode("utf-16-le", "replace").partition("\x00")[0]
    if kind == _TIME and at + 12 <= len(stream):
        return int(struct.unpack_from("<Q", stream, at + 4)[0])
    return None


def _text(value: str | int | None) -> str:
    return value.strip() if isinstance(value, str) else ""


def _date(value: str | int | None) -> str:
    """ISO 8601, "" for none and for what is no date of a document: Word writes 1601 for "never"."""
    if not isinstance(value, int) or not value:
        return ""
    try:
        moment = _EPOCH + timedelta(seconds=value // 10_000_000)
    except OverflowError:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if 1970 <= moment.year < 3000 else ""
