"""HOST, trusted: what a sandbox costs, as the kernel counts it: control groups version 1 and 2.

The files cost 0.2 ms to read and vanish when the last process of the sandbox is gone, so they are read while it lives.
Sources: the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.errors import SandboxUnavailable

_NANOSECONDS: Final = 1e9
_MICROSECONDS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Counters:
    """One reading. `cpu_seconds` user and system together; `memory_peak_bytes` with page cache and tmpfs."""

    cpu_seconds: float = 0.0
    memory_peak_bytes: int = 0
    oom_kills: int = 0
    pids_limit_hits: int = 0

    def merged(self, later: "Counters") -> "Counters":
        """The greater of each: the counters only grow, except where a kernel offers a present value alone."""
        return Counters(
            cpu_seconds=max(self.cpu_seconds, later.cpu_seconds),
            memory_peak_bytes=max(self.memory_peak_bytes, later.memory_peak_bytes),
            oom_kills=max(self.oom_kills, later.oom_kills),
            pids_limit_hits=max(self.pids_limit_hits, later.pids_limit_hits),
        )


@dataclass(frozen=True, slots=True)
class GroupFolders:
    """Where the control groups of an engine's containers are. Each holds `{id}` in the place of a container's id."""

    cpu: str
    memory: str
    pids: str
    unified: bool

    def of(self, container_id: str) -> "GroupFolders":
        """The folders of one container."""
        return GroupFolders(
            cpu=self.cpu.replace("{id}", container_id),
            memory=self.memory.replace("{id}", container_id),
            pids=self.pids.replace("{id}", container_id),
            unified=self.unified,
        )


def learn_folders(container_id: str, membership: str, mounts: str) -> GroupFolders:
    """Learn the pattern of an engine's folders from one of its containers.

    `membership` is the text of /proc/PID/cgroup of its first process, `mounts` that of /proc/self/mountinfo.
    Engines differ in driver, parent group and version; this way none of it has to be guessed or configured.
    Raises `SandboxUnavailable` when the control group cannot be seen from here.
    """
    paths: dict[str, str] = {}
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths.update(dict.fromkeys(controllers.split(","), path))
    points = _mount_points(mounts)
    unified = "memory" not in paths
    folders = {}
    for controller in ("cpuacct", "memory", "pids"):
        key = "" if unified else controller
        if key not in points or container_id not in paths.get(key, ""):
            raise SandboxUnavailable(
                f"no control group for {controller} of a sandbox is visible here",
                hint="run on the engine's own host, with /sys/fs/cgroup mounted",
            )
        folders[controller] = points[key] + paths[key].replace(container_id, "{id}")
    return GroupFolders(folders["cpuacct"], folders["memory"], folders["pids"], unified)


def _mount_points(mounts: str) -> Mapping[str, str]:
    """Controller to mount point; the unified hierarchy has the key ""."""
    points: dict[str, str] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.partition(" ")
        point = before.split(" ")[4] if before.count(" ") >= 4 else ""
        if kind == "cgroup2":
            points.setdefault("", point)
        elif kind == "cgroup":
            for option in re.split(r"[ ,]", options):
                points.setdefault(option, point)
    return points


class Meter:
    """Reads the counters of one container and remembers the greatest."""

    def __init__(self, folders: GroupFolders) -> None:
        self._read = _read_unified if folders.unified else _read_legacy
        self._folders = folders
        self.counters = Counters()

    def sample(self) -> bool:
        """Read once more. False when the group is gone."""
        try:
            self.counters = self.counters.merged(self._read(self._folders))
        except OSError:  # ENOENT before, ENODEV while the group is being removed
            return False
        return True


def _read_legacy(folders: GroupFolders) -> Counters:
    return Counters(
        cpu_seconds=int(_text(folders.cpu, "cpuacct.usage")) / _NANOSECONDS,
        memory_peak_bytes=int(_text(folders.memory, "memory.max_usage_in_bytes")),
        oom_kills=_field(_text(folders.memory, "memory.oom_control"), "oom_kill"),
        pids_limit_hits=_field(_text(folders.pids, "pids.events"), "max"),
    )


def _read_unified(folders: GroupFolders) -> Counters:
    return Counters(
        cpu_seconds=_field(_text(folders.cpu, "cpu.stat"), "usage_usec") / _MICROSECONDS,
        memory_peak_bytes=_unified_memory_peak(folders.memory),
        oom_kills=_field(_text(folders.memory, "memory.events"), "oom_kill"),
        pids_limit_hits=_field(_text(folders.pids, "pids.events"), "max"),
    )


def _unified_memory_peak(folder: str) -> int:
    try:
        return int(_text(folder, "memory.peak"))
    except FileNotFoundError:  # kernels before 5.19
        return int(_text(folder, "memory.current"))


def _text(folder: str, name: str) -> str:
    return Path(folder, name).read_text("ascii")


def _field(text: str, name: str) -> int:
    """The number behind a name in a file of `name number` lines; 0 when the kernel does not count it."""
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
