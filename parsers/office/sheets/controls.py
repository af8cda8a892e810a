"""SANDBOX, untrusted: captions of form controls on a worksheet: buttons, check boxes, options, labels, groups.

Excel keeps them as shapes of VML (ECMA-376, part 4, 19) in a part of the sheet; what stands for them in its drawing is
marked hidden. Pictures, lists and notes are shapes of the same part, and say nothing here.
"""

import re
from collections.abc import Iterator

from lxml import etree

from contract.verdicts import ElementType
from parsers.blocks import Block
from parsers.office.package import Package
from parsers.office.sheets.cells import Workbook

_CONTROLS_MAX = 5000
_V = "{urn:schemas-microsoft-com:vml}"
_X = "{urn:schemas-microsoft-com:office:excel}"
_WITH_CAPTION = frozenset(("Button", "Checkbox", "Radio", "Label", "GBox"))
_WITH_STATE = frozenset(("Checkbox", "Radio"))
_LINE_BREAK = re.compile(rb"<br\s*/?>", re.IGNORECASE)  # as HTML has it, which is no XML
_WHITE = frozenset(("white", "#fff", "#ffffff"))
_OFF = frozenset(("f", "false"))


def control_blocks(package: Package, part: str, page: int, book: Workbook) -> Iterator[Block]:
    """The captions of a sheet's controls in the order of their shapes; a box that may be ticked shows whether it is."""
    for relationship in package.relationships(part).values():
        if relationship.kind != "vmlDrawing" or relationship.external or relationship.target in book.parts_read:
            continue
        book.parts_read.add(relationship.target)
        for shape, data in _controls(package.data(relationship.target) or b""):
            caption = " ".join("".join(str(text) for text in _textbox(shape)).split())
            if not caption:
                continue
            if _is_unseen(shape):
                book.hidden.add(caption)
                continue
            if data.get("ObjectType") in _WITH_STATE:
                caption = f"{'☐' if (data.findtext(_X + 'Checked') or '0').strip() == '0' else '☒'} {caption}"
            yield Block(ElementType.NARRATIVE_TEXT, caption, page=page)


def _textbox(shape: etree._Element) -> Iterator[object]:
    for box in shape.iterfind(_V + "textbox"):
        yield from box.itertext()


def _controls(vml: bytes) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Each shape that is a control with a caption, and what Excel says of it."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(_LINE_BREAK.sub(b" ", vml), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for shape in list(root.iter(_V + "shape"))[:_CONTROLS_MAX] if root is not None else ():
        data = shape.find(_X + "ClientData")
        if data is not None and data.get("ObjectType") in _WITH_CAPTION:
            yield shape, data


def _is_unseen(shape: etree._Element) -> bool:
    """Hidden, or white letters on the paper."""
    if re.search(r"visibility\s*:\s*hidden", shape.get("style") or ""):
        return True
    colours = [font.get("color", "").lower() for font in shape.iterfind(f"{_V}textbox//font")]
    return shape.get("filled") in _OFF and bool(colours) and all(colour in _WHITE for colour in colours)
