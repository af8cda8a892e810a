"""TEST: words on metafiles: which are read, in which order, joined how."""

import gzip
import struct

import pytest

from contract.verdicts import ElementType, Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from tests.parsers.metafile_file import (
    WHITE,
    emf,
    emf_font,
    emf_record,
    emf_select,
    emf_text,
    lines,
    number,
    pair,
    plus,
    plus_font,
    plus_glyphs,
    plus_record,
    plus_string,
    rows,
    wmf,
    wmf_font,
    wmf_placed,
    wmf_record,
    wmf_select,
    wmf_text,
    words,
)
from tests.parsers.reading import found, kinds, read

BASELINE = number(22, 24)
TRANSPARENT = number(18, 1)


def test_lines_are_read_from_top_to_bottom_whatever_the_order_of_drawing() -> None:
    document = emf(emf_font(), emf_text(10, 300, "third"), emf_text(10, 100, "first"), emf_text(10, 200, "second"))
    assert lines(document) == ["first", "second", "third"]


def test_words_drawn_in_pieces_are_joined_and_words_apart_are_not() -> None:
    document = emf(emf_font(), emf_text(10, 50, "inter"), emf_text(60, 50, "national"), emf_text(146, 50, "law"))
    assert lines(document) == ["international law"]


def test_letters_one_by_one_make_words() -> None:
    places = [*range(10, 60, 10), *range(66, 116, 10)]
    letters = [emf_text(x, 50, c) for x, c in zip(places, "hallowelt", strict=False)]
    assert lines(emf(emf_font(), *letters)) == ["hallo welt"]


def test_a_table_keeps_its_cells_apart() -> None:
    cells = [["Item", "2023", "2024"], ["Bread", "1", "22"], ["Butter", "", "3"]]
    texts = [
        emf_text(20 + 300 * column, 50 + 40 * row, text)
        for row, line in enumerate(cells)
        for column, text in enumerate(line)
        if text
    ]
    (block,) = words(emf(emf_font(), *texts)).blocks
    assert block.kind is ElementType.TABLE
    assert rows(block) == cells


def test_labels_of_several_lines_are_not_mixed_with_those_beside_them() -> None:
    boxes = (
        emf_text(50, 50, "Take the"),
        emf_text(60, 74, "order"),
        emf_text(400, 50, "Bake the"),
        emf_text(410, 74, "bread"),
    )
    assert lines(emf(emf_font(), *boxes)) == ["Take the", "order", "Bake the", "bread"]


def test_text_that_is_turned_is_read_along_its_own_direction() -> None:
    axis = (emf_font(2, angle=900), emf_text(30, 500, "Sales in"), emf_text(30, 410, "euros"))
    assert lines(emf(emf_font(), emf_text(300, 700, "Quarters of the year"), *axis)) == [
        "Quarters of the year",
        "Sales in euros",
    ]


def test_alignment_tells_which_end_a_point_is() -> None:
    right = (number(22, 2 | 24), emf_text(110, 50, "left"))
    left = (BASELINE, emf_text(116, 50, "right"))
    centred = (number(22, 6 | 24), emf_text(300, 50, "middle"), BASELINE, emf_text(336, 50, "next"))
    assert lines(emf(emf_font(), *left, *right)) == ["left right"]
    assert lines(emf(emf_font(), *centred)) == ["middle next"]


def test_the_current_position_moves_on() -> None:
    records = (number(22, 1 | 24), pair(27, 50, 60), emf_text(0, 0, "one"), emf_text(0, 0, "two"))
    assert lines(emf(emf_font(), *records)) == ["onetwo"]


def test_windows_viewports_and_world_transforms_place_text() -> None:
    scaled = (number(17, 8), pair(9, 10_000, 8_000), pair(11, 1000, 800), emf_font(height=-200))
    moved = emf_record(35, struct.pack("<6f", 1, 0, 0, 1, 0, 4000))
    document = emf(
        *scaled,
        number(33, 0),
        moved,
        emf_text(100, 500, "below", widths=100),
        number(34, -1),
        emf_text(100, 3000, "above", widths=100),
    )
    assert lines(document) == ["above", "below"]


def test_a_matrix_may_be_multiplied_from_either_side() -> None:
    scale, shift = struct.pack("<6f", 2, 0, 0, 2, 0, 0), struct.pack("<6f", 1, 0, 0, 1, 0, 100)
    left = emf_record(36, scale + struct.pack("<L", 4)) + emf_record(36, shift + struct.pack("<L", 2))
    right = emf_record(36, scale + struct.pack("<L", 4)) + emf_record(36, shift + struct.pack("<L", 3))
    reset = emf_record(36, bytes(24) + struct.pack("<L", 1))
    document = emf(
        emf_font(), left, emf_text(0, 10, "at 220"), right, emf_text(0, 30, "at 160"), reset, emf_text(0, 190, "at 190")
    )
    assert lines(document) == ["at 160", "at 190", "at 220"]


