"""TEST: kill -9 of a watcher: its messages come again, its rows are taken over, nothing is lost and nothing doubled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import audit
from tests.integration.catalog.builders import wait_until_noticed
from tests.integration.watch.conftest import Bucket, Post, eventually

FILES = 12


@pytest.mark.timeout(180)
@pytest.mark.parametrize("where", ["looked", "committed", "publishing"])
def test_a_killed_watcher_loses_and_doubles_nothing(
    where: str, bucket: Bucket, bucket_post: Post, db_url: str, s3_endpoint: str, repository: Path
) -> None:
    for number in range(FILES):
        bucket.put(f"in/{number}.txt", f"words of {number}")
    command = [sys.executable, "-m", "tests.integration.watch.killed", where, db_url, str(bucket_post.folder)]
    command += [f"s3://{bucket.name}/in", bucket.queue_url, s3_endpoint]
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
    ended = subprocess.run(command, cwd=repository, env=environment, stdout=subprocess.DEVNULL, check=False)
    assert ended.returncode == -signal.SIGKILL
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
