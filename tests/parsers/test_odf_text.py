"""TEST: what OpenDocument texts show: headings, lists, tables, notes, frames, and what stays out of the text."""

from contract.verdicts import ElementType
from parsers.blocks import Comment
from tests.parsers.markup_cases import grid, items, kinds_found, of_kind, shown, text_of
from tests.parsers.open_document import cell, content, pack, read, read_body, read_flat, row, style, table

NUMBERED = (
    '<text:list-style style:name="N"><text:list-level-style-number '
    'text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>'
    '<text:list-level-style-number text:level="3" style:num-format="1" text:display-levels="3"/></text:list-style>'
)
OFF = (
    '<text:list-style style:name="O"><text:list-level-style-number '
    'text:level="1" style:num-format=""/></text:list-style>'
)


def paragraph(text: str, name: str = "") -> str:
    return f'<text:p text:style-name="{name}">{text}</text:p>'


def list_of(*contents: str, attributes: str = "") -> str:
    inside = "".join(f"<text:list-item>{each}</text:list-item>" for each in contents)
    return f"<text:list {attributes}>{inside}</text:list>"


def test_headings_paragraphs_and_titles() -> None:
    styles = style("P1", "paragraph", attributes='style:parent-style-name="Title"') + style("Title", "paragraph")
    document = read_body(
        paragraph("Name", "P1") + '<text:h text:outline-level="2">Part</text:h><text:p>Text</text:p><text:p/>',
        styles=styles,
    )
    assert [(str(block.kind), block.depth, block.text) for block in document.blocks] == [
        ("Title", 1, "Name"), ("Title", 2, "Part"), ("NarrativeText", None, "Text"),
    ]  # fmt: skip
    assert document.findings == []


def test_white_space_is_one_space_unless_it_is_an_element() -> None:
    text = "<text:p>  a\n b <text:s text:c='3'/><text:span> c</text:span><text:tab/>d<text:line-break/>e</text:p>"
    assert text_of(read_body(text)) == "a b c d\ne"


def test_emphasis_and_links() -> None:
    styles = (
        style("B", "text", '<style:text-properties fo:font-weight="bold"/>')
        + style("I", "text", '<style:text-properties fo:font-style="italic"/>')
        + style("S", "text", '<style:text-properties style:text-line-through-style="solid"/>')
        + style("U", "text", '<style:text-properties style:text-position="super 58%"/>')
    )
    text = (
        '<text:p>10<text:span text:style-name="U">6</text:span> <text:span text:style-name="B">bold <text:span '
        'text:style-name="I">both</text:span></text:span> <text:a xlink:href="https://a.example/">site</text:a> '
        '<text:span text:style-name="S">gone</text:span></text:p>'
    )
    assert shown(read_body(text, styles=styles)) == ["10^6 **bold *both*** [site](https://a.example/) ~~gone~~"]


def test_lists_count_through_their_levels() -> None:
    inner = list_of(paragraph("a") + list_of(paragraph("deep")), paragraph("b"))
    document = read_body(
        list_of(paragraph("one") + inner, paragraph("two") + paragraph("more of two"), attributes='text:style-name="N"')
        + list_of(paragraph("sign")),
        styles=NUMBERED,
    )
    assert items(document) == [
        (0, "1.", "one"), (1, "(a)", "a"), (2, "1.a.1", "deep"), (1, "(b)", "b"), (0, "2.", "two"), (0, "", "sign"),
    ]  # fmt: skip
    assert "more of two" in text_of(document)


def test_lists_may_go_on_or_start_anywhere() -> None:
    first = list_of(paragraph("one"), attributes='text:style-name="N" xml:id="L"')
    goes_on = list_of(paragraph("two"), attributes='text:style-name="N" text:continue-numbering="true"')
    named = list_of(paragraph("three"), attributes='text:style-name="N" text:continue-list="L"')
    jumps = (
        '<text:list text:style-name="N"><text:list-item '
        'text:start-value="7"><text:p>x</text:p></text:list-item></text:list>'
    )
    document = read_body(first + goes_on + named + jumps, styles=NUMBERED)
    assert [marker for _, marker, _ in items(document)] == ["1.", "2.", "3.", "7."]


