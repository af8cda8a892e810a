"""HOST, trusted: where files go that could not be read, with the evidence; and what people decide about them.

Every decision names who took it and why, in the entry's history and in the audit chain. The bytes of an original are
moved by whoever has the store; here is only where they lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from contract.verdicts import Reason
from ingest import audit, children, usage
from ingest.audit import AuditKind
from ingest.catalog.claims import Claim
from ingest.catalog.database import Database
from ingest.catalog.lineage import PROVENANCE
from ingest.catalog.parses import (
    Identity,
    Remembered,
    findings_json,
    findings_of,
    forget_verdicts,
    remember,
    storable,
    to_json,
)
from ingest.catalog.schema import State
from ingest.catalog.settle import lock_claimed, retire_document, settle
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import ExitCode, GloveportError, LeaseLost
from ingest.knowledge.base import KnowledgeBase
from ingest.outcome import AdmittedFinding, Json
from ingest.usage import SandboxRecord

# Reasons that more room may cure, and reasons that are a matter of opinion. No reviewer can vouch for the rest: what is
# corrupt, encrypted or of an unknown kind has no text, and what lies, explodes or crashes is not let through by name.
MORE_ROOM = frozenset(
    {
        Reason.TIMEOUT,
        Reason.STALLED,
        Reason.CPU_LIMIT,
        Reason.OUT_OF_MEMORY,
        Reason.PIDS_LIMIT,
        Reason.DISK_LIMIT,
        Reason.OUTPUT_LIMIT,
    }
)
OPINION = frozenset({Reason.EMPTY, Reason.POLICY})


class DecisionRefused(GloveportError):
    """quarantine: {detail}"""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Holding:
    """A file that goes to quarantine. With an `identity` the verdict is remembered for the next upload of the content.

    `original_uri` is where the pipeline copied the bytes to; empty when there was nothing to copy.
    """

    claim: Claim
    reason: Reason
    detail: str
    original_uri: str
    sha256: str = ""
    media_type: str = ""
    findings: tuple[AdmittedFinding, ...] = ()
    evidence: Json = field(default_factory=dict)
    identity: Identity | None = None
    sandbox_runs: tuple[SandboxRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in quarantine. `history` is every decision: {action, by, because, at}, oldest first.

    `provenance` are the names from the file of the source down to this one; of a file of the source, its key alone.
    `status`: held; released or reprocessed (it went back to work); purged (the bytes are gone, the entry stays);
    resolved (a later version or attempt of the object came to another end).
    """

    id: int
    object_id: int
    source_uri: str
    key: str
    version: str
    size: int
    sha256: str
    media_type: str
    reason: Reason
    detail: str
    findings: tuple[AdmittedFinding, ...]
    evidence: Json
    original_uri: str
    run_id: str
    status: str
    created_at: datetime
    history: tuple[Json, ...]
    provenance: tuple[str, ...]

    def as_json(self) -> Json:
        """The documented object of `quarantine show --json`."""
        return {
            "type": "quarantine_entry",
            "id": self.id,
            "source": self.source_uri,
            "key": self.key,
            "provenance": list(self.provenance),
            "version": self.version,
            "size": self.size,
            "sha256": self.sha256,
            "media_type": self.media_type,
            "reason": self.reason.value,
            "detail": self.detail,
            "findings": [
                {"kind": found.kind, "severity": found.severity, "place": found.place, "evidence": found.evidence}
                for found in self.findings
            ],
            "evidence": self.evidence,
            "original_uri": self.original_uri,
            "run_id": self.run_id,
            "status": self.status,
            "created_at": self.created_at.isoformat(),
            "history": list(self.history),
        }


