"""TEST: a death anywhere in a refresh loses nothing, withdraws nothing twice, and the next refresh goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest import audit
from ingest.outcome import FileReport
from tests.integration.catalog.builders import wait_until_noticed
from tests.integration.refresh.conftest import Refreshing

NAMES = [f"{number:02}.txt" for number in range(40)]
MOVED, DELETED, KEPT = NAMES[:12], NAMES[12:30], NAMES[30:]


def test_a_kill_at_any_statement_loses_nothing_and_withdraws_nothing_twice(
    refreshing: Refreshing, db_url: str, repository: Path
) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    before = refreshing.chunk_rows()
    for name in MOVED:
        refreshing.rename(name, f"moved/{name}")
    refreshing.remove(*DELETED)

    folder = refreshing.house.folder
    script = repository / "tests/integration/refresh/killed.py"
    command = [sys.executable, str(script), db_url, *(str(folder / name) for name in ("uploads", "kept", "spool"))]
    environment = {"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin"}
    told = subprocess.run(command, cwd=repository, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert len(told.stdout.splitlines()) >= 16, "a few transactions of several statements each"

    wait_until_noticed(refreshing.house.db)
    refreshing.refresh(allow_mass_delete=True)
    assert refreshing.engine.jobs == []
    after = refreshing.chunk_rows()
    assert after == {name: before[name] for name in KEPT} | {f"moved/{name}": before[name] for name in MOVED}
    assert sorted(event["key"] for event in refreshing.events("deleted")) == [*MOVED, *DELETED]
    moved = [event for event in refreshing.events("unchanged") if "moved_from" in event]
    assert sorted(event["moved_from"] for event in moved) == MOVED
    assert audit.verify(refreshing.house.db).broken_at is None
    assert sum(refreshing.house.states().values()) == len(NAMES) + len(MOVED)


def test_a_death_between_two_batches_leaves_the_rest_to_the_next_refresh(
    refreshing: Refreshing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def dies(report: FileReport) -> None:
        if report.outcome == "deleted":
            raise Died

    monkeypatch.setattr("ingest.refresh.OBJECTS_AT_ONCE", 5)
    refreshing.upload(*NAMES)
    refreshing.refresh()
    refreshing.remove(*DELETED)
    with pytest.raises(Died):
        refreshing.refresh(on_file=dies, allow_mass_delete=True)
    assert set(refreshing.answers()) == {*NAMES} - {*DELETED[:5]}
    refreshing.refresh(allow_mass_delete=True)
    assert set(refreshing.answers()) == {*NAMES} - {*DELETED}
    assert sorted(event["key"] for event in refreshing.events("deleted")) == DELETED
