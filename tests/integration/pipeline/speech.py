"""TEST: what an honest sandbox says, for the scripted engine: frames of a small document, by the contract."""

import json
from typing import Any

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind
from contract.job import Job
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.scripted import played


def frame(kind: FrameKind, payload: dict[str, Any] | bytes) -> Frame:
    return Frame(kind, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


READY = frame(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "test"})


def says(text: str, *files: Frame) -> SandboxRun:
    """A sandbox that read a document of one paragraph, and found files in it: frames, as `holds` makes them."""
    element = {"type": "NarrativeText", "element_id": "0" * 32, "text": text, "metadata": {"page_number": 1}}
    return played(
        [
            READY,
            *files,
            frame(FrameKind.METADATA, {"media_type": "text/plain", "page_count": 1}),
            frame(FrameKind.ELEMENTS, {"elements": [element]}),
            frame(FrameKind.TEXT, text.encode()),
            frame(FrameKind.CHUNKS, {"chunks": [{"spans": [[0, len(text)]], "element_ids": ["0" * 32]}]}),
            done(
                elements=1,
                chunks=1,
                text_chars=len(text),
                embedded=sum(file.kind is FrameKind.EMBEDDED for file in files),
            ),
        ]
    )


def refuses(refusal: str, detail: str = "says the sandbox") -> SandboxRun:
    """A sandbox that ended well and has no document to give."""
    return played([READY, done(refusal=refusal, detail=detail)])


def done(**fields: Any) -> Frame:
    return frame(
        FrameKind.DONE,
        {"refusal": None, "detail": "", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0, **fields},
    )


def echo(_profile: Profile, _job: Job, document: bytes) -> SandboxRun:
    """A parser that takes a document for its own text."""
    text = document.decode()
    return says(text) if text.strip() else refuses("empty")


def holds(name: str, content: bytes, **told: Any) -> list[Frame]:
    """A file that a sandbox found inside the document."""
    described = {"untrusted_name": name, "media_type_hint": "", "bytes": len(content), "withheld": None, "detail": ""}
    return [frame(FrameKind.ARTIFACT, content), frame(FrameKind.EMBEDDED, described | told)]


def archive(*files: tuple[str, str | bytes]) -> bytes:
    """A container that `unpack` reads: names and contents, which may be archives themselves."""
    pairs = [(name, content if isinstance(content, str) else content.decode()) for name, content in files]
    return ARCHIVE + json.dumps(pairs).encode()


def unpack(profile: Profile, job: Job, document: bytes) -> SandboxRun:
    """A parser of archives; anything else is its own text, and what begins with "bad" is corrupt."""
    if document.startswith(b"bad"):
        return refuses("corrupt")
    if not document.startswith(ARCHIVE):
        return echo(profile, job, document)
    pairs = json.loads(document.removeprefix(ARCHIVE))
    files = [piece for name, content in pairs for piece in holds(name, content.encode())]
    return says("holds " + ", ".join(name for name, _ in pairs), *files)


ARCHIVE = b"archive "
