"""HOST, trusted: hears of changes in a bucket from a queue: S3 event notifications by SQS, at least once, in any order.

Messages are taken in micro-batches and stay invisible to other watchers for as long as they are being dealt with: a
thread of its own extends that time, however long a store or a database is away. A message is deleted when the rows it
led to are committed. One that cannot be understood or dealt with comes again until the queue's redrive policy moves it
to the dead-letter queue; where there is none, it is deleted after so many tries. Either way its end is on record.
"""

import hashlib
import logging
import threading
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from ingest.errors import ConfigurationError
from ingest.outcome import Json
from ingest.store.base import ObjectStore, StoredObject
from ingest.watch import events
from ingest.watch.events import NotAnEvent
from ingest.watch.feed import Fate, FeedError, Hint
from ingest.watch.sqs_client import BATCH_MAX, Message, Queue

log = logging.getLogger(__name__)

OWN_PREFIX: Final = ".gloveport/"
WAIT_SECONDS: Final = 5  # of one long poll; it bounds how long a stop can go unheard
VISIBILITY_SECONDS: Final = 60
TRY_AGAIN_SECONDS: Final = 30
CLOSE_SECONDS: Final = 5.0
MESSAGES_AT_ONCE: Final = 100
KEYS_KEPT: Final = 20


class SqsFeed:
    """The notifications of one bucket, of which those below the source's prefix are hints and the others are passed by.

    `store` is the source, an S3 store. `tries` counts for a queue without a redrive policy. Raises `FeedError` when
    the queue does not answer.
    """

    def __init__(self, queue: Queue, store: ObjectStore, *, tries: int) -> None:
        parts = urlsplit(store.uri)
        if parts.scheme != "s3":
            raise ConfigurationError("--queue goes with an s3:// source", hint="a folder is watched without a queue")
        self._bucket = parts.netloc
        self._prefix = store.uri.removeprefix(f"s3://{self._bucket}/")
        self._queue = queue
        self._store = store
        redriven_after = queue.tries_before_dead_letters()
        self._redriven = redriven_after is not None
        self._tries = redriven_after or tries
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._passed_by = 0
        self._thread = threading.Thread(target=self._keep_invisible, name="visibility", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Always: what was received is a hint at once."""
        return True

    def receive(self) -> list[Hint]:
        """As `Feed.receive`. A full answer is followed by more without waiting, up to a hundred messages."""
        hints: list[Hint] = []
        wait = WAIT_SECONDS
        while len(hints) < MESSAGES_AT_ONCE:
            try:
                messages = self._queue.receive(wait, VISIBILITY_SECONDS)
            except FeedError as error:
                if not hints:
                    raise
                # What was received is ours to deal with: dropped here, it would be kept invisible for ever.
                log.info("a part of a micro-batch is dealt with: %s", error)
                break
            with self._lock:
                self._held.update(message.receipt for message in messages)
            hints += [self._hint(message) for message in messages]
            if len(messages) < BATCH_MAX:
                break
            wait = 0
        return hints

    def settle(self, hints: Sequence[Hint], fate: Fate) -> None:
        """As `Feed.settle`."""
        receipts = [hint.receipt for hint in hints]
        if not receipts:
            return
        with self._lock:
            self._held.difference_update(receipts)
        if fate is Fate.DONE or (fate is Fate.REFUSED and not self._redriven):
            self._queue.delete(receipts)
        else:
            # Shown at once, a message that had its tries is moved to the dead letters at the next receive.
            self._queue.show_in(receipts, TRY_AGAIN_SECONDS if fate is Fate.LATER else 0)

    def look(self, key: str) -> StoredObject | None:
        """As `Feed.look`: a listing that begins with this very key, which is the first of all that begin so."""
        found = next(iter(self._store.list(key)), None)
        return found if found is not None and found.key == key else None

    def ready(self, stored: StoredObject) -> bool:
        """Always: an object shows in a listing when it is whole, multipart uploads included."""
        return True

    def close(self) -> None:
        """As `Feed.close`."""
        self._over.set()
        self._thread.join(CLOSE_SECONDS)  # it may wait for the queue, and does no harm when it goes on
        with self._lock:
            held = sorted(self._held)
            self._held.clear()
        try:
            self._queue.show_in(held, 0, try_once=True)
        except FeedError as error:
            log.info("messages come again after %d s: %s", VISIBILITY_SECONDS, error)
        self._queue.close()

    def _hint(self, message: Message) -> Hint:
        last = message.received >= self._tries
        told = self._told(message)
        try:
            changed = events.latest(events.parse(message.body)).values()
        except NotAnEvent as refusal:
            return Hint(fault=str(refusal), last=last, told=told, receipt=message.receipt)
        keys = tuple(event.key[len(self._prefix) :] for event in changed if self._concerns(event.bucket, event.key))
        return Hint(keys=keys, last=last, told=told | {"keys": list(keys[:KEYS_KEPT])}, receipt=message.receipt)

    def _concerns(self, bucket: str, key: str) -> bool:
        """Whether it is an object of the source; what gloveport wrote there itself is none."""
        own = key.startswith((OWN_PREFIX, self._prefix + OWN_PREFIX))
        if bucket == self._bucket and key.startswith(self._prefix) and key != self._prefix and not own:
            return True
        if not own:
            self._passed_by += 1
            # A queue that carries other buckets, too, is no fault, but a mistyped prefix looks just like it.
            level = logging.WARNING if self._passed_by == 1 else logging.DEBUG
            log.log(level, "an event about s3://%s is not below s3://%s/%s", bucket, self._bucket, self._prefix)
        return False

    def _told(self, message: Message) -> Json:
        """What goes on record of it for good: never its body, in which a link or a token may stand."""
        return {
            "queue": self._queue.url,
            "message": message.message_id,
            "received": message.received,
            "sha256": hashlib.sha256(message.body.encode("utf-8", "surrogatepass")).hexdigest(),
            "fields": events.fields(message.body),
            "dead_letters": self._redriven,
        }

    def _keep_invisible(self) -> None:
        while not self._over.wait(VISIBILITY_SECONDS / 3):
            with self._lock:
                held = sorted(self._held)
            try:
                self._queue.show_in(held, VISIBILITY_SECONDS)
            except FeedError as error:
                log.warning("messages at work may be handed out twice: %s", error)
