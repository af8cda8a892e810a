"""TEST: `python -m parsers` as a process: the contract's order of frames, refusals, and what a broken library does."""

import importlib.util
import sys
from pathlib import Path

import pytest

from contract.frames import PAYLOAD_BYTES_MAX, FrameKind, FrameSplitter
from contract.verdicts import Refusal

_spec = importlib.util.spec_from_file_location("wire_driver", Path(__file__).with_name("wire_driver.py"))
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
sys.modules["wire_driver"] = driver
_spec.loader.exec_module(driver)
ask, job_frame, start, START = driver.ask, driver.job_frame, driver.start, driver.START

# A parser that misbehaves in the way `{behaviour}` says, put where the plain text parser is.
BAD_PARSER = """
import sys; sys.path.insert(0, {root!r})
import parsers.text.plain as plain, parsers.__main__ as main, os
class Bad:
    media_types = ("text/plain",)
    def parse(self, document, report):
        {behaviour}
        return good.parse(document, report)
good, plain.PARSER = plain.PARSER, Bad()
os._exit(main.main(sys.argv[1:]))
"""


def bad(behaviour: str) -> str:
    return BAD_PARSER.format(root=str(driver.ROOT), behaviour=behaviour)


def test_a_document_comes_in_the_order_of_the_contract() -> None:
    answer = ask(b"Heading\n=======\n\nA paragraph.\n\n- one\n- two\n", "text/plain")
    kinds = [frame.kind for frame in answer.frames if frame.kind is not FrameKind.PROGRESS]
    assert kinds == [
        FrameKind.READY, FrameKind.METADATA, FrameKind.ELEMENTS, FrameKind.TEXT, FrameKind.CHUNKS, FrameKind.USAGE,
        FrameKind.DONE,
    ]  # fmt: skip
    assert answer.exit_code == 0
    assert answer.text == "# Heading\n\nA paragraph.\n\n- one\n- two\n"
    assert answer.done == {
        "refusal": None, "detail": "", "elements": 4, "chunks": 1, "text_chars": len(answer.text), "embedded": 0,
    }  # fmt: skip
    assert len(answer.elements) == 4
    assert answer.chunks[0]["spans"] == [[0, len(answer.text) - 1]]


@pytest.mark.parametrize(
    ("comments_in_text", "text"), [(True, "Text.\n\n\\[author: Bert]: Why?\n"), (False, "Text.\n")]
)
def test_whether_comments_are_text_is_the_jobs_choice(comments_in_text: bool, text: str) -> None:
    document = rb"{\rtf1\ansi Text{\*\atnauthor Bert}\chatn{\*\annotation Why?}.\par}"
    frame = job_frame(len(document), "application/rtf", comments_in_text=comments_in_text)
    answer = ask(document, raw=frame + document)
    assert answer.text == text
    assert answer.elements[0]["metadata"]["comments"] == [{"author": "Bert", "text": "Why?"}]


def test_ready_is_said_before_any_byte_is_read() -> None:
    process = start("--preload", "text")
    assert process.stdout is not None
    frame = next(iter(FrameSplitter().feed(process.stdout.read1(4096))))
    assert frame.kind is FrameKind.READY
    assert process.poll() is None
    process.communicate(b"", timeout=30)
    assert process.returncode == 0


def test_without_a_job_it_ends_by_itself() -> None:
    """An engine that was killed while it started this process has forgotten it, and holds its stdin open."""
    process = start("--idle", "1", "--preload", "text")
    assert process.stdout is not None
    try:
        assert process.wait(60) == 0
        splitter = FrameSplitter()
        assert [frame.kind for frame in splitter.feed(process.stdout.read())] == [FrameKind.READY]
    finally:
        process.kill()
        process.communicate()


def test_it_waits_for_the_host_to_hang_up() -> None:
    process = start("--preload", "text")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(job_frame(5) + b"hello")
    process.stdin.flush()
    splitter, last = FrameSplitter(), FrameKind.READY
    while last is not FrameKind.DONE:
        for frame in splitter.feed(process.stdout.read1(65536)):
            last = frame.kind
    assert process.poll() is None
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_same_input_same_frames() -> None:
    document = "# Überschrift\n\n".encode() + b"text, with words. " * 2000
    assert ask(document, "text/plain").result_frames == ask(document, "text/plain").result_frames


