"""HOST, trusted: who works on what. Leases with a fence, by workers whose death the database itself notices.

A worker holds an advisory lock on a connection of its own. When the process dies, by whatever signal, the server drops
the connection and with it the lock; whoever can take the lock knows that the worker is dead and frees its leases at
once. The lease's time is the second line, for a host that vanished without closing its connections.

Every claim raises the object's fence. Whoever settles an object must name the fence it was claimed with, so a worker
that was declared dead too early can still finish its work, but no longer write it.
"""

import os
import socket
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
from sqlalchemy import Row, text

from contract.verdicts import Reason
from ingest.catalog import tenants
from ingest.catalog.database import Database
from ingest.catalog.lineage import SEPARATOR
from ingest.catalog.parses import storable
from ingest.catalog.sharing import AS_CLAIM, FREE_NOW, IN_TURN, SUSPECTED, TAKEN, UNSUSPECTED, claim_in_shares, in_queue
from ingest.errors import DatabaseError, LeaseLost
from ingest.outcome import Deferral, Json
from ingest.store.base import StoredObject

ATTEMPTS_UNBOUNDED = 1 << 30
LOCK_CLASS = 0x676C6F76  # "glov": the first half of a worker's advisory lock, its `lock_key` is the second


@dataclass(frozen=True, slots=True)
class Within:
    """Where an embedded file lies. Its bytes are kept under its claim's `version`, their hash, unless `withheld`.

    `media_type` is what its container, or an earlier reading, said it is.
    """

    parent_id: int
    depth: int
    name: str
    media_type: str
    withheld: Reason | None
    detail: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One object, ours until the lease ends. `override` is what a reviewer decided about this content, or empty.

    `deaths` are workers that died while it was theirs. `within` is None for a file of the source. The key of any other
    is for people, and may change during the lease.
    """

    object_id: int
    source_id: int
    run_id: str
    key: str
    version: str
    size: int
    modified: float
    irregular: str
    fence: int
    owner: str
    attempts: int
    override: Json
    deaths: int = 0
    within: Within | None = None

    @property
    def parent_key(self) -> str:
        """The key of the file this one lies in; empty for a file of the source."""
        return "" if self.within is None else self.key.removesuffix(SEPARATOR + self.within.name)

    @property
    def stored(self) -> StoredObject:
        """The object as it was listed, to open that very version."""
        return StoredObject(self.key, self.version, self.size, self.modified, self.irregular)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a source still waits for: free to claim now, held by workers, and backing off.

    `next_seconds` is the time until a lease ends or a back-off is over; None when nothing is held or backing off.
    `deferred` would be claimable, were it not for the limit of the tenant that `deferral` names.
    """

    claimable: int
    leased: int
    delayed: int
    next_seconds: float | None
    deferred: int = 0
    deferral: Deferral | None = None


