"""HOST, trusted: where a watcher hears of changes, for a queue and for a folder.

A feed tells where to look and can look there. It never says what is true of an object: its store does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ingest.errors import ExitCode, GloveportError
from ingest.outcome import Json
from ingest.store.base import StoredObject


class FeedError(GloveportError):
    """event source: {detail}"""

    exit_code = ExitCode.STORE_UNREACHABLE


class Fate(StrEnum):
    """What became of a hint. At least once: a hint whose fate the feed never learns comes again."""

    DONE = "done"  # its changes are committed
    LATER = "later"  # it could not be dealt with; let it come again after a while
    BACK = "back"  # nobody tried; let it come again at once, perhaps to another watcher
    REFUSED = "refused"  # it could not be dealt with for the last time, and that is on record


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to look at: keys, everything known below `folders`, or with `listing` the whole source.

    `fault` says why it cannot be understood. `last` means that it will not come again, whatever becomes of it.
    `told` is what an operator needs to know to find it; `receipt` is the feed's own.
    """

    keys: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    listing: bool = False
    fault: str = ""
    last: bool = False
    told: Json = field(default_factory=dict)
    receipt: str = ""


class Feed(Protocol):
    """Five methods, one file per kind of source. `idle` is False while the feed itself still waits for something.

    `receive` and `settle` are called from one thread, the others from any. All raise `FeedError` for the feed's own
    faults and what `ObjectStore` raises for the store's.
    """

    @property
    def idle(self) -> bool:
        """Whether nothing that was noticed waits inside the feed."""
        ...

    def receive(self) -> list[Hint]:
        """Wait a few seconds at most for hints; none is an answer."""
        ...

    def settle(self, hints: Sequence[Hint], fate: Fate) -> None:
        """Tell what became of hints."""
        ...

    def look(self, key: str) -> StoredObject | None:
        """What the store has under exactly this key now, or None."""
        ...

    def ready(self, stored: StoredObject) -> bool:
        """Whether a listed object may be read now. False: it may still be written; the feed will come back to it."""
        ...

    def close(self) -> None:
        """Stop hearing. Hints without a fate come again, to whoever listens next."""
        ...
