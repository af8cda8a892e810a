"""TEST: the doctor's probe holds on a real engine, and tells when a measure is missing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from ingest.sandbox import container, probe
from ingest.sandbox.base import Profile, Tier
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.hardening import engine_arguments


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DockerEngine]:
    with contextlib.closing(DockerEngine(namespace="tests", owner_directory=tmp_path)) as engine:
        yield engine


@pytest.mark.parametrize("tier", list(Tier))
def test_a_sandbox_holds(engine: DockerEngine, attack_image: str, client: docker.DockerClient, tier: Tier) -> None:
    if tier is Tier.SINGLE_USE_GVISOR and "runsc" not in client.info()["Runtimes"]:
        pytest.skip("the engine has no gVisor runtime")
    results = probe.probe(engine, Profile("p", attack_image, "0", tier=tier))
    assert [result for result in results if not result.held] == []
    assert len(results) == 10


ROOT = {"User": "0:0"}


@pytest.mark.parametrize(
    ("name", "body_changes", "host_changes"),
    [
        ("read-only root", ROOT, {"ReadonlyRootfs": False}),
        ("no privileges", ROOT, {"CapDrop": [], "CapAdd": ["NET_RAW"]}),
        ("system calls filtered", {}, {"SecurityOpt": ["seccomp=unconfined"]}),
        ("empty environment", {"Env": ["HTTPS_PROXY=http://proxy"]}, {}),
    ],
)
def test_a_weakened_sandbox_is_told(
    engine: DockerEngine,
    attack_image: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    body_changes: dict[str, Any],
    host_changes: dict[str, Any],
) -> None:
    """What an engine that ignores one of our measures would look like."""

    def weakened(*arguments: Any) -> dict[str, Any]:
        body = engine_arguments(*arguments)
        return body | body_changes | {"HostConfig": body["HostConfig"] | host_changes}

    monkeypatch.setattr(container, "engine_arguments", weakened)
    results = {result.name: result for result in probe.probe(engine, Profile("p", attack_image, "0"))}
    assert not results[name].held
    assert results[name].fix
