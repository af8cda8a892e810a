"""TEST: text of Word files of 97 to 2003: paragraphs, headings, emphasis, links, fields, what is not shown."""

import struct

import pytest

from contract.verdicts import ElementType
from parsers.blocks import Comment
from tests.parsers.doc_file import (
    BOLD,
    DELETED,
    HIDDEN,
    ITALIC,
    SPECIAL,
    STANDARD_STYLES,
    STRIKE,
    P,
    Parts,
    Style,
    coloured,
    field_runs,
    read,
    read_body,
    sized,
    sprm,
    word_file,
)
from tests.parsers.markup_cases import kinds_found, of_kind, shown, text_of


def test_paragraphs_and_headings() -> None:
    document = read_body(P("Title", 1), P("Section", 2), P("Some text."), P("More text."))
    kinds = [(block.kind, block.depth, block.text) for block in document.blocks]
    assert kinds == [
        (ElementType.TITLE, 1, "Title"), (ElementType.TITLE, 2, "Section"),
        (ElementType.NARRATIVE_TEXT, None, "Some text."), (ElementType.NARRATIVE_TEXT, None, "More text."),
    ]  # fmt: skip


def test_one_byte_and_two_byte_text() -> None:
    assert text_of(read_body(P("naïve – “quoted” €"), narrow=True)) == "naïve – “quoted” €"
    assert text_of(read_body(P("Приложение 東京 ע"))) == "Приложение 東京 ע"


def test_characters_beyond_the_first_plane_keep_positions_right() -> None:
    """One such character is two units, and all positions of a file count units."""
    document = read_body(P([("𐌲𐌿 plain ", b""), ("bold", BOLD), (" plain", b"")]))
    assert shown(document) == ["𐌲𐌿 plain **bold** plain"]


def test_headings_by_outline_level_and_by_a_style_of_ones_own() -> None:
    styles = [*STANDARD_STYLES, Style("Chapter", base=1), Style("Überschrift 3", 3, 0)]
    document = read_body(
        P("Outline", sprms=sprm(0x2640, 1)), P("Based", 3), P("Named", 4), P("Not", 1, sprm(0x2640, 9)), styles=styles
    )
    assert [(block.kind is ElementType.TITLE, block.depth) for block in document.blocks] == [
        (True, 2), (True, 1), (True, 3), (False, None),
    ]  # fmt: skip


def test_emphasis_of_runs_and_of_styles() -> None:
    styles = [*STANDARD_STYLES, Style("Strong text", characters=BOLD), Style("Loud", kind=2, characters=ITALIC)]
    document = read_body(
        P([("a ", b""), ("bold", BOLD), (" b ", b""), ("italic", ITALIC), (" c ", b""), ("struck", STRIKE)]),
        P([("all bold ", b""), ("but not this", sprm(0x0835, 0))], 3),
        P([("bold ", b""), ("as the style does not", sprm(0x0835, 0x81))], 3),
        P([("styled", sprm(0x4A30, 4)), (" not", b"")]),
        styles=styles,
    )
    assert shown(document) == [
        "a **bold** b *italic* c ~~struck~~", "**all bold** but not this", "**bold** as the style does not",
        "*styled* not",
    ]  # fmt: skip


def test_line_breaks_tabs_and_hyphens() -> None:
    assert text_of(read_body(P("one\x0btwo\tthree\x1efour\x1ffive\xa0six"))) == "one\ntwo three-fourfive six"


def test_a_page_break_does_not_end_a_paragraph_in_the_middle() -> None:
    assert [block.text for block in read_body(P("before\x0cafter"), P("end", mark="\x0c"), P("next")).blocks] == [
        "before\nafter", "end", "next",
    ]  # fmt: skip


def test_symbols_of_symbol_fonts() -> None:
    document = read_body(P([("x ", b""), ("(", SPECIAL + sprm(0x6A09, struct.pack("<HH", 2, 0xF061))), (" y", b"")]))
    assert text_of(document) == "x α y"