def test_a_list_without_marks_is_text() -> None:
    document = read_body(list_of(paragraph("plain"), attributes='text:style-name="O"'), styles=OFF)
    assert [block.kind for block in document.blocks] == [ElementType.NARRATIVE_TEXT]


def test_tables_with_spans_and_headers() -> None:
    head = "<table:table-header-rows>" + row(cell("A"), cell("B")) + "</table:table-header-rows>"
    body = row(cell("x", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>")
    body += row(cell("y", 'table:number-columns-repeated="2"'))
    (block,) = of_kind(read_body(table(head, body)), ElementType.TABLE)
    assert block.table is not None
    assert grid(block) == [["A", "B"], ["x"], ["y", "y"]]
    assert block.table.header_rows == 1
    assert block.table.rows[1][0].colspan == 2


def test_a_table_of_one_cell_is_a_frame() -> None:
    document = read_body(table(row(cell(inside='<text:h text:outline-level="1">In</text:h><text:p>box</text:p>'))))
    assert [str(block.kind) for block in document.blocks] == ["Title", "NarrativeText"]


def test_a_comment_on_an_empty_paragraph_goes_with_the_one_before() -> None:
    comment = "<office:annotation><dc:creator>Eva</dc:creator><text:p>why?</text:p></office:annotation>"
    document = read_body(f"<text:p>Text</text:p><text:p>{comment}</text:p>")
    assert [(block.text, block.comments) for block in document.blocks] == [("Text", [Comment("Eva", "why?")])]


def test_notes_stand_at_the_end_and_comments_go_with_their_paragraph() -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>small print</text:p></text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Eva</dc:creator><dc:date>2024"
        "</dc:date><text:p>why?</text:p></office:annotation>"
    )
    document = read_body(f"<text:p>Text{note}{comment} goes on</text:p><text:p>end</text:p>")
    assert text_of(document) == "Text[1] goes on\nend\nsmall print"
    assert shown(document)[0] == "Text[^1] goes on"
    assert document.blocks[0].comments == [Comment("Eva", "why?", "2024")]
    assert (document.blocks[2].kind, document.blocks[2].marker) == (ElementType.FOOTNOTE, "1")


def test_deleted_text_is_not_shown() -> None:
    deleted = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
    )
    document = read_body(f'{deleted}<text:p>kept<text:change text:change-id="c"/></text:p>')
    assert text_of(document) == "kept"
    assert document.findings == []


def test_frames_pictures_charts_and_formulas() -> None:
    chart = (
        "<chart:chart><chart:title><text:p>Sales</text:p></chart:title><table:table>"
        + row(cell(), cell("May"))
        + row(cell("Pens"), cell("7"))
        + "</table:table></chart:chart>"
    )
    others = {"Object 1/content.xml": content(chart, "chart")}
    text = (
        "<text:p>See<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame>"
        "<draw:frame><draw:object xlink:href='./Object 1'/><draw:image xlink:href='x'/></draw:frame>"
        "<draw:frame><draw:image xlink:href='Pictures/1.png'/><svg:desc>A glove</svg:desc></draw:frame> here</text:p>"
    )
    document = read_body(text, others=others)
    assert [(str(block.kind), block.text) for block in document.blocks[:3]] == [
        ("NarrativeText", "See here"), ("NarrativeText", "In a box"), ("FigureCaption", "Chart: Sales"),
    ]  # fmt: skip
    assert grid(document.blocks[3]) == [["", "May"], ["Pens", "7"]]
    assert (str(document.blocks[4].kind), document.blocks[4].text) == ("Image", "A glove")
    assert document.findings == []


