"""HOST, trusted: proves on the spot, with this engine and these images, that the sandbox holds.

A check runs what an attacker would run, in the sandbox that files get, and looks at the outcome from outside wherever
there is an outside to look from. What only the inside can tell (which files can be written, what the environment holds)
is told by a probe of ours, which reads no document.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final

from contract import CONTRACT_VERSION
from contract.job import Job
from contract.verdicts import Reason
from ingest import airlock
from ingest.errors import GloveportError
from ingest.images import connect, resolve_profiles
from ingest.outcome import Json, Refused
from ingest.sandbox.base import MEBIBYTE, Profile, SandboxRun
from ingest.sandbox.docker_engine import DockerEngine

FREE_BYTES_MIN: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One proof: what was checked, whether it holds, what was seen, and what to do when it does not."""

    name: str
    ok: bool
    seen: str
    fix: str

    def as_json(self) -> Json:
        """The documented object of `doctor --json`."""
        return {
            "type": "check",
            "name": self.name,
            "ok": self.ok,
            "seen": self.seen,
            "fix": "" if self.ok else self.fix,
        }


# Speaks the contract by hand: READY, then one FINDING for each fact, then DONE with a refusal, for it has no document.
_SPEAK: Final = """
import json, os, struct, sys
def say(kind, body):
    payload = json.dumps(body).encode()
    os.write(1, struct.pack(">BI", kind, len(payload)) + payload)
def fact(name, value):
    say(22, {"kind": "not_examined", "severity": "info", "place": name, "evidence": str(value)[:400]})
say(16, {"contract": 1, "parser_version": "probe"})
sys.stdin.buffer.read(1)
"""
_FINISH: Final = """
say(31, {"refusal": "empty", "detail": "probe", "elements": 0, "chunks": 0, "text_chars": 0})
while os.read(0, 65536): pass
"""
_LOOK_AROUND: Final = """
def writable(path):
    try:
        with open(os.path.join(path, "probe"), "w"): return True
    except OSError: return False
def refused(call):
    try: call()
    except OSError as error: return "refused: " + (error.strerror or "")
    return "allowed"
import socket
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
fact("environment", ",".join(sorted(os.environ)))
fact("user", os.getuid())
fact("capabilities", int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16))
fact("no_new_privs", status.get("NoNewPrivs", "").strip())
fact("seccomp", status.get("Seccomp", "").strip())
fact("socket", refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("192.0.2.1", 80))))
fact("writable", ",".join(p for p in ("/", "/etc", "/usr", "/opt", "/var", "/run", "/dev", "/home") if writable(p)))
fact("mounts", sum(1 for line in open("/proc/self/mountinfo") if line.split()[3] not in ("/",) and " /dev/" not in line
    and not line.split()[4].startswith(("/proc", "/sys", "/dev", "/tmp", "/etc/")) and line.split()[4] != "/"))
"""
_EAT_MEMORY: Final = "\nheap = []\nwhile True: heap.append(bytearray(8 << 20))\n"
_SLEEP: Final = "\nimport time\nwhile True: time.sleep(60)\n"


def examine(engine: DockerEngine, state_directory: str) -> Iterator[Check]:
    """Every check, in the order in which a failure explains the next. Raises nothing: a fault is a failed check."""
    try:
        with closing(connect()) as client:
            version = client.version()
            yield Check("engine answers", True, f"{version['Platform']['Name'] or 'Docker'} {version['Version']}", "")
            profiles = resolve_profiles(client)
            profile = next(iter(profiles.values()))
            python = client.images.get(profile.image).attrs["Config"]["Entrypoint"][0]
    except GloveportError as error:
        yield Check("images are current", False, str(error), error.hint or "start Docker Engine")
        return
    yield Check("images by digest", profile.image.startswith("sha256:"), profile.image, "gloveport images build")
    yield from _from_inside(engine, profile, python)
    yield _killed(
        engine, replace_limits(profile, memory_bytes=96 * MEBIBYTE), python, _EAT_MEMORY, Reason.OUT_OF_MEMORY
    )
    yield _killed(engine, replace_limits(profile, stall_seconds=1.0), python, _SLEEP, Reason.STALLED)
    free = shutil.disk_usage(state_directory).free
    yield Check(
        "disk space", free >= FREE_BYTES_MIN, f"{free // MEBIBYTE} MiB free", f"free space in {state_directory}"
    )


