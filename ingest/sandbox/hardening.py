"""HOST, trusted: everything that makes a container a sandbox, in one pure function and the constants it uses."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ingest.errors import ConfigurationError
from ingest.sandbox.base import Profile, Tier

IMAGE_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
USER: Final = "65532:65532"
RUNTIMES: Final[Mapping[Tier, str]] = {Tier.SINGLE_USE: "runc", Tier.SINGLE_USE_GVISOR: "runsc"}
GVISOR_PIDS_MIN: Final = 512  # the user-space kernel's own threads are counted too; with 64 it dies before READY
TMPFS_INODES: Final = 16_384
CPU_BACKSTOP_SECONDS: Final = 15  # start-up and the slack of our own, finer clock

_SECCOMP: Final = json.dumps(json.loads(Path(__file__).with_name("seccomp.json").read_text("utf-8")))

# The engine's own list, plus all of /sys and what tells of the host's kernel and its command line.
MASKED_PATHS: Final = (
    "/sys",
    "/proc/acpi",
    "/proc/asound",
    "/proc/cmdline",
    "/proc/config.gz",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/modules",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
)
READONLY_PATHS: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def engine_arguments(profile: Profile, labels: Mapping[str, str], program: Sequence[str] = ()) -> dict[str, Any]:
    """The body of the engine's "create container" request for one sandbox. Pure: same arguments, same body.

    `program` replaces the image's entry point, for `probe.py` alone; it changes what runs, not what it may do.
    Raises `ConfigurationError` when the profile's image is not a digest.

    Who may be reached
    - `NetworkMode` none and `NetworkDisabled`: a network namespace with `lo` alone; the second halves a cold start.
    - seccomp refuses `socket` altogether, so there is no Unix socket and no abstract name to talk through either.
    - `IpcMode` none: no shared memory with anyone, and no second writable mount at /dev/shm.
    - `CgroupnsMode` private, `Hostname`, `MaskedPaths`: nothing that names the host, the engine or its command line.

    What may be changed
    - `ReadonlyRootfs`; one tmpfs at /tmp: sized, few inodes, noexec, nosuid, nodev, owned by the sandbox's user.
    - No bind, no volume, no device: the document comes by stdin, the result leaves by stdout.
    - `LogConfig` none: with any other driver a flood of output fills the host's disk.

    What it may become
    - `User` 65532, `CapDrop` ALL, no-new-privileges: no set-user-id program and no capability can be gained.
    - `SecurityOpt` seccomp: our own allow-list, narrower than the engine's (see seccomp.json); the engine's LSM stays.
    - `Image` by digest: a tag could be moved. `Env` empty: nothing of the host's environment is passed.
    - `Healthcheck` none: an image cannot ask the engine to start further processes.

    How much it may use
    - `Memory` = `MemorySwap`: no swap. `OomScoreAdj` 1000: under pressure the host's kernel takes sandboxes first.
    - `PidsLimit`, `NanoCpus`, and limits on core dumps, open files and file size.
    - A CPU limit of the kernel, well above our own, ends a busy sandbox whose orchestrator was killed.
    - `Init`: a reaper as process 1, because process 1 ignores its own fatal signals and never reaps.

    How it ends
    - `StdinOnce`: when the attached host goes away stdin ends, and an idle sandbox exits by itself.
    - `Labels`: whose it is, for the reaper. No restart policy, and no automatic removal: the host reads how it ended.
    """
    if not IMAGE_DIGEST.fullmatch(profile.image):
        raise ConfigurationError(f"profile {profile.name}: image {profile.image!r} is not a digest (sha256:…)")
    body: dict[str, Any] = {
        "Image": profile.image,
        "Cmd": list(program[1:]) if program else _arguments(profile),
        "User": USER,
        "Env": [],
        "Hostname": "sandbox",
        "WorkingDir": "/",
        "Labels": dict(labels),
        "NetworkDisabled": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Tty": False,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(profile),
    }
    if program:
        body["Entrypoint"] = [program[0]]
    return body


def _arguments(profile: Profile) -> list[str]:
    preload = ["--preload", ",".join(profile.preload)] if profile.preload else []
    return ["--idle", str(profile.limits.idle_seconds), *preload]


def _host_config(profile: Profile) -> dict[str, Any]:
    limits = profile.limits
    uid, gid = USER.split(":")
    gvisor = profile.tier is Tier.SINGLE_USE_GVISOR
    tmpfs = f"rw,noexec,nosuid,nodev,size={limits.tmpfs_bytes},nr_inodes={TMPFS_INODES},uid={uid},gid={gid},mode=0700"
    return {
        "Runtime": RUNTIMES[profile.tier],
        "NetworkMode": "none",
        "IpcMode": "none",
        "CgroupnsMode": "private",
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": tmpfs},  # noqa: S108 - the sandbox's own
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges", f"seccomp={_SECCOMP}"],
        "MaskedPaths": list(MASKED_PATHS),
        "ReadonlyPaths": list(READONLY_PATHS),
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "OomScoreAdj": 1000,
        "PidsLimit": max(limits.pids, GVISOR_PIDS_MIN) if gvisor else limits.pids,
        "NanoCpus": round(limits.cpus * 1_000_000_000),
        "Ulimits": _ulimits(profile),
        "Init": True,
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": False,
        "Privileged": False,
    }


def _ulimits(profile: Profile) -> list[dict[str, Any]]:
    limits = profile.limits
    cpu_seconds = math.ceil(limits.cpu_seconds) + CPU_BACKSTOP_SECONDS
    ceilings = {
        "core": (0, 0),
        "cpu": (cpu_seconds, cpu_seconds + 5),  # first SIGXCPU, which tells why, then SIGKILL
        "fsize": (limits.tmpfs_bytes, limits.tmpfs_bytes),
        "memlock": (0, 0),
        "msgqueue": (0, 0),  # /dev/mqueue is writable by anyone
        "nofile": (limits.open_files, limits.open_files),
    }
    return [{"Name": name, "Soft": soft, "Hard": hard} for name, (soft, hard) in ceilings.items()]
