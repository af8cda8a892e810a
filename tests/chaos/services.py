"""TEST: what scenarios need beside our own process: a database server, a nursery, an S3 server, a private folder."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.containers import EngineWorld
from tests.chaos.engines import PrivateWorld, private_engine
from tests.chaos.faults import World
from tests.chaos.process import Nursery, Spawner
from tests.chaos.site import Server, memory_folder
from tests.conformance.conftest import _SERVER as S3_SERVER

_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ACCESS_KEY_ID": "gloveport-test",
    "AWS_SECRET_ACCESS_KEY": "planted-secret",
}


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of our own, short enough for a socket's path, in memory where possible."""
    folder = Path(tempfile.mkdtemp(prefix="gp-chaos-", dir=memory_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def database_server() -> Iterator[Server]:
    """A PostgreSQL server, stopped at the end."""
    with private_folder() as folder:
        server = Server(folder)
        try:
            yield server
        finally:
            server.embedded.stop()


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server, with credentials for it in the environment."""
    os.environ.update(_CREDENTIALS)
    with subprocess.Popen(
        [sys.executable, "-c", S3_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


@contextmanager
def world(server: Server, files: int, s3_endpoint: str = "") -> Iterator[World]:
    """A world of the scripted sandbox."""
    with private_folder() as folder, Nursery(folder) as nursery:
        yield World(server, nursery, files, s3_endpoint)


@contextmanager
def engine_world(server: Server) -> Iterator[EngineWorld]:
    """A world of the real engine."""
    with private_folder() as folder:
        yield EngineWorld(server, Spawner(folder))


@contextmanager
def private_engine_world(server: Server) -> Iterator[PrivateWorld]:
    """A world whose engine may be harmed."""
    with private_folder() as folder, private_engine(folder) as engine:
        yield PrivateWorld(server, Spawner(folder), engine)
