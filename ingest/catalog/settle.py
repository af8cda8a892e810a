"""HOST, trusted: the gate every end of a file passes: is the lease still ours, and was this end written before?"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from contract.verdicts import Reason
from ingest.catalog.claims import Claim
from ingest.catalog.parses import storable
from ingest.catalog.schema import State
from ingest.errors import LeaseLost


@dataclass(frozen=True, slots=True)
class Standing:
    """What a locked object was found as. `repeated`: this claim was settled before, its commit just went unheard."""

    repeated: bool
    state: State
    document_id: int | None


def lock_claimed(connection: Connection, claimed: Claim) -> Standing:
    """Lock the object for the rest of the transaction. Raises `LeaseLost` unless the claim is, or was, good."""
    statement = """
        SELECT state, document_id, settled_fence IS NOT DISTINCT FROM :fence AS repeated,
               fence = :fence AND lease_owner = :owner AS ours
        FROM objects WHERE id = :id FOR UPDATE
    """
    parameters = {"id": claimed.object_id, "fence": claimed.fence, "owner": claimed.owner}
    row = connection.execute(text(statement), parameters).one_or_none()
    if row is None or not (row.repeated or row.ours):
        raise LeaseLost(f"object {claimed.object_id}, fence {claimed.fence}")
    return Standing(row.repeated, State(row.state), row.document_id)


def settle(
    connection: Connection,
    claimed: Claim,
    state: State,
    *,
    reason: Reason | None = None,
    detail: str = "",
    sha256: str = "",
    media_type: str = "",
    document_id: int | None = None,
) -> None:
    """Write an object's end, give the lease back, and drop what a reviewer allowed: it was for this once.

    A quarantine entry that was open for it is resolved: it is about a version or a verdict that no longer counts.
    """
    parameters = {
        "id": claimed.object_id,
        "run": claimed.run_id,
        "state": state,
        "reason": reason,
        "detail": storable(detail),
        "sha256": sha256,
        "media_type": storable(media_type),
        "document": document_id,
    }
    connection.execute(text(_SETTLE), parameters)


_SETTLE = """
    WITH resolved AS (
        UPDATE quarantine_entries SET status = 'resolved' WHERE object_id = :id AND status = 'held'
    )
    UPDATE objects SET
        state = :state, reason = :reason, detail = :detail, sha256 = :sha256, media_type = :media_type,
        document_id = coalesce(CAST(:document AS bigint), document_id), run_id = :run,
        lease_owner = NULL, lease_expires_at = NULL, not_before = NULL, override = '{}', attempts = 0, deaths = 0,
        charged_day = NULL, charged_bytes = NULL,
        settled_fence = fence, settled_at = clock_timestamp(), settled_run_id = :run
    WHERE id = :id
"""


def retire_document(connection: Connection, document_id: int) -> None:
    """Take away a document's current revision. Its chunks must be gone by then, or the database refuses."""
    statement = "UPDATE documents SET current_revision_id = NULL, changed_at = now() WHERE id = :id"
    connection.execute(text(statement), {"id": document_id})
