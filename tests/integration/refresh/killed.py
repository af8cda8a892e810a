"""TEST: children that kill themselves in the middle of a refresh's withdrawal.

Arguments: database URL, source folder, kept folder, spool folder. Each child plans, follows moves and withdraws, two
objects a transaction, and sends itself SIGKILL before the n-th statement after its plan, for every n there is. Prints
what each child came to.
"""

import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path

from sqlalchemy import event

import ingest.refresh
from ingest.catalog import claims, discover, runs
from ingest.catalog.database import Database
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.pipeline import Stations
from ingest.policy import make_policy
from ingest.sandbox.base import Profile
from ingest.settings import Settings
from ingest.store.open import open_store

ingest.refresh.OBJECTS_AT_ONCE = 2  # type: ignore[misc]


class NoEngine:
    """Whatever is asked of it, nothing here needs a sandbox."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} of an engine")


def child(url: str, uploads: str, kept: str, spool: str, number: int) -> None:
    """Comes back only when the withdrawal has fewer than `number` statements."""
    db = Database.open(url, pool_size=4)
    store = open_store(uploads)
    source = runs.open_source(db, store.uri)
    claims.reclaim_dead(db)
    run = runs.start_run(db, source.id, "refresh")
    claims.register_worker(db, run)
    policy = make_policy(
        {"text": Profile("text", "sha256:", "sha256:")}, {}, "text", Settings(state_directory=Path(spool))
    )
    at = Stations(
        db, store, source.uri, open_store(kept), PostgresKnowledge(db), NoEngine(), policy,
        {"chunk_tokens_max": 512, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20, "comments_in_text": True},
        Path(spool),
    )  # fmt: skip
    planned = discover.plan(db, source.id, run, store.list())
    statements = count(1)

    @event.listens_for(db.engine, "before_cursor_execute")
    def before(*_: object) -> None:
        if next(statements) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    begun = ingest.refresh.Withdrawal.begin(
        at, source.id, run, planned, percent_max=20, concurrency=1, allow_mass_delete=True
    )
    begun.follow_moves(on_file=lambda _report: None, stop=threading.Event())
    begun.withdraw(on_file=lambda _report: None, stop=threading.Event())


def main(*arguments: str) -> None:
    for number in count(1):
        pid = os.fork()
        if pid == 0:
            child(*arguments, number=number)  # type: ignore[misc]
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))
        sys.stdout.write(f"killed before statement {number}\n")


main(*sys.argv[1:])
