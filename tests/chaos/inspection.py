"""TEST: compares an installation that was fired at with one that was left in peace, and counts what is wrong.

Allowed to stay behind: results under content-addressed keys (they are compared: none may be there that the undisturbed
run has not), and scratch files of a killed writer until they are an hour old, when the next writer sweeps them.
"""

import os
import time
from dataclasses import dataclass, field

from ingest import audit
from ingest.catalog.database import Database
from ingest.catalog.reconcile import reconcile
from ingest.catalog.runs import open_source
from ingest.store.folder import SCRATCH_AGE_SECONDS
from tests.chaos.process import Ended
from tests.chaos.site import Outcome, Site

_TWICE = {
    "published twice": """
        SELECT subject FROM audit_events WHERE kind IN ('published', 'quarantined')
        GROUP BY subject HAVING count(*) > 1
    """,
    "two open entries": """
        SELECT object_id FROM quarantine_entries WHERE status = 'held' GROUP BY object_id HAVING count(*) > 1
    """,
    "one paragraph twice": """
        SELECT document_id, text FROM chunks GROUP BY document_id, text, heading_path HAVING count(*) > 1
    """,
}
_LEFT = {
    "lease": "SELECT id FROM objects WHERE lease_owner IS NOT NULL",
    "worker that never ended": "SELECT id FROM workers WHERE ended_at IS NULL",
    "run that never ended": "SELECT id FROM runs WHERE state = 'running'",
}


@dataclass
class Damage:
    """What an interruption broke, one line for each. All empty: nothing."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def none(self) -> bool:
        return not (self.lost or self.duplicated or self.orphans)

    def __str__(self) -> str:
        parts = {"lost": self.lost, "duplicated": self.duplicated, "orphans": self.orphans}
        return "; ".join(f"{len(found)} {name}: {found[0]}" for name, found in parts.items() if found) or "nothing lost"


def inspect(at: Site, last: Ended, reference: Outcome) -> Damage:
    """What is wrong after `last`, an undisturbed run that followed the interrupted ones."""
    damage = Damage()
    found = at.outcome()
    damage.lost += _differences(found.states, reference.states)
    damage.lost += [f"document {path}" for path in reference.documents.items() - found.documents.items()]
    damage.lost += [f"original {digest}" for digest in reference.originals - found.originals]
    damage.duplicated += [f"original {digest}" for digest in found.originals - reference.originals]
    damage.orphans += [f"document {path}" for path in found.documents.items() - reference.documents.items()]
    if found.knowledge != reference.knowledge:
        ours, theirs = found.knowledge.splitlines(), reference.knowledge.splitlines()
        damage.lost += [f"chunk {line!r}" for line in set(theirs) - set(ours)]
        damage.duplicated += [f"chunk {line!r}" for line in ours if line not in set(theirs)] or ["chunks out of order"]
    damage.lost += _account(at)
    damage.lost += _told(at, last)
    for name, query in _TWICE.items():
        damage.duplicated += [f"{name}: {row}" for row in at.rows(query)]
    for name, query in _LEFT.items():
        damage.orphans += [f"{name}: {row}" for row in at.rows(query)]
    damage.orphans += [f"spool file {path.name}" for path in (at.state / "spool").iterdir()]
    damage.orphans += _scratch_files(at)
    return damage


def _differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    keys = found.keys() | expected.keys()
    differing = sorted(key for key in keys if found.get(key) != expected.get(key))
    return [f"{key} is {found.get(key)}, not {expected.get(key)}" for key in differing]


def _account(at: Site) -> list[str]:
    """The invariant, from the rows, and the audit chain."""
    with Database.open(at.database_url, pool_size=1) as db:
        check = reconcile(db, open_source(db, at.source().uri).id)
        chain = audit.verify(db)
    problems = [str(problem) for problem in check.problems]
    problems += [f"{check.pending} pending"] if check.pending else []
    return problems + ([f"audit chain: {chain.detail}"] if chain.broken_at is not None else [])


def _told(at: Site, last: Ended) -> list[str]:
    """The last run tells every file of its listing once.

    Only a file that vanishes may be told twice: claimed from what an earlier run left, and gone, while the listing that
    still had it was on its way into the catalogue.
    """
    told = [row["key"] for row in last.rows if row["type"] == "file" and row["outcome"] != "deleted"]
    listed = {stored.key for stored in at.source().list()}
    silent = [f"{key} was never told" for key in sorted(listed - set(told))]
    return silent + [f"{key} was told twice" for key in sorted(set(told)) if told.count(key) > 1]


def _scratch_files(at: Site) -> list[str]:
    """What is left in the store's scratch folder after the next writer swept it, an hour later."""
    scratch = at.store / ".gloveport" / "tmp"
    if not scratch.is_dir():
        return []
    long_ago = time.time() - 2 * SCRATCH_AGE_SECONDS
    for path in scratch.iterdir():
        os.utime(path, (long_ago, long_ago))
    store = at.kept()
    store.put("probe", b"")
    store.delete("probe")
    return [f"scratch file {path.name}" for path in scratch.iterdir()]
