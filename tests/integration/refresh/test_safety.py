"""TEST: what is not certainly gone is not withdrawn, and not even what is, when it is too much to believe."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from ingest.catalog import claims, discover, runs
from ingest.errors import ExitCode, StoreUnavailable
from ingest.outcome import FileReport, Outcome
from ingest.refresh import MassDeletionRefused, Withdrawal
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from ingest.watch.folder import FolderFeed
from ingest.watch.ledger import Ledger
from tests.integration.catalog.builders import vanish
from tests.integration.refresh.conftest import Refreshing

NAMES = [f"{number:03}.txt" for number in range(100)]


class Listing(FolderStore):
    """A folder that shows what a test says in place of some of it. `fails_after`: the listing breaks off there."""

    hidden: frozenset[str] = frozenset()
    extra: tuple[StoredObject, ...] = ()
    fails_after: int | None = None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        for number, stored in enumerate(super().list(prefix)):
            if number == self.fails_after:
                raise StoreUnavailable("503 Slow Down")
            if not any(stored.key.startswith(name) for name in self.hidden):
                yield stored
        yield from self.extra


def test_too_many_deletions_stop_before_the_first_of_them(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.remove(*NAMES[:21])
    refreshing.upload("new.txt", content=lambda _name: "of a size that no vanished file had")
    with pytest.raises(MassDeletionRefused, match="21 of 100 files are gone, more than 20 %") as caught:
        refreshing.refresh()
    assert caught.value.exit_code is ExitCode.STORE_UNREACHABLE
    assert "--allow-mass-delete" in caught.value.hint
    assert refreshing.chunk_rows() == before
    assert refreshing.engine.jobs == [], "it stops before it begins to work"
    assert refreshing.events("deleted") == []

    summary = refreshing.refresh(allow_mass_delete=True)
    assert summary.counts[Outcome.DELETED] == 21
    assert set(refreshing.answers()) == {*NAMES[21:], "new.txt"}


@pytest.mark.parametrize(("removed", "percent"), [(20, 20), (50, 50), (99, 99), (10, 0)])
def test_as_many_as_the_setting_allows_are_deleted(refreshing: Refreshing, removed: int, percent: int) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    refreshing.remove(*NAMES[:removed])
    refreshing.refresh(mass_delete_percent=percent)
    assert len(refreshing.answers()) == 100 - removed


def test_a_few_files_are_never_too_many(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES[:11])
    refreshing.refresh()
    refreshing.remove(*NAMES[:10])
    refreshing.refresh()
    assert set(refreshing.answers()) == {NAMES[10]}


@pytest.mark.parametrize("files", [1, 10])
def test_an_empty_listing_empties_no_source_however_small(refreshing: Refreshing, files: int) -> None:
    """Hostile: a share is unmounted, and its mount point is an empty folder."""
    refreshing.upload(*NAMES[:files])
    refreshing.refresh()
    uploads = refreshing.house.uploads
    away = uploads.rename(refreshing.house.folder / "away")
    uploads.mkdir()
    with pytest.raises(MassDeletionRefused, match="the listing is empty"):
        refreshing.refresh()
    assert set(refreshing.answers()) == {*NAMES[:files]}
    uploads.rmdir()
    away.rename(uploads)
    refreshing.refresh()
    refreshing.remove(*NAMES[:files])
    refreshing.refresh(allow_mass_delete=True)
    assert refreshing.answers() == {}


def test_new_files_that_merely_have_the_size_of_vanished_ones_do_not_fool_the_catch(refreshing: Refreshing) -> None:
    """Hostile: a whole source is replaced by other files of the same sizes, which could have been moves."""
    refreshing.upload(*NAMES)
    refreshing.refresh()
    before = refreshing.answers()
    refreshing.remove(*NAMES)
    refreshing.upload(*(f"other-{name}" for name in NAMES), content=lambda name: f"other {name[-7:]}.")
    with pytest.raises(MassDeletionRefused, match="100 of 100"):
        refreshing.refresh()
    assert before.items() <= refreshing.answers().items()


def test_moving_a_whole_source_is_no_deletion(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    for name in NAMES:
        refreshing.rename(name, f"archive/{name}")
    refreshing.refresh()
    assert refreshing.engine.jobs == []
    assert set(refreshing.answers()) == {f"archive/{name}" for name in NAMES}


def test_moving_a_whole_source_to_names_it_had_before_is_no_deletion(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    for name in NAMES:
        refreshing.upload(f"copy-{name}", content=lambda _name, words=f"words of {name}": words)
    refreshing.refresh()
    refreshing.remove(*NAMES)
    refreshing.refresh(allow_mass_delete=True)
    for name in NAMES:
        refreshing.rename(f"copy-{name}", name)
    refreshing.refresh()
    assert refreshing.answers() == {name: f"words of {name}" for name in NAMES}


def test_a_listing_that_breaks_off_withdraws_nothing(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES[:20])
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.remove(NAMES[0])
    store = Listing(refreshing.house.uploads)
    store.fails_after = 5
    refreshing.house.source = store
    with pytest.raises(StoreUnavailable):
        refreshing.refresh(allow_mass_delete=True)
    assert refreshing.chunk_rows() == before


def test_what_lies_below_a_folder_that_cannot_be_entered_stays(refreshing: Refreshing) -> None:
    """Hostile: an uploader takes the right to enter a folder away, and with it all its files from every listing."""
    for name in ("secret/a.txt", "secret/deep/b.txt", "secretary.txt", "open/c.txt"):
        (refreshing.house.uploads / name).parent.mkdir(parents=True, exist_ok=True)
        refreshing.upload(name)
    refreshing.refresh()
    store = Listing(refreshing.house.uploads)
    store.hidden = frozenset({"secret/", "secretary.txt", "open/"})
    store.extra = (StoredObject("secret/", "unreadable", 0, 0.0, "unreadable"),)
    refreshing.remove("secretary.txt", "open/c.txt", "secret/a.txt")
    refreshing.house.source = store
    refreshing.refresh(allow_mass_delete=True)
    assert set(refreshing.answers()) == {"secret/a.txt", "secret/deep/b.txt"}
    assert refreshing.ends() == {
        "secret/": ("quarantined", "not a regular file: unreadable"),
        "secretary.txt": ("deleted", "gone from its store"),
        "open/c.txt": ("deleted", "gone from its store"),
    }

    refreshing.house.source = None  # it may be entered again
    refreshing.refresh()
    assert set(refreshing.answers()) == {"secret/deep/b.txt"}
    assert refreshing.ends()["secret/"] == ("deleted", "gone from its store")


def test_a_file_that_the_listing_missed_but_the_store_has_stays(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    store = Listing(refreshing.house.uploads)
    store.hidden = frozenset({"a.txt"})
    refreshing.house.source = store
    refreshing.refresh()
    assert set(refreshing.answers()) == {"a.txt", "b.txt"}


@pytest.mark.parametrize("replacement", ["symlink", "folder", "symlinked parent"])
def test_a_file_whose_place_something_else_took_is_gone(refreshing: Refreshing, replacement: str) -> None:
    """Hostile: in the file's place stands what must not be followed or cannot be opened."""
    uploads = refreshing.house.uploads
    (uploads / "folder").mkdir()
    refreshing.upload("folder/a.txt")
    refreshing.refresh()
    refreshing.remove("folder/a.txt")
    if replacement == "symlink":
        (uploads / "folder/a.txt").symlink_to("/etc/passwd")
    elif replacement == "folder":
        (uploads / "folder/a.txt").mkdir()
    else:
        (uploads / "folder").rmdir()
        (uploads / "folder").symlink_to("/etc")
    refreshing.refresh(allow_mass_delete=True)
    assert refreshing.answers() == {}
    assert "indexed" not in refreshing.house.states()


