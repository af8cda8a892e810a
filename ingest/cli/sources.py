"""HOST, trusted: a source that a person names, found among those that were ingested before."""

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ConfigurationError
from ingest.settings import Settings

if TYPE_CHECKING:
    from ingest.catalog.database import Database
    from ingest.catalog.runs import Source


def several_sources(database: "Database") -> bool:
    """Whether a file's key alone leaves open which source it is of."""
    from ingest.catalog import story

    return len(story.list_sources(database)) > 1


def known_source(settings: Settings, database: "Database", named: str) -> "Source":
    """The source of this address, which need not be within reach now. Raises `ConfigurationError` when none is known.

    A mistyped address must not become a source of its own, over which an order would hold and change nothing.
    """
    from ingest.catalog import story
    from ingest.run import open_source_store

    known = {each.uri: each for each in story.list_sources(database)}
    # A folder that is not mounted cannot be opened, and is known by its path all the same.
    for uri in (named, f"{named.rstrip('/')}/", f"{Path(named).absolute().as_uri().rstrip('/')}/"):
        if uri in known:
            return known[uri]
    uri = open_source_store(settings, named).uri
    if uri not in known:
        raise ConfigurationError(f"{uri} was never ingested", hint="`gloveport reconcile` lists the sources")
    return known[uri]
