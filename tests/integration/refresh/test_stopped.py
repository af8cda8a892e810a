"""TEST: a refresh that is told to stop while it lists takes nothing away on the strength of half a listing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contract.job import Job
from ingest.catalog.story import list_runs
from ingest.cli.run import _exit_code
from ingest.control import Order, Wish, stop_run
from ingest.errors import ExitCode, SandboxUnavailable
from ingest.outcome import Outcome
from ingest.sandbox.base import Profile, SandboxRun
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from tests.integration.catalog.builders import rows
from tests.integration.pipeline.speech import echo
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


def state_of(refreshing: Refreshing, run_id: str) -> object:
    (run,) = [run for run in list_runs(refreshing.house.db, limit=10) if str(run["id"]) == run_id]
    return (run["state"], run["detail"])


def test_what_a_limit_leaves_is_the_next_run_s_and_no_failure(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    with refreshing.batch(kind="batch") as batch:
        batch.ingest(on_file=refreshing.reports.append, stop=refreshing.stop, files_max=4)
        summary = batch.summary()
    assert (summary.counts[Outcome.INDEXED], summary.left, summary.pending) == (4, 26, 0)
    assert state_of(refreshing, batch.run_id) == ("finished", "")
    assert _exit_code(summary, batch.fault, False, 4) is ExitCode.OK


def test_a_fault_within_a_limit_stays_a_fault(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt", "c.txt")

    def down(*_: object) -> Exception:
        return SandboxUnavailable("the engine is down")

    with refreshing.batch(down, kind="batch", concurrency=1, attempts_max=1) as batch:
        batch.ingest(on_file=refreshing.reports.append, stop=refreshing.stop, files_max=1)
        summary = batch.summary()
    assert (summary.left, summary.pending) == (2, 1)
    assert state_of(refreshing, batch.run_id) == ("failed", "the sandbox is not available: the engine is down")
    assert _exit_code(summary, batch.fault, False, 1) is ExitCode.SANDBOX_UNAVAILABLE


def test_what_a_signal_leaves_is_the_next_run_s_and_the_run_is_interrupted(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)

    def read(profile: Profile, job: Job, content: bytes) -> SandboxRun:
        refreshing.stop.set()
        return echo(profile, job, content)

    with refreshing.batch(read, kind="batch", concurrency=1) as batch:
        batch.plan()
        batch.drain(on_file=refreshing.reports.append, stop=refreshing.stop)
        summary = batch.summary()
    assert (summary.counts[Outcome.INDEXED], summary.left, summary.pending) == (1, 29, 0)
    assert state_of(refreshing, batch.run_id) == ("interrupted", "told to stop")
