"""TEST: sandboxes that lie on the wire. What breaks framing ends the run; what breaks meaning stops at the airlock."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from contract import CONTRACT_VERSION
from contract.frames import HEADER, FrameKind, encode, encode_json
from contract.verdicts import Reason
from ingest.airlock import admit
from ingest.outcome import Refused
from tests.hostile.attacker import OPTIONS, SHORT, Attacker

DONE = encode_json(
    FrameKind.DONE, {"refusal": None, "detail": "", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0}
)  # the honest end of an empty document
PROGRESS = encode_json(FrameKind.PROGRESS, {"stage": "x", "done": 0, "total": 0})
READY = encode_json(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "again"})


@pytest.mark.parametrize(
    ("stream", "rule"),
    [
        (HEADER.pack(FrameKind.TEXT, 1 << 30), "the ceiling is"),
        (HEADER.pack(FrameKind.DONE, 0xFFFFFFFF), "the ceiling is"),
        (b"\xff\x00\x00\x00\x00", "unknown frame kind"),
        (encode(FrameKind.JOB, b"{}"), "JOB frame out of place"),
        (READY, "READY frame out of place"),
        (DONE + DONE, "output after DONE"),
        (DONE + PROGRESS, "output after DONE"),
        (DONE + b"\x14", "output after DONE"),
        (DONE + b"\xff\xff\xff\xff\xff", "output after DONE"),
    ],
    ids=[
        "1 GB announced",
        "4 GB announced",
        "unknown kind",
        "job",
        "ready twice",
        "done twice",
        "done early",
        "half a frame",
        "junk",
    ],
)
def test_broken_framing_ends_the_run(attacker: Attacker, stream: bytes, rule: str) -> None:
    run = attacker.run("lie", body=stream)
    assert run.verdict is Reason.PROTOCOL_VIOLATION
    assert rule in run.observation
    assert run.usage.wall_seconds <= SHORT.stall_seconds + 2
    assert run.usage.memory_peak_bytes < SHORT.memory_bytes


@pytest.mark.parametrize(
    "stream",
    [b"", HEADER.pack(FrameKind.TEXT, 100) + b"only these", DONE[:-1], PROGRESS],
    ids=["nothing", "a short frame", "a short done", "no done"],
)
def test_exit_zero_without_a_result_is_a_violation(attacker: Attacker, stream: bytes) -> None:
    run = attacker.run("lie_then_exit", body=stream, status=0)
    assert (run.verdict, run.observation.partition(";")[0]) == (
        Reason.PROTOCOL_VIOLATION,
        "exit 0 without a result",
    )


def document(
    text: bytes = b"Hello", spans: Sequence[tuple[int, int]] = ((0, 5),), element: dict[str, Any] | None = None
) -> dict[str, bytes]:
    """The frames of an honest one-line document, by name, for a test to spoil."""
    identity = "0" * 32
    said = {"type": "NarrativeText", "element_id": identity, "text": "Hello", "metadata": {}} | (element or {})
    chunk = {"spans": [list(span) for span in spans], "element_ids": [identity]}
    return {
        "metadata": encode_json(FrameKind.METADATA, {"media_type": "text/plain"}),
        "elements": encode_json(FrameKind.ELEMENTS, {"elements": [said]}),
        "text": encode(FrameKind.TEXT, text),
        "chunks": encode_json(FrameKind.CHUNKS, {"chunks": [chunk]}),
        "done": encode_json(
            FrameKind.DONE, {"refusal": None, "detail": "", "elements": 1, "chunks": 1, "text_chars": 5, "embedded": 0}
        ),
    }


def spoiled(**frames: bytes) -> bytes:
    return b"".join((document() | frames).values())


def json_frame(kind: FrameKind, payload: str) -> bytes:
    return encode(kind, payload.encode("utf-8"))


def test_the_document_the_liars_spoil_is_admitted(attacker: Attacker) -> None:
    run = attacker.run("lie", body=spoiled())
    assert run.verdict is None
    assert not isinstance(admit(run.untrusted_frames, OPTIONS), Refused)


LIES = {
    "chunks without text": spoiled(text=b""),
    "metadata twice": document()["metadata"] + spoiled(),
    "NUL in text": spoiled(**document(text=b"Hel\0o")),
    "NUL in an element": spoiled(elements=document(element={"text": "Hel\0o"})["elements"]),
    "surrogate in text": spoiled(text=encode(FrameKind.TEXT, b"He\xed\xa0\x80")),
    "surrogate in JSON": spoiled(
        elements=json_frame(
            FrameKind.ELEMENTS,
            '{"elements":[{"type":"NarrativeText","element_id":"%s","text":"\\ud800","metadata":{}}]}' % ("0" * 32),
        )
    ),
    "bad UTF-8": spoiled(text=encode(FrameKind.TEXT, b"He\xffoo")),
    "deep JSON": spoiled(elements=json_frame(FrameKind.ELEMENTS, '{"elements":' + "[" * 500_000)),
    "deep and closed JSON": spoiled(elements=json_frame(FrameKind.ELEMENTS, "[" * 200_000 + "]" * 200_000)),
    "NaN": spoiled(elements=json_frame(FrameKind.ELEMENTS, '{"elements":[NaN]}')),
    "a number of a million digits": spoiled(
        done=json_frame(FrameKind.PROGRESS, '{"stage":"x","done":%s,"total":0}' % ("9" * 4000)) + document()["done"]
    ),
    "an extra field": spoiled(elements=document(element={"path": "/etc/passwd"})["elements"]),
    "a wrong type": spoiled(elements=document(element={"text": 5})["elements"]),
    "spans beyond the text": spoiled(chunks=document(spans=[(0, 5_000_000)])["chunks"]),
    "negative spans": spoiled(chunks=document(spans=[(-5, 5)])["chunks"]),
    "reversed spans": spoiled(chunks=document(spans=[(5, 0)])["chunks"]),
    "counts that do not match": spoiled(
        done=encode_json(
            FrameKind.DONE, {"refusal": None, "detail": "", "elements": 9, "chunks": 1, "text_chars": 5, "embedded": 0}
        )
    ),
    "an unknown refusal": spoiled(
        done=encode_json(
            FrameKind.DONE,
            {"refusal": "timeout", "detail": "", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0},
        )
    ),
    "a refusal beside a document": spoiled(
        done=encode_json(
            FrameKind.DONE,
            {"refusal": "bomb", "detail": "", "elements": 1, "chunks": 1, "text_chars": 5, "embedded": 0},
        )
    ),
}


@pytest.mark.parametrize("stream", LIES.values(), ids=LIES.keys())
def test_a_well_framed_lie_stops_at_the_airlock(attacker: Attacker, stream: bytes) -> None:
    run = attacker.run("lie", body=stream)
    assert run.verdict is None, run  # framing is all the engine judges
    answer = admit(run.untrusted_frames, OPTIONS)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.PROTOCOL_VIOLATION
    assert json.dumps(answer.detail).isascii()


def test_stderr_cannot_drive_a_terminal(attacker: Attacker) -> None:
    run = attacker.run("write_stderr", body=b"\x1b]0;owned\x07\x1b[2J\r\0\xe2\x80\xae\xed\xa0\x80tail\n")
    assert run.verdict is None
    assert run.evidence.stderr_tail.endswith("tail\n")
    assert not set(run.evidence.stderr_tail) & set("\x1b\x07\r\0\u202e")
