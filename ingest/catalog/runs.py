"""HOST, trusted: sources, and the account of each run over one."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from contract.verdicts import Reason
from ingest.catalog.database import Database
from ingest.catalog.parses import storable
from ingest.catalog.schema import State
from ingest.errors import DatabaseError
from ingest.outcome import Deferral, FileReport, Outcome, RunSummary

_REPORTS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """A store's canonical address (no credentials), and its number in the catalogue."""

    id: int
    uri: str


def open_source(db: Database, uri: str, *, tenant: str | None = None, priority: int | None = None) -> Source:
    """The source of this address, made on first use. A tenant and a priority that are given are its own from now on."""
    with db.begin() as connection:
        statement = "INSERT INTO tenants (name) VALUES (coalesce(:tenant, 'default')) ON CONFLICT DO NOTHING"
        connection.execute(text(statement), {"tenant": tenant})
        parameters = {"uri": uri, "tenant": tenant, "priority": priority}
        return Source(int(connection.execute(text(_OPEN_SOURCE), parameters).scalar_one()), uri)


# An update, even when it changes nothing, makes RETURNING answer for a row that was there before.
_OPEN_SOURCE = """
    INSERT INTO sources (uri, tenant, priority)
    VALUES (:uri, coalesce(:tenant, 'default'), coalesce(CAST(:priority AS integer), 0))
    ON CONFLICT (uri) DO UPDATE SET
        tenant = coalesce(:tenant, sources.tenant), priority = coalesce(CAST(:priority AS integer), sources.priority)
    RETURNING id
"""


def start_run(db: Database, source_id: int, kind: str, worker_id: str | None = None) -> str:
    """Open the account of a run and return its id. `kind` is one of `schema.RUN_KINDS`.

    A registered worker plans it and closes it; if that worker dies, `end_abandoned` finds it.
    """
    run_id = str(uuid.uuid4())
    with db.begin() as connection:
        statement = "INSERT INTO runs (id, source_id, kind, planner) VALUES (:id, :source, :kind, :planner)"
        parameters = {"id": run_id, "source": source_id, "kind": kind, "planner": worker_id}
        connection.execute(text(statement), parameters)
        if worker_id is not None:
            statement = "UPDATE workers SET run_id = :id WHERE id = :worker"
            connection.execute(text(statement), {"id": run_id, "worker": worker_id})
    return run_id


def finish_run(db: Database, run_id: str, state: str, detail: str = "") -> None:
    """Close the account: "finished", "failed" or "interrupted", and why. A run that was closed before stays as it was.

    Only an interrupted one may still end otherwise: it was taken for dead while its database was away, and lives.
    """
    with db.begin() as connection:
        statement = """
            UPDATE runs SET state = :state, detail = :detail, finished_at = clock_timestamp()
            WHERE id = :id AND state IN ('running', 'interrupted')
        """
        connection.execute(text(statement), {"id": run_id, "state": state, "detail": storable(detail)})


def end_abandoned(db: Database) -> int:
    """Close, as interrupted, the account of every run whose workers are all gone: killed, they could not do so.

    Call it after `claims.reclaim_dead`, which finds out who is gone. Returns how many.
    """
    statement = """
        UPDATE runs SET state = 'interrupted', detail = 'its workers are gone', finished_at = clock_timestamp()
        WHERE state = 'running' AND EXISTS (SELECT FROM workers WHERE run_id = runs.id OR id = runs.planner)
          AND NOT EXISTS (SELECT FROM workers WHERE (run_id = runs.id OR id = runs.planner) AND ended_at IS NULL)
    """
    with db.begin() as connection:
        return connection.execute(text(statement)).rowcount


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: whose source, whether it goes on, and who planned it, on which host, if that worker lives."""

    run_id: str
    source: Source
    running: bool
    planned: bool
    planner_host: str


def standing(db: Database, run_id: str) -> Standing:
    """How a run stands now. Call `claims.reclaim_dead` before, to know who lives. Raises `DatabaseError`: no such."""
    statement = """
        SELECT source_id, uri, runs.state = 'running' AS running, coalesce(host, '') AS host,
               coalesce(workers.id IS NOT NULL AND workers.ended_at IS NULL, false) AS planned
        FROM runs JOIN sources ON sources.id = runs.source_id LEFT JOIN workers ON workers.id = runs.planner
        WHERE runs.id = :run
    """
    with db.begin() as connection:
        row = connection.execute(text(statement), {"run": run_id}).one_or_none()
    if row is None:
        raise DatabaseError(f"there is no run {run_id}")
    return Standing(run_id, Source(row.source_id, row.uri), row.running, row.planned, row.host)


def summarize(db: Database, run_id: str, deferral: Deferral | None = None) -> RunSummary:
    """The account of a run from the catalogue, whichever workers did the work.

    With a `deferral`, what waits without having been tried counts as deferred, what a fault of ours left as pending.
    An object is accounted to the last run that listed or settled it; what this run ended and another run accounts for
    is counted apart. `seconds` is since the start while the run lasts.
    """
    with db.begin() as connection:
        run = connection.execute(text(_RUN), {"run": run_id}).one_or_none()
        if run is None:
            raise DatabaseError(f"there is no run {run_id}")
        counted = connection.execute(text(_COUNTS), {"run": run_id}).all()
        deferred = 0 if deferral is None else connection.execute(text(_DEFERRED), {"run": run_id}).scalar_one()
        cpu_seconds = connection.execute(text(_CPU_SECONDS), {"run": run_id}).scalar_one()
        elsewhere = connection.execute(text(_ELSEWHERE), {"run": run_id, "source": run.source_id}).scalar_one()
        ended_elsewhere = connection.execute(text(_ENDED), {"run": run_id, "source": run.source_id}).all()
    counts, embedded = dict.fromkeys(Outcome, 0), dict.fromkeys(Outcome, 0)
    reasons: dict[Reason, int] = {}
    embedded_reasons: dict[Reason, int] = {}
    pending = 0
    for inside, state, reason, number in counted:
        if state == State.PENDING:
            pending += number
            continue
        (embedded if inside else counts)[Outcome(state)] += number
        if reason is not None:
            (embedded_reasons if inside else reasons)[Reason(reason)] = number
    return RunSummary(
        run_id=run_id,
        source=run.uri,
        counts=counts,
        reasons=reasons,
        embedded=embedded,
        embedded_reasons=embedded_reasons,
        pending=pending - deferred,
        pending_elsewhere=elsewhere,
        accounted_elsewhere={Outcome(row.state): row.files for row in ended_elsewhere},
        deferred=deferred,
        deferral=deferral if deferred else None,
        seconds=float(run.seconds),
        cpu_seconds=float(cpu_seconds),
    )


_RUN = """
    SELECT uri, source_id, extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at) AS seconds
    FROM runs JOIN sources ON sources.id = runs.source_id WHERE runs.id = :run
