"""HOST, trusted: the one transaction that makes a document answer.

Fence checked, document and revision written, chunks swapped, sandboxes and usage recorded, the result remembered, the
object's state set, the audit event appended: all of it or nothing. A caller that does not learn whether the commit
went through calls again with the same claim, and gets the answer without anything being written twice.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from ingest import audit, children, usage
from ingest.audit import AuditKind
from ingest.catalog import lineage
from ingest.catalog.claims import Claim
from ingest.catalog.database import Database
from ingest.catalog.parses import Identity, Remembered, findings_json, remember, to_json
from ingest.catalog.schema import State
from ingest.catalog.settle import Standing, lock_claimed, retire_document, settle
from ingest.children import Planted
from ingest.crashpoints import CrashPoint, reached
from ingest.errors import LeaseLost
from ingest.knowledge.base import KnowledgeBase, Swap
from ingest.outcome import AdmittedChunk, AdmittedFinding, EmbeddedFile, Json, Outcome
from ingest.policy import Budget
from ingest.usage import SandboxRecord


@dataclass(frozen=True, slots=True)
class Publication:
    """A document ready to answer. `metadata` is the admitted one; its `title` and `media_type` are shown in answers.

    `embedded` are the files inside, whose bytes are in the store by now.

    `artifacts` are keys in the store of results, by name: "elements", "document", "chunks".
    """

    claim: Claim
    identity: Identity
    media_type: str
    metadata: Json
    chunks: tuple[AdmittedChunk, ...]
    findings: tuple[AdmittedFinding, ...] = ()
    artifacts: dict[str, str] = field(default_factory=dict)
    sandbox_runs: tuple[SandboxRecord, ...] = ()
    embedded: tuple[EmbeddedFile, ...] = ()
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class Published:
    """What was written. `UNCHANGED`: the document already answered with this very revision.

    After a repeated commit the three counts are those of a document that is already in place: all kept.
    """

    outcome: Outcome
    document_id: int
    revision_id: int
    swap: Swap


def publish(db: Database, knowledge: KnowledgeBase, publication: Publication) -> Published:
    """Publish a fresh result, and remember it for the next upload of the same content.

    Raises `LeaseLost`, with nothing written, when another worker took the object over.
    """
    remembered = Remembered(
        reason=None,
        media_type=publication.media_type,
        metadata=publication.metadata,
        findings=publication.findings,
        artifacts=publication.artifacts,
        chunk_count=len(publication.chunks),
    )
    return _publish(db, knowledge, publication, remembered)


def publish_known(db: Database, knowledge: KnowledgeBase, publication: Publication) -> Published:
    """Publish a result that an earlier parse of the same content came to: its chunks were read back from the store."""
    return _publish(db, knowledge, publication, None)


def mark_deleted(db: Database, knowledge: KnowledgeBase, claimed: Claim) -> None:
    """The object is gone from its store: its chunks go in the same transaction. Raises `LeaseLost` as `publish`."""
    reached(CrashPoint.DELETE_BEFORE)
    with db.begin() as connection:
        standing = lock_claimed(connection, claimed)
        if standing.repeated:
            return
        chunks = 0
        if standing.document_id is not None:
            chunks = knowledge.withdraw(connection, standing.document_id)
            retire_document(connection, standing.document_id)
        below = children.withdraw(connection, knowledge, [claimed.object_id], claimed.run_id, "gone with its container")
        settle(connection, claimed, State.DELETED, detail="gone from its store")
        detail = {"key": claimed.key, "version": claimed.version, "run": claimed.run_id, "chunks_withdrawn": chunks}
        detail["embedded_withdrawn"] = children.told(below)
        _append(connection, AuditKind.DELETED, claimed, detail)
        reached(CrashPoint.DELETE_INSIDE)
    reached(CrashPoint.DELETE_AFTER)


def _publish(db: Database, knowledge: KnowledgeBase, publication: Publication, fresh: Remembered | None) -> Published:
    claimed = publication.claim
    reached(CrashPoint.PUBLISH_BEFORE)
    with db.begin() as connection:
        if publication.embedded:
            lineage.lock_budget(connection, claimed.object_id)
        standing = lock_claimed(connection, claimed)
        if standing.repeated:
            return _published_before(connection, publication, standing)
        planted = children.plant(connection, knowledge, claimed, publication.embedded, publication.budget)
        document_id, current_revision_id = _document(connection, publication)
        revision_id = _revision(connection, document_id, publication, planted)
        outcome = Outcome.UNCHANGED if revision_id == current_revision_id else Outcome.INDEXED
        # The document answers first: the database takes chunks of an answering document only.
        connection.execute(text(_ANSWER), {"id": document_id, "revision": revision_id, **_shown(publication)})
        swap = knowledge.replace(connection, document_id, revision_id, publication.chunks)
        usage.record(connection, claimed, publication.sandbox_runs)
        if fresh is not None:
            remember(connection, publication.identity, fresh)
        settle(
            connection,
            claimed,
            State(outcome.value),
            sha256=publication.identity.sha256,
            media_type=publication.media_type,
            document_id=document_id,
        )
        _append(connection, AuditKind(_KINDS[outcome]), claimed, _told(publication, revision_id, swap, planted))
        reached(CrashPoint.PUBLISH_INSIDE)
    reached(CrashPoint.PUBLISH_AFTER)
    return Published(outcome, document_id, revision_id, swap)


_KINDS = {Outcome.INDEXED: AuditKind.PUBLISHED, Outcome.UNCHANGED: AuditKind.UNCHANGED}
_ANSWER = """
    UPDATE documents SET current_revision_id = :revision, title = :title, media_type = :media_type, changed_at = now()
    WHERE id = :id AND (current_revision_id IS DISTINCT FROM :revision OR title <> :title OR media_type <> :media_type)
