"""TEST: one run over a house, in a process that a crash point may kill. Arguments: database URL, the house's folder."""

import sys
from pathlib import Path

from ingest.catalog import claims
from ingest.catalog.database import Database
from ingest.settings import Settings
from tests.integration.pipeline.conftest import House
from tests.integration.pipeline.speech import unpack


def main(url: str, folder: str) -> None:
    with Database.open(url) as db:
        claims.reclaim_dead(db)
        settings = Settings(state_directory=Path(folder), concurrency=1, prewarm=1, lease_seconds=5)
        House(Path(folder), db, settings).run(unpack)


main(*sys.argv[1:])
