"""TEST: a real S3 protocol server in its own process, once per session, and fresh buckets on it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from ingest.store.s3_client import connect
from tests.conformance.store_faults import FaultProxy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Serves until its standard input closes, so it cannot outlive the tests, however they end. One request at a time: the
# emulator checks conditions and writes in two steps, which S3 does in one. And its routes do not expect line breaks.
_SERVER = """
import logging, sys, threading
from moto.moto_server.utilities import RegexConverter
from moto.server import DomainDispatcherApplication, ThreadedMotoServer
make = RegexConverter.__init__
def make_for_any_character(self, url_map, *items):
    make(self, url_map, *items)
    self.regex = "(?s:" + self.regex + ")"
RegexConverter.__init__ = make_for_any_character
one_at_a_time = threading.Lock()
answer = DomainDispatcherApplication.__call__
def answer_atomically(self, environ, start_response):
    with one_at_a_time:
        return answer(self, environ, start_response)
DomainDispatcherApplication.__call__ = answer_atomically
logging.disable(logging.INFO)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


def _set_aws_environment(patch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", "/dev/null")
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ACCESS_KEY_ID", "gloveport-test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials as boto3's chain finds them, and nothing of the machine the tests run on."""
    _set_aws_environment(monkeypatch)


@pytest.fixture(scope="session")
def s3_client(s3_endpoint: str) -> "Iterator[S3Client]":
    with pytest.MonkeyPatch.context() as patch:
        _set_aws_environment(patch)
        client = connect(endpoint_url=s3_endpoint, concurrency=32)
    yield client
    client.close()


@pytest.fixture
def make_bucket(s3_client: "S3Client", request: pytest.FixtureRequest) -> Callable[..., str]:
    """New buckets with names of their own, since the server lives as long as the session."""
    count = 0

    def make(*, versioned: bool = False) -> str:
        nonlocal count
        count += 1
        name = f"bucket-{abs(hash(request.node.nodeid)):x}-{count}"
        s3_client.create_bucket(Bucket=name)
        if versioned:
            s3_client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture
def fault_proxy(s3_endpoint: str) -> Iterator[FaultProxy]:
    with FaultProxy(s3_endpoint) as proxy:
        yield proxy