"""


def _document(connection: Connection, publication: Publication) -> tuple[int, int | None]:
    """The lasting document of this key, made on first use, and the revision it answers with until now."""
    claimed = publication.claim
    statement = """
        INSERT INTO documents (source_id, key, key_digest, embedded)
        SELECT source_id, key, key_digest, parent_id IS NOT NULL FROM objects WHERE id = :object
        ON CONFLICT (source_id, key_digest) DO UPDATE SET key = excluded.key RETURNING id, current_revision_id
    """
    row = connection.execute(text(statement), {"object": claimed.object_id}).one()
    return row.id, row.current_revision_id


def _revision(connection: Connection, document_id: int, publication: Publication, planted: Planted) -> int:
    """The revision of this content, parser and options; one that was superseded and came back keeps its number."""
    statement = """
        INSERT INTO revisions (document_id, run_id, sha256, parser_digest, options_digest, media_type, metadata,
                               findings, artifacts, chunk_count, embedded_count)
        VALUES (:document, :run, :sha256, :parser, :options, :media_type, CAST(:metadata AS jsonb),
                CAST(:findings AS jsonb), CAST(:artifacts AS jsonb), :chunk_count, :embedded_count)
        ON CONFLICT (document_id, sha256, parser_digest, options_digest) DO UPDATE SET
            media_type = excluded.media_type, metadata = excluded.metadata, findings = excluded.findings,
            artifacts = excluded.artifacts, chunk_count = excluded.chunk_count,
            embedded_count = excluded.embedded_count
        RETURNING id
    """
    parameters = {
        **_key(document_id, publication.identity),
        "run": publication.claim.run_id,
        "media_type": publication.media_type,
        "metadata": to_json(publication.metadata),
        "findings": findings_json(publication.findings + planted.findings),
        "artifacts": to_json(publication.artifacts),
        "chunk_count": len(publication.chunks),
        "embedded_count": planted.count,
    }
    return int(connection.execute(text(statement), parameters).scalar_one())


def _published_before(connection: Connection, publication: Publication, standing: Standing) -> Published:
    """The answer that was lost with the connection. Raises `LeaseLost` when this claim came to another end."""
    statement = """
        SELECT id FROM revisions WHERE document_id = :document AND sha256 = :sha256
            AND parser_digest = :parser AND options_digest = :options
    """
    claimed = publication.claim
    parameters = _key(standing.document_id, publication.identity)
    revision_id = connection.execute(text(statement), parameters).scalar_one_or_none()
    if standing.document_id is None or revision_id is None:
        raise LeaseLost(f"object {claimed.object_id} was settled otherwise under fence {claimed.fence}")
    outcome = Outcome.UNCHANGED if standing.state is State.UNCHANGED else Outcome.INDEXED
    return Published(outcome, standing.document_id, revision_id, Swap(0, len(publication.chunks), 0))


def _key(document_id: int | None, identity: Identity) -> dict[str, Any]:
    return {
        "document": document_id,
        "sha256": identity.sha256,
        "parser": identity.recipe.parser_digest,
        "options": identity.recipe.options_digest,
    }


def _shown(publication: Publication) -> dict[str, str]:
    return {"title": str(publication.metadata.get("title") or ""), "media_type": publication.media_type}


def _told(publication: Publication, revision_id: int, swap: Swap, planted: Planted) -> Json:
    return {
        "key": publication.claim.key,
        "version": publication.claim.version,
        "run": publication.claim.run_id,
        "sha256": publication.identity.sha256,
        "parser_digest": publication.identity.recipe.parser_digest,
        "revision": revision_id,
        "chunks": {"inserted": swap.inserted, "kept": swap.kept, "removed": swap.removed},
        "embedded": planted.as_json(),
        "sandboxes": [sandbox_run.id for sandbox_run in publication.sandbox_runs],
        "override": publication.claim.override,
    }


def _append(connection: Connection, kind: AuditKind, claimed: Claim, detail: Json) -> None:
    subject, actor = f"object {claimed.object_id}", f"worker {claimed.owner}"
    audit.append(connection, kind, subject=subject, actor=actor, detail=detail)
