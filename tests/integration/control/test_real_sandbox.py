"""TEST: a cancelled run's containers are gone from the engine, with a sandbox that ignores signals and never ends."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from ingest.catalog import reconcile
from ingest.control import Wish, pause, stop_run
from ingest.sandbox.base import Profile
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.reaper import NAMESPACE_LABEL
from tests.hostile.attacker import SHORT, attack_image, client, wait_until_busy
from tests.integration.control.conftest import AtWork, Site

__all__ = ["attack_image", "client"]

# The SDK forgets to close a socket whose connect fails; the garbage collector does it, with a warning.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def stubborn(site: Site, attack_image: str, tmp_path: Path) -> Iterator[tuple[Site, DockerEngine]]:
    """One file for whose sandbox nothing but a kill is an end, for ten minutes."""
    (site.folder / "uploads").mkdir()
    (site.folder / "uploads" / "a.txt").write_text(json.dumps({"attack": "ignore_signals"}) + "\n")
    patient = replace(SHORT, wall_seconds=600, wall_seconds_max=600, stall_seconds=600)
    site.profile = Profile("text", attack_image, "0", patient)
    with closing(DockerEngine(namespace="tests", owner_directory=tmp_path / "owners")) as engine:
        yield site, engine


def containers(client: docker.DockerClient, engine: DockerEngine) -> list[str]:
    filters = {"label": f"{NAMESPACE_LABEL}={engine.namespace}"}
    return [container.id for container in client.containers.list(filters=filters)]


def busy(client: docker.DockerClient, engine: DockerEngine, work: AtWork) -> str:
    """The id of the container that has the file, once it is at work."""
    started = client.events(decode=True, filters={"event": "start", "label": f"{NAMESPACE_LABEL}={engine.namespace}"})
    seen = containers(client, engine)
    container_id = seen[0] if seen else str(next(started)["id"])
    started.close()
    wait_until_busy(client, container_id)
    return container_id


def test_cancel_removes_the_container(stubborn: tuple[Site, DockerEngine], client: docker.DockerClient) -> None:
    site, engine = stubborn
    site.settings = site.settings.model_copy(update={"prewarm": 0})
    with site.batch(engine) as batch:
        work = AtWork(batch, engine)
        try:
            assert busy(client, engine, work) in containers(client, engine)
            stop_run(site.db, batch.run_id, Wish.CANCEL, actor="ada", because="it hangs")
            work.join()
            assert containers(client, engine) == []
            assert batch.summary().left == 1
        finally:
            work.end()
    assert reconcile.reconcile(site.db, batch.source.id).problems == ()


def test_pause_lets_idle_sandboxes_go(stubborn: tuple[Site, DockerEngine], client: docker.DockerClient) -> None:
    site, engine = stubborn
    engine.prewarm(site.profile, 1)
    while not containers(client, engine):
        assert engine.ready(site.profile) <= 1
    pause(site.db, None, actor="ada", because="the disk is full")
    with site.batch(engine) as batch:
        work = AtWork(batch, engine)
        try:
            while containers(client, engine):
                assert not work.failures
        finally:
            work.end()
    assert work.reports == []