"""
_COUNTS = """
    SELECT parent_id IS NOT NULL, state, reason, count(*) FROM objects WHERE run_id = :run GROUP BY 1, 2, 3
"""
_DEFERRED = """
    SELECT count(*) FROM objects WHERE run_id = :run AND state = 'pending' AND attempts = 0 AND lease_owner IS NULL
"""
_ELSEWHERE = """
    SELECT count(*) FROM objects WHERE source_id = :source AND state = 'pending' AND attempts > 0 AND run_id <> :run
"""
# What this run brought to an end before another run of the source came upon it.
_ENDED = """
    SELECT state, count(*) AS files FROM objects
    WHERE source_id = :source AND settled_run_id = :run AND run_id <> :run AND state <> 'pending' GROUP BY state
"""
_CPU_SECONDS = "SELECT coalesce(sum(cpu_seconds), 0) FROM sandbox_runs WHERE run_id = :run"


def file_reports(
    db: Database,
    run_id: str,
    states: Collection[str] = tuple(State),
    *,
    settled_by_run: bool = True,
    with_parents: bool = False,
) -> Iterator[FileReport]:
    """Each object accounted to the run and in one of these states, in the order of first sight, a thousand at a time.

    Without `settled_by_run`, only those that the run came upon in that state and did no work on; with `with_parents`,
    only files inside others that came to that state when their container did. Seconds, CPU and memory are those of this
    run's sandboxes.
    """
    after = 0
    while True:
        with db.begin() as connection:
            parameters = {"run": run_id, "states": list(states), "after": after, "count": _REPORTS_AT_ONCE}
            parameters |= {"settled": settled_by_run, "with_parents": with_parents}
            rows = connection.execute(text(_REPORTS), parameters).all()
        yield from (_report(row) for row in rows)
        if len(rows) < _REPORTS_AT_ONCE:
            return
        after = rows[-1].id


# The page comes first, in the order of the primary key: joined before it is cut, it would cost a pass over every object
# of the source each time.
_REPORTS = """
    WITH page AS MATERIALIZED (
        SELECT * FROM objects
        WHERE run_id = :run AND state = ANY(:states) AND id > :after
          AND (:settled OR CASE WHEN parent_id IS NOT NULL AND settled_run_id IS NULL THEN :with_parents
                                ELSE NOT :with_parents AND settled_run_id IS DISTINCT FROM run_id END)
        ORDER BY id LIMIT :count
    )
    SELECT page.id, page.key, coalesce(parent.key, '') AS parent, page.state, page.reason, page.detail, page.media_type,
           used.*,
           coalesce(entry.findings, revision.findings, '[]'::jsonb) AS findings,
           CASE WHEN page.document_live THEN coalesce(revision.chunk_count, 0) ELSE 0 END AS chunks
    FROM page
    LEFT JOIN documents ON documents.id = page.document_id AND page.document_live
    LEFT JOIN revisions revision ON revision.id = documents.current_revision_id
    LEFT JOIN quarantine_entries entry ON entry.object_id = page.id AND entry.status = 'held'
    LEFT JOIN objects parent ON parent.id = page.parent_id
    CROSS JOIN LATERAL (
        SELECT coalesce(max(parser_digest), '') AS parser, coalesce(sum(wall_seconds), 0) AS seconds,
               coalesce(sum(cpu_seconds), 0) AS cpu_seconds, coalesce(max(memory_peak_bytes), 0) AS peak_memory_bytes
        FROM sandbox_runs WHERE sandbox_runs.object_id = page.id AND sandbox_runs.run_id = :run
    ) used
    ORDER BY page.id
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
        parent=row.parent,
    )


def count_untried(db: Database, run_id: str) -> int:
    """How many files of a run are pending, in nobody's hands, and were not tried since they were last listed."""
    with db.begin() as connection:
        return int(connection.execute(text(_DEFERRED), {"run": run_id}).scalar_one())
