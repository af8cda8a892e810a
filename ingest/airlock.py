"""HOST, trusted: the only reader of untrusted output. What it returns is admitted; all before it is `untrusted_*`.

It checks order, shape, size and cross-reference, and derives itself whatever can be derived: a chunk's text, heading
path, pages, boxes, token count and identity are computed here from admitted text and elements, never taken on trust.
The shape of each frame is `airlock_shapes.py`'s.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Final

from pydantic import ValidationError

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind
from contract.job import Options
from contract.tokens import estimate_tokens
from contract.verdicts import ElementType, Reason
from ingest.airlock_files import FilesInside, Flood
from ingest.airlock_files import Lie as _Lie
from ingest.airlock_files import require as _require
from ingest.airlock_shapes import (
    FIELD_NAMES,
    PARENT_DEPTH_MAX,
    Chunk,
    Chunks,
    DocumentMetadata,
    Done,
    Element,
    Elements,
    Embedded,
    Finding,
    Progress,
    Ready,
    Usage,
)
from ingest.outcome import AdmittedChunk, AdmittedDocument, AdmittedFinding, Json, Refused

ELEMENTS_MAX: Final = 250_000
# Empty objects are the cheapest way to make a host allocate: 64 MiB of them would cost it 2 GB as models.
OBJECTS_MAX: Final = 800_000
CHUNKS_MAX: Final = 200_000
FINDINGS_MAX: Final = 1_000
# Repeated table headers make chunks longer in sum than the text; a liar could make them arbitrarily longer.
CHUNK_CHARS_PER_TEXT_CHAR_MAX: Final = 16
CHUNK_CHARS_FREE: Final = 1 << 16
CHUNK_CHARS_MAX: Final = 128 << 20
# A heading stands above every chunk of its section: one of megabytes would be written, hashed and indexed with each.
HEADING_CHARS_MAX: Final = 300
HEADING_CHARS_OF_CHUNKS_MAX: Final = 64 << 20


@dataclass(slots=True)
class _Received:
    """Everything one sandbox said, in shape but not yet cross-checked."""

    files: FilesInside
    metadata: DocumentMetadata | None = None
    elements: list[Element] = field(default_factory=list)
    text_pieces: list[str] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    findings: list[AdmittedFinding] = field(default_factory=list)
    done: Done | None = None
    counts: Counter[FrameKind] = field(default_factory=Counter)
    objects: int = 0


def admit(untrusted_frames: Sequence[Frame], options: Options) -> AdmittedDocument | Refused:
    """Admit the output of one sandbox that ended well, or say why not.

    A refusal that the sandbox claims is admitted as its reason; any broken rule is `protocol_violation` with one line
    naming the rule. Never raises for anything the frames contain.
    """
    try:
        received = _read(untrusted_frames, options)
        assert received.done is not None  # noqa: S101  _read raises otherwise
        if received.done.refusal is not None:
            # Embedded files may stand before a refusal, as findings may; they are let go of with their container.
            _require(not (received.elements or received.text_pieces or received.chunks), "a refusal with a document")
            return Refused(Reason(received.done.refusal), received.done.detail, tuple(received.findings))
        return _assemble(received, options)
    except _Lie as lie:
        return Refused(Reason.PROTOCOL_VIOLATION, str(lie))
    except Flood as flood:
        return Refused(Reason.OUTPUT_LIMIT, str(flood))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        # The names of unexpected fields are the sandbox's own words: they stay out of the reason.
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in FIELD_NAMES)
        return Refused(Reason.PROTOCOL_VIOLATION, f"{error.title} frame: {place or 'payload'}: {first['type']}"[:200])


def _read(untrusted_frames: Sequence[Frame], options: Options) -> _Received:
    """Frames to models, checking order and multiplicity."""
    _require(len(untrusted_frames) >= 2, "no result")
    _require(untrusted_frames[0].kind is FrameKind.READY, "the first frame is not ready")
    _require(untrusted_frames[-1].kind is FrameKind.DONE, "the last frame is not done")
    ready = Ready.model_validate_json(untrusted_frames[0].payload)
    _require(ready.contract == CONTRACT_VERSION, "another contract version")
    received = _Received(FilesInside(options["embedded_files_max"], options["embedded_bytes_max"]))
    for untrusted_frame in untrusted_frames[1:]:
        received.counts[untrusted_frame.kind] += 1
        _take(untrusted_frame, received)
    for kind in (FrameKind.METADATA, FrameKind.USAGE, FrameKind.DONE):
        _require(received.counts[kind] <= 1, f"more than one {kind.name.lower()} frame")
    return received


def _take(untrusted_frame: Frame, received: _Received) -> None:
    """Add one frame's content, in shape, to what was received."""
    payload = untrusted_frame.payload
    if received.files.pieces:
        _require(untrusted_frame.kind in _WITHIN_A_FILE, "an embedded file without its description")
    if untrusted_frame.kind in (FrameKind.ELEMENTS, FrameKind.CHUNKS):
        received.objects += payload.count(b"{")
        _require(received.objects <= OBJECTS_MAX, f"more than {OBJECTS_MAX} objects")
    match untrusted_frame.kind:
        case FrameKind.PROGRESS:
            Progress.model_validate_json(payload)
        case FrameKind.METADATA:
            received.metadata = DocumentMetadata.model_validate_json(payload)
        case FrameKind.ELEMENTS:
            received.elements += Elements.model_validate_json(payload).elements
            _require(len(received.elements) <= ELEMENTS_MAX, f"more than {ELEMENTS_MAX} elements")
        case FrameKind.TEXT:
            received.text_pieces.append(_text(payload))
        case FrameKind.CHUNKS:
            received.chunks += Chunks.model_validate_json(payload).chunks
            _require(len(received.chunks) <= CHUNKS_MAX, f"more than {CHUNKS_MAX} chunks")
        case FrameKind.FINDING:
            finding = Finding.model_validate_json(payload)
            received.findings.append(
                AdmittedFinding(finding.kind.value, finding.severity.value, finding.place, finding.evidence)
            )
            _require(len(received.findings) <= FINDINGS_MAX, f"more than {FINDINGS_MAX} findings")
        case FrameKind.ARTIFACT | FrameKind.EMBEDDED:
            _take_file(untrusted_frame, received.files)
        case FrameKind.USAGE:
            Usage.model_validate_json(payload)
        case FrameKind.DONE:
            received.done = Done.model_validate_json(payload)
        case unexpected:
            raise _Lie(f"unexpected {unexpected.name.lower()} frame")