def test_a_store_that_goes_away_after_the_listing_withdraws_nothing(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    before = refreshing.chunk_rows()
    refreshing.remove("a.txt")
    with refreshing.batch() as batch:
        withdrawal = batch.withdrawal(batch.plan())
        refreshing.house.uploads.rename(refreshing.house.folder / "elsewhere")
        with pytest.raises(StoreUnavailable):
            withdrawal.withdraw(on_file=refreshing.reports.append, stop=refreshing.stop)
    assert len(before) == 2
    assert (refreshing.house.folder / "elsewhere").rename(refreshing.house.uploads)
    assert refreshing.chunk_rows() == before


def test_what_a_living_worker_works_on_is_left_to_it(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    refreshing.upload("a.txt", content=lambda _name: "new words")
    db = refreshing.house.db
    with refreshing.batch(kind="batch") as other:
        other.plan()
        (claimed,) = claims.claim(db, other.worker, other.source.id, other.run_id, 1, 600)
        refreshing.remove("a.txt")
        with refreshing.batch() as batch:
            withdrawal = batch.withdrawal(batch.plan())
            assert withdrawal.withdraw(on_file=refreshing.reports.append, stop=refreshing.stop) == 0
        assert refreshing.objects()["a.txt"]["fence"] == claimed.fence, "the lease is good"
        assert other.drain(on_file=refreshing.reports.append, stop=_stopped()) == 0
    refreshing.refresh()
    assert set(refreshing.answers()) == {"b.txt"}


def test_a_dead_workers_file_is_withdrawn(refreshing: Refreshing) -> None:
    refreshing.upload("b.txt")
    refreshing.refresh()
    refreshing.upload("a.txt")
    with refreshing.batch(kind="batch") as other:
        other.plan()
        claims.claim(refreshing.house.db, other.worker, other.source.id, other.run_id, 1, 5)
        vanish(refreshing.house.db, other.worker)
    refreshing.remove("a.txt")
    refreshing.refresh()
    assert refreshing.house.states() == {"deleted": 1, "unchanged": 1}


def test_what_another_run_listed_meanwhile_stays(refreshing: Refreshing) -> None:
    """Hostile: files come, and are taken in by a younger run, between this run's listing and its withdrawal."""
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    refreshing.remove("b.txt")
    with refreshing.batch() as batch:
        planned = batch.plan()
        refreshing.upload("late.txt", "b.txt")
        with refreshing.batch(kind="upload") as younger:
            younger.plan()
            younger.drain(on_file=refreshing.reports.append, stop=refreshing.stop)
        withdrawal = batch.withdrawal(planned)
        assert withdrawal.withdraw(on_file=refreshing.reports.append, stop=refreshing.stop) == 0
    assert set(refreshing.answers()) == {"a.txt", "b.txt", "late.txt"}


@pytest.mark.parametrize("kind", ["watch", "batch"])
def test_what_an_older_run_at_work_listed_meanwhile_stays(refreshing: Refreshing, kind: str) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    with refreshing.batch(kind=kind) as older, refreshing.batch() as batch:
        planned = batch.plan()
        refreshing.upload("late.txt")
        older.plan()
        withdrawal = batch.withdrawal(planned, allow_mass_delete=True)
        withdrawal.follow_moves(on_file=refreshing.reports.append, stop=refreshing.stop)
        assert withdrawal.withdraw(on_file=refreshing.reports.append, stop=refreshing.stop) == 0
    assert {key: row["state"] for key, row in refreshing.objects().items()} == {
        "a.txt": "unchanged",
        "late.txt": "pending",
    }


def test_a_watcher_does_not_shield_what_is_gone(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    with refreshing.batch(kind="watch") as watcher:
        watcher.plan()
        watcher.drain(on_file=refreshing.reports.append, stop=refreshing.stop)
        refreshing.remove("a.txt")
        refreshing.refresh()
    assert set(refreshing.answers()) == {"b.txt"}


def test_two_refreshes_at_once_withdraw_each_file_once(refreshing: Refreshing) -> None:
    refreshing.upload(*NAMES)
    refreshing.refresh()
    refreshing.remove(*NAMES[:60])
    reports: list[FileReport] = []
    with refreshing.batch() as one, refreshing.batch() as two:
        both = [batch.withdrawal(batch.plan(), allow_mass_delete=True) for batch in (one, two)]
        threads = [
            threading.Thread(target=lambda each=each: each.withdraw(on_file=reports.append, stop=refreshing.stop))
            for each in both
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    refreshing.refresh(allow_mass_delete=True)
    assert set(refreshing.answers()) == set(NAMES[60:])
    assert sorted(event["key"] for event in refreshing.events("deleted")) == NAMES[:60]
    assert len({report.key for report in reports}) == len(reports)


def test_a_refresh_that_is_stopped_withdraws_no_more(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    refreshing.remove("a.txt")
    refreshing.stop.set()
    refreshing.refresh()
    assert set(refreshing.answers()) == {"a.txt", "b.txt"}
    refreshing.stop.clear()
    refreshing.refresh()
    assert set(refreshing.answers()) == {"b.txt"}


def test_another_sources_files_are_none_of_this_ones_business(refreshing: Refreshing) -> None:
    refreshing.upload("a.txt")
    refreshing.refresh()
    db = refreshing.house.db
    elsewhere = runs.open_source(db, "file:///elsewhere/")
    discover.plan(db, elsewhere.id, runs.start_run(db, elsewhere.id, "batch"), [StoredObject("x.txt", "1", 1, 0.0)])
    refreshing.refresh()
    assert refreshing.objects()["x.txt"]["state"] == "pending"


def _stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


@pytest.mark.parametrize("renamed", [False, True])
def test_what_comes_back_while_it_is_withdrawn_and_is_seen_by_a_watcher_answers(
    refreshing: Refreshing, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    """Hostile: between the question to the store and the withdrawal, or the move, the file is uploaded again; a watcher
    that is older than the refresh looks at it and forgets it: nobody will be told of this upload again.
    """
    refreshing.upload("a.txt", "b.txt")
    refreshing.refresh()
    refreshing.remove("a.txt")
    if renamed:
        refreshing.upload("c.txt", content=lambda _name: "words of a.txt")
    store = FolderStore(refreshing.house.uploads)
    is_gone = Withdrawal._is_gone
    with refreshing.batch(kind="watch") as watcher, closing(FolderFeed(store, quiet_seconds=0)) as feed:
        noticing = Ledger(
            watcher.stations, watcher.source.id, watcher.run_id, feed, actor="worker", mass_delete_percent=20
        )

        def comes_back(self: Withdrawal, key: str) -> bool:
            monkeypatch.setattr(Withdrawal, "_is_gone", is_gone)
            found = is_gone(self, key)
            refreshing.upload("a.txt")
            assert len(noticing.notice(["a.txt"]).pending) <= 1
            return found

        monkeypatch.setattr(Withdrawal, "_is_gone", comes_back)
        summary = refreshing.refresh()
    assert summary.pending == 0
    assert refreshing.answers() == {"a.txt": "words of a.txt", "b.txt": "words of b.txt"} | (
        {"c.txt": "words of a.txt"} if renamed else {}
    )
    assert refreshing.ends()["a.txt"][0] in ("indexed", "unchanged"), "of its content it is known what it says"
