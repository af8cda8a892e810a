"""TEST: what stands beside the body of a Word document: headers, notes, comments, boxes, charts."""

import pytest

from contract.verdicts import ElementType
from parsers.blocks import Comment
from tests.parsers.markup_cases import grid, of_kind, shown, text_of
from tests.parsers.word_file import NAMESPACES, paragraph, part, read_body, run

WPS_BOX = "<wps:wsp><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></wps:wsp>"
VML_BOX = "<w:pict><v:shape><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></v:shape></w:pict>"


def section(*references: str, more: str = "") -> str:
    return f"<w:sectPr>{''.join(references)}{more}</w:sectPr>"


def reference(kind: str, which: str, key: str) -> str:
    return f'<w:{kind}Reference w:type="{which}" r:id="{key}"/>'


def test_headers_and_footers_come_once_each() -> None:
    parts = {
        "word/h1.xml": part("hdr", paragraph("Confidential")),
        "word/h2.xml": part("hdr", paragraph("Confidential")),
        "word/f1.xml": part("ftr", paragraph("Acme Corp")),
    }
    first = section(reference("header", "default", "H1"), reference("footer", "default", "F1"))
    document = read_body(
        f"<w:p><w:pPr>{first}</w:pPr></w:p>" + paragraph("body") + section(reference("header", "default", "H2")),
        parts,
        [("H1", "header", "h1.xml", False), ("H2", "header", "h2.xml", False), ("F1", "footer", "f1.xml", False)],
    )
    assert [(block.kind, block.text, block.furniture) for block in document.blocks] == [
        (ElementType.HEADER, "Confidential", False),
        (ElementType.NARRATIVE_TEXT, "body", False),
        (ElementType.FOOTER, "Acme Corp", False),
    ]


@pytest.mark.parametrize(
    ("footer", "furniture"),
    [("Page 3 of 12", True), ("- 7 -", True), ("Seite 1", True), ("Acme, page 3", False), ("3 pages of wisdom", False)],
)
def test_page_numbers_alone_are_furniture(footer: str, furniture: bool) -> None:
    document = read_body(
        paragraph("body") + section(reference("footer", "default", "F")),
        {"word/f.xml": part("ftr", paragraph(footer))},
        [("F", "footer", "f.xml", False)],
    )
    assert [block.furniture for block in of_kind(document, ElementType.FOOTER)] == [furniture]


@pytest.mark.parametrize(
    ("kind", "more", "settings"), [("first", "<w:titlePg/>", ""), ("even", "", "<w:evenAndOddHeaders/>")]
)
def test_headers_that_no_page_shows_are_not_read(kind: str, more: str, settings: str) -> None:
    def texts(more: str, settings: str) -> list[str]:
        document = read_body(
            paragraph("body") + section(reference("header", kind, "H"), more=more),
            {"word/h.xml": part("hdr", paragraph("special")), "word/settings.xml": part("settings", settings)},
            [("H", "header", "h.xml", False)],
        )
        return shown(document)

    assert texts(more, settings) == ["special", "body"]
    assert texts("", "") == ["body"]


def test_footnotes_and_endnotes_in_the_order_of_their_marks() -> None:
    def note(name: str, key: int, text: str, kind: str = "normal") -> str:
        return f'<w:{name} w:id="{key}" w:type="{kind}">{paragraph(text)}</w:{name}>'

    document = read_body(
        '<w:p><w:r><w:t>one</w:t><w:footnoteReference w:id="5"/></w:r><w:r><w:t> two</w:t><w:endnoteReference '
        'w:id="2"/>'
        '<w:footnoteReference w:id="4"/><w:footnoteReference w:id="99"/></w:r></w:p>',
        {
            "word/footnotes.xml": part(
                "footnotes", note("footnote", 0, "---", "separator") + note("footnote", 4, "second")
                + note("footnote", 5, "first") + note("footnote", 6, "unused"),
            ),
            "word/endnotes.xml": part("endnotes", note("endnote", 2, "the end")),
        },
    )  # fmt: skip
    assert (document.blocks[0].text, document.blocks[0].markdown) == ("one[1] two[i][2]", "one[^1] two[^i][^2]")
    notes = of_kind(document, ElementType.FOOTNOTE)
    assert [(block.marker, block.text) for block in notes] == [("1", "first"), ("2", "second"), ("i", "the end")]


