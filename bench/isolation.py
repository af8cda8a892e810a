"""BENCH: what isolation costs per file, side by side in one run: CPU all-in, and latency, for a one-page PDF.

Modes
    in_process          the parser called again and again in one warm process (itself inside one sandbox, because the
                        host has no parser): what no isolation would cost
    docker_run          a plain `docker run` per file, with the engine's defaults, the job on stdin
    single_use_runc     a prewarmed single-use sandbox per file, as the pipeline runs it
    single_use_runsc    the same on gVisor; null where the engine has no such runtime

CPU is measured system-wide, because a sandbox's cost is spread over our process, the engine, containerd, a shim,
several short-lived runc processes and the sandbox: busy time of all processors (/proc/stat: all but idle and iowait)
over a block of files, less what the machine spends when idle, measured just before and after each block. A block ends
when the pool is full again and the used sandboxes are removed, so each file carries the price of its replacement. The
median over rounds is reported. Other work on the machine shows in the figures: run it on a quiet one.

Latency is from dispatch to the verified answer: for sandboxes the whole of `engine.run`, which includes that the
sandbox exited and that this was confirmed; for `docker_run` the life of the command; for `in_process` the call.

    python bench/isolation.py [--json] [--image sha256:…] [--files 20] [--rounds 3]

The last line of stdout is one JSON object: {"cpu_ms": {mode: n}, "latency_ms": {mode: {"p50": n, "p99": n}}}.
"""

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import docker

from contract import CONTRACT_VERSION
from contract.frames import Frame, FrameKind, FrameSplitter, encode_json
from contract.job import Job
from ingest.airlock import admit
from ingest.images import resolve_profiles
from ingest.outcome import AdmittedDocument
from ingest.sandbox.base import Limits, Profile, Tier
from ingest.sandbox.docker_engine import DockerEngine
from ingest.sandbox.probe import PYTHON

IDLE_SECONDS = 2.0
QUIET_RATE_MAX = 0.1  # processors busy with something else, above which the CPU figures mean little
WORDS = "The quick brown fox jumps over the lazy dog while the band plays on."

# Runs inside the image: reads one document, handles it as `python -m parsers` would, again and again.
IN_PROCESS = """
import json, os, sys, time
sys.path.append("/opt/gloveport")
from parsers import registry
from parsers.blocks import Report
from parsers.chunk import chunk
from parsers.detect import detect
from parsers.normalize import normalize
from parsers.wire import FrameWriter, JobReader, encode_result
from contract.frames import FrameKind, encode
registry.preload(["pdf"])
reader, writer = JobReader(0), FrameWriter(1)
writer.ready()
job = reader.job()
document = reader.document(job["input_bytes"], writer.progress)
quiet = lambda stage, done, total: None
def handle():
    detected = detect(document, job["media_type_hint"], job["output_bytes_max"])
    parsed = registry.parser_for(detected.media_type).parse(document, Report(quiet))
    normal = normalize(parsed, job["output_bytes_max"], quiet)
    chunks = chunk(normal, job["options"]["chunk_tokens_max"], quiet)
    return encode_result(normal.metadata, normal.elements, normal.text, chunks, job["output_bytes_max"])
handle()
latencies, before = [], time.process_time()
for _ in range(FILES):
    start = time.perf_counter()
    handle()
    latencies.append((time.perf_counter() - start) * 1000)
cpu_ms = (time.process_time() - before) * 1000 / FILES
writer.write(encode(FrameKind.TEXT, json.dumps({"cpu_ms": cpu_ms, "latencies": latencies}).encode()))
writer.done()
reader.wait_for_end()
"""


@dataclass
class Figures:
    """One mode's measurements, in milliseconds."""

    cpu_ms: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def p(self, percent: int) -> float:
        """A percentile of the latencies."""
        ordered = sorted(self.latencies)
        return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


