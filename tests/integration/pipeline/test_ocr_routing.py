"""TEST: a PDF with pages that only text recognition can read goes to the profile that has it, once."""

import pytest

from contract.frames import FrameKind
from contract.job import Job
from contract.verdicts import FindingKind, Reason
from ingest.pipeline import Stations
from ingest.policy import Escalation
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.scripted import Script, played
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE, House
from tests.integration.pipeline.speech import echo, frame, refuses, says
from tests.integration.pipeline.test_escalation import SLOW, _jobs, _run, _with

FINDING = {"kind": "needs_ocr", "severity": "low", "place": "document", "evidence": "1 of 2 pages"}
ROUTE = {"text": Escalation(frozenset({Reason.EMPTY}), 1.0, "slow", frozenset({FindingKind.NEEDS_OCR}))}


def reader(recognised: Script) -> Script:
    """Reads text, finds a scanned page behind "mixed", nothing in "scan"; the other profile recognises."""

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if profile.name == SLOW.name:
            return recognised(profile, job, document)
        if document == b"scan":
            return refuses("empty")
        if document == b"mixed":
            return says("Typed page.", frame(FrameKind.FINDING, FINDING))
        return echo(profile, job, document)

    return read


def _recognises(*_: object) -> SandboxRun:
    return says("Typed page. Scanned page.")


def _profiles(stations: Stations) -> list[str]:
    return [profile.name for profile, *_ in _jobs(stations)]


@pytest.mark.parametrize("content", ["scan", "mixed"])
def test_it_is_read_once_more_and_the_result_is_the_other_parsers(house: House, content: str) -> None:
    house.upload("a.pdf", content)
    stations = _with(house, reader(_recognises), ROUTE)
    assert _run(house, stations)[0] == {"a.pdf": None}
    assert _profiles(stations) == ["text", "slow"]
    assert rows(house.db, "SELECT parser_digest FROM revisions") == [{"parser_digest": SLOW.parser_digest}]
    assert rows(house.db, "SELECT text FROM chunks") == [{"text": "Typed page. Scanned page."}]
    assert len(rows(house.db, "SELECT 1 FROM sandbox_runs")) == 2

    house.upload("copy.pdf", content)
    again = _with(house, reader(_recognises), ROUTE)
    assert _run(house, again)[0]["copy.pdf"] is None
    assert _profiles(again) == []


def test_a_file_without_such_pages_is_read_once(house: House) -> None:
    house.upload("a.pdf", "Typed.")
    stations = _with(house, reader(_recognises), ROUTE)
    _run(house, stations)
    assert _profiles(stations) == ["text"]


def test_without_the_other_image_all_is_as_if_it_had_never_been_named(house: House) -> None:
    house.upload("scan.pdf", "scan")
    house.upload("mixed.pdf", "mixed")
    stations = _with(house, reader(_recognises), {})
    assert _run(house, stations)[0] == {"scan.pdf": "empty", "mixed.pdf": None}
    assert _profiles(stations) == ["text", "text"]


def test_recognition_that_fails_costs_no_typed_page(house: House) -> None:
    house.upload("mixed.pdf", "mixed")
    stations = _with(house, reader(lambda *_: played(verdict=Reason.TIMEOUT)), ROUTE)
    assert _run(house, stations)[0] == {"mixed.pdf": None}
    assert rows(house.db, "SELECT text FROM chunks") == [{"text": "Typed page."}]
    assert rows(house.db, "SELECT parser_digest FROM revisions") == [{"parser_digest": PROFILE.parser_digest}]
    assert len(rows(house.db, "SELECT 1 FROM sandbox_runs")) == 2

    house.upload("copy.pdf", "mixed")
    again = _with(house, reader(_recognises), ROUTE)
    assert _run(house, again)[0]["copy.pdf"] is None
    assert _profiles(again) == []  # the failure is remembered


def test_a_scan_whose_recognition_fails_is_held_for_that(house: House) -> None:
    house.upload("scan.pdf", "scan")
    stations = _with(house, reader(lambda *_: played(verdict=Reason.TIMEOUT)), ROUTE)
    assert _run(house, stations)[0] == {"scan.pdf": "timeout"}
    assert _profiles(stations) == ["text", "slow"]
