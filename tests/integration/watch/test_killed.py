"""TEST: a watcher dies: its messages come again, its rows are taken over, nothing is lost and nothing doubled."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest import audit
from ingest.crashpoints import CRASH_AT, CRASH_REPORT, CrashMode, CrashPoint
from tests.integration.catalog.builders import wait_until_noticed
from tests.integration.watch.conftest import Bucket, Post, eventually

FILES = 12
# Where the queue, the rows and the knowledge base are at odds; tests/chaos strikes at every point of a watch.
AT_ODDS = (
    CrashPoint.HINTS_RECEIVED,
    CrashPoint.OBSERVED,
    CrashPoint.WITHDRAW_INSIDE,
    CrashPoint.WITHDRAW_AFTER,
    CrashPoint.HINTS_NOTED,
    CrashPoint.HINTS_SETTLED,
)
STATUS = {CrashMode.KILL9: -signal.SIGKILL, CrashMode.EXCEPTION: 1, CrashMode.SIGTERM: 0}


@pytest.fixture(autouse=True)
def nobody_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The blows come from outside, and often: whoever comes back must not hold the file that was at work each time."""
    monkeypatch.setattr("ingest.pipeline.DEATHS_MAX", sys.maxsize)


@dataclass(frozen=True)
class Child:
    """A watcher in a process of its own, which does not live long."""

    repository: Path
    db_url: str
    post: Post
    bucket: Bucket
    s3_endpoint: str

    def run(self, where: str, **armed: str) -> int:
        """Its exit code, or minus the signal that killed it."""
        command = [sys.executable, "-m", "tests.integration.watch.killed", where, self.db_url, str(self.post.folder)]
        command += [f"s3://{self.bucket.name}/in", self.bucket.queue_url, self.s3_endpoint]
        kept = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
        quiet = subprocess.DEVNULL
        ended = subprocess.run(
            command, cwd=self.repository, env=kept | armed, stdout=quiet, stderr=quiet, check=False, timeout=120
        )
        return ended.returncode


@pytest.mark.timeout(180)
@pytest.mark.parametrize("where", ["looked", "committed", "publishing"])
def test_a_killed_watcher_loses_and_doubles_nothing(
    where: str, bucket: Bucket, bucket_post: Post, db_url: str, s3_endpoint: str, repository: Path
) -> None:
    for number in range(FILES):
        bucket.put(f"in/{number}.txt", f"words of {number}")
    command = Child(repository, db_url, bucket_post, bucket, s3_endpoint)
    assert command.run(where) == -signal.SIGKILL
    found = {"looked": 0, "committed": 10, "publishing": 10}[where]
    assert len(bucket_post.states()) >= found
    assert bucket_post.answers() == {}

    wait_until_noticed(bucket_post.db)
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        eventually(lambda: len(bucket_post.answers()) == FILES)
        eventually(lambda: bucket.left() == 0)
        running.end()
    assert bucket_post.answers() == {f"{number}.txt": f"words of {number}" for number in range(FILES)}
    assert len(running.engine.jobs) == FILES
    kinds = [event["kind"] for event in audit.newest(bucket_post.db, limit=100)]
    assert kinds == ["published"] * FILES
    assert bucket_post.problems() == ()
    assert sorted(row["state"] for row in bucket_post.rows("SELECT state FROM runs")) == ["finished", "interrupted"]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", CrashMode)
def test_a_watcher_that_dies_at_one_point_after_the_other_loses_and_doubles_nothing(
    mode: CrashMode, bucket: Bucket, bucket_post: Post, db_url: str, s3_endpoint: str, repository: Path, tmp_path: Path
) -> None:
    """Before each death one object is uploaded and one is deleted, so that there is something to do at every point."""
    old = [f"old-{number}.txt" for number in range(len(AT_ODDS))]
    for name in old:
        bucket.put(f"in/{name}", f"words of {name}")
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        eventually(lambda: len(bucket_post.answers()) == len(old))
        running.end()
    child = Child(repository, db_url, bucket_post, bucket, s3_endpoint)
    report = tmp_path / "struck"
    for point, name in zip(AT_ODDS, old, strict=True):
        bucket.delete(f"in/{name}")
        bucket.put(f"in/new-{name}", f"words of new-{name}")
        status = child.run("armed", **{CRASH_AT: f"{point}:1:{mode}", CRASH_REPORT: str(report)})
        assert (point, status) == (point, STATUS[mode])
    assert report.read_text().split() == [*AT_ODDS]

    wait_until_noticed(bucket_post.db)
    expected = {f"new-{name}": f"words of new-{name}" for name in old}
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        eventually(lambda: bucket_post.answers() == expected)
        eventually(lambda: bucket.left() == 0)
        running.end()
    events = [(event["kind"], event["subject"]) for event in audit.newest(bucket_post.db, limit=100)]
    assert sorted(kind for kind, _ in set(events)) == ["deleted"] * len(old) + ["published"] * 2 * len(old)
    assert len(events) == len(set(events))
    assert bucket_post.problems() == ()
