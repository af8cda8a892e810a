"""TEST: frames survive any cutting of the stream, and no length is believed before its ceiling was checked."""

import contextlib
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.frames import (
    HEADER,
    PAYLOAD_BYTES_MAX,
    Frame,
    FrameError,
    FrameKind,
    FrameSplitter,
    encode,
    encode_json,
    parse_header,
)

kinds = st.sampled_from(list(FrameKind))
frames = st.lists(st.builds(Frame, kinds, st.binary(max_size=300)), max_size=8)


@given(frames, st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_any_cutting_of_the_stream_gives_the_same_frames(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(encode(frame.kind, frame.payload) for frame in sent)
    splitter, received, position = FrameSplitter(), [], 0
    sizes = iter(cuts * (len(stream) + 1))
    while position < len(stream):
        size = next(sizes)
        received += splitter.feed(stream[position : position + size])
        position += size
    assert received == sent
    assert splitter.at_boundary()


@given(st.binary(max_size=400))
def test_garbage_is_frames_or_an_error_and_never_another_exception(garbage: bytes) -> None:
    received: list[Frame] = []
    with contextlib.suppress(FrameError):
        received.extend(FrameSplitter().feed(garbage))
    assert all(len(frame.payload) <= PAYLOAD_BYTES_MAX[frame.kind] for frame in received)
    assert sum(len(frame.payload) + HEADER.size for frame in received) <= len(garbage)


@pytest.mark.parametrize("kind", list(FrameKind))
def test_a_length_over_its_ceiling_is_refused_from_the_header_alone(kind: FrameKind) -> None:
    parse_header(HEADER.pack(kind, PAYLOAD_BYTES_MAX[kind]))
    with pytest.raises(FrameError, match="ceiling"):
        parse_header(HEADER.pack(kind, PAYLOAD_BYTES_MAX[kind] + 1))


def test_a_frame_of_four_gibibytes_is_refused_before_its_payload() -> None:
    splitter = FrameSplitter()
    with pytest.raises(FrameError, match="announces 4294967295 bytes"):
        list(splitter.feed(struct.pack(">BI", FrameKind.TEXT, 0xFFFFFFFF)))


@pytest.mark.parametrize("code", [0, 2, 15, 26, 30, 32, 255])
def test_an_unknown_kind_is_refused(code: int) -> None:
    with pytest.raises(FrameError, match="unknown frame kind"):
        parse_header(struct.pack(">BI", code, 0))


def test_the_ceiling_holds_for_the_sender_too() -> None:
    with pytest.raises(FrameError):
        encode(FrameKind.PROGRESS, b"x" * (PAYLOAD_BYTES_MAX[FrameKind.PROGRESS] + 1))


def test_an_unfinished_frame_is_not_at_a_boundary() -> None:
    splitter = FrameSplitter()
    assert list(splitter.feed(encode(FrameKind.TEXT, b"whole") + b"\x14")) == [Frame(FrameKind.TEXT, b"whole")]
    assert not splitter.at_boundary()


def test_every_kind_has_a_ceiling() -> None:
    assert set(PAYLOAD_BYTES_MAX) == set(FrameKind)


def test_json_is_compact_keeps_its_order_and_refuses_nan() -> None:
    frame = encode_json(FrameKind.PROGRESS, {"stage": "größe", "done": 1, "a": None})
    assert frame[HEADER.size :] == '{"stage":"größe","done":1,"a":null}'.encode()
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        encode_json(FrameKind.USAGE, {"cpu_seconds": float("nan")})
    assert json.loads(frame[HEADER.size :])["done"] == 1
