"""TEST: broken Word packages: what can be read is read, the rest is refused with a reason."""

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.blocks import Refused
from tests.parsers.markup_cases import kinds_found, shown, text_of
from tests.parsers.word_file import W, package, paragraph, part, read, read_body, run, word_parts


def test_password_protected_and_old_files_are_told_apart() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
    with pytest.raises(Refused, match="encrypted"):
        read(ole + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600)
    with pytest.raises(Refused, match="unsupported"):
        read(ole)


@pytest.mark.parametrize("document", [b"", b"PK", b"PK\x03\x04" + b"\x00" * 100, b"not a zip"])
def test_what_is_no_zip_is_corrupt(document: bytes) -> None:
    with pytest.raises(Refused, match="corrupt"):
        read(document)


@pytest.mark.parametrize("missing", ["[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"])
def test_missing_parts_do_not_matter(missing: str) -> None:
    parts = word_parts(paragraph("text"))
    del parts[missing]
    assert shown(read(package(parts))) == ["text"]


def test_relationships_to_parts_that_are_not_there() -> None:
    kinds = ["styles", "numbering", "footnotes", "endnotes", "comments", "settings", "header"]
    body = (
        f'<w:p><w:hyperlink r:id="nowhere">{run("text")}</w:hyperlink></w:p><w:sectPr><w:headerReference '
        'r:id="header"/></w:sectPr>'
    )
    assert text_of(read_body(body, linked=[(kind, kind, f"{kind}.xml", False) for kind in kinds])) == "text"


def test_without_a_main_part_there_is_no_document() -> None:
    parts = word_parts("x")
    del parts["word/document.xml"]
    with pytest.raises(Refused, match="corrupt"):
        read(package(parts))


def test_an_empty_main_part_is_corrupt() -> None:
    parts = word_parts("x")
    for nothing in ("", "   ", "no xml"):
        parts["word/document.xml"] = nothing
        with pytest.raises(Refused, match="corrupt"):
            read(package(parts))


def test_xml_that_breaks_off_is_read_up_to_there() -> None:
    parts = word_parts("")
    parts["word/document.xml"] = (
        part("document", "<w:body>" + paragraph("first") + paragraph("second"))[:-30] + "<w:p><w:r><"
    )
    document = read(package(parts))
    assert text_of(document).startswith("first")
    assert kinds_found(document) == {"truncated"}


def test_broken_styles_and_numbering_cost_only_themselves() -> None:
    others: dict[str, str | bytes] = {
        "word/styles.xml": b"\xff\xfe broken",
        "word/numbering.xml": "<w:numbering",
        "word/footnotes.xml": "",
    }
    assert text_of(read_body(paragraph("text", '<w:pStyle w:val=""/><w:numPr><w:numId/></w:numPr>'), others)) == "text"


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_other_encodings_of_xml(codec: str) -> None:
    parts = word_parts("")
    xml = part("document", f"<w:body>{paragraph('Größe')}</w:body>").split("?>", 1)[1]
    parts["word/document.xml"] = f'<?xml version="1.0" encoding="{codec.removesuffix("-sig")}"?>{xml}'.encode(codec)
    assert text_of(read(package(parts))) == "Größe"


def test_strict_documents_read_as_transitional_ones() -> None:
    parts = word_parts(
        f'<w:p><w:hyperlink r:id="L">{run("text")}</w:hyperlink></w:p>',
        linked=[("L", "hyperlink", "http://a.example", True)],
    )
    for name, content in parts.items():
        assert isinstance(content, str)
        for word in ("officeDocument", "wordprocessingml"):
            content = content.replace(
                f"http://schemas.openxmlformats.org/{word}/2006/", f"http://purl.oclc.org/ooxml/{word}/"
            )
        parts[name] = content
    document = read(package(parts))
    assert [(link.text, link.url) for link in document.blocks[0].links] == [("text", "http://a.example")]


def test_names_with_other_case_slashes_and_folders() -> None:
    content = {
        name.replace("word/document.xml", "Word\\Document.XML"): text
        for name, text in word_parts(paragraph("text")).items()
    }
    assert shown(read(package(content))) == ["text"]


def test_xml_nested_beyond_the_parsers_bound_is_refused_when_nothing_is_left() -> None:
    depth = 3000
    body = "<w:tbl><w:tr><w:tc>" * depth + paragraph("x") + "</w:tc></w:tr></w:tbl>" * depth
    with pytest.raises(Refused, match="corrupt"):
        read_body(body)


