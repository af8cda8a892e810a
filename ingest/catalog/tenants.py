"""HOST, trusted: whose files may be worked on now, and how the workers are shared between tenants.

A tenant without a limit costs nothing here. One with a limit is counted as its files are claimed: files and bytes with
the claim, processor time with the record of each sandbox. In a minute of the clock counts what was claimed in it, begun
or given back. A quota lets files in as long as less than all of it is used,
so the file that reaches it may exceed it and none waits for ever. Days are those of UTC, by the database's clock.
What a claim was charged is given back, on the day of the claim, when the file comes back unread, from a worker that
released it or died: neither its size by now nor a crash of ours changes what a tenant has used.

Nothing marks a file as deferred: it is, while its tenant is, and a raised limit ends that at once.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from ingest.catalog.database import Database
from ingest.errors import ConfigurationError
from ingest.outcome import Deferral

LIMITS: Final = ("concurrency", "files_per_minute", "files_per_day", "bytes_per_day", "cpu_seconds_per_day")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant: its limits (None: no such limit), what it used today, and how many of its files are being worked on.

    `priority`, 1 to 100, is a weight: with all at work, a tenant of priority 3 has three times the workers of one of 1.
    """

    name: str
    priority: int
    concurrency: int | None
    files_per_minute: int | None
    files_per_day: int | None
    bytes_per_day: int | None
    cpu_seconds_per_day: float | None
    files: int
    bytes: int
    cpu_seconds: float
    leases: int
    served_at: datetime
    tomorrow: datetime
    minute_files: int
    next_minute: datetime

    @property
    def limited(self) -> bool:
        """Whether anything bounds it."""
        return any(getattr(self, name) is not None for name in LIMITS)

    @property
    def deferral(self) -> Deferral | None:
        """Why no further file of it may be claimed now, and until when; None when one may."""
        for limit, used in (("files_per_day", self.files), ("bytes_per_day", self.bytes)):
            if (most := getattr(self, limit)) is not None and used >= most:
                return Deferral(self.name, limit, self.tomorrow)
        if self.cpu_seconds_per_day is not None and self.cpu_seconds >= self.cpu_seconds_per_day:
            return Deferral(self.name, "cpu_seconds_per_day", self.tomorrow)
        if self.concurrency is not None and self.leases >= self.concurrency:
            return Deferral(self.name, "concurrency", None)
        if self.files_per_minute is not None and self.minute_files >= self.files_per_minute:
            return Deferral(self.name, "files_per_minute", self.next_minute)
        return None

    @property
    def room(self) -> int | None:
        """How many further files may be claimed at once; None for any number."""
        if self.deferral is not None:
            return 0
        rooms = [
            most - used
            for most, used in (
                (self.files_per_day, self.files),
                (self.files_per_minute, self.minute_files),
                (self.concurrency, self.leases),
            )
            if most is not None
        ]
        return min(rooms, default=None)

    def with_claimed(self, files: int, size: int) -> "Tenant":
        """The same tenant after so many further files, of so many bytes in all, were claimed."""
        return replace(
            self,
            leases=self.leases + files,
            files=self.files + files,
            bytes=self.bytes + size,
            minute_files=self.minute_files + files,
        )

    @property
    def bytes_left(self) -> int | None:
        """How many bytes the quota has left; None for any number."""
        return None if self.bytes_per_day is None else self.bytes_per_day - self.bytes


def share_out(tenants: Collection[Tenant], count: int) -> dict[str, int]:
    """How many of `count` further files each tenant gets: one at a time to whoever has the smallest share at work.

    A share is files at work by priority. Of equals, the one that was served longest ago comes first.
    """
    granted: Counter[str] = Counter()
    able = [tenant for tenant in tenants if tenant.room != 0]
    while able and granted.total() < count:
        chosen = min(able, key=lambda t: ((t.leases + granted[t.name]) / t.priority, t.served_at, t.name))
        granted[chosen.name] += 1
        if chosen.room is not None and granted[chosen.name] >= chosen.room:
            able.remove(chosen)
    return dict(granted)


def lock_tenants(connection: Connection, source_ids: Sequence[int]) -> dict[str, Tenant]:
    """The tenants of these sources, which nobody else shares out until the transaction ends."""
    statement = """
        SELECT name FROM tenants WHERE name IN (SELECT tenant FROM sources WHERE id = ANY(CAST(:sources AS int[])))
        ORDER BY name FOR NO KEY UPDATE
    """
    names = connection.execute(text(statement), {"sources": list(source_ids)}).scalars().all()
    refund_unheld(connection, source_ids)
    # A statement of its own, after the locks: it must see what the one before us in the queue has written.
    return {tenant.name: tenant for tenant in _read(connection, names)}


def note_served(connection: Connection, claimed: Mapping[str, tuple[int, int]]) -> None:
    """Count what was just claimed, as tenant to (files, bytes). The tenants are locked by the caller."""
    for name, (files, size) in claimed.items():
        connection.execute(text(_NOTE), {"tenant": name, "files": files, "bytes": size})


_NOTE = """
    WITH served AS (
        UPDATE tenants SET served_at = clock_timestamp(), minute = date_trunc('minute', clock_timestamp()),
            minute_files = :files
                + CASE WHEN minute = date_trunc('minute', clock_timestamp()) THEN minute_files ELSE 0 END
        WHERE name = :tenant RETURNING name, limited
    )
    INSERT INTO tenant_usage (tenant, day, files, bytes)
    SELECT name, current_date, :files, :bytes FROM served WHERE limited
    ON CONFLICT (tenant, day) DO UPDATE SET
        files = tenant_usage.files + excluded.files, bytes = tenant_usage.bytes + excluded.bytes
"""


