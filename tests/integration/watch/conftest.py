"""TEST: a watcher in a thread of the test, over a folder or a bucket, with a real database and a scripted engine.

Nothing waits for a time: the test asks the database until what must come has come.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from sqlalchemy import text

from ingest.catalog import claims, reconcile, runs
from ingest.catalog.database import Database
from ingest.knowledge.base import ExportedChunk
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import FileReport, Json, RunSummary
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.run import Batch
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import Script, ScriptedEngine
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from ingest.store.open import open_store
from ingest.watch.feed import Feed
from ingest.watch.service import Watch
from ingest.watch.sqs import SqsFeed
from ingest.watch.sqs_client import Queue
from tests.conformance.conftest import aws_environment
from tests.integration.pipeline.speech import echo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

__all__ = ["aws_environment"]

PROFILE = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)


def eventually(ask: Callable[[], Any], seconds: float = 60.0, every: float = 0.02) -> Any:
    """Ask until the answer is true; `every` so often, for questions that cost what they ask about."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := ask()):
        assert time.monotonic() < until, f"still {answer!r} after {seconds} s"
        pause.wait(every)
    return answer


@dataclass
class Running:
    """A watcher at work."""

    watch: Watch
    engine: ScriptedEngine
    batch: Batch
    thread: threading.Thread
    summary: RunSummary | None = None
    error: BaseException | None = None

    def end(self) -> RunSummary:
        """Stop it as SIGTERM does and wait for its account."""
        self.watch.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()
        if self.error is not None:
            raise self.error
        assert self.summary is not None
        return self.summary


@dataclass
class Post:
    """Where a watcher stands: the source, the database, and what it reported."""

    folder: Path
    db: Database
    source: ObjectStore
    settings: Settings
    reports: list[FileReport] = field(default_factory=list)
    statuses: list[Json] = field(default_factory=list)

    @contextmanager
    def open(self, script: Script = echo, kind: str = "watch", **settings: object) -> Iterator[Batch]:
        chosen = self.settings.model_copy(update=settings)
        known = runs.open_source(self.db, self.source.uri)
        run_id = runs.start_run(self.db, known.id, kind)
        with claims.register_worker(self.db, run_id) as worker:
            stations = Stations(
                database=self.db,
                source=self.source,
                source_uri=known.uri,
                kept=open_store(str(self.folder / "kept")),
                knowledge=PostgresKnowledge(self.db),
                engine=ScriptedEngine(script),
                policy=make_policy({"text": PROFILE}, {}, "text", chosen),
                options={
                    "chunk_tokens_max": 512,
                    "embedded_files_max": 100,
                    "embedded_bytes_max": 1 << 20,
                    "comments_in_text": True,
                },
                spool=self.folder / "spool",
            )
            yield Batch(chosen, run_id, known, stations, worker)

    @contextmanager
    def watching(self, feed: Feed, script: Script = echo, **settings: object) -> Iterator[Running]:
        """A watcher in a thread, stopped at the end of the block if it was not before; the feed is closed."""
        with self.open(script, **settings) as batch:
            watch = Watch(batch, feed, on_file=self.reports.append, on_status=self.statuses.append)
            engine = batch.stations.engine
            assert isinstance(engine, ScriptedEngine)
            running = Running(watch, engine, batch, threading.Thread(daemon=True))

            def work() -> None:
                try:
                    running.summary = watch.run()
                except BaseException as error:  # noqa: BLE001 - raised again by `end`
                    running.error = error

            running.thread = threading.Thread(target=work, daemon=True)
            running.thread.start()
            try:
                yield running
            finally:
                watch.stop()
                running.thread.join(60)
                feed.close()

    def once(self, feed: Feed, script: Script = echo, **settings: object) -> RunSummary:
        """Everything there is to do, as `gloveport watch --once`."""
        with self.open(script, **settings) as batch:
            try:
                return Watch(batch, feed, on_file=self.reports.append, on_status=self.statuses.append, once=True).run()
            finally:
                feed.close()

    def rows(self, statement: str, **parameters: object) -> list[Json]:
        with self.db.begin() as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement), parameters)]

    def states(self) -> dict[str, str]:
        return {row["key"]: row["state"] for row in self.rows("SELECT key, state FROM objects")}

    def chunks(self) -> list[ExportedChunk]:
        return list(PostgresKnowledge(self.db).export(runs.open_source(self.db, self.source.uri).id))

    def answers(self) -> dict[str, str]:
        """Key to text, of what can be searched now."""
        return {chunk.key: chunk.text for chunk in self.chunks()}

    def await_answers(self, **expected: str) -> None:
        wanted = {name.replace("__", "."): value for name, value in expected.items()}
        eventually(lambda: self.answers() == wanted)

    def problems(self) -> tuple[reconcile.Problem, ...]:
        return reconcile.reconcile(self.db, runs.open_source(self.db, self.source.uri).id).problems


