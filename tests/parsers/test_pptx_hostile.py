"""TEST: text that nobody sees on a slide, what runs and what is fetched are found; bombs and damage stay bounded."""

import pytest

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused
from parsers.office.slides import shapes
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, text_of
from tests.parsers.slide_file import (
    MASTER_STYLES,
    frame,
    paragraph,
    presentation_parts,
    read_parts,
    read_slides,
    run,
    shape,
    slide,
    title,
)

WHITE = ' sz="1800"><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>'
NEARLY_WHITE = "><a:solidFill><a:srgbClr val='FDFDFD'/></a:solidFill>"
BACKGROUND = '><a:solidFill><a:schemeClr val="bg1"/></a:solidFill>'
BLACK_FILL = '<a:solidFill><a:srgbClr val="000000"/></a:solidFill>'
DARK = '<p:bg><p:bgPr><a:solidFill><a:schemeClr val="tx1"/></a:solidFill></p:bgPr></p:bg>'


def coloured(properties: str, **more: str) -> str:
    return shape(f"<a:p>{run(HIDDEN, properties)}</a:p>", frame(0.1, 0.5), **more)


def assert_hidden(document: ParsedDocument) -> None:
    assert VISIBLE in text_of(document)
    assert HIDDEN not in text_of(document)
    (finding,) = document.findings
    assert (finding.kind, finding.severity) == ("hidden_text", "medium")
    assert HIDDEN in finding.evidence


@pytest.mark.parametrize(
    "unseen",
    [
        coloured(WHITE),
        coloured(NEARLY_WHITE),
        coloured(BACKGROUND),
        coloured(' sz="100">'),
        coloured("><a:noFill/>"),
        coloured("><a:ln><a:noFill/></a:ln><a:noFill/>"),
        coloured("><a:solidFill><a:srgbClr val='0000FF'><a:alpha val='0'/></a:srgbClr></a:solidFill>"),
        coloured("><a:solidFill><a:srgbClr val='000000'/></a:solidFill>", fill=BLACK_FILL),
        shape(HIDDEN, frame(1.1, 0.1)),
        shape(HIDDEN, frame(-0.5, 0.1)),
        shape(HIDDEN, frame(0.1, 0.1, 0, 0)),
        shape(HIDDEN, frame(0.1, 0.1), attributes='hidden="1"'),
        f"<p:grpSp><p:nvGrpSpPr><p:cNvPr id='9' name='' hidden='1'/>"
        f"</p:nvGrpSpPr><p:grpSpPr/>{shape(HIDDEN)}</p:grpSp>",
    ],
)
def test_what_a_reader_does_not_see_stays_out_and_is_found(unseen: str) -> None:
    assert_hidden(read_slides(slide(title(VISIBLE), unseen)))


def test_black_letters_on_a_black_slide_are_not_seen() -> None:
    light = ' sz="1800"><a:solidFill><a:schemeClr val="bg1"/></a:solidFill>'
    seen = shape(f"<a:p>{run(VISIBLE, light)}</a:p>")
    assert_hidden(read_slides(slide(seen, shape(HIDDEN, frame(0.1, 0.5)), background=DARK)))


def test_the_background_may_come_from_the_master() -> None:
    master = slide(
        root="sldMaster", background='<p:bg><p:bgRef idx="1001"><a:schemeClr val="accent1"/></p:bgRef></p:bg>'
    )
    master = master.replace("</p:sldMaster>", MASTER_STYLES + "</p:sldMaster>")
    red = coloured("><a:solidFill><a:srgbClr val='FF0000'/></a:solidFill>")
    assert_hidden(read_slides(slide(title(VISIBLE), red), master=master))


def test_a_slide_may_call_the_colours_by_other_names() -> None:
    """The background is the theme's dark colour here, so that white letters are seen and black ones are not."""
    names = (
        '<p:clrMapOvr><a:overrideClrMapping bg1="dk1" tx1="lt1" bg2="dk2" tx2="lt2" accent1="accent1"/></p:clrMapOvr>'
    )
    white = coloured(WHITE).replace(HIDDEN, VISIBLE)
    black = coloured("><a:solidFill><a:srgbClr val='000000'/></a:solidFill>")
    assert_hidden(read_slides(slide(title("T"), white, black).replace("</p:sld>", names + "</p:sld>")))


def test_the_colour_may_come_from_the_layout() -> None:
    white = (
        "<a:lstStyle><a:lvl1pPr><a:defRPr><a:solidFill><a:schemeClr "
        'val="bg1"/></a:solidFill></a:defRPr></a:lvl1pPr></a:lstStyle>'
    )
    holder = shape("", frame(0.1, 0.4), 'type="body" idx="1"').replace("<a:bodyPr/>", "<a:bodyPr/>" + white)
    document = read_slides(
        slide(title(VISIBLE), shape(HIDDEN, holder='type="body" idx="1"')), layout=slide(holder, root="sldLayout")
    )
    assert_hidden(document)


