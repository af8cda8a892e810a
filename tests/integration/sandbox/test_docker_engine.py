"""TEST: the Docker engine's five methods on a real engine: runs, faults that are not the file's, and what is left."""

import contextlib
import gc
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from contract.verdicts import Reason
from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import Limits, Profile, SandboxEngine, SandboxRun
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.reaper import NAMESPACE_LABEL
from tests.hostile.attacker import SHORT, job_for, report_of, wait_until_busy
from tests.integration.sandbox.fault_proxy import FaultProxy

# The SDK forgets to close a socket whose connect fails; the garbage collector does it, with a warning.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
PATIENT = replace(SHORT, wall_seconds=30, wall_seconds_max=30, stall_seconds=30)


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """So that the warning above comes here and not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DockerEngine]:
    engine = DockerEngine(namespace="tests", owner_directory=tmp_path / "owners")
    yield engine
    engine.close()


@pytest.fixture
def profile(attack_image: str) -> Profile:
    return Profile("t", attack_image, "0", PATIENT)


def run(engine: SandboxEngine, profile: Profile, **order: Any) -> SandboxRun:
    document = json.dumps(order).encode() + b"\n"
    return engine.run(profile, job_for(document), io.BytesIO(document))


@contextlib.contextmanager
def running(engine: DockerEngine, client: docker.DockerClient, profile: Profile) -> Iterator[tuple[Future[Any], str]]:
    """A run that goes on for ever, and its container's id, once it has its job."""
    started = client.events(decode=True, filters={"event": "start", "label": f"{NAMESPACE_LABEL}={engine.namespace}"})
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(run, engine, profile, attack="ignore_signals")
        container_id = next(started)["id"]
        started.close()
        try:
            wait_until_busy(client, container_id)
            yield future, container_id
        finally:
            engine.cancel()


def containers_of(client: docker.DockerClient, engine: DockerEngine) -> list[str]:
    label = f"{NAMESPACE_LABEL}={engine.namespace}"
    return [container.id for container in client.containers.list(all=True, filters={"label": label})]


def test_an_honest_run(engine: DockerEngine, profile: Profile) -> None:
    result = run(engine, profile, attack="echo", say="hello")
    assert report_of(result) == "hello"
    assert result.usage.cpu_seconds > 0
    assert 1 << 20 < result.usage.memory_peak_bytes < PATIENT.memory_bytes
    assert result.usage.bytes_in > 0
    assert result.usage.bytes_out > 0
    assert (result.evidence.image, result.evidence.exit_code) == (profile.image, 0)
    assert result.evidence.limits == PATIENT


def test_a_large_document_arrives_whole(engine: DockerEngine, profile: Profile) -> None:
    line = json.dumps({"attack": "digest"}).encode() + b"\n"
    body = bytes(range(256)) * (32 << 10)
    document = line + body
    result = engine.run(profile, job_for(document), io.BytesIO(document + b"not to be sent"))
    assert report_of(result) == hashlib.sha256(body).hexdigest()


def test_each_run_has_a_container_of_its_own(engine: DockerEngine, profile: Profile) -> None:
    engine.prewarm(profile, 2)
    results = [run(engine, profile, attack="echo", say=number) for number in range(5)]
    assert [report_of(result) for result in results] == [0, 1, 2, 3, 4]
    assert len({result.evidence.container_id for result in results}) == 5


def test_runs_in_parallel(engine: DockerEngine, profile: Profile) -> None:
    engine.prewarm(profile, 1)
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(lambda number: run(engine, profile, attack="echo", say=number), range(8))
        assert [report_of(result) for result in results] == list(range(8))


def test_closing_leaves_no_container(engine: DockerEngine, profile: Profile, client: docker.DockerClient) -> None:
    engine.prewarm(profile, 2)
    run(engine, profile, attack="echo", say="x")
    engine.close()
    assert containers_of(client, engine) == []
    with pytest.raises(SandboxUnavailable, match="closed"):
        run(engine, profile, attack="echo", say="x")


def test_cancelling_stops_what_runs_and_nothing_more(
    engine: DockerEngine, profile: Profile, client: docker.DockerClient
) -> None:
    with running(engine, client, profile) as (future, container_id):
        engine.cancel()
        with pytest.raises(SandboxUnavailable, match="cancelled"):
            future.result(timeout=10)
    assert container_id not in {container.id for container in client.containers.list()}
    assert report_of(run(engine, profile, attack="echo", say="on")) == "on"


def test_closing_stops_what_runs(engine: DockerEngine, profile: Profile, client: docker.DockerClient) -> None:
    with running(engine, client, profile) as (future, _):
        engine.close()
        with pytest.raises(SandboxUnavailable):
            future.result(timeout=10)
    assert containers_of(client, engine) == []


@pytest.mark.parametrize("end", ["kill", "stop", "remove"])
def test_an_end_by_somebody_else_is_not_the_files_fault(
    engine: DockerEngine, profile: Profile, client: docker.DockerClient, end: str
) -> None:
    with running(engine, client, profile) as (future, container_id):
        container = client.containers.get(container_id)
        ends = {
            "kill": container.kill,
            "stop": lambda: container.stop(timeout=1),
            "remove": lambda: container.remove(force=True),
        }
        ends[end]()
        with pytest.raises(SandboxUnavailable):
            future.result(timeout=10)