def test_hyperlinks() -> None:
    link = field_runs(' HYPERLINK "https://example.com/a" ', "shown text")
    inside = field_runs(' HYPERLINK \\l "_Toc12" ', "chapter one")
    document = read_body(P([("See ", b""), *link, (".", b"")]), P(inside))
    assert shown(document) == ["See [shown text](https://example.com/a).", "chapter one"]
    assert [link.url for block in document.blocks for link in block.links] == ["https://example.com/a"]


def test_fields_show_their_results_only() -> None:
    nested = [("\x13", SPECIAL), (" IF ", b""), *field_runs(" PAGE ", "3"), (' = 1 "a" "b"', b""), ("\x14", SPECIAL),
              ("result", b""), ("\x15", SPECIAL)]  # fmt: skip
    document = read_body(
        P([("p. ", b""), *field_runs(" PAGE ", "7")]), P(nested), P(field_runs(' XE "index entry" ', None))
    )
    assert [block.text for block in document.blocks] == ["p. 7", "result"]


def test_a_field_that_never_ends_does_not_swallow_the_rest() -> None:
    document = read_body(
        P([("\x13", SPECIAL), (" PAGE ", b""), ("\x14", SPECIAL), ("3", b"")]),
        P("The rest."),
        P(field_runs(" X ", "y")),
    )
    assert text_of(document) == "PAGE 3\nThe rest.\ny"


def test_a_phonetic_guide_is_shown_behind_its_base() -> None:
    instruction = ' EQ \\* jc2 \\* "Font:MS Mincho" \\* hps10 \\o\\ad(\\s\\up 10(とうきょう),東京)'
    assert text_of(read_body(P(field_runs(instruction, None)))) == "東京 (とうきょう)"


def test_fields_that_run_or_fetch_something_are_findings() -> None:
    document = read_body(
        P(field_runs(' DDEAUTO c:\\\\cmd.exe "/k calc" ', "x")),
        P(field_runs(' INCLUDETEXT "http://e.example/x" ', "y")),
    )
    assert kinds_found(document) >= {"active_content", "external_reference"}


@pytest.mark.parametrize(
    "look",
    [HIDDEN, sized(2), coloured("ffffff"), sprm(0x2A42, 8)],
    ids=["vanish", "one point", "white", "white by index"],
)
def test_text_that_nobody_sees_is_a_finding_and_no_text(look: bytes) -> None:
    document = read_body(P([("seen ", b""), ("HIDDENMARKER", look)]))
    assert text_of(document) == "seen"
    assert kinds_found(document) == {"hidden_text"}


def test_white_text_on_a_dark_ground_is_seen() -> None:
    dark = sprm(0xC64D, bytes(4) + b"\x00\x00\x80\x00" + bytes(2))
    marked = sprm(0x2A0C, 1)
    document = read_body(
        P([("white on blue", coloured("ffffff"))], sprms=dark), P([("marked", coloured("ffffff") + marked)])
    )
    assert [block.text for block in document.blocks] == ["white on blue", "marked"]
    assert not kinds_found(document)


def test_deleted_revisions_are_gone() -> None:
    document = read_body(
        P([("kept ", b""), ("deleted", DELETED), ("deleted, too", sprm(0x0800, 0x81)), (" inserted", sprm(0x0801))])
    )
    assert text_of(document) == "kept inserted"
    assert not kinds_found(document)


def test_code_by_font_and_by_style() -> None:
    courier = sprm(0x4A4F, 1)
    styles = [*STANDARD_STYLES, Style("HTML Preformatted", 101)]
    document = read_body(
        P("A long paragraph of ordinary text, so that the fixed-width font is the exception in this document."),
        P([("x = 1", courier)]), P([("y\t= 2", courier)]), P("z = 3", 3), P([("call ", b""), ("f()", courier)]),
        styles=styles,
    )  # fmt: skip
    assert [block.text for block in of_kind(document, ElementType.CODE_SNIPPET)] == ["x = 1\ny\t= 2\nz = 3"]
    assert shown(document)[-1] == "call `f()`"


