"""TEST: the host's half of the wire, for driving `python -m parsers` as a real process."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind, FrameSplitter, encode_json

ROOT = Path(__file__).resolve().parents[2]
# `-I` ignores PYTHONPATH, as in the image, where the packages are installed; here the checkout is put on the path.
START = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('parsers', run_name='__main__')"
OUTPUT_BYTES_MAX = 64 << 20


@dataclass(frozen=True)
class Answer:
    """Everything one process said, and how it ended."""

    exit_code: int
    frames: list[Frame]
    stderr: str

    def all(self, kind: FrameKind) -> list[Any]:
        return [json.loads(frame.payload) for frame in self.frames if frame.kind is kind]

    @property
    def done(self) -> Any:
        assert self.frames[-1].kind is FrameKind.DONE, self.stderr
        return json.loads(self.frames[-1].payload)

    @property
    def text(self) -> str:
        return "".join(frame.payload.decode() for frame in self.frames if frame.kind is FrameKind.TEXT)

    @property
    def elements(self) -> list[Any]:
        return [element for batch in self.all(FrameKind.ELEMENTS) for element in batch["elements"]]

    @property
    def chunks(self) -> list[Any]:
        return [chunk for batch in self.all(FrameKind.CHUNKS) for chunk in batch["chunks"]]

    @property
    def result_frames(self) -> list[Frame]:
        """What must be the same for the same input: all but signs of life and claims of usage."""
        return [frame for frame in self.frames if frame.kind not in (FrameKind.PROGRESS, FrameKind.USAGE)]


def job_frame(
    input_bytes: int, hint: str = "", output_bytes_max: int = OUTPUT_BYTES_MAX, tokens_max: int = 512,
    *, comments_in_text: bool = True,
) -> bytes:  # fmt: skip
    options = {
        "chunk_tokens_max": tokens_max, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20,
        "comments_in_text": comments_in_text,
    }  # fmt: skip
    job = {
        "contract": CONTRACT_VERSION, "media_type_hint": hint, "input_bytes": input_bytes,
        "options": options, "wall_seconds": 30.0, "output_bytes_max": output_bytes_max,
    }  # fmt: skip
    return encode_json(FrameKind.JOB, job)


def start(*arguments: str, code: str = START) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-B", "-c", code, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ask(
    document: bytes, hint: str = "", *, output_bytes_max: int = OUTPUT_BYTES_MAX, tokens_max: int = 512,
    raw: bytes | None = None, code: str = START,
) -> Answer:  # fmt: skip
    """One process, one document. `raw` replaces everything that would be written to its stdin."""
    process = start("--preload", "text", code=code)
    sent = job_frame(len(document), hint, output_bytes_max, tokens_max) + document if raw is None else raw
    stdout, stderr = process.communicate(sent, timeout=120)
    splitter = FrameSplitter()
    frames = list(splitter.feed(stdout))
    assert splitter.at_boundary(), "the output ends within a frame"
    return Answer(process.returncode, frames, stderr.decode("utf-8", "replace"))
