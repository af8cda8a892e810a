"""TEST: a refresh that is told to stop while it lists takes nothing away on the strength of half a listing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ingest.control import Order, Wish, stop_run
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from tests.integration.catalog.builders import rows
from tests.integration.refresh.conftest import Refreshing

NAMES = [f"{number:02}.txt" for number in range(30)]
BEFORE = 5


@dataclass
class Interrupting:
    """Calls `interrupt` once so many keys are listed, and counts how many a listing gave."""

    interrupt: Callable[[], object]
    listed: list[str] = field(default_factory=list)

    def over(self, keys: Iterator[StoredObject]) -> Iterator[StoredObject]:
        for stored in keys:
            if len(self.listed) == BEFORE:
                self.interrupt()
            self.listed.append(stored.key)
            yield stored


class Interrupted(FolderStore):
    """A folder whose listing is interrupted."""

    by: Interrupting

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        yield from self.by.over(super().list(prefix))


def interrupted(refreshing: Refreshing, interrupt: Callable[[], object]) -> Interrupting:
    store = Interrupted(refreshing.house.uploads)
    store.by = Interrupting(interrupt)
    refreshing.house.source = store
    return store.by


def test_a_signal_while_listing_ends_the_listing_and_withdraws_nothing(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    refreshing.remove(*NAMES[:3])
    listing = interrupted(refreshing, refreshing.stop.set)
    summary = refreshing.refresh()
    assert len(listing.listed) == BEFORE + 1
    assert not summary.complete
    assert set(refreshing.answers()) == set(NAMES), "what is missing from half a listing is not gone"
    assert [row["state"] for row in rows(refreshing.house.db, "SELECT state FROM runs ORDER BY started_at")][-1] == (
        "interrupted"
    )

    refreshing.stop.clear()
    refreshing.house.source = None
    refreshing.refresh()
    assert set(refreshing.answers()) == set(NAMES[3:])


def test_an_order_reaches_a_refresh_that_lists(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    with refreshing.batch() as batch:

        def cancel() -> None:
            stop_run(refreshing.house.db, batch.run_id, Wish.CANCEL, actor="ada", because="wrong bucket")
            assert refreshing.stop.wait(60), "the order arrives while the source is being listed"

        batch.stations.source.__class__ = Interrupted
        batch.stations.source.by = Interrupting(cancel)  # type: ignore[attr-defined]
        batch.refresh(on_file=refreshing.reports.append, stop=refreshing.stop)
        assert batch.ended_by == Order(Wish.CANCEL, "ada", "wrong bucket")
        assert not batch.listed_whole
    assert refreshing.engine.jobs == []
