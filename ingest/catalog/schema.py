"""HOST, trusted: the tables, and the constraints that keep the invariant even against a bug of ours.

What the database itself refuses, whatever the code above it does:

    an object in no state, or quarantined without a reason               CHECK on objects
    two rows for one key of a source                                     UNIQUE on objects and documents
    an indexed object whose document has no current revision             FOREIGN KEY (document_id, document_live)
    a quarantined or deleted object whose document still answers         the same
    a chunk of a document without a current revision                     FOREIGN KEY (document_id, live) on chunks
    a document answering with another document's revision                FOREIGN KEY (id, current_revision_id)
    two chunks in one place, or one chunk twice                          UNIQUE, PRIMARY KEY on chunks
    two open quarantine entries for one object                           partial UNIQUE index
    an embedded file without a parent, a root and an identity there      CHECK on objects
    a key of a source that is taken for an embedded file, or the reverse CHECK on objects: the latter's `key_digest` is
                                                                         of bytes that no text can hold (NUL)

`migrations/` makes these tables; a test compares the two, table by table.
"""

from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from contract.verdicts import Reason
from ingest.outcome import Outcome

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
    }
)


class State(StrEnum):
    """Where an object stands: waiting for work, or at one of the four ends of `Outcome`."""

    PENDING = "pending"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


