"""TEST: what `gloveport watch --once` tells by its exit code: whatever it leaves undone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contract.job import Job
from ingest import run
from ingest.catalog import tenants
from ingest.cli.watch import command
from ingest.errors import ExitCode, SandboxUnavailable
from ingest.sandbox.base import Profile
from ingest.sandbox.scripted import Script
from ingest.store.open import open_store
from tests.integration.pipeline.speech import echo, refuses
from tests.integration.watch.conftest import Post

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    (tmp_path / "uploads").mkdir()
    for number in range(4):
        (tmp_path / "uploads" / f"{number}.txt").write_text(f"words of {number}")
    return tmp_path / "uploads"


WatchOnce = Callable[..., Result]


@pytest.fixture
def post(make_post: Callable[..., Post], uploads: Path) -> Post:
    return make_post(open_store(str(uploads)))


@pytest.fixture
def watch_once(post: Post, uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchOnce:
    """Runs the command over the uploads with a script in the sandbox's place."""

    def watch(script: Script, **settings: object) -> Result:
        @contextmanager
        def open_batch(*_: object, **__: object) -> Iterator[run.Batch]:
            with post.open(script, **settings) as batch:
                yield batch

        monkeypatch.setattr(run.Batch, "open", open_batch)
        arguments = [str(uploads), "--once", "--json", "--set", "watch_settle_seconds=0"]
        return CliRunner().invoke(command, arguments, env={"GLOVEPORT_STATE_DIRECTORY": str(tmp_path)})

    return watch


def engine_down(_profile: Profile, _job: Job, _content: bytes) -> SandboxUnavailable:
    return SandboxUnavailable("the engine is down")


def test_files_that_a_fault_of_ours_left_pending(watch_once: WatchOnce) -> None:
    """Hostile: the first drain gives up after faults in a row, and the last one finds nothing it might claim."""
    ended = watch_once(engine_down, attempts_max=2, concurrency=1)
    assert ended.exit_code == ExitCode.SANDBOX_UNAVAILABLE, ended.output
    assert json.loads(ended.stdout.splitlines()[-1])["pending"] == 4


def test_files_that_a_limit_deferred(watch_once: WatchOnce, post: Post) -> None:
    tenants.set_tenant(post.db, "default", {"files_per_day": 1})
    ended = watch_once(echo)
    assert ended.exit_code == ExitCode.DEFERRED, ended.output
    assert json.loads(ended.stdout.splitlines()[-1])["deferred"] == 3


def test_a_fault_that_passed_is_none(watch_once: WatchOnce) -> None:
    answers = iter([SandboxUnavailable("it hiccups")])
    ended = watch_once(lambda profile, job, content: next(answers, None) or echo(profile, job, content))
    assert ended.exit_code == ExitCode.OK, ended.output


def test_a_quarantined_file(watch_once: WatchOnce) -> None:
    ended = watch_once(lambda *_: refuses("corrupt"))
    assert ended.exit_code == ExitCode.QUARANTINED, ended.output