def test_all_records_of_emf_that_draw_text() -> None:
    small = emf_record(108, struct.pack("<llLLLff", 10, 200, 5, 0x300, 1, 1.0, 1.0) + b"small")
    wide = emf_record(
        108, struct.pack("<llLLLff4l", 10, 250, 4, 0, 1, 1.0, 1.0, 0, 0, 0, 0) + "wide".encode("utf-16-le")
    )
    several = struct.pack("<4lLffL", 0, 0, -1, -1, 1, 1.0, 1.0, 2)
    places = struct.pack("<llLLL4lL", 10, 300, 2, 120, 0, 0, 0, 0, 0, 0) + struct.pack(
        "<llLLL4lL", 10, 350, 2, 124, 0, 0, 0, 0, 0, 0
    )
    poly = emf_record(97, several + places + "abcd".encode("utf-16-le"))
    narrow = emf_record(96, several + places + b"ef..gh..")
    texts = lines(emf(emf_font(), emf_text(10, 100, b"bytes"), small, wide, poly))
    assert texts == ["bytes", "small", "wide", "ab", "cd"]
    assert lines(emf(emf_font(), narrow)) == ["ef", "gh"]


def test_bytes_are_in_the_character_set_of_their_font() -> None:
    greek, russian = "Αθήνα".encode("cp1253"), "Москва".encode("cp1251")
    fonts = (
        emf_font(1, character_set=161),
        emf_text(10, 50, greek),
        emf_font(2, character_set=204),
        emf_text(10, 150, russian),
    )
    assert lines(emf(*fonts, emf_select(1), emf_text(10, 250, greek))) == ["Αθήνα", "Москва", "Αθήνα"]
    fonts_16 = (
        wmf_font(character_set=161),
        wmf_select(0),
        wmf_text(10, 50, greek),
        wmf_font(character_set=204),
        wmf_select(1),
    )
    assert lines(wmf(*fonts_16, wmf_text(10, 150, russian))) == ["Αθήνα", "Москва"]


def test_signs_of_symbol_fonts_are_what_they_look_like() -> None:
    assert lines(emf(emf_font(face="Symbol", character_set=2), emf_text(10, 50, "\uf061b"))) == ["αβ"]
    assert lines(wmf(wmf_font(character_set=2, face=b"Symbol"), wmf_select(0), wmf_text(10, 50, b"ab"))) == ["αβ"]
    assert lines(wmf(wmf_font(character_set=2, face=b"MT Extra"), wmf_select(0), wmf_text(10, 50, b"ab"))) == []


def test_a_deleted_object_leaves_its_number_to_the_next() -> None:
    russian = "Москва".encode("cp1251")
    pen = wmf_record(0x02FA, bytes(10))
    gone = wmf_record(0x01F0, struct.pack("<H", 0))
    records = (pen, wmf_font(), gone, wmf_font(character_set=204), wmf_select(0), wmf_text(10, 50, russian))
    assert lines(wmf(*records)) == ["Москва"]


@pytest.mark.parametrize("placeable", [False, True])
def test_wmf_with_and_without_a_placeable_header(placeable: bool) -> None:
    texts = (
        wmf_font(),
        wmf_select(0),
        wmf_placed(10, 200, b"below"),
        wmf_placed(10, 50, b"ab"),
        wmf_placed(30, 50, b"ove"),
    )
    assert lines(wmf(*texts, placeable=placeable)) == ["above", "below"]
    assert lines(wmf(*texts, placeable=True, window=False)) == ["above", "below"]


def test_words_without_widths_are_told_apart_by_what_follows_them() -> None:
    texts = (
        wmf_text(10, 50, b"Samuel"),
        wmf_text(70, 50, b"and his"),
        wmf_text(130, 50, b"sons (603"),
        wmf_text(208, 50, b"-"),
        wmf_text(214, 50, b"4)"),
    )
    assert lines(wmf(wmf_font(), wmf_select(0), *texts)) == ["Samuel and his sons (603-4)"]


def test_the_same_text_drawn_twice_is_read_once() -> None:
    assert lines(emf(emf_font(), emf_text(10, 50, "Shadow"), emf_text(12, 52, "Shadow"))) == ["Shadow"]


def test_emf_plus_is_read_once_beside_plain_records() -> None:
    document = emf(
        plus(plus_record(0x01, 1, bytes(16)), plus_font(), plus_string(10, 50, "Words")),
        emf_font(),
        emf_text(10, 50, "Words"),
    )
    assert lines(document) == ["Words"]


def test_emf_plus_alone_and_what_it_leaves_to_plain_records() -> None:
    waits = plus(plus_font(), plus_string(10, 50, "plus"), plus_record(0x04))
    meant = emf_text(10, 150, "plain")
    document = emf(
        emf_font(),
        emf_text(10, 300, "not shown by it"),
        waits,
        meant,
        plus(plus_glyphs(10, 250, "letters")),
        emf_text(10, 400, "nor this"),
    )
    assert lines(document) == ["plus", "plain", "letters"]


def test_glyphs_of_emf_plus_are_read_from_the_plain_records() -> None:
    glyphs = plus(plus_font(), plus_glyphs(10, 50, "\x03\x04\x05", letters=False))
    assert lines(emf(glyphs, emf_font(), emf_text(10, 50, "Words"))) == ["Words"]
    assert words(emf(glyphs)).lost == 1