def test_comments_hang_on_the_paragraph_they_are_about() -> None:
    said = f"{paragraph('Why?')}{paragraph('Really?')}"
    who = 'w:author="Ada" w:initials="AL" w:date="2026-06-18T17:15:52Z"'
    document = read_body(
        paragraph("a")
        + f'<w:p><w:commentRangeStart w:id="3"/>{run("b")}<w:r><w:commentReference w:id="3"/></w:r></w:p>',
        {"word/comments.xml": part("comments", f'<w:comment w:id="3" {who}>{said}</w:comment>')},
    )
    comment = Comment("Ada", "Why?\nReally?", "2026-06-18T17:15:52Z", "AL")
    assert [block.comments for block in document.blocks] == [[], [comment]]


def test_comments_on_a_paragraph_without_text_go_with_the_one_before() -> None:
    mark = '<w:p><w:r><w:commentReference w:id="1"/></w:r></w:p>'
    comments = {"word/comments.xml": part("comments", f'<w:comment w:id="1" w:author="B">{paragraph("c")}</w:comment>')}
    assert [block.comments for block in read_body(paragraph("a") + mark, comments).blocks] == [[Comment("B", "c")]]
    assert [block.comments for block in read_body(mark + paragraph("a"), comments).blocks] == [[Comment("B", "c")], []]


def test_comments_in_a_table_hang_on_the_table() -> None:
    cell = f'<w:tc><w:p>{run("x")}<w:r><w:commentReference w:id="1"/></w:r></w:p></w:tc>'
    document = read_body(
        f"<w:tbl><w:tr>{cell}{cell}</w:tr></w:tbl>",
        {"word/comments.xml": part("comments", f'<w:comment w:id="1" w:author="B">{paragraph("c")}</w:comment>')},
    )
    assert Comment("B", "c") in of_kind(document, ElementType.TABLE)[0].comments


def test_text_boxes_are_read_once_whatever_alternatives_there_are() -> None:
    both = (
        f'<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{WPS_BOX.format(paragraph("in the box"))}'
        "</w:drawing></mc:Choice>"
        f"<mc:Fallback>{VML_BOX.format(paragraph('in the box'))}</mc:Fallback></mc:AlternateContent>"
    )
    document = read_body(f"<w:p>{run('before')}<w:r>{both}</w:r>{run(' after')}</w:p>" + paragraph("next"))
    assert shown(document) == ["before after", "in the box", "next"]