def test_a_document_typed_in_courier_is_not_code() -> None:
    courier = sprm(0x4A4F, 1)
    document = read_body(P([("A letter,", courier)]), P([("typed on a typewriter.", courier)]))
    assert not of_kind(document, ElementType.CODE_SNIPPET)


def test_captions() -> None:
    styles = [*STANDARD_STYLES, Style("caption", 34)]
    assert read_body(P("Figure 1", 3), styles=styles).blocks[0].kind is ElementType.FIGURE_CAPTION


def test_footnotes_and_endnotes() -> None:
    body = [P([("Text", b""), ("\x02", SPECIAL), (" and", b""), ("\x02", SPECIAL), (".", b"")])]
    parts = Parts(
        footnotes=[(4, [P([("\x02", SPECIAL), (" The footnote.", b"")])])],
        endnotes=[(9, [P([("\x02", SPECIAL), (" The endnote.", b"")])])],
    )
    document = read(word_file(body, parts))
    assert shown(document)[0] == "Text[^1] and[^i]."
    notes = [(block.marker, block.text) for block in of_kind(document, ElementType.FOOTNOTE)]
    assert notes == [("1", "The footnote."), ("i", "The endnote.")]


def test_comments_are_kept_with_their_paragraph_and_out_of_the_text() -> None:
    body = [P([("Reviewed", b""), ("\x05", SPECIAL)]), P("Next")]
    parts = Parts(comments=[(8, 0, [P("Is this so?")])])
    authors = struct.pack("<H", 5) + "Alice".encode("utf-16-le")
    document = read(word_file(body, parts, tables={36: authors}))
    assert document.blocks[0].comments == [Comment("Alice", "Is this so?")]
    assert text_of(document) == "Reviewed\nNext"


def test_a_comment_of_an_author_without_a_name_has_initials() -> None:
    body = [P([("Reviewed", b""), ("\x05", SPECIAL)])]
    document = read(word_file(body, Parts(comments=[(8, 7, [P("Hm.")])])))
    assert document.blocks[0].comments == [Comment("AB", "Hm.")]


def test_text_boxes_stand_behind_their_paragraph() -> None:
    body = [P([("Anchor", b""), ("\x08", SPECIAL)]), P("After")]
    document = read(word_file(body, Parts(boxes=[(6, [P("In the box")])])))
    assert [block.text for block in document.blocks] == ["Anchor", "In the box", "After"]


def test_a_text_box_without_an_anchor_is_not_lost() -> None:
    document = read(word_file([P("Body")], Parts(boxes=[(2, [P("Loose")])])))
    assert [block.text for block in document.blocks] == ["Body", "Loose"]


def headers(*texts: str) -> list[list[P]]:
    """The separators' stories, then those of one section in the order of MS-DOC 2.3.3."""
    return [[] for _ in range(6)] + [[P(text)] if text else [] for text in texts]


def test_headers_and_footers() -> None:
    stories = headers("even head", "The header", "even foot", "Page 3", "first head", "first foot")
    document = read(word_file([P("Body")], Parts(headers=stories)))
    blocks = [(block.kind, block.text, block.furniture) for block in document.blocks]
    assert blocks == [
        (ElementType.HEADER, "The header", False), (ElementType.NARRATIVE_TEXT, "Body", False),
        (ElementType.FOOTER, "Page 3", True),
    ]  # fmt: skip


def test_headers_of_even_pages_where_pages_face_each_other() -> None:
    stories = headers("Even", "Odd", "", "", "", "")
    document = read(word_file([P("Body")], Parts(headers=stories), tables={31: b"\x01\x00"}))
    assert [block.text for block in of_kind(document, ElementType.HEADER)] == ["Even", "Odd"]


def test_a_paragraph_without_a_mark_at_the_end_is_not_lost() -> None:
    assert text_of(read_body(P("first"), P("last", mark=""))) == "first\nlast"
