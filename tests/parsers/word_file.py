"""TEST: Word packages written part by part, and the shortest way to read them."""

import io
import zipfile
from collections.abc import Mapping

from parsers.blocks import ParsedDocument, Report
from parsers.office.docx import PARSER

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KINDS = {
    "word/styles.xml": "styles", "word/numbering.xml": "numbering", "word/footnotes.xml": "footnotes",
    "word/endnotes.xml": "endnotes", "word/comments.xml": "comments", "word/settings.xml": "settings",
}  # fmt: skip

Relationships = list[tuple[str, str, str, bool]]  # (id, kind, target, external)


def paragraph(text: str, properties: str = "", run_properties: str = "") -> str:
    """One paragraph of one run."""
    ppr = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    rpr = f"<w:rPr>{run_properties}</w:rPr>" if run_properties else ""
    return f'<w:p>{ppr}<w:r>{rpr}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def run(text: str, properties: str = "") -> str:
    """One run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def part(name: str, content: str) -> str:
    """A part whose root is `w:name`."""
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} {NAMESPACES}>{content}</w:{name}>'


def relationships(entries: Relationships) -> str:
    """A relationships part."""
    rows = "".join(_row(*entry) for entry in entries)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _row(key: str, kind: str, target: str, external: bool) -> str:
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}"{mode}/>'


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word_parts(
    body: str, others: Mapping[str, str | bytes] | None = None, linked: Relationships | None = None
) -> dict[str, str | bytes]:
    """The parts of a document: its body, more parts by name (usual ones are related to it), relationships."""
    others = others or {}
    entries = [
        (f"auto{at}", _KINDS[name], name.removeprefix("word/"), False)
        for at, name in enumerate(others)
        if name in _KINDS
    ]
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="html" ContentType="text/html"/></Types>'
        ),
        "_rels/.rels": relationships([("rId1", "officeDocument", "word/document.xml", False)]),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": relationships([*entries, *(linked or [])]),
        **others,
    }


def read(document: bytes) -> ParsedDocument:
    """What the parser makes of it."""
    return PARSER.parse(document, Report(progress=lambda stage, done, total: None))


def read_body(
    body: str, others: Mapping[str, str | bytes] | None = None, linked: Relationships | None = None
) -> ParsedDocument:
    """What the parser makes of a document with this body."""
    return read(package(word_parts(body, others, linked)))
