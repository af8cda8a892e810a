"""TEST: slides of PowerPoint 97 to 2003: titles, text, lists, tables, notes, masters, what is not shown."""

import struct

import pytest

from contract.verdicts import ElementType, FindingKind
from parsers.blocks import Comment, ParsedDocument, Refused
from parsers.registry import parser_for
from tests.parsers.markup_cases import grid, items, kinds_found, of_kind, shown, silent, text_of
from tests.parsers.ole_file import compound_file
from tests.parsers.ppt_file import (
    BODY,
    CENTRE_BODY,
    OTHER,
    PLACES,
    TITLE,
    Deck,
    Slide,
    atom,
    box,
    drawing,
    group,
    ppt_file,
    ppt_streams,
    read,
    read_slides,
    shape,
    string,
    styles,
    text_records,
)


def text_shape(text: str, kind: int = OTHER, place: int = 0, **options: object) -> bytes:
    return shape(text_records(text, kind), place=place, **options)  # type: ignore[arg-type]


def titled(text: str, *shapes: bytes, **options: object) -> Slide:
    return Slide([text_shape(text, TITLE, PLACES["title"]), *shapes], **options)  # type: ignore[arg-type]


def test_slides_in_order_with_their_titles_and_pages() -> None:
    document = read_slides(titled("First", text_shape("Some text")), titled("Second", text_shape("Größe — 東京")))
    assert [(block.kind, block.depth, block.text, block.page) for block in document.blocks] == [
        (ElementType.TITLE, 1, "First", 1), (ElementType.NARRATIVE_TEXT, None, "Some text", 1),
        (ElementType.TITLE, 1, "Second", 2), (ElementType.NARRATIVE_TEXT, None, "Größe — 東京", 2),
    ]  # fmt: skip
    assert document.page_sizes == {1: (720.0, 540.0), 2: (720.0, 540.0)}


def test_a_slide_without_a_title_is_headed_by_its_number() -> None:
    assert [block.text for block in read_slides(Slide([text_shape("alone")])).blocks] == ["Slide 1", "alone"]


def test_a_slide_that_says_nothing_is_left_out() -> None:
    assert [block.text for block in read_slides(Slide(), titled("Said")).blocks] == ["Said"]


def test_text_in_the_outline_is_shown_by_the_shapes_that_refer_to_it() -> None:
    outline = text_records("The title", TITLE) + text_records("one\rtwo", BODY)
    shapes = [
        shape(atom(0x0F9E, struct.pack("<L", 1)), at=(0, 500, 900, 900)),
        shape(atom(0x0F9E, struct.pack("<L", 0))),
    ]
    document = read_slides(Slide(shapes, outline))
    assert [block.text for block in document.blocks] == ["The title", "one", "two"]
    assert items(document) == [(0, "", "one"), (0, "", "two")]


def test_text_of_the_outline_that_no_shape_shows_is_not_lost() -> None:
    document = read_slides(Slide([], text_records("The title", TITLE) + text_records("lost", CENTRE_BODY)))
    assert [block.text for block in document.blocks] == ["The title", "lost"]


def test_levels_and_bullets() -> None:
    text = "top\rinner\rplain"
    said = styles([(4, 0, True), (6, 1, True), (6, 0, False)], [(16, 0)])
    document = read_slides(Slide([shape(text_records(text, OTHER, said))]))
    assert items(document) == [(0, "", "top"), (1, "", "inner")]
    assert document.blocks[-1].kind is ElementType.NARRATIVE_TEXT


def test_the_master_says_which_levels_have_bullets() -> None:
    level = struct.pack("<L", 1) + struct.pack("<H", 0) + struct.pack("<L", 0)
    master = atom(0x0FA3, struct.pack("<H", 1) + level, BODY)
    slide = Slide([shape(text_records("no bullet here", BODY))])
    assert not items(read_slides(slide, master_more=master))
    assert items(read_slides(slide)) == [(0, "", "no bullet here")]


def numbered(*schemes: tuple[int, int] | None) -> bytes:
    """Client data with extended styles: (scheme, first number) of each, or none."""
    data = b""
    for scheme in schemes:
        data += struct.pack("<L", 0x3000000 if scheme else 0)
        data += struct.pack("<HHH", 1, *scheme) if scheme else b""
        data += bytes(8)
    return box(0x1388, box(0x138A, string("___PPT9"), atom(0x138B, atom(0x0FAC, data))))


