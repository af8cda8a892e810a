"""HOST, trusted: the whole state in one file, and back: the catalogue, the knowledge base, the account, the documents.

A backup is a tar archive, for its owner alone, because it holds the text of documents:

    manifest.json     what is inside: release, revision, row counts, the head of the audit chain
    catalogue.dump    PostgreSQL's custom format, made by `pg_dump` in the snapshot in which the rows were counted
    store/…           documents, originals and files inside them, where they are kept in the state directory

Objects are written before the transaction that refers to them, so the store is copied after the database: whatever the
dump refers to is in the copy. Restoring needs an empty database and is one transaction.
"""

import contextlib
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import text

import ingest
from ingest import audit, outputs
from ingest.catalog import claims, reconcile, story
from ingest.catalog.database import REVISION, Database
from ingest.catalog.embedded import binaries
from ingest.errors import ConfigurationError, DatabaseError, ObjectChanged, ObjectMissing, ReconciliationError
from ingest.store.base import ObjectStore, StoredObject
from ingest.store.open import open_store

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DUMP: Final = "catalogue.dump"
STORE: Final = "store/"
_SCRATCH: Final = f"{outputs.ROOT}/tmp/"  # noqa: S108 - a folder of the store, not of the host
_BLOCK: Final = 1 << 20
_MANIFEST_BYTES_MAX: Final = 1 << 20


Session = psycopg.Connection[tuple[object, ...]]


class Manifest(BaseModel):
    """What a backup holds. `tables` has the rows of each table, `store_uri` is empty when no documents are inside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    release: str
    revision: str
    created_at: datetime
    database: str
    tables: dict[str, int]
    audit_events: int
    audit_head: str
    dump_sha256: str
    store_uri: str = ""


class BackupRefused(DatabaseError):
    """backup: {detail}"""


def back_up(db: Database, file: Path, *, kept: Path | None) -> Manifest:
    """Write everything to a new `file`; work may go on meanwhile. `kept` is the folder of documents to include.

    Raises `DatabaseError`, or `ConfigurationError` when the file cannot be written or is there already.
    """
    if file.exists():
        raise ConfigurationError(f"{file} exists, and a backup overwrites nothing")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".gloveport-backup-") as scratch:
            dump, archive = Path(scratch, DUMP), Path(scratch, "archive")
            manifest = _dump(db, dump)
            if kept is not None and kept.is_dir():
                manifest = manifest.model_copy(update={"store_uri": open_store(str(kept)).uri})
            _pack(archive, manifest, dump)
            archive.rename(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from error
    return manifest


def _dump(db: Database, file: Path) -> Manifest:
    """Dump and count in one snapshot, which this session holds open until the dump is done."""
    with closing(db.connect_alone()) as session, session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(sql.SQL("SET LOCAL {} = 0").format(sql.Identifier(limit)))
        snapshot = str(_one(session, sql.SQL("SELECT pg_export_snapshot()")))
        if _one(session, sql.SQL("SELECT to_regclass('alembic_version')")) is None:
            raise BackupRefused(f"{db.location} has no tables of gloveport")
        tables = _row_counts(session)
        events = _one(session, sql.SQL("SELECT count(*) FROM audit_events"))
        revision = str(_one(session, sql.SQL("SELECT version_num FROM alembic_version")))
        head = _one(session, sql.SQL("SELECT encode(hash, 'hex') FROM audit_events ORDER BY seq DESC LIMIT 1"))
        _run(db, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
             f"--snapshot={snapshot}", f"--file={file}")  # fmt: skip
    return Manifest(
        format=FORMAT,
        release=ingest.__version__,
        revision=revision,
        created_at=datetime.now(UTC),
        database=db.location,
        tables=tables,
        audit_events=int(str(events)),
        audit_head=str(head or audit.GENESIS.hex()),
        dump_sha256=_sha256_of(file),
    )


def _sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _pack(archive: Path, manifest: Manifest, dump: Path) -> None:
    with tarfile.open(archive, "x", format=tarfile.PAX_FORMAT) as tar:
        archive.chmod(0o600)
        described = manifest.model_dump_json(indent=2).encode()
        _add(tar, MANIFEST, len(described), io.BytesIO(described))
        with dump.open("rb") as stream:
            _add(tar, DUMP, dump.stat().st_size, stream)
        if manifest.store_uri:
            _pack_store(tar, open_store(manifest.store_uri))
    with archive.open("rb") as written:
        os.fsync(written.fileno())


def _pack_store(tar: tarfile.TarFile, store: ObjectStore) -> None:
    for stored in store.list(f"{outputs.ROOT}/"):
        if stored.irregular or stored.key.startswith(_SCRATCH):
            continue
        _pack_object(tar, store, stored)


def _pack_object(tar: tarfile.TarFile, store: ObjectStore, listed: StoredObject) -> None:
    """An object as it is now: one that was purged since the listing is left out, one written again is taken anew."""
    while True:
        try:
            with store.open(listed.key, listed.version) as stream:
                _add(tar, f"{STORE}{listed.key}", listed.size, stream)
                return
        except ObjectMissing:
            return
        except ObjectChanged:
            listed = next((now for now in store.list(listed.key) if now.key == listed.key), listed)


def _add(tar: tarfile.TarFile, name: str, size: int, stream: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, stream)


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself. Raises `ConfigurationError` when the file is none, or of a later format."""
    with _opened(file) as tar:
        return _manifest(tar, file)


