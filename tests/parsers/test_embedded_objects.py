"""TEST: objects in Office, OpenDocument and RTF files go out as files that our own readers read; controls and formulas
stay; damaged and hostile ones end alone.
"""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest

from contract.verdicts import FindingKind, Refusal
from parsers.archive.storage import cut_out, holds_file
from parsers.blocks import ParsedDocument, Refused, Report
from parsers.compound_file import CompoundFile
from parsers.detect import detect
from parsers.registry import MODULE_OF_MEDIA_TYPE, parser_for
from tests.parsers.doc_file import P, word_streams
from tests.parsers.ole_file import compound_file
from tests.parsers.open_document import MANIFEST, content, pack
from tests.parsers.ppt_file import Deck, Slide, atom, box, ppt_streams, shape, string, text_records
from tests.parsers.sheet_file import biff_workbook, label, rows_of, workbook_parts, worksheet
from tests.parsers.slide_file import presentation_parts, slide, title
from tests.parsers.test_archives import Basket
from tests.parsers.test_ole_objects import native
from tests.parsers.test_xlsb import row, text_cell
from tests.parsers.test_xlsb import workbook as xlsb_parts
from tests.parsers.word_file import package

DOC, PPT, XLS, RTF = (
    "application/msword",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-excel",
    "application/rtf",
)
ODF = "application/vnd.oasis.opendocument."
OLE = "application/x-ole-storage"
Files = list[tuple[str, bytes | str]]


def read(media_type: str, document: bytes) -> tuple[Files, ParsedDocument]:
    parser = parser_for(media_type)
    assert parser is not None
    basket = Basket()
    return basket.files, parser.parse(document, Report(lambda *_: None, basket))


def files(media_type: str, document: bytes) -> Files:
    return read(media_type, document)[0]


def inside(content: bytes | str) -> tuple[str, str]:
    """What a file that went out is, and its text."""
    assert isinstance(content, bytes)
    media_type = detect(content, "", 1 << 20).media_type
    return media_type, " ".join(block.text for block in read(media_type, content)[1].blocks)


def workbook(text: str) -> bytes:
    return biff_workbook([("S", 0, label(0, 0, text))])


PACKAGED = native("C:\\Users\\anna\\b.txt", b"words")


