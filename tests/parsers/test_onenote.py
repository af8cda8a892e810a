"""TEST: OneNote sections: pages in order, the current revision alone, files passed on; and stores that lie."""

import contextlib
import struct

import pytest

from contract.verdicts import Refusal
from parsers import registry
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.detect import detect
from parsers.onenote import model, package_store, reader, revision_store
from parsers.onenote import page as pages_module
from parsers.onenote.properties import properties_of
from tests.parsers.one_file import (
    ALT,
    BYTES,
    CELL,
    CHILDREN,
    CONTAINER,
    CONTENT,
    ELEMENT,
    FILE_CONTAINER,
    FILE_NAME,
    FILE_NODE,
    FORMAT,
    IMAGE,
    LISTS,
    NUMBERS,
    PICTURE,
    PICTURE_OF,
    RICH,
    ROW,
    SPACE_GUID,
    TABLE,
    TEXT,
    Revision,
    Store,
    Thing,
    group,
    name,
    node,
    packed_section,
    page,
    rich,
    section,
    space,
)  # fmt: skip
from tests.parsers.reading import evidence, found, kinds, markdown, read

ONENOTE = "application/onenote"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


class Kept:
    """An outlet that keeps."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.withheld: list[str] = []

    def embed(self, name: str, content: object, media_type: str = "") -> None:
        assert isinstance(content, bytes)
        self.files.append((name, content))

    def withhold(self, name: str, *_why: object) -> None:
        self.withheld.append(name)


def read_files(document: bytes) -> tuple[ParsedDocument, Kept]:
    kept = Kept()
    parser = registry.parser_for(ONENOTE)
    assert parser is not None
    return parser.parse(document, Report(lambda *_: None, kept)), kept


def words(document: bytes) -> list[str]:
    return [text for _, text in kinds(read(ONENOTE, document))]


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


class TestReading:
    def test_it_is_told_by_its_first_bytes(self) -> None:
        assert detect(section(page(rich("x"))), ONENOTE, 1 << 20) == (ONENOTE, [])
        assert detect(section(page(rich("x"))), "application/msonenote", 1 << 20) == (ONENOTE, [])

    def test_pages_come_in_the_order_of_the_section_with_title_and_date(self) -> None:
        document = section(page(rich("one"), title="First"), page(rich("two"), title="Second"), order=[3, 2])
        parsed = read(ONENOTE, document)
        assert kinds(parsed) == [
            ("Title", "Second"), ("NarrativeText", "3 May"), ("NarrativeText", "two"),
            ("Title", "First"), ("NarrativeText", "3 May"), ("NarrativeText", "one"),
        ]  # fmt: skip
        assert [block.page for block in parsed.blocks] == [1, 1, 1, 2, 2, 2]

    def test_text_is_in_unicode_or_in_bytes(self) -> None:
        assert words(section(page(rich("Größe 😀"), Thing(RICH, {BYTES: b"caf\xe9\0"})))) == ["Größe 😀", "café"]

    def test_a_page_that_the_section_does_not_list_is_not_shown(self) -> None:
        assert words(section(page(rich("kept")), page(rich("deleted")), order=[2])) == ["kept"]

    def test_where_the_section_lists_nothing_all_pages_are_shown(self) -> None:
        assert words(section(page(rich("one")), page(rich("two")), order=[])) == ["one", "two"]

    def test_lists_have_bullets_and_numbers_by_level(self) -> None:
        def item(text: int, kind: int, *below: int) -> Thing:
            return Thing(ELEMENT, {LISTS: [kind], CONTENT: [text], CHILDREN: list(below)})

        numbered = {
            100: Thing(NUMBERS, {FORMAT: utf16("\x03\ufffd\x00.")}), 101: Thing(NUMBERS, {FORMAT: utf16("\x01•")}),
            102: Thing(NUMBERS, {FORMAT: utf16("\x04(\ufffd\x04)")}),
            200: item(201, 100, 202, 204), 201: rich("a"), 202: item(203, 102), 203: rich("aa"), 204: item(205, 102),
            205: rich("ab"), 206: item(207, 100), 207: rich("b"), 208: item(209, 101), 209: rich("c"),
        }  # fmt: skip
        (revision,) = page(more=numbered)
        revision.things[3].values[CHILDREN] = [200, 206, 208]
        parsed = read(ONENOTE, section([revision]))
        assert [(block.marker, block.depth, block.text) for block in parsed.blocks] == [
            ("1.", 0, "a"), ("(a)", 1, "aa"), ("(b)", 1, "ab"), ("2.", 0, "b"), ("", 0, "c"),
        ]  # fmt: skip

    def test_tables_are_tables(self) -> None:
        more = {
            200: Thing(ROW, {CHILDREN: [201, 202]}), 205: rich("left"), 206: rich("right"),
            201: Thing(CELL, {CHILDREN: [203]}), 202: Thing(CELL, {CHILDREN: [204]}),
            203: Thing(ELEMENT, {CONTENT: [205]}), 204: Thing(ELEMENT, {CONTENT: [206]}),
        }  # fmt: skip
        assert "| left | right |" in markdown(read(ONENOTE, section(page(Thing(TABLE, {CHILDREN: [200]}), more=more))))

    def test_links_show_their_words_and_keep_their_address(self) -> None:
        code = '\ufddfHYPERLINK "https://example.org/a" '
        runs = struct.pack("<LLL", 4, 4 + len(code), 4 + len(code) + 4)
        parsed = read(ONENOTE, section(page(rich(f"see {code}here now", runs=runs))))
        (block,) = parsed.blocks
        assert block.text == "see here now"
        assert [(link.text, link.url) for link in block.links] == [("here", "https://example.org/a")]

    def test_pictures_show_what_describes_them(self) -> None:
        assert kinds(
            read(ONENOTE, section(page(Thing(IMAGE, {ALT: utf16("A pump"), TEXT: utf16("seen by a machine")}))))
        ) == [("Image", "A pump")]


class TestRevisions:
    def test_the_last_one_counts_and_what_it_replaced_is_not_shown(self) -> None:
        old, new = page(rich("old"))[0], page(rich("new"))[0]
        assert words(section([old, new])) == ["new"]

    def test_what_a_revision_leaves_alone_is_as_before(self) -> None:
        old = page(rich("kept"), rich("old"))[0]
        assert words(section([old, Revision({13: rich("new")}, depends_on=1)])) == ["kept", "new"]

    def test_a_revision_of_another_role_does_not_count(self) -> None:
        assert words(section([page(rich("shown"))[0], Revision({11: rich("draft")}, depends_on=1, role=4)])) == [
            "shown"
        ]

    def test_revisions_that_depend_on_each_other_in_a_circle_end(self) -> None:
        first = page(rich("one"))[0]
        first.depends_on = 2
        assert words(section([first, Revision({11: rich("two")}, depends_on=1)])) == ["two"]


class TestFiles:
    def test_they_go_out_by_their_names_and_pictures_stay(self) -> None:
        more = {200: Thing(FILE_CONTAINER, file=1), 201: Thing(PICTURE, file=2)}
        document = section(
            page(
                Thing(FILE_NODE, {FILE_NAME: utf16("plan.xlsx"), CONTAINER: [200]}), Thing(IMAGE, {PICTURE_OF: [201]}),
                more=more,
            ),
            files=[b"PK sheet", PNG],
        )  # fmt: skip
        parsed, kept = read_files(document)
        assert kept.files == [("plan.xlsx", b"PK sheet")]
        assert words(document) == ["plan.xlsx"]
        assert found(parsed) == ["embedded_file"]

    def test_a_file_that_no_page_names_goes_out_too_but_for_pictures(self) -> None:
        parsed, kept = read_files(section(page(rich("x")), files=[b"unseen", PNG]))
        assert kept.files == [("file 1", b"unseen")]
        assert evidence(parsed) == "file 1"

    @pytest.mark.parametrize(
        ("named", "content"),
        [
            ("open me.hta", b"<script>"),
            ("a.CMD ", b"echo"),
            ("report.pdf", b"MZ\x90"),
            ("x", b"\x7fELF"),
            ("a.lnk", b"L"),
        ],
    )
    def test_what_runs_on_a_double_click_is_active_content(self, named: str, content: bytes) -> None:
        more = {200: Thing(FILE_CONTAINER, file=1)}
        things = Thing(FILE_NODE, {FILE_NAME: utf16(named), CONTAINER: [200]})
        parsed, kept = read_files(section(page(things, more=more), files=[content]))
        assert [(str(each.kind), str(each.severity)) for each in parsed.findings] == [("active_content", "high")]
        assert kept.files == [(named, content)]

    def test_the_worst_of_many_is_never_cut_off(self) -> None:
        parsed, kept = read_files(section(page(rich("x")), files=[b"plain"] * 40 + [b"MZ"]))
        assert len(kept.files) == 41
        assert parsed.findings[0].kind == "active_content"
        assert "21 more embedded files" in evidence(parsed)

    def test_a_file_that_is_not_there_is_told(self) -> None:
        more = {200: Thing(FILE_CONTAINER, file=7)}
        parsed, kept = read_files(
            section(page(Thing(FILE_NODE, {FILE_NAME: utf16("a.txt"), CONTAINER: [200]}), more=more))
        )
        assert (kept.files, kept.withheld, found(parsed)) == ([], ["a.txt"], ["not_examined"])


def refusal(document: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        read(ONENOTE, document)
    return refused.value.refusal


class TestHostile:
    def test_objects_in_a_circle_are_shown_once(self) -> None:
        (revision,) = page(rich("once"))
        revision.things[11] = Thing(ELEMENT, {CONTENT: [12], CHILDREN: [3, 10, 11, 2]})
        revision.things[12] = rich("once")
        assert words(section([revision])) == ["once"]

    def test_objects_in_each_other_end_with_a_finding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages_module, "DEPTH_MAX", 20)
        deep = {at: Thing(ELEMENT, {CHILDREN: [at + 1]}) for at in range(100, 200)}
        (revision,) = page(rich("top"), more={**deep, 200: rich("bottom")})
        revision.things[3].values[CHILDREN] = [10, 100]
        parsed = read(ONENOTE, section([revision]))
        assert [block.text for block in parsed.blocks] == ["top"]
        assert found(parsed) == ["truncated"]

    def test_a_list_that_follows_itself_ends(self) -> None:
        store = Store()
        at = len(store.data)
        nodes = [node(0x004, name(1, SPACE_GUID))]
        size = 16 + sum(map(len, nodes)) + 4 + 20
        assert refusal(store.finished(store.nodes(*nodes, following=struct.pack("<QL", at, size)))) is Refusal.CORRUPT

    def test_lists_that_refer_to_themselves_are_read_once(self) -> None:
        store = Store()
        own = (len(store.data), 16 + 3 * (4 + 12 + 20) + 4 + 20)
        nodes = [node(0x008, name(number, SPACE_GUID), own) for number in range(3)]
        assert refusal(store.finished(store.nodes(*nodes))) is Refusal.CORRUPT

    @pytest.mark.parametrize("limit", ["NODES_MAX", "REFERENCES_MAX", "OBJECTS_MAX", "REVISIONS_MAX"])
    def test_too_many_of_anything_is_a_bomb(self, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(revision_store, limit, 1)
        assert refusal(section(page(rich("x"), rich("y")))) is Refusal.BOMB

    def test_one_group_in_a_thousand_revisions_is_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(revision_store, "OBJECTS_MAX", 5000)
        store = Store()

        shared = group(store, {at: Thing(ELEMENT) for at in range(1, 101)})
        assert refusal(store.finished(store.nodes(space(store, 2, [Revision({})], *[shared] * 1000)))) is Refusal.BOMB

    def test_lists_that_lead_into_the_same_empty_fragments_are_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every list goes through all fragments behind its own: their number squared, and not one node in them."""
        monkeypatch.setattr(revision_store, "NODES_MAX", 4000)
        store, following, lists = Store(), b"", list[tuple[int, int]]()
        for _ in range(200):
            lists.append(store.nodes(following=following) if following else store.nodes())
            following = struct.pack("<QL", *lists[-1])
        spaces = [node(0x008, name(number + 2, SPACE_GUID), place) for number, place in enumerate(lists)]
        assert refusal(store.finished(store.nodes(*spaces))) is Refusal.BOMB

    def test_many_objects_over_the_same_empty_sets_are_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "_KEPT_FREE_BYTES", 1000)
        monkeypatch.setattr(reader, "_KEPT_RATIO", 0)
        empty = struct.pack("<HLLL", 1, 0x10 << 26, 1000, 0) + bytes(2000)
        reading = reader._Reading(model.Section(), 0, Report(lambda *_: None))
        with pytest.raises(Refused) as refused:
            properties_of(model.Object(0, memoryview(empty)), reading._account)
        assert refused.value.refusal is Refusal.BOMB

    def test_many_objects_over_the_same_text_are_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "_KEPT_FREE_BYTES", 1000)
        monkeypatch.setattr(reader, "_KEPT_RATIO", 0)
        assert refusal(section(page(*[rich("x" * 400) for _ in range(20)]))) is Refusal.BOMB

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff",
            b"\xff\xff\xff\xff",
            struct.pack("<L", 1 << 31) + b"\xff\xff",
            b"\0\0\0\x80\x01\0\x22\x1c\0\x1c\xff\xff\xff\xff",
        ],
    )
    def test_an_object_that_breaks_off_has_what_is_before(self, data: bytes) -> None:
        """Counts of references, of properties and of bytes that go beyond the object."""
        store = Store()
        assert pages_of(store, data) == []

    def test_sets_in_sets_end(self) -> None:
        """Each set holds one property, a set."""
        data = struct.pack("<L", 1 << 31) + struct.pack("<HL", 1, 0x11 << 26) * 5000
        assert pages_of(Store(), data) == []
        wide = struct.pack("<L", 1 << 31) + struct.pack("<HL", 1, 0x10 << 26) + struct.pack("<LL", 0xFFFFFFFF, 0)
        assert pages_of(Store(), wide + bytes(100_000)) == []

    @pytest.mark.parametrize("size", [16, 48, 64, 1023, 1024, 1030, 1100])
    def test_half_a_file_is_corrupt(self, size: int) -> None:
        assert refusal(section(page(rich("x")))[:size]) is Refusal.CORRUPT

    def test_cut_anywhere_it_ends(self) -> None:
        whole = section(page(rich("x"), title="T"), files=[b"a"])
        for size in range(1024, len(whole), 13):
            with contextlib.suppress(Refused):
                read(ONENOTE, whole[:size])

    @pytest.mark.parametrize("seed", range(200))
    def test_a_damaged_file_ends_in_a_refusal_or_a_document(self, seed: int) -> None:
        """Each seed overwrites other numbers of lists, nodes and objects."""
        more = {200: Thing(FILE_CONTAINER, file=1)}
        things = Thing(FILE_NODE, {FILE_NAME: utf16("a.txt"), CONTAINER: [200]})
        document = bytearray(section(page(rich("x"), things, title="T", more=more), files=[b"a"]))
        for step in range(6):
            at = 1024 + (seed * 7919 + step * 104_729) % (len(document) - 1028)
            struct.pack_into("<I", document, at, (seed * 2_654_435_761 + step) & 0xFFFFFFFF)
        with contextlib.suppress(Refused):
            read(ONENOTE, bytes(document))

    def test_a_protected_section_is_encrypted(self) -> None:
        store = Store()
        locked = space(store, 2, [Revision({1: Thing(ELEMENT)})], node(0x07C, b"", store.put(bytes(16)), base=1))
        assert refusal(store.finished(store.nodes(locked))) is Refusal.ENCRYPTED

    def test_another_format_under_the_same_signature_is_unsupported(self) -> None:
        document = bytearray(section(page(rich("x"))))
        document[48:64] = bytes(16)
        assert refusal(bytes(document)) is Refusal.UNSUPPORTED


