"""TEST: what one reader refuses goes to a second one, once; if both fail, the first verdict stands, with both."""

from dataclasses import replace

from contract.job import Job
from contract.verdicts import Reason
from ingest.pipeline import Stations
from ingest.policy import Escalation
from ingest.sandbox.base import Profile, SandboxRun, SandboxUsage
from ingest.sandbox.scripted import Script, played
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE, House
from tests.integration.pipeline.speech import echo, refuses
from tests.integration.pipeline.test_escalation import SLOW, _jobs, _run, _with

SECOND = SLOW
TRIED = frozenset({Reason.CORRUPT, Reason.CRASHED, Reason.UNSUPPORTED})
ROUTE = {"text": Escalation(TRIED, 1.0, SECOND.name, first_stands=True)}


def reader(second: Script) -> Script:
    """The first reader refuses files that begin with "bad" and dies of those that begin with "deadly"."""

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if profile.name == SECOND.name:
            return second(profile, job, document)
        if document.startswith(b"bad"):
            return refuses("corrupt")
        if document.startswith(b"deadly"):
            return played(verdict=Reason.CRASHED, observation="exit 139")
        return echo(profile, job, document)

    return read


def _profiles(stations: Stations) -> list[str]:
    return [profile.name for profile, *_ in _jobs(stations)]


def test_what_the_second_reads_is_published_as_its_own(house: House) -> None:
    house.upload("bad.txt", "bad but legible")
    house.upload("deadly.txt", "deadly to one")
    house.upload("good.txt", "good")
    stations = _with(house, reader(echo), ROUTE)
    assert _run(house, stations)[0] == {"bad.txt": None, "deadly.txt": None, "good.txt": None}
    assert sorted(_profiles(stations)) == ["slow", "slow", "text", "text", "text"]
    read_by = rows(house.db, "SELECT parser_digest, count(*) AS files FROM revisions GROUP BY 1 ORDER BY 2")
    assert {row["parser_digest"]: row["files"] for row in read_by} == {
        PROFILE.parser_digest: 1,
        SECOND.parser_digest: 2,
    }


def test_the_first_verdict_stands_when_both_fail_and_both_are_in_evidence(house: House) -> None:
    house.upload("bad.txt", "bad")
    stations = _with(house, reader(lambda *_: played(verdict=Reason.OUT_OF_MEMORY, observation="killed")), ROUTE)
    assert _run(house, stations)[0] == {"bad.txt": "corrupt"}
    assert _profiles(stations) == ["text", "slow"]
    (held,) = rows(house.db, "SELECT reason, evidence FROM quarantine_entries")
    assert held["reason"] == "corrupt"
    further = held["evidence"]["further_try"]
    assert (further["parser"], further["reason"]) == (SECOND.parser_name, "out_of_memory")
    assert len(rows(house.db, "SELECT 1 FROM sandbox_runs")) == 2


def test_a_file_that_both_refused_is_billed_for_both(house: House) -> None:
    house.upload("bad.txt", "bad")

    def read(profile: Profile, *_: object) -> SandboxRun:
        second = profile.name == SECOND.name
        usage = SandboxUsage(cpu_seconds=2.5 if second else 0.5, memory_peak_bytes=20 if second else 30)
        return replace(refuses("corrupt"), usage=usage)

    stations = _with(house, read, ROUTE)
    _run(house, stations)
    (report,) = house.reports
    assert (report.reason, report.cpu_seconds, report.peak_memory_bytes) == ("corrupt", 3.0, 30)


def test_both_verdicts_are_remembered_so_that_a_copy_costs_nothing_and_ends_alike(house: House) -> None:
    house.upload("bad.txt", "bad")
    _run(house, _with(house, reader(lambda *_: refuses("unsupported")), ROUTE))
    house.upload("copy.txt", "bad")
    again = _with(house, reader(echo), ROUTE)
    assert _run(house, again)[0] == {"copy.txt": "corrupt"}
    assert _profiles(again) == []
    held = rows(house.db, "SELECT evidence FROM quarantine_entries")
    assert [row["evidence"]["further_try"]["reason"] for row in held] == ["unsupported"] * 2


def test_a_file_held_before_the_image_was_built_needs_only_the_second_sandbox(house: House) -> None:
    house.upload("bad.txt", "bad")
    _run(house, _with(house, reader(echo), {}))
    house.upload("copy.txt", "bad")
    stations = _with(house, reader(echo), ROUTE)
    assert _run(house, stations)[0] == {"copy.txt": None}
    assert _profiles(stations) == ["slow"]


def test_a_clock_s_verdict_and_emptiness_get_no_second_reader(house: House) -> None:
    house.upload("slow.txt", "slow")
    house.upload("empty.txt", " ")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return refuses("empty") if document == b" " else played(verdict=Reason.STALLED)

    stations = _with(house, read, ROUTE)
    assert _run(house, stations)[0] == {"slow.txt": "stalled", "empty.txt": "empty"}
    assert _profiles(stations) == ["text", "text"]
