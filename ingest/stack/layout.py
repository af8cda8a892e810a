"""HOST, trusted: where the embedded services keep what they need, all under the state directory, for its owner only.

    stack/            lock, process records, the Prefect port and login     (0700)
    stack/prefect/    Prefect's home, its SQLite file, working directory of server and worker
    logs/             one bounded log for each service
    postgres/         the embedded database cluster

Only `Layout` knows these names.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Component(StrEnum):
    """The services of the stack, in the order in which they start."""

    POSTGRESQL = "postgresql"
    PREFECT_SERVER = "prefect-server"
    PREFECT_WORKER = "prefect-worker"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one state directory."""

    state_directory: Path

    @property
    def stack(self) -> Path:
        """Private folder of records and secrets."""
        return self.state_directory / "stack"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.state_directory / "logs"

    @property
    def prefect_home(self) -> Path:
        """Prefect's home; also the working directory of its processes, see `environment`."""
        return self.stack / "prefect"

    @property
    def prefect_database(self) -> Path:
        """Prefect's own SQLite file."""
        return self.prefect_home / "server.sqlite"

    @property
    def postgresql(self) -> Path:
        """The embedded database cluster."""
        return self.state_directory / "postgres"

    @property
    def lock(self) -> Path:
        """Held while `up` or `down` works."""
        return self.stack / "lock"

    @property
    def port(self) -> Path:
        """The port of the Prefect server, kept from one start to the next so that bookmarks stay valid."""
        return self.stack / "port"

    @property
    def login(self) -> Path:
        """What to type at the login of the Prefect UI, and what clients send: `user:password`."""
        return self.stack / "login"

    @property
    def worker_ready(self) -> Path:
        """Written by the worker, with its process id, once its deployments are registered."""
        return self.stack / "prefect-worker.ready"

    @property
    def worker_settings(self) -> Path:
        """Fingerprint of the settings which the running worker was started with."""
        return self.stack / "prefect-worker.settings"

    def record(self, component: Component) -> Path:
        """The process record of a component."""
        return self.stack / f"{component}.json"

    def log(self, component: Component) -> Path:
        """The log of a component."""
        return self.logs / f"{component}.log"

    def create(self) -> None:
        """Make the folders, readable by their owner alone."""
        for folder in (self.stack, self.logs, self.prefect_home):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