def pages_of(store: Store, data: bytes) -> list[str]:
    """A space whose root object has these bytes."""
    nodes = [node(0x022), node(0x024, bytes(4) + bytes(range(1, 17))), node(0x028)]
    nodes.append(node(0x0A4, struct.pack("<LLBB", 1, RICH, 0, 1), store.put(data), base=1))
    objects = node(0x0B0, name(1), store.nodes(*nodes))
    root = node(0x05A, name(1) + struct.pack("<L", 1))
    document = store.finished(store.nodes(space(store, 2, [Revision({})], objects, root)))
    return words(document)


def test_the_limits_are_those_of_the_page() -> None:
    assert (model.OBJECTS_MAX, revision_store.NODES_MAX, reader.PAGES_MAX) == (1_000_000, 2_000_000, 20_000)


class TestPackages:
    """Sections as servers give them out: other storage, same pages."""

    def test_pages_and_titles(self) -> None:
        document = packed_section(page(rich("one"), title="First"), page(rich("two" * 9000)))
        assert words(document) == ["First", "3 May", "one", "two" * 9000]
        assert detect(document, "", 1 << 20).media_type == ONENOTE

    def test_the_last_revision_counts(self) -> None:
        old = page(rich("kept"), rich("old"))[0]
        assert words(packed_section([old, Revision({13: rich("new")}, depends_on=1)])) == ["kept", "new"]

    def test_old_versions_of_pages_are_not_shown(self) -> None:
        assert words(packed_section(page(rich("now")), page(rich("before")), old=[3])) == ["now"]

    def test_files_go_out(self) -> None:
        more = {200: Thing(FILE_CONTAINER, file=1)}
        things = Thing(FILE_NODE, {FILE_NAME: utf16("a.js"), CONTAINER: [200]})
        parsed, kept = read_files(packed_section(page(things, more=more), files=[b"run()", b"unseen", PNG]))
        assert kept.files == [("a.js", b"run()"), ("file 2", b"unseen")]
        assert found(parsed) == ["active_content", "embedded_file"]

    def test_revisions_in_a_circle_end(self) -> None:
        first = page(rich("one"))[0]
        first.depends_on = 1
        assert words(packed_section([first])) == ["one"]

    @pytest.mark.parametrize("limit", ["STREAM_OBJECTS_MAX", "REFERENCES_MAX", "OBJECTS_MAX"])
    def test_too_many_of_anything_is_a_bomb(self, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(package_store, limit, 3)
        assert refusal(packed_section(page(rich("x")))) is Refusal.BOMB

    def test_cut_anywhere_it_ends(self) -> None:
        whole = packed_section(page(rich("x"), title="T"), files=[b"a"])
        for size in range(64, len(whole), 11):
            with contextlib.suppress(Refused):
                read(ONENOTE, whole[:size])

    @pytest.mark.parametrize("seed", range(200))
    def test_a_damaged_package_ends_in_a_refusal_or_a_document(self, seed: int) -> None:
        """Each seed overwrites other headers, names and counts."""
        document = bytearray(packed_section(page(rich("x"), title="T"), files=[b"a"]))
        for step in range(6):
            at = 64 + (seed * 7919 + step * 104_729) % (len(document) - 68)
            struct.pack_into("<I", document, at, (seed * 2_654_435_761 + step) & 0xFFFFFFFF)
        with contextlib.suppress(Refused):
            read(ONENOTE, bytes(document))
