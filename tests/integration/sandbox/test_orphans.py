"""TEST: an orchestrator killed with -9: its idle sandboxes leave by themselves, the next one reaps its busy ones."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.reaper import NAMESPACE_LABEL
from tests.hostile.attacker import wait_until_busy

# Prewarms one sandbox and keeps another busy, until it is killed.
_ORCHESTRATOR = """
import io, sys, threading
from pathlib import Path
from ingest.sandbox.base import Limits, Profile
from ingest.sandbox.docker_engine import DockerEngine
from tests.hostile.attacker import job_for
directory, image = sys.argv[1:]
limits = Limits(wall_seconds=100, stall_seconds=100, cpu_seconds=100)
engine = DockerEngine(namespace="tests", owner_directory=Path(directory))
engine.prewarm(Profile("idle", image, "0", limits), 1)
document = b'{"attack": "ignore_signals"}\\n'
engine.run(Profile("busy", image, "0", limits), job_for(document), io.BytesIO(document))
"""


@contextlib.contextmanager
def orchestrator(folder: Path, client: docker.DockerClient, image: str) -> Iterator[dict[str, str]]:
    """Container ids by profile of another process's engine, while it runs; at the end it is killed with -9."""
    with contextlib.closing(DockerEngine(namespace="tests", owner_directory=folder)) as engine:
        label = f"{NAMESPACE_LABEL}={engine.namespace}"  # the folder's, so the other process's too
    started = client.events(decode=True, filters={"event": "start", "label": label})
    with subprocess.Popen([sys.executable, "-c", _ORCHESTRATOR, str(folder), image]) as process:
        try:
            events = [next(started), next(started)]
            ids = {event["Actor"]["Attributes"]["gloveport.profile"]: event["id"] for event in events}
            wait_until_busy(client, ids["busy"])
            yield ids
        finally:
            process.kill()
            started.close()


@pytest.fixture
def killed(tmp_path: Path, client: docker.DockerClient, attack_image: str) -> Iterator[dict[str, str]]:
    """Container ids by profile, of an orchestrator that was killed with -9 while both were running."""
    with orchestrator(tmp_path / "owners", client, attack_image) as ids:
        pass
    yield ids
    for container_id in ids.values():
        with contextlib.suppress(docker.errors.NotFound):
            client.api.remove_container(container_id, force=True)


def test_idle_leaves_by_itself_and_busy_is_reaped(
    killed: dict[str, str], tmp_path: Path, client: docker.DockerClient
) -> None:
    assert client.containers.get(killed["idle"]).wait(timeout=20)["StatusCode"] == 0
    assert client.containers.get(killed["busy"]).status == "running"
    heir = DockerEngine(namespace="tests", owner_directory=tmp_path / "owners")
    with contextlib.closing(heir):
        assert heir.reap() == 2
        assert heir.reap() == 0
    for container_id in killed.values():
        with pytest.raises(docker.errors.NotFound):
            client.containers.get(container_id)


def test_another_installation_leaves_them_alone(
    killed: dict[str, str], tmp_path: Path, client: docker.DockerClient
) -> None:
    stranger = DockerEngine(namespace="tests", owner_directory=tmp_path / "elsewhere")
    with contextlib.closing(stranger):
        assert stranger.reap() == 0
    assert client.containers.get(killed["busy"]).status == "running"


def test_the_living_are_left_alone(tmp_path: Path, client: docker.DockerClient, attack_image: str) -> None:
    folder = tmp_path / "owners"
    with contextlib.closing(DockerEngine(namespace="tests", owner_directory=folder)) as heir:
        with orchestrator(folder, client, attack_image) as ids:
            assert heir.reap() == 0
            assert {client.containers.get(container_id).status for container_id in ids.values()} == {"running"}
        assert heir.reap() == 2
