"""SANDBOX, untrusted: names of WordprocessingML and DrawingML, and how their attributes are read."""

from lxml import etree

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W = f"{{{WORD}}}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
V = "{urn:schemas-microsoft-com:vml}"
O = "{urn:schemas-microsoft-com:office:office}"  # noqa: E741 - the prefix everybody knows it by

VAL = W + "val"
_OFF = frozenset(("0", "false", "off", "none"))


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first descendant along a path of `w:` names, or None."""
    for name in path:
        if element is None:
            return None
        element = element.find(W + name)
    return element


def val(element: etree._Element | None, *path: str) -> str | None:
    """`w:val` of the first descendant along a path; None when there is no such element, "" when it has no value."""
    found = child(element, *path)
    return None if found is None else found.get(VAL, "")


def toggle(element: etree._Element | None, name: str) -> bool | None:
    """An on/off property (ISO 29500-1, 17.17.4): present without a value means on; None when it is absent."""
    value = val(element, name)
    return None if value is None else value.lower() not in _OFF


def number(value: str | None, otherwise: int = 0) -> int:
    """An integer attribute, however it was written; bounded, since it may count things."""
    try:
        return max(-(10**9), min(10**9, int(float(value or otherwise))))
    except (ValueError, OverflowError):
        return otherwise
