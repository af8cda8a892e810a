"""TEST: builds the attack image, and runs attacks from it on a real engine under short limits."""

import io
import json
import signal
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from contract import CONTRACT_VERSION
from contract.frames import FrameKind
from contract.job import Job
from ingest.images.base import ensure_base
from ingest.sandbox.api import EngineApi
from ingest.sandbox.base import MEBIBYTE, Limits, Profile, SandboxRun, Tier
from ingest.sandbox.container import Containers
from ingest.sandbox.dialogue import Wake
from ingest.sandbox.docker_engine import DockerEngine

HERE = Path(__file__).parent
TAG = "gloveport-tests/attacks:1"
OPTIONS = {"chunk_tokens_max": 512, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20, "comments_in_text": True}

# As small as lets an honest run through, so that every attack meets its limit within seconds.
SHORT = Limits(
    memory_bytes=128 * MEBIBYTE,
    tmpfs_bytes=8 * MEBIBYTE,
    pids=24,
    cpu_seconds=1.0,
    wall_seconds=4.0,
    wall_seconds_max=4.0,
    stall_seconds=2.0,
    output_bytes=2 * MEBIBYTE,
    stderr_bytes=4096,
    open_files=64,
)


def build_attack_image(client: docker.DockerClient) -> str:
    """The digest of the attack image, built on the base of the real images, without a network."""
    base = ensure_base(client)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path in sorted((HERE / "attack_image").iterdir()):
            if path.is_file():
                archive.add(path, path.name)
        for path in sorted((HERE.parents[1] / "contract").glob("*.py")):
            archive.add(path, f"contract/{path.name}")
    context.seek(0)
    image, _ = client.images.build(
        fileobj=context,
        custom_context=True,
        tag=TAG,
        network_mode="none",
        rm=True,
        buildargs={"BASE_IMAGE": base.image_id},
        # Not to be taken for a base itself, whose labels it inherits.
        labels={"io.gloveport.base-digest": "", "io.gloveport.base-recipe": "", "io.gloveport.tests": "attacks"},
    )
    client.images.prune({"dangling": True, "label": "io.gloveport.tests=attacks"})  # its earlier versions
    return str(image.id)


@dataclass
class Attacker:
    """Runs attacks, each in its own sandbox of one engine."""

    engine: DockerEngine
    image: str
    container_ids: list[str] = field(default_factory=list)

    def profile(self, limits: Limits = SHORT, tier: Tier = Tier.SINGLE_USE) -> Profile:
        return Profile("attack", self.image, "0", limits, tier)

    def run(
        self, attack: str, *, limits: Limits = SHORT, tier: Tier = Tier.SINGLE_USE, body: bytes = b"", **order: Any
    ) -> SandboxRun:
        """One attack. `body` follows the document's first line, which names the attack."""
        document = json.dumps({"attack": attack} | order).encode() + b"\n" + body
        run = self.engine.run(self.profile(limits, tier), job_for(document, limits), io.BytesIO(document))
        self.container_ids.append(run.evidence.container_id)
        return run

    @contextmanager
    def waiting(self) -> Iterator[str]:
        """The id of a container that is warm and waits for its job."""
        api, wake = EngineApi(), Wake()
        containers = Containers(api, ready_seconds=30)
        sandbox = containers.start(self.profile(), {}, wake)
        try:
            yield sandbox.container_id
        finally:
            sandbox.channel.close()
            containers.remove(sandbox.container_id)
            wake.close()
            api.close()


def job_for(document: bytes, limits: Limits = SHORT) -> Job:
    return {
        "contract": CONTRACT_VERSION,
        "media_type_hint": "text/plain",
        "input_bytes": len(document),
        "options": {
            "chunk_tokens_max": 512,
            "embedded_files_max": 100,
            "embedded_bytes_max": 1 << 20,
            "comments_in_text": True,
        },
        "wall_seconds": limits.wall_seconds,
        "output_bytes_max": limits.output_bytes,
    }


def wait_until_busy(client: docker.DockerClient, container_id: str) -> None:
    """Return once the sandbox's `ignore_signals` has begun, as the host's kernel shows it: its job has arrived."""
    pid = int(client.api.inspect_container(container_id)["State"]["Pid"])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            ignored = next(int(row.split()[1], 16) for row in status.splitlines() if row.startswith("SigIgn:"))
            if ignored & 1 << (signal.SIGTERM - 1):
                return
        time.sleep(0.01)  # the kernel offers no event for it
    raise TimeoutError("the sandbox never got its job")


def report_of(run: SandboxRun) -> Any:
    """What the attack says it achieved. Trusted by no one: compare with what is seen from outside."""
    assert run.verdict is None, run
    return json.loads(b"".join(frame.payload for frame in run.untrusted_frames if frame.kind is FrameKind.TEXT))


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    connected = docker.from_env(timeout=60)
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def attack_image(client: docker.DockerClient) -> str:
    """Hostile because its program does whatever the document tells it, with the sandbox's full rights."""
    return build_attack_image(client)


@pytest.fixture(scope="session")
def shared_engine(tmp_path_factory: pytest.TempPathFactory, attack_image: str) -> Iterator[DockerEngine]:
    engine = DockerEngine(namespace="tests", owner_directory=tmp_path_factory.mktemp("owners"))
    engine.prewarm(Attacker(engine, attack_image).profile(), 2)
    yield engine
    engine.close()


@pytest.fixture
def attacker(shared_engine: DockerEngine, attack_image: str, client: docker.DockerClient) -> Iterator[Attacker]:
    """Attacks on one engine for all tests; after each, nothing of it runs and the next file is unaffected."""
    attacker = Attacker(shared_engine, attack_image)
    yield attacker
    assert report_of(attacker.run("echo", say="unaffected")) == "unaffected"
    running = {container.id for container in client.containers.list(filters={"ancestor": attack_image})}
    assert running.isdisjoint(attacker.container_ids)


@pytest.fixture(scope="session")
def gvisor(client: docker.DockerClient) -> Tier:
    if "runsc" not in client.info()["Runtimes"]:
        pytest.skip("the engine has no gVisor runtime")
    return Tier.SINGLE_USE_GVISOR
