"""HOST, trusted: checks the invariant from the rows alone: every object at exactly one end, and nothing half done.

Much of what is asked here the database refuses by constraint; asking again costs little, and a dump restored without
its constraints, or a hand in the tables, would otherwise go unseen.
"""

from dataclasses import dataclass

from sqlalchemy import text

from ingest.catalog.claims import LOCK_CLASS
from ingest.catalog.database import Database
from ingest.catalog.schema import State

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of disagreement: how many rows, and a few of their keys."""

    kind: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.examples)
        return f"{self.kind}: {self.count} ({shown}{', …' if self.count > len(self.examples) else ''})"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the rows say. `counts` has every state, pending included; `problems` are disagreements, worst first."""

    counts: dict[State, int]
    problems: tuple[Problem, ...]

    @property
    def pending(self) -> int:
        """Objects at no end: left by a fault of ours, or still being worked on."""
        return self.counts[State.PENDING]

    @property
    def ok(self) -> bool:
        """Whether every object is at an end and every row agrees."""
        return self.pending == 0 and not self.problems


def reconcile(db: Database, source_id: int, run_id: str | None = None) -> Reconciliation:
    """Check a source, and with `run_id` count only the objects accounted to that run. Reads one consistent picture."""
    counts = dict.fromkeys(State, 0)
    problems: list[Problem] = []
    with db.begin() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # millions of rows take longer than any one file
        parameters = {"source": source_id, "run": run_id, "class": LOCK_CLASS, "examples": EXAMPLES}
        for state, number in connection.execute(text(_COUNTS), parameters):
            counts[State(state)] = number
        for kind, query in _CHECKS.items():
            number_and_keys = 'count(*), ARRAY(SELECT key FROM found ORDER BY key COLLATE "C" LIMIT :examples)'
            statement = f"WITH found AS ({query}) SELECT {number_and_keys} FROM found"  # noqa: S608 - all constants
            number, examples = connection.execute(text(statement), parameters).one()
            if number:
                problems.append(Problem(kind, number, tuple(examples)))
    return Reconciliation(counts, tuple(problems))


_COUNTS = """
    SELECT state, count(*) FROM objects
    WHERE source_id = :source AND (CAST(:run AS uuid) IS NULL OR run_id = CAST(:run AS uuid)) GROUP BY state
"""
_CHECKS = {
    "answers of a file that is quarantined or deleted": """
        SELECT DISTINCT objects.key FROM objects JOIN chunks USING (document_id)
        WHERE source_id = :source AND state IN ('quarantined', 'deleted')
    """,
    "indexed without a current revision": """
        SELECT objects.key FROM objects LEFT JOIN documents ON documents.id = objects.document_id
        WHERE objects.source_id = :source AND state IN ('indexed', 'unchanged') AND current_revision_id IS NULL
    """,
    "indexed with more or fewer chunks than its revision has": """
        SELECT documents.key FROM documents JOIN revisions ON revisions.id = documents.current_revision_id
        WHERE documents.source_id = :source AND revisions.chunk_count <>
            (SELECT count(*) FROM chunks WHERE chunks.document_id = documents.id)
    """,
    "chunks that are not numbered 0, 1, 2 …": """
        SELECT documents.key FROM documents JOIN chunks ON chunks.document_id = documents.id
        WHERE documents.source_id = :source
        GROUP BY documents.id, documents.key HAVING min(ordinal) <> 0 OR max(ordinal) <> count(*) - 1
    """,
    "answers of no file": """
        SELECT documents.key FROM documents
        WHERE source_id = :source AND current_revision_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM objects WHERE objects.document_id = documents.id)
    """,
    "quarantined without an entry": """
        SELECT key FROM objects WHERE source_id = :source AND state = 'quarantined' AND NOT EXISTS (
            SELECT FROM quarantine_entries WHERE object_id = objects.id AND status IN ('held', 'purged'))
    """,
    "inside a file that is quarantined or deleted": """
        SELECT objects.key FROM objects JOIN objects parent ON parent.id = objects.parent_id
        WHERE objects.source_id = :source AND objects.state <> 'deleted' AND parent.state IN ('quarantined', 'deleted')
    """,
    "with more or fewer files inside than its revision has": """
        SELECT objects.key FROM objects JOIN documents ON documents.id = objects.document_id
        JOIN revisions ON revisions.id = documents.current_revision_id
        WHERE objects.source_id = :source AND objects.state IN ('indexed', 'unchanged') AND embedded_count <>
            (SELECT count(*) FROM objects child WHERE child.parent_id = objects.id AND child.state <> 'deleted')
    """,
    "inside another file than its parent is": """
        SELECT objects.key FROM objects JOIN objects parent ON parent.id = objects.parent_id
        WHERE objects.source_id = :source AND (objects.depth <> parent.depth + 1
            OR objects.root_id <> coalesce(parent.root_id, parent.id) OR objects.source_id <> parent.source_id)
    """,
    "held by a worker that is dead": """
        SELECT objects.key FROM objects JOIN workers ON workers.id = objects.lease_owner
        WHERE source_id = :source AND NOT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND objid = workers.lock_key
                AND objsubid = 2 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    """,
}
