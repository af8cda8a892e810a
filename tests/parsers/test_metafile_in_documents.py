"""TEST: vector pictures in documents: their words stand where the picture is shown, once, and not for an object's."""

import base64
import struct
import zlib

import pytest

from tests.parsers import doc_file, open_document, ppt_file, sheet_file, slide_file, word_file
from tests.parsers.metafile_file import WHITE, emf, emf_font, emf_text, number, wmf, wmf_text
from tests.parsers.ole_file import compound_file
from tests.parsers.ppt_file import atom, box
from tests.parsers.reading import found, kinds, markdown, read

PICTURE = emf(emf_font(), emf_text(10, 50, "On the picture"))
OTHER = wmf(wmf_text(10, 50, b"On another"))
UNSEEN = emf(
    emf_font(), number(18, 1), number(24, WHITE), emf_text(10, 50, "Unseen"), number(24, 0), emf_text(10, 150, "Seen")
)
BROKEN = PICTURE[:100]
MARK = ("Image", "On the picture")
IMAGE = [("p1", "image", "media/image1.emf", False)]
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
V = "urn:schemas-microsoft-com:vml"
O = "urn:schemas-microsoft-com:office:office"  # noqa: E741 - as the prefix is


def drawing(description: str = "", key: str = "p1") -> str:
    blip_ = f'<a:blip xmlns:a="{A}" r:embed="{key}"/>'
    inline = f'<wp:inline xmlns:wp="{WP}"><wp:docPr id="1" name="x" descr="{description}"/>{blip_}</wp:inline>'
    return f"<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:drawing>{inline}</w:drawing></w:r></w:p>"


def vml(inside: str = "", wrapper: str = "pict") -> str:
    shape = f'<v:shape xmlns:v="{V}"><v:imagedata r:id="p1"/></v:shape>'
    return f"<w:p><w:r><w:{wrapper}>{shape}{inside}</w:{wrapper}></w:r></w:p>"


def docx(body: str, picture: bytes = PICTURE) -> list[tuple[str, str]]:
    return kinds(word_file.read_body(body, {"word/media/image1.emf": picture}, IMAGE))


def test_docx_pictures_of_either_kind() -> None:
    assert docx(drawing()) == [("NarrativeText", "Text"), MARK]
    assert docx(vml()) == [MARK]
    assert docx(drawing(), OTHER)[1:] == [("Image", "On another")]


def test_an_alternative_text_is_kept_beside_the_words_and_not_repeated() -> None:
    assert docx(drawing("A chart")) == [("NarrativeText", "Text"), ("Image", "A chart"), MARK]
    assert docx(drawing("On the  picture")) == [("NarrativeText", "Text"), MARK]


def test_the_picture_of_an_object_is_left_to_the_object() -> None:
    assert docx(vml(f'<o:OLEObject xmlns:o="{O}"/>', "object")) == []
    assert docx(vml('<w:control r:id="c"/>', "object")) == [MARK]


def test_a_picture_shown_many_times_is_read_once() -> None:
    assert docx(drawing() * 3) == [("NarrativeText", "Text"), MARK, *[("NarrativeText", "Text")] * 2]


@pytest.mark.parametrize("picture", [b"", b"\x89PNG", BROKEN, PICTURE[:40] + b" EMF", b"\x1f\x8b\x08damaged"])
def test_a_broken_picture_does_not_cost_the_document(picture: bytes) -> None:
    assert docx(drawing(), picture)[:1] == [("NarrativeText", "Text")]


def test_what_cannot_be_seen_on_a_picture_is_a_finding() -> None:
    parsed = word_file.read_body(drawing(), {"word/media/image1.emf": UNSEEN}, IMAGE)
    assert kinds(parsed) == [("NarrativeText", "Text"), ("Image", "Seen")]
    assert found(parsed) == ["hidden_text"]


