"""HOST, trusted: how a claim takes objects, and how one claim is shared out between tenants. `claims` says when."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, text

from ingest.catalog import tenants
from ingest.outcome import Json

FREE_NOW = """
    state = 'pending' AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
    AND (not_before IS NULL OR not_before <= clock_timestamp()) AND attempts < :attempts_max AND deaths = 0
"""
# A claim reads the index of pending objects, or that of suspects: nothing else gives the order it asks for. If the
# planner knew the source to be one, the primary key would give it as well, and would be taken, for free objects are
# believed to be spread evenly: past every object that is done, which is 36 ms behind 30,000 of them.
IN_TURN = "ORDER BY source_id, deaths, id"
UNSUSPECTED, SUSPECTED = "AND deaths = 0", "AND deaths > 0"
# A lease that ran out is a death as well: of a host that vanished with its connections open.
# Tries are counted in one run. What a run left that is over begins anew: its kill was no fault of the file's. Tries of
# a run that goes on elsewhere count, lest two runs hand a file to each other for ever.
TAKEN = """
    lease_owner = :owner, lease_expires_at = clock_timestamp() + make_interval(secs => :seconds),
    attempts = 1 + CASE
        WHEN objects.run_id = {run}
            OR EXISTS (SELECT FROM runs WHERE runs.id = objects.run_id AND runs.state = 'running')
        THEN attempts ELSE 0 END,
    fence = fence + 1, not_before = NULL, run_id = {run}, charged_day = {day}, charged_bytes = {bytes},
    deaths = deaths + CASE WHEN lease_owner <> :owner THEN 1 ELSE 0 END
"""
AS_CLAIM = """
    objects.id, objects.source_id, objects.run_id, key, version, size, modified, irregular, fence, lease_owner,
    attempts, override, deaths, parent_id, depth, name, media_type, withheld, withheld_detail
"""


def in_queue(source: str) -> str:
    """That an object is of a source, said so that the planner keeps to `IN_TURN`."""
    return f"objects.source_id BETWEEN {source} AND {source}"


def claim_in_shares(
    connection: Connection, served: Mapping[int, str], parameters: Json, *, suspects: bool = False
) -> list[Row[Any]]:
    """Share out among the tenants, and again what those left that had less to do than they might have had."""
    statement = _CLAIM_SHARE.replace(UNSUSPECTED, SUSPECTED) if suspects else _CLAIM_SHARE
    parameters = parameters | {"sources": list(served), "runs": list(served.values())}
    able = tenants.lock_tenants(connection, list(served))
    taken: dict[str, list[Row[Any]]] = {name: [] for name in able}
    while able and (left := parameters["count"] - sum(map(len, taken.values()))) > 0:
        granted = tenants.share_out(able.values(), left)
        if not granted:
            break
        for name, number in granted.items():
            tenant = able[name]
            asked = {"tenant": name, "count": number, "bytes_left": tenant.bytes_left, "limited": tenant.limited}
            rows = connection.execute(text(statement), parameters | asked).all()
            taken[name] += rows
            if len(rows) < number:
                del able[name]
            else:
                able[name] = tenant.with_claimed(len(rows), sum(row.size for row in rows))
    claimed = {name: (len(rows), sum(row.size for row in rows)) for name, rows in taken.items() if rows}
    tenants.note_served(connection, claimed)
    return [row for turn in zip_longest(*taken.values()) for row in turn if row is not None]


_CHARGED = {"day": "CASE WHEN :limited THEN current_date END", "bytes": "CASE WHEN :limited THEN size END"}
_CLAIM_SHARE = f"""
    UPDATE objects SET {TAKEN.format(run="served.run_id", **_CHARGED)}
    FROM unnest(CAST(:sources AS int[]), CAST(:runs AS uuid[])) AS served(source_id, run_id)
    WHERE objects.source_id = served.source_id AND objects.id = ANY(ARRAY(
        SELECT id FROM (
            SELECT id, sum(size) OVER (ORDER BY priority DESC, id) - size AS bytes_before
            FROM (
                SELECT free.id, free.size, sources.priority FROM sources CROSS JOIN LATERAL (
                    SELECT id, size FROM objects
                    WHERE {in_queue("sources.id")} AND {FREE_NOW}
                      AND (CAST(:ids AS bigint[]) IS NULL
                           OR id = ANY(CAST(:ids AS bigint[])) OR root_id = ANY(CAST(:ids AS bigint[])))
                    {IN_TURN} LIMIT :count FOR UPDATE SKIP LOCKED
                ) free
                WHERE sources.id = ANY(CAST(:sources AS int[])) AND sources.tenant = :tenant
                ORDER BY sources.priority DESC, free.id LIMIT :count
            ) picked
        ) counted WHERE CAST(:bytes_left AS bigint) IS NULL OR bytes_before < :bytes_left
    ))
    RETURNING {AS_CLAIM}
"""  # noqa: S608 - all constants
