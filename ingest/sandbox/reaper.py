"""HOST, trusted: whose containers are whose, and the removal of those whose owner is dead.

An owner is one engine object of one process. It holds an exclusive `flock` on a file of its own in the state folder for
as long as it lives: the kernel frees that lock at kill -9 too, and a process number used again proves nothing.
"""

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import Any, Final

from ingest.errors import ConfigurationError
from ingest.sandbox.api import EngineApi

NAMESPACE_LABEL: Final = "gloveport.namespace"
OWNER_LABEL: Final = "gloveport.owner"
PROFILE_LABEL: Final = "gloveport.profile"

_OWNER: Final = re.compile(r"[0-9a-f]{16}")


class Owner:
    """A process as the owner of containers. Raises `ConfigurationError` when the folder cannot be used."""

    def __init__(self, directory: Path, namespace: str) -> None:
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.namespace = f"{namespace}.{_identity_of(directory)}"
            self.owner, self._descriptor = _claim(directory)
        except OSError as error:
            raise ConfigurationError(f"state folder {directory} cannot be used: {error}") from error

    def labels(self, profile_name: str) -> dict[str, str]:
        """The labels of a container of ours."""
        return {NAMESPACE_LABEL: self.namespace, OWNER_LABEL: self.owner, PROFILE_LABEL: profile_name}

    def release(self) -> None:
        """Give up ownership: what is still labelled as ours is an orphan from now on."""
        self._lock_path(self.owner).unlink(missing_ok=True)
        os.close(self._descriptor)

    def is_dead(self, owner: str) -> bool:
        """Whether another owner of this namespace is gone. Owners make their file before their first container."""
        if owner == self.owner:
            return False
        if not _OWNER.fullmatch(owner):  # a label is anybody's text
            return False
        try:
            descriptor = os.open(self._lock_path(owner), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def forget_dead(self) -> None:
        """Remove the files of dead owners. Call when their containers are gone."""
        for path in self._directory.glob("*.lock"):
            if self.is_dead(path.stem):
                path.unlink(missing_ok=True)

    def _lock_path(self, owner: str) -> Path:
        return self._directory / f"{owner}.lock"


def _claim(directory: Path) -> tuple[str, int]:
    """A new owner's name and the descriptor that holds its lock."""
    while True:
        owner = secrets.token_hex(8)
        path = directory / f"{owner}.lock"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():  # else another owner found it before it was locked, and took it for a dead one's
            return owner, descriptor
        os.close(descriptor)


def _identity_of(directory: Path) -> str:
    """A name for this state folder, made once: two folders never reap each other's containers."""
    path = directory / "identity"
    if not path.exists():
        draft = directory / f"identity.{secrets.token_hex(8)}"
        draft.write_text(secrets.token_hex(8), encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # never half written, and the first wins
        draft.unlink()
    return path.read_text("ascii").strip()


def containers_of(api: EngineApi, labels: dict[str, str]) -> list[dict[str, Any]]:
    """The engine's containers with all of these labels, running or not, as its list gives them."""
    with api.client("listing sandboxes") as client:
        found: list[dict[str, Any]] = client.containers(
            all=True, filters={"label": [f"{name}={value}" for name, value in labels.items()]}
        )
    return found


def orphans(api: EngineApi, owner: Owner) -> dict[str, list[str]]:
    """Container ids of this namespace by dead owner."""
    found: dict[str, list[str]] = {}
    for container in containers_of(api, {NAMESPACE_LABEL: owner.namespace}):
        name = container["Labels"].get(OWNER_LABEL, "")
        if name in found or owner.is_dead(name):
            found.setdefault(name, []).append(container["Id"])
    return found