def replace_limits(profile: Profile, **limits: Any) -> Profile:
    """The profile with some limits changed."""
    return replace(profile, limits=replace(profile.limits, **limits))


# What the engine and the interpreter themselves put into an empty environment.
_USUAL_VARIABLES: Final = frozenset({"", "PATH", "HOSTNAME", "HOME", "LC_CTYPE"})
# fact -> (name of the check, what must be seen, fix)
_EXPECTED: Final[dict[str, tuple[str, Callable[[str], bool], str]]] = {
    "environment": ("empty environment", lambda seen: set(seen.split(",")) <= _USUAL_VARIABLES,
                    "the engine or the image adds variables: gloveport images build --refresh"),
    "user": ("not root", lambda seen: seen not in {"0", ""}, "the image was changed: gloveport images build --refresh"),
    "capabilities": ("no capability", lambda seen: seen == "0", "the engine grants capabilities against our request"),
    "no_new_privs": ("no new privileges", lambda seen: seen in {"1", ""}, "use a newer engine or kernel"),
    "seccomp": ("system calls filtered", lambda seen: seen in {"2", ""}, "the engine was built without seccomp"),
    "socket": ("no network", lambda seen: seen.startswith("refused"), "the engine ignores `network none`"),
    "writable": ("read-only root", lambda seen: seen == "", "the engine ignores a read-only root"),
    "mounts": ("no folder of the host", lambda seen: seen == "0", "the engine adds mounts: check its configuration"),
}  # fmt: skip


def _from_inside(engine: DockerEngine, profile: Profile, python: str) -> Iterator[Check]:
    """What only a process in the sandbox can tell."""
    try:
        ran = _run(engine, profile, python, _LOOK_AROUND + _FINISH)
    except GloveportError as error:
        yield Check("a sandbox starts", False, str(error), error.hint or "gloveport -v doctor; check the engine's log")
        return
    admitted = airlock.admit(ran.untrusted_frames, {"chunk_tokens_max": 512}) if ran.verdict is None else None
    if not isinstance(admitted, Refused) or admitted.reason is not Reason.EMPTY:
        yield Check(
            "a sandbox starts", False, f"{ran.observation} {ran.evidence.stderr_tail}", "check the engine's log"
        )
        return
    facts = {finding.place: finding.evidence for finding in admitted.findings}
    for fact, (name, holds, fix) in _EXPECTED.items():
        seen = facts.get(fact)
        yield Check(name, seen is not None and holds(seen), "not told" if seen is None else seen or "nothing", fix)


def _killed(engine: DockerEngine, profile: Profile, python: str, deed: str, expected: Reason) -> Check:
    """Whether the limit ends a program that goes against it, as seen from outside."""
    name = f"{expected.value.replace('_', ' ')} kills"
    try:
        ran = _run(engine, profile, python, deed)
    except GloveportError as error:
        return Check(name, False, str(error), error.hint or "check the engine's log")
    seen = (
        f"{ran.verdict.value if ran.verdict else 'no verdict'} after {ran.usage.wall_seconds:.1f} s: {ran.observation}"
    )
    return Check(
        name, ran.verdict is expected, seen, "the engine does not enforce this limit: check its control groups"
    )


def _run(engine: DockerEngine, profile: Profile, python: str, code: str) -> SandboxRun:
    job: Job = {
        "contract": CONTRACT_VERSION,
        "media_type_hint": "text/plain",
        "input_bytes": 1,
        "options": {"chunk_tokens_max": 512},
        "wall_seconds": profile.limits.wall_seconds,
        "output_bytes_max": profile.limits.output_bytes,
    }
    program = (python, "-I", "-S", "-B", "-c", _SPEAK + code)
    return engine.run_program(profile, job, io.BytesIO(b"x"), program)
