"""HOST, trusted: the feed that goes with a source. boto3 and watchfiles are imported only for what they are needed."""

from ingest.errors import ConfigurationError
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from ingest.store.folder import FolderStore
from ingest.watch.feed import Feed


def open_feed(store: ObjectStore, queue_url: str | None, settings: Settings) -> Feed:
    """A queue for a bucket, the kernel for a folder. Raises `ConfigurationError` or `FeedError`."""
    if isinstance(store, FolderStore):
        if queue_url:
            raise ConfigurationError("--queue goes with an s3:// source", hint="a folder is watched without a queue")
        from ingest.watch.folder import FolderFeed

        return FolderFeed(store, quiet_seconds=settings.watch_settle_seconds)
    if not queue_url:
        raise ConfigurationError("an s3:// source is watched by a queue", hint="--queue URL; or `gloveport refresh`")
    from ingest.watch.sqs import SqsFeed
    from ingest.watch.sqs_client import Queue

    return SqsFeed(Queue(queue_url, settings.s3_region or None), store, tries=settings.watch_tries)
