"""HOST, trusted: the tamper-evident account of verdicts and decisions: a chain of hashes, one event a link.

    hash = SHA-256(previous hash ‖ UTF-8("<seq> <microseconds since 1970> <canonical JSON of the event>"))

The first link's previous hash is 32 zero bytes. Changing, reordering or removing an event breaks every later link;
cutting off the newest ones does not, which is why `Verification.head` is worth keeping somewhere else.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, text

from ingest.catalog.database import Database
from ingest.catalog.parses import storable
from ingest.outcome import Json

GENESIS = bytes(32)
_LOCK = 0x676C6F76_00000002  # "glov", 2: whoever adds a link holds it until its transaction ends
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AuditKind(StrEnum):
    """What can be read in the account."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    DELETED = "deleted"
    RELEASED = "released"
    REPROCESSED = "reprocessed"
    PURGED = "purged"
    CANCELLED = "cancelled"
    DRAINED = "drained"
    PAUSED = "paused"
    RESUMED = "resumed"
    MESSAGE_REFUSED = "message_refused"


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain holds. `broken_at` is the first event that does not fit; `head` the last good hash, in hex."""

    events: int
    broken_at: int | None
    detail: str
    head: str


def append(connection: Connection, kind: AuditKind, *, subject: str, actor: str, detail: Json) -> None:
    """Add one event in the caller's transaction, as its last statement: other writers wait from here to its end.

    `subject` names what it is about ("object 12"), `actor` who did it ("worker …" or a person's name).
    """
    event = storable({"kind": kind.value, "subject": subject, "actor": actor, "detail": detail})
    # Two statements: the second must see what the holder of the lock before us has committed.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    parameters = {"kind": kind.value, "subject": event["subject"], "actor": event["actor"], "body": _canonical(event)}
    connection.execute(text(_APPEND), parameters | {"genesis": GENESIS})


_APPEND = """
    WITH head AS (
        SELECT coalesce(max(seq), 0) + 1 AS seq, clock_timestamp() AS at FROM audit_events
    ), link AS (
        SELECT head.seq, head.at, coalesce(last.hash, :genesis) AS previous_hash
        FROM head LEFT JOIN audit_events last ON last.seq = head.seq - 1
    )
    INSERT INTO audit_events (seq, at, kind, actor, subject, body, previous_hash, hash)
    SELECT seq, at, :kind, :actor, :subject, :body, previous_hash, sha256(previous_hash || convert_to(
        seq || ' ' || CAST(extract(epoch FROM at) * 1000000 AS bigint) || ' ' || CAST(:body AS text), 'UTF8'))
    FROM link
"""


def verify(db: Database) -> Verification:
    """Recompute the chain from its first link, in constant memory."""
    events, head = 0, GENESIS
    with db.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        statement = "SELECT seq, at, kind, actor, subject, body, previous_hash, hash FROM audit_events ORDER BY seq"
        with connection.execute(text(statement), execution_options={"stream_results": True, "yield_per": 1000}) as rows:
            for row in rows:
                wrong = _fault(row, events + 1, head)
                if wrong:
                    return Verification(events, int(row.seq), wrong, head.hex())
                events, head = events + 1, bytes(row.hash)
    return Verification(events, None, "", head.hex())


def newest(db: Database, *, limit: int, subject: str | None = None) -> list[Json]:
    """The newest events, oldest of them first: {seq, at, kind, actor, subject, detail}."""
    statement = """
        SELECT seq, at, kind, actor, subject, body FROM audit_events
        WHERE CAST(:subject AS text) IS NULL OR subject = :subject ORDER BY seq DESC LIMIT :limit
    """
    with db.begin() as connection:
        rows = connection.execute(text(statement), {"subject": subject, "limit": limit}).all()
    return [
        {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "kind": row.kind,
            "actor": row.actor,
            "subject": row.subject,
            "detail": json.loads(row.body)["detail"],
        }
        for row in reversed(rows)
    ]


def _fault(row: Row[Any], expected_seq: int, head: bytes) -> str:
    """What is wrong with this link, or nothing."""
    if row.seq != expected_seq:
        return f"event {expected_seq} is missing"
    if bytes(row.previous_hash) != head:
        return "it does not follow the event before it"
    microseconds = (row.at - _EPOCH) // timedelta(microseconds=1)
    linked = head + f"{row.seq} {microseconds} {row.body}".encode()
    if hashlib.sha256(linked).digest() != bytes(row.hash):
        return "its content was changed"
    event = json.loads(row.body)
    if (event["kind"], event["actor"], event["subject"]) != (row.kind, row.actor, row.subject):
        return "its columns differ from its content"
    return ""


def _canonical(event: Json) -> str:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
