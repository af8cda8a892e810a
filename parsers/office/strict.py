"""SANDBOX, untrusted: ISO 29500 Strict names the same elements in other namespaces; here they get the usual ones."""

import re

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/([A-Za-z]+)/(?=[A-Za-z])")
_TRANSITIONAL = {
    b"officeDocument": b"http://schemas.openxmlformats.org/officeDocument/2006/",
    b"wordprocessingml": b"http://schemas.openxmlformats.org/wordprocessingml/2006/",
    b"spreadsheetml": b"http://schemas.openxmlformats.org/spreadsheetml/2006/",
    b"presentationml": b"http://schemas.openxmlformats.org/presentationml/2006/",
    b"drawingml": b"http://schemas.openxmlformats.org/drawingml/2006/",
}


def transitional(xml: bytes) -> bytes:
    """A part's XML with the namespaces of Transitional. Text in other encodings than ASCII's kin is left as it is."""
    if b"purl.oclc.org" not in xml:
        return xml
    return _STRICT.sub(lambda found: _TRANSITIONAL.get(found[1], found[0]), xml)
