"""TEST: list numbers are those Word shows: levels, restarts, overrides, formats, patterns, numbered headings."""

import pytest

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument
from tests.parsers.markup_cases import items, of_kind, shown
from tests.parsers.word_file import paragraph, part, read_body


def level(index: int, number_format: str, text: str, more: str = "", start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


OUTLINE = (
    '<w:abstractNum w:abstractNumId="0">' + level(0, "decimal", "%1.") + level(1, "lowerLetter", "%1.%2)")
    + level(2, "lowerRoman", "(%3)") + "</w:abstractNum>"
)  # fmt: skip
NUMBERED = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'


def item(text: str, ilvl: int = 0, num_id: int = 1) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{ilvl}"/><w:numId w:val="{num_id}"/></w:numPr>')


def read_list(body: str, numbering: str = OUTLINE + NUMBERED, styles: str = "") -> ParsedDocument:
    others = {"word/numbering.xml": part("numbering", numbering)}
    if styles:
        others["word/styles.xml"] = part("styles", styles)
    return read_body(body, others)


def markers(document: ParsedDocument) -> list[str]:
    return [marker for _, marker, _ in items(document)]


def test_levels_count_and_restart_under_their_parent() -> None:
    document = read_list(
        item("a") + item("b", 1) + item("c", 2) + item("d", 2) + item("e", 1) + item("f") + item("g", 1)
    )
    assert markers(document) == ["1.", "1.a)", "(i)", "(ii)", "1.b)", "2.", "2.a)"]
    assert [depth for depth, _, _ in items(document)] == [0, 1, 2, 2, 1, 0, 1]


def test_text_between_items_does_not_interrupt_the_count() -> None:
    assert markers(read_list(item("a") + paragraph("between") + item("b"))) == ["1.", "2."]


def test_two_lists_of_one_definition_count_on_unless_told_to_restart() -> None:
    more = '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    assert markers(read_list(item("a") + item("b", 0, 2), OUTLINE + NUMBERED + more)) == ["1.", "2."]
    restarted = more.replace(
        "</w:num>", '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    )
    document = read_list(item("a") + item("b", 0, 2) + item("c", 0, 2), OUTLINE + NUMBERED + restarted)
    assert markers(document) == ["1.", "5.", "6."]


def test_a_level_may_be_redefined_for_one_list() -> None:
    override = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        f"{level(0, 'upperRoman', 'Part %1:')}</w:lvlOverride></w:num>"
    )
    assert markers(read_list(item("a") + item("b"), OUTLINE + override)) == ["Part I:", "Part II:"]


def test_levels_that_never_restart_and_levels_shown_in_digits() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0">' + level(0, "upperRoman", "%1")
        + level(1, "decimal", "%1.%2", '<w:lvlRestart w:val="0"/><w:isLgl/>')
        + "</w:abstractNum>" + NUMBERED
    )  # fmt: skip
    document = read_list(item("a") + item("b", 1) + item("c") + item("d", 1), numbering)
    assert markers(document) == ["I", "1.1", "II", "2.2"]


def test_a_list_that_begins_below_its_first_level() -> None:
    assert markers(read_list(item("a", 1) + item("b", 1))) == ["1.a)", "1.b)"]


@pytest.mark.parametrize(
    ("number_format", "markers_shown"),
    [
        ("decimalZero", ["09", "10"]), ("upperLetter", ["I", "J"]), ("upperRoman", ["IX", "X"]),
        ("ordinal", ["9th", "10th"]),
        ("cardinalText", ["Nine", "Ten"]), ("ordinalText", ["Ninth", "Tenth"]), ("hex", ["9", "A"]),
        ("chineseCounting", ["九", "十"]), ("decimalEnclosedCircle", ["⑨", "⑩"]), ("unknownFormat", ["9", "10"]),
        ("russianLower", ["и", "к"]), ("chicago", ["***", "†††"]),
    ],
)  # fmt: skip
def test_formats(number_format: str, markers_shown: list[str]) -> None:
    numbering = f'<w:abstractNum w:abstractNumId="0">{level(0, number_format, "%1", start=9)}</w:abstractNum>{NUMBERED}'
    assert markers(read_list(item("a") + item("b"), numbering)) == markers_shown