def test_pptx() -> None:
    pic = (
        '<p:pic><p:nvPicPr><p:cNvPr id="3" name="p" descr="A chart"/><p:nvPr/></p:nvPicPr>'
        f'<p:blipFill><a:blip r:embed="p1"/></p:blipFill><p:spPr>{slide_file.frame(0.1, 0.5)}</p:spPr></p:pic>'
    )
    below = slide_file.shape("Below", slide_file.frame(0.1, 0.8))
    linked = {1: [("p1", "image", "../media/image1.emf", False)]}
    parts = slide_file.presentation_parts([slide_file.slide(below, pic)], {"ppt/media/image1.emf": PICTURE}, linked)
    assert kinds(slide_file.read_parts(parts)) == [
        ("Title", "Slide 1"), ("Image", "A chart"), MARK, ("NarrativeText", "Below"),
    ]  # fmt: skip


def test_xlsx() -> None:
    xdr = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    fill = f'<xdr:blipFill><a:blip xmlns:a="{A}" r:embed="p1"/></xdr:blipFill>'
    pic = f'<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="p"/></xdr:nvPicPr>{fill}</xdr:pic>'
    root = f'xdr:wsDr xmlns:xdr="{xdr}" xmlns:r="{sheet_file.R}"'
    others: dict[str, str | bytes] = {
        "xl/media/image1.emf": PICTURE,
        "xl/drawings/drawing1.xml": f"<{root}><xdr:oneCellAnchor>{pic}</xdr:oneCellAnchor></xdr:wsDr>",
        "xl/drawings/_rels/drawing1.xml.rels": word_file.relationships([("p1", "image", "../media/image1.emf", False)]),
        "xl/worksheets/_rels/sheet1.xml.rels": word_file.relationships(
            [("d", "drawing", "../drawings/drawing1.xml", False)]
        ),
    }
    sheet = sheet_file.worksheet(sheet_file.rows_of(["Cell"]), after='<drawing r:id="d"/>')
    assert MARK in kinds(sheet_file.read_sheet(sheet, others))


def frame(image: str, *, inside: str = "", before: str = "") -> str:
    return (
        f'<text:p>Text<draw:frame>{before}<draw:image xlink:href="{image}">{inside}</draw:image></draw:frame></text:p>'
    )


def test_opendocument() -> None:
    others = {"Pictures/1.emf": PICTURE, "ObjectReplacements/Object 1": OTHER}
    assert kinds(open_document.read_body(frame("Pictures/1.emf"), others=others))[1:] == [MARK]
    replaced = frame("./ObjectReplacements/Object 1", before='<draw:object xlink:href="./Object 1"/>')
    assert kinds(open_document.read_body(replaced, others=others)) == [("NarrativeText", "Text")]


def test_opendocument_in_one_file() -> None:
    data = base64.encodebytes(PICTURE).decode()
    image = f"<draw:image><office:binary-data>\n   {data}</office:binary-data></draw:image>"
    body = f"<text:p>Text<draw:frame>{image}</draw:frame></text:p>"
    assert kinds(open_document.read_flat(body))[1:] == [MARK]
    broken = body.replace(data[40:44], "!!!!")
    assert kinds(open_document.read_flat(broken))[0] == ("NarrativeText", "Text")


@pytest.mark.parametrize("kind", ["emfblip", "wmetafile8"])
def test_rtf(kind: str) -> None:
    picture = PICTURE if kind == "emfblip" else OTHER
    expected = "On the picture" if kind == "emfblip" else "On another"
    digits = picture.hex().encode()
    pict = b"{\\pict\\" + kind.encode() + b"\\picw10{\\*\\blipuid 00ff}" + digits[:50] + b"\r\n" + digits[50:] + b"}"
    assert kinds(read("application/rtf", b"{\\rtf1 Text" + pict + b"\\par After}")) == [
        ("NarrativeText", "Text"), ("Image", expected), ("NarrativeText", "After"),
    ]  # fmt: skip
    binary = b"{\\pict\\" + kind.encode() + b"\\bin%d " % len(picture) + picture + b"}"
    shown = b"{\\*\\shppict not shown " + binary + b"}{\\nonshppict " + pict.replace(b"4f", b"50") + b"}"
    assert markdown(read("application/rtf", b"{\\rtf1 Text" + shown + b"\\par}")) == f"Text\n\n{expected}\n"
    for around in (b"{\\object\\objemb{\\result %s}}", b"{\\v %s}", b"{\\*\\unknown %s}"):
        assert markdown(read("application/rtf", b"{\\rtf1 Text" + around % pict + b"\\par}")) == "Text\n"