@dataclass
class Bench:
    """What every mode needs."""

    client: docker.DockerClient
    engine: DockerEngine
    profile: Profile
    document: bytes
    files: int

    @property
    def job(self) -> Job:
        """The job of the one document."""
        return {
            "contract": CONTRACT_VERSION,
            "media_type_hint": "application/pdf",
            "input_bytes": len(self.document),
            "options": {
                "chunk_tokens_max": 512,
                "embedded_files_max": 100,
                "embedded_bytes_max": 1 << 20,
                "comments_in_text": True,
            },
            "wall_seconds": 30.0,
            "output_bytes_max": 64 << 20,
        }


def one_page_pdf(lines: int = 40) -> bytes:
    """A page of text, written by hand: no library of the host makes or reads a PDF."""
    shown = "\n".join(f"({number}. {WORDS}) Tj 0 -16 Td" for number in range(1, lines + 1))
    content = f"BT /F1 11 Tf 60 740 Td {shown} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Font << /F1 5 0 R >> >>",
    ]
    data, offsets = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n\r\n" for offset in offsets)
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f\r\n{table}"
    return (data + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").encode("ascii")


def busy_seconds() -> float:
    """Processor time of the whole machine since boot, all processors together."""
    fields = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]  # guest time is in user, stolen time is not ours
    return (user + nice + system + irq + softirq) / 100


def idle_rate() -> float:
    """Busy seconds per second when we do nothing."""
    before, start = busy_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (busy_seconds() - before) / (time.monotonic() - start)


def measure(figures: Figures, files: int, one: Callable[[], float], settle: Callable[[], object]) -> None:
    """A block of files: `one` handles a file and returns its latency in ms, `settle` returns when all is as before."""
    settle()
    rate_before = idle_rate()
    before, start = busy_seconds(), time.monotonic()
    for _ in range(files):
        figures.latencies.append(one())
    settle()
    busy, wall = busy_seconds() - before, time.monotonic() - start
    rate_after = idle_rate()
    rate = (rate_before + rate_after) / 2
    if max(rate_before, rate_after) > QUIET_RATE_MAX:
        print(f"the machine is not quiet ({rate:.2f} processors busy without us): expect nonsense", file=sys.stderr)
    figures.cpu_ms.append(max(0.0, busy - rate * wall) * 1000 / files)


def require_answer(frames: list[Frame]) -> None:
    """The document must really have been read."""
    answer = admit(
        frames,
        {"chunk_tokens_max": 512, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20, "comments_in_text": True},
    )
    if not isinstance(answer, AdmittedDocument) or WORDS not in answer.text.replace("\n", " "):
        raise SystemExit(f"the document was not read: {answer}")


def single_use(bench: Bench, tier: Tier, figures: Figures) -> None:
    """One block in prewarmed single-use sandboxes of a tier."""
    profile = replace(bench.profile, tier=tier)
    label = f"gloveport.namespace={bench.engine.namespace}"

    def settle() -> None:
        """The pool is full, and of used sandboxes nothing is left."""
        while (
            bench.engine.ready(profile) < 1 or len(bench.client.api.containers(all=True, filters={"label": label})) > 1
        ):
            time.sleep(0.05)

    def one() -> float:
        while bench.engine.ready(profile) < 1:
            time.sleep(0.01)
        start = time.perf_counter()
        run = bench.engine.run(profile, bench.job, io.BytesIO(bench.document))
        latency = (time.perf_counter() - start) * 1000
        if run.verdict is not None:
            raise SystemExit(f"{tier}: {run.observation} {run.evidence.stderr_tail}")
        require_answer(list(run.untrusted_frames))
        return latency

    bench.engine.prewarm(profile, 1)
    measure(figures, bench.files, one, settle)
    bench.engine.prewarm(profile, 0)
    while bench.client.api.containers(all=True, filters={"label": label}):
        time.sleep(0.05)


