"""TEST: one worker host that joins a run, as a process with its own state folder. Its argument is a `Task` in JSON.

Speaks in lines of JSON: {"ready"}, then {"ended": key} for each file, {"entered": key} when it stands still inside a
sandbox as its task says, and at last {"finished", "refused", "clock"}. Reads lines: the first lets it begin, the next
lets the sandbox go on in which it stands still.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOCK = time.time  # kept: a task may put this process's clock wrong


@dataclass(frozen=True)
class Task:
    """What one worker does. `halt_at`: the how manieth sandbox it stands still in; 0 for none. Times are in seconds."""

    database_url: str
    endpoint_url: str
    run_id: str
    state_directory: str
    lease_seconds: float = 3.0
    concurrency: int = 2
    halt_at: int = 0
    clock_off: float = 0.0


class Refusals(logging.Handler):
    """Counts what the fence refused."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "another worker took over the lease" in record.getMessage()


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def put_clock_wrong(seconds: float) -> None:
    """Whoever asks this process what time it is gets a wrong answer from here on. The monotonic clock stays right."""
    nanoseconds = time.time_ns
    time.time = lambda: CLOCK() + seconds
    time.time_ns = lambda: nanoseconds() + int(seconds * 1e9)


def work(task: Task) -> None:
    from ingest.policy import make_policy
    from ingest.sandbox.scripted import ScriptedEngine
    from ingest.settings import Settings
    from ingest.work import service
    from tests.integration.pipeline.conftest import PROFILE
    from tests.integration.pipeline.speech import echo

    jobs = 0

    def script(profile: Any, job: Any, document: bytes) -> Any:
        nonlocal jobs
        jobs += 1
        if jobs == task.halt_at:
            say(entered=document.decode())
            sys.stdin.readline()
        return echo(profile, job, document)

    @contextmanager
    def open_engine(_settings: Settings) -> Iterator[Any]:
        yield ScriptedEngine(script)

    service.open_engine = open_engine  # type: ignore[attr-defined]
    service.load_policy = lambda settings: make_policy({"text": PROFILE}, {}, "text", settings)  # type: ignore[attr-defined]
    settings = Settings(
        state_directory=Path(task.state_directory),
        database_url=task.database_url,
        s3_endpoint_url=task.endpoint_url,
        concurrency=task.concurrency,
        prewarm=1,
    ).model_copy(update={"lease_seconds": task.lease_seconds})
    refusals = Refusals()
    logging.getLogger("ingest.drain").addHandler(refusals)
    with service.Work.open(settings, task.run_id) as joined:
        say(ready=True)
        sys.stdin.readline()
        served = joined.join(on_file=lambda report: say(ended=report.key), stop=threading.Event())
    say(finished=served.finished, refused=refusals.count, clock=time.time() - CLOCK())


if __name__ == "__main__":
    wanted = Task(**json.loads(sys.argv[1]))
    if wanted.clock_off:
        put_clock_wrong(wanted.clock_off)
    work(wanted)