class Worker:
    """A registered worker: one per process is enough, its threads share it."""

    def __init__(self, db: Database, run_id: str | None) -> None:
        self.id = str(uuid.uuid4())
        self._db = db
        self._one_at_a_time = threading.Lock()
        self._presence = db.connect_alone()
        # The lock comes before the row: there is no moment in which a living worker looks dead.
        (key,) = (
            self._presence.execute("SELECT nextval(pg_get_serial_sequence('workers', 'lock_key'))").fetchone() or ()
        )
        self._lock_key = int(str(key))
        self._take_lock()
        with db.begin() as connection:
            parameters = {"id": self.id, "key": self._lock_key, "run": run_id, "pid": os.getpid()}
            connection.execute(text(_REGISTER), parameters | {"host": storable(socket.gethostname())})

    def ensure_presence(self) -> None:
        """Take the lock again after the server was restarted; until then this worker looks dead to the others."""
        with self._one_at_a_time:
            try:
                self._presence.execute("SELECT 1")
            except psycopg.Error:
                self._presence.close()
                self._presence = self._db.connect_alone()
                self._take_lock()
                with self._db.begin() as connection:
                    connection.execute(text("UPDATE workers SET ended_at = NULL WHERE id = :id"), {"id": self.id})

    def _take_lock(self) -> None:
        """Waits for whoever is just trying whether the lock is free, and for nobody else: the key is ours alone."""
        try:
            self._presence.execute("SELECT pg_advisory_lock(%s, %s)", (LOCK_CLASS, self._lock_key))
        except psycopg.Error as error:
            self._presence.close()
            raise DatabaseError(f"worker {self.id} cannot take its lock: {type(error).__name__}") from error

    def close(self) -> None:
        """Sign off: leases are freed for others, the lock is dropped. Idempotent."""
        if self._presence.closed:
            return
        with self._db.begin() as connection:
            connection.execute(text(_FREE), {"workers": [self.id], "deaths": 0})
        self._presence.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def register_worker(db: Database, run_id: str | None = None) -> Worker:
    """Enter this process in the catalogue and take its lock, on a connection besides the pool's."""
    return Worker(db, run_id)


_REGISTER = """
    INSERT INTO workers (id, lock_key, run_id, host, pid) OVERRIDING SYSTEM VALUE VALUES (:id, :key, :run, :host, :pid)
"""


def claim(
    db: Database,
    worker: Worker,
    source_id: int,
    run_id: str,
    count: int,
    lease_seconds: float,
    object_ids: Sequence[int] | None = None,
    *,
    attempts_max: int = ATTEMPTS_UNBOUNDED,
    suspects: bool = False,
) -> list[Claim]:
    """Take up to `count` objects that nobody works on, oldest first; with `object_ids`, only from among those.

    What lies in one of those counts as one of them.

    Objects that were tried `attempts_max` times already are left for the next run. Callers never wait for each other
    and never get the same object. Leases that ran out are taken over. A tenant's limits hold; see `tenants`.

    Objects that workers died with are left alone, unless `suspects` alone are asked for: then those with the fewest
    deaths come first. Which of a dead worker's files was its death shows when each of them is tried by itself.
    """
    worker.ensure_presence()
    with db.begin() as connection:
        parameters = {
            "source": source_id,
            "run": run_id,
            "owner": worker.id,
            "count": count,
            "seconds": lease_seconds,
            "ids": None if object_ids is None else list(object_ids),
            "attempts_max": attempts_max,
        }
        statement = _CLAIM if object_ids is None else _CLAIM_OF
        statement = statement.replace(UNSUSPECTED, SUSPECTED) if suspects else statement
        rows = connection.execute(text(statement), parameters).all()
        if not rows and connection.execute(text(_LIMITED), parameters).scalar_one():
            rows = claim_in_shares(connection, {source_id: run_id}, parameters, suspects=suspects)
    return sorted((_claim(row) for row in rows), key=lambda claimed: claimed.object_id)


_LIMITED = "SELECT limited FROM sources JOIN tenants ON tenants.name = sources.tenant WHERE sources.id = :source"
# The usual case, of a tenant without limits, is this one statement.
_CLAIM = f"""
    UPDATE objects SET {TAKEN.format(run=":run", day="NULL", bytes="NULL")}
    WHERE NOT ({_LIMITED}) AND id = ANY(ARRAY(
        SELECT id FROM objects WHERE {in_queue(":source")} AND {FREE_NOW}
        {IN_TURN} LIMIT :count FOR UPDATE SKIP LOCKED
    ))
    RETURNING {AS_CLAIM}
"""  # noqa: S608 - all constants
_AMONG = "(id = ANY(CAST(:ids AS bigint[])) OR root_id = ANY(CAST(:ids AS bigint[])))"
_CLAIM_OF = _CLAIM.replace(in_queue(":source"), f"{in_queue(':source')} AND {_AMONG}")


