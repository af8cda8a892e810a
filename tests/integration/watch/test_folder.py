"""TEST: a folder that is watched while others write, rename, link and delete in it, on the kernel's own events."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.job import Job
from ingest.errors import SandboxUnavailable, StoreError, StoreUnavailable
from ingest.sandbox.base import Profile, SandboxRun
from ingest.store.base import StoredObject
from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from ingest.watch.folder import FolderFeed
from tests.integration.pipeline.speech import echo
from tests.integration.watch.conftest import Post, Running, eventually

pytestmark = pytest.mark.timeout(120)
QUIET = 3600.0  # no test waits for a file to become quiet: only closing it counts


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def post(make_post: Callable[..., Post], uploads: Path) -> Post:
    return make_post(open_store(str(uploads)))


@pytest.fixture
def running(post: Post) -> Iterator[Running]:
    """A watcher whose first listing is over, so that what follows is seen by events alone."""
    with post.watching(feed(post)) as running:
        eventually(lambda: any(status["listings"] for status in post.statuses))
        yield running


def feed(post: Post, quiet_seconds: float = QUIET) -> FolderFeed:
    assert isinstance(post.source, FolderStore)
    return FolderFeed(post.source, quiet_seconds=quiet_seconds)


@pytest.mark.usefixtures("running")
def test_uploads_changes_renames_and_deletes_are_followed(uploads: Path, post: Post) -> None:
    (uploads / "a.txt").write_text("first words")
    post.await_answers(a__txt="first words")
    (uploads / "a.txt").write_text("second words")
    post.await_answers(a__txt="second words")
    (uploads / "a.txt").rename(uploads / "b.txt")
    post.await_answers(b__txt="second words")
    (uploads / "b.txt").unlink()
    post.await_answers()
    assert post.states() == {"a.txt": "deleted", "b.txt": "deleted"}
    assert post.problems() == ()


def test_a_file_being_written_is_left_until_it_is_closed(uploads: Path, post: Post, running: Running) -> None:
    with (uploads / "slow.txt").open("w") as slow:
        for word in ("one ", "two "):
            slow.write(word)
            slow.flush()
            (uploads / f"{word.strip()}.txt").write_text(word)
            eventually(lambda word=word: f"{word.strip()}.txt" in post.answers())
        assert "slow.txt" not in post.states()
        slow.write("three")
    eventually(lambda: post.answers().get("slow.txt") == "one two three")
    assert [content for _, _, content in running.engine.jobs].count(b"one two three") == 1
    assert len(running.engine.jobs) == 3


def test_a_file_that_is_never_closed_is_read_when_it_is_quiet(uploads: Path, post: Post) -> None:
    with post.watching(feed(post, quiet_seconds=0.2)), (uploads / "log.txt").open("w") as log:
        log.write("a line")
        log.flush()
        post.await_answers(log__txt="a line")


def test_a_file_open_at_the_start_is_left_until_it_is_closed(uploads: Path, post: Post) -> None:
    (uploads / "old.txt").write_text("old words")
    os.utime(uploads / "old.txt", (1.7e9, 1.7e9))
    with (uploads / "slow.txt").open("w") as slow:
        slow.write("half")
        slow.flush()
        with post.watching(feed(post)):
            post.await_answers(old__txt="old words")
            eventually(lambda: post.statuses[-1]["listings"])
            assert "slow.txt" not in post.states()
            slow.write(" and half")
            slow.close()
            post.await_answers(old__txt="old words", slow__txt="half and half")


@pytest.mark.usefixtures("running")
def test_folders_come_move_and_go_with_all_that_is_in_them(uploads: Path, tmp_path: Path, post: Post) -> None:
    tree = tmp_path / "tree" / "deep" / "deeper"
    tree.mkdir(parents=True)
    (tree / "a.txt").write_text("a")
    (tree.parent / "b.txt").write_text("b")
    (tmp_path / "tree").rename(uploads / "tree")
    eventually(lambda: post.answers() == {"tree/deep/deeper/a.txt": "a", "tree/deep/b.txt": "b"})
    (uploads / "tree" / "deep" / "deeper" / "new" / "newer").mkdir(parents=True)
    (uploads / "tree" / "deep" / "deeper" / "new" / "newer" / "c.txt").write_text("c")
    eventually(lambda: post.answers().get("tree/deep/deeper/new/newer/c.txt") == "c")
    (uploads / "tree").rename(uploads / "wood")
    eventually(lambda: sorted(post.answers()) == [
        "wood/deep/b.txt", "wood/deep/deeper/a.txt", "wood/deep/deeper/new/newer/c.txt"])  # fmt: skip
    (uploads / "wood" / "deep" / "b.txt").write_text("changed")
    eventually(lambda: post.answers().get("wood/deep/b.txt") == "changed")
    shutil.rmtree(uploads / "wood")
    post.await_answers()


def test_a_symbolic_link_is_neither_followed_nor_watched(uploads: Path, tmp_path: Path, post: Post) -> None:
    """An uploader's link to a folder of the host: what is in there must not be read, nor cost a watch each."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "before.txt").write_text("secret")
    (uploads / "link").symlink_to(secret)
    with post.watching(feed(post)) as running:
        eventually(lambda: post.states() == {"link": "quarantined"})
        (secret / "after.txt").write_text("secret")
        (uploads / "other").symlink_to(secret)
        (uploads / "a.txt").write_text("words")
        eventually(lambda: post.states() == {"link": "quarantined", "other": "quarantined", "a.txt": "indexed"})
        assert [content for _, _, content in running.engine.jobs] == [b"words"]


