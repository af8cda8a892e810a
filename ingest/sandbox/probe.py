"""HOST, trusted: proves a sandbox on the spot, for `gloveport doctor`: what it cannot do, and that limits end it.

A program of ours runs in the profile's own image under the profile's own hardening. No document is involved, so what it
says is our own image speaking; that limits hold is seen from outside.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from contract import CONTRACT_VERSION
from contract.frames import FrameKind, encode_json
from contract.job import Job
from contract.verdicts import Reason
from ingest.errors import SandboxUnavailable
from ingest.sandbox.base import MEBIBYTE, Profile, SandboxRun, Tier
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.hardening import IMAGE_DIGEST, USER

PYTHON: Final = ("/usr/bin/python3", "-I", "-S", "-B", "-c")
PROBE_MEMORY_BYTES: Final = 64 * MEBIBYTE
PROBE_STALL_SECONDS: Final = 1.0
# What the engine writes for every container, even without a network.
FILES_OF_THE_ENGINE: Final = frozenset({"/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/sbin/docker-init"})
ENVIRONMENT_OF_THE_ENGINE: Final = frozenset({"PATH", "HOSTNAME", "HOME", "LC_CTYPE"})

_READY: Final = encode_json(FrameKind.READY, {"contract": CONTRACT_VERSION, "parser_version": "probe"})
_DONE: Final = encode_json(
    FrameKind.DONE, {"refusal": None, "detail": "", "elements": 0, "chunks": 0, "text_chars": 0, "embedded": 0}
)
_OPENING: Final = f"import os, time\nos.write(1, {_READY!r})\n"
_ALLOCATE: Final = _OPENING + "held = []\nwhile True: held.append(b'x' * (1 << 20))\n"
_SLEEP: Final = _OPENING + "time.sleep(3600)\n"
# Like a parser it speaks after READY only when the job has come: on a busy host both would arrive as one.
_LOOK: Final = f"""{_OPENING}
os.read(0, 1)
import json, socket
def connect():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1).close()  # TEST-NET-1 of RFC 5737: nobody's address
    except OSError as error:
        return error.strerror or "timed out"
    return "connected"
def attempt(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return error.strerror
    return "written"
def field(text, name):
    return next((line.split()[1] for line in text.splitlines() if line.startswith(name + ":")), "")
status = open("/proc/self/status").read()
mounts = [line.split() for line in open("/proc/self/mountinfo")]
report = json.dumps({{
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line],
    "routes": len(open("/proc/net/route").read().splitlines()) - 1,
    "connect": connect(), "root": attempt("/probe"), "tmp": attempt("/tmp/probe"),
    "binds": [mount[4] for mount in mounts if mount[3] != "/" and not mount[4].startswith(("/proc", "/sys", "/dev"))],
    "privileges": field(status, "NoNewPrivs"),
    "environment": sorted(os.environ), "user": os.getuid(),
    "capabilities": field(status, "CapEff"), "seccomp": field(status, "Seccomp"),
}}).encode()
os.write(1, bytes([{int(FrameKind.TEXT)}]) + len(report).to_bytes(4, "big") + report)
os.write(1, {_DONE!r})
while os.read(0, 4096): pass
"""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One thing that was tried: its name, whether the sandbox held, what was seen, and what to do if it did not."""

    name: str
    held: bool
    seen: str
    fix: str = ""


def probe(engine: DockerEngine, profile: Profile) -> list[ProbeResult]:
    """Try a profile's sandbox. Takes about three seconds. Raises `SandboxUnavailable` when none can be started."""
    results = [
        ProbeResult(
            "image by digest",
            bool(IMAGE_DIGEST.fullmatch(profile.image)),
            profile.image,
            "gloveport images build",
        )
    ]
    report = _report(_run(engine, profile, _LOOK))
    results += [ProbeResult(name, check(report), seen(report), fix) for name, check, seen, fix in _checks(profile)]
    small = replace(profile, limits=replace(profile.limits, memory_bytes=_probe_memory(profile)))
    results.append(_ended(engine, small, "memory cap kills", _ALLOCATE, Reason.OUT_OF_MEMORY))
    short = replace(profile, limits=replace(profile.limits, stall_seconds=PROBE_STALL_SECONDS))
    results.append(_ended(engine, short, "deadline kills", _SLEEP, Reason.STALLED))
    return results


