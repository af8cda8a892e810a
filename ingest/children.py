"""HOST, trusted: what publishing, holding or deleting a file means for the files inside it, in that same transaction.

A container's children are those its last good reading found, no others: a new one becomes pending, one with the same
content keeps its state and its answers, one that vanished stops answering. A container that is deleted or in quarantine
has none: what was taken out of something nobody can vouch for does not answer either.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from contract.verdicts import FindingKind, Reason, Severity
from ingest.catalog import lineage
from ingest.catalog.claims import Claim
from ingest.catalog.lineage import SEPARATOR, Below, Container, Wanted
from ingest.catalog.settle import retire_document
from ingest.crashpoints import CrashPoint, reached
from ingest.knowledge.base import KnowledgeBase
from ingest.outcome import AdmittedFinding, EmbeddedFile, Json
from ingest.policy import Budget

# Below so many bytes any ratio is harmless.
RATIO_FREE_BYTES: Final = 16 << 20
# Compressed single files are called after their content: `notes.txt.gz` holds `notes.txt`.
_COMPRESSED: Final = {"gz": "", "bz2": "", "xz": "", "tgz": ".tar", "tbz2": ".tar", "txz": ".tar"}


@dataclass(frozen=True, slots=True)
class Planted:
    """What became of a container's children. `count` are those it has now; `findings` are about what was left out."""

    count: int = 0
    fresh: int = 0
    kept: int = 0
    withdrawn: tuple[Below, ...] = ()
    findings: tuple[AdmittedFinding, ...] = ()

    def as_json(self) -> Json:
        """What the account says of it."""
        return {"fresh": self.fresh, "kept": self.kept, "withdrawn": told(self.withdrawn)}


def plant(
    connection: Connection,
    knowledge: KnowledgeBase,
    claimed: Claim,
    embedded: Sequence[EmbeddedFile],
    budget: Budget,
) -> Planted:
    """Make these the children of a file that is being published, and locked. What is over the budget is withheld.

    Where there are any, the caller holds the lock of the budget (`lineage.lock_budget`), and took it first.
    """
    former = lineage.lock_below(connection, [claimed.object_id], levels=1)
    if not former and not embedded:
        return Planted()
    within = lineage.container(connection, claimed.object_id)
    present = {bytes.fromhex(file.member) for file in embedded}
    vanished = [child for child in former if child.member not in present]
    withdrawn = _withdraw(connection, knowledge, vanished, claimed.run_id, "no longer in its container")
    if not embedded:
        reached(CrashPoint.CHILDREN_INSIDE)
        return Planted(withdrawn=tuple(withdrawn))
    taken, left_out = judged(embedded, within, *lineage.spent(connection, within), budget)
    wanted = named(taken, within)
    beyond = {bytes.fromhex(file.member) for file in embedded[len(taken) :]}
    over = [child for child in former if child.member in beyond]
    withdrawn += _withdraw(connection, knowledge, over, claimed.run_id, "beyond the number of embedded files")
    fresh, kept = lineage.plant(connection, within, claimed.run_id, wanted)
    keys = {bytes.fromhex(each.file.member): each.key for each in wanted}
    for child in former:
        if (key := keys.get(child.member, child.key)) != child.key:
            lineage.rename_below(connection, child, key)
    if kept:
        lineage.account_below(connection, within, claimed.run_id)
    reached(CrashPoint.CHILDREN_INSIDE)
    return Planted(len(wanted), fresh, kept, tuple(withdrawn), _about(left_out, len(embedded), budget))


def withdraw(
    connection: Connection, knowledge: KnowledgeBase, parent_ids: Sequence[int], run_id: str, detail: str
) -> list[Below]:
    """Everything in these objects, at any depth, stops answering and is deleted. The caller has locked the objects."""
    below = lineage.lock_below(connection, parent_ids)
    return _end(connection, knowledge, below, run_id, detail)


def told(withdrawn: Sequence[Below]) -> list[Json]:
    """Withdrawn files as the account names them."""
    return [{"object": each.object_id, "key": each.key, "version": each.version} for each in withdrawn]


def _withdraw(
    connection: Connection, knowledge: KnowledgeBase, children: Sequence[Below], run_id: str, detail: str
) -> list[Below]:
    """Locked children with all that is in them."""
    if not children:
        return []
    deeper = lineage.lock_below(connection, [child.object_id for child in children])
    return _end(connection, knowledge, [*children, *deeper], run_id, detail)


def _end(
    connection: Connection, knowledge: KnowledgeBase, below: Sequence[Below], run_id: str, detail: str
) -> list[Below]:
    for each in below:
        if each.document_id is not None:
            knowledge.withdraw(connection, each.document_id)
            retire_document(connection, each.document_id)
    if below:
        lineage.settle_below(connection, [each.object_id for each in below], run_id, detail)
    return list(below)


def judged(
    embedded: Sequence[EmbeddedFile], within: Container, files_spent: int, bytes_spent: int, budget: Budget
) -> tuple[list[EmbeddedFile], int]:
    """The files that are taken, those over a budget withheld, and how many are left out for being too many."""
    room = max(0, budget.files_max - files_spent)
    taken = []
    for file in embedded[:room]:
        over = None if file.withheld is not None else _over(file, within, bytes_spent, budget)
        if over is not None:
            file = replace(file, sha256="", withheld=over[0], detail=over[1])
        elif file.withheld is None:
            bytes_spent += file.size
        taken.append(file)
    return taken, len(embedded) - len(taken)


def _over(file: EmbeddedFile, within: Container, bytes_spent: int, budget: Budget) -> tuple[Reason, str] | None:
    total = bytes_spent + file.size
    if within.depth >= budget.depth_max:
        return Reason.BOMB, f"lies {within.depth + 1} deep, the limit is {budget.depth_max}"
    if total > budget.bytes_max:
        return Reason.TOO_LARGE, f"{file.size} bytes, {bytes_spent} of {budget.bytes_max} are spent on its siblings"
    if total > RATIO_FREE_BYTES and total > budget.ratio_max * within.root_size:
        times = total // max(within.root_size, 1)
        return Reason.BOMB, f"unpacks to {times} times the size of the whole, the limit is {budget.ratio_max}"
    return None


def named(taken: Sequence[EmbeddedFile], within: Container) -> list[Wanted]:
    """Names and keys to show: one without a name is called after its container, equal ones are numbered."""
    seen: Counter[str] = Counter()
    wanted = []
    for place, file in enumerate(taken):
        name = file.name or (_content_of(within) if len(taken) == 1 else f"file {place + 1}")
        seen[name] += 1
        if seen[name] > 1:
            stem, dot, extension = name.rpartition(".")
            name = f"{stem} ({seen[name]}){dot}{extension}" if stem else f"{name} ({seen[name]})"
        wanted.append(Wanted(file, name, f"{within.key}{SEPARATOR}{name}", place))
    return wanted


def _content_of(within: Container) -> str:
    stem, _, extension = (within.name or within.key).rpartition("/")[2].rpartition(".")
    ending = _COMPRESSED.get(extension.lower())
    return "content" if ending is None or not stem else stem + ending


def _about(left_out: int, count: int, budget: Budget) -> tuple[AdmittedFinding, ...]:
    if not left_out:
        return ()
    evidence = f"{left_out} of {count} files; {budget.files_max} are taken out of one file of the source"
    return (AdmittedFinding(FindingKind.NOT_EXAMINED, Severity.MEDIUM, "embedded files", evidence),)
