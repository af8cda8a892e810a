"""TEST: files inside PDF and DOCX leave with their names; a bomb among them harms nothing beside it."""

import io
import zipfile
import zlib

import pymupdf
import pytest

from parsers.blocks import ParsedDocument, Report
from parsers.office.docx import DocxParser
from parsers.pdf import PARSER as PDF_PARSER
from parsers.pdf import files as pdf_files
from tests.parsers.test_archives import Basket

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read_pdf(document: bytes) -> tuple[dict[str, bytes | str], ParsedDocument]:
    basket = Basket()
    parsed = PDF_PARSER.parse(document, Report(lambda *_: None, basket))
    return dict(basket.files), parsed


def pdf() -> "pymupdf.Document":
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "A page with words on it.")
    return document


def test_files_of_the_document_and_of_a_page_go_out() -> None:
    document = pdf()
    document.embfile_add("first", b"words " * 100, filename="../r\u00e9sum\u00e9.txt")
    document.embfile_add("second", b"others", filename="b (1).txt")
    document[0].add_file_annot((100, 100), b"of the page", "c.txt")
    files, parsed = read_pdf(document.tobytes(deflate=True))
    assert files == {"../r\u00e9sum\u00e9.txt": b"words " * 100, "b (1).txt": b"others", "c.txt": b"of the page"}
    assert any("words on it" in block.text for block in parsed.blocks)


@pytest.mark.parametrize(
    "names", ["<</F {stream} 0 R>>", "<</UF {stream} 0 R/F null>>", "<</F 9999 0 R>>", "<<>>", "null"]
)
def test_the_names_of_a_files_streams_may_be_an_object_of_their_own(names: str) -> None:
    document = pdf()
    stream, inside, specification = (document.get_new_xref() for _ in range(3))
    document.update_object(stream, "<</Type/EmbeddedFile>>")
    document.update_stream(stream, b"words")
    document.update_object(inside, names.format(stream=stream))
    document.update_object(specification, f"<</Type/Filespec/F(a.txt)/EF {inside} 0 R>>")
    expected = {"a.txt": b"words"} if str(stream) in names.format(stream=stream) else {}
    found = {name: content for name, content in read_pdf(document.tobytes())[0].items() if isinstance(content, bytes)}
    assert found == expected


def test_a_password_for_changes_alone_keeps_nothing_in() -> None:
    document = pdf()
    document.embfile_add("a", b"words", filename="a.txt")
    secured = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="", deflate=True)
    assert read_pdf(secured)[0] == {"a.txt": b"words"}


def test_a_bomb_among_the_files_is_told_and_not_unpacked() -> None:
    document = pdf()
    document.embfile_add("zeros", b"x", filename="zeros.bin")
    document.embfile_add("good", b"words", filename="good.txt")
    (stream,) = [
        xref
        for xref in range(1, document.xref_length())
        if document.xref_is_stream(xref) and document.xref_stream(xref) == b"x"
    ]
    document.update_stream(stream, zlib.compress(bytes(64 << 20)), compress=False)
    document.xref_set_key(stream, "Filter", "/FlateDecode")
    files, _ = read_pdf(document.tobytes())
    assert str(files["zeros.bin"]).startswith("bomb: ")
    assert files["good.txt"] == b"words"


@pytest.mark.parametrize("packing", ["/LZWDecode", "[/ASCIIHexDecode /FlateDecode]"])
def test_a_file_stored_in_an_odd_way_is_told(packing: str) -> None:
    document = pdf()
    document.embfile_add("a", b"x", filename="a.txt")
    (stream,) = [
        xref
        for xref in range(1, document.xref_length())
        if document.xref_is_stream(xref) and document.xref_stream(xref) == b"x"
    ]
    document.update_stream(stream, b"whatever", compress=False)
    document.xref_set_key(stream, "Filter", packing)
    assert str(read_pdf(document.tobytes())[0]["a.txt"]).startswith("unsupported: stored with ")


def docx(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xlsx" ContentType="application/vnd.ms-excel.sheet"/></Types>',
        )
        package.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>See the table.</w:t></w:r></w:p></w:body></w:document>',
        )
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def test_objects_in_a_word_document_go_out() -> None:
    basket = Basket()
    document = docx(**{
        "word/embeddings/Sheet1.xlsx": b"PK table",
        "word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0",
        "word/embeddings/_rels/x.rels": b"<x/>",
        "word/media/image1.png": b"PNG",
    })  # fmt: skip
    parsed = DocxParser().parse(document, Report(lambda *_: None, basket))
    assert basket.files == [("Sheet1.xlsx", b"PK table"), ("oleObject1.bin", b"\xd0\xcf\x11\xe0")]
    assert [block.text for block in parsed.blocks] == ["See the table."]


def test_a_file_that_is_named_again_and_again_has_its_name_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty kilobytes name one stream a thousand times, each within reach of all others."""
    looked: list[int] = []
    around = pdf_files._around
    monkeypatch.setattr(pdf_files, "_around", lambda *of: (looked.append(1), around(*of))[1])
    document = pdf()
    document.embfile_add("first", b"words", filename="a.txt")
    for _ in range(3):
        document.update_object(document.get_new_xref(), "<</A[" + "<</F(b)/EF<</F 9999 0 R>>>>" * 900 + "]>>")
    files, _ = read_pdf(document.tobytes())
    assert files["a.txt"] == b"words"
    assert len(looked) <= 3


def test_neighbours_of_a_file_specification_do_not_give_it_their_names() -> None:
    document = pdf()
    streams = [document.get_new_xref() for _ in range(3)]
    for at, stream in enumerate(streams):
        document.update_object(stream, "<<>>")
        document.update_stream(stream, b"content %d" % at, new=True, compress=False)
    listed = "".join(f"<</P<</Q<<>>>>/F(n{at})/EF<</F {stream} 0 R>>>>" for at, stream in enumerate(streams))
    document.update_object(document.get_new_xref(), f"<</F(outer)/A[{listed}]>>")
    files, _ = read_pdf(document.tobytes())
    assert files == {f"n{at}": b"content %d" % at for at in range(3)}
