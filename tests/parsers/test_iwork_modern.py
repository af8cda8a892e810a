"""TEST: iWork of 2013 and later: objects out of Snappy and protocol buffers, tables by cells; lengths that lie."""

import contextlib
import io
import struct
import zipfile
from decimal import Decimal

import pytest

from contract.verdicts import FindingKind, Refusal
from parsers.blocks import Refused
from parsers.detect import detect
from parsers.iwork import archive, modern
from parsers.iwork.cells import cell_text
from parsers.iwork.grid import shaped
from tests.parsers.reading import found, kinds, markdown, read
from tests.parsers.test_detect import package

APPLE = "application/vnd.apple."
KEYNOTE, PAGES, NUMBERS = APPLE + "keynote", APPLE + "pages", APPLE + "numbers"


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def field(number: int, value: int | str | bytes) -> bytes:
    """A field of a message: a whole number, or a string of bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def reference(number: int, to: int) -> bytes:
    return field(number, field(1, to))


def snappy(data: bytes) -> bytes:
    """Literals alone, which any reader must understand."""
    out = varint(len(data))
    for at in range(0, len(data), 60):
        piece = data[at : at + 60]
        out += bytes(((len(piece) - 1) << 2,)) + piece
    return out


def chunk(packed: bytes) -> bytes:
    return b"\x00" + len(packed).to_bytes(3, "little") + packed


def iwa(*objects: tuple[int, int, bytes]) -> bytes:
    """A file of objects: number, type, fields."""
    plain = b""
    for number, kind, data in objects:
        info = field(1, number) + field(2, field(1, kind) + field(3, len(data)))
        plain += varint(len(info)) + info + data
    return b"".join(chunk(snappy(plain[at : at + 65_536])) for at in range(0, len(plain), 65_536))


def storage(text: str, kind: int | None = None) -> bytes:
    return (field(1, kind) if kind is not None else b"") + field(3, text)


def document(*objects: tuple[int, int, bytes], **more: bytes) -> bytes:
    files = {name.replace("__", "-"): data for name, data in more.items()}
    return package(
        **{"Index/Document.iwa": iwa(*objects)}, **{f"Index/{name}.iwa": data for name, data in files.items()}
    )


ROOT_OF_PAGES = (1, 10000, b"")


def number_cell(value: str) -> bytes:
    """A cell with a decimal128."""
    sign, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    whole, power = int("".join(map(str, digits))), exponent + 0x1820
    data = bytearray(whole.to_bytes(14, "little") + b"\0\0")
    data[14], data[15] = (power & 0x7F) << 1, power >> 7 | sign << 7
    return struct.pack("<BB6xL", 5, 2, 1) + data


def cell(kind: int, flag: int, value: bytes) -> bytes:
    return struct.pack("<BB6xL", 5, kind, flag) + value


def row(at: int, *cells: bytes | None, **lies: int) -> bytes:
    data, offsets = b"", b""
    for each in cells:
        offsets += struct.pack("<H", 0xFFFF if each is None else len(data))
        data += each or b""
    return field(1, at) + field(2, len(cells)) + field(6, data) + field(7, offsets) + field(8, lies.get("wide", 0))


def numbers(*rows: bytes, strings: dict[int, str] | None = None, hidden: int = 0, more: bytes = b"") -> bytes:
    entries = b"".join(field(3, field(1, key) + field(3, text)) for key, text in (strings or {}).items())
    store = field(3, field(1, reference(2, 30)) + field(2, 256)) + reference(4, 40) + reference(17, 41)
    rich = field(3, field(1, 1) + reference(9, 50))
    return document(
        (1, 1, reference(1, 10)), (10, 2, field(1, "Plan") + reference(2, 20) + field(25, hidden)),
        (20, 6000, reference(2, 21)), (21, 6001, field(8, "T") + field(9, 1) + field(4, store) + more),
        (30, 6002, b"".join(field(5, each) for each in rows)), (40, 6005, entries), (41, 6005, rich),
        (50, 6218, reference(1, 51)), (51, 2001, storage("rich\u2028text", 5)),
    )  # fmt: skip


def text_cell(key: int) -> bytes:
    return cell(3, 8, struct.pack("<L", key))


def refusal(kind: str, data: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        read(kind, data)
    return refused.value.refusal


class TestKinds:
    def test_they_are_told_by_their_objects(self) -> None:
        assert detect(document(ROOT_OF_PAGES), PAGES, 1 << 20) == (PAGES, [])
        assert detect(numbers(), NUMBERS, 1 << 20) == (NUMBERS, [])
        assert detect(document((1, 1, b""), Slide=iwa()), KEYNOTE, 1 << 20) == (KEYNOTE, [])

    def test_the_objects_may_be_in_a_package_of_their_own(self) -> None:
        inner = document(ROOT_OF_PAGES, (2, 2001, storage("Text", 0)))
        outer = package(**{"Index.zip": inner})
        assert detect(outer, "", 1 << 20).media_type == PAGES
        assert markdown(read(PAGES, outer)) == "Text\n"

    @pytest.mark.parametrize("data", [b"", b"\x01\x00\x00\x00", b"\x00\xff\xff\xff", b"junk" * 50])
    def test_any_other_zip_with_such_a_name_stays_a_zip(self, data: bytes) -> None:
        assert detect(package(**{"Index/Document.iwa": data}), "", 1 << 20).media_type == "application/zip"
        assert detect(package(**{"Index.zip": data}), "", 1 << 20).media_type == "application/zip"


class TestText:
    def test_pages_have_a_body_boxes_headers_and_notes(self) -> None:
        data = document(
            ROOT_OF_PAGES, (2, 2001, storage("box")), (3, 2001, storage("One\u2028line\nTwo\ufffc\n\n", 0)),
            (4, 2001, storage("Top", 1)), (5, 2001, storage("Top", 1)), (6, 2001, storage("Note", 2)),
        )  # fmt: skip
        assert kinds(read(PAGES, data)) == [
            ("Header", "Top"), ("NarrativeText", "One\nline"), ("NarrativeText", "Two"), ("NarrativeText", "box"),
            ("Footnote", "Note"),
        ]  # fmt: skip

    def test_slides_come_by_number_with_their_notes_and_without_masters(self) -> None:
        data = document(
            (1, 1, b""), Slide__20=iwa((2, 2001, storage("second"))), MasterSlide__3=iwa((5, 2001, storage("master"))),
            Slide__3=iwa((3, 2001, storage("first")), (4, 2001, storage("say this", 4))),
            TemplateSlide__4=iwa((6, 2001, storage("template"))),
        )  # fmt: skip
        assert [text for _, text in kinds(read(KEYNOTE, data))] == [
            "Slide 1", "first", "Speaker notes", "say this", "Slide 2", "second",
        ]  # fmt: skip

    def test_a_damaged_file_costs_itself(self) -> None:
        data = document(
            (1, 1, b""), Slide__1=b"\x00\x05\x00\x00\x05\x01\x99\x99\x99", Slide__2=iwa((3, 2001, storage("here")))
        )
        parsed = read(KEYNOTE, data)
        assert "here" in markdown(parsed)
        assert found(parsed) == [FindingKind.TRUNCATED]


class TestTables:
    def test_cells_of_every_kind(self) -> None:
        header = row(0, text_cell(1), text_cell(2), None, text_cell(1))
        first = row(1, number_cell("2.50"), number_cell("-12"), None, cell(5, 4, struct.pack("<d", 86400.0 * 365)))
        second = row(
            300, cell(6, 2, struct.pack("<d", 1.0)), cell(8, 0, b""), None, cell(9, 0x10, struct.pack("<L", 1))
        )
        parsed = read(NUMBERS, numbers(header, first, second, strings={1: "a", 2: "b"}))
        assert markdown(parsed) == (
            "# Plan\n\n| a | b | a |\n| --- | --- | --- |\n"
            "| 2.5 | -12 | 2002-01-01 |\n| TRUE | #ERROR! | rich<br>text |\n"
        )
        assert found(parsed) == []

    def test_hidden_sheets_are_told(self) -> None:
        parsed = read(NUMBERS, numbers(row(0, text_cell(1)), strings={1: "secret"}, hidden=1))
        assert markdown(parsed) == ""
        assert found(parsed) == [FindingKind.HIDDEN_TEXT]

    def test_cells_that_nobody_here_knows_are_told(self) -> None:
        parsed = read(NUMBERS, numbers(row(0, b"\x04" + bytes(20), text_cell(9), number_cell("1"))))
        assert found(parsed) == [FindingKind.NOT_EXAMINED]
        old = field(1, 0) + field(2, 7) + field(3, b"old cells")
        assert "7 cells" in read(NUMBERS, numbers(old)).findings[0].evidence

    @pytest.mark.parametrize("exponent", [0, 1, 41, 6176, 0x3FFF])
    def test_an_exponent_without_end_is_not_written_out(self, exponent: int) -> None:
        data = bytearray(number_cell("7"))
        data[26], data[27] = (exponent & 0x7F) << 1, exponent >> 7
        shown = cell_text(bytes(data), {}, {})
        assert shown is not None
        assert len(shown) < 60

    @pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, -1e300])
    def test_a_date_beyond_time_is_none(self, seconds: float) -> None:
        assert cell_text(cell(5, 4, struct.pack("<d", seconds)), {}, {}) == ""

    def test_tables_in_a_circle_end(self) -> None:
        data = document(
            (1, 1, reference(1, 10) * 50), (10, 2, field(1, "Plan") + reference(2, 20) * 1000 + reference(2, 10)),
            (20, 6000, reference(2, 20)),
        )  # fmt: skip
        assert markdown(read(NUMBERS, data)) == ""

    def test_tables_stand_on_slides_and_pages_too(self) -> None:
        table = (
            (20, 6000, reference(2, 21)), (21, 6001, field(4, field(3, field(1, reference(2, 30))))),
            (30, 6002, field(5, row(0, number_cell("42")))),
        )  # fmt: skip
        assert "| 42 |" in markdown(read(PAGES, document(ROOT_OF_PAGES, *table)))
        assert "| 42 |" in markdown(read(KEYNOTE, document((1, 1, b""), *table[1:], Slide__1=iwa(table[0]))))

    def test_a_thousand_tables_over_one_model_are_one(self) -> None:
        """Each would have the same list of texts read once more."""
        more = reference(2, 21)
        tables = [(at, 6000, more) for at in range(100, 1100)]
        listed = b"".join(reference(2, at) for at, _, _ in tables)
        entries = b"".join(field(3, field(1, key) + field(3, "x" * 50)) for key in range(20_000))
        data = document(
            (1, 1, reference(1, 10)), (10, 2, field(1, "Plan") + listed), *tables,
            (21, 6001, field(4, field(3, field(1, reference(2, 30))) + reference(4, 40))),
            (30, 6002, field(5, row(0, text_cell(1)))), (40, 6005, entries),
        )  # fmt: skip
        assert markdown(read(NUMBERS, data)).count("x" * 50) == 1


class TestSnappy:
    def unpacked(self, packed: bytes) -> bytes:
        return archive.unpacked(chunk(packed), archive.Room(octets=1 << 20, pieces=1000))

    def test_copies_of_all_widths_and_those_that_repeat_themselves(self) -> None:
        assert self.unpacked(b"\x0a\x04ab" + bytes((1 | 4 << 2, 2))) == b"ab" * 5
        assert self.unpacked(b"\x06\x08abc" + bytes((2 | 2 << 2, 3, 0))) == b"abcabc"
        assert self.unpacked(b"\x06\x08abc" + bytes((3 | 2 << 2, 3, 0, 0, 0))) == b"abcabc"
        long = bytes(range(256))
        assert self.unpacked(varint(256) + bytes((60 << 2, 255)) + long) == long

    @pytest.mark.parametrize(
        "packed", [b"\x05\x01\x00", b"\x05\x08abc\x05\x04", b"\x05\x08abc", b"\x05\xfc\xff\xff\xff\xff", b"\x05"]
    )
    def test_what_refers_to_nothing_or_breaks_off_is_corrupt(self, packed: bytes) -> None:
        with pytest.raises(Refused) as refused:
            self.unpacked(packed)
        assert refused.value.refusal is Refusal.CORRUPT

    @pytest.mark.parametrize("size", [1 << 21, 1 << 30, 1 << 69])
    def test_a_size_beyond_all_is_a_bomb(self, size: int) -> None:
        with pytest.raises(Refused) as refused:
            self.unpacked(varint(size) + b"\x00a")
        assert refused.value.refusal is Refusal.BOMB

    def test_single_bytes_without_number_are_a_bomb(self) -> None:
        """Each costs as much time as a copy of 64."""
        assert self.unpacked(varint(1000) + b"\x00a" * 1000) == b"a" * 1000
        with pytest.raises(Refused) as refused:
            self.unpacked(varint(1001) + b"\x00a" * 1001)
        assert refused.value.refusal is Refusal.BOMB

    def test_many_chunks_together_are_bounded(self) -> None:
        """Of a letter that is copied again and again: 22 times its size."""
        packed = varint(60_000) + b"\x00a" + (bytes((2 | 63 << 2, 1, 0)) * 937) + bytes((2 | 30 << 2, 1, 0))
        data = package(**{"Index/Document.iwa": chunk(packed) * 2000})
        assert refusal(PAGES, data) is Refusal.BOMB

    def test_objects_without_number_are_a_bomb(self) -> None:
        room = archive.Room(octets=1 << 20, objects=10)
        with pytest.raises(Refused) as refused:
            list(archive.objects_of(iwa(*[(at, 1, b"") for at in range(20)]), room))
        assert refused.value.refusal is Refusal.BOMB


@pytest.mark.parametrize("seed", range(200))
def test_damaged_objects_end_in_a_refusal_or_a_document(seed: int) -> None:
    """Each seed overwrites other bytes behind the compression: lengths, numbers, references."""
    rows = [row(0, text_cell(1), number_cell("2.5")), row(1, text_cell(2), text_cell(1))]
    whole = numbers(*rows, strings={1: "a", 2: "b"})
    content = bytearray(zipfile.ZipFile(io.BytesIO(whole)).read("Index/Document.iwa"))
    for step in range(4):
        at = 8 + (seed * 7919 + step * 104_729) % (len(content) - 8)
        content[at] = (seed * 131 + step * 17) & 0xFF
    with contextlib.suppress(Refused):
        read(NUMBERS, package(**{"Index/Document.iwa": bytes(content)}))


def test_many_cells_of_one_long_text_are_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell has four bytes of it: half a megabyte was gigabytes."""
    monkeypatch.setattr(modern, "CELL_CHARS_MAX", 10_000)
    assert refusal(NUMBERS, numbers(row(0, *[text_cell(1)] * 11), strings={1: "x" * 1000})) is Refusal.BOMB


def test_empty_cells_of_all_tables_together_are_bounded() -> None:
    """A diagonal of texts is a square of cells."""
    room, diagonal = [2500], {(at, at): "x" for at in range(40)}
    sizes = [(len(table.rows), cut) for table, cut in (shaped(diagonal, 0, room) for _ in range(3)) if table]
    assert sizes == [(40, False), (22, True), (1, True)]
