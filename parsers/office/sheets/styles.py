"""SANDBOX, untrusted: how cells are formatted: their number format, bold type, white letters on nothing."""

from collections.abc import Sequence

from lxml import etree

from parsers.office.names import A, number
from parsers.office.package import Package
from parsers.office.sheets.cells import CellStyle
from parsers.office.sheets.format_code import code_of
from parsers.office.sheets.names import S

_OFF = frozenset(("0", "false"))
_WHITE_INDEXES = frozenset((1, 9))  # ECMA-376-1, 18.8.27: the default palette
_LIGHT_THEME_INDEX = 0  # `lt1`, as Excel counts theme colours


def read_styles(package: Package, part: str, theme: str) -> Sequence[CellStyle]:
    """Cell formats by their index; a plain one when a workbook has no styles."""
    root = package.xml(part) if part else None
    if root is None:
        return (CellStyle(),)
    own = {
        number(each.get("numFmtId"), -1): each.get("formatCode") or ""
        for each in root.iterfind(f"{S}numFmts/{S}numFmt")
    }
    light = _light(package, theme) if theme else True
    bold, white = [], []
    for font in root.iterfind(f"{S}fonts/{S}font"):
        mark = font.find(S + "b")
        bold.append(mark is not None and (mark.get("val") or "1") not in _OFF)
        white.append(_is_white(font.find(S + "color"), light_is_white=light))
    bare = [_is_bare(fill, light) for fill in root.iterfind(f"{S}fills/{S}fill")]
    return [_style(xf, own, bold, white, bare) for xf in root.iterfind(f"{S}cellXfs/{S}xf")] or (CellStyle(),)


def _style(xf: etree._Element, own: dict[int, str], bold: list[bool], white: list[bool], bare: list[bool]) -> CellStyle:
    font, fill = number(xf.get("fontId")), number(xf.get("fillId"))
    return CellStyle(
        code_of(number(xf.get("numFmtId")), own),
        _at(bold, font, otherwise=False),
        _at(white, font, otherwise=False) and _at(bare, fill, otherwise=True),
    )


def _at(values: list[bool], index: int, *, otherwise: bool) -> bool:
    return values[index] if 0 <= index < len(values) else otherwise


def _is_white(colour: etree._Element | None, *, light_is_white: bool) -> bool:
    if colour is None or number(colour.get("tint")) or colour.get("auto"):
        return False
    if colour.get("rgb") is not None:
        return (colour.get("rgb") or "")[-6:].upper() == "FFFFFF"
    if colour.get("theme") is not None:
        return light_is_white and number(colour.get("theme"), -1) == _LIGHT_THEME_INDEX
    return number(colour.get("indexed"), -1) in _WHITE_INDEXES


def _is_bare(fill: etree._Element, light_is_white: bool) -> bool:
    """Whether a fill leaves the sheet as white as it is."""
    pattern = fill.find(S + "patternFill")
    if pattern is None:
        return len(fill) == 0
    kind = pattern.get("patternType") or "none"
    if kind == "none":
        return True
    return kind == "solid" and _is_white(pattern.find(S + "fgColor"), light_is_white=light_is_white)


def _light(package: Package, theme: str) -> bool:
    """Whether the theme's first light colour is white."""
    root = package.xml(theme)
    first = None if root is None else root.find(f"{A}themeElements/{A}clrScheme/{A}lt1")
    if first is None or not len(first):
        return True
    return (first[0].get("lastClr") or first[0].get("val") or "").upper() in ("FFFFFF", "WINDOW")