def test_lines_of_code_are_one_snippet() -> None:
    styles = style("P1", "paragraph", attributes='style:parent-style-name="Preformatted_20_Text"')
    styles += style("Preformatted_20_Text", "paragraph", attributes='style:display-name="Preformatted Text"')
    text = paragraph("if x:", "P1") + paragraph("<text:s text:c='4'/>y()", "P1")
    (block,) = read_body(text, styles=styles).blocks
    assert (block.kind, block.text) == (ElementType.CODE_SNIPPET, "if x:\n    y()")


def test_headers_and_footers_stand_around_the_text() -> None:
    master = (
        '<office:master-styles><style:master-page style:name="M">'
        "<style:header><text:p>Example Ltd</text:p></style:header>"
        "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer>"
        '<style:header-left style:display="false"><text:p>unused</text:p></style:header-left></style:master-page>'
        "</office:master-styles>"
    )
    document = read_flat("<text:p>Body</text:p>", before=master)
    assert [(str(block.kind), block.text, block.furniture) for block in document.blocks] == [
        ("Header", "Example Ltd", False), ("NarrativeText", "Body", False), ("Footer", "Page 1", True),
    ]  # fmt: skip


def test_a_header_may_be_a_table() -> None:
    letterhead = table(row(cell("Example Ltd"), cell("Main Street 1")), row(cell("Founded"), cell("1921")))
    master = (
        f'<office:master-styles><style:master-page style:name="M"><style:header>{letterhead}</style:header>'
        "</style:master-page></office:master-styles>"
    )
    (header,) = read_flat("<text:p/>", before=master).blocks
    assert (str(header.kind), header.text) == ("Header", "Example Ltd | Main Street 1\nFounded | 1921")


def test_a_table_in_a_shape_has_names_of_libreoffice() -> None:
    inside = table(row(cell("a"), cell("b")), row(cell("c"), cell("d"))).replace("table:table", "loext:table")
    shape = f"<text:p><draw:custom-shape><text:p>Before</text:p>{inside}</draw:custom-shape></text:p>"
    before, block = read_body(shape).blocks
    assert before.text == "Before"
    assert grid(block) == [["a", "b"], ["c", "d"]]


def test_shapes_on_a_chart_are_read() -> None:
    chart = (
        "<chart:chart><chart:title><text:p>Sales</text:p></chart:title><table:shapes>"
        "<draw:custom-shape><text:p>Record year</text:p></draw:custom-shape></table:shapes></chart:chart>"
    )
    text = "<text:p><draw:frame><draw:object xlink:href='./Object 1'/></draw:frame></text:p>"
    document = read_body(text, others={"Object 1/content.xml": content(chart, "chart")})
    assert [block.text for block in document.blocks] == ["Chart: Sales", "Record year"]


def test_what_the_document_says_of_itself() -> None:
    meta = (
        "<office:document-meta {0}><office:meta><dc:title>Stock"
        "</dc:title><meta:initial-creator>Anna</meta:initial-creator>"
        "<meta:creation-date>2024-01-02T03:04:05.123456789</meta:creation-date><dc:language>de-DE</dc:language>"
        "</office:meta></office:document-meta>"
    )
    from tests.parsers.open_document import NAMESPACES

    document = read_body("<text:p>x</text:p>", others={"meta.xml": meta.format(NAMESPACES)})
    assert (document.title, document.author, document.created) == ("Stock", "Anna", "2024-01-02T03:04:05")
    assert document.languages == ["de-DE"]
    assert document.media_type == "application/vnd.oasis.opendocument.text"


def test_flat_documents_are_read_like_packed_ones() -> None:
    body = '<text:h text:outline-level="1">T</text:h><text:p>x</text:p>'
    assert text_of(read_flat(body)) == text_of(read_body(body)) == "T\nx"
    assert read_flat(body).media_type.endswith("text-flat-xml")


def test_objects_that_are_documents_are_told_of() -> None:
    others = {"Object 1/content.xml": content("<text:p>inner</text:p>")}
    document = read(
        pack(
            {
                "content.xml": content(
                    '<text:p>x<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
                ),
                **others,
            }
        )
    )
    assert text_of(document) == "x"
    assert kinds_found(document) == {"embedded_file"}
