"""TEST: damaged and hostile files of old Word and PowerPoint end as text or as a refusal, in bounded memory."""

import random
import struct
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from parsers.blocks import ParsedDocument, Refused, Report
from parsers.legacy import powerpoint, word
from tests.parsers import doc_file, ppt_file
from tests.parsers.doc_file import HIDDEN, P, Parts, cell, field_runs, item_of_list, list_tables, row_end
from tests.parsers.ole_file import compound_file
from tests.parsers.ppt_file import Slide, atom, box, shape, text_records

MEMORY_MAX = 24 << 20  # the files here have some 10 kB
VARIANTS = 200
_NUMBERS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"\xff\xff\x00\x00", b"\x00\x00\x01\x00")


def rich_word_file() -> bytes:
    """A file with every structure that the reader knows."""
    body = [
        P("Title", 1),
        P([("Text", b""), ("\x02", doc_file.SPECIAL), *field_runs(' HYPERLINK "http://x.example/" ', "link")]),
        item_of_list("one"), item_of_list("inner", 1), P([("hidden", HIDDEN), (" seen", b"")]),
        cell("a"), cell("b"), row_end([0, 100, 200]), cell("c"), row_end([0, 200]),
        P([("Anchor", b""), ("\x08", doc_file.SPECIAL), ("\x05", doc_file.SPECIAL)]),
    ]  # fmt: skip
    parts = Parts(
        footnotes=[(10, [P("A note")])],
        headers=[[] for _ in range(6)] + [[P("even")], [P("Head")], [], [P("Foot")], [], []],
        comments=[(60, 0, [P("A comment")])],
        boxes=[(59, [P("Boxed")])],
    )
    return doc_file.word_file(body, parts, tables=list_tables())


def rich_ppt_file() -> bytes:
    """A file with every structure that the reader knows."""
    said = ppt_file.styles([(4, 0, True), (6, 1, True), (9, 0, False)], [(10, 1), (9, 0)])
    cells = [shape(text_records(text), at=(x, 0, x + 90, 90), child=True) for text, x in (("c1", 0), ("c2", 90))]
    comment = box(0x2EE0, ppt_file.string("Ann", 0), ppt_file.string("Why?", 1))
    slides = [
        Slide(
            [shape(text_records("Title", 0), place=13), shape(text_records("one\rinner\rplain.", 1, said)),
             ppt_file.group(*cells, table=True), shape(atom(0x0F9E, bytes(4)))],
            outline=text_records("Outline", 1),
            notes=[shape(text_records("Notes", 2), place=12)],
            more=box(0x1388, box(0x138A, ppt_file.string("___PPT10"), atom(0x138B, comment))),
        ),
        Slide([shape(text_records("Second", 0))], hidden=True),
    ]  # fmt: skip
    return ppt_file.ppt_file(*slides, master=[shape(text_records("Master"))])


