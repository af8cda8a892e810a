"""TEST: drawings, pictures and form fields of Word files of 97 to 2003."""

import struct

from contract.verdicts import ElementType
from parsers.blocks import ParsedDocument
from tests.parsers.doc_file import SPECIAL, P, Parts, field_runs, plc, read, sprm, word_file
from tests.parsers.markup_cases import text_of
from tests.parsers.ppt_file import atom, group, shape, shapes_of

SHAPES, DRAWINGS = 40, 50
BODY = [P([("Anchor", b""), ("\x08", SPECIAL)]), P("After")]


def drawn(*shapes: bytes, anchored: int, parts: Parts | None = None) -> ParsedDocument:
    """A document with these shapes, of which one is anchored at the sign in its first paragraph."""
    anchors = plc([6, 100], [struct.pack("<L", anchored) + bytes(22)])
    drawings = atom(0xF000) + b"\x00" + shapes_of(*shapes) + b"\x01" + shapes_of()
    return read(word_file(BODY, parts, tables={SHAPES: anchors, DRAWINGS: drawings}))


def wide(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def test_word_art_and_alternative_texts_stand_where_they_are_anchored() -> None:
    inner = shape(properties=[(0x0381, wide("A picture of a glove"))], child=True, identifier=31)
    art = shape(properties=[(0x00C0, wide("Curved words")), (0x0381, wide("not this"))], child=True, identifier=32)
    document = drawn(group(inner, art, identifier=30), anchored=30)
    assert [(block.kind, block.text) for block in document.blocks] == [
        (ElementType.NARRATIVE_TEXT, "Anchor"), (ElementType.IMAGE, "A picture of a glove"),
        (ElementType.NARRATIVE_TEXT, "Curved words"), (ElementType.NARRATIVE_TEXT, "After"),
    ]  # fmt: skip


def test_hidden_drawings_say_nothing() -> None:
    art = shape(properties=[(0x00C0, wide("Curved words")), (0x03BF, 0x00020002)], identifier=30)
    assert text_of(drawn(art, anchored=30)) == "Anchor\nAfter"


def test_a_text_box_in_a_group_stands_where_the_group_is_anchored() -> None:
    boxes = Parts(boxes=[(0, [P("Boxed")])])  # its shape is number 1025
    document = drawn(group(shape(child=True, identifier=1025), identifier=30), anchored=30, parts=boxes)
    assert text_of(document) == "Anchor\nBoxed\nAfter"


def picture(*, name: bytes = b"") -> bytes:
    """A picture in the data stream, at offset 4: its header, perhaps the name of its file, its shape."""
    body = name + shape(properties=[(0x0381, wide("A glove"))])
    header = struct.pack("<LHH", 68 + len(body), 68, 0x66 if name else 0x64)
    return bytes(4) + header.ljust(68, b"\x00") + body


def test_alternative_texts_of_pictures_in_the_line() -> None:
    at = sprm(0x6A03, 4)
    for data in (picture(), picture(name=b"\x05a.png")):
        document = read(word_file([P([("See ", b""), ("\x01", SPECIAL + at), (".", b"")])], data=data))
        assert [(block.kind, block.text) for block in document.blocks] == [
            (ElementType.NARRATIVE_TEXT, "See ."), (ElementType.IMAGE, "A glove"),
        ]  # fmt: skip


def test_a_picture_that_is_not_there() -> None:
    for offset in (0, 4, 60, 10_000, 0xFFFFFFFF):
        runs = [("text", b""), ("\x01", SPECIAL + sprm(0x6A03, offset))]
        assert text_of(read(word_file([P(runs)], data=b"\xff" * 100))) == "text"


def form(state: int, *, default: int = 0, kind: int = 1) -> list[tuple[str, bytes]]:
    """The runs of a check box, whose state is in `form_data` at an offset that depends on it."""
    offset = 200 * (state + 32 * default + 64 * kind)
    begin, instruction, end = field_runs(" FORMCHECKBOX ", None)
    return [begin, instruction, ("\x01", SPECIAL + sprm(0x6A03, offset)), end]


def form_data() -> bytes:
    data = bytearray(200 * 160)
    for state in (0, 1, 25):
        for default in (0, 1):
            for kind in (1, 2):
                at = 200 * (state + 32 * default + 64 * kind)
                data[at : at + 6] = struct.pack("<LH", 120, 68)
                field = struct.pack("<LHHH", 0xFFFFFFFF, kind | state << 2, 0, 0) + struct.pack("<H", 2)
                field += "ab".encode("utf-16-le") + b"\x00\x00" + struct.pack("<H", default)
                data[at + 68 : at + 68 + len(field)] = field
    return bytes(data)


def test_check_boxes_of_forms() -> None:
    body = [
        P([*form(1), (" yes", b"")]), P([*form(0), (" no", b"")]), P([*form(25, default=1), (" as it was", b"")]),
        P([*form(1, kind=2), ("a list", b"")]),
    ]  # fmt: skip
    assert text_of(read(word_file(body, data=form_data()))) == "☒ yes\n☐ no\n☒ as it was\na list"
