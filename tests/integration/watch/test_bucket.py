"""TEST: a bucket and its queue: what is uploaded answers, what is deleted stops, and no message is lost or stuck."""

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from ingest import audit
from ingest.control import Wish, stop_run
from ingest.errors import ConfigurationError, StoreError, StoreUnavailable
from ingest.store.base import StoredObject
from ingest.store.open import open_store
from ingest.watch.feed import Fate, FeedError
from ingest.watch.sqs import SqsFeed
from ingest.watch.sqs_client import Queue
from tests.integration.pipeline.speech import echo
from tests.integration.watch.conftest import Bucket, Post, eventually

pytestmark = pytest.mark.timeout(180)
PAYLOADS = Path(__file__).resolve().parents[2] / "unit" / "watch" / "payloads"


def test_uploads_changes_and_deletes_are_followed(bucket: Bucket, bucket_post: Post) -> None:
    bucket.put("in/before.txt", "was there before the watcher")
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        bucket_post.await_answers(before__txt="was there before the watcher")
        bucket.put("in/a.txt", "first words")
        bucket_post.await_answers(before__txt="was there before the watcher", a__txt="first words")
        bucket.put("in/a.txt", "second words")
        bucket_post.await_answers(before__txt="was there before the watcher", a__txt="second words")
        bucket.delete("in/before.txt")
        bucket_post.await_answers(a__txt="second words")
        eventually(lambda: bucket.left() == 0)
        summary = running.end()
    assert bucket_post.states() == {"a.txt": "indexed", "before.txt": "deleted"}
    assert summary.pending == 0
    assert bucket_post.problems() == ()
    assert bucket_post.rows("SELECT kind, state FROM runs") == [{"kind": "watch", "state": "finished"}]
    assert audit.verify(bucket_post.db).broken_at is None
    assert [report.as_json()["outcome"] for report in bucket_post.reports] == ["indexed"] * 3 + ["deleted"]


def test_every_documented_shape_leads_to_the_object(bucket: Bucket, bucket_post: Post) -> None:
    keys = {"s3_created": "in/Jürgen's report (1).pdf", "minio_created": "in/photos/my scan.pdf",
            "sns_eventbridge": "in/100% + plus.pdf"}  # fmt: skip
    bucket.s3.put_bucket_notification_configuration(Bucket=bucket.name, NotificationConfiguration={})
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        for name, key in keys.items():
            bucket.put(key, f"words of {name}")
            bucket.send((PAYLOADS / f"{name}.json").read_text().replace("uploads", bucket.name))
        bucket.send((PAYLOADS / "s3_test_event.json").read_text())
        eventually(lambda: len(bucket_post.answers()) == 3)
        eventually(lambda: bucket.left() == 0)
        running.end()
    assert set(bucket_post.answers()) == {key.removeprefix("in/") for key in keys.values()}


def test_events_about_anything_else_are_passed_by(bucket: Bucket, bucket_post: Post) -> None:
    bucket.put("elsewhere/a.txt", "not ours")
    bucket.put(".gloveport/documents/a", "our own")
    bucket.put("in/.gloveport/documents/a", "our own")
    bucket_post.once(bucket.feed(bucket_post.source))
    assert bucket_post.states() == {}
    assert bucket.left() == 0


def test_doubled_and_late_events_read_nothing_twice(bucket: Bucket, bucket_post: Post) -> None:
    bucket.put("in/a.txt", "words")
    message = bucket.sqs.receive_message(QueueUrl=bucket.queue_url)["Messages"][0]["Body"]
    for _ in range(25):
        bucket.send(message)
    bucket.send(message.replace("ObjectCreated:Put", "ObjectRemoved:Delete"))  # a lie, or long ago
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        bucket_post.await_answers(a__txt="words")
        bucket.send(message)
        eventually(lambda: bucket.left() == 1)  # the first, in the test's own hands
        running.end()
        assert len(running.engine.jobs) == 1
    assert bucket_post.states() == {"a.txt": "indexed"}
    assert [event["kind"] for event in audit.newest(bucket_post.db, limit=10)] == ["published"]


def test_an_upload_in_parts_is_seen_when_it_is_complete(bucket: Bucket, bucket_post: Post) -> None:
    upload = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="in/big.txt")
    part = {"Bucket": bucket.name, "Key": "in/big.txt", "UploadId": upload["UploadId"], "PartNumber": 1}
    tag = bucket.s3.upload_part(**part, Body=b"all of it")["ETag"]  # type: ignore[arg-type]
    bucket.send((PAYLOADS / "s3_multipart_completed.json").read_text().replace("uploads", bucket.name))
    bucket_post.once(bucket.feed(bucket_post.source))
    assert bucket_post.states() == {}
    bucket.s3.complete_multipart_upload(
        Bucket=bucket.name, Key="in/big.txt", UploadId=upload["UploadId"],
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]},
    )  # fmt: skip
    bucket_post.once(bucket.feed(bucket_post.source))
    assert bucket_post.answers() == {"big.txt": "all of it"}


