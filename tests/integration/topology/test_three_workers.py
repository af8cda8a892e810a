"""TEST: three hosts on one catalogue and one bucket, each with a misfortune, come to the state that one host comes to.

PostgreSQL, the S3 server and each worker are processes of their own. One worker is killed inside a sandbox; one is
stopped inside a sandbox for longer than its lease and then goes on as if nothing had happened; the clock of the third,
which has to finish what the others left, is ten minutes off. Only the database's clock counts.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from ingest.catalog import claims, discover, reconcile, runs
from ingest.catalog.database import Database
from ingest.control import find_runs
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import Outcome
from ingest.store.open import open_store
from tests.conformance.conftest import aws_environment, s3_endpoint
from tests.integration.catalog.builders import rows, vanish
from tests.integration.flows.scripted import eventually
from tests.integration.topology.worker import Task

__all__ = ["aws_environment", "s3_endpoint"]
pytestmark = [pytest.mark.usefixtures("aws_environment"), pytest.mark.timeout(600)]

BUCKET = "uploads"
FILES = 600
HALT_AT = 20
SURVIVOR_CLOCK_OFF = 600.0


@dataclass
class Host:
    """A worker as seen from outside."""

    process: "subprocess.Popen[str]"
    ended: list[str] = field(default_factory=list)

    def until(self, word: str) -> dict[str, Any]:
        """Read on until a line has this word, noting the files that ended in between."""
        assert self.process.stdout
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            if "ended" in line:
                self.ended.append(line["ended"])
            if word in line:
                return line
        raise AssertionError(f"the worker ended without {word!r}")

    def go_on(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)


@contextmanager
def host(repository: Path, task: Task) -> Iterator[Host]:
    """A worker process that has registered and waits to begin."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.topology.worker", json.dumps(asdict(task))],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            started = Host(process)
            started.until("ready")
            yield started
        finally:
            if process.poll() is None:
                process.kill()


def _fill(endpoint: str, files: int = FILES) -> None:
    """So many small uploads: most are texts of their own, some have the content of another, some have none."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    for number in range(files):
        words = f"Report number {number % 500} of the quarter."
        client.put_object(Bucket=BUCKET, Key=f"in/{number:04}.txt", Body=b" " if number % 25 == 0 else words.encode())


def _forget_results(endpoint: str) -> None:
    """Leave only the uploads: where a result lies depends on the address of its source, so both runs have the same."""
    bucket = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").Bucket(BUCKET)
    bucket.objects.filter(Prefix=".gloveport/").delete()


def _plan(db: Database, endpoint: str) -> tuple[int, str]:
    store = open_store(f"s3://{BUCKET}", endpoint_url=endpoint)
    source = runs.open_source(db, store.uri)
    run_id = runs.start_run(db, source.id, "batch")
    assert discover.plan(db, source.id, run_id, store.list()).new == FILES
    return source.id, run_id


def _final_state(db: Database, source_id: int, endpoint: str) -> dict[str, Any]:
    """All that a run leaves behind, without the numbers and times that differ from run to run."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=".gloveport/")
    return {
        "objects": rows(db, "SELECT key, version, state, reason, detail, sha256, media_type FROM objects ORDER BY key"),
        "chunks": [asdict(chunk) for chunk in PostgresKnowledge(db).export(source_id)],
        "revisions": rows(
            db,
            "SELECT key, sha256, parser_digest, options_digest, chunk_count FROM revisions"
            " JOIN documents ON documents.id = document_id ORDER BY key, sha256",
        ),
        "held": rows(
            db,
            "SELECT key, quarantine_entries.reason FROM quarantine_entries JOIN objects ON objects.id = object_id"
            " ORDER BY key",
        ),
        "audit": rows(db, "SELECT kind, subject, count(*) FROM audit_events GROUP BY kind, subject ORDER BY 1, 2"),
        "kept": [(entry["Key"], entry["Size"], entry["ETag"]) for page in pages for entry in page["Contents"]],
    }