@pytest.fixture
def make_post(tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Post]:
    """Back-off is cut short, so that a test of a fault takes no minute."""
    monkeypatch.setattr("ingest.drain.BACK_OFF_SECONDS", (0.01, 0.01))
    monkeypatch.setattr("ingest.watch.service.BACK_OFF_SECONDS", (0.05,))
    monkeypatch.setattr("ingest.watch.service.STATUS_SECONDS", 0.1)

    def make(source: ObjectStore) -> Post:
        for name in ("kept", "spool"):
            (tmp_path / name).mkdir()
        settings = Settings(
            state_directory=tmp_path, concurrency=2, prewarm=1, lease_seconds=30, watch_rescan_seconds=3600
        )
        return Post(tmp_path, db, source, settings)

    return make


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.watch.s3_server"],
        cwd=Path(__file__).resolve().parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


@dataclass
class Bucket:
    """A bucket that tells a queue of its changes, on a real S3 protocol server."""

    s3: "S3Client"
    sqs: "SQSClient"
    name: str
    queue_url: str

    def put(self, key: str, content: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=content.encode())

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)

    def send(self, body: Any, queue_url: str = "") -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=queue_url or self.queue_url, MessageBody=text)

    def feed(self, store: ObjectStore, tries: int = 3) -> SqsFeed:
        return SqsFeed(Queue(self.queue_url, "us-east-1"), store, tries=tries)

    def new_queue(self, name: str, **attributes: str) -> str:
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]

    def arn(self, queue_url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def notify(self, queue_url: str) -> None:
        told = {"QueueArn": self.arn(queue_url), "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name,
            NotificationConfiguration={"QueueConfigurations": [told]},  # type: ignore[list-item]
        )

    def left(self, queue_url: str = "") -> int:
        """Messages in the queue, those in somebody's hands included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url or self.queue_url, AttributeNames=names)  # type: ignore[arg-type]
        return sum(int(count) for count in answer["Attributes"].values())


@pytest.fixture
def bucket(
    s3_endpoint: str, aws_environment: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Bucket:
    """Long polls are short: a stop must not wait for one."""
    monkeypatch.setattr("ingest.watch.sqs.WAIT_SECONDS", 1)
    s3 = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    sqs = boto3.client("sqs", endpoint_url=s3_endpoint, region_name="us-east-1")
    name = f"watch-{abs(hash(request.node.nodeid)):x}"
    s3.create_bucket(Bucket=name)
    made = Bucket(s3, sqs, name, sqs.create_queue(QueueName=name)["QueueUrl"])
    made.notify(made.queue_url)
    return made


@pytest.fixture
def bucket_post(make_post: Callable[..., Post], bucket: Bucket, s3_endpoint: str) -> Post:
    """A post over the bucket, below the prefix `in/`."""
    return make_post(open_store(f"s3://{bucket.name}/in", endpoint_url=s3_endpoint, region="us-east-1"))
