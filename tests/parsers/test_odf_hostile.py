"""TEST: hidden text, active content and outside data of OpenDocument files are found; bombs and damage stay bounded."""

import pytest

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused
from parsers.office.sheets import model
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, text_of
from tests.parsers.open_document import MANIFEST, cell, content, pack, read, read_body, row, style, table
from tests.parsers.test_odf_sheets_slides import sheet
from tests.parsers.test_xlsx_cells import tables

SEEN = f"<text:p>{VISIBLE}</text:p>"


def text_style(properties: str) -> str:
    return style("H", "text", f"<style:text-properties {properties}/>")


SPAN = f'<text:p>x<text:span text:style-name="H">{HIDDEN}</text:span></text:p>'
NOTE = f"<text:note><text:note-body><text:p>{HIDDEN}</text:p></text:note-body></text:note>"
BOX = f"<draw:frame><draw:text-box><text:p>{HIDDEN}</text:p></draw:text-box></draw:frame>"
CHILD = style("H", "paragraph", attributes='style:parent-style-name="P"')
WHITE_ON_BLUE = '<style:text-properties fo:color="#ffffff"/><style:paragraph-properties fo:background-color="#003366"/>'
FORMATTED = f'<text:p text:style-name="H">{HIDDEN}</text:p>'


@pytest.mark.parametrize(
    ("body", "styles"),
    [
        (SPAN, text_style('text:display="none"')),
        (SPAN, text_style('fo:color="#ffffff"')),
        (SPAN, text_style('fo:color="#fefefe"')),
        (SPAN, text_style('fo:font-size="1pt"')),
        (FORMATTED, style("H", "paragraph", '<style:text-properties text:display="none"/>')),
        (f'<text:p>x<text:span text:style-name="H">{NOTE}</text:span></text:p>', text_style('text:display="none"')),
        (f'<text:p>x<text:span text:style-name="H">{BOX}</text:span></text:p>', text_style('text:display="none"')),
        (FORMATTED, CHILD + style("P", "paragraph", '<style:text-properties fo:color="#FFFFFF"/>')),
        (f'<text:section text:display="none"><text:p>{HIDDEN}</text:p></text:section>', ""),
        (f'<text:section text:display="condition" text:is-hidden="true"><text:p>{HIDDEN}</text:p></text:section>', ""),
        (f'<text:p><text:hidden-text text:is-hidden="true" text:string-value="{HIDDEN}"/></text:p>', ""),
        (f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{HIDDEN}</text:p>', ""),
        (table(row(cell("x")), row(cell(HIDDEN), attributes='table:visibility="collapse"')), ""),
    ],
)  # fmt: skip
def test_what_a_reader_does_not_see_stays_out_and_is_found(body: str, styles: str) -> None:
    document = read_body(SEEN + body, styles=styles)
    assert VISIBLE in text_of(document)
    assert HIDDEN not in text_of(document)
    (finding,) = document.findings
    assert (finding.kind, finding.severity) == ("hidden_text", "medium")
    assert HIDDEN in finding.evidence


@pytest.mark.parametrize(
    ("body", "styles"),
    [
        (SPAN, text_style('fo:color="#ffffff" fo:background-color="#000000"')),
        (SPAN, text_style('fo:color="#ffffff" style:use-window-font-color="true"')),
        (FORMATTED, CHILD + style("P", "paragraph", WHITE_ON_BLUE)),
        (f'<text:section text:display="condition" text:is-hidden="false"><text:p>{HIDDEN}</text:p></text:section>', ""),
    ],
)  # fmt: skip
def test_text_that_is_seen_is_no_finding(body: str, styles: str) -> None:
    document = read_body(SEEN + body, styles=styles)
    assert HIDDEN in text_of(document)
    assert document.findings == []


@pytest.mark.parametrize(
    "hidden",
    [
        sheet(row(cell(VISIBLE)), row(cell(HIDDEN), attributes='table:visibility="collapse"')),
        sheet(row(cell(VISIBLE)), row(cell(HIDDEN), attributes='table:visibility="filter"')),
        sheet(
            row(cell(VISIBLE), cell(HIDDEN)),
            columns='<table:table-column/><table:table-column table:visibility="collapse"/>',
        ),
        sheet(row(cell(VISIBLE), cell(HIDDEN, 'table:style-name="W"'))),
        sheet(
            row(cell(VISIBLE), cell(HIDDEN)),
            columns='<table:table-column/><table:table-column table:default-cell-style-name="W"/>',
        ),
        sheet(row(cell(VISIBLE))) + sheet(row(cell(HIDDEN)), name="S2", attributes='table:style-name="ta"'),
    ],
)
def test_hidden_cells_stay_out_and_are_found(hidden: str) -> None:
    styles = style("ta", "table", '<style:table-properties table:display="false"/>')
    styles += style("W", "table-cell", '<style:text-properties fo:color="#ffffff"/>')
    document = read_body(hidden, "spreadsheet", styles)
    assert text_of(document) == f"Sheet1\n{VISIBLE}"
    (finding,) = document.findings
    assert finding.kind == "hidden_text"
    assert HIDDEN in finding.evidence


def test_a_million_spaces_in_ten_bytes_are_one() -> None:
    """`text:c` may claim any number of spaces."""
    assert text_of(read_body('<text:p>a<text:s text:c="999999999"/>b</text:p>')) == "a b"


def test_cells_repeated_beyond_all_bounds_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell, said to fill every column of a million rows."""
    monkeypatch.setattr(model.Budget.__init__, "__defaults__", (50_000, 10_000_000, False))
    everywhere = row(
        cell("x", 'table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="1048576"'
    )
    document = read_body(sheet(everywhere), "spreadsheet")
    assert kinds_found(document) == {"truncated"}
    assert sum(map(len, tables(document))) <= 4


def test_rows_repeated_in_a_text_are_bounded() -> None:
    repeated = row(cell("x"), cell("y"), attributes='table:number-rows-repeated="1000000"')
    (table_lines,) = tables(read_body(table(repeated)))
    assert len(table_lines) < 300


def test_nesting_without_end_is_cut_and_told() -> None:
    """Sections in sections: a reader that calls itself for each dies of it."""
    document = read_body(SEEN + "<text:section>" * 120 + f"<text:p>{HIDDEN}</text:p>" + "</text:section>" * 120)
    assert text_of(document) == VISIBLE
    assert kinds_found(document) == {"truncated"}


def test_styles_that_inherit_from_each_other_end() -> None:
    styles = style("A", "paragraph", attributes='style:parent-style-name="B"')
    styles += style("B", "paragraph", attributes='style:parent-style-name="A"')
    assert text_of(read_body('<text:p text:style-name="A">x</text:p>', styles=styles)) == "x"


def encrypted(part: str) -> bytes:
    entry = f'<m:file-entry m:full-path="{part}" m:media-type=""><m:encryption-data/></m:file-entry>'
    manifest = f'<m:manifest xmlns:m="{MANIFEST}">{entry}</m:manifest>'
    return pack({part: b"\x93\x11noise", "META-INF/manifest.xml": manifest})


@pytest.mark.parametrize("part", ["content.xml", "encrypted-package"])
def test_an_encrypted_package_is_refused(part: str) -> None:
    with pytest.raises(Refused) as refused:
        read(encrypted(part))
    assert refused.value.refusal is Refusal.ENCRYPTED


@pytest.mark.parametrize("parts", [{}, {"content.xml": "no xml"}, {"content.xml": "<a/>"}])
def test_without_content_it_is_corrupt(parts: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        read(pack(parts))
    assert refused.value.refusal is Refusal.CORRUPT


def found(document: ParsedDocument) -> set[tuple[str, str]]:
    return {(str(each.kind), str(each.severity)) for each in document.findings}


def test_macros_events_and_outside_data_are_found() -> None:
    body = (
        "<office:scripts><script:event-listener script:language='x' "
        "xlink:href='vnd.sun.star.script:a'/></office:scripts>"
        "<text:p>x<draw:frame><draw:image xlink:href='https://a.example/pixel.png'/></draw:frame></text:p>"
        "<text:section><text:section-source xlink:href='file:///etc/passwd'/><text:p>y</text:p></text:section>"
    )
    document = read_body(body, others={"Basic/Standard/Module1.xml": "<x/>", "Basic/script-lc.xml": "<x/>"})
    assert found(document) == {
        ("active_content", "high"), ("active_content", "medium"), ("external_reference", "medium"),
        ("external_reference", "high"),
    }  # fmt: skip


def test_dynamic_data_exchange_in_a_spreadsheet_is_found() -> None:
    links = (
        '<table:dde-links><table:dde-link><office:dde-source office:dde-application="cmd" '
        'office:dde-topic="/c calc"/></table:dde-link></table:dde-links>'
    )
    formula = cell("0", 'table:formula=\'of:=DDE("cmd";"/c calc";"x")\' office:value-type="float"')
    document = read_body(sheet(row(formula)) + links, "spreadsheet")
    assert found(document) == {("active_content", "high")}
    assert len(document.findings) == 2


@pytest.mark.parametrize("kind", ["text", "spreadsheet"])
def test_entities_are_not_expanded(kind: str) -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
    body = "<text:p>before &a; after</text:p>" if kind == "text" else sheet(row(cell("before &a; after")))
    document = read(pack({"content.xml": bomb + content(body, kind)}, kind))
    assert "root:" not in text_of(document)
    assert kinds_found(document) == {"external_entity"}


def test_what_is_damaged_is_read_up_to_the_damage() -> None:
    whole = content(sheet(row(cell("kept")), row(cell("lost"))), "spreadsheet")
    document = read(pack({"content.xml": whole.replace("lost", "lost</x>")}, "spreadsheet"))
    assert "kept" in text_of(document)
    assert kinds_found(document) == {"truncated"}