def test_a_name_that_is_no_text_does_not_end_the_watch(
    uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """watchfiles cannot tell of such a name, and never tells of anything again afterwards."""
    monkeypatch.setattr("ingest.watch.service.REST_SECONDS_MIN", 0.0)
    with post.watching(feed(post)):
        eventually(lambda: any(status["listings"] for status in post.statuses))
        Path(os.fsdecode(os.fsencode(uploads) + b"/bad\xff.txt")).write_text("bad name")
        eventually(lambda: post.answers() == {"bad%FF.txt": "bad name"})
        (uploads / "a.txt").write_text("words")
        eventually(lambda: post.answers() == {"bad%FF.txt": "bad name", "a.txt": "words"})


def test_a_listing_finds_what_no_event_told(uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.watch.service.REST_SECONDS_MIN", 0.0)
    for number in range(20):
        (uploads / f"{number}.txt").write_text(str(number))
    deaf = feed(post, quiet_seconds=0)
    monkeypatch.setattr(deaf, "_note", lambda path: "")
    with post.watching(deaf, watch_rescan_seconds=1):
        eventually(lambda: len(post.answers()) == 20)
        (uploads / "0.txt").unlink()
        (uploads / "1.txt").write_text("changed")
        (uploads / "new.txt").write_text("new")
        eventually(lambda: {"1.txt": "changed", "new.txt": "new"}.items() <= post.answers().items())
        eventually(lambda: "0.txt" not in post.answers())
    assert len(post.answers()) == 20


def test_a_listing_that_lacks_very_much_withdraws_nothing(uploads: Path, post: Post) -> None:
    """As when a share is not mounted: the folder is there, and empty."""
    for number in range(30):
        (uploads / f"{number}.txt").write_text(str(number))
    post.once(feed(post))
    shutil.rmtree(uploads)
    uploads.mkdir()
    post.once(feed(post))
    assert len(post.answers()) == 30
    assert post.statuses[-1]["withheld_deletions"] == 30


def test_a_folder_that_is_gone_is_waited_for(uploads: Path, tmp_path: Path, post: Post) -> None:
    with post.watching(feed(post)):
        (uploads / "a.txt").write_text("words")
        post.await_answers(a__txt="words")
        uploads.rename(tmp_path / "away")
        (tmp_path / "away" / "b.txt").write_text("more")
        eventually(lambda: post.statuses[-1]["faults"])
        (tmp_path / "away").rename(uploads)
        post.await_answers(a__txt="words", b__txt="more")
        eventually(lambda: not post.statuses[-1]["faults"])


def test_looking_at_one_name_agrees_with_listing_all(uploads: Path, tmp_path: Path) -> None:
    (uploads / "deep" / "deeper").mkdir(parents=True)
    (uploads / "deep" / "a.txt").write_text("a")
    (uploads / "deep" / "deeper" / "b.txt").write_text("b")
    (uploads / "link").symlink_to(tmp_path)
    os.mkfifo(uploads / "fifo")
    Path(os.fsdecode(os.fsencode(uploads) + b"/bad\xff")).write_text("x")
    store = FolderStore(uploads)
    listed = list(store.list())
    assert [store.look(stored.key) for stored in listed] == listed
    assert len(listed) == 5
    for absent in ("deep", "deep/none", "none/none", "link/uploads", "deep/a.txt/below", "unreadable/"):
        assert store.look(absent) is None


def test_a_stop_lets_a_file_at_work_end_and_begins_no_other(uploads: Path, post: Post) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def script(profile: Profile, job: Job, document: bytes) -> SandboxRun:
        begun.set()
        assert go_on.wait(60)
        return echo(profile, job, document)

    for number in range(4):
        (uploads / f"{number}.txt").write_text(str(number))
    with post.watching(feed(post, quiet_seconds=0), script, concurrency=1) as running:
        assert begun.wait(60)
        running.watch.stop()
        go_on.set()
        summary = running.end()
        assert running.engine.cancelled == 0
    assert len(running.engine.jobs) == len(post.answers()) == 1
    assert (summary.left, summary.pending) == (3, 0)
    assert post.rows("SELECT state FROM runs") == [{"state": "interrupted"}]
    post.once(feed(post))
    assert len(post.answers()) == 4


def test_a_file_that_does_not_end_in_its_grace_is_stopped_and_stays_pending(
    uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def script(profile: Profile, job: Job, document: bytes) -> Exception:
        begun.set()
        assert cancelled.wait(60)
        return SandboxUnavailable("its sandbox was stopped")

    (uploads / "a.txt").write_text("words")
    with post.watching(feed(post, quiet_seconds=0), script, watch_grace_seconds=0) as running:
        monkeypatch.setattr(running.engine, "cancel", cancelled.set)
        assert begun.wait(60)
        summary = running.end()
    assert summary.pending + summary.left == 1
    assert post.states() == {"a.txt": "pending"}
    post.once(feed(post))
    assert post.answers() == {"a.txt": "words"}


@pytest.mark.parametrize("fault", [StoreError, StoreUnavailable])
def test_a_path_that_nobody_may_look_at_deafens_nobody(
    uploads: Path, post: Post, running: Running, monkeypatch: pytest.MonkeyPatch, fault: type[StoreError]
) -> None:
    """Hostile: an uploader makes a folder private, or its disk has a bad block, after the kernel told of a file."""
    assert isinstance(post.source, FolderStore)
    look = post.source.look
    asked = []

    def refusing(key: str) -> StoredObject | None:
        asked.append(key)
        if key.startswith("private/"):
            raise fault("Input/output error")
        return look(key)

    monkeypatch.setattr("ingest.watch.settling.TRY_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr("ingest.watch.settling.TRIES_MAX", 10_000)
    with monkeypatch.context() as refused:
        refused.setattr(post.source, "look", refusing)
        (uploads / "private").mkdir()
        (uploads / "private" / "a.txt").write_text("private words")
        eventually(lambda: "private/a.txt" in asked)
        (uploads / "b.txt").write_text("words")
        post.await_answers(b__txt="words")
        assert post.statuses[-1]["faults"] == {}
    eventually(lambda: post.answers() == {"b.txt": "words", "private/a.txt": "private words"})
    assert running.end().pending == 0


def test_a_folder_that_went_away_is_told_although_something_else_failed(
    uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uploads / "folder").mkdir()
    with closing(feed(post)) as heard:

        def failing() -> list[str]:
            if heard._gone:
                monkeypatch.undo()
                raise StoreUnavailable("Stale file handle")
            return []

        monkeypatch.setattr(heard._settling, "settled", failing)
        (uploads / "folder").rmdir()
        with pytest.raises(StoreUnavailable):
            eventually(lambda: heard.receive() and None)
        hints = eventually(heard.receive)
    assert "folder/" in [folder for hint in hints for folder in hint.folders]


def test_another_folder_in_the_place_of_this_one_is_watched(
    uploads: Path, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hostile: a share is unmounted and mounted again. The kernel goes on watching what stood there before."""
    monkeypatch.setattr("ingest.watch.service.REST_SECONDS_MIN", 0.0)
    (uploads / "a.txt").write_text("words")
    with post.watching(feed(post)):
        post.await_answers(a__txt="words")
        uploads.rename(tmp_path / "away")
        uploads.mkdir()
        eventually(lambda: post.statuses[-1]["withheld_deletions"] == 1)
        (uploads / "new.txt").write_text("new words")
        eventually(lambda: "new.txt" in post.answers())


def test_what_is_mounted_below_the_folder_is_watched(
    uploads: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hostile: of a mount over a folder that it watches, the kernel says nothing."""
    monkeypatch.setattr("ingest.watch.service.REST_SECONDS_MIN", 0.0)
    (uploads / "share").mkdir()
    (uploads / "a.txt").write_text("words")
    with post.watching(feed(post)):
        post.await_answers(a__txt="words")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", uploads / "share"], capture_output=True, check=False)
        if mounted.returncode:
            pytest.skip("takes the right to mount")
        try:
            (uploads / "share" / "b.txt").write_text("by the listing, perhaps")
            eventually(lambda: "share/b.txt" in post.answers())
            (uploads / "share" / "c.txt").write_text("by its event")
            eventually(lambda: "share/c.txt" in post.answers())
        finally:
            subprocess.run(["umount", uploads / "share"], check=True)