def claim_fairly(
    db: Database,
    worker: Worker,
    served: Mapping[int, str],
    count: int,
    lease_seconds: float,
    *,
    attempts_max: int = ATTEMPTS_UNBOUNDED,
    suspects: bool = False,
) -> list[Claim]:
    """As `claim`, over all the sources a worker serves, given as source id to run id. Tenants take turns in the answer.

    Tenants get their shares by files at work and priority, as `tenants.share_out` says; within a tenant, sources of
    higher priority come first, and among equals the oldest object.
    """
    worker.ensure_presence()
    with db.begin() as connection:
        parameters = {
            "owner": worker.id,
            "count": count,
            "seconds": lease_seconds,
            "ids": None,
            "attempts_max": attempts_max,
        }
        return [_claim(row) for row in claim_in_shares(connection, served, parameters, suspects=suspects)]


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        object_id=row.id,
        source_id=row.source_id,
        run_id=str(row.run_id),
        key=row.key,
        version=row.version,
        size=row.size,
        modified=row.modified,
        irregular=row.irregular,
        fence=row.fence,
        owner=str(row.lease_owner),
        attempts=row.attempts,
        override=row.override,
        deaths=row.deaths,
        within=_within(row),
    )


def _within(row: Row[Any]) -> Within | None:
    if row.parent_id is None:
        return None
    withheld = None if row.withheld is None else Reason(row.withheld)
    return Within(row.parent_id, row.depth, row.name, row.media_type, withheld, row.withheld_detail)


def heartbeat(
    db: Database, worker: Worker, lease_seconds: float, object_ids: Sequence[int] | None = None
) -> frozenset[int]:
    """Renew every lease of this worker and return the objects it still holds. Call it three times per lease.

    With `object_ids`, only leases of these: one that the worker does not know of, because the connection broke before
    it heard of its claim or after it gave the object back, must run out.

    An object that a transaction has locked is passed over: waiting for a long publication would let every other lease
    of this worker end, and nobody can claim what is locked.
    """
    worker.ensure_presence()
    with db.begin() as connection:
        statement = """
            UPDATE objects SET lease_expires_at = clock_timestamp() + make_interval(secs => :seconds)
            WHERE id = ANY(ARRAY(SELECT id FROM objects WHERE lease_owner = :owner
                AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[]))) FOR UPDATE SKIP LOCKED))
        """
        ids = None if object_ids is None else list(object_ids)
        connection.execute(text(statement), {"owner": worker.id, "seconds": lease_seconds, "ids": ids})
        held = text("SELECT id FROM objects WHERE lease_owner = :owner")
        return frozenset(connection.execute(held, {"owner": worker.id}).scalars())


def release(db: Database, claimed: Claim, detail: str, delay_seconds: float, *, begun: bool = True) -> None:
    """Give an object back after a fault of ours: it stays pending, and nobody claims it before the delay is over.

    One that was not `begun` gets its attempt back, too. Its tenant's quota gets back what the claim was charged.
    Raises `LeaseLost` when it is no longer ours, in which case it is somebody else's or settled.
    """
    with db.begin() as connection:
        parameters = {
            "id": claimed.object_id,
            "fence": claimed.fence,
            "owner": claimed.owner,
            "detail": storable(detail),
            "seconds": delay_seconds,
            "unused": 0 if begun else 1,
        }
        if connection.execute(text(_RELEASE), parameters).scalar_one() == 0:
            raise LeaseLost(f"object {claimed.object_id}, fence {claimed.fence}")


_RELEASE = f"""
    WITH freed AS (
        SELECT id, source_id, charged_day, charged_bytes FROM objects
        WHERE id = :id AND fence = :fence AND lease_owner = :owner FOR UPDATE
    ), given_back AS (
        UPDATE objects SET lease_owner = NULL, lease_expires_at = NULL, charged_day = NULL, charged_bytes = NULL,
            detail = :detail, attempts = attempts - :unused,
            not_before = clock_timestamp() + make_interval(secs => :seconds)
        FROM freed WHERE objects.id = freed.id
    ), {tenants.REFUND}
    SELECT count(*) FROM freed
"""  # noqa: S608 - all constants


