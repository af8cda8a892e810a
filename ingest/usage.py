"""HOST, trusted: what each sandbox cost, as the host read it from the control group; the basis of any bill."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from sqlalchemy import Connection, text

from contract.verdicts import Reason
from ingest.catalog.claims import Claim
from ingest.catalog.parses import storable, to_json
from ingest.sandbox.base import Evidence, Profile, SandboxRun, SandboxUsage


@dataclass(frozen=True, slots=True)
class SandboxRecord:
    """One sandbox's life without its frames. The id makes a repeated commit write it once.

    `stage` is "parse" or "convert".
    """

    id: str
    stage: str
    profile: Profile
    verdict: Reason | None
    observation: str
    usage: SandboxUsage
    evidence: Evidence

    @classmethod
    def of(cls, stage: str, profile: Profile, run: SandboxRun) -> Self:
        """The record of a run that has just ended."""
        return cls(str(uuid.uuid4()), stage, profile, run.verdict, run.observation, run.usage, run.evidence)


def record(connection: Connection, claimed: Claim, sandbox_runs: Sequence[SandboxRecord]) -> None:
    """Write them down in the caller's transaction."""
    for sandbox_run in sandbox_runs:
        usage = sandbox_run.usage
        parameters = {
            "id": sandbox_run.id,
            "object": claimed.object_id,
            "run": claimed.run_id,
            "stage": sandbox_run.stage,
            "profile": sandbox_run.profile.name,
            "tier": sandbox_run.profile.tier.value,
            "image": sandbox_run.profile.image,
            "parser": sandbox_run.profile.parser_digest,
            "verdict": sandbox_run.verdict,
            "observation": storable(sandbox_run.observation),
            "wall": usage.wall_seconds,
            "cpu": usage.cpu_seconds,
            "memory": usage.memory_peak_bytes,
            "bytes_in": usage.bytes_in,
            "bytes_out": usage.bytes_out,
            "evidence": to_json(asdict(sandbox_run.evidence)),
        }
        connection.execute(text(_RECORD), parameters)


# A tenant with limits has its processor time counted, too.
_RECORD = """
    WITH counted AS (
        INSERT INTO tenant_usage (tenant, day, cpu_seconds)
        SELECT tenants.name, current_date, :cpu FROM objects JOIN sources ON sources.id = objects.source_id
        JOIN tenants ON tenants.name = sources.tenant AND tenants.limited WHERE objects.id = :object
        ON CONFLICT (tenant, day) DO UPDATE SET cpu_seconds = tenant_usage.cpu_seconds + excluded.cpu_seconds
    )
    INSERT INTO sandbox_runs (id, object_id, run_id, stage, profile, tier, image, parser_digest, verdict, observation,
                              wall_seconds, cpu_seconds, memory_peak_bytes, bytes_in, bytes_out, evidence)
    VALUES (:id, :object, :run, :stage, :profile, :tier, :image, :parser, :verdict, :observation,
            :wall, :cpu, :memory, :bytes_in, :bytes_out, CAST(:evidence AS jsonb))
    ON CONFLICT (id) DO NOTHING
"""
