"""TEST: one worker host as a process: own state folder, shared database and bucket. Its argument is a `Task` in JSON.

Speaks in lines of JSON: {"ready"}, then {"ended": key} for each file, {"entered": key} when it stands still inside a
sandbox as its task says, and at last {"finished", "refused", "clock"}. Reads lines: the first lets it begin, the next
lets the sandbox go on in which it stands still.
"""

import json
import logging
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOCK = time.time  # kept: a task may put this process's clock wrong


@dataclass(frozen=True)
class Task:
    """What one worker does. `halt_at`: the how manieth sandbox it stands still in; 0 for none. Times are in seconds."""

    database_url: str
    endpoint_url: str
    bucket: str
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
    from ingest.catalog import claims, runs
    from ingest.catalog.database import Database
    from ingest.drain import Drain
    from ingest.knowledge.postgres import PostgresKnowledge
    from ingest.pipeline import Stations
    from ingest.policy import make_policy
    from ingest.sandbox.scripted import ScriptedEngine
    from ingest.settings import Settings
    from ingest.store.open import open_store
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

    state = Path(task.state_directory)
    (state / "spool").mkdir(parents=True)
    settings = Settings(state_directory=state, concurrency=task.concurrency, prewarm=1).model_copy(
        update={"lease_seconds": task.lease_seconds}
    )
    store = open_store(f"s3://{task.bucket}", endpoint_url=task.endpoint_url)
    refusals = Refusals()
    logging.getLogger("ingest.drain").addHandler(refusals)
    with closing(Database.open(task.database_url)) as db, claims.register_worker(db, task.run_id) as worker:
        source = runs.open_source(db, store.uri)
        stations = Stations(
            database=db,
            source=store,
            source_uri=source.uri,
            kept=store,
            knowledge=PostgresKnowledge(db),
            engine=ScriptedEngine(script),
            policy=make_policy({"text": PROFILE}, {}, "text", settings),
            options={"chunk_tokens_max": 512, "embedded_files_max": 100, "embedded_bytes_max": 1 << 20},
            spool=state / "spool",
        )
        say(ready=True)
        sys.stdin.readline()
        drain = Drain(
            stations,
            worker,
            source.id,
            task.run_id,
            settings,
            lambda report: say(ended=report.key),
            threading.Event(),
        )
        finished = drain.run()
    say(finished=finished, refused=refusals.count, clock=time.time() - CLOCK())


if __name__ == "__main__":
    wanted = Task(**json.loads(sys.argv[1]))
    if wanted.clock_off:
        put_clock_wrong(wanted.clock_off)
    work(wanted)
