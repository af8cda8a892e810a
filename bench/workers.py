"""BENCH: three workers on one catalogue against one: how much faster, with the same result, and what limits it.

Every worker is a process with its own state folder; they share a PostgreSQL server and a folder of uploads. One worker
alone drains the files, then three drain as many again. Each works on `--concurrency` files at a time.

Two kinds of sandboxes
    waiting   a sandbox that takes `--sandbox-seconds` and no processor of this machine: what three hosts have, each
              with its own processors. Shows what the catalogue, the claims and the host's own code cost.
    real      (--real) containers of this machine's engine. Three workers share its processors, so where one keeps
              them busy, three cannot be faster; `busy` says how busy they were, 1.0 being all of them.

    python bench/workers.py [--files 600] [--concurrency 1] [--sandbox-seconds 0.15] [--real]

The last line of stdout is one JSON object: {"ratio": …, "one": {…}, "three": {…}, "processors": …, "same_result": …},
where `one` and `three` hold {files_per_second, busy, worker_cpu_ms_per_file}.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import text

from contract.job import Job
from ingest.catalog import claims, discover, reconcile, runs
from ingest.catalog.database import Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.drain import Drain
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.run import Batch
from ingest.sandbox.base import Profile, SandboxRun
from ingest.settings import Settings
from ingest.store.open import open_store
from tests.integration.pipeline.speech import echo

PROFILE = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)


class WaitingEngine:
    """Sandboxes on some other machine: they take time, and give a document for its own text. Reads no hostile file."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def prewarm(self, profile: Profile, count: int) -> None:
        """Nothing to warm."""

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        """Wait, then answer."""
        content = document.read(job["input_bytes"])
        time.sleep(self._seconds)
        return echo(profile, job, content)

    def cancel(self) -> None:
        """Nothing to stop."""

    def reap(self) -> int:
        """Nothing is left behind."""
        return 0

    def close(self) -> None:
        """Nothing to close."""


def worker(task: dict[str, Any]) -> None:
    """One worker in this process: says that it is ready, waits for a line, drains, and tells its processor time."""
    state = Path(task["state"])
    (state / "spool").mkdir(parents=True)
    settings = Settings(
        state_directory=state, database_url=task["url"], store=task["kept"], concurrency=task["concurrency"]
    ).with_defaults_resolved()
    with ExitStack() as resources:
        if task["real"]:
            batch = resources.enter_context(Batch.open(settings, task["uploads"], run_id=task["run"]))
            at, registered, source_id = batch.stations, batch.worker, batch.source.id
        else:
            db = resources.enter_context(Database.open(task["url"], pool_size=settings.concurrency + 6))
            registered = resources.enter_context(claims.register_worker(db, task["run"]))
            source = open_store(task["uploads"])
            source_id = runs.open_source(db, source.uri).id
            at = Stations(
                database=db,
                source=source,
                source_uri=source.uri,
                kept=open_store(task["kept"]),
                knowledge=PostgresKnowledge(db),
                engine=WaitingEngine(task["seconds"]),
                policy=make_policy({"text": PROFILE}, {}, "text", settings),
                options=settings.options(),
                spool=state / "spool",
            )
        print("ready", flush=True)
        sys.stdin.readline()
        before = _own_cpu()
        Drain(at, registered, source_id, task["run"], settings, lambda _report: None, threading.Event()).run()
        print(json.dumps({"cpu_seconds": _own_cpu() - before}), flush=True)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _busy_ticks() -> tuple[int, int]:
    """(busy, all) ticks of all processors since boot."""
    fields = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def drain(folder: Path, url: str, count: int, args: argparse.Namespace) -> tuple[dict[str, float], list[Any]]:
    """Let so many workers drain fresh uploads; figures, and what came of each file."""
    uploads, kept = folder / f"uploads-{count}", folder / f"kept-{count}"
    uploads.mkdir(parents=True)
    kept.mkdir()
    for number in range(args.files):
        # The count of workers stands in each text, lest the second drain know the content from the first.
        (uploads / f"{number:05}.txt").write_text(f"Report {number} for {count} workers.\n")
    with Database.open(url) as db, ExitStack() as resources:
        store = open_store(str(uploads))
        source = runs.open_source(db, store.uri)
        run_id = runs.start_run(db, source.id, "batch")
        discover.plan(db, source.id, run_id, store.list())
        processes = []
        for number in range(count):
            task = {
                "state": str(folder / f"state-{count}-{number}"),
                "url": url,
                "uploads": str(uploads),
                "kept": str(kept),
                "run": run_id,
                "real": args.real,
                "seconds": args.sandbox_seconds,
                "concurrency": args.concurrency,
            }
            command = [sys.executable, __file__, "--worker", json.dumps(task)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            processes.append(resources.enter_context(process))
        for process in processes:
            if _line(process) != "ready\n":
                raise RuntimeError("a worker did not start")
        begun, (busy, ticks) = time.monotonic(), _busy_ticks()
        for process in processes:
            print(file=process.stdin, flush=True)
        cpu_seconds = sum(json.loads(_line(process))["cpu_seconds"] for process in processes)
        seconds, (busy_after, ticks_after) = time.monotonic() - begun, _busy_ticks()
        found = reconcile.reconcile(db, source.id, run_id)
        if not found.ok:
            raise RuntimeError(f"{found.pending} pending, {found.problems}")
        with db.begin() as connection:
            result = connection.execute(text(RESULT), {"source": source.id}).all()
    figures = {
        "seconds": round(seconds, 2),
        "files_per_second": round(args.files / seconds, 2),
        "busy": round((busy_after - busy) / (ticks_after - ticks), 2),
        "worker_cpu_ms_per_file": round(1000 * cpu_seconds / args.files, 1),
    }
    return figures, [tuple(row) for row in result]


RESULT = """
    SELECT objects.key, state, reason, count(chunk_id) FROM objects LEFT JOIN chunks USING (document_id)
    WHERE source_id = :source GROUP BY objects.id ORDER BY objects.key
"""


def _line(process: "subprocess.Popen[str]") -> str:
    if process.stdout is None:
        raise RuntimeError("a worker has no standard output")
    return process.stdout.readline()


def main() -> int:
    """One worker, then three; print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--concurrency", type=int, default=1, help="files at a time of each worker")
    parser.add_argument("--sandbox-seconds", type=float, default=0.15)
    parser.add_argument("--real", action="store_true", help="containers of this machine's engine")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(json.loads(args.worker))
        return 0
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as name:
        server = EmbeddedPostgres(Path(name) / "postgres")
        server.start()
        try:
            with Database.open(server.url()) as db:
                db.migrate()
            one, result_of_one = drain(Path(name), server.url(), 1, args)
            print(f"one: {one}", file=sys.stderr)
            three, result_of_three = drain(Path(name), server.url(), 3, args)
            print(f"three: {three}", file=sys.stderr)
        finally:
            server.stop()
    answer = {
        "ratio": round(three["files_per_second"] / one["files_per_second"], 2),
        "one": one,
        "three": three,
        "processors": len(os.sched_getaffinity(0)),
        "sandboxes": "real" if args.real else "waiting",
        "same_result": result_of_one == result_of_three,
    }
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
