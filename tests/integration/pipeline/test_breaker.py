"""TEST: what stops a run is that everything fails, never that a few files do, wherever they stand in the queue."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import BinaryIO

import pytest

from contract.job import Job
from ingest.breaker import FAULTS_IN_A_ROW_MAX
from ingest.errors import ObjectRefused, StoreError
from ingest.sandbox.base import Profile, SandboxRun
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import echo

REFUSED = 3 * FAULTS_IN_A_ROW_MAX
GOOD = 10


class Refusing(FolderStore):
    """A store that lists everything and gives only what a test lets it, as a policy on a prefix does."""

    given = ""

    def open(self, key: str, version: str = "") -> AbstractContextManager[BinaryIO]:
        if not self.given or not key.startswith(self.given):
            raise StoreError(f"{key}: AccessDenied")
        return super().open(key, version)


@pytest.fixture
def refusing(house: House) -> Refusing:
    """More refused objects than the breaker bears, all of them older than those that can be read."""
    for number in range(REFUSED):
        house.upload(f"a-{number:02}.txt", "secret")
    house.source = store = Refusing(house.uploads)
    return store


def test_refused_objects_at_the_head_of_the_queue_starve_nobody(house: House, refusing: Refusing) -> None:
    refusing.given = "b-"
    house.run(echo)  # the refused ones are older: they come first in every claim
    for number in range(GOOD):
        house.upload(f"b-{number:02}.txt", f"words {number}")
    _, drain = house.run(echo)
    assert house.states() == {"indexed": GOOD, "pending": REFUSED}
    assert isinstance(drain.fault, ObjectRefused)


def test_a_store_that_refuses_everything_ends_the_run(house: House, refusing: Refusing) -> None:
    asked = []

    def opened(key: str, version: str = "") -> AbstractContextManager[BinaryIO]:
        asked.append(version)
        raise StoreError(f"{key}: AccessDenied")

    refusing.open = opened  # type: ignore[method-assign]
    _, drain = house.run(echo, attempts_max=20)
    assert isinstance(drain.fault, ObjectRefused)
    tries = [version for version in asked if version]
    assert FAULTS_IN_A_ROW_MAX <= len(tries) < 3 * REFUSED
    assert house.states() == {"pending": REFUSED}


def test_a_place_to_write_to_that_refuses_ends_the_run_before_it_costs_every_file_a_sandbox(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source gives everything: what fails is ours to mend."""
    for number in range(REFUSED):
        house.upload(f"{number:02}.txt", f"words {number}")

    def put(_store: FolderStore, key: str, *_: object, **__: object) -> bool:
        raise StoreError(f"{key}: AccessDenied")

    monkeypatch.setattr(FolderStore, "put", put)
    engine, _ = house.run(echo)
    assert len({document for *_, document in engine.jobs}) < REFUSED
    assert house.states() == {"pending": REFUSED}


def test_files_that_are_replaced_while_they_are_listed_end_no_run(house: House) -> None:
    """An uploader that writes faster than we list: each of many objects is another one by the time it is read."""
    for number in range(REFUSED):
        house.upload(f"{number:02}.txt", f"words {number}")
    house.source = Listed(house.uploads)
    _, drain = house.run(echo)
    assert house.states() == {"indexed": REFUSED}
    assert drain.finished == REFUSED


class Listed(FolderStore):
    """A store whose first listing tells of versions that are no more."""

    stale = True

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        stale, self.stale = self.stale, False
        for stored in super().list(prefix):
            yield replace(stored, version="1:1:1:1:1") if stale else stored


def test_one_file_that_fails_again_and_again_says_nothing_of_the_others(house: House) -> None:
    """A bug of ours that one content brings out, tried more often than the breaker bears."""
    house.upload("bug.txt", "bug")

    def read(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        if document == b"bug":
            raise KeyError("a bug of ours")
        return echo(profile, job, document)

    engine, drain = house.run(read, attempts_max=FAULTS_IN_A_ROW_MAX + 5)
    assert len(engine.jobs) == FAULTS_IN_A_ROW_MAX + 5
    assert drain.fault is not None
