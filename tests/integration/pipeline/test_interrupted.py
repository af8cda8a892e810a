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
    beats, survived = iter([KeyError("bug"), KeyError("bug")]), threading.Event()

    def reap(_engine: ScriptedEngine) -> int:
        for bug in beats:
            raise bug
        survived.set()
        return 0

    def read(profile: Profile, job: Job, content: bytes) -> SandboxRun:
        assert survived.wait(60), "no heartbeat came after a bug in one"
        return echo(profile, job, content)

    monkeypatch.setattr(ScriptedEngine, "reap", reap)
    house.run(read, lease_seconds=0.3)
    with house.db.begin() as connection:
        assert connection.execute(text("SELECT state FROM objects")).scalar_one() == "indexed"
