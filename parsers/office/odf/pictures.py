"""SANDBOX, untrusted: words on the vector pictures of OpenDocument, in parts of the package or in its one XML file."""

import binascii
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from parsers.blocks import Block
from parsers.metafile.kinds import is_picture
from parsers.office.odf.names import DRAW, OFFICE, XLINK
from parsers.office.odf.package import inner_path
from parsers.office.odf.reading import Reading

_OBJECTS = (DRAW + "object", DRAW + "object-ole", DRAW + "plugin", DRAW + "applet", DRAW + "floating-frame")
_HEAD_CHARS = 1024  # of which what a picture is can be told


def picture_blocks(frame: etree._Element, reading: Reading, told: str, *, on_white: bool) -> list[Block]:
    """What a frame's picture says, in the first of its forms that says anything. One that stands for an object does
    not: the object says it.
    """
    if any(each.tag in _OBJECTS for each in frame):
        return []
    for image in frame.iterfind(DRAW + "image"):
        key, load = _source(image, reading)
        blocks = reading.pictures.blocks(key, load, on_white=on_white, told=told)
        if blocks:
            return blocks
    return []


def _source(image: etree._Element, reading: Reading) -> tuple[object, Callable[[], Iterable[bytes]]]:
    """What a picture is known by, and where its bytes come from."""
    path = inner_path(image.get(XLINK + "href") or "")
    if path:
        return path, lambda: reading.package.pieces(path)
    data = image.find(OFFICE + "binary-data")
    return image, lambda: () if data is None else _decoded(data.text or "")


def _decoded(text: str) -> Iterator[bytes]:
    """Base64 of a picture, unless its first bytes are those of another kind."""
    try:
        head = "".join(text[:_HEAD_CHARS].split())
        if is_picture(binascii.a2b_base64(head[: len(head) & ~3])):
            yield binascii.a2b_base64(text)
    except ValueError:
        return
