"""SANDBOX, untrusted: list numbering in Word 97 to 2003 ([MS-DOC] 2.9.150 LVL, 2.9.192 PlfLfo, 2.9.193 PlfLst)."""

import struct

from parsers.legacy.word_fib import LIST_OVERRIDES, LISTS, WordFile
from parsers.markup.words import words
from parsers.office.numbering import LEVELS, Level, Number, Numbering

_LISTS_MAX = 4096
_LEVEL_TEXT_MAX = 512
# MS-OSHARED 2.2.1.3, MSONFC: formats by number, in the names that OOXML gives them.
_FORMATS = words(
    "decimal upperRoman lowerRoman upperLetter lowerLetter ordinal cardinalText ordinalText hex chicago "
    "ideographDigital japaneseCounting aiueo iroha decimalFullWidth decimal japaneseLegal japaneseDigitalTenThousand "
    "decimalEnclosedCircle decimalFullWidth2 aiueo iroha decimalZero bullet ganada chosung decimalEnclosedFullstop "
    "decimalEnclosedParen decimalEnclosedCircleChinese decimalEnclosedCircle ideographTraditional ideographZodiac "
    "ideographZodiac taiwaneseCounting ideographTraditional taiwaneseCountingThousand ideographDigital chineseCounting "
    "chineseCounting chineseCountingThousand chineseCounting ideographDigital koreanCounting koreanCounting "
    "ideographDigital hebrew1 arabicAlpha hebrew2 arabicAbjad hindiNumbers hindiNumbers hindiNumbers hindiNumbers "
    "thaiNumbers thaiNumbers thaiNumbers decimal numberInDash russianLower russianUpper"
)
_NO_NUMBER = 0xFF


def read_numbering(word: WordFile) -> Numbering:
    """The lists of a document; Word 6 numbered its paragraphs otherwise, and has none."""
    start, length = word.place(LISTS)
    if not length:
        return Numbering(None)
    lists, ids = _read_lists(word.table, start)
    return Numbering.of(lists, _read_overrides(word.part(LIST_OVERRIDES), ids))


def _read_lists(table: bytes, start: int) -> tuple[dict[str, dict[int, Level]], set[str]]:
    """Lists by id. Their levels follow the array of lists, outside of its declared length."""
    count = min(int.from_bytes(table[start : start + 2], "little"), _LISTS_MAX)
    lists: dict[str, dict[int, Level]] = {}
    at = start + 2 + 28 * count
    for index in range(count):
        head = table[start + 2 + 28 * index : start + 30 + 28 * index]
        if len(head) < 28:
            break
        list_id = str(int.from_bytes(head[:4], "little"))
        styles = struct.unpack_from("<9H", head, 8)
        levels: dict[int, Level] = {}
        for number in range(1 if head[26] & 1 else LEVELS):
            level, at = _read_level(table, at, styles[number])
            if level is None:
                break
            levels[number] = level
        lists.setdefault(list_id, levels)
    return lists, set(lists)


def _read_level(table: bytes, at: int, style: int = 0xFFF) -> tuple[Level | None, int]:
    """A level's definition and where the next one begins; None when it is cut short."""
    if at + 28 > len(table):
        return None, at
    begin, number_format, flags = struct.unpack_from("<lBB", table, at)
    characters, paragraph, restart_limit = struct.unpack_from("<BBB", table, at + 24)
    at += 28 + characters + paragraph
    size = int.from_bytes(table[at : at + 2], "little")
    text = table[at + 2 : at + 2 + 2 * min(size, _LEVEL_TEXT_MAX)].decode("utf-16-le", "replace")
    # Characters below 9 stand for the number of that level.
    shown = "".join(f"%{ord(sign) + 1}" if ord(sign) < LEVELS else sign for sign in text)
    level = Level(
        start=begin,
        format=_name_of(number_format),
        text=shown,
        restart=restart_limit if flags & 0x08 else None,
        legal=bool(flags & 0x04),
        style="" if style == 0xFFF else str(style),
    )
    return level, at + 2 + 2 * size


def _name_of(number_format: int) -> str:
    if number_format == _NO_NUMBER:
        return "none"
    return _FORMATS[number_format] if number_format < len(_FORMATS) else "decimal"


def _read_overrides(table: bytes, ids: set[str]) -> dict[str, Number]:
    """What paragraphs refer to: a list, and where it differs from the list's own levels."""
    count = min(int.from_bytes(table[:4], "little"), _LISTS_MAX, max(0, (len(table) - 4) // 16))
    numbers: dict[str, Number] = {}
    at = 4 + 16 * count
    for index in range(count):
        list_id, levels = struct.unpack_from("<L8xB", table, 4 + 16 * index)
        read = Number(str(list_id) if str(list_id) in ids else "")
        at += 4
        for _ in range(min(levels, LEVELS)):
            at = _read_override(table, at, read)
        numbers[str(index + 1)] = read
    return numbers


def _read_override(table: bytes, at: int, read: Number) -> int:
    """One level that differs: its first number, or all of its definition."""
    if at + 8 > len(table):
        return at
    begin, flags = struct.unpack_from("<lL", table, at)
    number = flags & 0xF
    at += 8
    if flags & 0x20:
        level, at = _read_level(table, at)
        if level is not None and number < LEVELS:
            read.levels[number] = level
            begin = level.start
    if flags & 0x10 and number < LEVELS:
        read.starts[number] = begin
    return at
