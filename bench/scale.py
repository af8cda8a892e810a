"""BENCH: what planning costs as a source grows: time and memory per key, and how soon the first file can be worked on.

A generator plays an object store with N keys, so nothing but gloveport and its database is measured. Each N runs in a
process of its own, whose peak memory is the kernel's figure (getrusage), against a fresh embedded PostgreSQL.

Steps, in order
    plan       every key is new; written by `Planning` in its thread while this process claims and settles beside it
    first      from the begin of the plan to the first claimed object, in seconds
    claim      claims of 20 at a time, at the beginning of the queue and with all keys waiting, in milliseconds a call
    replan     every key again, nothing changed: what a scheduled run over a quiet source costs
    reports    one pass over all objects of the run, as `run --json` makes it for unchanged ones
    account    reconcile and summary, the end of every run

    python bench/scale.py [--keys 10000,100000,1000000]

The last line of stdout is one JSON object: {"by_keys": {N: {…}}, "peak_memory_bytes": …, "growth": {…}}. `growth` is
the cost of one key at the largest N over that at the smallest; 1.0 means that the cost of a key does not grow.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import text

from ingest.catalog import claims, reconcile, runs
from ingest.catalog.claims import Worker
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.catalog.planning import Planning
from ingest.store.base import StoredObject

CLAIM_BATCH = 20
LEASE_SECONDS = 600.0
# What a drain would do with a claim, without a document: the object leaves the queue, and its index entry dies.
SETTLE = """
    UPDATE objects SET state = 'deleted', lease_owner = NULL, lease_expires_at = NULL, settled_fence = fence,
        settled_run_id = run_id, attempts = 0 WHERE id = ANY(:ids)
"""
# Every object an indexed document without chunks, as after a run, but written in a few statements.
INDEXED = """
    INSERT INTO documents (source_id, key, key_digest) SELECT source_id, key, key_digest FROM objects;
    INSERT INTO revisions (document_id, run_id, sha256, parser_digest, options_digest, chunk_count)
        SELECT documents.id, objects.run_id, '', '', '', 0 FROM documents JOIN objects USING (source_id, key_digest);
    UPDATE documents SET current_revision_id = revisions.id FROM revisions WHERE document_id = documents.id;
    UPDATE objects SET state = 'indexed', document_id = documents.id, lease_owner = NULL, lease_expires_at = NULL
        FROM documents WHERE documents.key_digest = objects.key_digest;