def test_numbered_lists() -> None:
    text = "one\rtwo\rinner\rthree\rbullet"
    said = styles([(8, 0, True), (6, 1, True), (13, 0, True)], [(8, 1 << 10), (6, 2 << 10), (6, 1 << 10), (7, 0)])
    data = numbered(None, (3, 1), (9, 4), *[None] * 14, (3, 1), *[None] * 20)
    document = read_slides(Slide([shape(text_records(text, OTHER, said), data=data)]))
    assert items(document) == [
        (0, "1.", "one"),
        (0, "2.", "two"),
        (1, "d)", "inner"),
        (0, "3.", "three"),
        (0, "", "bullet"),
    ]


def test_emphasis_and_line_breaks() -> None:
    said = styles([(23, 0, None)], [(5, 0), (5, 1), (1, 0), (7, 2), (5, 0)])
    document = read_slides(Slide([shape(text_records("some bold, italics\x0bend", OTHER, said))]))
    assert shown(document)[1] == "some **bold,** *italics*\nend"


LINKS = box(
    0x0409, box(0x0FD7, atom(0x0FD3, struct.pack("<L", 5)), string("shown", 0), string("http://example.com/", 1))
)


def action(link: int, kind: int = 4) -> bytes:
    return box(0x0FF2, atom(0x0FF3, struct.pack("<LLBBBBB3x", 0, link, kind, 0, 0, 0, 8)))


def test_links_of_text_and_of_shapes() -> None:
    linked = text_records("see the link here", OTHER, more=action(5) + atom(0x0FDF, struct.pack("<LL", 4, 12)))
    document = read_slides(
        Slide([shape(linked), text_shape("all of it", at=(0, 500, 100, 600), data=action(5))]), document=LINKS
    )
    assert shown(document)[1:] == ["see [the link](http://example.com/) here", "[all of it](http://example.com/)"]


def test_actions_that_run_something_are_findings() -> None:
    document = read_slides(Slide([text_shape("click me", data=action(5, kind=2))]), document=LINKS)
    found = [(each.kind, each.evidence) for each in document.findings]
    assert found == [(FindingKind.ACTIVE_CONTENT, "program http://example.com/")]
    assert not document.blocks[1].links


def test_shapes_in_reading_order_and_groups_together() -> None:
    slide = titled(
        "T",
        text_shape("below", at=(0, 2000, 4000, 2500)),
        text_shape("right", at=(2500, 1000, 4000, 1500)),
        group(text_shape("in a group", at=(0, 1000, 900, 1200), child=True), at=(0, 1000, 2000, 1500)),
    )
    assert [block.text for block in read_slides(slide).blocks] == ["T", "in a group", "right", "below"]


def test_word_art() -> None:
    art = shape(properties=[(0x00C0, "Curved\0".encode("utf-16-le"))])
    assert [block.text for block in read_slides(titled("T", art)).blocks] == ["T", "Curved"]


def test_alternative_texts_of_pictures() -> None:
    picture = shape(properties=[(0x0381, "A glove".encode("utf-16-le"))])
    named = shape(text_records("says itself"), properties=[(0x0381, "unused".encode("utf-16-le"))], at=(0, 500, 9, 600))
    document = read_slides(titled("T", picture, named))
    assert [(block.kind, block.text) for block in document.blocks[1:]] == [
        (ElementType.IMAGE, "A glove"), (ElementType.NARRATIVE_TEXT, "says itself"),
    ]  # fmt: skip


def test_a_table_is_a_group_of_boxes() -> None:
    cells = [
        text_shape("a", at=(0, 0, 1000, 500), child=True), text_shape("b", at=(1000, 0, 2000, 500), child=True),
        text_shape("wide", at=(0, 500, 2000, 1000), child=True),
        text_shape("tall", at=(2000, 0, 3000, 1000), child=True),
        shape(at=(0, 500, 3000, 500), child=True),
    ]  # fmt: skip
    document = read_slides(titled("T", group(*cells, at=(0, 0, 3000, 1000), table=True)))
    table = of_kind(document, ElementType.TABLE)[0]
    assert grid(table) == [["a", "b", "tall"], ["wide"]]
    assert table.table is not None
    assert [[(each.colspan, each.rowspan) for each in row] for row in table.table.rows] == [
        [(1, 1), (1, 1), (1, 2)],
        [(2, 1)],
    ]


def test_speaker_notes() -> None:
    notes = [text_shape("Say this.", 2, PLACES["notes"])]
    document = read_slides(Slide([text_shape("T", TITLE)], notes=notes), titled("Next"))
    assert [(block.text, block.depth, block.page) for block in document.blocks] == [
        ("T", 1, 1), ("Speaker notes", 3, 1), ("Say this.", None, 1), ("Next", 1, 2),
    ]  # fmt: skip


def headers_footers(footer: str, flags: int = 0x20, instance: int = 0, header: str = "", date: str = "") -> bytes:
    texts = [string(date, 0), string(header, 1), string(footer, 2)]
    return box(0x0FD9, atom(0x0FDA, struct.pack("<HH", 0, flags)), *texts, instance=instance)