def test_custom_formats_pad_as_their_first_number() -> None:
    custom = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="7"/><mc:AlternateContent>'
        '<mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback><w:numFmt '
        'w:val="decimal"/></mc:Fallback>'
        f'</mc:AlternateContent><w:lvlText w:val="%1"/></w:lvl></w:abstractNum>{NUMBERED}'
    )
    assert markers(read_list(item("a"), custom)) == ["007"]


def test_bullets_have_no_marker_and_empty_patterns_are_no_list() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0">'
        + level(0, "bullet", "\uf0b7")
        + level(1, "none", "")
        + f"</w:abstractNum>{NUMBERED}"
    )
    document = read_list(item("a") + item("b", 1), numbering)
    assert [(block.kind, block.marker) for block in document.blocks] == [
        (ElementType.LIST_ITEM, ""),
        (ElementType.NARRATIVE_TEXT, ""),
    ]


def test_number_zero_takes_a_paragraph_out_of_its_styles_list() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="L"><w:name w:val="List Number"/><w:pPr><w:numPr><w:numId '
        'w:val="1"/></w:numPr></w:pPr>'
        "</w:style>"
    )
    body = paragraph("a", '<w:pStyle w:val="L"/>') + paragraph(
        "b", '<w:pStyle w:val="L"/><w:numPr><w:numId w:val="0"/></w:numPr>'
    )
    document = read_list(body, styles=styles)
    assert [(block.kind, block.text) for block in document.blocks] == [
        (ElementType.LIST_ITEM, "a"),
        (ElementType.NARRATIVE_TEXT, "b"),
    ]


def test_styles_are_tied_to_levels_and_number_headings() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0">' + level(0, "decimal", "%1", '<w:pStyle w:val="H1"/>')
        + level(1, "decimal", "%1.%2", '<w:pStyle w:val="H2"/>') + f"</w:abstractNum>{NUMBERED}"
    )  # fmt: skip
    number = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/>{number}</w:style>' for n in (1, 2)
    )
    body = "".join(
        paragraph(text, f'<w:pStyle w:val="{style}"/>')
        for text, style in (("A", "H1"), ("B", "H2"), ("C", "H2"), ("D", "H1"))
    )
    document = read_list(body, numbering, styles)
    assert [(block.depth, block.text) for block in of_kind(document, ElementType.TITLE)] == [
        (1, "1 A"),
        (2, "1.1 B"),
        (2, "1.2 C"),
        (1, "2 D"),
    ]


def test_a_numbering_style_may_define_a_list() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="NS"/></w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="7"><w:styleLink w:val="NS"/>{level(0, "upperLetter", "%1)")}</w:abstractNum>'
        f'{NUMBERED}<w:num w:numId="9"><w:abstractNumId w:val="7"/></w:num>'
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="NS"><w:pPr><w:numPr><w:numId w:val="9"/></w:numPr></w:pPr></w:style>'
    )
    assert markers(read_list(item("a") + item("b"), numbering, styles)) == ["A)", "B)"]


@pytest.mark.parametrize(
    "numbering",
    [
        "",
        NUMBERED,
        '<w:num w:numId="1"/>',
        '<w:abstractNum w:abstractNumId="0"/>' + NUMBERED,
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="x"><w:start w:val="99999999999999"/></w:lvl></w:abstractNum>'
        + NUMBERED,
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="NS"/></w:abstractNum>' + NUMBERED,
    ],
)
def test_broken_definitions_lose_no_text(numbering: str) -> None:
    assert shown(read_list(item("text", 8) + item("more", 99), numbering)) == ["text", "more"]


def test_empty_items_are_not_counted() -> None:
    assert markers(read_list(item("a") + item("") + item("b"))) == ["1.", "2."]
