"""TEST: what the cells of a workbook show, and how they become tables and paragraphs."""

from contract.verdicts import ElementType
from parsers.blocks import Comment, ParsedDocument
from parsers.tables import header_and_body
from tests.parsers.markup_cases import grid, of_kind, text_of
from tests.parsers.sheet_file import read_parts, read_sheet, rows_of, sst, styles, workbook_parts, worksheet
from tests.parsers.word_file import relationships


def tables(document: ParsedDocument) -> list[list[str]]:
    """Each table's Markdown lines, the header's delimiter left out."""
    found = []
    for block in of_kind(document, ElementType.TABLE):
        assert block.table is not None
        header, body = header_and_body(block.table)
        assert header is not None
        found.append([header.markdown.split("\n")[0], *(line.markdown for line in body)])
    return found


def outline(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(str(block.kind), block.text) for block in document.blocks if block.table is None]


def test_a_sheet_is_a_heading_and_a_table_under_its_names() -> None:
    document = read_sheet(worksheet(rows_of(["Name", "Amount"], ["Anna", 2], ["Ben", 3.5])))
    assert outline(document) == [("Title", "Sheet1")]
    assert tables(document) == [["| Name | Amount |", "| Anna | 2 |", "| Ben | 3.5 |"]]
    (table,) = of_kind(document, ElementType.TABLE)
    assert table.page == 1
    assert document.findings == []


def test_strings_are_shared_and_rich_without_their_phonetic_guides() -> None:
    strings = sst(
        "<t>plain</t>",
        "<r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r>",
        '<t>豊田</t><rPh sb="0" eb="1"><t>トヨ</t></rPh>',
        "<t>a_x000D_b</t>",
    )
    cells = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCD"))
    document = read_sheet(worksheet(f'<row r="1">{cells}</row>'), {"xl/sharedStrings.xml": strings})
    assert tables(document) == [["|  |  |  |  |", "| plain | rich | 豊田 | a<br>b |"]]


def test_values_are_shown_by_their_formats() -> None:
    look = styles({164: "yyyy\\-mm\\-dd", 165: "0.0%", 166: "#,##0"})
    row = (
        '<row r="1"><c r="A1" s="1"><v>45292</v></c><c r="B1" s="2"><v>0.125</v></c><c r="C1" s="3"><v>1234567</v></c>'
        '<c r="D1" t="b"><v>1</v></c><c r="E1" t="e"><v>#DIV/0!</v></c><c r="F1" t="str"><f>A1</f><v>text</v></c>'
        '<c r="G1" t="d"><v>2024-02-01T00:00:00Z</v></c><c r="H1"><f>1+1</f></c></row>'
    )
    document = read_sheet(worksheet(row), {"xl/styles.xml": look})
    assert tables(document)[0][1] == "| 2024-01-01 | 12.5% | 1,234,567 | TRUE | #DIV/0! | text | 2024-02-01 |"


def test_days_may_be_counted_from_1904() -> None:
    look = styles({164: "yyyy-mm-dd"})
    sheet = worksheet('<row r="1"><c r="A1" s="1"><v>0</v></c></row>')
    parts = workbook_parts({"S": sheet}, {"xl/styles.xml": look}, properties='<workbookPr date1904="1"/>')
    assert text_of(read_parts(parts)) == "S\n1904-01-01"


def test_cells_without_addresses_follow_each_other() -> None:
    row = "<row><c><v>1</v></c><c><v>2</v></c></row>"
    assert tables(read_sheet(worksheet(row + row))) == [["|  |  |", "| 1 | 2 |", "| 1 | 2 |"]]


def test_merged_cells_span_rows_and_columns() -> None:
    sheet = worksheet(
        rows_of(["", "2024", None], ["Region", "Plan", "Real"], ["North", 1, 2], [None, 3, 4]),
        after='<mergeCells><mergeCell ref="B1:C1"/><mergeCell ref="A3:A4"/></mergeCells>',
    )
    (block,) = of_kind(read_sheet(sheet), ElementType.TABLE)
    assert block.table is not None
    assert grid(block) == [["", "2024"], ["Region", "Plan", "Real"], ["North", "1", "2"], ["3", "4"]]
    assert [(cell.colspan, cell.rowspan) for cell in block.table.rows[0]] == [(1, 1), (2, 1)]
    assert block.table.rows[2][0].rowspan == 2
    assert block.table.header_rows == 2


