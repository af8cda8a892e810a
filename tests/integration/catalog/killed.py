"""TEST: children that kill themselves in the middle of a publication. Arguments: database URL, source id, run id.

Each child claims one object, begins to publish it or to quarantine it, and sends itself SIGKILL before the n-th
statement of that, for every n there is; one of each kind does so after the commit, before anybody heard of it. Prints
what each child came to.
"""

import os
import signal
import sys
from itertools import count

from sqlalchemy import event

from ingest.catalog.claims import claim, register_worker
from ingest.catalog.database import Database
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import publish
from ingest.quarantine import hold
from tests.integration.catalog.builders import holding, publication, sandbox_record


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def child(url: str, source: str, run: str, end: str, number: int) -> None:
    """Comes back only when this end has fewer than `number` statements; 0 is the kill after the commit."""
    db = Database.open(url, pool_size=1)
    (claimed,) = claim(db, register_worker(db, run), int(source), run, 1, 600)
    statements = count(1)

    @event.listens_for(db.engine, "before_cursor_execute")
    def before(*_: object) -> None:
        if next(statements) == number:
            _die()

    records = (sandbox_record(),)
    if end == "publish":
        publish(db, PostgresKnowledge(db), publication(claimed, "one", "two", claimed.key, sandbox_runs=records))
    else:
        hold(db, PostgresKnowledge(db), holding(claimed, content=claimed.key, sandbox_runs=records))
    if number == 0:
        _die()


def outcome(url: str, source: str, run: str, end: str, number: int) -> str:
    pid = os.fork()
    if pid == 0:
        child(url, source, run, end, number)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return f"killed before statement {number}" if number else "killed after commit"
    if os.WEXITSTATUS(status):
        sys.exit(f"{end} failed by itself")
    return "finished"


def main(url: str, source: str, run: str) -> None:
    for number in count():
        outcomes = [outcome(url, source, run, end, number) for end in ("publish", "quarantine")]
        sys.stdout.write("".join(f"{told}\n" for told in outcomes))
        if outcomes == ["finished", "finished"]:
            return


main(*sys.argv[1:])