def restore(db: Database, file: Path, *, kept: Path | None) -> Manifest:
    """Bring everything back into an empty database, then prove it: row counts, audit chain, invariant.

    `kept` is the folder where this installation keeps its documents; those in the backup go there, none is overwritten.
    Leases and running runs of the backup end: whoever had them works elsewhere. Raises `BackupRefused` before anything
    is written, `DatabaseError` with the database as empty as before, `ReconciliationError` when the proof fails.
    """
    with _opened(file) as tar:
        manifest = _manifest(tar, file)
        _must_fit(db, manifest)
        _must_be_at_home(manifest, kept)
        _must_be_whole(tar, manifest, file)
        _restore_store(tar, manifest)
        _restore_database(db, tar)
    _settle_down(db, manifest)
    return manifest


def prove(db: Database, file: Path) -> Manifest:
    """Show that a backup can be restored, in a `db` that is empty and will be thrown away; no store is touched.

    The proof of `restore`, and that the backup has every document and every held original which its catalogue names in
    the store that was backed up. Raises as `restore` does.
    """
    with _opened(file) as tar:
        manifest = _manifest(tar, file)
        _must_fit(db, manifest)
        _must_be_whole(tar, manifest, file)
        _restore_database(db, tar)
        _settle_down(db, manifest)
        if manifest.store_uri:
            _must_have_documents(db, tar, manifest.store_uri)
    return manifest


def _restore_database(db: Database, tar: tarfile.TarFile) -> None:
    _run(db, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
         f"--dbname={_conninfo(db)}", standard_input=_member(tar, DUMP))  # fmt: skip


def _settle_down(db: Database, manifest: Manifest) -> None:
    """Prove the rows, bring the tables up to this release, end what the backup caught at work, prove the account."""
    _must_be_as_dumped(db, manifest)
    db.migrate()
    claims.reclaim_dead(db, suspect=False)  # whoever was at work when the backup was made did not die of it
    with db.begin() as connection:
        connection.execute(text(_INTERRUPT))
    _must_be_sound(db)


_INTERRUPT = """
    UPDATE runs
    SET state = 'interrupted', detail = 'a backup made during it was restored', finished_at = clock_timestamp()
    WHERE state = 'running'
"""


def _must_fit(db: Database, manifest: Manifest) -> None:
    if manifest.revision > REVISION:
        raise BackupRefused(f"it was made by a newer release ({manifest.release})", hint="upgrade gloveport first")
    with closing(db.connect_alone()) as session:
        tables = _tables(session)
    if tables:
        raise BackupRefused(
            f"{db.location} has {len(tables)} tables already, and a restore overwrites nothing",
            hint="create an empty database and name it in GLOVEPORT_DATABASE_URL, or name a new state directory",
        )


def _must_be_at_home(manifest: Manifest, kept: Path | None) -> None:
    here = "" if kept is None else f"{kept.resolve().as_uri()}/"
    if manifest.store_uri not in ("", here):
        raise BackupRefused(
            f"its documents were kept in {manifest.store_uri}, this installation keeps them in {here or 'its store'}",
            hint="restore with the same state directory, because the catalogue names every document by its address;"
            " `gloveport restore FILE --verify-only` proves a backup without it",
        )


def _must_be_whole(tar: tarfile.TarFile, manifest: Manifest, file: Path) -> None:
    if hashlib.file_digest(_member(tar, DUMP), "sha256").hexdigest() != manifest.dump_sha256:
        raise BackupRefused(f"{file} is damaged: the dump is not the one that was written")


