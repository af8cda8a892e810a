"""TEST: HTML tables: spans, headers, captions, tables in tables, tables that only arrange a page."""

from contract.verdicts import ElementType
from parsers.blocks import Cell
from parsers.markup.grid import lay_out
from tests.parsers.markup_cases import from_html, grid, of_kind, shown


def test_spans_and_header_rows() -> None:
    page = from_html(
        "<table><tr><th>A<th colspan=2>B<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5</table>",
    )
    (block,) = of_kind(page, ElementType.TABLE)
    assert block.table is not None
    assert grid(block) == [["A", "B"], ["1", "2", "3"], ["4", "5"]]
    assert block.table.header_rows == 1
    assert (block.table.rows[0][1].colspan, block.table.rows[1][0].rowspan) == (2, 2)


def test_thead_counts_as_header_whatever_its_cells_are() -> None:
    page = from_html("<table><thead><tr><td>A<td>B<tr><td>a<td>b</thead><tr><td>1<td>2</table>")
    table = of_kind(page, ElementType.TABLE)[0].table
    assert table is not None
    assert table.header_rows == 2


def test_a_table_of_header_cells_alone_still_has_a_body() -> None:
    page = from_html("<table><tr><th>A<th>B<tr><th>C<th>D</table>")
    table = of_kind(page, ElementType.TABLE)[0].table
    assert table is not None
    assert table.header_rows == 1


def test_the_caption_comes_first() -> None:
    page = from_html("<table><caption>Prices</caption><tr><td>a<td>1</table>")
    assert [block.kind for block in page.blocks] == [ElementType.FIGURE_CAPTION, ElementType.TABLE]


def test_cells_keep_lines_lists_and_links() -> None:
    page = from_html("<table><tr><th>x<th>y<tr><td>a<br>b<td><ol><li>one<li>two</ol><a href='/l'>l</a></table>")
    (block,) = of_kind(page, ElementType.TABLE)
    assert grid(block)[1] == ["a\nb", "1. one\n2. two\nl"]
    assert [link.url for link in block.links] == ["/l"]


def test_a_table_in_a_data_cell_becomes_its_lines() -> None:
    page = from_html("<table><tr><th>x<th>y<tr><td>1<td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>")
    (block,) = of_kind(page, ElementType.TABLE)
    assert grid(block)[1] == ["1", "a | b\nc | d"]


def test_layout_tables_are_read_part_by_part() -> None:
    sources = (
        "<table role=presentation><tr><td>left<td>right</table>",
        "<table><tr><td>left<tr><td>right</table>",
        "<table><tr><td><td>left<tr><td><td>right</table>",
        "<table><tr><td><h2>left</h2><td>right</table>",
    )
    for source in sources:
        page = from_html(source)
        assert shown(page) == ["left", "right"]
        assert of_kind(page, ElementType.TABLE) == []


def test_rows_outside_of_a_table_do_not_confuse_anything() -> None:
    assert shown(from_html("<tr><td>a</td></tr><p>b")) == ["a", "b"]


def test_a_thousand_columns_claimed_are_not_a_thousand_columns() -> None:
    rows = "".join("<tr>" + "<td colspan=1000 rowspan=60000>x" * 3 for _ in range(20))
    (block,) = of_kind(from_html(f"<table><tr><th>a<th>b<th>c{rows}</table>"), ElementType.TABLE)
    assert block.table is not None
    widest = max(sum(cell.colspan for cell in row) for row in block.table.rows)
    tallest = max(cell.rowspan for row in block.table.rows for cell in row)
    assert widest <= 63
    assert tallest <= len(block.table.rows)


def test_columns_nobody_begins_in_are_taken_out() -> None:
    table = lay_out([[Cell("a", colspan=7), Cell("b")], [Cell("c", colspan=7), Cell("d")]], header_rows=0)
    assert [[cell.colspan for cell in row] for row in table.rows] == [[1, 1], [1, 1]]


def test_rows_without_cells_shorten_spans_across_them() -> None:
    table = lay_out([[Cell("a", rowspan=3), Cell("b")], [], [Cell("c")]], header_rows=1)
    assert [[cell.rowspan for cell in row] for row in table.rows] == [[2, 1], [1]]
    assert table.header_rows == 1


def test_deeply_nested_layout_keeps_all_of_its_text() -> None:
    page = from_html("<table><tr><td>in" * 300 + "most")
    assert sum(block.text.count("in") for block in page.blocks) == 300


def test_deeply_nested_data_tables_stay_small() -> None:
    """Each level copied into the next would be quadratic."""
    page = from_html("<table><tr><th>h<th>k<tr><td>a<td>" * 500)
    assert sum(len(block.text) for block in page.blocks) < 50_000