Report = Mapping[str, Any]
Check = tuple[str, Callable[[Report], bool], Callable[[Report], str], str]


def _checks(profile: Profile) -> list[Check]:
    gvisor = profile.tier is Tier.SINGLE_USE_GVISOR
    return [
        (
            "no route",
            lambda report: set(report["interfaces"]) <= {"lo"} and report["routes"] <= 0,
            lambda report: f"interfaces {report['interfaces']}, {max(0, report['routes'])} routes",
            "the engine does not honour network mode none: check its version and plugins",
        ),
        (
            "no connection",
            lambda report: report["connect"] != "connected",
            lambda report: report["connect"],
            "the engine does not honour network mode none: check its version and plugins",
        ),
        (
            "no folder of the host",
            lambda report: set(report["binds"]) <= FILES_OF_THE_ENGINE,
            lambda report: " ".join(set(report["binds"]) - FILES_OF_THE_ENGINE) or "only files of the engine's own",
            "the engine adds mounts of its own: check its configuration",
        ),
        (
            "read-only root",
            lambda report: report["root"] != "written" and report["tmp"] == "written",
            lambda report: f"/: {report['root']}; /tmp: {report['tmp']}",
            "the engine does not honour a read-only root, or cannot mount a tmpfs",
        ),
        (
            "empty environment",
            lambda report: set(report["environment"]) <= ENVIRONMENT_OF_THE_ENGINE,
            lambda report: " ".join(report["environment"]),
            "remove proxy variables from the engine's client configuration",
        ),
        (
            "no privileges",
            lambda report: (
                f"{report['user']}" == USER.split(":")[0]
                and not int(report["capabilities"], 16)
                and report["privileges"] in {"1", ""}  # gVisor does not tell
            ),
            lambda report: f"uid {report['user']}, capabilities {report['capabilities']}",
            "the engine does not drop capabilities: check its runtime",
        ),
        (
            "system calls filtered",
            lambda report: gvisor or report["seccomp"] == "2",
            lambda report: "by the user-space kernel" if gvisor else f"seccomp mode {report['seccomp']}",
            "the host's kernel or the engine lacks seccomp",
        ),
    ]


def _probe_memory(profile: Profile) -> int:
    """GVisor's kernel needs a share of its own before the probe can begin."""
    return profile.limits.memory_bytes if profile.tier is Tier.SINGLE_USE_GVISOR else PROBE_MEMORY_BYTES


def _ended(engine: DockerEngine, profile: Profile, name: str, script: str, expected: Reason) -> ProbeResult:
    run = _run(engine, profile, script)
    seen = f"{run.verdict or 'ended well'} after {run.usage.wall_seconds:.1f} s: {run.observation}"
    return ProbeResult(name, run.verdict is expected, seen, "the engine's control groups do not work: check its log")


def _run(engine: DockerEngine, profile: Profile, script: str) -> SandboxRun:
    job: Job = {
        "contract": CONTRACT_VERSION,
        "media_type_hint": "",
        "input_bytes": 0,
        "options": {"chunk_tokens_max": 1, "embedded_files_max": 0, "embedded_bytes_max": 0, "comments_in_text": True},
        "wall_seconds": profile.limits.wall_seconds,
        "output_bytes_max": profile.limits.output_bytes,
    }
    return engine.run_program(profile, job, io.BytesIO(), (*PYTHON, script))


def _report(run: SandboxRun) -> Report:
    said = [frame.payload for frame in run.untrusted_frames if frame.kind is FrameKind.TEXT]
    if run.verdict is not None or len(said) != 1:
        raise SandboxUnavailable(f"the probe did not report: {run.observation} {run.evidence.stderr_tail}".strip())
    report: Report = json.loads(said[0])
    return report
