"""TEST: the conversation, played against a socket pair: what is kept, what is broken, what is never waited for."""

import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from contract import CONTRACT_VERSION
from contract.frames import HEADER, FrameKind, encode, encode_json
from contract.job import Job
from contract.verdicts import Reason
from ingest.errors import SandboxUnavailable
from ingest.sandbox import dialogue as dialogue_module
from ingest.sandbox.base import Limits
from ingest.sandbox.cgroup import Counters
from ingest.sandbox.channel import Channel
from ingest.sandbox.deadline import Deadlines
from ingest.sandbox.dialogue import Dialogue, Transcript, Wake

READY = encode_json(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "t"})
DONE = encode_json(FrameKind.DONE, {"refusal": None})
TEXT = encode(FrameKind.TEXT, b"Hello")
FAST = Limits(wall_seconds=0.3, wall_seconds_max=0.3, stall_seconds=0.2, output_bytes=1 << 16)


class StillMeter:
    """A meter whose counters the test sets."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.samples = 0

    def sample(self) -> bool:
        self.samples += 1
        return True


def stdout(data: bytes) -> bytes:
    return struct.pack(">BxxxL", 1, len(data)) + data


def job(size: int) -> Job:
    return {
        "contract": CONTRACT_VERSION, "media_type_hint": "", "input_bytes": size,
        "options": {"chunk_tokens_max": 1, "embedded_files_max": 9, "embedded_bytes_max": 9, "comments_in_text": True},
        "wall_seconds": 1.0, "output_bytes_max": 1,
    }  # fmt: skip


@dataclass
class Stage:
    dialogue: Dialogue
    peer: socket.socket
    wake: Wake
    meter: StillMeter

    def warm(self) -> "Stage":
        self.peer.sendall(stdout(READY))
        self.dialogue.await_ready(5, self.wake)
        return self

    def play(self, part: Callable[[socket.socket], object], document: bytes = b"", limits: Limits = FAST) -> Transcript:
        """Run the conversation with `part` as the other side, in a thread."""
        thread = threading.Thread(target=part, args=(self.peer,))
        thread.start()
        try:
            deadlines = Deadlines(limits, len(document), now=dialogue_module.time.monotonic(), cpu_seconds_before=0)
            return self.dialogue.converse(
                job(len(document)),
                io.BytesIO(document),
                deadlines,
                self.meter,
                self.wake,  # type: ignore[arg-type]
            )
        finally:
            self.dialogue._channel.close()  # so that a part that waits ends too
            thread.join()


@pytest.fixture
def stage() -> Iterator[Stage]:
    ours, theirs = socket.socketpair()
    channel, wake = Channel(ours, 100), Wake()
    yield Stage(Dialogue(channel), theirs, wake, StillMeter())
    channel.close()
    theirs.close()
    wake.close()


def read_all(peer: socket.socket) -> bytes:
    data = b""
    while piece := peer.recv(1 << 16):
        data += piece
    return data


def answer(*pieces: bytes) -> Callable[[socket.socket], object]:
    """Say these pieces of stdout, wait for the end of input, end."""

    def part(peer: socket.socket) -> None:
        for piece in pieces:
            peer.sendall(stdout(piece))
        read_all(peer)
        peer.shutdown(socket.SHUT_WR)

    return part


def test_an_honest_conversation(stage: Stage) -> None:
    transcript = stage.warm().play(answer(TEXT, DONE))
    assert (transcript.done, transcript.must_kill) == (True, False)
    assert [frame.kind for frame in transcript.untrusted_frames] == [FrameKind.READY, FrameKind.TEXT, FrameKind.DONE]


def test_the_job_is_sent_before_the_document_and_nothing_after_it(stage: Stage) -> None:
    received: list[bytes] = []

    def part(peer: socket.socket) -> None:
        head = peer.recv(5, socket.MSG_WAITALL)
        _, length = HEADER.unpack(head)
        received.append(peer.recv(length, socket.MSG_WAITALL))
        received.append(peer.recv(3, socket.MSG_WAITALL))
        peer.sendall(stdout(DONE))
        received.append(read_all(peer))
        peer.shutdown(socket.SHUT_WR)

    stage.warm().play(part, b"doc")
    assert json.loads(received[0]) == job(3)
    assert received[1:] == [b"doc", b""]


def test_counters_are_read_before_the_sandbox_may_leave(stage: Stage) -> None:
    at_half_close: list[int] = []

    def part(peer: socket.socket) -> None:
        peer.sendall(stdout(DONE))
        read_all(peer)  # returns when the host half-closes
        at_half_close.append(stage.meter.samples)
        peer.shutdown(socket.SHUT_WR)

    stage.warm().play(part)
    assert at_half_close[0] >= 1


@pytest.mark.parametrize(
    ("pieces", "rule"),
    [
        ((DONE, TEXT), "output after DONE"),
        ((DONE + b"\x11",), "output after DONE"),
        ((DONE + DONE,), "output after DONE"),
        ((READY,), "READY frame out of place"),
        ((b"\xff" * 5,), "unknown frame kind 255"),
        ((HEADER.pack(FrameKind.TEXT, 1 << 31),), "the ceiling is"),
    ],
)
def test_a_broken_rule_is_named(stage: Stage, pieces: tuple[bytes, ...], rule: str) -> None:
    transcript = stage.warm().play(answer(*pieces))
    assert rule in transcript.rule_broken
    assert transcript.must_kill


def test_silence_is_a_stall(stage: Stage) -> None:
    transcript = stage.warm().play(read_all)
    assert transcript.stop is not None
    assert transcript.stop.reason is Reason.STALLED


def test_an_unread_document_is_a_stall_too(stage: Stage) -> None:
    ended = threading.Event()
    transcript = stage.warm().play(lambda _: ended.wait(0), bytes(1 << 24))
    assert transcript.stop is not None
    assert transcript.stop.reason is Reason.STALLED


def test_a_flood_ends_at_the_output_limit(stage: Stage) -> None:
    def part(peer: socket.socket) -> None:
        try:
            while True:
                peer.sendall(stdout(TEXT * 1000))
        except OSError:  # cut off
            return

    transcript = stage.warm().play(part)
    assert transcript.stop is not None
    assert transcript.stop.reason is Reason.OUTPUT_LIMIT


def test_the_cpu_limit_is_the_meters(stage: Stage) -> None:
    stage.meter.counters = Counters(cpu_seconds=1e6)
    transcript = stage.warm().play(answer(TEXT))
    assert transcript.stop is not None
    assert transcript.stop.reason is Reason.CPU_LIMIT


def test_the_end_without_done_is_left_to_the_verdict(stage: Stage) -> None:
    transcript = stage.warm().play(lambda peer: peer.shutdown(socket.SHUT_WR))
    assert (transcript.done, transcript.must_kill) == (False, False)


def test_staying_after_done_is_a_broken_rule(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogue_module, "EXIT_SECONDS", 0.1)
    transcript = stage.warm().play(lambda peer: peer.sendall(stdout(DONE)))
    assert "did not exit" in transcript.rule_broken


def test_a_wake_ends_it_at_once(stage: Stage) -> None:
    stage.warm().wake.set()
    with pytest.raises(SandboxUnavailable, match="cancelled"):
        stage.play(read_all)


def test_a_document_shorter_than_announced_is_not_the_sandboxes_fault(stage: Stage) -> None:
    stage.warm()
    deadlines = Deadlines(FAST, 9, now=dialogue_module.time.monotonic(), cpu_seconds_before=0)
    with pytest.raises(SandboxUnavailable, match="short"):
        stage.dialogue.converse(job(9), io.BytesIO(b"doc"), deadlines, stage.meter, stage.wake)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (b'{"stage":"pages","done":3,"total":9}', "pages 3 of 9"),
        (b'{"stage":"\\u202e","done":3,"total":9}', ""),
        (b'{"stage":"a","done":-3,"total":9}', ""),
        (b"[" * 4000, ""),
    ],
)
def test_progress_is_told_only_when_it_is_plain(stage: Stage, payload: bytes, line: str) -> None:
    assert stage.warm().play(answer(encode(FrameKind.PROGRESS, payload), DONE)).last_progress == line


@pytest.mark.parametrize(
    "opening",
    [
        b"", TEXT, READY + TEXT, b"\xff" * 5,
        encode_json(FrameKind.READY, {"contract": CONTRACT_VERSION + 1, "parser_version": "t"}),
        encode(FrameKind.READY, b"no JSON"), encode(FrameKind.READY, b"[]"),
    ],
    ids=["nothing", "text", "too much", "junk", "another contract", "no JSON", "no object"],
)  # fmt: skip
def test_a_sandbox_that_does_not_get_ready_is_never_a_files_fault(stage: Stage, opening: bytes) -> None:
    stage.peer.sendall(stdout(opening))
    stage.peer.shutdown(socket.SHUT_WR)
    with pytest.raises(SandboxUnavailable):
        stage.dialogue.await_ready(5, stage.wake)


def test_getting_ready_has_a_deadline(stage: Stage) -> None:
    with pytest.raises(SandboxUnavailable, match=r"not ready after 0\.05 s"):
        stage.dialogue.await_ready(0.05, stage.wake)
