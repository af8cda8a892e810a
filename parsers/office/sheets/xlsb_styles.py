"""SANDBOX, untrusted: cell formats of a binary workbook. Source: MS-XLSB 2.4.20, 2.4.149, 2.4.655, 2.4.845."""

import struct

from parsers.office.sheets.cells import CellStyle
from parsers.office.sheets.format_code import code_of
from parsers.office.sheets.xlsb_records import records, wide_string

_FORMAT, _FONT, _FILL, _CELL_FORMAT = 44, 43, 45, 47
_CELL_FORMATS_BEGIN, _CELL_FORMATS_END = 617, 618
_BOLD_WEIGHT = 600
_TINY_TWIPS = 30  # 1.5 points
_INDEXED, _RGB, _THEME = 1, 2, 3  # kinds of a `BrtColor`
_WHITE_INDEXES = frozenset((1, 9))


def read_styles(data: bytes) -> list[CellStyle]:
    """Cell formats by their index; a plain one when there are none."""
    own: dict[int, str] = {}
    fonts: list[tuple[bool, bool, bool]] = []  # bold, white, tiny
    bare: list[bool] = []
    styles: list[CellStyle] = []
    inside = False
    for kind, record in records(data):
        try:
            if kind == _FORMAT:
                own[struct.unpack_from("<H", record)[0]] = wide_string(record, 2)[0]
            elif kind == _FONT:
                height, _, weight = struct.unpack_from("<HHH", record)
                fonts.append((weight >= _BOLD_WEIGHT, _is_white(record, 12), 0 < height <= _TINY_TWIPS))
            elif kind == _FILL:
                pattern = struct.unpack_from("<I", record)[0]
                bare.append(pattern == 0 or (pattern == 1 and _is_white(record, 4)))
            elif kind in (_CELL_FORMATS_BEGIN, _CELL_FORMATS_END):
                inside = kind == _CELL_FORMATS_BEGIN
            elif kind == _CELL_FORMAT and inside:
                styles.append(_style(record, own, fonts, bare))
        except struct.error:
            continue
    return styles or [CellStyle()]


def _style(record: bytes, own: dict[int, str], fonts: list[tuple[bool, bool, bool]], bare: list[bool]) -> CellStyle:
    _, code, font, fill = struct.unpack_from("<HHHH", record)
    bold, white, tiny = fonts[font] if font < len(fonts) else (False, False, False)
    return CellStyle(code_of(code, own), bold, tiny or (white and (bare[fill] if fill < len(bare) else True)))


def _is_white(record: bytes, at: int) -> bool:
    """Whether a `BrtColor` is white without a tint. The first theme colour is taken for white, as nearly all are."""
    kind, index, tint, colour = struct.unpack_from("<BBh3s", record, at)
    kind >>= 1
    if tint:
        return False
    if kind == _RGB:
        return bool(colour == b"\xff\xff\xff")
    return bool(index == 0 if kind == _THEME else kind == _INDEXED and index in _WHITE_INDEXES)
