"""What a file costs by format: ours beside kreuzberg, markitdown and unstructured, on the same files in one run.

    bench/formats.py MANIFEST.jsonl|FOLDER [--ext pdf,docx,…] [--rounds N] [--limit N] [--engine] [--json]

CPU seconds, user and system, children included, per file. Ours is the whole job of a sandbox's process from READY to
its end (detect, parse, normalize, chunk, encode), in a fresh process for each file; the peers read un-isolated in
processes that stay warm, and make text only: no peer is asked for chunks. The tools take turns at every file, in
another order for each, so that a slow phase of the machine hits all alike; a round begins after all have read one file
of each format uncounted. A file's cost is the median of its rounds; a tool's cost for a format is the median over the
files that every tool read (tools that read none of a format are left out), and `ratio` is ours divided by the median
of the peers'. A peer has 60 s a file. A file counts as read when there was text; whether it is all of the text is
another bench's question.

With `--engine` also `sandbox`: the same through real prewarmed single-use sandboxes, with the control group's CPU in
all, start of the interpreter included. Only for ordinary files: the peers are not isolated. The last line of stdout is
one JSON object: `ratio_with_start` adds what our process spends before it is ready (here, outside an image), and
`dearer_files` are the compared files that cost us more than their own median peer.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.readers import PEERS, ROOT, File, InSandbox, Ours, Peer, Reader, Reading

EXTENSIONS: Final = "pdf,docx,pptx,xlsx,html,eml"
OURS: Final = "ours"
COMPARED: Final = ("ratio", "ratio_with_start", "dearer_files", "median_peer_cpu_ms")
Readings = dict[str, dict[str, list[Reading]]]  # by tool, by file, one a round


def files_of(source: Path, extensions: Sequence[str]) -> list[File]:
    """The files of a manifest or of a folder that have one of these extensions, by extension, in a fixed order."""
    if source.is_dir():
        paths = sorted(path for path in source.rglob("*") if path.is_file())
        found = [File(str(path.relative_to(source)), path, path.name, _extension(path.name)) for path in paths]
    else:
        rows = [json.loads(line) for line in source.read_text("utf-8").splitlines() if line.strip()]
        found = [_of_row(row, source.parent) for row in rows]
    return sorted((file for file in found if file.extension in extensions), key=lambda f: (f.extension, f.file_id))


def _of_row(row: Mapping[str, Any], folder: Path) -> File:
    name = str(row.get("upload_name") or row["path"])
    return File(row["id"], folder / row["path"], name, str(row.get("ext") or _extension(name)).lower())


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()


def turns(tools: Sequence[str], number: int) -> list[str]:
    """The order of the tools at a file: each is first, second … equally often."""
    start = number % len(tools)
    return [*tools[start:], *tools[:start]]


def measured(readers: Mapping[str, Reader], files: Sequence[File], rounds: int) -> Readings:
    """Every file by every tool in every round."""
    readings: Readings = {tool: {file.file_id: [] for file in files} for tool in readers}
    warm_up(readers, files)
    for number in range(rounds):
        for place, file in enumerate(files):
            for tool in turns(list(readers), place + number):
                reading = readers[tool].read(file)
                readings[tool][file.file_id].append(reading)
                if number == 0:
                    ended = "read" if reading.read else reading.error or "no text"
                    print(
                        f"{file.file_id[:40]:40} {tool:12} {reading.cpu_seconds * 1000:9.1f} ms  {ended[:80]}",
                        file=sys.stderr,
                        flush=True,
                    )
    return readings


def warm_up(readers: Mapping[str, Reader], files: Sequence[File]) -> None:
    """One file of each format, uncounted: what is imported late is imported now."""
    first = {file.extension: file for file in reversed(files)}
    for file in first.values():
        for reader in readers.values():
            reader.read(file)


def cost(rounds: Sequence[Reading]) -> float | None:
    """CPU seconds of a file, the median of its rounds; `None` if it was not read in each."""
    if not rounds or not all(reading.read for reading in rounds):
        return None
    return statistics.median(reading.cpu_seconds for reading in rounds)


def figures_of(readings: Readings, files: Sequence[File]) -> dict[str, Any]:
    """One format's figures: who read how many, and what that cost on the files that every tool read."""
    costs = {tool: {f.file_id: cost(found[f.file_id]) for f in files} for tool, found in readings.items()}
    read = {tool: sum(value is not None for value in found.values()) for tool, found in costs.items()}
    able = [tool for tool in costs if read[tool]]
    common = [file.file_id for file in files if able and all(costs[tool][file.file_id] is not None for tool in able)]
    medians = {tool: statistics.median(_known(costs[tool], common)) for tool in able if common}
    peers = [medians[tool] for tool in PEERS if tool in medians]
    compared: dict[str, float | None] = dict.fromkeys(COMPARED)
    if peers and OURS in medians:
        peer, start = statistics.median(peers), start_of(readings[OURS], common)
        compared = {
            "ratio": round(medians[OURS] / peer, 3),
            "ratio_with_start": round((medians[OURS] + start) / peer, 3),
            "dearer_files": sum(dearer(costs, name) for name in common),
            "median_peer_cpu_ms": round(peer * 1000, 2),
        }
    return {
        "files": len(files),
        "read": read,
        "common_files": len(common),
        "cpu_ms": {tool: round(value * 1000, 2) for tool, value in medians.items()},
        **compared,
        "failures": {
            tool: dict(Counter(_failure(found[f.file_id]) for f in files if costs[tool][f.file_id] is None))
            for tool, found in readings.items()
            if read[tool] < len(files)
        },
    }