# Takes `freed` (source_id, charged_day, charged_bytes), of objects that are locked and lose their charge.
REFUND = """
    owed AS (
        SELECT sources.tenant, charged_day AS day, count(*) AS files, sum(charged_bytes) AS bytes
        FROM freed JOIN sources ON sources.id = freed.source_id WHERE charged_day IS NOT NULL GROUP BY 1, 2
    ), locked AS (
        SELECT used.tenant, used.day, owed.files, owed.bytes
        FROM tenant_usage used JOIN owed ON owed.tenant = used.tenant AND owed.day = used.day
        ORDER BY used.tenant, used.day FOR UPDATE OF used
    ), refunded AS (
        UPDATE tenant_usage SET
            files = greatest(tenant_usage.files - locked.files, 0),
            bytes = greatest(tenant_usage.bytes - locked.bytes, 0)
        FROM locked WHERE tenant_usage.tenant = locked.tenant AND tenant_usage.day = locked.day
    )
"""


def refund_unheld(connection: Connection, source_ids: Sequence[int]) -> None:
    """Give back what was charged for files whose lease ran out, or was taken by a new version."""
    connection.execute(text(_REFUND_UNHELD), {"sources": list(source_ids)})


_REFUND_UNHELD = f"""
    WITH freed AS (
        SELECT id, source_id, charged_day, charged_bytes FROM objects
        WHERE source_id = ANY(CAST(:sources AS int[])) AND charged_day IS NOT NULL
          AND (lease_owner IS NULL OR lease_expires_at < clock_timestamp())
        FOR UPDATE SKIP LOCKED
    ), cleared AS (
        UPDATE objects SET charged_day = NULL, charged_bytes = NULL FROM freed WHERE objects.id = freed.id
    ), {REFUND}
    SELECT
"""  # noqa: S608 - all constants


def deferral_of_source(connection: Connection, source_id: int) -> Deferral | None:
    """Why no file of this source may be claimed now, if its tenant has reached a limit."""
    statement = "SELECT name FROM tenants JOIN sources ON tenant = name WHERE sources.id = :source AND limited"
    name = connection.execute(text(statement), {"source": source_id}).scalar_one_or_none()
    return None if name is None else _read(connection, [name])[0].deferral


def list_tenants(db: Database) -> list[Tenant]:
    """Every tenant, by name."""
    with db.begin() as connection:
        names = connection.execute(text("SELECT name FROM tenants ORDER BY name")).scalars().all()
        return _read(connection, names)


def set_tenant(db: Database, name: str, changes: Mapping[str, int | float | None]) -> Tenant:
    """Change limits or priority of a tenant, made on first use; None lifts a limit. Raises `ConfigurationError`."""
    if unknown := sorted(set(changes) - {*LIMITS, "priority"}):
        raise ConfigurationError(f"a tenant has no {', '.join(unknown)}")
    with db.begin() as connection:
        connection.execute(text("INSERT INTO tenants (name) VALUES (:name) ON CONFLICT DO NOTHING"), {"name": name})
        for column, value in changes.items():
            statement = f"UPDATE tenants SET {column} = :value WHERE name = :name"  # noqa: S608 - one of six words
            connection.execute(text(statement), {"value": value, "name": name})
        return _read(connection, [name])[0]


def _read(connection: Connection, names: Sequence[str]) -> list[Tenant]:
    rows = connection.execute(text(_READ), {"names": list(names)}).all()
    return [Tenant(**{**row._mapping, "served_at": row.served_at or _LONG_AGO}) for row in rows]


_READ = """
    SELECT name, priority, concurrency, files_per_minute, files_per_day, bytes_per_day, cpu_seconds_per_day, served_at,
           CASE WHEN minute = date_trunc('minute', clock_timestamp()) THEN minute_files ELSE 0 END AS minute_files,
           date_trunc('minute', clock_timestamp()) + interval '1 minute' AS next_minute,
           coalesce(used.files, 0) AS files, coalesce(used.bytes, 0) AS bytes,
           coalesce(used.cpu_seconds, 0) AS cpu_seconds, coalesce(held.leases, 0) AS leases,
           CAST(current_date + 1 AS timestamptz) AS tomorrow
    FROM tenants LEFT JOIN tenant_usage used ON used.tenant = name AND used.day = current_date
    LEFT JOIN (
        SELECT sources.tenant, count(*) AS leases FROM objects JOIN sources ON sources.id = objects.source_id
        WHERE lease_owner IS NOT NULL AND lease_expires_at >= clock_timestamp() GROUP BY sources.tenant
    ) held ON held.tenant = name
    WHERE name = ANY(CAST(:names AS text[])) ORDER BY name
"""


def as_json(tenant: Tenant) -> dict[str, Any]:
    """The documented object of `tenants list --json`."""
    deferral = tenant.deferral
    return {
        "type": "tenant",
        "name": tenant.name,
        "priority": tenant.priority,
        **{limit: getattr(tenant, limit) for limit in LIMITS},
        "today": {"files": tenant.files, "bytes": tenant.bytes, "cpu_seconds": round(tenant.cpu_seconds, 3)},
        "at_work": tenant.leases,
        "deferred": None if deferral is None else deferral.as_json(),
    }
