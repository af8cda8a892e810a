"""TEST: a watcher that kills itself. Arguments: where, database URL, folder, source address, queue URL, endpoint.

where: "looked" (nothing is written yet), "committed" (rows are, the messages are not deleted), "publishing" (in the
middle of a file), "armed" (at a crash point, as the environment says). SIGTERM stops it as it stops the command.
"""

import os
import signal
import sys
from pathlib import Path

import ingest.pipeline
import ingest.watch.sqs
from ingest.catalog.database import Database
from ingest.settings import Settings
from ingest.store.open import open_store
from ingest.watch.ledger import Ledger
from ingest.watch.sqs import SqsFeed
from ingest.watch.sqs_client import Queue
from tests.integration.watch.conftest import Post

PLACES = {
    "looked": (ingest.watch.ledger.observe, "observe"),
    "committed": (SqsFeed, "settle"),
    "publishing": (ingest.pipeline.publish, "publish"),
}


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(where: str, url: str, folder: str, source: str, queue: str, endpoint: str) -> None:
    os.environ["PYTEST_CURRENT_TEST"] = "the child of one"
    ingest.watch.sqs.VISIBILITY_SECONDS = 2
    # It dies over and over with whatever file is at work: that no file is blamed for long is not what is tested here.
    ingest.pipeline.DEATHS_MAX = sys.maxsize
    if where != "armed":
        owner, name = PLACES[where]
        setattr(owner, name, die)
    # The start-up listing must not do what the messages are there for.
    Ledger.list_source = lambda *_: ingest.watch.ledger.Listed(0, 0, [])  # type: ignore[method-assign]
    with Database.open(url) as db:
        store = open_store(source, endpoint_url=endpoint, region="us-east-1")
        settings = Settings(state_directory=Path(folder), concurrency=2, prewarm=1)
        post = Post(Path(folder), db, store, settings)
        with post.open() as batch:
            from ingest.watch.service import Watch

            watch = Watch(batch, SqsFeed(Queue(queue, "us-east-1"), store, tries=99), on_file=print)
            signal.signal(signal.SIGTERM, lambda *_: watch.stop())
            watch.run()


main(*sys.argv[1:])
