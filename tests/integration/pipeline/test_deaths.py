"""TEST: a file that our own process dies of costs a few deaths, then it is held; nobody else's file pays for it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from sqlalchemy import text

from contract.job import Job
from contract.verdicts import Reason
from ingest import quarantine
from ingest.catalog import claims, discover, runs
from ingest.catalog.claims import claim, reclaim_dead, register_worker
from ingest.catalog.discover import plan
from ingest.drain import Drain
from ingest.errors import DatabaseError
from ingest.pipeline import DEATHS_MAX
from ingest.sandbox.base import Profile, SandboxRun
from tests.integration.catalog.builders import begin, rows, state_of, stored, vanish
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import echo

P = ParamSpec("P")
R = TypeVar("R")
POISON = b"whoever reads this dies"
INNOCENTS = [f"b-{number}.txt" for number in range(5)]


def die_of_it(house: House) -> int:
    """One life: read until the poison is at work, then be dead, with all that was claimed. Returns files at work then.

    Another host finds out and frees the leases; whatever the dead worker still does, it may not write.
    """
    at_work, gone, dead, stop = (threading.Event() for _ in range(4))

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == POISON:
            at_work.set()
            assert dead.wait(60)
        return echo(profile, job, document)

    stations = house.stations(read)
    source = runs.open_source(house.db, stations.source_uri)
    claims.reclaim_dead(house.db)
    runs.end_abandoned(house.db)
    worker = register_worker(house.db)
    turn = threading.RLock()

    def while_alive(act: Callable[P, R]) -> Callable[P, R]:
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            with turn:  # or else it might come back, or claim once more, in the moment in which it dies
                if gone.is_set():
                    raise DatabaseError("the worker is dead")
                return act(*args, **kwargs)

        return guarded

    class Dying(Drain):
        _take = while_alive(Drain._take)

    worker.ensure_presence = while_alive(worker.ensure_presence)  # type: ignore[method-assign]
    run_id = runs.start_run(house.db, source.id, "watch", worker.id)
    discover.plan(house.db, source.id, run_id, stations.source.list())
    drain = Dying(stations, worker, source.id, run_id, house.settings, lambda _report: None, stop)
    life = threading.Thread(target=drain.run, daemon=True)
    life.start()
    assert at_work.wait(60), "nobody came to read it"
    (held,) = rows(house.db, "SELECT count(*) AS n FROM objects WHERE lease_owner IS NOT NULL")
    with turn:
        gone.set()
        vanish(house.db, worker)
    claims.reclaim_dead(house.db)
    stop.set()
    dead.set()
    life.join(60)
    assert not life.is_alive()
    return int(held["n"])


def test_a_file_that_kills_us_is_held_after_a_few_deaths_and_costs_nobody_else(house: House) -> None:
    """It is the oldest of all, so it would be the first in every life; the others are claimed along with it."""
    house.upload("a.txt", POISON)
    for name in INNOCENTS:
        house.upload(name, f"words of {name}")
    assert die_of_it(house) == 1 + len(INNOCENTS)
    house.upload("c.txt", "uploaded after the first death")
    assert die_of_it(house) == 1, "whoever is suspected goes alone"
    assert die_of_it(house) == 1
    states = house.states()
    # Bytes that a life had stored before it died are `unchanged` to the next one.
    assert states.pop("indexed") + states.pop("unchanged") == len(INNOCENTS) + 1
    assert states == {"pending": 1}
    assert state_of(house.db, "a.txt")["deaths"] == DEATHS_MAX

    engine, drain = house.run(echo)
    assert engine.jobs == [], "it is not read once more"
    assert drain.fault is None
    assert house.outcomes() == {"a.txt": ("quarantined", "crashed")}
    (entry,) = quarantine.list_entries(house.db)
    assert entry.reason is Reason.CRASHED
    assert f"died {DEATHS_MAX} times" in entry.detail
    assert entry.evidence["deaths"] == DEATHS_MAX
    assert Path(entry.original_uri.removeprefix("file://")).read_bytes() == POISON

    house.upload("copy.txt", POISON)
    house.run(echo)
    assert house.outcomes() == {"copy.txt": ("indexed", None)}, "nothing is remembered against the content"
    quarantine.reprocess(house.db, entry.id, by="ada", because="the host has more memory now")
    assert state_of(house.db, "a.txt")["deaths"] == 0
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}


def test_a_new_version_is_under_no_suspicion(house: House) -> None:
    house.upload("a.txt", POISON)
    die_of_it(house)
    house.upload("a.txt", "harmless, and of another size")
    house.run(echo)
    assert house.outcomes() == {"a.txt": ("indexed", None)}
    assert state_of(house.db, "a.txt")["deaths"] == 0


def test_suspects_come_last_and_those_with_the_fewest_deaths_first(house: House) -> None:
    db = house.db
    source, run = begin(db, *(stored(name) for name in "abcd"))
    with db.begin() as connection:
        for key, deaths in (("a", 2), ("b", 1), ("c", 1)):
            connection.execute(text("UPDATE objects SET deaths = :n WHERE key = :key"), {"n": deaths, "key": key})
    with register_worker(db, run) as worker:
        assert [c.key for c in claim(db, worker, source, run, 10, 60)] == ["d"]
        order = [claim(db, worker, source, run, 1, 60, suspects=True)[0].key for _ in range(3)]
    assert order == ["b", "c", "a"]


def test_to_sign_off_is_no_death_and_a_lease_that_ran_out_is_one(house: House) -> None:
    db = house.db
    source, run = begin(db, stored("a"))
    with register_worker(db, run) as worker:
        claim(db, worker, source, run, 1, 60)
    assert state_of(db, "a")["deaths"] == 0
    with register_worker(db, run) as vanished, register_worker(db, run) as other:
        for owner, deaths in ((vanished, 0), (vanished, 0), (other, 1)):
            (claimed,) = claim(db, owner, source, run, 1, 60)
            assert claimed.deaths == deaths, "to take up one's own lease again is none either"
            with db.begin() as connection:
                connection.execute(text("UPDATE objects SET lease_expires_at = now() - interval '1 second'"))


@pytest.mark.parametrize("listed", ["1", "2"])
def test_only_another_version_ends_a_suspicion(house: House, listed: str) -> None:
    source, run = begin(house.db, stored("a"))
    dying = register_worker(house.db, run)
    claim(house.db, dying, source, run, 1, 60)
    vanish(house.db, dying)
    reclaim_dead(house.db)
    plan(house.db, source, run, [stored("a", listed)])
    assert state_of(house.db, "a")["deaths"] == (1 if listed == "1" else 0)
