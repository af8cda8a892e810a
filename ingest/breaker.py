"""HOST, trusted: whether what fails is a few files or everything: then a run stops, and costs no further file a try.

Files are counted, not tries: one file that fails again and again says nothing of the others. A store that refuses some
objects and gives others is not down, however many it refuses in a row, and whatever comes first in the queue.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ingest.catalog.database import Database
from ingest.catalog.sample import some_objects
from ingest.errors import GloveportError, ObjectChanged, ObjectRefused, StoreError
from ingest.store.base import ObjectStore

# So many different files in a row through a fault of ours, or questions to the catalogue: the engine, the store or the
# database is down, and trying the other files would only cost time.
FAULTS_IN_A_ROW_MAX: Final = 8
# Asked of a store before it is taken to refuse everything. Of a source in which one object in twenty can be read, a
# sample of this size misses all of them once in 170 times, and the next run asks for others.
SAMPLE_OBJECTS: Final = 100


@dataclass(slots=True)
class Breaker:
    """Faults of ours since a file last came to its end. `stop` cuts short what asking the store takes."""

    database: Database
    source: ObjectStore
    source_id: int
    stop: threading.Event
    stumbles: int = 0
    _failed: set[int] = field(default_factory=set)
    _refused: set[int] = field(default_factory=set)
    _source_gives: bool = False

    def note_end(self) -> None:
        """A file came to its end: everything it takes is there."""
        self.stumbles = 0
        self._failed.clear()
        self._refused.clear()
        self._source_gives = True

    def note_stumble(self) -> int:
        """The catalogue could not be asked. Returns how often in a row."""
        self.stumbles += 1
        return self.stumbles

    def note_fault(self, object_id: int, error: GloveportError) -> None:
        """One file failed through a fault of ours. One that was replaced meanwhile has only to be read again."""
        if isinstance(error, ObjectRefused):
            self._refused.add(object_id)
        elif not isinstance(error, ObjectChanged):
            self._failed.add(object_id)

    def trips(self) -> bool:
        """Whether the run is to stop. May ask the source for a few other objects, once."""
        if self.stumbles + len(self._failed) >= FAULTS_IN_A_ROW_MAX:
            return True
        if self._source_gives or len(self._refused) < FAULTS_IN_A_ROW_MAX:
            return False
        self._source_gives = self._gives_others()
        return not self._source_gives

    def _gives_others(self) -> bool:
        others = some_objects(self.database, self.source_id, SAMPLE_OBJECTS)
        return any(_opens(self.source, other.key, self.stop.is_set) for other in others)


def _opens(source: ObjectStore, key: str, stopped: Callable[[], bool]) -> bool:
    if stopped():
        return False
    try:
        with source.open(key):
            return True
    except StoreError:
        return False
