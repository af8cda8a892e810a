"""TEST: batching and limits of what goes out, over a real pipe."""

import json
import os
from typing import Any

import pytest

from contract.frames import PAYLOAD_BYTES_MAX, FrameKind, FrameSplitter
from contract.result import Chunk, Element
from contract.verdicts import ElementType, Refusal
from parsers.blocks import Refused
from parsers.wire import OVERHEAD_BYTES, FrameWriter, HostBroke, JobReader, encode_result


def element(number: int, text: str) -> Element:
    return {"type": ElementType.NARRATIVE_TEXT, "element_id": f"{number:032x}", "text": text, "metadata": {}}


def chunk_of(number: int) -> Chunk:
    return {"spans": [(number, number + 1)], "element_ids": [f"{number:032x}"]}


def decoded(frames: list[bytes], kind: FrameKind) -> list[Any]:
    splitter = FrameSplitter()
    return [json.loads(frame.payload) for frame in splitter.feed(b"".join(frames)) if frame.kind is kind]


def test_every_element_and_chunk_arrives_once_and_in_order() -> None:
    elements = [element(number, "ä" * (number % 7 * 1000)) for number in range(3000)]
    chunks = [chunk_of(number) for number in range(50_000)]
    frames = encode_result({"media_type": "text/plain"}, elements, "text", chunks, 64 << 20)
    batches = decoded(frames, FrameKind.ELEMENTS)
    assert len(batches) > 3
    received = [one["element_id"] for batch in batches for one in batch["elements"]]
    assert received == [one["element_id"] for one in elements]
    assert sum(len(batch["chunks"]) for batch in decoded(frames, FrameKind.CHUNKS)) == 50_000
    assert all(len(frame) <= PAYLOAD_BYTES_MAX[FrameKind(frame[0])] for frame in frames)


def test_text_in_pieces_is_the_same_text() -> None:
    text = "👩‍🚀 ünïcödé\n" * 200_000
    frames = encode_result({"media_type": "text/plain"}, [], text, [], 64 << 20)
    received = FrameSplitter().feed(b"".join(frames))
    pieces = [frame.payload.decode() for frame in received if frame.kind is FrameKind.TEXT]
    assert len(pieces) > 1
    assert "".join(pieces) == text


def test_a_result_over_the_limit_is_a_bomb() -> None:
    exact = sum(map(len, encode_result({"media_type": "a/b"}, [element(0, "x" * 1000)], "text", [], 1 << 30)))
    encode_result({"media_type": "a/b"}, [element(0, "x" * 1000)], "text", [], exact + OVERHEAD_BYTES)
    with pytest.raises(Refused) as refused:
        encode_result({"media_type": "a/b"}, [element(0, "x" * 1000)], "text", [], exact + OVERHEAD_BYTES - 1)
    assert refused.value.refusal is Refusal.BOMB


def test_progress_is_thinned_out() -> None:
    read_end, write_end = os.pipe()
    writer = FrameWriter(write_end)
    for number in range(10_000):
        writer.progress("pages", number, 10_000)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        frames = list(FrameSplitter().feed(stream.read()))
    assert 1 <= len(frames) < 1000
    assert json.loads(frames[0].payload) == {"stage": "pages", "done": 0, "total": 10_000}


def test_writing_to_a_host_that_is_gone() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(HostBroke):
        FrameWriter(write_end).ready()
    os.close(write_end)


def test_a_document_that_ends_early_is_the_hosts_fault() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"abc")
    os.close(write_end)
    with pytest.raises(HostBroke, match="early"):
        JobReader(read_end).document(4, lambda *_: None)
    os.close(read_end)
