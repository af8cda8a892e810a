"""TEST: files inside a document pass the airlock counted, hashed and with harmless names; floods and lies do not."""

import hashlib
import json
from typing import Any

import pytest

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind
from contract.job import Options
from contract.verdicts import Reason, Withheld
from ingest import airlock
from ingest.names import NAME_CHARS_MAX, shown_name
from ingest.outcome import AdmittedDocument, Refused

OPTIONS: Options = {
    "chunk_tokens_max": 64,
    "embedded_files_max": 3,
    "embedded_bytes_max": 1000,
    "comments_in_text": True,
}


def frame(kind: FrameKind, payload: Any) -> Frame:
    return Frame(kind, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def described(name: str, size: int, **more: Any) -> Frame:
    told = {"untrusted_name": name, "media_type_hint": "", "bytes": size, "withheld": None, "detail": ""}
    return frame(FrameKind.EMBEDDED, told | more)


def embedded(name: str, content: bytes, **more: Any) -> list[Frame]:
    pieces = [content[at : at + 7] for at in range(0, len(content), 7)]
    return [*(frame(FrameKind.ARTIFACT, piece) for piece in pieces), described(name, len(content), **more)]


def document(*files: Frame, count: int, **end: Any) -> list[Frame]:
    """A document of one word with these frames before it."""
    element = {"type": "NarrativeText", "element_id": "0" * 32, "text": "listing", "metadata": {}}
    done = {"refusal": None, "detail": "", "elements": 1, "chunks": 1, "text_chars": 7, "embedded": count}
    return [
        frame(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "1"}),
        *files,
        frame(FrameKind.METADATA, {"media_type": "application/zip"}),
        frame(FrameKind.ELEMENTS, {"elements": [element]}),
        frame(FrameKind.TEXT, b"listing"),
        frame(FrameKind.CHUNKS, {"chunks": [{"spans": [[0, 7]], "element_ids": ["0" * 32]}]}),
        frame(FrameKind.DONE, done | end),
    ]


def admitted(*files: Frame, count: int) -> AdmittedDocument:
    document_ = airlock.admit(document(*files, count=count), OPTIONS)
    assert isinstance(document_, AdmittedDocument), document_
    return document_


def refused(frames: list[Frame]) -> tuple[Reason, str]:
    verdict = airlock.admit(frames, OPTIONS)
    assert isinstance(verdict, Refused)
    return verdict.reason, verdict.detail


def test_a_file_inside_is_put_together_counted_and_hashed_by_the_host() -> None:
    content = b"minutes of the meeting"
    found = admitted(*embedded("a.txt", content, media_type_hint="text/plain"), count=1)
    (file,) = found.embedded
    assert (file.name, file.size, file.sha256) == ("a.txt", len(content), hashlib.sha256(content).hexdigest())
    assert (file.media_type_hint, file.withheld) == ("text/plain", None)
    assert b"".join(found.contents[file.sha256]) == content


def test_equal_contents_are_kept_once_and_equal_names_told_apart() -> None:
    found = admitted(*embedded("a", b"same"), *embedded("a", b"same"), *embedded("b", b"same"), count=3)
    assert len(found.contents) == 1
    assert len({file.member for file in found.embedded}) == 3
    again = admitted(*embedded("b", b"other"), *embedded("a", b"x"), count=2)
    # Identity goes by name and occurrence: neither the content nor the place has a part in it.
    assert {file.member for file in again.embedded} == {found.embedded[0].member, found.embedded[2].member}


def test_signs_of_life_may_stand_between_the_pieces() -> None:
    first, *rest = embedded("a", b"0123456789")
    alive = frame(FrameKind.PROGRESS, {"stage": "member", "done": 1, "total": 2})
    assert admitted(first, alive, *rest, count=1).embedded[0].size == 10


@pytest.mark.parametrize("withheld", list(Withheld))
def test_a_withheld_file_has_no_bytes_whatever_was_sent(withheld: Withheld) -> None:
    found = admitted(*embedded("a.zip", b"half of it", withheld=withheld, detail="why"), count=1)
    (file,) = found.embedded
    assert (file.withheld, file.detail, file.sha256) == (Reason(withheld), "why", "")
    assert found.contents == {}


