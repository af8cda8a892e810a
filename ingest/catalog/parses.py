"""HOST, trusted: remembered results and verdicts, so that one content costs one parse and one poison file one kill.

What a result depends on is its identity: the content, the parser (image and code), the options, and, for a verdict
that limits brought about, the limits. A result holds under any limits; a verdict under exactly its own.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from contract.verdicts import Reason
from ingest.catalog.database import Database
from ingest.outcome import AdmittedFinding, Json


@dataclass(frozen=True, slots=True)
class Recipe:
    """What turns a content into chunks: the parser's digest, and the digest of the options it is given."""

    parser_digest: str
    options_digest: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What a result or verdict depends on. Digests are lower-case hexadecimal."""

    sha256: str
    recipe: Recipe
    limits_digest: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier run of the same identity came to. `reason` None: a document, whose chunks lie at `artifacts`."""

    reason: Reason | None
    detail: str = ""
    media_type: str = ""
    metadata: Json = field(default_factory=dict)
    findings: tuple[AdmittedFinding, ...] = ()
    artifacts: dict[str, str] = field(default_factory=dict)
    chunk_count: int = 0
    evidence: Json = field(default_factory=dict)


def digest_of(value: object) -> str:
    """SHA-256, in hexadecimal, of a JSON value in one canonical form: sorted keys, no spaces."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def storable(value: Any) -> Any:
    """The same plain value with what PostgreSQL cannot hold (NUL, lone surrogates) replaced by U+FFFD.

    For details and evidence, which may quote a sandbox: a strange character there must not keep a file from its
    quarantine. Document text never needs it; the airlock refuses such text.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "�")
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """A JSON parameter. Fails on NaN, which JSON does not have."""
    return json.dumps(storable(value), ensure_ascii=False, allow_nan=False)


def findings_json(findings: tuple[AdmittedFinding, ...]) -> str:
    """Findings as a JSON parameter."""
    return to_json([asdict(finding) for finding in findings])


def findings_of(stored: Any) -> tuple[AdmittedFinding, ...]:
    """Findings out of their stored form."""
    return tuple(AdmittedFinding(**finding) for finding in stored)


def recall(db: Database, identity: Identity) -> Remembered | None:
    """What is known of this identity: a result made under any limits, else a verdict under exactly these."""
    with db.begin() as connection:
        row = connection.execute(text(_RECALL), _key(identity) | {"limits": identity.limits_digest}).one_or_none()
    if row is None:
        return None
    return Remembered(
        reason=None if row.reason is None else Reason(row.reason),
        detail=row.detail,
        media_type=row.media_type,
        metadata=row.metadata,
        findings=findings_of(row.findings),
        artifacts=row.artifacts,
        chunk_count=row.chunk_count,
        evidence=row.evidence,
    )


_RECALL = """
    SELECT reason, detail, media_type, metadata, findings, artifacts, chunk_count, evidence FROM parses
    WHERE sha256 = :sha256 AND parser_digest = :parser AND options_digest = :options AND limits_digest IN ('', :limits)
    ORDER BY limits_digest LIMIT 1
"""


def remember(connection: Connection, identity: Identity, remembered: Remembered) -> None:
    """Write it down in the caller's transaction; what is there already gives way."""
    parameters = _key(identity) | {
        "limits": "" if remembered.reason is None else identity.limits_digest,
        "reason": remembered.reason,
        "detail": storable(remembered.detail),
        "media_type": remembered.media_type,
        "metadata": to_json(remembered.metadata),
        "findings": findings_json(remembered.findings),
        "artifacts": to_json(remembered.artifacts),
        "chunk_count": remembered.chunk_count,
        "evidence": to_json(remembered.evidence),
    }
    connection.execute(text(_REMEMBER), parameters)


_REMEMBER = """
    INSERT INTO parses (sha256, parser_digest, options_digest, limits_digest, reason, detail, media_type, metadata,
                        findings, artifacts, chunk_count, evidence)
    VALUES (:sha256, :parser, :options, :limits, :reason, :detail, :media_type, CAST(:metadata AS jsonb),
            CAST(:findings AS jsonb), CAST(:artifacts AS jsonb), :chunk_count, CAST(:evidence AS jsonb))
    ON CONFLICT ON CONSTRAINT parses_pkey DO UPDATE SET
        reason = excluded.reason, detail = excluded.detail, media_type = excluded.media_type,
        metadata = excluded.metadata, findings = excluded.findings, artifacts = excluded.artifacts,
        chunk_count = excluded.chunk_count, evidence = excluded.evidence, created_at = now()
"""


def forget_verdicts(connection: Connection, sha256: str) -> int:
    """Forget every verdict on this content, results stay. Returns how many were forgotten."""
    statement = "DELETE FROM parses WHERE sha256 = :sha256 AND reason IS NOT NULL"
    return connection.execute(text(statement), {"sha256": sha256}).rowcount


def _key(identity: Identity) -> dict[str, Any]:
    return {
        "sha256": identity.sha256,
        "parser": identity.recipe.parser_digest,
        "options": identity.recipe.options_digest,
    }