def _take_file(untrusted_frame: Frame, files: FilesInside) -> None:
    """Bytes of an embedded file, or the description that ends one."""
    if untrusted_frame.kind is FrameKind.ARTIFACT:
        files.add_piece(untrusted_frame.payload)
        return
    told = Embedded.model_validate_json(untrusted_frame.payload)
    withheld = None if told.withheld is None else Reason(told.withheld)
    files.end_file(told.untrusted_name, told.bytes, told.media_type_hint, withheld=withheld, detail=told.detail)


_WITHIN_A_FILE: Final = frozenset({FrameKind.ARTIFACT, FrameKind.EMBEDDED, FrameKind.PROGRESS})
_FORBIDDEN_IN_TEXT: Final = {code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}
_STRIP_FORBIDDEN: Final = dict.fromkeys(_FORBIDDEN_IN_TEXT)


def _text(untrusted_payload: bytes) -> str:
    try:
        text = untrusted_payload.decode("utf-8")  # strict: refuses surrogates and overlong forms
    except UnicodeDecodeError:
        raise _Lie("text that is not UTF-8") from None
    _require(len(text.translate(_STRIP_FORBIDDEN)) == len(text), "a control character in the text")
    return text


def _assemble(received: _Received, options: Options) -> AdmittedDocument | Refused:
    """Cross-check the parts against each other and rebuild the chunks."""
    done, text = received.done, "".join(received.text_pieces)
    assert done is not None  # noqa: S101  checked by the caller
    _require(done.elements == len(received.elements), "the count of elements is wrong")
    _require(done.chunks == len(received.chunks), "the count of chunks is wrong")
    _require(done.text_chars == len(text), "the length of the text is wrong")
    _require(done.embedded == len(received.files.files), "the count of embedded files is wrong")
    if received.metadata is None:
        raise _Lie("no metadata frame")
    if not text or text.isspace():
        return Refused(Reason.EMPTY, "no visible text", tuple(received.findings))
    by_id = _index(received.elements, received.metadata.page_count)
    paths = _heading_paths(received.elements)
    return AdmittedDocument(
        metadata=received.metadata.model_dump(mode="json", exclude_none=True),
        elements=tuple(e.model_dump(mode="json", exclude_none=True) for e in received.elements),
        text=text,
        chunks=tuple(_rebuild(received.chunks, text, by_id, paths, options["chunk_tokens_max"])),
        findings=(*received.findings, *received.files.findings()),
        embedded=tuple(received.files.files),
        contents=received.files.contents,
    )


def _index(elements: list[Element], page_count: int | None) -> dict[str, Element]:
    """Elements by id; parents must come earlier, so no cycle can exist."""
    by_id: dict[str, Element] = {}
    for element in elements:
        parent, page = element.metadata.parent_id, element.metadata.page_number
        _require(element.element_id not in by_id, "an element id twice")
        _require(parent is None or parent in by_id, "a parent that does not come before its child")
        _require(page is None or page_count is None or page <= page_count, "a page beyond the last page")
        by_id[element.element_id] = element
    return by_id


