"""TEST: one database server and one warm interpreter for all crash tests."""

from collections.abc import Iterator

import pytest

from tests.chaos.faults import World
from tests.chaos.services import database_server, world
from tests.chaos.site import Server
from tests.chaos.uploads import FILES

SOME_FILES = 90  # enough for every fate of a file, and for a crash in the middle of the work


@pytest.fixture(scope="session")
def chaos_server() -> Iterator[Server]:
    with database_server() as server:
        yield server


@pytest.fixture(scope="session")
def scripted(chaos_server: Server) -> Iterator[World]:
    with world(chaos_server, SOME_FILES) as opened:
        yield opened


@pytest.fixture(scope="session")
def all_files(scripted: World) -> World:
    """As `scripted`, with files enough for forty crashes in turn."""
    return World(scripted.server, scripted.nursery, FILES)