@pytest.mark.parametrize(
    "seen",
    [
        coloured(WHITE, fill=BLACK_FILL),
        coloured('><a:ln><a:solidFill><a:srgbClr val="FF0000"/></a:solidFill></a:ln><a:noFill/>'),
        coloured(WHITE + '<a:hlinkClick r:id="none"/>'),
        coloured(WHITE, fill="<a:gradFill><a:gsLst/></a:gradFill>"),
        shape("", frame(0, 0.4, 1, 0.5), fill=BLACK_FILL) + coloured(WHITE),
        "<p:pic><p:nvPicPr><p:cNvPr id='3' name=''/></p:nvPicPr><p:spPr>"
        + frame(0, 0, 1, 1)
        + "</p:spPr></p:pic>"
        + coloured(WHITE),
        coloured('><a:solidFill><a:srgbClr val="FFFFFF"><a:shade val="50000"/></a:srgbClr></a:solidFill>'),
    ],
)
def test_white_letters_on_something_else_are_seen(seen: str) -> None:
    document = read_slides(slide(title("T"), seen))
    assert HIDDEN in text_of(document)
    assert document.findings == []


def test_hidden_slides_stay_out_and_are_found() -> None:
    document = read_slides(slide(title(VISIBLE)), slide(title(HIDDEN), attributes='show="0"'), slide(title("last")))
    assert [block.page for block in document.blocks] == [1, 3]
    assert_hidden(document)
    assert "slides 2;" in document.findings[0].evidence


def test_actions_that_run_something_are_found() -> None:
    click = '><a:hlinkClick r:id="h" action="ppaction://program"/>'
    parts = presentation_parts(
        [slide(shape(f"<a:p>{run('go', click)}</a:p>"))], linked={1: [("h", "hyperlink", "calc.exe", True)]}
    )
    assert [(each.kind, each.evidence) for each in read_parts(parts).findings] == [
        ("active_content", "ppaction://program calc.exe")
    ]


def test_macros_embedded_files_and_outside_media_are_found() -> None:
    others = {"ppt/vbaProject.bin": b"x", "ppt/embeddings/oleObject1.bin": b"x"}
    linked = {1: [("v", "video", "http://a.example/film.mp4", True)]}
    document = read_parts(presentation_parts([slide(title("T"))], others, linked))
    assert kinds_found(document) == {"active_content", "embedded_file", "external_reference"}


def test_groups_in_groups_without_end_are_read_in_bounded_depth() -> None:
    """Three thousand groups in one another: a reader that calls itself for each dies of it."""
    opening = "<p:grpSp><p:nvGrpSpPr><p:cNvPr id='9' name=''/></p:nvGrpSpPr><p:grpSpPr/>"
    for depth in (200, 3000):
        document = read_slides(slide(title("T"), opening * depth + shape("inside") + "</p:grpSp>" * depth))
        assert document.blocks[0].text == "T"
        assert ("inside" in text_of(document)) == (depth == 200)


def test_more_shapes_than_a_slide_can_have_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SHAPES_MAX", 10)
    document = read_slides(slide(title("T"), *(shape(str(at)) for at in range(50))))
    assert len(document.blocks) == 10
    assert kinds_found(document) == {"truncated"}


def test_a_layout_that_is_its_own_master_ends() -> None:
    parts = presentation_parts([slide(title("T"))])
    rels = parts["ppt/slideLayouts/_rels/slideLayout1.xml.rels"]
    assert isinstance(rels, str)
    parts["ppt/slideLayouts/_rels/slideLayout1.xml.rels"] = rels.replace(
        "../slideMasters/slideMaster1.xml", "../slideLayouts/slideLayout1.xml"
    )
    assert text_of(read_parts(parts)) == "T"


def test_parts_that_are_missing_cost_only_themselves() -> None:
    parts = presentation_parts([slide(title("gone")), slide(shape(paragraph("there")))])
    for name in ("ppt/slides/slide1.xml", "ppt/slideLayouts/slideLayout1.xml", "ppt/theme/theme1.xml"):
        del parts[name]
    assert text_of(read_parts(parts)) == "Slide 1\nthere"


def test_a_damaged_slide_is_read_up_to_its_damage() -> None:
    parts = presentation_parts([slide(title("kept"), shape("lost")).replace("lost", "lost</a:x>")])
    document = read_parts(parts)
    assert "kept" in text_of(document)
    assert kinds_found(document) == {"truncated"}


def test_a_presentation_without_anything_is_corrupt() -> None:
    with pytest.raises(Refused) as refused:
        read_parts({"_rels/.rels": "<Relationships/>"})
    assert refused.value.refusal is Refusal.CORRUPT


def test_entities_are_not_expanded() -> None:
    bomb = "<!DOCTYPE p:sld [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + slide(title("before &a; after"))
    document = read_parts(presentation_parts([bomb]))
    assert "root:" not in text_of(document)
    assert kinds_found(document) == {"external_entity"}
