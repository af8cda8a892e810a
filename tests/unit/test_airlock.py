"""TEST: the airlock admits an honest document, rebuilds its chunks, and names the broken rule of every lie."""

import json
import typing
from collections.abc import Callable
from typing import Any

import pytest

from contract import CONTRACT_VERSION, result
from contract.frames import Frame, FrameKind
from contract.job import Options
from contract.verdicts import Reason
from ingest import airlock, airlock_shapes
from ingest.outcome import AdmittedDocument, Refused

OPTIONS: Options = {
    "chunk_tokens_max": 64,
    "embedded_files_max": 100,
    "embedded_bytes_max": 1 << 20,
    "comments_in_text": True,
}
TEXT = "# Gloves\n\nWash them.\n\n## Drying\n\nHang them up.\n"
ID = {name: f"{number:032x}" for number, name in enumerate(("gloves", "wash", "drying", "hang"), start=1)}


def frame(kind: FrameKind, payload: Any) -> Frame:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Frame(kind, body)


def element(name: str, kind: str, text: str, **metadata: Any) -> dict[str, Any]:
    return {"type": kind, "element_id": ID[name], "text": text, "metadata": metadata}


def honest() -> list[Frame]:
    """A two-section document, exactly as the contract wants it."""
    corners = [[10.0, 20.0], [10.0, 40.0], [90.0, 40.0], [90.0, 20.0]]
    place = {"points": corners, "system": "PixelSpace", "layout_width": 612.0, "layout_height": 792.0}
    elements = [
        element("gloves", "Title", "Gloves", category_depth=0, page_number=1),
        element("wash", "NarrativeText", "Wash them.", parent_id=ID["gloves"], page_number=1, coordinates=place),
        element("drying", "Title", "Drying", category_depth=1, parent_id=ID["gloves"], page_number=2),
        element("hang", "NarrativeText", "Hang them up.", parent_id=ID["drying"], page_number=2),
    ]
    second = TEXT.index("## Drying")
    chunks = [
        {"spans": [[0, second]], "element_ids": [ID["gloves"], ID["wash"]]},
        {"spans": [[second, len(TEXT)]], "element_ids": [ID["drying"], ID["hang"]]},
    ]
    return [
        frame(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "1"}),
        frame(FrameKind.PROGRESS, {"stage": "page", "done": 1, "total": 2}),
        frame(FrameKind.METADATA, {"media_type": "text/markdown", "title": "Gloves", "page_count": 2}),
        frame(FrameKind.ELEMENTS, {"elements": elements}),
        frame(FrameKind.TEXT, TEXT.encode()),
        frame(FrameKind.CHUNKS, {"chunks": chunks}),
        frame(
            FrameKind.DONE,
            {"refusal": None, "detail": "", "elements": 4, "chunks": 2, "text_chars": len(TEXT), "embedded": 0},
        ),
    ]


def position(frames: list[Frame], kind: FrameKind) -> int:
    return next(i for i, f in enumerate(frames) if f.kind is kind)


def edited(kind: FrameKind, edit: Callable[[Any], object]) -> list[Frame]:
    """The honest frames with one payload changed in place."""
    frames = honest()
    at = position(frames, kind)
    payload = json.loads(frames[at].payload)
    edit(payload)
    frames[at] = frame(kind, payload)
    return frames


def replaced(kind: FrameKind, payload: bytes) -> list[Frame]:
    frames = honest()
    frames[position(frames, kind)] = Frame(kind, payload)
    return frames


def done(**changes: Any) -> list[Frame]:
    return edited(FrameKind.DONE, lambda payload: payload.update(changes))


def chunk(number: int, **changes: Any) -> list[Frame]:
    return edited(FrameKind.CHUNKS, lambda payload: payload["chunks"][number].update(changes))


def test_an_honest_document_is_admitted_and_its_chunks_rebuilt() -> None:
    document = airlock.admit(honest(), OPTIONS)
    assert isinstance(document, AdmittedDocument)
    assert document.text == TEXT
    assert [c.text for c in document.chunks] == ["# Gloves\n\nWash them.\n\n", "## Drying\n\nHang them up.\n"]
    assert [c.heading_path for c in document.chunks] == [("Gloves",), ("Gloves", "Drying")]
    assert [c.page_numbers for c in document.chunks] == [(1,), (2,)]
    assert document.chunks[0].boxes == ({"page": 1, "x0": 10.0, "y0": 20.0, "x1": 90.0, "y1": 40.0},)
    assert all(c.token_count > 0 for c in document.chunks)


def test_chunk_ids_follow_content_and_tell_repetitions_apart() -> None:
    first, again = airlock.admit(honest(), OPTIONS), airlock.admit(honest(), OPTIONS)
    twice = airlock.admit(
        edited(FrameKind.CHUNKS, lambda p: p["chunks"].append(p["chunks"][1]))[:-1] + done(chunks=3)[-1:], OPTIONS
    )
    assert isinstance(first, AdmittedDocument)
    assert isinstance(again, AdmittedDocument)
    assert isinstance(twice, AdmittedDocument)
    assert [c.chunk_id for c in first.chunks] == [c.chunk_id for c in again.chunks]
    assert len({c.chunk_id for c in twice.chunks}) == 3