def test_poison_is_deleted_after_its_tries_and_on_record(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch.sqs.TRY_AGAIN_SECONDS", 0)
    bucket.send("poison")
    bucket.put("in/a.txt", "words")
    with bucket_post.watching(bucket.feed(bucket_post.source, tries=3)) as running:
        bucket_post.await_answers(a__txt="words")
        eventually(lambda: bucket.left() == 0)
        running.end()
    events = [event for event in audit.newest(bucket_post.db, limit=10) if event["kind"] == "message_refused"]
    (refused,) = events
    assert refused["detail"]["why"] == "not JSON"
    assert refused["detail"]["received"] == 3
    assert bucket_post.statuses[-1]["messages_refused"] == 1


def test_no_body_of_a_refused_message_goes_on_record(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hostile: the message carries a link by which anybody may unsubscribe the topic; the audit is kept for good."""
    monkeypatch.setattr("ingest.watch.sqs.TRY_AGAIN_SECONDS", 0)
    bucket.send({"Type": "Notification", "Message": "no event", "UnsubscribeURL": "https://sns/?Token=planted-secret"})
    with bucket_post.watching(bucket.feed(bucket_post.source, tries=2)) as running:
        eventually(lambda: bucket_post.statuses and bucket_post.statuses[-1]["messages_refused"])
        running.end()
    (refused,) = audit.newest(bucket_post.db, limit=10)
    assert refused["kind"] == "message_refused"
    assert refused["detail"]["fields"] == ["Message", "Type", "UnsubscribeURL"]
    assert "planted-secret" not in json.dumps(refused)


def test_what_was_received_before_the_queue_went_away_is_dealt_with(bucket: Bucket, bucket_post: Post) -> None:
    """Hostile: the second receive of a micro-batch fails; the messages of the first are in our hands, and for as long
    as they are held nobody else is given them.
    """
    for number in range(12):
        bucket.put(f"in/{number}.txt", "words")
    feed = bucket.feed(bucket_post.source)
    receive = feed._queue.receive
    answers = iter([receive, _gone])
    feed._queue.receive = lambda *asked: next(answers)(*asked)  # type: ignore[method-assign]
    with closing(feed):
        hints = feed.receive()
        assert len(hints) == 10
        feed.settle(hints, Fate.DONE)
        feed._queue.receive = receive  # type: ignore[method-assign]
        hints = feed.receive()
        feed.settle(hints, Fate.DONE)
    assert bucket.left() == 0


def _gone(*_: int) -> NoReturn:
    raise FeedError("the network is gone")


def test_poison_goes_to_the_dead_letters_where_the_queue_has_them(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch.sqs.TRY_AGAIN_SECONDS", 0)
    letters = bucket.new_queue(f"{bucket.name}-letters")
    policy = json.dumps({"deadLetterTargetArn": bucket.arn(letters), "maxReceiveCount": "2"})
    bucket.sqs.set_queue_attributes(QueueUrl=bucket.queue_url, Attributes={"RedrivePolicy": policy})
    bucket.send({"surprise": True})
    with bucket_post.watching(bucket.feed(bucket_post.source, tries=99)) as running:
        eventually(lambda: bucket.left(letters) == 1)
        running.end()
    (refused,) = audit.newest(bucket_post.db, limit=10)
    assert (refused["kind"], refused["detail"]["dead_letters"]) == ("message_refused", True)


def test_a_key_that_the_store_refuses_is_poison_and_holds_up_nobody(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch.sqs.TRY_AGAIN_SECONDS", 0)
    feed = bucket.feed(bucket_post.source, tries=2)
    look = feed.look

    def refusing(key: str) -> StoredObject | None:
        if key == "cursed.txt":
            raise StoreError("InvalidArgument")
        return look(key)

    monkeypatch.setattr(feed, "look", refusing)
    with bucket_post.watching(feed) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        bucket.send((PAYLOADS / "minio_created.json").read_text().replace("uploads", bucket.name)
                    .replace("photos%2Fmy+scan.pdf", "cursed.txt"))  # fmt: skip
        bucket.put("in/a.txt", "words")
        bucket_post.await_answers(a__txt="words")
        eventually(lambda: bucket.left() == 0)
        running.end()
    assert {event["kind"] for event in audit.newest(bucket_post.db, limit=10)} == {"published", "message_refused"}


def test_an_absent_store_is_waited_for_and_costs_no_message_a_try(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = bucket.feed(bucket_post.source, tries=1)
    away, look = threading.Event(), feed.look

    def looking(key: str) -> StoredObject | None:
        if away.is_set():
            raise StoreUnavailable("503 SlowDown")
        return look(key)

    monkeypatch.setattr(feed, "look", looking)
    with bucket_post.watching(feed) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        away.set()
        bucket.put("in/a.txt", "words")
        eventually(lambda: "noticing" in bucket_post.statuses[-1]["faults"])
        away.clear()
        bucket_post.await_answers(a__txt="words")
        eventually(lambda: bucket_post.statuses[-1]["faults"] == {})
        running.end()
    assert [event["kind"] for event in audit.newest(bucket_post.db, limit=10)] == ["published"]


def test_what_was_in_hand_at_the_stop_comes_again_at_once(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = bucket.feed(bucket_post.source)

    def away(key: str) -> StoredObject | None:
        raise StoreUnavailable("503 SlowDown")

    with bucket_post.watching(feed) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        monkeypatch.setattr(feed, "look", away)
        bucket.put("in/a.txt", "words")
        eventually(lambda: "noticing" in bucket_post.statuses[-1]["faults"])
        running.end()
    assert bucket.sqs.receive_message(QueueUrl=bucket.queue_url)["Messages"]


def test_a_cancel_from_the_catalogue_ends_the_watch(
    bucket: Bucket, bucket_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.control.POLL_SECONDS", 0.05)
    with bucket_post.watching(bucket.feed(bucket_post.source)) as running:
        eventually(lambda: any(status["listings"] for status in bucket_post.statuses))
        stop_run(bucket_post.db, running.batch.run_id, Wish.CANCEL, actor="Ada", because="enough")
        running.thread.join(60)
        assert not running.thread.is_alive()
        assert running.batch.ended_by is not None


def test_sandboxes_are_kept_warm_while_nothing_is_to_do(bucket: Bucket, bucket_post: Post) -> None:
    with bucket_post.watching(bucket.feed(bucket_post.source), watch_warm=3) as running:
        eventually(lambda: running.engine.prewarmed == {"text": 3})
        running.end()


def test_a_killed_watcher_leaves_no_run_open(bucket: Bucket, bucket_post: Post) -> None:
    """Its worker is gone, as after kill -9; its run said "running" for ever."""
    with bucket_post.open() as batch:
        dead = batch.run_id
    bucket_post.once(bucket.feed(bucket_post.source))
    assert bucket_post.rows("SELECT state FROM runs WHERE id = :id", id=dead) == [{"state": "interrupted"}]


def test_uploads_do_not_wait_behind_a_backlog(bucket: Bucket, bucket_post: Post) -> None:
    """One file at a time, and the first blocks until fifty wait and one more was uploaded."""
    for number in range(50):
        bucket.put(f"in/old-{number:02}.txt", f"old {number}")
    bucket.sqs.purge_queue(QueueUrl=bucket.queue_url)
    go_on = threading.Event()

    def script(*job: object) -> object:
        assert go_on.wait(60)
        return echo(*job)  # type: ignore[arg-type]

    with bucket_post.watching(bucket.feed(bucket_post.source), script, concurrency=1) as running:  # type: ignore[arg-type]
        eventually(lambda: len(bucket_post.states()) == 50)
        bucket.put("in/fresh.txt", "fresh words")
        eventually(lambda: "fresh.txt" in bucket_post.states() and bucket.left() == 0)
        go_on.set()
        eventually(lambda: len(bucket_post.answers()) == 51)
        running.end()
    order = [report.key for report in bucket_post.reports]
    assert order.index("fresh.txt") <= 2


def test_a_source_and_a_queue_must_fit(bucket: Bucket, bucket_post: Post, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="queue"):
        Queue("s3://bucket/queue")
    with pytest.raises(ConfigurationError, match="queue"):
        SqsFeed(Queue(bucket.queue_url), open_store(str(tmp_path)), tries=1)
    with pytest.raises(FeedError, match=r"NonExistentQueue|QueueDoesNotExist"):
        SqsFeed(Queue(f"{bucket.queue_url}-no"), bucket_post.source, tries=1)


def test_the_region_and_the_endpoint_follow_from_the_url(aws_environment: None) -> None:
    for url, region in {
        "https://sqs.eu-west-3.amazonaws.com/1/q": "eu-west-3",
        "https://eu-west-2.queue.amazonaws.com/1/q": "eu-west-2",
        "https://vpce-1-a.sqs.us-west-2.vpce.amazonaws.com/1/q": "us-west-2",
        "http://127.0.0.1:9324/1/q": "us-east-1",
    }.items():
        meta = Queue(url)._client.meta
        assert (meta.region_name, meta.endpoint_url) == (region, url.removesuffix("/1/q"))
