"""HOST, trusted: one source that a worker serves, and the stores of the few that are open."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ingest.breaker import Breaker
from ingest.catalog.runs import Source
from ingest.control import Order, Orders, Wish
from ingest.errors import GloveportError
from ingest.outcome import Deferral
from ingest.pipeline import Stations

SOURCES_OPEN_MAX: Final = 64


@dataclass
class Share:
    """One source that is served, and the run to which its files are accounted.

    own       this worker began the run, and closes it
    orders    what people want of the run, when it was last looked for
    breaker   the faults of its store
    fault     the last fault that left one of its files pending
    given_up  its store refuses everything, so trying its other files would only cost time
    closed    its run has ended, on whatever host
    """

    source: Source
    run_id: str
    own: bool
    stations: Stations
    breaker: Breaker
    orders: Orders = field(default_factory=Orders)
    fault: GloveportError | None = None
    deferral: Deferral | None = None
    given_up: bool = False
    closed: bool = False

    @classmethod
    def begin(cls, source: Source, run_id: str, own: bool, stations: Stations, stop: threading.Event) -> "Share":
        """A share of which nothing is known yet. `stop` ends what asking its store takes."""
        breaker = Breaker(stations.database, stations.source, source.id, stop)
        return cls(source, run_id, own, stations, breaker)

    @property
    def stopped(self) -> Order | None:
        """Who had its run cancelled or drained, if anybody."""
        return self.orders.stop

    @property
    def cancelled(self) -> bool:
        """Whether also its sandboxes at work are to be stopped."""
        return self.stopped is not None and self.stopped.wish is Wish.CANCEL

    @property
    def open(self) -> bool:
        """Whether a file of it may be begun."""
        return self.orders.pause is None and self.stopped is None and not self.given_up and not self.closed


class OpenSources:
    """What the files of a source pass on their way, opened when first needed; those unused for longest are forgotten.

    `open_source` makes it from the source's address. Raises what that raises.
    """

    def __init__(self, open_source: Callable[[str], Stations], count_max: int = SOURCES_OPEN_MAX) -> None:
        self._open_source = open_source
        self._count_max = count_max
        self._opened: OrderedDict[str, Stations] = OrderedDict()

    def of(self, source: Source) -> Stations:
        """The stations of this source. What is forgotten meanwhile lives on as long as a file uses it."""
        stations = self._opened.pop(source.uri, None) or self._open_source(source.uri)
        self._opened[source.uri] = stations
        while len(self._opened) > self._count_max:
            self._opened.popitem(last=False)
        return stations