def hold(db: Database, knowledge: KnowledgeBase, holding: Holding) -> Entry:
    """Quarantine an object, in one transaction. What it answered with before is withdrawn: it is out of date.

    So are the files inside it: they were taken out of something that nobody can vouch for.

    Raises `LeaseLost`, with nothing written, when another worker took the object over. Safe to repeat.
    """
    claimed = holding.claim
    reached(CrashPoint.HOLD_BEFORE)
    with db.begin() as connection:
        standing = lock_claimed(connection, claimed)
        if standing.repeated:
            return _held_before(connection, claimed)
        if standing.document_id is not None:
            knowledge.withdraw(connection, standing.document_id)
            retire_document(connection, standing.document_id)
        below = children.withdraw(
            connection, knowledge, [claimed.object_id], claimed.run_id, "its container is in quarantine"
        )
        settle(
            connection,
            claimed,
            State.QUARANTINED,
            reason=holding.reason,
            detail=holding.detail,
            sha256=holding.sha256,
            media_type=holding.media_type,
        )
        entry_id = int(connection.execute(text(_HOLD), _columns(holding)).scalar_one())
        usage.record(connection, claimed, holding.sandbox_runs)
        if holding.identity is not None:
            remember(connection, holding.identity, _verdict(holding))
        entry = _entry(connection, entry_id)
        actor, detail = f"worker {claimed.owner}", {**_told(entry), "embedded_withdrawn": children.told(below)}
        audit.append(connection, AuditKind.QUARANTINED, subject=_subject(entry), actor=actor, detail=detail)
        reached(CrashPoint.HOLD_INSIDE)
    reached(CrashPoint.HOLD_AFTER)
    return entry


_HOLD = """
    INSERT INTO quarantine_entries (object_id, run_id, version, size, sha256, media_type, reason, detail, findings,
                                    evidence, original_uri)
    VALUES (:object, :run, :version, :size, :sha256, :media_type, :reason, :detail, CAST(:findings AS jsonb),
            CAST(:evidence AS jsonb), :original_uri)
    RETURNING id
"""


def list_entries(
    db: Database,
    *,
    source_id: int | None = None,
    reason: Reason | None = None,
    status: str | None = "held",
    limit: int = 1000,
    after: int = 0,
) -> list[Entry]:
    """Entries by id, from beyond `after`; None for `source_id`, `reason` or `status` means any."""
    conditions = {
        "objects.source_id = :source": source_id,
        "entries.reason = :reason": reason,
        "entries.status = :status": status,
    }
    where = " AND ".join([condition for condition, value in conditions.items() if value is not None] or ["true"])
    statement = f"{_SELECT} WHERE {where} AND entries.id > :after ORDER BY entries.id LIMIT :limit"
    parameters = {"source": source_id, "reason": reason, "status": status, "after": after, "limit": limit}
    with db.begin() as connection:
        return [_row(row) for row in connection.execute(text(statement), parameters)]


def superseded_by(db: Database, entries: Sequence[Entry]) -> dict[int, Json]:
    """What followed entries that are no longer held, by their number: the object's next entry, and where it stands now.

    Each is {"entry", "version", "state", "reason", "detail", "at"}; `entry` is None when none followed, in which case
    the rest says what did. A file that goes on waiting, as after a release, is `pending`.
    """
    over = [entry for entry in entries if entry.status != "held"]
    if not over:
        return {}
    with db.begin() as connection:
        objects = {"objects": [entry.object_id for entry in over]}
        later = connection.execute(text(_ENTRIES_OF), objects).all()
        now = {row.id: row for row in connection.execute(text(_STANDING_OF), objects)}
    followed: dict[int, Json] = {}
    for entry in over:
        standing = now[entry.object_id]
        number = next((row.id for row in later if row.object_id == entry.object_id and row.id > entry.id), None)
        followed[entry.id] = {
            "entry": number,
            "version": standing.version,
            "state": standing.state,
            "reason": standing.reason,
            "detail": standing.detail,
            "at": standing.settled_at.isoformat() if standing.settled_at else None,
        }
    return followed


_ENTRIES_OF = "SELECT id, object_id FROM quarantine_entries WHERE object_id = ANY(:objects) ORDER BY id"
_STANDING_OF = "SELECT id, version, state, reason, detail, settled_at FROM objects WHERE id = ANY(:objects)"


