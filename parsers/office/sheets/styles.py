"""SANDBOX, untrusted: how cells are formatted: their number format, bold type, letters that cannot be seen."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from lxml import etree

from parsers.office.names import A, number
from parsers.office.package import Package
from parsers.office.sheets.cells import CellStyle
from parsers.office.sheets.format_code import code_of
from parsers.office.sheets.names import S

_OFF = frozenset(("0", "false"))
_WHITE, _BLACK = "FFFFFF", "000000"
_THEME = {0: _WHITE, 1: _BLACK}  # `lt1` and `dk1`, as Excel counts theme colours
_INDEXED = {0: _BLACK, 8: _BLACK, 1: _WHITE, 9: _WHITE}  # ECMA-376-1, 18.8.27: the default palette
_STYLES_MAX = 65_490  # Excel's own limit on cell formats
_TINY_POINTS = 1.5  # no printer or eye resolves it


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
    fonts = [_font(font, light) for font in islice(root.iterfind(f"{S}fonts/{S}font"), _STYLES_MAX)]
    fills = [_fill(fill, light) for fill in islice(root.iterfind(f"{S}fills/{S}fill"), _STYLES_MAX)]
    formats = islice(root.iterfind(f"{S}cellXfs/{S}xf"), _STYLES_MAX)
    return [_style(xf, own, fonts, fills) for xf in formats] or (CellStyle(),)


class _Font(NamedTuple):
    bold: bool
    tiny: bool
    colour: str


def _style(xf: etree._Element, own: dict[int, str], fonts: list[_Font], fills: list[str]) -> CellStyle:
    font, fill = number(xf.get("fontId")), number(xf.get("fillId"))
    letters = fonts[font] if 0 <= font < len(fonts) else _Font(bold=False, tiny=False, colour=_BLACK)
    behind = fills[fill] if 0 <= fill < len(fills) else _WHITE
    unseen = letters.tiny or (letters.colour == behind and bool(behind))
    return CellStyle(code_of(number(xf.get("numFmtId")), own), letters.bold, unseen)


def _font(font: etree._Element, light: bool) -> _Font:
    mark, size = font.find(S + "b"), font.find(S + "sz")
    bold = mark is not None and (mark.get("val") or "1") not in _OFF
    tiny = size is not None and 0 < _decimal(size.get("val")) <= _TINY_POINTS
    colour = font.find(S + "color")
    return _Font(bold, tiny, _BLACK if colour is None else _colour(colour, light))


def _fill(fill: etree._Element, light: bool) -> str:
    """What is behind the letters: the sheet's white without a fill, "" for patterns and gradients."""
    pattern = fill.find(S + "patternFill")
    if pattern is None:
        return "" if len(fill) else _WHITE
    kind, colour = pattern.get("patternType") or "none", pattern.find(S + "fgColor")
    if kind == "none":
        return _WHITE
    return _colour(colour, light) if kind == "solid" and colour is not None else ""


def _colour(colour: etree._Element, light: bool) -> str:
    """A name for a colour, the same for the same colour: six hexadecimal digits where they are known, "" for what
    depends on the reader's system.
    """
    tint = colour.get("tint") or "0"
    if colour.get("rgb") is not None:
        known = (colour.get("rgb") or "")[-6:].upper()
    elif colour.get("theme") is not None:
        index = number(colour.get("theme"), -1)
        known = _THEME.get(index, f"theme {index}") if light else f"theme {index}"
    else:
        index = number(colour.get("indexed"), -1)
        known = _INDEXED.get(index, f"index {index}") if index >= 0 else ""
    return known if not tint.strip("-0.") else f"{known} {tint}"


def _decimal(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _light(package: Package, theme: str) -> bool:
    """Whether the theme's first light colour is white."""
    root = package.xml(theme)
    first = None if root is None else root.find(f"{A}themeElements/{A}clrScheme/{A}lt1")
    if first is None or not len(first):
        return True
    return (first[0].get("lastClr") or first[0].get("val") or "").upper() in ("FFFFFF", "WINDOW")
