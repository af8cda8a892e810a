"""SANDBOX, untrusted: what may hide text. The library shows all it finds: a document with a means to hide is refused.

Whoever breaks the first reader on purpose must gain nothing by it. This is coarser than what our own readers ask, who
look at each run: here it is enough that the means is there, wherever it stands, used or not.
"""

import io
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from importlib import import_module
from typing import Any

from contract.verdicts import Refusal
from parsers.archive_guard import open_package
from parsers.blocks import Refused

_LETTERS = frozenset({"rPr", "defRPr", "font"})  # whose colour is that of letters
_PALE = re.compile(r"(?:ff)?(?:[d-f][0-9a-f]){3}|window|white|(?:bg|lt|background|light)[12]", re.IGNORECASE)
_PALE_INDEXES = frozenset({"1", "9"})  # of Excel's palette
_TINY_MAX = 3.0  # half-points of Word, points of Excel
_TINY_HUNDREDTHS_MAX = 150.0  # of a point, in slides
_SLIDE_WIDTH_EMU = 12_192_000
_HIDES_NOTHING = frozenset({"definedName", "protection"})  # names of ranges, and the formulas behind shown values
_NO_FORMAT = re.compile(r"\s*;\s*;\s*;.*")
_NO = frozenset({"", "0", "false", "off", "no", "n"})
_MARKUP_ELEMENTS = frozenset({"style", "template", "noscript", "dialog", "details", "vanish"})
_MARKUP_ATTRIBUTES = frozenset({"style", "hidden", "color", "display", "visibility", "opacity", "fill-opacity"})

Means = Callable[[Any], str]


def refuse_what_may_hide(document: bytes, kind: str) -> None:
    """Raise `Refused` if a document for this partitioner has a means to hide text; what cannot be looked at raises."""
    if kind == "xlsx" and not document.startswith(b"PK"):
        _refuse(_in_old_workbook(document))
    elif kind in ("docx", "pptx", "xlsx"):
        package = open_package(document)
        for name in package.namelist():
            # By what they are: relationships lead to parts of any name, and a story may be one in a folder of themes.
            part = _part(package.read(name), name)
            if part is not None and not (isinstance(part.tag, str) and _local(part.tag) == "theme"):
                _look(part, _office_means)
    elif kind == "xml":
        _look(_xml(document), _markup_means)
    elif kind in ("html", "markdown"):
        _look(_html(document), _markup_means)
    elif kind == "mail":
        for part in message_from_bytes(document).walk():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and part.get_content_maintype() == "text":
                _look(_html(content), _markup_means)
    elif kind == "msg":
        message: Any = import_module("oxmsg").Message.load(io.BytesIO(document))
        _look(_html((message.html_body or "").encode()), _markup_means)


def _look(root: Any, means: Means) -> None:
    if root is not None:
        for element in root.iter():
            if isinstance(element.tag, str):
                _refuse(means(element))


def _refuse(means: str) -> None:
    if means:
        raise Refused(Refusal.UNSUPPORTED, f"{means} may hide text")


def _xml(content: bytes) -> Any:
    etree: Any = import_module("lxml.etree")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    return etree.fromstring(content, parser) if content.strip() else None


def _part(content: bytes, name: str) -> Any:
    """A part of a package; None for a picture or what else is no XML and does not call itself so."""
    try:
        return _xml(content)
    except import_module("lxml.etree").XMLSyntaxError:
        if name.lower().endswith(".xml"):
            raise
        return None


def _html(content: bytes) -> Any:
    html: Any = import_module("lxml.html")
    return html.document_fromstring(content) if content.strip() else None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _yes(value: str | None) -> bool:
    return (value or "").strip().lower() not in _NO


def _markup_means(element: Any) -> str:
    """Of HTML, and of XML of any kind, which may be a drawing, a letter or a workbook."""
    name = _local(element.tag).lower()
    if name in _MARKUP_ELEMENTS:
        return f"element {name}"
    if name == "body" and "text" in element.attrib:
        return "attribute text"
    found = {_local(attribute).lower() for attribute in element.attrib} & _MARKUP_ATTRIBUTES
    return f"attribute {min(found)}" if found else ""


def _office_means(element: Any) -> str:
    """Of OOXML: hidden letters, slides, shapes, sheets, rows, columns; letters pale or tiny; shapes off the slide."""
    name = _local(element.tag)
    said = {_local(attribute): value for attribute, value in element.attrib.items()}
    if name in ("vanish", "specVanish"):
        return f"element {name}"
    if _yes(said.get("hidden")) and name not in _HIDES_NOTHING:
        return f"a hidden {name}"
    if (name == "sld" and not _yes(said.get("show", "1"))) or (
        name == "sheet" and said.get("state", "visible") != "visible"
    ):
        return f"a hidden {name}"
    if _NO_FORMAT.fullmatch(said.get("formatCode", "")):
        return "a number format of nothing"
    if name == "off" and _off_the_slide(element, said):
        return "a shape off the slide"
    return _unseen_letters(element, name, said)


def _unseen_letters(element: Any, name: str, said: dict[str, str]) -> str:
    size = said.get("sz") if name in _LETTERS else said.get("val") if name == "sz" else None
    if size is not None and _number(size) <= (_TINY_HUNDREDTHS_MAX if name in _LETTERS else _TINY_MAX):
        return "a tiny font"
    if not name.lower().endswith(("clr", "color")):
        return ""
    pale = said.get("theme") == "0" or said.get("indexed") in _PALE_INDEXES
    pale = pale or any(_PALE.fullmatch(said.get(key, "")) for key in ("val", "rgb", "themeColor", "lastClr"))
    if pale:
        above = [(_local(ancestor.tag), ancestor) for ancestor in element.iterancestors()]
        in_table_style = any(place == "style" and "table" in ancestor.attrib.values() for place, ancestor in above)
        if not in_table_style and any(place in _LETTERS for place, _ in above):
            return "a pale font"
    return ""


def _off_the_slide(offset: Any, said: dict[str, str]) -> bool:
    extent = offset.getnext()
    sizes = dict(extent.attrib) if extent is not None else {}
    x, y = _number(said.get("x", "0")), _number(said.get("y", "0"))
    beyond = max(x, y) >= _SLIDE_WIDTH_EMU
    return beyond or x + _number(sizes.get("cx", "0")) < 0 or y + _number(sizes.get("cy", "0")) < 0


def _number(value: str) -> float:
    """What is no number counts as none at all, which is tiny and off every slide."""
    try:
        return float(value)
    except ValueError:
        return float("-inf")


def _in_old_workbook(document: bytes) -> str:
    """Of XLS: sheets, rows, columns, number formats and fonts, as the library behind the library tells them."""
    xlrd: Any = import_module("xlrd")
    book = xlrd.open_workbook(file_contents=document, formatting_info=True, logfile=io.StringIO())
    return next(_of_workbook(book), "")


def _of_workbook(book: Any) -> Iterator[str]:
    for sheet in book.sheets():
        if sheet.visibility:
            yield "a hidden sheet"
        if any(info.hidden for info in (*sheet.rowinfo_map.values(), *sheet.colinfo_map.values())):
            yield "a hidden row or column"
    if any(_NO_FORMAT.fullmatch(entry.format_str) for entry in book.format_map.values()):
        yield "a number format of nothing"
    for font in book.font_list:
        colour = book.colour_map.get(font.colour_index)
        if font.height <= _TINY_MAX * 10 or (colour is not None and min(colour) >= 0xD0):
            yield "a pale or tiny font"