def _restore_store(tar: tarfile.TarFile, manifest: Manifest) -> None:
    if not manifest.store_uri:
        return
    Path(manifest.store_uri.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
    store = open_store(manifest.store_uri)
    for member in tar:
        if member.isfile() and member.name.startswith(f"{STORE}{outputs.ROOT}/"):
            store.put(member.name.removeprefix(STORE), _member(tar, member.name), only_if_absent=True)


def _must_have_documents(db: Database, tar: tarfile.TarFile, store_uri: str) -> None:
    with closing(db.connect_alone()) as session:
        session.execute("CREATE TEMPORARY TABLE members (uri text)")
        with session.cursor().copy("COPY members FROM STDIN") as copy:
            for member in tar:
                copy.write_row([f"{store_uri}{member.name.removeprefix(STORE)}"])
        lacking = session.execute(_LACKING, {"store": store_uri}).fetchall()
    if lacking:
        raise ReconciliationError(f"{len(lacking)} files are not in the backup, the first is {lacking[0][0]}")


_LACKING: Final = """
    SELECT uri FROM (
        SELECT artifacts.value AS uri FROM documents JOIN revisions ON revisions.id = documents.current_revision_id
        CROSS JOIN LATERAL jsonb_each_text(revisions.artifacts) AS artifacts
        UNION SELECT original_uri FROM quarantine_entries WHERE status = 'held'
    ) AS named
    WHERE starts_with(uri, %(store)s) AND NOT EXISTS (SELECT FROM members WHERE members.uri = named.uri) ORDER BY uri
"""


def _must_be_as_dumped(db: Database, manifest: Manifest) -> None:
    with closing(db.connect_alone()) as session:
        tables = _row_counts(session)
    different = sorted(name for name in {*tables, *manifest.tables} if tables.get(name) != manifest.tables.get(name))
    if different:
        raise ReconciliationError(f"row counts differ from the backup's in {', '.join(different)}")
    chain = audit.verify(db)
    if chain.broken_at is not None or (chain.events, chain.head) != (manifest.audit_events, manifest.audit_head):
        raise ReconciliationError(f"the audit chain is not the backup's: {chain.detail or chain.head}")


def _must_be_sound(db: Database) -> None:
    problems = [
        f"{source.uri}: {problem}"
        for source in story.list_sources(db)
        for problem in reconcile.reconcile(db, source.id).problems
    ]
    if problems:
        raise ReconciliationError("; ".join(problems))


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except (OSError, tarfile.TarError) as error:
        raise ConfigurationError(f"{file} cannot be read as a backup: {error}") from error


def _manifest(tar: tarfile.TarFile, file: Path) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > _MANIFEST_BYTES_MAX:
        raise ConfigurationError(f"{file} is not a backup of gloveport")
    try:
        manifest = Manifest.model_validate_json(_member(tar, MANIFEST).read())
    except ValidationError as error:
        raise ConfigurationError(f"{file} has a manifest that cannot be read: {error.error_count()} errors") from None
    if manifest.format != FORMAT:
        raise ConfigurationError(f"{file} has format {manifest.format}, this release reads {FORMAT}")
    return manifest


def _member(tar: tarfile.TarFile, name: str) -> io.BufferedReader:
    try:
        stream = tar.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise ConfigurationError(f"the backup has no {name}")
    return cast("io.BufferedReader", stream)


def _tables(session: Session) -> list[sql.Identifier]:
    """Every table and view that is neither PostgreSQL's own nor an extension's, by name."""
    statement = """
        SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
          AND NOT EXISTS (SELECT FROM pg_depend WHERE pg_depend.objid = pg_class.oid AND deptype = 'e')
        ORDER BY nspname, relname
    """
    return [sql.Identifier(str(schema), str(name)) for schema, name in session.execute(statement).fetchall()]


def _row_counts(session: Session) -> dict[str, int]:
    counts = {}
    for table in _tables(session):
        number = _one(session, sql.SQL("SELECT count(*) FROM {}").format(table))
        counts[table.as_string(session)] = int(str(number))
    return counts


def _one(session: Session, statement: sql.SQL | sql.Composed) -> object:
    row = session.execute(statement).fetchone()
    return None if row is None else row[0]


def _conninfo(db: Database) -> str:
    """Where the database is, as libpq's programs take it on their command line, which every user can read."""
    address = db.engine.url
    if "sslpassword" in address.query:
        raise ConfigurationError(
            "sslpassword in the database's address would be seen by every user", hint="use a key without a password"
        )
    parts = {"user": address.username, "host": address.host, "port": address.port, "dbname": address.database}
    options = {name: value for name, value in address.query.items() if name != "password"}
    return make_conninfo(**{name: str(value) for name, value in {**parts, **options}.items() if value})


def _password(db: Database) -> str:
    """The password in the database's address, wherever it stands there; empty when there is none."""
    given = db.engine.url.password or db.engine.url.query.get("password", "")
    return str(given)


def _run(db: Database, program: str, *arguments: str, standard_input: IO[bytes] | None = None) -> None:
    """Run one of the wheel's programs on this database. The password goes through its environment.

    Of what a failed one says, only its own error line is passed on: the rest can quote rows.
    """
    environment = {name: value for name, value in os.environ.items() if name.startswith("PG") or name == "HOME"}
    if password := _password(db):
        environment["PGPASSWORD"] = password
    target = [f"--dbname={_conninfo(db)}"] if standard_input is None else []
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [binaries() / program, "--no-password", *arguments, *target],
            env={**environment, "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL if standard_input is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        if process.stdin is not None and standard_input is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it says itself why it ended
                while block := standard_input.read(_BLOCK):
                    pipe.write(block)
        if process.wait() == 0:
            return
        output.seek(0)
        said = output.read().decode("utf-8", "replace").splitlines()
    errors = [line for line in said if line.startswith(f"{program}: error:")]
    raise DatabaseError(errors[0] if errors else f"{program} ended with {process.returncode}")