def test_footers_are_shown_once() -> None:
    footer = shape(text_records("*", OTHER, more=atom(0x0FFA, bytes(4))), place=PLACES["footer"])
    number = shape(text_records("*", OTHER, more=atom(0x0FD8, bytes(4))), place=PLACES["number"])
    slides = [titled(name, footer, number) for name in ("A", "B")]
    document = read_slides(*slides, document=headers_footers("Confidential", instance=3))
    assert [(block.text, block.furniture) for block in of_kind(document, ElementType.FOOTER)] == [
        ("Confidential", False), ("1", True), ("2", True),
    ]  # fmt: skip


def footers(document: ParsedDocument) -> list[str]:
    return [block.text for block in of_kind(document, ElementType.FOOTER)]


def test_what_slides_and_what_notes_have_above_and_below() -> None:
    said = headers_footers("On slides", 0x24, 3, "no header on slides", "May 2001")
    said += headers_footers("Below notes", 0x30, 4, "Above notes")
    slide = titled("A", notes=[text_shape("note", 2, PLACES["notes"])])
    assert footers(read_slides(slide, document=said)) == ["May 2001", "On slides", "Above notes", "Below notes"]


def test_what_is_not_switched_on_is_not_shown() -> None:
    assert not footers(read_slides(titled("A"), document=headers_footers("Off", 0x0, 3)))


def test_a_slide_with_a_footer_of_its_own() -> None:
    slides = [titled("A", more=headers_footers("Of A")), titled("B")]
    assert footers(read_slides(*slides, document=headers_footers("Of all", instance=3))) == ["Of A", "Of all"]


def test_text_on_the_master_is_shown_once_and_its_placeholders_never() -> None:
    master = [text_shape("Click to edit", TITLE, 0x01), text_shape("ACME Corp.")]
    document = read_slides(titled("A"), titled("B"), Slide([text_shape("C", TITLE)], shows_master=False), master=master)
    assert [block.text for block in document.blocks] == ["A", "ACME Corp.", "B", "C"]
    assert not of_kind(
        read_slides(Slide([text_shape("C", TITLE)], shows_master=False), master=master), ElementType.FOOTER
    )


def test_comments_are_kept_with_the_title() -> None:
    stamp = atom(0x2EE1, struct.pack("<L8H", 1, 2015, 9, 3, 30, 13, 57, 43, 705) + bytes(8))
    comment = box(0x2EE0, string("Alice", 0), string("Really?", 1), string("A", 2), stamp)
    tags = box(0x1388, box(0x138A, string("___PPT10"), atom(0x138B, comment)))
    document = read_slides(Slide([text_shape("T", TITLE)], more=tags))
    assert document.blocks[0].comments == [Comment("Alice", "Really?", "2015-09-30T13:57:43.705", "A")]
    assert text_of(document) == "T"