def get_entry(db: Database, entry_id: int) -> Entry:
    """One entry. Raises `DecisionRefused` when there is none of this number."""
    with db.begin() as connection:
        return _entry(connection, entry_id)


def release(db: Database, entry_id: int, *, by: str, because: str) -> Entry:
    """Let a file through: it goes back to work, and its next claim carries what was allowed.

    The claim's `override` is {"entry", "sha256", "allow": [reason], "larger_limits"}: `allow` for an opinion, larger
    limits for want of room. Good for one attempt, and for this content only.
    """
    with db.begin() as connection:
        entry = _open_entry(connection, entry_id, by, because)
        if entry.reason not in MORE_ROOM | OPINION:
            raise DecisionRefused(
                f"entry {entry_id} is {entry.reason}, which nobody can let through",
                hint="fix the file at its source, or `quarantine reprocess` it after a change of the parser",
            )
        override = {
            "entry": entry.id,
            "sha256": entry.sha256,
            "allow": [entry.reason.value] if entry.reason in OPINION else [],
            "larger_limits": entry.reason in MORE_ROOM,
        }
        _back_to_work(connection, entry, override)
        return _decide(connection, entry, AuditKind.RELEASED, by, because)


def reprocess(db: Database, entry_id: int, *, by: str, because: str) -> Entry:
    """Try a file again as it is, forgetting the verdicts on its content: after a fix of a parser or an image."""
    with db.begin() as connection:
        entry = _open_entry(connection, entry_id, by, because)
        if entry.sha256:
            forget_verdicts(connection, entry.sha256)
        _back_to_work(connection, entry, {})
        return _decide(connection, entry, AuditKind.REPROCESSED, by, because)


def purge(db: Database, entry_id: int, *, by: str, because: str) -> Entry:
    """Decide that the original's bytes shall go. The entry, its evidence and the object's state stay.

    The caller then deletes `original_uri` in the store. Purging again changes nothing, and returns the entry for
    another try at that.
    """
    with db.begin() as connection:
        _require_grounds(by, because)
        entry = _entry(connection, entry_id, lock=True)
        if entry.status == "purged":
            return entry
        statement = "SELECT state FROM objects WHERE id = :object FOR UPDATE"
        if connection.execute(text(statement), {"object": entry.object_id}).scalar_one() == State.PENDING:
            raise DecisionRefused(f"the file of entry {entry_id} is being worked on", hint="purge it after that run")
        return _decide(connection, entry, AuditKind.PURGED, by, because)


def original_in_use(db: Database, entry: Entry) -> bool:
    """Whether another entry that was not purged keeps its original at the same place: same object, same content."""
    statement = """
        SELECT EXISTS (SELECT FROM quarantine_entries WHERE original_uri = :uri AND id <> :id AND status <> 'purged')
    """
    with db.begin() as connection:
        return bool(connection.execute(text(statement), {"uri": entry.original_uri, "id": entry.id}).scalar_one())


def _open_entry(connection: Connection, entry_id: int, by: str, because: str) -> Entry:
    """The entry and its object, locked, and fit for a decision that sends the file back to work."""
    _require_grounds(by, because)
    entry = _entry(connection, entry_id, lock=True)
    if entry.status != "held":
        raise DecisionRefused(f"entry {entry_id} is no longer held: {entry.status}")
    return entry


def _require_grounds(by: str, because: str) -> None:
    if not by.strip() or not because.strip():
        raise DecisionRefused("a decision needs a name and a reason", hint="give --by NAME and --because TEXT")


def _back_to_work(connection: Connection, entry: Entry, override: Mapping[str, Any]) -> None:
    statement = """
        UPDATE objects SET state = 'pending', reason = NULL, detail = '', attempts = 0, not_before = NULL,
                           deaths = 0, fence = fence + 1, override = CAST(:override AS jsonb)
        WHERE id = :object AND state = 'quarantined' AND version = :version
    """
    parameters = {"object": entry.object_id, "version": entry.version, "override": to_json(dict(override))}
    if connection.execute(text(statement), parameters).rowcount == 0:
        raise DecisionRefused(f"entry {entry.id} is about a version that is being replaced", hint="wait for that run")


