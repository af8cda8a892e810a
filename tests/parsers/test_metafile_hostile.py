"""TEST: metafiles that lie: sizes, counts, loops, masses. Each costs little, and says what can be said."""

import gzip
import random
import struct

import pytest

from contract.verdicts import Refusal
from parsers.blocks import Refused
from parsers.metafile.model import Budget
from parsers.metafile.picture import words_of
from parsers.metafile.shown import Pictures
from tests.parsers.metafile_file import (
    emf,
    emf_font,
    emf_record,
    emf_text,
    lines,
    number,
    plus,
    plus_font,
    plus_glyphs,
    plus_record,
    plus_string,
    wmf,
    wmf_font,
    wmf_placed,
    wmf_record,
    wmf_select,
    wmf_text,
    words,
)
from tests.parsers.reading import found, read

SEEN = emf_font() + emf_text(10, 50, "seen")


@pytest.mark.parametrize("size", [0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_record_that_lies_about_its_size_ends_the_picture(size: int) -> None:
    document = emf(SEEN, struct.pack("<LL", 84, size) + bytes(64), emf_text(10, 150, "behind"))
    assert lines(document) == ["seen"]
    assert found(read("image/emf", document)) == ["truncated"]
    short = wmf(wmf_text(10, 50, b"seen"), struct.pack("<LH", min(size, 2) if size < 8 else size, 0x0521) + bytes(64))
    assert lines(short) == ["seen"]


@pytest.mark.parametrize("count", [60, 4096, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_text_that_claims_more_letters_than_there_are(count: int) -> None:
    result = words(emf(SEEN, emf_text(10, 150, "five!", widths=None, count=count), emf_text(10, 250, "behind")))
    assert result.cut
    assert [line.rstrip() for line in result.blocks[0].text.split("\n")][::2] == ["seen", "behind"]
    assert lines(emf(plus(plus_font(), plus_string(10, 50, "seen", count=count))))[0].startswith("seen")


def test_strings_and_widths_outside_of_their_record_are_not_read() -> None:
    head = struct.pack("<4lLff", 0, 0, -1, -1, 1, 1.0, 1.0)
    for start, widths in ((0, 0), (0xFFFFFFF0, 0), (76, 0xFFFFFFFF), (8, 76)):
        place = struct.pack("<llLLL4lL", 10, 50, 2, start, 0, 0, 0, 0, 0, widths)
        words(emf(SEEN, emf_record(84, head + place + b"a\0b\0")))
    poly = emf_record(97, head + struct.pack("<L", 0xFFFFFFFF) + bytes(40))
    assert lines(emf(SEEN, poly)) == ["seen"]


def test_strings_that_claim_the_same_letters_are_counted_each() -> None:
    head = struct.pack("<4lLffL", 0, 0, -1, -1, 1, 1.0, 1.0, 10_000)
    place = struct.pack("<llLLL4lL", 10, 50, 90_000, 40, 0, 0, 0, 0, 0, 40)
    assert words(emf(emf_record(97, head + place * 10_000))).cut


def test_rows_that_are_nearly_a_table_are_looked_at_once_or_twice() -> None:
    texts = []
    for at in range(4000):
        texts += [
            emf_text(10, 30 * at, "a"),
            emf_text(100, 30 * at, "b"),
            emf_text(300, 30 * at + 10, "c"),
            emf_text(300, 30 * at + 20, "d"),
        ]
    assert words(emf(emf_font(height=-8), *texts, bounds=(0, 0, 0, 0))).blocks


def test_every_prefix_of_a_picture_is_read_without_harm() -> None:
    whole = emf(
        SEEN,
        plus(plus_font(), plus_string(10, 150, "plus"), plus_glyphs(10, 250, "glyphs")),
        emf_text(10, 350, b"bytes"),
    )
    for end in range(len(whole)):
        words(whole[:end])
    short = wmf(wmf_font(), wmf_select(0), wmf_text(10, 50, b"text"), wmf_placed(10, 150, b"placed"), placeable=True)
    for end in range(len(short)):
        words(short[:end])


def test_random_damage_never_raises() -> None:
    """Seeded: bytes of sound pictures replaced, most often in counts, sizes and places."""
    rng = random.Random(20260)
    sound = [
        emf(
            SEEN,
            plus(plus_font(), plus_string(10, 150, "plus"), plus_glyphs(10, 250, "glyphs")),
            emf_text(10, 350, b"bytes"),
        ),
        wmf(wmf_font(), wmf_select(0), wmf_text(10, 50, b"text"), wmf_placed(10, 150, b"placed"), placeable=True),
    ]
    for _ in range(3000):
        document = bytearray(rng.choice(sound))
        for _ in range(rng.randint(1, 12)):
            document[rng.randrange(len(document))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        words(bytes(document))


def test_saving_for_ever_keeps_a_bounded_number_of_states() -> None:
    assert lines(emf(number(33, 0) * 50_000, SEEN, number(34, -1) * 50_000)) == ["seen"]
    assert lines(wmf(wmf_record(0x1E) * 50_000, wmf_text(10, 50, b"seen"))) == ["seen"]
    for which in (0, 5, -5, 0x7FFFFFFF, -0x80000000):
        assert lines(emf(number(34, which), SEEN)) == ["seen"]


def test_records_are_counted_over_all_pictures() -> None:
    budget = Budget(records=1000)
    document = emf(number(22, 0) * 2000, SEEN)
    first = words_of(document, budget)
    assert (first.cut, first.blocks) == (True, [])
    assert words_of(emf(SEEN), budget).cut


def test_characters_are_counted_over_all_pictures() -> None:
    pictures = Pictures(Budget(characters=1000))
    texts = [
        block.text
        for at in range(50)
        for block in pictures.blocks(at, lambda at=at: [emf(emf_font(), emf_text(0, 50, f"{at:02}" * 50))])
    ]  # type: ignore[misc]
    assert len(texts) == 10
    assert [finding.evidence for finding in pictures.findings()] == ["more vector pictures than can be read"]


def test_a_picture_is_read_once_by_name_and_by_content() -> None:
    loads = []

    def load() -> list[bytes]:
        loads.append(1)
        return [emf(SEEN)]

    pictures = Pictures()
    assert len(pictures.blocks("a", load)) == 1
    assert pictures.blocks("a", load) == []
    assert pictures.blocks("b", load) == []
    assert len(loads) == 2


def test_a_picture_that_fails_costs_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    pictures = Pictures()
    with monkeypatch.context() as patch:
        patch.setattr("parsers.metafile.picture.words_of", fail)
        assert pictures.blocks("a", lambda: [emf(SEEN)]) == []
    assert len(pictures.blocks("b", lambda: [emf(SEEN, SEEN)])) == 1


def test_what_is_no_metafile_is_not_loaded_to_its_end() -> None:
    def pieces():  # type: ignore[no-untyped-def] # noqa: ANN202
        yield b"\x89PNG\r\n\x1a\n"
        raise AssertionError

    assert Pictures().blocks("a", pieces) == []


def test_many_references_to_one_bomb_are_counted_each() -> None:
    """A few thousand bytes unpack to four million, under as many names as one likes."""
    loads = []
    bomb = gzip.compress(emf() + bytes(4 << 20))

    def load() -> list[bytes]:
        loads.append(1)
        return [bomb + bytes([len(loads) % 251, len(loads) // 251])]

    pictures = Pictures(Budget(bytes_=32 << 20))
    for key in range(100):
        pictures.blocks(key, load)
    assert len(loads) < 10


def test_a_bomb_in_a_packed_picture_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parsers.metafile.picture.PICTURE_BYTES_MAX", 1 << 20)
    bomb = gzip.compress(emf(SEEN) + bytes(8 << 20))
    with pytest.raises(Refused) as refused:
        read("image/emf", bomb)
    assert refused.value.refusal is Refusal.BOMB


def test_floats_that_are_no_numbers_place_nothing() -> None:
    for value in (float("nan"), float("inf"), -1e38, 1e38):
        world = emf_record(35, struct.pack("<6f", value, 0, 0, value, value, value))
        assert words(emf(emf_font(), world, emf_text(10, 50, "unseen"))).blocks == []
        matrix = plus_record(0x2A, 0, struct.pack("<6f", value, 0, 0, value, value, value))
        turn = plus_record(0x2F, 0, struct.pack("<f", value))
        words(emf(plus(plus_font(), matrix, turn, plus_string(10, 50, "unseen"))))


def test_windows_without_an_extent() -> None:
    for width, height in ((0, 0), (-1000, -800), (0, 800)):
        document = emf(number(17, 8), emf_record(9, struct.pack("<ll", width, height)), SEEN)
        words(document)
    assert lines(wmf(wmf_record(0x020C, bytes(4)), wmf_text(10, 50, b"seen"), window=False)) == ["seen"]


def test_many_texts_on_one_line_and_in_one_column_take_their_time_only_once() -> None:
    across = emf(emf_font(), *(emf_text(at % 1000, 50, "x", widths=None) for at in range(20_000)))
    down = emf(emf_font(), *(emf_text(at % 7 * 100, at % 800, "y") for at in range(20_000)))
    angles = emf(*(emf_font(at, angle=at) + emf_text(500, 400, f"z{at}") for at in range(3600)))
    for document in (across, down, angles):
        assert words(document).blocks
