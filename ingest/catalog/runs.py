"""HOST, trusted: sources, and the account of each run over one."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from contract.verdicts import Reason
from ingest.catalog.database import Database
from ingest.catalog.schema import State
from ingest.errors import DatabaseError
from ingest.outcome import FileReport, Outcome, RunSummary

_REPORTS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """A store's canonical address (no credentials), and its number in the catalogue."""

    id: int
    uri: str


def open_source(db: Database, uri: str) -> Source:
    """The source of this address, made on first use."""
    with db.begin() as connection:
        # The update that changes nothing makes RETURNING answer for a row that was there before.
        statement = (
            "INSERT INTO sources (uri) VALUES (:uri) ON CONFLICT (uri) DO UPDATE SET uri = excluded.uri RETURNING id"
        )
        return Source(int(connection.execute(text(statement), {"uri": uri}).scalar_one()), uri)


def start_run(db: Database, source_id: int, kind: str) -> str:
    """Open the account of a run and return its id. `kind` is one of `schema.RUN_KINDS`."""
    run_id = str(uuid.uuid4())
    with db.begin() as connection:
        statement = "INSERT INTO runs (id, source_id, kind) VALUES (:id, :source, :kind)"
        connection.execute(text(statement), {"id": run_id, "source": source_id, "kind": kind})
    return run_id


def finish_run(db: Database, run_id: str, state: str) -> None:
    """Close the account: "finished", "failed" or "interrupted". A run that was closed before stays as it was."""
    with db.begin() as connection:
        statement = (
            "UPDATE runs SET state = :state, finished_at = clock_timestamp() WHERE id = :id AND state = 'running'"
        )
        connection.execute(text(statement), {"id": run_id, "state": state})


def end_abandoned(db: Database) -> int:
    """Close as "interrupted" the runs whose every worker is gone: killed, nobody closed their account."""
    statement = """
        UPDATE runs SET state = 'interrupted', finished_at = clock_timestamp()
        WHERE state = 'running' AND EXISTS (SELECT FROM workers WHERE run_id = runs.id)
          AND NOT EXISTS (SELECT FROM workers WHERE run_id = runs.id AND ended_at IS NULL)
    """
    with db.begin() as connection:
        return connection.execute(text(statement)).rowcount


def summarize(db: Database, run_id: str) -> RunSummary:
    """The account of a run from the catalogue, whichever workers did the work.

    An object is accounted to the last run that listed or settled it. `seconds` is since the start while the run lasts.
    """
    with db.begin() as connection:
        run = connection.execute(text(_RUN), {"run": run_id}).one_or_none()
        if run is None:
            raise DatabaseError(f"there is no run {run_id}")
        counted = connection.execute(text(_COUNTS), {"run": run_id}).all()
        cpu_seconds = connection.execute(text(_CPU_SECONDS), {"run": run_id}).scalar_one()
    counts = dict.fromkeys(Outcome, 0)
    reasons: dict[Reason, int] = {}
    pending = 0
    for state, reason, number in counted:
        if state == State.PENDING:
            pending += number
            continue
        counts[Outcome(state)] += number
        if reason is not None:
            reasons[Reason(reason)] = number
    return RunSummary(run_id, run.uri, counts, reasons, pending, float(run.seconds), float(cpu_seconds))


_RUN = """
    SELECT uri, extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at) AS seconds
    FROM runs JOIN sources ON sources.id = runs.source_id WHERE runs.id = :run
"""
_COUNTS = "SELECT state, reason, count(*) FROM objects WHERE run_id = :run GROUP BY state, reason"
_CPU_SECONDS = "SELECT coalesce(sum(cpu_seconds), 0) FROM sandbox_runs WHERE run_id = :run"


def file_reports(db: Database, run_id: str, states: Collection[str] = tuple(State)) -> Iterator[FileReport]:
    """Each object accounted to the run and in one of these states, in key order, a thousand at a time.

    For a run whose files other processes worked on. Seconds, CPU and memory are those of this run's sandboxes.
    """
    after = ""
    while True:
        with db.begin() as connection:
            parameters = {"run": run_id, "states": list(states), "after": after, "count": _REPORTS_AT_ONCE}
            rows = connection.execute(text(_REPORTS), parameters).all()
        yield from (_report(row) for row in rows)
        if len(rows) < _REPORTS_AT_ONCE:
            return
        after = rows[-1].key


_REPORTS = """
    SELECT objects.key, objects.state, objects.reason, objects.detail, objects.media_type, used.*,
           coalesce(entry.findings, revision.findings, '[]'::jsonb) AS findings,
           CASE WHEN objects.document_live THEN coalesce(revision.chunk_count, 0) ELSE 0 END AS chunks
    FROM objects
    LEFT JOIN documents ON documents.id = objects.document_id AND objects.document_live
    LEFT JOIN revisions revision ON revision.id = documents.current_revision_id
    LEFT JOIN quarantine_entries entry ON entry.object_id = objects.id AND entry.status = 'held'
    CROSS JOIN LATERAL (
        SELECT coalesce(max(parser_digest), '') AS parser, coalesce(sum(wall_seconds), 0) AS seconds,
               coalesce(sum(cpu_seconds), 0) AS cpu_seconds, coalesce(max(memory_peak_bytes), 0) AS peak_memory_bytes
        FROM sandbox_runs WHERE sandbox_runs.object_id = objects.id AND sandbox_runs.run_id = :run
    ) used
    WHERE objects.run_id = :run AND objects.state = ANY(:states) AND objects.key COLLATE "C" > :after
    ORDER BY objects.key COLLATE "C" LIMIT :count
"""


def _report(row: Row[Any]) -> FileReport:
    return FileReport(
        key=row.key,
        outcome=None if row.state == State.PENDING else Outcome(row.state),
        reason=None if row.reason is None else Reason(row.reason),
        detail=row.detail,
        findings=tuple(dict.fromkeys(str(finding["kind"]) for finding in row.findings)),
        media_type=row.media_type,
        parser=row.parser,
        seconds=float(row.seconds),
        cpu_seconds=float(row.cpu_seconds),
        peak_memory_bytes=int(row.peak_memory_bytes),
        chunks=int(row.chunks),
    )
