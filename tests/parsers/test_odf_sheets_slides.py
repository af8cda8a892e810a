"""TEST: OpenDocument spreadsheets and presentations as shown."""

from contract.verdicts import ElementType
from parsers.blocks import Comment, ParsedDocument
from tests.parsers.markup_cases import grid, items, kinds_found, of_kind, text_of
from tests.parsers.open_document import cell, read_body, read_flat, row, style, table
from tests.parsers.test_xlsx_cells import tables


def sheet(*rows: str, name: str = "Sheet1", attributes: str = "", columns: str = "") -> str:
    return table(*rows, attributes=f'table:name="{name}" {attributes}', columns=columns)


def number(text: str, value: str) -> str:
    return cell(text, f'office:value-type="float" office:value="{value}"')


def read_sheets(*sheets: str, styles: str = "") -> ParsedDocument:
    return read_body("".join(sheets), "spreadsheet", styles)


def test_a_sheet_is_a_heading_and_a_table_of_what_cells_show() -> None:
    document = read_sheets(sheet(row(cell("Name"), cell("Share")), row(cell("Anna"), number("12,5 %", "0.125"))))
    assert tables(document) == [["| Name | Share |", "| Anna | 12,5 % |"]]
    assert document.blocks[0].text == "Sheet1"
    assert document.findings == []


def test_what_is_repeated_counts_and_what_is_empty_costs_nothing() -> None:
    """Sheets end with a repetition of the million rows and thousands of columns that are left."""
    far = cell(attributes='table:number-columns-repeated="16380"')
    rows = [
        row(cell("a"), cell("b", 'table:number-columns-repeated="2"'), far),
        row(number("1", "1"), far, attributes='table:number-rows-repeated="2"'),
        row(
            cell(attributes='table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="1048573"'
        ),
    ]
    assert tables(read_sheets(sheet(*rows))) == [["| a | b | b |", "| 1 |  |  |", "| 1 |  |  |"]]


def test_cells_that_span_leave_no_holes() -> None:
    rows = [
        row(cell("2024", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>"),
        row(cell("Plan"), cell("Real")), row(number("1", "1"), number("2", "2")),
    ]  # fmt: skip
    document = read_sheets(sheet(*rows))
    assert text_of(document) == "Sheet1\n2024\n"
    assert tables(document) == [["| Plan | Real |", "| 1 | 2 |"]]


def test_values_without_their_text_are_shown_too() -> None:
    cells = cell(attributes='office:value-type="float" office:value="2.50"') + cell("x")
    assert tables(read_sheets(sheet(row(cells))))[0][1] == "| 2.5 | x |"


def test_links_comments_and_shapes() -> None:
    note = "<office:annotation><dc:creator>Eva</dc:creator><text:p>why?</text:p></office:annotation>"
    link = "<text:p><text:a xlink:href='https://a.example/'>home</text:a></text:p>"
    shapes = (
        "<table:shapes><draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame>"
        "<draw:a xlink:href='https://b.example/'><draw:circle><text:p>In a circle</text:p></draw:circle></draw:a>"
        "</table:shapes>"
    )
    document = read_sheets(
        sheet(shapes, row(cell("Name"), cell("Site")), row(cell("Anna", inside=note), cell(inside=link)))
    )
    (block,) = of_kind(document, ElementType.TABLE)
    assert block.comments == [Comment("Eva", "why?")]
    assert [(each.text, each.url) for each in block.links] == [("home", "https://a.example/")]
    assert [block.text for block in document.blocks[-2:]] == ["In a box", "In a circle"]


def test_flat_spreadsheets_are_read() -> None:
    document = read_flat(sheet(row(cell("only"))), "spreadsheet")
    assert text_of(document) == "Sheet1\nonly"
    assert document.media_type.endswith("spreadsheet-flat-xml")


def frame(text: str, x: int, y: int, kind: str = "", attributes: str = "") -> str:
    place = f'svg:x="{x}cm" svg:y="{y}cm" svg:width="8cm" svg:height="2cm"'
    role = f'presentation:class="{kind}"' if kind else ""
    inside = text if text.startswith("<") else f"<text:p>{text}</text:p>"
    return f"<draw:frame {place} {role} {attributes}><draw:text-box>{inside}</draw:text-box></draw:frame>"


def page(*shapes: str, name: str = "page1", attributes: str = "") -> str:
    return f'<draw:page draw:name="{name}" {attributes}>{"".join(shapes)}</draw:page>'


def test_slides_have_titles_lists_and_notes() -> None:
    outline = (
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item>"
        "<text:p>deep</text:p></text:list-item></text:list></text:list-item></text:list>"
    )
    notes = f"<presentation:notes>{frame('Say hello', 1, 12, 'notes')}{frame('', 1, 1, 'page')}</presentation:notes>"
    shapes = [frame(outline, 1, 5, "outline"), frame("Title", 1, 1, "title"), frame("3", 20, 18, "page-number"), notes]
    document = read_body(page(*shapes), "presentation")
    assert [block.text for block in document.blocks] == ["Title", "one", "deep", "Speaker notes", "Say hello"]
    assert items(document) == [(0, "", "one"), (1, "", "deep")]
    assert [block.depth for block in of_kind(document, ElementType.TITLE)] == [1, 3]
    assert {block.page for block in document.blocks} == {1}


def test_shapes_are_read_by_where_they_stand() -> None:
    square = (
        '<draw:custom-shape svg:x="12cm" svg:y="5cm" svg:width="8cm" '
        'svg:height="2cm"><text:p>right</text:p></draw:custom-shape>'
    )
    group = f"<draw:g>{frame('bottom', 1, 15)}</draw:g>"
    empty = frame("Click here", 1, 2, "subtitle", 'presentation:placeholder="true"')
    document = read_body(page(group, square, frame("left", 1, 5), empty), "presentation")
    assert [block.text for block in document.blocks] == ["Slide 1", "left", "right", "bottom"]


def test_drawings_have_pages() -> None:
    document = read_body(page(frame("x", 1, 1), name="Floor plan") + page(frame("y", 1, 1), name="page2"), "drawing")
    assert [block.text for block in document.blocks] == ["Floor plan", "x", "Page 2", "y"]


def test_tables_on_slides() -> None:
    inside = (
        "<draw:frame svg:x='1cm' svg:y='1cm' svg:width='1cm' svg:height='1cm'>"
        + table(row(cell("a"), cell("b")))
        + "</draw:frame>"
    )
    (block,) = of_kind(read_body(page(inside), "presentation"), ElementType.TABLE)
    assert grid(block) == [["a", "b"]]


def test_comments_on_slides_under_either_name_go_with_the_title() -> None:
    comments = [
        f"<{name}:annotation><dc:creator>Eva</dc:creator><text:p>{text}</text:p></{name}:annotation>"
        for name, text in (("office", "why?"), ("officeooo", "because"))
    ]
    (title,) = read_body(page(*comments), "presentation").blocks
    assert title.comments == [Comment("Eva", "why?"), Comment("Eva", "because")]


def test_slides_that_are_not_shown_stay_out_and_are_found() -> None:
    styles = style("dp", "drawing-page", '<style:drawing-page-properties presentation:visibility="hidden"/>')
    document = read_body(
        page(frame("seen", 1, 1, "title")) + page(frame("unseen", 1, 1), attributes='draw:style-name="dp"'),
        "presentation",
        styles,
    )
    assert text_of(document) == "seen"
    assert kinds_found(document) == {"hidden_text"}
