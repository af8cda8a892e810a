"""TEST: EPUB: the spine's order, titles from the table of contents, metadata, protection, damaged books."""

import zipfile
from io import BytesIO

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from tests.parsers.reading import found, markdown, read, shown

EPUB = "application/epub+zip"
CONTAINER = '<container xmlns="u"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>A Book</dc:title><dc:creator>Ada Ng</dc:creator><dc:date>2024-05-06</dc:date><dc:language>en</dc:language>
</metadata>
<manifest><item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="Text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="ncx"><itemref idref="two"/><itemref idref="one"/></spine></package>"""
NCX = """<ncx xmlns="u"><navMap><navPoint><navLabel><text>The Second</text></navLabel>
<content src="Text/two%20b.xhtml#x"/></navPoint>
<navPoint><navLabel><text>The First</text></navLabel><content src="one.xhtml"/></navPoint></navMap></ncx>"""


def page(body: str, head: str = "") -> str:
    return f'<html xmlns="http://www.w3.org/1999/xhtml"><head>{head}</head><body>{body}</body></html>'


def book(**files: str) -> bytes:
    members = {
        "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": OPF, "OEBPS/toc.ncx": NCX,
        "OEBPS/one.xhtml": page("<h1>First</h1><p>One <a href='two.xhtml'>inside</a> <a href='http://x.org/'>out</a></p>"),
        "OEBPS/Text/two b.xhtml": page("<p>Two</p>"),
    }  # fmt: skip
    members |= {name.replace("__", "/").replace("_DOT_", "."): text for name, text in files.items()}
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", EPUB, zipfile.ZIP_STORED)
        for name, text in members.items():
            if text:
                archive.writestr(name, text)
    return buffer.getvalue()


def test_pages_in_the_order_of_the_spine() -> None:
    parsed = read(EPUB, book())
    assert markdown(parsed) == "# The Second\n\nTwo\n\n# First\n\nOne inside [out](http://x.org/)\n"
    assert (parsed.title, parsed.author, parsed.created, parsed.languages) == ("A Book", "Ada Ng", "2024-05-06", ["en"])


def test_it_is_known_by_its_content() -> None:
    assert detect(book(), "application/zip", 1 << 20).media_type == EPUB


def test_style_sheets_of_the_book_hide_text() -> None:
    parsed = read(
        EPUB,
        book(
            OEBPS__one_DOT_xhtml=page("<p>seen</p><p class='x'>unseen</p>", "<link rel='stylesheet' href='a.css'/>"),
            OEBPS__a_DOT_css=".x { display: none }",
        ),
    )
    assert "unseen" not in markdown(parsed)
    assert found(parsed) == ["hidden_text"]


def encryption(algorithm: str, path: str) -> str:
    return (
        '<encryption xmlns="u"><EncryptedData xmlns="e"><EncryptionMethod Algorithm="' + algorithm + '"/><CipherData>'
        '<CipherReference URI="' + path + '"/></CipherData></EncryptedData></encryption>'
    )


def test_a_protected_book_is_refused() -> None:
    entry = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/one.xhtml")
    with pytest.raises(Refused) as refused:
        read(EPUB, book(**{"META-INF/encryption.xml": entry}))
    assert refused.value.refusal is Refusal.ENCRYPTED


def test_garbled_fonts_are_no_protection() -> None:
    entry = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert "Two" in shown(EPUB, book(**{"META-INF/encryption.xml": entry}))


def test_a_missing_container_and_a_missing_page() -> None:
    parsed = read(EPUB, book(**{"META-INF/container.xml": "", "OEBPS/one.xhtml": ""}))
    assert "Two" in markdown(parsed)
    assert found(parsed) == ["truncated"]


@pytest.mark.parametrize("missing", ["OEBPS/book.opf", "both pages"])
def test_nothing_to_read(missing: str) -> None:
    gone = {"OEBPS/one.xhtml": "", "OEBPS/Text/two b.xhtml": ""} if missing == "both pages" else {missing: ""}
    with pytest.raises(Refused) as refused:
        read(EPUB, book(**gone))
    assert refused.value.refusal is Refusal.CORRUPT


def test_paths_that_leave_the_book() -> None:
    """A manifest whose pages stand above the archive, or elsewhere."""
    opf = OPF.replace('href="one.xhtml"', 'href="../../../etc/passwd"').replace("Text/two%20b.xhtml", "http://x.org/a")
    with pytest.raises(Refused):
        read(EPUB, book(OEBPS__book_DOT_opf=opf))


def test_an_external_entity_in_a_page() -> None:
    """HTML knows no such entities, so nothing is looked up."""
    document = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + page("<p>seen &x;</p>")
    assert "root:" not in shown(EPUB, book(OEBPS__one_DOT_xhtml=document))
