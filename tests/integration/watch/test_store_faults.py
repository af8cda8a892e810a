"""TEST: a proxy between a watcher and its store refuses, stalls, breaks off, or lets an object change meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ingest import audit
from ingest.store.s3 import S3Store
from ingest.store.s3_client import connect
from tests.conformance.store_faults import BreakOff, Fault, FaultProxy, Refuse, Stall
from tests.integration.watch.conftest import Bucket, Post, Running, eventually

pytestmark = pytest.mark.timeout(240)
# Of each request, the store's client makes five tries itself: so many failures reach the watcher several times.
OUTAGE = 40
WORDS = "words " * 200


@pytest.fixture
def proxy(s3_endpoint: str) -> Iterator[FaultProxy]:
    with FaultProxy(s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxied(make_post: Callable[..., Post], bucket: Bucket, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A post whose store is behind the proxy; its queue is not."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    client = connect(endpoint_url=proxy.url, region="us-east-1", read_seconds=0.5)
    return make_post(S3Store(client, bucket.name, "in/"))


@contextmanager
def watching(post: Post, bucket: Bucket) -> Iterator[Running]:
    """A watcher whose first listing is over; a message that fails has one try, so that an outage must not cost it."""
    with post.watching(bucket.feed(post.source, tries=1)) as running:
        eventually(lambda: any(status["listings"] for status in post.statuses))
        yield running


@pytest.mark.parametrize(
    "fault", [Refuse(503, "SlowDown"), Refuse(500, "InternalError"), Stall(10), BreakOff(10)], ids=repr
)
def test_a_store_in_trouble_while_files_come_and_go(
    proxied: Post, bucket: Bucket, proxy: FaultProxy, fault: Fault
) -> None:
    bucket.put("in/gone.txt", "old words")
    with watching(proxied, bucket) as running:
        proxied.await_answers(gone__txt="old words")
        proxy.faults.extend([fault] * (OUTAGE if isinstance(fault, Refuse) else 12))
        for number in range(6):
            bucket.put(f"in/{number}.txt", f"{number} {WORDS}".strip())
        bucket.delete("in/gone.txt")
        expected = {f"{number}.txt": f"{number} {WORDS}".strip() for number in range(6)}
        eventually(lambda: proxied.answers() == expected)
        eventually(lambda: bucket.left() == 0)
        assert not proxy.faults
        eventually(lambda: proxied.statuses[-1]["faults"] == {})
        assert running.end().pending == 0
    assert proxied.states() == dict.fromkeys(expected, "indexed") | {"gone.txt": "deleted"}
    kinds = [event["kind"] for event in audit.newest(proxied.db, limit=100)]
    assert sorted(kinds) == ["deleted"] + ["published"] * 7, "no message was given up, nothing was read twice"
    assert proxied.problems() == ()


def test_an_object_that_changes_between_two_reads(proxied: Post, bucket: Bucket, proxy: FaultProxy) -> None:
    """Hostile: the connection breaks in the middle of a file, and when it is asked for the rest, it is another file."""
    first, second = f"first {WORDS}".strip(), f"second {WORDS}".strip()
    replaced = []

    class Replace(BreakOff):
        """Breaks off, and has the object replaced before anybody can ask for the rest."""

        @property
        def after_bytes(self) -> int:  # type: ignore[override]
            if not replaced:
                replaced.append(bucket.put("in/a.txt", second))
            return 1000

        def __init__(self) -> None:
            """No number to keep."""

    with watching(proxied, bucket) as running:
        eventually(lambda: proxied.statuses[-1]["listings"])
        look = running.watch._feed.look

        def looked(key: str) -> object:
            found = look(key)
            if not replaced:
                proxy.faults.append(Replace())  # the next answer is the content's
            return found

        running.watch._feed.look = looked  # type: ignore[method-assign, assignment]
        bucket.put("in/a.txt", first)
        eventually(lambda: proxied.answers() == {"a.txt": second})
        eventually(lambda: bucket.left() == 0)
        assert running.end().pending == 0
    assert replaced
    assert [content for _, _, content in running.engine.jobs] == [second.encode()]
    assert proxied.problems() == ()
