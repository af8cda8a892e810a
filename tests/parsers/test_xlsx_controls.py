"""TEST: captions of form controls on a worksheet, from the VML that Excel keeps them in."""

from parsers.blocks import ParsedDocument
from tests.parsers.markup_cases import kinds_found
from tests.parsers.sheet_file import read_sheet, rows_of, worksheet
from tests.parsers.word_file import relationships

NAMES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)


def control(kind: str, caption: str, *, style: str = "", more: str = "", attributes: str = "") -> str:
    return (
        f'<v:shape style="position:absolute;{style}" {attributes}><v:textbox><div>{caption}</div></v:textbox>'
        f'<x:ClientData ObjectType="{kind}">{more}</x:ClientData></v:shape>'
    )


def read_controls(*shapes: str) -> ParsedDocument:
    vml = f"<xml {NAMES}>{''.join(shapes)}</xml>"
    others = {
        "xl/drawings/vmlDrawing1.vml": vml,
        "xl/worksheets/_rels/sheet1.xml.rels": relationships(
            [("v", "vmlDrawing", "../drawings/vmlDrawing1.vml", False)]
        ),
    }
    return read_sheet(worksheet(rows_of(["Form"])), others)


def said(document: ParsedDocument) -> list[str]:
    return [block.text for block in document.blocks if block.text not in ("Sheet1", "Form")]


def test_captions_are_read_and_boxes_show_whether_they_are_ticked() -> None:
    document = read_controls(
        control("Button", '<font color="#000000">Send\n  now</font>'),
        control("Checkbox", "Yes, call me", more="<x:Checked>1</x:Checked>"),
        control("Checkbox", "Write to me"),
        control("Radio", "Either", more="<x:Checked> 0 </x:Checked>"),
        control("Label", "Name of<br>the customer"),
        control("GBox", "Reason"),
    )
    assert said(document) == [
        "Send now",
        "☒ Yes, call me",
        "☐ Write to me",
        "☐ Either",
        "Name of the customer",
        "Reason",
    ]
    assert kinds_found(document) == set()


def test_notes_lists_and_pictures_of_the_same_part_say_nothing() -> None:
    assert said(read_controls(*(control(kind, "x") for kind in ("Note", "Drop", "List", "Pict", "Spin")))) == []


def test_what_is_not_seen_stays_out_and_is_found() -> None:
    white = '<font color="#FFFFFF">on paper</font>'
    document = read_controls(
        control("Label", "hidden", style="visibility:hidden"),
        control("Label", white, attributes='filled="f"'),
        control("Button", white.replace("on paper", "on a button")),
    )
    assert said(document) == ["on a button"]
    assert kinds_found(document) == {"hidden_text"}


def test_a_part_that_is_no_xml_says_nothing() -> None:
    for broken in ("<v:shape", "&&&", '<!DOCTYPE x [<!ENTITY e "secret">]><v:textbox>&e;</v:textbox>'):
        assert said(read_controls(broken)) == []
    assert said(read_controls(control("Label", "before"), "<v:shape><unclosed>")) == ["before"]