def test_inline_wrappers_nested_to_the_bound() -> None:
    assert text_of(read_body("<w:p>" + "<w:smartTag>" * 200 + run("deep") + "</w:smartTag>" * 200 + "</w:p>")) == "deep"


@pytest.mark.parametrize(
    "body",
    [
        "<w:p/>" * 3,
        "<w:tbl/><w:tbl><w:tr/></w:tbl><w:tbl><w:tr><w:tc/></w:tr></w:tbl>",
        '<w:p><w:r><w:fldChar w:fldCharType="end"/><w:fldChar w:fldCharType="separate"/><w:fldChar/></w:r></w:p>',
        "<w:p><w:r><w:drawing/><w:pict/><w:object/><w:sym/><w:ruby/><w:footnoteReference/></w:r></w:p>",
        "<w:p><m:oMath/><m:oMathPara/><m:oMath><m:f/><m:rad/><m:nary/><m:d/><m:m/><m:acc/><m:eqArr/></m:oMath></w:p>",
        "<w:p><w:hyperlink/><w:sdt/><w:ins/><mc:AlternateContent/><w:fldSimple/><w:commentReference/></w:p>",
        '<w:p><w:pPr><w:pStyle/><w:numPr><w:ilvl/><w:numId w:val="x"/></w:numPr><w:outlineLvl w:val="x"/>'
        "</w:pPr></w:p>",
        "<w:p><w:r><w:drawing><c:chart/><dgm:relIds/><wp:docPr/></w:drawing></w:r></w:p><w:altChunk/>"
        "<w:subDoc/><w:sectPr><w:headerReference/></w:sectPr>",
    ],
)
def test_elements_without_what_they_need(body: str) -> None:
    assert text_of(read_body(paragraph("text") + body)).startswith("text")


def test_a_document_without_a_body() -> None:
    parts = word_parts("")
    parts["word/document.xml"] = part("document", paragraph("text"))
    assert shown(read(package(parts))) == ["text"]


def test_bombs_are_refused_before_anything_is_inflated() -> None:
    parts = word_parts(paragraph("x"))
    parts["word/media/zeros.bin"] = b"\x00" * (64 << 20)
    with pytest.raises(Refused, match="bomb"):
        read(package(parts))


def mutated(document: bytes, seed: int) -> bytes:
    """A package whose XML parts have bytes changed, cut and doubled, in a zip that is sound."""
    chance = random.Random(seed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = bytearray(source.read(name))
            for _ in range(chance.randint(0, 4)):
                at, length = chance.randrange(len(content) + 1), chance.randint(0, 40)
                piece = content[at : at + length]
                content[at : at + length] = chance.choice(
                    [b"", bytes(reversed(piece)), piece * 3, b"<w:p>", b'"', b"&#0;"]
                )
            target.writestr(name, bytes(content))
    return buffer.getvalue()


RICH = package(
    word_parts(
        paragraph("one", '<w:pStyle w:val="A"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
        + f"<w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>{paragraph('two')}</w:tc><w:tc>"
        f"{paragraph('three')}</w:tc></w:tr></w:tbl>"
        + "<w:p><m:oMath><m:f><m:num><m:r><m:t>x</m:t></m:r></m:num><m:den/></m:f></m:oMath></w:p>",
        {
            "word/styles.xml": part("styles", '<w:style w:styleId="A" w:type="paragraph"><w:name w:val="heading '
            '1"/></w:style>'),
            "word/numbering.xml": part(
                "numbering", '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:lvlText w:val="%1."/>'
                '</w:lvl></w:abstractNum>'
                '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
            ),
        },
    )
)  # fmt: skip


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_damaged_packages_are_read_or_refused(seed: int) -> None:
    try:
        document = read(mutated(RICH, seed))
    except Refused:
        return
    assert all(block.text.strip() for block in document.blocks)


def test_the_namespace_is_words() -> None:
    """A document in a namespace that nobody knows shows nothing, and says so by having no block."""
    parts = word_parts("")
    parts["word/document.xml"] = part("document", f"<w:body>{paragraph('x')}</w:body>").replace(W, "urn:other")
    assert read(package(parts)).blocks == []
