"""HOST, trusted: what the embedded worker is told. Apart from `environment`, because it loads the settings."""

import os

from ingest.settings import ENVIRONMENT_PREFIX, FOREIGN_VARIABLES, Ownership, Settings
from ingest.stack.environment import LOOPBACK, client_environment, python_environment
from ingest.stack.layout import Layout


def worker_environment(layout: Layout, port: int, settings: Settings) -> dict[str, str]:
    """The whole environment of the worker: ours (it reads stores), without foreign Prefect or gloveport settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", ENVIRONMENT_PREFIX)) or name in FOREIGN_VARIABLES
    }
    return {
        **kept,
        **client_environment(layout, port),
        **python_environment(),
        **settings_environment(settings),
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), LOOPBACK])),
        # A run submitted through the worker starts within one poll; the default of 10 s doubles the wait.
        "PREFECT_WORKER_QUERY_SECONDS": "5",
    }


def settings_environment(settings: Settings) -> dict[str, str]:
    """The settings as `GLOVEPORT_*` variables, so that another process loads the same ones.

    Without those that nobody set and that would count as said: see `Settings.ownership`.
    """
    unsaid = set(Ownership.__annotations__) - set(settings.ownership())
    told = settings.model_dump(mode="json", exclude=unsaid)
    return {f"{ENVIRONMENT_PREFIX}{name.upper()}": str(value) for name, value in told.items()}