LIES: dict[str, tuple[list[Frame], str]] = {
    "nothing": ([], "no result"),
    "no ready": (honest()[1:], "the first frame is not ready"),
    "no done": (honest()[:-1], "the last frame is not done"),
    "done twice": ([*honest(), honest()[-1]], "more than one done frame"),
    "done in the middle": ([*honest()[:2], honest()[-1], *honest()[2:]], "more than one done frame"),
    "ready twice": ([honest()[0], *honest()], "unexpected ready frame"),
    "a job from a sandbox": ([honest()[0], frame(FrameKind.JOB, {}), *honest()[1:]], "unexpected job frame"),
    "bytes of no embedded file": (
        [honest()[0], frame(FrameKind.ARTIFACT, b"x"), *honest()[1:]],
        "an embedded file without its description",
    ),
    "metadata twice": ([*honest()[:3], *honest()[2:]], "more than one metadata frame"),
    "no metadata": ([f for f in honest() if f.kind is not FrameKind.METADATA], "no metadata frame"),
    "another contract": (edited(FrameKind.READY, lambda p: p.update(contract=99)), "another contract version"),
    "an extra field": (edited(FrameKind.METADATA, lambda p: p.update({"/etc/passwd": 1})), "extra_forbidden"),
    "a missing field": (edited(FrameKind.DONE, lambda p: p.pop("chunks")), "missing"),
    "a string for a number": (done(chunks="2"), "int_type"),
    "an unknown refusal": (done(refusal="reboot"), "enum"),
    "NUL in an element": (edited(FrameKind.ELEMENTS, lambda p: p["elements"][1].update(text="a\x00b")), "pattern"),
    "NUL in the text": (replaced(FrameKind.TEXT, TEXT[:-1].encode() + b"\x00"), "a control character in the text"),
    "an escape sequence": (replaced(FrameKind.TEXT, b"\x1b[2J" + TEXT[4:].encode()), "a control character in the text"),
    "a lone surrogate in JSON": (
        replaced(FrameKind.METADATA, rb'{"media_type":"text/plain","title":"\ud800"}'),
        "json",
    ),
    "a lone surrogate in the text": (replaced(FrameKind.TEXT, b"\xed\xa0\x80"), "text that is not UTF-8"),
    "JSON that is no JSON": (replaced(FrameKind.CHUNKS, b"{" * 9), "json_invalid"),
    "deep JSON": (replaced(FrameKind.ELEMENTS, b'{"elements":' + b"[" * 1_000_000), "json_invalid"),
    "a huge number": (replaced(FrameKind.DONE, b'{"chunks":' + b"9" * 5000 + b"}"), "json_invalid"),
    "not a number": (
        edited(
            FrameKind.ELEMENTS, lambda p: p["elements"][1]["metadata"]["coordinates"].update(layout_width=1e308 * 10)
        ),
        "",
    ),
    "an element id of another form": (
        edited(FrameKind.ELEMENTS, lambda p: p["elements"][0].update(element_id="../../etc/passwd")),
        "pattern",
    ),
    "an element id twice": (
        edited(FrameKind.ELEMENTS, lambda p: p["elements"][1].update(element_id=ID["gloves"])),
        "an element id twice",
    ),
    "a parent from the future": (
        edited(FrameKind.ELEMENTS, lambda p: p["elements"][0]["metadata"].update(parent_id=ID["hang"])),
        "a parent that does not come before its child",
    ),
    "a page too many": (
        edited(FrameKind.ELEMENTS, lambda p: p["elements"][3]["metadata"].update(page_number=3)),
        "a page beyond the last page",
    ),
    "a script in a table": (
        edited(
            FrameKind.ELEMENTS,
            lambda p: p["elements"][1]["metadata"].update(text_as_html="<table><script>x</script></table>"),
        ),
        "pattern",
    ),
    "a handler in a table": (
        edited(
            FrameKind.ELEMENTS,
            lambda p: p["elements"][1]["metadata"].update(text_as_html='<td onclick="x">y</td>'),
        ),
        "pattern",
    ),
    "languages that are sentences": (
        edited(FrameKind.ELEMENTS, lambda p: p["elements"][1]["metadata"].update(languages=["English, please"])),
        "pattern",
    ),
    "more languages than anybody reads": (
        edited(FrameKind.METADATA, lambda p: p.update(languages=["eng"] * 6)),
        "languages: too_long",
    ),
    "a lost element": (done(elements=5), "the count of elements is wrong"),
    "a lost chunk": (done(chunks=3), "the count of chunks is wrong"),
    "text cut short": (done(text_chars=9999), "the length of the text is wrong"),
    "a span beyond the end": (chunk(1, spans=[[20, 10_000]]), "a span outside the text"),
    "an empty span": (chunk(0, spans=[[5, 5]]), "a span outside the text"),
    "a span backwards": (chunk(0, spans=[[9, 3]]), "a span outside the text"),
    "a negative span": (chunk(0, spans=[[-3, 3]]), "greater_than_equal"),
    "spans that overlap": (chunk(0, spans=[[0, 9], [5, 20]]), "spans that overlap or go backwards"),
    "no span": (chunk(0, spans=[]), "too_short"),
    "an unknown element": (chunk(0, element_ids=["f" * 32]), "a chunk of an unknown element"),
    "text that no chunk shows": (chunk(0, spans=[[0, 8]]), "text that no chunk shows"),
    "a chunk of white space": (chunk(0, spans=[[8, 10]]), "a chunk without text"),
    "a refusal with a document": (done(refusal="corrupt"), "a refusal with a document"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_a_protocol_violation_that_names_the_rule(name: str) -> None:
    frames, rule = LIES[name]
    verdict = airlock.admit(frames, OPTIONS)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.PROTOCOL_VIOLATION
    assert rule in verdict.detail
    assert "passwd" not in verdict.detail  # the sandbox's own words stay out of the reason


def test_a_chunk_over_the_token_bound_is_refused() -> None:
    verdict = airlock.admit(
        honest(),
        {"chunk_tokens_max": 2, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20, "comments_in_text": True},
    )
    assert isinstance(verdict, Refused)
    assert verdict.detail == "a chunk of more than 2 tokens"


def test_chunks_that_repeat_the_text_without_end_are_refused() -> None:
    frames = edited(FrameKind.CHUNKS, lambda p: p.update(chunks=[p["chunks"][0]] * 9000 + [p["chunks"][1]]))
    verdict = airlock.admit([*frames[:-1], *done(chunks=9001)[-1:]], OPTIONS)
    assert isinstance(verdict, Refused)
    assert verdict.detail == "chunks that repeat the text too often"


def test_a_heading_of_any_length_costs_each_chunk_below_it_little() -> None:
    frames = edited(FrameKind.ELEMENTS, lambda p: p["elements"][0].update(text="Gloves " * 100_000))
    document = airlock.admit(frames, OPTIONS)
    assert isinstance(document, AdmittedDocument)
    assert all(len(heading) <= airlock.HEADING_CHARS_MAX for c in document.chunks for heading in c.heading_path)
    assert document.chunks[0].heading_path[0].startswith("Gloves Gloves")


def test_headings_repeated_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airlock, "HEADING_CHARS_OF_CHUNKS_MAX", len("Gloves") * 2 + len("Drying") - 1)
    verdict = airlock.admit(honest(), OPTIONS)
    assert isinstance(verdict, Refused)
    assert verdict.detail == "headings that are repeated too often"


def test_a_flood_of_empty_objects_is_refused_before_it_costs_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airlock, "OBJECTS_MAX", 1000)
    comments = [{"author": "", "text": ""}] * 1000
    frames = edited(FrameKind.ELEMENTS, lambda p: p["elements"][1]["metadata"].update(comments=comments))
    verdict = airlock.admit(frames, OPTIONS)
    assert isinstance(verdict, Refused)
    assert verdict.detail == "more than 1000 objects"