def test_an_idle_sandbox_that_is_killed_is_replaced(
    engine: DockerEngine, profile: Profile, client: docker.DockerClient
) -> None:
    started = client.events(decode=True, filters={"event": "start", "label": f"{NAMESPACE_LABEL}={engine.namespace}"})
    engine.prewarm(profile, 1)
    first = next(started)["id"]
    client.containers.get(first).kill()
    assert next(started)["id"] != first
    started.close()
    assert report_of(run(engine, profile, attack="echo", say="well")) == "well"


def test_a_missing_image_is_not_the_files_fault(engine: DockerEngine, profile: Profile) -> None:
    with pytest.raises(SandboxUnavailable, match="image is missing"):
        run(engine, replace(profile, image="sha256:" + "0" * 64), attack="echo")


@pytest.mark.parametrize("program", [["/no/such/program"], ["python3", "-c", "pass"], ["python3", "-c", "print(1)"]])
def test_an_image_that_never_gets_ready_is_not_the_files_fault(
    engine: DockerEngine, profile: Profile, client: docker.DockerClient, program: list[str]
) -> None:
    with pytest.raises(SandboxUnavailable):
        engine.run_program(profile, job_for(b""), io.BytesIO(), program)
    assert containers_of(client, engine) == []


def test_getting_ready_has_a_deadline(tmp_path: Path, profile: Profile, client: docker.DockerClient) -> None:
    engine = DockerEngine(namespace="tests", owner_directory=tmp_path, ready_seconds=0.5)
    with contextlib.closing(engine), pytest.raises(SandboxUnavailable, match="not ready"):
        engine.run_program(profile, job_for(b""), io.BytesIO(), ["python3", "-c", "import time; time.sleep(60)"])
    assert containers_of(client, engine) == []


def test_a_short_document_leaves_no_container(
    engine: DockerEngine, profile: Profile, client: docker.DockerClient
) -> None:
    with pytest.raises(SandboxUnavailable, match="short"):
        engine.run(profile, job_for(b"much longer"), io.BytesIO(b"short"))
    assert containers_of(client, engine) == []


@pytest.fixture
def proxy(tmp_path: Path, client: docker.DockerClient) -> Iterator[FaultProxy]:
    assert client.api.base_url.startswith("http+docker://")  # a Unix socket
    real = docker.utils.kwargs_from_env().get("base_url", "unix:///var/run/docker.sock")
    proxy = FaultProxy(tmp_path / "engine.sock", real.removeprefix("unix://").removeprefix("http+unix://"))
    yield proxy
    proxy.close()


@pytest.fixture
def frail(proxy: FaultProxy, tmp_path: Path, client: docker.DockerClient) -> Iterator[DockerEngine]:
    """An engine behind the proxy. What it can no longer remove is removed here, past the proxy."""
    engine = DockerEngine(proxy.url, namespace="tests", owner_directory=tmp_path / "owners", api_seconds=1)
    yield engine
    with contextlib.suppress(SandboxUnavailable):
        engine.close()
    for container_id in containers_of(client, engine):
        client.api.remove_container(container_id, force=True)


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_an_engine_lost_mid_run_is_not_the_files_fault(
    frail: DockerEngine, proxy: FaultProxy, profile: Profile, client: docker.DockerClient, fault: str
) -> None:
    limits = replace(PATIENT, stall_seconds=2)
    with running(frail, client, replace(profile, limits=limits)) as (future, _):
        getattr(proxy, fault)()
        with pytest.raises(SandboxUnavailable):
            future.result(timeout=30)


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_an_engine_that_does_not_answer_is_unavailable(
    frail: DockerEngine, proxy: FaultProxy, profile: Profile, fault: str
) -> None:
    getattr(proxy, fault)()
    with pytest.raises(SandboxUnavailable):
        run(frail, profile, attack="echo", say="x")
    with pytest.raises(SandboxUnavailable):
        frail.reap()


def test_no_engine_at_all(tmp_path: Path, profile: Profile) -> None:
    engine = DockerEngine(f"unix://{tmp_path}/nothing.sock", namespace="tests", owner_directory=tmp_path)
    engine.prewarm(profile, 1)  # a promise for later, no fault
    with pytest.raises(SandboxUnavailable):
        run(engine, profile, attack="echo", say="x")
    with pytest.raises(SandboxUnavailable):
        engine.close()


def test_a_profile_that_cannot_be_prewarmed_does_not_stop_another(frail: DockerEngine, profile: Profile) -> None:
    frail.prewarm(replace(profile, image="sha256:" + "0" * 64), 1)
    frail.prewarm(profile, 1)
    assert report_of(run(frail, profile, attack="echo", say="well")) == "well"


def test_default_limits_let_an_honest_file_through(engine: DockerEngine, profile: Profile) -> None:
    assert run(engine, replace(profile, limits=Limits()), attack="echo", say="x").verdict is None


def test_the_cpu_backstop_of_the_kernel_is_told_as_what_it_is(engine: DockerEngine, profile: Profile) -> None:
    result = run(engine, profile, attack="kill", whom="self", signal=24)
    assert result.verdict is Reason.CPU_LIMIT
