"""TEST: a second database on the session's server, for a run to compare with."""

from collections.abc import Iterator

import pytest

from ingest.catalog.embedded import EmbeddedPostgres
from tests.integration.conftest import database_of


@pytest.fixture
def other_db_url(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The address of one more database of this test alone, with every table."""
    yield from database_of(server, template)
