"""TEST: small objects, chunks and publications, and the few steps every catalogue test begins with."""

import hashlib
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from contract.verdicts import Reason
from ingest.catalog.claims import LOCK_CLASS, Claim, Worker, claim
from ingest.catalog.database import Database
from ingest.catalog.discover import plan
from ingest.catalog.parses import Identity, Recipe
from ingest.catalog.runs import open_source, start_run
from ingest.outcome import AdmittedChunk, AdmittedFinding, Json
from ingest.publish import Publication
from ingest.quarantine import Holding
from ingest.sandbox.base import Evidence, Profile, SandboxRun, SandboxUsage
from ingest.store.base import StoredObject
from ingest.usage import SandboxRecord

PARSER = "p" * 64
RECIPE = Recipe(PARSER, "o" * 64)
PROFILE = Profile(name="documents", image="sha256:" + "1" * 64, parser_digest=PARSER)


def stored(key: str, version: str = "1", size: int = 10) -> StoredObject:
    """One listed object."""
    return StoredObject(key, version, size, 1_700_000_000.0)


def begin(db: Database, *objects: StoredObject, uri: str = "file:///uploads/") -> tuple[int, str]:
    """A source with these objects planned in a new run: (source id, run id)."""
    source = open_source(db, uri)
    run = start_run(db, source.id, "batch")
    plan(db, source.id, run, objects)
    return source.id, run


def claim_one(db: Database, worker: Worker, source: int, run: str) -> Claim:
    """Claim the one object there is to claim."""
    (claimed,) = claim(db, worker, source, run, count=1, lease_seconds=600)
    return claimed


def chunk(ordinal: int, words: str, heading: Iterable[str] = ("Title",), page: int = 1) -> AdmittedChunk:
    """A chunk whose id depends on heading and text alone, as the airlock makes them."""
    path = tuple(heading)
    return AdmittedChunk(
        chunk_id=hashlib.sha256(repr((path, words)).encode()).hexdigest(),
        ordinal=ordinal,
        text=words,
        heading_path=path,
        page_numbers=(page,),
        boxes=({"page": page, "x0": 1.5, "y0": 2.0, "x1": 3.0, "y1": 4.25},),
        element_ids=(f"e{ordinal}",),
        spans=((0, len(words)),),
        token_count=len(words.split()),
    )


def identity(content: str, limits: str = "l" * 64, recipe: Recipe = RECIPE) -> Identity:
    """The identity of a content given by any text."""
    return Identity(hashlib.sha256(content.encode()).hexdigest(), recipe, limits)


def publication(claimed: Claim, *texts: str, content: str = "", **more: Any) -> Publication:
    """A document of these chunks; the content's hash follows from them unless given."""
    return Publication(
        claim=claimed,
        identity=more.pop("identity", None) or identity(content or "\n".join(texts)),
        media_type="text/markdown",
        metadata={"media_type": "text/markdown", "title": "A title"},
        chunks=tuple(chunk(number, words) for number, words in enumerate(texts)),
        **more,
    )


def holding(claimed: Claim, reason: Reason = Reason.TIMEOUT, content: str = "poison", **more: Any) -> Holding:
    """A file to quarantine, with evidence and a finding."""
    return Holding(
        claim=claimed,
        reason=reason,
        detail=more.pop("detail", "no frame for 10.0 s"),
        original_uri=f"file:///results/.gloveport/quarantine/{claimed.object_id}",
        sha256=identity(content).sha256,
        media_type="application/pdf",
        findings=(AdmittedFinding("active_content", "high", "page 1", "JavaScript"),),
        evidence=more.pop("evidence", {"exit_code": 137, "limits": {"memory_bytes": 1}}),
        identity=identity(content),
        **more,
    )


def sandbox_record(cpu_seconds: float = 0.25) -> SandboxRecord:
    """One sandbox that read one file."""
    run = SandboxRun(
        verdict=None,
        observation="done",
        untrusted_frames=(),
        usage=SandboxUsage(0.5, cpu_seconds, 40 << 20, 100, 2000),
        evidence=Evidence(container_id="c1", exit_code=0, stderr_tail="a NUL \0 and a surrogate \ud800"),
    )
    return SandboxRecord.of("parse", PROFILE, run)


def state_of(db: Database, key: str) -> Json:
    """Every column of one object."""
    return rows(db, "SELECT * FROM objects WHERE key = :key", key=key)[0]


def wait_until_noticed(db: Database) -> None:
    """The server notices by itself that a killed worker is gone: wait for that, on the locks, not for a time."""
    with db.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        for key in connection.execute(text("SELECT lock_key FROM workers WHERE ended_at IS NULL")).scalars().all():
            connection.execute(text("SELECT pg_advisory_xact_lock(:class, :key)"), {"class": LOCK_CLASS, "key": key})


def vanish(db: Database, worker: Worker) -> None:
    """A worker's end by kill -9: its connection is gone, which the server notices a moment later; its rows stay."""
    worker._presence.close()
    with db.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        key = {"class": LOCK_CLASS, "key": worker._lock_key}
        connection.execute(text("SELECT pg_advisory_xact_lock(:class, :key)"), key)


def rows(db: Database, statement: str, **parameters: object) -> list[Json]:
    """What a statement answers, as dictionaries."""
    with db.begin() as connection:
        return [dict(row._mapping) for row in connection.execute(text(statement), parameters)]


def wait_until_blocked(db: Database) -> None:
    """Until somebody waits for a lock on a row of this database: asked of the server, not guessed by a time."""
    deadline = time.monotonic() + 60
    statement = """
        SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    while not rows(db, statement)[0]["n"]:
        assert time.monotonic() < deadline, "nobody came to wait"
        time.sleep(0.01)
