"""TEST: a watcher lives for months: what it could not do while something of ours was away, it does afterwards."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.job import Job
from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import Play
from ingest.store.folder import FolderStore
from ingest.store.open import open_store
from ingest.watch.folder import FolderFeed
from tests.integration.pipeline.speech import echo
from tests.integration.watch.conftest import Post, eventually

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def post(make_post: Callable[..., Post], tmp_path: Path) -> Post:
    (tmp_path / "uploads").mkdir()
    return make_post(open_store(str(tmp_path / "uploads")))


def feed(post: Post) -> FolderFeed:
    assert isinstance(post.source, FolderStore)
    return FolderFeed(post.source, quiet_seconds=3600.0)


def test_a_file_that_met_an_outage_is_read_when_it_is_over(post: Post, tmp_path: Path) -> None:
    """The outage outlasts every try a run would make; no listing, no restart and no further upload helps the file."""
    down = threading.Event()
    down.set()

    def read(profile: Profile, job: Job, document: bytes) -> Play:
        return SandboxUnavailable("the engine is down") if down.is_set() else echo(profile, job, document)

    with post.watching(feed(post), read) as running:
        (tmp_path / "uploads" / "a.txt").write_text("words")
        tries = post.settings.attempts_max + 2
        eventually(lambda: post.rows("SELECT 1 FROM objects WHERE attempts >= :tries", tries=tries))
        told = eventually(lambda: next((s for s in post.statuses if s["faults"]), None))
        assert "the engine is down" in told["faults"]["reading"]
        assert told["state"] == "faulty"
        down.clear()
        post.await_answers(a__txt="words")
        eventually(lambda: post.statuses[-1]["state"] == "watching")
        assert post.statuses[-1]["faults"] == {}
        running.end()
    assert [report.outcome for report in post.reports] == [None, "indexed"], "given up once, then read"


def test_a_watch_that_is_to_end_leaves_what_fails_to_the_next(post: Post, tmp_path: Path) -> None:
    (tmp_path / "uploads" / "a.txt").write_text("words")
    summary = post.once(feed(post), lambda *_: SandboxUnavailable("the engine is down"))
    assert summary.pending == 1
    assert post.rows("SELECT attempts FROM objects") == [{"attempts": post.settings.attempts_max}]
