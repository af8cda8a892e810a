"""TEST: one installation under fire: uploads, a state folder, a database of its own; what stands in it afterwards."""

import hashlib
import itertools
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg

from ingest.catalog.database import Database
from ingest.catalog.embedded import EmbeddedPostgres
from ingest.catalog.runs import open_source
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.outputs import DOCUMENTS, QUARANTINE
from ingest.store.base import ObjectStore
from ingest.store.open import open_store
from tests.chaos.process import Ended, Running, Starter
from tests.chaos.uploads import upload

_TEMPLATE = "template_chaos"
_numbers = itertools.count(1)


def memory_folder() -> Path:
    """A file system in memory where there is one: a process's death costs the same there, and fsync nothing."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() else Path(tempfile.gettempdir())


class Server:
    """A PostgreSQL server and a database with every table and no row, to copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.embedded = EmbeddedPostgres(folder / "postgres")
        self.embedded.start()
        with self._admin() as connection:
            # Processes die here, machines do not; what a power cut needs is tested in test_embedded.py.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        with Database.open(self.url(_TEMPLATE)) as db:
            db.migrate()

    def url(self, database: str) -> str:
        return re.sub(r"@/\w+\?", f"@/{database}?", self.embedded.url())

    def pid(self) -> int:
        """The process all its connections belong to."""
        return int((self.folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new database, dropped afterwards."""
        name = f"chaos_{next(_numbers)}"
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        try:
            yield self.url(name)
        finally:
            with self._admin() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _admin(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.embedded.url(), autocommit=True)


@dataclass(frozen=True)
class Outcome:
    """Everything that must come out the same, however often the work was interrupted, without names of this site."""

    states: dict[str, str]  # key to state and reason; `indexed` and `unchanged` are both "answers"
    knowledge: bytes  # the export of the knowledge base
    documents: dict[str, str]  # path below the store's documents to sha256
    originals: Counter[str]  # sha256 of each original in quarantine


@dataclass
class Site:
    """One installation. `settings` are variables of every command; with `bucket`, uploads and results lie in S3.

    `command` is what works on the uploads, and the arguments it is given unless a test gives others.
    """

    folder: Path
    database_url: str
    starter: Starter
    settings: dict[str, str] = field(default_factory=dict)
    bucket: str = ""
    command: tuple[str, ...] = ("run", "--no-prefect")

    @property
    def uploads(self) -> Path:
        """The folder of the uploads, unless they are in a bucket."""
        return self.folder / "uploads"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def store(self) -> Path:
        """The folder of documents and originals, unless they are in a bucket."""
        return self.folder / "store"

    def source(self) -> ObjectStore:
        """Where the uploads are."""
        return self._open("uploads") if self.bucket else open_store(str(self.uploads))

    def kept(self) -> ObjectStore:
        """Where documents and originals go."""
        return self._open("kept") if self.bucket else open_store(str(self.store))

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Running:
        """Begin the command over the uploads."""
        source, store = self.source().uri, self.kept().uri
        settings = {
            "GLOVEPORT_STATE_DIRECTORY": str(self.state),
            "GLOVEPORT_DATABASE_URL": self.database_url,
            "GLOVEPORT_STORE": store,
            "GLOVEPORT_CONCURRENCY": "2",
        }
        name, *usual = self.command
        command = (name, source.removeprefix("file://"), "--json", *(arguments or usual))
        return self.starter.start(*command, environment=settings | self.settings | dict(environment or {}))

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
        """The command to its end, whatever that is."""
        return self.start(*arguments, environment=environment).wait()

    def outcome(self) -> Outcome:
        """What stands in the catalogue, the knowledge base and the store."""
        with Database.open(self.database_url, pool_size=1) as db:
            export = [asdict(chunk) for chunk in PostgresKnowledge(db).export(open_source(db, self.source().uri).id)]
        rows = self.rows("SELECT key, state, coalesce(reason, '') FROM objects ORDER BY key")
        return Outcome(
            states={
                str(key): "answers" if state in ("indexed", "unchanged") else f"{state} {reason}".strip()
                for key, state, reason in rows
            },
            knowledge="".join(json.dumps(row, sort_keys=True) + "\n" for row in export).encode(),
            documents=dict(self._digests(DOCUMENTS)),
            originals=Counter(digest for _, digest in self._digests(QUARANTINE)),
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """The answer of the site's database to a question."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()

    def _digests(self, prefix: str) -> Iterator[tuple[str, str]]:
        kept = self.kept()
        for stored in kept.list(f"{prefix}/"):
            with kept.open(stored.key) as content:
                yield stored.key, hashlib.sha256(content.read()).hexdigest()

    def _open(self, folder: str) -> ObjectStore:
        return open_store(f"s3://{self.bucket}/{folder}", endpoint_url=self.settings["GLOVEPORT_S3_ENDPOINT_URL"])


@contextmanager
def site(server: Server, starter: Starter, files: int) -> Iterator[Site]:
    """A new installation with uploads and nothing done yet."""
    folder = Path(tempfile.mkdtemp(prefix="gloveport-chaos-", dir=memory_folder()))
    try:
        with server.database() as url:
            opened = Site(folder, url, starter)
            opened.store.mkdir()
            upload(opened.uploads, files)
            yield opened
    finally:
        shutil.rmtree(folder)