def blip(picture: bytes, *, deflated: bool = True) -> bytes:
    is_emf = picture[:4] == b"\x01\x00\x00\x00"
    data = zlib.compress(picture) if deflated else picture
    head = struct.pack("<L4l2lLBB", len(picture), 0, 0, 0, 0, 0, 0, len(data), 0 if deflated else 0xFE, 0xFE)
    return atom(0xF01A if is_emf else 0xF01B, bytes(16) + head + data, 0x3D4 if is_emf else 0x216)


def entry(place: int, inside: bytes = b"") -> bytes:
    return atom(0xF007, bytes(20) + struct.pack("<LLL", 0, 1, place) + bytes(4) + inside)


def store(*entries: bytes) -> bytes:
    return box(0xF000, box(0xF001, *entries))


def test_ppt() -> None:
    pictures = bytes(8) + blip(PICTURE)
    shape = ppt_file.shape(properties=[(0x4104, 1), (0x0381, "A chart\0".encode("utf-16-le"))])
    lying = [ppt_file.shape(properties=[(0x4104, which)]) for which in (2, 3, 0xFFFFFFFF)]
    document = box(0x040B, store(entry(8), entry(0xFFFFFFF0)))
    deck = ppt_file.Deck([ppt_file.Slide([shape, *lying])], document=document)
    streams = ppt_file.ppt_streams(deck) | {"Pictures": pictures}
    assert kinds(ppt_file.read(compound_file(streams))) == [("Title", "Slide 1"), ("Image", "A chart"), MARK]
    without = ppt_file.ppt_streams(deck)
    assert kinds(ppt_file.read(compound_file(without))) == [("Title", "Slide 1"), ("Image", "A chart")]


def in_line(*pictures: bytes, mode: int = 0x64) -> bytes:
    body = ppt_file.shape() + b"".join(pictures)
    return bytes(4) + struct.pack("<LHH", 68 + len(body), 68, mode).ljust(68, b"\x00") + body


@pytest.mark.parametrize("held", [blip(PICTURE), blip(PICTURE, deflated=False), entry(0, blip(PICTURE))])
def test_doc_pictures_in_the_line(held: bytes) -> None:
    sign = ("\x01", doc_file.SPECIAL + doc_file.sprm(0x6A03, 4))
    document = doc_file.word_file([doc_file.P([("Text", b""), sign])], data=in_line(held))
    assert kinds(doc_file.read(document)) == [("NarrativeText", "Text"), MARK]
    begin, instruction, *rest = doc_file.field_runs(" EMBED Excel.Sheet.8 ", "")
    field = [begin, instruction, *rest[:-1], sign, rest[-1]]
    of_object = doc_file.word_file([doc_file.P([("Text", b""), *field])], data=in_line(held))
    assert kinds(doc_file.read(of_object)) == [("NarrativeText", "Text")]


def test_doc_pictures_that_are_anchored() -> None:
    shape = ppt_file.shape(properties=[(0x4104, 1)], identifier=30)
    anchors = doc_file.plc([4, 100], [struct.pack("<L", 30) + bytes(22)])
    drawings = store(entry(0, blip(PICTURE))) + b"\x00" + ppt_file.shapes_of(shape) + b"\x01" + ppt_file.shapes_of()
    body = [doc_file.P([("Text", b""), ("\x08", doc_file.SPECIAL)])]
    assert kinds(doc_file.read(doc_file.word_file(body, tables={40: anchors, 50: drawings}))) == [
        ("NarrativeText", "Text"),
        MARK,
    ]
