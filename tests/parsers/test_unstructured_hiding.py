"""TEST: the second reader's library shows all it finds, so it is given nothing that has a means to hide text."""

import io
import zipfile

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.unstructured_fallback.hiding import refuse_what_may_hide

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="p"'


def package(**parts: str | bytes) -> bytes:
    """A zip with these parts; two underscores in a name stand for a slash."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name.replace("__", "/") + ".xml", part)
    return content.getvalue()


def word(run_properties: str, styles: str = "") -> bytes:
    run = f"<w:r><w:rPr>{run_properties}</w:rPr><w:t>Text</w:t></w:r>"
    body = f"<w:document {W}><w:body><w:p>{run}</w:p></w:body></w:document>"
    return package(word__document=body, word__styles=f"<w:styles {W}>{styles}</w:styles>")


def slide(root: str = "", run: str = "", letters: str = "", offset: str = '<a:off x="0" y="0"/>') -> bytes:
    shape = f'<a:xfrm>{offset}<a:ext cx="100" cy="100"/></a:xfrm><a:r><a:rPr {letters}>{run}</a:rPr></a:r>'
    return package(ppt__slides__slide1=f"<p:sld {A} {root}>{shape}</p:sld>")


def sheet(workbook: str = "<sheet name='a'/>", styles: str = "", rows: str = "<row r='1'/>") -> bytes:
    return package(
        xl__workbook=f"<workbook><sheets>{workbook}</sheets></workbook>",
        xl__styles=f"<styleSheet>{styles}</styleSheet>",
        xl__worksheets__sheet1=f"<worksheet>{rows}</worksheet>",
    )


TABLE_STYLE = '<w:style w:type="table"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>'
MAIL = b"From: a@example.org\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: %s\n\n%s"
HIDDEN_IN_BASE64 = b"PHAgc3R5bGU9ImRpc3BsYXk6bm9uZSI+VGV4dDwvcD4="  # <p style="display:none">Text</p>


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("docx", word('<w:color w:val="2E74B5"/><w:sz w:val="22"/>')),
        ("docx", word("", TABLE_STYLE)),
        ("pptx", slide(run='<a:solidFill><a:srgbClr val="203040"/></a:solidFill>')),
        ("xlsx", sheet(styles="<font><sz val='11'/><color theme='1'/></font>")),
        ("xlsx", sheet(workbook="<sheet name='a'/><definedName hidden='1'/>")),
        ("html", b"<html><body class=plain><p>Text</p></body></html>"),
        ("markdown", b"# Title\n\nText with <b>one</b> tag"),
        ("mail", MAIL % (b"7bit", b"<p>Text</p>")),
        ("xml", b"<list><item kind='a'>Text</item></list>"),
        ("csv", b"style,hidden\n1,2\n"),
        ("text", b"display:none"),
    ],
)
def test_what_has_no_means_to_hide_is_let_through(kind: str, document: bytes) -> None:
    refuse_what_may_hide(document, kind)


@pytest.mark.parametrize(
    ("kind", "document", "means"),
    [
        ("docx", word("<w:vanish/>"), "vanish"),
        ("docx", word("", '<w:style w:type="character"><w:rPr><w:vanish/></w:rPr></w:style>'), "vanish"),
        ("docx", word('<w:color w:val="FFFFFF"/>'), "pale"),
        ("docx", word('<w:color w:val="&#70;EFEFE"/>'), "pale"),  # FEFEFE, spelt so that no search for it finds it
        ("docx", word('<w:color w:themeColor="background1"/>'), "pale"),
        ("docx", word('<w:sz w:val="2"/>'), "tiny"),
        ("docx", word('<w:sz w:val="small"/>'), "tiny"),
        ("docx", package(word__document=f"<w:r {W}><w:rPr><w:vanish/></w:rPr></w:r>".encode("utf-16")), "vanish"),
        ("pptx", slide(root='show="0"'), "hidden sld"),
        ("pptx", slide(root='hidden="true"'), "hidden sld"),
        ("pptx", slide(run='<a:solidFill><a:schemeClr val="bg1"/></a:solidFill>'), "pale"),
        ("pptx", slide(letters='sz="100"'), "tiny"),
        ("pptx", slide(offset='<a:off x="-5000" y="0"/>'), "off the slide"),
        ("pptx", slide(offset='<a:off x="0" y="99999999"/>'), "off the slide"),
        ("xlsx", sheet(workbook="<sheet name='a' state='veryHidden'/>"), "hidden sheet"),
        ("xlsx", sheet(rows="<row r='1' hidden='1'/>"), "hidden row"),
        ("xlsx", sheet(rows="<cols><col min='1' hidden='true'/></cols>"), "hidden col"),
        ("xlsx", sheet(styles="<numFmts><numFmt formatCode=';;;'/></numFmts>"), "number format"),
        ("xlsx", sheet(styles="<font><color theme='0'/></font>"), "pale"),
        ("xlsx", sheet(styles="<font><color rgb='FFFFFFFF'/></font>"), "pale"),
        ("html", b"<p style='display:none'>Text</p>", "style"),
        ("html", b"<p hidden>Text</p>", "hidden"),
        ("html", b"<style>p { display: none }</style><p>Text</p>", "style"),
        ("html", b"<font color=white>Text</font>", "color"),
        ("markdown", b"Text\n\n<p STYLE='font-size:0'>more</p>\n", "style"),
        ("mail", MAIL % (b"base64", HIDDEN_IN_BASE64), "style"),
        ("xml", b"<drawing><text visibility='hidden'>Text</text></drawing>", "visibility"),
        ("xml", b"<w:r xmlns:w='w'><w:vanish/></w:r>", "vanish"),
    ],
)
def test_what_has_one_is_refused(kind: str, document: bytes, means: str) -> None:
    with pytest.raises(Refused, match=means) as caught:
        refuse_what_may_hide(document, kind)
    assert caught.value.refusal is Refusal.UNSUPPORTED


def test_a_package_that_lies_of_its_directory_is_not_looked_at() -> None:
    with pytest.raises(Refused):
        refuse_what_may_hide(package(word__document="<a/>")[:-30], "docx")


@pytest.mark.parametrize("name", ["word/theme/story.xml", "word/story.dat", "word/story"])
def test_a_part_is_looked_at_whatever_its_name_is(name: str) -> None:
    """The library follows relationships, which may lead to a part of any name."""
    content = io.BytesIO(word(""))
    with zipfile.ZipFile(content, "a") as packed:
        packed.writestr(name, f"<w:document {W}><w:r><w:rPr><w:vanish/></w:rPr></w:r></w:document>")
    with pytest.raises(Refused, match="vanish"):
        refuse_what_may_hide(content.getvalue(), "docx")


@pytest.mark.parametrize(
    "part", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"", b"\x01\0\0\0l\0", bytes(64), b"PK\x03\x04", b"a"], ids=repr
)
def test_parts_that_are_no_xml_and_themes_are_passed_by(part: bytes) -> None:
    content = io.BytesIO(word(""))
    with zipfile.ZipFile(content, "a") as packed:
        packed.writestr("word/media/image1.png", part)
        packed.writestr("word/theme/theme1.xml", f'<a:theme {A}><a:rPr><a:srgbClr val="FFFFFF"/></a:rPr></a:theme>')
    refuse_what_may_hide(content.getvalue(), "docx")


def test_the_colour_of_all_letters_of_a_page_is_a_means() -> None:
    with pytest.raises(Refused, match="attribute text"):
        refuse_what_may_hide(b"<html><body bgcolor=white text=white><p>Text</p></body></html>", "html")
