"""TEST: `gloveport` in processes that are forked from a warm one, with the sandbox's part played by a script.

Reads one request a line from standard input: {"arguments", "environment", "stdout", "stderr"}. Forks a process which is
the command line, answers {"pid"}, waits for its end and answers {"status"}, 128 + n for signal n. A fork costs
milliseconds where an interpreter with every import costs a second, and two hundred kills should cost minutes.

What is played is the sandbox alone; the catalogue, the stores, the signals and the exit are the real ones.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from contract.frames import FrameKind
from contract.job import Job
from contract.verdicts import Reason
from ingest import cli, crashpoints, drain, pipeline, run
from ingest.catalog import discover
from ingest.cli import run as run_command  # noqa: F401 - imported once, before the forks
from ingest.errors import SandboxUnavailable
from ingest.policy import Policy, make_policy
from ingest.sandbox.base import Profile, SandboxRun
from ingest.sandbox.scripted import Play, ScriptedEngine, played
from ingest.settings import Settings
from ingest.store.base import ObjectStore
from tests.chaos.uploads import CHANGED, CORRUPT, CRASHES, FLAKY, HOLDS, INPUT_BYTES, LIES, STALLS
from tests.integration.pipeline.speech import READY, done, frame, holds, refuses, says

PROFILE = Profile("text", "sha256:" + "0" * 64, "sha256:" + "1" * 64)
LEASE_SECONDS = 0.9  # a third of it between heartbeats, so that a run of one second has some
_flaky_seen: set[bytes] = set()


def reads(text: str) -> SandboxRun:
    """What an honest sandbox says of a document: one chunk for each paragraph."""
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]
    elements, spans, start = [], [], 0
    for number, paragraph in enumerate(paragraphs):
        identity = f"{number:032x}"
        elements.append({"type": "NarrativeText", "element_id": identity, "text": paragraph, "metadata": {}})
        spans.append({"spans": [[start, start + len(paragraph)]], "element_ids": [identity]})
        start += len(paragraph) + 2
    joined = "\n\n".join(paragraphs)
    return played(
        [
            READY,
            frame(FrameKind.METADATA, {"media_type": "text/plain", "page_count": 1}),
            frame(FrameKind.ELEMENTS, {"elements": elements}),
            frame(FrameKind.TEXT, joined.encode()),
            frame(FrameKind.CHUNKS, {"chunks": spans}),
            done(elements=len(elements), chunks=len(spans), text_chars=len(joined)),
        ]
    )


def sandbox(_profile: Profile, _job: Job, content: bytes) -> Play:
    """The script: honest about good files, and as hostile as the file asks for."""
    if content.startswith(FLAKY) and content not in _flaky_seen:
        _flaky_seen.add(content)
        return SandboxUnavailable("the engine hiccups")
    if content.startswith(CRASHES):
        return played((), Reason.CRASHED, "signal 11")
    if content.startswith(LIES):
        return played([READY, frame(FrameKind.METADATA, {"media_type": "text/plain"}), done(elements=5)])
    if content.startswith(CORRUPT):
        return refuses("corrupt")
    if content.startswith(HOLDS):
        files = [(name, inside.encode()) for name, inside in json.loads(content.removeprefix(HOLDS))]
        listed = "Holds " + ", ".join(name for name, _ in files)
        return says(listed, *(piece for name, inside in files for piece in holds(name, inside)))
    text = content.decode().strip()
    return reads(text) if text else refuses("empty")


class CancellableEngine(ScriptedEngine):
    """As the real engine's: a sandbox that stalls ends when the run is cancelled, and not before."""

    def __init__(self) -> None:
        super().__init__(sandbox)
        self._cancelled = threading.Event()

    def run(self, profile: Profile, job: Job, document: BinaryIO) -> SandboxRun:
        """A file that asks for it stalls until `cancel`."""
        leading = document.read(len(STALLS))
        document.seek(0)
        if leading == STALLS:
            # Waiting in pieces, as the real engine does in poll(): so many seconds are a broken test, not a verdict.
            if not self._cancelled.wait(240):
                raise RuntimeError("nobody cancelled a sandbox that stalls")
            raise SandboxUnavailable("cancelled")
        return super().run(profile, job, document)

    def cancel(self) -> None:
        """End every sandbox that stalls."""
        super().cancel()
        self._cancelled.set()


