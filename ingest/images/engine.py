"""HOST, trusted: how image work talks to the container engine, waits its turn, and tells what it is doing."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import docker
import requests
from docker import DockerClient
from docker.errors import DockerException

from ingest.errors import SandboxUnavailable

# One build step may be silent for minutes on a slow disk; without any bound a dead engine would hang us for ever.
ENGINE_SILENCE_SECONDS: Final = 300

START_HINT: Final = (
    "start Docker Engine (scripts/engine.sh of the checkout does, and installs it on Debian and Ubuntu; elsewhere:"
    " https://docs.docker.com/engine/install/), or set DOCKER_HOST to one that runs"
)
ENGINE_HINT: Final = "start Docker Engine, or set DOCKER_HOST; `gloveport doctor` checks it"
BUILD_HINT: Final = "run `gloveport images build`"


def connect() -> DockerClient:
    """A client for image work, by `DOCKER_HOST` or the default socket. Raises `SandboxUnavailable`."""
    with engine_faults("connect"):
        return docker.from_env(timeout=ENGINE_SILENCE_SECONDS)


@contextmanager
def engine_faults(doing: str) -> Iterator[None]:
    """Turn every fault of the engine or of the way to it into `SandboxUnavailable`, naming what was being done."""
    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        raise SandboxUnavailable(f"{doing}: {error}", hint=ENGINE_HINT) from error


def say(line: str) -> None:
    """One line of progress, to stderr."""
    print(line, file=sys.stderr, flush=True)


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/gloveport`, by the XDG base directory specification; made when missing."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gloveport"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def one_builder_at_a_time() -> Iterator[None]:
    """Hold the host's lock for image work; whoever comes second waits, then finds the work done."""
    with (cache_directory() / "images.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"images: waiting for another build on this host{_holder(lock)}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)  # the file stays, and names nobody


def _holder(lock: TextIO) -> str:
    """Who has the lock, as that process wrote it; nothing when it has not, or is of another version."""
    lock.seek(0)
    pid = lock.read().strip()
    return f" (process {pid})" if pid.isdecimal() else ""
