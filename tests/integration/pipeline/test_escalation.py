"""TEST: one further try where the policy names it, and crashes that are the image's fault rather than the files'."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contract.job import Job
from contract.verdicts import Reason
from ingest.breaker import FAULTS_IN_A_ROW_MAX
from ingest.catalog import claims, discover, runs
from ingest.drain import Drain
from ingest.errors import SandboxUnavailable
from ingest.images.health import PROMPT_SECONDS, ImageHealth
from ingest.manifests import SmokeTest
from ingest.pipeline import Stations
from ingest.policy import Escalation, Policy
from ingest.sandbox.base import Profile, SandboxRun, SandboxUsage
from ingest.sandbox.scripted import Script, ScriptedEngine, played
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.conftest import PROFILE, House
from tests.integration.pipeline.speech import echo, refuses

SLOW = replace(PROFILE, name="slow", image="sha256:" + "2" * 64, parser_digest="sha256:" + "3" * 64)
SMOKE = SmokeTest(media_type="text/plain", document="Smoke test.", expect_text="Smoke test")


def _run(house: House, stations: Stations) -> tuple[dict[str, str | None], Drain]:
    """One run over the uploads: key to reason (None when indexed), and the drain."""
    house.reports.clear()
    source = runs.open_source(house.db, stations.source_uri)
    run_id = runs.start_run(house.db, source.id, "batch")
    discover.plan(house.db, source.id, run_id, stations.source.list())
    with claims.register_worker(house.db, run_id) as worker:
        drain = Drain(stations, worker, source.id, run_id, house.settings, house.reports.append, threading.Event())
        drain.run()
    runs.finish_run(house.db, run_id, "finished")
    return {row["key"]: row["reason"] for row in (report.as_json() for report in house.reports)}, drain


def _with(house: House, script: Script, escalations: Mapping[str, Escalation]) -> Stations:
    stations = house.stations(script)
    policy = Policy({"text": PROFILE, "slow": SLOW}, {}, "text", stations.policy.input_bytes_max, escalations)
    return replace(stations, policy=policy)


def _jobs(stations: Stations) -> list[tuple[Profile, Job, bytes]]:
    assert isinstance(stations.engine, ScriptedEngine)
    return stations.engine.jobs


def needs(seconds: float) -> Script:
    """A parser that is done in time only when it is given so many seconds."""

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        in_time = profile.limits.wall_seconds >= seconds
        return echo(profile, job, document) if in_time else played(verdict=Reason.TIMEOUT, observation="too slow")

    return read


TWICE = {"text": Escalation(frozenset({Reason.TIMEOUT}), 2.0)}


def test_without_a_word_of_the_policy_a_verdict_is_a_verdict(house: House) -> None:
    house.upload("a.txt", "Slow.")
    stations = _with(house, needs(60), {})
    assert _run(house, stations)[0] == {"a.txt": "timeout"}
    assert len(_jobs(stations)) == 1


def test_a_file_gets_one_further_try_with_more_room(house: House) -> None:
    house.upload("a.txt", "Slow.")
    stations = _with(house, needs(60), TWICE)
    assert _run(house, stations)[0] == {"a.txt": None}
    assert [job["wall_seconds"] for _, job, _ in _jobs(stations)] == [
        pytest.approx(30, abs=1),
        pytest.approx(60, abs=1),
    ]
    assert [document for *_, document in _jobs(stations)] == [b"Slow."] * 2
    # Both sandboxes are in the account.
    assert rows(house.db, "SELECT verdict FROM sandbox_runs ORDER BY verdict NULLS LAST") == [
        {"verdict": "timeout"},
        {"verdict": None},
    ]


def test_only_one_and_only_for_the_named_reasons(house: House) -> None:
    house.upload("slow.txt", "Very slow.")
    house.upload("bad.txt", "Crash.")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return played(verdict=Reason.CRASHED if document == b"Crash." else Reason.TIMEOUT)

    stations = _with(house, read, TWICE)
    assert _run(house, stations)[0] == {"slow.txt": "timeout", "bad.txt": "crashed"}
    assert sorted(document for *_, document in _jobs(stations)) == [b"Crash.", b"Very slow.", b"Very slow."]


def test_what_both_tries_came_to_is_remembered(house: House) -> None:
    house.upload("a.txt", "Very slow.")
    first = _with(house, needs(600), TWICE)
    _run(house, first)
    house.upload("copy.txt", "Very slow.")
    second = _with(house, needs(600), TWICE)
    assert _run(house, second)[0] == {"copy.txt": "timeout"}
    assert (len(_jobs(first)), len(_jobs(second))) == (2, 0)


def test_a_verdict_from_before_the_policy_named_a_further_try_is_no_obstacle(house: House) -> None:
    house.upload("a.txt", "Slow.")
    _run(house, _with(house, needs(60), {}))
    house.upload("copy.txt", "Slow.")
    stations = _with(house, needs(60), TWICE)
    assert _run(house, stations)[0] == {"copy.txt": None}
    assert len(_jobs(stations)) == 1  # the first try is known; only the further one is made


def test_the_further_try_may_be_in_another_profile(house: House) -> None:
    house.upload("a.txt", "Odd.")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return echo(profile, job, document) if profile.name == "slow" else played(verdict=Reason.CRASHED)

    stations = _with(house, read, {"text": Escalation(frozenset({Reason.CRASHED}), profile="slow")})
    assert _run(house, stations)[0] == {"a.txt": None}
    assert [profile.name for profile, *_ in _jobs(stations)] == ["text", "slow"]
    assert rows(house.db, "SELECT DISTINCT parser_digest FROM revisions") == [{"parser_digest": SLOW.parser_digest}]


def _watched(house: House, script: Script) -> Stations:
    stations = house.stations(script)
    return replace(stations, health=ImageHealth(stations.engine, {"text": SMOKE}))


def test_an_image_that_crashes_on_everything_quarantines_nothing(house: House) -> None:
    """Our fault: the files stay pending, the run gives up, and no verdict is remembered against them."""
    for number in range(20):
        house.upload(f"{number}.txt", f"Text {number}.")
    stations = _watched(house, lambda *_: played(verdict=Reason.CRASHED, observation="exit 1"))
    _, drain = _run(house, stations)
    assert isinstance(drain.fault, SandboxUnavailable)
    assert "smoke test" in str(drain.fault)
    assert house.states() == {"pending": 20}
    assert rows(house.db, "SELECT * FROM parses") == []
    assert len(_jobs(stations)) <= 2 * (FAULTS_IN_A_ROW_MAX + house.settings.concurrency)

    assert set(_run(house, _watched(house, echo))[0].values()) == {None}  # the image was mended
    assert house.states() == {"indexed": 20}


def test_an_image_that_breaks_during_a_run_quarantines_nothing_from_then_on(house: House) -> None:
    for number in range(20):
        house.upload(f"{number:02}.txt", f"Text {number}.")
    broken = threading.Event()

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"Text 10.":
            broken.set()
        return played(verdict=Reason.PROTOCOL_VIOLATION) if broken.is_set() else echo(profile, job, document)

    _run(house, _watched(house, read))
    states = house.states()
    assert set(states) == {"indexed", "pending"}
    assert states["pending"] >= 9


def test_a_file_that_crashes_a_good_image_is_to_blame(house: House) -> None:
    house.upload("bad.txt", "Crash.")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return played(verdict=Reason.CRASHED) if document == b"Crash." else echo(profile, job, document)

    stations = _watched(house, read)
    assert _run(house, stations)[0] == {"bad.txt": "crashed"}
    assert [document for *_, document in _jobs(stations)] == [b"Crash.", b"Smoke test."]


def test_a_good_end_of_another_file_meanwhile_is_proof_enough(house: House) -> None:
    stations = _watched(house, echo)
    assert stations.health is not None
    begun = time.monotonic()
    stations.health.note_good_end(PROFILE)
    stations.health.require_working(PROFILE, begun)
    assert _jobs(stations) == []


def test_a_refusal_by_the_contract_shows_that_the_image_works(house: House) -> None:
    house.upload("a.txt", " ")
    stations = _watched(house, lambda *_: refuses("empty"))
    assert _run(house, stations)[0] == {"a.txt": "empty"}
    assert stations.health is not None
    stations.health.require_working(PROFILE, since=0.0)
    assert len(_jobs(stations)) == 1


TIMELY = [Reason.STALLED, Reason.TIMEOUT, Reason.CPU_LIMIT]


@pytest.mark.parametrize("verdict", [*TIMELY, Reason.OUT_OF_MEMORY, Reason.PIDS_LIMIT, Reason.DISK_LIMIT])
def test_a_host_on_which_everything_meets_a_limit_quarantines_nothing(house: House, verdict: Reason) -> None:
    """A frozen disk, a load of forty, memory for nobody: the smoke test fares like the files, so none is to blame."""
    for number in range(20):
        house.upload(f"{number:02}.txt", f"Text {number}.")
    _, drain = _run(house, _watched(house, lambda *_: played(verdict=verdict)))
    assert isinstance(drain.fault, SandboxUnavailable)
    assert house.states() == {"pending": 20}
    assert rows(house.db, "SELECT * FROM parses") == []

    assert set(_run(house, _watched(house, echo))[0].values()) == {None}  # the host is well again
    assert house.states() == {"indexed": 20}


@pytest.mark.parametrize(("verdict", "held"), [*((verdict, False) for verdict in TIMELY), (Reason.CRASHED, True)])
def test_a_host_that_reads_its_smoke_test_at_a_snail_s_pace_holds_nothing_by_the_clock(
    house: House, verdict: Reason, held: bool
) -> None:
    """Overloaded, not dead: a tiny document comes through in the end, an ordinary one would not."""
    house.upload("a.txt", "Ordinary.")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"Ordinary.":
            return played(verdict=verdict)
        return replace(echo(profile, job, document), usage=SandboxUsage(wall_seconds=2 * PROMPT_SECONDS))

    _, drain = _run(house, _watched(house, read))
    assert house.states() == ({"quarantined": 1} if held else {"pending": 1})
    assert isinstance(drain.fault, SandboxUnavailable) is not held


def test_a_good_end_before_the_host_froze_is_no_proof(house: House) -> None:
    """The file began, another ended well, then everything stood still: only the last seconds count."""
    house.upload("a.txt", "Slow.")
    stations = _watched(house, lambda *_: played(verdict=Reason.STALLED))
    assert isinstance(stations.health, ImageHealth)
    limits = replace(PROFILE.limits, stall_seconds=1e-9)
    stations = replace(stations, policy=Policy({"text": replace(PROFILE, limits=limits)}, {}, "text", 1 << 20))

    def ends_well_meanwhile(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        assert stations.health is not None
        stations.health.note_good_end(PROFILE)
        return played(verdict=Reason.STALLED)

    assert isinstance(stations.engine, ScriptedEngine)
    stations.engine._script = ends_well_meanwhile
    _run(house, stations)
    assert house.states() == {"pending": 1}


def test_slow_files_among_good_ones_cost_one_smoke_test_at_the_most_and_are_remembered(house: House) -> None:
    house.upload("slow.txt", "Slow.")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        return played(verdict=Reason.TIMEOUT) if document == b"Slow." else echo(profile, job, document)

    first = _watched(house, read)
    assert _run(house, first)[0] == {"slow.txt": "timeout"}
    assert [document for *_, document in _jobs(first)] == [b"Slow.", b"Smoke test."]
    house.upload("copy.txt", "Slow.")
    second = _watched(house, read)
    assert _run(house, second)[0] == {"copy.txt": "timeout"}
    assert _jobs(second) == []