def mutated(document: bytes, seed: int) -> Iterator[bytes]:
    """Cut off, with flipped bytes, with numbers of an extreme size, with parts copied over others."""
    chance = random.Random(seed)
    for _ in range(VARIANTS):
        damaged = bytearray(document)
        way = chance.randrange(4)
        if way == 0:
            del damaged[chance.randrange(len(damaged)) :]
        elif way == 1:
            for _ in range(chance.choice((1, 3, 10, 60))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        elif way == 2:
            for _ in range(chance.choice((1, 2, 8))):
                at = chance.randrange(len(damaged) - 4)
                damaged[at : at + 4] = chance.choice(_NUMBERS)
        else:
            at, source, size = chance.randrange(len(damaged)), chance.randrange(len(damaged)), chance.randrange(600)
            damaged[at : at + size] = damaged[source : source + size]
        yield bytes(damaged)


def ends_well(read: Callable[[bytes], ParsedDocument], document: bytes) -> bool:
    """Whether it was read; a refusal is as good. Anything else raises, and too much memory fails."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        read(document)
        return True
    except Refused:
        return False
    finally:
        assert tracemalloc.get_traced_memory()[1] - before < MEMORY_MAX


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("document", "read"),
    [(rich_word_file(), doc_file.read), (rich_ppt_file(), ppt_file.read)],
    ids=["doc", "ppt"],
)
@pytest.mark.usefixtures("traced")
def test_every_mutation_ends_as_text_or_refusal(document: bytes, read: Callable[[bytes], ParsedDocument]) -> None:
    """Bytes flipped, numbers blown up, ends cut off: what a broken disk does, or somebody who looks for a hole."""
    assert ends_well(read, document)
    outcomes = [ends_well(read, damaged) for damaged in mutated(document, seed=20)]
    assert outcomes.count(True) > VARIANTS // 4, "most damage leaves something to read"
    assert outcomes.count(False) > 0


def word_with(tables: dict[int, bytes], text: str = "text\r" * 200) -> bytes:
    """A Word file with structures of ones own."""
    streams = doc_file.word_streams([P(line, mark="\r") for line in text.split("\r") if line])
    main = bytearray(streams["WordDocument"])
    stream = doc_file.finish_main(main, tables, [len(text), 0, 0, 0, 0, 0, 0])
    return compound_file({"WordDocument": bytes(main), "1Table": stream})


@pytest.mark.usefixtures("traced")
def test_a_text_that_is_shown_a_thousand_times() -> None:
    """A piece table whose pieces all lie over the same bytes: a few kilobytes would become a gigabyte of text."""
    pieces = [(at * 1000, at * 1000 + 1000, doc_file.FIB_BYTES, 0) for at in range(1000)]
    document = word_with({doc_file.PIECES: doc_file.piece_table(pieces)})
    assert ends_well(doc_file.read, document)
    assert sum(len(block.text) for block in doc_file.read(document).blocks) < 200_000


@pytest.mark.usefixtures("traced")
def test_pages_of_formatting_that_are_named_again_and_again() -> None:
    """An index that names one page thousands of times."""
    index = struct.pack("<5001L", *range(5001)) + struct.pack("<5000L", *[6] * 5000)
    tables = {doc_file.CHARACTER_PAGES: index, doc_file.PARAGRAPH_PAGES: index}
    pieces = doc_file.piece_table([(0, 500, doc_file.FIB_BYTES, 0)])
    assert ends_well(doc_file.read, word_with({**tables, doc_file.PIECES: pieces}))


@pytest.mark.usefixtures("traced")
def test_sections_that_share_a_long_list_of_changes() -> None:
    """Hundreds of sections whose formatting is the same 64 kilobytes: each would be read for each of them."""
    sections = doc_file.plc(range(601), [struct.pack("<HLHL", 0, 1024, 0, 0)] * 600)
    headers = doc_file.plc(range(3601))
    pieces = doc_file.piece_table([(0, 500, doc_file.FIB_BYTES, 0)])
    tables = {doc_file.SECTIONS: sections, doc_file.HEADERS: headers, doc_file.PIECES: pieces}
    assert ends_well(doc_file.read, word_with(tables, "\xff\xff" * 4000))


@pytest.mark.usefixtures("traced")
def test_styles_based_on_each_other() -> None:
    styles = [doc_file.Style("Normal", 0, base=1), doc_file.Style("Other", base=2), doc_file.Style("Third", base=1)]
    assert ends_well(doc_file.read, doc_file.word_file([P("text", 1)], styles=styles))


@pytest.mark.usefixtures("traced")
def test_tables_deeper_than_anybody_nests() -> None:
    """Each paragraph claims to be one table deeper, up to two thousand million."""
    depths = (*range(80), 2**31 - 1)
    body = [P("x", sprms=doc_file.IN_TABLE + doc_file.sprm(0x6649, depth)) for depth in depths]
    assert ends_well(doc_file.read, doc_file.word_file(body))


@pytest.mark.usefixtures("traced")
def test_a_text_box_that_is_anchored_in_itself() -> None:
    """The box's text holds the anchor of the same box."""
    parts = Parts(boxes=[(7, [P([("in", b""), ("\x08", doc_file.SPECIAL)])])])
    document = doc_file.word_file([P("Body")], parts)
    assert [block.text for block in doc_file.read(document).blocks] == ["Body", "in"]


@pytest.mark.usefixtures("traced")
def test_fields_in_fields_without_end() -> None:
    """Thousands of fields begin before the first of them ends."""
    runs = [("\x13" * 4_000, doc_file.SPECIAL), ("\x15" * 4_000, doc_file.SPECIAL), ("text", b"")]
    document = doc_file.word_file([P(runs)], narrow=True)
    assert ends_well(doc_file.read, document)
    assert [block.text for block in doc_file.read(document).blocks] == ["text"]


def test_one_endless_paragraph_shows_signs_of_life() -> None:
    """Without any, the host takes the sandbox for one that hangs."""
    calls: list[str] = []
    report = Report(progress=lambda stage, done, total: calls.append(stage))
    word.PARSER.parse(doc_file.word_file([P("\x01" * 50_000)], narrow=True), report)
    assert calls.count("characters") >= 10
    text = text_records("line\r" * 20_000)
    powerpoint.PARSER.parse(ppt_file.ppt_file(Slide([shape(text)])), report)
    assert calls.count("text") >= 9


@pytest.mark.usefixtures("traced")
def test_records_in_records_without_end() -> None:
    """Containers nested a thousand deep, where a drawing's groups should be."""
    inner = b""
    for _ in range(1000):
        inner = box(0xF003, inner)
    assert ends_well(ppt_file.read, ppt_file.ppt_file(Slide([shape(text_records("T", 0)), inner])))


@pytest.mark.usefixtures("traced")
def test_a_run_that_claims_four_thousand_million_characters() -> None:
    said = struct.pack("<LHL", 0xFFFFFFFF, 0xFFFF, 0) + struct.pack("<LL", 0xFFFFFFFF, 0)
    document = ppt_file.ppt_file(Slide([shape(text_records("text", 0, said))]))
    assert [block.text for block in ppt_file.read(document).blocks] == ["text"]


def test_far_too_many_records_are_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records without data are eight bytes each; looking at all of them again and again is what costs."""
    monkeypatch.setattr("parsers.legacy.records.RECORDS_MAX", 500)
    with pytest.raises(Refused, match="bomb"):
        ppt_file.read(ppt_file.ppt_file(Slide([shape(text_records("T", 0))] * 300)))