def test_a_table_is_cut_at_empty_rows_and_its_name_stands_above_it() -> None:
    rows = rows_of(["Prices"], ["Item", "Price"], ["Pen", 1]) + rows_of(
        ["Stock"], ["Item", "Count"], ["Pen", 9], start=6
    )
    document = read_sheet(worksheet(rows))
    assert [text for _, text in outline(document)] == ["Sheet1", "Prices", "Stock"]
    assert tables(document) == [["| Item | Price |", "| Pen | 1 |"], ["| Item | Count |", "| Pen | 9 |"]]


def test_one_empty_row_does_not_cut_what_goes_on() -> None:
    rows = rows_of(["Item", "Price"], ["Pen", 1]) + rows_of(["Ink", 2], start=4)
    assert tables(read_sheet(worksheet(rows))) == [["| Item | Price |", "| Pen | 1 |", "| Ink | 2 |"]]


def test_tables_side_by_side_are_two() -> None:
    rows = rows_of(["A", "B", None, "C", "D"], [1, 2, None, 3, 4])
    assert tables(read_sheet(worksheet(rows))) == [["| A | B |", "| 1 | 2 |"], ["| C | D |", "| 3 | 4 |"]]


def test_an_empty_column_inside_a_form_does_not_cut_it() -> None:
    rows = rows_of(["Name", None, "Anna"], ["Age", None, "30"], ["City", None, "Bern"])
    (table,) = tables(read_sheet(worksheet(rows)))
    assert table[0] == "| Name | Anna |"


def test_a_first_row_with_numbers_is_no_header() -> None:
    assert tables(read_sheet(worksheet(rows_of(["x", 1], ["y", 2])))) == [["|  |  |", "| x | 1 |", "| y | 2 |"]]


def test_the_file_may_say_which_row_is_the_header() -> None:
    part = '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ref="A1:B3"/>'
    others = {
        "xl/tables/table1.xml": part,
        "xl/worksheets/_rels/sheet1.xml.rels": relationships([("t", "table", "../tables/table1.xml", False)]),
    }
    assert tables(read_sheet(worksheet(rows_of(["2023", 2024], [1, 2], [3, 4])), others))[0][0] == "| 2023 | 2024 |"


def test_links_and_comments_go_with_their_cells() -> None:
    comments = (
        '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>Eva</author></authors>'
        '<commentList><comment ref="A2" authorId="0"><text><r><t>why </t></r><r><t>so?</t></r></text></comment>'
        '<comment ref="Z9" authorId="7"><text><t>on nothing</t></text></comment></commentList></comments>'
    )
    linked = relationships(
        [("c", "comments", "../comments1.xml", False), ("h", "hyperlink", "https://a.example/", True)]
    )
    sheet = worksheet(
        rows_of(["Name", "Site"], ["Anna", "home"]), after='<hyperlinks><hyperlink ref="B2" r:id="h"/></hyperlinks>'
    )
    document = read_sheet(sheet, {"xl/comments1.xml": comments, "xl/worksheets/_rels/sheet1.xml.rels": linked})
    (table,) = of_kind(document, ElementType.TABLE)
    assert [(link.text, link.url) for link in table.links] == [("home", "https://a.example/")]
    assert table.comments == [Comment("Eva", "why so?")]
    assert document.blocks[0].comments == [Comment("", "on nothing")]


def test_links_may_be_formulas() -> None:
    row = (
        '<row r="3"><c r="A3" t="str"><f>HYPERLINK("https://a.example/","home")</f><v>home</v></c></row>'
        '<row r="5"><c r="A5" t="str"><f>HYPERLINK("javascript:x","no")</f><v>no place</v></c></row>'
    )
    document = read_sheet(worksheet(row))
    assert [block.markdown for block in document.blocks] == [None, "[home](https://a.example/)", None]


def test_threaded_comments_replace_their_old_copy() -> None:
    spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    old = (
        f'<comments xmlns="{spreadsheet}"><authors><author>tc={{1}}</author></authors><commentList>'
        '<comment ref="A1" authorId="0"><text><t>[Threaded comment] Your version of Excel …</t></text></comment>'
        "</commentList></comments>"
    )
    namespace = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    new = (
        f'<ThreadedComments xmlns="{namespace}"><threadedComment ref="A1" personId="p"'
        ' dT="2026-06-18T17:15:52.31"><text>Really?</text>'
        "</threadedComment></ThreadedComments>"
    )
    others = {
        "xl/comments1.xml": old, "xl/threadedComments/threadedComment1.xml": new,
        "xl/persons/person.xml": f'<personList xmlns="{namespace}"><person displayName="Eva" id="p"/></personList>',
        "xl/worksheets/_rels/sheet1.xml.rels": relationships([
            ("c", "comments", "../comments1.xml", False),
            ("t", "threadedComment", "../threadedComments/threadedComment1.xml", False),
        ]),
    }  # fmt: skip
    document = read_sheet(worksheet(rows_of(["alone"])), others)
    assert document.blocks[1].comments == [Comment("Eva", "Really?", "2026-06-18T17:15:52.31")]


