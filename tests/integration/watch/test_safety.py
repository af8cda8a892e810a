"""TEST: what a listing lacks is withdrawn only when it can be believed; what is in the store never stays deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from ingest.watch.folder import FolderFeed
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
