"""HOST, trusted: brings the tables to this release's shape. Imported only when they are not: alembic is slow."""

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text

from ingest.errors import DatabaseError

if TYPE_CHECKING:
    from ingest.catalog.database import Database

_LOCK = 0x676C6F76_00000001  # "glov", 1: whoever migrates holds it


def upgrade(database: "Database") -> None:
    """Run what is missing, in one transaction, one caller at a time; the others wait and then find nothing to do."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with database.begin() as connection:
        # Nobody may give up while another starter works, and a large table may take its time.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseError(
                f"the tables of {database.location} were made by a newer release ({error})",
                hint="upgrade gloveport on this host",
            ) from None