def _one_of(column: str, words: type[StrEnum] | tuple[str, ...]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({quoted})"


RUN_KINDS = ("batch", "upload", "watch", "refresh", "reprocess")
RUN_STATES = ("running", "finished", "failed", "interrupted")
ENTRY_STATUSES = ("held", "released", "reprocessed", "purged", "resolved")
_NOW = text("now()")
_TIME = TIMESTAMP(timezone=True)
assert {state.value for state in State} == {"pending", *(outcome.value for outcome in Outcome)}  # noqa: S101


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _text(name: str) -> Column[str]:
    """Text that may be unknown is empty, never NULL: one way to say nothing."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def _json(name: str, default: str = "{}") -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text(f"'{default}'::jsonb"))


tenants = Table(
    "tenants",
    metadata,
    Column("name", Text, primary_key=True),
    Column("priority", Integer, nullable=False, server_default=text("1")),  # its share of the workers, as a weight
    # NULL: no such limit.
    Column("concurrency", Integer),
    Column("files_per_minute", BigInteger),
    Column("files_per_day", BigInteger),
    Column("bytes_per_day", BigInteger),
    Column("cpu_seconds_per_day", Double),
    Column(
        "limited",
        Boolean,
        Computed(
            "num_nonnulls(concurrency, files_per_minute, files_per_day, bytes_per_day, cpu_seconds_per_day) > 0",
            persisted=True,
        ),
        nullable=False,
    ),
    Column("served_at", _TIME),
    # The minute in which a file of it was claimed last, and how many were in that minute.
    Column("minute", _TIME),
    Column("minute_files", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("priority BETWEEN 1 AND 100", name="priority_check"),
    CheckConstraint(
        "concurrency >= 1 AND files_per_minute >= 1 AND files_per_day >= 0 AND bytes_per_day >= 0"
        " AND cpu_seconds_per_day >= 0",
        name="limits_check",
    ),
)

tenant_usage = Table(  # of tenants with a limit alone; days are those of UTC
    "tenant_usage",
    metadata,
    Column("tenant", ForeignKey(tenants.c.name), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("files", BigInteger, nullable=False, server_default=text("0")),
    Column("bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("cpu_seconds", Double, nullable=False, server_default=text("0")),
)

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    Column("tenant", ForeignKey(tenants.c.name), nullable=False, server_default=text("'default'"), index=True),
    Column("priority", Integer, nullable=False, server_default=text("0")),  # among the tenant's own sources
)

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'running'")),
    Column("started_at", _TIME, nullable=False, server_default=_NOW),
    Column("finished_at", _TIME),
    # The worker that began it and closes it; others may join. NULL: nobody will.
    Column("planner", ForeignKey("workers.id", use_alter=True)),
    _text("detail"),  # why it failed or was interrupted
    CheckConstraint(_one_of("kind", RUN_KINDS), name="kind_check"),
    CheckConstraint(_one_of("state", RUN_STATES), name="state_check"),
    CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished_check"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("lock_key", Integer, Identity(always=True), nullable=False, unique=True),
    Column("run_id", ForeignKey(runs.c.id)),
    _text("host"),
    Column("pid", Integer, nullable=False),
    Column("started_at", _TIME, nullable=False, server_default=_NOW),
    Column("ended_at", _TIME),
    Index(None, "id", postgresql_where=text("ended_at IS NULL")),
)

documents = Table(
    "documents",
    metadata,
    _id(),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("key", Text, nullable=False),
    # Keys may be longer than an index entry, and an uploader chooses them: hence a digest, and a strong one.
    Column("key_digest", LargeBinary, nullable=False),
    _text("title"),
    _text("media_type"),
    Column("current_revision_id", BigInteger),
    Column("live", Boolean, Computed("current_revision_id IS NOT NULL", persisted=True), nullable=False),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    Column("changed_at", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("source_id", "key_digest"),
    UniqueConstraint("id", "live"),
    Column("embedded", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("embedded OR key_digest = sha256(convert_to(key, 'UTF8'))", name="key_digest_check"),
    ForeignKeyConstraint(["id", "current_revision_id"], ["revisions.document_id", "revisions.id"], use_alter=True),
)

revisions = Table(
    "revisions",
    metadata,
    _id(),
    Column("document_id", ForeignKey(documents.c.id), nullable=False),
    Column("run_id", ForeignKey(runs.c.id), nullable=False),
    Column("sha256", Text, nullable=False),
    Column("parser_digest", Text, nullable=False),
    Column("options_digest", Text, nullable=False),
    _text("media_type"),
    _json("metadata"),
    _json("findings", "[]"),
    _json("artifacts"),
    Column("chunk_count", Integer, nullable=False),
    Column("embedded_count", Integer, nullable=False, server_default=text("0")),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("document_id", "sha256", "parser_digest", "options_digest"),
    UniqueConstraint("document_id", "id"),
)

objects = Table(
    "objects",
    metadata,
    _id(),
    Column("source_id", ForeignKey(sources.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("key_digest", LargeBinary, nullable=False),
    Column("version", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified", Double, nullable=False),
    _text("irregular"),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("reason", Text),
    _text("detail"),
    _text("sha256"),
    _text("media_type"),
    Column("document_id", BigInteger),
    Column(
        "document_live",
        Boolean,
        Computed(
            "CASE WHEN state IN ('indexed', 'unchanged') THEN true "
            "WHEN state IN ('quarantined', 'deleted') THEN false END",
            persisted=True,
        ),
    ),
    Column("run_id", ForeignKey(runs.c.id), nullable=False),
    Column("lease_owner", ForeignKey(workers.c.id)),
    Column("lease_expires_at", _TIME),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("settled_fence", BigInteger),
    Column("settled_at", _TIME),
    Column("settled_run_id", Uuid(as_uuid=False)),  # `run_id`'s, unless that run only listed it
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("not_before", _TIME),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Column("charged_day", Date),  # NULL: nothing of it is charged to its tenant that may still be given back
    Column("charged_bytes", BigInteger),
    _json("override"),
    # Of a file inside another; its `key` is for people, its `version` the hash of its content.
    Column("parent_id", BigInteger, ForeignKey("objects.id")),
    Column("root_id", BigInteger, ForeignKey("objects.id")),  # the file of the source that it came with
    Column("depth", Integer, nullable=False, server_default=text("0")),
    Column("place", Integer),  # among its siblings
    _text("name"),
    Column("member", LargeBinary),  # its lasting identity within its parent
    Column("withheld", Text),  # why its bytes are not to be had, decided before it was read
    _text("withheld_detail"),
    UniqueConstraint("source_id", "key_digest"),
    CheckConstraint(
        "key_digest = CASE WHEN parent_id IS NULL THEN sha256(convert_to(key, 'UTF8')) "
        r"ELSE sha256('\x00'::bytea || int8send(parent_id) || member) END",
        name="key_digest_check",
    ),
    CheckConstraint(
        "num_nonnulls(parent_id, root_id, place, member) IN (0, 4) AND (depth > 0) = (parent_id IS NOT NULL)",
        name="embedded_check",
    ),
    CheckConstraint("withheld IS NULL OR parent_id IS NOT NULL", name="withheld_check"),
    CheckConstraint(_one_of("withheld", Reason), name="withheld_word_check"),
    CheckConstraint(_one_of("state", State), name="state_check"),
    CheckConstraint(_one_of("reason", Reason), name="reason_word_check"),
    CheckConstraint("(state = 'quarantined') = (reason IS NOT NULL)", name="reason_check"),
    CheckConstraint("state NOT IN ('indexed', 'unchanged') OR document_id IS NOT NULL", name="document_check"),
    CheckConstraint("(lease_owner IS NULL) = (lease_expires_at IS NULL)", name="lease_check"),
    CheckConstraint("lease_owner IS NULL OR state = 'pending'", name="lease_pending_check"),
    CheckConstraint("state = 'pending' OR override = '{}'::jsonb", name="override_check"),
    CheckConstraint("(charged_day IS NULL) = (charged_bytes IS NULL)", name="charged_check"),
    # Deferred: a document and its object change state in one transaction, and one of them must go first.
    ForeignKeyConstraint(
        ["document_id", "document_live"],
        ["documents.id", "documents.live"],
        deferrable=True,
        initially="DEFERRED",
    ),
    Index("objects_pending_index", "source_id", "id", postgresql_where=text("state = 'pending'")),
    Index(
        "objects_suspects_index", "source_id", "deaths", "id", postgresql_where=text("state = 'pending' AND deaths > 0")
    ),
    Index("objects_charged_index", "source_id", postgresql_where=text("charged_day IS NOT NULL")),
    Index(
        "objects_standing_index",
        "source_id",
        text('"left"(key, 512) COLLATE "C"'),
        postgresql_where=text("state <> 'deleted'"),
    ),
    Index("objects_lease_owner_index", "lease_owner", postgresql_where=text("lease_owner IS NOT NULL")),
    Index("objects_document_id_index", "document_id"),
    Index("objects_parent_id_index", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("objects_root_id_index", "root_id", postgresql_where=text("root_id IS NOT NULL")),
    Index(
        "objects_embedded_key_index",
        "key",
        postgresql_using="hash",
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "80"},  # re-accounting an unchanged object then stays on its page, off the indexes
)

chunks = Table(
    "chunks",
    metadata,
    Column("document_id", BigInteger, nullable=False),
    Column("chunk_id", Text, nullable=False),
    Column("live", Boolean, nullable=False, server_default=text("true")),
    Column("ordinal", Integer, nullable=False),
    Column("revision_id", BigInteger, nullable=False),  # the first revision that held it
    Column("text", Text, nullable=False),
    Column("heading_path", ARRAY(Text), nullable=False),
    Column("page_numbers", ARRAY(Integer), nullable=False),
    Column("boxes", JSONB, nullable=False),
    Column("element_ids", ARRAY(Text), nullable=False),
    Column("spans", JSONB, nullable=False),
    Column("token_count", Integer, nullable=False),
    Column("search", TSVECTOR, nullable=False),
    PrimaryKeyConstraint("document_id", "chunk_id"),
    # Deferred: a swap renumbers chunks, and passes through orders that are not one yet.
    UniqueConstraint("document_id", "ordinal", deferrable=True, initially="DEFERRED"),
    CheckConstraint("live", name="live_check"),
    ForeignKeyConstraint(["document_id", "live"], ["documents.id", "documents.live"]),
    ForeignKeyConstraint(["document_id", "revision_id"], ["revisions.document_id", "revisions.id"]),
    Index("chunks_search_index", "search", postgresql_using="gin"),
)

parses = Table(
    "parses",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("parser_digest", Text, nullable=False),
    Column("options_digest", Text, nullable=False),
    Column("limits_digest", Text, nullable=False),  # empty for a result: it holds under any limits
    Column("reason", Text),
    _text("detail"),
    _text("media_type"),
    _json("metadata"),
    _json("findings", "[]"),
    _json("artifacts"),
    Column("chunk_count", Integer, nullable=False, server_default=text("0")),
    _json("evidence"),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("sha256", "parser_digest", "options_digest", "limits_digest"),
    CheckConstraint("(reason IS NULL) = (limits_digest = '')", name="limits_check"),
    CheckConstraint(_one_of("reason", Reason), name="reason_word_check"),
)

sandbox_runs = Table(
    "sandbox_runs",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("object_id", ForeignKey(objects.c.id), nullable=False),
    Column("run_id", ForeignKey(runs.c.id), nullable=False, index=True),
    Column("stage", Text, nullable=False),
    _text("profile"),
    _text("tier"),
    _text("image"),
    _text("parser_digest"),
    Column("verdict", Text),
    _text("observation"),
    Column("wall_seconds", Double, nullable=False),
    Column("cpu_seconds", Double, nullable=False),
    Column("memory_peak_bytes", BigInteger, nullable=False),
    Column("bytes_in", BigInteger, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    _json("evidence"),
    Column("recorded_at", _TIME, nullable=False, server_default=_NOW),
    CheckConstraint("stage IN ('parse', 'convert')", name="stage_check"),
    CheckConstraint(_one_of("verdict", Reason), name="verdict_word_check"),
    Index("sandbox_runs_object_id_index", "object_id"),
)

quarantine_entries = Table(
    "quarantine_entries",
    metadata,
    _id(),
    Column("object_id", ForeignKey(objects.c.id), nullable=False),
    Column("run_id", ForeignKey(runs.c.id), nullable=False),
    Column("version", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    _text("sha256"),
    _text("media_type"),
    Column("reason", Text, nullable=False),
    _text("detail"),
    _json("findings", "[]"),
    _json("evidence"),
    _text("original_uri"),
    Column("status", Text, nullable=False, server_default=text("'held'")),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    _json("history", "[]"),
    CheckConstraint(_one_of("reason", Reason), name="reason_word_check"),
    CheckConstraint(_one_of("status", ENTRY_STATUSES), name="status_check"),
    Index("quarantine_entries_open_key", "object_id", unique=True, postgresql_where=text("status = 'held'")),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", _TIME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),  # the very characters that were hashed; jsonb would write numbers its own way
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("octet_length(previous_hash) = 32 AND octet_length(hash) = 32", name="hash_check"),
)

controls = Table(
    "controls",
    metadata,
    _id(),
    Column("run_id", ForeignKey(runs.c.id), unique=True),
    Column("source_id", ForeignKey(sources.c.id), unique=True),
    Column("wish", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("at", _TIME, nullable=False, server_default=_NOW),
    CheckConstraint(_one_of("wish", ("pause", "drain", "cancel")), name="wish_check"),
    # Cancel and drain are about a run; a pause is about a source or, without one, about all.
    CheckConstraint(
        "(wish = 'pause') = (run_id IS NULL) AND (run_id IS NULL OR source_id IS NULL)", name="target_check"
    ),
    Index(
        "controls_everything_key", "wish", unique=True, postgresql_where=text("run_id IS NULL AND source_id IS NULL")
    ),
)