def _known(costs: Mapping[str, float | None], names: Sequence[str]) -> list[float]:
    return [value for name in names if (value := costs[name]) is not None]


def _failure(rounds: Sequence[Reading]) -> str:
    """What kept a file from being read, in a word or two."""
    unread = next(reading for reading in rounds if not reading.read)
    return unread.error.partition(":")[0] if unread.error else "no text"


def start_of(readings: Mapping[str, list[Reading]], names: Sequence[str]) -> float:
    """CPU seconds of our process before it is ready, median over these files."""
    return statistics.median(reading.start_cpu_seconds for name in names for reading in readings[name])


def dearer(costs: Mapping[str, Mapping[str, float | None]], name: str) -> bool:
    """Whether a file cost us more than the median of those peers that read it."""
    peers = [value for tool in PEERS if (value := costs.get(tool, {}).get(name)) is not None]
    ours = costs[OURS][name]
    return ours is not None and bool(peers) and ours > statistics.median(peers)


def table(by_format: Mapping[str, Mapping[str, Any]], tools: Sequence[str]) -> str:
    """The figures for a reader's eyes, as Markdown."""
    columns = " | ".join(f"{tool} ms" for tool in tools)
    rows = [
        f"| format | files | common | {columns} | ratio | with start | dearer files | read: {', '.join(tools)} |",
        f"|---|{'---|' * (len(tools) + 6)}",
    ]
    for extension, found in by_format.items():
        costs = " | ".join(f"{found['cpu_ms'][tool]:.1f}" if tool in found["cpu_ms"] else "–" for tool in tools)
        compared = (found[name] for name in COMPARED[:3])
        ratios = " | ".join("–" if value is None else f"{value:.4g}" for value in compared)
        read = ", ".join(str(found["read"][tool]) for tool in tools)
        rows.append(f"| {extension} | {found['files']} | {found['common_files']} | {costs} | {ratios} | {read} |")
    return "\n".join(rows)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    processors = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = processors[0].partition(":")[2].strip() if processors else platform.machine()
    load = [round(value, 2) for value in os.getloadavg()]
    return {"processor": name, "processors": os.cpu_count(), "python": platform.python_version(), "load": load}


@contextlib.contextmanager
def opened(engine: bool) -> Iterator[dict[str, Reader]]:
    """Every tool, ours first."""
    readers: dict[str, Reader] = {OURS: Ours(), **{name: Peer(name) for name in PEERS}}
    with contextlib.ExitStack() as stack:
        for reader in readers.values():
            stack.callback(reader.close)
        if engine:
            readers["sandbox"] = stack.enter_context(contextlib.closing(sandbox_reader(stack)))
        yield readers


def sandbox_reader(stack: contextlib.ExitStack) -> InSandbox:
    """Sandboxes of the engine that `DOCKER_HOST` names, with its current images."""
    import docker

    from ingest.images import resolve_profiles
    from ingest.sandbox.docker_engine import DockerEngine

    client = stack.enter_context(contextlib.closing(docker.from_env(timeout=60)))
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gloveport-bench-"))
    return InSandbox(DockerEngine(namespace="bench", owner_directory=Path(folder)), resolve_profiles(client))


def environments() -> None:
    """Make `.venv-parsers` and `.venv-peers` where they are missing, or older than their lock files."""
    for name in ("--parsers", "--peers"):
        subprocess.run([ROOT / "scripts/bootstrap.sh", name], check=True, stdout=sys.stderr)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a corpus manifest, or a folder of files")
    parser.add_argument("--ext", default=EXTENSIONS, help=f"these extensions, by comma (default: {EXTENSIONS})")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only so many files of each extension")
    parser.add_argument("--engine", action="store_true", help="also through real sandboxes")
    parser.add_argument("--json", action="store_true", help="only the JSON object on stdout")
    arguments = parser.parse_args()
    environments()
    extensions = arguments.ext.split(",")
    by_extension = {name: files_of(arguments.source, [name])[: arguments.limit] for name in extensions}
    files = [file for found in by_extension.values() for file in found]
    with opened(arguments.engine) as readers:
        readings = measured(readers, files, arguments.rounds)
    by_format = {name: figures_of(readings, found) for name, found in by_extension.items() if found}
    if not arguments.json:
        print(table(by_format, list(readings)))
    result = {"formats": by_format, "rounds": arguments.rounds}
    print(json.dumps({**result, "machine": machine()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
