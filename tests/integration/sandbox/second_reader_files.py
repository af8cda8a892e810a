"""TEST: one small document of each type that the image `unstructured` reads, and a few words that must come out."""

import io
import struct
import zipfile

from ingest.images import context_root, image_manifests
from ingest.manifests import smoke_tests
from tests.parsers import ole_file
from tests.parsers.outlook_file import compound_file, fixed_properties, outlook_message, text_property

OOXML = "application/vnd.openxmlformats-officedocument."
HTML = b"<h1>Report</h1><p>These are a few words of prose.</p>"
HTML += b"<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
MAIL = b"From: a@example.org\nTo: b@example.org\nSubject: Plan\nContent-Type: text/plain\n\nOne line of it."


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<2H", kind, len(data)) + data


def _workbook(stream: str, *, hidden: bool = False) -> bytes:
    """A BIFF 5 workbook (MS-XLS's forerunner) with one cell in one sheet, in a stream of this name."""
    bof, end = 0x809, _record(0x0A, b"")
    sheet = _record(bof, struct.pack("<4H", 0x500, 0x10, 0, 1993)) + _record(
        0x204, struct.pack("<4H", 0, 0, 0, 5) + b"Sales"
    )
    globals_start = _record(bof, struct.pack("<4H", 0x500, 5, 0, 1993))
    place = len(globals_start) + 4 + 4 + 2 + 1 + 6 + len(end)
    bound = _record(0x85, struct.pack("<LBxB", place, hidden, 6) + b"Sheet1")
    return compound_file({stream: (globals_start + bound + end + sheet + end).ljust(4096, b"\0")})


def _presentation() -> bytes:
    """A presentation of one slide, with the layout that the library will not do without."""
    namespaces = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )
    kind = "application/vnd.openxmlformats-officedocument.presentationml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def related(name: str, target: str) -> str:
        return (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{relation}/{name}" Target="{target}"/></Relationships>'
        )

    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
        "<a:p><a:r><a:t>These are the words of a slide.</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    mains = {"presentation": "presentation.main", "slides/slide1": "slide", "slideLayouts/layout1": "slideLayout"}
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(
            f'<Override PartName="/ppt/{part}.xml" ContentType="{kind}.{name}+xml"/>' for part, name in mains.items()
        )
        + "</Types>",
        "_rels/.rels": related("officeDocument", "ppt/presentation.xml"),
        "ppt/presentation.xml": f'<p:presentation {namespaces}><p:sldIdLst><p:sldId id="256" r:id="rId1"/>'
        "</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": related("slide", "slides/slide1.xml"),
        "ppt/slides/slide1.xml": f"<p:sld {namespaces}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>",
        "ppt/slides/_rels/slide1.xml.rels": related("slideLayout", "../slideLayouts/layout1.xml"),
        "ppt/slideLayouts/layout1.xml": f"<p:sldLayout {namespaces}><p:cSld><p:spTree/></p:cSld></p:sldLayout>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return content.getvalue()


def _message(html: bytes = b"") -> bytes:
    """The library believes the list of properties, not the streams."""
    text = "One line of it."
    listed = [(0x1F, 0x1000, (2 * len(text) + 2).to_bytes(8, "little"))]
    if html:
        listed.append((0x102, 0x1013, len(html).to_bytes(8, "little")))
    streams = text_property(0x1000, text) | ({"__substg1.0_10130102": html} if html else {})
    tree = outlook_message(streams | fixed_properties(32, *listed))
    return ole_file.compound_file({name: part for name, part in tree.items() if isinstance(part, bytes)})


def documents() -> dict[str, tuple[str, bytes, str]]:
    """Name to media type, bytes, and what must be in the text."""
    tests = smoke_tests(image_manifests(context_root()))
    smoke = "Gloveport smoke test"
    return {
        "docx": (OOXML + "wordprocessingml.document", tests["office"].content(), smoke),
        "xlsx": (OOXML + "spreadsheetml.sheet", tests["spreadsheets"].content(), smoke),
        "pptx": (OOXML + "presentationml.presentation", _presentation(), "words of a slide"),
        "xls": ("application/vnd.ms-excel", _workbook("Workbook"), "Sales"),
        "ole": ("application/x-ole-storage", _workbook("WORKBOOK"), "Sales"),
        "eml": ("message/rfc822", MAIL, "One line of it."),
        "msg": ("application/vnd.ms-outlook", _message(), "One line of it."),
        "html": ("text/html", HTML, "| 1 | 2 |"),
        "md": ("text/markdown", b"# Report\n\nWords, and *more* words.\n\n- one\n- two\n", "- two"),
        "csv": ("text/csv", b"name,count\nbolt,1\nnut,2\n", "| nut | 2 |"),
        "tsv": ("text/tab-separated-values", b"name\tcount\nbolt\t1\nnut\t2\n", "| nut | 2 |"),
        "xml": (
            "application/xml",
            b'<?xml version="1.0"?><list><item>A first item.</item></list>',
            "first item",
        ),
        "txt": ("text/plain", "Über uns.\n\nWe are here to be read.\n".encode(), "Über uns."),
    }


def with_something_hidden() -> dict[str, tuple[str, bytes, str]]:
    """Name to media type, bytes, and the means: the words "Hidden words" or "Sales" stand where no reader sees them."""
    sound = io.BytesIO(smoke_tests(image_manifests(context_root()))["office"].content())
    letter = io.BytesIO()
    with zipfile.ZipFile(sound) as package, zipfile.ZipFile(letter, "w") as changed:
        for name in package.namelist():
            part = package.read(name)
            if name == "word/document.xml":
                unseen = b"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden words</w:t></w:r></w:p></w:body>"
                part = part.replace(b"</w:body>", unseen)
            changed.writestr(name, part)
    unseen_html = b"<html><body><p>Seen</p><p style='display:none'>Hidden words</p></body></html>"
    return {
        "docx": (OOXML + "wordprocessingml.document", letter.getvalue(), "element vanish"),
        "xls": ("application/vnd.ms-excel", _workbook("Workbook", hidden=True), "hidden sheet"),
        "ole": ("application/x-ole-storage", _workbook("WORKBOOK", hidden=True), "hidden sheet"),
        "html": ("text/html", unseen_html, "attribute style"),
        "msg": ("application/vnd.ms-outlook", _message(unseen_html), "attribute style"),
    }