def test_hidden_slides_are_a_finding_and_no_text() -> None:
    document = read_slides(titled("Shown"), titled("HIDDENMARKER", text_shape("hidden body"), hidden=True))
    assert text_of(document) == "Shown"
    assert [(each.kind, each.evidence) for each in document.findings] == [
        (FindingKind.HIDDEN_TEXT, "slides 2; 2 texts: HIDDENMARKER hidden body"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hidden",
    [
        text_shape("HIDDENMARKER", properties=[(0x03BF, 0x00020002)]),
        text_shape("HIDDENMARKER", at=(-900, 0, -100, 100)),
        text_shape("HIDDENMARKER", at=(0, 4400, 100, 4500)),
        group(text_shape("HIDDENMARKER", at=(6000, 0, 6100, 10), child=True), at=(6000, 0, 7000, 100)),
    ],
    ids=["hidden", "left of the slide", "below the slide", "a group beside the slide"],
)
def test_shapes_that_nobody_sees_are_a_finding_and_no_text(hidden: bytes) -> None:
    document = read_slides(titled("Shown", hidden))
    assert text_of(document) == "Shown"
    assert kinds_found(document) == {"hidden_text"}


def test_deleted_shapes_are_gone() -> None:
    deleted = bytearray(text_shape("deleted"))
    deleted[20:24] = struct.pack("<L", 0x08)
    assert text_of(read_slides(titled("T", bytes(deleted)))) == "T"


def test_macros_objects_and_media_are_findings() -> None:
    macros = box(0x07D0, box(0x03FF, atom(0x0400, struct.pack("<LLL", 9, 1, 2)), instance=1))
    objects = box(
        0x0409,
        box(0x0FCC, string("Worksheet", 1), string("Excel.Sheet.8", 2)),
        box(0x0FCE, string("Linked", 1)),
        box(0x0FEE, string("Forms.Button", 2)),
        box(0x1006, box(0x1005, string("\\\\host\\film.avi"))),
    )
    document = read_slides(titled("T"), document=macros + objects)
    assert [(each.kind, each.evidence) for each in document.findings] == [
        (FindingKind.ACTIVE_CONTENT, "Visual Basic project"),
        (FindingKind.EMBEDDED_FILE, "Excel.Sheet.8 Worksheet"),
        (FindingKind.EXTERNAL_REFERENCE, "Linked"),
        (FindingKind.ACTIVE_CONTENT, "Forms.Button"),
        (FindingKind.EXTERNAL_REFERENCE, "video: \\\\host\\film.avi"),
    ]  # fmt: skip


def test_encrypted_presentations_are_refused_as_such() -> None:
    with pytest.raises(Refused, match="encrypted"):
        read(compound_file(ppt_streams(Deck([titled("T")]), encrypted=True)))


def edited(earlier: int) -> bytes:
    """A file saved twice: the second saving replaced slide 1; its edit says where the earlier one is."""
    streams = ppt_streams(Deck([titled("Old"), titled("Kept")]))
    stream = streams["PowerPoint Document"]
    first_edit = stream.rindex(struct.pack("<HH", 0, 0x0FF5))
    slide = len(stream)
    head = struct.pack("<L8xLLHH", 0, 7, 0, 1, 0)
    stream += box(0x03EE, atom(0x03EF, head), drawing(text_shape("New", TITLE)))
    directory = len(stream)
    stream += atom(0x1772, struct.pack("<LL", 3 | 1 << 20, slide))
    edit = len(stream)
    stream += atom(
        0x0FF5, struct.pack("<LLLLLL", 0, 0, first_edit if earlier < 0 else edit, directory, 1, 9) + bytes(4)
    )
    user = atom(0x0FF6, struct.pack("<LLL", 0x14, 0xE391C05F, edit) + bytes(8))
    return compound_file({"PowerPoint Document": stream, "Current User": user})


def test_the_newest_saving_of_a_slide_is_read() -> None:
    assert text_of(read(edited(-1))) == "New\nKept"


def test_edits_in_a_circle_end() -> None:
    """An edit that names itself as the one before it; what only the first directory knew is found in file order."""
    assert "New" in text_of(read(edited(1)))


def test_a_file_without_the_stream_of_the_current_user() -> None:
    streams = ppt_streams(Deck([titled("First"), titled("Second")]))
    del streams["Current User"]
    assert text_of(read(compound_file(streams))) == "First\nSecond"


def test_a_file_that_lost_its_directory_is_read_in_file_order() -> None:
    streams = ppt_streams(Deck([titled("First"), titled("Second", notes=[text_shape("note")])]))
    stream = streams["PowerPoint Document"]
    streams["PowerPoint Document"] = stream[: stream.rindex(struct.pack("<HH", 0, 0x1772))]
    assert text_of(read(compound_file(streams))) == "First\nSecond\nSpeaker notes\nnote"


def test_one_slide_named_a_thousand_times_is_read_once() -> None:
    """A list that names the same container again and again would make a book of a slide."""
    streams = ppt_streams(Deck([titled("Only")]))
    entry = atom(0x03F3, struct.pack("<LLlLL", 3, 0, 0, 256, 0))
    document = box(0x03E8, box(0x0FF0, *[entry] * 1000))
    stream = streams["PowerPoint Document"]
    at = len(stream)
    directory = at + len(document)
    stream += document + atom(0x1772, struct.pack("<LL", 1 | 1 << 20, at))
    edit = len(stream)
    first_edit = streams["PowerPoint Document"].rindex(struct.pack("<HH", 0, 0x0FF5))
    stream += atom(0x0FF5, struct.pack("<LLLLLL", 0, 0, first_edit, directory, 1, 9) + bytes(4))
    user = atom(0x0FF6, struct.pack("<LLL", 0x14, 0xE391C05F, edit) + bytes(8))
    assert text_of(read(compound_file({"PowerPoint Document": stream, "Current User": user}))) == "Only"


@pytest.mark.parametrize("stream", [b"", b"\x00" * 5000, b"\xff" * 5000, atom(0x0FF5) * 700])
def test_nothing_readable_is_corrupt(stream: bytes) -> None:
    with pytest.raises(Refused, match="corrupt"):
        read(compound_file({"PowerPoint Document": stream, "Current User": b""}))


def test_the_media_type_leads_to_this_reader() -> None:
    parser = parser_for("application/vnd.ms-powerpoint")
    assert parser is not None
    assert text_of(parser.parse(ppt_file(titled("T")), silent())) == "T"