def docker_run(bench: Bench, figures: Figures) -> None:
    """One block of `docker run`."""
    command = ["docker", "run", "--rm", "-i", bench.profile.image, "--preload", ",".join(bench.profile.preload)]
    request = encode_json(FrameKind.JOB, bench.job) + bench.document

    def one() -> float:
        start = time.perf_counter()
        answer = subprocess.run(command, input=request, stdout=subprocess.PIPE, check=True).stdout
        latency = (time.perf_counter() - start) * 1000
        require_answer(list(FrameSplitter().feed(answer)))
        return latency

    measure(figures, bench.files, one, lambda: None)


def in_process(bench: Bench, figures: Figures) -> None:
    """One block in one warm process. Its own clock is exact: nobody else works for it."""
    program = (*PYTHON, IN_PROCESS.replace("FILES", str(bench.files * 5)))
    profile = replace(bench.profile, limits=Limits(wall_seconds=120, stall_seconds=120))
    run = bench.engine.run_program(profile, bench.job, io.BytesIO(bench.document), program)
    said = [frame.payload for frame in run.untrusted_frames if frame.kind is FrameKind.TEXT]
    if run.verdict is not None or not said:
        raise SystemExit(f"in_process: {run.observation} {run.evidence.stderr_tail}")
    report = json.loads(said[0])
    figures.cpu_ms.append(report["cpu_ms"])
    figures.latencies += report["latencies"]


@contextlib.contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Bench]:
    """The engine and the profile to measure."""
    client = docker.from_env(timeout=60)
    if arguments.image:
        profile = Profile("pdf", arguments.image, "", preload=("pdf",))
    else:
        profile = resolve_profiles(client)["pdf"]
    with tempfile.TemporaryDirectory(prefix="gloveport-bench-") as folder:
        engine = DockerEngine(namespace="bench", owner_directory=Path(folder))
        with contextlib.closing(client), contextlib.closing(engine):
            yield Bench(client, engine, profile, one_page_pdf(), arguments.files)


def table(figures: dict[str, Figures]) -> str:
    """The figures for a reader's eyes."""
    rows = [f"{'mode':<18}{'CPU ms a file':>14}{'p50 ms':>10}{'p99 ms':>10}   CPU ms by round"]
    for mode, found in figures.items():
        rounds = " ".join(f"{value:.0f}" for value in found.cpu_ms)
        rows.append(
            f"{mode:<18}{statistics.median(found.cpu_ms):>14.1f}{found.p(50):>10.1f}{found.p(99):>10.1f}   {rounds}"
        )
    return "\n".join(rows)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="What isolation costs per file.")
    parser.add_argument("--json", action="store_true", help="print only the JSON object on stdout")
    parser.add_argument("--image", default="", help="digest of the documents image (default: the current one)")
    parser.add_argument("--files", type=int, default=20, help="files per block")
    parser.add_argument("--rounds", type=int, default=3, help="blocks per mode, modes taking turns")
    arguments = parser.parse_args()
    with opened(arguments) as bench:
        modes: dict[str, Callable[[Figures], None]] = {
            "in_process": lambda figures: in_process(bench, figures),
            "docker_run": lambda figures: docker_run(bench, figures),
            "single_use_runc": lambda figures: single_use(bench, Tier.SINGLE_USE, figures),
        }
        if "runsc" in bench.client.info()["Runtimes"]:
            modes["single_use_runsc"] = lambda figures: single_use(bench, Tier.SINGLE_USE_GVISOR, figures)
        figures = {mode: Figures() for mode in modes}
        for number in range(1, arguments.rounds + 1):
            for mode, block in modes.items():
                print(f"round {number} of {arguments.rounds}: {mode}", file=sys.stderr, flush=True)
                block(figures[mode])
    if not arguments.json:
        print(table(figures))
    result: dict[str, dict[str, object]] = {
        "cpu_ms": {"single_use_runsc": None},
        "latency_ms": {"single_use_runsc": None},
    }
    for mode, found in figures.items():
        result["cpu_ms"][mode] = round(statistics.median(found.cpu_ms), 2)
        result["latency_ms"][mode] = {"p50": found.p(50), "p99": found.p(99)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
