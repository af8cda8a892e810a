"""TEST: XPS is told by its content types and read as the pages it draws; what cannot be drawn is corrupt."""

import zipfile
from io import BytesIO

import pymupdf
import pytest

from contract.verdicts import FindingKind, Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.pdf.xps import MEDIA_TYPE
from tests.parsers.reading import markdown, read

_NAMESPACE = "http://schemas.microsoft.com/xps/2005/06"
_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="fdseq" ContentType="application/vnd.ms-package.xps-fixeddocumentsequence+xml"/>
<Default Extension="fdoc" ContentType="application/vnd.ms-package.xps-fixeddocument+xml"/>
<Default Extension="fpage" ContentType="application/vnd.ms-package.xps-fixedpage+xml"/>
<Default Extension="ttf" ContentType="application/vnd.ms-opentype"/></Types>"""
_RELATIONSHIP = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="{_NAMESPACE}/fixedrepresentation" Target="/a.fdseq"/></Relationships>"""


def xps(*pages: str) -> bytes:
    """A document of these pages, one line of text on each."""
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONSHIP,
        "a.fdseq": f'<FixedDocumentSequence xmlns="{_NAMESPACE}"><DocumentReference Source="/a.fdoc"/>'
        "</FixedDocumentSequence>",
        "a.fdoc": f'<FixedDocument xmlns="{_NAMESPACE}">'
        + "".join(f'<PageContent Source="/{number}.fpage"/>' for number in range(len(pages)))
        + "</FixedDocument>",
    }
    for number, text in enumerate(pages):
        parts[f"{number}.fpage"] = (
            f'<FixedPage xmlns="{_NAMESPACE}" Width="600" Height="800" xml:lang="en">'
            f'<Glyphs OriginX="50" OriginY="100" FontRenderingEmSize="20" FontUri="/f.ttf" Fill="#ff000000"'
            f' UnicodeString="{text}"/></FixedPage>'
        )
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
        package.writestr("f.ttf", pymupdf.Font("helv").buffer)
    return file.getvalue()


def test_pages_are_read_in_order() -> None:
    document = xps("Gloves for the left hand", "Gloves for the right hand")
    detected = detect(document, "", 1 << 26)
    assert (detected.media_type, detected.findings) == (MEDIA_TYPE, [])
    assert markdown(read(MEDIA_TYPE, document)) == "Gloves for the left hand\n\nGloves for the right hand\n"


def test_something_in_front_of_the_package_makes_it_a_polyglot() -> None:
    detected = detect(b"<html>hi</html>" + xps("Gloves"), MEDIA_TYPE, 1 << 26)
    assert [finding.kind for finding in detected.findings] == [FindingKind.POLYGLOT]


def test_every_page_keeps_its_number() -> None:
    parsed = read(MEDIA_TYPE, xps(*(f"This is page number {number}" for number in range(40))))
    assert [block.page for block in parsed.blocks] == list(range(1, 41))
    assert parsed.blocks[39].text == "This is page number 39"


@pytest.mark.parametrize("document", [b"", b"no package", xps(), xps("text")[:200]])
def test_what_cannot_be_drawn_is_corrupt(document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(MEDIA_TYPE, document)
    assert refused.value.refusal is Refusal.CORRUPT


def test_pages_without_a_word_are_empty() -> None:
    with pytest.raises(Refused) as refused:
        read(MEDIA_TYPE, xps(""))
    assert refused.value.refusal is Refusal.EMPTY
