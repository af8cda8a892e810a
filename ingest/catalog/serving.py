"""HOST, trusted: which sources have files that a worker could begin now, and to which runs these files belong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from ingest.catalog import tenants
from ingest.catalog.database import Database
from ingest.catalog.runs import Source
from ingest.catalog.sharing import FREE_NOW
from ingest.outcome import Deferral

SEEN_BY_EVERY_HOST = "s3://"


@dataclass(frozen=True, slots=True)
class Servable:
    """A source with files to begin, and the run of it that goes on, if one does: these files are that run's."""

    source: Source
    run_id: str | None


def find_servable(
    db: Database, *, only: Sequence[int] | None, without: Collection[int], attempts_max: int, count: int
) -> list[Servable]:
    """At most `count` sources with a file that is free to begin, the tenants taking turns, most urgent first.

    Neither a paused source, nor one whose last run was cancelled or drained, nor one whose tenant has no quota left.
    Without `only`, buckets alone: a folder of the same
    name on another host is another folder, whose files are not the catalogue's.
    """
    deferred = [deferral.tenant for deferral in deferrals(db)]
    parameters = {
        "only": None if only is None else list(only),
        "without": list(without),
        "deferred": deferred,
        "everywhere": f"{SEEN_BY_EVERY_HOST}%",
        "attempts_max": attempts_max,
        "count": count,
    }
    with db.begin() as connection:
        rows = connection.execute(text(_FIND), parameters).all()
    return [Servable(Source(row.id, row.uri), None if row.run_id is None else str(row.run_id)) for row in rows]


# A run whose planner is gone is nobody's to close but `runs.end_abandoned`'s, so no further file is accounted to it.
# Whoever ended a source's last run by an order did not mean that the next worker at hand should go on at once.
_FIND = f"""
    WITH going_on AS (
        SELECT DISTINCT ON (source_id) source_id, runs.id FROM runs JOIN workers ON workers.id = runs.planner
        WHERE state = 'running' AND workers.ended_at IS NULL ORDER BY source_id, runs.started_at DESC
    ), stopped AS (
        SELECT runs.source_id FROM controls JOIN runs ON runs.id = controls.run_id WHERE NOT EXISTS (
            SELECT FROM runs later WHERE later.source_id = runs.source_id AND later.started_at > runs.started_at)
    )
    SELECT turns.id, uri, going_on.id AS run_id FROM (
        SELECT sources.id, uri, tenants.priority, served_at,
               row_number() OVER (PARTITION BY tenant ORDER BY sources.priority DESC, sources.id) AS turn
        FROM sources JOIN tenants ON tenants.name = sources.tenant
        WHERE CASE WHEN CAST(:only AS int[]) IS NULL THEN uri LIKE :everywhere ELSE sources.id = ANY(:only) END
          AND sources.id <> ALL(CAST(:without AS int[])) AND tenant <> ALL(CAST(:deferred AS text[]))
          AND NOT EXISTS (
              SELECT FROM controls WHERE wish = 'pause' AND (source_id IS NULL OR source_id = sources.id))
          AND sources.id NOT IN (SELECT source_id FROM stopped)
          AND EXISTS (SELECT FROM objects WHERE source_id = sources.id AND {FREE_NOW})
    ) turns LEFT JOIN going_on ON going_on.source_id = turns.id
    ORDER BY turn, priority DESC, served_at NULLS FIRST, turns.id LIMIT :count
"""  # noqa: S608 - all constants


def deferrals(db: Database) -> list[Deferral]:
    """What keeps tenants waiting for longer than a run waits."""
    found = (tenant.deferral for tenant in tenants.list_tenants(db))
    return [deferral for deferral in found if deferral is not None and not deferral.brief]


def count_deferred(db: Database, deferral: Deferral) -> int:
    """How many files a tenant's limit keeps waiting."""
    statement = """
        SELECT count(*) FROM objects JOIN sources ON sources.id = source_id
        WHERE tenant = :tenant AND state = 'pending' AND lease_owner IS NULL
    """
    with db.begin() as connection:
        return int(connection.execute(text(statement), {"tenant": deferral.tenant}).scalar_one())