@pytest.mark.parametrize("document", [b"", b"   \n\t\r\n", b"\xef\xbb\xbf \n", "\u200b\u200d\n\u2060".encode()])
def test_nothing_to_see_is_refused_as_empty(document: bytes) -> None:
    answer = ask(document, "text/plain")
    assert answer.done["refusal"] == Refusal.EMPTY
    assert (answer.done["elements"], answer.done["chunks"], answer.done["text_chars"]) == (0, 0, 0)
    assert not answer.elements
    assert answer.exit_code == 0


def test_a_format_we_do_not_read_is_named() -> None:
    answer = ask(b"Rar!\x1a\x07\x01\x00" + bytes(100), "text/plain")
    assert answer.done["refusal"] == Refusal.UNSUPPORTED
    assert answer.done["detail"] == "application/vnd.rar"


@pytest.mark.parametrize("document", [b"a,b\n" * 200_000, b"word " * 200_000])
def test_output_over_the_limit_is_refused_before_anything_was_sent(document: bytes) -> None:
    answer = ask(document, "text/csv", output_bytes_max=1_100_000)
    assert answer.done["refusal"] == Refusal.BOMB
    assert not answer.elements
    assert answer.text == ""


def test_output_stays_under_the_limit_it_was_told() -> None:
    answer = ask(b"some words in a line\n\n" * 20_000, "text/plain", output_bytes_max=16 << 20)
    assert answer.done["refusal"] is None
    assert sum(len(frame.payload) + 5 for frame in answer.frames) <= 16 << 20


def test_large_output_comes_in_batches_under_every_ceiling() -> None:
    answer = ask(("größe " * 20 + "\n\n").encode() * 30_000, "text/plain")
    assert answer.done["refusal"] is None
    assert len(answer.elements) == 30_000
    assert len([frame for frame in answer.frames if frame.kind is FrameKind.TEXT]) > 5
    assert all(len(frame.payload) <= PAYLOAD_BYTES_MAX[frame.kind] // 2 for frame in answer.frames)


def test_a_library_that_prints_cannot_break_the_frames() -> None:
    answer = ask(b"hello", "text/plain", code=bad("print('noise'); os.write(1, b'more noise'); sys.stdin.read()"))
    assert answer.done["refusal"] is None
    assert answer.text == "hello\n"
    assert "noise" in answer.stderr


@pytest.mark.parametrize("error", ["ValueError('words')", "RecursionError()", "SystemExit(0)", "BaseException()"])
def test_any_exception_of_a_parser_is_corrupt_with_its_class_name_only(error: str) -> None:
    answer = ask(b"hello", "text/plain", code=bad(f"raise {error}"))
    assert answer.done["refusal"] == Refusal.CORRUPT
    assert answer.done["detail"] == error.partition("(")[0]
    assert answer.exit_code == 0


def test_a_refusal_that_quotes_the_document_leaves_out_what_may_not_leave() -> None:
    """The names of streams in a compound file, for example, begin with control characters."""
    refused = r"from parsers.blocks import Refused; raise Refused(main.Refusal.CORRUPT, 'no \x03PICT\ud800 here')"
    answer = ask(b"hello", "text/plain", code=bad(refused))
    assert (answer.done["refusal"], answer.done["detail"]) == (Refusal.CORRUPT, "no PICT here")


def test_running_out_of_memory_is_not_called_corrupt() -> None:
    answer = ask(b"hello", "text/plain", code=bad("raise MemoryError"))
    assert answer.exit_code == 4
    assert answer.frames[-1].kind is not FrameKind.DONE


@pytest.mark.parametrize(
    "sent",
    [
        b"\x01\x00\x00",  # half a header
        b"\x01\x00\x00\x00\x05{bad}",
        b"\x01\x00\x00\x00\x02[]",
        b"\x10\x00\x00\x00\x02{}",  # a frame that is no job
        b"\x63\x00\x00\x00\x02{}",  # an unknown kind
        job_frame(10) + b"short",
        job_frame(0).replace(b'"contract":2', b'"contract":9'),
    ],
)
def test_a_host_that_breaks_the_contract_gets_exit_code_3(sent: bytes) -> None:
    answer = ask(b"", raw=sent)
    assert answer.exit_code == 3
    assert [frame.kind for frame in answer.frames if frame.kind is not FrameKind.PROGRESS] == [FrameKind.READY]


@pytest.mark.parametrize("arguments", [("--unknown",), ("--preload",), ("--preload", "nonsense"), ("a", "b", "c")])
def test_bad_arguments_get_exit_code_2(arguments: tuple[str, ...]) -> None:
    process = start(*arguments)
    _, stderr = process.communicate(b"", timeout=30)
    assert process.returncode == 2
    assert stderr
