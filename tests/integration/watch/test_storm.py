"""TEST: a storm of events: doubled, out of order, some lost; then the knowledge base is that of a plain batch.

`STORM_OBJECTS=2000` (as `make test-storm` sets it) makes it the full one.
"""

import json
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contract.job import Job
from ingest.catalog.database import Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.sandbox.base import Profile, SandboxRun
from tests.integration.conftest import database_of
from tests.integration.pipeline.speech import echo, refuses
from tests.integration.watch.conftest import Bucket, Post, eventually

OBJECTS = int(os.environ.get("STORM_OBJECTS", "200"))
WHOLE_STORM = 1800.0  # seconds, on a busy machine
pytestmark = pytest.mark.timeout(3 * WHOLE_STORM)


@pytest.fixture
def other_db(server: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A second catalogue, for the plain batch."""
    for url in database_of(server, template):
        with Database.open(url) as opened:
            yield opened


def reader(profile: Profile, job: Job, document: bytes) -> SandboxRun:
    return refuses("encrypted") if b"secret" in document else echo(profile, job, document)


def upload(bucket: Bucket, chance: random.Random) -> None:
    """Every tenth object is overwritten, every twentieth deleted, every thirtieth hostile; some keys are ugly."""
    for number in range(OBJECTS):
        key = f"in/{number % 7}/datei {number:04} + ü%20.txt"
        bucket.put(key, f"content {number % (OBJECTS // 2)} of a file" + (" secret" if number % 30 == 7 else ""))
        if number % 10 == 3:
            bucket.put(key, f"better content {number}")
        if number % 20 == 9:
            bucket.delete(key)


def relay(bucket: Bucket, heard: str, chance: random.Random) -> tuple[int, set[str]]:
    """Hand every event on one to three times, in any order, but for one in twenty. Returns (sent, keys dropped)."""
    bodies: list[str] = []
    while messages := bucket.sqs.receive_message(QueueUrl=heard, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        bucket.sqs.delete_message_batch(QueueUrl=heard, Entries=entries)  # type: ignore[arg-type]
    bodies = [body for body in bodies if "TestEvent" not in body]
    dropped = set(chance.sample(range(len(bodies)), len(bodies) // 20))
    storm = [body for n, body in enumerate(bodies) if n not in dropped for _ in range(chance.randint(1, 3))]
    chance.shuffle(storm)
    for start in range(0, len(storm), 10):
        batch = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(storm[start : start + 10])]
        bucket.sqs.send_message_batch(QueueUrl=bucket.queue_url, Entries=batch)  # type: ignore[arg-type]
    return len(storm), {bodies[n] for n in dropped} - set(storm)


def settled(post: Post) -> dict[str, tuple[str, str | None]]:
    rows = post.rows("SELECT key, state, reason FROM objects WHERE state <> 'deleted'")
    return {row["key"]: (row["state"].replace("unchanged", "indexed"), row["reason"]) for row in rows}


def test_after_a_storm_all_is_as_after_a_plain_batch(
    bucket: Bucket, bucket_post: Post, other_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch.service.REST_SECONDS_MIN", 0.0)
    chance = random.Random(20260105)
    heard = bucket.new_queue(f"{bucket.name}-heard")
    bucket.notify(heard)
    with bucket_post.watching(bucket.feed(bucket_post.source), reader, watch_rescan_seconds=86400) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        upload(bucket, chance)
        sent, lost = relay(bucket, heard, chance)
        eventually(lambda: bucket.left() == 0, WHOLE_STORM, 0.5)
        eventually(lambda: "pending" not in bucket_post.states().values(), WHOLE_STORM, 0.5)
        assert bucket_post.statuses[-1]["listings"] == 1, "the events alone have done all this"
        by_events = settled(bucket_post)
        running.watch.list_now()
        eventually(lambda: bucket_post.statuses[-1]["listings"] == 2, WHOLE_STORM, 0.5)
        eventually(lambda: "pending" not in bucket_post.states().values(), WHOLE_STORM, 0.5)
        summary = running.end()

    plain = replace(bucket_post, db=other_db, reports=[])
    with plain.open(reader, kind="batch") as batch:
        batch.plan()
        batch.drain(on_file=plain.reports.append, stop=threading.Event())
    watched, planned = settled(bucket_post), settled(plain)
    assert watched == planned
    assert json.dumps([vars_of(chunk) for chunk in bucket_post.chunks()]) == json.dumps(
        [vars_of(chunk) for chunk in plain.chunks()]
    )
    assert len(planned) == OBJECTS - OBJECTS // 20
    assert sent > OBJECTS * 1.5
    assert lost
    assert by_events != watched, "what was lost was found by the listing"
    assert bucket_post.problems() == ()
    assert summary.pending == 0
    # One sandbox for each content, or nearly: two files of one content may be read side by side, each in its own.
    contents = len({document for _, _, document in running.engine.jobs})
    assert len(running.engine.jobs) <= contents + bucket_post.settings.concurrency * 10


def vars_of(chunk: object) -> dict[str, object]:
    return {name: getattr(chunk, name) for name in chunk.__slots__}  # type: ignore[attr-defined]
