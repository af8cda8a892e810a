"""HOST, trusted: what people tell a run from outside: cancel, drain, pause, resume. One mechanism for every road.

An order is a row of the table `controls`, so it reaches every worker of a run on every host, whoever gave it: the
command line, Prefect's UI and API, or another worker. Each drain looks for orders with a thread of its own. Cancel and
drain belong to one run and end with it; a pause belongs to one source, or to all of them, until somebody resumes.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, text

from ingest import audit
from ingest.audit import AuditKind
from ingest.catalog.claims import LOCK_CLASS
from ingest.catalog.database import Database
from ingest.catalog.parses import storable
from ingest.errors import GloveportError
from ingest.outcome import Json

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 2.0


class Wish(StrEnum):
    """What is wanted.

    pause    begin no file until resumed; files at work end
    drain    begin no further file; files at work end, then the run does
    cancel   as drain, and stop the sandboxes at work; their files stay pending
    """

    PAUSE = "pause"
    DRAIN = "drain"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Order:
    """One wish, who has it and why."""

    wish: Wish
    actor: str
    because: str

    def __str__(self) -> str:
        done = {Wish.PAUSE: "paused", Wish.DRAIN: "drained", Wish.CANCEL: "cancelled"}[self.wish]
        return f"{done} by {self.actor}: {self.because}"


@dataclass(frozen=True, slots=True)
class Orders:
    """What holds for one run now: how it is to end, if it is, and why it may not begin files, if it may not."""

    stop: Order | None = None
    pause: Order | None = None


@dataclass(frozen=True, slots=True)
class RunStanding:
    """A run, and its workers that are alive, as "host, process 12"."""

    run_id: str
    source_uri: str
    state: str
    workers: tuple[str, ...]


def stop_run(db: Database, run_id: str, wish: Wish, *, actor: str, because: str) -> None:
    """Tell every worker of a run to end. A cancel stays a cancel when a drain is asked for afterwards."""
    with db.begin() as connection:
        parameters = {"run": run_id, "wish": wish, "actor": storable(actor), "because": storable(because)}
        connection.execute(text(_STOP), parameters)
        kind = AuditKind.CANCELLED if wish is Wish.CANCEL else AuditKind.DRAINED
        audit.append(connection, kind, subject=f"run {run_id}", actor=actor, detail={"because": because})


_STOP = """
    INSERT INTO controls (run_id, wish, actor, because) VALUES (:run, :wish, :actor, :because)
    ON CONFLICT (run_id) DO UPDATE SET wish = excluded.wish, actor = excluded.actor, because = excluded.because,
        at = clock_timestamp()
    WHERE controls.wish <> 'cancel'
