"""HOST, trusted: what the pipeline asks of a sandbox engine, and what it gets back.

An engine runs one job in one fresh sandbox and tells what it saw from outside. It does not interpret what the sandbox
said: `SandboxRun.untrusted_frames` is read by `airlock.py` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol

from contract.frames import Frame
from contract.job import Job
from contract.verdicts import Reason

MEBIBYTE = 1 << 20


class Tier(StrEnum):
    """How fresh a sandbox is, from DESIGN: a whole container, or a container on a user-space kernel, for each file."""

    SINGLE_USE = "single_use"
    SINGLE_USE_GVISOR = "single_use_gvisor"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandbox may use, enforced from outside. Part of the identity of a remembered verdict."""

    memory_bytes: int = 512 * MEBIBYTE
    tmpfs_bytes: int = 64 * MEBIBYTE
    pids: int = 64
    cpus: float = 1.0
    cpu_seconds: float = 60.0
    wall_seconds: float = 30.0
    wall_seconds_per_mebibyte: float = 1.0
    wall_seconds_max: float = 120.0
    stall_seconds: float = 10.0
    idle_seconds: int = 900
    input_bytes: int = 256 * MEBIBYTE
    output_bytes: int = 64 * MEBIBYTE
    stderr_bytes: int = 64 << 10
    open_files: int = 256

    def wall_seconds_for(self, input_bytes: int) -> float:
        """The wall deadline of an input of this size: a floor, growing with size, up to a ceiling."""
        return min(self.wall_seconds + self.wall_seconds_per_mebibyte * input_bytes / MEBIBYTE, self.wall_seconds_max)


@dataclass(frozen=True, slots=True)
class Profile:
    """What to run a job in. `image` is a digest (`sha256:…`), never a tag; `preload` names the parsers to warm up."""

    name: str
    image: str
    parser_digest: str
    limits: Limits = Limits()
    tier: Tier = Tier.SINGLE_USE
    preload: tuple[str, ...] = ()

    @property
    def parser_name(self) -> str:
        """How a report names what read a file: the profile and the beginning of its parser's digest."""
        return f"{self.name}@{self.parser_digest.removeprefix('sha256:')[:12]}"


@dataclass(frozen=True, slots=True)
class SandboxUsage:
    """What a sandbox cost, read by the host from the control group; never what the sandbox says of itself."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_peak_bytes: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reviewer needs to believe a verdict. `stderr_tail` is scrubbed, but still the sandbox's own words."""

    container_id: str = ""
    image: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    oom_kills: int = 0
    pids_limit_hits: int = 0
    last_progress: str = ""
    stderr_tail: str = ""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """One sandbox's life. `verdict` is None when it ended as the contract says: frames up to `DONE`, then exit 0.

    `observation` is one line for the operator ("no frame for 10.0 s, last progress: page 3 of 9").
    """

    verdict: Reason | None
    observation: str
    untrusted_frames: Sequence[Frame] = field(repr=False)
    usage: SandboxUsage
    evidence: Evidence


class SandboxEngine(Protocol):
    """Runs jobs in fresh sandboxes. Safe to call from several threads. Five methods, one file per engine.

    Any fault that is not the file's raises `SandboxUnavailable`: engine down, image missing, container never ready.
    """

    def prewarm(self, profile: Profile, count: int) -> None:
        """Keep `count` sandboxes of this profile ready: interpreter up, parsers imported, no byte read."""
        ...

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        """Run one job to its end, or to a limit's. On return the sandbox is gone, and that was verified."""
        ...

    def cancel(self) -> None:
        """Stop every sandbox now running; their `run` calls raise `SandboxUnavailable` and their files stay pending."""
        ...

    def reap(self) -> int:
        """Remove sandboxes whose owner is dead. Returns how many."""
        ...

    def close(self) -> None:
        """Remove every sandbox this engine holds and refuse further work."""
        ...