def _decide(connection: Connection, entry: Entry, kind: AuditKind, by: str, because: str) -> Entry:
    """Write a decision into the entry's history and the audit chain."""
    statement = """
        UPDATE quarantine_entries SET status = :status, history = history || jsonb_build_array(jsonb_build_object(
            'action', CAST(:status AS text), 'by', CAST(:by AS text), 'because', CAST(:because AS text),
            'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
        WHERE id = :id
    """
    parameters = {"id": entry.id, "status": kind.value, "by": storable(by), "because": storable(because)}
    connection.execute(text(statement), parameters)
    decided = _entry(connection, entry.id)
    audit.append(connection, kind, subject=_subject(entry), actor=by, detail={**_told(entry), "because": because})
    return decided


def _held_before(connection: Connection, claimed: Claim) -> Entry:
    """The entry a repeated `hold` wrote the first time. Raises `LeaseLost` when this claim came to another end."""
    statement = f"""
        {_SELECT} WHERE entries.object_id = :object AND objects.state = 'quarantined' ORDER BY entries.id DESC LIMIT 1
    """
    row = connection.execute(text(statement), {"object": claimed.object_id}).one_or_none()
    if row is None:
        raise LeaseLost(f"object {claimed.object_id} was settled otherwise under fence {claimed.fence}")
    return _row(row)


_SELECT = f"""
    SELECT entries.*, objects.key, sources.uri, {PROVENANCE.format(object="objects.id")} AS provenance
    FROM quarantine_entries entries
    JOIN objects ON objects.id = entries.object_id JOIN sources ON sources.id = objects.source_id
"""  # noqa: S608 - all constants


def _entry(connection: Connection, entry_id: int, *, lock: bool = False) -> Entry:
    """One entry. Locking takes the object first, in the order every settling transaction does."""
    if lock:
        statement = """
            SELECT FROM objects WHERE id = (SELECT object_id FROM quarantine_entries WHERE id = :id) FOR UPDATE
        """
        connection.execute(text(statement), {"id": entry_id})
    row = connection.execute(text(f"{_SELECT} WHERE entries.id = :id"), {"id": entry_id}).one_or_none()
    if row is None:
        raise DecisionRefused(f"there is no entry {entry_id}", hint="`gloveport quarantine list` shows them")
    return _row(row)


def _row(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        object_id=row.object_id,
        source_uri=row.uri,
        key=row.key,
        version=row.version,
        size=row.size,
        sha256=row.sha256,
        media_type=row.media_type,
        reason=Reason(row.reason),
        detail=row.detail,
        findings=findings_of(row.findings),
        evidence=row.evidence,
        original_uri=row.original_uri,
        run_id=str(row.run_id),
        status=row.status,
        created_at=row.created_at,
        history=tuple(row.history),
        provenance=tuple(row.provenance),
    )


def _columns(holding: Holding) -> dict[str, Any]:
    claimed = holding.claim
    return {
        "object": claimed.object_id,
        "run": claimed.run_id,
        "version": claimed.version,
        "size": claimed.size,
        "sha256": holding.sha256,
        "media_type": storable(holding.media_type),
        "reason": holding.reason,
        "detail": storable(holding.detail),
        "findings": findings_json(holding.findings),
        "evidence": to_json(holding.evidence),
        "original_uri": holding.original_uri,
    }


def _verdict(holding: Holding) -> Remembered:
    return Remembered(
        reason=holding.reason,
        detail=holding.detail,
        media_type=holding.media_type,
        findings=holding.findings,
        evidence=holding.evidence,
    )


def _subject(entry: Entry) -> str:
    return f"object {entry.object_id}"


def _told(entry: Entry) -> Json:
    return {
        "entry": entry.id,
        "key": entry.key,
        "version": entry.version,
        "run": entry.run_id,
        "sha256": entry.sha256,
        "reason": entry.reason.value,
        "detail": entry.detail,
        "original_uri": entry.original_uri,
    }
