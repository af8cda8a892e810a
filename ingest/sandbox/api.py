"""HOST, trusted: clients of the Docker Engine, lent to one thread at a time, and its faults in our own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import docker
import docker.errors
import docker.utils
import requests

from ingest.errors import SandboxUnavailable

# What can come out of a client: its own errors, the HTTP library's, and the socket's.
_FAULTS: Final = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)


class EngineApi:
    """Lends clients of one engine. Each has a timeout on every call: a hanging engine is an error, not a wait.

    `base_url` as in DOCKER_HOST; "" takes that variable, or the usual socket.
    """

    def __init__(self, base_url: str = "", *, api_seconds: float = 20.0) -> None:
        self._base_url = base_url
        self.seconds = max(1, round(api_seconds))  # the SDK's signatures want whole seconds
        self._version = "auto"  # asked once, then known
        self._spare: list[docker.APIClient] = []

    @contextmanager
    def client(self, doing: str) -> Iterator[docker.APIClient]:
        """A client for the calls of a `with` block, whose faults become `SandboxUnavailable` ("engine, while `doing`").

        `docker.errors.NotFound` and others can be caught inside the block, where they mean something.
        """
        client: docker.APIClient | None = None
        try:
            client = self._spare.pop() if self._spare else self._connect()
            yield client
        except docker.errors.ImageNotFound as error:
            raise SandboxUnavailable(f"image is missing: {error}", hint="gloveport images build") from error
        except _FAULTS as error:
            raise SandboxUnavailable(f"engine, while {doing}: {error}", hint="gloveport doctor") from error
        finally:
            if client is not None:
                self._spare.append(client)

    def _connect(self) -> docker.APIClient:
        if self._base_url:
            client = docker.APIClient(self._base_url, version=self._version, timeout=self.seconds)
        else:
            options = docker.utils.kwargs_from_env()
            client = docker.APIClient(**options, version=self._version, timeout=self.seconds)
        # The SDK keeps a connection per address, and each sandbox has its own: they would only pile up.
        client.headers["Connection"] = "close"
        self._version = client.api_version
        return client

    def close(self) -> None:
        """Close every client that is not lent."""
        while self._spare:
            self._spare.pop().close()