def test_headers_and_footers_are_shown_without_their_codes() -> None:
    around = (
        '<headerFooter><oddHeader>&amp;LLeft &amp;&amp; so&amp;C&amp;"Arial,Bold"&amp;12Report of &amp;A</oddHeader>'
        "<oddFooter>&amp;CPage &amp;P of &amp;N</oddFooter><evenHeader>never shown</evenHeader></headerFooter>"
    )
    document = read_sheet(worksheet(rows_of(["x"]), after=around))
    shown = [(str(block.kind), block.text, block.furniture) for block in document.blocks]
    assert shown == [
        ("Title", "Sheet1", False), ("Header", "Left & so\nReport of Sheet1", False),
        ("NarrativeText", "x", False), ("Footer", "Page of", True),
    ]  # fmt: skip


def test_text_boxes_pictures_and_charts_stand_below_the_cells() -> None:
    chart = (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:barChart><c:ser><c:tx><c:v>'
        'Sold</c:v></c:tx><c:cat><c:pt idx="0"><c:v>May</c:v></c:pt></c:cat><c:val><c:pt idx="0"><c:v>7</c:v></c:pt>'
        "</c:val></c:ser></c:barChart></c:chartSpace>"
    )
    drawing = (
        '<d:wsDr xmlns:d="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        "<d:twoCellAnchor><d:from><d:col>0</d:col><d:row>9</d:row></d:from><d:graphicFrame><a:graphic><a:graphicData>"
        '<c:chart r:id="c"/></a:graphicData></a:graphic></d:graphicFrame></d:twoCellAnchor>'
        "<d:twoCellAnchor><d:from><d:col>0</d:col><d:row>1</d:row></d:from><d:sp><d:nvSpPr><d:cNvPr id='2'/></d:nvSpPr>"
        "<d:txBody><a:p><a:r><a:t>In a box</a:t></a:r></a:p></d:txBody></d:sp></d:twoCellAnchor>"
        "<d:oneCellAnchor><d:from><d:col>0</d:col><d:row>5</d:row></d:from><d:pic><d:nvPicPr>"
        "<d:cNvPr id='3' descr='A logo'/></d:nvPicPr></d:pic></d:oneCellAnchor></d:wsDr>"
    )
    others = {
        "xl/drawings/drawing1.xml": drawing, "xl/charts/chart1.xml": chart,
        "xl/drawings/_rels/drawing1.xml.rels": relationships([("c", "chart", "../charts/chart1.xml", False)]),
        "xl/worksheets/_rels/sheet1.xml.rels": relationships([("d", "drawing", "../drawings/drawing1.xml", False)]),
    }  # fmt: skip
    document = read_sheet(worksheet(rows_of(["x"]), after='<drawing r:id="d"/>'), others)
    shown = [(str(block.kind), block.text) for block in document.blocks[1:5]]
    assert shown == [
        ("NarrativeText", "x"), ("NarrativeText", "In a box"), ("Image", "A logo"), ("FigureCaption", "Bar chart"),
    ]  # fmt: skip
    assert grid(document.blocks[5]) == [["", "May"], ["Sold", "7"]]


def test_sheets_that_show_nothing_leave_no_trace() -> None:
    document = read_parts(workbook_parts({"Full": worksheet(rows_of(["x"])), "Empty": worksheet("")}))
    assert text_of(document) == "Full\nx"


def test_strict_workbooks_are_read() -> None:
    parts = workbook_parts({"S": worksheet(rows_of(["strict"]))})
    for name, content in parts.items():
        assert isinstance(content, str)
        parts[name] = content.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        ).replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
    assert text_of(read_parts(parts)) == "S\nstrict"


def test_what_the_workbook_says_of_itself() -> None:
    core = (
        '<c:coreProperties xmlns:c="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="http://purl.org/dc/terms/"><dc:title>Stock</dc:title>'
        "<dc:creator>Anna</dc:creator><t:created>2024-01-02T03:04:05Z</t:created></c:coreProperties>"
    )
    document = read_sheet(worksheet(rows_of(["x"])), {"docProps/core.xml": core})
    assert (document.title, document.author, document.created) == ("Stock", "Anna", "2024-01-02T03:04:05Z")
    assert document.media_type.endswith("spreadsheetml.sheet")