LIES: dict[str, tuple[list[Frame], str]] = {
    "fewer bytes than told": (
        document(frame(FrameKind.ARTIFACT, b"abc"), described("a", 4), count=1),
        "an embedded file of another length than it says",
    ),
    "another frame in the middle of a file": (
        document(frame(FrameKind.ARTIFACT, b"abc"), count=0),
        "an embedded file without its description",
    ),
    "a file that nobody counted": (document(*embedded("a", b"x"), count=0), "the count of embedded files is wrong"),
    "a file that never came": (document(count=1), "the count of embedded files is wrong"),
    "a reason that does not exist": (
        document(described("a", 0, withheld="timeout"), count=1),
        "Embedded frame: withheld: enum",
    ),
    "a hash": (document(described("a", 0, sha256="0" * 64), count=1), "Embedded frame: payload: extra_forbidden"),
    "a type that is no type": (
        document(described("a", 0, media_type_hint="text/plain; x=\u202e"), count=1),
        "Embedded frame: media_type_hint: string_pattern_mismatch",
    ),
    "a name without end": (
        document(described("a" * 5000, 0), count=1),
        "Embedded frame: untrusted_name: string_too_long",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_an_embedded_file_is_named(lie: str) -> None:
    frames, rule = LIES[lie]
    assert refused(frames) == (Reason.PROTOCOL_VIOLATION, rule)


def test_a_lone_surrogate_in_a_name_harms_nobody() -> None:
    """JSON can spell what UTF-8 cannot; an encoder that meets it raises."""
    told = described("a", 0)
    verdict = airlock.admit(document(Frame(told.kind, told.payload.replace(b'"a"', b'"\\ud800"')), count=1), OPTIONS)
    assert isinstance(verdict, Refused | AdmittedDocument)


def test_more_files_or_bytes_than_the_job_allows_are_a_flood() -> None:
    """A sandbox is told its bounds; one that goes beyond them is not a parser that did not know."""
    many = [piece for number in range(4) for piece in embedded(str(number), b"")]
    assert refused(document(*many, count=4)) == (Reason.OUTPUT_LIMIT, "more than 3 embedded files")
    large = document(*embedded("a", b"x" * 999), *embedded("b", b"xx"), count=2)
    assert refused(large) == (Reason.OUTPUT_LIMIT, "more than 1000 bytes of embedded files")


def test_files_before_a_refusal_are_let_go() -> None:
    frames = document(*embedded("a", b"x"), count=1)
    end = {"refusal": "corrupt", "detail": "then it broke", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 1}
    assert refused([frames[0], *embedded("a", b"x"), frame(FrameKind.DONE, end)]) == (Reason.CORRUPT, "then it broke")


NAMES: dict[str, tuple[str, list[str]]] = {
    "a.pdf": ("a.pdf", []),
    "docs/2024/a.pdf": ("a.pdf", []),
    "docs\\2024\\a.pdf": ("a.pdf", []),
    "../../etc/cron.d/job": ("job", ["path_traversal"]),
    "..\\..\\windows\\win.ini": ("win.ini", ["path_traversal"]),
    "/etc/passwd": ("passwd", ["path_traversal"]),
    "C:\\autoexec.bat": ("autoexec.bat", ["path_traversal"]),
    "a.txt\0.pdf": ("a.txt.pdf", ["path_traversal"]),
    "..": ("", ["path_traversal"]),
    "": ("", []),
    "folder/": ("folder", []),
    "invoice\u202efdp.exe": ("invoicefdp.exe", ["bidi_control"]),
    "a\x1b[2J\r\nb\u200b.txt": ("a[2Jb.txt", []),
    "a \t\u2028 b.txt": ("a b.txt", []),
    "mail.eml!/a.pdf": ("a.pdf", []),
    "e\u0301.txt": ("\u00e9.txt", []),
}


@pytest.mark.parametrize("untrusted_name", NAMES)
def test_names_lose_paths_and_tricks(untrusted_name: str) -> None:
    name, tricks = NAMES[untrusted_name]
    shown = shown_name(untrusted_name)
    assert (shown.name, list(shown.tricks)) == (name, tricks)


def test_long_names_keep_their_extension() -> None:
    name = shown_name("x" * 3000 + ".pdf").name
    assert len(name) == NAME_CHARS_MAX
    assert name.endswith("….pdf")
    assert len(shown_name("." + "x" * 3000).name) == NAME_CHARS_MAX


def test_tricks_in_names_become_findings_one_for_each_kind() -> None:
    """A thousand names that climb out of their archive are told once, with an example."""
    found = admitted(*embedded("../a", b""), *embedded("../../b", b""), *embedded("c\u202e", b""), count=3)
    assert [(finding.kind, finding.evidence) for finding in found.findings] == [
        ("path_traversal", "2: ../a"),
        ("bidi_control", "1: c\ufffd"),
    ]