def test_transforms_of_emf_plus() -> None:
    shift = plus_record(0x2D, 0, struct.pack("<2f", 0, 300))
    double = plus_record(0x2E, 0, struct.pack("<2f", 2, 2))
    kept, back = plus_record(0x25, 0, bytes(4)), plus_record(0x26, 0, bytes(4))
    records = (
        plus_font(),
        kept,
        shift,
        plus_string(10, 10, "at 310"),
        double,
        plus_string(10, 100, "at 500"),
        back,
        plus_string(10, 400, "at 400"),
    )
    assert lines(emf(plus(*records))) == ["at 310", "at 400", "at 500"]


def test_an_object_of_emf_plus_in_several_records() -> None:
    whole = plus_font(face="Symbol")[12:]
    parts = [
        plus_record(0x08, 0x8601, struct.pack("<L", len(whole)) + whole[:20]),
        plus_record(0x08, 0x0601, whole[20:]),
    ]
    assert lines(emf(plus(*parts, plus_string(10, 50, "ab")))) == ["αβ"]


# What nobody sees


def test_white_letters_on_nothing_are_hidden_and_told_of() -> None:
    white = (
        emf_font(),
        TRANSPARENT,
        number(24, WHITE),
        emf_text(10, 50, "obey"),
        number(24, 0),
        emf_text(10, 150, "seen"),
    )
    parsed = read("image/emf", emf(*white))
    assert kinds(parsed) == [("Image", "seen")]
    assert found(parsed) == ["hidden_text"]


def test_white_letters_on_something_dark_are_seen() -> None:
    dark = emf_record(39, struct.pack("<LLLL", 5, 0, 0x800000, 0)) + emf_select(5)
    box = emf_record(43, struct.pack("<4l", 0, 0, 200, 100))
    letters = (emf_font(), TRANSPARENT, number(24, WHITE), emf_text(20, 50, "seen"), emf_text(500, 500, "unseen"))
    result = words(emf(dark, box, *letters))
    assert [block.text for block in result.blocks] == ["seen"]
    assert result.hidden == ["unseen"]
    opaque = (number(18, 2), number(25, 0x800000), emf_font(), number(24, WHITE), emf_text(500, 500, "seen"))
    assert lines(emf(*opaque)) == ["seen"]


def test_a_white_box_does_not_make_white_letters_seen() -> None:
    brush = emf_record(39, struct.pack("<LLLL", 5, 0, WHITE, 0)) + emf_select(5)
    box = emf_record(43, struct.pack("<4l", 0, 0, 900, 700))
    assert lines(emf(brush, box, emf_font(), TRANSPARENT, number(24, WHITE), emf_text(20, 50, "unseen"))) == []


@pytest.mark.parametrize("place", [(-3000, 50), (5000, 50), (10, -4000), (10, 9000)])
def test_text_beside_the_picture_is_hidden(place: tuple[int, int]) -> None:
    result = words(emf(emf_font(), emf_text(*place, "unseen"), emf_text(10, 50, "seen")))
    assert (result.hidden, [block.text for block in result.blocks]) == (["unseen"], ["seen"])


def test_text_of_no_size_is_hidden() -> None:
    flat = emf_record(35, struct.pack("<6f", 0.001, 0, 0, 0.001, 10, 10))
    assert words(emf(emf_font(), flat, emf_text(10, 50, "unseen"))).hidden == ["unseen"]
    nothing = emf_record(35, struct.pack("<6f", 0, 0, 0, 0, 10, 10))
    assert words(emf(emf_font(), nothing, emf_text(10, 50, "unseen"))).hidden == ["unseen"]


def test_letters_of_emf_plus_that_are_seen_through_are_hidden() -> None:
    result = words(
        emf(plus(plus_font(), plus_string(10, 50, "unseen", colour=0x05000000), plus_string(10, 90, "seen")))
    )
    assert (result.hidden, [block.text for block in result.blocks]) == (["unseen"], ["seen"])


# Files of their own


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (emf(emf_font(), emf_text(10, 50, "Words")), "image/emf"),
        (wmf(wmf_text(10, 50, b"Words")), "image/wmf"),
        (wmf(wmf_text(10, 50, b"Words"), placeable=True), "image/wmf"),
    ],
)
def test_types_are_told_by_content(document: bytes, media_type: str) -> None:
    assert detect(document, "application/octet-stream", 1 << 20).media_type == media_type
    assert kinds(read(media_type, document)) == [("Image", "Words")]
    packed = gzip.compress(document)
    assert detect(packed, media_type, 1 << 20).media_type == media_type
    assert detect(packed, "application/gzip", 1 << 20).media_type == "application/gzip"
    assert kinds(read(media_type, packed)) == [("Image", "Words")]


def test_a_picture_without_words_is_empty() -> None:
    for media_type, document in (("image/emf", emf()), ("image/wmf", wmf())):
        with pytest.raises(Refused) as refused:
            read(media_type, document)
        assert refused.value.refusal is Refusal.EMPTY