"""


def pause(db: Database, source_id: int | None, *, actor: str, because: str) -> bool:
    """Let no worker begin a file of this source, or of any when None, until resumed. False: it was paused before."""
    with db.begin() as connection:
        parameters = {"source": source_id, "actor": storable(actor), "because": storable(because)}
        # Without a column named: the row for all sources has an index of its own.
        statement = """
            INSERT INTO controls (source_id, wish, actor, because) VALUES (:source, 'pause', :actor, :because)
            ON CONFLICT DO NOTHING
        """
        made = connection.execute(text(statement), parameters).rowcount > 0
        if made:
            _note(connection, AuditKind.PAUSED, source_id, actor, because)
    return made


def resume(db: Database, source_id: int | None, *, actor: str, because: str) -> bool:
    """Take a pause back: that of this source, or the one over all sources. False: there was none."""
    with db.begin() as connection:
        statement = "DELETE FROM controls WHERE wish = 'pause' AND source_id IS NOT DISTINCT FROM :source"
        ended = connection.execute(text(statement), {"source": source_id}).rowcount > 0
        if ended:
            _note(connection, AuditKind.RESUMED, source_id, actor, because)
    return ended


def _note(connection: Connection, kind: AuditKind, source_id: int | None, actor: str, because: str) -> None:
    subject = "every source" if source_id is None else f"source {source_id}"
    audit.append(connection, kind, subject=subject, actor=actor, detail={"because": because})


def list_pauses(db: Database) -> list[Json]:
    """Every pause that holds: {source (None for all), actor, because, at}, oldest first."""
    statement = """
        SELECT sources.uri AS source, actor, because, at FROM controls LEFT JOIN sources ON sources.id = source_id
        WHERE wish = 'pause' ORDER BY at
    """
    with db.begin() as connection:
        rows = connection.execute(text(statement)).mappings().all()
    return [{**row, "at": row["at"].isoformat()} for row in rows]


def orders_of(db: Database, run_id: str, source_id: int) -> Orders:
    """What holds for a run over a source now."""
    return orders_of_each(db, {source_id: run_id})[source_id]


def orders_of_each(db: Database, served: Mapping[int, str]) -> dict[int, Orders]:
    """What holds now for each of these runs, given as source id to run id, by source id."""
    statement = """
        SELECT run_id::text, source_id, wish, actor, because FROM controls
        WHERE run_id = ANY(CAST(:runs AS uuid[]))
            OR (wish = 'pause' AND (source_id IS NULL OR source_id = ANY(CAST(:sources AS int[])))) ORDER BY id
    """
    with db.begin() as connection:
        parameters = {"runs": list(served.values()), "sources": list(served)}
        rows = connection.execute(text(statement), parameters).all()
    found = [(row, Order(Wish(row.wish), row.actor, row.because)) for row in rows]
    return {
        source_id: Orders(
            stop=next((order for row, order in found if row.run_id == run_id), None),
            pause=next(
                (o for row, o in found if o.wish is Wish.PAUSE and row.source_id in (None, source_id)),
                None,
            ),
        )
        for source_id, run_id in served.items()
    }


def find_runs(db: Database, prefix: str) -> list[RunStanding]:
    """The runs whose id begins so, newest first, at most ten."""
    with db.begin() as connection:
        rows = connection.execute(text(_FIND), {"prefix": prefix.lower(), "class": LOCK_CLASS}).all()
    return [RunStanding(str(row.id), row.uri, row.state, tuple(row.workers)) for row in rows]


# A worker is alive while it holds its advisory lock; `claims` says why.
_FIND = """
    SELECT runs.id, sources.uri, runs.state, ARRAY(
        SELECT host || ', process ' || pid FROM workers WHERE ended_at IS NULL AND (
            run_id = runs.id OR id = runs.planner
            OR EXISTS (SELECT FROM objects WHERE lease_owner = workers.id AND objects.run_id = runs.id)
        ) AND EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND objid = workers.lock_key
                AND objsubid = 2 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY host, pid
    ) AS workers
    FROM runs JOIN sources ON sources.id = runs.source_id
    WHERE starts_with(CAST(runs.id AS text), :prefix) ORDER BY runs.started_at DESC LIMIT 10
"""


class Steering:
    """Looks for the orders of one run while a drain works, and carries them out in this process.

    A context manager. Sets `stop` when the run is to end; calls `cancel` at every look while sandboxes are to be
    stopped, because one may have been started between the order and the last claim.
    """

    def __init__(
        self, db: Database, run_id: str, source_id: int, stop: threading.Event, cancel: Callable[[], None]
    ) -> None:
        self._db = db
        self._run_id = run_id
        self._source_id = source_id
        self._stop = stop
        self._cancel = cancel
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="steering", daemon=True)
        self.orders = Orders()

    @property
    def paused(self) -> bool:
        """Whether no file may be begun for now."""
        return self.orders.pause is not None

    def look(self) -> None:
        """Ask once and obey. A database that does not answer changes nothing: the drain will meet it by itself."""
        try:
            found = orders_of(self._db, self._run_id, self._source_id)
        except GloveportError as error:
            log.warning("orders: %s", error)
            return
        if found.pause is not None and self.orders.pause is None:
            log.warning("%s; waiting for `gloveport resume`", found.pause)
        self.orders = found
        if found.stop is not None:
            self._stop.set()
            if found.stop.wish is Wish.CANCEL:
                self._cancel()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self.look()

    def __enter__(self) -> Self:
        self.look()  # before the first claim: a paused source must not begin a file
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
