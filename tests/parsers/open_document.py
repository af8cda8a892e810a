"""TEST: OpenDocument files written from their body, packed or flat, and the shortest way to read them."""

import io
import zipfile
from collections.abc import Mapping

from parsers.blocks import ParsedDocument
from parsers.office.odf.document import PARSER
from tests.parsers.markup_cases import silent

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_PREFIXES = {
    "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style", "meta": "meta",
    "chart": "chart", "presentation": "presentation", "script": "script", "number": "datastyle",
    "fo": "xsl-fo-compatible", "svg": "svg-compatible",
}  # fmt: skip
NAMESPACES = " ".join(f'xmlns:{prefix}="{_URN}:{name}:1.0"' for prefix, name in _PREFIXES.items()) + (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"'
    ' xmlns:officeooo="http://openoffice.org/2009/office"'
)
MANIFEST = f"{_URN}:manifest:1.0"
KIND_OF_BODY = {"text": "text", "spreadsheet": "spreadsheet", "presentation": "presentation", "drawing": "graphics"}


def style(name: str, family: str, properties: str = "", attributes: str = "") -> str:
    """One style."""
    return f'<style:style style:name="{name}" style:family="{family}" {attributes}>{properties}</style:style>'


def content(body: str, kind: str = "text", styles: str = "") -> str:
    """A content part."""
    return (
        f"<office:document-content {NAMESPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )


def pack(parts: Mapping[str, str | bytes], kind: str = "text") -> bytes:
    """A package of this kind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{KIND_OF_BODY[kind]}")
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(document: bytes) -> ParsedDocument:
    """What the reader makes of it."""
    return PARSER.parse(document, silent())


def read_body(
    body: str, kind: str = "text", styles: str = "", others: Mapping[str, str | bytes] | None = None
) -> ParsedDocument:
    """What it makes of a packed document with this body."""
    return read(pack({"content.xml": content(body, kind, styles), **(others or {})}, kind))


def read_flat(body: str, kind: str = "text", styles: str = "", before: str = "") -> ParsedDocument:
    """What it makes of a document in one XML file."""
    mimetype = f"application/vnd.oasis.opendocument.{KIND_OF_BODY[kind]}"
    whole = (
        f'<office:document {NAMESPACES} office:mimetype="{mimetype}">{before}<office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document>"
    )
    return read(whole.encode())


def cell(text: str = "", attributes: str = "", inside: str = "") -> str:
    """A table cell with a paragraph."""
    paragraph = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell {attributes}>{paragraph}{inside}</table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    """A table row."""
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def table(*rows: str, attributes: str = "", columns: str = "") -> str:
    """A table."""
    return f"<table:table {attributes}>{columns}{''.join(rows)}</table:table>"