def test_an_empty_choice_falls_back() -> None:
    body = (
        f"<w:p><w:r><mc:AlternateContent><mc:Choice/><mc:Fallback>{VML_BOX.format(paragraph('old'))}"
        "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert shown(read_body(body)) == ["old"]


def test_boxes_in_boxes() -> None:
    inner = paragraph("core")
    for _ in range(40):
        inner = f"<w:p><w:r><w:pict>{WPS_BOX.format(inner)}</w:pict></w:r></w:p>"
    assert text_of(read_body(inner)) == "core"


def test_pictures_show_their_description_and_word_art_its_text() -> None:
    document = read_body(
        '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="A duck"/></wp:inline></w:drawing></w:r></w:p>'
        '<w:p><w:r><w:pict><v:shape alt="A goose"><v:textpath string="Sale!"/></v:shape></w:pict></w:r></w:p>'
    )
    assert [(block.kind, block.text) for block in document.blocks] == [
        (ElementType.IMAGE, "A duck"),
        (ElementType.IMAGE, "A goose"),
        (ElementType.NARRATIVE_TEXT, "Sale!"),
    ]


def cache(name: str, values: list[str]) -> str:
    points = "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))
    return f"<c:{name}><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:{name}>"


def chart_part(categories: list[str], title: str = "") -> str:
    heading = (
        f"<c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx></c:title>"
        if title
        else "<c:title/>"
    )
    series = "".join(
        f"<c:ser>{cache('tx', [name])}{cache('cat', categories)}"
        f"{cache('val', [str(factor * at) for at in range(len(categories))])}</c:ser>"
        for name, factor in (("North", 1), ("South", 10))
    )
    return (
        f"<c:chartSpace {NAMESPACES}><c:chart>{heading}<c:plotArea><c:lineChart>{series}</c:lineChart>"
        "</c:plotArea></c:chart></c:chartSpace>"
    )


CHART = '<w:p><w:r><w:drawing><a:graphic><c:chart r:id="C"/></a:graphic></w:drawing></w:r></w:p>'


def test_charts_are_tables_of_their_data() -> None:
    document = read_body(
        CHART, {"word/chart.xml": chart_part(["March", "April"], "Rainfall")}, [("C", "chart", "chart.xml", False)]
    )
    assert document.blocks[0].text == "Line chart: Rainfall"
    assert grid(document.blocks[1]) == [["", "March", "April"], ["North", "0", "1"], ["South", "0", "10"]]


def test_charts_of_many_categories_run_down_the_page() -> None:
    parts = {"word/chart.xml": chart_part([f"day {day}" for day in range(30)])}
    document = read_body(CHART, parts, [("C", "chart", "chart.xml", False)])
    assert document.blocks[0].text == "Line chart"
    assert grid(document.blocks[1])[:2] == [["", "North", "South"], ["day 0", "0", "0"]]


def test_new_kinds_of_chart() -> None:
    cx = "http://schemas.microsoft.com/office/drawing/2014/chartex"
    chart = (
        f'<cx:chartSpace xmlns:cx="{cx}" {NAMESPACES}><cx:chartData><cx:data><cx:strDim><cx:lvl><cx:pt '
        'idx="0">Start</cx:pt>'
        '<cx:pt idx="1">End</cx:pt></cx:lvl></cx:strDim><cx:numDim><cx:lvl><cx:pt idx="0">1</cx:pt></cx:lvl>'
        "</cx:numDim></cx:data>"
        "</cx:chartData><cx:chart><cx:title><cx:tx><cx:rich><a:p><a:r><a:t>Bridge</a:t></a:r></a:p></cx:rich>"
        "</cx:tx></cx:title>"
        "</cx:chart></cx:chartSpace>"
    )
    body = f'<w:p><w:r><w:drawing><cx:chart xmlns:cx="{cx}" r:id="C"/></w:drawing></w:r></w:p>'
    document = read_body(body, {"word/chartEx1.xml": chart}, [("C", "chartEx", "chartEx1.xml", False)])
    assert document.blocks[0].text == "Bridge"
    assert grid(document.blocks[1]) == [["Start", "End"], ["1", ""]]


def test_smart_art_is_a_list() -> None:
    def point(key: str, text: str, kind: str = "node") -> str:
        return f'<dgm:pt modelId="{key}" type="{kind}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'

    def link(above: str, below: str, order: int) -> str:
        return f'<dgm:cxn srcId="{above}" destId="{below}" srcOrd="{order}"/>'

    data = (
        f"<dgm:dataModel {NAMESPACES}><dgm:ptLst>{point('0', '', 'doc')}{point('2', 'Second')}"
        f"{point('1', 'First')}{point('3', 'Under first')}"
        f"{point('9', 'arrow', 'parTrans')}</dgm:ptLst><dgm:cxnLst>{link('0', '2', 1)}{link('0', '1', 0)}"
        f"{link('1', '3', 0)}"
        f"{link('3', '1', 0)}</dgm:cxnLst></dgm:dataModel>"
    )
    body = '<w:p><w:r><w:drawing><dgm:relIds r:dm="D"/></w:drawing></w:r></w:p>'
    document = read_body(body, {"word/diagrams/data1.xml": data}, [("D", "diagramData", "diagrams/data1.xml", False)])
    assert [(block.depth, block.text) for block in document.blocks] == [(0, "First"), (1, "Under first"), (0, "Second")]


def test_html_and_text_chunks_are_merged_in_and_others_only_reported() -> None:
    document = read_body(
        paragraph("before") + '<w:altChunk r:id="A"/><w:altChunk r:id="B"/>' + paragraph("after"),
        {"word/chunk.html": "<p>from <b>html</b></p><p hidden>secret</p>", "word/chunk.rtf": "{\\rtf1 x}"},
        [("A", "aFChunk", "chunk.html", False), ("B", "aFChunk", "chunk.rtf", False)],
    )
    assert shown(document) == ["before", "from **html**", "after"]
    assert {finding.place for finding in document.findings if finding.kind == "embedded_file"} == {
        "word/chunk.html",
        "word/chunk.rtf",
    }
    assert "hidden_text" in {str(finding.kind) for finding in document.findings}


def test_sub_documents_show_as_links() -> None:
    document = read_body('<w:subDoc r:id="S"/>', linked=[("S", "subDocument", "http://a.example/chapter1.docx", True)])
    assert [link.url for link in document.blocks[0].links] == ["http://a.example/chapter1.docx"]
    assert {str(finding.kind) for finding in document.findings} == {"external_reference"}


CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>Plan</dc:title>'
    "<dc:creator>Ada</dc:creator><dcterms:created>{}</dcterms:created><dcterms:modified>2024-05-06T07:08:09Z"
    "</dcterms:modified>"
    "</cp:coreProperties>"
)


@pytest.mark.parametrize(
    ("written", "created"),
    [("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"), ("2024-13-45T99:00:00Z", ""), ("long ago", ""), ("", "")],
)
def test_metadata_survives_impossible_dates(written: str, created: str) -> None:
    document = read_body(paragraph("x"), {"docProps/core.xml": CORE.format(written)})
    assert (document.title, document.author, document.created, document.modified) == (
        "Plan",
        "Ada",
        created,
        "2024-05-06T07:08:09Z",
    )
