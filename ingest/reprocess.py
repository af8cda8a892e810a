"""HOST, trusted: decides that files are read again, on somebody's word; the next run of their source does it.

Files in quarantine go back as by `gloveport quarantine reprocess`, files that answer as by `catalog/redo.py`: they
answer on until the new reading is in. Either way the account names who decided, why, and for which file.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ingest import audit, quarantine
from ingest.audit import AuditKind
from ingest.catalog import redo
from ingest.catalog.database import Database
from ingest.catalog.redo import Selected, Selection
from ingest.errors import ExitCode, GloveportError
from ingest.quarantine import DecisionRefused

log = logging.getLogger(__name__)

CURRENT: Final = "current"
OBJECTS_AT_ONCE: Final = 100
DIGEST_CHARACTERS_MIN: Final = 8


class UnknownParser(GloveportError):
    """no such parser: {detail}"""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Decided:
    """What was sent back to work in one source: files that answer, and files in quarantine."""

    source_uri: str
    indexed: int
    quarantined: int


def parsers_older_than(db: Database, named: str, current: Callable[[], Collection[str]]) -> tuple[str, ...]:
    """Digests of the parsers that a named one made out of date: those that were in use before its first use.

    `named` is `current`, for every parser but those of the images this host has (asked of `current`), or a digest or
    at least its first eight characters, as reports show it (`pdf@7ae2b42bd327`). Raises `UnknownParser`.
    """
    known = redo.known_parsers(db)
    if named == CURRENT:
        present = frozenset(current())
        return tuple(digest for digest in known if digest not in present)
    wanted = named.rpartition("@")[2].removeprefix("sha256:").lower()
    found = [digest for digest in known if digest.removeprefix("sha256:").startswith(wanted)]
    if len(wanted) < DIGEST_CHARACTERS_MIN or len(found) != 1:
        raise UnknownParser(
            f"{named!r} names {len(found)} of the {len(known)} that ever read a file",
            hint=f"give at least {DIGEST_CHARACTERS_MIN} characters of a digest, or `{CURRENT}`",
        )
    return tuple(known[: known.index(found[0])])


def selected(db: Database, selection: Selection) -> Iterator[Selected]:
    """Every selected file, in constant memory."""
    for page in _pages(db, selection):
        yield from page


def decide(db: Database, selection: Selection, *, by: str, because: str) -> list[Decided]:
    """Send every selected file back to work, a hundred a transaction. Returns what that came to, by source.

    Raises `DecisionRefused` without a name and a reason. A death in between leaves the rest as it was: decide again.
    """
    if not by.strip() or not because.strip():
        raise DecisionRefused("a decision needs a name and a reason", hint="give --by NAME and --because TEXT")
    counts: dict[str, list[int]] = {}
    for page in _pages(db, selection):
        answering = {found.object_id: found for found in page if found.entry_id is None}
        went = _send_back(db, selection, answering, by, because)
        for found in went:
            counts.setdefault(found.source_uri, [0, 0])[0] += 1
        for found in page:
            if found.entry_id is not None and _release(db, found.entry_id, by, because):
                counts.setdefault(found.source_uri, [0, 0])[1] += 1
    return [Decided(uri, *numbers) for uri, numbers in sorted(counts.items())]


def _pages(db: Database, selection: Selection) -> Iterator[Sequence[Selected]]:
    after = 0
    while page := redo.select(db, selection, after=after, count=OBJECTS_AT_ONCE):
        yield page
        after = page[-1].object_id


def _send_back(
    db: Database, selection: Selection, answering: dict[int, Selected], by: str, because: str
) -> list[Selected]:
    with db.begin() as connection:
        went = [answering[object_id] for object_id in redo.send_back(connection, selection, list(answering.values()))]
        for found in went:
            detail = {
                "key": found.key,
                "version": found.version,
                "sha256": found.sha256,
                "parser_digest": found.parser_digest,
                "because": because,
            }
            subject = f"object {found.object_id}"
            audit.append(connection, AuditKind.REPROCESSED, subject=subject, actor=by, detail=detail)
    return went


def _release(db: Database, entry_id: int, by: str, because: str) -> bool:
    try:
        quarantine.reprocess(db, entry_id, by=by, because=because)
    except DecisionRefused as error:
        log.warning("%s", error)  # decided otherwise, or replaced by a new version, a moment ago
        return False
    return True
