"""HOST, trusted: what `up`, `down` and `status` say of the stack."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingest.errors import ConfigurationError
from ingest.stack.layout import Component


class StackError(ConfigurationError):
    """embedded services: {detail}"""


class Condition(StrEnum):
    """How a component is."""

    RUNNING = "running"
    NOT_ANSWERING = "not answering"
    STOPPED = "stopped"
    EXTERNAL = "external"  # a server of the operator's, which gloveport neither starts nor stops


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """One component. `since` is in seconds since the epoch; `address` holds no password."""

    component: Component
    condition: Condition
    pid: int | None = None
    address: str = ""
    log: Path | None = None
    since: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The documented object of `status --json`."""
        return {
            "type": "component",
            "component": self.component.value,
            "state": self.condition.value,
            "pid": self.pid,
            "address": self.address,
            "log": str(self.log) if self.log else None,
            "since": self.since,
        }


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack. `ui` is the address of the Prefect UI while it is up, `login` the file with what it asks for."""

    components: tuple[ComponentStatus, ...]
    ui: str
    login: Path

    def __getitem__(self, component: Component) -> ComponentStatus:
        return next(each for each in self.components if each.component is component)

    @property
    def complete(self) -> bool:
        """Whether everything runs."""
        return all(each.condition in {Condition.RUNNING, Condition.EXTERNAL} for each in self.components)


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One step of `up` or `down`, worth a line on a terminal."""

    component: Component
    message: str


OnEvent = Callable[[StackEvent], None]