class Meddling:
    """A folder in which files vanish or change after they were listed, always to the same end."""

    def __init__(self, inner: ObjectStore, folder: Path) -> None:
        self._inner, self._folder, self.uri = inner, folder, inner.uri
        self.list, self.put, self.copy_from, self.delete = inner.list, inner.put, inner.copy_from, inner.delete

    def open(self, key: str, version: str = "") -> AbstractContextManager[BinaryIO]:
        """What somebody does to the file comes before the opening of what was listed."""
        path = self._folder / key
        if "vanishing" in key:
            path.unlink(missing_ok=True)
        elif "changing" in key and (content := path.read_text()) and CHANGED not in content:
            # Renamed into place: a kill in between must not leave half a file, which would be another content.
            draft = self._folder.parent / f"{key}.draft"
            draft.write_text(f"{content}\n\n{CHANGED}")
            draft.replace(path)
        return self._inner.open(key, version)


def _play_the_sandbox() -> None:
    """Put the script in the engine's place, and make what is slow in a run of hours happen in one of seconds."""

    @contextmanager
    def open_engine(_settings: Settings) -> Iterator[ScriptedEngine]:
        engine = CancellableEngine()
        try:
            yield engine
        finally:
            engine.close()

    def load_policy(settings: Settings) -> Policy:
        return make_policy({"text": PROFILE}, {}, "text", settings)

    def open_source_store(settings: Settings, uri: str) -> ObjectStore:
        store = real_source_store(settings, uri)
        # A watch wants the folder itself, and what is to happen in it happens before.
        return store if uri.startswith("s3://") or "watch" in sys.argv else Meddling(store, Path(uri))

    def open_batch(settings: Settings, *arguments: Any, **keywords: Any) -> run.Batch:
        return real_open(settings.model_copy(update={"lease_seconds": LEASE_SECONDS}), *arguments, **keywords)

    real_open, real_source_store = run.Batch.open, run.open_source_store
    run.Batch.open = open_batch  # type: ignore[assignment, method-assign]
    run.open_engine = open_engine  # type: ignore[assignment]
    run.load_policy = load_policy
    run.open_source_store = open_source_store
    pipeline.DEATHS_MAX = sys.maxsize  # the blows come from outside; test_deaths.py has files which we die of
    discover.BATCH = 100  # several batches in a listing of three hundred
    drain.BACK_OFF_SECONDS = (0.01, 0.02)  # type: ignore[misc]


def _be_the_command(request: dict[str, Any]) -> int:
    os.environ.update(request["environment"])
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        target = os.open(str(request[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, descriptor)
        os.close(target)
    # Standard input is the requests' pipe, which belongs to the parent.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    crashpoints.arm(os.environ)
    sys.argv = ["gloveport", *request["arguments"]]
    try:
        cli.main()
    except SystemExit as left:
        return int(left.code or 0)
    except BaseException:  # noqa: BLE001 - told as the interpreter would
        traceback.print_exc()
        return 1
    return 0


def _serve() -> None:
    for line in sys.stdin.buffer:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = _be_the_command(request)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _answer({"pid": pid})
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        _answer({"status": status})


def _answer(row: dict[str, int]) -> None:
    os.write(1, json.dumps(row).encode() + b"\n")


if __name__ == "__main__":
    os.environ["GLOVEPORT_INPUT_BYTES"] = str(INPUT_BYTES)
    _play_the_sandbox()
    _serve()
