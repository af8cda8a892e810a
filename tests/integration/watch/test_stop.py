"""TEST: whoever stops a watcher does not wait for a queue or a store that does not answer."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from ingest.watch.feed import FeedError, Hint
from ingest.watch.folder import FolderFeed
from ingest.watch.service import Watch
from ingest.watch.sqs_client import Queue
from tests.conformance.store_faults import FaultProxy, Refuse
from tests.integration.watch.conftest import Bucket, Post

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize(("stop", "grace_seconds"), [(Watch.stop, 0), (Watch.cancel, 3600)], ids=["grace", "at once"])
def test_a_queue_that_does_not_answer_holds_up_no_stop(
    make_post: Callable[..., Post],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[[Watch], None],
    grace_seconds: int,
) -> None:
    """Hostile: the queue takes the request and never answers. The sandboxes must be gone before we are killed."""
    (tmp_path / "uploads").mkdir()
    post = make_post(open_store(str(tmp_path / "uploads")))
    assert isinstance(post.source, FolderStore)
    asked, answered = threading.Event(), threading.Event()

    def receive() -> list[Hint]:
        asked.set()
        answered.wait()
        return []

    monkeypatch.setattr("ingest.watch.service.NETWORK_SECONDS", 0.1)
    feed = FolderFeed(post.source, quiet_seconds=0)
    monkeypatch.setattr(feed, "receive", receive)
    with post.watching(feed, watch_grace_seconds=grace_seconds) as running:
        assert asked.wait(60)
        stop(running.watch)
        try:
            assert running.end().pending == 0
        finally:
            answered.set()
    assert post.statuses[-1]["state"] == "stopped"
    assert post.rows("SELECT state FROM runs") == [{"state": "finished"}]


def test_a_receive_that_fails_is_not_repeated_behind_our_back(bucket: Bucket, s3_endpoint: str) -> None:
    """Hostile: the queue answers with 503 again and again, and a stop waits for the end of the receive."""
    with FaultProxy(s3_endpoint) as proxy:
        proxy.method = "POST"
        proxy.faults.extend([Refuse(503, "ServiceUnavailable")] * 20)
        with closing(Queue(proxy.url + urlsplit(bucket.queue_url).path, "us-east-1")) as queue:
            with pytest.raises(FeedError):
                queue.receive(0, 1)
            assert len(proxy.requests) == 1
            with pytest.raises(FeedError):
                queue.show_in(["receipt"], 0, try_once=True)
            assert len(proxy.requests) == 2