"""


def listing(count: int) -> Iterator[StoredObject]:
    """Keys as a bucket of uploads has them: long, in order, each with an ETag."""
    for number in range(count):
        key = f"tenants/0042/uploads/2026/{number // 1000:06}/report-{number:09}.pdf"
        yield StoredObject(key, f'"{number:032x}"', 1000 + number % 7, 1_700_000_000.0)


def work_beside(db: Database, worker: Worker, source_id: int, run_id: str, planning: Planning) -> tuple[float, int]:
    """Claim and settle as long as the plan goes on; (seconds to the first claim, objects worked on)."""
    begun = time.monotonic()
    first, done = 0.0, 0
    while True:
        parts, over = planning.standing()
        claimed = claims.claim(db, worker, source_id, run_id, CLAIM_BATCH, LEASE_SECONDS)
        if claimed:
            first = first or time.monotonic() - begun
            done += len(claimed)
            with db.begin() as connection:
                connection.execute(text(SETTLE), {"ids": [claim.object_id for claim in claimed]})
        elif over:
            return first, done
        else:
            planning.wait_beyond(parts, 1.0)
        if over:
            return first, done


def claim_milliseconds(db: Database, worker: Worker, source_id: int, run_id: str, calls: int = 50) -> float:
    """The mean of so many claims; what was claimed is settled in between, unmeasured."""
    spent = 0.0
    for _ in range(calls):
        begun = time.perf_counter()
        claimed = claims.claim(db, worker, source_id, run_id, CLAIM_BATCH, LEASE_SECONDS)
        spent += time.perf_counter() - begun
        with db.begin() as connection:
            connection.execute(text(SETTLE), {"ids": [claim.object_id for claim in claimed]})
    return 1000 * spent / calls


def index_all(db: Database) -> None:
    """Bring every key to an end, so that the next run finds nothing to do; then tidy up, as the server will."""
    with db.connect_alone() as connection:
        connection.execute("SET statement_timeout = 0")
        for statement in filter(str.strip, INDEXED.split(";")):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


def measure(db: Database, keys: int) -> dict[str, Any]:
    """All steps for one number of keys."""
    source = runs.open_source(db, "s3://synthetic/")
    run_id = runs.start_run(db, source.id, "batch")
    with claims.register_worker(db, run_id) as worker:
        planning = Planning(db, source.id, run_id, lambda: listing(keys), threading.Event())
        begun, cpu = time.monotonic(), time.process_time()
        with planning:
            first, beside = work_beside(db, worker, source.id, run_id, planning)
        planned, planned_cpu = time.monotonic() - begun, time.process_time() - cpu
        if planning.error is not None or planning.plan.listed != keys:
            raise RuntimeError(f"planned {planning.plan} of {keys}") from planning.error
        waiting = claims.waiting(db, source.id).claimable
        claim_ms = claim_milliseconds(db, worker, source.id, run_id, min(50, waiting // CLAIM_BATCH))
    index_all(db)
    again = runs.start_run(db, source.id, "batch")
    replanned, replanned_cpu = _timed(lambda: plan(db, source.id, again, listing(keys)))
    reports = runs.file_reports(db, again, ("unchanged", "quarantined"), settled_by_run=False)
    reported, _ = _timed(lambda: sum(1 for _ in reports))
    accounted, _ = _timed(lambda: (reconcile.reconcile(db, source.id, again), runs.summarize(db, again)))
    return {
        "plan_seconds": round(planned, 2),
        "plan_us_per_key": round(1e6 * planned / keys, 1),
        "plan_cpu_us_per_key": round(1e6 * planned_cpu / keys, 1),
        "first_file_seconds": round(first, 3),
        "worked_on_beside": beside,
        "claim_ms": round(claim_ms, 2),
        "claimable_then": waiting,
        "replan_us_per_key": round(1e6 * replanned / keys, 1),
        "replan_cpu_us_per_key": round(1e6 * replanned_cpu / keys, 1),
        "reports_us_per_key": round(1e6 * reported / keys, 1),
        "account_seconds": round(accounted, 2),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _timed(work: Any) -> tuple[float, float]:
    begun, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - begun, time.process_time() - cpu


def child(keys: int) -> None:
    """One measurement in this process; prints it as JSON."""
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "state")
        server.start()
        try:
            with Database.open(server.url(), statement_seconds=600) as db:
                db.migrate()
                print(json.dumps(measure(db, keys)), flush=True)
        finally:
            server.stop()


def main() -> int:
    """Measure each N in a process of its own, then print all and how they compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", default="10000,100000,1000000", help="numbers of keys, by comma")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child)
        return 0
    by_keys: dict[int, dict[str, Any]] = {}
    for keys in sorted(map(int, args.keys.split(","))):
        command = [sys.executable, __file__, "--child", str(keys)]
        by_keys[keys] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(f"{keys:>9,} keys: {json.dumps(by_keys[keys])}", file=sys.stderr)
    small, large = by_keys[min(by_keys)], by_keys[max(by_keys)]
    per_key = [name for name in small if name.endswith("_per_key") or name == "claim_ms"]
    print(
        json.dumps(
            {
                "by_keys": by_keys,
                "peak_memory_bytes": max(row["peak_memory_bytes"] for row in by_keys.values()),
                "growth": {name: round(large[name] / small[name], 2) for name in per_key if small[name]},
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