def test_three_workers_with_misfortunes_leave_what_one_worker_leaves(
    repository: Path, db: Database, db_url: str, other_db_url: str, s3_endpoint: str, tmp_path: Path
) -> None:
    _fill(s3_endpoint)
    source_id, run_id = _plan(db, s3_endpoint)
    task = Task(db_url, s3_endpoint, run_id, "")

    def started(name: str, **more: Any) -> Any:
        return host(repository, replace(task, state_directory=str(tmp_path / name), **more))

    with (
        started("killed", halt_at=HALT_AT) as killed,
        started("stalled", halt_at=HALT_AT, concurrency=1) as stalled,
        started("survivor", clock_off=SURVIVOR_CLOCK_OFF) as survivor,
    ):
        for each in (killed, stalled, survivor):
            each.go_on()
        stalled.until("entered")
        stalled.send(signal.SIGSTOP)
        killed.until("entered")
        killed.send(signal.SIGKILL)
        told = survivor.until("finished")
        assert told["clock"] == pytest.approx(SURVIVOR_CLOCK_OFF, abs=5)
        assert reconcile.reconcile(db, source_id, run_id).pending == 0
        before = _final_state(db, source_id, s3_endpoint)

        stalled.send(signal.SIGCONT)
        stalled.go_on()
        late = stalled.until("finished")
    # The file it stood still in, at the least: what it published afterwards would be too late.
    assert late["refused"] >= 1
    assert _final_state(db, source_id, s3_endpoint) == before
    assert reconcile.reconcile(db, source_id, run_id).ok
    ended = [*killed.ended, *stalled.ended, *survivor.ended]
    assert len(ended) == len(set(ended))
    assert len(stalled.ended) >= HALT_AT - 1
    assert len(ended) >= FILES - 2  # a report of the killed one may have gone unheard
    summary = runs.summarize(db, run_id)
    assert (summary.counts[Outcome.INDEXED], summary.counts[Outcome.QUARANTINED]) == (FILES - 24, 24)
    assert before == _state_of_one_worker(repository, other_db_url, s3_endpoint, tmp_path)


def _state_of_one_worker(repository: Path, url: str, endpoint: str, folder: Path) -> dict[str, Any]:
    """The same uploads, read by one worker into a database of its own."""
    _forget_results(endpoint)
    with Database.open(url) as db:
        source_id, run_id = _plan(db, endpoint)
        with host(repository, Task(url, endpoint, run_id, str(folder / "alone"))) as alone:
            alone.go_on()
            assert alone.until("finished")["finished"] == FILES
        return _final_state(db, source_id, endpoint)


def test_a_run_is_closed_by_its_planner_alone_and_joiners_wait_for_what_it_still_plans(
    repository: Path, db: Database, db_url: str, s3_endpoint: str, tmp_path: Path
) -> None:
    """The queue is empty, for good as it seems, while the planner lists on; nobody may close the run or go."""
    _fill(s3_endpoint, 60)
    store = open_store(f"s3://{BUCKET}", endpoint_url=s3_endpoint)
    source = runs.open_source(db, store.uri)
    listed = list(store.list())
    with claims.register_worker(db) as planner:
        run_id = runs.start_run(db, source.id, "batch", planner.id)
        discover.plan(db, source.id, run_id, listed[:30])
        task = Task(db_url, s3_endpoint, run_id, "")
        names = ("first", "second", "third")
        with ExitStack() as hosts:
            joined = [
                hosts.enter_context(host(repository, replace(task, state_directory=str(tmp_path / name))))
                for name in names
            ]
            for each in joined:
                each.go_on()
            eventually(lambda: reconcile.reconcile(db, source.id, run_id).pending == 0)
            discover.plan(db, source.id, run_id, listed[30:60])
            eventually(lambda: reconcile.reconcile(db, source.id, run_id).pending == 0)
            assert rows(db, "SELECT state FROM runs") == [{"state": "running"}]
            assert len(find_runs(db, run_id)[0].workers) == 4
            runs.finish_run(db, run_id, "finished")
            assert sum(each.until("finished")["finished"] for each in joined) == 60
            assert [each.process.wait(60) for each in joined] == [0, 0, 0]
    assert rows(db, "SELECT state FROM runs") == [{"state": "finished"}]


def test_joiners_of_a_planner_that_died_do_what_was_planned_and_the_run_is_closed(
    repository: Path, db: Database, db_url: str, s3_endpoint: str, tmp_path: Path
) -> None:
    """Its connection is gone, as the server sees it when a process is killed; its listing will never be complete."""
    _fill(s3_endpoint, 60)
    store = open_store(f"s3://{BUCKET}", endpoint_url=s3_endpoint)
    source = runs.open_source(db, store.uri)
    planner = claims.register_worker(db)
    run_id = runs.start_run(db, source.id, "batch", planner.id)
    discover.plan(db, source.id, run_id, list(store.list())[:30])
    with host(repository, Task(db_url, s3_endpoint, run_id, str(tmp_path / "joined"))) as joined:
        vanish(db, planner)
        joined.go_on()
        assert joined.until("finished")["finished"] == 30
        assert joined.process.wait(60) == 0
    assert rows(db, "SELECT state FROM runs") == [{"state": "interrupted"}]
