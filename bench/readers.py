"""BENCH: one file, read by ours or by somebody else's program: the same question and answer for all of them.

`Ours` starts the process that a sandbox runs (`python -m parsers`, with the profile's parsers loaded before the file
comes), hands it the job and the bytes as the engine would, and admits what it says through the airlock. Its CPU is
that of the process from READY to its end: reading, detecting, parsing, normalizing, chunking, encoding, writing. What
it spends before READY, which a single-use sandbox spends for every file too, is told apart as `start_cpu_seconds`.

`InSandbox` is the same through a container engine; its CPU is the control group's, as the account of files has it: all
of the sandbox's life, its start included.

`Peer` is a warm process of bench/peer.py, started anew when a file kills it.

Only for files of people who mean well: but for `InSandbox`, nothing here isolates anything.
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind, FrameSplitter, encode_json
from contract.job import Job, Options
from ingest.airlock import admit
from ingest.identify import LEADING_BYTES, media_type_hint
from ingest.manifests import Manifest, fallback_profile, read_manifests, routes
from ingest.outcome import AdmittedChunk, AdmittedDocument
from ingest.sandbox.base import Profile as SandboxProfile
from ingest.sandbox.base import SandboxEngine

ROOT = Path(__file__).resolve().parents[1]
FILE_SECONDS_MAX = 60.0
OUR_ADDRESS_SPACE_BYTES = 4 << 30
PARSERS_PYTHON = ROOT / ".venv-parsers/bin/python"
PEERS_PYTHON = ROOT / ".venv-peers/bin/python"
PEERS = ("kreuzberg", "markitdown", "unstructured")
_SANDBOX_PROCESS = (
    f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('parsers', run_name='__main__')"
)


@dataclass(frozen=True)
class File:
    """A file to read, under the name that its uploader gave it."""

    file_id: str
    path: Path
    name: str
    extension: str


@dataclass(frozen=True)
class Reading:
    """What came of a file. `error` empty: it was read.

    Ours has `chunks` as the knowledge base gets them; unstructured has `chunk_texts` where they were asked for.
    """

    cpu_seconds: float
    text: str = ""
    error: str = ""
    start_cpu_seconds: float = 0.0
    chunks: tuple[AdmittedChunk, ...] = ()
    chunk_texts: tuple[str, ...] = ()

    @property
    def read(self) -> bool:
        """Whether there is text."""
        return not self.error and bool(self.text.strip())


class Reader(Protocol):
    """Reads one file at a time."""

    def read(self, file: File) -> Reading:
        """Read a file; whatever happens is a `Reading`."""
        ...

    def close(self) -> None:
        """Leave nothing running."""
        ...


def options(tokens_max: int) -> Options:
    """A job's options."""
    return {
        "chunk_tokens_max": tokens_max,
        "embedded_files_max": 100,
        "embedded_bytes_max": 1 << 30,
        "comments_in_text": True,
    }


def job_for(file: File, document: bytes, tokens_max: int) -> Job:
    """The job that the pipeline would give."""
    return {
        "contract": CONTRACT_VERSION,
        "media_type_hint": media_type_hint(document[:LEADING_BYTES], file.name),
        "input_bytes": len(document),
        "options": options(tokens_max),
        "wall_seconds": FILE_SECONDS_MAX,
        "output_bytes_max": 64 << 20,
    }


class Ours:
    """A fresh process for each file, as in a sandbox."""

    def __init__(self, tokens_max: int = 512) -> None:
        self._tokens_max = tokens_max
        self._profiles = Profiles()

    def read(self, file: File) -> Reading:
        """Read a file in a process of its own."""
        document = file.path.read_bytes()
        job = job_for(file, document, self._tokens_max)
        groups = self._profiles.preload_of(job["media_type_hint"])
        with _process([PARSERS_PYTHON, "-I", "-X", "utf8", "-c", _SANDBOX_PROCESS, *groups]) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            frames = _Frames(process.stdout.fileno())
            frames.until(FrameKind.READY)
            start = process_cpu_seconds(process.pid)
            # The pipe back is read while the document is written: a parser shows life from its first bytes on.
            writing = threading.Thread(target=_write, args=(process, encode_json(FrameKind.JOB, job) + document))
            writing.start()
            frames.until(FrameKind.DONE)
            writing.join()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime - start
        if process.returncode != 0:
            return Reading(cpu, error=f"exit code {process.returncode}", start_cpu_seconds=start)
        return replace(_admitted(frames.seen, self._tokens_max, cpu), start_cpu_seconds=start)

    def close(self) -> None:
        """Nothing stays."""


