"""TEST: one real stack for all flow tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ingest.settings import Settings
from ingest.stack import prefect_environment
from ingest.stack.lifecycle import down, up
from tests.integration.flows.scripted import Prefect


@pytest.fixture(scope="session")
def prefect() -> Iterator[Prefect]:
    """A Prefect server and worker, started once: each start takes 16 seconds on two slow cores."""
    with tempfile.TemporaryDirectory(prefix="gloveport-flows-") as folder:
        settings = Settings(state_directory=Path(folder) / "state")
        try:
            up(settings)
            environment = prefect_environment(settings.state_directory)
            assert environment is not None
            user, password = environment["PREFECT_API_AUTH_STRING"].split(":", 1)
            api_url = environment["PREFECT_API_URL"]
            with httpx.Client(base_url=api_url, auth=(user, password), trust_env=False, timeout=30) as client:
                yield Prefect(settings, api_url, client)
        finally:
            down(settings)
