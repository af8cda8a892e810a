"""TEST: a kill -9 while files come out of a file, or change with it, loses none and leaves none behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import audit
from ingest.catalog import claims, runs
from ingest.crashpoints import CRASH_AT, CRASH_REPORT, CrashPoint
from tests.integration.catalog.builders import rows, wait_until_noticed
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import archive, unpack

INSIDE = archive(("a.pdf", "the sum is 42"), ("bad.pdf", "bad"))
OLD = archive(("old.txt", "old words"))
FIRST = archive(("invoice.zip", INSIDE), ("note.txt", "see attachment"), ("gone.zip", OLD))
SECOND = archive(("invoice.zip", INSIDE), ("note.txt", "see the new attachment"), ("new.txt", "news"))


def killed_at(house: House, url: str, repository: Path, point: CrashPoint, nth: int) -> None:
    """One run of another process, which dies at this visit of the point."""
    environment = {
        "PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "PYTEST_CURRENT_TEST": "killed",
        CRASH_AT: f"{point}:{nth}:kill9", CRASH_REPORT: str(house.folder / "report"),
    }  # fmt: skip
    script = repository / "tests/integration/pipeline/killed.py"
    command = [sys.executable, str(script), url, str(house.folder)]
    ended = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, timeout=240)
    assert ended.returncode == -signal.SIGKILL, f"not visited: {ended.stderr[-2000:]}"
    wait_until_noticed(house.db)
    claims.reclaim_dead(house.db, suspect=False)  # so often may no file be at work when we die
    runs.end_abandoned(house.db)


def standing(house: House) -> dict[str, str]:
    """Key to state, after checking that nothing is half done."""
    house.states()
    found = rows(house.db, "SELECT key, state, reason FROM objects")
    answering = {"indexed": "answers", "unchanged": "answers"}
    return {row["key"]: row["reason"] or answering.get(row["state"], row["state"]) for row in found}


def answers(house: House) -> dict[str, str]:
    return {chunk.key: chunk.text for chunk in house.chunks()}


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_kill_anywhere_leaves_all_or_nothing(house: House, db_url: str, repository: Path) -> None:
    house.upload("mail.eml", FIRST)
    for point, nth in (
        (CrashPoint.EMBEDDED_FIRST, 1),  # one file inside is in the store, nothing refers to it
        (CrashPoint.EMBEDDED_AFTER, 1),
        (CrashPoint.CHILDREN_INSIDE, 1),  # rows of the files inside are written, not committed
        (CrashPoint.PUBLISH_AFTER, 1),  # committed, and none of them begun
        (CrashPoint.CHILDREN_INSIDE, 1),  # the next container, one level deeper
        (CrashPoint.HOLD_INSIDE, 1),
    ):
        killed_at(house, db_url, repository, point, nth)
        standing(house)
    house.run(unpack)
    expected = {
        "mail.eml": "answers", "mail.eml!/note.txt": "answers",
        "mail.eml!/invoice.zip": "answers", "mail.eml!/invoice.zip!/a.pdf": "answers",
        "mail.eml!/invoice.zip!/bad.pdf": "corrupt",
        "mail.eml!/gone.zip": "answers", "mail.eml!/gone.zip!/old.txt": "answers",
    }  # fmt: skip
    assert standing(house) == expected

    house.upload("mail.eml", SECOND)
    before = answers(house)
    killed_at(house, db_url, repository, CrashPoint.CHILDREN_INSIDE, 1)
    assert answers(house) == before, "what was withdrawn and not committed answers on"
    killed_at(house, db_url, repository, CrashPoint.PUBLISH_AFTER, 1)
    assert "old words" not in answers(house).values()
    house.run(unpack)
    del expected["mail.eml!/gone.zip"], expected["mail.eml!/gone.zip!/old.txt"]
    assert standing(house) == expected | {
        "mail.eml!/new.txt": "answers", "mail.eml!/gone.zip": "deleted", "mail.eml!/gone.zip!/old.txt": "deleted",
    }  # fmt: skip
    assert answers(house)["mail.eml!/note.txt"] == "see the new attachment"
    assert audit.verify(house.db).broken_at is None
    twice = "SELECT subject FROM audit_events WHERE kind = 'quarantined' GROUP BY subject HAVING count(*) > 1"
    assert rows(house.db, twice) == []