class TestStorage:
    def streams(self) -> dict[str, bytes]:
        large = bytes(range(256)) * 40
        return {"In/One": large, "In/Empty": b"", "In/Deep/Er/Two": b"two", "In/\x01Ole": b"x", "Out": b"not this"}

    @pytest.mark.parametrize("filler", [0, 5 << 20])
    def test_what_is_cut_out_has_the_same_streams(self, filler: int) -> None:
        streams = self.streams() | ({"In/Huge": bytes(filler)} if filler else {})
        compound = CompoundFile(compound_file(streams))
        again = CompoundFile(b"".join(cut_out(compound, "In")))
        expected = {path.removeprefix("In/"): data for path, data in streams.items() if path.startswith("In/")}
        assert {each.path: again.stream(each.path) for each in again.entries() if each.is_stream} == expected

    def test_the_same_storage_is_the_same_file(self) -> None:
        compound = CompoundFile(compound_file(self.streams()))
        assert b"".join(cut_out(compound, "In")) == b"".join(cut_out(compound, "In"))

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["Workbook"], True), (["\x01Ole10Native", "\x01Ole"], True), (["Package"], True), (["CONTENTS"], True),
            (["\x01Ole", "\x01CompObj", "\x03ObjInfo", "\x02OlePres000"], False), (["Equation Native"], False),
            (["contents", "\x03OCXNAME"], False),
        ],
    )  # fmt: skip
    def test_what_holds_a_file(self, names: list[str], expected: bool) -> None:
        compound = CompoundFile(compound_file({f"In/{name}": b"x" for name in names}))
        assert holds_file(compound, "In") is expected

    def test_too_many_streams(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A storage of more streams than any object has."""
        monkeypatch.setattr("parsers.archive.storage.ENTRIES_MAX", 50)
        compound = CompoundFile(compound_file({f"In/{at}": b"" for at in range(51)}))
        with pytest.raises(Refused) as refused:
            list(cut_out(compound, "In"))
        assert refused.value.refusal is Refusal.BOMB


OOXML_PARTS: dict[str, str | bytes] = {
    "ppt/embeddings/a.xlsx": b"PK a", "ppt/embeddings/_rels/x.rels": b"<x/>", "ppt/media/image1.png": b"PNG",
    "xl/embeddings/b.docx": b"PK b", "xl/media/image1.emf": b"EMF",
}  # fmt: skip


class TestOoxml:
    def test_slides(self) -> None:
        document = package({**presentation_parts([slide(title("T"))]), **OOXML_PARTS})
        out, parsed = read("application/vnd.openxmlformats-officedocument.presentationml.presentation", document)
        assert out == [("a.xlsx", b"PK a"), ("b.docx", b"PK b")]
        assert [each.kind for each in parsed.findings] == [FindingKind.EMBEDDED_FILE] * 2

    def test_sheets(self) -> None:
        document = package({**workbook_parts({"S": worksheet(rows_of(["x"]))}), **OOXML_PARTS})
        out = files("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", document)
        assert out == [("a.xlsx", b"PK a"), ("b.docx", b"PK b")]

    def test_binary_sheets(self) -> None:
        document = package({**xlsb_parts([("S", 0, row(0) + text_cell(0, "x"))]), **OOXML_PARTS})
        out = files("application/vnd.ms-excel.sheet.binary.macroenabled.12", document)
        assert out == [("a.xlsx", b"PK a"), ("b.docx", b"PK b")]


class TestOldOffice:
    def test_objects_of_a_document(self) -> None:
        streams = word_streams([P("x")]) | {
            "ObjectPool/_1/\x01Ole10Native": PACKAGED, "ObjectPool/_2/Workbook": workbook("of the sheet"),
            "ObjectPool/_3/\x03OCXNAME": b"x", "ObjectPool/_4/Equation Native": b"x",
        }  # fmt: skip
        out, parsed = read(DOC, compound_file(streams))
        assert [name for name, _ in out] == ["_1", "_2"]
        assert inside(out[0][1])[0] == OLE
        assert isinstance(out[0][1], bytes)
        assert files(OLE, out[0][1]) == [("b.txt", b"words")]
        assert inside(out[1][1]) == (XLS, "S of the sheet")
        assert [each.kind for each in parsed.findings].count(FindingKind.EMBEDDED_FILE) == 3

    def test_objects_in_objects_go_along(self) -> None:
        streams = word_streams([P("x")]) | {
            "ObjectPool/_1/Workbook": workbook("outer"), "ObjectPool/_1/MBD01/\x01Ole10Native": PACKAGED,
        }  # fmt: skip
        ((_, outer),) = files(DOC, compound_file(streams))
        assert isinstance(outer, bytes)
        ((name, inner),) = files(XLS, outer)
        assert isinstance(inner, bytes)
        assert (name, files(OLE, inner)) == ("MBD01", [("b.txt", b"words")])

    def test_objects_of_a_workbook(self) -> None:
        streams = {
            "Workbook": workbook("x"), "MBD0001/\x01Ole10Native": PACKAGED, "MBD0002/WordDocument": b"x",
            "_VBA_PROJECT_CUR/VBA/dir": b"x", "MBD0003/\x01CompObj": b"x", "LNK0004/Package": b"x",
        }  # fmt: skip
        assert [name for name, _ in files(XLS, compound_file(streams))] == ["MBD0001", "MBD0002"]

    def test_streams_that_share_sectors_end_as_a_bomb(self) -> None:
        """Three hundred objects, each of the same megabyte: the directory's entries point to one chain."""
        streams = word_streams([P("x")]) | {f"ObjectPool/_{at:04}/Package": b"x" * 64 for at in range(300)}
        streams["Big"] = bytes(1 << 20)
        document = bytearray(compound_file(streams))
        big = document.find("Big\0".encode("utf-16-le") + bytes(8))
        start = document[big + 116 : big + 120]
        at = 0
        name = "Package".encode("utf-16-le") + bytes(50)
        while (at := document.find(name, at)) >= 0:
            document[at + 116 : at + 124] = start + struct.pack("<L", 1 << 20)
            at += 128
        out = files(DOC, bytes(document))
        assert len(out) == 300
        assert str(out[-1][1]).startswith("bomb: ")
        assert sum(len(content) for _, content in out if isinstance(content, bytes)) < 16 << 20

    def test_more_objects_than_are_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """More storages than any document has objects."""
        monkeypatch.setattr("parsers.legacy.embedded.OBJECTS_MAX", 50)
        streams = word_streams([P("x")]) | {f"ObjectPool/_{at}/Package": b"x" for at in range(60)}
        assert len(files(DOC, compound_file(streams))) == 50


class TestSlideShow:
    def show(self, *storages: bytes, listed: list[int] | None = None) -> bytes:
        """A presentation with these storages as its last persistent objects, numbered from 4."""
        numbers = range(4, 4 + len(storages)) if listed is None else listed
        objects = [
            box(0x0FCC, atom(0x0FC3, struct.pack("<LLLLLL", 1, 0, at, 0, number, 0)), string("Sheet", 1))
            for at, number in enumerate(numbers, 1)
        ]
        only = Slide([shape(text_records("T"))])

        class Show(Deck):
            def containers(self) -> list[bytes]:
                return [*Deck.containers(self), *storages]

        return compound_file(ppt_streams(Show([only], document=box(0x0409, *objects))))

    def packed(self, content: bytes) -> bytes:
        return atom(0x1011, struct.pack("<L", len(content)) + zlib.compress(content), 1)

    def test_packed_and_plain(self) -> None:
        sheet = compound_file({"Workbook": workbook("of the sheet")})
        out, parsed = read(PPT, self.show(self.packed(sheet), atom(0x1011, sheet)))
        assert [name for name, _ in out] == ["object 1", "object 2"]
        assert [inside(content) for _, content in out] == [(XLS, "S of the sheet")] * 2
        assert [each.kind for each in parsed.findings] == [FindingKind.EMBEDDED_FILE] * 2

    def test_a_bomb_and_a_damaged_one_end_alone(self) -> None:
        """64 MiB of zeros in 64 KiB; a deflate stream cut in its middle; noise."""
        packed = self.packed(b"words" * 1000)
        cut = atom(0x1011, packed[8:30], 1)
        noise = atom(0x1011, bytes(4) + b"noise noise", 1)
        out = files(PPT, self.show(self.packed(bytes(64 << 20)), cut, noise, self.packed(b"whole")))
        assert [str(content).partition(":")[0] for _, content in out[:3]] == ["bomb", "corrupt", "corrupt"]
        assert out[3] == ("object 4", b"whole")

    def test_numbers_that_lead_elsewhere_and_to_one_storage_twice(self) -> None:
        """Objects that name a slide, nothing at all, and the storage of another."""
        assert files(PPT, self.show(self.packed(b"a"), listed=[3, 999, 4, 4, 4])) == [("object 3", b"a")]


def manifest(*entries: tuple[str, str]) -> str:
    listed = "".join(f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>' for path, kind in entries)
    return f'<m:manifest xmlns:m="{MANIFEST}">{listed}</m:manifest>'


class TestOpenDocument:
    inner = content("<text:p>Words inside.</text:p>")

    def document(self, entries: list[tuple[str, str]], kind: str = "text", **parts: str | bytes) -> bytes:
        body = "<text:p>See.</text:p>" if kind == "text" else '<table:table table:name="S"/>'
        every = {"content.xml": content(body, kind), "META-INF/manifest.xml": manifest(*entries), **parts}
        return pack(every, kind)

    @pytest.mark.parametrize("kind", ["text", "spreadsheet"])
    def test_a_document_in_a_folder_is_a_document_for_itself(self, kind: str) -> None:
        parts: dict[str, str | bytes] = {
            "Object 1/content.xml": self.inner, "Object 1/Pictures/a.png": b"PNG", "Object 12/content.xml": "<x/>",
            "ObjectReplacements/Object 1": b"picture",
        }  # fmt: skip
        entries = [("Object 1/", ODF + "text"), ("Object 12/", ODF + "chart"), ("Object 1/content.xml", "text/xml")]
        out, parsed = read(ODF + kind, self.document(entries, kind, **parts))
        ((name, held),) = out
        assert name == "Object 1"
        assert inside(held) == (ODF + "text", "Words inside.")
        assert isinstance(held, bytes)
        assert zipfile.ZipFile(BytesIO(held)).namelist() == ["mimetype", "content.xml", "Pictures/a.png"]
        assert [each.place for each in parsed.findings if each.kind is FindingKind.EMBEDDED_FILE] == ["Object 1"]
        assert files(ODF + kind, self.document(entries, kind, **parts)) == out

    def test_objects_and_other_documents(self) -> None:
        entries = [
            ("Object 2", "application/vnd.sun.star.oleobject"), ("files/a.pdf", "application/pdf"),
            ("Pictures/b.pdf", "application/pdf"), ("c.xml", "text/xml"), ("gone.pdf", "application/pdf"),
            ("ObjectReplacements/Object 2", "application/pdf"), ("d.png", "image/png"),
        ]  # fmt: skip
        parts: dict[str, str | bytes] = {path: path.encode() for path, _ in entries if path != "gone.pdf"}
        assert files(ODF + "text", self.document(entries, **parts)) == [
            ("Object 2", b"Object 2"),
            ("a.pdf", b"files/a.pdf"),
        ]

    def test_folders_in_folders_go_out_once(self) -> None:
        """A manifest that names every folder of a deep path as a document of its own."""
        paths = ["/".join("abcdefgh"[:depth]) + "/" for depth in range(1, 9)]
        parts: dict[str, str | bytes] = {path + "content.xml": self.inner for path in paths}
        out = files(ODF + "text", self.document([(path, ODF + "text") for path in reversed(paths)], **parts))
        assert [name for name, _ in out] == ["a"]

    def test_many_folders(self) -> None:
        """A manifest of twenty thousand documents that are all empty."""
        entries = [(f"o{at}/", ODF + "text") for at in range(20_000)]
        assert len(files(ODF + "text", self.document(entries))) == 200

    def test_a_damaged_part_costs_its_document_alone(self) -> None:
        parts: dict[str, str | bytes] = {"a/content.xml": b"x" * 50, "b/content.xml": self.inner}
        document = self.document([("a/", ODF + "text"), ("b/", ODF + "text")], **parts)
        damaged = bytearray(document)
        info = zipfile.ZipFile(BytesIO(document)).getinfo("a/content.xml")
        damaged[info.header_offset + 30 + len("a/content.xml")] ^= 0xFF
        out = files(ODF + "text", bytes(damaged))
        assert str(out[0][1]).startswith("corrupt: ")
        assert inside(out[1][1]) == (ODF + "text", "Words inside.")


def ole1(program: bytes, data: bytes, kind: int = 2) -> bytes:
    """[MS-OLEDS] 2.2.5"""
    texts = b"".join(struct.pack("<L", len(each)) + each for each in (program + b"\0", b"", b""))
    return struct.pack("<LL", 0x501, kind) + texts + struct.pack("<L", len(data)) + data


def rtf(*objects: str) -> bytes:
    return ("{\\rtf1 Words. " + "".join(objects) + "}").encode()


def rtf_object(data: bytes, words: str = "\\objemb", before: str = "") -> str:
    digits = data.hex()
    lines = "\r\n".join(digits[at : at + 70] for at in range(0, len(digits), 70))
    return f"{{\\object{words}{{\\*\\objclass X}}{{\\*\\objdata {before}{lines}}}{{\\result icon}}}}"


class TestRtf:
    def test_a_packaged_file(self) -> None:
        out, parsed = read(RTF, rtf(rtf_object(ole1(b"Package", PACKAGED[4:]))))
        assert out == [("b.txt", b"words")]
        assert [block.text for block in parsed.blocks] == ["Words. icon"]
        assert [each.kind for each in parsed.findings] == [FindingKind.EMBEDDED_FILE]

    def test_a_compound_file(self) -> None:
        sheet = compound_file({"Workbook": workbook("of the sheet")})
        ((name, held),) = files(RTF, rtf(rtf_object(ole1(b"Excel.Sheet.8", sheet))))
        assert (name, inside(held)) == ("object 1", (XLS, "S of the sheet"))

    def test_formulas_controls_and_links_stay(self) -> None:
        formula = compound_file({"Equation Native": b"x"})
        objects = [
            rtf_object(ole1(b"Equation.3", formula)), rtf_object(ole1(b"Package", PACKAGED[4:]), "\\objocx"),
            rtf_object(ole1(b"Package", PACKAGED[4:]), "\\objautlink"), rtf_object(ole1(b"Package", b"", kind=1)),
        ]  # fmt: skip
        assert files(RTF, rtf(*objects)) == []

    @pytest.mark.parametrize(
        "data",
        [
            b"\x01\x05", ole1(b"Package", PACKAGED[4:])[:-3], struct.pack("<LLL", 0x501, 2, 0xFFFFFFFF),
            ole1(b"Package", PACKAGED[4:-3]), ole1(b"X", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ],
    )  # fmt: skip
    def test_damage_is_told_and_costs_nothing_else(self, data: bytes) -> None:
        """Data that break off, or whose lengths lead behind their end."""
        out, parsed = read(RTF, rtf(rtf_object(data), rtf_object(ole1(b"Package", PACKAGED[4:]))))
        assert [name for name, _ in out] == ["object 1", "b.txt"]
        assert str(out[0][1]).startswith("corrupt: ")
        assert parsed.blocks[0].text.startswith("Words.")

    def test_words_among_the_digits(self) -> None:
        """Control words and groups between the digits, as droppers write them: none of them acts."""
        hidden = "{\\footnote no}\\par\\'41 "
        out, parsed = read(RTF, rtf(rtf_object(ole1(b"Package", PACKAGED[4:]), before="\\bin0 \\ud zz")))
        assert out == [("b.txt", b"words")]
        _, parsed = read(RTF, rtf(rtf_object(b"", before=hidden)))
        assert [block.text for block in parsed.blocks] == ["Words. icon"]

    def test_data_of_no_object(self) -> None:
        assert files(RTF, b"{\\rtf1 Words.{\\*\\objdata 0105}}") == []

    def test_objects_in_objects(self) -> None:
        """A result that is an object itself: each is passed on when its data end."""
        inner = rtf_object(ole1(b"Package", PACKAGED[4:]))
        outer = rtf_object(ole1(b"Package", native("a.txt", b"outer")[4:]))
        nested = outer.replace("{\\result icon}", f"{{\\result {inner}}}")
        assert files(RTF, rtf(nested)) == [("a.txt", b"outer"), ("b.txt", b"words")]


def test_types_that_go_out_have_a_reader() -> None:
    assert {DOC, PPT, XLS, RTF, OLE, ODF + "text"} <= MODULE_OF_MEDIA_TYPE.keys()