def _heading_paths(elements: list[Element]) -> dict[str, tuple[str, ...]]:
    """Texts of the headings each element stands under, outermost first; a heading's own path ends with itself."""
    paths: dict[str, tuple[str, ...]] = {}
    for element in elements:
        parent = element.metadata.parent_id
        path = paths[parent] if parent is not None else ()
        if element.type is ElementType.TITLE:
            path = (*path, _cut(element.text))
            _require(len(path) <= PARENT_DEPTH_MAX, "headings nested too deep")
        paths[element.element_id] = path
    return paths


def _cut(heading: str) -> str:
    return heading if len(heading) <= HEADING_CHARS_MAX else heading[: HEADING_CHARS_MAX - 1] + "…"


def _rebuild(
    chunks: list[Chunk], text: str, by_id: dict[str, Element], paths: dict[str, tuple[str, ...]], tokens_max: int
) -> list[AdmittedChunk]:
    """Admitted chunks from their spans and element ids; together they must show every visible character of the text."""
    seen: Counter[str] = Counter()
    rebuilt: list[AdmittedChunk] = []
    chars_left = min(CHUNK_CHARS_PER_TEXT_CHAR_MAX * len(text) + CHUNK_CHARS_FREE, CHUNK_CHARS_MAX)
    heading_chars_left = HEADING_CHARS_OF_CHUNKS_MAX
    for ordinal, chunk in enumerate(chunks):
        _check_spans(chunk, len(text))
        chars_left -= sum(end - start for start, end in chunk.spans)
        _require(chars_left >= 0, "chunks that repeat the text too often")
        chunk_text = "\n".join(text[start:end] for start, end in chunk.spans)
        token_count = estimate_tokens(chunk_text)
        _require(bool(chunk_text) and not chunk_text.isspace(), "a chunk without text")
        _require(token_count <= tokens_max, f"a chunk of more than {tokens_max} tokens")
        _require(all(element_id in by_id for element_id in chunk.element_ids), "a chunk of an unknown element")
        members = [by_id[element_id] for element_id in chunk.element_ids]
        path = _common_path(members, paths)
        heading_chars_left -= sum(map(len, path))
        _require(heading_chars_left >= 0, "headings that are repeated too often")
        rebuilt.append(
            AdmittedChunk(
                chunk_id=_chunk_id(path, chunk_text, seen),
                ordinal=ordinal,
                text=chunk_text,
                heading_path=path,
                page_numbers=tuple(sorted({m.metadata.page_number for m in members if m.metadata.page_number})),
                boxes=tuple(_box(member) for member in members if member.metadata.coordinates is not None),
                element_ids=tuple(chunk.element_ids),
                spans=tuple(chunk.spans),
                token_count=token_count,
            )
        )
    _require_cover(chunks, text)
    return rebuilt


def _check_spans(chunk: Chunk, text_length: int) -> None:
    _require(all(start < end <= text_length for start, end in chunk.spans), "a span outside the text")
    _require(all(left[1] <= right[0] for left, right in pairwise(chunk.spans)), "spans that overlap or go backwards")


def _require_cover(chunks: list[Chunk], text: str) -> None:
    """Every character that is not white space must be in a chunk: text that no chunk shows would be lost silently."""
    covered_to = 0
    for start, end in sorted(span for chunk in chunks for span in chunk.spans):
        if start > covered_to:
            _require(not text[covered_to:start].strip(), "text that no chunk shows")
        covered_to = max(covered_to, end)
    _require(not text[covered_to:].strip(), "text that no chunk shows")


def _common_path(members: list[Element], paths: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all content of a chunk stands under. A chunk of headings alone is under the first of them."""
    content = [member for member in members if member.type is not ElementType.TITLE] or members[:1]
    common = paths[content[0].element_id]
    for member in content[1:]:
        path = paths[member.element_id]
        same = takewhile(lambda pair: pair[0] == pair[1], zip(common, path, strict=False))
        common = tuple(heading for heading, _ in same)
    return common


def _chunk_id(path: tuple[str, ...], text: str, seen: Counter[str]) -> str:
    """Content identity, with an occurrence number so that a repeated paragraph gets two ids."""
    digest = hashlib.sha256("\x1f".join((*path, text)).encode()).hexdigest()
    seen[digest] += 1
    if seen[digest] > 1:
        digest = hashlib.sha256(f"{digest}#{seen[digest]}".encode()).hexdigest()
    return digest[:32]


def _box(element: Element) -> Json:
    coordinates, page = element.metadata.coordinates, element.metadata.page_number
    assert coordinates is not None  # noqa: S101  filtered by the caller
    xs, ys = [x for x, _ in coordinates.points], [y for _, y in coordinates.points]
    return {"page": page or 0, "x0": min(xs), "y0": min(ys), "x1": max(xs), "y1": max(ys)}
