"""TEST: what slides show: titles, levels, tables, reading order, what they inherit, notes and comments."""

import pytest

from contract.verdicts import ElementType
from parsers.blocks import Comment, ParsedDocument
from tests.parsers.markup_cases import grid, items, of_kind, shown, text_of
from tests.parsers.slide_file import (
    MASTER_STYLES,
    NAMESPACES,
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


def texts(document: ParsedDocument) -> list[str]:
    return [block.text for block in document.blocks]


def test_titles_are_headings_and_bodies_are_lists_with_levels() -> None:
    body = shape(paragraph("one") + paragraph("deeper", 1) + paragraph("two"), holder='type="body" idx="1"')
    document = read_slides(slide(body, title("First")), slide(title("Second")))
    assert texts(document) == ["First", "one", "deeper", "two", "Second"]
    assert items(document) == [(0, "", "one"), (1, "", "deeper"), (0, "", "two")]
    assert [(block.depth, block.page) for block in of_kind(document, ElementType.TITLE)] == [(1, 1), (1, 2)]
    assert document.page_sizes == {1: (960.0, 540.0), 2: (960.0, 540.0)}
    assert document.findings == []


def test_numbers_count_and_start_again() -> None:
    number = '<a:buAutoNum type="arabicPeriod"/>'
    letter = '<a:buAutoNum type="alphaLcParenR" startAt="3"/>'
    body = [paragraph("a", 0, number), paragraph("b", 1, letter), paragraph("c", 1, letter), paragraph("d", 0, number)]
    document = read_slides(slide(shape("".join(body)), shape(paragraph("e", 0, number))))
    assert [item[1] for item in items(document)] == ["1.", "c)", "d)", "2.", "1."]


def test_bullets_may_be_switched_off() -> None:
    body = shape(paragraph("plain", 0, "<a:buNone/>"), holder='type="body" idx="1"')
    assert [block.kind for block in read_slides(slide(title("T"), body)).blocks[1:]] == [ElementType.NARRATIVE_TEXT]


def test_a_slide_without_a_title_is_headed_by_its_number() -> None:
    document = read_slides(slide(title("T")), slide(shape("text")), slide())
    assert texts(document) == ["T", "Slide 2", "text"]


def test_emphasis_links_and_line_breaks() -> None:
    text = "<a:p>" + run("bold", ' b="1">') + "<a:br/>" + run("site", ' i="1"><a:hlinkClick r:id="h"/>') + "</a:p>"
    linked = {1: [("h", "hyperlink", "https://a.example/", True)]}
    parts = presentation_parts([slide(shape(text))], linked=linked)
    assert shown(read_parts(parts))[1] == "**bold**\n[*site*](https://a.example/)"


def test_shapes_are_read_by_where_they_stand() -> None:
    shapes = [
        shape("right", frame(0.6, 0.4)), shape("bottom", frame(0.1, 0.8)), shape("left", frame(0.1, 0.4)),
        shape("top", frame(0.1, 0.2)), title("Title"),
    ]  # fmt: skip
    assert texts(read_slides(slide(*shapes))) == ["Title", "top", "left", "right", "bottom"]


def test_columns_are_read_one_after_the_other() -> None:
    left = [shape(f"left {at}", frame(0.05, 0.2 + 0.11 * at, height=0.1)) for at in range(3)]
    right = [shape(f"right {at}", frame(0.6, 0.25 + 0.11 * at, height=0.1)) for at in range(3)]
    document = read_slides(slide(*right, *left))
    assert texts(document)[1:] == ["left 0", "left 1", "left 2", "right 0", "right 1", "right 2"]


def test_groups_are_read_as_a_whole_where_they_stand() -> None:
    group = (
        "<p:grpSp><p:nvGrpSpPr><p:cNvPr id='9' name=''/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>"
        '<a:off x="0" y="0"/><a:ext cx="1000000" cy="1000000"/>'
        '<a:chOff x="50000" y="0"/><a:chExt cx="10000" cy="10000"/>'
        f"</a:xfrm></p:grpSpPr>{_placed('second', 55000, 0)}{_placed('first', 50000, 0)}</p:grpSp>"
    )
    document = read_slides(slide(shape("below", frame(0, 0.5)), group))
    assert texts(document) == ["Slide 1", "first", "second", "below"]
    first = document.blocks[1].box
    assert first is not None
    assert first[0] == 0.0
    assert first[2] == pytest.approx(300_000 / 12_700)


def _placed(text: str, x: int, y: int) -> str:
    return shape(text, f'<a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="3000" cy="3000"/></a:xfrm>')


def test_placeholders_take_their_place_from_the_layout_and_the_master() -> None:
    layout = slide(shape("Click to edit", frame(0.1, 0.7), 'type="body" idx="1"'), root="sldLayout")
    master = slide(shape("Edit", frame(0.1, 0.1), 'type="title"'), root="sldMaster")
    low = shape("low", holder='type="body" idx="1"')
    document = read_slides(slide(low, shape("high", frame(0.1, 0.3)), title("T")), layout=layout, master=master)
    assert texts(document) == ["T", "high", "low"]
    assert document.blocks[2].box is not None


def test_bullets_come_from_the_nearest_style() -> None:
    layout = slide(
        shape("", holder='type="body" idx="1"').replace(
            "<a:bodyPr/>", "<a:bodyPr/><a:lstStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr></a:lstStyle>"
        ),
        root="sldLayout",
    )
    document = read_slides(slide(shape("plain", holder='type="body" idx="1"')), layout=layout)
    assert document.blocks[1].kind is ElementType.NARRATIVE_TEXT


def test_text_on_the_master_and_footers_stand_once() -> None:
    master = slide(shape("Example Ltd", frame(0.8, 0.9)), shape("Click here", holder='type="title"'), root="sldMaster")
    master = master.replace("</p:sldMaster>", MASTER_STYLES + "</p:sldMaster>")
    footer = shape("Confidential", holder='type="ftr" idx="11"')
    number = shape("7", holder='type="sldNum" idx="12"')
    document = read_slides(slide(title("A"), footer, number), slide(title("B"), footer), master=master)
    assert texts(document) == ["A", "Confidential", "Example Ltd", "B"]
    assert [block.kind for block in document.blocks[1:3]] == [ElementType.FOOTER, ElementType.FOOTER]


def test_tables_with_spans_and_a_header() -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<a:tc {attributes}><a:txBody>{paragraph(text)}</a:txBody><a:tcPr/></a:tc>"

    rows = "<a:tr>" + cell("Both", 'gridSpan="2"') + cell("", 'hMerge="1"') + "</a:tr>"
    rows += "<a:tr>" + cell("down", 'rowSpan="2"') + cell("b") + "</a:tr>"
    rows += "<a:tr>" + cell("", 'vMerge="1"') + cell("c") + "</a:tr>"
    table = (
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name=''/></p:nvGraphicFramePr><a:graphic><a:graphicData>"
        f'<a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>'
    )
    (block,) = of_kind(read_slides(slide(title("T"), table)), ElementType.TABLE)
    assert grid(block) == [["Both"], ["down", "b"], ["c"]]
    assert block.table is not None
    assert block.table.header_rows == 1
    assert (block.table.rows[0][0].colspan, block.table.rows[1][0].rowspan) == (2, 2)


def test_charts_diagrams_and_pictures() -> None:
    def graphic(inside: str) -> str:
        return (
            "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name=''/></p:nvGraphicFramePr>"
            f"<a:graphic><a:graphicData>{inside}</a:graphicData></a:graphic></p:graphicFrame>"
        )

    chart = (
        f"<c:chartSpace {NAMESPACES}><c:pieChart><c:ser><c:tx><c:v>Sold</c:v></c:tx><c:cat><c:pt idx='0'><c:v>May</c:v>"
        "</c:pt></c:cat><c:val><c:numRef><c:numCache><c:formatCode>0%</c:formatCode>"
        "<c:pt idx='0'><c:v>0.07</c:v></c:pt>"
        "</c:numCache></c:numRef></c:val></c:ser></c:pieChart></c:chartSpace>"
    )
    diagram = (
        f"<dgm:dataModel {NAMESPACES}><dgm:pt modelId='1'><dgm:t>{paragraph('node')}</dgm:t></dgm:pt></dgm:dataModel>"
    )
    picture = "<p:pic><p:nvPicPr><p:cNvPr id='5' name='' descr='A glove'/></p:nvPicPr></p:pic>"
    shapes = (
        graphic('<c:chart r:id="c"/>') + graphic('<dgm:relIds r:dm="d"/>') + graphic('<c:chart r:id="c"/>') + picture
    )
    parts = presentation_parts(
        [slide(shapes)],
        {"ppt/charts/chart1.xml": chart, "ppt/diagrams/data1.xml": diagram},
        {1: [("c", "chart", "../charts/chart1.xml", False), ("d", "diagramData", "../diagrams/data1.xml", False)]},
    )
    document = read_parts(parts)
    assert [str(block.kind) for block in document.blocks[1:]] == ["FigureCaption", "Table", "ListItem", "Image"]
    assert grid(document.blocks[2]) == [["", "May"], ["Sold", "7%"]]


def test_notes_stand_below_their_slide_under_a_heading() -> None:
    notes = slide(
        shape("Say hello", holder='type="body" idx="1"'), shape("4", holder='type="sldNum" idx="10"'),
        shape("For trainers", holder='type="hdr" idx="2"'), shape("Confidential", holder='type="ftr" idx="3"'),
        root="notes",
    )  # fmt: skip
    footer = shape("Confidential", holder='type="ftr" idx="11"')
    parts = presentation_parts(
        [slide(title("A") + footer), slide(title("B"))], {"ppt/notesSlides/notesSlide1.xml": notes},
        {1: [("n", "notesSlide", "../notesSlides/notesSlide1.xml", False)]},
    )  # fmt: skip
    document = read_parts(parts)
    assert texts(document) == ["A", "Confidential", "Speaker notes", "Say hello", "For trainers", "B"]
    assert [block.depth for block in of_kind(document, ElementType.TITLE)] == [1, 3, 1]
    assert document.blocks[3].page == 1
    assert document.blocks[4].kind is ElementType.FOOTER


def test_comments_of_both_kinds_go_with_the_title() -> None:
    old = f'<p:cmLst {NAMESPACES}><p:cm authorId="0" dt="2026-06-18T17:35:35.236"><p:text>old</p:text></p:cm></p:cmLst>'
    modern = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"
    new = (
        f'<q:cmLst xmlns:q="{modern}" {NAMESPACES}><q:cm authorId="{{1}}" created="2026-06-18T18:00:00">'
        f'<q:replyLst><q:reply authorId="0">'
        f"<q:txBody>{paragraph('reply')}</q:txBody></q:reply></q:replyLst><q:txBody>{paragraph('new')}</q:txBody></q:cm>"
        "</q:cmLst>"
    )
    authors = (
        f'<p:cmAuthorLst {NAMESPACES}><p:cmAuthor id="0" name="Eva" initials="E"/>'
        f'<p:cmAuthor id="{{1}}" name="Tom"/></p:cmAuthorLst>'
    )
    others = {"ppt/comments/comment1.xml": old, "ppt/comments/modern.xml": new, "ppt/commentAuthors.xml": authors}
    linked = [("c", "comments", "../comments/comment1.xml", False), ("d", "comments", "../comments/modern.xml", False)]
    parts = presentation_parts([slide(title("T"))], others, {1: linked})
    assert isinstance(parts["ppt/_rels/presentation.xml.rels"], str)
    parts["ppt/_rels/presentation.xml.rels"] = parts["ppt/_rels/presentation.xml.rels"].replace(
        "</Relationships>", '<Relationship Id="a" Type="x/commentAuthors" Target="commentAuthors.xml"/></Relationships>'
    )
    assert read_parts(parts).blocks[0].comments == [
        Comment("Eva", "old", "2026-06-18T17:35:35.236", "E"),
        Comment("Tom", "new", "2026-06-18T18:00:00"),
        Comment("Eva", "reply", initials="E"),
    ]


def test_formulas_and_alternatives_are_read_once() -> None:
    formula = "<a14:m><m:oMath><m:r><m:t>E=m</m:t></m:r></m:oMath></a14:m>"
    text = f"<a:p>{run('Look: ')}<mc:AlternateContent><mc:Choice Requires='a14'>{formula}</mc:Choice>"
    text += f"<mc:Fallback>{run('no formula')}</mc:Fallback></mc:AlternateContent></a:p>"
    assert shown(read_slides(slide(shape(text))))[1] == "Look: $E=m$"


def test_a_presentation_that_lost_its_list_is_read_by_names() -> None:
    parts = presentation_parts([slide(title(str(at))) for at in range(1, 12)])
    del parts["ppt/presentation.xml"]
    assert text_of(read_parts(parts)) == "\n".join(map(str, range(1, 12)))


def test_strict_presentations_are_read() -> None:
    parts = presentation_parts([slide(title("strict"))])
    for name, content in parts.items():
        assert isinstance(content, str)
        parts[name] = (
            content.replace("schemas.openxmlformats.org/presentationml/2006/", "purl.oclc.org/ooxml/presentationml/")
            .replace("schemas.openxmlformats.org/drawingml/2006/main", "purl.oclc.org/ooxml/drawingml/main")
            .replace("schemas.openxmlformats.org/officeDocument/2006/", "purl.oclc.org/ooxml/officeDocument/")
        )
    assert texts(read_parts(parts)) == ["strict"]
