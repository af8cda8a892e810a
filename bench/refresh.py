"""What a refresh costs for files that did not change: CPU per file, with no sandbox and no download.

    bench/refresh.py [--files N] [--rounds N]

A folder of N small files is put into an embedded PostgreSQL as already indexed, by the same transactions as any run;
then it is refreshed, and the processor time of this process (listing, catalogue, reports) and of the PostgreSQL server
is taken from the kernel. Neither the store nor the engine of the bench lets anything be opened or run. The last line
of stdout is one JSON object; `met` says whether the median is within the bar of 1 CPU-ms a file.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.catalog import claims, discover, runs
from ingest.catalog.database import Database
from ingest.catalog.parses import Identity, Recipe
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outcome import AdmittedChunk, FileReport
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.publish import Publication, publish
from ingest.run import Batch, open_database, stop_embedded
from ingest.sandbox.base import Profile
from ingest.settings import Settings
from ingest.store.folder import FolderStore
from ingest.store.open import open_store

BAR_CPU_MS: Final = 1.0
PROFILE: Final = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)


class ListedOnly(FolderStore):
    """A folder in which nothing may be opened: a refresh without differences reads no file."""

    def open(self, key: str, version: str = "") -> Any:
        """Refused."""
        raise AssertionError(f"{key} was downloaded")


class NoSandbox:
    """In place of an engine: any use of it to run something ends the bench."""

    def prewarm(self, _profile: Profile, count: int) -> None:
        """A sandbox that is kept warm costs as much as one that is used."""
        if count:
            raise AssertionError("a sandbox was warmed")

    def run(self, *_: object) -> Any:
        """Refused."""
        raise AssertionError("a sandbox was started")

    def cancel(self) -> None:
        """Nothing runs."""

    def reap(self) -> int:
        """Nothing is left behind."""
        return 0

    def close(self) -> None:
        """Nothing to close."""


def main() -> int:
    """Fill, refresh a few times, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as folder:
        settings = Settings(state_directory=Path(folder) / "state").with_defaults_resolved()
        uploads = Path(folder) / "uploads"
        uploads.mkdir()
        try:
            with open_database(settings) as database:
                fill(database, settings, uploads, args.files)
                rounds = [refresh(database, settings, uploads, args.files) for _ in range(args.rounds)]
        finally:
            stop_embedded(settings)
    print(json.dumps(figures(args.files, rounds)))
    return 0


def fill(database: Database, settings: Settings, uploads: Path, files: int) -> None:
    """Files of a few hundred bytes in folders of a thousand, each published with one chunk."""
    for number in range(files):
        path = uploads / f"{number // 1000:03}" / f"{number:07}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(words(number))
    batch = open_batch(database, settings, uploads)
    discover.plan(database, batch.source.id, batch.run_id, FolderStore(uploads).list())
    done = 0
    while claimed := claims.claim(database, batch.worker, batch.source.id, batch.run_id, 500, 600):
        for claim in claimed:
            publish(database, PostgresKnowledge(database), publication(claim))
        done += len(claimed)
        print(f"{done} of {files} files in place", file=sys.stderr)
    batch.worker.close()
    batch.summary()


def words(number: int) -> str:
    """The text of a file; no two are alike."""
    return f"Report {number}. " + "What was found is told here in a few plain words. " * 6


def publication(claim: claims.Claim) -> Publication:
    """What a sandbox would have made of a file."""
    text = words(int(claim.key.rpartition("/")[2].removesuffix(".txt")))
    chunk = AdmittedChunk(f"{claim.object_id:064}", 0, text, (), (1,), (), ("e",), ((0, len(text)),), len(text) // 4)
    identity = Identity(f"{claim.object_id:064}", Recipe(PROFILE.parser_digest, "0" * 64), "0" * 64)
    return Publication(claim, identity, "text/plain", {"media_type": "text/plain"}, (chunk,))


def open_batch(database: Database, settings: Settings, uploads: Path) -> Batch:
    """A refresh wired as `Batch.open` does, without an engine."""
    kept = settings.state_directory / "store"
    kept.mkdir(exist_ok=True)
    store = ListedOnly(uploads)
    source = runs.open_source(database, store.uri)
    run_id = runs.start_run(database, source.id, "refresh")
    stations = Stations(
        database=database,
        source=store,
        source_uri=source.uri,
        kept=open_store(str(kept)),
        knowledge=PostgresKnowledge(database),
        engine=NoSandbox(),
        policy=make_policy({"text": PROFILE}, {}, "text", settings),
        options={
            "chunk_tokens_max": 512,
            "embedded_files_max": 100,
            "embedded_bytes_max": 1 << 20,
            "comments_in_text": True,
        },
        spool=settings.state_directory,
    )
    return Batch(settings, run_id, source, stations, claims.register_worker(database, run_id))


def refresh(database: Database, settings: Settings, uploads: Path, files: int) -> dict[str, float]:
    """One refresh without differences: seconds of this process, of the server, and of the clock."""
    ended: Counter[str] = Counter()

    def on_file(report: FileReport) -> None:
        ended[json.loads(json.dumps(report.as_json()))["outcome"]] += 1  # written out as `--json` does

    server, host, clock = server_seconds(settings), time.process_time(), time.perf_counter()
    batch = open_batch(database, settings, uploads)
    batch.refresh(on_file=on_file, stop=threading.Event())
    batch.worker.close()
    summary = batch.summary()
    spent = {
        "host": time.process_time() - host,
        "server": server_seconds(settings) - server,
        "wall": time.perf_counter() - clock,
    }
    if dict(ended) != {"unchanged": files} or summary.pending:
        raise AssertionError(f"not every file was unchanged: {dict(ended)}")
    print({name: round(seconds, 3) for name, seconds in spent.items()}, file=sys.stderr)
    return spent


def server_seconds(settings: Settings) -> float:
    """Processor time of the embedded server so far, in seconds: of its processes and of those that ended, proc(5).

    Its processes are told from those of other servers by their working directory, which is the data folder.
    """
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(settings.state_directory):
                after_name = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, after_name[11:15]))
        except OSError:
            continue  # it ended while we looked
    return ticks / os.sysconf("SC_CLK_TCK")


def figures(files: int, rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Medians over the rounds, in CPU-milliseconds a file."""
    host = statistics.median(spent["host"] for spent in rounds) * 1000 / files
    server = statistics.median(spent["server"] for spent in rounds) * 1000 / files
    both = statistics.median(spent["host"] + spent["server"] for spent in rounds) * 1000 / files
    return {
        "files": files,
        "rounds": len(rounds),
        "host_cpu_ms_per_file": round(host, 4),
        "server_cpu_ms_per_file": round(server, 4),
        "cpu_ms_per_file": round(both, 4),
        "bar_cpu_ms_per_file": BAR_CPU_MS,
        "files_per_second": round(files / statistics.median(spent["wall"] for spent in rounds)),
        "sandboxes": 0,
        "downloads": 0,
        "met": both <= BAR_CPU_MS,
    }


if __name__ == "__main__":
    sys.exit(main())
