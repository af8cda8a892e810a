"""HOST, trusted: the life of one container: created, attached, started, ready, used once, gone, removed."""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import docker.errors

from ingest.errors import SandboxUnavailable
from ingest.sandbox.api import EngineApi
from ingest.sandbox.base import Profile
from ingest.sandbox.cgroup import GroupFolders, Meter, learn_folders
from ingest.sandbox.channel import Channel
from ingest.sandbox.dialogue import Dialogue, Wake
from ingest.sandbox.hardening import RUNTIMES, engine_arguments
from ingest.sandbox.verdict import EXIT_KILLED, EXIT_TERMINATED

# How many events the engine remembers (`eventsLimit` in moby's daemon/events/events.go), of all its containers.
EVENTS_KEPT: Final = 256
_ATTACH: Final = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a container ended, as the engine tells. `by_others`: somebody used the engine to end it, not the sandbox."""

    exit_code: int
    oom_killed: bool = False
    by_others: bool = False


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running container that has said READY. For one job."""

    container_id: str
    profile: Profile
    channel: Channel
    dialogue: Dialogue
    meter: Meter
    created_at: float  # seconds since the epoch, for the engine's events
    ready_at: float  # by the monotonic clock


class Containers:
    """Starts and ends the containers of one engine. Safe to call from several threads."""

    def __init__(self, api: EngineApi, *, ready_seconds: float) -> None:
        self._api = api
        self._ready_seconds = ready_seconds
        self._folders: dict[str, GroupFolders] = {}  # by runtime

    def start(self, profile: Profile, labels: Mapping[str, str], wake: Wake, program: Sequence[str] = ()) -> Sandbox:
        """A fresh sandbox, ready. Raises `SandboxUnavailable`, and then nothing is left of it."""
        created_at = time.time()
        with self._api.client("creating a sandbox") as client:
            body = engine_arguments(profile, labels, program)
            created = client.create_container_from_config(body)  # type: ignore[no-untyped-call]  # stubs lack it
            container_id = str(created["Id"])
        try:
            channel = self._attach(container_id, profile)
        except BaseException:
            self.remove(container_id)
            raise
        try:
            with self._api.client("starting a sandbox") as client:
                client.start(container_id)
            dialogue = Dialogue(channel)
            dialogue.await_ready(self._ready_seconds, wake)
            meter = Meter(self._group_folders(profile, container_id))
            if not meter.sample():
                raise SandboxUnavailable("a sandbox ended as soon as it was ready")
        except BaseException:
            channel.close()
            self.remove(container_id)
            raise
        return Sandbox(container_id, profile, channel, dialogue, meter, created_at, time.monotonic())

    def _attach(self, container_id: str, profile: Profile) -> Channel:
        """Attach before the start: the SDK's HTTP reader would swallow output that is already there."""
        with self._api.client("attaching to a sandbox") as client:
            stream = client.attach_socket(container_id, params=_ATTACH)
            # A socket object of our own; what the SDK wraps around it is closed with the response.
            connection = socket.socket(fileno=socket.dup(stream.fileno()))
            stream._response.close()
            stream.close()
        return Channel(connection, profile.limits.stderr_bytes)

    def _group_folders(self, profile: Profile, container_id: str) -> GroupFolders:
        runtime = RUNTIMES[profile.tier]
        if runtime not in self._folders:
            with self._api.client("looking at a sandbox") as client:
                pid = int(client.inspect_container(container_id)["State"]["Pid"])
            try:
                membership = Path(f"/proc/{pid}/cgroup").read_text("ascii")
                mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
            except OSError as error:
                raise SandboxUnavailable("the engine's processes are not visible from here") from error
            self._folders[runtime] = learn_folders(container_id, membership, mounts)
        return self._folders[runtime].of(container_id)

    def ensure_gone(self, sandbox: Sandbox, *, kill: bool, done: bool) -> Ending:
        """End a sandbox and verify it. No process of it is left on return; its remains are for `remove`.

        The socket is shut first: an engine that is blocked on output nobody reads can neither kill nor wait.
        Raises `SandboxUnavailable` when the engine cannot be brought to confirm the end.
        """
        sandbox.channel.close()
        with self._api.client("ending a sandbox") as client:
            if kill:
                try:
                    client.kill(sandbox.container_id)
                except docker.errors.APIError as error:
                    if error.response is None or error.response.status_code != 409:  # 409: not running any more
                        raise
            # The SDK waits for ever unless told otherwise.
            exit_code = int(client.wait(sandbox.container_id, timeout=self._api.seconds)["StatusCode"])
            if exit_code == 0 and done and not kill:
                return Ending(exit_code)  # the counters were read while it lived; the engine has no more to tell
            state = client.inspect_container(sandbox.container_id)["State"]
        if state["Running"]:
            raise SandboxUnavailable(f"sandbox {sandbox.container_id[:12]} survived its end")
        suspicious = not kill and not state["OOMKilled"] and exit_code in (EXIT_KILLED, EXIT_TERMINATED)
        by_others = suspicious and self._ended_by_others(sandbox)
        return Ending(exit_code, bool(state["OOMKilled"]), by_others)

    def _ended_by_others(self, sandbox: Sandbox) -> bool:
        # Unfiltered: only the number of all events tells whether the engine still remembers the first of them.
        query = {"since": f"{sandbox.created_at - 1:.3f}", "until": f"{time.time():.3f}"}
        with self._api.client("reading the engine's events") as client:
            # Not `client.events`, which has no timeout.
            address = f"{client.base_url}/v{client.api_version}/events"
            response = client.get(address, params=query, timeout=self._api.seconds)
            response.raise_for_status()
            return ended_by_others([json.loads(line) for line in response.text.splitlines()], sandbox.container_id)

    def remove(self, container_id: str) -> None:
        """Remove a container with what it wrote, killing it if it runs. Gone already is as good."""
        with self._api.client("removing a sandbox") as client:
            try:
                client.remove_container(container_id, force=True, v=True)
            except docker.errors.NotFound:
                pass
            except docker.errors.APIError as error:
                if error.response is None or error.response.status_code != 409:  # 409: being removed by somebody else
                    raise


def ended_by_others(events: Sequence[Mapping[str, Any]], container_id: str) -> bool:
    """Whether the engine itself was made to send the signal, or was restarted meanwhile and lost its memory.

    `events` are all that the engine has since the container was made. When there were more than it keeps, a missing
    start proves no restart: then the signal was the sandbox's own doing, and its image is for the smoke test to judge.
    """
    actions = {event.get("Action") for event in events if event.get("Actor", {}).get("ID") == container_id}
    return "kill" in actions or ("start" not in actions and len(events) < EVENTS_KEPT)
