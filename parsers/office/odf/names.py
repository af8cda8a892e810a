"""SANDBOX, untrusted: names of OpenDocument (1.3, part 3), and how its lengths and booleans are read."""

import re

from lxml import etree

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, TEXT, TABLE, DRAW, STYLE, META, CHART, PRESENTATION, MANIFEST, SCRIPT = (
    _URN % name
    for name in (
        "office", "text", "table", "drawing", "style", "meta", "chart", "presentation", "manifest", "script",
    )
)  # fmt: skip
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
LIBREOFFICE = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"
DC = "{http://purl.org/dc/elements/1.1/}"
MATH = "{http://www.w3.org/1998/Math/MathML}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
# LibreOffice writes comments on slides under a name of its own.
ANNOTATIONS = (OFFICE + "annotation", "{http://openoffice.org/2009/office}annotation")
SHAPES = frozenset(
    DRAW + name
    for name in (
        "custom-shape", "rect", "ellipse", "circle", "line", "polyline", "polygon", "path", "connector",
        "regular-polygon", "caption", "measure",
    )
)  # fmt: skip
DRAWN = SHAPES | {DRAW + "frame", DRAW + "g"}

_LENGTH = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)(cm|mm|in|pt|pc|px)")
_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0, "pc": 12.0, "px": 0.75}


def all_text(element: etree._Element) -> str:
    """All text inside an element, as it stands in the file."""
    return "".join(str(piece) for piece in element.itertext())


def points(length: str | None) -> float | None:
    """A length in points; None when it is none."""
    match = _LENGTH.fullmatch((length or "").strip())
    return None if match is None else float(match[1]) * _POINTS[match[2]]


def count(text: str | None, otherwise: int = 1, most: int = 1 << 20) -> int:
    """A count, bounded: repetitions are claims of a few bytes about a million cells."""
    if text is None:
        return otherwise
    text = text.strip()
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
