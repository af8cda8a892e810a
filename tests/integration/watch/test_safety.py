"""TEST: what a listing lacks is withdrawn only when it can be believed; what is in the store never stays deleted."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.run import Batch
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from ingest.watch.folder import FolderFeed
from ingest.watch.ledger import Ledger
from tests.integration.watch.conftest import Post

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def post(make_post: Callable[..., Post], uploads: Path) -> Post:
    return make_post(open_store(str(uploads)))


def feed(post: Post) -> FolderFeed:
    assert isinstance(post.source, FolderStore)
    return FolderFeed(post.source, quiet_seconds=0)


def write(uploads: Path, *names: str) -> None:
    for name in names:
        (uploads / name).write_text(f"words of {name}")


def mount_another(uploads: Path) -> Path:
    """Another folder in this one's place, empty as a mount point is; returns where the first one is now."""
    away = uploads.rename(uploads.parent / "away")
    uploads.mkdir()
    return away


def test_the_wrong_share_withdraws_nothing_however_many_files_it_has(uploads: Path, post: Post) -> None:
    """Hostile: of the known files none is listed, but so many new ones that the missing are a small part of all."""
    known = [f"old-{number:02}.txt" for number in range(20)]
    write(uploads, *known)
    post.once(feed(post))
    mount_another(uploads)
    write(uploads, *(f"wrong-{number:03}.txt" for number in range(100)))
    post.once(feed(post))
    assert {*known} <= post.answers().keys()
    assert post.statuses[-1]["withheld_deletions"] == len(known)


@pytest.mark.parametrize("files", [1, 10])
def test_an_empty_listing_empties_no_source_however_small(uploads: Path, post: Post, files: int) -> None:
    """Hostile: a share is unmounted, and its mount point is an empty folder."""
    names = {f"{number}.txt" for number in range(files)}
    write(uploads, *names)
    post.once(feed(post))
    away = mount_another(uploads)
    post.once(feed(post))
    assert post.answers().keys() == names
    assert post.statuses[-1]["withheld_deletions"] == files
    uploads.rmdir()
    away.rename(uploads)
    post.once(feed(post))
    assert post.answers().keys() == names
    assert post.statuses[-1]["withheld_deletions"] == 0


def ledger(batch: Batch, feed: FolderFeed) -> Ledger:
    return Ledger(batch.stations, batch.source.id, batch.run_id, feed, actor="worker", mass_delete_percent=20)


@pytest.mark.parametrize("content", ["words of a.txt", "other words"])
def test_what_comes_back_while_it_is_withdrawn_and_is_seen_by_another_watcher_answers(
    uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Hostile: between one watcher's look and its withdrawal the file is uploaded again, and another watcher looks at
    it, finds it known or has it read, and settles the event: nobody will be told of this upload again.
    """
    write(uploads, "a.txt", "b.txt")
    post.once(feed(post))
    (uploads / "a.txt").unlink()
    with closing(feed(post)) as first, closing(feed(post)) as second, post.open() as one, post.open() as other:
        look = first.look

        def comes_back(key: str) -> StoredObject | None:
            monkeypatch.setattr(first, "look", look)
            found = look(key)
            (uploads / key).write_text(content)
            ledger(other, second).notice([key])
            other.drain(on_file=post.reports.append, stop=threading.Event())
            return found

        monkeypatch.setattr(first, "look", comes_back)
        noticed = ledger(one, first).notice(["a.txt"])
        assert noticed.gone == ["a.txt"]
        assert len(noticed.pending) == 1
        one.drain(on_file=post.reports.append, stop=threading.Event())
    assert post.answers() == {"a.txt": content, "b.txt": "words of b.txt"}
    assert post.problems() == ()