def reclaim_dead(db: Database, *, suspect: bool = True) -> int:
    """Free the leases of every worker whose lock can be taken, because its process is gone. Returns how many.

    Each of these files is a `suspect` from then on: one of them may be what the process died of.
    """
    with db.begin() as connection:
        # One at a time and in order, lest the planner try the locks of workers that the condition excludes.
        alive = connection.execute(text("SELECT id, lock_key FROM workers WHERE ended_at IS NULL ORDER BY id")).all()
        lock = text("SELECT pg_try_advisory_xact_lock(:class, :key)")
        dead = [
            worker_id
            for worker_id, lock_key in alive
            if connection.execute(lock, {"class": LOCK_CLASS, "key": lock_key}).scalar_one()
        ]
        return connection.execute(text(_FREE), {"workers": dead, "deaths": int(suspect)}).rowcount if dead else 0


# In the order of a plan, so that the two cannot wait for each other.
_FREE = f"""
    WITH ended AS (
        UPDATE workers SET ended_at = clock_timestamp()
        WHERE id = ANY(CAST(:workers AS uuid[])) AND ended_at IS NULL
    ), freed AS (
        SELECT id, source_id, charged_day, charged_bytes FROM objects
        WHERE lease_owner = ANY(CAST(:workers AS uuid[])) ORDER BY key COLLATE "C" FOR UPDATE
    ), {tenants.REFUND}
    UPDATE objects SET lease_owner = NULL, lease_expires_at = NULL, charged_day = NULL, charged_bytes = NULL,
        fence = fence + 1, deaths = deaths + :deaths
    FROM freed WHERE objects.id = freed.id
"""  # noqa: S608 - all constants


def waiting(db: Database, source_id: int, *, attempts_max: int = ATTEMPTS_UNBOUNDED) -> Waiting:
    """What is left to do or to wait for at a source, in this run: not what was tried `attempts_max` times."""
    statement = """
        SELECT count(*) FILTER (WHERE NOT leased AND NOT delayed), count(*) FILTER (WHERE leased),
               count(*) FILTER (WHERE delayed AND NOT leased),
               extract(epoch FROM min(CASE WHEN leased THEN lease_expires_at WHEN delayed THEN not_before END)
                                  - clock_timestamp())
        FROM (
            SELECT lease_expires_at, not_before, coalesce(lease_expires_at >= clock_timestamp(), false) AS leased,
                   coalesce(not_before > clock_timestamp(), false) AS delayed
            FROM objects WHERE source_id = :source AND state = 'pending'
              AND (attempts < :attempts_max OR coalesce(lease_expires_at >= clock_timestamp(), false))
        ) standing
    """
    with db.begin() as connection:
        claimable, leased, delayed, seconds = connection.execute(
            text(statement), {"source": source_id, "attempts_max": attempts_max}
        ).one()
        deferral = tenants.deferral_of_source(connection, source_id) if claimable else None
    next_seconds = None if seconds is None else max(0.0, float(seconds))
    if deferral is not None:
        return Waiting(0, leased, delayed, next_seconds, claimable, deferral)
    return Waiting(claimable, leased, delayed, next_seconds)


def pending_ids(db: Database, source_id: int, count: int, after: int = 0) -> list[int]:
    """Ids of pending objects beyond `after`, in order: for handing a batch to a task on another host."""
    statement = """
        SELECT id FROM objects WHERE source_id = :source AND state = 'pending' AND id > :after ORDER BY id LIMIT :count
    """
    with db.begin() as connection:
        parameters = {"source": source_id, "after": after, "count": count}
        return list(connection.execute(text(statement), parameters).scalars())
