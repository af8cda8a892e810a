"""TEST: what a parser passes on goes over the wire as the contract says, within its limits, one file's end its own."""

import json
import os
from collections.abc import Iterator

import pytest

from contract.frames import Frame, FrameKind, FrameSplitter
from contract.job import Options
from contract.verdicts import FindingKind, Refusal, Withheld
from parsers.blocks import Refused
from parsers.outlet import WireOutlet, listing
from parsers.wire import FrameWriter, HostBroke
from tests.parsers.wire_driver import START, ask

OPTIONS: Options = {
    "chunk_tokens_max": 64,
    "embedded_files_max": 3,
    "embedded_bytes_max": 100,
    "comments_in_text": True,
}


class Wire:
    """A pipe with an outlet on one side; what went through it on the other."""

    def __init__(self) -> None:
        self._read, write = os.pipe()
        self.outlet = WireOutlet(FrameWriter(write), OPTIONS)

    def files(self) -> list[tuple[str, bytes, str | None, str]]:
        """(name, bytes, withheld, detail) of each file told so far."""
        files, content = [], b""
        for frame in self.frames():
            if frame.kind is FrameKind.ARTIFACT:
                content += frame.payload
                continue
            told = json.loads(frame.payload)
            assert told["withheld"] or told["bytes"] == len(content)
            files.append((told["untrusted_name"], content, told["withheld"], told["detail"]))
            content = b""
        assert not content
        return files

    def frames(self) -> list[Frame]:
        return list(FrameSplitter().feed(os.read(self._read, 1 << 16)))


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_a_file_goes_out_with_its_name_untouched(wire: Wire) -> None:
    wire.outlet.embed("../\u202ea\x00.pdf", b"content", "Application/PDF; name=x")
    (*_, told) = wire.frames()
    assert json.loads(told.payload) == {
        "untrusted_name": "../\u202ea\x00.pdf", "media_type_hint": "application/pdf", "bytes": 7, "withheld": None,
        "detail": "",
    }  # fmt: skip


def test_pieces_are_sent_while_they_are_made(wire: Wire) -> None:
    seen: list[int] = []

    def content() -> Iterator[bytes]:
        yield b"one"
        seen.append(len(wire.frames()))
        yield b""
        yield b"two"

    wire.outlet.embed("a", content())
    assert seen == [1]


def test_a_file_that_breaks_half_way_ends_alone(wire: Wire) -> None:
    """A damaged member is found out at its end, when most of its bytes are gone through the wire."""

    def broken(error: Exception) -> Iterator[bytes]:
        yield b"half"
        raise error

    wire.outlet.embed("a", broken(Refused(Refusal.BOMB, "too good")))
    wire.outlet.embed("b", broken(ValueError("an attacker's words")))
    wire.outlet.embed("c", b"well")
    assert wire.files() == [
        ("a", b"half", "bomb", "too good"), ("b", b"half", "corrupt", "ValueError"), ("c", b"well", None, ""),
    ]  # fmt: skip


def test_memory_and_the_wire_are_not_a_files_fault(wire: Wire) -> None:
    def broken() -> Iterator[bytes]:
        raise MemoryError
        yield b""

    with pytest.raises(MemoryError):
        wire.outlet.embed("a", broken())
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(HostBroke):
        WireOutlet(FrameWriter(write), OPTIONS).embed("a", b"content")


def test_what_is_beyond_the_bytes_is_told_and_not_sent(wire: Wire) -> None:
    wire.outlet.embed("a", b"x" * 60)
    wire.outlet.embed("b", b"x" * 60)
    wire.outlet.embed("c", iter([b"x" * 30, b"x" * 30]))
    limit = "more than 100 bytes of embedded files in one document"
    assert [(name, len(content), why, detail) for name, content, why, detail in wire.files()] == [
        ("a", 60, None, ""), ("b", 0, "too_large", limit), ("c", 30, "too_large", limit),
    ]  # fmt: skip


def test_what_is_beyond_the_count_is_a_finding(wire: Wire) -> None:
    for number in range(5):
        wire.outlet.withhold(str(number), Withheld.ENCRYPTED, "needs a password", 7)
    assert [(name, why) for name, _, why, _ in wire.files()] == [(str(number), "encrypted") for number in range(3)]
    (finding,) = wire.outlet.findings()
    assert (finding.kind, finding.evidence) == (FindingKind.NOT_EXAMINED, "2 files beyond the first 3")


def test_a_listing_is_bounded_and_on_one_line_each() -> None:
    block = listing([("a\nb", 5)] * 3000, 5000)
    assert block.table is not None
    assert [cell.text for cell in block.table.rows[1]] == ["a b", "5"]
    assert block.table.rows[-1][0].text == "and 3000 more"
    assert len(block.table.rows) == 2002


EMPTY_WITH_A_FILE = """
import parsers.text.plain as plain
from parsers.blocks import ParsedDocument, Refused
from contract.verdicts import Refusal
class Parser:
    def parse(self, document, report):
        report.files.embed("a.txt", b"content")
        {end}
plain.PARSER = Parser()
"""


@pytest.mark.parametrize(
    "end", ['raise Refused(Refusal.EMPTY, "no text layer")', 'return ParsedDocument("text/plain", [])']
)
def test_a_container_without_text_says_what_is_in_it(end: str) -> None:
    """A PDF portfolio has no page worth reading: were it `empty`, its files would go down with it."""
    patch = f"exec({EMPTY_WITH_A_FILE.format(end=end)!r})"
    answer = ask(b"hello", "text/plain", code=START.replace("; runpy.run_module", f"; {patch}; runpy.run_module"))
    assert answer.done["refusal"] is None, answer.stderr
    assert "a.txt" in answer.text
    assert answer.done["embedded"] == 1
    assert [frame.payload for frame in answer.frames if frame.kind is FrameKind.ARTIFACT] == [b"content"]
    assert [told["untrusted_name"] for told in answer.all(FrameKind.EMBEDDED)] == ["a.txt"]