@pytest.mark.parametrize("refusal", ["encrypted", "corrupt", "unsupported", "empty", "bomb"])
def test_a_refusal_is_admitted_as_its_reason(refusal: str) -> None:
    ready = honest()[0]
    end = {"refusal": refusal, "detail": "needs a password", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0}
    verdict = airlock.admit([ready, frame(FrameKind.DONE, end)], OPTIONS)
    assert verdict == Refused(Reason(refusal), "needs a password")


def test_a_document_of_white_space_is_empty_never_success() -> None:
    frames = [
        f for f in honest() if f.kind not in (FrameKind.ELEMENTS, FrameKind.CHUNKS, FrameKind.TEXT, FrameKind.DONE)
    ]
    frames.append(frame(FrameKind.TEXT, b" \n\t \n"))
    frames.append(
        frame(
            FrameKind.DONE, {"refusal": None, "detail": "", "elements": 0, "chunks": 0, "text_chars": 5, "embedded": 0}
        )
    )
    verdict = airlock.admit(frames, OPTIONS)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.EMPTY


@pytest.mark.parametrize("model", airlock_shapes.MODELS, ids=lambda model: model.__name__)
def test_the_airlock_checks_exactly_the_fields_of_the_contract(model: type) -> None:
    wire = getattr(result, model.__name__)
    fields = model.model_fields  # type: ignore[attr-defined]
    assert set(fields) == set(typing.get_type_hints(wire))
    required = {name for name, field in fields.items() if field.is_required()}
    assert required == wire.__required_keys__
