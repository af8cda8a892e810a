"""TEST: the contract's sandbox side, as small as it gets, for programs that mean harm."""

import json
import os
import sys
from typing import Any, NoReturn

from contract import CONTRACT_VERSION
from contract.frames import HEADER, FrameKind, encode, encode_json, parse_header


def emit(data: bytes, descriptor: int = 1) -> None:
    """Write all of it, framed or not."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def take(size: int) -> bytes:
    """Read exactly `size` bytes of stdin; leave quietly at its end."""
    data = b""
    while len(data) < size:
        piece = os.read(0, min(size - len(data), 1 << 20))
        if not piece:
            os._exit(0)
        data += piece
    return data


def take_line() -> tuple[bytes, bytes]:
    """Read stdin up to the first newline, and hardly beyond it. Returns the line and what was read beyond."""
    data = b""
    while b"\n" not in data:
        data += os.read(0, 4096)
    line, _, beyond = data.partition(b"\n")
    return line, beyond


def ready() -> None:
    emit(encode_json(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "attack"}))


def job() -> dict[str, Any]:
    _, length = parse_header(take(HEADER.size))
    return dict(json.loads(take(length)))


def progress(done: int = 0) -> None:
    emit(encode_json(FrameKind.PROGRESS, {"stage": "attack", "done": done, "total": 0}))


def say(report: object) -> None:
    """Tell what an attempt achieved: a claim, which the tests hold against what they see from outside."""
    emit(encode(FrameKind.TEXT, json.dumps(report).encode("utf-8")))


def done(refusal: str | None = None, detail: str = "") -> None:
    payload = {"refusal": refusal, "detail": detail, "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0}
    emit(encode_json(FrameKind.DONE, payload))


def leave(status: int = 0) -> NoReturn:
    """End as the contract says: wait for the end of stdin, then exit."""
    while os.read(0, 1 << 20):
        pass
    sys.stderr.flush()
    os._exit(status)
