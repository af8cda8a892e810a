"""TEST: the command line in processes of its own, each test session with a state folder of its own, the real engine.

Everything is seen from outside: exit codes, lines of JSON, rows, containers. The folder is short, because PostgreSQL's
socket must fit into 107 bytes.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from ingest.errors import GloveportError
from ingest.images import connect, resolve_profiles
from ingest.run import ENGINE_NAMESPACE, stop_embedded
from ingest.sandbox.reaper import NAMESPACE_LABEL
from ingest.settings import Settings

STALL_SECONDS = 25
REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "ingest.cli")


@dataclass(frozen=True)
class Ran:
    """One finished command. `rows` are its lines of JSON."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        return {row["key"]: row for row in self.rows if row["type"] == "file"}

    @property
    def summary(self) -> dict[str, Any]:
        (summary,) = [row for row in self.rows if row["type"] == "summary"]
        return summary


@dataclass(frozen=True)
class Installation:
    """A state folder, and the command line over it."""

    state: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GLOVEPORT_", "PREFECT_"))}
        return {
            **kept,
            "GLOVEPORT_STATE_DIRECTORY": str(self.state),
            # A machine that is busy with other tests may take long to fill a sandbox's memory: that is no stall.
            "GLOVEPORT_STALL_SECONDS": str(STALL_SECONDS),
            "GLOVEPORT_WALL_SECONDS": str(3 * STALL_SECONDS),
            "XDG_CONFIG_HOME": str(self.state / "config"),
            "PYTHONPATH": str(REPOSITORY),
        }

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """A command at work; the caller ends it."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment | environment,
            cwd=self.state,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, **environment: str) -> Ran:
        """Run a command to its end."""
        with self.start(*arguments, **environment) as process:
            stdout, stderr = process.communicate(timeout=280)
        return Ran(process.returncode, stdout, stderr)

    def settings(self) -> Settings:
        return Settings(state_directory=self.state).with_defaults_resolved()

    def containers(self) -> list[str]:
        """Names of the containers of this installation, from the engine."""
        client = docker.from_env()
        identity = (self.state / "owners" / "identity").read_text()
        found = client.api.containers(all=True, filters={"label": f"{NAMESPACE_LABEL}={ENGINE_NAMESPACE}.{identity}"})
        return [container["Names"][0] for container in found]


def _installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    try:
        yield Installation(folder)
    finally:
        stop_embedded(Settings(state_directory=folder))
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def images() -> None:
    """The images, which `make test` builds before the tests. Skips loudly where there is no engine, but never in CI."""
    try:
        resolve_profiles(connect())
    except GloveportError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(f"no engine or no current image: {error}")


@pytest.fixture(scope="module")
def gloveport(images: None) -> Iterator[Installation]:
    """One installation for a module's tests, in their order."""
    yield from _installation()


@pytest.fixture
def fresh(images: None) -> Iterator[Installation]:
    """An installation of this test alone."""
    yield from _installation()


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example uploads, as `make demo` has them."""
    folder = tmp_path_factory.mktemp("uploads")
    subprocess.run([sys.executable, str(REPOSITORY / "examples/make_uploads.py"), str(folder)], check=True)
    return folder


Gloveport = Callable[..., Ran]
