"""TEST: a drain outlives a dropped connection and a bug in its heartbeat."""

import threading

import pytest
from sqlalchemy import text

from contract.job import Job
from ingest.catalog import claims
from ingest.errors import DatabaseError
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.scripted import ScriptedEngine
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import echo


def test_a_connection_that_breaks_while_claiming_costs_no_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        house.upload(f"{number}.txt", str(number))
    real, faults = (
        claims.claim,
        iter([DatabaseError("terminating connection"), DatabaseError("terminating connection")]),
    )

    def claim(*arguments: object, **keywords: object) -> object:
        for fault in faults:
            raise fault
        return real(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "claim", claim)
    _, drain = house.run(echo)
    assert house.states() == {"indexed": 5}
    assert isinstance(drain.fault, DatabaseError)


def test_a_database_that_is_gone_ends_the_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.upload("a.txt", "words")
    asked = []

    def claim(*_: object, **__: object) -> object:
        asked.append(1)
        raise DatabaseError("not reachable")

    monkeypatch.setattr(claims, "claim", claim)
    _, drain = house.run(echo)
    assert isinstance(drain.fault, DatabaseError)
    assert 2 <= len(asked) <= 10
    assert house.states() == {"pending": 1}


def test_a_claim_nobody_heard_of_is_worked_on_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim is committed and the connection breaks before its answer: the lease must not be renewed for ever."""
    house.upload("a.txt", "words")
    real, faults = claims.claim, iter([DatabaseError("terminating connection")])

    def claim(*arguments: object, **keywords: object) -> object:
        claimed = real(*arguments, **keywords)  # type: ignore[arg-type]
        for fault in faults:
            raise fault
        return claimed

    monkeypatch.setattr(claims, "claim", claim)
    house.run(echo, lease_seconds=0.6)
    assert house.states() == {"indexed": 1}


def test_a_bug_in_a_heartbeat_does_not_end_the_heartbeats(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.upload("a.txt", "words")
    real, beats, survived = claims.heartbeat, iter([KeyError("bug"), KeyError("bug")]), threading.Event()

    def heartbeat(*arguments: object, **keywords: object) -> object:
        for bug in beats:
            raise bug
        survived.set()
        return real(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "heartbeat", heartbeat)
    _read_once(house, survived)


def test_a_bug_while_reaping_does_not_end_the_reaping(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.upload("a.txt", "words")
    turns, survived = iter([KeyError("bug"), KeyError("bug")]), threading.Event()

    def reap(_engine: ScriptedEngine) -> int:
        for bug in turns:
            raise bug
        survived.set()
        return 0

    monkeypatch.setattr(ScriptedEngine, "reap", reap)
    _read_once(house, survived)


def test_an_engine_that_is_slow_to_remove_orphans_costs_no_lease(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another process left: its removal takes longer than a lease lives, and the leases live on."""
    house.upload("a.txt", "words")
    reaping, over, beats = threading.Event(), threading.Event(), threading.Semaphore(0)
    real = claims.heartbeat

    def heartbeat(*arguments: object, **keywords: object) -> object:
        renewed = real(*arguments, **keywords)  # type: ignore[arg-type]
        if reaping.is_set():
            beats.release()
        return renewed

    def reap(_engine: ScriptedEngine) -> int:
        reaping.set()
        assert over.wait(60), "the reaping was waited for"
        return 0

    def read(profile: Profile, job: Job, content: bytes) -> SandboxRun:
        for _ in range(2):
            assert beats.acquire(timeout=50), "no heartbeat came while orphans were removed"
        return echo(profile, job, content)

    monkeypatch.setattr(claims, "heartbeat", heartbeat)
    monkeypatch.setattr(ScriptedEngine, "reap", reap)
    house.run(read, lease_seconds=0.3)
    over.set()
    assert house.states() == {"indexed": 1}


def _read_once(house: House, survived: threading.Event) -> None:
    """One run whose only file is read when the thread in question has outlived its bugs."""

    def read(profile: Profile, job: Job, content: bytes) -> SandboxRun:
        assert survived.wait(60), "nothing came after a bug"
        return echo(profile, job, content)

    house.run(read, lease_seconds=0.3)
    with house.db.begin() as connection:
        assert connection.execute(text("SELECT state FROM objects")).scalar_one() == "indexed"
