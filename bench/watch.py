#!/usr/bin/env python3
"""BENCH: from the end of an upload to its words being found, by a watcher that has nothing else to do.

    .venv/bin/python bench/watch.py [--files 20] [--only bucket|folder] [--set NAME=VALUE …]

Real sandboxes, a real database, a state folder of its own; the bucket and its queue are moto's, in a process of its
own. Files go in one after another, each when the one before it is found. What is measured is a question to the
knowledge base, asked over and over until it answers: the figure holds everything a person would wait for, and up to
one asking. The last line of stdout is one JSON object with `upload_to_searchable_ms` {p50, p99, max} by source, and
`idle_cpu_percent` of the watcher's process.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.knowledge.base import Query
from ingest.run import Batch, open_source_store, stop_embedded
from ingest.settings import Settings, load_settings
from ingest.watch.open import open_feed
from ingest.watch.service import Watch

REPOSITORY: Final = Path(__file__).resolve().parents[1]
IDLE_SECONDS: Final = 10.0
ASK_SECONDS: Final = 0.01
GIVE_UP_SECONDS: Final = 60.0

Upload = Callable[[str, str], None]


def main() -> int:
    """Measure each kind of source and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--only", choices=["bucket", "folder"])
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    sources = {"bucket": in_a_bucket, "folder": in_a_folder}
    figures: dict[str, Any] = {"files": args.files, "upload_to_searchable_ms": {}, "idle_cpu_percent": {}}
    for name, source in sources.items():
        if args.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as folder, source(Path(folder)) as place:
                flags = dict(assignment.split("=", 1) for assignment in args.assignments)
                settings = load_settings({**place.flags, **flags, "state_directory": f"{folder}/state"})
                try:
                    waited, idle = measure(place, settings, args.files)
                finally:
                    stop_embedded(settings)
            figures["upload_to_searchable_ms"][name] = spread(waited)
            figures["idle_cpu_percent"][name] = round(idle, 2)
    print(json.dumps(figures))
    return 0


class Place:
    """Where files are put for the watcher to find."""

    def __init__(self, uri: str, upload: Upload, queue_url: str | None = None, **flags: str) -> None:
        self.uri = uri
        self.upload = upload
        self.queue_url = queue_url
        self.flags = flags


@contextmanager
def in_a_folder(folder: Path) -> Iterator[Place]:
    """A folder into which files are written in place."""
    uploads = folder / "uploads"
    uploads.mkdir()

    def upload(name: str, text: str) -> None:
        (uploads / name).write_text(text)

    yield Place(str(uploads), upload)


@contextmanager
def in_a_bucket(_folder: Path) -> Iterator[Place]:
    """A bucket with notifications to a queue, both of an emulator."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true"}
    import boto3

    command = [sys.executable, "-m", "tests.integration.watch.s3_server"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1")
        s3.create_bucket(Bucket="uploads")
        url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        s3.put_bucket_notification_configuration(
            Bucket="uploads",
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
        )

        def upload(name: str, text: str) -> None:
            s3.put_object(Bucket="uploads", Key=f"in/{name}", Body=text.encode())

        yield Place("s3://uploads/in", upload, url, s3_endpoint_url=endpoint, s3_region="us-east-1")
        server.stdin.close()


def measure(place: Place, settings: Settings, files: int) -> tuple[list[float], float]:
    """Seconds from each upload's end to its being found, and the processor's share of an idle watcher in percent."""
    store = open_source_store(settings.with_defaults_resolved(), place.uri)
    feed = open_feed(store, place.queue_url, settings)
    with Batch.open(settings, store, kind="watch") as batch:
        listed = threading.Event()
        watch = Watch(batch, feed, on_file=lambda _: None, on_status=lambda status: status["listings"] and listed.set())
        thread = threading.Thread(target=watch.run)
        thread.start()
        try:
            place.upload("warm-up.txt", "zeroth")
            wait_until_found(batch, "zeroth")
            waited = [one(place, batch, number) for number in range(files)]
            before = time.process_time()
            time.sleep(IDLE_SECONDS)
            idle = 100 * (time.process_time() - before) / IDLE_SECONDS
        finally:
            watch.stop()
            thread.join()
            feed.close()
    return waited, idle


def one(place: Place, batch: Batch, number: int) -> float:
    """Upload one file with a word of its own, and wait until that word is found."""
    word = f"quince{number}"
    place.upload(f"file-{number}.txt", f"A short report about {word}, of a few words only.\n")
    uploaded = time.monotonic()
    wait_until_found(batch, word)
    return time.monotonic() - uploaded


def wait_until_found(batch: Batch, word: str) -> None:
    """Ask the knowledge base until it answers."""
    until = time.monotonic() + GIVE_UP_SECONDS
    while not batch.stations.knowledge.search(Query(word, limit=1)):
        if time.monotonic() > until:
            raise SystemExit(f"{word} was not found within {GIVE_UP_SECONDS:.0f} s")
        time.sleep(ASK_SECONDS)


def spread(seconds: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]
    return {
        "p50": round(1000 * statistics.median(ordered), 1),
        "p99": round(1000 * last, 1),
        "max": round(1000 * ordered[-1], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
