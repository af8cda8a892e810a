"""TEST: two runs of one source at a time: each tells what became of its files, whatever the other does or dies of."""

import threading

from ingest.catalog import claims
from ingest.outcome import Outcome
from tests.integration.refresh.conftest import Refreshing


def test_a_neighbour_that_has_just_died_is_no_disagreement(refreshing: Refreshing) -> None:
    """Killed with a lease in its hands, a moment before this run gives its account: nobody has tried its lock yet."""
    refreshing.upload("a.txt", "b.txt")
    with refreshing.batch(kind="watch") as neighbour, refreshing.batch(kind="batch") as batch:
        neighbour.plan()
        batch.plan()
        batch.drain(on_file=lambda _report: None, stop=threading.Event(), files_max=1)
        held = claims.claim(neighbour.stations.database, neighbour.worker, neighbour.source.id, neighbour.run_id, 1, 60)
        assert [claim.key for claim in held] == ["b.txt"]
        neighbour.worker._presence.close()  # what the server does when it notices that the process is gone
        summary = batch.summary()
    assert summary.counts[Outcome.INDEXED] == 1