class InSandbox:
    """A prewarmed single-use sandbox for each file."""

    def __init__(self, engine: SandboxEngine, profiles: dict[str, SandboxProfile], tokens_max: int = 512) -> None:
        self._engine = engine
        self._sandbox_profiles = profiles
        self._profiles = Profiles()
        self._tokens_max = tokens_max

    def read(self, file: File) -> Reading:
        """Read a file in a sandbox of its own."""
        document = file.path.read_bytes()
        job = job_for(file, document, self._tokens_max)
        profile = self._sandbox_profiles[self._profiles.name_of(job["media_type_hint"])]
        self._engine.prewarm(profile, 1)
        with file.path.open("rb") as stream:
            run = self._engine.run(profile, job, stream)
        self._engine.prewarm(profile, 0)
        if run.verdict is not None:
            return Reading(run.usage.cpu_seconds, error=str(run.verdict))
        return _admitted(list(run.untrusted_frames), self._tokens_max, run.usage.cpu_seconds)

    def close(self) -> None:
        """Remove what is still there."""
        self._engine.close()


class Peer:
    """One of the peers, warm. `chunk_chars_max` asks unstructured for chunks."""

    def __init__(self, name: str, chunk_chars_max: int | None = None) -> None:
        self._name = name
        self._more = {} if chunk_chars_max is None else {"chunk_chars_max": chunk_chars_max}
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, file: File) -> Reading:
        """Read a file; a peer that dies of it, or takes too long, is replaced."""
        process = self._warm()
        assert process.stdin is not None
        assert process.stdout is not None
        with _deadline(process) as late:
            question = json.dumps({"path": str(file.path), **self._more}).encode() + b"\n"
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(question)
                process.stdin.flush()
            line = process.stdout.readline()
        if not line.endswith(b"\n"):
            self.close()
            return Reading(FILE_SECONDS_MAX if late.is_set() else 0.0, error="timeout" if late.is_set() else "died")
        answer: dict[str, Any] = json.loads(line)
        return Reading(
            cpu_seconds=answer["cpu_seconds"],
            text=answer.get("text") or "",
            error=answer.get("error", ""),
            chunk_texts=tuple(answer.get("chunks", ())),
        )

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _warm(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            command = [str(PEERS_PYTHON), str(ROOT / "bench/peer.py"), self._name]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert self._process.stdout is not None
            if not self._process.stdout.readline():
                raise SystemExit(f"{self._name} does not start: make peers-environment")
        return self._process


@dataclass
class Profiles:
    """Which profile a media type goes to, and what that loads, as the images' manifests say."""

    manifests: dict[str, Manifest] = field(default_factory=lambda: read_manifests(ROOT / "sandbox_images"))

    def name_of(self, media_type: str) -> str:
        """The profile's name."""
        return routes(self.manifests).get(media_type) or fallback_profile(self.manifests)

    def preload_of(self, media_type: str) -> list[str]:
        """The arguments that make a sandbox's process load the profile's parsers."""
        name = self.name_of(media_type)
        table = next(manifest.profiles[name] for manifest in self.manifests.values() if name in manifest.profiles)
        return ["--preload", ",".join(table.preload)] if table.preload else []


def process_cpu_seconds(pid: int) -> float:
    """Processor time of another process so far, to the nanosecond: its clock's number is made as in
    `include/linux/posix-timers_types.h` (`MAKE_PROCESS_CPUCLOCK`, `CPUCLOCK_SCHED`).
    """
    return time.clock_gettime((~pid << 3) | 2)


def _admitted(frames: list[Frame], tokens_max: int, cpu_seconds: float) -> Reading:
    answer = admit(frames, options(tokens_max))
    if isinstance(answer, AdmittedDocument):
        return Reading(cpu_seconds, answer.text, chunks=tuple(answer.chunks))
    return Reading(cpu_seconds, error=f"{answer.reason}: {answer.detail}")


class _Frames:
    """What a process says, as far as it was waited for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._splitter = FrameSplitter()
        self.seen: list[Frame] = []

    def until(self, kind: FrameKind) -> None:
        """Read until a frame of this kind, or the end."""
        while not (self.seen and self.seen[-1].kind is kind):
            data = os.read(self._descriptor, 1 << 20)
            if not data:
                return
            self.seen += self._splitter.feed(data)


@contextlib.contextmanager
def _process(command: list[Any]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with our limits, which is over when this is."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limit,
    )
    with process, _deadline(process):
        yield process


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (OUR_ADDRESS_SPACE_BYTES, OUR_ADDRESS_SPACE_BYTES))


@contextlib.contextmanager
def _deadline(process: "subprocess.Popen[bytes]") -> Iterator[threading.Event]:
    """Kill the process when its time is over; the event tells so."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(FILE_SECONDS_MAX, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _write(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(data)
        process.stdin.flush()
